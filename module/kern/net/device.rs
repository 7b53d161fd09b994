// SPDX-License-Identifier: GPL-2.0

//! Network devices and the news about them.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use super::{namespace::Net, rtnl::Rtnl};
use crate::sys::bindings;
use core::{
    net::{Ipv4Addr, Ipv6Addr},
    pin::Pin,
    ptr::NonNull,
};
use kernel::{
    alloc::KBox,
    fmt,
    prelude::*,
    sync::{aref::AlwaysRefCounted, rcu, Arc},
    types::Opaque,
};

/// A network device.
///
/// Borrowed from a lookup it lives as long as the RCU section. An
/// [`ARef`](kernel::sync::aref::ARef) to it lives as long as it likes, but holds up the device's
/// removal without a limit, so whoever keeps one listens to [`Event::Unregister`].
///
/// # Invariants
///
/// `0` is a `struct net_device` that is not freed while the reference exists.
#[repr(transparent)]
pub(crate) struct Device(Opaque<bindings::net_device>);

// SAFETY: A device belongs to no thread.
unsafe impl Send for Device {}

// SAFETY: What `&Device` allows reads words that change as a whole, or calls C functions that
// lock for themselves.
unsafe impl Sync for Device {}

// SAFETY: `dev_hold` and `dev_put` are the device's reference count, and a device is not freed
// while it is held. A `&Device` exists only while one may be held: removal waits for a grace period
// after lookups no longer find the device, and only then for the last reference.
unsafe impl AlwaysRefCounted for Device {
    #[inline]
    fn inc_ref(&self) {
        // SAFETY: The device is valid by the invariant.
        unsafe { bindings::slr_helper_dev_hold(self.as_ptr()) };
    }

    #[inline]
    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller owns a reference, which this gives back.
        unsafe { bindings::slr_helper_dev_put(obj.cast().as_ptr()) };
    }
}

/// A device's name as it was when asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name([u8; 16]);

impl Name {
    /// Returns the name's bytes, without a terminating zero.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(self.0.len());
        self.0.get(..len).unwrap_or(&[])
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.as_bytes().utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("?")?;
            }
        }
        Ok(())
    }
}

impl Device {
    /// Borrows a device from C.
    ///
    /// # Safety
    ///
    /// `dev` must be a valid device that during `'a` is neither freed nor past the point where its
    /// removal has waited for the last reference.
    #[inline]
    pub(in crate::kern) unsafe fn from_raw<'a>(dev: *mut bindings::net_device) -> &'a Self {
        // SAFETY: The caller promises that it is valid for `'a`; `Device` is transparent.
        unsafe { &*dev.cast() }
    }

    /// Returns the device's address.
    #[inline]
    pub(in crate::kern) fn as_ptr(&self) -> *mut bindings::net_device {
        self.0.get()
    }

