// SPDX-License-Identifier: GPL-2.0

//! Socket buffers: packets.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)
//!
//! This file owns, frees and sends them; [`data`](self) access is in `data.rs` and what the stack
//! has noted beside the bytes in `meta.rs`.
//!
//! Every function can run in softirq, and none sleeps.

mod data;
pub(crate) mod fragment;
mod meta;
pub(crate) mod tunnel;

pub(crate) use meta::{PacketType, Partial, Summed};

use super::device::Device;
use crate::sys::bindings;
use core::{mem::ManuallyDrop, ptr::NonNull};
use kernel::sync::rcu;

/// An owned packet.
///
/// Dropping it frees it and counts as a drop without a reason; say [`Skb::free`] to give one and
/// [`Skb::consume`] where nothing was lost.
///
/// # Invariants
///
/// `0` points to a `struct sk_buff`, of which this object owns one reference.
///
/// Nobody else reads or writes the packet while this object exists. There may be a second
/// reference, kept by a sender that only waits to drop it (pktgen); the C functions that move a
/// packet's head insist on the only one, so [`Skb::unshare`] comes before each of them.
pub(crate) struct Skb(NonNull<bindings::sk_buff>);

// SAFETY: A packet belongs to no thread or CPU: queues hand it from one to the other all the
// time. The invariant says that its owner alone uses it.
unsafe impl Send for Skb {}

// SAFETY: What `&Skb` allows only reads, and by the invariant nobody else writes.
unsafe impl Sync for Skb {}

/// Proof that a packet was handed over or freed: only functions that consume an [`Skb`] make one.
///
/// A hook that says "stolen" shows it, so it cannot have kept the packet or forgotten it.
#[must_use]
#[derive(Debug)]
pub(crate) struct Stolen(());

/// Why the core shall think a packet was dropped: the reasons that `skb:kfree_skb` and the
/// tools on it (dropwatch, `perf trace`) show by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Reason {
    /// None given.
    NotSpecified = bindings::skb_drop_reason_SKB_DROP_REASON_NOT_SPECIFIED,
    /// A rule of the configuration forbids it.
    Policy = bindings::skb_drop_reason_SKB_DROP_REASON_NETFILTER_DROP,
    /// Shorter than its headers say.
    TooSmall = bindings::skb_drop_reason_SKB_DROP_REASON_PKT_TOO_SMALL,
    /// A header is not all there.
    HeaderTruncated = bindings::skb_drop_reason_SKB_DROP_REASON_HDR_TRUNC,
    /// A bad IP header, or no hops left.
    IpHeader = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INHDR,
    /// A bad IP header checksum.
    IpChecksum = bindings::skb_drop_reason_SKB_DROP_REASON_IP_CSUM,
    /// A bad TCP checksum.
    TcpChecksum = bindings::skb_drop_reason_SKB_DROP_REASON_TCP_CSUM,
    /// A bad UDP checksum.
    UdpChecksum = bindings::skb_drop_reason_SKB_DROP_REASON_UDP_CSUM,
    /// A bad ICMP checksum.
    IcmpChecksum = bindings::skb_drop_reason_SKB_DROP_REASON_ICMP_CSUM,
    /// TCP flags that make no sense here.
    TcpFlags = bindings::skb_drop_reason_SKB_DROP_REASON_TCP_FLAGS,
    /// A source address that may not come from there.
    InvalidSource = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INVALID_SOURCE,
    /// The source address would not be reached where the packet came from.
    ReversePath = bindings::skb_drop_reason_SKB_DROP_REASON_IP_RPFILTER,
    /// A protocol that is not served.
    NoProtocol = bindings::skb_drop_reason_SKB_DROP_REASON_IP_NOPROTO,
    /// Nobody listens.
    NoSocket = bindings::skb_drop_reason_SKB_DROP_REASON_NO_SOCKET,
    /// No route to the destination.
    NoRoute = bindings::skb_drop_reason_SKB_DROP_REASON_IP_OUTNOROUTES,
    /// No neighbour entry could be made.
    NoNeighbour = bindings::skb_drop_reason_SKB_DROP_REASON_NEIGH_CREATEFAIL,
    /// Larger than the path takes, and not to be fragmented.
    TooBig = bindings::skb_drop_reason_SKB_DROP_REASON_PKT_TOO_BIG,
    /// An unusable extension header.
    ExtensionHeader = bindings::skb_drop_reason_SKB_DROP_REASON_IPV6_BAD_EXTHDR,
    /// Protected by IPsec where it must not be, or not where it must.
    Xfrm = bindings::skb_drop_reason_SKB_DROP_REASON_XFRM_POLICY,
    /// For another host.
    OtherHost = bindings::skb_drop_reason_SKB_DROP_REASON_OTHERHOST,
    /// A frame from ourselves.
    LocalMac = bindings::skb_drop_reason_SKB_DROP_REASON_LOCAL_MAC,
    /// A table or queue is full.
    Full = bindings::skb_drop_reason_SKB_DROP_REASON_FULL_RING,
    /// Memory is short.
    NoMemory = bindings::skb_drop_reason_SKB_DROP_REASON_NOMEM,
    /// Went round too often.
    Loop = bindings::skb_drop_reason_SKB_DROP_REASON_RECURSION_LIMIT,
}

