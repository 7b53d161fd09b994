// SPDX-License-Identifier: GPL-2.0

//! Longest-prefix match against a list that is read from its first line to its last.

#![no_main]

use std::collections::HashMap;
use std::hash::Hash;

use libfuzzer_sys::fuzz_target;
use slr_domain::domain::addr::{Ip, V4, V6};
use slr_domain::domain::lpm::{longest, Lengths};

/// A bit of an address, counted from its front.
fn bit<A: Ip>(addr: A, n: usize) -> bool {
    (addr.as_bytes()[n / 8] >> (7 - n % 8)) & 1 == 1
}

/// The longest prefix of a list, bit by bit.
fn model<A: Ip>(list: &HashMap<(A, u8), usize>, addr: A) -> Option<usize> {
    list.iter()
        .filter(|((prefix, len), _)| {
            (0..usize::from(*len)).all(|n| bit(*prefix, n) == bit(addr, n))
        })
        .max_by_key(|((_, len), _)| *len)
        .map(|(_, value)| *value)
}

/// Steps are four bytes: what to do, a length, and the two bytes that the address is made of, so
/// that many share their front.
fn edits<A: Ip + Hash, const N: usize>(data: &[u8]) {
    let mut lengths = Lengths::<N>::new();
    let mut list = HashMap::new();
    for (step, op) in data.chunks_exact(4).enumerate() {
        let bytes: Vec<u8> = (0..A::LEN).map(|i| op[2 + i * 2 / A::LEN]).collect();
        let addr = A::read(&bytes, 0).unwrap();
        let len = op[1] % (A::BITS + 1);
        let key = (addr.mask(len), len);
        match op[0] % 4 {
            0 | 1 => {
                if list.insert(key, step).is_none() {
                    lengths.add(len).unwrap();
                }
            }
            2 => {
                if list.remove(&key).is_some() {
                    lengths.remove(len).unwrap();
                } else if !list.keys().any(|(_, other)| *other == len) {
                    assert_eq!(lengths.remove(len), None);
                }
            }
            _ => {}
        }
        assert_eq!(lengths.is_empty(), list.is_empty());
        let got = longest(&lengths, addr, |prefix, len| {
            list.get(&(prefix, len)).copied()
        });
        assert_eq!(got, model(&list, addr));
    }
}

fuzz_target!(|data: &[u8]| {
    match data.split_first() {
        Some((kind, steps)) if kind & 1 == 0 => edits::<V4, 33>(steps),
        Some((_, steps)) => edits::<V6, 129>(steps),
        None => {}
    }
});
