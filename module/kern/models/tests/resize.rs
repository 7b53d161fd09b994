// SPDX-License-Identifier: GPL-2.0

//! `kern/sync/rcu_hash`: a look-up finds every entry that stays, while its chain is moved to
//! another array, grows at the head and shrinks. The locks of the writers are one mutex; the
//! grace periods are the end of the model, before which nothing is freed.

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

const END: usize = 0;
/// Entries that are numbers from 1: two that stay, one that comes or goes.
const STAY: [usize; 2] = [1, 2];
const OTHER: usize = 3;
/// Pointers: that of each entry to the next, at its number; the head of the chain in the present
/// array, and in the one it is moved to.
const OLD: usize = 4;
const NEW: usize = 5;
const POINTERS: usize = 6;

/// What the writers know of the pointers. They read them under the lock that orders all stores,
/// so each would see the newest value anyhow; and loom, which remembers only the last access of
/// an atomic, would take such a read for that of the look-up and try fewer orders.
type Pointers = [usize; POINTERS];

struct Table {
    pointers: [AtomicUsize; POINTERS],
    has_future: AtomicUsize,
    stripe: Mutex<Pointers>,
    /// How chains are changed: `Link::store` releases.
    store: Ordering,
}

impl Table {
    /// A chain of these entries.
    fn new(entries: &[usize], store: Ordering) -> Self {
        let mut pointers = [END; POINTERS];
        for &entry in entries {
            pointers[entry] = pointers[OLD];
            pointers[OLD] = entry;
        }
        Table {
            pointers: pointers.map(AtomicUsize::new),
            has_future: AtomicUsize::new(0),
            stripe: Mutex::new(pointers),
            store,
        }
    }

    /// `RcuHash::lookup`.
    fn finds(&self, wanted: usize) -> bool {
        for head in [OLD, NEW] {
            let mut at = self.pointers[head].load(Ordering::Acquire);
            while at != END {
                if at == wanted {
                    return true;
                }
                at = self.pointers[at].load(Ordering::Acquire);
            }
            if self.has_future.load(Ordering::Acquire) == 0 {
                return false;
            }
        }
        false
    }

    /// `Link::store`, under the lock.
    fn set(&self, known: &mut Pointers, at: usize, value: usize) {
        known[at] = value;
        self.pointers[at].store(value, self.store);
    }

    /// `Table::resize` with one chain, and `Buckets::move_chain`: the last pair first.
    fn resize(&self, link_first: bool) {
        self.has_future.store(1, Ordering::Release);
        let mut known = self.stripe.lock().unwrap();
        while known[OLD] != END {
            let (mut slot, mut last) = (OLD, known[OLD]);
            while known[last] != END {
                (slot, last) = (last, known[last]);
            }
            if !link_first {
                self.set(&mut known, slot, END);
            }
            let head = known[NEW];
            self.set(&mut known, last, head);
            self.set(&mut known, NEW, last);
            if link_first {
                self.set(&mut known, slot, END);
            }
        }
    }

    /// `RcuHash::insert`, which takes the newest array under the lock, and `Buckets::link`.
    fn insert(&self, entry: usize, lock_first: bool) {
        let newest = || match self.has_future.load(Ordering::Acquire) {
            0 => OLD,
            _ => NEW,
        };
        let early = (!lock_first).then(newest);
        let mut known = self.stripe.lock().unwrap();
        let head = early.unwrap_or_else(newest);
        let first = known[head];
        self.set(&mut known, entry, first);
        self.set(&mut known, head, entry);
    }

    /// `Table::unlink`: wherever it is found; its own pointer stays, or not.
    fn remove(&self, entry: usize, keep_pointer: bool) {
        let mut known = self.stripe.lock().unwrap();
        let slot = (0..POINTERS).find(|slot| known[*slot] == entry).unwrap();
        let next = known[entry];
        self.set(&mut known, slot, next);
        if !keep_pointer {
            self.set(&mut known, entry, END);
        }
    }
}

type Writer = fn(&Table);
const RESIZE: Writer = |table| table.resize(true);
const RESIZE_WRONGLY: Writer = |table| table.resize(false);
const REMOVE: Writer = |table| table.remove(OTHER, true);
const REMOVE_WRONGLY: Writer = |table| table.remove(OTHER, false);
const INSERT: Writer = |table| table.insert(OTHER, true);
const INSERT_WRONGLY: Writer = |table| table.insert(OTHER, false);

/// Looks for one that stays while the writers run, in a chain of these entries; afterwards for
/// all that must be there.
fn lookups(
    entries: &'static [usize],
    writers: &'static [Writer],
    store: Ordering,
    left: &'static [usize],
) {
    for wanted in STAY {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let table = Arc::new(Table::new(entries, store));
            let threads: Vec<_> = writers
                .iter()
                .map(|&writer| {
                    let table = table.clone();
                    thread::spawn(move || writer(&table))
                })
                .collect();
            assert!(table.finds(wanted), "lost {wanted}");
            threads.into_iter().for_each(|t| t.join().unwrap());
            for &wanted in left {
                assert!(table.finds(wanted), "gone {wanted}");
            }
            // The old array is freed after a resize.
            let behind = table.stripe.lock().unwrap()[OLD];
            let is_resized = table.has_future.load(Ordering::Relaxed) != 0;
            assert!(!is_resized || behind == END, "left behind {behind}");
        });
    }
}

#[test]
fn nothing_is_lost_while_a_chain_moves() {
    lookups(&STAY, &[RESIZE], Ordering::Release, &STAY);
}

#[test]
fn nor_while_another_entry_goes() {
    for chain in [&[1, 3, 2], &[3, 1, 2], &[1, 2, 3]] {
        lookups(chain, &[RESIZE, REMOVE], Ordering::Release, &STAY);
    }
}

#[test]
fn nor_while_another_entry_comes() {
    lookups(&STAY, &[RESIZE, INSERT], Ordering::Release, &[1, 2, 3]);
}

#[test]
#[should_panic(expected = "lost")]
fn cut_first_and_linked_then_it_would_be() {
    lookups(&STAY, &[RESIZE_WRONGLY], Ordering::Release, &STAY);
}

#[test]
#[should_panic(expected = "lost")]
fn without_release_it_would_be() {
    lookups(&STAY, &[RESIZE], Ordering::Relaxed, &STAY);
}

#[test]
#[should_panic(expected = "lost")]
fn with_the_pointer_of_a_removed_entry_it_would_be() {
    lookups(&[1, 3, 2], &[REMOVE_WRONGLY], Ordering::Release, &STAY);
}

#[test]
#[should_panic(expected = "left behind 3")]
fn with_the_array_chosen_before_the_lock_an_insertion_would_be() {
    lookups(&STAY, &[RESIZE, INSERT_WRONGLY], Ordering::Release, &STAY);
}
