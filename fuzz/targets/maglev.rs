// SPDX-License-Identifier: GPL-2.0

//! A Maglev table filled in steps of any size equals the paper's, filled at once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slr_domain::domain::hash::{mix, reduce};
use slr_domain::domain::sched::maglev::{pick, Claim, Filler, EMPTY};
use slr_domain::domain::sched::{Candidate, Servers};

/// Listing 1 of the paper with turns by weight, its permutations written out.
fn model(servers: &[(u64, u32)], size: u32) -> Vec<u16> {
    let mut table = vec![EMPTY; size as usize];
    let heaviest = servers.iter().map(|s| u64::from(s.1)).max().unwrap_or(0);
    if heaviest == 0 {
        return table;
    }
    let permutations: Vec<Vec<u32>> = servers
        .iter()
        .map(|(id, _)| {
            let offset = reduce((mix(id ^ 0x6f66_6673_6574) >> 32) as u32, size);
            let skip = reduce((mix(id ^ 0x0073_6b69_7000) >> 32) as u32, size - 1) + 1;
            (0..size)
                .map(|j| {
                    ((u64::from(offset) + u64::from(j) * u64::from(skip)) % u64::from(size)) as u32
                })
                .collect()
        })
        .collect();
    let mut next = vec![0; servers.len()];
    let mut credit = vec![0; servers.len()];
    let mut filled = 0;
    loop {
        for (i, (_, weight)) in servers.iter().enumerate() {
            credit[i] += u64::from(*weight);
            if credit[i] < heaviest {
                continue;
            }
            credit[i] -= heaviest;
            let slot = loop {
                let slot = permutations[i][next[i]] as usize;
                next[i] += 1;
                if table[slot] == EMPTY {
                    break slot;
                }
            };
            table[slot] = i as u16;
            filled += 1;
            if filled == size {
                return table;
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&[size, hash, down], rest)) = data.split_first_chunk() else {
        return;
    };
    let size = [2u32, 3, 7, 31, 127, 251][usize::from(size) % 6];
    let (servers, budgets) = rest.split_at(rest.len().min(33) / 3 * 3);
    let servers: Vec<(u64, u32)> = servers
        .chunks_exact(3)
        // Few distinct weights beside any, so that they are often equal.
        .map(|s| (u64::from(s[0]), u32::from(s[1] % 8) << (s[2] % 8)))
        .collect();
    let mut claims: Vec<Claim> = servers
        .iter()
        .map(|(id, weight)| Claim::new(*id, *weight, size))
        .collect();
    let mut table = vec![7; size as usize];
    let mut filler = Filler::new(&mut table, &mut claims);
    let mut budgets = budgets.iter().map(|b| u32::from(*b));
    while !filler.step(budgets.next().unwrap_or(u32::MAX)) {
        let progress = filler.pause();
        filler = Filler::resume(&mut table, &mut claims, progress);
    }
    assert_eq!(table, model(&servers, size));

    let candidates: Vec<Candidate> = servers
        .iter()
        .enumerate()
        .map(|(i, (_, weight))| Candidate {
            weight: *weight,
            usable: (down >> (i % 8)) & 1 == 0,
            ..Candidate::default()
        })
        .collect();
    let picked = pick(&table, (u32::from(hash) << 24) | 0x5a_5a5a, &candidates[..]);
    let any = (0..candidates.len()).any(|i| candidates[..].is_eligible(i));
    assert_eq!(picked.is_some(), any);
    assert!(picked.is_none_or(|i| candidates[..].is_eligible(i)));
});
