// SPDX-License-Identifier: GPL-2.0

//! Arrays of chains, and what may be done to one chain under its lock.

use super::{
    node::{Link, NewNode, Node, Pair},
    Entry, STRIPES,
};
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{alloc::AllocError, prelude::*, sync::rcu};

/// An array of chains.
///
/// # Invariants
///
/// - The number of heads is a power of two, at least [`STRIPES`] and at most 2^31.
/// - Every link in a chain obeys the invariants of [`Link`], and all pairs of a chain are in the
///   stripe of the chain's index.
/// - A chain is changed only under the lock of that stripe, or with the table borrowed mutably.
/// - `future` is null or a valid array that outlives this one.
pub(super) struct Buckets<T: Entry<LINKS>, const LINKS: usize> {
    heads: KVVec<Link<T, LINKS>>,
    /// The array that takes this one's place.
    pub(super) future: AtomicPtr<Self>,
}

impl<T: Entry<LINKS>, const LINKS: usize> Buckets<T, LINKS> {
    /// Makes `len` empty chains. Context: process, may sleep.
    pub(super) fn new(len: usize) -> Result<KBox<Self>, AllocError> {
        let len = len.clamp(STRIPES, 1 << 31).next_power_of_two();
        let mut heads = KVVec::with_capacity(len, GFP_KERNEL | __GFP_NOWARN)?;
        for _ in 0..len {
            heads
                .push_within_capacity(Link::end())
                .map_err(|_| AllocError)?;
        }
        // INVARIANT: Empty chains; the length was made to fit.
        KBox::new(
            Self {
                heads,
                future: AtomicPtr::new(ptr::null_mut()),
            },
            GFP_KERNEL,
        )
    }

    /// The number of chains.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// The head of the chain of `hash`.
    #[inline(always)]
    pub(super) fn head(&self, hash: u32) -> &Link<T, LINKS> {
        let index = hash as usize & self.heads.len().wrapping_sub(1);
        // SAFETY: By the type invariants the length is a power of two, so `index` is below it.
        unsafe { self.heads.as_slice().get_unchecked(index) }
    }

    /// The array that is taking over, if a resize is under way.
    #[inline]
    pub(super) fn future<'g>(&self, _guard: &'g rcu::Guard) -> Option<&'g Self> {
        // Acquire: pairs with the release in `resize`. An array is freed a grace period after it
        // has been replaced, and `_guard` holds that up.
        let future = self.future.load(Ordering::Acquire);
        // SAFETY: By the type invariants.
        unsafe { future.as_ref() }
    }

    /// The pairs of the chain of `hash`, or of what it is being moved to.
    #[inline(always)]
    pub(super) fn pairs<'g>(&'g self, hash: u32, _guard: &'g rcu::Guard) -> Chain<'g, T, LINKS> {
        Chain {
            slot: self.head(hash),
        }
    }

    /// Puts a new node at the head of the chains of all its hashes.
    ///
    /// # Safety
    ///
    /// The stripes of `hashes` must be held, and this must be the newest array of its table.
    pub(super) unsafe fn link<'g>(
        &self,
        node: NewNode<'_, T, LINKS>,
        hashes: &[u32; LINKS],
        _guard: &'g rcu::Guard,
    ) -> &'g Node<T, LINKS> {
        let raw = node.into_raw();
        // SAFETY: Just now ours. It will not be freed before a grace period after its removal,
        // which `_guard` holds up.
        let node: &'g Node<T, LINKS> = unsafe { raw.as_ref() };
        // The last link first: who meets an entry by its first key, as walks do, may rely on the
        // others.
        for (link, &hash) in hashes.iter().enumerate().rev() {
            let head = self.head(hash);
            if let Some(next) = node.next.get(link) {
                next.store(head.load());
            }
            head.store(Pair::new(raw, link));
        }
        node
    }

    /// The slot in the chain of `hash` that holds `pair`. To be called with its stripe held.
    pub(super) fn slot<'g>(
        &'g self,
        pair: Pair<T, LINKS>,
        hash: u32,
        guard: &'g rcu::Guard,
    ) -> Option<&'g Link<T, LINKS>> {
        let mut chain = self.pairs(hash, guard);
        loop {
            let slot = chain.slot;
            if slot.load() == pair {
                return Some(slot);
            }
            chain.next()?;
        }
    }

    /// Moves the chain with this index to `new`, last pair first.
    ///
    /// # Safety
    ///
    /// The stripe of `index` must be held and `new` be the `future` of this array.
    pub(super) unsafe fn move_chain(
        &self,
        index: u32,
        new: &Self,
        seed: &T::Seed,
        guard: &rcu::Guard,
    ) {
        let stripe_bits = STRIPES as u32 - 1;
        loop {
            let mut chain = self.pairs(index, guard);
            let (slot, last) = loop {
                let slot = chain.slot;
                match chain.next() {
                    None => return,
                    Some(last) if chain.slot.load().is_end() => break (slot, last),
                    Some(_) => {}
                }
            };
            let (node, link) = last;
            let pair = slot.load();
            // INVARIANT: The pair stays in its stripe, even if the entry's hash has changed.
            let hash = node.value.hash(link, seed) & !stripe_bits | index & stripe_bits;
            let head = new.head(hash);
            // New chain first, then out of the old: see "Resizing" in the module's description.
            chain.slot.store(head.load());
            head.store(pair);
            slot.store_end();
        }
    }
}

/// An iterator over the pairs of a chain.
pub(super) struct Chain<'g, T, const LINKS: usize> {
    /// What holds the next pair.
    pub(super) slot: &'g Link<T, LINKS>,
}

impl<'g, T, const LINKS: usize> Iterator for Chain<'g, T, LINKS> {
    type Item = (&'g Node<T, LINKS>, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let pair = self.slot.load();
        let link = pair.link();
        // SAFETY: By the invariants of `Link` the node lives until a grace period after its links
        // are gone, and 'g is covered by an RCU guard (`Buckets::pairs`).
        let node = unsafe { pair.node()?.as_ref() };
        // SAFETY: By the invariants of `Link`, `link` is below `LINKS`.
        self.slot = unsafe { node.next.get_unchecked(link) };
        Some((node, link))
    }
}
