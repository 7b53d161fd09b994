// SPDX-License-Identifier: GPL-2.0

//! Networking.
//!
//! Everything on the packet path runs in softirq or with bottom halves enabled in a process that
//! sends, always inside an RCU read-side section, and takes that section's evidence
//! ([`kernel::sync::rcu::Guard`]) where it returns something that only the section keeps alive.

pub(crate) mod defrag;
pub(crate) mod device;
pub(crate) mod dst_cache;
pub(crate) mod genetlink;
pub(crate) mod hook;
pub(crate) mod link;
pub(crate) mod namespace;
pub(crate) mod route;
pub(crate) mod route_cache;
pub(crate) mod rtnl;
pub(crate) mod skb;
pub(crate) mod socket;
pub(crate) mod transmit;

use crate::sys::bindings;
use core::ptr::NonNull;
use kernel::{ffi, prelude::*, sync::rcu};

/// An Internet Protocol version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Returns the protocol number in an Ethernet header.
    #[inline]
    pub(crate) const fn ethertype(self) -> u16 {
        match self {
            Family::V4 => bindings::ETH_P_IP as u16,
            Family::V6 => bindings::ETH_P_IPV6 as u16,
        }
    }

    /// Returns the length of a header without options.
    #[inline]
    pub(crate) const fn header_len(self) -> usize {
        match self {
            Family::V4 => core::mem::size_of::<bindings::iphdr>(),
            Family::V6 => core::mem::size_of::<bindings::ipv6hdr>(),
        }
    }
}

/// Names a lack of memory as the rest of the kernel does: some of networking says `ENOBUFS`.
fn plain(error: Error) -> Error {
    match error.to_errno() == -(bindings::ENOBUFS as ffi::c_int) {
        true => ENOMEM,
        false => error,
    }
}

/// Returns evidence of the RCU read-side section that the caller's caller opened, without
/// opening another: the network core calls hooks and receive functions inside one.
///
/// # Safety
///
/// The current CPU must be inside an RCU read-side section for the whole of `'a`.
#[inline]
unsafe fn rcu_read_lock_is_held<'a>() -> &'a rcu::Guard {
    const {
        assert!(core::mem::size_of::<rcu::Guard>() == 0);
    }
    // SAFETY: The guard has no size (checked above), so an aligned pointer that is not null refers
    // to a valid one. That the lock is held while the reference exists, which is the guard's
    // invariant, is what our caller promises. A reference does not run the guard's destructor.
    unsafe { NonNull::<rcu::Guard>::dangling().as_ref() }
}
