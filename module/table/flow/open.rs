// SPDX-License-Identifier: GPL-2.0

//! Putting a new flow into the table.
//!
//! Both directions must be unique: a reply that two flows could claim would reach the wrong client.
//! Where the source is translated, ports are probed until one gives a reply direction that is free,
//! a bounded number of times. A flow whose client keeps its own source has no such choice.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    alloc::flags::GFP_ATOMIC,
    sync::{rcu, Arc}, //
};

use super::{
    table::{context, ORIGINAL, REPLY},
    End,
    Family,
    Flow,
    FlowRef,
    FlowTable,
    Status, //
};
use crate::domain::{
    addr::{Addr, Ip, PortRange, Proto},
    flow::{State, Track},
    limits::SNAT_PROBES_MAX,
    reason::DropReason,
    snat::Ports, //
};
use crate::kern::{
    net::dst_cache::DstCache, random, sync::rcu_hash::InsertError, time, tracepoint,
};
use crate::table::{
    config::Binding,
    schedule::{Choice, Means},
    stats::Happening,
    Tables, //
};

/// What the server is to know the client by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<A> {
    /// The client's own address and port.
    Client,
    /// One of a pool, whichever is free.
    Pool(Pool<A>),
}

/// Addresses and ports that clients are told apart by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool<A> {
    pub(crate) first: A,
    pub(crate) last: A,
    pub(crate) ports: PortRange,
    /// Ports that are taken only if no other is free.
    pub(crate) avoid: Option<PortRange>,
}

/// Where a flow is to go.
#[derive(Clone, Copy)]
pub(crate) enum Goal<'a> {
    /// To a server of a service.
    Server(Choice<'a>),
    /// To where the client addresses it, in the public context; counted at this.
    Public(&'a Arc<Binding>),
}

/// A flow to be opened.
pub(crate) struct NewFlow<'a, A: Family> {
    pub(crate) customer: u32,
    pub(crate) proto: Proto,
    pub(crate) client: End<A>,
    /// The end that the client addresses.
    pub(crate) virtual_end: End<A>,
    pub(crate) goal: Goal<'a>,
    pub(crate) source: Source<A>,
    /// Whether something else than a flow has a source out of a pool, towards that server.
    pub(crate) is_held: &'a dyn Fn(End<A>, End<A>) -> bool,
    /// Where it stands after its first packet.
    pub(crate) track: Track,
}

/// Why a flow was not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OpenError {
    /// Another processor has just opened it: find it.
    Exists,
    /// The server has just reached its limit: choose again.
    ServerFull,
    /// As many flows of the customer live as may.
    CustomerFull,
    /// The customer opens flows faster than it may.
    CustomerRate,
    /// As many flows live as may.
    Full,
    /// No memory.
    NoMemory,
    /// No source port is free.
    NoPort,
    /// Another flow has the reply direction, and the source is not translated.
    Clash,
}

impl OpenError {
    /// The reason to count the packet under, if it is not tried again.
    pub(crate) fn reason(self) -> DropReason {
        match self {
            OpenError::ServerFull => DropReason::ServerLimit,
            OpenError::CustomerFull => DropReason::CustomerFlows,
            OpenError::CustomerRate => DropReason::CustomerNewFlows,
            OpenError::Full => DropReason::FlowTableFull,
            OpenError::NoMemory => DropReason::NoMemory,
            OpenError::NoPort => DropReason::SnatExhausted,
            OpenError::Exists | OpenError::Clash => DropReason::ReplyClash,
        }
    }
}

/// How many addresses of a pool are tried for one flow.
const ADDRESSES_MAX: u32 = 16;

