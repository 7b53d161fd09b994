// SPDX-License-Identifier: GPL-2.0

//! Parsing and rewriting of random packets against slow, obvious models.
//!
//! The model of a rewrite changes the bytes and computes every checksum anew. The
//! code under test must come to the same bytes, and where a checksum was wrong
//! before, it must be wrong after.

use proptest::prelude::*;
use slr_domain::domain::addr::{Ip, Proto, V4, V6};
use slr_domain::domain::packet::build::icmp_error;
use slr_domain::domain::packet::rewrite::{apply, apply_error, Checksum, ErrorRewrite, Rewrite};
use slr_domain::domain::packet::{quote, Header, IcmpError, Network, Packet, ParseError};

/// One's complement sum by the book: 16-bit words, carries added back at once.
fn sum(parts: &[&[u8]]) -> u16 {
    let bytes: Vec<u8> = parts.concat();
    let mut sum = 0u32;
    for word in bytes.chunks(2) {
        sum += (u32::from(word[0]) << 8) | u32::from(*word.get(1).unwrap_or(&0));
        if sum > 0xffff {
            sum -= 0xffff;
        }
    }
    sum as u16
}

/// CRC32c bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0x82f6_3b78
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// Offset of a protocol's checksum and whether it has a pseudo-header.
fn layout(proto: Proto) -> Option<(usize, bool)> {
    Some(match proto {
        Proto::TCP => (16, true),
        Proto::UDP | Proto::UDPLITE => (6, true),
        Proto::ICMPV6 => (2, true),
        Proto::ICMP => (2, false),
        _ => return None,
    })
}

/// The pseudo-header, as bytes.
fn pseudo<A: Ip>(src: A, dst: A, proto: Proto, len: usize) -> Vec<u8> {
    let mut p = [src.as_bytes(), dst.as_bytes()].concat();
    p.extend_from_slice(&(len as u32).to_be_bytes());
    p.extend_from_slice(&[0, 0, 0, proto.0]);
    p
}

/// Writes the checksum of the transport part `l4` anew.
fn seal<A: Ip>(src: A, dst: A, proto: Proto, l4: &mut [u8]) {
    if proto == Proto::SCTP {
        l4[8..12].fill(0);
        let crc = crc32c(l4);
        l4[8..12].copy_from_slice(&crc.to_le_bytes());
    } else if let Some((at, has_pseudo)) = layout(proto) {
        l4[at..at + 2].fill(0);
        let head = match has_pseudo {
            true => pseudo(src, dst, proto, l4.len()),
            false => Vec::new(),
        };
        let mut check = !sum(&[&head, l4]);
        if check == 0 && matches!(proto, Proto::UDP | Proto::UDPLITE) {
            check = 0xffff;
        }
        l4[at..at + 2].copy_from_slice(&check.to_be_bytes());
    }
}

/// Whether the checksum of the transport part holds.
fn holds<A: Ip>(src: A, dst: A, proto: Proto, l4: &[u8]) -> bool {
    if proto == Proto::SCTP {
        let mut copy = l4.to_vec();
        seal(src, dst, proto, &mut copy);
        return copy == l4;
    }
    match layout(proto) {
        Some((_, true)) => sum(&[&pseudo(src, dst, proto, l4.len()), l4]) == 0xffff,
        Some((_, false)) => sum(&[l4]) == 0xffff,
        None => true,
    }
}

/// What a test packet is made of.
#[derive(Clone, Debug)]
struct Recipe<A> {
    src: (A, u16),
    dst: (A, u16),
    proto: Proto,
    payload: Vec<u8>,
}

