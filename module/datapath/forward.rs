// SPDX-License-Identifier: GPL-2.0

//! A packet of a customer that is neither of a flow nor for a service.
//!
//! The host stack knows nothing of customers, so it does not get to route such a packet: it would
//! find routes of another context. Here it goes on along the routes of its own customer, or ends
//! counted. What is for the gateway itself is left to the stack if that has the port in the
//! customer's VRF. In the public context all of it is the host stack's.

use super::{
    act, emit,
    emit::Way,
    encap, outward,
    refuse::{self, Answer},
    Ctx, End, Entry, Family,
};
use crate::{
    domain::{
        flow::Side,
        packet::{IcmpError, Packet},
        reason::{DropReason, PassReason},
    },
    kern::net::{device::Device, hook::Verdict, skb::Skb},
    table::{Target, Tunnel},
};

/// Takes a packet that is for no service.
pub(super) fn leave<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    match ctx.entry {
        // What a process sends was routed in its VRF.
        Entry::Local(..) => Verdict::accept(skb),
        _ if ctx.is_private() => match outward::outlet(ctx, packet) {
            Some(outlet) => outward::forward(ctx, skb, packet, outlet),
            None => forward(ctx, skb, packet),
        },
        _ => Verdict::accept(skb),
    }
}

/// Takes a packet that no route of a customer can lead on, such as one to a group: the host
/// stack's if that has the port in the customer's VRF.
pub(super) fn leave_on_link(ctx: &Ctx<'_>, skb: Skb) -> Verdict {
    match ctx.is_shared_with_host() {
        true => Verdict::accept(skb),
        false => refuse::drop(ctx, skb, DropReason::NoRouteCustomer),
    }
}

/// Sends a packet on along the routes of its customer.
fn forward<A: Family>(ctx: &Ctx<'_>, mut skb: Skb, packet: &Packet<A>) -> Verdict {
    let way = match way(ctx, &mut skb, packet) {
        Ok(Way::Host(_) | Way::Reroute(_)) => return leave_on_link(ctx, skb),
        Ok(way) => way,
        Err(end) => return end.conclude(ctx, skb, packet),
    };
    if act::hop(&mut skb, packet).is_err() {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    let (packets, bytes) = (u64::from(skb.segments()), skb.len() as u64);
    if let Some((port, _)) = ctx.port() {
        if let Some(pair) = port.runtime.packets_taken() {
            pair.add(packets, bytes);
        }
    }
    if let Some(customer) = ctx.customer_traffic() {
        act::count_customer(customer, Side::Client, packets, bytes);
    }
    emit::emit(ctx, skb, packet.dst, way)
}

fn way<'g, A: Family>(ctx: &Ctx<'g>, skb: &mut Skb, packet: &Packet<A>) -> Result<Way<'g>, End> {
    let no_route = End::Answer(
        Answer::Error(IcmpError::NoRoute),
        DropReason::NoRouteCustomer,
    );
    let (src, dst) = (packet.src, packet.dst);
    if src.is_link_local() || dst.is_link_local() || dst.is_multicast() {
        return Err(match ctx.is_shared_with_host() {
            true => End::Pass(PassReason::Local),
            false => End::Drop(DropReason::NoRouteCustomer),
        });
    }
    if let Some(way) = routed(ctx, skb, packet, dst)? {
        return Ok(way);
    }
    let route = A::route(ctx, packet.dst, packet.src, packet.tos)
        .map_err(|_| no_route)?
        .release(ctx.rcu);
    if !route.is_local() && !route.is_unicast() {
        return Err(End::Drop(DropReason::NoRouteCustomer));
    }
    emit::along(ctx, skb, packet, route)
}

/// The way that the customer's own routes lead to `hop`; none if they say nothing of it.
#[inline(never)]
pub(super) fn routed<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    hop: A,
) -> Result<Option<Way<'g>>, End> {
    if !ctx.is_private() {
        return Ok(None);
    }
    let no_route = End::Answer(
        Answer::Error(IcmpError::NoRoute),
        DropReason::NoRouteCustomer,
    );
    let Some(route) = ctx.config.route(ctx.customer(), hop.to_addr()) else {
        return Ok(None);
    };
    match route.target {
        Target::Tunnel(id) => {
            let tunnel = ctx.config.tunnel_at(id).ok_or(no_route)?;
            encap::way(ctx, skb, packet, tunnel).map(Some)
        }
        // A flow leads there; this is a packet of one on its way back, or may not open one.
        Target::Public(_) => Err(no_route),
        Target::Device(name) => {
            if packet.ttl < 2 {
                return Err(End::Answer(
                    Answer::Error(IcmpError::TimeExceeded),
                    DropReason::TtlExceeded,
                ));
            }
            match ctx.config.receiver(ctx.customer(), &name, ctx.rcu) {
                Some(dev) => Ok(Some(Way::Device(dev))),
                None => Err(End::Answer(
                    Answer::Error(IcmpError::NoRoute),
                    DropReason::NoDevice,
                )),
            }
        }
        Target::Unreachable => Err(no_route),
        Target::Blackhole => Err(End::Drop(DropReason::NoRouteCustomer)),
    }
}

/// Where the customer's own routes lead packets of our own to.
#[derive(Clone, Copy)]
pub(super) enum Behind<'g> {
    /// Into a tunnel.
    Tunnel(&'g Tunnel),
    /// Into the stack, by an slr device.
    Device(&'g Device),
}

/// What the customer's own routes lead to `addr` by.
pub(super) fn behind<'g, A: Family>(ctx: &Ctx<'g>, addr: A) -> Option<Behind<'g>> {
    if !ctx.is_private() {
        return None;
    }
    match ctx.config.route(ctx.customer(), addr.to_addr())?.target {
        Target::Tunnel(id) => ctx
            .config
            .tunnel_at(id)
            .map(|tunnel| Behind::Tunnel(tunnel)),
        Target::Device(name) => {
            let dev = ctx.config.receiver(ctx.customer(), &name, ctx.rcu);
            dev.map(Behind::Device)
        }
        _ => None,
    }
}
