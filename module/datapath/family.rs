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
        route_cache::RouteCache,
        skb::{Skb, Stolen},
        socket::{self, Transport},
    },
    table::{self, Ask},
};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use kernel::{prelude::*, sync::rcu};

/// An address family in the stages.
pub(super) trait Family: table::Family + Network {
    /// Its name in the kernel.
    const FAMILY: net::Family;

    /// The route that the host's tables give a packet from `src`, which need not be ours.
    fn lookup(ctx: &Ctx<'_>, ask: &Ask<Self>, src: Self, tos: u8) -> Result<Dst>;

    /// The same, asked only if that is not known from a packet before.
    fn lookup_once<'g>(ctx: &Ctx<'g>, ask: &Ask<Self>, src: Self, tos: u8) -> Result<&'g Route>;

    /// The route of a packet to `dst` from `src`, by a port that the customer's own table names or
    /// else by the table of its VRF.
    fn route(ctx: &Ctx<'_>, dst: Self, src: Self, tos: u8) -> Result<Dst> {
        Self::lookup(ctx, &asked(ctx, dst, Some(src))?, src, tos)
    }

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

/// Where the context's tables lead to `dst`.
fn asked<A: Family>(ctx: &Ctx<'_>, dst: A, src: Option<A>) -> Result<Ask<A>> {
    Ask::of(ctx.config, ctx.customer(), dst, src, || ctx.l3mdev()).ok_or(ENOENT)
}

fn checked<A: Family>(ctx: &Ctx<'_>, ask: &Ask<A>, route: Dst) -> Result<Dst> {
    match ask.allows(ctx.config, &route, ctx.rcu) {
        true => Ok(route),
        false => Err(ENOENT),
    }
}

/// The route that the tables gave to a question before, if they would still give it and it may
/// still be followed.
#[inline(always)]
fn kept<'g, A: Family, const WORDS: usize>(
    ctx: &Ctx<'g>,
    ask: &Ask<A>,
    cache: &RouteCache<WORDS>,
    question: &[u64; WORDS],
) -> Option<&'g Route> {
    let route = cache.get(question, ctx.rcu)?;
    ask.allows(ctx.config, route, ctx.rcu).then_some(route)
}

/// Keeps what the tables gave to a question, if it leads out by a device: nothing else is worth it.
#[cold]
fn keep<'g, const WORDS: usize>(
    ctx: &Ctx<'g>,
    route: Dst,
    cache: Option<&RouteCache<WORDS>>,
    question: &[u64; WORDS],
) -> &'g Route {
    if let (Some(cache), true) = (cache, route.is_unicast() && !route.is_local()) {
        if let Some(held) = route.try_hold() {
            cache.store(question, held);
        }
    }
    route.release(ctx.rcu)
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

    fn lookup(ctx: &Ctx<'_>, ask: &Ask<V4>, src: V4, tos: u8) -> Result<Dst> {
        let lookup = Lookup4 {
            tos,
            ..ask.lookup(src)
        };
        let route = checked(ctx, ask, Route::lookup_v4(ctx.net, &lookup)?.0)?;
        match route.is_local() && !ask.is_plain() {
            true => Route::to_host_v4(ctx.net),
            false => Ok(route),
        }
    }

    fn lookup_once<'g>(ctx: &Ctx<'g>, ask: &Ask<V4>, src: V4, tos: u8) -> Result<&'g Route> {
        let lookup = Lookup4 {
            tos,
            ..ask.lookup(src)
        };
        let (question, cache) = (lookup.words(), ctx.namespace.kept_routes());
        let cache = cache.map(|routes| &routes.v4);
        match cache.and_then(|cache| kept(ctx, ask, cache, &question)) {
            Some(route) => Ok(route),
            None => Ok(keep(
                ctx,
                Self::lookup(ctx, ask, src, tos)?,
                cache,
                &question,
            )),
        }
    }

    fn own_address(ctx: &Ctx<'_>, peer: V4) -> Option<V4> {
        let ask = asked(ctx, peer, None).ok()?;
        let (route, own) = Route::lookup_v4(ctx.net, &ask.lookup(V4::default())).ok()?;
        checked(ctx, &ask, route).ok()?;
        (!own.is_unspecified()).then_some(V4(own.octets()))
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

    fn lookup(ctx: &Ctx<'_>, ask: &Ask<V6>, src: V6, tos: u8) -> Result<Dst> {
        let lookup = Lookup6 {
            flow_info: u32::from(tos) << 20,
            ..ask.lookup(src)
        };
        if lookup.is_next_hop {
            ctx.namespace.gateways.note(lookup.output);
        }
        checked(ctx, ask, Route::lookup_v6(ctx.net, &lookup)?)
    }

    fn lookup_once<'g>(ctx: &Ctx<'g>, ask: &Ask<V6>, src: V6, tos: u8) -> Result<&'g Route> {
        let lookup = Lookup6 {
            flow_info: u32::from(tos) << 20,
            ..ask.lookup(src)
        };
        let (question, cache) = (lookup.words(), ctx.namespace.kept_routes());
        let cache = cache.map(|routes| &routes.v6);
        match cache.and_then(|cache| kept(ctx, ask, cache, &question)) {
            Some(route) => Ok(route),
            None => Ok(keep(
                ctx,
                Self::lookup(ctx, ask, src, tos)?,
                cache,
                &question,
            )),
        }
    }

    fn own_address(ctx: &Ctx<'_>, peer: V6) -> Option<V6> {
        let ask = asked(ctx, peer, None).ok()?;
        let found = Route::lookup_v6(ctx.net, &ask.lookup(V6::default())).ok()?;
        let route = checked(ctx, &ask, found).ok()?;
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
