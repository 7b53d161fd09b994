// SPDX-License-Identifier: GPL-2.0

//! Token buckets of a customer or a tunnel.
//!
//! Each processor spends what it has taken from the bucket that all share, without a lock and
//! without a store that another processor sees, and takes a batch more when that is used up; see
//! [`crate::domain::meter`].
//!
//! Context: taking any but hard interrupts; making and changing process.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError, KVec},
    cpu,
    sync::Arc, //
};

use crate::domain::meter::Rate;
use crate::kern::time;

/// What is held to a rate.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Kind {
    Flows,
    Packets,
    Bytes,
}

const KINDS: usize = 3;

/// The fewest bytes of a packet.
const PACKET_MIN: u64 = 20;

impl Kind {
    /// Kind, name, and the least that is ever asked for.
    const ALL: [(Kind, &'static str, u64); KINDS] = [
        (Kind::Flows, "new flows", 1),
        (Kind::Packets, "packets", 1),
        (Kind::Bytes, "bytes", PACKET_MIN),
    ];
}

/// One of the rates of a meter, for people.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) what: &'static str,
    pub(crate) per_second: u64,
    /// Whether no processor would let anything pass at the moment.
    pub(crate) is_used_up: bool,
}

/// Rates a second; 0 is no limit.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    /// New flows.
    pub(crate) flows: u64,
    pub(crate) packets: u64,
    /// Bytes of these, from the IP header on.
    pub(crate) bytes: u64,
}

/// The fewest packets that may come at once, and their bytes: what TCP begins with, and more.
const PACKETS_MIN: u64 = 16;
const BYTES_MIN: u64 = 16 << 10;

impl Rates {
    /// Flows of a second may come at once, since clients open many together; packets of a tenth.
    fn each(&self, processors: u32) -> [Option<Rate>; KINDS] {
        let tenth = |rate: u64, min: u64| (rate / 10).max(min);
        [
            Rate::new(self.flows, self.flows, processors),
            Rate::new(self.packets, tenth(self.packets, PACKETS_MIN), processors),
            Rate::new(self.bytes, tenth(self.bytes, BYTES_MIN), processors),
        ]
    }
}

/// A cache line of numbers: what a processor has taken and not spent, which only that processor
/// writes, but for a process that moves in between and spends a batch twice; or of the shared
/// buckets the moments at which they will be full again, in nanoseconds since boot.
#[repr(align(64))]
struct Line([AtomicU64; KINDS]);

/// The buckets of one customer or tunnel.
pub(crate) struct Meter {
    rates: Rates,
    each: [Option<Rate>; KINDS],
    /// One a processor, and behind them that of all.
    lines: KVec<Line>,
}

impl Meter {
    /// Full buckets, or what `old` has left in its own. Context: process, may sleep.
    fn new(rates: Rates, old: Option<&Meter>) -> Result<Self, AllocError> {
        let processors = cpu::nr_cpu_ids();
        let mut meter = Meter {
            rates,
            each: rates.each(processors),
            lines: KVec::new(),
        };
        for _ in 0..=processors {
            let line = Line([const { AtomicU64::new(0) }; KINDS]);
            meter.lines.push(line, GFP_KERNEL)?;
        }
        if let (Some(to), Some(from)) = (meter.lines.last(), old.and_then(|old| old.lines.last())) {
            for (to, from) in to.0.iter().zip(&from.0) {
                to.store(from.load(Relaxed), Relaxed);
            }
        }
        Ok(meter)
    }

    /// The buckets for these rates, if there are any: those of before if they are the same.
    pub(in crate::table) fn renew(
        rates: Rates,
        old: Option<&Arc<Meter>>,
    ) -> Result<Option<Arc<Self>>, AllocError> {
        match old {
            _ if rates == Rates::default() => Ok(None),
            Some(old) if old.rates == rates => Ok(Some(old.clone())),
            old => {
                let meter = Meter::new(rates, old.map(|old| &**old))?;
                Ok(Some(Arc::new(meter, GFP_KERNEL)?))
            }
        }
    }

    /// Whether a flow more may be opened now.
    pub(crate) fn take_flow(&self) -> bool {
        self.take(Kind::Flows, 1)
    }

    /// Whether these packets may pass, which have so many bytes together.
    pub(crate) fn take_packets(&self, packets: u64, bytes: u64) -> bool {
        if !self.take(Kind::Packets, packets) {
            return false;
        }
        let may_pass = self.take(Kind::Bytes, bytes);
        if !may_pass {
            self.give_back(Kind::Packets, packets);
        }
        may_pass
    }

    /// What flows are held to.
    pub(crate) fn limits_of_flows(&self) -> impl Iterator<Item = Limit> + use<'_> {
        self.limits(|kind| kind == Kind::Flows)
    }

    /// What packets are held to.
    pub(crate) fn limits_of_packets(&self) -> impl Iterator<Item = Limit> + use<'_> {
        self.limits(|kind| kind != Kind::Flows)
    }

    fn limits(&self, is_asked: fn(Kind) -> bool) -> impl Iterator<Item = Limit> + use<'_> {
        let now = time::monotonic_ns();
        let of = move |(kind, what, least): (Kind, &'static str, u64)| {
            let rate = self.each.get(kind as usize)?.as_ref()?;
            let read = |line: &Line| Some(line.0.get(kind as usize)?.load(Relaxed));
            let (shared, kept) = self.lines.split_last()?;
            let is_left = kept.iter().filter_map(read).any(|credit| credit >= least);
            Some(Limit {
                what,
                per_second: rate.per_second(),
                is_used_up: !is_left && rate.take(read(shared)?, now, least).is_none(),
            })
        };
        let asked = Kind::ALL
            .into_iter()
            .filter(move |(kind, ..)| is_asked(*kind));
        asked.filter_map(of)
    }

    fn bucket(&self, kind: Kind) -> Option<(&Rate, &AtomicU64, &AtomicU64)> {
        let rate = self.each.get(kind as usize)?.as_ref()?;
        let processor = cpu::CpuId::current().as_u32();
        let credit = self.lines.get(processor as usize)?.0.get(kind as usize)?;
        let shared = self.lines.last()?.0.get(kind as usize)?;
        Some((rate, credit, shared))
    }

    /// Takes units out of what the processor has, or of the shared bucket if that is not enough.
    #[inline]
    fn take(&self, kind: Kind, units: u64) -> bool {
        let Some((rate, credit, shared)) = self.bucket(kind) else {
            return true;
        };
        let has = credit.load(Relaxed);
        if let Some(left) = has.checked_sub(units) {
            credit.store(left, Relaxed);
            return true;
        }
        let ask = rate.ask(has, units);
        if !take_shared(rate, shared, ask) {
            return false;
        }
        let left = has.saturating_add(ask).saturating_sub(units);
        credit.store(left, Relaxed);
        true
    }

    fn give_back(&self, kind: Kind, units: u64) {
        if let Some((_, credit, _)) = self.bucket(kind) {
            let has = credit.load(Relaxed);
            credit.store(has.saturating_add(units), Relaxed);
        }
    }
}

/// Takes units from a bucket that all processors take from.
#[cold]
fn take_shared(rate: &Rate, shared: &AtomicU64, units: u64) -> bool {
    let now = time::monotonic_ns();
    let mut full_at = shared.load(Relaxed);
    // Who loses the exchange has lost to another that took something: so it ends.
    loop {
        let Some(next) = rate.take(full_at, now, units) else {
            return false;
        };
        match shared.compare_exchange_weak(full_at, next, Relaxed, Relaxed) {
            Ok(_) => return true,
            Err(other) => full_at = other,
        }
    }
}
