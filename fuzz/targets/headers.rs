// SPDX-License-Identifier: GPL-2.0

//! Any frame is parsed without a panic, and the same whatever part of it is linear.

#![no_main]

#[path = "../../module/domain/tests/model/mod.rs"]
#[allow(dead_code)]
mod model;

use libfuzzer_sys::fuzz_target;
use model::{check_linear, sum};
use slr_domain::domain::addr::{V4, V6};
use slr_domain::domain::packet::arp::Arp;
use slr_domain::domain::packet::build::{echo_reply, icmp_error, sctp_abort, tcp_reset};
use slr_domain::domain::packet::ether::Ether;
use slr_domain::domain::packet::ndisc::Solicitation;
use slr_domain::domain::packet::{IcmpError, Network};

/// Whatever is sent in answer to a packet is a packet that can be parsed.
fn check_answers<A: Network>(bytes: &[u8]) {
    let Ok(packet) = A::parse(bytes, bytes.len()) else {
        return;
    };
    let mut out = [0; 2048];
    let from = A::default();
    for len in [
        tcp_reset(&packet, &mut out),
        sctp_abort(&packet, &mut out),
        icmp_error(IcmpError::TooBig(1400), &packet, from, bytes, &mut out),
        echo_reply(&packet, bytes, &mut out),
    ]
    .into_iter()
    .flatten()
    {
        assert!(len <= out.len());
    }
    if let Some(len) = icmp_error(IcmpError::TimeExceeded, &packet, from, bytes, &mut out) {
        let answer = &out[..len];
        assert!(len <= A::ERROR_MAX);
        A::parse(answer, len).unwrap();
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = Ether::parse(data);
    if let Some(arp) = Arp::parse(data) {
        let mut out = [0; 64];
        let len = arp.write(&mut out).unwrap();
        assert_eq!(Arp::parse(&out[..len]), Some(arp));
    }
    check_linear::<V4>(data);
    check_answers::<V4>(data);
    check_linear::<V6>(data);
    check_answers::<V6>(data);
    if let Ok(packet) = V6::parse(data, data.len()) {
        let _ = Solicitation::parse(&packet, data);
    }
    // A checksum is hard to guess: once more with the right one.
    let mut sealed = data.to_vec();
    let header = sealed.first().map_or(0, |b| usize::from(b & 15) * 4);
    if header >= 20 && header <= sealed.len() {
        sealed[10..12].fill(0);
        let check = !sum(&[&sealed[..header]]);
        sealed[10..12].copy_from_slice(&check.to_be_bytes());
        check_linear::<V4>(&sealed);
        check_answers::<V4>(&sealed);
    }
});
