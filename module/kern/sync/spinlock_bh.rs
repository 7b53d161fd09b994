// SPDX-License-Identifier: GPL-2.0

//! Spinlocks that process context and softirq share.
//!
//! The `kernel` crate's `SpinLock` leaves softirqs enabled, so a softirq on the same CPU could spin
//! for ever on a lock that process context holds. [`SpinLockBh`] disables them while it is held.
//! [`Stripes`] is an array of such locks for hash tables.
//!
//! C header: [`include/linux/spinlock.h`](srctree/include/linux/spinlock.h)

use crate::sys::bindings;
use core::marker::PhantomData;
use kernel::{
    ffi,
    prelude::*,
    sync::{
        lock::{Backend, Lock},
        static_lock_class, LockClassKey,
    },
    types::{NotThreadSafe, Opaque},
};

/// A spinlock held with softirqs disabled. Context: any but hard interrupts.
pub(crate) type SpinLockBh<T> = Lock<T, SpinLockBhBackend>;

/// Initialises a [`SpinLockBh`].
///
/// `key` is `static_lock_class!()` at the place that creates the lock.
pub(crate) fn new_spinlock_bh<T>(
    value: T,
    name: &'static CStr,
    key: Pin<&'static LockClassKey>,
) -> impl PinInit<SpinLockBh<T>> {
    SpinLockBh::new(value, name, key)
}

/// The locking functions of [`SpinLockBh`].
pub(crate) struct SpinLockBhBackend;

// SAFETY: A `spinlock_t` gives mutual exclusion, with softirqs disabled as without. `relock` is the
// default, which calls `lock`.
unsafe impl Backend for SpinLockBhBackend {
    type State = kernel::bindings::spinlock_t;
    type GuardState = ();

    unsafe fn init(
        ptr: *mut Self::State,
        name: *const ffi::c_char,
        key: *mut kernel::bindings::lock_class_key,
    ) {
        // SAFETY: The caller guarantees that `ptr` is valid for writes, and name and key are static.
        unsafe { kernel::bindings::__spin_lock_init(ptr, name, key) }
    }

    #[inline]
    unsafe fn lock(ptr: *mut Self::State) -> Self::GuardState {
        // SAFETY: The caller guarantees that `ptr` is an initialised lock.
        unsafe { bindings::slr_helper_spin_lock_bh(ptr.cast()) }
    }

    #[inline]
    unsafe fn unlock(ptr: *mut Self::State, _guard_state: &Self::GuardState) {
        // SAFETY: The caller guarantees that it owns the lock at `ptr`.
        unsafe { bindings::slr_helper_spin_unlock_bh(ptr.cast()) }
    }

    #[inline]
    unsafe fn try_lock(ptr: *mut Self::State) -> Option<Self::GuardState> {
        // SAFETY: The caller guarantees that `ptr` is an initialised lock.
        (unsafe { bindings::slr_helper_spin_trylock_bh(ptr.cast()) } != 0).then_some(())
    }

    #[inline]
    unsafe fn assert_is_held(ptr: *mut Self::State) {
        // SAFETY: The caller guarantees that `ptr` is an initialised lock.
        unsafe { kernel::bindings::spin_assert_is_held(ptr) }
    }
}

/// `N` locks, each for the part of a table whose hashes end in its index.
///
/// # Invariants
///
/// `N` is a power of two; every lock is initialised and never moves.
pub(crate) struct Stripes<const N: usize> {
    locks: Pin<KBox<[Opaque<kernel::bindings::spinlock_t>]>>,
}

// SAFETY: Spinlocks may be used from any thread.
unsafe impl<const N: usize> Send for Stripes<N> {}
// SAFETY: As above.
unsafe impl<const N: usize> Sync for Stripes<N> {}

/// One or two held [`Stripes`]. Dropping it releases them.
pub(crate) struct StripesGuard<'a, const N: usize> {
    first: *mut bindings::spinlock_t,
    /// Null if both hashes fall into one stripe.
    second: *mut bindings::spinlock_t,
    _stripes: PhantomData<&'a Stripes<N>>,
    _not_send: NotThreadSafe,
}

impl<const N: usize> Stripes<N> {
    /// Makes the locks. Context: process, may sleep.
    pub(crate) fn new() -> Result<Self> {
        const { assert!(N.is_power_of_two()) };
        let key = static_lock_class!();
        let locks = KBox::pin_slice(
            |_| {
                Opaque::try_ffi_init(move |slot| {
                    // SAFETY: `slot` is valid for writes and stays where it is; name and key are
                    // static.
                    unsafe {
                        kernel::bindings::__spin_lock_init(
                            slot,
                            c"stripe".as_char_ptr(),
                            key.as_ptr(),
                        )
                    };
                    Ok::<(), Error>(())
                })
            },
            N,
            GFP_KERNEL,
        )?;
        // INVARIANT: `pin_slice` initialised `N` locks.
        Ok(Self { locks })
    }

    /// Which stripe guards `hash`.
    pub(crate) const fn index(hash: u32) -> usize {
        hash as usize & (N - 1)
    }

    fn raw(&self, index: usize) -> *mut bindings::spinlock_t {
        // SAFETY: By the type invariants there are `N` locks.
        unsafe { self.locks.get_unchecked(index % N) }.get().cast()
    }

    /// Takes the stripe of `hash`. Context: any but hard interrupts.
    pub(crate) fn lock(&self, hash: u32) -> StripesGuard<'_, N> {
        self.lock_pair(hash, hash)
    }

    /// Takes the stripes of both hashes, in the order of their indices, so that two callers cannot
    /// wait for each other. Context: any but hard interrupts.
    pub(crate) fn lock_pair(&self, one: u32, other: u32) -> StripesGuard<'_, N> {
        let (one, other) = (Self::index(one), Self::index(other));
        let (low, high) = if one < other {
            (one, other)
        } else {
            (other, one)
        };
        let first = self.raw(low);
        // SAFETY: By the type invariants this is an initialised lock.
        unsafe { bindings::slr_helper_spin_lock_bh(first) };
        let mut second = core::ptr::null_mut();
        if low != high {
            second = self.raw(high);
            // SAFETY: As above. It is not the lock we hold, and taken second by all who take both.
            unsafe {
                bindings::slr_helper_spin_lock_nested(
                    second,
                    bindings::SINGLE_DEPTH_NESTING as ffi::c_int,
                )
            };
        }
        StripesGuard {
            first,
            second,
            _stripes: PhantomData,
            _not_send: NotThreadSafe,
        }
    }
}

impl<const N: usize> Drop for StripesGuard<'_, N> {
    fn drop(&mut self) {
        if !self.second.is_null() {
            // SAFETY: Taken by `lock_pair` on this CPU, as the guard cannot change threads.
            unsafe { kernel::bindings::spin_unlock(self.second.cast()) };
        }
        // SAFETY: As above.
        unsafe { bindings::slr_helper_spin_unlock_bh(self.first) };
    }
}
