// SPDX-License-Identifier: GPL-2.0

//! Reassembly of fragments.
//!
//! C headers: [`include/net/ip.h`](srctree/include/net/ip.h),
//! [`include/net/netfilter/ipv6/nf_defrag_ipv6.h`](srctree/include/net/netfilter/ipv6/nf_defrag_ipv6.h)

use super::{
    namespace::Net,
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

/// Tells our fragments from those that others put together at the same time.
///
/// The last zone of a bridge's connection tracking: a number that the C side takes for a user which
/// is in the middle of the path, so that it does not report a fragment's death by old age to the
/// sender unless the packet was for this machine. It meets another's only if somebody tracks
/// connections on a bridge in zone 65535.
const USER_V4: u32 = bindings::ip_defrag_users___IP_DEFRAG_CONNTRACK_BRIDGE_IN;

/// The same for IPv6, where the numbers are counted otherwise.
const USER_V6: u32 = bindings::ip6_defrag_users___IP6_DEFRAG_CONNTRACK_BRIDGE_IN;

/// Gives a fragment, whose data begins at the network header, to reassembly.
///
/// To be called in an inet hook, where the packet's control block is the IP layer's: it goes
/// through reassembly and is needed for delivery to this machine.
///
/// # Context
///
/// Softirq or process, inside RCU.
pub(crate) fn gather(net: &Net, family: Family, mut skb: Skb, _rcu: &rcu::Guard) -> Fragment {
    if skb.pull(family.header_len()).is_none() || !(skb.has_device() || skb.has_route()) {
        return Fragment::Refused(skb);
    }
    skb.set_network_header(0);
    match family {
        Family::V4 => gather_v4(net, skb),
        Family::V6 => gather_v6(net, skb),
    }
}

fn gather_v4(net: &Net, skb: Skb) -> Fragment {
    let raw = skb.into_raw();
    // SAFETY: The packet is valid, has a whole IPv4 header at its network header, which is the
    // data's start, and a device or a route, as `gather` checked. `ip_defrag` wants bottom halves off, and either consumes the packet
    // (anything but 0) or gives it back as the whole one.
    let error = unsafe {
        bindings::slr_helper_local_bh_disable();
        let error = bindings::ip_defrag(net.as_ptr(), raw, USER_V4);
        bindings::slr_helper_local_bh_enable();
        error
    };
    if error != 0 {
        return Fragment::Queued(Skb::taken());
    }
    whole(Family::V4, raw)
}

fn gather_v6(net: &Net, skb: Skb) -> Fragment {
    let raw = skb.into_raw();
    // SAFETY: The packet is valid and has a whole IPv6 header at its network header, as `gather`
    // checked; a device may be missing. The function keeps the packet if it returns EINPROGRESS and only then.
    let error = unsafe { bindings::nf_ct_frag6_gather(net.as_ptr(), raw, USER_V6) };
    if error == -(bindings::EINPROGRESS as i32) {
        return Fragment::Queued(Skb::taken());
    }
    if error != 0 {
        // SAFETY: The packet is still ours, as above.
        return Fragment::Refused(unsafe { Skb::from_raw(NonNull::new_unchecked(raw)) });
    }
    whole(Family::V6, raw)
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
