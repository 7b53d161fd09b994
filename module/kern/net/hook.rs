// SPDX-License-Identifier: GPL-2.0

//! Netfilter hooks: where packets are taken from the stack.
//!
//! C header: [`include/linux/netfilter.h`](srctree/include/linux/netfilter.h)
//!
//! A hook's function gets the packet by value and must say what became of it: a [`Verdict`] is
//! made of the packet itself or of the [`Stolen`] that comes of handing it on, so a packet can be
//! neither forgotten nor used after it was given away.

use super::{
    device::Device,
    namespace::Net,
    rcu_read_lock_is_held,
    skb::{Skb, Stolen},
};
use crate::sys::bindings;
use core::{marker::PhantomData, pin::Pin, ptr::NonNull};
use kernel::{
    alloc::KBox,
    prelude::*,
    sync::{aref::ARef, rcu, Arc},
    types::Opaque,
};

/// What a hook decided about a packet.
#[must_use]
pub(crate) struct Verdict(Decision);

enum Decision {
    Accept(Skb),
    Stolen(Stolen),
}

impl Verdict {
    /// The packet goes on through the stack.
    ///
    /// It must be the one that the hook was given; another is freed. That also meets a packet
    /// which had a second holder and had to be replaced to be changed (see [`Skb`]).
    #[inline]
    pub(crate) fn accept(skb: Skb) -> Self {
        Verdict(Decision::Accept(skb))
    }

    /// The packet was sent, queued or freed.
    #[inline]
    pub(crate) fn stolen(stolen: Stolen) -> Self {
        Verdict(Decision::Stolen(stolen))
    }

    /// The packet is dropped for `reason`.
    #[inline]
    pub(crate) fn drop(skb: Skb, reason: super::skb::Reason) -> Self {
        Verdict::stolen(skb.free(reason))
    }
}

impl Verdict {
    /// Whether the packet goes on through the stack.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.0, Decision::Accept(_))
    }

    /// What became of the packet where there is no stack to go on through: one that would have is
    /// given to `rest`.
    pub(crate) fn conclude(self, rest: impl FnOnce(Skb) -> Stolen) -> Stolen {
        match self.0 {
            Decision::Accept(skb) => rest(skb),
            Decision::Stolen(stolen) => stolen,
        }
    }
}

impl From<Stolen> for Verdict {
    #[inline]
    fn from(stolen: Stolen) -> Self {
        Verdict::stolen(stolen)
    }
}

/// Where and for whom a hook runs.
///
/// # Invariants
///
/// `state` is what the kernel passed to the hook that is running, inside the RCU read-side section
/// in which the kernel runs hooks; both last for `'a`.
pub(crate) struct Context<'a> {
    state: NonNull<bindings::nf_hook_state>,
    _call: PhantomData<&'a rcu::Guard>,
}

impl<'a> Context<'a> {
    /// Returns the evidence that RCU is held.
    #[inline]
    pub(crate) fn rcu(&self) -> &'a rcu::Guard {
        // SAFETY: The section lasts for `'a` by the invariant.
        unsafe { rcu_read_lock_is_held() }
    }

    /// Returns the namespace in which the hook runs.
    #[inline]
    pub(crate) fn net(&self) -> &'a Net {
        // SAFETY: The state names a namespace whose device or socket the packet is on, so it is not
        // freed during the call.
        unsafe { Net::from_raw((*self.state.as_ptr()).net) }
    }

    /// Returns the device that the packet came in by, if it did.
    #[inline]
    pub(crate) fn input(&self) -> Option<&'a Device> {
        // SAFETY: The state names devices that RCU keeps during the call.
        unsafe {
            let dev = (*self.state.as_ptr()).in_;
            (!dev.is_null()).then(|| Device::from_raw(dev))
        }
    }

    /// Returns the device that the packet is to leave by, if that is known.
    #[inline]
    pub(crate) fn output(&self) -> Option<&'a Device> {
        // SAFETY: As in `input`.
        unsafe {
            let dev = (*self.state.as_ptr()).out;
            (!dev.is_null()).then(|| Device::from_raw(dev))
        }
    }

    /// Returns the socket that sends the packet, null if none does.
    #[inline]
    pub(in crate::kern) fn socket(&self) -> *mut bindings::sock {
        // SAFETY: The state is valid by the invariant.
        unsafe { (*self.state.as_ptr()).sk }
    }
}

