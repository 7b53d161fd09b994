// SPDX-License-Identifier: GPL-2.0

//! What tables do by atomics alone: limits, the count of a flow, the sleep of `Gc`.

use loom::sync::atomic::{fence, AtomicBool, AtomicUsize, Ordering::*};
use loom::{sync::Arc, thread};

/// Runs the functions at once on one object, in every order in which a thread is interrupted at
/// most three times in all; checks the object at the end.
fn at_once<T: Send + Sync + 'static>(make: fn() -> T, functions: &'static [fn(&T)], check: fn(&T)) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let object = Arc::new(make());
        let threads: Vec<_> = functions[1..]
            .iter()
            .map(|function| {
                let object = object.clone();
                thread::spawn(move || function(&object))
            })
            .collect();
        functions[0](&object);
        threads.into_iter().for_each(|t| t.join().unwrap());
        check(&object);
    });
}

/// `RcuHash::insert` and the limit of a server: a place is taken before it is used.
struct Places {
    taken: AtomicUsize,
    given: AtomicUsize,
}

const LIMIT: usize = 1;

impl Places {
    fn take(&self) {
        if self.taken.fetch_add(1, Relaxed) >= LIMIT {
            self.taken.fetch_sub(1, Relaxed);
        } else {
            self.given.fetch_add(1, Relaxed);
        }
    }

    fn look_then_take(&self) {
        if self.taken.load(Relaxed) < LIMIT {
            self.taken.fetch_add(1, Relaxed);
            self.given.fetch_add(1, Relaxed);
        }
    }
}

fn no_places() -> Places {
    Places {
        taken: AtomicUsize::new(0),
        given: AtomicUsize::new(0),
    }
}

fn within_the_limit(places: &Places) {
    assert!(places.given.load(Relaxed) <= LIMIT, "beyond the limit");
    assert_eq!(places.taken.load(Relaxed), places.given.load(Relaxed));
}

#[test]
fn a_limit_is_exact() {
    at_once(
        no_places,
        &[Places::take, Places::take, Places::take],
        within_the_limit,
    );
}

#[test]
#[should_panic(expected = "beyond the limit")]
fn looking_first_would_go_beyond() {
    at_once(
        no_places,
        &[Places::look_then_take, Places::look_then_take],
        within_the_limit,
    );
}

/// `Meter::take` and `take_shared`: processors take batches from a bucket that all share, and spend
/// them by themselves. The clock stands still, so that what the bucket has is what may pass.
struct Bucket {
    /// How far ahead of the clock it is, in units.
    full_at: AtomicUsize,
    passed: AtomicUsize,
    kept: AtomicUsize,
}

const BURST: usize = 4;
const BATCH: usize = 2;

impl Bucket {
    fn take_shared(&self, units: usize) -> bool {
        let mut full_at = self.full_at.load(Relaxed);
        loop {
            // `Rate::take`.
            if full_at >= BURST {
                return false;
            }
            let next = full_at + units;
            match self
                .full_at
                .compare_exchange(full_at, next, Relaxed, Relaxed)
            {
                Ok(_) => return true,
                Err(other) => full_at = other,
            }
        }
    }

    fn take_without_exchange(&self, units: usize) -> bool {
        let full_at = self.full_at.load(Relaxed);
        let may = full_at < BURST;
        if may {
            self.full_at.store(full_at + units, Relaxed);
        }
        may
    }

    /// One processor, to which three packets come.
    fn send(&self, take: fn(&Self, usize) -> bool) {
        let mut credit = 0;
        for _ in 0..3 {
            if credit == 0 && take(self, BATCH) {
                credit = BATCH;
            }
            if credit > 0 {
                credit -= 1;
                self.passed.fetch_add(1, Relaxed);
            }
        }
        self.kept.fetch_add(credit, Relaxed);
    }
}

const SEND: fn(&Bucket) = |bucket| bucket.send(Bucket::take_shared);
const SEND_WRONGLY: fn(&Bucket) = |bucket| bucket.send(Bucket::take_without_exchange);

fn full() -> Bucket {
    Bucket {
        full_at: AtomicUsize::new(0),
        passed: AtomicUsize::new(0),
        kept: AtomicUsize::new(0),
    }
}