    /// Finds a device of `net` by its index.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    pub(crate) fn by_index<'g>(net: &Net, ifindex: u32, _rcu: &'g rcu::Guard) -> Option<&'g Self> {
        // SAFETY: `net` is valid. A device that is found stays while the guard does.
        let dev = unsafe { bindings::dev_get_by_index_rcu(net.as_ptr(), ifindex as i32) };
        // SAFETY: As above.
        (!dev.is_null()).then(|| unsafe { Self::from_raw(dev) })
    }

    /// Finds a device of `net` by its name.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    pub(crate) fn by_name<'g>(net: &Net, name: &CStr, _rcu: &'g rcu::Guard) -> Option<&'g Self> {
        // SAFETY: `net` is valid and `name` ends with a zero. A device that is found stays while
        // the guard does.
        let dev = unsafe { bindings::dev_get_by_name_rcu(net.as_ptr(), name.as_char_ptr()) };
        // SAFETY: As above.
        (!dev.is_null()).then(|| unsafe { Self::from_raw(dev) })
    }

    /// Returns the index, unique in the device's namespace.
    #[inline]
    pub(crate) fn ifindex(&self) -> u32 {
        // SAFETY: The device is valid; the index changes only when it moves to another namespace.
        unsafe { (*self.as_ptr()).ifindex as u32 }
    }

    /// Returns the namespace that the device is in now.
    #[inline]
    pub(crate) fn net<'a>(&'a self, _rcu: &'a rcu::Guard) -> &'a Net {
        // SAFETY: A device that is in a namespace keeps that from being freed; when it leaves one,
        // a grace period passes before the namespace is.
        unsafe { Net::from_raw(core::ptr::addr_of!((*self.as_ptr()).nd_net.net).read_volatile()) }
    }

    /// Returns the name. A rename at the same time may mix both names.
    pub(crate) fn name(&self) -> Name {
        // SAFETY: The device is valid, and its name an array of 16 bytes.
        Name(unsafe {
            core::ptr::addr_of!((*self.as_ptr()).name)
                .cast::<[u8; 16]>()
                .read()
        })
    }

    /// Returns the largest packet, without its link-layer header, that the device takes.
    #[inline]
    pub(crate) fn mtu(&self) -> u32 {
        // SAFETY: The device is valid, and the word is read as C reads it, by READ_ONCE.
        unsafe { core::ptr::addr_of!((*self.as_ptr()).mtu).read_volatile() }
    }

    /// Returns the largest IPv6 packet that the device takes; none if it speaks no IPv6.
    #[inline]
    pub(super) fn ip6_mtu(&self, _rcu: &rcu::Guard) -> Option<u32> {
        // SAFETY: The device is valid, the guard keeps what it has for IPv6, and both words are
        // read as C reads them.
        unsafe {
            let inet6 = core::ptr::addr_of!((*self.as_ptr()).ip6_ptr).read_volatile();
            (!inet6.is_null())
                .then(|| core::ptr::addr_of!((*inet6).cnf.mtu6).read_volatile() as u32)
        }
    }

    /// Returns the `IFF_*` flags.
    #[inline]
    pub(crate) fn flags(&self) -> u32 {
        // SAFETY: The device is valid, and the word is read as C reads it, by READ_ONCE.
        unsafe { core::ptr::addr_of!((*self.as_ptr()).flags).read_volatile() }
    }

    /// Whether the device is administratively up.
    #[inline]
    pub(crate) fn is_up(&self) -> bool {
        self.flags() & bindings::net_device_flags_IFF_UP != 0
    }

    /// Whether this is the loopback device.
    #[inline]
    pub(crate) fn is_loopback(&self) -> bool {
        self.flags() & bindings::net_device_flags_IFF_LOOPBACK != 0
    }

    /// Returns the hardware type, an `ARPHRD_*` number.
    #[inline]
    pub(crate) fn hardware_type(&self) -> u16 {
        // SAFETY: The device is valid, and its type is set before it is registered.
        unsafe { (*self.as_ptr()).type_ }
    }

    /// Whether frames on the device carry an Ethernet header.
    #[inline]
    pub(crate) fn is_ethernet(&self) -> bool {
        u32::from(self.hardware_type()) == bindings::ARPHRD_ETHER
    }

    /// Returns the Ethernet address; none if the device has none of 6 bytes.
    pub(crate) fn address(&self) -> Option<[u8; 6]> {
        // SAFETY: The device is valid; its address has `addr_len` bytes at least.
        unsafe {
            ((*self.as_ptr()).addr_len == 6)
                .then(|| (*self.as_ptr()).dev_addr.cast::<[u8; 6]>().read())
        }
    }

    /// Returns the index of the VRF device that this one is enslaved to, 0 if it is not.
    pub(crate) fn l3mdev(&self, _rcu: &rcu::Guard) -> u32 {
        // SAFETY: The device is valid, and the guard keeps its master.
        unsafe { bindings::l3mdev_master_ifindex_rcu(self.as_ptr()) as u32 }
    }

    /// Returns the Ethernet address of the bridge that the device is a port of, if it is one.
    pub(crate) fn bridge_address(&self, _rcu: &rcu::Guard) -> Option<[u8; 6]> {
        // SAFETY: The device is valid, and the guard keeps the master that is found.
        unsafe {
            if !bindings::slr_helper_netif_is_bridge_port(self.as_ptr()) {
                return None;
            }
            let bridge = bindings::netdev_master_upper_dev_get_rcu(self.as_ptr());
            if bridge.is_null() {
                return None;
            }
            Device::from_raw(bridge).address()
        }
    }

    /// Returns the bytes that a packet needs before its data to be sent on the device.
    ///
    /// C counterpart: `LL_RESERVED_SPACE`.
    #[inline]
    pub(crate) fn link_headroom(&self) -> usize {
        const UNIT: usize = bindings::HH_DATA_MOD as usize;
        // SAFETY: The device is valid, and the words are read as C reads them.
        let used = unsafe {
            let dev = self.as_ptr();
            usize::from((*dev).hard_header_len).wrapping_add(usize::from(
                core::ptr::addr_of!((*dev).needed_headroom).read_volatile(),
            ))
        };
        (used & !(UNIT - 1)).wrapping_add(UNIT)
    }

    /// Makes the device receive frames to a group address; each call adds one to its count.
    ///
    /// # Context
    ///
    /// Process or softirq.
    pub(crate) fn add_multicast(&self, address: &[u8; 6]) -> Result {
        if self.address().is_none() {
            return Err(EINVAL);
        }
        // SAFETY: The device is valid and its addresses have 6 bytes (checked above); the function
        // takes the device's lock.
        kernel::error::to_result(unsafe { bindings::dev_mc_add(self.as_ptr(), address.as_ptr()) })
    }

    /// Takes back one [`add_multicast`](Self::add_multicast).
    ///
    /// # Context
    ///
    /// Process or softirq.
    pub(crate) fn remove_multicast(&self, address: &[u8; 6]) -> Result {
        if self.address().is_none() {
            return Err(EINVAL);
        }
        // SAFETY: As in `add_multicast`.
        kernel::error::to_result(unsafe { bindings::dev_mc_del(self.as_ptr(), address.as_ptr()) })
    }

    /// Makes the device let frames of a VLAN in, if it drops those that nobody wants; each call adds
    /// one to its count.
    ///
    /// # Context
    ///
    /// Process, not inside RCU; may sleep.
    pub(crate) fn add_vlan(&self, ethertype: u16, vid: u16, _rtnl: &Rtnl) -> Result {
        // SAFETY: The device is valid, and the RTNL lock is held, which keeps its list of VLANs.
        kernel::error::to_result(unsafe {
            bindings::vlan_vid_add(self.as_ptr(), ethertype.to_be(), vid)
        })
    }

    /// Takes back one [`add_vlan`](Self::add_vlan).
    ///
    /// # Context
    ///
    /// As there.
    pub(crate) fn remove_vlan(&self, ethertype: u16, vid: u16, _rtnl: &Rtnl) {
        // SAFETY: As in `add_vlan`.
        unsafe { bindings::vlan_vid_del(self.as_ptr(), ethertype.to_be(), vid) };
    }
}

