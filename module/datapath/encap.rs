// SPDX-License-Identifier: GPL-2.0

//! The way into a tunnel.
//!
//! What can refuse a packet is asked first, while its sender can still be told in the context that
//! it is in: whether the other end can be reached, and whether the packet with its outer header
//! fits. Then the header is put on, and the packet goes to the outer header's neighbour, or
//! through IP output if it is to be fragmented.

use super::{
    emit::Way,
    refuse::{self, Answer},
    Ctx, End, Family,
};
use crate::{
    domain::{
        addr::{Addr, V4, V6},
        encap::{
            build::{self, Inner, Template},
            mtu::{self, Fit, Long},
            strip::Content,
            Carrier, Kind,
        },
        flow::Side,
        packet::{
            ether::{self, TYPE_MPLS, TYPE_TEB},
            IcmpError, Packet,
        },
        reason::DropReason,
    },
    kern::{
        net::{
            self,
            hook::Verdict,
            route::{Dst, Lookup4, Lookup6, Route},
            skb::{
                tunnel::{self, Checksum},
                Skb,
            },
        },
        random,
    },
    table::{Tunnel, PUBLIC},
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Room before packets of our own, for outer headers and those of the link.
pub(super) const HEADROOM: usize = build::OUTER_MAX + 64;

/// Whether a packet can enter a tunnel, and then whether the outer packet is to be fragmented.
fn fits(ctx: &Ctx<'_>, skb: &Skb, tunnel: &Tunnel, packet: Long) -> Result<bool, Fit> {
    let (_, overhead) = header(tunnel, packet.content).ok_or(Fit::Lost)?;
    let route = outer_route(ctx, tunnel).ok_or(Fit::Lost)?;
    let mtu = mtu::inner_mtu(route.forward_mtu(ctx.rcu), overhead, tunnel.settings.mtu);
    let fit = match mtu::fit(packet, mtu, tunnel.settings.df()) {
        Fit::Whole => Fit::Whole,
        _ if skb.is_gso() && skb.fits_mtu(mtu) => Fit::Whole,
        fit => fit,
    };
    match fit {
        Fit::Whole => Ok(false),
        Fit::Inner(_) | Fit::Outer => Ok(true),
        fit => Err(fit),
    }
}

/// The outer header before such content, and its length.
fn header(tunnel: &Tunnel, content: Content) -> Option<(&Template, usize)> {
    let template = tunnel.template.as_ref()?;
    Some((template, template.len(content)?))
}

/// The way of an IP packet into `tunnel`.
#[inline(never)]
pub(super) fn way<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    tunnel: &'g Tunnel,
) -> Result<Way<'g>, End> {
    if packet.ttl < 2 {
        return Err(End::Answer(
            Answer::Error(IcmpError::TimeExceeded),
            DropReason::TtlExceeded,
        ));
    }
    if skb.is_gso() {
        skb.set_transport_header(packet.l4);
    }
    let long = Long {
        content: Content::Packet(A::FAMILY.ethertype()),
        len: packet.end as u32,
        df: packet.df,
    };
    match fits(ctx, skb, tunnel, long) {
        Ok(is_long) => Ok(Way::Tunnel(tunnel, is_long)),
        Err(Fit::TooBig(mtu)) => Err(End::Answer(
            Answer::Error(IcmpError::TooBig(mtu)),
            DropReason::TooBig,
        )),
        Err(_) => Err(End::Answer(
            Answer::Error(IcmpError::NoRoute),
            DropReason::NoRoute,
        )),
    }
}

/// The way of a packet of a flow whose server is behind the tunnel of this number. The tunnel may
/// have gone, or have become another customer's, while the flow lives on.
#[inline(never)]
pub(super) fn to_server<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    id: u32,
) -> Result<Way<'g>, End> {
    match ctx.config.tunnel_at(id) {
        Some(tunnel) if tunnel.settings.customer == ctx.customer() => way(ctx, skb, packet, tunnel),
        _ => Err(End::Answer(
            Answer::Error(IcmpError::NoRoute),
            DropReason::NoRoute,
        )),
    }
}

/// Sends what came out of one tunnel into another, whatever it is.
pub(super) fn cross(ctx: &Ctx<'_>, skb: Skb, content: Content, tunnel: &Tunnel) -> Verdict {
    let inner = Inner::read(content, skb.head(), skb.len());
    let long = Long {
        content,
        len: skb.len() as u32,
        df: inner.df,
    };
    match fits(ctx, &skb, tunnel, long) {
        Ok(is_long) => enter(ctx, skb, content, tunnel, is_long),
        Err(Fit::TooBig(_)) => refuse::drop(ctx, skb, DropReason::TooBig),
        Err(_) => refuse::drop(ctx, skb, DropReason::NoRoute),
    }
}

/// Sends an IP packet that has been rewritten.
#[inline(never)]
pub(super) fn emit<A: Family>(ctx: &Ctx<'_>, skb: Skb, tunnel: &Tunnel, is_long: bool) -> Verdict {
    let content = Content::Packet(A::FAMILY.ethertype());
    enter(ctx, skb, content, tunnel, is_long)
}

