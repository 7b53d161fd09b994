// SPDX-License-Identifier: GPL-2.0

//! A flow: one connection, pinned to its server.
//!
//! One [`Flow`] holds both directions of a connection and is found by either: as *original*,
//! client to virtual address, and as *reply*, server to the address that it knows the client by.
//! What identifies it never changes; what moves with packets are atomics, written without a lock by
//! whichever processor has a packet of it.
//!
//! Life: [`FlowTable::open`] puts it in and counts it at its server; packets find it and step its
//! state; it is *over* when both ends are done or one has reset it, which takes it off the server's
//! count; `gc` sweeps it out when its time has run out or when another has taken its place. Memory
//! is given back a grace period later. A flow that may not be found any more is *dead*.
//!
//! Context: finding and stepping any, under RCU.

mod filter;
mod open;
mod table;
mod track;

use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::sync::Arc;

pub(crate) use self::{
    filter::{state_bit, FilterEnd, FlowDump, FlowFilter, FlowRecord},
    open::{Goal, NewFlow, OpenError, Pool, Source},
    table::{FlowCache, FlowRef, FlowTable},
};

use super::{
    config::{Binding, Port},
    persist::PersistTable,
    Tables,
};
use crate::domain::{
    addr::{Ip, Proto, V4, V6},
    flow::{tcp::Sight, Side, State},
    packet::rewrite::{Change, Rewrite, Translation}, //
};
use crate::kern::{
    net::dst_cache::{Cookie, DstCache},
    sync::percpu::Pair,
};

/// An address family, with what the tables keep for it.
pub(crate) trait Family: Ip {
    /// What a cached route needs besides the route.
    type Cookie: Cookie + Send + Sync + 'static;

    /// The flows of this family.
    fn flows(tables: &Tables) -> &FlowTable<Self>;

    /// The clients of this family that keep their servers.
    fn persist(tables: &Tables) -> &PersistTable<Self>;
}

impl Family for V4 {
    type Cookie = ();

    #[inline(always)]
    fn flows(tables: &Tables) -> &FlowTable<V4> {
        &tables.flows4
    }

    #[inline(always)]
    fn persist(tables: &Tables) -> &PersistTable<V4> {
        &tables.persist4
    }
}

impl Family for V6 {
    type Cookie = core::sync::atomic::AtomicU32;

    #[inline(always)]
    fn flows(tables: &Tables) -> &FlowTable<V6> {
        &tables.flows6
    }

    #[inline(always)]
    fn persist(tables: &Tables) -> &PersistTable<V6> {
        &tables.persist6
    }
}

/// An address and a port. The port is 0 where there is none, and an identifier on the requesting
/// side of an ICMP echo.
pub(crate) type End<A> = (A, u16);

/// One connection.
pub(crate) struct Flow<A: Family> {
    client: A,
    /// What the client addresses.
    virtual_addr: A,
    server: A,
    /// What the server knows the client by: the client's own address unless translated.
    source: A,
    client_port: u16,
    virtual_port: u16,
    server_port: u16,
    source_port: u16,
    /// Customer and, in the lowest byte, protocol.
    context: u32,
    /// See [`Status`].
    status: AtomicU32,
    /// The numbers that tell genuine packets of each side: `domain::flow::Track::numbers`.
    numbers: [AtomicU32; 2],
    /// The last second, since boot, of its life.
    expires: AtomicU32,
    /// When it was opened, in microseconds, cut off.
    opened_us: u32,
    /// What translation adds to checksums of packets from each [`Side`].
    changes: [Change; 2],
    /// What it was opened by; leads to its server and service.
    pub(crate) binding: Arc<Binding>,
    /// Routes to the client and to the server, in the order of [`Side`].
    routes: [DstCache<A::Cookie>; 2],
}

// Two links of the table come on top; `FlowTable::ENTRY_BYTES` has the sum.
const _: () = assert!(size_of::<Flow<V4>>() <= 80);
const _: () = assert!(size_of::<Flow<V6>>() <= 144);

/// State and flags of a flow, in one word so that they change together.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Status(u32);

