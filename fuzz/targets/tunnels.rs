// SPDX-License-Identifier: GPL-2.0

//! Any outer header is read or refused within the packet, and what is built is found again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slr_domain::domain::addr::{Addr, Ip};
use slr_domain::domain::encap::build::{Df, Inner, Outer, OUTER_MAX};
use slr_domain::domain::encap::link::{find_link, Tag};
use slr_domain::domain::encap::strip::{find, Content, Found, Malformed};
use slr_domain::domain::encap::{vlan_key, Carrier, Cookie, Format, KeyRange, Kind};
use slr_domain::domain::packet::checksum::Sum;
use slr_domain::domain::packet::ether::{TYPE_IPV4, TYPE_IPV6, TYPE_MPLS, TYPE_TEB};
use slr_domain::domain::packet::{parse_v4, parse_v6, Packet, ParseError};

/// What a fuzzer cannot be expected to guess: IPv4's checksum of its header.
fn seal(bytes: &mut [u8]) {
    let header = bytes.first().map_or(0, |b| usize::from(b & 15) * 4);
    if header >= 20 && header <= bytes.len() {
        bytes[10..12].fill(0);
        let check = Sum::new().bytes(&bytes[..header]).checksum();
        bytes[10..12].copy_from_slice(&check);
    }
}

/// Reads a packet, of which a part is linear; the same is found in the whole.
fn read<A: Ip>(bytes: &[u8], packet: &Packet<A>, cut: u8, udp: Option<Kind>, cookie: &Cookie) {
    let whole = find(bytes, packet, udp);
    let head = &bytes[..bytes.len().min(usize::from(cut))];
    match find(head, packet, udp) {
        Err(Malformed::Parse(ParseError::Short(needed))) => {
            assert!(needed > head.len() && needed <= bytes.len());
        }
        part => assert_eq!(part, whole),
    }
    let Ok(Some(found)) = whole else { return };
    assert!(found.at <= found.end && found.end <= bytes.len());
    if let Ok(inner) = found.admit(bytes, cookie, cut & 1 == 0) {
        assert!(found.at <= inner.at && inner.at <= inner.end && inner.end == found.end);
        if let Ok(packet) = inner.unframe(bytes) {
            assert!(inner.at <= packet.at && packet.at <= packet.end && packet.end == found.end);
        }
    }
}

fn parse_any(bytes: &[u8], cut: u8, udp: Option<Kind>, cookie: &Cookie) -> Option<()> {
    match bytes.first()? >> 4 {
        6 => read(bytes, &parse_v6(bytes, bytes.len()).ok()?, cut, udp, cookie),
        _ => read(bytes, &parse_v4(bytes, bytes.len()).ok()?, cut, udp, cookie),
    }
    Some(())
}

fn find_any(bytes: &[u8], udp: Kind) -> Option<Found> {
    match bytes.first()? >> 4 {
        6 => find(bytes, &parse_v6(bytes, bytes.len()).ok()?, Some(udp)).ok()?,
        _ => find(bytes, &parse_v4(bytes, bytes.len()).ok()?, Some(udp)).ok()?,
    }
}

