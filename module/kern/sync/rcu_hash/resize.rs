// SPDX-License-Identifier: GPL-2.0

//! The state of a table, and the worker that keeps the chains short.

use super::{
    buckets::Buckets,
    node::{Cache, Node, Pair, Unlinked},
    Entry, Locks, STRIPES,
};
use crate::kern::sync::{
    deferred::{cond_resched, synchronize_rcu},
    spinlock_bh::StripesGuard,
    work::{Next, Tick},
};
use core::{
    ptr::{self, NonNull},
    sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering},
};
use kernel::{
    prelude::*,
    sync::{rcu, Arc},
};

/// How long to wait after an allocation failed.
const RETRY_MS: u32 = 1000;

/// How many buckets are moved between two looks at the scheduler.
const CHUNK: usize = 64;

/// What readers, writers and the resizing worker of one table share.
///
/// # Invariants
///
/// `current` comes from `KBox::into_raw`. It is changed by the worker only, of which there is one,
/// and what it pointed to is freed a grace period later.
pub(super) struct Table<T: Entry<LINKS>, const LINKS: usize> {
    current: AtomicPtr<Buckets<T, LINKS>>,
    locks: Locks,
    pub(super) seed: T::Seed,
    pub(super) len: AtomicUsize,
    pub(super) limit: AtomicUsize,
    /// Whether the worker has been asked to run and has not begun.
    pub(super) asked: AtomicBool,
    pub(super) cache: Arc<Cache<T, LINKS>>,
}