impl Status {
    const STATE: u32 = 0xf;
    /// It counts at its server, service and binding, and among the flows that live.
    const ACTIVE: u32 = 1 << 4;
    /// It may not be found any more.
    const DEAD: u32 = 1 << 5;
    /// Its opening was counted as ditched.
    const DITCHED: u32 = 1 << 6;
    /// Its opening was answered once.
    const ANSWERED: u32 = 1 << 7;
    /// Its client is a customer's, its server is in the public context.
    const OUTWARD: u32 = 1 << 16;
    /// Its server is behind a tunnel.
    const TUNNELLED: u32 = 1 << 17;
    /// Repeated openings, up to 255.
    const REPEATS: u32 = 0xff << Self::REPEATS_SHIFT;
    const REPEATS_SHIFT: u32 = 8;

    fn state(self) -> State {
        // Only states are ever put in.
        State::from_u8((self.0 & Self::STATE) as u8).unwrap_or(State::Reset)
    }

    fn with_state(self, state: State) -> Self {
        Status(self.0 & !Self::STATE | state as u32)
    }

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    fn with(self, flag: u32) -> Self {
        Status(self.0 | flag)
    }

    fn without(self, flag: u32) -> Self {
        Status(self.0 & !flag)
    }

    fn repeats(self) -> u32 {
        (self.0 & Self::REPEATS) >> Self::REPEATS_SHIFT
    }

    fn repeated(self) -> Self {
        match self.0 & Self::REPEATS {
            Self::REPEATS => self,
            _ => Status(self.0.wrapping_add(1 << Self::REPEATS_SHIFT)),
        }
    }
}

impl<A: Family> Flow<A> {
    /// The routing context, of the client at least.
    #[inline]
    pub(crate) fn customer(&self) -> u32 {
        self.context >> 8
    }

    /// Whether the server is in the public context, whoever's the client is.
    #[inline]
    pub(crate) fn is_outward(&self) -> bool {
        self.status().has(Status::OUTWARD)
    }

    /// Whether packets may go elsewhere than along the flow's own routes: into another context, or
    /// into a tunnel.
    #[inline(always)]
    pub(crate) fn leads_elsewhere(&self) -> bool {
        self.status().has(Status::OUTWARD | Status::TUNNELLED)
    }

    /// The protocol.
    #[inline]
    pub(crate) fn proto(&self) -> Proto {
        Proto(self.context as u8)
    }

    /// The client's end as the client has it.
    #[inline]
    pub(crate) fn client(&self) -> End<A> {
        (self.client, self.client_port)
    }

    /// The end that the client addresses.
    #[inline]
    pub(crate) fn virtual_end(&self) -> End<A> {
        (self.virtual_addr, self.virtual_port)
    }

    /// The server's end as the server has it.
    #[inline]
    pub(crate) fn server(&self) -> End<A> {
        (self.server, self.server_port)
    }

    /// Where packets to the server go: its own address, whatever they are addressed to.
    #[inline]
    pub(crate) fn server_hop(&self) -> A {
        match self.binding.settings.method.keeps_ends() {
            false => self.server,
            true => A::from_addr(self.binding.server.key.addr).unwrap_or(self.server),
        }
    }

    /// The number of the tunnel that packets to the server enter.
    #[inline]
    pub(crate) fn tunnel(&self) -> Option<u32> {
        match self.binding.settings.tunnel {
            0 => None,
            tunnel => Some(tunnel),
        }
    }

    /// Which directions of the flow pass here.
    #[inline]
    pub(crate) fn sight(&self) -> Sight {
        match self.binding.settings.method.keeps_ends() {
            false => Sight::Both,
            true => Sight::ClientOnly,
        }
    }

    /// The client's end as the server has it.
    #[inline]
    pub(crate) fn source(&self) -> End<A> {
        (self.source, self.source_port)
    }

    /// The ends that packets from this side have on the other side of slr, and what that adds to
    /// their checksums.
    #[inline(always)]
    pub(crate) fn translation(&self, from: Side) -> Translation<A> {
        let [client, server] = self.changes;
        match from {
            Side::Client => Translation {
                to: Rewrite {
                    src: self.source(),
                    dst: self.server(),
                },
                change: client,
            },
            Side::Server => Translation {
                to: Rewrite {
                    src: self.virtual_end(),
                    dst: self.client(),
                },
                change: server,
            },
        }
    }

