// SPDX-License-Identifier: GPL-2.0

//! Outer headers: what is built is found again, hostile ones are refused, and both agree with
//! models that read one bit after the other.

use proptest::prelude::*;
use slr_domain::domain::addr::{Addr, Proto, V4};
use slr_domain::domain::encap::build::{Df, Inner, Outer, OUTER_MAX};
use slr_domain::domain::encap::link::{find_link, Tag};
use slr_domain::domain::encap::strip::{find, Check, Content, Found, Malformed};
use slr_domain::domain::encap::{vlan_key, Carrier, Cookie, Format, KeyRange, Kind};
use slr_domain::domain::packet::checksum::Sum;
use slr_domain::domain::packet::ether::{TYPE_IPV4, TYPE_IPV6};
use slr_domain::domain::packet::{parse_v4, parse_v6, Header, Network, ParseError};

const V4_ENDS: (Addr, Addr) = (Addr::V4([192, 0, 2, 1]), Addr::V4([198, 51, 100, 7]));
const V6_ENDS: (Addr, Addr) = (Addr::V6([0x20; 16]), Addr::V6([0x21; 16]));
const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);

/// The types that ride on IP or UDP.
fn kinds() -> impl Strategy<Value = Kind> {
    let carried = Kind::ALL
        .into_iter()
        .filter(|kind| kind.carrier() != Carrier::Link);
    prop::sample::select(carried.collect::<Vec<_>>())
}

fn key_of(kind: Kind, random: u32, with: bool) -> Option<u32> {
    match kind.keys() {
        KeyRange::None => None,
        KeyRange::Optional(_) => with.then_some(random),
        KeyRange::Required(first, last) => Some(first + random % (last - first)),
        KeyRange::Vlans => Some(vlan_key((1 + random % 4094) as u16, None)),
    }
}

fn cookies() -> impl Strategy<Value = Cookie> {
    prop_oneof![
        Just(Cookie::None),
        any::<[u8; 4]>().prop_map(Cookie::Short),
        any::<[u8; 8]>().prop_map(Cookie::Long),
    ]
}

/// Any content, with bytes to begin it.
fn contents() -> impl Strategy<Value = (Content, u8)> {
    prop_oneof![
        Just((Content::Packet(TYPE_IPV4), 0x45)),
        Just((Content::Packet(TYPE_IPV6), 0x60)),
        Just((Content::Packet(0x8137), 0xff)),
        Just((Content::Frame, 2)),
        Just((Content::Labels, 0)),
        Just((Content::Unknown, 0)),
    ]
}

prop_compose! {
    fn outers()(
        kind in kinds(),
        (random, with_key, v6, ethernet) in any::<(u32, bool, bool, bool)>(),
        (cookie, sublayer) in (cookies(), any::<bool>()),
        (sport, ttl, dscp) in (0..=1u16, 0..=255u8, prop::option::of(0..64u8)),
        df in prop::sample::select(vec![Df::Inherit, Df::Set, Df::Unset]),
    ) -> Outer {
        let (local, remote) = if v6 { V6_ENDS } else { V4_ENDS };
        let format = Format {
            ethernet: kind.is_ethernet() || ethernet && matches!(kind, Kind::Gre | Kind::Geneve),
            cookie,
            sublayer,
            ..Format::new(kind, key_of(kind, random, with_key))
        };
        Outer {
            format,
            local,
            remote,
            sport: sport * 4000,
            dport: kind.default_port().max(1),
            ttl,
            dscp,
            df,
            macs: MACS,
        }
    }
}

/// A header of a kind with key 7, and all else as usual.
fn plain(kind: Kind, (local, remote): (Addr, Addr)) -> Outer {
    Outer {
        format: Format::new(kind, Some(7)),
        local,
        remote,
        sport: 0,
        dport: 4789,
        ttl: 0,
        dscp: None,
        df: Df::Inherit,
        macs: MACS,
    }
}

/// What the packet is for, if it is a tunnel's.
fn find_in(bytes: &[u8], udp: Option<Kind>) -> Result<Option<Found>, Malformed> {
    match bytes.first().map(|b| b >> 4) {
        Some(6) => find(bytes, &parse_v6(bytes, bytes.len())?, udp),
        _ => find(bytes, &parse_v4(bytes, bytes.len())?, udp),
    }
}

/// One bit of a packet, counted as RFCs draw it; zero beyond its end.
fn bit(bytes: &[u8], n: usize) -> bool {
    bytes
        .get(n / 8)
        .is_some_and(|b| (b >> (7 - n % 8)) & 1 == 1)
}

