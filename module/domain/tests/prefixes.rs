// SPDX-License-Identifier: GPL-2.0

//! Longest-prefix match against a list that is read from its first line to its last.

use std::collections::HashMap;

use proptest::prelude::*;
use slr_domain::domain::addr::{Ip, V4, V6};
use slr_domain::domain::lpm::{longest, Lengths};

/// What one does with a table, and then asks of it.
#[derive(Clone, Debug)]
enum Step<A> {
    Add(A, u8),
    Remove(usize),
    Ask(A),
}

/// A bit of an address, counted from its front.
fn bit<A: Ip>(addr: A, n: usize) -> bool {
    (addr.as_bytes()[n / 8] >> (7 - n % 8)) & 1 == 1
}

/// The longest of a list, bit by bit.
fn model<A: Ip>(list: &[(A, u8)], addr: A) -> Option<(A, u8)> {
    let mut best: Option<(A, u8)> = None;
    for (prefix, len) in list {
        let same = (0..usize::from(*len)).all(|n| bit(*prefix, n) == bit(addr, n));
        if same && best.is_none_or(|(_, longest)| *len > longest) {
            best = Some((*prefix, *len));
        }
    }
    best
}

/// Addresses that often share their front.
fn addrs<A: Ip>() -> impl Strategy<Value = A> {
    prop::collection::vec(prop::sample::select(vec![0u8, 1, 0x80, 0xff]), A::LEN)
        .prop_map(|bytes| A::read(&bytes, 0).unwrap())
}

fn steps<A: Ip>() -> impl Strategy<Value = Vec<Step<A>>> {
    let step = prop_oneof![
        3 => (addrs::<A>(), 0..=A::BITS).prop_map(|(a, len)| Step::Add(a.mask(len), len)),
        1 => any::<prop::sample::Index>().prop_map(|i| Step::Remove(i.index(1 << 16))),
        3 => addrs::<A>().prop_map(Step::Ask),
    ];
    prop::collection::vec(step, 0..200)
}

fn check<A: Ip + std::hash::Hash, const N: usize>(
    steps: Vec<Step<A>>,
) -> Result<(), TestCaseError> {
    let mut list: Vec<(A, u8)> = Vec::new();
    let mut lengths = Lengths::<N>::new();
    let mut map = HashMap::new();
    for step in steps {
        match step {
            Step::Add(prefix, len) => {
                if map.insert((prefix, len), (prefix, len)).is_none() {
                    lengths.add(len).unwrap();
                    list.push((prefix, len));
                }
            }
            Step::Remove(n) if !list.is_empty() => {
                let (prefix, len) = list.swap_remove(n % list.len());
                map.remove(&(prefix, len));
                lengths.remove(len).unwrap();
            }
            Step::Remove(_) => prop_assert_eq!(lengths.remove(0), None),
            Step::Ask(addr) => {
                let got = longest(&lengths, addr, |prefix, len| {
                    map.get(&(prefix, len)).copied()
                });
                prop_assert_eq!(got, model(&list, addr));
            }
        }
        prop_assert_eq!(lengths.is_empty(), list.is_empty());
    }
    Ok(())
}

proptest! {
    #[test]
    fn ipv4_agrees_with_a_list(steps in steps::<V4>()) {
        check::<V4, 33>(steps)?;
    }

    #[test]
    fn ipv6_agrees_with_a_list(steps in steps::<V6>()) {
        check::<V6, 129>(steps)?;
    }
}