impl Net {
    /// Whether `address` belongs to this machine, in this namespace.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    pub(crate) fn is_local_v4(&self, address: Ipv4Addr) -> bool {
        // SAFETY: `self` is valid; the function looks the address up in the local routing table,
        // under RCU.
        let kind = unsafe { bindings::inet_addr_type(self.as_ptr(), u32::from(address).to_be()) };
        kind == bindings::RTN_LOCAL
    }

    /// Whether `address` belongs to this machine, in this namespace, and is not a tentative one.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    pub(crate) fn is_local_v6(&self, address: Ipv6Addr) -> bool {
        let address = super::route::in6_addr(address);
        // SAFETY: `self` is valid and the address is ours during the call; without a device all
        // are asked.
        unsafe { bindings::ipv6_chk_addr(self.as_ptr(), &address, core::ptr::null(), 0) != 0 }
    }
}

/// What happened to a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// It appeared, also by moving to this namespace. Comes for all there are on registration.
    Register,
    /// It goes, also by moving to another namespace: drop all references now.
    Unregister,
    /// It is up. Comes for all that are on registration.
    Up,
    /// It is going down.
    GoingDown,
    /// It is down.
    Down,
    /// Its carrier or other flags changed.
    Change,
    /// It has another name.
    Rename,
    /// It has another link-layer address.
    Address,
    /// It has another MTU.
    Mtu,
    /// It joined or left a bridge, bond or VRF.
    Master,
}

