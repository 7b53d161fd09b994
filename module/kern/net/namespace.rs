// SPDX-License-Identifier: GPL-2.0

//! Network namespaces and what a module keeps for each of them.
//!
//! C headers: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h),
//! [`include/net/netns/generic.h`](srctree/include/net/netns/generic.h)

use crate::sys::bindings;
use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    ops::Deref,
    ptr::{null_mut, NonNull},
    sync::atomic::{AtomicBool, AtomicPtr, Ordering},
};
use kernel::{
    prelude::*,
    sync::{rcu, Arc},
    types::Opaque,
};

/// A network namespace, borrowed: the reference shows that it is alive.
///
/// # Invariants
///
/// `0` is a `struct net` that is not freed while the reference exists.
#[repr(transparent)]
pub(crate) struct Net(Opaque<bindings::net>);

// SAFETY: A namespace belongs to no thread.
unsafe impl Send for Net {}

// SAFETY: What `&Net` allows are C functions that lock for themselves, and reads of fields that are
// set before the namespace is visible.
unsafe impl Sync for Net {}

impl Net {
    /// Borrows a namespace from C.
    ///
    /// # Safety
    ///
    /// `net` must be a valid namespace that is not freed during `'a`.
    #[inline]
    pub(in crate::kern) unsafe fn from_raw<'a>(net: *mut bindings::net) -> &'a Self {
        // SAFETY: The caller promises that it is valid for `'a`; `Net` is transparent.
        unsafe { &*net.cast() }
    }

    /// Returns the namespace's address.
    #[inline]
    pub(in crate::kern) fn as_ptr(&self) -> *mut bindings::net {
        self.0.get()
    }

    /// Returns the number that tells this namespace from all others since boot.
    ///
    /// C counterpart: `net_gen_cookie`'s result, `SO_NETNS_COOKIE`.
    #[inline]
    pub(crate) fn cookie(&self) -> u64 {
        // SAFETY: The namespace is valid by the invariant, and its cookie never changes.
        unsafe { (*self.as_ptr()).net_cookie }
    }

    /// Whether this and `other` are the same namespace.
    #[inline]
    pub(crate) fn is(&self, other: &Net) -> bool {
        core::ptr::eq(self.as_ptr(), other.as_ptr())
    }

    /// Takes a reference that keeps the namespace alive, unless it is being removed already.
    ///
    /// C counterpart: `maybe_get_net`.
    fn try_hold(&self) -> Option<NetRef> {
        // SAFETY: The namespace is valid by the invariant.
        let net = unsafe { bindings::slr_helper_maybe_get_net(self.as_ptr()) };
        // INVARIANT: If it is not null, we were given a reference.
        NonNull::new(net).map(NetRef)
    }
}

/// A counted reference to a network namespace. Holding one keeps the namespace from going away,
/// so it is for the length of a job, never for what the namespace itself owns.
///
/// # Invariants
///
/// `0` is a namespace of which this object owns one reference.
pub(crate) struct NetRef(NonNull<bindings::net>);

// SAFETY: The counter is atomic, and a namespace belongs to no thread.
unsafe impl Send for NetRef {}

// SAFETY: Sharing it shares `&Net`, which is `Sync`.
unsafe impl Sync for NetRef {}

impl Deref for NetRef {
    type Target = Net;

    #[inline]
    fn deref(&self) -> &Net {
        // SAFETY: The reference that we own keeps the namespace while `self` is borrowed.
        unsafe { Net::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for NetRef {
    fn drop(&mut self) {
        // SAFETY: By the invariant we own a reference, and it is not used after this.
        unsafe { bindings::slr_helper_put_net(self.0.as_ptr()) };
    }
}

/// A reference from the state of a namespace back to it, which does not keep it alive.
///
/// # Invariants
///
/// `0` is null, or a namespace that is freed no sooner than a grace period after it became null.
pub(crate) struct WeakNet(AtomicPtr<bindings::net>);

impl WeakNet {
    /// Returns the namespace while it is not removed.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    #[inline]
    pub(crate) fn get<'g>(&self, _rcu: &'g rcu::Guard) -> Option<&'g Net> {
        let net = NonNull::new(self.0.load(Ordering::Acquire))?;
        // SAFETY: By the invariant a namespace that is still noted outlives the grace period that
        // the guard, and so `'g`, holds up.
        Some(unsafe { Net::from_raw(net.as_ptr()) })
    }

    /// Returns a reference that keeps the namespace alive for a job that may sleep; none if it is
    /// going away.
    pub(crate) fn upgrade(&self) -> Option<NetRef> {
        let rcu = rcu::read_lock();
        self.get(&rcu)?.try_hold()
    }
}

/// What a module keeps for each network namespace.
pub(crate) trait PernetState: Send + Sync + Sized + 'static {
    /// Returns the place where the kernel's number for this type is kept: one `static` for it.
    fn slot() -> &'static Slot<Self>;

