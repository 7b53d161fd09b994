// SPDX-License-Identifier: GPL-2.0

//! `kern/sync/deferred.rs`: a value that was pushed is dropped, once, and seen whole.

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::{sync::Arc, thread};

const NONE: usize = 0;

/// `Inner` with a workqueue of one worker. Entries are numbers from 1.
struct Inner {
    pending: AtomicUsize,
    next: [AtomicUsize; 3],
    value: [AtomicUsize; 3],
    reaped: [AtomicUsize; 3],
    /// `WORK_STRUCT_PENDING`: set by `queue_work`, cleared before the function runs.
    queued: AtomicBool,
}

impl Inner {
    fn new() -> Self {
        let zero = || [(); 3].map(|()| AtomicUsize::new(0));
        Inner {
            pending: AtomicUsize::new(NONE),
            next: zero(),
            value: zero(),
            reaped: zero(),
            queued: AtomicBool::new(false),
        }
    }

    /// `Inner::push`; says whether it queued the work.
    fn push(&self, head: usize, publish: Ordering) {
        self.value[head].store(10 + head, Ordering::Relaxed);
        let mut first = self.pending.load(Ordering::Relaxed);
        loop {
            self.next[head].store(first, Ordering::Relaxed);
            match self
                .pending
                .compare_exchange_weak(first, head, publish, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(now) => first = now,
            }
        }
        if first == NONE {
            // queue_work() is a full barrier, whether it finds the bit set or not.
            self.queued.swap(true, Ordering::SeqCst);
        }
    }

    /// `Inner::run`, as the worker calls it.
    fn run(&self) {
        if !self.queued.swap(false, Ordering::SeqCst) {
            return;
        }
        let mut head = self.pending.swap(NONE, Ordering::Acquire);
        while head != NONE {
            assert_eq!(
                self.value[head].load(Ordering::Relaxed),
                10 + head,
                "half a value"
            );
            self.reaped[head].fetch_add(1, Ordering::Relaxed);
            head = self.next[head].load(Ordering::Relaxed);
        }
    }
}

fn pushes_and_runs(publish: Ordering) {
    loom::model(move || {
        let inner = Arc::new(Inner::new());
        let pushers: Vec<_> = [1, 2]
            .into_iter()
            .map(|head| {
                let inner = inner.clone();
                thread::spawn(move || inner.push(head, publish))
            })
            .collect();
        inner.run();
        pushers.into_iter().for_each(|p| p.join().unwrap());
        // What is queued still runs: destroying the workqueue waits for it.
        inner.run();
        for head in [1, 2] {
            assert_eq!(
                inner.reaped[head].load(Ordering::Relaxed),
                1,
                "entry {head}"
            );
        }
        assert_eq!(inner.pending.load(Ordering::Relaxed), NONE);
    });
}

#[test]
fn each_entry_is_reaped_once() {
    pushes_and_runs(Ordering::Release);
}

#[test]
#[should_panic(expected = "half a value")]
fn without_release_a_value_may_be_seen_half() {
    pushes_and_runs(Ordering::Relaxed);
}
