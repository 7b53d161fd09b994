// SPDX-License-Identifier: GPL-2.0

//! Reassembly of fragments.
//!
//! C headers: [`include/net/ip.h`](srctree/include/net/ip.h),
//! [`include/net/netfilter/ipv6/nf_defrag_ipv6.h`](srctree/include/net/netfilter/ipv6/nf_defrag_ipv6.h)

use super::{
    namespace::Net,
    route::Route,
    skb::{Skb, Stolen},
    Family,
};
use crate::sys::bindings;
use core::ptr::NonNull;
use kernel::sync::rcu;

/// What became of a fragment.
pub(crate) enum Fragment {
    /// It was the last that was missing: this is the whole packet, and the largest fragment's size
    /// for [`Route::output`](super::route::Route::output).
    Reassembled(Skb, u16),
    /// It waits for the others, or it was bad and is freed.
    Queued(Stolen),
    /// It is no fragment, or one that cannot be put together.
    Refused(Skb),
}

/// Tells our fragments from those that others put together at the same time: the last zone of a
/// bridge's connection tracking. The C side takes it for a user which is in the middle of the path,
/// so that it does not report a fragment's death by old age to the sender unless the packet was for
/// this machine.
const EVERYBODY_V4: u32 = bindings::ip_defrag_users___IP_DEFRAG_CONNTRACK_BRIDGE_IN;

/// The same for IPv6, where the numbers are counted otherwise.
const EVERYBODY_V6: u32 = bindings::ip6_defrag_users___IP6_DEFRAG_CONNTRACK_BRIDGE_IN;

/// Contexts have less than 24 bits.
const CONTEXTS: u32 = 1 << 24;

const _: () = assert!(EVERYBODY_V4 < CONTEXTS && EVERYBODY_V6 < CONTEXTS);
const _: () = assert!(bindings::ip_defrag_users_IP_DEFRAG_MACVLAN < CONTEXTS);

/// The number that tells the fragments of one context, of which 0 is everybody's, from those of
/// another, which may have the same addresses and identifications. It is beyond those of C for all
/// but everybody's.
fn user(family: Family, context: u32) -> u32 {
    match (context, family) {
        (0, Family::V4) => EVERYBODY_V4,
        (0, Family::V6) => EVERYBODY_V6,
        _ => CONTEXTS | context,
    }
}

/// Gives a fragment, whose data begins at the network header, to reassembly with others of the
/// same context: a number, of which 0 is everybody's.
///
/// To be called in an inet hook, where the packet's control block is the IP layer's: it goes
/// through reassembly and is needed for delivery to this machine. Elsewhere `is_fresh` must be
/// true, which clears it.
///
/// # Context
///
/// Softirq or process, inside RCU.
pub(crate) fn gather(
    net: &Net,
    family: Family,
    context: u32,
    is_fresh: bool,
    mut skb: Skb,
    rcu: &rcu::Guard,
) -> Fragment {
    if skb.pull(family.header_len()).is_none() || !(skb.has_device() || skb.has_route()) {
        return Fragment::Refused(skb);
    }
    skb.set_network_header(0);
    if is_fresh {
        skb.init_ip_control(family, 0);
    }
    let user = user(family, context);
    match (context, family) {
        (0, Family::V4) => gather_v4(net, user, skb),
        (_, Family::V4) => gather_inside_v4(net, user, skb, rcu),
        (_, Family::V6) => gather_v6(net, user, context, skb),
    }
}

fn gather_v4(net: &Net, user: u32, skb: Skb) -> Fragment {
    let raw = skb.into_raw();
    // SAFETY: The packet is valid, has a whole IPv4 header at its network header, which is the
    // data's start, and a device or a route, as `gather` checked. `ip_defrag` wants bottom halves
    // off, and either consumes the packet (anything but 0) or gives it back as the whole one.
    let error = unsafe {
        bindings::slr_helper_local_bh_disable();
        let error = bindings::ip_defrag(net.as_ptr(), raw, user);
        bindings::slr_helper_local_bh_enable();
        error
    };
    if error != 0 {
        return Fragment::Queued(Skb::taken());
    }
    whole(Family::V4, raw)
}

/// The same in a context that is not everybody's: whoever has the sender's address outside of it is
/// not told of a fragment's death. C tells nobody if the fragments were on no device, and then wants
/// a route.
fn gather_inside_v4(net: &Net, user: u32, mut skb: Skb, rcu: &rcu::Guard) -> Fragment {
    let Ok(route) = Route::to_host_v4(net) else {
        return Fragment::Refused(skb);
    };
    skb.set_route(&route, rcu);
    let dev = skb.take_device();
    match gather_v4(net, user, skb) {
        Fragment::Reassembled(mut skb, size) => {
            skb.drop_route();
            // SAFETY: It was taken off this device in this RCU section.
            unsafe { put_back(skb.as_ptr(), dev) };
            Fragment::Reassembled(skb, size)
        }
        other => other,
    }
}

/// Gives a fragment to reassembly; in a context that is not everybody's on no device, so that
/// nobody is told of its death.
fn gather_v6(net: &Net, user: u32, context: u32, mut skb: Skb) -> Fragment {
    // Who has a device is told of a fragment's death, which is nobody else's business.
    let dev = match context {
        0 => core::ptr::null_mut(),
        _ => skb.take_device(),
    };
    let raw = skb.into_raw();
    // SAFETY: The packet is valid and has a whole IPv6 header at its network header, as `gather`
    // checked; a device may be missing. The function keeps the packet if it returns EINPROGRESS and
    // only then; otherwise it is still ours, and gets back the device that it was on, which RCU
    // keeps.
    let error = unsafe {
        let error = bindings::nf_ct_frag6_gather(net.as_ptr(), raw, user);
        if error != -(bindings::EINPROGRESS as i32) && !dev.is_null() {
            put_back(raw, dev);
        }
        error
    };
    if error == -(bindings::EINPROGRESS as i32) {
        return Fragment::Queued(Skb::taken());
    }
    if error != 0 {
        // SAFETY: The packet is still ours, as above.
        return Fragment::Refused(unsafe { Skb::from_raw(NonNull::new_unchecked(raw)) });
    }
    whole(Family::V6, raw)
}

/// Puts a packet back on the device that it was taken off.
///
/// # Safety
///
/// The packet is valid and the caller's; the device, which may be null, is one that RCU keeps.
unsafe fn put_back(skb: *mut bindings::sk_buff, dev: *mut bindings::net_device) {
    // SAFETY: As the caller promises.
    unsafe {
        (*skb)
            .__bindgen_anon_1
            .__bindgen_anon_1
            .__bindgen_anon_1
            .dev = dev
    };
}

/// Takes back a packet that reassembly says is whole.
fn whole(family: Family, raw: *mut bindings::sk_buff) -> Fragment {
    // SAFETY: Reassembly gave the packet back, whose pointer is as it was.
    let mut skb = unsafe { Skb::from_raw(NonNull::new_unchecked(raw)) };
    let frag_max_size = skb.frag_max_size(family);
    if family == Family::V6 && frag_max_size == 0 {
        return Fragment::Refused(skb);
    }
    skb.allow_fragmentation();
    Fragment::Reassembled(skb, frag_max_size)
}
