// SPDX-License-Identifier: GPL-2.0

//! The keyed hash that finds flows and spreads clients.
//!
//! Clients choose what is hashed, so they must not be able to choose what falls
//! into one bucket. That calls for a secret key and a family of functions in which
//! the key, not luck, makes collisions rare. SipHash has that by being a
//! pseudo-random function, at about 100 instructions for an IPv4 flow. Pair-multiply
//! hashing (M. Thorup, "High Speed Hashing for Integers and Strings", 2015) has it
//! by proof: with 64-bit random numbers a[i] and 32-bit words x[i],
//!
//! ```text
//!   h(x) = (a[n] + sum over even i of (a[i] + x[i+1]) * (a[i+1] + x[i])) >> 32
//! ```
//!
//! is strongly universal: any two different keys get independent, uniform values,
//! so two chosen flows share one of m buckets with probability 1/m, whatever they
//! are. It takes two multiplications for IPv4 and five for IPv6, about 15 and 35
//! instructions. The proof holds for a client who does not see hash values. Nothing
//! that slr sends depends on them, and a table whose chains grow too long for
//! chance takes a new key.

use super::addr::{Ip, Proto};

/// Words of the longest key: two IPv6 addresses, ports, customer and protocol.
const WORDS: usize = 10;

/// A secret function out of the family; the same one for the life of a table.
#[derive(Clone, Copy)]
pub struct Key {
    /// Multipliers, one for each word.
    multipliers: [u64; WORDS],
    /// What is added in the end.
    offset: u64,
}

/// Mixes 64 bits so that each depends on all (the finalizer of splitmix64).
///
/// A permutation, not secret: for identifiers and sequences, not against enemies.
#[inline]
pub const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Folds bytes into one number, for identifiers such as a server's address and port.
///
/// Not keyed, and the same on every machine, so that two gateways with one
/// configuration build the same maglev table.
pub fn identifier(bytes: &[u8]) -> u64 {
    let start = mix(bytes.len() as u64);
    bytes.iter().fold(start, |hash, byte| {
        mix(hash ^ u64::from(*byte)).wrapping_add(0x9e37_79b9_7f4a_7c15)
    })
}

/// Scales a 32-bit hash to `0..size`, without a division; 0 if `size` is.
#[inline(always)]
pub fn reduce(hash: u32, size: u32) -> u32 {
    (u64::from(hash).wrapping_mul(u64::from(size)) >> 32) as u32
}

/// One product of the sum.
#[inline(always)]
fn pair(a: u64, b: u64, x: u32, y: u32) -> u64 {
    a.wrapping_add(u64::from(y))
        .wrapping_mul(b.wrapping_add(u64::from(x)))
}

impl Key {
    /// The function that belongs to 128 random bits.
    ///
    /// The numbers come out of a generator seeded with both halves; whoever does not
    /// know the bits does not know the numbers.
    pub const fn new(random: [u64; 2]) -> Key {
        let [seed, step] = random;
        let mut multipliers = [0; WORDS];
        let mut state = seed;
        let mut i = 0;
        while i < WORDS {
            // An odd step visits all states before it repeats one.
            state = state.wrapping_add(step | 1);
            multipliers[i] = mix(mix(state) ^ step);
            i += 1;
        }
        state = state.wrapping_add(step | 1);
        Key {
            multipliers,
            offset: mix(mix(state) ^ step),
        }
    }

    /// The hash of a flow's ends in one direction.
    ///
    /// `customer` counts up to [`CUSTOMER_MAX`](super::limits::CUSTOMER_MAX).
    #[inline(always)]
    pub fn flow<A: Ip>(
        &self,
        customer: u32,
        proto: Proto,
        (src, sport): (A, u16),
        (dst, dport): (A, u16),
    ) -> u32 {
        let [a, b, rest @ ..] = &self.multipliers;
        let ports = (u32::from(sport) << 16) | u32::from(dport);
        let context = customer.wrapping_shl(8) | u32::from(proto.0);
        let sum = self.offset.wrapping_add(pair(*a, *b, ports, context));
        let (src, dst) = (src.words(), dst.words());
        let [a, b, c, d, e, f, g, h] = *rest;
        // Written out, as not every compiler unrolls a loop over what it could count here.
        let addrs = match (src.as_ref(), dst.as_ref()) {
            (&[s], &[t]) => pair(a, b, s, t),
            (&[s, u, w, y], &[t, v, x, z]) => pair(a, b, s, t)
                .wrapping_add(pair(c, d, u, v))
                .wrapping_add(pair(e, f, w, x))
                .wrapping_add(pair(g, h, y, z)),
            // There is no third family.
            _ => 0,
        };
        (sum.wrapping_add(addrs) >> 32) as u32
    }

    /// The hash of one address and port, for choosing a server by the client.
    #[inline]
    pub fn client<A: Ip>(&self, addr: A, port: u16) -> u32 {
        self.flow(0, Proto(0), (addr, port), (A::default(), 0))
    }

    /// The hash of two words, such as the bits of a prefix and its length.
    #[inline(always)]
    pub fn words(&self, x: u32, y: u32) -> u32 {
        let [a, b, ..] = &self.multipliers;
        (self.offset.wrapping_add(pair(*a, *b, x, y)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::addr::{V4, V6};

    const KEY: Key = Key::new([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210]);

    /// The largest of `size` buckets for the hashes of `n` flows.
    fn worst(size: u32, n: u32, hash: impl Fn(u32) -> u32) -> u32 {
        let mut buckets = vec![0u32; size as usize];
        for i in 0..n {
            buckets[reduce(hash(i), size) as usize] += 1;
        }
        buckets.into_iter().max().unwrap()
    }

    #[test]
    fn flows_of_one_client_spread() {
        let (c, s) = (V4([192, 0, 2, 1]), V4([203, 0, 113, 10]));
        let by_port = |i: u32| KEY.flow(0, Proto::TCP, (c, i as u16), (s, 80));
        // 16 a bucket on average; chance alone seldom exceeds 45.
        assert!(worst(4096, 65536, by_port) < 64);
    }

    #[test]
    fn clients_and_customers_spread() {
        let s = V4([203, 0, 113, 10]);
        let by_addr = |i: u32| KEY.flow(0, Proto::TCP, (V4(i.to_be_bytes()), 9), (s, 80));
        let by_customer = |i: u32| KEY.flow(i, Proto::TCP, (s, 9), (s, 80));
        let six = |i: u32| {
            let mut a = [0; 16];
            a[8..12].copy_from_slice(&i.to_be_bytes());
            KEY.flow(0, Proto::UDP, (V6(a), 9), (V6([1; 16]), 53))
        };
        assert!(worst(4096, 65536, by_addr) < 64);
        assert!(worst(4096, 65536, by_customer) < 64);
        assert!(worst(4096, 65536, six) < 64);
    }

    #[test]
    fn directions_and_keys_differ() {
        let (a, b) = ((V4([10, 0, 0, 1]), 1), (V4([10, 0, 0, 2]), 2));
        let forth = KEY.flow(0, Proto::TCP, a, b);
        assert_ne!(forth, KEY.flow(0, Proto::TCP, b, a));
        assert_ne!(forth, KEY.flow(0, Proto::UDP, a, b));
        assert_ne!(forth, KEY.flow(1, Proto::TCP, a, b));
        assert_ne!(forth, Key::new([1, 2]).flow(0, Proto::TCP, a, b));
        assert_ne!(identifier(b"ab"), identifier(b"ba"));
        assert_ne!(identifier(&[0]), identifier(&[0, 0]));
    }
}
