// SPDX-License-Identifier: GPL-2.0

//! Tunnels on a link: VLANs and MPLS labels of a port.
//!
//! A label is a way to one next hop, which the port's neighbour table knows. A VLAN is a link of its
//! own that leads to one [station](super::station).
//!
//! Between two VLANs, or a VLAN and another tunnel of frames, a cross-connect of tunnels without
//! addresses passes frames as they are, to whatever station they are.

use super::{
    decap,
    encap::{self, Parts},
    refuse,
    station::Vlan,
    Ctx,
};
use crate::{
    domain::{
        addr::{Addr, V4, V6},
        bytes,
        encap::{
            build::{Df, Inner},
            link::{self, Hop, Tag},
            mtu::{self, Fit, Long},
            strip::{Content, Found},
            End, Kind, WireKey,
        },
        flow::Side,
        packet::ether::{self, Ether, TYPE_ARP, TYPE_IPV4, TYPE_IPV6, TYPE_MPLS},
        reason::DropReason,
        trace::Stage,
    },
    kern::net::{
        device::Device,
        hook::Verdict,
        skb::{PacketType, Skb},
    },
    table::Tunnel,
};
use core::net::IpAddr;

/// Bytes of a label.
const LABEL: usize = 4;

/// Takes a frame with a tag, or with labels. Without a tunnel it is the host stack's.
#[inline(never)]
pub(super) fn arrived(ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
    let Some((_, dev)) = ctx.port() else {
        return Verdict::accept(skb);
    };
    let tag = skb
        .vlan_tag()
        .map(|(ethertype, control)| Tag { ethertype, control });
    let (len, ethertype) = (skb.len(), skb.protocol());
    let found = decap::pulled(&mut skb, |head| link::find_link(head, len, ethertype, tag));
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Verdict::accept(skb),
        Err(reason) => return refuse::drop(ctx, skb, reason),
    };
    let find = |found: &Found| {
        ctx.config.tunnel(&WireKey {
            kind: found.kind,
            key: found.key,
            end: End::Link(dev.ifindex()),
        })
    };
    let both = find(&found).map(|tunnel| (tunnel, found));
    let outer = || found.outer_vlan().and_then(|f| Some((find(&f)?, f)));
    let Some((tunnel, found)) = both.or_else(outer) else {
        return Verdict::accept(skb);
    };
    let ctx = &decap::within(ctx, tunnel);
    ctx.note(Stage::Tunnel, |step| step.of_tunnel(tunnel));
    match found.kind {
        Kind::Mpls => labelled(ctx, skb, &found, tunnel),
        _ => tagged(ctx, skb, &found, tunnel, dev),
    }
}

