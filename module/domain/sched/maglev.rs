// SPDX-License-Identifier: GPL-2.0

//! Maglev: consistent hashing by a table (D. Eisenbud et al., NSDI 2016, 3.4).
//!
//! Every server has a permutation of the table's slots, drawn from its identifier,
//! and the servers take turns in claiming the first free slot of theirs. Shares
//! come out nearly equal, and when a server comes or goes few slots besides its
//! own change hands. Weights are shares of turns: a server has a turn in a round
//! when its collected weight reaches the heaviest one's.
//!
//! Disruption and balance are as good as in the paper with a size of 100 slots a
//! server or more; with fewer, more flows than necessary move.
//!
//! A table depends on identifiers, weights and size alone, not on the past, so all
//! gateways of one configuration have the same. The order of servers decides who
//! claims first: keep it sorted by identifier.
//!
//! [`Filler`] builds the table in steps of bounded work, in memory of the caller,
//! while packets go on using the old one.

use super::Servers;
use crate::domain::hash::{mix, reduce};

/// A slot that nobody has claimed; no server has this number.
pub const EMPTY: u16 = u16::MAX;

/// How many other slots are tried for a flow whose own server takes none.
const RETRIES: u32 = 16;

/// A server's part in filling a table; 24 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claim {
    /// The slot to look at next.
    next: u32,
    /// From one slot of the permutation to the next: 1 to size - 1.
    skip: u32,
    /// Its share of turns.
    weight: u32,
    /// Weight collected towards the next turn.
    credit: u64,
}

impl Claim {
    /// The part of the server with this identifier and weight, in a table of `size` slots.
    ///
    /// `size` must be a prime, so that every skip leads through all slots.
    pub fn new(identifier: u64, weight: u32, size: u32) -> Claim {
        let offset = mix(identifier ^ 0x6f66_6673_6574);
        let skip = mix(identifier ^ 0x0073_6b69_7000);
        Claim {
            next: reduce((offset >> 32) as u32, size),
            skip: reduce((skip >> 32) as u32, size.saturating_sub(1)).wrapping_add(1),
            weight,
            credit: 0,
        }
    }
}

/// Fills a table step by step.
#[derive(Debug)]
pub struct Filler<'a> {
    table: &'a mut [u16],
    claims: &'a mut [Claim],
    state: Progress,
}

/// Where a [`Filler`] stands, kept by a caller who gives the memory back between steps.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Free slots.
    left: u32,
    /// Whose turn it is.
    index: u32,
    /// The weight that makes a turn.
    heaviest: u32,
}

impl<'a> Filler<'a> {
    /// Begins to fill `table`, of which the length must be a prime, with the servers of `claims`.
    ///
    /// Server `i` is the one of `claims[i]`, one of [`Claim::new`] for this size.
    /// Those beyond [`SERVERS_MAX`](crate::domain::limits::SERVERS_MAX) are left out.
    pub fn new(table: &'a mut [u16], claims: &'a mut [Claim]) -> Filler<'a> {
        table.fill(EMPTY);
        let progress = Progress {
            left: table.len() as u32,
            index: 0,
            heaviest: claims.iter().map(|c| c.weight).max().unwrap_or(0),
        };
        Filler::resume(table, claims, progress)
    }

    /// Goes on where `progress` says, with the same memory.
    pub fn resume(table: &'a mut [u16], claims: &'a mut [Claim], progress: Progress) -> Filler<'a> {
        Filler {
            table,
            claims,
            state: progress,
        }
    }

    /// Gives the memory back until the next step.
    pub fn pause(self) -> Progress {
        self.state
    }

    /// Works for `budget` looks at a slot or server; whether the table is complete.
    ///
    /// Without a server of a weight over 0 the table is complete and empty. All work
    /// together is about `size * ln(size)` looks at slots, and one at every server
    /// for each turn of the heaviest.
    pub fn step(&mut self, budget: u32) -> bool {
        let size = self.table.len() as u32;
        for _ in 0..budget {
            if self.state.left == 0 || self.state.heaviest == 0 {
                return true;
            }
            if !self.look(size) {
                return true;
            }
        }
        self.state.left == 0 || self.state.heaviest == 0
    }

    /// Looks at one server or one slot; `false` if there is none to look at.
    fn look(&mut self, size: u32) -> bool {
        let index = self.state.index;
        let heaviest = u64::from(self.state.heaviest);
        let Some(claim) = self.claims.get_mut(index as usize) else {
            // The round is over: everyone collects weight at the start of the next.
            self.state.index = 0;
            return !self.claims.is_empty();
        };
        if claim.credit < heaviest {
            claim.credit = claim.credit.wrapping_add(u64::from(claim.weight));
            if claim.credit < heaviest || index >= u32::from(EMPTY) {
                self.state.index = index.wrapping_add(1);
                return true;
            }
        }
        let Some(slot) = self.table.get_mut(claim.next as usize) else {
            return false;
        };
        claim.next = match claim.next.wrapping_add(claim.skip) {
            next if next >= size => next.wrapping_sub(size),
            next => next,
        };
        if *slot == EMPTY {
            *slot = index as u16;
            claim.credit = claim.credit.wrapping_sub(heaviest);
            self.state.left = self.state.left.wrapping_sub(1);
            self.state.index = index.wrapping_add(1);
        }
        true
    }
}

/// Fills `table` at once; see [`Filler::new`].
pub fn fill(table: &mut [u16], claims: &mut [Claim]) {
    let mut filler = Filler::new(table, claims);
    while !filler.step(u32::MAX) {}
}

