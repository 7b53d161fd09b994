// SPDX-License-Identifier: GPL-2.0

//! Registering a family, and hearing of closed sockets.

use super::{
    channel::{Channel, Endpoint},
    Family, Group, Permission,
};
use crate::{
    kern::{net::namespace::Net, sync::deferred::synchronize_rcu},
    sys::bindings,
};
use core::{
    marker::PhantomPinned,
    sync::atomic::{AtomicBool, Ordering},
};
use kernel::{error::to_result, ffi, prelude::*, sync::Arc, types::Opaque};

/// A registered family. Dropping it unregisters the family and waits for its operations.
///
/// A module registers last, when all that operations use is ready: clients may come at once. A dump
/// that is under way holds the module, so it cannot be unloaded meanwhile.
///
/// # Invariants
///
/// `endpoint.family` is registered, and `endpoint.context` points into `family`.
pub(crate) struct Registration<F: Family> {
    // Dropped first, so that no socket is reported after the family is gone.
    _closings: Pin<KBox<Closings<F>>>,
    endpoint: Arc<Endpoint>,
    family: Arc<F>,
}

impl<F: Family> Registration<F> {
    /// Registers `family` on behalf of `module`.
    ///
    /// Fails with `EEXIST` if there is a family of this name. Context: process, may sleep.
    pub(crate) fn new(module: &'static ThisModule, family: F) -> Result<Self> {
        const {
            assert!(F::NAME.len() < bindings::GENL_NAMSIZ as usize);
            assert!(F::OPERATIONS.len() <= u8::MAX as usize);
            assert!(F::GROUPS.len() <= u8::MAX as usize);
        }
        let family = Arc::new(family, GFP_KERNEL)?;
        let closings = Closings::new(family.clone())?;
        let endpoint = Arc::pin_init(Self::endpoint(&family)?, GFP_KERNEL)?;
        let raw = endpoint.family.get();
        // SAFETY: Nobody else knows the endpoint yet. The operations and groups do not move: they
        // are on the heap and not changed any more.
        unsafe {
            (*raw).version = F::VERSION.into();
            copy_name(&mut (*raw).name, F::NAME)?;
            (*raw).set_netnsok(1);
            (*raw).set_parallel_ops(1);
            (*raw).split_ops = endpoint.ops.as_ptr();
            (*raw).n_split_ops = endpoint.ops.len() as u8;
            (*raw).mcgrps = endpoint.groups.as_ptr();
            (*raw).n_mcgrps = endpoint.groups.len() as u8;
            (*raw).module = module.as_ptr().cast();
        }
        // SAFETY: Filled in, and in its place until `drop` has unregistered it.
        to_result(unsafe { bindings::genl_register_family(raw) })?;
        // INVARIANT: Registered just now.
        endpoint.live.store(true, Ordering::Release);
        Ok(Self {
            _closings: closings,
            endpoint,
            family,
        })
    }

    fn endpoint(family: &Arc<F>) -> Result<impl PinInit<Endpoint>> {
        let mut ops =
            KVec::<bindings::genl_split_ops>::with_capacity(F::OPERATIONS.len(), GFP_KERNEL)?;
        let dump = bindings::GENL_CMD_CAP_DUMP as u8;
        // The order that C insists on: by command, the do before the dump.
        for place in 0..=2 * u16::from(u8::MAX) + 1 {
            for op in F::OPERATIONS.iter().map(|op| op.to_c()) {
                if place == u16::from(op.cmd) * 2 + u16::from(op.flags & dump != 0) {
                    ops.push(op, GFP_KERNEL)?;
                }
            }
        }
        for (one, next) in ops.iter().zip(ops.iter().skip(1)) {
            // C warns about these.
            let both = bindings::GENL_CMD_CAP_DO as u8 | dump;
            if one.cmd == next.cmd && one.flags ^ next.flags != both {
                return Err(EINVAL);
            }
        }
        let mut groups = KVec::with_capacity(F::GROUPS.len(), GFP_KERNEL)?;
        for group in F::GROUPS {
            groups.push(group.to_c()?, GFP_KERNEL)?;
        }
        let context = Arc::as_ptr(family).cast();
        Ok(pin_init!(Endpoint {
            family <- Opaque::ffi_init(|slot: *mut bindings::genl_family| {
                // SAFETY: `slot` is valid for writes; all zeroes is a family without anything.
                unsafe { slot.write(bindings::genl_family::default()) }
            }),
            live: AtomicBool::new(false),
            context,
            ops,
            groups,
            name: F::NAME,
            _pin: PhantomPinned,
        }))
    }

