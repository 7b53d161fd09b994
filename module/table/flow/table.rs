// SPDX-License-Identifier: GPL-2.0

//! The table of flows of one family.

use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    prelude::*,
    sync::{rcu, Arc}, //
};

use super::{End, Family, Flow, Status};
use crate::domain::{
    addr::Proto,
    flow::Side,
    hash::Key, //
};
use crate::kern::{
    random,
    sync::rcu_hash::{Cache, Entry, RcuHash, Ref},
    tracepoint,
};
use crate::table::config::{CustomerRuntime, PUBLIC};

/// Where the memory of flows comes from; one for all namespaces.
pub(crate) type FlowCache<A> = Cache<Flow<A>, 2>;

/// A flow, found; readable as long as the RCU guard.
pub(crate) type FlowRef<'g, A> = Ref<'g, Flow<A>, 2>;

/// The link of the original direction.
pub(super) const ORIGINAL: usize = 0;
/// The link of the reply direction.
pub(super) const REPLY: usize = 1;

/// Flows by both directions.
///
/// The number of flows that *live* is limited: those that are over and linger for stray packets,
/// or wait to be swept, keep nobody out, but for a quarter more that bounds the memory.
pub(crate) struct FlowTable<A: Family> {
    pub(super) table: RcuHash<Flow<A>, 2>,
    live: AtomicU32,
    max: AtomicU32,
}

impl<A: Family> Entry<2> for Flow<A> {
    type Seed = Key;

    #[inline]
    fn hash(&self, link: usize, key: &Key) -> u32 {
        let (src, dst) = self.ends(link);
        key.flow(self.context_of(link) >> 8, self.proto(), src, dst)
    }

    #[inline]
    fn same_key(&self, link: usize, other: &Self, other_link: usize) -> bool {
        self.context_of(link) == other.context_of(other_link)
            && self.ends(link) == other.ends(other_link)
    }
}

impl<A: Family> Flow<A> {
    /// Source and destination of packets in the direction of a link.
    #[inline(always)]
    pub(super) fn ends(&self, link: usize) -> (End<A>, End<A>) {
        match link {
            ORIGINAL => (self.client(), self.virtual_end()),
            _ => (self.server(), self.source()),
        }
    }

    /// The flow as tracepoints tell of it.
    #[cold]
    #[inline(never)]
    pub(super) fn told(&self) -> tracepoint::Flow {
        let ends = |link| {
            let (src, dst) = self.ends(link);
            tracepoint::Ends {
                protocol: self.proto().0,
                src: (src.0.to_addr().into(), src.1),
                dst: (dst.0.to_addr().into(), dst.1),
            }
        };
        tracepoint::Flow {
            customer: self.customer(),
            client: ends(ORIGINAL),
            server: ends(REPLY),
            state: self.state().name(),
        }
    }

    /// Customer and protocol of packets in the direction of a link.
    #[inline(always)]
    pub(super) fn context_of(&self, link: usize) -> u32 {
        match link {
            REPLY if self.is_outward() => context(PUBLIC, self.proto()),
            _ => self.context,
        }
    }
}

impl<A: Family> FlowTable<A> {
    /// Bytes of memory that a flow takes, without its share of the index.
    pub(crate) const ENTRY_BYTES: usize = FlowCache::<A>::ENTRY_BYTES;

    /// An empty table for `max` flows. Context: process, may sleep.
    pub(in crate::table) fn new(cache: &Arc<FlowCache<A>>, max: u32) -> Result<Self> {
        let key = Key::new([random::u64(), random::u64()]);
        let this = FlowTable {
            table: RcuHash::new(cache, key, 0)?,
            live: AtomicU32::new(0),
            max: AtomicU32::new(max),
        };
        this.set_max(max);
        Ok(this)
    }

    /// Finds the flow of a packet from `src` to `dst`, and who sent it.
    ///
    /// A flow whose time has run out is not found. No lock, no store. Context: any, under RCU.
    #[inline(always)]
    pub(crate) fn find<'g>(
        &'g self,
        customer: u32,
        proto: Proto,
        src: End<A>,
        dst: End<A>,
        now: u32,
        guard: &'g rcu::Guard,
    ) -> Option<(FlowRef<'g, A>, Side)> {
        let hash = self.table.seed().flow(customer, proto, src, dst);
        let context = context(customer, proto);
        let (flow, link) = self.table.lookup(
            hash,
            |flow, link| {
                flow.context_of(link) == context
                    && flow.ends(link) == (src, dst)
                    && !flow.is_dead()
                    && !flow.is_expired(now)
            },
            guard,
        )?;
        let side = match link {
            ORIGINAL => Side::Client,
            _ => Side::Server,
        };
        Some((flow, side))
    }

    /// Flows in the table, those that are over and linger included.
    pub(crate) fn len(&self) -> u32 {
        self.table.len() as u32
    }

    /// Flows that live.
    pub(crate) fn live(&self) -> u32 {
        self.live.load(Relaxed)
    }

    /// How many flows may live at once.
    pub(crate) fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }

    /// Changes how many flows may live at once; those beyond stay until they end. Context: any.
    pub(in crate::table) fn set_max(&self, max: u32) {
        self.max.store(max, Relaxed);
        let lingering = (max >> 2).saturating_add(1024);
        self.table.set_limit(max.saturating_add(lingering) as usize);
    }

    /// How many chains the index has.
    pub(in crate::table) fn buckets(&self) -> usize {
        self.table.footprint().bucket_bytes / size_of::<usize>()
    }

    /// Lets nobody find `flow` any more; another may take its place at once. Says whether this
    /// call did it. The memory is given back by the next sweep. Context: any, under RCU.
    pub(crate) fn retire(&self, flow: &Flow<A>) -> bool {
        let changed = flow.change(|status| {
            (!status.has(Status::DEAD)).then(|| status.with(Status::DEAD).without(Status::ACTIVE))
        });
        let Some((before, after)) = changed else {
            return false;
        };
        self.count_change(flow, before, after);
        true
    }

    /// Takes a place among the flows that live, if there is one left.
    pub(super) fn take_place(&self) -> bool {
        let is_free = self.live.fetch_add(1, Relaxed) < self.max();
        if !is_free {
            self.live.fetch_sub(1, Relaxed);
        }
        is_free
    }

    /// Gives back what [`FlowTable::take_place`] took.
    pub(super) fn leave_place(&self) {
        self.live.fetch_sub(1, Relaxed);
    }

    /// Keeps the counts of active flows right when a flow ends, or turns out not to have ended.
    pub(super) fn count_change(&self, flow: &Flow<A>, old: Status, new: Status) {
        let binding = &*flow.binding;
        let counts = [
            &self.live,
            &binding.runtime.flows,
            &binding.server.runtime.flows,
            &binding.service.flows,
        ];
        let customer = binding.customer.as_deref();
        match (old.has(Status::ACTIVE), new.has(Status::ACTIVE)) {
            (true, false) => {
                tracepoint::flow_end(|| flow.told());
                counts.map(|count| count.fetch_sub(1, Relaxed));
                customer.map(CustomerRuntime::leave_place);
            }
            (false, true) => {
                counts.map(|count| count.fetch_add(1, Relaxed));
                customer.map(CustomerRuntime::keep_place);
            }
            _ => {}
        }
    }
}

/// The word of a flow that holds customer and protocol.
pub(super) fn context(customer: u32, proto: Proto) -> u32 {
    customer << 8 | u32::from(proto.0)
}
