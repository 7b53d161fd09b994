// SPDX-License-Identifier: GPL-2.0

//! Edits of the configuration's trie against a `BTreeMap`, with hashes and failing allocations
//! of the fuzzer's choice.

#![no_main]

#[path = "../../module/table/trie/mod.rs"]
#[allow(dead_code, unused_imports)]
mod trie;

use std::collections::BTreeMap;

use kernel::alloc::{self, flags::GFP_KERNEL};
use kernel::sync::Arc;
use libfuzzer_sys::fuzz_target;
use trie::{Cursor, Keyed, Trie, TrieKey};

/// A key with a hash that the fuzzer chose, so that it can make any collision.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy, Debug)]
struct Key(u16);

impl TrieKey for Key {
    fn hash(&self, _seed: u64) -> u64 {
        // Nibbles far apart: collisions at the top, in the middle and all the way down.
        let [high, low] = self.0.to_be_bytes().map(u64::from);
        ((high >> 4) << 60) | ((high & 3) << 30) | (low >> 6)
    }
}

struct Leaf {
    key: Key,
    value: u32,
}

impl Keyed for Leaf {
    type Key = Key;

    fn key(&self) -> &Key {
        &self.key
    }
}

fn contents(trie: &Trie<Leaf>) -> BTreeMap<Key, u32> {
    let map: BTreeMap<_, _> = trie.iter().map(|leaf| (leaf.key, leaf.value)).collect();
    assert_eq!(map.len(), trie.len());
    map
}

fuzz_target!(|data: &[u8]| {
    let live = alloc::live();
    let mut trie = Trie::<Leaf>::new(0);
    let mut model = BTreeMap::new();
    let mut edit = trie.edit(GFP_KERNEL).unwrap();
    let mut edited = model.clone();
    for (step, op) in data.chunks_exact(4).enumerate() {
        let key = Key(u16::from_be_bytes([op[1], op[2]]));
        let value = step as u32;
        let fails = (op[3] < 16).then_some(usize::from(op[3]));
        match op[0] % 8 {
            0..=3 => {
                let leaf = Arc::new(Leaf { key, value }, GFP_KERNEL).unwrap();
                alloc::fail_after(fails);
                let result = edit.insert(leaf, GFP_KERNEL);
                alloc::fail_after(None);
                if let Ok(old) = result {
                    assert_eq!(old.map(|leaf| leaf.value), edited.insert(key, value));
                }
            }
            4 | 5 => {
                alloc::fail_after(fails);
                let result = edit.remove(&key, GFP_KERNEL);
                alloc::fail_after(None);
                if let Ok(old) = result {
                    assert_eq!(old.map(|leaf| leaf.value), edited.remove(&key));
                }
            }
            6 => {
                alloc::fail_after(fails);
                let frozen = edit.freeze(GFP_KERNEL);
                alloc::fail_after(None);
                match frozen {
                    Ok(new) => {
                        assert_eq!(contents(&new), edited);
                        // What is shared with the old version did not change it.
                        assert_eq!(contents(&trie), model);
                        (trie, model) = (new, edited.clone());
                    }
                    Err(_) => edited = model.clone(),
                }
                edit = trie.edit(GFP_KERNEL).unwrap();
            }
            _ => {
                // A listing in pieces.
                let mut seen = Vec::new();
                let mut cursor = Cursor::default();
                loop {
                    let mut iter = trie.iter_from(cursor);
                    let piece: Vec<_> = iter
                        .by_ref()
                        .take(usize::from(op[3] % 4) + 1)
                        .map(|l| l.key)
                        .collect();
                    cursor = iter.cursor();
                    if piece.is_empty() {
                        break;
                    }
                    seen.extend(piece);
                }
                seen.sort();
                assert!(seen.iter().eq(model.keys()));
            }
        }
        assert_eq!(
            edit.get(&key).map(|leaf| leaf.value),
            edited.get(&key).copied()
        );
        assert_eq!(
            trie.get(&key).map(|leaf| leaf.value),
            model.get(&key).copied()
        );
    }
    drop((edit, trie));
    assert_eq!(alloc::live(), live, "leak");
});