/// The bits from `first` to before `end` as a number.
fn bits(bytes: &[u8], first: usize, end: usize) -> u64 {
    (first..end).fold(0, |n, i| (n << 1) | u64::from(bit(bytes, i)))
}

/// GRE as RFC 2784 and RFC 2890 draw it: length of the header and its key.
fn model_gre(b: &[u8]) -> Option<(usize, Option<u32>)> {
    let known = bits(b, 13, 16) == 0 && !bit(b, 1) && !bit(b, 4) && !bit(b, 5);
    let (checksum, key, sequence) = (bit(b, 0), bit(b, 2), bit(b, 3));
    let words = 1 + [checksum, key, sequence].iter().filter(|x| **x).count();
    let key_word = 1 + usize::from(checksum);
    let value = bits(b, key_word * 32, key_word * 32 + 32) as u32;
    (known && b.len() >= words * 4).then(|| (words * 4, key.then_some(value)))
}

/// Geneve as RFC 8926 draws it.
fn model_geneve(b: &[u8]) -> Option<(usize, u32)> {
    let len = 8 + bits(b, 2, 8) as usize * 4;
    let plain = bits(b, 0, 2) == 0 && !bit(b, 8) && !bit(b, 9);
    (plain && b.len() >= len).then(|| (len, bits(b, 32, 56) as u32))
}

/// An IPv4 packet of `proto` with `payload`, or a datagram if it is UDP.
fn packet(proto: Proto, payload: &[u8]) -> Vec<u8> {
    let udp: &[u8] = match proto {
        Proto::UDP => &[0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0],
        _ => &[],
    };
    let header = Header {
        src: V4([198, 51, 100, 7]),
        dst: V4([192, 0, 2, 1]),
        proto,
        ttl: 64,
        tos: 0,
    };
    let mut out = vec![0; 20];
    V4::write_header(&header, udp.len() + payload.len(), &mut out).unwrap();
    out.extend_from_slice(udp);
    if proto == Proto::UDP {
        let len = (8 + payload.len()) as u16;
        out[24..26].copy_from_slice(&len.to_be_bytes());
    }
    out.extend_from_slice(payload);
    out
}

fn found(proto: Proto, udp: Option<Kind>, payload: &[u8]) -> Result<Option<Found>, Malformed> {
    find_in(&packet(proto, payload), udp)
}

