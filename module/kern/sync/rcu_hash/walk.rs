// SPDX-License-Identifier: GPL-2.0

//! Walking a table in pieces: garbage collection and dumps.
//!
//! A walk goes through the entries in the order of their bit-reversed first hash. In an array of
//! any size a bucket covers one interval of that order, so a [`Cursor`] keeps its meaning when the
//! table is resized between two pieces: what lies before it has been visited, what lies behind has
//! not.

use super::{
    buckets::Buckets,
    node::{Batch, Node},
    resize::Table,
    Entry, RcuHash,
};
use crate::kern::sync::deferred::{after_grace_period, cond_resched};
use core::{ops::ControlFlow, sync::atomic::Ordering};
use kernel::{prelude::*, sync::rcu};

/// How far a walk has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The least bit-reversed hash not visited yet; 2^32 at the end.
    at: u64,
    /// How many entries with just that hash have been visited.
    skip: u32,
}

impl Cursor {
    const END: u64 = 1 << 32;

    /// Whether everything has been visited.
    pub(crate) const fn is_done(&self) -> bool {
        self.at >= Self::END
    }

    /// The index that a bucket at the cursor has in an array of `len`.
    fn index(&self, len: usize) -> u32 {
        (self.at as u32).reverse_bits() & (len as u32).wrapping_sub(1)
    }

    /// Goes to the first hash of the next bucket of an array of `len`, a power of two.
    fn next_bucket(&mut self, len: usize) {
        // A shift instead of a division by a number that the compiler cannot know not to be 0.
        let bits = 32u32.saturating_sub(len.trailing_zeros());
        self.at = ((self.at >> bits) + 1) << bits;
        self.skip = 0;
    }
}

/// What becomes of an entry that a sweep looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays.
    Keep,
    /// It is taken out and dropped after a grace period.
    Remove,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Swept {
    /// Entries looked at.
    pub(crate) examined: usize,
    /// Entries taken out.
    pub(crate) removed: usize,
}

/// The most entries that are collected before they are handed over to be freed.
const BATCH: usize = 256;

/// How many buckets are visited in one RCU read-side critical section.
const CHUNK: usize = 64;

/// The place of a node in a walk.
fn place<T: Entry<LINKS>, const LINKS: usize>(node: &Node<T, LINKS>, seed: &T::Seed) -> u64 {
    node.value.hash(0, seed).reverse_bits().into()
}

impl<T: Entry<LINKS>, const LINKS: usize> Table<T, LINKS> {
    /// The smaller of the array lengths in use: its buckets are unions of the others' buckets.
    fn coarsest(&self, guard: &rcu::Guard) -> usize {
        let current = self.current(guard);
        let future = current.future(guard).map_or(usize::MAX, Buckets::len);
        current.len().min(future)
    }

    /// Calls `visit` for the entries of the coarse bucket `index`, until it breaks.
    fn visit<'g>(
        &'g self,
        index: u32,
        coarsest: usize,
        guard: &'g rcu::Guard,
        mut visit: impl FnMut(&'g Node<T, LINKS>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut array = Some(self.current(guard));
        while let Some(buckets) = array {
            // Mostly just one; an iterator by steps would divide first.
            let mut part = index as usize;
            while part < buckets.len() {
                for (node, link) in buckets.pairs(part as u32, guard) {
                    if link == 0 {
                        visit(node)?;
                    }
                }
                part = part.saturating_add(coarsest);
            }
            array = buckets.future(guard);
        }
        ControlFlow::Continue(())
    }

    /// The place behind `cursor`, or just at it, of the nearest entry in a coarse bucket.
    fn nearest(&self, cursor: &Cursor, coarsest: usize, guard: &rcu::Guard) -> Option<u64> {
        let mut least = None;
        let _ = self.visit(cursor.index(coarsest), coarsest, guard, |node| {
            let at = place(node, &self.seed);
            if at >= cursor.at && least.is_none_or(|least| at < least) {
                least = Some(at);
            }
            ControlFlow::Continue(())
        });
        least
    }

