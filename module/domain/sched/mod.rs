// SPDX-License-Identifier: GPL-2.0

//! Schedulers: which server takes a new flow.
//!
//! Each is a pure function over [`Servers`], which the caller implements on its own
//! table, so nothing is copied and a scheduler reads only the fields it needs.
//! What a scheduler must remember between two flows is one number that the caller
//! keeps in an atomic: two processors that read the same one may choose the same
//! server, which does no harm.
//!
//! A server takes new flows if it [is eligible](Candidate::is_eligible): usable, as
//! the caller has it (up, not failed, below its limit), and of a weight over 0.
//! Everything but [`maglev`] looks at every server once for each new flow.

pub mod fastest;
pub mod lc;
pub mod maglev;
pub mod rr;
pub mod source_hash;
pub mod wlc;
pub mod wrr;

/// What schedulers know of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its share relative to the others'; 0 takes no new flows.
    pub weight: u32,
    /// Flows that it has now.
    pub active: u32,
    /// Smoothed time to its first answer in microseconds; 0 is unknown.
    pub rtt_us: u32,
    /// Whether it may take new flows at all.
    pub usable: bool,
}

impl Candidate {
    /// Whether the server may take the flow.
    #[inline(always)]
    pub fn is_eligible(&self) -> bool {
        self.usable && self.weight > 0
    }
}

/// The servers of a service, numbered from 0.
pub trait Servers {
    /// How many there are.
    fn count(&self) -> usize;

    /// One of them; not usable if there is none of this number.
    fn server(&self, index: usize) -> Candidate;

    /// Whether the one of this number may take the flow.
    #[inline(always)]
    fn is_eligible(&self, index: usize) -> bool {
        self.server(index).is_eligible()
    }
}

impl Servers for [Candidate] {
    fn count(&self) -> usize {
        self.len()
    }

    fn server(&self, index: usize) -> Candidate {
        self.get(index).copied().unwrap_or_default()
    }
}

/// The scheduler of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Scheduler {
    /// Round robin.
    RoundRobin = 0,
    /// Weighted round robin.
    WeightedRoundRobin = 1,
    /// Least connections.
    LeastConnections = 2,
    /// Weighted least connections.
    #[default]
    WeightedLeastConnections = 3,
    /// By the client address.
    SourceHash = 4,
    /// Consistent hash of the client address and port.
    Maglev = 5,
    /// Smallest smoothed time from SYN to SYN/ACK.
    Fastest = 6,
}

impl Scheduler {
    /// Every scheduler, in the order of its number.
    pub const ALL: [Scheduler; 7] = [
        Scheduler::RoundRobin,
        Scheduler::WeightedRoundRobin,
        Scheduler::LeastConnections,
        Scheduler::WeightedLeastConnections,
        Scheduler::SourceHash,
        Scheduler::Maglev,
        Scheduler::Fastest,
    ];

    /// The scheduler of this number.
    pub fn from_u8(number: u8) -> Option<Scheduler> {
        Scheduler::ALL.get(usize::from(number)).copied()
    }

    /// The scheduler's keyword.
    pub fn name(self) -> &'static str {
        match self {
            Scheduler::RoundRobin => "rr",
            Scheduler::WeightedRoundRobin => "wrr",
            Scheduler::LeastConnections => "lc",
            Scheduler::WeightedLeastConnections => "wlc",
            Scheduler::SourceHash => "source-hash",
            Scheduler::Maglev => "maglev",
            Scheduler::Fastest => "fastest",
        }
    }

    /// The scheduler of this keyword.
    pub fn from_name(name: &str) -> Option<Scheduler> {
        Scheduler::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// The numbers of all servers, each once, beginning with `start` modulo their count.
#[inline]
fn from<S: Servers + ?Sized>(servers: &S, start: usize) -> impl Iterator<Item = usize> {
    let count = servers.count();
    let start = start.checked_rem(count).unwrap_or(0);
    (start..count).chain(0..start)
}

/// The eligible server for which `is_better(it, best so far)` holds against all before it.
///
/// Among equals the first from `start` on wins, so a caller who moves `start`
/// spreads what equals share.
#[inline]
fn best<S: Servers + ?Sized>(
    servers: &S,
    start: usize,
    is_better: impl Fn(&Candidate, &Candidate) -> bool,
) -> Option<usize> {
    let mut best: Option<(usize, Candidate)> = None;
    for index in from(servers, start) {
        let server = servers.server(index);
        if !server.is_eligible() {
            continue;
        }
        match &best {
            Some((_, champion)) if !is_better(&server, champion) => {}
            _ => best = Some((index, server)),
        }
    }
    best.map(|(index, _)| index)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Usable servers of these weights.
    pub(crate) fn weighted(weights: &[u32]) -> Vec<Candidate> {
        weights
            .iter()
            .map(|w| Candidate {
                weight: *w,
                usable: true,
                ..Candidate::default()
            })
            .collect()
    }

    /// How often each of `n` servers is chosen in `rounds` calls.
    pub(crate) fn tally(
        n: usize,
        rounds: usize,
        mut pick: impl FnMut() -> Option<usize>,
    ) -> Vec<usize> {
        let mut counts = vec![0; n];
        for _ in 0..rounds {
            counts[pick().unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn names_and_numbers_agree() {
        for (i, s) in Scheduler::ALL.into_iter().enumerate() {
            assert_eq!(Scheduler::from_u8(i as u8), Some(s));
            assert_eq!(Scheduler::from_name(s.name()), Some(s));
        }
        assert_eq!(Scheduler::from_u8(7), None);
    }

    #[test]
    fn every_server_is_visited_once() {
        let servers = weighted(&[1; 5]);
        let order: Vec<usize> = from(&servers[..], 8).collect();
        assert_eq!(order, [3, 4, 0, 1, 2]);
        assert_eq!(from(&weighted(&[])[..], 3).count(), 0);
    }
}
