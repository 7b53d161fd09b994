// SPDX-License-Identifier: GPL-2.0

//! A hash table read under RCU, in which one entry can be found by two keys.
//!
//! # Why not `rhashtable`
//!
//! An entry with two keys (the two directions of a connection) would need two `rhash_head`s and
//! two tables or two insertions that cannot fail together; a look-up would compare keys through a
//! function pointer or a C stub; every element would need an `rcu_head` to be freed. Here an entry
//! costs one pointer a key, the comparison is inlined, both insertions happen under one pair of
//! locks, and freed entries are collected in batches outside of the entries.
//!
//! # Shape
//!
//! A [`Buckets`] is an array of chain heads. A chain is a list of (entry, link) pairs: link `l` of
//! an entry is its membership in the chain of its key `l`, and the number of the link sits in the
//! low bits of the pointer, so an entry may even be twice in one chain. The index of a bucket is
//! the low bits of the hash, and the lowest of these choose one of [`STRIPES`] locks. An array is
//! never smaller than `STRIPES`, so all sizes of array agree on which lock guards a hash.
//!
//! # Resizing while readers run
//!
//! A worker ([`resize`]) allocates the new array, publishes it as `future` of the present one, and
//! then moves bucket after bucket under the bucket's lock, always the *last* pair of a chain: it is
//! first put at the head of its new chain, then cut off the old. When all are moved, the new array
//! becomes the present one, and the old is freed after a grace period; only then can another resize
//! begin. Insertions go to the `future` array if there is one. A look-up searches the present
//! array, then its `future`.
//!
//! *A look-up finds every entry that stays in the table.* Suppose it searches the old chain of the
//! entry and does not meet it. Then it has read a pointer that was stored when the entry, or the
//! pair behind which it stood, had been moved. Every such store is a release made after the entry
//! was linked into the new chain and after `future` was published, all chain changes of a stripe
//! being ordered by its lock; the look-up's loads are acquires. So it sees `future` and finds the
//! entry there.
//!
//! *A look-up ends.* Standing on a pair that is being moved, it follows the pair's pointer into the
//! new chain. It misses nothing of the old chain by that, as the pair was the last one. The new chain
//! only grows at its head, behind the look-up. A pair cannot move a second time while the look-up
//! runs, as that would be another resize. A removed entry keeps its pointers until a grace period
//! has passed, and is never inserted again.
//!
//! *Nothing here relies on [`Entry`] being implemented well for memory safety.* An entry moves
//! within its stripe only, whatever `hash` says then, and is freed only by who found it in all its
//! chains under the locks of these chains. With a wrong `hash` it may become unfindable.
//!
//! # Lock order
//!
//! Two stripes are taken in the order of their indices. No other lock is taken inside.

mod buckets;
mod node;
mod resize;
mod walk;

pub(crate) use self::{
    node::{Cache, Ref},
    walk::{Cursor, Fate, Swept},
};

use self::{
    buckets::Buckets,
    node::{Batch, Node},
    resize::Table,
};
use super::{deferred::Slot, spinlock_bh::Stripes, work::PeriodicWork};
use core::sync::atomic::Ordering;
use kernel::{
    pr_warn_once,
    prelude::*,
    sync::{rcu, static_lock_class, Arc},
};

/// How many locks guard one table.
pub(crate) const STRIPES: usize = 256;

/// What can be kept in an [`RcuHash`] and found by `LINKS` keys.
pub(crate) trait Entry<const LINKS: usize>: Send + Sync + 'static {
    /// What hashing needs besides the key, kept in the table; at least a random number.
    type Seed: Send + Sync + 'static;

    /// The hash of key `link`. Must not change while the entry is in a table.
    fn hash(&self, link: usize, seed: &Self::Seed) -> u32;

    /// Whether key `link` equals key `other_link` of `other`.
    fn same_key(&self, link: usize, other: &Self, other_link: usize) -> bool;
}

/// Why an entry was not inserted; the entry comes back.
#[derive(Debug)]
pub(crate) enum InsertError<T> {
    /// Key `.0` is in the table already.
    Exists(usize, T),
    /// The table holds as many entries as it may.
    Full(T),
    /// There was no memory.
    NoMemory(T),
}

/// What a table occupies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// Entries in the table.
    pub(crate) entries: usize,
    /// Bytes of an entry with its links.
    pub(crate) entry_bytes: usize,
    /// Bytes of the bucket arrays.
    pub(crate) bucket_bytes: usize,
}

/// The table. See the [module](self).
///
/// Dropping it drops the entries at once: whoever could still read them borrows the table. Process
/// context, may sleep.
pub(crate) struct RcuHash<T: Entry<LINKS>, const LINKS: usize> {
    // Dropped first: waits for a running resize.
    resizer: PeriodicWork<Table<T, LINKS>>,
    table: Arc<Table<T, LINKS>>,
}

