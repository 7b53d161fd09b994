// SPDX-License-Identifier: GPL-2.0

//! Rewriting any packet, and errors about any packet, against full recomputation.

#![no_main]

#[path = "../../module/domain/tests/model/mod.rs"]
#[allow(dead_code)]
mod model;

use libfuzzer_sys::fuzz_target;
use model::{check_error, check_kept, check_partial, check_rewrite, sum, Recipe};
use slr_domain::domain::addr::{Proto, V4, V6};
use slr_domain::domain::packet::Network;

/// Takes the first `N` bytes off.
fn take<const N: usize>(data: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = data.split_first_chunk()?;
    *data = rest;
    Some(*first)
}

fn recipe<A: Network>(
    data: &mut &[u8],
    addr: impl Fn(&mut &[u8]) -> Option<A>,
    proto: Proto,
) -> Option<Recipe<A>> {
    let src = (addr(data)?, u16::from_be_bytes(take(data)?));
    let dst = (addr(data)?, u16::from_be_bytes(take(data)?));
    let has_ports = !matches!(proto, Proto::ICMP | Proto::ICMPV6 | Proto::GRE);
    Some(Recipe {
        src: if proto == Proto::GRE { (src.0, 0) } else { src },
        dst: if has_ports { dst } else { (dst.0, 0) },
        proto,
        payload: Vec::new(),
    })
}

fn both<A: Network>(
    mut data: &[u8],
    addr: impl Fn(&mut &[u8]) -> Option<A> + Copy,
    proto: u8,
) -> Option<()> {
    let protos = [
        Proto::TCP,
        Proto::UDP,
        Proto::SCTP,
        Proto::UDPLITE,
        A::ICMP,
        Proto::GRE,
    ];
    let proto = protos[usize::from(proto) % protos.len()];
    let mut old = recipe(&mut data, addr, proto)?;
    let mut new = recipe(&mut data, addr, proto)?;
    let from = (addr(&mut data)?, addr(&mut data)?);
    let [damage] = take(&mut data)?;
    let damage = if proto == Proto::GRE { 0 } else { damage };
    if data.len() < 4 || data.len() > 1200 {
        return None;
    }
    old.payload = data.to_vec();
    new.payload = data.to_vec();
    check_rewrite(&old, &new, damage);
    check_partial(&old, &new);
    check_error(&old, &new, from, damage);
    Some(())
}

fuzz_target!(|data: &[u8]| {
    let [kind, proto, rest @ ..] = data else {
        return;
    };
    match kind % 4 {
        0 => drop(both(rest, |d| take(d).map(V4), *proto)),
        1 => drop(both(rest, |d| take(d).map(V6), *proto)),
        // Raw packets, with options and extensions.
        2 => {
            let mut packet = rest.to_vec();
            let header = packet.first().map_or(0, |b| usize::from(b & 15) * 4);
            if header >= 20 && header <= packet.len() {
                packet[10..12].fill(0);
                let check = !sum(&[&packet[..header]]);
                packet[10..12].copy_from_slice(&check.to_be_bytes());
            }
            let ends = ((V4([*proto; 4]), 1024), (V4([10, 2, 0, 5]), 8001));
            check_kept(&mut packet, ends);
        }
        _ => {
            let ends = ((V6([*proto; 16]), 1024), (V6([9; 16]), 8001));
            check_kept(&mut rest.to_vec(), ends);
        }
    }
});
