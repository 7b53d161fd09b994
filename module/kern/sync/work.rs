// SPDX-License-Identifier: GPL-2.0

//! Work that runs now and then, or when it is asked to, in process context.
//!
//! [`PeriodicWork`] calls [`Tick::tick`] in a worker of the system; the answer says when to call
//! again. [`PeriodicWork::kick`] calls it soon, from any context. Dropping the object waits for
//! a running call and prevents another.
//!
//! The `kernel` crate's `DelayedWork` can neither be moved forward nor cancelled in 7.2.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use crate::sys::bindings;
use core::marker::PhantomPinned;
use kernel::{
    ffi,
    prelude::*,
    sync::{static_lock_class, Arc, LockClassKey},
    time::msecs_to_jiffies,
    types::Opaque,
};

/// When a [`Tick`] wants to be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// After so many milliseconds, or earlier if kicked.
    AfterMs(u32),
    /// Only when kicked.
    OnKick,
}

/// What a [`PeriodicWork`] calls.
pub(crate) trait Tick: Send + Sync + 'static {
    /// Does a bounded amount of work. Never runs twice at a time for one [`PeriodicWork`].
    ///
    /// Context: process, may sleep.
    fn tick(&self) -> Next;
}

#[pin_data]
#[repr(C)]
struct Inner<T: Tick> {
    #[pin]
    work: Opaque<kernel::bindings::delayed_work>,
    target: Arc<T>,
    #[pin]
    _pin: PhantomPinned,
}

impl<T: Tick> Inner<T> {
    /// Calls the target and queues the next call.
    ///
    /// # Safety
    ///
    /// To be called by the workqueue with the `work.work` member of a valid `Inner<T>`.
    unsafe extern "C" fn run(work: *mut kernel::bindings::work_struct) {
        // SAFETY: `work_struct` is embedded in `delayed_work`, which is the first member of `Inner`
        // (`repr(C)`). `PeriodicWork::drop` frees it after this has returned.
        let this = unsafe {
            let dwork = kernel::container_of!(work, kernel::bindings::delayed_work, work);
            &*dwork.cast::<Inner<T>>()
        };
        if let Next::AfterMs(ms) = this.target.tick() {
            // SAFETY: `work` was initialised in `PeriodicWork::with_class`. If it has been kicked
            // meanwhile it is queued already and this does nothing; if it is being cancelled the
            // workqueue refuses it.
            unsafe {
                bindings::queue_delayed_work_on(
                    kernel::bindings::wq_misc_consts_WORK_CPU_UNBOUND as ffi::c_int,
                    bindings::system_dfl_wq,
                    this.work.get().cast(),
                    msecs_to_jiffies(ms),
                )
            };
        }
    }
}

/// Calls a [`Tick`] from a worker.
///
/// # Invariants
///
/// The delayed work in `inner` is initialised and runs `Inner::<T>::run`.
pub(crate) struct PeriodicWork<T: Tick> {
    inner: Pin<KBox<Inner<T>>>,
}

// SAFETY: Work items may be used from any thread; the target is `Send` and `Sync`.
unsafe impl<T: Tick> Send for PeriodicWork<T> {}
// SAFETY: As above.
unsafe impl<T: Tick> Sync for PeriodicWork<T> {}

impl<T: Tick> PeriodicWork<T> {
    /// Prepares calls of `target`; the first comes when kicked.
    ///
    /// Context: process, may sleep.
    pub(crate) fn new(target: Arc<T>) -> Result<Self> {
        Self::with_class(target, static_lock_class!())
    }

    /// As [`PeriodicWork::new`], with a lock class of the caller's.
    ///
    /// Needed where a tick of one class drops a work of another: waiting for a work inside a work
    /// of the same class looks like a deadlock to lockdep.
    pub(crate) fn with_class(target: Arc<T>, class: Pin<&'static LockClassKey>) -> Result<Self> {
        let timer_class = static_lock_class!();
        let inner = KBox::pin_init(
            pin_init!(Inner {
                work <- Opaque::ffi_init(|slot: *mut kernel::bindings::delayed_work| {
                    // SAFETY: `slot` is valid for writes, `run` matches where the work is embedded,
                    // names and classes are static. The timer is set up as `INIT_DELAYED_WORK()`
                    // does it and only the workqueue code touches it.
                    unsafe {
                        kernel::bindings::init_work_with_key(
                            &raw mut (*slot).work,
                            Some(Inner::<T>::run),
                            false,
                            c"periodic_work".as_char_ptr(),
                            class.as_ptr(),
                        );
                        kernel::bindings::timer_init_key(
                            &raw mut (*slot).timer,
                            Some(kernel::bindings::delayed_work_timer_fn),
                            kernel::bindings::TIMER_IRQSAFE,
                            c"periodic_work_timer".as_char_ptr(),
                            timer_class.as_ptr(),
                        );
                    }
                }),
                target,
                _pin: PhantomPinned,
            }),
            GFP_KERNEL,
        )?;
        // INVARIANT: Initialised just now.
        Ok(Self { inner })
    }

    /// Has the target called as soon as a worker is free. Context: any.
    pub(crate) fn kick(&self) {
        self.kick_after_ms(0);
    }

    /// Has the target called in `ms` milliseconds, whatever was planned before. Context: any.
    pub(crate) fn kick_after_ms(&self, ms: u32) {
        // SAFETY: By the type invariants the work is initialised, and it stays in place until
        // `drop` has cancelled it.
        unsafe {
            bindings::mod_delayed_work_on(
                kernel::bindings::wq_misc_consts_WORK_CPU_UNBOUND as ffi::c_int,
                bindings::system_dfl_wq,
                self.inner.work.get().cast(),
                msecs_to_jiffies(ms),
            )
        };
    }

    /// What is called.
    pub(crate) fn target(&self) -> &T {
        &self.inner.target
    }
}

impl<T: Tick> Drop for PeriodicWork<T> {
    /// Context: process, may sleep; not from within the target's own tick.
    fn drop(&mut self) {
        // SAFETY: Initialised, by the type invariants. After this the work neither runs nor is
        // queued, and nobody can queue it: that takes `&self` or a running `Inner::run`.
        unsafe { bindings::cancel_delayed_work_sync(self.inner.work.get().cast()) };
    }
}
