// SPDX-License-Identifier: GPL-2.0

//! Outer headers on real packet buffers: what is put on is found, and taken off leaves what was.

use kernel::prelude::*;

use super::Report;
use crate::domain::addr::{Addr, Proto, V4, V6};
use crate::domain::encap::build::{Df, Inner, Outer, Template};
use crate::domain::encap::strip::{find, Content, Found};
use crate::domain::encap::{Carrier, Cookie, Format, KeyRange, Kind};
use crate::domain::packet::checksum::Sum;
use crate::domain::packet::ether::{TYPE_IPV4, TYPE_TEB};
use crate::domain::packet::{Header, Network, Packet};
use crate::kern::net::namespace::Net;
use crate::kern::net::skb::{tunnel, Skb, Summed};
use crate::kern::net::Family;

/// Bytes of the packet inside: headers of IPv4 and UDP, and an odd payload.
const INNER: usize = 20 + 8 + 101;

const CONTENT: Content = Content::Packet(TYPE_IPV4);

/// The packet that travels.
fn inner(headroom: usize) -> Option<Skb> {
    let mut skb = Skb::alloc(headroom, INNER)?;
    let bytes = skb.make_writable(INNER)?;
    let header = Header {
        src: V4([10, 0, 0, 1]),
        dst: V4([10, 0, 0, 10]),
        proto: Proto::UDP,
        ttl: 64,
        tos: 0xb9,
    };
    V4::write_header(&header, INNER.wrapping_sub(V4::HEADER), bytes)?;
    for (i, byte) in bytes.iter_mut().enumerate().skip(V4::HEADER) {
        *byte = (i as u8).wrapping_mul(7);
    }
    skb.set_protocol(TYPE_IPV4);
    Some(skb)
}

fn template(kind: Kind, is_v6: bool) -> Option<Template> {
    let key = match kind.keys() {
        // Those of links do not come here.
        KeyRange::None | KeyRange::Vlans => None,
        KeyRange::Optional(last) | KeyRange::Required(_, last) => Some(last),
    };
    let (local, remote) = if is_v6 {
        (Addr::V6([0x20; 16]), Addr::V6([0x21; 16]))
    } else {
        (Addr::V4([192, 0, 2, 1]), Addr::V4([198, 51, 100, 7]))
    };
    Outer {
        format: Format::new(kind, key),
        local,
        remote,
        sport: 0,
        dport: kind.default_port().max(1),
        ttl: 0,
        dscp: None,
        df: Df::Inherit,
        macs: ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]),
    }
    .template()
}

fn carrier(kind: Kind, checksum: tunnel::Checksum) -> tunnel::Carrier {
    match kind.carrier() {
        Carrier::Udp => tunnel::Carrier::Udp(checksum),
        Carrier::Ip(Proto::GRE) => tunnel::Carrier::Gre,
        Carrier::Ip(Proto::IPIP) => tunnel::Carrier::Ip,
        _ => tunnel::Carrier::Other,
    }
}

/// Puts the outer header on.
fn enter(net: &Net, skb: &mut Skb, template: &Template, checksum: tunnel::Checksum) -> Option<()> {
    let format = template.outer().format;
    let len = template.len(CONTENT)?;
    let family = if template.is_v6() {
        Family::V6
    } else {
        Family::V4
    };
    let outer = tunnel::Outer {
        family,
        len,
        frame: if format.ethernet { 14 } else { 0 },
        carrier: carrier(format.kind, checksum),
        protocol: if format.ethernet { TYPE_TEB } else { TYPE_IPV4 },
        transport: V4::HEADER,
    };
    let inner = Inner {
        content: CONTENT,
        len: skb.len(),
        tos: 0xb9,
        ttl: 64,
        hops: u8::MAX,
        df: true,
        hash: skb.flow_hash(net),
        id: 0,
    };
    skb.encapsulate(&outer, 64, |out| template.write(&inner, out))
        .then_some(())
}

