// SPDX-License-Identifier: GPL-2.0

//! Whether a server answers.
//!
//! ```text
//!            threshold ditched in a row                hold seconds
//!      Good ─────────────────────────────> Failed ───────────────────> Probation
//!       ^ ^                                 │   ^                        │   │
//!       │ └──────── set state up ───────────┘   └───── one ditched ──────┘   │
//!       └─────────────────────────────── answered ───────────────────────────┘
//! ```
//!
//! An opening is *ditched* when its flow expires without an answer, when the client asks for the
//! third time, or when the server refuses it by a reset or an ICMP error. Each flow counts once.
//! An answer ends the run of ditched ones.
//!
//! Everything is an atomic that softirq and process context change without a lock; the few
//! transitions are exchanges, so that each is seen by exactly one caller. Nobody is told from
//! softirq: changes are noticed by the next tick of `gc`, which compares what it told last.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::config::{AdminState, Condition, Server, ServerSettings};
use crate::domain::sched::fastest;

/// How often a client may ask before an unanswered opening counts as ditched.
pub(crate) const REPEATS_MAX: u32 = 3;

const GOOD: u32 = 0;
const FAILED: u32 = 1;
const PROBATION: u32 = 2;

/// No deadline; seconds since boot begin above.
const NONE: u32 = 0;

/// The health of one server; lives on while its settings change.
pub(crate) struct Health {
    mode: AtomicU32,
    /// When it failed, in seconds since boot.
    since: AtomicU32,
    /// Ditched openings in a row.
    run: AtomicU32,
    /// Ditched openings in all.
    total: AtomicU64,
    /// Smoothed time from SYN to SYN/ACK in microseconds; 0 is unknown.
    rtt: AtomicU32,
    /// When the flows left are reset, in seconds since boot.
    deadline: AtomicU32,
    /// The condition that was told last, plus [`EMPTY_TOLD`].
    told: AtomicU32,
}

/// Set in what was told when a draining server was reported empty.
const EMPTY_TOLD: u32 = 1 << 8;

/// What listeners are to be told of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HealthNews {
    /// Its condition is another.
    Condition(Condition),
    /// It is draining and has no flows any more.
    Empty,
}

impl Health {
    pub(super) const fn new() -> Self {
        Health {
            mode: AtomicU32::new(GOOD),
            since: AtomicU32::new(NONE),
            run: AtomicU32::new(0),
            total: AtomicU64::new(0),
            rtt: AtomicU32::new(0),
            deadline: AtomicU32::new(NONE),
            told: AtomicU32::new(Condition::Up as u32),
        }
    }

    /// Whether it is left out for not answering.
    #[inline]
    pub(crate) fn is_failed(&self) -> bool {
        self.mode.load(Relaxed) == FAILED
    }

    /// Ditched openings in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.run.load(Relaxed)
    }

    /// Ditched openings in all.
    pub(crate) fn failures_total(&self) -> u64 {
        self.total.load(Relaxed)
    }

    /// Smoothed time from SYN to SYN/ACK in microseconds; 0 is unknown.
    #[inline]
    pub(crate) fn rtt(&self) -> u32 {
        self.rtt.load(Relaxed)
    }

    /// Seconds until the flows left on the draining server are reset, if they will be.
    pub(crate) fn drain_left(&self, now: u32) -> Option<u32> {
        match self.deadline.load(Relaxed) {
            NONE => None,
            deadline => Some(deadline.saturating_sub(now)),
        }
    }

    /// What is the case with the server, given what the operator wants.
    pub(crate) fn condition(&self, state: AdminState) -> Condition {
        match state {
            AdminState::Down => Condition::Down,
            AdminState::Drain => Condition::Drain,
            AdminState::Up if self.is_failed() => Condition::Failed,
            AdminState::Up => Condition::Up,
        }
    }

    /// An opening was not answered or was refused. Says whether the server failed by that.
    pub(super) fn ditched(&self, settings: &ServerSettings, now: u32) -> bool {
        let run = self.run.fetch_add(1, Relaxed).wrapping_add(1);
        self.total.fetch_add(1, Relaxed);
        if settings.threshold == 0 {
            return false;
        }
        let mode = self.mode.load(Relaxed);
        let is_last = match mode {
            FAILED => false,
            PROBATION => true,
            _ => run >= settings.threshold,
        };
        if !is_last {
            return false;
        }
        self.since.store(now, Relaxed);
        self.mode
            .compare_exchange(mode, FAILED, Relaxed, Relaxed)
            .is_ok()
    }

    /// The server answered an opening. Says whether its condition may be another by that.
    pub(super) fn answered(&self, sample_us: Option<u32>) -> bool {
        if let Some(sample) = sample_us {
            // A sample lost to another processor's is as good as none.
            self.rtt
                .store(fastest::smooth(self.rtt.load(Relaxed), sample), Relaxed);
        }
        if self.run.load(Relaxed) != 0 && !self.is_failed() {
            self.run.store(0, Relaxed);
        }
        self.mode.load(Relaxed) == PROBATION
            && self
                .mode
                .compare_exchange(PROBATION, GOOD, Relaxed, Relaxed)
                .is_ok()
    }

    /// The operator says that it is up.
    pub(super) fn revive(&self) {
        self.run.store(0, Relaxed);
        self.mode.store(GOOD, Relaxed);
    }

    /// The server began to drain, or ceased to.
    pub(super) fn drain(&self, settings: &ServerSettings, now: u32) {
        let deadline = match (settings.state, settings.drain_timeout) {
            (AdminState::Drain, seconds) if seconds != 0 => now.saturating_add(seconds).max(1),
            _ => NONE,
        };
        self.deadline.store(deadline, Relaxed);
    }

    /// Whether the deadline of the drain has passed.
    pub(super) fn is_due(&self, now: u32) -> bool {
        let deadline = self.deadline.load(Relaxed);
        deadline != NONE && now >= deadline
    }

    /// The flows left were reset.
    pub(super) fn forget_deadline(&self) {
        self.deadline.store(NONE, Relaxed);
    }

    /// Whether a failed server has been left out for long enough; puts it on probation.
    pub(super) fn retry(&self, settings: &ServerSettings, now: u32) -> bool {
        settings.hold != 0
            && self.is_failed()
            && now.saturating_sub(self.since.load(Relaxed)) >= settings.hold
            && self
                .mode
                .compare_exchange(FAILED, PROBATION, Relaxed, Relaxed)
                .is_ok()
    }

    /// Whether time alone may change something about the server.
    pub(super) fn is_waiting(&self, server: &Server) -> bool {
        self.is_failed()
            || self.deadline.load(Relaxed) != NONE
            || (server.settings.state == AdminState::Drain
                && self.told.load(Relaxed) & EMPTY_TOLD == 0)
    }

    /// What has not been told yet. Called by one at a time.
    pub(super) fn news(&self, server: &Server) -> [Option<HealthNews>; 2] {
        let condition = self.condition(server.settings.state);
        let told = self.told.load(Relaxed);
        let is_empty = condition == Condition::Drain && server.flows() == 0;
        let is_changed = told & !EMPTY_TOLD != condition as u32;
        let tell_empty = is_empty && (is_changed || told & EMPTY_TOLD == 0);
        let empty = if is_empty { EMPTY_TOLD } else { 0 };
        self.told.store(condition as u32 | empty, Relaxed);
        [
            is_changed.then_some(HealthNews::Condition(condition)),
            tell_empty.then_some(HealthNews::Empty),
        ]
    }
}