    /// Makes the state of a namespace: of each that exists when the type is registered and of each
    /// created later. `weak` is for jobs that begin from the state and need the namespace.
    ///
    /// # Context
    ///
    /// Process; may sleep.
    fn init(net: &Net, weak: Arc<WeakNet>) -> Result<Arc<Self>>;

    /// Begins the removal: after it returns no packet may reach the state any more. It must end
    /// every registration (hooks) and give back every device: removal of the namespace's devices
    /// comes next, and waits for them without a limit.
    ///
    /// # Context
    ///
    /// Process; may sleep, but a wait for a grace period here is paid for each namespace. One is
    /// waited for anyway between this and [`exit`](Self::exit).
    fn pre_exit(&self, net: &Net);

    /// Ends it: must give back every route and stop every job that could make another. Afterwards
    /// the state is not found any more, and kern's reference to it is dropped.
    ///
    /// A route that outlives the namespace would use freed memory. What is freed by `call_rcu`
    /// from here, or by the last drop of the state, is waited for.
    ///
    /// # Context
    ///
    /// Process; may sleep.
    fn exit(&self, net: &Net);
}

/// The place in a namespace that the kernel allocates for a [`PernetState`].
struct Place<T> {
    /// What [`Slot::get`] finds: null or a pointer that `owned` keeps valid.
    published: AtomicPtr<T>,
    /// Is there from `init` to `exit`.
    owned: Owned<T>,
}

/// What a namespace owns: its state and the way back.
type Owned<T> = Option<(Arc<T>, Arc<WeakNet>)>;

/// What there is once for each [`PernetState`] type: the operations and the number by which the
/// kernel finds its place in a namespace.
///
/// # Invariants
///
/// While `live`, the operations are registered, and `id` is constant and numbers a [`Place<T>`] in
/// every namespace that has one for it.
pub(crate) struct Slot<T> {
    ops: Opaque<bindings::pernet_operations>,
    id: UnsafeCell<kernel::ffi::c_uint>,
    taken: AtomicBool,
    live: AtomicBool,
    _state: PhantomData<Arc<T>>,
}

// SAFETY: `ops` and `id` are written by whoever won `taken`, before `live`, and read by others
// only after they saw `live`.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T: PernetState> Slot<T> {
    /// Makes a slot for a `static`.
    pub(crate) const fn new() -> Self {
        Slot {
            ops: Opaque::uninit(),
            id: UnsafeCell::new(0),
            taken: AtomicBool::new(false),
            live: AtomicBool::new(false),
            _state: PhantomData,
        }
    }

    /// Returns the place for this type in `net`, null if there is none (yet).
    #[inline]
    fn place(&self, net: &Net, _rcu: &rcu::Guard) -> *mut Place<T> {
        // SAFETY: `net` is valid. Its array of places is replaced under RCU, so the one read here
        // stays while the guard does, and the acquire of the volatile pointer is its address
        // dependency as in `net_generic`. Unlike there the index is checked: a namespace may not
        // have grown its array to our number yet.
        unsafe {
            let generic = core::ptr::addr_of!((*net.as_ptr()).gen).read_volatile();
            let id = *self.id.get();
            let head = generic.cast::<bindings::net_generic__bindgen_ty_1__bindgen_ty_1>();
            if id >= (*head).len {
                return null_mut();
            }
            generic
                .cast::<*mut Place<T>>()
                .add(id as usize)
                .read_volatile()
        }
    }
}

