// SPDX-License-Identifier: GPL-2.0

//! How the packet leaves: along the customer's own routes, which may lead into tunnels, or along
//! those of the host.

use super::{
    dropped,
    room::room,
    route::{Family, Way},
    Case, Result, Steps, Verdict,
};
use crate::domain::{
    addr::{Addr, V4, V6},
    packet::Packet,
    reason::DropReason,
};
use crate::table::{PortName, Snat, Target, Within, PUBLIC};
use kernel::sync::rcu;

fn unreachable(reason: DropReason) -> Verdict {
    Verdict::because("unreachable", reason.name())
}

/// What becomes of a packet that is to be received on an slr device.
pub(super) fn deliver(case: &Case<'_>, name: &PortName) -> Verdict {
    let rcu = rcu::read_lock();
    match case.config.receiver(case.customer, name, &rcu) {
        Some(_) => Verdict::of("deliver"),
        None => unreachable(DropReason::NoDevice),
    }
}

/// Where a customer's routes lead to an address, within the customer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// Into the tunnel of this number.
    Tunnel(u32),
    /// Out by this device, or to the stack by this slr device.
    Device(PortName),
}

/// The way back to a packet's source, as the customer's guard sees it.
pub(super) fn back<A: Family>(case: &Case<'_>, packet: &Packet<A>) -> Option<Back> {
    let (addr, from) = (packet.src, packet.dst.to_addr());
    let own = case.config.route(case.customer, addr.to_addr(), Some(from));
    match own.map(|route| route.target.within()) {
        Some(Some(Within::Tunnel(id))) => return Some(Back::Tunnel(id)),
        Some(Some(Within::Device(name))) => return Some(Back::Device(name)),
        Some(None) => return None,
        // The port that the route names is found by the routing tables too.
        Some(Some(Within::Port(_))) | None => {}
    }
    match A::way(case, addr.mask(0), addr) {
        Ok(Way::Device(name)) => Some(Back::Device(name)),
        _ => None,
    }
}

/// The way of a packet of a customer that is for no service.
pub(super) fn along<A: Family>(
    case: &Case<'_>,
    packet: &Packet<A>,
    steps: &mut Steps,
) -> Result<Verdict> {
    let verdict = route(case, packet.src, packet.dst, steps)?;
    Ok(match verdict.what {
        "unreachable" => unreachable(DropReason::NoRouteCustomer),
        _ => verdict,
    })
}

/// Whether a packet that is left to the host stack is for the host, as all addresses of what it
/// accepts are.
pub(super) fn is_host<A: Family>(
    case: &Case<'_>,
    packet: &Packet<A>,
    steps: &mut Steps,
) -> Result<bool> {
    let is_host = matches!(A::way(case, packet.src, packet.dst), Ok(Way::Local));
    if is_host {
        steps.add(
            "route",
            format_args!("{} is this host", packet.dst.to_addr()),
        )?;
    }
    Ok(is_host)
}

/// The way to `to`.
pub(super) fn route<A: Family>(
    case: &Case<'_>,
    from: A,
    to: A,
    steps: &mut Steps,
) -> Result<Verdict> {
    let own = match case.customer {
        PUBLIC => None,
        customer => case
            .config
            .route(customer, to.to_addr(), Some(from.to_addr())),
    };
    if let Some(route) = own {
        let prefix = route.key.packets();
        return match route.target {
            Target::Tunnel(id) => {
                steps.add("route", format_args!("{prefix} of the customer"))?;
                enter(case, id, steps)
            }
            Target::Public(snat) => {
                steps.add(
                    "route",
                    format_args!("{prefix} leads to the public context"),
                )?;
                match room::<A>(case, steps)? {
                    Some(verdict) => Ok(verdict),
                    None => outward(case, from, to, snat, steps),
                }
            }
            Target::Device(name) => {
                steps.add("route", format_args!("{prefix} to slr device {name}"))?;
                Ok(deliver(case, &name))
            }
            Target::Port { gateway, .. } => {
                match gateway {
                    Some(gateway) => steps.add("route", format_args!("{prefix} by {gateway}"))?,
                    None => steps.add("route", format_args!("{prefix} of the customer"))?,
                }
                by_host(case, from, to, steps)
            }
            Target::Unreachable => {
                steps.add("route", format_args!("{prefix} is unreachable"))?;
                Ok(unreachable(DropReason::NoRouteCustomer))
            }
            Target::Blackhole => {
                steps.add("route", format_args!("{prefix} is a black hole"))?;
                Ok(dropped(DropReason::NoRouteCustomer))
            }
        };
    }
    by_host(case, from, to, steps)
}

/// The way that the host's tables lead to `to`.
fn by_host<A: Family>(case: &Case<'_>, from: A, to: A, steps: &mut Steps) -> Result<Verdict> {
    let addr = to.to_addr();
    match A::way(case, from, to) {
        Ok(Way::Local) => {
            steps.add("route", format_args!("{addr} is this host"))?;
            Ok(Verdict::of("deliver"))
        }
        Ok(Way::Device(name)) => {
            steps.add("route", format_args!("to {addr} by {name}"))?;
            Ok(Verdict::of("forward"))
        }
        Err(_) => {
            steps.add("route", format_args!("none to {addr}"))?;
            Ok(unreachable(DropReason::NoRoute))
        }
    }
}

/// The way out of a customer's context, from an address of the public one.
fn outward<A: Family>(
    case: &Case<'_>,
    from: A,
    to: A,
    snat: Snat,
    steps: &mut Steps,
) -> Result<Verdict> {
    let public = case.outside();
    let own = |own: A| (own.to_addr(), own.to_addr());
    let range = match snat {
        Snat::None => None,
        Snat::Auto { .. } => A::own_address(&public, to).map(own),
        Snat::Pool { first, last, .. } => Some((first, last)),
    };
    if let Some((first, last)) = range {
        steps.add("translate", format_args!("source to {first}-{last}"))?;
    }
    let source = range.and_then(|(first, _)| A::from_addr(first));
    route(&public, source.unwrap_or(from), to, steps)
}

/// The way into the tunnel of this number: that of its outer packets.
pub(super) fn enter(case: &Case<'_>, id: u32, steps: &mut Steps) -> Result<Verdict> {
    let Some(tunnel) = case.config.tunnel_at(id) else {
        steps.add("tunnel", format_args!("it is no longer there"))?;
        return Ok(unreachable(DropReason::NoRoute));
    };
    let outer = &tunnel.settings.outer;
    let kind = outer.format.kind.name();
    steps.add("tunnel", format_args!("{} type {kind}", tunnel.name))?;
    // Outer headers are of the public context, whoever's packet is inside.
    let outside = case.outside();
    match (outer.local, outer.remote) {
        (Addr::V4(local), Addr::V4(remote)) => route(&outside, V4(local), V4(remote), steps),
        (Addr::V6(local), Addr::V6(remote)) => route(&outside, V6(local), V6(remote), steps),
        // No tunnel is made with ends of two families.
        _ => Ok(unreachable(DropReason::NoRoute)),
    }
}