/// The server of a flow with this hash.
///
/// If it takes no flows, others are drawn from the hash, so its flows spread over all
/// the rest and no others move; [`super::rr`] order decides if luck does not help.
pub fn pick<S: Servers + ?Sized>(table: &[u16], hash: u32, servers: &S) -> Option<usize> {
    let size = table.len() as u32;
    let mut draw = hash;
    for retry in 0..RETRIES {
        let slot = table.get(reduce(draw, size) as usize)?;
        let index = usize::from(*slot);
        if *slot != EMPTY && servers.is_eligible(index) {
            return Some(index);
        }
        draw = (mix(u64::from(hash) | (u64::from(retry.wrapping_add(1)) << 32)) >> 32) as u32;
    }
    super::from(servers, draw as usize).find(|i| servers.is_eligible(*i))
}

#[cfg(test)]
mod tests {
    use super::super::tests::weighted;
    use super::*;
    use crate::domain::hash::identifier;
    use crate::domain::limits::{MAGLEV_DEFAULT, MAGLEV_MIN};

    fn table(size: u32, servers: &[(u32, u32)]) -> Vec<u16> {
        let mut claims: Vec<Claim> = servers
            .iter()
            .map(|(id, weight)| Claim::new(identifier(&id.to_be_bytes()), *weight, size))
            .collect();
        let mut table = vec![0; size as usize];
        fill(&mut table, &mut claims);
        table
    }

    fn shares(table: &[u16], n: usize) -> Vec<usize> {
        let mut counts = vec![0; n];
        table.iter().for_each(|s| counts[usize::from(*s)] += 1);
        counts
    }

    fn equal(n: u32) -> Vec<(u32, u32)> {
        (0..n).map(|id| (id, 1)).collect()
    }

    #[test]
    fn equal_servers_differ_by_one_slot() {
        for n in [1, 2, 7, 100] {
            let shares = shares(&table(MAGLEV_DEFAULT, &equal(n)), n as usize);
            let (min, max) = (shares.iter().min(), shares.iter().max());
            assert!(max.unwrap() - min.unwrap() <= 1);
        }
    }

    #[test]
    fn weights_are_shares() {
        let shares = shares(
            &table(65521, &[(1, 65535), (2, 100), (3, 0), (4, 32768)]),
            4,
        );
        let total = 65535.0 + 100.0 + 32768.0;
        for (share, weight) in shares.into_iter().zip([65535.0, 100.0, 0.0, 32768.0]) {
            assert!((share as f64 - 65521.0 * weight / total).abs() <= 2.0);
        }
    }

    #[test]
    fn removal_disrupts_little() {
        // Sizes of the paper's advice, 100 slots a server or more.
        for (n, size) in [
            (2u32, 4093),
            (5, 4093),
            (10, 4093),
            (20, 16381),
            (50, 65521),
        ] {
            let before = table(size, &equal(n));
            let gone = n / 2;
            let mut rest = equal(n);
            rest.remove(gone as usize);
            let after = table(size, &rest);
            let moved = before
                .iter()
                .zip(&after)
                .filter(|(b, a)| u32::from(**b) != rest[usize::from(**a)].0)
                .count();
            let ideal = size as usize / n as usize;
            assert!(moved < 2 * ideal, "{moved} of {ideal} with {n}");
        }
    }

    #[test]
    fn steps_give_the_same_table() {
        let whole = table(MAGLEV_MIN, &[(1, 3), (2, 1), (3, 2)]);
        let mut claims = [(1u32, 3), (2, 1), (3, 2)]
            .map(|(id, w)| Claim::new(identifier(&id.to_be_bytes()), w, MAGLEV_MIN));
        let mut slots = vec![9; MAGLEV_MIN as usize];
        let mut filler = Filler::new(&mut slots, &mut claims);
        let mut steps = 1;
        while !filler.step(10) {
            let progress = filler.pause();
            filler = Filler::resume(&mut slots, &mut claims, progress);
            steps += 1;
        }
        assert!(steps > 20);
        assert_eq!(slots, whole);
    }

    #[test]
    fn nobody_to_choose() {
        assert!(table(MAGLEV_MIN, &[]).iter().all(|s| *s == EMPTY));
        let empty = table(MAGLEV_MIN, &[(1, 0), (2, 0)]);
        assert!(empty.iter().all(|s| *s == EMPTY));
        assert_eq!(pick(&empty, 7, &weighted(&[0, 0])[..]), None);
        assert_eq!(pick(&[], 7, &weighted(&[1])[..]), None);
        assert_eq!(
            pick(&table(MAGLEV_MIN, &equal(3)), 7, &weighted(&[])[..]),
            None
        );
    }

    #[test]
    fn only_flows_of_an_unusable_server_move() {
        let table = table(MAGLEV_DEFAULT, &equal(4));
        let all = weighted(&[1; 4]);
        let mut three = all.clone();
        three[1].usable = false;
        let mut counts = [0; 4];
        for hash in (0..30_000).map(|i: u32| i.wrapping_mul(0x9e37_79b9)) {
            let before = pick(&table, hash, &all[..]).unwrap();
            let after = pick(&table, hash, &three[..]).unwrap();
            assert!(after != 1 && (before == 1 || before == after));
            counts[after] += 1;
        }
        assert!(counts.iter().all(|c| *c == 0 || (9000..11_000).contains(c)));
    }
}