impl Event {
    fn from_raw(event: kernel::ffi::c_ulong) -> Option<Self> {
        Some(match event as u32 {
            bindings::netdev_cmd_NETDEV_REGISTER => Event::Register,
            bindings::netdev_cmd_NETDEV_UNREGISTER => Event::Unregister,
            bindings::netdev_cmd_NETDEV_UP => Event::Up,
            bindings::netdev_cmd_NETDEV_GOING_DOWN => Event::GoingDown,
            bindings::netdev_cmd_NETDEV_DOWN => Event::Down,
            bindings::netdev_cmd_NETDEV_CHANGE => Event::Change,
            bindings::netdev_cmd_NETDEV_CHANGENAME => Event::Rename,
            bindings::netdev_cmd_NETDEV_CHANGEADDR => Event::Address,
            bindings::netdev_cmd_NETDEV_CHANGEMTU => Event::Mtu,
            bindings::netdev_cmd_NETDEV_CHANGEUPPER => Event::Master,
            _ => return None,
        })
    }
}

/// Somebody who wants the news about devices.
pub(crate) trait Watch: Send + Sync {
    /// Something happened to `dev`, which is in `net`.
    ///
    /// # Context
    ///
    /// Process, with the RTNL lock held; may sleep.
    fn event(&self, net: &Net, dev: &Device, event: Event, rtnl: &Rtnl);
}

/// The registration of a [`Watch`] for the devices of all namespaces. Dropping it waits for a call
/// that is under way.
pub(crate) struct Watcher<T: Watch> {
    inner: Pin<KBox<WatcherInner<T>>>,
}

#[pin_data]
struct WatcherInner<T> {
    #[pin]
    block: Opaque<bindings::notifier_block>,
    watch: Arc<T>,
}

// SAFETY: The block is touched by the registering functions only, under their lock; `watch` is
// `Send` and `Sync` by the trait.
unsafe impl<T: Watch> Send for Watcher<T> {}

// SAFETY: `&Watcher` allows nothing.
unsafe impl<T: Watch> Sync for Watcher<T> {}

impl<T: Watch + 'static> Watcher<T> {
    /// Registers `watch`, and tells it of all devices there are.
    ///
    /// # Context
    ///
    /// Process, without the RTNL lock; may sleep.
    pub(crate) fn new(watch: Arc<T>) -> Result<Self> {
        let block = bindings::notifier_block {
            notifier_call: Some(notified::<T>),
            ..bindings::notifier_block::default()
        };
        let inner = KBox::pin_init(
            pin_init!(WatcherInner {
                block: Opaque::new(block),
                watch,
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: The block is initialised, pinned, and stays until `drop` has unregistered it.
        kernel::error::to_result(unsafe {
            bindings::register_netdevice_notifier(inner.block.get())
        })?;
        Ok(Watcher { inner })
    }
}

impl<T: Watch> Drop for Watcher<T> {
    fn drop(&mut self) {
        // SAFETY: The block was registered in `new`. The function takes the lock that calls are
        // made under, so none runs when it returns. It repeats the events of removal for each
        // device first. It fails only for a block that is not registered.
        unsafe { bindings::unregister_netdevice_notifier(self.inner.block.get()) };
    }
}

/// The kernel has news.
///
/// # Safety
///
/// To be called by the kernel as the `notifier_call` of a block within a `WatcherInner<T>`.
unsafe extern "C" fn notified<T: Watch>(
    block: *mut bindings::notifier_block,
    event: kernel::ffi::c_ulong,
    info: *mut kernel::ffi::c_void,
) -> kernel::ffi::c_int {
    let Some(event) = Event::from_raw(event) else {
        return bindings::NOTIFY_DONE as i32;
    };
    // SAFETY: The block is the first thing in the `Opaque` of a pinned `WatcherInner<T>`, which
    // stays until it is unregistered, and that waits for us.
    let inner = unsafe {
        &*kernel::container_of!(
            Opaque::cast_from(block.cast_const()),
            WatcherInner<T>,
            block
        )
    };
    // SAFETY: Every event of this chain comes with a `netdev_notifier_info`. The device is valid
    // during the call, and held: even on removal the last references are waited for afterwards.
    let dev = unsafe { Device::from_raw((*info.cast::<bindings::netdev_notifier_info>()).dev) };
    // SAFETY: The RTNL lock, which the caller holds, keeps the device in its namespace.
    let net = unsafe { Net::from_raw((*dev.as_ptr()).nd_net.net) };
    // SAFETY: The chain is called with the lock held.
    let rtnl = unsafe { Rtnl::is_held() };
    inner.watch.event(net, dev, event, rtnl);
    bindings::NOTIFY_DONE as i32
}
