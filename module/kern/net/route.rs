// SPDX-License-Identifier: GPL-2.0

//! Routes: where a packet to some address goes.
//!
//! C headers: [`include/net/dst.h`](srctree/include/net/dst.h),
//! [`include/net/route.h`](srctree/include/net/route.h),
//! [`include/net/ip6_route.h`](srctree/include/net/ip6_route.h)
//!
//! A [`Dst`] is a counted reference to a lookup's result, a [`Route`] that result borrowed. Holding
//! one keeps neither its device nor its namespace: when a device goes, the routing code puts the
//! black hole device in its place in every route there is.

mod check;

use super::{device::Device, namespace::Net, Family};
use crate::sys::bindings;
use core::{
    mem::ManuallyDrop,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Deref,
    ptr::NonNull,
};
use kernel::{prelude::*, sync::rcu, types::Opaque};

/// A route, borrowed.
///
/// # Invariants
///
/// `0` is the `struct dst_entry` at the start of a `struct rtable` or `struct rt6_info`, as its
/// operations' family says, or of an xfrm route whose first member is such a one. It is not freed
/// while the reference exists, although its last reference may be given back.
#[repr(transparent)]
pub(crate) struct Route(Opaque<bindings::dst_entry>);

// SAFETY: A route belongs to no CPU; packets carry it from one to another.
unsafe impl Send for Route {}

// SAFETY: What `&Route` allows reads fields that never change or change as a whole, or calls C
// functions made for routes that many use.
unsafe impl Sync for Route {}

/// An owned reference to a route.
///
/// It must be dropped before the `exit` of the namespace in which it was looked up returns, see
/// [`PernetState::exit`](super::namespace::PernetState::exit): IPv6 routes are counted in the
/// namespace.
///
/// # Invariants
///
/// `0` is a route as for [`Route`], of which this object owns one reference.
#[repr(transparent)]
pub(crate) struct Dst(NonNull<bindings::dst_entry>);

// SAFETY: As for `Route`; the counter is atomic.
unsafe impl Send for Dst {}

// SAFETY: Sharing it shares `&Route`.
unsafe impl Sync for Dst {}

/// What an IPv4 route is looked up for. Zeroes mean any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup4 {
    /// The destination.
    pub(crate) destination: Ipv4Addr,
    /// The source; it need not be ours.
    pub(crate) source: Ipv4Addr,
    /// The type-of-service byte, of which routing rules see the DSCP.
    pub(crate) tos: u8,
    /// The mark that routing rules match.
    pub(crate) mark: u32,
    /// The protocol; if given, IPsec policies are looked up too.
    pub(crate) protocol: u8,
    /// The device to leave by.
    pub(crate) output: u32,
    /// Packets by the route go to the destination of the lookup, whatever their own is.
    pub(crate) is_next_hop: bool,
    /// The VRF whose table is asked: [`Device::l3mdev`] of the device that the packet came in by.
    pub(crate) l3mdev: u32,
}

impl Lookup4 {
    /// Looks up a destination alone.
    pub(crate) const fn new(destination: Ipv4Addr) -> Self {
        Lookup4 {
            destination,
            source: Ipv4Addr::UNSPECIFIED,
            tos: 0,
            mark: 0,
            protocol: 0,
            output: 0,
            is_next_hop: false,
            l3mdev: 0,
        }
    }

    /// How many words a question has.
    pub(crate) const WORDS: usize = 3;

    /// All that the answer depends on, besides the tables.
    #[inline(always)]
    pub(crate) fn words(&self) -> [u64; Self::WORDS] {
        let pair = |a: u32, b: u32| u64::from(a) << 32 | u64::from(b);
        let [is_next_hop, tos] = [u8::from(self.is_next_hop), self.tos & DSCP_MASK];
        let bytes = u32::from_be_bytes([0, self.protocol, tos, is_next_hop]);
        [
            pair(u32::from(self.destination), u32::from(self.source)),
            pair(self.output, self.l3mdev),
            pair(self.mark, bytes),
        ]
    }
}