/// Takes a packet with a label of a tunnel.
fn labelled(ctx: &Ctx<'_>, skb: Skb, found: &Found, tunnel: &Tunnel) -> Verdict {
    if !skb.is_to_us() {
        return Verdict::accept(skb);
    }
    let mut skb = match decap::count_in(ctx, skb, tunnel) {
        Ok(skb) => skb,
        Err(verdict) => return verdict,
    };
    let hop = Hop::read(skb.head()).unwrap_or(Hop { class: 0, ttl: 0 });
    let Some(to) = tunnel.settings.to else {
        return match strip(&mut skb, found) {
            true => decap::enter_customer(ctx, skb, found.ethertype()),
            false => refuse::drop(ctx, skb, DropReason::NotWritable),
        };
    };
    // Label switching takes a hop off the label; what it is before is not looked at.
    if hop.ttl < 2 {
        return refuse::drop(ctx, skb, DropReason::TtlExceeded);
    }
    let Some(to) = ctx.config.tunnel_at(to) else {
        return refuse::drop(ctx, skb, DropReason::NoRouteCustomer);
    };
    if !strip(&mut skb, found) {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    match to.settings.outer.format.kind {
        Kind::Mpls => {
            let inner = Inner::read(found.content, skb.head(), skb.len());
            if fits(ctx, &skb, to, long(&inner)).is_err() {
                return refuse::drop(ctx, skb, DropReason::TooBig);
            }
            let ttl = hop.ttl.wrapping_sub(1);
            push_label(ctx, skb, found.content, to, Hop { ttl, ..hop })
        }
        _ => encap::cross(ctx, skb, found.content, to, Some(hop.ttl)),
    }
}

/// Takes the tag or the label off, and what fills up the frame. If that did not work the packet is
/// good for nothing but to be freed.
fn strip(skb: &mut Skb, found: &Found) -> bool {
    let inner = skb.head().get(found.at..).unwrap_or(&[]);
    let len = link::unpadded(found.content, inner, found.end.saturating_sub(found.at));
    skb.trim(found.at.saturating_add(len)) && skb.decapsulate(found.at, found.ethertype())
}

/// Takes a frame in a VLAN of a tunnel.
fn tagged(ctx: &Ctx<'_>, mut skb: Skb, found: &Found, tunnel: &Tunnel, dev: &Device) -> Verdict {
    let Some(header) = skb
        .ethernet_header()
        .and_then(|header| Ether::parse(header))
    else {
        return refuse::drop(ctx, skb, DropReason::TunnelContent);
    };
    let to = match tunnel.settings.to.map(|to| ctx.config.tunnel_at(to)) {
        Some(None) => return refuse::drop(ctx, skb, DropReason::NoRouteCustomer),
        Some(to) => to,
        None => None,
    };
    if let Some(to) = to {
        if to.settings.carries_frames() && !tunnel.settings.is_neighbour() {
            return match decap::count_in(ctx, skb, tunnel) {
                Ok(skb) => cross_frame(ctx, skb, found, &header, to),
                Err(verdict) => verdict,
            };
        }
    }
    let packet_type = skb.packet_type();
    if packet_type == PacketType::OtherHost {
        return Verdict::accept(skb);
    }
    skb = match decap::count_in(ctx, skb, tunnel) {
        Ok(skb) => skb,
        Err(verdict) => return verdict,
    };
    if !strip(&mut skb, found) {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    let vlan = Vlan { tunnel, dev };
    match found.content {
        Content::Packet(TYPE_ARP) => return vlan.asked(ctx, skb),
        Content::Packet(TYPE_IPV4) => vlan.heard::<V4>(&skb, header.src),
        Content::Packet(TYPE_IPV6) => {
            vlan.heard::<V6>(&skb, header.src);
            skb = match vlan.solicited(ctx, skb, header.src) {
                Ok(skb) => skb,
                Err(verdict) => return verdict,
            };
        }
        _ => {}
    }
    match (to, packet_type) {
        (_, PacketType::Multicast | PacketType::Broadcast) => {
            refuse::drop(ctx, skb, DropReason::NoRouteCustomer)
        }
        (Some(to), _) => encap::cross(ctx, skb, found.content, to, None),
        (None, _) => decap::enter_customer(ctx, skb, found.ethertype()),
    }
}

/// Passes a frame of a VLAN on as it is.
fn cross_frame(ctx: &Ctx<'_>, mut skb: Skb, found: &Found, header: &Ether, to: &Tunnel) -> Verdict {
    let ethertype = found.ethertype();
    if !skb.decapsulate(found.at, ethertype) {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    if let Some(ifindex) = to.settings.link() {
        let Some(dev) = Device::by_index(ctx.net, ifindex, ctx.rcu) else {
            return refuse::drop(ctx, skb, DropReason::NoDevice);
        };
        let inner = Inner::read(found.content, skb.head(), skb.len());
        let frame = Long {
            content: found.content,
            ..long(&inner)
        };
        if !matches!(fits(ctx, &skb, to, frame), Ok(Parts::One)) {
            return refuse::drop(ctx, skb, DropReason::TooBig);
        }
        count_out(&skb, to);
        ctx.note(Stage::Encapsulated, |step| step.of_tunnel(to));
        ctx.note_sent(dev);
        skb.scrub_for_forwarding();
        let macs = (Some(header.src), header.dst);
        let vlan = Vlan { tunnel: to, dev };
        return vlan.send(ctx, skb, macs, ethertype, inner.tos >> 2);
    }
    let each = |mut skb: Skb| {
        let header = Ether {
            ethertype,
            ..*header
        };
        let written = skb.push(ether::LEN).and_then(|out| header.write(out));
        match written {
            Some(_) => encap::cross(ctx, skb, Content::Frame, to, None),
            None => refuse::drop(ctx, skb, DropReason::NotWritable),
        }
    };
    if !skb.is_gso() {
        return each(skb);
    }
    // Nobody segments frames whose inner headers are this deep.
    encap::segments(ctx, skb, each)
}

fn long(inner: &Inner) -> Long {
    Long {
        content: inner.content,
        len: inner.len as u32,
        df: inner.df,
    }
}

fn count_out(skb: &Skb, tunnel: &Tunnel) {
    let (packets, bytes) = (u64::from(skb.segments()), skb.len() as u64);
    tunnel.runtime.traffic.count(Side::Server, packets, bytes);
}

/// The device that a tunnel rides on.
fn device<'g>(ctx: &Ctx<'g>, tunnel: &Tunnel) -> Option<&'g Device> {
    Device::by_index(ctx.net, tunnel.settings.link()?, ctx.rcu)
}

/// The longest packet that leaves by a tunnel on a link whole.
pub(super) fn room(ctx: &Ctx<'_>, tunnel: &Tunnel, content: Content) -> Result<u32, Fit> {
    let settings = &tunnel.settings;
    // A frame's own header is none of what the device's MTU counts.
    let frame = match content {
        Content::Frame => ether::LEN as u32,
        _ => 0,
    };
    let overhead = settings.outer.format.overhead(false);
    let mtu = device(ctx, tunnel).ok_or(Fit::Lost)?.mtu();
    Ok(mtu::inner_mtu(mtu, overhead, settings.mtu).saturating_add(frame))
}

/// Whether a packet can leave by a tunnel on a link, where nothing is fragmented outside.
pub(super) fn fits(ctx: &Ctx<'_>, skb: &Skb, tunnel: &Tunnel, packet: Long) -> Result<Parts, Fit> {
    let mtu = room(ctx, tunnel, packet.content)?;
    match mtu::fit(packet, mtu, Df::Set) {
        Fit::Whole => Ok(Parts::One),
        _ if skb.is_gso() && skb.fits_mtu(mtu) => Ok(Parts::One),
        Fit::Inner(_) => Ok(Parts::Inside),
        // What came in fragments leaves in fragments.
        _ if ctx.joined != 0 => Ok(Parts::Inside),
        Fit::Outer => Err(Fit::TooBig(mtu::MIN_V6)),
        fit => Err(fit),
    }
}

/// Puts the tag or the label on and sends; a label with at most `hops` to go.
pub(super) fn enter(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    content: Content,
    tunnel: &Tunnel,
    hops: u8,
) -> Verdict {
    let settings = &tunnel.settings;
    let inner = Inner::read(content, skb.head(), skb.len());
    let class = settings.outer.dscp.unwrap_or(inner.tos >> 2);
    let Some(dev) = device(ctx, tunnel) else {
        return refuse::drop(ctx, skb, DropReason::NoDevice);
    };
    ctx.note(Stage::Encapsulated, |step| step.of_tunnel(tunnel));
    if settings.outer.format.kind == Kind::Mpls {
        let ttl = match settings.outer.ttl {
            0 => inner.ttl,
            ttl => ttl,
        }
        .min(hops);
        let class = class >> 3;
        return push_label(ctx, skb, content, tunnel, Hop { class, ttl });
    }
    let (macs, ethertype) = match content {
        Content::Packet(ethertype) => (None, ethertype),
        Content::Labels => (None, TYPE_MPLS),
        Content::Unknown => return refuse::drop(ctx, skb, DropReason::TunnelContent),
        Content::Frame => {
            let header = skb.pull(ether::LEN).and_then(Ether::parse);
            match header.filter(|_| skb.advance(ether::LEN)) {
                Some(header) => (Some((Some(header.src), header.dst)), header.ethertype),
                None => return refuse::drop(ctx, skb, DropReason::TunnelContent),
            }
        }
    };
    let vlan = Vlan { tunnel, dev };
    let macs = match macs {
        Some(macs) => macs,
        None => match vlan.station(ctx) {
            Some(mac) => (None, mac),
            None => return refuse::drop(ctx, skb, DropReason::NeighbourFailed),
        },
    };
    count_out(&skb, tunnel);
    ctx.note_sent(dev);
    skb.scrub_for_forwarding();
    vlan.send(ctx, skb, macs, ethertype, class)
}

/// Puts a label before a packet and sends it to the next hop.
fn push_label(ctx: &Ctx<'_>, mut skb: Skb, content: Content, to: &Tunnel, hop: Hop) -> Verdict {
    let outer = &to.settings.outer;
    let Some((dev, key)) = device(ctx, to).zip(outer.format.key) else {
        return refuse::drop(ctx, skb, DropReason::NoDevice);
    };
    if content == Content::Frame {
        return refuse::drop(ctx, skb, DropReason::TunnelContent);
    }
    if skb.is_gso() {
        return encap::segments(ctx, skb, |skb| push_label(ctx, skb, content, to, hop));
    }
    count_out(&skb, to);
    skb.scrub_for_forwarding();
    // Devices do not find a checksum that is to be filled in behind a label.
    let is_written = skb.checksum_help()
        && skb.ensure_headroom(dev.link_headroom().saturating_add(LABEL))
        && skb
            .push(LABEL)
            .and_then(|out| bytes::put(out, 0, hop.entry(key, content)))
            .is_some();
    if !is_written {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    ctx.note_sent(dev);
    skb.set_network_header(0);
    skb.set_protocol(TYPE_MPLS);
    let (_, fixed) = outer.macs;
    if ether::is_station(fixed) {
        return skb.send_ethernet(dev, &fixed, ctx.rcu).into();
    }
    let remote = match outer.remote {
        Addr::V4(remote) => IpAddr::from(remote),
        Addr::V6(remote) => IpAddr::from(remote),
    };
    dev.neighbour_output(skb, remote, ctx.rcu).into()
}