/// What the outer header of a packet says.
fn view<A: Network>(skb: &mut Skb, kind: Kind) -> Option<(Found, Packet<A>)> {
    let len = skb.len();
    let head = skb.pull(len)?;
    let packet = A::parse(head, len).ok()?;
    let found = find(head, &packet, Some(kind)).ok()??;
    let found = found.admit(head, &Cookie::None, true).ok()?;
    Some((found.unframe(head).ok()?, packet))
}

/// There and back; none if a step fails.
fn travel<A: Network>(
    net: &Net,
    kind: Kind,
    headroom: usize,
    checksum: tunnel::Checksum,
) -> Option<bool> {
    let template = template(kind, A::LEN == 16)?;
    let mut skb = inner(headroom)?;
    enter(net, &mut skb, &template, checksum)?;
    let (found, packet) = view::<A>(&mut skb, kind)?;
    let is_whole = found.kind == kind
        && found.key == template.outer().format.key
        && found.content == CONTENT
        && found.end == skb.len()
        && packet.tos == 0xb9
        && skb.headroom() >= 64;
    // The device is asked for UDP's checksum where there is to be one, and for no other.
    let partial = skb.partial_checksum().map(|partial| partial.start);
    let is_summed = match (kind.carrier(), checksum) {
        (Carrier::Udp, tunnel::Checksum::Whole) => partial == Some(A::HEADER),
        _ => skb.ip_summed() == Summed::None,
    };
    // A receiver would add up the same.
    let is_valid = skb.checksum_help() && udp_adds_up(&skb, &packet, checksum);
    if !skb.decapsulate(found.at, TYPE_IPV4) {
        return None;
    }
    let same = skb.head() == inner(0)?.head() && skb.network_offset() == Some(0);
    Some(is_whole && is_summed && is_valid && same)
}

/// Whether the outer UDP checksum, if there is one, is right.
fn udp_adds_up<A: Network>(skb: &Skb, packet: &Packet<A>, checksum: tunnel::Checksum) -> bool {
    if packet.proto != Proto::UDP || checksum == tunnel::Checksum::None {
        return true;
    }
    let datagram = skb.head().get(packet.l4..packet.end).unwrap_or(&[]);
    let pseudo = Sum::pseudo(packet.src, packet.dst, Proto::UDP, datagram.len());
    !datagram.is_empty() && pseudo.bytes(datagram).is_valid()
}

impl Report {
    fn travelled(&mut self, kind: &str, checksum: tunnel::Checksum, is_right: bool) {
        if !is_right {
            pr_info!("# {kind} with checksum {checksum:?}\n");
        }
        self.check("a packet through a tunnel comes out as it was", is_right);
    }
}

#[inline(never)]
pub(super) fn run(net: &Net, report: &mut Report) {
    for kind in Kind::ALL {
        if kind.carrier() == Carrier::Link {
            continue;
        }
        // Room for the header is there, or has to be made.
        for (headroom, checksum) in [(256, tunnel::Checksum::None), (0, tunnel::Checksum::Whole)] {
            let is_right = travel::<V4>(net, kind, headroom, checksum) == Some(true)
                && travel::<V6>(net, kind, headroom, checksum) == Some(true);
            report.travelled(kind.name(), checksum, is_right);
        }
    }
    let short = inner(0).is_some_and(|mut skb| !skb.decapsulate(INNER.wrapping_add(1), TYPE_IPV4));
    report.check("a packet shorter than its outer header is refused", short);
    let refused = inner(0).is_some_and(|mut skb| {
        let outer = tunnel::Outer {
            family: Family::V4,
            len: 24,
            frame: 0,
            carrier: tunnel::Carrier::Gre,
            protocol: TYPE_IPV4,
            transport: V4::HEADER,
        };
        !skb.encapsulate(&outer, 64, |_| None)
    });
    report.check("an outer header that is not written is refused", refused);
}