/// What an IPv6 route is looked up for. Zeroes mean any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup6 {
    /// The destination.
    pub(crate) destination: Ipv6Addr,
    /// The source; it need not be ours.
    pub(crate) source: Ipv6Addr,
    /// The traffic class and flow label, as in the header's first word.
    pub(crate) flow_info: u32,
    /// The mark that routing rules match.
    pub(crate) mark: u32,
    /// The protocol; if given, IPsec policies are looked up too.
    pub(crate) protocol: u8,
    /// The device to leave by; kept to only if no source is given.
    pub(crate) output: u32,
    /// Packets by the route go to the destination of the lookup, whatever their own is. Such a
    /// route, other than all the others, holds its device up: who keeps one gives it back at
    /// [`Event::Unregister`](super::device::Event).
    pub(crate) is_next_hop: bool,
    /// The VRF whose table is asked: [`Device::l3mdev`] of the device that the packet came in by.
    pub(crate) l3mdev: u32,
}

impl Lookup6 {
    /// Looks up a destination alone.
    pub(crate) const fn new(destination: Ipv6Addr) -> Self {
        Lookup6 {
            destination,
            source: Ipv6Addr::UNSPECIFIED,
            flow_info: 0,
            mark: 0,
            protocol: 0,
            output: 0,
            is_next_hop: false,
            l3mdev: 0,
        }
    }

    /// How many words a question has.
    pub(crate) const WORDS: usize = 7;

    /// All that the answer depends on, besides the tables.
    #[inline(always)]
    pub(crate) fn words(&self) -> [u64; Self::WORDS] {
        let pair = |a: u32, b: u32| u64::from(a) << 32 | u64::from(b);
        let halves = |address: Ipv6Addr| {
            let bits = address.to_bits();
            [(bits >> 64) as u64, bits as u64]
        };
        let ([to_high, to_low], [from_high, from_low]) =
            (halves(self.destination), halves(self.source));
        [
            to_high,
            to_low,
            from_high,
            from_low,
            pair(self.output, self.l3mdev),
            pair(self.mark, self.flow_info & FLOW_INFO_MASK),
            pair(self.protocol.into(), self.is_next_hop.into()),
        ]
    }
}

/// Flags of a lookup: the source need not be ours, and the destination may be a neighbour that is
/// not the packets' own destination.
fn flow_flags(is_next_hop: bool) -> u8 {
    let flags = match is_next_hop {
        true => bindings::FLOWI_FLAG_ANYSRC | bindings::FLOWI_FLAG_KNOWN_NH,
        false => bindings::FLOWI_FLAG_ANYSRC,
    };
    flags as u8
}

/// Turns an address into the form that C takes.
pub(super) fn in6_addr(address: Ipv6Addr) -> bindings::in6_addr {
    let mut raw = bindings::in6_addr::default();
    raw.in6_u.u6_addr8 = address.octets();
    raw
}

impl Route {
    /// Borrows a route from C.
    ///
    /// # Safety
    ///
    /// `dst` must be of an IP family and not be freed during `'a`.
    #[inline]
    pub(super) unsafe fn from_raw<'a>(dst: *mut bindings::dst_entry) -> &'a Self {
        // SAFETY: The caller promises that it is valid for `'a`; `Route` is transparent.
        unsafe { &*dst.cast() }
    }

    /// Returns the route's address.
    #[inline]
    pub(super) fn as_ptr(&self) -> *mut bindings::dst_entry {
        self.0.get()
    }

    /// Looks up an IPv4 route as for a packet that we send, and the source that such a packet
    /// would have if `lookup` names none. `ENETUNREACH`, `EHOSTUNREACH`, `EACCES` and `EINVAL` say
    /// that the tables lead nowhere, `ENOMEM` that they may lead somewhere. IPv6 does not tell
    /// these apart.
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    pub(crate) fn lookup_v4(net: &Net, lookup: &Lookup4) -> Result<(Dst, Ipv4Addr)> {
        let mut flow = bindings::flowi4 {
            daddr: u32::from(lookup.destination).to_be(),
            saddr: u32::from(lookup.source).to_be(),
            ..bindings::flowi4::default()
        };
        flow.__fl_common.flowic_oif = lookup.output as i32;
        flow.__fl_common.flowic_l3mdev = lookup.l3mdev as i32;
        flow.__fl_common.flowic_mark = lookup.mark;
        flow.__fl_common.flowic_dscp = lookup.tos & DSCP_MASK;
        flow.__fl_common.flowic_proto = lookup.protocol;
        flow.__fl_common.flowic_flags = flow_flags(lookup.is_next_hop);
        // SAFETY: `net` is valid and `flow` ours during the call; no socket is involved.
        let route = kernel::error::from_err_ptr(unsafe {
            bindings::ip_route_output_flow(net.as_ptr(), &mut flow, core::ptr::null())
        })
        .map_err(super::plain)?;
        // INVARIANT: A successful lookup returns one reference to a route, whose first member is
        // its `dst_entry`.
        let dst = Dst(NonNull::new(route.cast()).ok_or(EINVAL)?).alive()?;
        Ok((dst, Ipv4Addr::from(u32::from_be(flow.saddr))))
    }

