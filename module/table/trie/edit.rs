// SPDX-License-Identifier: GPL-2.0

//! A version of a trie that is being made.
//!
//! Nodes of the edit's own are boxed and changed in place; nodes of the version that it began from
//! are shared until a leaf below them is touched. Freezing turns the former into the latter.

use kernel::{
    alloc::{AllocError, Flags, KBox, KVec},
    sync::Arc, //
};

use super::{place, Keyed, Node, Places, Slot, Trie, TrieKey, LEVELS};

/// What a node of an [`Edit`] holds in one place.
enum EditSlot<T> {
    /// A node of a version, not touched so far.
    Shared(Arc<Node<T>>),
    /// A node of the edit's own.
    Own(KBox<EditNode<T>>),
    Leaf(Arc<T>),
}

/// The position among the slots of an edit's node for `place`, and whether it is taken.
fn position(bitmap: u32, place: u32) -> (usize, bool) {
    let bit = 1u32 << place;
    let at = (bitmap & (bit - 1)).count_ones() as usize;
    (at, bitmap & bit != 0)
}

/// A node that is being changed.
struct EditNode<T> {
    /// One bit a slot in use, in their order. Not used in a list of collisions.
    bitmap: u32,
    slots: KVec<EditSlot<T>>,
}

// Derived `Default` would ask for `T: Default`.
impl<T> Default for EditNode<T> {
    fn default() -> Self {
        EditNode {
            bitmap: 0,
            slots: KVec::new(),
        }
    }
}

impl<T: Keyed> EditNode<T> {
    fn thaw(node: &Node<T>, flags: Flags) -> Result<Self, AllocError> {
        let mut slots = KVec::with_capacity(node.slots.len() + 1, flags)?;
        for slot in node.slots.iter() {
            let slot = match slot {
                Slot::Branch(below) => EditSlot::Shared(below.clone()),
                Slot::Leaf(leaf) => EditSlot::Leaf(leaf.clone()),
            };
            slots.push(slot, flags)?;
        }
        Ok(EditNode {
            bitmap: node.places.bitmap(),
            slots,
        })
    }

    fn freeze(self, flags: Flags) -> Result<Arc<Node<T>>, AllocError> {
        let mut slots = KVec::with_capacity(self.slots.len(), flags)?;
        for slot in self.slots {
            let slot = match slot {
                EditSlot::Shared(below) => Slot::Branch(below),
                EditSlot::Own(below) => Slot::Branch(KBox::into_inner(below).freeze(flags)?),
                EditSlot::Leaf(leaf) => Slot::Leaf(leaf),
            };
            slots.push(slot, flags)?;
        }
        let node = Node {
            places: Places::new(self.bitmap),
            slots,
        };
        Arc::new(node, flags)
    }

    fn get(&self, hash: u64, depth: usize, key: &T::Key) -> Option<&Arc<T>> {
        if depth >= LEVELS {
            return match self.slots.get(self.collision(key)?)? {
                EditSlot::Leaf(leaf) => Some(leaf),
                _ => None,
            };
        }
        let (at, taken) = position(self.bitmap, place(hash, depth));
        match self.slots.get(at).filter(|_| taken)? {
            EditSlot::Shared(below) => below.get(hash, depth + 1, key),
            EditSlot::Own(below) => below.get(hash, depth + 1, key),
            EditSlot::Leaf(leaf) => (leaf.key() == key).then_some(leaf),
        }
    }

    /// The position of a key in a list of collisions.
    fn collision(&self, key: &T::Key) -> Option<usize> {
        self.slots
            .iter()
            .position(|slot| matches!(slot, EditSlot::Leaf(leaf) if leaf.key() == key))
    }

    fn add(&mut self, at: usize, leaf: Arc<T>, flags: Flags) -> Result<(), AllocError> {
        self.slots.reserve(1, flags)?;
        // There is room now.
        let _ = self.slots.insert_within_capacity(at, EditSlot::Leaf(leaf));
        Ok(())
    }

    /// Makes the node at `at` one of the edit's own, if there is a node of a version.
    fn own(&mut self, at: usize, flags: Flags) -> Result<(), AllocError> {
        if let Some(slot) = self.slots.get_mut(at) {
            if let EditSlot::Shared(below) = slot {
                *slot = EditSlot::Own(KBox::new(Self::thaw(below, flags)?, flags)?);
            }
        }
        Ok(())
    }

