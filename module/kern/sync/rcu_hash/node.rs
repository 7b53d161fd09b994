// SPDX-License-Identifier: GPL-2.0

//! Entries as they lie in memory, and the links between them.

use super::Entry;
use crate::{kern::sync::deferred::cond_resched, sys::bindings};
use core::{
    marker::PhantomData,
    mem::{align_of, size_of, ManuallyDrop},
    ops::Deref,
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{
    alloc::{AllocError, Flags},
    ffi, pr_warn_once,
    prelude::*,
    sync::Arc,
};

/// An entry with its places in the chains.
#[repr(C)]
pub(super) struct Node<T, const LINKS: usize> {
    /// What follows link `l` of this node in its chain.
    pub(super) next: [Link<T, LINKS>; LINKS],
    pub(super) value: T,
}

/// A pointer to a (node, link) pair, or the end of a chain. Also the head of a chain.
///
/// # Invariants
///
/// Null, or a pointer to a [`Node`] of a [`Cache`] with the number of a link, below `LINKS`, in the
/// bits that alignment leaves free. The node is freed no earlier than a grace period after the last
/// link to it was taken from the chains.
pub(super) struct Link<T, const LINKS: usize>(AtomicPtr<Node<T, LINKS>>);

/// What a [`Link`] holds: see there.
pub(super) struct Pair<T, const LINKS: usize>(*mut Node<T, LINKS>);

impl<T, const LINKS: usize> Clone for Pair<T, LINKS> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const LINKS: usize> Copy for Pair<T, LINKS> {}

impl<T, const LINKS: usize> PartialEq for Pair<T, LINKS> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T, const LINKS: usize> Pair<T, LINKS> {
    const END: Self = Self(ptr::null_mut());

    /// The bits of a pointer that hold the number of a link.
    const TAG: usize = {
        assert!(LINKS == 1 || LINKS == 2);
        LINKS - 1
    };

    pub(super) fn new(node: NonNull<Node<T, LINKS>>, link: usize) -> Self {
        Self(node.as_ptr().map_addr(|addr| addr | (link & Self::TAG)))
    }

    #[inline]
    pub(super) fn is_end(self) -> bool {
        self.0.is_null()
    }

    #[inline]
    pub(super) fn link(self) -> usize {
        self.0.addr() & Self::TAG
    }

    #[inline]
    pub(super) fn node(self) -> Option<NonNull<Node<T, LINKS>>> {
        NonNull::new(self.0.map_addr(|addr| addr & !Self::TAG))
    }
}

impl<T, const LINKS: usize> Link<T, LINKS> {
    pub(super) const fn end() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Acquire: pairs with [`Link::store`], so what the pair points to is seen initialised.
    #[inline]
    pub(super) fn load(&self) -> Pair<T, LINKS> {
        Pair(self.0.load(Ordering::Acquire))
    }

    /// Release: see [`Link::load`].
    #[inline]
    pub(super) fn store(&self, pair: Pair<T, LINKS>) {
        self.0.store(pair.0, Ordering::Release);
    }

    pub(super) fn store_end(&self) {
        self.store(Pair::END);
    }
}

/// An entry found in a table, readable as long as the RCU guard that it was found under.
pub(crate) struct Ref<'g, T, const LINKS: usize>(&'g Node<T, LINKS>);

impl<'g, T, const LINKS: usize> Ref<'g, T, LINKS> {
    #[inline]
    pub(super) fn new(node: &'g Node<T, LINKS>) -> Self {
        Self(node)
    }

    pub(super) fn node(self) -> &'g Node<T, LINKS> {
        self.0
    }

    /// The entry, for as long as the guard lives.
    #[inline]
    pub(crate) fn get(self) -> &'g T {
        &self.0.value
    }
}

impl<T, const LINKS: usize> Clone for Ref<'_, T, LINKS> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const LINKS: usize> Copy for Ref<'_, T, LINKS> {}

impl<T, const LINKS: usize> Deref for Ref<'_, T, LINKS> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0.value
    }
}

/// A slab cache for the entries of tables of one kind.
///
/// Entries have exactly the size of `T` and its links. All tables of a kind share one cache.
///
/// # Invariants
///
/// `slab` is a valid cache for objects of the size and alignment of `Node<T, LINKS>`.
pub(crate) struct Cache<T: Entry<LINKS>, const LINKS: usize> {
    slab: NonNull<bindings::kmem_cache>,
    _holds: PhantomData<T>,
}

// SAFETY: Slab caches may be used from any thread; the entries are `Send`.
unsafe impl<T: Entry<LINKS>, const LINKS: usize> Send for Cache<T, LINKS> {}
// SAFETY: As above.
unsafe impl<T: Entry<LINKS>, const LINKS: usize> Sync for Cache<T, LINKS> {}

impl<T: Entry<LINKS>, const LINKS: usize> Cache<T, LINKS> {
    /// Bytes of an entry with its links.
    pub(crate) const ENTRY_BYTES: usize = size_of::<Node<T, LINKS>>();

    /// Creates a cache that `/proc/slabinfo` shows under `name`. Context: process, may sleep.
    pub(crate) fn new(name: &'static CStr) -> Result<Arc<Self>> {
        let mut args = bindings::kmem_cache_args {
            align: align_of::<Node<T, LINKS>>() as ffi::c_uint,
            ..Default::default()
        };
        // SAFETY: `name` is static and `args` is valid for the call; null is checked for.
        let slab = NonNull::new(unsafe {
            bindings::__kmem_cache_create_args(
                name.as_char_ptr(),
                Self::ENTRY_BYTES as ffi::c_uint,
                &mut args,
                1 << bindings::_slab_flag_bits__SLAB_NO_MERGE,
            )
        })
        .ok_or(ENOMEM)?;
        // INVARIANT: Created with size and alignment of the node.
        let this = Self {
            slab,
            _holds: PhantomData,
        };
        Ok(Arc::new(this, GFP_KERNEL)?)
    }