/// Somebody who looks at packets.
pub(crate) trait Hook: Send + Sync + 'static {
    /// Decides about a packet, whose data begins at the network header.
    ///
    /// # Context
    ///
    /// Softirq, or process with RCU held where it sends; must not sleep.
    fn packet(&self, skb: Skb, context: &Context<'_>) -> Verdict;
}

/// A place in the path of IP packets, in one namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Point {
    /// IPv4 packets that came in, before they are routed.
    PreRoutingV4,
    /// IPv6 packets that came in, before they are routed.
    PreRoutingV6,
    /// IPv4 packets that were made here, after they are routed.
    LocalOutV4,
    /// IPv6 packets that were made here, after they are routed.
    LocalOutV6,
}

impl Point {
    fn family_and_number(self) -> (u8, u32) {
        const V4: u8 = bindings::NFPROTO_IPV4 as u8;
        const V6: u8 = bindings::NFPROTO_IPV6 as u8;
        const IN: u32 = bindings::nf_inet_hooks_NF_INET_PRE_ROUTING;
        const OUT: u32 = bindings::nf_inet_hooks_NF_INET_LOCAL_OUT;
        match self {
            Point::PreRoutingV4 => (V4, IN),
            Point::PreRoutingV6 => (V6, IN),
            Point::LocalOutV4 => (V4, OUT),
            Point::LocalOutV6 => (V6, OUT),
        }
    }
}

/// Before reassembly and connection tracking (-400, -200) and the raw tables (-300).
pub(crate) const PRIORITY_BEFORE_DEFRAG: i32 =
    bindings::nf_ip_hook_priorities_NF_IP_PRI_RAW_BEFORE_DEFRAG;

/// After reassembly, before the raw tables and connection tracking.
pub(crate) const PRIORITY_BEFORE_CONNTRACK: i32 = bindings::nf_ip_hook_priorities_NF_IP_PRI_RAW - 1;

/// Where packet filters look; the usual priority on a device.
pub(crate) const PRIORITY_FILTER: i32 = bindings::nf_ip_hook_priorities_NF_IP_PRI_FILTER;

/// A hook that packets pass.
///
/// Dropping it takes it off and waits for a grace period, so that it runs nowhere any more. Who
/// drops many calls [`detach`](Registration::detach) for all of them first: then the first drop
/// waits for all.
///
/// # Context
///
/// To be made and dropped in a process that may sleep.
pub(crate) struct Registration<T: Hook> {
    inner: Pin<KBox<Inner<T>>>,
    /// Once taken off: the grace period to wait for.
    detached: Option<kernel::ffi::c_ulong>,
}

#[pin_data]
struct Inner<T> {
    #[pin]
    ops: Opaque<bindings::nf_hook_ops>,
    hook: Arc<T>,
    place: Place,
}

/// What a hook is on, for as long as it is registered.
enum Place {
    /// A device, which the reference keeps.
    Device(ARef<Device>),
    /// A namespace, which keeps itself: see [`Registration::inet`].
    Net(NonNull<bindings::net>),
}

// SAFETY: `ops` is touched only by the registering functions, under their mutex; the device's
// reference and the hook are `Send` and `Sync`, and the namespace's address belongs to no thread.
unsafe impl<T: Hook> Send for Registration<T> {}

// SAFETY: `&Registration` allows to read the hook, which is `Sync`, and nothing else.
unsafe impl<T: Hook> Sync for Registration<T> {}

impl<T: Hook> Registration<T> {
    /// Puts `hook` on all that `dev` receives, before any protocol sees it. Lower priorities come
    /// first.
    ///
    /// The registration keeps the device from being removed; drop it on
    /// [`Event::Unregister`](super::device::Event).
    pub(crate) fn ingress(dev: ARef<Device>, priority: i32, hook: Arc<T>) -> Result<Self> {
        let ops = bindings::nf_hook_ops {
            dev: dev.as_ptr(),
            pf: bindings::NFPROTO_NETDEV as u8,
            hooknum: bindings::nf_dev_hooks_NF_NETDEV_INGRESS,
            priority,
            ..bindings::nf_hook_ops::default()
        };
        Self::new(ops, Place::Device(dev), hook)
    }

    /// Puts `hook` on IP packets of a namespace. Lower priorities come first.
    ///
    /// The registration does not keep the namespace; it belongs into its state
    /// ([`PernetState`](super::namespace::PernetState)), to be dropped in `pre_exit` at the latest.
    pub(crate) fn inet(net: &Net, point: Point, priority: i32, hook: Arc<T>) -> Result<Self> {
        let (pf, hooknum) = point.family_and_number();
        let ops = bindings::nf_hook_ops {
            pf,
            hooknum,
            priority,
            ..bindings::nf_hook_ops::default()
        };
        let net = NonNull::new(net.as_ptr()).ok_or(EINVAL)?;
        Self::new(ops, Place::Net(net), hook)
    }

