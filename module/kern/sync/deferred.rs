// SPDX-License-Identifier: GPL-2.0

//! Dropping values after an RCU grace period, without making the writer wait.
//!
//! Values whose readers may still be running are pushed on one lock-free list. The first push on an
//! empty list queues a work item; the work item takes the whole list, waits for one grace period
//! and drops everything it took. Ten thousand values replaced in a row thus cost ten thousand
//! pushes and a few grace periods, all of these in a worker.
//!
//! No `call_rcu()` is used, so no callback can outlive the module's text: [`Reaper`], which the
//! module holds longer than anything that defers, empties the list when dropped.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use crate::sys::bindings;
use core::{
    marker::PhantomPinned,
    mem::MaybeUninit,
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{
    alloc::{AllocError, Flags},
    ffi,
    prelude::*,
    sync::{rcu, static_lock_class, Arc, Completion},
    types::Opaque,
};

/// Where [`Slot::fill`] and [`after_grace_period`] find the module's reaper.
///
/// # Invariants
///
/// Null, or a pointer to an [`Inner`] that stays valid until a grace period after this was last
/// seen not to be null.
static REAPER: AtomicPtr<Inner> = AtomicPtr::new(ptr::null_mut());

/// The first member of every deferred value.
struct Head {
    next: *mut Head,
    /// Drops the value and frees the memory that this head begins.
    reap: unsafe fn(*mut Head),
}

/// A value on its way to being dropped.
#[repr(C)]
struct Entry<T> {
    head: Head,
    value: MaybeUninit<T>,
}

/// What the work item works on.
///
/// # Invariants
///
/// - `queue` is a valid workqueue, owned by the [`Reaper`] that owns this.
/// - Every entry reachable from `pending` is an initialised [`Entry`] that is owned by the list.
#[pin_data]
#[repr(C)]
struct Inner {
    #[pin]
    work: Opaque<kernel::bindings::work_struct>,
    pending: AtomicPtr<Head>,
    queue: NonNull<bindings::workqueue_struct>,
    #[pin]
    _pin: PhantomPinned,
}

impl Inner {
    /// Adds `head` to the list and sees to it that the work item runs.
    ///
    /// # Safety
    ///
    /// `head` begins an initialised [`Entry`] whose ownership passes to the list. `self` must be
    /// kept valid by an RCU read-side critical section, see [`REAPER`].
    unsafe fn push(&self, head: *mut Head) {
        let mut first = self.pending.load(Ordering::Relaxed);
        loop {
            // SAFETY: The caller gives us `head`; nobody else knows it before the exchange below.
            unsafe { (*head).next = first };
            match self.pending.compare_exchange_weak(
                first,
                head,
                // Release: the worker must see `next` and the value.
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => first = now,
            }
        }
        if first.is_null() {
            // SAFETY: By the type invariants `queue` is valid; `work` was initialised together with
            // `self`. A worker that has already taken the list finds the next one because queueing
            // a running work item runs it again.
            unsafe {
                bindings::queue_work_on(
                    kernel::bindings::wq_misc_consts_WORK_CPU_UNBOUND as ffi::c_int,
                    self.queue.as_ptr(),
                    self.work.get().cast(),
                )
            };
        }
    }

    /// Waits for a grace period and drops what was on the list before it.
    ///
    /// # Safety
    ///
    /// To be called by the workqueue with the `work` member of a valid [`Inner`].
    unsafe extern "C" fn run(work: *mut kernel::bindings::work_struct) {
        // SAFETY: `work` is the first member of `Inner` (`repr(C)`), whose memory the reaper frees
        // only after the workqueue was destroyed.
        let this = unsafe { &*work.cast::<Inner>() };
        // Acquire: pairs with the release in `push`.
        let mut head = this.pending.swap(ptr::null_mut(), Ordering::Acquire);
        if head.is_null() {
            return;
        }
        synchronize_rcu();
        while !head.is_null() {
            // SAFETY: By the type invariants `head` begins an initialised entry, now ours alone.
            let Head { next, reap } = unsafe { ptr::read(head) };
            // SAFETY: As above; `reap` was made for this entry's type by `Slot::fill`.
            unsafe { reap(head) };
            head = next;
            cond_resched();
        }
    }
}

/// Owner of the list of values that wait for a grace period.
///
/// There is at most one. The module holds it, declared after (so dropped later than) everything
/// that defers. Dropping it waits until everything deferred has been dropped.
///
/// # Invariants
///
/// `inner` was published in [`REAPER`] and nobody else unpublishes it.
pub(crate) struct Reaper {
    inner: Pin<KBox<Inner>>,
}

// SAFETY: The workqueue and the list may be used from any thread, and the values on the list are
// `Send` by the bound of `Slot`.
unsafe impl Send for Reaper {}
// SAFETY: All that `&Reaper` allows is waiting for the work item.
unsafe impl Sync for Reaper {}

impl Reaper {
    /// Starts reaping, in a workqueue with the given name.
    ///
    /// Fails with `EBUSY` if there is a reaper already. Context: process, may sleep.
    pub(crate) fn new(name: &'static CStr) -> Result<Self> {
        // Not WQ_MEM_RECLAIM: nothing that frees memory for others waits for this, and such a queue
        // may not wait for others, as values with works of their own do when dropped.
        let flags = bindings::wq_flags_WQ_UNBOUND;
        // SAFETY: Both strings are NUL-terminated and the format takes one string.
        let queue = NonNull::new(unsafe {
            bindings::alloc_workqueue_noprof(
                c"%s".as_char_ptr(),
                flags as ffi::c_uint,
                1,
                name.as_char_ptr(),
            )
        })
        .ok_or(ENOMEM)?;
        let key = static_lock_class!();
        // INVARIANT: `queue` was just created and is destroyed by `Reaper::drop`; the list is empty.
        let made = KBox::pin_init(
            pin_init!(Inner {
                work <- Opaque::ffi_init(|slot| {
                    // SAFETY: `slot` is valid for writes, `run` matches where `work` is embedded,
                    // and name and key are static.
                    unsafe {
                        kernel::bindings::init_work_with_key(
                            slot,
                            Some(Inner::run),
                            false,
                            c"reaper".as_char_ptr(),
                            key.as_ptr(),
                        )
                    }
                }),
                pending: AtomicPtr::new(ptr::null_mut()),
                queue,
                _pin: PhantomPinned,
            }),
            GFP_KERNEL,
        );
        let published = made.and_then(|inner: Pin<KBox<Inner>>| {
            let raw = ptr::from_ref::<Inner>(&inner).cast_mut();
            // Release: whoever finds the pointer must find the members initialised.
            REAPER
                .compare_exchange(ptr::null_mut(), raw, Ordering::Release, Ordering::Relaxed)
                .map_err(|_| EBUSY)?;
            Ok(inner)
        });
        match published {
            // INVARIANT: Published just now.
            Ok(inner) => Ok(Self { inner }),
            Err(error) => {
                // SAFETY: Ours, and nothing was ever queued on it.
                unsafe { bindings::destroy_workqueue(queue.as_ptr()) };
                Err(error)
            }
        }
    }

    /// Waits until everything deferred before the call has been dropped.
    ///
    /// Context: process, may sleep.
    pub(crate) fn flush(&self) {
        // SAFETY: `work` was initialised with `inner` and lives as long.
        unsafe { bindings::flush_work(self.inner.work.get().cast()) };
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        REAPER.store(ptr::null_mut(), Ordering::Relaxed);
        // Whoever still found the pointer has finished its push after this.
        synchronize_rcu();
        // SAFETY: By the type invariants of `Inner` the queue is ours. Destroying it runs what is
        // queued; a list that is not empty has its work item queued, so the list is empty then.
        // Values dropped there that defer others find no reaper and wait by themselves.
        unsafe { bindings::destroy_workqueue(self.inner.queue.as_ptr()) };
    }
}

/// Room for one value to be deferred, so that deferring it cannot fail.
pub(crate) struct Slot<T: Send + 'static>(KBox<Entry<T>>);

impl<T: Send + 'static> Slot<T> {
    /// Allocates room. Context: as `flags` allow.
    pub(crate) fn new(flags: Flags) -> Result<Self, AllocError> {
        let room = KBox::<Entry<T>>::new_uninit(flags | __GFP_NOWARN)?;
        Ok(Self(room.write(Entry {
            head: Head {
                next: ptr::null_mut(),
                reap: Self::reap,
            },
            value: MaybeUninit::uninit(),
        })))
    }

    /// Leaves `value` to be dropped in process context after a grace period.
    ///
    /// Gives it back if the reaper is gone. Context: any.
    pub(crate) fn fill(mut self, value: T) -> Result<(), T> {
        let guard = rcu::read_lock();
        // Acquire: pairs with the release in `Reaper::new`.
        let reaper = REAPER.load(Ordering::Acquire);
        if reaper.is_null() {
            drop(guard);
            return Err(value);
        }
        self.0.value.write(value);
        let head = KBox::into_raw(self.0).cast::<Head>();
        // SAFETY: By the invariants of `REAPER`, `reaper` is valid while `guard` exists. `head` is
        // the first member of an entry whose value was just written and whose ownership we pass.
        unsafe { (*reaper).push(head) };
        Ok(())
    }

    /// Drops the value of an entry and frees the entry.
    ///
    /// # Safety
    ///
    /// `head` must come from `fill` of the same `T` and not be used afterwards.
    unsafe fn reap(head: *mut Head) {
        // SAFETY: `fill` got the pointer from `KBox::into_raw` of this very type.
        let mut entry = unsafe { KBox::from_raw(head.cast::<Entry<T>>()) };
        // SAFETY: `fill` wrote the value, and only one `reap` takes it out.
        unsafe { entry.value.assume_init_drop() };
    }
}

