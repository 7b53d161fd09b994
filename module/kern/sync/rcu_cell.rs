// SPDX-License-Identifier: GPL-2.0

//! A shared pointer that one store replaces while readers go on.
//!
//! [`RcuArc`] holds a reference to a reference-counted value. Readers take no lock and touch no
//! counter: they borrow the value for as long as they hold the RCU read lock. A writer stores the
//! new pointer; the reference to the old value is dropped after a grace period by
//! [`deferred`](super::deferred), so writers do not wait either.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use super::deferred;
use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::sync::{rcu, Arc};

/// A pointer to a `T`, read under RCU and replaced as a whole.
///
/// # Invariants
///
/// `current` comes from [`Arc::into_raw`] and owns one reference. A reference that was owned here
/// is dropped no earlier than a grace period after `current` was changed.
pub(crate) struct RcuArc<T: Send + Sync + 'static> {
    current: AtomicPtr<T>,
    _owns: PhantomData<Arc<T>>,
}

impl<T: Send + Sync + 'static> RcuArc<T> {
    /// Makes a cell that holds `value`.
    pub(crate) fn new(value: Arc<T>) -> Self {
        // INVARIANT: The reference passes from `value` to the cell.
        Self {
            current: AtomicPtr::new(Arc::into_raw(value).cast_mut()),
            _owns: PhantomData,
        }
    }

    /// Borrows the present value for as long as the RCU read lock is held.
    ///
    /// Two calls may return different values: call once and pass the reference on. Context: any.
    #[inline]
    pub(crate) fn load<'g>(&'g self, _guard: &'g rcu::Guard) -> &'g T {
        // Acquire: pairs with the release in `publish`, so the value is seen initialised. On the
        // architectures at hand this is the instruction that `rcu_dereference()` gives.
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: By the type invariants the pointer owned a reference when loaded. That reference
        // is dropped by `publish` after a grace period, which `_guard` holds up for 'g, or with
        // the cell, which is borrowed for 'g.
        unsafe { &*current }
    }

    /// Takes a counted reference to the present value. Context: any.
    pub(crate) fn get(&self) -> Arc<T> {
        let _guard = rcu::read_lock();
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: By the type invariants the pointer comes from `Arc::into_raw`, and while
        // `_guard` exists the count cannot reach zero, as in `load`. `ManuallyDrop` leaves the
        // reference with the cell.
        let current = ManuallyDrop::new(unsafe { Arc::from_raw(current) });
        Arc::clone(&current)
    }

    /// Makes `value` what readers see from now on.
    ///
    /// One store; the old value lives on for the readers that have it. Concurrent writers do not
    /// harm each other, but the last one wins: hold a lock over read, build and publish where that
    /// matters. Context: process, may sleep only when memory is short.
    pub(crate) fn publish(&self, value: Arc<T>) {
        let new = Arc::into_raw(value).cast_mut();
        // AcqRel: readers must see the value initialised, and we what the last writer stored.
        let old = self.current.swap(new, Ordering::AcqRel);
        // SAFETY: By the type invariants the old pointer owned a reference, which the exchange
        // gave to us alone.
        let old = unsafe { Arc::from_raw(old) };
        // INVARIANT: Dropped after a grace period.
        deferred::after_grace_period(old);
    }
}

impl<T: Send + Sync + 'static> Drop for RcuArc<T> {
    fn drop(&mut self) {
        // SAFETY: The cell owns this reference. Nobody can have borrowed from it: what `load`
        // returns borrows the cell, which is being dropped.
        drop(unsafe { Arc::from_raw(*self.current.get_mut()) });
    }
}
