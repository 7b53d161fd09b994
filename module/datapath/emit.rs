// SPDX-License-Identifier: GPL-2.0

//! The way on: to a neighbour, through IP output, or up into the gateway's own stack.
//!
//! The way is chosen before the packet is rewritten, while its sender can still be told that
//! there is none. Flows keep the route of each direction until the routing tables change.

use super::{
    aside,
    encap::{self, Parts},
    forward,
    lookup::Hit,
    outward, refuse, Ctx, End, Entry, Family,
};
use crate::{
    domain::{flow::Side, packet::Packet, reason::DropReason, trace::Stage},
    kern::net::{
        device::Device,
        hook::{self, Verdict},
        route::Route,
        skb::Skb,
    },
    table::Tunnel,
};
use kernel::prelude::*;

// Handed on in registers.
const _: () = assert!(core::mem::size_of::<Way<'_>>() <= 16);

/// How a packet goes on.
#[derive(Clone, Copy)]
pub(super) enum Way<'g> {
    /// To the route's neighbour.
    Neighbour(&'g Route),
    /// Through IP output, in fragments no larger than this if not 0.
    Fragments(&'g Route, u16),
    /// Into a tunnel, in so many parts.
    Tunnel(&'g Tunnel, Parts),
    /// Into the stack, by an slr device.
    Device(&'g Device),
    /// Into the gateway's own stack.
    Host(&'g Route),
    /// On through the stack that made it, along a new route.
    Reroute(&'g hook::Context<'g>),
}

impl Way<'_> {
    /// Whether slr is a router on this way.
    #[inline]
    pub(super) fn is_forwarding(&self) -> bool {
        matches!(
            self,
            Way::Neighbour(_) | Way::Fragments(..) | Way::Tunnel(..) | Way::Device(_)
        )
    }
}

/// Chooses the way of a packet that goes on in the direction of `hit`.
#[inline(always)]
pub(super) fn way<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    hit: &Hit<'g, A>,
) -> Result<Way<'g>, End> {
    let is_local = matches!(ctx.entry, Entry::Local(..));
    if is_local || ctx.is_private() || hit.flow.leads_elsewhere() {
        return other_way(&aside(ctx), skb, &aside(packet), &aside(hit));
    }
    own_way(ctx, skb, packet, hit)
}

/// [`way`] where more than the flow's own route may lead on.
#[cold]
fn other_way<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    hit: &Hit<'g, A>,
) -> Result<Way<'g>, End> {
    if let (Side::Client, Some(id)) = (hit.from, hit.flow.tunnel()) {
        return encap::to_server(ctx, skb, packet, id);
    }
    if let Entry::Local(context, _) = ctx.entry {
        return Ok(Way::Reroute(context));
    }
    if hit.flow.is_outward() {
        return outward::way(ctx, skb, packet, hit);
    }
    match forward::routed(ctx, skb, packet, hit.hop(), hit.ends().src.0)? {
        Some(way) => Ok(way),
        None => own_way(ctx, skb, packet, hit),
    }
}

/// The way along the flow's own route.
#[inline(always)]
fn own_way<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    hit: &Hit<'g, A>,
) -> Result<Way<'g>, End> {
    let route = match hit.flow.route(hit.from.other()).get(ctx.rcu) {
        Some(route) => route,
        None => derive(&aside(ctx), &aside(packet), &aside(hit))?,
    };
    step_along(ctx, skb, packet, route)
}

/// The way of a packet along `route`.
pub(super) fn along<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    route: &'g Route,
) -> Result<Way<'g>, End> {
    step_along(ctx, skb, packet, route)
}

/// [`along`] for who must keep packet and context in registers: called, it has them in memory.
#[inline(always)]
fn step_along<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    route: &'g Route,
) -> Result<Way<'g>, End> {
    if route.is_local() {
        return Ok(Way::Host(route));
    }
    if packet.ttl < 2 {
        return Err(End::TTL_EXCEEDED);
    }
    let mtu = route.forward_mtu(ctx.rcu);
    match ctx.entry {
        Entry::Port(..) | Entry::Tunnel(_) | Entry::Device(_) | Entry::Across(_)
            if packet.end <= mtu as usize && ctx.joined == 0 =>
        {
            Ok(Way::Neighbour(route))
        }
        _ => long(&aside(ctx), skb, &aside(packet), route, mtu),
    }
}

