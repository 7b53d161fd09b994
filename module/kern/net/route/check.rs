// SPDX-License-Identifier: GPL-2.0

//! What every packet asks of the route that it is given: does it still hold, how long may I be?
//!
//! The C side answers by functions that are inline there, and out of line for us, and that read
//! lock RCU once more each. What they come to with an ordinary route is a few loads, which are made
//! here in place; with any other route the C function is asked, so it need not be known here.

use super::{Family, Route};
use crate::sys::bindings;
use kernel::sync::rcu;

/// The bits of `_metrics` that are not of the pointer.
///
/// C counterpart: `DST_METRICS_FLAGS`.
const METRICS_FLAGS: kernel::ffi::c_ulong = 3;

/// The bit of the first metric that says that the MTU is locked.
///
/// C counterpart: `1 << RTAX_MTU`.
const LOCKED_MTU: u32 = 1 << bindings::RTAX_MTU;

/// The longest IPv4 packet.
///
/// C counterpart: `IP_MAX_MTU`.
const IP_MAX_MTU: u32 = 0xffff;

/// The longest IPv6 packet, its header not counted as payload.
///
/// C counterpart: `IP6_MAX_MTU`.
const IP6_MAX_MTU: u32 = 0xffff + 40;

const _: () = {
    // `metrics` reads these two.
    assert!(bindings::RTAX_LOCK == 1);
    assert!(bindings::RTAX_MTU == 2);
};

impl Route {
    /// Returns the MTU for packets that we forward: that of the route or device, and what others
    /// learned of the path only if the administrator wants that used.
    ///
    /// C counterparts: `ip_dst_mtu_maybe_forward`, `ip6_dst_mtu_maybe_forward`.
    #[inline(always)]
    pub(crate) fn forward_mtu(&self, rcu: &rcu::Guard) -> u32 {
        match self.family() {
            Family::V4 => self.forward_mtu_v4(rcu),
            Family::V6 => self.forward_mtu_v6(rcu),
        }
    }

    /// Does inline what the C function comes to with an ordinary route; leaves the others to it.
    #[inline(always)]
    fn forward_mtu_v4(&self, rcu: &rcu::Guard) -> u32 {
        // SAFETY: The route is valid, and IPv4's; the flag is read as C reads it.
        let is_locked = unsafe { bindings::rtable::rt_mtu_locked_raw(self.as_ptr().cast()) != 0 };
        let [locked, mtu] = self.metrics();
        let is_locked = is_locked || locked & LOCKED_MTU != 0;
        if is_locked || self.uses_path_mtu(rcu) || !self.has_no_tunnel() {
            // SAFETY: The route is valid, and of the family whose function is called.
            return unsafe { bindings::slr_helper_ip_dst_mtu_maybe_forward(self.as_ptr(), true) };
        }
        match mtu {
            0 => self.device(rcu).mtu().min(IP_MAX_MTU),
            mtu => mtu.min(IP_MAX_MTU),
        }
    }

    /// As [`forward_mtu_v4`](Self::forward_mtu_v4); here the device's MTU for IPv6 counts alone.
    #[inline(always)]
    fn forward_mtu_v6(&self, rcu: &rcu::Guard) -> u32 {
        let [locked, _] = self.metrics();
        let mtu = self.device(rcu).ip6_mtu(rcu);
        match mtu {
            Some(mtu) if locked & LOCKED_MTU == 0 && self.has_no_tunnel() => mtu.min(IP6_MAX_MTU),
            // SAFETY: As in `forward_mtu_v4`.
            _ => unsafe { bindings::slr_helper_ip6_dst_mtu_maybe_forward(self.as_ptr(), true) },
        }
    }

    /// Returns the first metrics of the route: which are locked, and the MTU, 0 if none is set.
    #[inline(always)]
    fn metrics(&self) -> [u32; 2] {
        // SAFETY: The route is valid. The word points, but for its lowest bits, to an array of all
        // metrics, beginning with these two, which lives as long as the route or, if replaced,
        // until a grace period has passed.
        unsafe {
            let word = core::ptr::addr_of!((*self.as_ptr())._metrics).read_volatile();
            ((word & !METRICS_FLAGS) as *const [u32; 2]).read()
        }
    }

