// SPDX-License-Identifier: GPL-2.0

//! Network devices of our own: a kind that users make by rtnetlink, and what is behind them.
//!
//! C headers: [`include/net/rtnetlink.h`](srctree/include/net/rtnetlink.h),
//! [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)
//!
//! Such a device carries IP packets without a link-layer header, as a tunnel device does. What the
//! stack sends on it is given to [`Link::transmit`]; what [`Skb::receive_on`] is called with the
//! stack takes as received on it. One number is what a device is made with, and shows.
//!
//! A device may be moved to another namespace than the one that it was made in, and renamed; its
//! [`Link`] and its [`Place`] stay as they were made.

use super::{
    device::{Device, Name},
    genetlink::{Extack, Refused},
    namespace::Net,
    skb::{Skb, Stolen},
    Family,
};
use crate::sys::bindings;
use core::{
    marker::PhantomData,
    ptr::{null_mut, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{
    alloc::AllocError,
    error::to_result,
    ffi,
    prelude::*,
    sync::{rcu, Arc},
    types::Opaque,
};

/// What is behind a device of one kind.
pub(crate) trait Link: Send + Sync + Sized + 'static {
    /// The kind's name, the TYPE of `ip link add NAME type TYPE`.
    const KIND: &'static CStr;

    /// What refusals begin with.
    const PREFIX: &'static str;

    /// The attribute of the number that a device is made with, in `IFLA_INFO_DATA`; at most
    /// [`ATTRIBUTE_MAX`].
    const ATTRIBUTE: u16;

    /// What to say to who gives no number.
    const MISSING: &'static str;

    /// Makes what is behind a new device, for namespace `net` and with `number`.
    ///
    /// # Context
    ///
    /// Process, with the RTNL lock held; may sleep.
    fn new(net: &Net, number: u32, extack: &Extack<'_>) -> Result<Self, Refused>;

    /// The device is registered, as `name`, and found by `place` until [`Link::leave`]. It goes
    /// again if this fails.
    ///
    /// # Context
    ///
    /// Process, with the RTNL lock held; may sleep.
    fn join(&self, place: &Arc<Place>, name: Name, extack: &Extack<'_>) -> Result<(), Refused>;

    /// The device goes; `place` is empty already. Also called if [`Link::join`] has failed.
    ///
    /// # Context
    ///
    /// Process, with the RTNL lock held; may sleep.
    fn leave(&self, place: &Arc<Place>);

    /// Returns the number that the device was made with.
    fn number(&self) -> u32;

    /// Takes a packet that the stack sends on the device. Its data begins at the IP header, and
    /// the route and mark of the sender have been taken off.
    ///
    /// # Context
    ///
    /// Softirq, or process with bottom halves off.
    fn transmit(&self, skb: Skb, place: &Arc<Place>, rcu: &rcu::Guard) -> Stolen;
}

/// The highest number of an attribute of a kind.
pub(crate) const ATTRIBUTE_MAX: u16 = 7;

/// Where a device is found by who does not keep it.
///
/// # Invariants
///
/// `0` is null, or a device that is freed no sooner than a grace period after it became null.
pub(crate) struct Place(AtomicPtr<bindings::net_device>);

impl Place {
    /// A place that never had a device.
    pub(crate) fn empty() -> Result<Arc<Self>, AllocError> {
        // INVARIANT: Null.
        Arc::new(Place(AtomicPtr::new(null_mut())), GFP_KERNEL)
    }

    /// Returns the device unless it is gone.
    #[inline]
    pub(crate) fn device<'g>(&self, _rcu: &'g rcu::Guard) -> Option<&'g Device> {
        let dev = NonNull::new(self.0.load(Ordering::Acquire))?;
        // SAFETY: By the invariant a device that is still noted outlives the grace period that the
        // guard, and so `'g`, holds up; its removal waits for that before the last reference.
        Some(unsafe { Device::from_raw(dev.as_ptr()) })
    }

    /// Whether there is a device.
    pub(crate) fn is_taken(&self) -> bool {
        !self.0.load(Ordering::Relaxed).is_null()
    }

    /// Says to the stack that nothing is behind the device any more: its carrier is lost.
    pub(crate) fn cut_off(&self, rcu: &rcu::Guard) {
        if let Some(dev) = self.device(rcu) {
            // SAFETY: The device is registered or, if it is being removed, not freed during the
            // section; the function changes a bit and asks for the news to be spread.
            unsafe { bindings::netif_carrier_off(dev.as_ptr()) };
        }
    }
}

/// The registration of a kind. Dropping it removes all devices of the kind, wherever they are, and
/// waits until nothing of theirs is used any more.
///
/// # Invariants
///
/// `0` is registered, and pinned.
pub(crate) struct Registration<L: Link>(Pin<KBox<Ops>>, PhantomData<L>);

/// The operations of a kind, pinned since the kernel lists them.
#[pin_data]
struct Ops {
    #[pin]
    raw: Opaque<bindings::rtnl_link_ops>,
    /// What attributes there may be; `raw` points to it.
    policy: [bindings::nla_policy; ATTRIBUTE_MAX as usize + 1],
}

// SAFETY: The operations are used by the kernel under its own locks, and by us only to register
// and unregister them, which any thread may.
unsafe impl Send for Ops {}

// SAFETY: `&Ops` allows nothing.
unsafe impl Sync for Ops {}

/// What a device owns.
struct Body<L> {
    behind: L,
    place: Arc<Place>,
}

/// What a device's private memory holds.
///
/// # Invariants
///
/// From `newlink` to `destruct` the pointer is a `KBox<Body<L>>` that the device owns.
#[repr(transparent)]
struct Private<L>(*mut Body<L>);

impl<L: Link> Registration<L> {
    /// Registers the kind. `EEXIST` if there is one of this name.
    ///
    /// # Context
    ///
    /// Process, without the RTNL lock; may sleep.
    pub(crate) fn new() -> Result<Self> {
        const { assert!(L::ATTRIBUTE > 0 && L::ATTRIBUTE <= ATTRIBUTE_MAX) };
        let mut policy = [bindings::nla_policy::default(); ATTRIBUTE_MAX as usize + 1];
        if let Some(entry) = policy.get_mut(usize::from(L::ATTRIBUTE)) {
            entry.type_ = bindings::NLA_U32 as u8;
        }
        let ops = KBox::pin_init(
            pin_init!(Ops {
                raw <- Opaque::ffi_init(|slot: *mut bindings::rtnl_link_ops| {
                    // SAFETY: `slot` is valid for writes; all zeroes is a kind without anything.
                    unsafe { slot.write_bytes(0, 1) }
                }),
                policy,
            }),
            GFP_KERNEL,
        )?;
        let raw = ops.raw.get();
        // SAFETY: Nobody else knows the operations yet. The policy is pinned beside them.
        unsafe {
            (*raw).kind = L::KIND.as_char_ptr();
            (*raw).priv_size = core::mem::size_of::<Private<L>>();
            (*raw).setup = Some(setup::<L>);
            (*raw).maxtype = ATTRIBUTE_MAX.into();
            (*raw).policy = ops.policy.as_ptr();
            (*raw).newlink = Some(newlink::<L>);
            (*raw).get_size = Some(get_size);
            (*raw).fill_info = Some(fill_info::<L>);
        }
        // SAFETY: Filled in, and in its place until `drop` has unregistered it. No caller holds
        // the lock that the function takes.
        to_result(unsafe { bindings::rtnl_link_register(raw) })?;
        // INVARIANT: Registered just now.
        Ok(Registration(ops, PhantomData))
    }
}

impl<L: Link> Drop for Registration<L> {
    fn drop(&mut self) {
        // SAFETY: Registered by the invariant. The function removes all devices of the kind and
        // waits for their last references and destructors before it returns.
        unsafe { bindings::rtnl_link_unregister(self.0.raw.get()) };
    }
}

/// What a device does, the same for all of a kind.
struct DeviceOps<L>(PhantomData<L>);

impl<L: Link> DeviceOps<L> {
    const RAW: bindings::net_device_ops = {
        // SAFETY: All zeroes is a device that does nothing: each member is a function or none.
        let mut raw: bindings::net_device_ops = unsafe { core::mem::zeroed() };
        raw.ndo_start_xmit = Some(start_xmit::<L>);
        raw.ndo_uninit = Some(uninit::<L>);
        raw
    };
}

/// The place of a device's private memory.
///
/// # Safety
///
/// `dev` must be a device of the kind of `L`.
unsafe fn private<L: Link>(dev: *const bindings::net_device) -> *mut Private<L> {
    // SAFETY: The caller says that it is of our kind, so its memory has the size that the kind
    // asked for.
    unsafe { bindings::slr_helper_netdev_priv(dev).cast() }
}

/// What a device owns.
///
/// # Safety
///
/// `dev` must be a device of the kind of `L` that `newlink` has given its body, and its destructor
/// must not run during `'a`.
unsafe fn body<'a, L: Link>(dev: *const bindings::net_device) -> &'a Body<L> {
    // SAFETY: By the invariant of `Private`, between the two points that the caller names.
    unsafe { &*(*private::<L>(dev)).0 }
}

/// # Safety
///
/// To be called by the kernel as the `setup` of our kind: `dev` is new, and nobody else's.
unsafe extern "C" fn setup<L: Link>(dev: *mut bindings::net_device) {
    // SAFETY: The caller says that the device is new and nobody else's, so that every member may
    // be written.
    unsafe {
        (*dev).netdev_ops = &DeviceOps::<L>::RAW;
        (*dev).type_ = bindings::ARPHRD_NONE as u16;
        (*dev).flags =
            bindings::net_device_flags_IFF_POINTOPOINT | bindings::net_device_flags_IFF_NOARP;
        let fast = &mut (*dev).__bindgen_anon_1.priv_flags_fast;
        fast.set_priv_flags(
            fast.priv_flags() | bindings::netdev_priv_flags_IFF_NO_QUEUE as ffi::c_ulong,
        );
        fast.set_lltx(1);
        (*dev).features |= bindings::SLR_HELPER_LINK_FEATURES;
        (*dev).hw_features |= bindings::SLR_HELPER_LINK_FEATURES;
        (*dev).mtu = bindings::ETH_DATA_LEN;
        (*dev).min_mtu = bindings::ETH_MIN_MTU;
        (*dev).max_mtu = bindings::IP_MAX_MTU;
        (*dev).needed_headroom = HEADROOM;
        (*dev).set_pcpu_stat_type(bindings::netdev_stat_type_NETDEV_PCPU_STAT_TSTATS);
    }
}

/// Room that senders leave before a packet, for headers to come.
const HEADROOM: u16 = 128;

/// # Safety
///
/// To be called by the kernel as the `newlink` of our kind: `dev` was set up by [`setup`] and is
/// not registered yet, `params` is valid, `extack` null or valid; the RTNL lock is held.
unsafe extern "C" fn newlink<L: Link>(
    dev: *mut bindings::net_device,
    params: *mut bindings::rtnl_newlink_params,
    extack: *mut bindings::netlink_ext_ack,
) -> ffi::c_int {
    // SAFETY: The message, if any, is the caller's during the call.
    let extack = unsafe { Extack::from_raw(extack, L::PREFIX) };
    // SAFETY: Our caller's promises are those that the function asks for.
    match unsafe { make::<L>(dev, params, &extack) } {
        Ok(()) => 0,
        Err(refused) => extack.conclude(refused),
    }
}

/// [`newlink`], with its errors as results.
///
/// # Safety
///
/// As for [`newlink`].
unsafe fn make<L: Link>(
    dev: *mut bindings::net_device,
    params: *mut bindings::rtnl_newlink_params,
    extack: &Extack<'_>,
) -> Result<(), Refused> {
    // SAFETY: `data`, if there is any, has a place for each attribute up to the kind's highest,
    // as the policy says; what is there has the policy's length.
    let number = unsafe {
        NonNull::new((*params).data)
            .and_then(|data| NonNull::new(*data.as_ptr().add(L::ATTRIBUTE.into())))
            .map(|attr| attr.add(1).cast::<u32>().read_unaligned())
    };
    let number = number.ok_or_else(|| extack.refuse(EINVAL, format_args!("{}", L::MISSING)))?;
    // SAFETY: `params` is valid, and its namespaces stay during the call.
    let net = unsafe { Net::from_raw(bindings::slr_helper_rtnl_newlink_link_net(params)) };
    let new = Body {
        behind: L::new(net, number, extack)?,
        place: Place::empty()?,
    };
    let owned = KBox::into_raw(KBox::new(new, GFP_KERNEL)?);
    // INVARIANT: The box is the device's from here on.
    // SAFETY: The device is of our kind and not registered, so nobody else looks.
    unsafe { private::<L>(dev).write(Private(owned)) };
    // SAFETY: The device was set up, and the RTNL lock is held, as the caller says.
    if let Err(error) = to_result(unsafe { bindings::register_netdevice(dev) }) {
        // SAFETY: The device was not registered, has no destructor, and will not be looked at
        // again, so the box is ours once more.
        drop(unsafe { KBox::from_raw(owned) });
        return Err(match super::plain(error) {
            ENOMEM => AllocError.into(),
            error => extack.refuse(error, format_args!("the device cannot be registered")),
        });
    }
    // SAFETY: The RTNL lock is held, under which only these members are looked at.
    unsafe {
        (*dev).priv_destructor = Some(destruct::<L>);
        (*dev).needs_free_netdev = true;
    }
    // SAFETY: The device is registered, and cannot go while the RTNL lock is held.
    let (body, name) = unsafe { (body::<L>(dev), Device::from_raw(dev).name()) };
    // INVARIANT: `uninit` takes it out, before the core waits for a grace period and frees.
    body.place.0.store(dev, Ordering::Release);
    body.behind
        .join(&body.place, name, extack)
        .inspect_err(|_| {
            // SAFETY: The device is registered, and the RTNL lock is held. It is freed, by its
            // destructor, when that is let go of.
            unsafe { bindings::unregister_netdevice_queue(dev, null_mut()) };
        })
}

/// # Safety
///
/// To be called by the kernel as the `ndo_uninit` of a device of our kind, with the RTNL lock held:
/// when it is removed, or could not be registered.
unsafe extern "C" fn uninit<L: Link>(dev: *mut bindings::net_device) {
    // SAFETY: `newlink` has given the device its body before it registered it.
    let body = unsafe { body::<L>(dev) };
    if body.place.0.swap(null_mut(), Ordering::AcqRel).is_null() {
        return;
    }
    body.behind.leave(&body.place);
}

/// # Safety
///
/// To be called by the kernel as the `priv_destructor` of a device that [`newlink`] registered.
unsafe extern "C" fn destruct<L: Link>(dev: *mut bindings::net_device) {
    // SAFETY: By the invariant of `Private`; the kernel calls this once, after the last packet and
    // the last reference.
    drop(unsafe { KBox::from_raw((*private::<L>(dev)).0) });
}

/// # Safety
///
/// To be called by the kernel as the `get_size` of our kind.
unsafe extern "C" fn get_size(_dev: *const bindings::net_device) -> usize {
    // An attribute's header and its number.
    8
}

/// # Safety
///
/// To be called by the kernel as the `fill_info` of our kind, under the RTNL lock.
unsafe extern "C" fn fill_info<L: Link>(
    skb: *mut bindings::sk_buff,
    dev: *const bindings::net_device,
) -> ffi::c_int {
    // SAFETY: A device that is asked about has its body.
    let number = unsafe { body::<L>(dev) }.behind.number();
    // SAFETY: `skb` is the message being built; the value has 4 bytes.
    unsafe {
        bindings::nla_put(
            skb,
            L::ATTRIBUTE.into(),
            4,
            core::ptr::addr_of!(number).cast(),
        )
    }
}

/// # Safety
///
/// To be called by the kernel as the `ndo_start_xmit` of a device of our kind.
unsafe extern "C" fn start_xmit<L: Link>(
    skb: *mut bindings::sk_buff,
    dev: *mut bindings::net_device,
) -> bindings::netdev_tx_t {
    let Some(skb) = NonNull::new(skb) else {
        return bindings::netdev_tx_NETDEV_TX_OK;
    };
    // SAFETY: The kernel gives the packet, which no one else uses, to this function. What is sent
    // belongs to a packet's past: `skb_scrub_packet` takes off what must not cross into another
    // routing context, and counting happens before the packet is gone.
    let mut skb = unsafe {
        bindings::skb_scrub_packet(skb.as_ptr(), true);
        Skb::from_raw(skb)
    };
    // SAFETY: The device is registered, so it has what `setup` said that it counts in.
    unsafe {
        bindings::slr_helper_dev_sw_netstats_tx_add(dev, skb.segments(), skb.len() as u32);
    }
    skb.set_network_header(0);
    let rcu = rcu::read_lock();
    // SAFETY: The device is registered, and unregistering it waits until no packet is being sent.
    let body = unsafe { body::<L>(dev) };
    let _ = body.behind.transmit(skb, &body.place, &rcu);
    bindings::netdev_tx_NETDEV_TX_OK
}

impl Skb {
    /// Has the stack take the packet, whose data begins at its IP header, as received on `dev`,
    /// and counts it there.
    ///
    /// The packet is queued: nothing of the stack runs inside this call. A device that is down
    /// takes nothing.
    ///
    /// # Context
    ///
    /// Softirq, or process with bottom halves off; inside RCU.
    pub(crate) fn receive_on(mut self, dev: &Device, family: Family, _rcu: &rcu::Guard) -> Stolen {
        self.scrub_for_forwarding();
        self.set_protocol(family.ethertype());
        self.set_network_header(0);
        self.set_mac_header_behind(0);
        self.set_device(dev);
        let len = self.len() as u32;
        let tstats = bindings::netdev_stat_type_NETDEV_PCPU_STAT_TSTATS;
        // SAFETY: The packet is valid and ours, and what it keeps of another context goes. The
        // device is valid while the guard lasts. Where it has said that it counts in `tstats`, the
        // core has allocated them when it was registered. `into_raw` gives up our reference, which
        // `netif_rx` consumes.
        unsafe {
            bindings::skb_scrub_packet(self.as_ptr(), true);
            if (*dev.as_ptr()).pcpu_stat_type() == tstats {
                bindings::slr_helper_dev_sw_netstats_rx_add(dev.as_ptr(), len);
            }
            bindings::netif_rx(self.into_raw());
        }
        Skb::taken()
    }
}