/// The way of a packet that came in fragments or is longer than the way allows.
#[cold]
fn long<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    route: &'g Route,
    mtu: u32,
) -> Result<Way<'g>, End> {
    let (fits, frag_max_size) = match ctx.entry {
        _ if ctx.joined != 0 => (u32::from(ctx.joined) <= mtu, ctx.joined),
        _ if skb.is_gso() => {
            // A device may leave it to us to note where the header begins.
            skb.set_transport_header(packet.l4);
            if skb.fits_mtu(mtu) {
                return Ok(Way::Neighbour(route));
            }
            (false, 0)
        }
        _ => (false, 0),
    };
    if packet.df && !fits {
        return Err(End::too_big(mtu));
    }
    Ok(Way::Fragments(route, frag_max_size))
}

/// Looks up the route of a flow's direction and keeps it for the packets that follow.
#[cold]
pub(super) fn derive<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
    hit: &Hit<'g, A>,
) -> Result<&'g Route, End> {
    let ends = hit.ends();
    let dst = A::route(ctx, hit.hop(), ends.src.0, packet.tos).map_err(no_route)?;
    if let Some(kept) = dst.try_hold() {
        hit.flow.route(hit.from.other()).store(kept);
    }
    Ok(dst.release(ctx.rcu))
}

/// Why there is no route. That memory is missing is nothing to tell a sender: his next try may
/// find some.
fn no_route(error: Error) -> End {
    match error {
        ENOMEM => End::Drop(DropReason::NoMemory),
        _ => End::no_way(DropReason::NoRoute),
    }
}

/// Sends a rewritten packet, which goes to `to`, on its way.
#[inline(always)]
pub(super) fn emit<A: Family>(ctx: &Ctx<'_>, skb: Skb, to: A, way: Way<'_>) -> Verdict {
    match way {
        Way::Neighbour(route) => to_neighbour(ctx, skb, to, route),
        _ => emit_other(&aside(ctx), skb, to, way),
    }
}

#[inline(always)]
fn to_neighbour<A: Family>(ctx: &Ctx<'_>, mut skb: Skb, to: A, route: &Route) -> Verdict {
    ctx.note_sent(route.device(ctx.rcu));
    skb.scrub_for_forwarding();
    A::neighbour_output(route, skb, to, ctx.rcu).into()
}

/// [`emit`] of what does not simply go to a neighbour.
#[cold]
fn emit_other<A: Family>(ctx: &Ctx<'_>, mut skb: Skb, to: A, way: Way<'_>) -> Verdict {
    match way {
        Way::Neighbour(route) => to_neighbour(ctx, skb, to, route),
        Way::Fragments(route, size) => {
            ctx.note_sent(route.device(ctx.rcu));
            skb.scrub_for_forwarding();
            route.output(skb, size, ctx.rcu).into()
        }
        Way::Tunnel(tunnel, parts) => encap::emit::<A>(ctx, skb, tunnel, parts),
        Way::Device(dev) => {
            ctx.note_received(dev);
            skb.receive_on(dev, A::FAMILY, ctx.rcu).into()
        }
        Way::Host(route) => {
            ctx.note(Stage::Received, |_| {});
            // The route comes along: the stack would refuse a source address of its own, as the
            // virtual one may be.
            skb.forget_complete_checksum();
            skb.set_untracked();
            skb.set_route(route, ctx.rcu);
            Verdict::accept(skb)
        }
        Way::Reroute(context) => {
            skb.set_untracked();
            match skb.reroute(A::FAMILY, context) {
                Ok(()) => {
                    ctx.note(Stage::Sent, |_| {});
                    Verdict::accept(skb)
                }
                Err(_) => refuse::drop(ctx, skb, DropReason::NoRoute),
            }
        }
    }
}
