// SPDX-License-Identifier: GPL-2.0

//! Rates that many processors hold traffic to: how much may pass, and how much of it at once.
//!
//! A bucket that all processors share is one number, the moment at which it will be full again
//! (GCRA, the virtual scheduling of ITU-T I.371): who takes `n` units moves it by the time that
//! these take at the rate, and nothing may be taken while it is further ahead of the clock than a
//! burst lasts. A processor takes a *batch* at a time and spends that by itself, so that the shared
//! number changes hands some hundred times a second, whatever the number of packets.
//!
//! What passes in a time `t` is at most `rate * t`, a burst, what the processors have left of their
//! last batches, and one batch or packet that is taken while the bucket is not quite empty: see
//! [`Rate::excess`]. Over any time in which there is always something to pass it is no less than
//! `rate * t` less the batches, but for a billionth of a second that each batch is rounded up by.
//! The caller has the clock and the memory.

/// The highest rate: 1 Tbit/s, so that no product below overflows.
pub const RATE_MAX: u64 = 125_000_000_000;

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// A burst is cut into so many batches, and those by the number of processors.
const BATCHES: u64 = 8;

/// The most units that are asked for at once: their time, in nanoseconds times units, fits a word.
const ASK_MAX: u64 = u64::MAX / SECOND;

/// A rate in units a second, whatever the unit, and what follows from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    per_second: u64,
    /// How far the shared number may be ahead of the clock, in nanoseconds.
    tolerance: u64,
    /// Units that a processor takes at a time.
    batch: u64,
}

impl Rate {
    /// Units of `per_second`, of which `burst` may come at once, for so many processors; none if
    /// the rate is 0, which stands for no limit. Values out of range are moved into it.
    pub const fn new(per_second: u64, burst: u64, processors: u32) -> Option<Self> {
        if per_second == 0 {
            return None;
        }
        let per_second = at_most(per_second, RATE_MAX);
        // Then no batch is more than can be asked for.
        let burst = at_most(at_least(burst, 1), ASK_MAX);
        let shares = (at_least(processors as u64, 1)).saturating_mul(BATCHES);
        let batch = match burst.checked_div(shares) {
            Some(batch) => at_least(batch, 1),
            None => 1,
        };
        let mut rate = Rate {
            per_second,
            tolerance: 0,
            batch,
        };
        // The unit that may be taken when the bucket is all but empty is one of the burst.
        rate.tolerance = rate.time(burst.saturating_sub(1));
        Some(rate)
    }

    /// Units a second.
    pub const fn per_second(&self) -> u64 {
        self.per_second
    }

    /// How long so many units take, in nanoseconds, rounded up.
    const fn time(&self, units: u64) -> u64 {
        let product = at_most(units, ASK_MAX).wrapping_mul(SECOND);
        match product.checked_div(self.per_second) {
            Some(time) if time.wrapping_mul(self.per_second) == product => time,
            Some(time) => time.wrapping_add(1),
            None => u64::MAX,
        }
    }

    /// How much to take from the shared bucket for who has `credit` and needs `units`: a batch, or
    /// what is lacking if that is more.
    pub const fn ask(&self, credit: u64, units: u64) -> u64 {
        at_least(units.saturating_sub(credit), self.batch)
    }

    /// Takes so many units from the shared bucket: what its number `full_at` becomes at the time
    /// `now`, in nanoseconds; none if nothing is left.
    pub const fn take(&self, full_at: u64, now: u64, units: u64) -> Option<u64> {
        if full_at > now.saturating_add(self.tolerance) {
            return None;
        }
        Some(at_least(full_at, now).saturating_add(self.time(units)))
    }

    /// The most that can pass beyond `per_second * t`, where so many processors spend and no packet
    /// has more than `largest` units.
    pub const fn excess(&self, processors: u32, largest: u64) -> u64 {
        // `tolerance` in units is a burst less one; rounded up it is no more than a burst.
        let burst = self.tolerance as u128 * self.per_second as u128 / SECOND as u128 + 1;
        let kept = (processors as u64).saturating_mul(self.batch);
        (burst as u64)
            .saturating_add(kept)
            .saturating_add(at_least(largest, self.batch))
    }
}

const fn at_most(value: u64, max: u64) -> u64 {
    match value > max {
        true => max,
        false => value,
    }
}

const fn at_least(value: u64, min: u64) -> u64 {
    match value < min {
        true => min,
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_and_fast() {
        assert_eq!(Rate::new(0, 1, 1), None);
        let slow = Rate::new(1, 1, 2).unwrap();
        let first = slow.take(0, 5 * SECOND, slow.ask(0, 1)).unwrap();
        assert_eq!(first, 6 * SECOND);
        assert_eq!(slow.take(first, 6 * SECOND - 1, 1), None);
        assert_eq!(slow.take(first, 6 * SECOND, 1), Some(7 * SECOND));
        // 400 Gbit/s: a batch is some milliseconds, a packet of 64 bytes more than none.
        let fast = Rate::new(50_000_000_000, 5_000_000_000, 64).unwrap();
        assert_eq!(fast.ask(0, 64), 5_000_000_000 / (8 * 64));
        assert_eq!(fast.time(5_000_000_000), SECOND / 10);
        assert_eq!(fast.time(1), 1);
        let most = Rate::new(u64::MAX, u64::MAX, u32::MAX).unwrap();
        assert_eq!(most.per_second(), RATE_MAX);
        assert!(most.take(u64::MAX, 1, u64::MAX).is_none());
        assert!(most.take(0, u64::MAX, u64::MAX).is_some());
    }

    #[test]
    fn a_packet_larger_than_the_burst_passes_and_is_paid_for() {
        let rate = Rate::new(1000, 100, 1).unwrap();
        let full_at = rate.take(0, SECOND, rate.ask(0, 64_000)).unwrap();
        assert_eq!(full_at, 65 * SECOND);
        assert_eq!(rate.take(full_at, 64 * SECOND, 1), None);
    }
}
