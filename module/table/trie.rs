// SPDX-License-Identifier: GPL-2.0

//! A persistent map: changing it makes a new root and leaves the old one as it was.
//!
//! A hash trie with 32-way nodes. A node holds only the slots in use, named by a bitmap, and is
//! never written once it is shared. An insertion or removal copies the nodes on the path to the
//! leaf, at most [`LEVELS`] of them and with 100,000 leaves about four, and shares all others with
//! the version it started from. [`Trie::clone`] costs one reference.
//!
//! The key lives in the leaf. Hashes are 64 bits wide and seeded, because whoever may configure a
//! namespace must not be able to choose keys that collide; full collisions still work, as a list.
//!
//! Readers need `&self` only and take no references: who holds the trie holds all of it. Every
//! allocation is fallible, and a failed change leaves the trie unchanged.
//!
//! It knows nothing of what it holds and builds on the host as well (`host-tests`).

use kernel::{
    alloc::{AllocError, Flags, KVec},
    sync::Arc, //
};

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

// Derived `Clone` would ask for `T: Clone`.
impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        match self {
            Slot::Branch(node) => Slot::Branch(node.clone()),
            Slot::Leaf(leaf) => Slot::Leaf(leaf.clone()),
        }
    }
}

struct Node<T> {
    /// One bit a slot in use, in their order. Not used in a list of collisions.
    bitmap: u32,
    slots: KVec<Slot<T>>,
}

/// Which of the 32 places of a node at `depth` a hash belongs to. The upper bits come first, so
/// that the order of places is the order of hashes.
fn place(hash: u64, depth: usize) -> u32 {
    ((hash << (BITS * depth as u32)) >> (u64::BITS - BITS)) as u32
}

impl<T: Keyed> Node<T> {
    fn new(bitmap: u32, capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        Ok(Node {
            bitmap,
            slots: KVec::with_capacity(capacity, flags)?,
        })
    }

    /// The position among the slots for `place`, and whether it is taken.
    fn position(&self, place: u32) -> (usize, bool) {
        let bit = 1u32 << place;
        let at = (self.bitmap & (bit - 1)).count_ones() as usize;
        (at, self.bitmap & bit != 0)
    }

    fn slot(&self, hash: u64, depth: usize) -> Option<&Slot<T>> {
        match self.position(place(hash, depth)) {
            (at, true) => self.slots.get(at),
            (_, false) => None,
        }
    }

    /// Copies the node with the slots from `at` to `at + taken` replaced by `new`.
    fn splice(
        &self,
        bitmap: u32,
        at: usize,
        taken: usize,
        new: Option<Slot<T>>,
        flags: Flags,
    ) -> Result<Arc<Self>, AllocError> {
        let mut node = Node::new(bitmap, self.slots.len() + 1, flags)?;
        for slot in self.slots.iter().take(at) {
            node.slots.push(slot.clone(), flags)?;
        }
        if let Some(slot) = new {
            node.slots.push(slot, flags)?;
        }
        for slot in self.slots.iter().skip(at + taken) {
            node.slots.push(slot.clone(), flags)?;
        }
        Arc::new(node, flags)
    }

    /// A node at `depth` holding two leaves of different keys.
    fn pair(
        depth: usize,
        old: (u64, Slot<T>),
        new: (u64, Slot<T>),
        flags: Flags,
    ) -> Result<Arc<Self>, AllocError> {
        let mut node;
        if depth >= LEVELS {
            node = Node::new(0, 2, flags)?;
            node.slots.push(old.1, flags)?;
            node.slots.push(new.1, flags)?;
            return Arc::new(node, flags);
        }
        let (from, to) = (place(old.0, depth), place(new.0, depth));
        if from == to {
            let below = Self::pair(depth + 1, old, new, flags)?;
            node = Node::new(1 << from, 1, flags)?;
            node.slots.push(Slot::Branch(below), flags)?;
        } else {
            node = Node::new(1 << from | 1 << to, 2, flags)?;
            let (first, second) = if from < to { (old, new) } else { (new, old) };
            node.slots.push(first.1, flags)?;
            node.slots.push(second.1, flags)?;
        }
        Arc::new(node, flags)
    }

    /// The position of a key in a list of collisions.
    fn collision(&self, key: &T::Key) -> Option<(usize, &Arc<T>)> {
        self.slots
            .iter()
            .enumerate()
            .find_map(|(at, slot)| match slot {
                Slot::Leaf(leaf) if leaf.key() == key => Some((at, leaf)),
                _ => None,
            })
    }

    /// The node with `leaf` in it, and the leaf of the same key that it takes the place of.
    fn with(
        &self,
        seed: u64,
        hash: u64,
        depth: usize,
        leaf: Arc<T>,
        flags: Flags,
    ) -> Result<(Arc<Self>, Option<Arc<T>>), AllocError> {
        if depth >= LEVELS {
            let (at, old) = match self.collision(leaf.key()) {
                Some((at, old)) => (at, Some(old.clone())),
                None => (self.slots.len(), None),
            };
            let taken = usize::from(old.is_some());
            let node = self.splice(0, at, taken, Some(Slot::Leaf(leaf)), flags)?;
            return Ok((node, old));
        }
        let place = place(hash, depth);
        let (at, taken) = self.position(place);
        let (slot, old) = match self.slots.get(at).filter(|_| taken) {
            None => {
                let bitmap = self.bitmap | 1 << place;
                let node = self.splice(bitmap, at, 0, Some(Slot::Leaf(leaf)), flags)?;
                return Ok((node, None));
            }
            Some(Slot::Branch(below)) => {
                let (below, old) = below.with(seed, hash, depth + 1, leaf, flags)?;
                (Slot::Branch(below), old)
            }
            Some(Slot::Leaf(old)) if old.key() == leaf.key() => {
                (Slot::Leaf(leaf), Some(old.clone()))
            }
            Some(Slot::Leaf(other)) => {
                let other = (other.key().hash(seed), Slot::Leaf(other.clone()));
                let below = Self::pair(depth + 1, other, (hash, Slot::Leaf(leaf)), flags)?;
                (Slot::Branch(below), None)
            }
        };
        Ok((self.splice(self.bitmap, at, 1, Some(slot), flags)?, old))
    }