fn all_is_paid_for(bucket: &Bucket) {
    let spent = bucket.passed.load(Relaxed) + bucket.kept.load(Relaxed);
    assert!(spent == bucket.full_at.load(Relaxed), "not paid for");
    assert!(spent < BURST + BATCH, "beyond the burst");
}

#[test]
fn what_passes_a_bucket_is_paid_for() {
    at_once(full, &[SEND, SEND], all_is_paid_for);
    at_once(full, &[SEND, SEND, SEND], all_is_paid_for);
}

#[test]
#[should_panic(expected = "not paid for")]
fn without_the_exchange_some_would_not_be() {
    at_once(full, &[SEND_WRONGLY, SEND_WRONGLY], all_is_paid_for);
}

/// `Flow::change`: who clears ACTIVE takes the flow off the counts, whoever else ends it too.
struct Flow {
    status: AtomicUsize,
    active: AtomicUsize,
}

const ACTIVE: usize = 1;
const DEAD: usize = 2;
const RESET: usize = 4;

impl Flow {
    fn change(&self, change: impl Fn(usize) -> Option<usize>) -> Option<(usize, usize)> {
        let mut old = self.status.load(Relaxed);
        loop {
            let new = change(old)?;
            match self.status.compare_exchange(old, new, Relaxed, Relaxed) {
                Ok(_) => return Some((old, new)),
                Err(now) => old = now,
            }
        }
    }

    fn end(&self, flag: usize) {
        let changed = self.change(|old| (old & flag == 0).then_some(old & !ACTIVE | flag));
        if changed.is_some_and(|(old, new)| old & !new & ACTIVE != 0) {
            self.active.fetch_sub(1, Relaxed);
        }
    }
}

const BY_OPERATOR: fn(&Flow) = |flow| flow.end(RESET);
const RETIRED: fn(&Flow) = |flow| flow.end(DEAD);

#[test]
fn a_flow_leaves_the_counts_once() {
    at_once(
        || Flow {
            status: AtomicUsize::new(ACTIVE),
            active: AtomicUsize::new(1),
        },
        &[BY_OPERATOR, RETIRED, RETIRED],
        |f| {
            assert_eq!(f.active.load(Relaxed), 0);
            assert_eq!(f.status.load(Relaxed), RESET | DEAD);
        },
    );
}

/// `Gc::tick` going to sleep, and who puts a flow in and asks `Gc::must_wake`.
struct Gc {
    flows: AtomicUsize,
    is_asleep: AtomicBool,
    kicks: AtomicUsize,
    works_on: AtomicBool,
}

impl Gc {
    fn new() -> Self {
        Gc {
            flows: AtomicUsize::new(0),
            is_asleep: AtomicBool::new(false),
            kicks: AtomicUsize::new(0),
            works_on: AtomicBool::new(false),
        }
    }

    fn tick(&self, barrier: bool) {
        self.is_asleep.store(true, Relaxed);
        if barrier {
            fence(SeqCst);
        }
        if self.flows.load(Relaxed) != 0 {
            self.is_asleep.store(false, Relaxed);
            self.works_on.store(true, Relaxed);
        }
    }

    fn open(&self) {
        self.flows.fetch_add(1, Relaxed);
        fence(SeqCst);
        if self.is_asleep.load(Relaxed) && self.is_asleep.swap(false, Relaxed) {
            self.kicks.fetch_add(1, Relaxed);
        }
    }
}

const SLEEP: fn(&Gc) = |gc| gc.tick(true);
const SLEEP_WRONGLY: fn(&Gc) = |gc| gc.tick(false);

fn someone_sees_to_the_flow(gc: &Gc) {
    assert!(
        gc.works_on.load(Relaxed) || gc.kicks.load(Relaxed) > 0,
        "forgotten"
    );
}

#[test]
fn no_flow_is_forgotten_by_who_goes_to_sleep() {
    at_once(Gc::new, &[SLEEP, Gc::open], someone_sees_to_the_flow);
    at_once(
        Gc::new,
        &[SLEEP, Gc::open, Gc::open],
        someone_sees_to_the_flow,
    );
}

#[test]
#[should_panic(expected = "forgotten")]
fn without_the_barrier_one_would_be() {
    at_once(
        Gc::new,
        &[SLEEP_WRONGLY, Gc::open],
        someone_sees_to_the_flow,
    );
}
