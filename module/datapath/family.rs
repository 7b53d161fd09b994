// SPDX-License-Identifier: GPL-2.0

//! The two address families, as far as the kernel treats them differently.

use super::{announce, Ctx};
use crate::{
    domain::{
        addr::{Proto, V4, V6},
        packet::{icmpv6, Network, Packet, L4},
    },
    kern::net::{
        self,
        hook::Verdict,
        route::{Dst, Lookup4, Lookup6, Route},
        skb::{Skb, Stolen},
        socket::{self, Transport},
    },
    table,
};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use kernel::{prelude::*, sync::rcu};

/// An address family in the stages.
pub(super) trait Family: table::Family + Network {
    /// Its name in the kernel.
    const FAMILY: net::Family;

    /// The route of a packet to `dst` from `src`, which need not be ours.
    fn route(ctx: &Ctx<'_>, dst: Self, src: Self, tos: u8) -> Result<Dst>;

    /// The address of ours that we would speak to `peer` from.
    fn own_address(ctx: &Ctx<'_>, peer: Self) -> Option<Self>;

    /// Whether the address is the gateway's own.
    fn is_local(ctx: &Ctx<'_>, addr: Self) -> bool;

    /// Whether what `peer` sends to `own` is for a socket of the gateway.
    fn has_socket(ctx: &Ctx<'_>, proto: Proto, own: (Self, u16), peer: (Self, u16)) -> bool;

    /// Sends to the route's neighbour.
    fn neighbour_output(route: &Route, skb: Skb, to: Self, rcu: &rcu::Guard) -> Stolen;

    /// Whether the packet is between neighbours on a link and no business of services.
    fn is_between_neighbours(packet: &Packet<Self>) -> bool;

    /// Takes a packet between neighbours.
    fn neighbours(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<Self>) -> Verdict;
}

/// The VRF that routes are looked up in, 0 for the main table.
fn l3mdev(ctx: &Ctx<'_>) -> Result<u32> {
    ctx.l3mdev().ok_or(ENOENT)
}

/// Refuses a route that leads out of the packet's context: a VRF's table may fall through to the
/// main one.
fn contained(ctx: &Ctx<'_>, route: Dst) -> Result<Dst> {
    match ctx.contains(route.device(ctx.rcu)) {
        true => Ok(route),
        false => Err(ENOENT),
    }
}

/// The protocols whose sockets can be looked up.
fn transport(proto: Proto) -> Option<Transport> {
    match proto {
        Proto::TCP => Some(Transport::Tcp),
        Proto::UDP => Some(Transport::Udp),
        _ => None,
    }
}

fn v4(addr: V4) -> Ipv4Addr {
    Ipv4Addr::from(addr.0)
}

fn v6(addr: V6) -> Ipv6Addr {
    Ipv6Addr::from(addr.0)
}

impl Family for V4 {
    const FAMILY: net::Family = net::Family::V4;

    fn route(ctx: &Ctx<'_>, dst: V4, src: V4, tos: u8) -> Result<Dst> {
        let lookup = Lookup4 {
            source: v4(src),
            tos,
            l3mdev: l3mdev(ctx)?,
            ..Lookup4::new(v4(dst))
        };
        let route = contained(ctx, Route::lookup_v4(ctx.net, &lookup)?.0)?;
        match route.is_local() && lookup.l3mdev != 0 {
            true => Route::to_host_v4(ctx.net),
            false => Ok(route),
        }
    }

    fn own_address(ctx: &Ctx<'_>, peer: V4) -> Option<V4> {
        let lookup = Lookup4 {
            l3mdev: ctx.l3mdev()?,
            ..Lookup4::new(v4(peer))
        };
        let (route, own) = Route::lookup_v4(ctx.net, &lookup).ok()?;
        contained(ctx, route).ok()?;
        Some(V4(own.octets()))
    }

    fn is_local(ctx: &Ctx<'_>, addr: V4) -> bool {
        match ctx.is_private() {
            true => {
                let route = Self::route(ctx, addr, V4::default(), 0);
                route.is_ok_and(|route| route.is_local())
            }
            false => ctx.net.is_local_v4(v4(addr)),
        }
    }

    fn has_socket(ctx: &Ctx<'_>, proto: Proto, own: (V4, u16), peer: (V4, u16)) -> bool {
        let end = |(addr, port)| SocketAddrV4::new(v4(addr), port);
        transport(proto).is_some_and(|transport| {
            socket::exists_v4(ctx.net, transport, end(own), end(peer), ctx.rcu)
        })
    }

    #[inline(always)]
    fn neighbour_output(route: &Route, skb: Skb, to: V4, rcu: &rcu::Guard) -> Stolen {
        route.neighbour_output_v4(skb, v4(to), rcu)
    }

    #[inline(always)]
    fn is_between_neighbours(_packet: &Packet<V4>) -> bool {
        false
    }

    fn neighbours(_ctx: &Ctx<'_>, skb: Skb, _packet: &Packet<V4>) -> Verdict {
        Verdict::accept(skb)
    }
}

impl Family for V6 {
    const FAMILY: net::Family = net::Family::V6;

    fn route(ctx: &Ctx<'_>, dst: V6, src: V6, tos: u8) -> Result<Dst> {
        let lookup = Lookup6 {
            source: v6(src),
            flow_info: u32::from(tos) << 20,
            l3mdev: l3mdev(ctx)?,
            ..Lookup6::new(v6(dst))
        };
        contained(ctx, Route::lookup_v6(ctx.net, &lookup)?)
    }

    fn own_address(ctx: &Ctx<'_>, peer: V6) -> Option<V6> {
        let lookup = Lookup6 {
            l3mdev: ctx.l3mdev()?,
            ..Lookup6::new(v6(peer))
        };
        let route = contained(ctx, Route::lookup_v6(ctx.net, &lookup).ok()?).ok()?;
        let own = route.source_v6(ctx.net, v6(peer), ctx.rcu).ok()?;
        Some(V6(own.octets()))
    }

    fn is_local(ctx: &Ctx<'_>, addr: V6) -> bool {
        match ctx.is_private() {
            true => {
                let route = Self::route(ctx, addr, V6::default(), 0);
                route.is_ok_and(|route| route.is_local())
            }
            false => ctx.net.is_local_v6(v6(addr)),
        }
    }

    fn has_socket(ctx: &Ctx<'_>, proto: Proto, own: (V6, u16), peer: (V6, u16)) -> bool {
        let end = |(addr, port)| SocketAddrV6::new(v6(addr), port, 0, 0);
        transport(proto).is_some_and(|transport| {
            socket::exists_v6(ctx.net, transport, end(own), end(peer), ctx.rcu)
        })
    }

    #[inline(always)]
    fn neighbour_output(route: &Route, skb: Skb, to: V6, rcu: &rcu::Guard) -> Stolen {
        route.neighbour_output_v6(skb, v6(to), rcu)
    }

    #[inline(always)]
    fn is_between_neighbours(packet: &Packet<V6>) -> bool {
        matches!(
            packet.info,
            L4::Icmp {
                kind: icmpv6::ROUTER_SOLICITATION..=icmpv6::REDIRECT,
                ..
            }
        )
    }

    fn neighbours(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<V6>) -> Verdict {
        announce::solicited(ctx, skb, packet)
    }
}
