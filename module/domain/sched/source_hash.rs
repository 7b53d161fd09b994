// SPDX-License-Identifier: GPL-2.0

//! Source hash: a client's flows go to one server as long as the servers stay the same.
//!
//! Shares are as the weights. While a server cannot take flows, only its clients
//! move; but a changed list or weight moves most of them, which [`maglev`] avoids.
//!
//! [`maglev`]: super::maglev

use super::{from, Servers};
use crate::domain::hash::mix;

/// How often another server is drawn for a client whose own takes no flows.
const RETRIES: u64 = 8;

/// The server of the client with this hash of its address.
///
/// Every client is drawn a point on the line of all weights, those of unusable
/// servers included. If it falls on such a one, it is drawn again from its hash.
pub fn pick<S: Servers + ?Sized>(servers: &S, hash: u32) -> Option<usize> {
    let weight = |i| u64::from(servers.server(i).weight);
    let total = (0..servers.count()).fold(0u64, |sum, i| sum.saturating_add(weight(i)));
    for retry in 0..RETRIES {
        let draw = mix(u64::from(hash) | (retry << 32));
        let mut point = draw.checked_rem(total)?;
        for index in 0..servers.count() {
            match point.checked_sub(weight(index)) {
                Some(rest) => point = rest,
                None if servers.is_eligible(index) => return Some(index),
                None => break,
            }
        }
    }
    from(servers, hash as usize).find(|i| servers.is_eligible(*i))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{tally, weighted};
    use super::*;

    #[test]
    fn shares_follow_weights() {
        let servers = weighted(&[1, 2, 0, 1]);
        let mut hash = 0u32;
        let counts = tally(4, 40_000, || {
            hash = hash.wrapping_add(0x9e37_79b9);
            pick(&servers[..], hash)
        });
        for (got, want) in counts.into_iter().zip([10_000usize, 20_000, 0, 10_000]) {
            assert!(got.abs_diff(want) <= want / 20, "{got} for {want}");
        }
    }

    #[test]
    fn only_clients_of_a_failed_server_move() {
        let all = weighted(&[1; 5]);
        let mut four = all.clone();
        four[2].usable = false;
        for hash in (0..10_000).map(|i: u32| i.wrapping_mul(0x9e37_79b9)) {
            let before = pick(&all[..], hash).unwrap();
            let after = pick(&four[..], hash).unwrap();
            assert!(after != 2 && (before == after || before == 2));
        }
    }

    #[test]
    fn last_server_is_found() {
        let mut servers = weighted(&[65535, 65535, 1]);
        servers[0].usable = false;
        servers[1].usable = false;
        assert!((0..1000).all(|h| pick(&servers[..], h) == Some(2)));
        assert_eq!(pick(&weighted(&[0, 0])[..], 1), None);
        assert_eq!(pick(&weighted(&[])[..], 1), None);
    }
}
