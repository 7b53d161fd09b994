// SPDX-License-Identifier: GPL-2.0

//! Parsing and rewriting of random packets against the [`model`].

mod model;

use model::{
    check_error, check_kept, check_linear, check_partial, check_rewrite, cook, holds, parsed, seal,
    sum, Recipe,
};
use proptest::prelude::*;
use slr_domain::domain::addr::{Proto, V4, V6};
use slr_domain::domain::packet::rewrite::{apply, apply_error, Checksum, ErrorRewrite, Rewrite};
use slr_domain::domain::packet::{quote, Header, Network, ParseError};

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
    fn sums_stay_right_or_as_wrong_v4(mut p in almost_v4(), ends in ends4()) {
        check_kept(&mut p, ends);
    }

    #[test]
    fn sums_stay_right_or_as_wrong_v6(mut p in almost_v6(), ends in ends6()) {
        check_kept(&mut p, ends);
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