/// Drops `value` in process context once every RCU reader of now has finished.
///
/// Returns at once, unless memory is short or the module is on its way out: then it waits for
/// the grace period itself. Context: process, may sleep.
pub(crate) fn after_grace_period<T: Send + 'static>(value: T) {
    let left = match Slot::new(GFP_KERNEL) {
        Ok(slot) => match slot.fill(value) {
            Ok(()) => return,
            Err(value) => value,
        },
        Err(AllocError) => value,
    };
    synchronize_rcu();
    drop(left);
}

/// Tells a waiter when it is dropped.
struct Signal(Arc<Completion>);

impl Drop for Signal {
    fn drop(&mut self) {
        self.0.complete_all();
    }
}

/// Waits until everything deferred before the call has been dropped.
///
/// For who does not hold the [`Reaper`]. Context: process, may sleep.
pub(crate) fn flush() {
    let mut runs = 0;
    // What is deferred last is dropped first, but before the worker takes the next list it has
    // dropped all of this one.
    while runs < 2 {
        let room = Slot::new(GFP_KERNEL);
        let done = Arc::pin_init(Completion::new(), GFP_KERNEL);
        match (room, done) {
            (Ok(slot), Ok(done)) => {
                // Given back by a reaper that is gone, and so dropped here: all else was, too.
                drop(slot.fill(Signal(done.clone())));
                done.wait_for_completion();
                runs += 1;
            }
            // Memory may come back, in the end by what is waited for.
            _ => synchronize_rcu(),
        }
    }
}

/// Waits until every RCU reader of now has finished. Context: process, may sleep.
pub(crate) fn synchronize_rcu() {
    // SAFETY: Has no requirement but the context, which the kernel checks with debugging on; from
    // a wrong one it warns and deadlocks at worst, which is not undefined behaviour.
    unsafe { bindings::synchronize_rcu() };
}

/// Lets other tasks run if it is their turn. Context: process, may sleep.
pub(crate) fn cond_resched() {
    // SAFETY: As for `synchronize_rcu`.
    unsafe { bindings::slr_helper_cond_resched() };
}