impl<A: Family> FlowTable<A> {
    /// Opens a flow and counts it at its server, service and binding.
    ///
    /// Context: any but hard interrupts, under RCU.
    pub(crate) fn open<'g>(
        &'g self,
        tables: &Tables,
        new: NewFlow<'_, A>,
        now: u32,
        guard: &'g rcu::Guard,
    ) -> Result<FlowRef<'g, A>, OpenError> {
        let (binding, server_end, kind) = match new.goal {
            Goal::Server(choice) => {
                let binding = choice.bind(GFP_ATOMIC).map_err(|_| OpenError::NoMemory)?;
                let server = A::from_addr(choice.server.key.addr).ok_or(OpenError::NoPort)?;
                // What is not rewritten has the virtual end on its way back too.
                let server_end = match binding.settings.method.keeps_ends() {
                    false => (server, choice.port),
                    true => new.virtual_end,
                };
                let kind = match binding.settings.tunnel {
                    0 => 0,
                    _ => Status::TUNNELLED,
                };
                (binding, server_end, kind)
            }
            Goal::Public(binding) => (binding.clone(), new.virtual_end, Status::OUTWARD),
        };
        let flow = Flow {
            client: new.client.0,
            virtual_addr: new.virtual_end.0,
            server: server_end.0,
            source: new.client.0,
            client_port: new.client.1,
            virtual_port: new.virtual_end.1,
            server_port: server_end.1,
            source_port: new.client.1,
            context: context(new.customer, new.proto),
            status: AtomicU32::new(Status::ACTIVE | kind | new.track.state as u32),
            numbers: new.track.numbers.map(AtomicU32::new),
            expires: AtomicU32::new(0),
            opened_us: time::monotonic_us() as u32,
            changes: Default::default(),
            binding: binding.clone(),
            routes: [DstCache::new(), DstCache::new()],
        };
        flow.touch(now, new.track.state);
        let counted = Counted::take(self, tables, &binding, guard)?;
        let found = match new.source {
            Source::Client => self.insert_plain(tables, flow, now, guard),
            Source::Pool(pool) => {
                self.insert_translated(tables, flow, &pool, new.is_held, now, guard)
            }
        }?;
        counted.keep();
        for traffic in [
            &binding.runtime.traffic,
            &binding.server.runtime.traffic,
            &binding.service.traffic,
        ] {
            traffic.count_flow();
        }
        tables.stats.event(Happening::FlowOpened);
        tracepoint::flow_new(|| found.told());
        tables.wake();
        if let Goal::Server(choice) = new.goal {
            if matches!(choice.means, Means::Scheduler | Means::Persistence) {
                A::persist(tables).remember(choice.service, &binding, new.client.0, now, guard);
            }
        }
        Ok(found)
    }

    /// Inserts a flow with the client's own source.
    fn insert_plain<'g>(
        &'g self,
        tables: &Tables,
        flow: Flow<A>,
        now: u32,
        guard: &'g rcu::Guard,
    ) -> Result<FlowRef<'g, A>, OpenError> {
        // A flow of the same reply direction that is over lingers for stray packets only.
        let gives_way = |other: &Flow<A>| {
            self.expire(tables, other, now)
                || (other.state().is_over() && other.state() != State::Reset && {
                    self.retire(other);
                    true
                })
        };
        match self.put(flow, gives_way, guard) {
            Ok(found) => Ok(found),
            Err(InsertError::Exists(ORIGINAL, _)) => Err(OpenError::Exists),
            Err(InsertError::Exists(..)) => Err(OpenError::Clash),
            Err(InsertError::Full(_)) => Err(OpenError::Full),
            Err(InsertError::NoMemory(_)) => Err(OpenError::NoMemory),
        }
    }

    /// Inserts a flow with a source out of a pool.
    fn insert_translated<'g>(
        &'g self,
        tables: &Tables,
        mut flow: Flow<A>,
        pool: &Pool<A>,
        is_held: &dyn Fn(End<A>, End<A>) -> bool,
        now: u32,
        guard: &'g rcu::Guard,
    ) -> Result<FlowRef<'g, A>, OpenError> {
        let addresses = Addresses::new(pool.first, pool.last);
        let probes = SNAT_PROBES_MAX / addresses.tries;
        let has_ports = flow.proto().has_ports() || flow.proto().is_icmp();
        for address in addresses {
            flow.source = address;
            let (ports, probes) = match has_ports {
                true => (pool.ports, probes),
                false => (PortRange::single(0), 1),
            };
            for port in Ports::new(ports, pool.avoid, random::u64(), probes) {
                flow.source_port = port;
                if self.is_reply_taken(&flow, guard) || is_held(flow.source(), flow.server()) {
                    continue;
                }
                let gives_way = |other: &Flow<A>| self.expire(tables, other, now);
                flow = match self.put(flow, gives_way, guard) {
                    Ok(found) => return Ok(found),
                    Err(InsertError::Exists(ORIGINAL, _)) => return Err(OpenError::Exists),
                    Err(InsertError::Exists(_, flow)) => flow,
                    Err(InsertError::Full(_)) => return Err(OpenError::Full),
                    Err(InsertError::NoMemory(_)) => return Err(OpenError::NoMemory),
                };
            }
        }
        Err(OpenError::NoPort)
    }

    /// Inserts a flow whose ends are what they will be.
    fn put<'g>(
        &'g self,
        mut flow: Flow<A>,
        gives_way: impl Fn(&Flow<A>) -> bool,
        guard: &'g rcu::Guard,
    ) -> Result<FlowRef<'g, A>, InsertError<Flow<A>>> {
        flow.sum_up();
        self.table.insert(flow, gives_way, guard)
    }

    /// Whether another flow has the reply direction of this one. Cheaper than to try.
    fn is_reply_taken(&self, flow: &Flow<A>, guard: &rcu::Guard) -> bool {
        let (src, dst) = (flow.server(), flow.source());
        let hash = self
            .table
            .seed()
            .flow(flow.context_of(REPLY) >> 8, flow.proto(), src, dst);
        let is_same = |other: &Flow<A>, link: usize| {
            other.context_of(link) == flow.context_of(REPLY)
                && other.ends(link) == (src, dst)
                && !other.is_dead()
        };
        self.table.lookup(hash, is_same, guard).is_some()
    }
}

