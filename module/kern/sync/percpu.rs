// SPDX-License-Identifier: GPL-2.0

//! Per-CPU counters.
//!
//! Each CPU adds to its own copy, without an atomic operation or a shared cache line; a reader sums
//! the copies. A sum read while others count is no snapshot of one moment: two counters that grow
//! together may differ by what is under way.
//!
//! An allocation of per-CPU memory costs much more than another one. Who makes many small sets of
//! counters at a time takes them from a [`Supply`].
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use crate::sys::bindings;
use core::{
    marker::PhantomData,
    mem::size_of,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};
use kernel::{alloc::AllocError, cpu, prelude::*, sync::Arc};

/// Per-CPU memory for counters.
///
/// # Invariants
///
/// `base` is a per-CPU allocation, owned by this object.
struct Block {
    base: NonNull<u64>,
}

// SAFETY: Per-CPU memory belongs to no thread.
unsafe impl Send for Block {}
// SAFETY: `&Block` allows nothing.
unsafe impl Sync for Block {}

impl Block {
    /// Allocates memory for `counters`, all zero. Context: process, may sleep.
    fn new(counters: usize) -> Result<Arc<Self>, AllocError> {
        // The caller refuses what needs the memory, which is all that there is to say.
        let flags = kernel::bindings::GFP_KERNEL | kernel::bindings::__GFP_NOWARN;
        // SAFETY: Size and alignment are not zero; if the allocator cannot give that much, it
        // returns null.
        let base = unsafe {
            bindings::pcpu_alloc_noprof(
                counters.saturating_mul(size_of::<u64>()),
                size_of::<u64>(),
                false,
                flags,
            )
        };
        // INVARIANT: Just allocated.
        let block = Self {
            base: NonNull::new(base.cast()).ok_or(AllocError)?,
        };
        Arc::new(block, GFP_KERNEL)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: Allocated in `new`; who could count holds a reference to the block.
        unsafe { bindings::free_percpu(self.base.as_ptr().cast()) };
    }
}

/// `N` counters on every CPU.
///
/// # Invariants
///
/// `base` is the per-CPU address of `N` consecutive `u64` within `_block`, used by nobody else.
pub(crate) struct Counters<const N: usize> {
    base: NonNull<u64>,
    _block: Arc<Block>,
}

// SAFETY: Per-CPU memory belongs to no thread.
unsafe impl<const N: usize> Send for Counters<N> {}
// SAFETY: Writers touch their own CPU's copy with one instruction, readers load single words.
unsafe impl<const N: usize> Sync for Counters<N> {}

/// Two counters that are added to together.
///
/// # Invariants
///
/// `0` is the per-CPU address of two consecutive `u64` that live for `'a`.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a>(NonNull<u64>, PhantomData<&'a u64>);

impl Pair<'_> {
    /// Adds to both counters. Context: any.
    #[inline]
    pub(crate) fn add(self, first: u64, second: u64) {
        // SAFETY: By the type invariants. The helper adds to the present CPU's copies with
        // preemption and interrupts accounted for.
        unsafe { bindings::slr_helper_this_cpu_add_two_u64(self.0.as_ptr(), first, second) };
    }

    /// Adds the same to four pairs, at little more than the cost of one. Context: any.
    #[inline(always)]
    pub(crate) fn add_to_each([a, b, c, d]: [Self; 4], first: u64, second: u64) {
        // SAFETY: As in `add`, for each.
        unsafe {
            bindings::slr_helper_this_cpu_add_two_u64_each(
                a.0.as_ptr(),
                b.0.as_ptr(),
                c.0.as_ptr(),
                d.0.as_ptr(),
                first,
                second,
            )
        };
    }
}

/// Makes many sets of counters, out of blocks that grow with their number.
///
/// A block is freed when the last set in it is dropped.
pub(crate) struct Supply<const N: usize> {
    block: Option<Arc<Block>>,
    /// Sets that the block has room for.
    room: usize,
    /// Sets taken out of it.
    taken: usize,
}

/// The most sets of counters in a block: few enough not to keep much memory for the last of them.
const SETS_MAX: usize = 32;

impl<const N: usize> Supply<N> {
    /// Has nothing yet; the first block will be for one set.
    pub(crate) const fn new() -> Self {
        Self {
            block: None,
            room: 0,
            taken: 0,
        }
    }

    /// Takes a set of counters, all zero. Context: process, may sleep.
    pub(crate) fn take(&mut self) -> Result<Counters<N>, AllocError> {
        if self.taken == self.room {
            let room = self.room.saturating_mul(2).clamp(1, SETS_MAX);
            self.block = Some(Block::new(N.saturating_mul(room))?);
            (self.room, self.taken) = (room, 0);
        }
        let block = self.block.clone().ok_or(AllocError)?;
        // SAFETY: The block has room for `room` times `N` counters, and `taken` is less.
        let base = unsafe { block.base.add(self.taken.wrapping_mul(N)) };
        self.taken = self.taken.wrapping_add(1);
        // INVARIANT: These `N` are zero, as per-CPU memory comes, and not given out before.
        Ok(Counters {
            base,
            _block: block,
        })
    }
}

impl<const N: usize> Counters<N> {
    /// Allocates the counters, all zero. Context: process, may sleep.
    pub(crate) fn new() -> Result<Self, AllocError> {
        Supply::new().take()
    }

    /// Adds one to counter `index`. Context: any.
    #[inline]
    pub(crate) fn inc(&self, index: usize) {
        self.add(index, 1);
    }

    /// Adds `n` to counter `index`; an index that does not exist is ignored. Context: any.
    #[inline]
    pub(crate) fn add(&self, index: usize, n: u64) {
        if index < N {
            // SAFETY: `index` is in the allocation, by the type invariants. The helper adds to the
            // present CPU's copy with preemption and interrupts accounted for.
            unsafe { bindings::slr_helper_this_cpu_add_u64(self.base.as_ptr().add(index), n) };
        }
    }

    /// Counter `index` and the next one, to add to both; none if there are no such two.
    #[inline(always)]
    pub(crate) fn pair(&self, index: usize) -> Option<Pair<'_>> {
        // SAFETY: Both are in the allocation, by the type invariants.
        // INVARIANT: As above, and the allocation lives as long as `self`.
        (index < N - 1).then(|| Pair(unsafe { self.base.add(index) }, PhantomData))
    }

    /// The sum of counter `index` over all CPUs. Context: any.
    pub(crate) fn read(&self, index: usize) -> u64 {
        let mut sum = 0u64;
        if index >= N {
            return sum;
        }
        for id in 0..cpu::nr_cpu_ids() {
            // SAFETY: `id` is below `nr_cpu_ids`.
            if !unsafe { bindings::slr_helper_cpu_possible(id) } {
                continue;
            }
            // SAFETY: The CPU is possible, so it has a copy; `index` is inside.
            let copy =
                unsafe { bindings::slr_helper_per_cpu_ptr_u64(self.base.as_ptr().add(index), id) };
            // SAFETY: The copy lives as long as `self` and is accessed as whole words only.
            let copy = unsafe { AtomicU64::from_ptr(copy) };
            sum = sum.wrapping_add(copy.load(Ordering::Relaxed));
        }
        sum
    }

    /// The sums of all counters. Context: any.
    pub(crate) fn snapshot(&self) -> [u64; N] {
        core::array::from_fn(|index| self.read(index))
    }
}