/// Returns the state of `net`; none before its `init` and after its `exit`.
///
/// # Context
///
/// Any where RCU may be read; no call, a few loads.
#[inline]
pub(crate) fn get<'g, T: PernetState>(net: &Net, rcu: &'g rcu::Guard) -> Option<&'g T> {
    let slot = T::slot();
    if !slot.live.load(Ordering::Acquire) {
        return None;
    }
    let place = NonNull::new(slot.place(net, rcu))?;
    // SAFETY: The place is ours by `Slot`'s invariant, zeroed by the kernel when made, and freed
    // after a grace period that began with `published` null or `live` false.
    let state = unsafe { (*place.as_ptr()).published.load(Ordering::Acquire) };
    // SAFETY: `exit_batch` nulls the pointer and waits for a grace period before it drops the
    // reference that keeps the state, so it stays for `'g`.
    unsafe { state.as_ref() }
}

/// As [`get`], but returns a counted reference, for jobs that sleep.
pub(crate) fn get_arc<T: PernetState>(net: &Net) -> Option<Arc<T>> {
    let rcu = rcu::read_lock();
    let state: &T = get(net, &rcu)?;
    // SAFETY: `published` is the address of an `Arc`'s contents (see `init`), whose count is at
    // least the one that `exit_batch` drops a grace period after this could no longer find it.
    // `ManuallyDrop` leaves that one alone.
    let arc = unsafe { core::mem::ManuallyDrop::new(Arc::from_raw(state)) };
    Some(Arc::clone(&arc))
}

/// The registration of a [`PernetState`]: while it exists each namespace has one.
///
/// Dropping it ends them all and waits.
pub(crate) struct Registration<T: PernetState>(PhantomData<Arc<T>>);

// SAFETY: The object holds nothing; its destructor works from any thread.
unsafe impl<T: PernetState> Send for Registration<T> {}

// SAFETY: `&Registration` allows nothing.
unsafe impl<T: PernetState> Sync for Registration<T> {}

impl<T: PernetState> Registration<T> {
    /// Makes the state of every namespace. Fails with `EBUSY` if the type is registered already.
    ///
    /// # Context
    ///
    /// Process; may sleep.
    pub(crate) fn new() -> Result<Self> {
        let slot = T::slot();
        if slot.taken.swap(true, Ordering::Acquire) {
            return Err(EBUSY);
        }
        let ops = bindings::pernet_operations {
            init: Some(init::<T>),
            pre_exit: Some(pre_exit::<T>),
            exit_batch: Some(exit_batch::<T>),
            id: slot.id.get(),
            size: core::mem::size_of::<Place<T>>(),
            ..bindings::pernet_operations::default()
        };
        // SAFETY: `taken` makes us the only writer, and `live` is not set, so nobody reads.
        unsafe { slot.ops.get().write(ops) };
        // The number is written by the next call before it calls `init`; a reader that sees `live`
        // before that finds 0, which is never a number and whose place is the array's length: so
        // `live` comes after.
        // SAFETY: The operations are initialised and in a static; module unload drops `self` first.
        let result = to_result(unsafe { bindings::register_pernet_subsys(slot.ops.get()) });
        if let Err(error) = result {
            slot.taken.store(false, Ordering::Release);
            return Err(error);
        }
        // INVARIANT: The operations are registered, and the number stays until they are not.
        slot.live.store(true, Ordering::Release);
        Ok(Registration(PhantomData))
    }
}

impl<T: PernetState> Drop for Registration<T> {
    fn drop(&mut self) {
        let slot = T::slot();
        slot.live.store(false, Ordering::Release);
        // SAFETY: The operations were registered in `new`. The function waits for a grace period
        // between `pre_exit` and `exit`, and so for every reader that saw `live`, before places
        // are freed.
        unsafe { bindings::unregister_pernet_subsys(slot.ops.get()) };
        slot.taken.store(false, Ordering::Release);
    }
}

/// Returns what `init` made for `net`, to the operation that the kernel calls.
///
/// # Safety
///
/// To be called from the operations only, where `net` has a place for this type, and to be
/// used no longer than the operation runs.
unsafe fn owned<'a, T: PernetState>(net: &Net) -> &'a mut Owned<T> {
    let rcu = rcu::read_lock();
    // SAFETY: The kernel assigned the place, zeroed, before `init` and frees it after
    // `exit_batch`; it calls the operations of one namespace one after the other, and nobody else
    // uses this field. Zeroes are `None` by the layout of an option of references.
    unsafe { &mut (*T::slot().place(net, &rcu)).owned }
}

