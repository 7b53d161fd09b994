// SPDX-License-Identifier: GPL-2.0

//! Looking at many flows: filters, dumps, and ending those selected.
//!
//! Context: process, may sleep. Packets go on meanwhile: a dump takes the lock of one chain at a
//! time and sees every flow that is there from its beginning to its end exactly once.

use core::ops::ControlFlow;

use kernel::sync::Arc;

use super::{Family, Flow, FlowTable};
use crate::domain::{
    addr::{Addr, Ip, Proto},
    flow::State,
};
use crate::kern::{
    sync::rcu_hash::{Cursor, Fate, Swept},
    time,
};
use crate::table::{change::Resets, config::Binding, Tables};

/// Which flows are meant; what is not given selects all.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct FlowFilter {
    pub(crate) customer: Option<u32>,
    pub(crate) proto: Option<Proto>,
    pub(crate) client: FilterEnd,
    pub(crate) virtual_end: FilterEnd,
    pub(crate) server: FilterEnd,
    /// States of which the flow has one; see [`state_bit`].
    pub(crate) states: Option<u32>,
    /// Number of the tunnel that its packets enter.
    pub(crate) tunnel: Option<u32>,
}

/// The bit of a state in [`FlowFilter::states`].
pub(crate) fn state_bit(state: State) -> u32 {
    1u32.wrapping_shl(state as u32)
}

/// One end of the flows that are meant.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct FilterEnd {
    pub(crate) addr: Option<Addr>,
    /// Bits of the address that count; all if not given.
    pub(crate) prefix: Option<u8>,
    /// The first port of a range.
    pub(crate) port: Option<u16>,
    /// The last port; the first if not given.
    pub(crate) port_last: Option<u16>,
}

impl FilterEnd {
    fn includes(&self, addr: Addr, port: u16) -> bool {
        let is_in = |wanted: Addr| addr.is_in(wanted, self.prefix.unwrap_or(wanted.bits()));
        let is_between = |first| (first..=self.port_last.unwrap_or(first)).contains(&port);
        self.addr.is_none_or(is_in) && self.port.is_none_or(is_between)
    }
}

impl FlowFilter {
    /// Whether flows of this family can be meant at all.
    fn is_of<A: Ip>(&self) -> bool {
        [&self.client, &self.virtual_end, &self.server]
            .into_iter()
            .filter_map(|end| end.addr)
            .all(|addr| addr.bits() == A::BITS)
    }

    fn selects<A: Family>(&self, flow: &Flow<A>) -> bool {
        fn is<T: PartialEq>(wanted: Option<T>, value: T) -> bool {
            wanted.is_none_or(|wanted| wanted == value)
        }
        is(self.customer, flow.customer())
            && is(self.proto, flow.proto())
            && self
                .client
                .includes(flow.client.to_addr(), flow.client_port)
            && self
                .virtual_end
                .includes(flow.virtual_addr.to_addr(), flow.virtual_port)
            && self
                .server
                .includes(flow.server_hop().to_addr(), flow.server_port)
            && self
                .states
                .is_none_or(|wanted| wanted & state_bit(flow.state()) != 0)
            && (self.tunnel.is_none() || self.tunnel == flow.tunnel())
    }
}

/// A flow as it is shown.
#[derive(Clone)]
pub(crate) struct FlowRecord {
    pub(crate) customer: u32,
    pub(crate) proto: Proto,
    pub(crate) client: (Addr, u16),
    pub(crate) virtual_end: (Addr, u16),
    pub(crate) server: (Addr, u16),
    /// What the server knows the client by, if that is another end than the client's.
    pub(crate) snat: Option<(Addr, u16)>,
    pub(crate) state: State,
    pub(crate) repeats: u32,
    /// Seconds left without a packet.
    pub(crate) expires: u32,
    /// What it was opened by; its key names service and server.
    pub(crate) binding: Arc<Binding>,
}

impl FlowRecord {
    fn new<A: Family>(flow: &Flow<A>, now: u32) -> Self {
        let end = |(addr, port): (A, u16)| (addr.to_addr(), port);
        FlowRecord {
            customer: flow.customer(),
            proto: flow.proto(),
            client: end(flow.client()),
            virtual_end: end(flow.virtual_end()),
            server: end((flow.server_hop(), flow.server_port)),
            snat: flow.is_source_translated().then(|| end(flow.source())),
            state: flow.state(),
            repeats: flow.repeats(),
            expires: flow.expires_in(now),
            binding: flow.binding.clone(),
        }
    }
}

/// Where a dump of all flows stands: IPv4 first, then IPv6.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct FlowDump {
    v4: Cursor,
    v6: Cursor,
}

