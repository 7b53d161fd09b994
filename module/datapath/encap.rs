// SPDX-License-Identifier: GPL-2.0

//! The way into a tunnel.
//!
//! What can refuse a packet is asked first, while its sender can still be told in the context that
//! it is in: whether the other end can be reached, and whether the packet with its outer header
//! fits. Then the header is put on, and the packet goes to the outer header's neighbour, or
//! through IP output if it is to be fragmented.

use super::{circuit, emit::Way, refuse, Ctx, End, Family};
use crate::{
    domain::{
        addr::{Addr, V4, V6},
        encap::{
            build::{self, Df, Inner, Template},
            mtu::{self, Fit, Long},
            strip::Content,
            Carrier, Kind,
        },
        flow::Side,
        packet::{
            ether::{self, TYPE_IPV4, TYPE_IPV6, TYPE_MPLS, TYPE_TEB},
            ipv4, Fragment, Packet,
        },
        reason::DropReason,
        trace::Stage,
    },
    kern::{
        net::{
            self,
            hook::Verdict,
            route::{Dst, Lookup4, Lookup6, Route},
            skb::{
                fragment::Cut,
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

/// The hops of what has come with no outer header.
const NO_LIMIT: u8 = u8::MAX;

/// How many packets a packet enters a tunnel as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parts {
    /// As one, which goes to the other end whole.
    One,
    /// As fragments, each with an outer header.
    Inside,
    /// As one, of which fragments go to the other end.
    Outside,
}

/// Whether a packet can enter a tunnel, and in how many parts.
#[inline(always)]
fn fits(ctx: &Ctx<'_>, skb: &Skb, tunnel: &Tunnel, packet: Long) -> Result<Parts, Fit> {
    if tunnel.settings.link().is_some() {
        return circuit::fits(ctx, skb, tunnel, packet);
    }
    let mtu = room(ctx, tunnel, packet.content)?;
    // What was joined is taken apart again, if only outside.
    let df = match ctx.joined {
        0 => tunnel.settings.df(),
        _ => Df::Unset,
    };
    match mtu::fit(packet, mtu, df) {
        Fit::Whole => Ok(Parts::One),
        _ if skb.is_gso() && skb.fits_mtu(mtu) => Ok(Parts::One),
        Fit::Inner(_) => Ok(Parts::Inside),
        Fit::Outer => Ok(Parts::Outside),
        fit => Err(fit),
    }
}

/// The longest packet with such content that goes into a tunnel of IP whole.
#[inline(always)]
fn room(ctx: &Ctx<'_>, tunnel: &Tunnel, content: Content) -> Result<u32, Fit> {
    let (_, overhead) = header(tunnel, content).ok_or(Fit::Foreign)?;
    let route = outer_route(ctx, tunnel).ok_or(Fit::Lost)?;
    let mtu = route.forward_mtu(ctx.rcu);
    Ok(mtu::inner_mtu(mtu, overhead, tunnel.settings.mtu))
}

/// Drops what did not fit.
fn refuse_unfit(ctx: &Ctx<'_>, skb: Skb, fit: Fit) -> Verdict {
    let reason = match fit {
        Fit::TooBig(_) => DropReason::TooBig,
        Fit::Foreign => DropReason::TunnelContent,
        _ => DropReason::NoRoute,
    };
    refuse::drop(ctx, skb, reason)
}

/// Sends a packet of IP into a tunnel in fragments, or those of its segments that are too long.
#[cold]
#[inline(never)]
fn in_parts(ctx: &Ctx<'_>, skb: Skb, content: Content, tunnel: &Tunnel, hops: u8) -> Verdict {
    if skb.is_gso() {
        return segments(ctx, skb, |skb| in_parts(ctx, skb, content, tunnel, hops));
    }
    let mtu = match tunnel.settings.link() {
        Some(_) => circuit::room(ctx, tunnel, content),
        None => room(ctx, tunnel, content),
    };
    let family = match content {
        Content::Packet(TYPE_IPV4) => net::Family::V4,
        Content::Packet(TYPE_IPV6) => net::Family::V6,
        _ => return refuse::drop(ctx, skb, DropReason::TunnelContent),
    };
    let mtu = match mtu {
        Ok(mtu) => mtu,
        Err(fit) => return refuse_unfit(ctx, skb, fit),
    };
    // As they came, if it came in fragments.
    let mtu = match ctx.joined {
        0 => mtu as usize,
        joined => usize::from(joined).min(mtu as usize),
    };
    if skb.len() <= mtu {
        return enter(ctx, skb, content, tunnel, Parts::One, hops);
    }
    let cut = Cut {
        mtu,
        room: HEADROOM,
        id: random::u32(),
        later: ipv4::repeated,
    };
    let sent = skb.fragment(family, &cut, |part| {
        // Whatever becomes of it is counted there.
        let _ = enter(ctx, part, content, tunnel, Parts::One, hops);
    });
    match sent {
        Ok(stolen) => stolen.into(),
        Err(skb) => refuse::drop(ctx, skb, DropReason::NotWritable),
    }
}

/// The outer header before such content, and its length.
#[inline]
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
        return Err(End::TTL_EXCEEDED);
    }
    way_for_all(ctx, skb, packet, tunnel)
}

/// The same of a packet whose hops are not counted here.
#[inline]
pub(super) fn way_for_all<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    tunnel: &'g Tunnel,
) -> Result<Way<'g>, End> {
    if skb.is_gso() {
        skb.set_transport_header(packet.l4);
    }
    let long = Long {
        content: Content::Packet(A::FAMILY.ethertype()),
        len: packet.end as u32,
        df: packet.df,
    };
    match fits(ctx, skb, tunnel, long) {
        Ok(parts) => {
            if has_entropy(tunnel) {
                note_flow(ctx, skb, packet);
            }
            Ok(Way::Tunnel(tunnel, parts))
        }
        Err(Fit::TooBig(mtu)) => Err(End::too_big(mtu)),
        Err(_) => Err(End::no_way(DropReason::NoRoute)),
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
        _ => Err(End::no_way(DropReason::NoRoute)),
    }
}