proptest! {
    /// What is built is found again, with the same key and content in the same place.
    #[test]
    fn built_headers_are_found_again(
        outer in outers(),
        (content, first) in contents(),
        (tos, ttl, df, hash, id) in any::<(u8, u8, bool, u32, u16)>(),
        len in 24..200usize,
    ) {
        let template = outer.template().unwrap();
        let inner = Inner { content, len, tos, ttl, hops: u8::MAX, df, hash, id };
        let mut bytes = [0xee; OUTER_MAX];
        let Some(header) = template.len(content) else {
            prop_assert!(template.write(&inner, &mut bytes).is_none());
            return Ok(());
        };
        template.write(&inner, &mut bytes[..header]).unwrap();
        prop_assert!(bytes[header..].iter().all(|b| *b == 0xee));
        let mut whole = bytes[..header].to_vec();
        whole.push(first);
        whole.resize(header + len, 0xaa);

        let kind = outer.format.kind;
        let got = find_in(&whole, Some(kind)).unwrap().unwrap();
        // GRE whose content is labels is the same bytes as a label in GRE.
        let is_label = kind == Kind::Gre && content == Content::Labels && outer.format.key.is_none();
        prop_assume!(!is_label);
        prop_assert_eq!((got.kind, got.key, got.end), (kind, outer.format.key, whole.len()));
        let got = got.admit(&whole, &outer.format.cookie, outer.format.sublayer).unwrap();
        // Tunnels of frames give packets back behind the Ethernet header.
        let got = match content {
            Content::Frame => got,
            _ => got.unframe(&whole).unwrap(),
        };
        prop_assert_eq!((got.at, got.content), (header, content));
        let is_udp = kind.carrier() == Carrier::Udp;
        prop_assert_eq!(got.check == Check::Udp, is_udp);
        if header == template.len(Content::Packet(TYPE_IPV4)).unwrap_or(0) && content != Content::Frame {
            prop_assert_eq!(outer.format.len(template.is_v6()), header);
        }
    }

    /// The outer IP header has what the configuration and the inner packet say.
    #[test]
    fn outer_headers_follow_policy(
        outer in outers(),
        v6 in any::<bool>(),
        (tos, ttl, hops, df, hash, id) in any::<(u8, u8, u8, bool, u32, u16)>(),
    ) {
        let ethertype = if v6 { TYPE_IPV6 } else { TYPE_IPV4 };
        let content = Content::Packet(ethertype);
        let template = outer.template().unwrap();
        let header = template.len(content).unwrap();
        let mut bytes = vec![0; header + 40];
        let inner = Inner { content, len: 40, tos, ttl, hops, df, hash, id };
        template.write(&inner, &mut bytes[..header]).unwrap();
        let want_tos = outer.dscp.map_or(tos, |dscp| (dscp << 2) | (tos & 3));
        let want_ttl = if outer.ttl == 0 { ttl } else { outer.ttl }.min(hops);
        let sport = if template.is_v6() {
            let p = parse_v6(&bytes, bytes.len()).unwrap();
            prop_assert_eq!((p.tos, p.ttl, p.end), (want_tos, want_ttl, bytes.len()));
            p.sport
        } else {
            let p = parse_v4(&bytes, bytes.len()).unwrap();
            prop_assert_eq!((p.tos, p.ttl, p.end), (want_tos, want_ttl, bytes.len()));
            let want_df = match outer.df {
                Df::Set => true,
                Df::Unset => false,
                Df::Inherit => df || v6,
            };
            let want_id = if want_df { 0 } else { id };
            prop_assert_eq!(p.df, want_df);
            prop_assert_eq!(&bytes[4..6], &want_id.to_be_bytes()[..]);
            p.sport
        };
        if outer.format.kind.carrier() == Carrier::Udp {
            let is_right = match outer.sport {
                0 => sport >= 49152,
                fixed => sport == fixed,
            };
            prop_assert!(is_right);
        }
    }

    /// Whatever comes is answered, and what is found lies within the packet.
    #[test]
    fn arbitrary_bytes_never_panic(
        payload in prop::collection::vec(any::<u8>(), 0..80),
        proto in prop::sample::select(vec![Proto::IPIP, Proto::IPV6, Proto::GRE, Proto::L2TP, Proto::UDP]),
        kind in prop::option::of(kinds()),
        cut in 0..120usize,
        (tag, ethertype, sublayer) in any::<(Option<(bool, u16)>, u16, bool)>(),
        cookie in cookies(),
    ) {
        let bytes = packet(proto, &payload);
        let view = parse_v4(&bytes, bytes.len()).unwrap();
        let head = &bytes[..cut.min(bytes.len())];
        match find(head, &view, kind) {
            Ok(Some(got)) => {
                prop_assert!(got.at <= got.end && got.end <= bytes.len());
                if let Ok(got) = got.admit(head, &cookie, sublayer) {
                    prop_assert!(got.at <= got.end);
                    if let Ok(got) = got.unframe(head) {
                        prop_assert!(got.at <= got.end);
                    }
                }
            }
            // Bytes are asked for only where there are some, and more than there were.
            Err(Malformed::Parse(ParseError::Short(needed))) => {
                prop_assert!(needed > head.len() && needed <= bytes.len());
            }
            _ => {}
        }
        let tag = tag.map(|(is_service, control)| Tag {
            ethertype: if is_service { 0x88a8 } else { 0x8100 },
            control,
        });
        let link = find_link(head, bytes.len(), ethertype, tag);
        if let Ok(Some(got)) = link {
            prop_assert!(got.at <= got.end);
            prop_assert!(got.outer_vlan().is_none_or(|got| got.at == 0));
        }
    }

    /// GRE is found where the drawing in the RFC says, and only there.
    #[test]
    fn gre_agrees_with_its_drawing(payload in prop::collection::vec(any::<u8>(), 0..24), calm in any::<bool>()) {
        let mut payload = payload;
        // Most random flags are refused; half of the cases have only those that are not.
        if let [first, second, ..] = payload.as_mut_slice() {
            if calm {
                *first &= 0xb0;
                *second &= 0xf8;
            }
        }
        // Labels have a model of their own below.
        prop_assume!(payload.get(2..4) != Some(&[0x88, 0x47]));
        match (found(Proto::GRE, None, &payload), model_gre(&payload)) {
            (Ok(Some(got)), Some((len, key))) => {
                prop_assert_eq!((got.at, got.key), (20 + len, key));
                prop_assert_eq!(got.check == Check::Gre(20), bit(&payload, 0));
            }
            (Err(_), None) => {}
            (got, want) => prop_assert!(false, "{got:?} but {want:?}"),
        }
    }

    /// Geneve the same.
    #[test]
    fn geneve_agrees_with_its_drawing(payload in prop::collection::vec(any::<u8>(), 0..80), calm in any::<bool>()) {
        let mut payload = payload;
        if let [first, second, ..] = payload.as_mut_slice() {
            if calm {
                *first &= 0x0f;
                *second &= 0x3f;
            }
        }
        match (found(Proto::UDP, Some(Kind::Geneve), &payload), model_geneve(&payload)) {
            (Ok(Some(got)), Some((len, key))) => {
                prop_assert_eq!((got.at, got.key), (28 + len, Some(key)));
            }
            (Err(_), None) => {}
            (got, want) => prop_assert!(false, "{got:?} but {want:?}"),
        }
    }
}

