// SPDX-License-Identifier: GPL-2.0

//! The named counters of a namespace: drops, passes and events.
//!
//! Every packet that slr drops or leaves to the host stack is counted under one reason; events
//! count what happened besides. Context: counting any, reading any.

use kernel::alloc::AllocError;

use crate::domain::reason::{DropReason, PassReason};
use crate::kern::sync::percpu::{Counters, Supply};

/// Something that happened, other than to a single packet's fate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(crate) enum Happening {
    /// A flow was opened.
    FlowOpened,
    /// A flow's time ran out.
    FlowExpired,
    /// A client asked again before its flow was answered.
    SynRepeated,
    /// An opening was not answered or was refused.
    Ditched,
    /// A server failed.
    ServerFailed,
    /// A failed server was given another chance.
    ServerRetried,
    /// A flow went to a backup, of a server or a service.
    BackupUsed,
    /// A client's flow went to the server that it had before.
    Persisted,
    /// An opening went to another server, because that of its flow had failed.
    Rescheduled,
    /// The operator ended a flow, or a drain deadline did.
    FlowReset,
    /// A client opened a new flow between the ends of one that was over.
    PortReused,
    /// A packet that would end or alter its flow did not prove that it was genuine.
    Doubtful,
}

impl Happening {
    const ALL: [(&'static str, &'static str); 12] = [
        ("flow-opened", "a flow was opened"),
        ("flow-expired", "the time of a flow ran out"),
        ("syn-repeated", "a client asked again before an answer"),
        ("ditched", "an opening was not answered or was refused"),
        ("server-failed", "a server failed"),
        ("server-retried", "a failed server was given another chance"),
        (
            "backup-used",
            "a flow went to a backup of a server or a service",
        ),
        ("persisted", "a client's flow went to its server of before"),
        (
            "rescheduled",
            "an opening was moved away from a failed server",
        ),
        (
            "flow-ended",
            "the operator or a drain deadline ended a flow",
        ),
        ("port-reused", "a flow took the place of one that was over"),
        (
            "doubtful",
            "a packet that would end or alter a flow may be forged",
        ),
    ];

    /// Number of counters.
    const COUNT: usize = Self::ALL.len();
}

/// What a counter counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum CounterKind {
    /// Something that happened.
    Event = 0,
    /// Packets dropped for this reason.
    Drop = 1,
    /// Packets left to the host stack for this reason.
    Pass = 2,
}

/// One named counter.
pub(crate) struct NamedCounter {
    pub(crate) name: &'static str,
    pub(crate) kind: CounterKind,
    pub(crate) value: u64,
    /// One sentence.
    pub(crate) doc: &'static str,
}

/// Makes the counts of many customers at less cost than one by one.
pub(crate) type DropSupply = Supply<{ DropReason::COUNT }>;

/// How many packets of one customer were dropped for each reason.
pub(crate) struct Drops(Counters<{ DropReason::COUNT }>);

impl Drops {
    /// Counts, all zero. Context: process.
    pub(crate) fn new(supply: &mut DropSupply) -> Result<Self, AllocError> {
        Ok(Drops(supply.take()?))
    }

    /// Counts a packet dropped. Context: any.
    #[inline]
    pub(crate) fn count(&self, reason: DropReason) {
        self.0.inc(reason.index());
    }

    /// How many were dropped for this reason.
    pub(crate) fn read(&self, reason: DropReason) -> u64 {
        self.0.read(reason.index())
    }
}

/// All named counters of a namespace.
pub(crate) struct Stats {
    events: Counters<{ Happening::COUNT }>,
    /// Of all customers, those that are gone too, and of the public context.
    drops: Counters<{ DropReason::COUNT }>,
    /// Of the public context alone.
    pub(crate) public: Drops,
    passes: Counters<{ PassReason::COUNT }>,
}

impl Stats {
    /// Counters, all zero. Context: process.
    pub(super) fn new() -> Result<Self, AllocError> {
        Ok(Stats {
            events: Counters::new()?,
            drops: Counters::new()?,
            public: Drops::new(&mut DropSupply::new())?,
            passes: Counters::new()?,
        })
    }

    /// Counts an event.
    #[inline]
    pub(crate) fn event(&self, event: Happening) {
        self.events.inc(event as usize);
    }

    /// Whether a flow was ever opened.
    pub(super) fn has_opened(&self) -> bool {
        self.events.read(Happening::FlowOpened as usize) != 0
    }

    /// Counts a packet dropped, at its customer too, or else at the public context.
    #[inline]
    pub(crate) fn dropped(&self, customer: Option<&Drops>, reason: DropReason) {
        self.drops.inc(reason.index());
        customer.unwrap_or(&self.public).count(reason);
    }

    /// Counts a packet left to the host stack.
    #[inline]
    pub(crate) fn passed(&self, reason: PassReason) {
        self.passes.inc(reason.index());
    }

    /// The counter of this number; none beyond the last. Numbers stay while the module is loaded.
    pub(crate) fn counter(&self, number: usize) -> Option<NamedCounter> {
        if let Some((name, doc)) = Happening::ALL.get(number) {
            return Some(NamedCounter {
                name,
                kind: CounterKind::Event,
                value: self.events.read(number),
                doc,
            });
        }
        let number = number - Happening::COUNT;
        if let Some(reason) = DropReason::ALL.get(number) {
            return Some(NamedCounter {
                name: reason.name(),
                kind: CounterKind::Drop,
                value: self.drops.read(number),
                doc: reason.doc(),
            });
        }
        let number = number - DropReason::COUNT;
        let reason = PassReason::ALL.get(number)?;
        Some(NamedCounter {
            name: reason.name(),
            kind: CounterKind::Pass,
            value: self.passes.read(number),
            doc: reason.doc(),
        })
    }
}