    /// Returns an IPv4 route up into the stack of `net` that leaves it to the packet by which
    /// device it came in.
    ///
    /// What [`lookup_v4`](Self::lookup_v4) finds for an address of our own names the device that
    /// has the address, as if the packet had come in by it, so no socket that is bound to a VRF
    /// would be found.
    ///
    /// C counterpart: `rt_dst_alloc` of a local route.
    pub(crate) fn to_host_v4(net: &Net) -> Result<Dst> {
        // SAFETY: A namespace has its loopback device for as long as it has others, and its packets
        // and flows do not outlive these. The route counts a reference to it.
        let route = unsafe {
            bindings::rt_dst_alloc(
                (*net.as_ptr()).loopback_dev,
                bindings::RTCF_LOCAL,
                bindings::RTN_LOCAL as u16,
                true,
            )
        };
        // INVARIANT: An allocated route has one reference and begins with its `dst_entry`.
        NonNull::new(route.cast()).map(Dst).ok_or(ENOMEM)
    }

    /// Looks up an IPv6 route as for a packet that we send. Errors as in
    /// [`lookup_v4`](Self::lookup_v4). For the source see [`source_v6`](Self::source_v6).
    ///
    /// # Context
    ///
    /// Any where RCU may be read.
    pub(crate) fn lookup_v6(net: &Net, lookup: &Lookup6) -> Result<Dst> {
        let mut flow = bindings::flowi6 {
            daddr: in6_addr(lookup.destination),
            saddr: in6_addr(lookup.source),
            flowlabel: (lookup.flow_info & FLOW_INFO_MASK).to_be(),
            ..bindings::flowi6::default()
        };
        flow.__fl_common.flowic_oif = lookup.output as i32;
        flow.__fl_common.flowic_l3mdev = lookup.l3mdev as i32;
        flow.__fl_common.flowic_mark = lookup.mark;
        flow.__fl_common.flowic_proto = lookup.protocol;
        flow.__fl_common.flowic_flags = flow_flags(lookup.is_next_hop);
        // SAFETY: `net` is valid and `flow` ours during the call; no socket is involved.
        let route = unsafe {
            bindings::ip6_route_output_flags(net.as_ptr(), core::ptr::null(), &mut flow, 0)
        };
        // INVARIANT: The lookup always returns one reference to a route, if only to one that
        // stands for an error.
        let dst = Dst(NonNull::new(route).ok_or(EINVAL)?);
        // SAFETY: The route is ours; its error never changes.
        kernel::error::to_result(i32::from(unsafe { (*dst.as_ptr()).error }))?;
        if lookup.protocol == 0 {
            return Ok(dst);
        }
        // SAFETY: The function takes our reference over and returns one to the same route, or to
        // one that protects first, or an error. A flow of a family is the beginning of `flowi`, of
        // which only the part of the route's family is read.
        let route = kernel::error::from_err_ptr(unsafe {
            let flow = core::ptr::addr_of!(flow).cast();
            bindings::xfrm_lookup_route(net.as_ptr(), dst.into_raw(), flow, core::ptr::null(), 0)
        })?;
        // INVARIANT: As above; an xfrm route's first member is a route of the family.
        Dst(NonNull::new(route).ok_or(EINVAL)?).alive()
    }

