// SPDX-License-Identifier: GPL-2.0

//! Per-CPU counters.
//!
//! Each CPU adds to its own copy, without an atomic operation or a shared cache line; a reader sums
//! the copies. A sum read while others count is no snapshot of one moment: two counters that grow
//! together may differ by what is under way.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use crate::sys::bindings;
use core::{
    mem::size_of,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};
use kernel::{alloc::AllocError, cpu, prelude::*};

/// `N` counters on every CPU.
///
/// # Invariants
///
/// `base` is a per-CPU allocation of `N` zero-initialised `u64`, owned by this object.
pub(crate) struct Counters<const N: usize> {
    base: NonNull<u64>,
}

// SAFETY: Per-CPU memory belongs to no thread.
unsafe impl<const N: usize> Send for Counters<N> {}
// SAFETY: Writers touch their own CPU's copy with one instruction, readers load single words.
unsafe impl<const N: usize> Sync for Counters<N> {}

impl<const N: usize> Counters<N> {
    /// Allocates the counters, all zero. Context: process, may sleep.
    pub(crate) fn new() -> Result<Self, AllocError> {
        // SAFETY: Size and alignment are not zero and below what the allocator can do; if it
        // cannot, it returns null.
        let base = unsafe {
            bindings::pcpu_alloc_noprof(
                const { N * size_of::<u64>() },
                size_of::<u64>(),
                false,
                kernel::bindings::GFP_KERNEL,
            )
        };
        // INVARIANT: Per-CPU memory comes zeroed.
        Ok(Self {
            base: NonNull::new(base.cast()).ok_or(AllocError)?,
        })
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

impl<const N: usize> Drop for Counters<N> {
    fn drop(&mut self) {
        // SAFETY: Allocated in `new`, and nobody can count any more.
        unsafe { bindings::free_percpu(self.base.as_ptr().cast()) };
    }
}