    /// What is left of the node without `key`, and the leaf taken out; none if it is not there.
    fn without(
        &self,
        hash: u64,
        depth: usize,
        key: &T::Key,
        flags: Flags,
    ) -> Result<Option<Removed<T>>, AllocError> {
        let (at, bit, old) = if depth >= LEVELS {
            match self.collision(key) {
                Some((at, old)) => (at, 0, old.clone()),
                None => return Ok(None),
            }
        } else {
            let place = place(hash, depth);
            let (at, taken) = self.position(place);
            match self.slots.get(at).filter(|_| taken) {
                Some(Slot::Leaf(old)) if old.key() == key => (at, 1 << place, old.clone()),
                Some(Slot::Branch(below)) => {
                    let Some((rest, old)) = below.without(hash, depth + 1, key, flags)? else {
                        return Ok(None);
                    };
                    let slot = match rest {
                        Rest::One(leaf) if self.slots.len() == 1 => {
                            return Ok(Some((Rest::One(leaf), old)));
                        }
                        Rest::One(leaf) => Some(Slot::Leaf(leaf)),
                        Rest::Many(node) => Some(Slot::Branch(node)),
                        Rest::Nothing => None,
                    };
                    let bitmap = match slot {
                        Some(_) => self.bitmap,
                        None => self.bitmap & !(1 << place),
                    };
                    let node = self.splice(bitmap, at, 1, slot, flags)?;
                    return Ok(Some((Rest::Many(node), old)));
                }
                _ => return Ok(None),
            }
        };
        // A node of one leaf is never kept below the root: equal contents have one shape.
        let other = match (self.slots.len(), self.slots.get(1 - at.min(1))) {
            (1, _) => return Ok(Some((Rest::Nothing, old))),
            (2, Some(Slot::Leaf(other))) => Some(other.clone()),
            _ => None,
        };
        Ok(Some(match other {
            Some(other) => (Rest::One(other), old),
            None => {
                let node = self.splice(self.bitmap & !bit, at, 1, None, flags)?;
                (Rest::Many(node), old)
            }
        }))
    }
}

/// What remains of a node after a removal, and the leaf taken out.
type Removed<T> = (Rest<T>, Arc<T>);

/// What remains of a node after a removal.
enum Rest<T> {
    Nothing,
    One(Arc<T>),
    Many(Arc<Node<T>>),
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
    pub(crate) fn get(&self, key: &T::Key) -> Option<&Arc<T>> {
        let hash = key.hash(self.seed);
        let mut node = self.root.as_deref()?;
        for depth in 0..LEVELS {
            match node.slot(hash, depth)? {
                Slot::Branch(below) => node = below,
                Slot::Leaf(leaf) => return (leaf.key() == key).then_some(leaf),
            }
        }
        node.collision(key).map(|(_, leaf)| leaf)
    }

    /// Whether there is a leaf of `key`.
    pub(crate) fn contains(&self, key: &T::Key) -> bool {
        self.get(key).is_some()
    }

    /// Puts `leaf` in; returns the leaf of the same key that was there.
    pub(crate) fn insert(
        &mut self,
        leaf: Arc<T>,
        flags: Flags,
    ) -> Result<Option<Arc<T>>, AllocError> {
        let hash = leaf.key().hash(self.seed);
        let (root, old) = match self.root.as_deref() {
            Some(root) => root.with(self.seed, hash, 0, leaf, flags)?,
            None => {
                let mut node = Node::new(1 << place(hash, 0), 1, flags)?;
                node.slots.push(Slot::Leaf(leaf), flags)?;
                (Arc::new(node, flags)?, None)
            }
        };
        self.root = Some(root);
        self.len += usize::from(old.is_none());
        Ok(old)
    }

    /// Takes the leaf of `key` out and returns it.
    pub(crate) fn remove(
        &mut self,
        key: &T::Key,
        flags: Flags,
    ) -> Result<Option<Arc<T>>, AllocError> {
        let hash = key.hash(self.seed);
        let Some((rest, old)) = (match self.root.as_deref() {
            Some(root) => root.without(hash, 0, key, flags)?,
            None => None,
        }) else {
            return Ok(None);
        };
        self.root = match rest {
            Rest::Nothing => None,
            Rest::Many(node) => Some(node),
            Rest::One(leaf) => {
                let hash = leaf.key().hash(self.seed);
                let mut node = Node::new(1 << place(hash, 0), 1, flags)?;
                node.slots.push(Slot::Leaf(leaf), flags)?;
                Some(Arc::new(node, flags)?)
            }
        };
        self.len -= 1;
        Ok(Some(old))
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
            let (at, taken) = node.position(place(cursor.hash, depth));
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
