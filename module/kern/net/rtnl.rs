// SPDX-License-Identifier: GPL-2.0

//! The lock over the configuration of network devices.
//!
//! C header: [`include/linux/rtnetlink.h`](srctree/include/linux/rtnetlink.h)

use crate::sys::bindings;
use core::ptr::NonNull;
use kernel::types::NotThreadSafe;

/// Evidence that the RTNL lock is held, which is given back when this is dropped.
///
/// # Invariants
///
/// The lock is held while a reference to this exists.
pub(crate) struct Rtnl(#[allow(dead_code)] NotThreadSafe);

impl Rtnl {
    /// Waits for the lock.
    ///
    /// # Context
    ///
    /// Process, without the lock; sleeps.
    pub(crate) fn lock() -> Self {
        // SAFETY: May be called in process context.
        unsafe { bindings::rtnl_lock() };
        // INVARIANT: It was taken above.
        Rtnl(NotThreadSafe)
    }

    /// Takes the lock if it is free: for work that is waited for by who may hold it.
    ///
    /// # Context
    ///
    /// Process, without the lock.
    pub(crate) fn try_lock() -> Option<Self> {
        // SAFETY: May be called in process context.
        let is_taken = unsafe { bindings::rtnl_trylock() } != 0;
        // INVARIANT: It was taken above.
        is_taken.then(|| Rtnl(NotThreadSafe))
    }

    /// Returns evidence of the lock that somebody holds for us.
    ///
    /// # Safety
    ///
    /// The lock must be held for the whole of `'a`.
    pub(in crate::kern) unsafe fn is_held<'a>() -> &'a Rtnl {
        const {
            assert!(core::mem::size_of::<Rtnl>() == 0);
        }
        // SAFETY: It has no size (checked above), so an aligned pointer that is not null refers to a
        // valid one; the invariant is what our caller promises. A reference is not dropped.
        unsafe { NonNull::<Rtnl>::dangling().as_ref() }
    }
}

impl Drop for Rtnl {
    fn drop(&mut self) {
        // SAFETY: By the invariant it is held, by this thread, as the type cannot be sent.
        unsafe { bindings::rtnl_unlock() };
    }
}