    /// Returns a counted reference, unless the last one is being given back already.
    ///
    /// C counterpart: `dst_hold_safe`.
    pub(crate) fn try_hold(&self) -> Option<Dst> {
        // SAFETY: The route is valid by the invariant.
        let held = unsafe { bindings::slr_helper_dst_hold_safe(self.as_ptr()) };
        // INVARIANT: If it says so, we were given a reference.
        held.then(|| NonNull::new(self.as_ptr()).map(Dst)).flatten()
    }

    /// Returns whether the route is of IPv4 or IPv6.
    #[inline(always)]
    pub(crate) fn family(&self) -> Family {
        // SAFETY: The route is valid, and its operations are constant and outlive it.
        match unsafe { u32::from((*(*self.as_ptr()).ops).family) } {
            bindings::AF_INET6 => Family::V6,
            _ => Family::V4,
        }
    }

    /// Returns the route as IPv4's, if it is.
    #[inline(always)]
    pub(super) fn as_v4(&self) -> Option<&bindings::rtable> {
        // SAFETY: By the invariant a route of this family begins a `struct rtable`. What is read
        // of it never changes once it is visible, but for the device.
        (self.family() == Family::V4).then(|| unsafe { &*self.as_ptr().cast() })
    }

    /// Returns the route as IPv6's, if it is.
    #[inline(always)]
    pub(super) fn as_v6(&self) -> Option<&bindings::rt6_info> {
        // SAFETY: As in `as_v4`, with `struct rt6_info`.
        (self.family() == Family::V6).then(|| unsafe { &*self.as_ptr().cast() })
    }

    /// Whether the destination is this machine.
    #[inline(always)]
    pub(crate) fn is_local(&self) -> bool {
        match self.family() {
            Family::V4 => self
                .as_v4()
                .is_some_and(|route| route.rt_flags & bindings::RTCF_LOCAL != 0),
            Family::V6 => self
                .as_v6()
                .is_some_and(|route| route.rt6i_flags & bindings::RTF_LOCAL != 0),
        }
    }

    /// Whether packets by this route go to the neighbour `hop`, whatever their destination is.
    pub(crate) fn goes_to(&self, hop: IpAddr) -> bool {
        match hop {
            IpAddr::V4(hop) => self.as_v4().is_some_and(|route| {
                // SAFETY: Any bytes are valid for an address, whichever family stands beside it.
                let gateway = unsafe { route.__bindgen_anon_1.rt_gw4 };
                u32::from(route.rt_gw_family) == bindings::AF_INET
                    && gateway == u32::from(hop).to_be()
            }),
            IpAddr::V6(hop) => self.as_v6().is_some_and(|route| {
                let next = match route.rt6i_flags & bindings::RTF_GATEWAY {
                    0 if route.rt6i_flags & bindings::RTF_CACHE == 0 => return false,
                    0 => &route.rt6i_dst.addr,
                    _ => &route.rt6i_gateway,
                };
                // SAFETY: Any bytes are valid for an address.
                unsafe { next.in6_u.u6_addr8 == hop.octets() }
            }),
        }
    }

    /// Whether the destination is one host that is not this machine: not a group, not all.
    pub(crate) fn is_unicast(&self) -> bool {
        if let Some(route) = self.as_v4() {
            return u32::from(route.rt_type) == bindings::RTN_UNICAST;
        }
        self.as_v6().is_some_and(|route| {
            route.rt6i_flags & (bindings::RTF_LOCAL | bindings::RTF_ANYCAST) == 0
        })
    }

