// SPDX-License-Identifier: GPL-2.0

//! Weighted least connections: the eligible server with the fewest flows for its weight.

use super::{best, Candidate, Servers};

/// The server with the least (flows + 1) / weight; among equals the first from `turn` on.
///
/// The 1 is the flow to place: of two idle servers the heavier one is better.
pub fn pick<S: Servers + ?Sized>(servers: &S, turn: u32) -> Option<usize> {
    best(servers, turn as usize, is_lighter)
}

/// Whether `a` would have less load than `b` with one more flow each.
///
/// `x / w < y / v` is `x * v < y * w`, which needs no division: 33 and 32 bits
/// make 65, so the flows are cut by a bit that no table can reach.
fn is_lighter(a: &Candidate, b: &Candidate) -> bool {
    let load = |c: &Candidate| u64::from(c.active.saturating_add(1));
    load(a).wrapping_mul(u64::from(b.weight)) < load(b).wrapping_mul(u64::from(a.weight))
}

#[cfg(test)]
mod tests {
    use super::super::tests::weighted;
    use super::*;

    #[test]
    fn flows_follow_weights() {
        let mut servers = weighted(&[3, 1, 2, 0]);
        for turn in 0..600 {
            let index = pick(&servers[..], turn).unwrap();
            servers[index].active += 1;
        }
        let active: Vec<u32> = servers.iter().map(|s| s.active).collect();
        assert_eq!(active, [300, 100, 200, 0]);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut servers = weighted(&[u32::MAX, u32::MAX - 1]);
        servers[0].active = u32::MAX;
        servers[1].active = u32::MAX;
        assert_eq!(pick(&servers[..], 0), Some(0));
        assert_eq!(pick(&servers[..], 1), Some(0));
    }
}
