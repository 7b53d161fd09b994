// SPDX-License-Identifier: GPL-2.0

//! In which order source ports are tried for a new flow.
//!
//! Whether a port is free only the flow table knows, so this is a sequence to try
//! in turn. It begins at a place and goes on by a step that both follow from a
//! seed; the step has no divisor in common with the size of the range, so the
//! sequence meets every port once before it would repeat one. With a secret seed
//! for each flow, ports are not predictable (RFC 6056) and flows seldom meet.
//!
//! Ports that are hardly ever free, as a whole range of them is kept for others,
//! come after all else: a small step would otherwise go on within them for longer
//! than is tried.

use super::addr::PortRange;

/// Source ports to try, each at most once.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The first port, and how many there are without those to be avoided.
    first: u32,
    others: Walk,
    /// Where the ports to be avoided begin, and how many there are.
    avoided_first: u32,
    avoided: Walk,
    left: u32,
}

impl Ports {
    /// The ports of `range` in an order that `seed` decides, `max_probes` of them at most; those
    /// of `avoid` after all others.
    ///
    /// If the range has no more ports than that, all of them come: when the sequence
    /// ends, the range is exhausted indeed.
    pub fn new(range: PortRange, avoid: Option<PortRange>, seed: u64, max_probes: u32) -> Ports {
        let both = avoid.filter(|avoid| avoid.overlaps(range));
        let both = both.and_then(|avoid| {
            PortRange::new(avoid.first.max(range.first), avoid.last.min(range.last))
        });
        let avoided = both.map_or(0, PortRange::count);
        let first = u32::from(range.first);
        Ports {
            first,
            others: Walk::new(range.count().saturating_sub(avoided), seed),
            avoided_first: both.map_or(first, |both| both.first.into()),
            avoided: Walk::new(avoided, seed),
            left: max_probes,
        }
    }
}

impl Iterator for Ports {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        let port = match self.others.next() {
            Some(at) => {
                let port = self.first.wrapping_add(at);
                if port < self.avoided_first {
                    port
                } else {
                    port.wrapping_add(self.avoided.count)
                }
            }
            None => self.avoided_first.wrapping_add(self.avoided.next()?),
        };
        u16::try_from(port).ok()
    }
}

/// The numbers below `count`, each once.
#[derive(Clone, Debug)]
struct Walk {
    count: u32,
    at: u32,
    step: u32,
    left: u32,
}

impl Walk {
    fn new(count: u32, seed: u64) -> Walk {
        let at = (seed as u32).checked_rem(count).unwrap_or(0);
        let step = ((seed >> 32) as u32).checked_rem(count).unwrap_or(0);
        Walk {
            count,
            at,
            step: coprime_from(step, count),
            left: count,
        }
    }
}

impl Iterator for Walk {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let at = self.at;
        // Both are below 65536, so this is the remainder without a division.
        let next = at.wrapping_add(self.step);
        self.at = if next >= self.count {
            next.wrapping_sub(self.count)
        } else {
            next
        };
        Some(at)
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
                for avoid in [None, PortRange::new(32768, 60999), PortRange::new(0, 105)] {
                    let mut ports: Vec<u16> = Ports::new(range, avoid, seed, u32::MAX).collect();
                    ports.sort_unstable();
                    assert!(ports.iter().copied().eq(first..=last));
                }
            }
        }
    }

    #[test]
    fn avoided_ports_come_last() {
        let range = PortRange::new(1024, 65535).unwrap();
        let avoid = PortRange::new(32768, 60999).unwrap();
        // Begins within them, and goes on by one.
        for seed in [40_000, (1 << 32) | 40_000, u64::MAX] {
            let ports: Vec<u16> = Ports::new(range, Some(avoid), seed, u32::MAX).collect();
            let (others, avoided) = ports.split_at(ports.len() - avoid.count() as usize);
            assert!(others.iter().all(|port| !avoid.contains(*port)));
            assert!(avoided.iter().all(|port| avoid.contains(*port)));
        }
        let all = Ports::new(avoid, Some(PortRange::ALL), 7, u32::MAX);
        assert_eq!(all.count(), 28232);
    }

    #[test]
    fn probes_are_bounded() {
        let ports = Ports::new(PortRange::ALL, None, 77, 16);
        assert_eq!(ports.count(), 16);
        assert_eq!(Ports::new(PortRange::ALL, None, 77, 0).next(), None);
    }

    #[test]
    fn seeds_give_different_starts() {
        let first = |seed| Ports::new(PortRange::ALL, None, seed, 1).next();
        assert_ne!(first(1), first(2));
    }
}