    /// The way to the family's multicast groups.
    pub(crate) fn channel(&self) -> Channel {
        Channel::new(self.endpoint.clone())
    }

    /// The family object.
    pub(crate) fn family(&self) -> &F {
        &self.family
    }
}

impl<F: Family> Drop for Registration<F> {
    fn drop(&mut self) {
        self.endpoint.live.store(false, Ordering::Relaxed);
        // Whoever still found it live has sent its notification after this.
        synchronize_rcu();
        // SAFETY: Registered, by the type invariants. Waits for running operations; dumps hold
        // references to what they use.
        unsafe { bindings::genl_unregister_family(self.endpoint.family()) };
    }
}

impl Group {
    fn to_c(&self) -> Result<bindings::genl_multicast_group> {
        let mut group = bindings::genl_multicast_group::default();
        copy_name(&mut group.name, self.name)?;
        if self.permission == Permission::NamespaceAdmin {
            group.flags = bindings::SLR_HELPER_GENL_MCAST_CAP_NET_ADMIN as u8;
        }
        Ok(group)
    }
}

/// Copies a name and its terminator.
fn copy_name(to: &mut [ffi::c_char], name: &str) -> Result {
    if name.len() >= to.len() {
        return Err(EINVAL);
    }
    for (to, &from) in to.iter_mut().zip(name.as_bytes()) {
        *to = from as ffi::c_char;
    }
    Ok(())
}

/// Passes closed sockets on to a family.
///
/// # Invariants
///
/// `block` is on netlink's list of notifiers from `new` to `drop`.
#[pin_data(PinnedDrop)]
#[repr(C)]
struct Closings<F: Family> {
    #[pin]
    block: Opaque<bindings::notifier_block>,
    family: Arc<F>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: The list has its own lock; the family is `Send` and `Sync`.
unsafe impl<F: Family> Send for Closings<F> {}
// SAFETY: As above.
unsafe impl<F: Family> Sync for Closings<F> {}

impl<F: Family> Closings<F> {
    fn new(family: Arc<F>) -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            try_pin_init!(Self {
                family,
                // INVARIANT: Put on the list here; the initialiser's last step that can fail.
                block <- Opaque::try_ffi_init(|slot: *mut bindings::notifier_block| {
                    // SAFETY: `slot` is valid for writes and pinned; `notify` fits where the block
                    // lies. `family` was initialised before.
                    unsafe {
                        slot.write(bindings::notifier_block {
                            notifier_call: Some(Self::notify),
                            ..Default::default()
                        });
                        to_result(bindings::netlink_register_notifier(slot))
                    }
                }),
                _pin: PhantomPinned,
            }),
            GFP_KERNEL,
        )
    }

    /// # Safety
    ///
    /// To be called by netlink with the `block` of a `Closings<F>` that is on its list.
    unsafe extern "C" fn notify(
        block: *mut bindings::notifier_block,
        event: ffi::c_ulong,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        if event == bindings::NETLINK_URELEASE as ffi::c_ulong {
            // SAFETY: `block` is the first member (`repr(C)`) of a `Closings<F>`, which leaves the
            // list, waiting for us, before it is freed.
            let this = unsafe { &*block.cast::<Self>() };
            // SAFETY: With this event netlink passes this struct, valid for the call.
            let closed = unsafe { &*data.cast::<bindings::netlink_notify>() };
            if closed.protocol == bindings::NETLINK_GENERIC as ffi::c_int {
                // SAFETY: The socket being closed holds its namespace.
                let net = unsafe { Net::from_raw(closed.net) };
                this.family.socket_closed(net, closed.portid);
            }
        }
        bindings::NOTIFY_DONE as ffi::c_int
    }
}

#[pinned_drop]
impl<F: Family> PinnedDrop for Closings<F> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariants. Waits for running calls.
        unsafe { bindings::netlink_unregister_notifier(self.block.get()) };
    }
}
