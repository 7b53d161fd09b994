// SPDX-License-Identifier: GPL-2.0

//! The trie against a `BTreeMap`, with good, poor and colliding hashes and failing allocations.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{
    alloc::{self, flags::GFP_KERNEL, AllocError},
    sync::Arc, //
};

use crate::trie::{mix, Cursor, Keyed, Trie, TrieKey};

/// A key whose hash is as bad as `N` bits: all above are the same.
#[derive(PartialEq, Eq, Clone, Copy, PartialOrd, Ord, Debug)]
struct Key<const N: u32>(u32);

impl<const N: u32> TrieKey for Key<N> {
    fn hash(&self, seed: u64) -> u64 {
        mix(mix(seed, self.0.into()), 1) & !(u64::MAX.checked_shr(N).unwrap_or(0))
    }
}

#[derive(Debug)]
struct Leaf<const N: u32> {
    key: Key<N>,
    value: u32,
}

impl<const N: u32> Keyed for Leaf<N> {
    type Key = Key<N>;

    fn key(&self) -> &Key<N> {
        &self.key
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = mix(self.0, 0x1234_5678_9abc_def1);
        (self.0 % u64::from(n)) as u32
    }
}

fn leaf<const N: u32>(key: u32, value: u32) -> Arc<Leaf<N>> {
    Arc::new(
        Leaf {
            key: Key(key),
            value,
        },
        GFP_KERNEL,
    )
    .unwrap()
}

/// One insertion as an edit of its own.
fn put<const N: u32>(
    trie: &mut Trie<Leaf<N>>,
    leaf: Arc<Leaf<N>>,
) -> Result<Option<Arc<Leaf<N>>>, AllocError> {
    let mut edit = trie.edit(GFP_KERNEL)?;
    let old = edit.insert(leaf, GFP_KERNEL)?;
    *trie = edit.freeze(GFP_KERNEL)?;
    Ok(old)
}

/// One removal as an edit of its own.
fn take<const N: u32>(
    trie: &mut Trie<Leaf<N>>,
    key: u32,
) -> Result<Option<Arc<Leaf<N>>>, AllocError> {
    let mut edit = trie.edit(GFP_KERNEL)?;
    let old = edit.remove(&Key(key), GFP_KERNEL)?;
    *trie = edit.freeze(GFP_KERNEL)?;
    Ok(old)
}

fn contents<const N: u32>(trie: &Trie<Leaf<N>>) -> BTreeMap<u32, u32> {
    let seen: Vec<_> = trie.iter().map(|leaf| (leaf.key.0, leaf.value)).collect();
    assert_eq!(seen.len(), trie.len());
    let map: BTreeMap<_, _> = seen.iter().copied().collect();
    assert_eq!(map.len(), seen.len(), "a leaf seen twice");
    for (key, value) in &map {
        assert_eq!(trie.get(&Key(*key)).map(|leaf| leaf.value), Some(*value));
    }
    map
}

/// Random changes; every version ever made must stay what it was.
fn against_model<const N: u32>(keys: u32, steps: u32) {
    let before = alloc::live();
    let mut random = Random(u64::from(N) + 7);
    let mut trie = Trie::<Leaf<N>>::new(0x5eed);
    let mut model = BTreeMap::new();
    let mut kept = Vec::new();
    for step in 0..steps {
        let key = random.below(keys);
        if random.below(5) < 3 {
            let old = put(&mut trie, leaf(key, step)).unwrap();
            assert_eq!(old.map(|leaf| leaf.value), model.insert(key, step));
        } else {
            let old = take(&mut trie, key).unwrap();
            assert_eq!(old.map(|leaf| leaf.value), model.remove(&key));
        }
        assert_eq!(trie.len(), model.len());
        assert_eq!(trie.is_empty(), model.is_empty());
        if step % (steps / 20) == 0 {
            kept.push((trie.clone(), model.clone()));
        }
    }
    for (trie, model) in &kept {
        assert_eq!(&contents(trie), model);
    }
    for key in model.keys() {
        assert!(trie.contains(&Key(*key)));
        take(&mut trie, *key).unwrap().unwrap();
    }
    assert!(trie.is_empty() && trie.iter().next().is_none());
    drop((trie, kept));
    assert_eq!(alloc::live(), before, "leak");
}

#[test]
fn equals_a_map() {
    against_model::<64>(40, 4000);
    against_model::<64>(3000, 20000);
}

#[test]
fn equals_a_map_with_poor_hashes() {
    against_model::<0>(12, 2000);
    against_model::<3>(30, 3000);
    against_model::<10>(2000, 20000);
}

#[test]
fn iterates_in_order_of_hash() {
    let mut trie = Trie::<Leaf<64>>::new(3);
    for key in 0..5000 {
        put(&mut trie, leaf(key, 0)).unwrap();
    }
    let hashes: Vec<_> = trie.iter().map(|leaf| leaf.key.hash(3)).collect();
    assert!(hashes.windows(2).all(|pair| pair[0] < pair[1]));
}

fn resumes<const N: u32>(keys: u32) {
    let mut trie = Trie::<Leaf<N>>::new(9);
    for key in 0..keys {
        put(&mut trie, leaf(key, key)).unwrap();
    }
    for chunk in [1, 2, 7, 100] {
        let mut seen = BTreeSet::new();
        let mut cursor = Cursor::default();
        loop {
            let mut iter = trie.iter_from(cursor);
            let mut got = 0;
            for leaf in iter.by_ref().take(chunk) {
                assert!(seen.insert(leaf.key), "{:?} seen twice", leaf.key);
                got += 1;
            }
            cursor = iter.cursor();
            if got < chunk {
                break;
            }
        }
        assert_eq!(seen.len(), keys as usize);
    }
}