/// Builds a header of the fuzzer's choice before its packet and reads it.
fn build(kind: Kind, cookie: Cookie, choice: &[u8; 12], inner: &[u8]) -> Option<()> {
    let [flags, a, b, c, d, sport, ttl, tos, id, hash, content, spare] = *choice;
    let random = u32::from_be_bytes([a, b, c, d]);
    let key = match kind.keys() {
        KeyRange::None => None,
        KeyRange::Optional(_) => (flags & 1 == 0).then_some(random),
        KeyRange::Required(first, last) => Some(first + random % (last - first)),
        KeyRange::Vlans => Some(vlan_key((1 + random % 4094) as u16, None)),
    };
    let may_frame = matches!(kind, Kind::Gre | Kind::Geneve);
    let format = Format {
        ethernet: kind.is_ethernet() || may_frame && flags & 2 != 0,
        cookie,
        sublayer: flags & 4 != 0,
        ..Format::new(kind, key)
    };
    let (local, remote) = match flags & 8 {
        0 => (Addr::V4([192, 0, 2, 1]), Addr::V4([198, 51, 100, 7])),
        _ => (Addr::V6([0x20; 16]), Addr::V6([0x21; 16])),
    };
    let template = Outer {
        format,
        local,
        remote,
        sport: u16::from(sport) << 6,
        dport: kind.default_port().max(1),
        ttl,
        dscp: (flags & 16 != 0).then_some(spare & 63),
        df: [Df::Inherit, Df::Set, Df::Unset][usize::from(flags >> 6) % 3],
        macs: ([2; 6], [4; 6]),
    }
    .template()?;
    let content = match content % 4 {
        0 => Content::Packet(TYPE_IPV4),
        1 => Content::Packet(TYPE_IPV6),
        2 => Content::Frame,
        _ => Content::Packet(TYPE_TEB + u16::from(content)),
    };
    let wanted = Inner {
        content,
        len: inner.len(),
        tos,
        ttl: id,
        hops: u8::MAX,
        df: flags & 32 != 0,
        hash: (u32::from(hash) << 24) | random,
        id: u16::from(id) << 8,
    };
    let mut bytes = [0xee; OUTER_MAX];
    let len = template.len(content)?;
    assert!(template.write(&wanted, &mut bytes[..len - 1]).is_none());
    template.write(&wanted, &mut bytes[..len]).unwrap();
    assert!(bytes[len..].iter().all(|b| *b == 0xee));
    let mut whole = bytes[..len].to_vec();
    whole.extend_from_slice(inner);
    // Types without a field for it tell the content from its first byte.
    match content {
        Content::Packet(TYPE_IPV4) => whole[len] = 0x45,
        Content::Packet(TYPE_IPV6) => whole[len] = 0x60,
        _ => {}
    }
    let found = find_any(&whole, kind).expect("built and not found");
    assert_eq!((found.kind, found.key, found.end), (kind, key, whole.len()));
    let found = found.admit(&whole, &cookie, format.sublayer).unwrap();
    let found = match content {
        Content::Frame => found,
        _ => found.unframe(&whole).unwrap(),
    };
    assert_eq!((found.at, found.content), (len, content));
    Some(())
}

fuzz_target!(|data: &[u8]| {
    let Some((&[what, kind, cut, a, b], rest)) = data.split_first_chunk() else {
        return;
    };
    let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
    let cookie = match a % 3 {
        0 => Cookie::None,
        1 => Cookie::Short([b; 4]),
        _ => Cookie::Long([b; 8]),
    };
    match what % 4 {
        0 | 1 => {
            let mut bytes = rest.to_vec();
            seal(&mut bytes);
            let udp = (what & 4 == 0).then_some(kind);
            let _ = parse_any(&bytes, cut, udp, &cookie);
        }
        2 => {
            let head = &rest[..rest.len().min(usize::from(cut))];
            let tag = (what & 4 != 0).then_some(Tag {
                ethertype: if what & 64 != 0 { 0x88a8 } else { 0x8100 },
                control: u16::from_be_bytes([a, b]),
            });
            let ethertype = [TYPE_MPLS, TYPE_IPV4, 0x8100, 0x88a8][usize::from(what >> 3) % 4];
            if let Ok(Some(found)) = find_link(head, rest.len(), ethertype, tag) {
                assert!(found.at <= found.end && found.end <= rest.len());
                assert!(found.outer_vlan().is_none_or(|found| found.at == 0));
            }
        }
        _ => {
            if let Some((choice, inner)) = rest.split_first_chunk() {
                if inner.len() >= 24 && kind.carrier() != Carrier::Link {
                    let _ = build(kind, cookie, choice, inner);
                }
            }
        }
    }
});