/// Each refusal has its reason.
#[test]
fn refusals_are_named() {
    let udp = |kind, payload: &[u8]| found(Proto::UDP, Some(kind), payload);
    let short = Malformed::Parse(ParseError::Truncated);
    let gre = |b: &[u8]| found(Proto::GRE, None, b);
    assert_eq!(gre(&[0, 0, 8]), Err(short));
    assert_eq!(gre(&[0, 1, 8, 0]), Err(Malformed::Version));
    assert_eq!(gre(&[0x40, 0, 8, 0]), Err(Malformed::Flags));
    assert_eq!(gre(&[0x20, 0, 8, 0, 0, 0, 0]), Err(short));
    assert_eq!(
        gre(&[0, 0, 0x88, 0x47, 0, 0, 0x01, 64]),
        Err(Malformed::Label)
    );
    assert_eq!(
        udp(Kind::Vxlan, &[0, 0, 0, 0, 0, 0, 7, 0]),
        Err(Malformed::Flags)
    );
    // GPE's next protocol flag.
    assert_eq!(
        udp(Kind::Vxlan, &[0x0c, 0, 0, 3, 0, 0, 7, 0]),
        Err(Malformed::Flags)
    );
    assert_eq!(udp(Kind::Vxlan, &[8, 0, 0, 0, 0, 0, 7]), Err(short));
    assert_eq!(
        udp(Kind::Geneve, &[0x40, 0, 8, 0, 0, 0, 7, 0]),
        Err(Malformed::Version)
    );
    assert_eq!(
        udp(Kind::Geneve, &[0, 0x80, 8, 0, 0, 0, 7, 0]),
        Err(Malformed::Control)
    );
    let critical = [1, 0x40, 8, 0, 0, 0, 7, 0, 0, 0, 0x80, 0];
    assert_eq!(udp(Kind::Geneve, &critical), Err(Malformed::Critical));
    assert_eq!(udp(Kind::Geneve, &critical[..8]), Err(short));
    assert_eq!(udp(Kind::Gue, &[0x20, 4, 0, 0]), Err(Malformed::Control));
    assert_eq!(udp(Kind::Gue, &[0, 4, 0x80, 0]), Err(Malformed::Flags));
    assert_eq!(udp(Kind::Gue, &[0, 6, 0, 0]), Err(Malformed::Content));
    assert_eq!(udp(Kind::Gue, &[0x80, 4, 0, 0]), Err(Malformed::Version));
    assert_eq!(udp(Kind::Gue, &[0x50, 4, 0, 0]), Err(Malformed::Content));
    assert_eq!(udp(Kind::Gue, &[1, 4, 0, 0]), Err(short));
    assert_eq!(udp(Kind::Fou, &[0x05]), Err(Malformed::Content));
    assert_eq!(udp(Kind::Fou, &[]), Err(short));
    assert_eq!(udp(Kind::MplsUdp, &[0, 1, 0]), Err(short));
    assert_eq!(udp(Kind::L2tpv3Udp, &[0, 3, 0]), Err(short));
}

/// What is not a tunnel's packet is left to others.
#[test]
fn control_channels_are_left_alone() {
    let udp = |payload: &[u8]| found(Proto::UDP, Some(Kind::L2tpv3Udp), payload);
    assert_eq!(udp(&[0x80, 3, 0, 20, 0, 0, 0, 0]), Ok(None));
    assert_eq!(udp(&[0, 2, 0, 0, 0, 0, 0, 0]), Ok(None));
    assert_eq!(udp(&[0, 3, 0, 0, 0, 0, 0, 0]), Ok(None));
    assert_eq!(found(Proto::L2TP, None, &[0, 0, 0, 0, 1]), Ok(None));
    assert_eq!(found(Proto::UDP, None, &[8, 0, 0, 0]), Ok(None));
    assert_eq!(found(Proto::ESP, None, &[8, 0, 0, 0]), Ok(None));
}

/// What no field tells is told by the packet's own version.
#[test]
fn direct_content_is_told_by_version() {
    for (first, ethertype) in [(0x45, TYPE_IPV4), (0x60, TYPE_IPV6)] {
        for kind in [Kind::Fou, Kind::Gue] {
            let got = found(Proto::UDP, Some(kind), &[first, 0, 0])
                .unwrap()
                .unwrap();
            assert_eq!((got.at, got.content), (28, Content::Packet(ethertype)));
        }
    }
}

