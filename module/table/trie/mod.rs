// SPDX-License-Identifier: GPL-2.0

//! A persistent map: changing it makes a new version and leaves the old one as it was.
//!
//! A hash trie with 32-way nodes. A node holds only the slots in use, found by an index, and is
//! never written once it is part of a [`Trie`]. A version is changed by an [`Edit`], which thaws the
//! nodes on the way to each leaf that it touches, once, into nodes of its own, and shares all
//! others; with 100,000 leaves one insertion touches about four nodes, and ten thousand insertions
//! touch each node once. [`Trie::clone`] costs one reference.
//!
//! The key lives in the leaf. Hashes are 64 bits wide and seeded, because whoever may configure a
//! namespace must not be able to choose keys that collide; full collisions still work, as a list.
//!
//! Readers need `&self` only and take no references: who holds the trie holds all of it. Every
//! allocation is fallible. A failed step leaves the edit as it was before the step.
//!
//! It knows nothing of what it holds and builds on the host as well (`host-tests`).

mod edit;

use kernel::{
    alloc::KVec,
    sync::Arc, //
};

pub(crate) use self::edit::Edit;

/// Bits of the hash that one level consumes.
const BITS: u32 = 5;

/// Levels of branching; below them all bits are used up and a node is a list of collisions.
pub(crate) const LEVELS: usize = 13;

/// What a trie is searched by.
pub(crate) trait TrieKey: Eq {
    /// A well-mixed hash that nobody can predict without `seed`.
    fn hash(&self, seed: u64) -> u64;
}

/// What a trie holds.
pub(crate) trait Keyed {
    /// The type of its key.
    type Key: TrieKey;

    /// The key; never changes while the value is in a trie.
    fn key(&self) -> &Self::Key;
}

enum Slot<T> {
    Branch(Arc<Node<T>>),
    Leaf(Arc<T>),
}

/// A node of a trie, never changed.
struct Node<T> {
    places: Places,
    slots: KVec<Slot<T>>,
}

/// Where the slot of each place of a node is: how many places before it are in use, with
/// [`Places::EMPTY`] added if it is not in use itself. Not used in a list of collisions.
///
/// A bitmap says the same in fewer bytes, but counting bits takes more instructions on the
/// processors that kernels are built for than all else in a look-up.
struct Places([u8; 1 << BITS]);

impl Places {
    const EMPTY: u8 = 1 << 7;

    /// Of a node with one bit a slot in use.
    fn new(bitmap: u32) -> Self {
        let mut places = [Self::EMPTY; 1 << BITS];
        let mut before = 0;
        for (place, at) in places.iter_mut().enumerate() {
            if bitmap & (1 << place) == 0 {
                *at = before | Self::EMPTY;
            } else {
                *at = before;
                before += 1;
            }
        }
        Places(places)
    }

    fn bitmap(&self) -> u32 {
        let bit = |place: usize, at: &u8| u32::from(at & Self::EMPTY == 0) << place;
        let bits = self.0.iter().enumerate();
        bits.fold(0, |bitmap, (place, at)| bitmap | bit(place, at))
    }

    /// The position among the slots for `place`, and whether it is taken.
    #[inline(always)]
    fn position(&self, place: u32) -> (usize, bool) {
        let at = self.0.get(place as usize).unwrap_or(&Self::EMPTY);
        (usize::from(at & !Self::EMPTY), at & Self::EMPTY == 0)
    }
}

/// Which of the 32 places of a node at `depth` a hash belongs to. The upper bits come first, so
/// that the order of places is the order of hashes.
#[inline(always)]
fn place(hash: u64, depth: usize) -> u32 {
    ((hash << (BITS * depth as u32)) >> (u64::BITS - BITS)) as u32
}

impl<T: Keyed> Node<T> {
    /// The leaf of `key` in this node at `depth` or below.
    #[inline(always)]
    fn get(&self, hash: u64, depth: usize, key: &T::Key) -> Option<&Arc<T>> {
        let mut node = self;
        for depth in depth..LEVELS {
            let (at, taken) = node.places.position(place(hash, depth));
            match node.slots.get(at).filter(|_| taken)? {
                Slot::Branch(below) => node = below,
                Slot::Leaf(leaf) => return (leaf.key() == key).then_some(leaf),
            }
        }
        node.slots.iter().find_map(|slot| match slot {
            Slot::Leaf(leaf) if leaf.key() == key => Some(leaf),
            _ => None,
        })
    }
}

/// A persistent map from `T::Key` to `Arc<T>`.
pub(crate) struct Trie<T> {
    root: Option<Arc<Node<T>>>,
    len: usize,
    seed: u64,
}

