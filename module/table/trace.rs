// SPDX-License-Identifier: GPL-2.0

//! Who follows packets of a namespace, and which.
//!
//! A reader is a socket that asked, until it is closed. While there is one in any namespace, a
//! static key has the hooks record what packets do; the record of a packet is built on its way and
//! shown to each reader of its namespace when it has ended. A reader gets no more than it asked
//! for: packets beyond its rate, those that there is no memory for and those that its socket has no
//! room for are counted, and the count is told with the next one.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kernel::{
    new_mutex,
    prelude::*,
    sync::{rcu, Arc, Mutex},
};

use super::{Config, Tables};
use crate::domain::trace::{Filter, Step};
use crate::kern::sync::{rcu_cell::RcuArc, static_key::Tracing};

/// Readers of one namespace.
pub(crate) const READERS_MAX: usize = 8;

/// What became of a packet.
pub(crate) struct Trace<'a> {
    /// Nanoseconds since boot, when it arrived.
    pub(crate) time: u64,
    pub(crate) steps: &'a [Step],
    /// Steps that there was no room for.
    pub(crate) missed: u32,
}

/// What a reader asks for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) filter: Filter,
    /// Packets until it has enough.
    pub(crate) count: Option<u32>,
    /// One in so many of those that are selected; 1 is all.
    pub(crate) sample: u32,
    /// Packets a second at most.
    pub(crate) rate: u32,
}

/// A socket that follows packets.
pub(crate) struct Reader {
    pub(crate) portid: u32,
    /// The number of its request, which the answers bear.
    pub(crate) seq: u32,
    wanted: Wanted,
    /// Packets that were selected.
    selected: AtomicU32,
    /// Packets that it may still get.
    left: AtomicU32,
    /// The second at hand in the upper half, and the packets of it.
    second: AtomicU64,
    /// Packets that it should have got and did not.
    lost: AtomicU64,
}

impl Reader {
    /// What a reader counts of packets that it did not get.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// Whether it is to get this packet.
    fn wants(&self, trace: &Trace<'_>, now: u32) -> bool {
        if self.left.load(Relaxed) == 0 || !self.wanted.filter.selects(trace.steps) {
            return false;
        }
        let nth = self.selected.fetch_add(1, Relaxed);
        if nth.checked_rem(self.wanted.sample) != Some(0) {
            return false;
        }
        if !self.is_within_rate(now) {
            self.lost.fetch_add(1, Relaxed);
            return false;
        }
        let take = |left: u32| left.checked_sub(1);
        self.left.fetch_update(Relaxed, Relaxed, take).is_ok()
    }

    fn is_within_rate(&self, now: u32) -> bool {
        let count = |word: u64| match (word >> 32) as u32 == now {
            true if word as u32 >= self.wanted.rate => None,
            true => Some(word.wrapping_add(1)),
            false => Some(u64::from(now) << 32 | 1),
        };
        self.second.fetch_update(Relaxed, Relaxed, count).is_ok()
    }
}

/// Room for a reader.
struct Slot(Option<(Reader, Tracing)>);

impl Slot {
    fn reader(&self) -> Option<&Reader> {
        self.0.as_ref().map(|(reader, _)| reader)
    }
}

/// The readers of a namespace.
pub(crate) struct Traces {
    slots: [RcuArc<Slot>; READERS_MAX],
    /// What an empty slot has. To empty one must not take memory: nobody could be refused it.
    nobody: Arc<Slot>,
    /// Orders those who come and go.
    order: Pin<KBox<Mutex<()>>>,
}

/// Why nobody else may follow packets.
pub(crate) enum Denied {
    /// The socket does already.
    Already,
    /// There are [`READERS_MAX`] readers.
    Full,
    NoMemory,
}

impl From<kernel::alloc::AllocError> for Denied {
    fn from(_: kernel::alloc::AllocError) -> Self {
        Denied::NoMemory
    }
}

impl Traces {
    pub(super) fn new() -> Result<Self> {
        let nobody = Arc::new(Slot(None), GFP_KERNEL)?;
        Ok(Traces {
            slots: core::array::from_fn(|_| RcuArc::new(nobody.clone())),
            nobody,
            order: KBox::pin_init(new_mutex!(()), GFP_KERNEL)?,
        })
    }

    /// Begins to show packets to a socket. Context: process, may sleep.
    pub(crate) fn begin(&self, portid: u32, seq: u32, wanted: Wanted) -> Result<(), Denied> {
        let reader = Reader {
            portid,
            seq,
            wanted,
            selected: AtomicU32::new(0),
            left: AtomicU32::new(wanted.count.unwrap_or(u32::MAX)),
            second: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        };
        let slot = Arc::new(Slot(Some((reader, Tracing::new()))), GFP_KERNEL)?;
        let _order = self.order.lock();
        let is_its = |slot: &Slot| slot.reader().is_some_and(|other| other.portid == portid);
        if self.slots.iter().any(|slot| is_its(&slot.get())) {
            return Err(Denied::Already);
        }
        match self.slots.iter().find(|slot| slot.get().0.is_none()) {
            Some(free) => free.publish(slot),
            None => return Err(Denied::Full),
        }
        Ok(())
    }

    /// A socket was closed. Context: process, may sleep.
    pub(crate) fn end(&self, portid: u32) {
        let _order = self.order.lock();
        for slot in &self.slots {
            if slot
                .get()
                .reader()
                .is_some_and(|reader| reader.portid == portid)
            {
                slot.publish(self.nobody.clone());
            }
        }
    }

    fn readers<'g>(&'g self, guard: &'g rcu::Guard) -> impl Iterator<Item = &'g Reader> {
        self.slots
            .iter()
            .filter_map(|slot| slot.load(guard).reader())
    }

    /// Whether anybody follows packets here. Context: any, under RCU.
    pub(crate) fn is_on(&self, guard: &rcu::Guard) -> bool {
        self.readers(guard).next().is_some()
    }

    /// A packet was not recorded, for lack of memory. Context: any, under RCU.
    pub(crate) fn lost(&self, guard: &rcu::Guard) {
        for reader in self.readers(guard) {
            reader.lost.fetch_add(1, Relaxed);
        }
    }
}

impl Tables {
    /// Shows what became of a packet to those who want it. Context: any, under RCU.
    pub(crate) fn traced(&self, config: &Config, trace: &Trace<'_>, now: u32, guard: &rcu::Guard) {
        for reader in self
            .traces
            .readers(guard)
            .filter(|reader| reader.wants(trace, now))
        {
            let told = self.listener().traced(self, config, reader, trace);
            if told.is_err() {
                reader.lost.fetch_add(1, Relaxed);
            }
        }
    }
}
