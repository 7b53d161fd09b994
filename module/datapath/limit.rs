// SPDX-License-Identifier: GPL-2.0

//! How often slr speaks for itself: one bucket of tokens a CPU.
//!
//! Every ICMP message that slr sends takes a token. Resets take none: they are
//! no longer than what they answer, and the kernel's own are not limited either.

use crate::kern::time::{Tick, HZ};
use core::sync::atomic::{AtomicU64, Ordering};
use kernel::{cpu, prelude::*};

/// Tokens that a CPU gets in a second, as `net.ipv4.icmp_msgs_per_sec`.
const RATE: u32 = 10_000;

/// Tokens that a CPU can save up.
const BURST: u32 = 1_000;

/// Tokens of one CPU and the tick when they were counted, in one word.
///
/// Only that CPU writes it, but for a process that moves in between: then a
/// token more or less is spent.
#[repr(align(64))]
struct Bucket(AtomicU64);

/// The buckets of all CPUs.
pub(crate) struct Limiter {
    buckets: KVec<Bucket>,
}

impl Limiter {
    /// Makes full buckets. Context: process, may sleep.
    pub(crate) fn new() -> Result<Self> {
        let now = Tick::now();
        let mut buckets = KVec::new();
        for _ in 0..cpu::nr_cpu_ids() {
            let full = Bucket(AtomicU64::new(pack(now, BURST)));
            buckets.push(full, GFP_KERNEL)?;
        }
        Ok(Limiter { buckets })
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&self) -> bool {
        let now = Tick::now();
        let cpu = cpu::CpuId::current().as_u32();
        let Some(Bucket(word)) = self.buckets.get(cpu as usize) else {
            return false;
        };
        let (then, tokens) = unpack(word.load(Ordering::Relaxed));
        // Beyond a second the bucket is full anyway, and the product stays small.
        let earned = now.since(then).min(HZ).wrapping_mul(RATE) / HZ;
        let Some(left) = tokens.saturating_add(earned).min(BURST).checked_sub(1) else {
            return false;
        };
        word.store(pack(now, left), Ordering::Relaxed);
        true
    }
}

fn pack(at: Tick, tokens: u32) -> u64 {
    u64::from(at.raw()) << 32 | u64::from(tokens)
}

fn unpack(word: u64) -> (Tick, u32) {
    (Tick::from_raw((word >> 32) as u32), word as u32)
}