impl<T: Entry<LINKS>, const LINKS: usize> Table<T, LINKS> {
    /// An empty table. Context: process, may sleep.
    pub(super) fn new(cache: Arc<Cache<T, LINKS>>, seed: T::Seed, limit: usize) -> Result<Self> {
        let locks = Locks::new()?;
        Ok(Self {
            current: AtomicPtr::new(KBox::into_raw(Buckets::new(STRIPES)?)),
            locks,
            seed,
            len: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit),
            asked: AtomicBool::new(false),
            cache,
        })
    }

    /// The array to search first.
    #[inline]
    pub(super) fn current<'g>(&'g self, _guard: &'g rcu::Guard) -> &'g Buckets<T, LINKS> {
        // Acquire: pairs with the release in `resize`.
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: By the type invariants it is valid and freed no earlier than a grace period
        // after its replacement, which `_guard` holds up for 'g.
        unsafe { &*current }
    }

    /// The array to insert into. To be called with the stripe of the bucket held.
    pub(super) fn newest<'g>(&'g self, guard: &'g rcu::Guard) -> &'g Buckets<T, LINKS> {
        let current = self.current(guard);
        current.future(guard).unwrap_or(current)
    }

    /// Takes the locks of all `hashes`.
    pub(super) fn lock(&self, hashes: &[u32; LINKS]) -> StripesGuard<'_, STRIPES> {
        let first = hashes.first().copied().unwrap_or(0);
        self.locks
            .lock_pair(first, hashes.last().copied().unwrap_or(first))
    }

    /// Takes the lock of one hash or bucket index.
    pub(super) fn lock_one(&self, hash: u32) -> StripesGuard<'_, STRIPES> {
        self.locks.lock(hash)
    }

    /// The first key of `value` that a living entry has. To be called with its stripes held.
    pub(super) fn taken(
        &self,
        value: &T,
        hashes: &[u32; LINKS],
        superseded: impl Fn(&T) -> bool,
        guard: &rcu::Guard,
    ) -> Option<usize> {
        let mut array = Some(self.current(guard));
        while let Some(buckets) = array {
            for (link, &hash) in hashes.iter().enumerate() {
                let found = buckets.pairs(hash, guard).any(|(node, other)| {
                    value.same_key(link, &node.value, other) && !superseded(&node.value)
                });
                if found {
                    return Some(link);
                }
            }
            array = buckets.future(guard);
        }
        None
    }

    /// Takes `node` out of all its chains, if it is in all of them.
    ///
    /// Context: any but hard interrupts.
    pub(super) fn unlink(
        &self,
        node: &Node<T, LINKS>,
        guard: &rcu::Guard,
    ) -> Option<Unlinked<T, LINKS>> {
        let hashes: [u32; LINKS] = core::array::from_fn(|l| node.value.hash(l, &self.seed));
        let raw = NonNull::from(node);
        let _locks = self.lock(&hashes);
        let current = self.current(guard);
        let slot = |link: usize, hash: u32| {
            let pair = Pair::new(raw, link);
            current.slot(pair, hash, guard).or_else(|| {
                let future = current.future(guard)?;
                future.slot(pair, hash, guard)
            })
        };
        for (link, &hash) in hashes.iter().enumerate() {
            slot(link, hash)?;
        }
        for (link, (&hash, next)) in hashes.iter().zip(&node.next).enumerate() {
            // Looked for again: taking out one link may have changed the slot of the other.
            if let Some(slot) = slot(link, hash) {
                slot.store(next.load());
                if link == 0 {
                    self.len.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        // SAFETY: Found in every chain under all locks, and taken out of each.
        Some(unsafe { Unlinked::new(node) })
    }

    /// The number of buckets that suits the number of entries, if the present one does not.
    ///
    /// Grows beyond 3/2 pairs a bucket, to between 3/4 and 3/2. Shrinks below 3/16, to half of that.
    fn wanted(&self, buckets: usize) -> Option<usize> {
        let pairs = self.len.load(Ordering::Relaxed).saturating_mul(LINKS);
        let too_few = pairs / 3 > buckets / 2;
        let too_many = pairs < buckets / 16 * 3 && buckets > STRIPES;
        let fitting = (pairs / 3).saturating_mul(if too_few { 2 } else { 4 }) + 1;
        (too_few || too_many).then(|| fitting.clamp(STRIPES, 1 << 31).next_power_of_two())
    }

    /// Whether the worker has something to do.
    pub(super) fn wants_resize(&self, guard: &rcu::Guard) -> bool {
        let current = self.current(guard);
        current.future(guard).is_none() && self.wanted(current.len()).is_some()
    }

    /// Replaces the array by one of `len` buckets. To be called by the worker only.
    fn resize(&self, len: usize) -> Result {
        // SAFETY: Only the worker, which is us, replaces and frees arrays.
        let old = unsafe { &*self.current.load(Ordering::Relaxed) };
        let new = KBox::into_raw(Buckets::<T, LINKS>::new(len)?);
        // Release: whoever finds the new array must find its heads initialised.
        // INVARIANT: Freed, if ever, by a later resize, when the old one is long gone.
        old.future.store(new, Ordering::Release);
        // SAFETY: Valid, as above.
        let new_ref = unsafe { &*new };
        for chunk in (0..old.len()).step_by(CHUNK) {
            let guard = rcu::read_lock();
            for index in chunk..(chunk + CHUNK).min(old.len()) {
                let _lock = self.lock_one(index as u32);
                // SAFETY: The stripe is held, and `new` was made the future of `old` above.
                unsafe { old.move_chain(index as u32, new_ref, &self.seed, &guard) };
            }
            drop(guard);
            cond_resched();
        }
        let old = ptr::from_ref(old).cast_mut();
        // Release: as above. INVARIANT: `old` is freed after the grace period below.
        self.current.store(new, Ordering::Release);
        // Also what keeps a second resize from beginning while a reader is in the midst of this.
        synchronize_rcu();
        // SAFETY: Came from `KBox::into_raw`; nobody has found it for a grace period.
        drop(unsafe { KBox::from_raw(old) });
        Ok(())
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> Tick for Table<T, LINKS> {
    fn tick(&self) -> Next {
        self.asked.store(false, Ordering::Relaxed);
        loop {
            let buckets = self.current(&rcu::read_lock()).len();
            match self.wanted(buckets) {
                Some(wanted) if wanted != buckets => {
                    if self.resize(wanted).is_err() {
                        // Nobody need ask before that.
                        self.asked.store(true, Ordering::Relaxed);
                        return Next::AfterMs(RETRY_MS);
                    }
                }
                _ => return Next::OnKick,
            }
        }
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> Drop for Table<T, LINKS> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants. The worker is gone, so there is no `future`.
        let buckets = unsafe { KBox::from_raw(*self.current.get_mut()) };
        // A node is reachable by each of its links: leave only the first in the chains.
        for index in 0..buckets.len() {
            let guard = rcu::read_lock();
            let mut chain = buckets.pairs(index as u32, &guard);
            loop {
                let slot = chain.slot;
                match chain.next() {
                    None => break,
                    Some((_, 0)) => {}
                    Some(_) => {
                        slot.store(chain.slot.load());
                        chain.slot = slot;
                    }
                }
            }
            drop(guard);
            if index % CHUNK == 0 {
                cond_resched();
            }
        }
        for index in 0..buckets.len() {
            let mut pair = buckets.head(index as u32).load();
            while let Some(node) = pair.node() {
                // SAFETY: Now in this chain only, and the table is borrowed mutably, so no reader
                // has it. Its successor is read before it is freed.
                pair = unsafe { node.as_ref() }
                    .next
                    .first()
                    .map_or(pair, |n| n.load());
                // SAFETY: As above; it comes from this table's cache.
                unsafe { self.cache.free(node) };
            }
            if index % CHUNK == 0 {
                cond_resched();
            }
        }
    }
}