/// Makes `state` what [`get`] finds for `net`.
///
/// # Safety
///
/// As for [`owned`]; and `state` must be null, or kept until a grace period after it was replaced.
unsafe fn publish<T: PernetState>(net: &Net, state: *const T) {
    let rcu = rcu::read_lock();
    let place = T::slot().place(net, &rcu);
    // SAFETY: As in `owned`; the field is atomic.
    unsafe {
        (*place)
            .published
            .store(state.cast_mut(), Ordering::Release)
    };
}

/// The kernel made a namespace, or we were registered.
///
/// # Safety
///
/// To be called by the kernel as `pernet_operations::init`.
unsafe extern "C" fn init<T: PernetState>(net: *mut bindings::net) -> kernel::ffi::c_int {
    // SAFETY: The kernel passes a namespace that is alive during the call.
    let net = unsafe { Net::from_raw(net) };
    let start = || -> Result {
        // INVARIANT: `exit_batch` nulls it and waits for a grace period; the namespace is freed
        // after that.
        let weak = Arc::new(WeakNet(AtomicPtr::new(net.as_ptr())), GFP_KERNEL)?;
        let state = T::init(net, weak.clone()).inspect_err(|_| {
            weak.0.store(null_mut(), Ordering::Release);
            // SAFETY: We may sleep here. Whoever got the namespace from `weak` is waited for.
            unsafe { bindings::synchronize_rcu() };
        })?;
        // SAFETY: We are called as the operation `init`. `exit_batch` drops the reference that keeps
        // the state a grace period after it published null.
        unsafe {
            publish(net, Arc::as_ptr(&state));
            core::ptr::from_mut(owned(net)).write(Some((state, weak)));
        }
        Ok(())
    };
    match start() {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// The kernel begins to remove a namespace, or we are being unregistered.
///
/// # Safety
///
/// To be called by the kernel as `pernet_operations::pre_exit`.
unsafe extern "C" fn pre_exit<T: PernetState>(net: *mut bindings::net) {
    // SAFETY: The kernel passes a namespace whose memory stays until after `exit_batch`.
    let net = unsafe { Net::from_raw(net) };
    // SAFETY: We are called as the operation `pre_exit`, after `init`.
    if let Some((state, _)) = unsafe { owned::<T>(net) } {
        state.pre_exit(net);
    }
}

/// The kernel removes namespaces, a grace period after `pre_exit`.
///
/// # Safety
///
/// To be called by the kernel as `pernet_operations::exit_batch`.
unsafe extern "C" fn exit_batch<T: PernetState>(list: *mut bindings::list_head) {
    // SAFETY: The kernel passes a list of namespaces that it keeps during the call.
    unsafe {
        for_each_net(list, |net| {
            if let Some((state, weak)) = owned::<T>(net) {
                state.exit(net);
                weak.0.store(null_mut(), Ordering::Release);
            }
            publish::<T>(net, null_mut());
        });
    }
    // SAFETY: We may sleep here. Readers that found a state or a namespace are waited for.
    unsafe { bindings::synchronize_rcu() };
    // SAFETY: As above; nobody reads the places any more.
    unsafe {
        for_each_net(list, |net| *owned::<T>(net) = None);
    }
    // What the states freed by `call_rcu` may hold routes of the namespaces, which must be given
    // back while the protocols' own state, which is removed after us, exists.
    // SAFETY: We may sleep here.
    unsafe { bindings::rcu_barrier() };
}

/// Calls `f` for each namespace on a list that links them by `exit_list`.
///
/// # Safety
///
/// `list` must be such a list and must not change during the call.
unsafe fn for_each_net(list: *mut bindings::list_head, mut f: impl FnMut(&Net)) {
    // SAFETY: The caller promises a well-formed list whose entries are `exit_list` members of
    // valid namespaces.
    unsafe {
        let mut entry = (*list).next;
        while entry != list {
            let net = kernel::container_of!(entry, bindings::net, exit_list);
            entry = (*entry).next;
            f(Net::from_raw(net));
        }
    }
}

/// Turns a C function's return value into a result.
fn to_result(value: kernel::ffi::c_int) -> Result {
    kernel::error::to_result(value)
}
