// SPDX-License-Identifier: GPL-2.0

//! In which order source ports are tried for a new flow.
//!
//! Whether a port is free only the flow table knows, so this is a sequence to try
//! in turn. It begins at a place and goes on by a step that both follow from a
//! seed; the step has no divisor in common with the size of the range, so the
//! sequence meets every port once before it would repeat one. With a secret seed
//! for each flow, ports are not predictable (RFC 6056) and flows seldom meet.

use super::addr::PortRange;

/// Source ports to try, each at most once.
#[derive(Clone, Debug)]
pub struct Ports {
    range: PortRange,
    at: u32,
    step: u32,
    left: u32,
}

impl Ports {
    /// The ports of `range` in an order that `seed` decides, `max_probes` of them at most.
    ///
    /// If the range has no more ports than that, all of them come: when the sequence
    /// ends, the range is exhausted indeed.
    pub fn new(range: PortRange, seed: u64, max_probes: u32) -> Ports {
        let count = range.count().max(1);
        let at = (seed as u32).checked_rem(count).unwrap_or(0);
        let step = ((seed >> 32) as u32).checked_rem(count).unwrap_or(0);
        Ports {
            range,
            at,
            step: coprime_from(step, count),
            left: count.min(max_probes),
        }
    }
}

impl Iterator for Ports {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        let port = u32::from(self.range.first).wrapping_add(self.at);
        // Both are below 65536, so this is the remainder without a division.
        let next = self.at.wrapping_add(self.step);
        let count = self.range.count();
        self.at = if next >= count {
            next.wrapping_sub(count)
        } else {
            next
        };
        u16::try_from(port).ok()
    }
}

/// The first number from `start` on that has no divisor in common with `count`.
///
/// Numbers up to 65536 have such a one within a dozen steps (Jacobsthal's function
/// is 22 at most there); 1 always is one.
fn coprime_from(start: u32, count: u32) -> u32 {
    (start..start.wrapping_add(64))
        .find(|n| *n > 0 && *n < count && gcd(*n, count) == 1)
        .unwrap_or(1)
}

/// The greatest common divisor; at most 24 rounds for numbers up to 65536.
fn gcd(mut a: u32, mut b: u32) -> u32 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_comes_once() {
        for (first, last) in [(1, 1), (1024, 1025), (0, 65535), (32768, 61000), (100, 106)] {
            let range = PortRange::new(first, last).unwrap();
            for seed in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
                let mut ports: Vec<u16> = Ports::new(range, seed, u32::MAX).collect();
                ports.sort_unstable();
                assert!(ports.iter().copied().eq(first..=last));
            }
        }
    }

    #[test]
    fn probes_are_bounded() {
        let ports = Ports::new(PortRange::ALL, 77, 16);
        assert_eq!(ports.count(), 16);
        assert_eq!(Ports::new(PortRange::ALL, 77, 0).next(), None);
    }

    #[test]
    fn seeds_give_different_starts() {
        let first = |seed| Ports::new(PortRange::ALL, seed, 1).next();
        assert_ne!(first(1), first(2));
    }
}