    fn new(mut ops: bindings::nf_hook_ops, place: Place, hook: Arc<T>) -> Result<Self> {
        ops.hook = Some(packet::<T>);
        ops.priv_ = Arc::as_ptr(&hook).cast_mut().cast();
        let inner = KBox::pin_init(
            pin_init!(Inner {
                ops: Opaque::new(ops),
                hook,
                place,
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: The operations are initialised, pinned, and stay until `detach` took them off.
        // What `priv` points to is kept by `hook` for as long as they stay, and a grace period
        // more. The device or namespace is alive as our callers' references show.
        kernel::error::to_result(unsafe {
            bindings::nf_register_net_hook(inner.place.net(), inner.ops.get())
        })?;
        Ok(Registration {
            inner,
            detached: None,
        })
    }

    /// Returns whom the packets pass.
    pub(crate) fn hook(&self) -> &T {
        &self.inner.hook
    }

    /// Returns the device whose packets pass, if it is a device.
    pub(crate) fn device(&self) -> Option<&Device> {
        match &self.inner.place {
            Place::Device(dev) => Some(dev),
            Place::Net(_) => None,
        }
    }

    /// Takes the hook off without waiting for those that are running it: dropping it does.
    ///
    /// # Context
    ///
    /// Process; may sleep.
    pub(crate) fn detach(&mut self) {
        if self.detached.is_some() {
            return;
        }
        // SAFETY: The operations were registered in `new`, once, with the same namespace or
        // device, which is still there: held, or as `inet` demands. The second function has no
        // requirements.
        unsafe {
            bindings::nf_unregister_net_hook(self.inner.place.net(), self.inner.ops.get());
            self.detached = Some(bindings::get_state_synchronize_rcu());
        }
    }
}

impl Place {
    /// Returns the namespace to tell the registering functions. On a device's hook they use the
    /// device alone, but to tell one namespace from another.
    fn net(&self) -> *mut bindings::net {
        match self {
            // SAFETY: The device is held, and so valid.
            Place::Device(dev) => unsafe { (*dev.as_ptr()).nd_net.net },
            Place::Net(net) => net.as_ptr(),
        }
    }
}

impl<T: Hook> Drop for Registration<T> {
    fn drop(&mut self) {
        self.detach();
        // `nf_unregister_net_hook` only puts off freeing its own array, so whoever runs the hook is
        // waited for here, unless a grace period has passed since anyway.
        // SAFETY: We may sleep, as the type's documentation demands, and hooks run inside RCU
        // sections. The cookie is of the first function's kind.
        unsafe {
            if !self
                .detached
                .is_some_and(|cookie| bindings::poll_state_synchronize_rcu(cookie))
            {
                bindings::synchronize_net();
            }
        }
    }
}

/// A packet reached a hook.
///
/// # Safety
///
/// To be called by the kernel as the function of a `nf_hook_ops` whose `priv` is a `T`.
unsafe extern "C" fn packet<T: Hook>(
    hook: *mut kernel::ffi::c_void,
    skb: *mut bindings::sk_buff,
    state: *const bindings::nf_hook_state,
) -> kernel::ffi::c_uint {
    // SAFETY: `priv` was set in `Registration::new` to the contents of an `Arc` that is not
    // dropped before the hook was taken off and a grace period passed; we run inside RCU.
    let hook = unsafe { &*hook.cast::<T>() };
    // INVARIANT: The kernel runs hooks inside RCU and passes a state that lasts for the call.
    // SAFETY: As above, neither pointer is null.
    let context = unsafe {
        Context {
            state: NonNull::new_unchecked(state.cast_mut()),
            _call: PhantomData,
        }
    };
    // SAFETY: The kernel passes a valid packet and, until we return, its reference. It is the only
    // user: who keeps a second reference (see `Skb`) does not touch it.
    let owned = unsafe { Skb::from_raw(NonNull::new_unchecked(skb)) };
    match hook.packet(owned, &context).0 {
        Decision::Accept(accepted) if core::ptr::eq(accepted.as_ptr(), skb) => {
            // The kernel has its reference back.
            accepted.into_raw();
            bindings::NF_ACCEPT
        }
        // The packet that we were given is gone, so the kernel must not go on with it.
        Decision::Accept(_another) => bindings::NF_STOLEN,
        Decision::Stolen(_) => bindings::NF_STOLEN,
    }
}