    /// Sums up the changes, once the ends are what they will be.
    fn sum_up(&mut self) {
        self.changes = [Side::Client, Side::Server].map(|from| {
            let to = self.translation(from).to;
            let back = self.translation(from.other()).to;
            // Packets come with the ends that answers to them get, swapped.
            let have = Rewrite {
                src: back.dst,
                dst: back.src,
            };
            Change::new(&have, &to)
        });
    }

    /// Whether the server knows the client by another end than the client's own.
    #[inline]
    pub(crate) fn is_source_translated(&self) -> bool {
        self.source() != self.client()
    }

    /// Where it stands.
    #[inline]
    pub(crate) fn state(&self) -> State {
        self.status().state()
    }

    /// Openings seen again before an answer, up to 255.
    pub(crate) fn repeats(&self) -> u32 {
        self.status().repeats()
    }

    /// Whether the operator has ended it: the next packet from either side is answered by a reset.
    #[inline]
    pub(crate) fn is_reset(&self) -> bool {
        self.state() == State::Reset
    }

    /// The numbers expected next from client and server, for who forges a reset of their
    /// connection; of TCP and SCTP flows.
    pub(crate) fn numbers(&self) -> [u32; 2] {
        let [client, server] = &self.numbers;
        [client.load(Relaxed), server.load(Relaxed)]
    }

    /// Seconds left to live without a packet.
    pub(crate) fn expires_in(&self, now: u32) -> u32 {
        self.expires.load(Relaxed).saturating_sub(now)
    }

    /// Forgets where packets to both sides went.
    pub(crate) fn forget_routes(&self) {
        self.routes.iter().for_each(DstCache::clear);
    }

    /// The cached route for packets *to* this side.
    #[inline(always)]
    pub(crate) fn route(&self, to: Side) -> &DstCache<A::Cookie> {
        let [client, server] = &self.routes;
        match to {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Counts packets from this side, at the binding, the server and the service, and at the port
    /// where they came in, if there is one. A super-packet counts as what it is made of.
    #[inline(always)]
    pub(crate) fn count(&self, from: Side, port: Option<&Port>, packets: u64, bytes: u64) {
        let binding = &*self.binding;
        let pairs = (
            binding.runtime.traffic.packets(from),
            binding.server.runtime.traffic.packets(from),
            binding.service.traffic.packets(from),
            port.and_then(|port| port.runtime.packets_taken()),
        );
        match pairs {
            (Some(a), Some(b), Some(c), Some(d)) => Pair::add_to_each([a, b, c, d], packets, bytes),
            (a, b, c, d) => {
                let each = [a, b, c, d].into_iter().flatten();
                each.for_each(|pair| pair.add(packets, bytes))
            }
        }
    }

    fn status(&self) -> Status {
        Status(self.status.load(Relaxed))
    }

    /// Changes the status as `change` says, none leaving it as it is; returns what it was before
    /// and is now. May call `change` more than once.
    fn change(&self, change: impl Fn(Status) -> Option<Status>) -> Option<(Status, Status)> {
        let mut old = self.status();
        loop {
            let new = change(old)?;
            match self.status.compare_exchange(old.0, new.0, Relaxed, Relaxed) {
                Ok(_) => return Some((old, new)),
                Err(now) => old = Status(now),
            }
        }
    }

    /// Whether it may not be found any more.
    fn is_dead(&self) -> bool {
        self.status().has(Status::DEAD)
    }

    /// Whether its time has run out.
    fn is_expired(&self, now: u32) -> bool {
        now > self.expires.load(Relaxed)
    }

    /// Keeps it alive for the time of its state. Writes once a second at most.
    #[inline(always)]
    fn touch(&self, now: u32, state: State) {
        let expires = now.saturating_add(self.binding.timeouts.for_state(self.proto(), state));
        if self.expires.load(Relaxed) != expires {
            self.expires.store(expires, Relaxed);
        }
    }
}