/// The packet of a recipe, with right checksums.
fn cook<A: Network>(r: &Recipe<A>) -> Vec<u8> {
    let mut l4 = Vec::new();
    match r.proto {
        Proto::ICMP => l4.extend_from_slice(&[8, 0, 0, 0]),
        Proto::ICMPV6 => l4.extend_from_slice(&[128, 0, 0, 0]),
        _ => {
            l4.extend_from_slice(&r.src.1.to_be_bytes());
            l4.extend_from_slice(&r.dst.1.to_be_bytes());
        }
    }
    match r.proto {
        Proto::TCP => l4.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x18, 1, 1, 0, 0, 0, 0]),
        Proto::SCTP => l4.extend_from_slice(&[1, 2, 3, 4, 0, 0, 0, 0, 0, 3, 0, 16]),
        Proto::ICMP | Proto::ICMPV6 => {
            l4.extend_from_slice(&r.src.1.to_be_bytes());
            l4.extend_from_slice(&[0, 1]);
        }
        _ => l4.extend_from_slice(&[0, 8, 0, 0]),
    }
    l4.extend_from_slice(&r.payload);
    seal(r.src.0, r.dst.0, r.proto, &mut l4);
    let header = Header {
        src: r.src.0,
        dst: r.dst.0,
        proto: r.proto,
        ttl: 64,
        tos: 0,
    };
    let mut packet = vec![0; A::HEADER];
    A::write_header(&header, l4.len(), &mut packet).unwrap();
    packet.extend_from_slice(&l4);
    packet
}

fn parsed<A: Network>(bytes: &[u8]) -> Packet<A> {
    A::parse(bytes, bytes.len()).unwrap()
}

fn check_rewrite<A: Network>(old: &Recipe<A>, new: &Recipe<A>, damage: u8) {
    let mut bytes = cook(old);
    let rewrite = Rewrite {
        src: new.src,
        dst: new.dst,
    };
    let packet = parsed::<A>(&bytes);
    apply(&rewrite, &packet, &mut bytes, Checksum::Full).unwrap();
    let want = cook(&Recipe {
        proto: old.proto,
        payload: old.payload.clone(),
        ..new.clone()
    });
    assert_eq!(bytes, want, "{old:?} to {new:?}");
    let after = parsed::<A>(&bytes);
    assert_eq!((after.src, after.dst), (new.src.0, new.dst.0));

    // Damage in the last byte stays as visible as it was.
    let mut wrong = cook(old);
    *wrong.last_mut().unwrap() ^= damage;
    let before = holds(old.src.0, old.dst.0, old.proto, &wrong[A::HEADER..]);
    apply(&rewrite, &packet, &mut wrong, Checksum::Full).unwrap();
    let after = holds(new.src.0, new.dst.0, old.proto, &wrong[A::HEADER..]);
    assert_eq!(before, after);
    assert_eq!(before, damage == 0);
}

fn check_partial<A: Network>(old: &Recipe<A>, new: &Recipe<A>) {
    let Some((at, true)) = layout(old.proto) else {
        return;
    };
    let store = |bytes: &mut [u8], r: &Recipe<A>| {
        let len = bytes.len() - A::HEADER;
        let sum = sum(&[&pseudo(r.src.0, r.dst.0, old.proto, len)]);
        bytes[A::HEADER + at..][..2].copy_from_slice(&sum.to_be_bytes());
    };
    let mut bytes = cook(old);
    store(&mut bytes, old);
    let packet = parsed::<A>(&bytes);
    let rewrite = Rewrite {
        src: new.src,
        dst: new.dst,
    };
    apply(&rewrite, &packet, &mut bytes, Checksum::Partial).unwrap();
    let mut want = cook(&Recipe {
        proto: old.proto,
        payload: old.payload.clone(),
        ..new.clone()
    });
    store(&mut want, new);
    assert_eq!(bytes, want);
}

/// An error about the packet of `old`, rewritten to be about that of `new`.
fn check_error<A: Network>(old: &Recipe<A>, new: &Recipe<A>, from: (A, A), damage: u8) {
    let about = |r: &Recipe<A>, from: A| {
        let original = cook(&Recipe {
            proto: old.proto,
            payload: old.payload.clone(),
            ..r.clone()
        });
        let mut out = vec![0; 1280];
        let packet = parsed::<A>(&original);
        let len = icmp_error(IcmpError::TooBig(1400), &packet, from, &original, &mut out).unwrap();
        out.truncate(len);
        out
    };
    let mut bytes = about(old, from.0);
    let end = bytes.len();
    bytes[end - 1] ^= damage;
    let packet = parsed::<A>(&bytes);
    let quote = quote(&packet, &bytes).unwrap();
    assert_eq!((quote.src, quote.sport), old.src);
    let rewrite = ErrorRewrite {
        src: from.1,
        dst: new.src.0,
        quote: Rewrite {
            src: new.src,
            dst: new.dst,
        },
    };
    apply_error(&rewrite, &packet, &quote, &mut bytes, Checksum::Full).unwrap();
    let mut want = about(new, from.1);
    want[end - 1] ^= damage;
    assert_eq!(bytes, want, "{old:?} to {new:?}");
}

