// SPDX-License-Identifier: GPL-2.0

//! Least connections: the eligible server with the fewest flows, whatever the weights.

use super::{best, Servers};

/// The server with the fewest flows; among equals the first from `turn` on.
///
/// A caller who counts `turn` up lets idle servers take turns.
pub fn pick<S: Servers + ?Sized>(servers: &S, turn: u32) -> Option<usize> {
    best(servers, turn as usize, |a, b| a.active < b.active)
}

#[cfg(test)]
mod tests {
    use super::super::tests::weighted;
    use super::*;

    #[test]
    fn fewest_flows_win() {
        let mut servers = weighted(&[9, 1, 1]);
        for (server, active) in servers.iter_mut().zip([5, 3, 3]) {
            server.active = active;
        }
        assert_eq!(pick(&servers[..], 0), Some(1));
        assert_eq!(pick(&servers[..], 2), Some(2));
        servers[1].usable = false;
        servers[2].weight = 0;
        assert_eq!(pick(&servers[..], 0), Some(0));
        assert_eq!(pick(&servers[..0], 0), None);
    }
}