impl Skb {
    /// Takes over a reference from C.
    ///
    /// # Safety
    ///
    /// `skb` must be a valid packet. The caller must own one reference to it, which passes to
    /// the new object, and know that no other holder uses the packet.
    #[inline]
    pub(in crate::kern) unsafe fn from_raw(skb: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: The caller passes its reference on.
        Skb(skb)
    }

    /// Returns the packet's address, without its ownership.
    #[inline]
    pub(in crate::kern) fn as_ptr(&self) -> *mut bindings::sk_buff {
        self.0.as_ptr()
    }

    /// Returns the packet to C, which from now on owns the reference.
    #[inline]
    pub(in crate::kern) fn into_raw(self) -> *mut bindings::sk_buff {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// States that C took over what [`into_raw`](Self::into_raw) gave out.
    ///
    /// Private to kern: each use sits beside the C call that consumed the packet.
    #[inline]
    pub(in crate::kern) fn taken() -> Stolen {
        Stolen(())
    }

    /// Frees the packet as dropped for `reason`.
    #[inline]
    pub(crate) fn free(self, reason: Reason) -> Stolen {
        // SAFETY: `into_raw` gives up our reference, which this function consumes. A null socket
        // says that none is involved.
        unsafe {
            bindings::sk_skb_reason_drop(core::ptr::null_mut(), self.into_raw(), reason as u32)
        };
        Stolen(())
    }

    /// Frees the packet as one that served its purpose.
    #[inline]
    pub(crate) fn consume(self) -> Stolen {
        // SAFETY: `into_raw` gives up our reference, which this function consumes. A null socket
        // says that none is involved.
        unsafe {
            bindings::sk_skb_reason_drop(
                core::ptr::null_mut(),
                self.into_raw(),
                bindings::skb_drop_reason_SKB_CONSUMED,
            )
        };
        Stolen(())
    }

    /// Returns another packet with the same bytes, shared until one of the two is made
    /// writable.
    pub(crate) fn try_clone(&self) -> Option<Skb> {
        // SAFETY: The packet is valid by the invariant. `skb_clone` marks the shared head through
        // atomic operations and reads the rest.
        let clone = unsafe { bindings::skb_clone(self.as_ptr(), kernel::bindings::GFP_ATOMIC) };
        // INVARIANT: A clone comes with one reference, and is nobody else's.
        NonNull::new(clone).map(Skb)
    }

    /// Returns another, linear packet with a copy of the bytes.
    pub(crate) fn try_copy(&self) -> Option<Skb> {
        // SAFETY: The packet is valid by the invariant; `skb_copy` reads it.
        let copy = unsafe { bindings::skb_copy(self.as_ptr(), kernel::bindings::GFP_ATOMIC) };
        // INVARIANT: A copy comes with one reference, and is nobody else's.
        NonNull::new(copy).map(Skb)
    }

    /// Makes this the only reference to the packet, by a clone if it is not. Returns whether
    /// that worked; if not, nothing has changed.
    #[must_use]
    fn unshare(&mut self) -> bool {
        // SAFETY: The packet is valid by the invariant. `users` is an atomic of 32 bits that only
        // falls while we look, since raising it takes a reference that somebody may use.
        let users = unsafe { (*self.as_ptr()).users.refs.counter };
        if users == 1 {
            return true;
        }
        let Some(clone) = self.try_clone() else {
            return false;
        };
        let _ = core::mem::replace(self, clone).consume();
        true
    }

    /// Queues the packet, whose data begins at the link-layer header, for transmission on `dev`.
    ///
    /// Passes the device's queueing discipline as any other packet; what becomes of it there is
    /// the device's to count.
    #[inline]
    pub(crate) fn send(mut self, dev: &Device, _rcu: &rcu::Guard) -> Stolen {
        self.set_device(dev);
        // SAFETY: `into_raw` gives up our reference, which the function consumes whatever it
        // returns. `skb->dev` is valid while the RCU section lasts; beyond it the queues that hold
        // the packet are flushed before the device goes.
        unsafe { bindings::__dev_queue_xmit(self.into_raw(), core::ptr::null_mut()) };
        Stolen(())
    }

    /// Puts `dev`'s link-layer header, from its own address to `destination`, before the packet's
    /// data and transmits. The protocol is what [`Skb::set_protocol`] said.
    pub(crate) fn send_ethernet(
        mut self,
        dev: &Device,
        destination: &[u8; 6],
        rcu: &rcu::Guard,
    ) -> Stolen {
        if !self.ensure_headroom(dev.link_headroom()) {
            return self.free(Reason::NoMemory);
        }
        self.set_device(dev);
        let protocol = self.protocol();
        // SAFETY: The packet is valid and ours; the call above made room for the header of `dev`,
        // which reads 6 bytes of the address if it is an Ethernet device, and which RCU keeps.
        let length = unsafe {
            bindings::slr_helper_dev_hard_header(
                self.as_ptr(),
                dev.as_ptr(),
                protocol,
                destination.as_ptr().cast(),
                core::ptr::null(),
                self.len() as u32,
            )
        };
        if length < 0 {
            return self.free(Reason::NoNeighbour);
        }
        self.send(dev, rcu)
    }
}

impl Drop for Skb {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the invariant we own one reference, and it is not used after this.
        unsafe {
            bindings::sk_skb_reason_drop(
                core::ptr::null_mut(),
                self.as_ptr(),
                Reason::NotSpecified as u32,
            )
        };
    }
}