/// A flow's places in all counts, given back unless kept.
struct Counted<'a, A: Family> {
    table: &'a FlowTable<A>,
    binding: &'a Binding,
}

impl<'a, A: Family> Counted<'a, A> {
    fn take(
        table: &'a FlowTable<A>,
        tables: &Tables,
        binding: &'a Arc<Binding>,
        guard: &rcu::Guard,
    ) -> Result<Self, OpenError> {
        let customer = binding.customer.as_deref();
        if customer.is_some_and(|customer| !customer.take_place(guard)) {
            tables.hurry();
            return Err(OpenError::CustomerFull);
        }
        if let Some(customer) = customer.filter(|customer| !customer.take_flow(guard)) {
            customer.leave_place();
            return Err(OpenError::CustomerRate);
        }
        let give_back = || {
            if let Some(customer) = customer {
                customer.leave_place();
            }
        };
        let server = &binding.server;
        let limit = server.settings.limit;
        let flows = &server.runtime.flows;
        if flows.fetch_add(1, Relaxed) >= limit && limit != 0 {
            flows.fetch_sub(1, Relaxed);
            give_back();
            return Err(OpenError::ServerFull);
        }
        if !table.take_place() {
            flows.fetch_sub(1, Relaxed);
            give_back();
            // Flows may be waiting to be swept.
            tables.hurry();
            return Err(OpenError::Full);
        }
        binding.runtime.flows.fetch_add(1, Relaxed);
        binding.service.flows.fetch_add(1, Relaxed);
        Ok(Counted { table, binding })
    }

    fn keep(self) {
        core::mem::forget(self);
    }
}

impl<A: Family> Drop for Counted<'_, A> {
    fn drop(&mut self) {
        self.binding.server.runtime.flows.fetch_sub(1, Relaxed);
        self.binding.runtime.flows.fetch_sub(1, Relaxed);
        self.binding.service.flows.fetch_sub(1, Relaxed);
        self.table.leave_place();
        if let Some(customer) = &self.binding.customer {
            customer.leave_place();
        }
    }
}

/// Addresses of a pool, from a random one on, at most [`ADDRESSES_MAX`].
struct Addresses<A> {
    first: A,
    /// How many there are, less one.
    span: u128,
    at: u128,
    tries: u32,
    left: u32,
}

/// The address as a number.
fn number<A: Ip>(addr: A) -> u128 {
    match addr.to_addr() {
        Addr::V4(bytes) => u32::from_be_bytes(bytes).into(),
        Addr::V6(bytes) => u128::from_be_bytes(bytes),
    }
}

impl<A: Ip> Addresses<A> {
    fn new(first: A, last: A) -> Self {
        let span = number(last).saturating_sub(number(first));
        let tries = u32::try_from(span)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
            .min(ADDRESSES_MAX);
        // 64 random bits reach far enough into any pool.
        let at = match span.checked_add(1) {
            Some(count) if count <= u64::MAX.into() => {
                (u128::from(random::u64()).wrapping_mul(count)) >> 64
            }
            _ => random::u64().into(),
        };
        Addresses {
            first,
            span,
            at,
            tries,
            left: tries,
        }
    }
}

impl<A: Ip> Iterator for Addresses<A> {
    type Item = A;

    fn next(&mut self) -> Option<A> {
        self.left = self.left.checked_sub(1)?;
        let address = number(self.first).wrapping_add(self.at);
        self.at = if self.at >= self.span {
            0
        } else {
            self.at.wrapping_add(1)
        };
        A::from_addr(match self.first.to_addr() {
            Addr::V4(_) => Addr::V4((address as u32).to_be_bytes()),
            Addr::V6(_) => Addr::V6(address.to_be_bytes()),
        })
    }
}