    /// Whether the administrator of the namespace wants learned path MTUs used for forwarding.
    #[inline(always)]
    fn uses_path_mtu(&self, rcu: &rcu::Guard) -> bool {
        let net = self.device(rcu).net(rcu).as_ptr();
        // SAFETY: The namespace is valid while the guard lives, and the byte is read as C reads it.
        unsafe { core::ptr::addr_of!((*net).ipv4.sysctl_ip_fwd_use_pmtu).read_volatile() != 0 }
    }

    /// Whether no lightweight tunnel takes its headroom out of the MTU.
    #[inline(always)]
    fn has_no_tunnel(&self) -> bool {
        // SAFETY: The route is valid; the word never changes once it is visible.
        unsafe { (*self.as_ptr()).lwtstate.is_null() }
    }

    /// Whether the tables would still give this route.
    ///
    /// C counterpart: `dst_check`.
    #[inline(always)]
    pub(crate) fn is_valid(&self, cookie: u32, rcu: &rcu::Guard) -> bool {
        let is_current = match self.family() {
            Family::V4 => self.is_current_v4(rcu),
            Family::V6 => self.is_current_v6(cookie, rcu),
        };
        // SAFETY: The route is valid.
        is_current || unsafe { !bindings::slr_helper_dst_check(self.as_ptr(), cookie).is_null() }
    }

    /// Whether this is an IPv4 route without IPsec that the tables would still give: the answer
    /// that most packets need, without a call.
    ///
    /// C counterpart: `ipv4_dst_check`.
    #[inline(always)]
    fn is_current_v4(&self, rcu: &rcu::Guard) -> bool {
        let Some(route) = self.as_v4() else {
            return false;
        };
        let net = self.device(rcu).net(rcu).as_ptr();
        // SAFETY: The route is valid, the namespace while the guard lives, and the words are read
        // as C reads them.
        unsafe {
            self.is_alive()
                && route.rt_genid
                    == core::ptr::addr_of!((*net).ipv4.rt_genid.counter).read_volatile()
        }
    }

    /// Whether this is an IPv6 route without IPsec and expiry, one of those kept for each CPU, that
    /// the tables would still give: as [`is_current_v4`](Self::is_current_v4).
    ///
    /// C counterparts: `ip6_dst_check`, `rt6_dst_from_check`.
    #[inline(always)]
    fn is_current_v6(&self, cookie: u32, _rcu: &rcu::Guard) -> bool {
        const KIND: u32 = bindings::RTF_PCPU | bindings::RTF_EXPIRES;
        let Some(route) = self.as_v6() else {
            return false;
        };
        if route.sernum != 0 || route.rt6i_flags & KIND != bindings::RTF_PCPU || !self.is_alive() {
            return false;
        }
        // SAFETY: The route is valid. The entry that it was made from and that entry's place in the
        // tables are freed a grace period after the pointers to them change, which the guard holds
        // up; the words are read as C reads them.
        unsafe {
            let from = core::ptr::addr_of!(route.from).read_volatile();
            if from.is_null() || (*from).fib6_flags & bindings::RTF_EXPIRES != 0 {
                return false;
            }
            let node = core::ptr::addr_of!((*from).fib6_node).read_volatile();
            !node.is_null()
                && core::ptr::addr_of!((*node).fn_sernum).read_volatile() as u32 == cookie
        }
    }

    /// Whether the route is neither withdrawn nor one of IPsec's, which has others to ask.
    #[inline(always)]
    fn is_alive(&self) -> bool {
        const FORCE_CHECK: i16 = bindings::DST_OBSOLETE_FORCE_CHK as i16;
        // SAFETY: The route is valid, and the words are read as C reads them.
        unsafe {
            let dst = self.as_ptr();
            core::ptr::addr_of!((*dst).obsolete).read_volatile() == FORCE_CHECK
                && (*dst).xfrm.is_null()
        }
    }
}