impl<A: Family> FlowTable<A> {
    fn for_each(
        &self,
        cursor: &mut Cursor,
        filter: &FlowFilter,
        now: u32,
        mut f: impl FnMut(&Flow<A>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !filter.is_of::<A>() {
            return ControlFlow::Continue(());
        }
        self.table.for_each_from(cursor, |flow| {
            if flow.is_dead() || flow.is_expired(now) || !filter.selects(flow) {
                return ControlFlow::Continue(());
            }
            f(flow)
        })
    }

    /// Ends all flows that `is_meant` says; returns how many were not over before.
    fn reset_all(&self, tables: &Tables, is_meant: impl Fn(&Flow<A>) -> bool) -> u32 {
        let now = time::seconds();
        let mut ended: u32 = 0;
        let _ = self.table.for_each_from(&mut Cursor::default(), |flow| {
            if is_meant(flow) && self.reset(tables, flow, now) {
                ended = ended.saturating_add(1);
            }
            ControlFlow::Continue(())
        });
        ended
    }

    /// Lets nobody find the flows of these customers any more.
    fn retire_all(&self, customers: &[u32]) {
        self.visit(|flow| customers.contains(&flow.customer()) && self.retire(flow));
    }

    /// Shows `f` all flows. Context: process, may sleep; `f` must not.
    fn visit<T>(&self, mut f: impl FnMut(&Flow<A>) -> T) {
        let _ = self.table.for_each_from(&mut Cursor::default(), |flow| {
            f(flow);
            ControlFlow::Continue(())
        });
    }

    /// Lets `f` decide over the flows of the next `buckets` chains. Context: process, may sleep.
    pub(in crate::table) fn sweep(
        &self,
        cursor: &mut Cursor,
        buckets: usize,
        f: impl FnMut(&Flow<A>) -> Fate,
    ) -> kernel::error::Result<Swept> {
        self.table.sweep(cursor, buckets, usize::MAX, f)
    }

    /// Takes all flows out, when packets cannot come any more. Their memory and routes are given
    /// back after a grace period. Context: process, may sleep.
    pub(in crate::table) fn clear(&self) -> kernel::error::Result {
        let mut cursor = Cursor::default();
        while !cursor.is_done() {
            self.sweep(&mut cursor, usize::MAX, |flow| {
                self.retire(flow);
                Fate::Remove
            })?;
        }
        Ok(())
    }
}

impl Tables {
    /// Shows `f` the flows selected, from where `dump` stands, until it breaks. The one at which
    /// it breaks comes first the next time. `f` runs under a lock: it must not sleep.
    pub(crate) fn dump_flows(
        &self,
        dump: &mut FlowDump,
        filter: &FlowFilter,
        mut f: impl FnMut(FlowRecord) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let now = time::seconds();
        self.flows4.for_each(&mut dump.v4, filter, now, |flow| {
            f(FlowRecord::new(flow, now))
        })?;
        self.flows6.for_each(&mut dump.v6, filter, now, |flow| {
            f(FlowRecord::new(flow, now))
        })
    }

    /// How many flows a filter selects.
    pub(crate) fn count_flows(&self, filter: &FlowFilter) -> u32 {
        let now = time::seconds();
        let mut count: u32 = 0;
        let mut dump = FlowDump::default();
        let _ = self.flows4.for_each(&mut dump.v4, filter, now, |_| {
            count = count.saturating_add(1);
            ControlFlow::Continue(())
        });
        let _ = self.flows6.for_each(&mut dump.v6, filter, now, |_| {
            count = count.saturating_add(1);
            ControlFlow::Continue(())
        });
        count
    }

    /// Ends the flows that a filter selects; returns how many were not over before.
    pub(crate) fn reset_flows(&self, filter: &FlowFilter) -> u32 {
        let mut ended = 0;
        if filter.is_of::<crate::domain::addr::V4>() {
            ended += self.flows4.reset_all(self, |flow| filter.selects(flow));
        }
        if filter.is_of::<crate::domain::addr::V6>() {
            ended += self.flows6.reset_all(self, |flow| filter.selects(flow));
        }
        ended
    }

    /// Lets nobody find the flows of these customers any more.
    pub(in crate::table) fn retire_lost(&self, customers: &[u32]) {
        if !customers.is_empty() {
            self.flows4.retire_all(customers);
            self.flows6.retire_all(customers);
        }
    }

    /// Has every flow and every tunnel look for its routes again.
    pub(crate) fn forget_routes(&self) {
        self.flows4.visit(Flow::forget_routes);
        self.flows6.visit(Flow::forget_routes);
        for (tunnel, _) in self.config.get().tunnels(Default::default()) {
            tunnel.route.forget();
        }
    }

    /// Ends the flows that a change says must not outlive it.
    pub(in crate::table) fn apply_resets(&self, resets: &Resets) {
        if resets.is_empty() {
            return;
        }
        self.flows4
            .reset_all(self, |flow| resets.include(&flow.binding));
        self.flows6
            .reset_all(self, |flow| resets.include(&flow.binding));
    }
}
