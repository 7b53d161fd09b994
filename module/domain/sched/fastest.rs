// SPDX-License-Identifier: GPL-2.0

//! Fastest response: the server predicted to answer a new flow first.
//!
//! The prediction is the smoothed time from SYN to SYN/ACK, times the flows that
//! the server would have with the new one, per weight. Time alone would send
//! everybody to the fastest until it is the slowest.
//!
//! A prediction needs samples. A server without any takes a flow as soon as it has
//! none, and beyond that every [`PROBE_EVERY`]th flow goes to the servers in turn,
//! whatever is predicted: that is how one that has become fast again is noticed.

use super::{best, from, Candidate, Servers};

/// One in this many flows is not placed by prediction.
pub const PROBE_EVERY: u32 = 32;

/// The new smoothed time after a sample, all in microseconds; 0 is unknown.
///
/// A sample moves it by an eighth of the difference, as TCP does (RFC 6298, 2).
pub fn smooth(rtt_us: u32, sample_us: u32) -> u32 {
    let sample = sample_us.max(1);
    if rtt_us == 0 {
        return sample;
    }
    let sum = u64::from(rtt_us)
        .wrapping_mul(7)
        .wrapping_add(u64::from(sample));
    // Rounded to the nearest, so that a small value can still fall to the sample.
    ((sum.wrapping_add(4) >> 3) as u32).max(1)
}

/// The server for a new flow; `turn` counts the calls.
pub fn pick<S: Servers + ?Sized>(servers: &S, turn: u32) -> Option<usize> {
    let is_untried = |i: &usize| {
        let server = servers.server(*i);
        server.is_eligible() && server.rtt_us == 0 && server.active == 0
    };
    if let Some(index) = from(servers, turn as usize).find(is_untried) {
        return Some(index);
    }
    let start = (turn / PROBE_EVERY) as usize;
    if turn & (PROBE_EVERY - 1) == 0 {
        return from(servers, start).find(|i| servers.is_eligible(*i));
    }
    best(servers, turn as usize, is_faster)
}

/// Whether `a` is predicted to answer before `b`.
///
/// Without a sample yet, but with a flow that will bring one, a server is no one's
/// first choice. Cross-multiplied in 128 bits: 32 each of time, flows and weight.
fn is_faster(a: &Candidate, b: &Candidate) -> bool {
    let cost = |c: &Candidate, weight: u32| {
        let rtt = if c.rtt_us == 0 { u32::MAX } else { c.rtt_us };
        u128::from(u64::from(rtt).wrapping_mul(u64::from(c.active.saturating_add(1))))
            .wrapping_mul(u128::from(weight))
    };
    cost(a, b.weight) < cost(b, a.weight)
}

#[cfg(test)]
mod tests {
    use super::super::tests::weighted;
    use super::*;

    /// Places `n` flows of no length, with these times; how many each server got.
    fn place(rtts: &[u32], n: u32) -> Vec<u32> {
        let mut servers = weighted(&vec![1; rtts.len()]);
        let mut counts = vec![0; rtts.len()];
        for turn in 0..n {
            let index = pick(&servers[..], turn).unwrap();
            counts[index] += 1;
            servers[index].rtt_us = smooth(servers[index].rtt_us, rtts[index]);
        }
        counts
    }

    #[test]
    fn most_flows_go_to_the_fastest() {
        let counts = place(&[50_000, 300], 1000);
        assert!(counts[1] > 950 && counts[0] >= 10, "{counts:?}");
    }

    #[test]
    fn recovery_is_noticed() {
        let mut servers = weighted(&[1, 1]);
        servers[0].rtt_us = 50_000;
        servers[1].rtt_us = 300;
        let mut turn = 0;
        while servers[0].rtt_us > 300 {
            let index = pick(&servers[..], turn).unwrap();
            servers[index].rtt_us = smooth(servers[index].rtt_us, 290);
            turn += 1;
            assert!(turn < 5000);
        }
    }

    #[test]
    fn load_counts_against_speed() {
        let mut servers = weighted(&[1, 1]);
        servers[0].rtt_us = 100;
        servers[1].rtt_us = 200;
        for turn in 1..31 {
            let index = pick(&servers[..], turn).unwrap();
            servers[index].active += 1;
        }
        assert_eq!((servers[0].active, servers[1].active), (20, 10));
    }

    #[test]
    fn smoothing_converges_and_stays_known() {
        assert_eq!(smooth(0, 0), 1);
        assert_eq!(smooth(0, 700), 700);
        assert_eq!(smooth(u32::MAX, u32::MAX), u32::MAX);
        let mut rtt = 80_000;
        for _ in 0..100 {
            rtt = smooth(rtt, 100);
        }
        assert!(rtt <= 104);
    }
}
