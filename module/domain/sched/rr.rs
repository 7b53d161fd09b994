// SPDX-License-Identifier: GPL-2.0

//! Round robin: the eligible servers in turn, whatever their weights.

use super::{from, Servers};

/// The next server after the one of the last call, and the state for the next call.
///
/// The state is the number where to begin, so a server that is left out does not
/// double its successor's share. Any number is a valid state; begin with 0.
pub fn pick<S: Servers + ?Sized>(servers: &S, state: u32) -> (Option<usize>, u32) {
    let found = from(servers, state as usize).find(|i| servers.is_eligible(*i));
    match found {
        Some(index) => (found, (index as u32).wrapping_add(1)),
        None => (None, state),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{tally, weighted};
    use super::*;

    #[test]
    fn everyone_gets_the_same() {
        let servers = weighted(&[1, 5, 2]);
        let mut state = 7;
        let counts = tally(3, 300, || {
            let (index, next) = pick(&servers[..], state);
            state = next;
            index
        });
        assert_eq!(counts, [100; 3]);
    }

    #[test]
    fn neighbour_of_a_failed_server_gets_no_more() {
        let mut servers = weighted(&[1; 4]);
        servers[1].usable = false;
        servers[3].weight = 0;
        let mut state = 0;
        let counts = tally(4, 100, || {
            let (index, next) = pick(&servers[..], state);
            state = next;
            index
        });
        assert_eq!(counts, [50, 0, 50, 0]);
        servers[0].usable = false;
        servers[2].usable = false;
        assert_eq!(pick(&servers[..], 5), (None, 5));
        assert_eq!(pick(&servers[..0], 5), (None, 5));
    }
}