    /// Calls `f` for the entries from `cursor` to the end of its bucket, with the bucket locked.
    fn visit_in_order(
        &self,
        cursor: &mut Cursor,
        guard: &rcu::Guard,
        f: &mut impl FnMut(&T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        // All buckets that are parts of this coarse one have the same stripe. Under its lock no
        // entry is between two arrays, so none is met twice.
        let _lock = self.lock_one((cursor.at as u32).reverse_bits());
        let coarsest = self.coarsest(guard);
        let index = cursor.index(coarsest);
        while let Some(at) = self.nearest(cursor, coarsest, guard) {
            if at != cursor.at {
                *cursor = Cursor { at, skip: 0 };
            }
            let mut nth = 0;
            self.visit(index, coarsest, guard, |node| {
                if place(node, &self.seed) == at {
                    nth += 1;
                    if nth > cursor.skip {
                        f(&node.value)?;
                        cursor.skip = nth;
                    }
                }
                ControlFlow::Continue(())
            })?;
            *cursor = Cursor {
                at: at + 1,
                skip: 0,
            };
            if index != cursor.index(coarsest) {
                return ControlFlow::Continue(());
            }
        }
        cursor.next_bucket(coarsest);
        ControlFlow::Continue(())
    }

    /// Looks at one bucket without locking it; see [`RcuHash::sweep`].
    fn sweep_bucket(
        &self,
        cursor: &mut Cursor,
        swept: &mut Swept,
        batch: &mut Batch<T, LINKS>,
        f: &mut impl FnMut(&T) -> Fate,
        guard: &rcu::Guard,
    ) {
        let coarsest = self.coarsest(guard);
        let stopped = self.visit(cursor.index(coarsest), coarsest, guard, |node| {
            if batch.is_full() {
                return ControlFlow::Break(());
            }
            swept.examined += 1;
            if f(&node.value) == Fate::Remove {
                // Whoever else is removing it at the moment may have been faster. The node keeps
                // its pointers, so the walk goes on from it.
                if let Some(node) = self.unlink(node, guard) {
                    batch.push(node);
                    swept.removed += 1;
                }
            }
            ControlFlow::Continue(())
        });
        if stopped.is_continue() {
            cursor.next_bucket(coarsest);
        }
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> RcuHash<T, LINKS> {
    /// Calls `f` for every entry from `cursor` on, until it breaks.
    ///
    /// The entry at which `f` breaks is the first one of the next call with the same cursor. An
    /// entry that is in the table all the while is visited exactly once, whatever is inserted,
    /// removed or resized between or during the calls (of two entries with one and the same first
    /// hash, one may be missed or met again if the other goes or a third comes between two calls).
    ///
    /// `f` runs under a bucket's lock: it may not sleep, and may look entries up, but not insert
    /// into or remove from this or another table.
    /// Context: process, may sleep.
    pub(crate) fn for_each_from(
        &self,
        cursor: &mut Cursor,
        mut f: impl FnMut(&T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while !cursor.is_done() {
            let guard = rcu::read_lock();
            for _ in 0..CHUNK {
                if cursor.is_done() {
                    break;
                }
                self.table.visit_in_order(cursor, &guard, &mut f)?;
            }
            drop(guard);
            cond_resched();
        }
        ControlFlow::Continue(())
    }

    /// Lets `f` decide over the entries of the next `max_buckets` buckets.
    ///
    /// Stops early at the end of the table ([`Cursor::is_done`]) or when `budget` entries were
    /// taken out. Takes locks only to remove. While the table is being resized an entry may be
    /// missed or met twice; the next sweep meets it. `f` runs under RCU and may not sleep.
    /// Context: process, may sleep.
    pub(crate) fn sweep(
        &self,
        cursor: &mut Cursor,
        max_buckets: usize,
        budget: usize,
        mut f: impl FnMut(&T) -> Fate,
    ) -> Result<Swept> {
        let mut swept = Swept::default();
        let mut buckets = 0;
        while !cursor.is_done() && buckets < max_buckets && swept.removed < budget {
            let room = BATCH.min(budget - swept.removed);
            let mut batch = Batch::new(&self.table.cache, room, GFP_KERNEL)?;
            while !cursor.is_done() && buckets < max_buckets && !batch.is_full() {
                let guard = rcu::read_lock();
                for _ in 0..CHUNK.min(max_buckets - buckets) {
                    if cursor.is_done() || batch.is_full() {
                        break;
                    }
                    self.table
                        .sweep_bucket(cursor, &mut swept, &mut batch, &mut f, &guard);
                    buckets += 1;
                }
                drop(guard);
                cond_resched();
            }
            if !batch.is_empty() {
                after_grace_period(batch);
            }
        }
        if self.table.wants_resize(&rcu::read_lock())
            && !self.table.asked.swap(true, Ordering::Relaxed)
        {
            self.resizer.kick();
        }
        Ok(swept)
    }

    /// Takes all entries out; they are dropped after a grace period. Context: process, may sleep.
    pub(crate) fn clear(&self) -> Result {
        self.sweep(&mut Cursor::default(), usize::MAX, usize::MAX, |_| {
            Fate::Remove
        })
        .map(drop)
    }
}