    /// Puts `value` into a new node, or gives it back. Context: any but hard interrupts.
    pub(super) fn alloc(&self, value: T) -> Result<NewNode<'_, T, LINKS>, T> {
        let flags = kernel::bindings::GFP_ATOMIC | kernel::bindings::__GFP_NOWARN;
        // SAFETY: By the type invariants `slab` is valid.
        let raw = unsafe { bindings::kmem_cache_alloc_noprof(self.slab.as_ptr(), flags) };
        let Some(raw) = NonNull::new(raw.cast::<Node<T, LINKS>>()) else {
            return Err(value);
        };
        let node = Node {
            next: [const { Link::end() }; LINKS],
            value,
        };
        // SAFETY: Fresh memory of the right size and alignment, by the type invariants.
        unsafe { raw.write(node) };
        Ok(NewNode { cache: self, raw })
    }

    /// Drops the entry and frees the node.
    ///
    /// # Safety
    ///
    /// `node` must come from `alloc` of this cache, with no reader left, and not be used again.
    pub(super) unsafe fn free(&self, node: NonNull<Node<T, LINKS>>) {
        // SAFETY: The caller gives us the node, which `alloc` initialised.
        unsafe {
            node.drop_in_place();
            bindings::kmem_cache_free(self.slab.as_ptr(), node.as_ptr().cast());
        }
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> Drop for Cache<T, LINKS> {
    fn drop(&mut self) {
        // SAFETY: Tables and batches hold references to the cache until they have freed their
        // nodes, so it is empty and unused.
        unsafe { bindings::kmem_cache_destroy(self.slab.as_ptr()) };
    }
}

/// A node that is in no chain yet.
///
/// # Invariants
///
/// `raw` comes from `cache.alloc` and is owned by this object.
pub(super) struct NewNode<'a, T: Entry<LINKS>, const LINKS: usize> {
    cache: &'a Cache<T, LINKS>,
    raw: NonNull<Node<T, LINKS>>,
}

impl<T: Entry<LINKS>, const LINKS: usize> NewNode<'_, T, LINKS> {
    /// Gives up ownership, to the chains.
    pub(super) fn into_raw(self) -> NonNull<Node<T, LINKS>> {
        ManuallyDrop::new(self).raw
    }

    /// Frees the node but for the value.
    pub(super) fn into_value(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: By the type invariants the node is ours. The value is moved out once, and the
        // links that stay have nothing to drop.
        unsafe {
            let value = ptr::read(&raw const (*this.raw.as_ptr()).value);
            bindings::kmem_cache_free(this.cache.slab.as_ptr(), this.raw.as_ptr().cast());
            value
        }
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> Deref for NewNode<'_, T, LINKS> {
    type Target = Node<T, LINKS>;

    fn deref(&self) -> &Self::Target {
        // SAFETY: By the type invariants the node is valid and ours.
        unsafe { self.raw.as_ref() }
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> Drop for NewNode<'_, T, LINKS> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants the node is ours, and it was never in a chain.
        unsafe { self.cache.free(self.raw) };
    }
}

/// A node that was taken out of all its chains and that readers may still see.
///
/// # Invariants
///
/// There is one such object for the node; whoever has it decides when the node is freed.
pub(super) struct Unlinked<T, const LINKS: usize>(NonNull<Node<T, LINKS>>);

impl<T, const LINKS: usize> Unlinked<T, LINKS> {
    /// # Safety
    ///
    /// The caller has just taken `node` out of all the chains it was in.
    pub(super) unsafe fn new(node: &Node<T, LINKS>) -> Self {
        // INVARIANT: A node is taken out once, as it is never put in again.
        Self(NonNull::from(node))
    }
}

/// Unlinked nodes of one cache, freed when the batch is dropped: so not before a grace period.
///
/// # Invariants
///
/// The nodes come from `cache` and are owned by the batch.
pub(super) struct Batch<T: Entry<LINKS>, const LINKS: usize> {
    nodes: KVec<NonNull<Node<T, LINKS>>>,
    cache: Arc<Cache<T, LINKS>>,
}

// SAFETY: The batch owns its nodes, whose values are `Send`.
unsafe impl<T: Entry<LINKS>, const LINKS: usize> Send for Batch<T, LINKS> {}

impl<T: Entry<LINKS>, const LINKS: usize> Batch<T, LINKS> {
    /// Makes room for `capacity` nodes. Context: as `flags` allow.
    pub(super) fn new(
        cache: &Arc<Cache<T, LINKS>>,
        capacity: usize,
        flags: Flags,
    ) -> Result<Self, AllocError> {
        Ok(Self {
            nodes: KVec::with_capacity(capacity, flags | __GFP_NOWARN)?,
            cache: cache.clone(),
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.nodes.len() == self.nodes.capacity()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Takes over a node of a table with this batch's cache.
    ///
    /// Callers check [`Batch::is_full`] first; a node without room is leaked, not freed early.
    pub(super) fn push(&mut self, node: Unlinked<T, LINKS>) {
        if self.nodes.push_within_capacity(node.0).is_err() {
            pr_warn_once!("rcu_hash: no room for an unlinked entry\n");
        }
    }
}

impl<T: Entry<LINKS>, const LINKS: usize> Drop for Batch<T, LINKS> {
    fn drop(&mut self) {
        for &node in &self.nodes {
            // SAFETY: By the type invariants; the batch's owner has waited for a grace period.
            unsafe { self.cache.free(node) };
        }
        if self.nodes.len() > 1 {
            cond_resched();
        }
    }
}
