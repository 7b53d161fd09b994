// SPDX-License-Identifier: GPL-2.0

//! A packet of a customer that is neither of a flow nor for a service.
//!
//! The host stack knows nothing of customers, so it does not get to route such a packet: it would
//! find routes of another context. Here it goes on along the routes of its own customer, or ends
//! counted. What is for the gateway itself is left to the stack if that has the port in the
//! customer's VRF. In the public context all of it is the host stack's.

use super::{act, emit, emit::Way, encap, outward, refuse, Ctx, End, Entry, Family};
use crate::{
    domain::{
        flow::{opener, Side},
        packet::Packet,
        reason::{DropReason, PassReason},
        trace::Stage,
    },
    kern::net::{device::Device, hook::Verdict, skb::Skb},
    table::{Ask, Route, Target, Tunnel},
};

const NO_ROUTE: End = End::no_way(DropReason::NoRouteCustomer);

/// Takes a packet that is for no service.
pub(super) fn leave<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    match ctx.entry {
        // What a process sends was routed in its VRF.
        Entry::Local(..) => {
            ctx.note_passed(PassReason::NotForUs);
            Verdict::accept(skb)
        }
        _ if ctx.is_private() => {
            let (dst, src) = (packet.dst.to_addr(), packet.src.to_addr());
            let route = ctx.config.route(ctx.customer(), dst, Some(src));
            match route.and_then(|route| outward::outlet(route, packet)) {
                Some(outlet) => outward::forward(ctx, skb, packet, outlet),
                None => forward(ctx, skb, packet, route.map(|route| &**route)),
            }
        }
        _ => {
            ctx.note_passed(PassReason::NotForUs);
            Verdict::accept(skb)
        }
    }
}

/// Takes a packet that no route of a customer can lead on, such as one to a group: the host
/// stack's if that has the port in the customer's VRF.
pub(super) fn leave_on_link(ctx: &Ctx<'_>, skb: Skb, reason: PassReason) -> Verdict {
    match ctx.is_shared_with_host() {
        true => {
            ctx.note_passed(reason);
            Verdict::accept(skb)
        }
        false => refuse::drop(ctx, skb, DropReason::NoRouteCustomer),
    }
}

/// Sends a packet on along the routes of its customer: its own one, or that of its VRF.
fn forward<A: Family>(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    packet: &Packet<A>,
    own: Option<&Route>,
) -> Verdict {
    let way = match way(ctx, &mut skb, packet, own) {
        Ok(Way::Host(_) | Way::Reroute(_)) => return leave_on_link(ctx, skb, PassReason::Local),
        Ok(way) => way,
        Err(end) => return end.conclude(ctx, skb, packet),
    };
    ctx.note(Stage::Routed, |_| {});
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

fn way<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    own: Option<&Route>,
) -> Result<Way<'g>, End> {
    let (src, dst) = (packet.src, packet.dst);
    if !opener::is_from_a_host(packet) {
        return Err(End::Drop(DropReason::BadSource));
    }
    if src.is_link_local() || dst.is_link_local() || dst.is_multicast() {
        return Err(match ctx.is_shared_with_host() {
            true => End::Pass(PassReason::Local),
            false => End::Drop(DropReason::NoRouteCustomer),
        });
    }
    let customer = ctx.customer();
    let ask = match own {
        None => Ask::by_host(customer, ctx.l3mdev().ok_or(NO_ROUTE)?, dst),
        Some(own) => match own.target {
            Target::Port { ifindex, gateway } => Ask::by_port(customer, ifindex, gateway, dst),
            _ => return along(ctx, skb, packet, own),
        },
    };
    let route = A::lookup_once(ctx, &ask, src, packet.tos).map_err(|_| NO_ROUTE)?;
    if !route.is_local() && !route.is_unicast() {
        return Err(End::Drop(DropReason::NoRouteCustomer));
    }
    emit::along(ctx, skb, packet, route)
}

/// The way that the customer's own routes lead what is from `src` to `hop`; none if that is by a
/// route of the host.
#[inline(never)]
pub(super) fn routed<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    hop: A,
    src: A,
) -> Result<Option<Way<'g>>, End> {
    if !ctx.is_private() {
        return Ok(None);
    }
    let (hop, src) = (hop.to_addr(), src.to_addr());
    match ctx.config.route(ctx.customer(), hop, Some(src)) {
        Some(route) if !matches!(route.target, Target::Port { .. }) => {
            along(ctx, skb, packet, route).map(Some)
        }
        _ => Ok(None),
    }
}

/// The way along one of the customer's own routes.
fn along<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    route: &Route,
) -> Result<Way<'g>, End> {
    match route.target {
        Target::Tunnel(id) => {
            let tunnel = ctx.config.tunnel_at(id).ok_or(NO_ROUTE)?;
            encap::way(ctx, skb, packet, tunnel)
        }
        // A flow leads there; this is a packet of one on its way back, or may not open one. By a
        // port a route of the host leads.
        Target::Public(_) | Target::Port { .. } => Err(NO_ROUTE),
        Target::Device(name) => {
            if packet.ttl < 2 {
                return Err(End::TTL_EXCEEDED);
            }
            match ctx.config.receiver(ctx.customer(), &name, ctx.rcu) {
                Some(dev) => Ok(Way::Device(dev)),
                None => Err(End::no_way(DropReason::NoDevice)),
            }
        }
        Target::Unreachable => Err(NO_ROUTE),
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

/// The slr device that a packet came by, or that the tunnel is bound to that it came by.
pub(super) fn receiver<'g>(ctx: &Ctx<'g>) -> Option<&'g Device> {
    let name = match ctx.entry {
        Entry::Tunnel(tunnel) => tunnel.settings.device()?,
        Entry::Device(device) => &device.name,
        _ => return None,
    };
    ctx.config.receiver(ctx.customer(), name, ctx.rcu)
}

/// What the customer's own routes, or a bond between tunnel and device, lead what is from `src` to `addr` by.
pub(super) fn behind<'g, A: Family>(ctx: &Ctx<'g>, addr: A, src: A) -> Option<Behind<'g>> {
    if !ctx.is_private() {
        return None;
    }
    match ctx.entry {
        Entry::Tunnel(tunnel) if tunnel.settings.device().is_some() => {
            return Some(Behind::Tunnel(tunnel));
        }
        Entry::Device(device) if ctx.config.tunnel_of(device).is_some() => {
            return receiver(ctx).map(Behind::Device);
        }
        _ => {}
    }
    let (addr, src) = (addr.to_addr(), src.to_addr());
    match ctx.config.route(ctx.customer(), addr, Some(src))?.target {
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
