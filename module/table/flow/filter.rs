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
    sync::rcu_hash::{Cursor, Fate},
    time,
};
use crate::table::{change::Resets, config::Binding, Tables};

/// Which flows are meant; what is not given selects all.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct FlowFilter {
    pub(crate) customer: Option<u32>,
    pub(crate) proto: Option<Proto>,
    pub(crate) client: Option<Addr>,
    /// Bits of the client's address that count; all if not given.
    pub(crate) client_prefix: Option<u8>,
    pub(crate) client_port: Option<u16>,
    pub(crate) virtual_addr: Option<Addr>,
    pub(crate) virtual_port: Option<u16>,
    pub(crate) server: Option<Addr>,
    pub(crate) server_port: Option<u16>,
    /// By name: all states of one name count as one.
    pub(crate) state: Option<&'static str>,
}

impl FlowFilter {
    /// Whether flows of this family can be meant at all.
    fn is_of<A: Ip>(&self) -> bool {
        [self.client, self.virtual_addr, self.server]
            .into_iter()
            .flatten()
            .all(|addr| addr.bits() == A::BITS)
    }

    fn selects<A: Family>(&self, flow: &Flow<A>) -> bool {
        fn is<T: PartialEq>(wanted: Option<T>, value: T) -> bool {
            wanted.is_none_or(|wanted| wanted == value)
        }
        let is_client = self.client.is_none_or(|prefix| {
            let bits = self.client_prefix.unwrap_or(A::BITS);
            flow.client.to_addr().is_in(prefix, bits)
        });
        is_client
            && is(self.customer, flow.customer())
            && is(self.proto, flow.proto())
            && is(self.client_port, flow.client_port)
            && is(self.virtual_addr, flow.virtual_addr.to_addr())
            && is(self.virtual_port, flow.virtual_port)
            && is(self.server, flow.server_hop().to_addr())
            && is(self.server_port, flow.server_port)
            && self.state.is_none_or(|name| name == flow.state().name())
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
    ) -> kernel::error::Result {
        self.table.sweep(cursor, buckets, usize::MAX, f)?;
        Ok(())
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
