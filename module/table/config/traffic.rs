// SPDX-License-Identifier: GPL-2.0

//! What services, servers and bindings count.

use kernel::alloc::AllocError;

use crate::domain::flow::Side;
use crate::kern::sync::percpu::{Counters, Pair, Supply};

const FLOWS: usize = 0;
const PACKETS_IN: usize = 1;
const BYTES_IN: usize = 2;
const PACKETS_OUT: usize = 3;
const BYTES_OUT: usize = 4;
const REFUSED: usize = 5;

/// Counters of one object.
const COUNT: usize = 6;

/// Makes the counters of many objects at less cost than one by one.
pub(crate) type TrafficSupply = Supply<COUNT>;

/// Per-CPU counters of one object.
pub(crate) struct Traffic {
    counters: Counters<COUNT>,
}

/// The sums of a [`Traffic`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct TrafficSums {
    /// Flows opened.
    pub(crate) flows_total: u64,
    /// Packets from clients.
    pub(crate) packets_in: u64,
    /// Bytes of these, from the IP header on.
    pub(crate) bytes_in: u64,
    /// Packets to clients.
    pub(crate) packets_out: u64,
    /// Bytes of these.
    pub(crate) bytes_out: u64,
    /// New flows refused.
    pub(crate) refused: u64,
}

impl Traffic {
    /// Counters, all zero. Context: process.
    pub(crate) fn new(supply: &mut TrafficSupply) -> Result<Self, AllocError> {
        Ok(Traffic {
            counters: supply.take()?,
        })
    }

    /// Counts a flow opened. Context: any, as for all that count.
    #[inline]
    pub(crate) fn count_flow(&self) {
        self.counters.inc(FLOWS);
    }

    /// What packets and bytes from this side are added to. None would be a mistake in the numbers
    /// above, which the compiler sees.
    #[inline(always)]
    pub(crate) fn packets(&self, from: Side) -> Option<Pair<'_>> {
        // Bytes come next.
        self.counters.pair(match from {
            Side::Client => PACKETS_IN,
            Side::Server => PACKETS_OUT,
        })
    }

    /// Counts packets from this side.
    #[inline]
    pub(crate) fn count(&self, from: Side, packets: u64, bytes: u64) {
        if let Some(pair) = self.packets(from) {
            pair.add(packets, bytes);
        }
    }

    /// Counts a flow refused.
    #[inline]
    pub(crate) fn count_refused(&self) {
        self.counters.inc(REFUSED);
    }

    /// The sums over all CPUs.
    pub(crate) fn sums(&self) -> TrafficSums {
        let read = |index| self.counters.read(index);
        TrafficSums {
            flows_total: read(FLOWS),
            packets_in: read(PACKETS_IN),
            bytes_in: read(BYTES_IN),
            packets_out: read(PACKETS_OUT),
            bytes_out: read(BYTES_OUT),
            refused: read(REFUSED),
        }
    }
}
