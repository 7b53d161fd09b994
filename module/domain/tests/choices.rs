// SPDX-License-Identifier: GPL-2.0

//! Schedulers and flow states with random input, against slow, obvious models.

use proptest::prelude::*;
use slr_domain::domain::flow::tcp::{open, step, Sight};
use slr_domain::domain::flow::{Event, Side, State};
use slr_domain::domain::packet::tcp::{Flags, Segment};
use slr_domain::domain::sched::{
    fastest, lc, maglev, rr, source_hash, wlc, wrr, Candidate, Servers,
};

prop_compose! {
    fn candidate()(weight in 0u32..5, active in 0u32..9, rtt_us in 0u32..9, usable: bool) -> Candidate {
        Candidate { weight, active, rtt_us, usable }
    }
}

fn servers() -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec(candidate(), 0..12)
}

/// IPVS's weighted round robin, word by word, with its endless loop cut off.
fn model_wrr(servers: &[Candidate], rounds: usize) -> Vec<usize> {
    fn gcd(a: u32, b: u32) -> u32 {
        if b == 0 {
            a
        } else {
            gcd(b, a % b)
        }
    }
    let weights = |s: &&Candidate| s.is_eligible();
    let max = servers.iter().filter(weights).map(|s| s.weight).max();
    let step = servers
        .iter()
        .filter(weights)
        .fold(0, |g, s| gcd(s.weight, g));
    let mut chosen = Vec::new();
    let mut level = max.unwrap_or(0);
    while chosen.len() < rounds && max.is_some() {
        for (i, s) in servers.iter().enumerate() {
            if s.is_eligible() && s.weight >= level {
                chosen.push(i);
            }
        }
        level = if level > step {
            level - step
        } else {
            max.unwrap_or(0)
        };
    }
    chosen.truncate(rounds);
    chosen
}

fn segment() -> impl Strategy<Value = (bool, Segment)> {
    let near = || prop::sample::select(vec![0u32, 1, 2, 100, 101, u32::MAX, 1 << 31]);
    (any::<bool>(), any::<u8>(), near(), near(), 0u32..3).prop_map(
        |(client, flags, seq, ack, len)| {
            let segment = Segment {
                flags: Flags(flags & 0x17),
                seq,
                ack,
                len,
            };
            (client, segment)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_choice_is_eligible_if_there_is_one(list in servers(), n: u32, m: u64) {
        let any = list.iter().any(Candidate::is_eligible);
        let (round, _) = rr::pick(&list[..], n);
        let (weighted, _) = wrr::pick(&list[..], wrr::State::from_u64(m));
        let picks = [
            round,
            weighted,
            lc::pick(&list[..], n),
            wlc::pick(&list[..], n),
            source_hash::pick(&list[..], n),
            fastest::pick(&list[..], n),
        ];
        for pick in picks {
            prop_assert_eq!(pick.is_some(), any);
            prop_assert!(pick.is_none_or(|i| list[..].is_eligible(i)));
        }
    }

    #[test]
    fn weighted_round_robin_is_that_of_ipvs(list in servers()) {
        let mut state = wrr::State::default();
        let mut chosen = Vec::new();
        for _ in 0..40 {
            let (index, next) = wrr::pick(&list[..], state);
            state = next;
            chosen.extend(index);
        }
        prop_assert_eq!(chosen, model_wrr(&list, 40));
    }

    #[test]
    fn least_is_least(list in servers(), n: u32) {
        let eligible = || list.iter().filter(|c| c.is_eligible());
        if let Some(i) = lc::pick(&list[..], n) {
            prop_assert_eq!(Some(list[i].active), eligible().map(|c| c.active).min());
        }
        if let Some(i) = wlc::pick(&list[..], n) {
            let load = |c: &Candidate| f64::from(c.active + 1) / f64::from(c.weight);
            prop_assert!(eligible().all(|c| load(&list[i]) <= load(c) + 1e-9));
        }
    }

    #[test]
    fn maglev_table_is_full_and_fair(ids in prop::collection::btree_set(any::<u64>(), 1..20)) {
        let mut claims: Vec<_> = ids.iter().map(|id| maglev::Claim::new(*id, 7, 2039)).collect();
        let mut table = vec![0; 2039];
        maglev::fill(&mut table, &mut claims);
        for (i, _) in ids.iter().enumerate() {
            let share = table.iter().filter(|s| usize::from(**s) == i).count();
            prop_assert!(share.abs_diff(2039 / ids.len()) <= 1);
        }
    }

    #[test]
    fn any_segments_are_survived(list in prop::collection::vec(segment(), 0..60)) {
        let mut track = open(&Segment::default());
        for (client, s) in list {
            let side = if client { Side::Client } else { Side::Server };
            let was_over = track.state.is_over();
            let (next, event) = step(track, side, &s, Sight::Both);
            // A doubtful packet moves nothing, and only the dead make room.
            prop_assert!(event != Event::Doubtful || next.state == track.state);
            prop_assert!(event != Event::Reopen || was_over);
            prop_assert!(next.state != State::Unreplied && next.state != State::Replied);
            track = next;
        }
    }

    #[test]
    fn guesses_do_not_end_a_connection(guesses in prop::collection::vec((any::<bool>(), any::<u32>(), any::<u32>()), 1..50)) {
        let seg = |flags, seq, ack| Segment { flags: Flags(flags), seq, ack, len: 0 };
        let track = open(&seg(0x02, 1000, 0));
        let (track, _) = step(track, Side::Server, &seg(0x12, 5000, 1001), Sight::Both);
        let (track, _) = step(track, Side::Client, &seg(0x10, 1001, 5001), Sight::Both);
        let mut now = track;
        for (client, seq, ack) in guesses {
            prop_assume!(seq != 1001 && seq != 5001);
            let side = if client { Side::Client } else { Side::Server };
            for flags in [0x04, 0x14, 0x02, 0x12] {
                now = step(now, side, &seg(flags, seq, ack), Sight::Both).0;
            }
        }
        prop_assert_eq!(now, track);
    }
}