prop_compose! {
    fn ends4()(a: [u8; 4], b: [u8; 4], p: u16, q: u16) -> ((V4, u16), (V4, u16)) {
        ((V4(a), p), (V4(b), q))
    }
}

prop_compose! {
    fn ends6()(a: [u8; 16], b: [u8; 16], p: u16, q: u16) -> ((V6, u16), (V6, u16)) {
        ((V6(a), p), (V6(b), q))
    }
}

fn proto() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![6u8, 17, 136, 132, 1, 47])
}

fn recipe<A: Network>((src, dst): ((A, u16), (A, u16)), proto: u8, payload: &[u8]) -> Recipe<A> {
    let proto = match Proto(proto) {
        Proto::ICMP => A::ICMP,
        other => other,
    };
    let dst = match proto {
        Proto::TCP | Proto::UDP | Proto::UDPLITE | Proto::SCTP => dst,
        _ => (dst.0, 0),
    };
    let src = if proto == Proto::GRE { (src.0, 0) } else { src };
    Recipe {
        src,
        dst,
        proto,
        payload: payload.to_vec(),
    }
}

/// Bytes that look like an IPv4 header often enough to reach the code behind.
fn almost_v4() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(any::<u8>(), 20..120), proto(), 4u8..8).prop_map(
        |(mut p, proto, ihl)| {
            let len = p.len();
            p[0] = 0x40 | ihl;
            p[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            p[6] &= 0x40;
            p[7] = 0;
            p[9] = proto;
            p[10..12].fill(0);
            let header = (usize::from(ihl) * 4).min(len);
            let check = !sum(&[&p[..header]]);
            p[10..12].copy_from_slice(&check.to_be_bytes());
            p
        },
    )
}

fn almost_v6() -> impl Strategy<Value = Vec<u8>> {
    let next = prop::sample::select(vec![0u8, 6, 17, 43, 44, 51, 58, 60, 132]);
    (
        prop::collection::vec(any::<u8>(), 40..160),
        next.clone(),
        next,
    )
        .prop_map(|(mut p, next, second)| {
            let len = p.len() - 40;
            p[0] = 0x60;
            p[4..6].copy_from_slice(&(len as u16).to_be_bytes());
            p[6] = next;
            if len >= 2 {
                p[40] = second;
                p[41] &= 3;
            }
            p
        })
}

