// SPDX-License-Identifier: GPL-2.0

//! A packet without a flow: which service it is for, whether it may open one, and with which
//! server.
//!
//! Every refusal is decided here, in an order that an operator can follow with `slr explain`:
//! no virtual host, wrong side, bad source, not served, not an opener, no server, no room.

use super::{
    lookup::{self, Hit},
    refuse::Answer,
    source, Ctx, End, Entry, Family,
};
use crate::{
    domain::{
        flow::{self, opener, sctp, tcp, State, Track},
        packet::{Packet, L4},
        reason::{DropReason, PassReason},
    },
    table::{
        self, Action, FlowRef, Goal, Host, Lookup, Method, NewFlow, OpenError, Opening, Service,
        Side,
    },
};
use kernel::sync::Arc;

/// How often a choice is tried again that another processor was faster with.
const TRIES: u32 = 3;

/// Why an attempt to open a flow failed.
enum Failure {
    /// The flow is there now.
    Taken,
    /// The server has just reached its limit.
    Again,
    /// It cannot be.
    Final(DropReason),
}

/// Opens a flow for `packet`, or says why not.
#[cold]
pub(super) fn open<'g, A: Family>(ctx: &Ctx<'g>, packet: &Packet<A>) -> Result<Hit<'g, A>, End> {
    let service = service(ctx, packet)?;
    if !opener::may_open(packet) {
        return Err(unknown(service, packet));
    }
    for _ in 0..TRIES {
        match attempt(ctx, service, packet) {
            Ok(flow) => {
                if let Some(customer) = ctx.customer_traffic() {
                    customer.count_flow();
                }
                let from = flow::Side::Client;
                return Ok(Hit { flow, from });
            }
            Err(Failure::Taken) => {
                // Another processor was faster with a packet of the same flow.
                if let Some(hit) = lookup::lookup(ctx, packet)? {
                    return Ok(hit);
                }
            }
            Err(Failure::Again) => {}
            Err(Failure::Final(reason)) => return Err(refuse(ctx, service, reason)),
        }
    }
    Err(refuse(ctx, service, DropReason::ServerLimit))
}

/// Chooses a server and puts the flow into the table.
fn attempt<'g, A: Family>(
    ctx: &Ctx<'g>,
    service: &'g Arc<Service>,
    packet: &Packet<A>,
) -> Result<FlowRef<'g, A>, Failure> {
    let opening = Opening {
        client: packet.src,
        client_port: packet.sport,
        port: packet.dport,
    };
    let mut choice = table::pick(ctx.tables, ctx.config, service, &opening, false, ctx.rcu)
        .map_err(|refusal| Failure::Final(refusal.reason()))?;
    if !packet.proto.has_ports() {
        // Whichever port the binding names, there is none to reply from.
        choice.port = 0;
    }
    let snat = choice.binding.settings.snat;
    let new = NewFlow {
        customer: ctx.customer(),
        proto: packet.proto,
        client: (packet.src, packet.sport),
        virtual_end: (packet.dst, packet.dport),
        source: source::source(
            ctx,
            packet.proto,
            snat,
            A::from_addr(choice.server.key.addr),
        )
        .map_err(Failure::Final)?,
        is_held: &|source, peer| source::is_held(ctx, packet.proto, snat, source, peer),
        track: beginning(packet, choice.binding.settings.method),
        goal: Goal::Server(choice),
    };
    A::flows(ctx.tables)
        .open(ctx.tables, new, ctx.now, ctx.rcu)
        .map_err(|error| match error {
            OpenError::Exists => Failure::Taken,
            OpenError::ServerFull => Failure::Again,
            error => Failure::Final(error.reason()),
        })
}

/// Where a flow stands after the packet that opens it.
pub(super) fn beginning<A: Family>(packet: &Packet<A>, method: Method) -> Track {
    match &packet.info {
        L4::Tcp { segment, .. } => tcp::open(segment),
        // How it goes on is seen only if the server's answers pass here.
        L4::Sctp(_) if method.keeps_ends() => Track {
            state: State::Established,
            ..Track::default()
        },
        L4::Sctp(init) => sctp::open(init),
        _ => Track {
            state: State::Unreplied,
            ..Track::default()
        },
    }
}

/// What becomes of a packet whose flow cannot be opened.
///
/// Without a server the client is told at once, so that it can go elsewhere. What is only lack
/// of room may be better at the next try, which every client makes.
fn refuse(ctx: &Ctx<'_>, service: &Service, reason: DropReason) -> End {
    service.runtime.traffic.count_refused();
    if let Some(customer) = ctx.customer_traffic() {
        customer.count_refused();
    }
    match reason {
        DropReason::NoServer | DropReason::ServerLimit | DropReason::ServiceDown => {
            End::Answer(Answer::Reset, reason)
        }
        _ => End::Drop(reason),
    }
}

/// The service that the packet is for.
fn service<'g, A: Family>(ctx: &Ctx<'g>, packet: &Packet<A>) -> Result<&'g Arc<Service>, End> {
    let dst = packet.dst.to_addr();
    let service = match ctx
        .config
        .lookup(ctx.customer(), dst, packet.proto, packet.dport)
    {
        Lookup::NoHost => return Err(End::Pass(PassReason::NotForUs)),
        _ if ctx.side() == Side::Server => return Err(End::Drop(DropReason::WrongSide)),
        // A process here may speak from any address that is local, the virtual one among them.
        _ if !matches!(ctx.entry, Entry::Local(..)) && !opener::is_from_a_host(packet) => {
            return Err(End::Drop(DropReason::BadSource));
        }
        Lookup::NotServed(host) => return Err(not_served(ctx, packet, host)),
        Lookup::Service(service) => service,
    };
    Ok(service)
}

/// The answer to a packet for a virtual host that serves other ports or protocols.
///
/// If the address is the gateway's own as well, what slr does not serve is the gateway's.
fn not_served<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>, host: &Host) -> End {
    if A::is_local(ctx, packet.dst) {
        return End::Pass(PassReason::Local);
    }
    match packet.info {
        L4::Echo { reply: false } if table::is_up(ctx.config, host) => End::Echo,
        L4::Echo { reply: false } => End::Drop(DropReason::NoServer),
        _ if packet.proto.is_icmp() => End::Drop(DropReason::NoFlow),
        _ if packet.proto.has_ports() => End::Answer(Answer::Reset, DropReason::PortNotServed),
        _ => End::Answer(Answer::Reset, DropReason::ProtocolNotServed),
    }
}

/// What the service does with a packet that may not open a flow.
fn unknown<A: Family>(service: &Service, packet: &Packet<A>) -> End {
    match service.settings.unknown.action(opener::kind(packet)) {
        Action::Drop => End::Drop(DropReason::NoFlow),
        Action::Reset => End::Answer(Answer::Reset, DropReason::NoFlow),
        Action::Pass => End::Pass(PassReason::NoFlow),
    }
}