    /// Whether a packet can go to the neighbour at once: neither IPsec nor a lightweight tunnel
    /// has something to do first.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        // SAFETY: The route is valid; neither word changes once it is visible.
        unsafe { (*self.as_ptr()).xfrm.is_null() && (*self.as_ptr()).lwtstate.is_null() }
    }

    /// Whether IPsec encrypts what leaves along it.
    #[inline]
    pub(crate) fn encrypts(&self) -> bool {
        // SAFETY: The route is valid, and holds what its transformations lead to.
        unsafe { bindings::slr_helper_dst_encrypts(self.as_ptr()) }
    }

    /// Returns the device that packets leave by: the black hole device after theirs was removed.
    #[inline(always)]
    pub(crate) fn device<'g>(&self, _rcu: &'g rcu::Guard) -> &'g Device {
        // SAFETY: The route is valid. The device is replaced under RCU, so what is read stays while
        // the guard does.
        unsafe {
            let dev = core::ptr::addr_of!((*self.as_ptr()).__bindgen_anon_1.dev).read_volatile();
            Device::from_raw(dev)
        }
    }

    /// Returns the MTU of the whole path as far as it is known, for packets that we send.
    #[inline]
    pub(crate) fn mtu(&self) -> u32 {
        // SAFETY: The route is valid.
        unsafe { bindings::slr_helper_dst_mtu(self.as_ptr()) }
    }

    /// Returns the source address that a packet of ours to `destination` would have by this route.
    pub(crate) fn source_v6(
        &self,
        net: &Net,
        destination: Ipv6Addr,
        rcu: &rcu::Guard,
    ) -> Result<Ipv6Addr> {
        let destination = in6_addr(destination);
        let mut source = bindings::in6_addr::default();
        // SAFETY: `net` is valid, RCU keeps the device, and the addresses are ours during the call.
        kernel::error::to_result(unsafe {
            bindings::ipv6_dev_get_saddr(
                net.as_ptr(),
                self.device(rcu).as_ptr(),
                &destination,
                0,
                &mut source,
            )
        })?;
        // SAFETY: The address was filled in, and any bytes are valid for it.
        Ok(Ipv6Addr::from(unsafe { source.in6_u.u6_addr8 }))
    }

    /// Returns what [`is_valid`](Self::is_valid) wants to know again: a number that changes with
    /// the part of the IPv6 tables that the route came from; 0 for IPv4.
    pub(crate) fn cookie(&self) -> u32 {
        self.as_v6().map_or(0, |route| {
            // SAFETY: The route is valid.
            unsafe { bindings::slr_helper_rt6_get_cookie(route) }
        })
    }
}

/// The bits of the type-of-service byte that are not for congestion notification.
///
/// C counterpart: `INET_DSCP_MASK`.
const DSCP_MASK: u8 = 0xfc;

/// The bits of an IPv6 header's first word that are not the version.
///
/// C counterpart: `IPV6_FLOWINFO_MASK`.
const FLOW_INFO_MASK: u32 = 0x0fff_ffff;

impl Dst {
    /// Refuses a route that leads nowhere and stands for what IPsec has no key for yet.
    ///
    /// It would swallow packets uncounted, and holds the loopback device of its namespace as long
    /// as it is kept, which is longer than that device may live.
    fn alive(self) -> Result<Self> {
        // SAFETY: The route is valid by the invariant.
        let obsolete = i32::from(unsafe { (*self.as_ptr()).obsolete });
        match obsolete == bindings::DST_OBSOLETE_DEAD as i32 {
            true => Err(ENOENT),
            false => Ok(self),
        }
    }

    /// Takes over a reference.
    ///
    /// # Safety
    ///
    /// `dst` must be a route as for [`Route`], and the caller must own one reference, which passes
    /// to the new object.
    #[inline]
    pub(super) unsafe fn from_raw(dst: NonNull<bindings::dst_entry>) -> Self {
        // INVARIANT: The caller passes its reference on.
        Dst(dst)
    }

    /// Gives the reference back and borrows the route for the rest of the RCU section: a route is
    /// freed a grace period after its last reference.
    #[inline]
    pub(crate) fn release<'g>(self, _rcu: &'g rcu::Guard) -> &'g Route {
        // SAFETY: The reference, which goes at the end, kept the route until now, and from now on
        // the guard keeps it.
        unsafe { Route::from_raw(self.0.as_ptr()) }
    }

    /// Returns the route, and its reference, to the caller.
    #[inline]
    pub(super) fn into_raw(self) -> *mut bindings::dst_entry {
        ManuallyDrop::new(self).0.as_ptr()
    }
}

impl Deref for Dst {
    type Target = Route;

    #[inline]
    fn deref(&self) -> &Route {
        // SAFETY: The reference that we own keeps the route while `self` is borrowed.
        unsafe { Route::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for Dst {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the invariant we own a reference, and it is not used after this. Callable in
        // any context, and whoever reads the route under RCU may go on: the last reference frees
        // it by `call_rcu`.
        unsafe { bindings::dst_release(self.0.as_ptr()) };
    }
}