/// Whether the outer header shows a hash of the flow inside.
#[inline]
fn has_entropy(tunnel: &Tunnel) -> bool {
    tunnel.template.as_ref().is_some_and(Template::has_entropy)
}

/// Notes the hash of a packet's flow, at less cost than the kernel's dissector. All parts of a
/// packet have the same.
#[inline]
fn note_flow<A: Family>(ctx: &Ctx<'_>, skb: &mut Skb, packet: &Packet<A>) {
    let (sport, dport) = match packet.fragment {
        Fragment::None => (packet.sport, packet.dport),
        Fragment::First | Fragment::Later => (0, 0),
    };
    let (src, dst) = ((packet.src, sport), (packet.dst, dport));
    skb.note_flow_hash(|| ctx.tables.entropy.flow(0, packet.proto, src, dst));
}

/// [`note_flow`] of what nobody has looked at; what cannot be read is left to the dissector.
#[inline(never)]
fn note_unread<A: Family>(ctx: &Ctx<'_>, skb: &mut Skb) {
    if let Ok(packet) = A::parse(skb.head(), skb.len()) {
        note_flow::<A>(ctx, skb, &packet);
    }
}

/// Sends what came out of one tunnel into another, whatever it is; `hops` are those that its outer
/// header had left, if it had one.
///
/// A cross-connect is a hop of the outer header, as of a label, because what is inside may have no
/// count of its own. So what is led in a circle by cross-connects ends, whatever it is.
pub(super) fn cross(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    content: Content,
    tunnel: &Tunnel,
    hops: Option<u8>,
) -> Verdict {
    let hops = match hops {
        None => NO_LIMIT,
        Some(0 | 1) => return refuse::drop(ctx, skb, DropReason::TtlExceeded),
        Some(hops) => hops.wrapping_sub(1),
    };
    if has_entropy(tunnel) {
        match content {
            Content::Packet(TYPE_IPV4) => note_unread::<V4>(ctx, &mut skb),
            Content::Packet(TYPE_IPV6) => note_unread::<V6>(ctx, &mut skb),
            _ => {}
        }
    }
    let inner = Inner::read(content, skb.head(), skb.len());
    let long = Long {
        content,
        len: skb.len() as u32,
        df: inner.df,
    };
    match fits(ctx, &skb, tunnel, long) {
        Ok(parts) => enter(ctx, skb, content, tunnel, parts, hops),
        Err(fit) => refuse_unfit(ctx, skb, fit),
    }
}

/// Sends an IP packet that has been rewritten.
#[inline]
pub(super) fn emit<A: Family>(ctx: &Ctx<'_>, skb: Skb, tunnel: &Tunnel, parts: Parts) -> Verdict {
    let content = Content::Packet(A::FAMILY.ethertype());
    enter(ctx, skb, content, tunnel, parts, NO_LIMIT)
}

