// SPDX-License-Identifier: GPL-2.0

//! Whether a packet of a customer may be from where it says.
//!
//! A tunnel may have a list of sources. Besides, a customer may have a guard, over all of its
//! tunnels, ports and slr devices but those tunnels and ports that have a guard of their own: the
//! customer's routes, and then those of its VRF, say where its sources are. This is what `rp_filter`
//! does for the host's devices.

use super::{Ctx, Entry, Family};
use crate::{
    domain::{packet::Packet, reason::DropReason},
    kern::net::skb::Skb,
    table::{Guard, Tunnel, Within},
};

/// Refuses a packet that may not come by a tunnel, from another source than it is for, and one to
/// neighbours, of which neither tunnels nor slr devices have any.
#[inline]
pub(super) fn admit<A: Family>(entry: &Entry<'_>, packet: &Packet<A>) -> Result<(), DropReason> {
    let is_between_neighbours = A::is_between_neighbours(packet);
    match entry {
        Entry::Tunnel(tunnel) if !tunnel.allows(packet.src.to_addr()) => Err(DropReason::Spoof),
        Entry::Tunnel(_) if is_between_neighbours => Err(DropReason::TunnelContent),
        Entry::Device(_) if is_between_neighbours => Err(DropReason::NoRouteCustomer),
        _ => Ok(()),
    }
}

/// Refuses an outer packet that is not from where the tunnel's come, or that IPsec should have
/// protected and has not.
#[inline]
pub(super) fn admit_outer<A: Family>(
    ctx: &Ctx<'_>,
    skb: &Skb,
    packet: &Packet<A>,
    tunnel: &Tunnel,
) -> Result<(), DropReason> {
    if !tunnel.takes_from(packet.src.to_addr()) {
        return Err(DropReason::ForeignPeer);
    }
    let is_open = tunnel.settings.is_secure && !skb.came_encrypted(A::FAMILY);
    if is_open || !skb.passes_ipsec(A::FAMILY) {
        return Err(DropReason::Unprotected);
    }
    match ctx.config.has_guards() {
        true => ask_outside(ctx, packet, tunnel),
        false => Ok(()),
    }
}

/// Asks the guard of the tunnel for the outer source, which anybody can write into a packet: strict
/// wants it to come by the port that leads back to it.
#[cold]
fn ask_outside<A: Family>(
    ctx: &Ctx<'_>,
    packet: &Packet<A>,
    tunnel: &Tunnel,
) -> Result<(), DropReason> {
    let settings = &tunnel.settings;
    let guard = ctx.config.guard(settings.guard, settings.customer);
    let (Entry::Port(port, _), Guard::Strict) = (ctx.entry, guard) else {
        return Ok(());
    };
    let back = A::route(ctx, packet.src, packet.dst, 0);
    let back = back.map(|route| route.device(ctx.rcu).ifindex());
    match back {
        Ok(ifindex) if ifindex == port.ifindex => Ok(()),
        _ => Err(DropReason::WrongWay),
    }
}

/// Asks the guard of the tunnel or port, or else that of the customer, if there is one.
#[cold]
pub(super) fn ask<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>) -> Result<(), DropReason> {
    let own = match ctx.entry {
        Entry::Port(port, _) => port.settings.guard,
        Entry::Tunnel(tunnel) => tunnel.settings.guard,
        _ => None,
    };
    let came = match ctx.entry {
        // What is of the link only goes nowhere from it.
        Entry::Port(..) if packet.src.is_link_local() || A::is_between_neighbours(packet) => {
            return Ok(());
        }
        Entry::Port(port, _) => Within::Port(port.ifindex),
        Entry::Tunnel(tunnel) => Within::Tunnel(tunnel.id),
        Entry::Device(device) => Within::Device(device.name),
        Entry::Local(..) | Entry::Across(_) => return Ok(()),
    };
    let is_right = match ctx.config.guard(own, ctx.customer()) {
        Guard::Off => true,
        Guard::Loose => way(ctx, packet).is_some(),
        Guard::Strict => way(ctx, packet) == Some(came),
    };
    match is_right {
        true => Ok(()),
        false => Err(DropReason::WrongWay),
    }
}

/// The way back to a packet's source within the customer.
fn way<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>) -> Option<Within> {
    let (addr, from) = (packet.src, packet.dst);
    let own = ctx
        .config
        .route(ctx.customer(), addr.to_addr(), Some(from.to_addr()));
    if let Some(route) = own {
        return route.target.within();
    }
    let route = A::route(ctx, addr, addr.mask(0), 0).ok()?;
    let is_there = route.is_unicast() && !route.is_local();
    is_there.then(|| Within::Port(route.device(ctx.rcu).ifindex()))
}