/// Puts the outer header on and sends.
fn enter(ctx: &Ctx<'_>, mut skb: Skb, content: Content, tunnel: &Tunnel, is_long: bool) -> Verdict {
    let settings = &tunnel.settings;
    let Some((template, len)) = header(tunnel, content) else {
        return refuse::drop(ctx, skb, DropReason::TunnelContent);
    };
    // Asked for a second time: what a way holds is what fits into registers.
    let Some(route) = outer_route(ctx, tunnel) else {
        return refuse::drop(ctx, skb, DropReason::NoRoute);
    };
    let carrier = carrier(settings.outer.format.kind, settings.has_checksum);
    if carrier == tunnel::Carrier::Other && skb.is_gso() {
        let each = |skb| {
            // Whatever becomes of it is counted there.
            let _ = enter(ctx, skb, content, tunnel, is_long);
        };
        return match skb.segment(each) {
            Ok(stolen) => stolen.into(),
            Err(skb) => refuse::drop(ctx, skb, DropReason::NotWritable),
        };
    }
    skb.scrub_for_forwarding();
    let mut inner = Inner::read(content, skb.head(), skb.len());
    if template.has_entropy() {
        inner.hash = skb.flow_hash();
    }
    inner.df &= !is_long;
    if !inner.df {
        inner.id = random::u32() as u16;
    }
    let transport = build::transport(content, skb.head());
    let is_framed = len > template.bare_len();
    let outer = tunnel::Outer {
        family: match template.is_v6() {
            true => net::Family::V6,
            false => net::Family::V4,
        },
        len,
        frame: if is_framed { ether::LEN } else { 0 },
        carrier,
        protocol: match content {
            _ if is_framed => TYPE_TEB,
            Content::Packet(ethertype) => ethertype,
            Content::Frame => TYPE_TEB,
            Content::Labels | Content::Unknown => TYPE_MPLS,
        },
        transport,
    };
    let room = route.device(ctx.rcu).link_headroom();
    let bytes = skb.len() as u64;
    let packets = u64::from(skb.segments());
    let is_written = skb.encapsulate(&outer, room, |out| template.write(&inner, out));
    if !is_written {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    tunnel.runtime.traffic.count(Side::Server, packets, bytes);
    if is_long {
        skb.allow_fragmentation();
        return route.output(skb, 0, ctx.rcu).into();
    }
    match settings.outer.remote {
        Addr::V4(to) => V4::neighbour_output(route, skb, V4(to), ctx.rcu).into(),
        Addr::V6(to) => V6::neighbour_output(route, skb, V6(to), ctx.rcu).into(),
    }
}

/// How segmentation knows the tunnel.
fn carrier(kind: Kind, has_checksum: bool) -> tunnel::Carrier {
    let checksum = match has_checksum {
        true => Checksum::Whole,
        false => Checksum::None,
    };
    match (kind, kind.carrier()) {
        (Kind::MplsGre | Kind::MplsUdp | Kind::L2tpv3, _) => tunnel::Carrier::Other,
        (Kind::Ipip, _) => tunnel::Carrier::Ip,
        (Kind::Gre, _) => tunnel::Carrier::Gre,
        (_, Carrier::Udp) => tunnel::Carrier::Udp(checksum),
        _ => tunnel::Carrier::Other,
    }
}

/// The route of the outer header, looked up again when the routing tables change.
fn outer_route<'g>(ctx: &Ctx<'g>, tunnel: &'g Tunnel) -> Option<&'g Route> {
    let kept = match tunnel.settings.outer.remote {
        Addr::V4(_) => tunnel.route.v4.get(ctx.rcu),
        Addr::V6(_) => tunnel.route.v6.get(ctx.rcu),
    };
    let route = match kept {
        Some(route) => route,
        None => derive(ctx, tunnel)?,
    };
    // A tunnel to ourselves would take its own packets in again.
    (!route.is_local() && route.is_unicast()).then_some(route)
}

#[cold]
fn derive<'g>(ctx: &Ctx<'g>, tunnel: &'g Tunnel) -> Option<&'g Route> {
    let outer = &tunnel.settings.outer;
    let dst: Dst = match (outer.local, outer.remote) {
        (Addr::V4(local), Addr::V4(remote)) => {
            let lookup = Lookup4 {
                source: Ipv4Addr::from(local),
                ..Lookup4::new(Ipv4Addr::from(remote))
            };
            Route::lookup_v4(ctx.net, &lookup).ok()?.0
        }
        (Addr::V6(local), Addr::V6(remote)) => {
            let lookup = Lookup6 {
                source: Ipv6Addr::from(local),
                ..Lookup6::new(Ipv6Addr::from(remote))
            };
            Route::lookup_v6(ctx.net, &lookup).ok()?
        }
        _ => return None,
    };
    // The outer packet is nobody's but ours: it does not leave by a customer's line or slr device.
    let dev = dst.device(ctx.rcu);
    if !ctx.config.is_within(PUBLIC, dev.ifindex(), || 0) || ctx.config.is_device(dev, ctx.rcu) {
        return None;
    }
    if let Some(kept) = dst.try_hold() {
        match outer.remote {
            Addr::V4(_) => tunnel.route.v4.store(kept),
            Addr::V6(_) => tunnel.route.v6.store(kept),
        }
    }
    Some(dst.release(ctx.rcu))
}