#[test]
fn resumes_where_it_stopped() {
    resumes::<64>(500);
    resumes::<0>(9);
    resumes::<4>(200);
}

#[test]
fn resumes_in_a_later_version() {
    let mut trie = Trie::<Leaf<64>>::new(9);
    for key in 0..1000 {
        put(&mut trie, leaf(key, 0)).unwrap();
    }
    let mut iter = trie.iter();
    let mut seen: BTreeSet<_> = iter.by_ref().take(500).map(|leaf| leaf.key.0).collect();
    let cursor = iter.cursor();
    let mut later = trie.clone();
    for key in 0..1000 {
        if key % 3 == 0 {
            take(&mut later, key).unwrap();
        }
        put(&mut later, leaf(key + 1000, 0)).unwrap();
    }
    for leaf in later.iter_from(cursor) {
        assert!(seen.insert(leaf.key.0), "{} seen twice", leaf.key.0);
    }
    assert!((0..1000)
        .filter(|key| key % 3 != 0)
        .all(|key| seen.contains(&key)));
}

/// Fails the first, second, … allocation of a change, until it needs no more.
fn survives<const N: u32>(
    trie: &Trie<Leaf<N>>,
    change: impl Fn(&mut Trie<Leaf<N>>) -> Result<(), AllocError>,
) {
    let before = contents(trie);
    let live = alloc::live();
    for n in 0.. {
        let mut version = trie.clone();
        alloc::fail_after(Some(n));
        let result = change(&mut version);
        alloc::fail_after(None);
        if result.is_ok() {
            assert!(n > 0);
            break;
        }
        assert_eq!(contents(&version), before, "half a change");
        drop(version);
        assert_eq!(alloc::live(), live, "leak after failure {n}");
    }
    assert_eq!(contents(trie), before);
}

fn survives_all<const N: u32>(keys: u32) {
    let mut trie = Trie::<Leaf<N>>::new(1);
    for key in 0..keys {
        put(&mut trie, leaf(key, 0)).unwrap();
    }
    for key in 0..keys {
        survives(&trie, |trie| take(trie, key).map(drop));
        let new = leaf(key, 1);
        survives(&trie, |trie| put(trie, new.clone()).map(drop));
    }
    let new = leaf(keys, 1);
    survives(&trie, |trie| put(trie, new.clone()).map(drop));
}

#[test]
fn failed_allocation_changes_nothing() {
    survives_all::<64>(200);
    survives_all::<0>(5);
    survives_all::<4>(40);
}

#[test]
fn shares_structure() {
    let mut trie = Trie::<Leaf<64>>::new(1);
    for key in 0..100_000 {
        put(&mut trie, leaf(key, 0)).unwrap();
    }
    let before = alloc::live();
    let old = trie.clone();
    let new = leaf(200_000, 0);
    put(&mut trie, new.clone()).unwrap();
    let cost = alloc::live() - before - 1;
    assert!(
        cost <= 2 * 7,
        "{cost} allocations for one insertion into 100,000"
    );
    assert!(!old.contains(&new.key));
    assert!(Arc::ptr_eq(
        trie.get(&Key(5)).unwrap(),
        old.get(&Key(5)).unwrap()
    ));
}

/// Many steps in one edit, each tried first without memory.
fn edits_at_once<const N: u32>(keys: u32, steps: u32) {
    let before = alloc::live();
    let mut random = Random(3);
    let mut trie = Trie::<Leaf<N>>::new(4);
    let mut model = BTreeMap::new();
    for key in 0..keys / 2 {
        put(&mut trie, leaf(key, 0)).unwrap();
        model.insert(key, 0);
    }
    let (base, base_model) = (trie.clone(), model.clone());
    let mut edit = trie.edit(GFP_KERNEL).unwrap();
    for step in 0..steps {
        let key = random.below(keys);
        let is_insertion = random.below(2) == 0;
        let new = leaf(key, step);
        for n in 0.. {
            alloc::fail_after(Some(n));
            let result = match is_insertion {
                true => edit.insert(new.clone(), GFP_KERNEL),
                false => edit.remove(&Key(key), GFP_KERNEL),
            };
            alloc::fail_after(None);
            let now = edit.get(&Key(key)).map(|leaf| leaf.value);
            let Ok(old) = result else {
                assert_eq!(now, model.get(&key).copied(), "half a step");
                continue;
            };
            let was = match is_insertion {
                true => model.insert(key, step),
                false => model.remove(&key),
            };
            assert_eq!(old.map(|leaf| leaf.value), was);
            assert_eq!(
                edit.get(&Key(key)).map(|leaf| leaf.value),
                model.get(&key).copied()
            );
            break;
        }
    }
    assert_eq!(edit.is_empty(), model.is_empty());
    let later = edit.freeze(GFP_KERNEL).unwrap();
    assert_eq!(contents(&later), model);
    assert_eq!(contents(&base), base_model);
    drop((trie, base, later));
    assert_eq!(alloc::live(), before, "leak");
}

#[test]
fn many_steps_are_one_edit() {
    edits_at_once::<64>(2000, 5000);
    edits_at_once::<8>(300, 3000);
    edits_at_once::<0>(8, 500);
}

#[test]
fn dropped_edit_leaves_no_trace() {
    let mut trie = Trie::<Leaf<64>>::new(4);
    for key in 0..100 {
        put(&mut trie, leaf(key, 0)).unwrap();
    }
    let live = alloc::live();
    let mut edit = trie.edit(GFP_KERNEL).unwrap();
    for key in 50..200 {
        edit.insert(leaf(key, 1), GFP_KERNEL).unwrap();
    }
    drop(edit);
    assert_eq!(alloc::live(), live, "leak");
    assert!(trie.iter().all(|leaf| leaf.value == 0) && trie.len() == 100);
}