/// Puts the outer header on, with at most `hops` to go, and sends.
fn enter(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    content: Content,
    tunnel: &Tunnel,
    parts: Parts,
    hops: u8,
) -> Verdict {
    if parts == Parts::Inside {
        return in_parts(ctx, skb, content, tunnel, hops);
    }
    let settings = &tunnel.settings;
    if settings.link().is_some() {
        return circuit::enter(ctx, skb, content, tunnel, hops);
    }
    let Some((template, len)) = header(tunnel, content) else {
        return refuse::drop(ctx, skb, DropReason::TunnelContent);
    };
    // Found before: what a way holds is what fits into registers.
    let Some(route) = known_route(ctx, tunnel) else {
        return refuse::drop(ctx, skb, DropReason::NoRoute);
    };
    if settings.is_secure && !route.encrypts() {
        return refuse::drop(ctx, skb, DropReason::Unprotected);
    }
    let carrier = carrier(settings.outer.format.kind, settings.has_checksum);
    if skb.is_gso() && !carrier.has_segments() {
        return segments(ctx, skb, |skb| {
            enter(ctx, skb, content, tunnel, parts, hops)
        });
    }
    skb.scrub_for_forwarding();
    let mut inner = Inner::read(content, skb.head(), skb.len());
    if template.has_entropy() {
        inner.hash = skb.flow_hash(ctx.net);
    }
    inner.hops = hops;
    let is_long = parts == Parts::Outside;
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
    ctx.note(Stage::Encapsulated, |step| step.of_tunnel(tunnel));
    ctx.note_sent(route.device(ctx.rcu));
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
        (Kind::MplsGre, _) => tunnel::Carrier::Other,
        (Kind::MplsUdp | Kind::L2tpv3Udp, _) => tunnel::Carrier::Datagram(checksum),
        (Kind::Ipip, _) => tunnel::Carrier::Ip,
        (Kind::Gre, _) => tunnel::Carrier::Gre,
        (_, Carrier::Udp) => tunnel::Carrier::Udp(checksum),
        _ => tunnel::Carrier::Other,
    }
}

/// Sends what nobody further on would segment on its way in segments.
pub(super) fn segments(ctx: &Ctx<'_>, skb: Skb, mut send: impl FnMut(Skb) -> Verdict) -> Verdict {
    let segmented = skb.segment(|skb| {
        // Whatever becomes of it is counted there.
        let _ = send(skb);
    });
    match segmented {
        Ok(stolen) => stolen.into(),
        Err(skb) => refuse::drop(ctx, skb, DropReason::NotWritable),
    }
}

/// The route of the outer header, looked up again when the routing tables change.
#[inline]
fn outer_route<'g>(ctx: &Ctx<'g>, tunnel: &'g Tunnel) -> Option<&'g Route> {
    let kept = match tunnel.settings.outer.remote {
        Addr::V4(_) => tunnel.route.v4.get(ctx.rcu),
        Addr::V6(_) => tunnel.route.v6.get(ctx.rcu),
    };
    kept.or_else(|| derive(ctx, tunnel))
}

/// [`outer_route`] for a packet that it was asked for before.
#[inline]
fn known_route<'g>(ctx: &Ctx<'g>, tunnel: &'g Tunnel) -> Option<&'g Route> {
    let kept = match tunnel.settings.outer.remote {
        Addr::V4(_) => tunnel.route.v4.peek(ctx.rcu),
        Addr::V6(_) => tunnel.route.v6.peek(ctx.rcu),
    };
    kept.or_else(|| derive(ctx, tunnel))
}

#[cold]
fn derive<'g>(ctx: &Ctx<'g>, tunnel: &'g Tunnel) -> Option<&'g Route> {
    let outer = &tunnel.settings.outer;
    // For IPsec policies, which may be about the tunnel's protocol alone.
    let protocol = outer.format.kind.carrier().protocol()?.0;
    let dst: Dst = match (outer.local, outer.remote) {
        (Addr::V4(local), Addr::V4(remote)) => {
            let lookup = Lookup4 {
                source: Ipv4Addr::from(local),
                protocol,
                ..Lookup4::new(Ipv4Addr::from(remote))
            };
            Route::lookup_v4(ctx.net, &lookup).ok()?.0
        }
        (Addr::V6(local), Addr::V6(remote)) => {
            let lookup = Lookup6 {
                source: Ipv6Addr::from(local),
                protocol,
                ..Lookup6::new(Ipv6Addr::from(remote))
            };
            Route::lookup_v6(ctx.net, &lookup).ok()?
        }
        _ => return None,
    };
    // A tunnel to ourselves would take its own packets in again.
    if dst.is_local() || !dst.is_unicast() {
        return None;
    }
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
