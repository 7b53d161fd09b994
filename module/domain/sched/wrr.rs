// SPDX-License-Identifier: GPL-2.0

//! Weighted round robin, interleaved as in IPVS.
//!
//! The servers are gone through in rounds, each round at a level between the
//! highest weight and 0, and a server takes part if its weight reaches the level.
//! So the weights 4, 3, 2 give A, AB, ABC, ABC: shares as the weights have them,
//! and the heavy ones are not served in a row.

use super::Servers;

/// Where the next call goes on: the server to look at and the level of the round.
///
/// [`into_u64`](State::into_u64) fits it into an atomic. Any number is a valid state,
/// so servers may come and go; begin with the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    index: u32,
    level: u32,
}

impl State {
    /// The state as one number.
    pub fn into_u64(self) -> u64 {
        (u64::from(self.index) << 32) | u64::from(self.level)
    }

    /// The state of this number.
    pub fn from_u64(number: u64) -> State {
        State {
            index: (number >> 32) as u32,
            level: number as u32,
        }
    }
}

/// The next server, and the state for the next call.
///
/// Looks at every server three times at most: once for the highest weight and the
/// step between levels, and twice for one that reaches the level, since the
/// heaviest reaches all.
pub fn pick<S: Servers + ?Sized>(servers: &S, state: State) -> (Option<usize>, State) {
    let count = servers.count();
    let (mut max, mut step) = (0, 0);
    for index in 0..count {
        let server = servers.server(index);
        if server.is_eligible() {
            max = max.max(server.weight);
            step = gcd(server.weight, step);
        }
    }
    let State {
        mut index,
        mut level,
    } = state;
    if level == 0 || level > max {
        level = max;
    }
    for _ in 0..count.saturating_mul(2) {
        if index as usize >= count {
            index = 0;
            level = match level.saturating_sub(step) {
                0 => max,
                lower => lower,
            };
        }
        let current = index as usize;
        index = index.wrapping_add(1);
        let server = servers.server(current);
        if server.is_eligible() && server.weight >= level {
            return (Some(current), State { index, level });
        }
    }
    (None, state)
}

/// The greatest common divisor; at most 24 rounds for weights.
fn gcd(mut a: u32, mut b: u32) -> u32 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::tests::{tally, weighted};
    use super::super::Candidate;
    use super::*;

    fn order(servers: &[Candidate], rounds: usize) -> Vec<usize> {
        let mut state = State::default();
        let mut order = Vec::new();
        for _ in 0..rounds {
            let (index, next) = pick(servers, state);
            state = State::from_u64(next.into_u64());
            order.extend(index);
        }
        order
    }

    #[test]
    fn shares_are_interleaved() {
        assert_eq!(order(&weighted(&[4, 3, 2]), 9), [0, 0, 1, 0, 1, 2, 0, 1, 2]);
        assert_eq!(order(&weighted(&[40, 30, 20]), 4), [0, 0, 1, 0]);
    }

    #[test]
    fn shares_are_exact() {
        let servers = weighted(&[5, 1, 0, 3]);
        let mut state = State::default();
        let counts = tally(4, 900, || {
            let (index, next) = pick(&servers[..], state);
            state = next;
            index
        });
        assert_eq!(counts, [500, 100, 0, 300]);
    }

    #[test]
    fn extreme_weights_and_states() {
        let servers = weighted(&[65535, 1]);
        for state in [0, u64::MAX, 1 << 63, (5 << 32) | 70000] {
            assert!(pick(&servers[..], State::from_u64(state)).0.is_some());
        }
        let state = State::from_u64(3);
        assert_eq!(pick(&weighted(&[0, 0])[..], state), (None, state));
        assert_eq!(pick(&weighted(&[])[..], state), (None, state));
    }
}