impl<T: Entry<LINKS>, const LINKS: usize> RcuHash<T, LINKS> {
    /// Makes an empty table whose entries come from `cache`.
    ///
    /// Context: process, may sleep.
    pub(crate) fn new(cache: &Arc<Cache<T, LINKS>>, seed: T::Seed, limit: usize) -> Result<Self> {
        let table = Arc::pin_init(Table::new(cache.clone(), seed, limit)?, GFP_KERNEL)?;
        Ok(Self {
            resizer: PeriodicWork::with_class(table.clone(), static_lock_class!())?,
            table,
        })
    }

    /// The seed to hash look-up keys with.
    #[inline]
    pub(crate) fn seed(&self) -> &T::Seed {
        &self.table.seed
    }

    /// Finds the entry one of whose keys has this `hash` and which `matches` accepts for that key.
    ///
    /// `matches` must also refuse entries that the caller considers dead, if it inserts over such.
    /// No lock, no store. Context: any.
    #[inline(always)]
    pub(crate) fn lookup<'g>(
        &'g self,
        hash: u32,
        mut matches: impl FnMut(&T, usize) -> bool,
        guard: &'g rcu::Guard,
    ) -> Option<(Ref<'g, T, LINKS>, usize)> {
        let mut buckets = self.table.current(guard);
        loop {
            for (node, link) in buckets.pairs(hash, guard) {
                if matches(&node.value, link) {
                    return Some((Ref::new(node), link));
                }
            }
            buckets = buckets.future(guard)?;
        }
    }

    /// Inserts `value` under all its keys, unless one of them is taken.
    ///
    /// An entry that `superseded` accepts does not count as taking a key. It stays in the table
    /// until swept. Context: any but hard interrupts.
    pub(crate) fn insert<'g>(
        &'g self,
        value: T,
        superseded: impl Fn(&T) -> bool,
        guard: &'g rcu::Guard,
    ) -> Result<Ref<'g, T, LINKS>, InsertError<T>> {
        let table = &*self.table;
        if table.len.fetch_add(1, Ordering::Relaxed) >= table.limit.load(Ordering::Relaxed) {
            table.len.fetch_sub(1, Ordering::Relaxed);
            return Err(InsertError::Full(value));
        }
        let node = match table.cache.alloc(value) {
            Ok(node) => node,
            Err(value) => {
                table.len.fetch_sub(1, Ordering::Relaxed);
                return Err(InsertError::NoMemory(value));
            }
        };
        let hashes: [u32; LINKS] = core::array::from_fn(|l| node.value.hash(l, &table.seed));
        {
            let _locks = table.lock(&hashes);
            if let Some(link) = table.taken(&node.value, &hashes, superseded, guard) {
                drop(_locks);
                table.len.fetch_sub(1, Ordering::Relaxed);
                return Err(InsertError::Exists(link, node.into_value()));
            }
            // Loaded under the locks: a resize that has passed these buckets is seen.
            let newest = table.newest(guard);
            // SAFETY: The stripes of all hashes are held and the node is not linked yet.
            let node = unsafe { newest.link(node, &hashes, guard) };
            drop(_locks);
            if table.wants_resize(guard) && !table.asked.swap(true, Ordering::Relaxed) {
                self.resizer.kick();
            }
            Ok(Ref::new(node))
        }
    }

    /// Takes an entry out; it is dropped after a grace period.
    ///
    /// Says whether it was in the table and this call took it out. Without memory to note the
    /// entry down it stays and is left to [`RcuHash::sweep`]. Context: any but hard interrupts.
    pub(crate) fn remove(&self, entry: Ref<'_, T, LINKS>, guard: &rcu::Guard) -> Result<bool> {
        let slot = Slot::new(GFP_ATOMIC)?;
        let mut batch = Batch::new(&self.table.cache, 1, GFP_ATOMIC)?;
        let removed = self.table.unlink(entry.node(), guard);
        if let Some(node) = removed {
            batch.push(node);
            if let Err(batch) = slot.fill(batch) {
                // The module is on its way out and should have dropped the table before. Waiting
                // is not possible here, so the entry is given up.
                pr_warn_once!("rcu_hash: entry removed without a reaper\n");
                core::mem::forget(batch);
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.table.len.load(Ordering::Relaxed)
    }

    /// Whether there are no entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of entries at which [`RcuHash::insert`] refuses more.
    pub(crate) fn limit(&self) -> usize {
        self.table.limit.load(Ordering::Relaxed)
    }

    /// Changes the limit; entries beyond a lower one stay. Context: any.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.table.limit.store(limit, Ordering::Relaxed);
    }

    /// What the table occupies. Context: any.
    pub(crate) fn footprint(&self) -> Footprint {
        let guard = rcu::read_lock();
        let current = self.table.current(&guard);
        let buckets = current.len() + current.future(&guard).map_or(0, Buckets::len);
        Footprint {
            entries: self.len(),
            entry_bytes: size_of::<Node<T, LINKS>>(),
            bucket_bytes: buckets * size_of::<usize>(),
        }
    }
}

/// The locks of a table.
type Locks = Stripes<STRIPES>;