impl<T> Clone for Trie<T> {
    fn clone(&self) -> Self {
        Trie {
            root: self.root.clone(),
            len: self.len,
            seed: self.seed,
        }
    }
}

impl<T: Keyed> Trie<T> {
    /// An empty map whose hashes depend on `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        Trie {
            root: None,
            len: 0,
            seed,
        }
    }

    /// The seed of the hashes.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// How many leaves it has.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether this is a copy of `other` in which nothing was changed; may say no of equal ones.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.root, &other.root) {
            (Some(root), Some(other)) => Arc::ptr_eq(root, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// The leaf of `key`.
    #[inline(always)]
    pub(crate) fn get(&self, key: &T::Key) -> Option<&Arc<T>> {
        let hash = key.hash(self.seed);
        self.root.as_deref()?.get(hash, 0, key)
    }

    /// Whether there is a leaf of `key`.
    pub(crate) fn contains(&self, key: &T::Key) -> bool {
        self.get(key).is_some()
    }

    /// All leaves, in the order of their hashes.
    pub(crate) fn iter(&self) -> Iter<'_, T> {
        self.iter_from(Cursor::default())
    }

    /// The leaves that come after `cursor`, in the order of their hashes.
    ///
    /// The cursor may come from another version: leaves that both versions have are seen once.
    pub(crate) fn iter_from(&self, cursor: Cursor) -> Iter<'_, T> {
        let mut iter = Iter {
            path: [const { None }; LEVELS + 1],
            depth: 0,
            seed: self.seed,
            cursor,
        };
        iter.seek(self.root.as_deref(), cursor);
        iter
    }
}

/// A place between two leaves. The default one is before all.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Cursor {
    hash: u64,
    /// Leaves of this hash that have been seen; 0 is before the hash.
    seen: u32,
}

/// Iterator over the leaves of a [`Trie`].
pub(crate) struct Iter<'a, T> {
    /// The nodes from the root down, each with the position to visit next.
    path: [Option<(&'a Node<T>, usize)>; LEVELS + 1],
    /// How many of `path` are in use.
    depth: usize,
    seed: u64,
    cursor: Cursor,
}

impl<'a, T: Keyed> Iter<'a, T> {
    /// Where to resume after the leaf returned last.
    pub(crate) fn cursor(&self) -> Cursor {
        self.cursor
    }

    fn push(&mut self, node: &'a Node<T>, at: usize) {
        if let Some(top) = self.path.get_mut(self.depth) {
            *top = Some((node, at));
            self.depth += 1;
        }
    }

    /// Descends to the first leaf after `cursor`.
    fn seek(&mut self, root: Option<&'a Node<T>>, cursor: Cursor) {
        let mut next = root;
        let mut depth = 0;
        while let Some(node) = next.take() {
            if depth >= LEVELS {
                self.push(node, cursor.seen as usize);
                return;
            }
            let (at, taken) = node.places.position(place(cursor.hash, depth));
            match node.slots.get(at).filter(|_| taken) {
                Some(Slot::Branch(below)) => {
                    self.push(node, at + 1);
                    next = Some(below);
                }
                Some(Slot::Leaf(leaf)) => {
                    let hash = leaf.key().hash(self.seed);
                    let seen = hash < cursor.hash || (hash == cursor.hash && cursor.seen > 0);
                    self.push(node, at + usize::from(seen));
                }
                None => self.push(node, at),
            }
            depth += 1;
        }
    }
}

impl<'a, T: Keyed> Iterator for Iter<'a, T> {
    type Item = &'a Arc<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let top = self.depth.checked_sub(1)?;
            let (node, at) = self.path.get_mut(top)?.as_mut()?;
            let (node, position) = (*node, *at);
            *at += 1;
            match node.slots.get(position) {
                Some(Slot::Leaf(leaf)) => {
                    let seen = if top >= LEVELS { position as u32 } else { 0 };
                    self.cursor = Cursor {
                        hash: leaf.key().hash(self.seed),
                        seen: seen + 1,
                    };
                    return Some(leaf);
                }
                Some(Slot::Branch(below)) => self.push(below, 0),
                None => self.depth = top,
            }
        }
    }
}

/// Folds a word into a hash. The multiplication spreads it over both halves, which are then
/// joined.
pub(crate) fn mix(hash: u64, word: u64) -> u64 {
    let other = hash.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(hash ^ word).wrapping_mul(u128::from(other));
    (product as u64) ^ ((product >> 64) as u64)
}