/// Whatever part is linear, the result is the same or says how much more it takes.
fn check_linear<A: Network>(bytes: &[u8]) {
    let whole = A::parse(bytes, bytes.len());
    assert!(!matches!(whole, Err(ParseError::Short(_))));
    let mut linear = 0;
    let last = loop {
        match A::parse(&bytes[..linear], bytes.len()) {
            Err(ParseError::Short(n)) => {
                assert!(n > linear && n <= bytes.len());
                linear = n;
            }
            other => break other,
        }
    };
    assert_eq!(last, whole);
    if let Ok(packet) = whole {
        assert!(packet.l4 <= packet.end && packet.end <= bytes.len());
        let quoted = quote(&packet, bytes);
        assert!(!matches!(quoted, Err(ParseError::Short(_))));
        let mut copy = bytes.to_vec();
        let ends = Rewrite {
            src: (A::default(), 1),
            dst: (A::default(), 2),
        };
        apply(&ends, &packet, &mut copy, Checksum::Full).unwrap();
        if let Ok(quoted) = quoted {
            let rewrite = ErrorRewrite {
                src: A::default(),
                dst: A::default(),
                quote: ends,
            };
            let mut copy = bytes.to_vec();
            apply_error(&rewrite, &packet, &quoted, &mut copy, Checksum::Full).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rewrite_v4(a in ends4(), b in ends4(), p in proto(), d: u8, load in prop::collection::vec(any::<u8>(), 4..80)) {
        // Without payload GRE has nothing whose damage shows.
        prop_assume!(p != 47 || d == 0);
        check_rewrite(&recipe(a, p, &load), &recipe(b, p, &load), d);
        check_partial(&recipe(a, p, &load), &recipe(b, p, &load));
    }

    #[test]
    fn rewrite_v6(a in ends6(), b in ends6(), p in proto(), d: u8, load in prop::collection::vec(any::<u8>(), 4..80)) {
        prop_assume!(p != 47 || d == 0);
        check_rewrite(&recipe(a, p, &load), &recipe(b, p, &load), d);
        check_partial(&recipe(a, p, &load), &recipe(b, p, &load));
    }

    #[test]
    fn error_v4(a in ends4(), b in ends4(), f in ends4(), p in proto(), d: u8, load in prop::collection::vec(any::<u8>(), 4..700)) {
        check_error(&recipe(a, p, &load), &recipe(b, p, &load), (f.0.0, f.1.0), d);
    }

    #[test]
    fn error_v6(a in ends6(), b in ends6(), f in ends6(), p in proto(), d: u8, load in prop::collection::vec(any::<u8>(), 4..1400)) {
        check_error(&recipe(a, p, &load), &recipe(b, p, &load), (f.0.0, f.1.0), d);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_linear::<V4>(&bytes);
        check_linear::<V6>(&bytes);
    }

    #[test]
    fn linear_part_does_not_matter(four in almost_v4(), six in almost_v6()) {
        check_linear::<V4>(&four);
        check_linear::<V6>(&six);
    }
}

/// The least that RFC 792 promises: 8 bytes of the transport header.
#[test]
fn shortest_quote_is_translated() {
    let old = recipe(
        ((V4([192, 0, 2, 1]), 1024), (V4([203, 0, 113, 10]), 80)),
        6,
        &[1; 40],
    );
    let new = recipe(
        ((V4([192, 0, 2, 1]), 1024), (V4([10, 2, 0, 5]), 8001)),
        6,
        &[1; 40],
    );
    let mut bytes = vec![0; 20];
    let header = Header {
        src: V4([198, 51, 100, 1]),
        dst: V4([192, 0, 2, 1]),
        proto: Proto::ICMP,
        ttl: 60,
        tos: 0,
    };
    V4::write_header(&header, 8 + 28, &mut bytes).unwrap();
    bytes.extend_from_slice(&[3, 1, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&cook(&new)[..28]);
    seal(header.src, header.dst, Proto::ICMP, &mut bytes[20..]);
    let packet = parsed::<V4>(&bytes);
    let about = quote(&packet, &bytes).unwrap();
    assert_eq!(
        (about.dst, about.dport, about.seq),
        (new.dst.0, 8001, 0x0102_0304)
    );
    let rewrite = ErrorRewrite {
        src: header.src,
        dst: header.dst,
        quote: Rewrite {
            src: old.src,
            dst: old.dst,
        },
    };
    apply_error(&rewrite, &packet, &about, &mut bytes, Checksum::Full).unwrap();
    assert!(holds(header.src, header.dst, Proto::ICMP, &bytes[20..]));
    assert_eq!(bytes[28..56], cook(&old)[..28]);
    // One byte less, and there is nothing to go by.
    bytes.truncate(55);
    bytes[3] = 55;
    bytes[10..12].fill(0);
    let check = !sum(&[&bytes[..20]]);
    bytes[10..12].copy_from_slice(&check.to_be_bytes());
    assert_eq!(
        quote(&parsed::<V4>(&bytes), &bytes),
        Err(ParseError::Truncated)
    );
}

#[test]
fn absent_udp_checksum_stays_absent() {
    let old = recipe(((V4([1; 4]), 1), (V4([2; 4]), 2)), 17, b"data");
    let mut bytes = cook(&old);
    bytes[26..28].fill(0);
    let packet = parsed::<V4>(&bytes);
    let rewrite = Rewrite {
        src: (V4([9; 4]), 9),
        dst: (V4([8; 4]), 8),
    };
    apply(&rewrite, &packet, &mut bytes, Checksum::Full).unwrap();
    assert_eq!(bytes[26..28], [0, 0]);
}
