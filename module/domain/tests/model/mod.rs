// SPDX-License-Identifier: GPL-2.0

//! Slow, obvious models of what is done to packets, and comparisons with it.
//!
//! The model of a rewrite changes the bytes and computes every checksum anew. The
//! code under test must come to the same bytes, and where a checksum was wrong
//! before, it must be wrong after. Property tests and fuzz targets share this.

use slr_domain::domain::addr::{Ip, Proto};
use slr_domain::domain::packet::build::icmp_error;
use slr_domain::domain::packet::rewrite::{
    apply, apply_error, Change, Checksum, ErrorRewrite, Rewrite, Translation,
};
use slr_domain::domain::packet::{
    quote, Fragment, Header, IcmpError, Network, Packet, ParseError, L4,
};

/// One's complement sum by the book: 16-bit words, carries added back at once.
pub fn sum(parts: &[&[u8]]) -> u16 {
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
pub fn crc32c(bytes: &[u8]) -> u32 {
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
pub fn layout(proto: Proto) -> Option<(usize, bool)> {
    Some(match proto {
        Proto::TCP => (16, true),
        Proto::UDP | Proto::UDPLITE => (6, true),
        Proto::ICMPV6 => (2, true),
        Proto::ICMP => (2, false),
        _ => return None,
    })
}

/// The pseudo-header, as bytes.
pub fn pseudo<A: Ip>(src: A, dst: A, proto: Proto, len: usize) -> Vec<u8> {
    let mut p = [src.as_bytes(), dst.as_bytes()].concat();
    p.extend_from_slice(&(len as u32).to_be_bytes());
    p.extend_from_slice(&[0, 0, 0, proto.0]);
    p
}

/// Writes the checksum of the transport part `l4` anew.
pub fn seal<A: Ip>(src: A, dst: A, proto: Proto, l4: &mut [u8]) {
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
pub fn holds<A: Ip>(src: A, dst: A, proto: Proto, l4: &[u8]) -> bool {
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
pub struct Recipe<A> {
    pub src: (A, u16),
    pub dst: (A, u16),
    pub proto: Proto,
    pub payload: Vec<u8>,
}

/// The packet of a recipe, with right checksums.
pub fn cook<A: Network>(r: &Recipe<A>) -> Vec<u8> {
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

pub fn parsed<A: Network>(bytes: &[u8]) -> Packet<A> {
    A::parse(bytes, bytes.len()).unwrap()
}

pub fn check_rewrite<A: Network>(old: &Recipe<A>, new: &Recipe<A>, damage: u8) {
    let mut bytes = cook(old);
    let rewrite = Rewrite {
        src: new.src,
        dst: new.dst,
    };
    let packet = parsed::<A>(&bytes);
    apply(&rewrite, &packet, &mut bytes, Checksum::Full).unwrap();
    let mut want = cook(&Recipe {
        proto: old.proto,
        payload: old.payload.clone(),
        ..new.clone()
    });
    assert_eq!(bytes, want, "{old:?} to {new:?}");
    let after = parsed::<A>(&bytes);
    assert_eq!((after.src, after.dst), (new.src.0, new.dst.0));

    // Forwarded it is the same, and one hop nearer.
    let from = Rewrite {
        src: old.src,
        dst: old.dst,
    };
    let translation = Translation {
        to: rewrite,
        change: Change::new(&from, &rewrite),
    };
    let mut forwarded = cook(old);
    translation
        .apply(&packet, &mut forwarded, Checksum::Full, true)
        .unwrap();
    A::decrement_ttl(&mut want).unwrap();
    assert_eq!(forwarded, want, "{old:?} to {new:?}");

    // Damage in the last byte stays as visible as it was.
    let mut wrong = cook(old);
    *wrong.last_mut().unwrap() ^= damage;
    let before = holds(old.src.0, old.dst.0, old.proto, &wrong[A::HEADER..]);
    apply(&rewrite, &packet, &mut wrong, Checksum::Full).unwrap();
    let after = holds(new.src.0, new.dst.0, old.proto, &wrong[A::HEADER..]);
    assert_eq!(before, after);
    assert_eq!(before, damage == 0);
}

pub fn check_partial<A: Network>(old: &Recipe<A>, new: &Recipe<A>) {
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
pub fn check_error<A: Network>(old: &Recipe<A>, new: &Recipe<A>, from: (A, A), damage: u8) {
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

/// Whatever part is linear, the result is the same or says how much more it takes.
pub fn check_linear<A: Network>(bytes: &[u8]) {
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

/// What the transport part's checksum is off by; 0 where it holds.
fn error<A: Network>(packet: &Packet<A>, bytes: &[u8]) -> u32 {
    let l4 = &bytes[packet.l4..packet.end];
    match layout(packet.proto) {
        _ if packet.proto == Proto::SCTP => {
            let mut zeroed = l4.to_vec();
            let field: [u8; 4] = zeroed[8..12].try_into().unwrap();
            zeroed[8..12].fill(0);
            crc32c(&zeroed) ^ u32::from_le_bytes(field)
        }
        Some((_, true)) => {
            let pseudo = pseudo(packet.src, packet.dst, packet.proto, l4.len());
            u32::from(sum(&[&pseudo, l4])) % 0xffff
        }
        Some((_, false)) => u32::from(sum(&[l4])) % 0xffff,
        None => 0,
    }
}

/// A rewrite of any packet, whatever options and extensions it has, puts the new ends in,
/// leaves the transport checksum off by what it was off by, and touches nothing else.
pub fn check_kept<A: Network>(bytes: &mut [u8], (src, dst): ((A, u16), (A, u16))) {
    let Ok(packet) = A::parse(bytes, bytes.len()) else {
        return;
    };
    // What the CRC covers is not all here.
    if packet.fragment != Fragment::None && packet.proto == Proto::SCTP {
        return;
    }
    let old = bytes.to_vec();
    apply(&Rewrite { src, dst }, &packet, bytes, Checksum::Full).unwrap();
    let after = parsed::<A>(bytes);
    assert_eq!((after.src, after.dst), (src.0, dst.0));
    let ports = match packet.info {
        L4::Tcp { .. } | L4::Udp | L4::Sctp(_) => (src.1, dst.1),
        L4::Echo { reply: false } => (src.1, 0),
        L4::Echo { reply: true } => (0, dst.1),
        _ => (packet.sport, packet.dport),
    };
    assert_eq!((after.sport, after.dport), ports);
    assert_eq!((after.l4, after.end), (packet.l4, packet.end));
    assert_eq!(after.info, packet.info);
    assert_eq!(old[packet.rewrite_len()..], bytes[packet.rewrite_len()..]);
    if packet.fragment == Fragment::Later {
        return;
    }
    let is_udp = matches!(packet.proto, Proto::UDP | Proto::UDPLITE);
    if is_udp && old[packet.l4 + 6..][..2] == [0, 0] {
        assert_eq!(
            bytes[packet.l4 + 6..][..2],
            [0, 0],
            "no checksum stays none"
        );
        return;
    }
    assert_eq!(error(&packet, &old), error(&after, bytes));
}
