// SPDX-License-Identifier: GPL-2.0

//! One shared object of the module, found from anywhere.
//!
//! Callbacks that the kernel makes without an argument of ours have no other way to what the module
//! holds. A [`Global`] is a static that is empty but while somebody holds a [`Filled`].

use super::deferred::synchronize_rcu;
use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::null_mut,
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{
    prelude::*,
    sync::{rcu, Arc},
};

/// A place for one shared object.
///
/// # Invariants
///
/// `object` is null or comes from [`Arc::into_raw`] and owns one reference, which is dropped no
/// earlier than a grace period after `object` was changed.
pub(crate) struct Global<T: Send + Sync + 'static> {
    object: AtomicPtr<T>,
    _owns: PhantomData<Arc<T>>,
}

impl<T: Send + Sync + 'static> Global<T> {
    /// Makes an empty place.
    pub(crate) const fn new() -> Self {
        // INVARIANT: Null.
        Self {
            object: AtomicPtr::new(null_mut()),
            _owns: PhantomData,
        }
    }

    /// Puts `object` there until what is returned is dropped. Fails with `EBUSY` if there is one.
    pub(crate) fn fill(&'static self, object: Arc<T>) -> Result<Filled<T>> {
        let raw = Arc::into_raw(object).cast_mut();
        // Release: who finds the object finds it initialised.
        let stored =
            self.object
                .compare_exchange(null_mut(), raw, Ordering::Release, Ordering::Relaxed);
        if stored.is_err() {
            // SAFETY: It came from `into_raw` and was not stored.
            drop(unsafe { Arc::from_raw(raw) });
            return Err(EBUSY);
        }
        // INVARIANT: The reference passes to the place.
        Ok(Filled(self))
    }

    /// Takes a reference to the object, if there is one. Context: any.
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        let _guard = rcu::read_lock();
        // Acquire: pairs with the release in `fill`.
        let raw = self.object.load(Ordering::Acquire);
        if raw.is_null() {
            return None;
        }
        // SAFETY: By the type invariants the pointer comes from `Arc::into_raw`, and while `_guard`
        // exists the reference of the place is not dropped. `ManuallyDrop` leaves that one alone.
        let object = ManuallyDrop::new(unsafe { Arc::from_raw(raw) });
        Some(Arc::clone(&object))
    }
}

/// Keeps a [`Global`] filled. Dropping it empties it; process context, may sleep.
pub(crate) struct Filled<T: Send + Sync + 'static>(&'static Global<T>);

impl<T: Send + Sync + 'static> Drop for Filled<T> {
    fn drop(&mut self) {
        let raw = self.0.object.swap(null_mut(), Ordering::AcqRel);
        // Whoever found the pointer has its own reference after this.
        synchronize_rcu();
        // SAFETY: By the type invariants the place owned this reference; only `self`, of which there
        // is one for a filled place, takes it out.
        drop(unsafe { Arc::from_raw(raw) });
    }
}