    fn insert(
        &mut self,
        seed: u64,
        (hash, depth): (u64, usize),
        leaf: Arc<T>,
        flags: Flags,
    ) -> Result<Option<Arc<T>>, AllocError> {
        let (at, taken) = if depth >= LEVELS {
            let found = self.collision(leaf.key());
            (found.unwrap_or(self.slots.len()), found.is_some())
        } else {
            let place = place(hash, depth);
            let (at, taken) = position(self.bitmap, place);
            if !taken {
                self.add(at, leaf, flags)?;
                self.bitmap |= 1 << place;
                return Ok(None);
            }
            (at, taken)
        };
        self.own(at, flags)?;
        match self.slots.get_mut(at).filter(|_| taken) {
            None => {
                self.add(at, leaf, flags)?;
                Ok(None)
            }
            Some(EditSlot::Leaf(old)) if old.key() == leaf.key() => {
                Ok(Some(core::mem::replace(old, leaf)))
            }
            Some(EditSlot::Own(below)) => below.insert(seed, (hash, depth + 1), leaf, flags),
            Some(slot) => {
                let mut below = EditNode::default();
                if let EditSlot::Leaf(other) = slot {
                    let other_at = (other.key().hash(seed), depth + 1);
                    below.insert(seed, other_at, other.clone(), flags)?;
                }
                below.insert(seed, (hash, depth + 1), leaf, flags)?;
                *slot = EditSlot::Own(KBox::new(below, flags)?);
                Ok(None)
            }
        }
    }

    /// Takes out a leaf that is there.
    fn remove(
        &mut self,
        hash: u64,
        depth: usize,
        key: &T::Key,
        flags: Flags,
    ) -> Result<Option<Arc<T>>, AllocError> {
        let (at, bit) = if depth >= LEVELS {
            (self.collision(key).unwrap_or(self.slots.len()), 0)
        } else {
            let place = place(hash, depth);
            (position(self.bitmap, place).0, 1 << place)
        };
        self.own(at, flags)?;
        let Some(EditSlot::Own(below)) = self.slots.get_mut(at) else {
            self.bitmap &= !bit;
            return Ok(match self.slots.remove(at) {
                Ok(EditSlot::Leaf(leaf)) => Some(leaf),
                _ => None,
            });
        };
        let old = below.remove(hash, depth + 1, key, flags)?;
        // A node of one leaf is never kept below the root: equal contents have one shape.
        if let [EditSlot::Leaf(last)] = &below.slots[..] {
            let last = EditSlot::Leaf(last.clone());
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = last;
            }
        }
        Ok(old)
    }
}

impl<T: Keyed> Trie<T> {
    /// Begins to make another version.
    pub(crate) fn edit(&self, flags: Flags) -> Result<Edit<T>, AllocError> {
        let root = match self.root.as_deref() {
            Some(root) => EditNode::thaw(root, flags)?,
            None => EditNode::default(),
        };
        Ok(Edit {
            root,
            len: self.len,
            seed: self.seed,
        })
    }
}

/// A version of a [`Trie`] that is being made.
pub(crate) struct Edit<T> {
    root: EditNode<T>,
    len: usize,
    seed: u64,
}

impl<T: Keyed> Edit<T> {
    /// Whether it has no leaves so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The leaf of `key`.
    pub(crate) fn get(&self, key: &T::Key) -> Option<&Arc<T>> {
        self.root.get(key.hash(self.seed), 0, key)
    }

    /// Puts `leaf` in; returns the leaf of the same key that was there.
    pub(crate) fn insert(
        &mut self,
        leaf: Arc<T>,
        flags: Flags,
    ) -> Result<Option<Arc<T>>, AllocError> {
        let hash = leaf.key().hash(self.seed);
        let old = self.root.insert(self.seed, (hash, 0), leaf, flags)?;
        self.len += usize::from(old.is_none());
        Ok(old)
    }

    /// Takes the leaf of `key` out and returns it.
    pub(crate) fn remove(
        &mut self,
        key: &T::Key,
        flags: Flags,
    ) -> Result<Option<Arc<T>>, AllocError> {
        if self.get(key).is_none() {
            return Ok(None);
        }
        let old = self.root.remove(key.hash(self.seed), 0, key, flags)?;
        self.len -= usize::from(old.is_some());
        Ok(old)
    }

    /// Ends the edit.
    pub(crate) fn freeze(self, flags: Flags) -> Result<Trie<T>, AllocError> {
        let root = match self.len {
            0 => None,
            _ => Some(self.root.freeze(flags)?),
        };
        Ok(Trie {
            root,
            len: self.len,
            seed: self.seed,
        })
    }
}