/// A cookie must match to the last byte, and be there.
#[test]
fn cookies_are_compared() {
    let payload = [0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0xff];
    let bytes = packet(Proto::L2TP, &payload);
    let got = find_in(&bytes, None).unwrap().unwrap();
    assert_eq!((got.key, got.at), (Some(9), 24));
    let admit = |cookie, sublayer| got.admit(&bytes, &cookie, sublayer).map(|got| got.at);
    assert_eq!(admit(Cookie::None, false), Ok(24));
    assert_eq!(admit(Cookie::Short([1, 2, 3, 4]), false), Ok(28));
    assert_eq!(admit(Cookie::Short([1, 2, 3, 4]), true), Ok(32));
    assert_eq!(admit(Cookie::Long([1, 2, 3, 4, 5, 6, 7, 8]), true), Ok(36));
    assert_eq!(
        admit(Cookie::Short([1, 2, 3, 5]), true),
        Err(Malformed::Cookie)
    );
    assert_eq!(
        admit(Cookie::Long([1, 2, 3, 4, 5, 6, 7, 9]), true),
        Err(Malformed::Cookie)
    );
    let short = packet(Proto::L2TP, &payload[..10]);
    let got = find_in(&short, None).unwrap().unwrap();
    let long = got.admit(&short, &Cookie::Long([1; 8]), true);
    assert_eq!(long, Err(Malformed::Parse(ParseError::Truncated)));
}

/// The length that UDP states ends the content, padding or not.
#[test]
fn udp_says_where_content_ends() {
    let mut bytes = packet(Proto::UDP, &[8, 0, 0, 0, 0, 0, 7, 0, 1, 2, 3, 4]);
    let end = bytes.len();
    let read = |bytes: &[u8]| find_in(bytes, Some(Kind::Vxlan)).map(|got| got.unwrap().end);
    assert_eq!(read(&bytes), Ok(end));
    bytes[25] -= 2;
    assert_eq!(read(&bytes), Ok(end - 2));
    bytes[25] = 7;
    assert_eq!(read(&bytes), Err(Malformed::Parse(ParseError::Length)));
    bytes[25] = 100;
    assert_eq!(read(&bytes), Err(Malformed::Parse(ParseError::Truncated)));
}

/// Fragments wait until they are whole.
#[test]
fn fragments_are_no_tunnels() {
    let mut bytes = packet(Proto::GRE, &[0, 0, 8, 0, 0x45]);
    bytes[6] = 0x20;
    bytes[10..12].copy_from_slice(&[0, 0]);
    let check = Sum::new().bytes(&bytes[..20]).checksum();
    bytes[10..12].copy_from_slice(&check);
    assert_eq!(find_in(&bytes, None), Ok(None));
}

/// A template needs ends of one family and a key of its type.
#[test]
fn impossible_outer_headers_have_no_template() {
    let outer = plain(Kind::Vxlan, V4_ENDS);
    assert!(outer.template().is_some());
    let mixed = Outer {
        remote: V6_ENDS.1,
        ..outer
    };
    assert!(mixed.template().is_none());
    for format in [
        Format::new(Kind::Vxlan, None),
        Format::new(Kind::Vxlan, Some(1 << 24)),
        Format::new(Kind::Vlan, Some(vlan_key(1, None))),
        Format::new(Kind::Mpls, Some(77)),
    ] {
        assert!(Outer { format, ..outer }.template().is_none());
    }
}

/// Lengths that do not fit their field are 0, as the kernel writes them before segmentation.
#[test]
fn long_packets_have_no_length() {
    let cases = [
        (V4_ENDS, Kind::Vxlan),
        (V6_ENDS, Kind::Vxlan),
        (V4_ENDS, Kind::Gre),
    ];
    for (ends, kind) in cases {
        let outer = plain(kind, ends);
        let template = outer.template().unwrap();
        let content = Content::Packet(TYPE_IPV4);
        let inner = Inner {
            content,
            len: 65530,
            tos: 0,
            ttl: 64,
            hops: u8::MAX,
            df: true,
            hash: 1,
            id: 0,
        };
        let mut bytes = vec![0; template.len(content).unwrap()];
        template.write(&inner, &mut bytes).unwrap();
        bytes.resize(bytes.len() + 65530, 0);
        let got = find_in(&bytes, Some(kind)).unwrap().unwrap();
        assert_eq!((got.key, got.end), (Some(7), bytes.len()));
    }
}
