// SPDX-License-Identifier: GPL-2.0

//! What the stack notes about a packet beside its bytes.
//!
//! Fields are read and written in place where bindgen shows them: the packet path has no
//! instructions to spare for a call each. Writing a bit field takes bindgen more than fifty, so
//! what is most often as it should be is read first.

use super::Skb;
use crate::{
    kern::net::{device::Device, route::Route, Family},
    sys::bindings,
};
use kernel::sync::rcu;

/// The fields that a copy of a packet keeps, `headers` in C.
type Headers = bindings::sk_buff__bindgen_ty_4__bindgen_ty_2;

/// To whom the link layer addressed a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PacketType {
    /// To us.
    Host,
    /// To all.
    Broadcast,
    /// To a group.
    Multicast,
    /// To somebody else; we see it because the device listens to everything.
    OtherHost,
    /// Something else: going out, looped back.
    Other,
}

/// What is known of a packet's transport checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Summed {
    /// Nothing: it must be computed to be checked.
    None,
    /// The device has checked it.
    Unnecessary,
    /// The device has summed all bytes of the packet.
    Complete,
    /// It is to be filled in by whoever transmits; the field holds the pseudo header's sum.
    Partial,
}

/// Where a checksum that is still to be filled in lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Partial {
    /// The first byte that it covers, counted from the data's start.
    pub(crate) start: usize,
    /// The checksum field, counted from that byte.
    pub(crate) offset: usize,
}

impl Skb {
    #[inline]
    pub(super) fn headers(&self) -> &Headers {
        // SAFETY: The packet is valid and ours by the invariant. Both members of the union are the
        // same fields, and any bits are valid for them.
        unsafe { &*core::ptr::addr_of!((*self.as_ptr()).__bindgen_anon_4).cast() }
    }

    #[inline]
    pub(super) fn headers_mut(&mut self) -> &mut Headers {
        // SAFETY: As in `headers`, and by the invariant nobody else uses them.
        unsafe { &mut *core::ptr::addr_of_mut!((*self.as_ptr()).__bindgen_anon_4).cast() }
    }

    /// Returns the EtherType of the data, in host order.
    #[inline]
    pub(crate) fn protocol(&self) -> u16 {
        u16::from_be(self.headers().protocol)
    }

    /// Sets the EtherType of the data, given in host order.
    #[inline]
    pub(crate) fn set_protocol(&mut self, ethertype: u16) {
        self.headers_mut().protocol = ethertype.to_be();
    }

    /// Returns to whom the link layer addressed the packet.
    #[inline]
    pub(crate) fn packet_type(&self) -> PacketType {
        match u32::from(self.headers().pkt_type()) {
            bindings::PACKET_HOST => PacketType::Host,
            bindings::PACKET_BROADCAST => PacketType::Broadcast,
            bindings::PACKET_MULTICAST => PacketType::Multicast,
            bindings::PACKET_OTHERHOST => PacketType::OtherHost,
            _ => PacketType::Other,
        }
    }

    /// Whether the link layer addressed the packet to us.
    #[inline(always)]
    pub(crate) fn is_to_us(&self) -> bool {
        u32::from(self.headers().pkt_type()) == bindings::PACKET_HOST
    }

    /// Says that the packet is addressed to us.
    #[inline]
    pub(crate) fn set_packet_type_host(&mut self) {
        self.headers_mut().set_pkt_type(bindings::PACKET_HOST as u8);
    }

    /// Returns what is known of the transport checksum.
    #[inline(always)]
    pub(crate) fn ip_summed(&self) -> Summed {
        match u32::from(self.headers().ip_summed()) {
            bindings::CHECKSUM_UNNECESSARY => Summed::Unnecessary,
            bindings::CHECKSUM_COMPLETE => Summed::Complete,
            bindings::CHECKSUM_PARTIAL => Summed::Partial,
            _ => Summed::None,
        }
    }

    /// Forgets a sum over all bytes, which no longer fits once one of them is rewritten. The
    /// checksum field itself stays as right or wrong as it was.
    ///
    /// C counterpart: `skb_forward_csum`.
    #[inline(always)]
    pub(crate) fn forget_complete_checksum(&mut self) {
        if u32::from(self.headers().ip_summed()) == bindings::CHECKSUM_COMPLETE {
            self.headers_mut()
                .set_ip_summed(bindings::CHECKSUM_NONE as u8);
        }
    }

    /// Returns where the checksum that is to be filled in lies; none unless
    /// [`Summed::Partial`] and within the data.
    #[inline]
    pub(crate) fn partial_checksum(&self) -> Option<Partial> {
        if self.ip_summed() != Summed::Partial {
            return None;
        }
        // SAFETY: The two offsets are the union's valid member where the checksum is partial
        // (checked above), and any bits are valid for them.
        let (start, offset) = unsafe {
            let csum = &self.headers().__bindgen_anon_1.__bindgen_anon_1;
            (csum.csum_start, csum.csum_offset)
        };
        Some(Partial {
            start: usize::from(start).checked_sub(self.headroom())?,
            offset: usize::from(offset),
        })
    }

    /// Says that whoever transmits shall fill in the checksum at `partial`, whose field must hold
    /// the pseudo header's sum. Returns whether the place is within the head.
    pub(crate) fn set_partial_checksum(&mut self, partial: Partial) -> bool {
        let end = partial.start.saturating_add(partial.offset);
        if end.saturating_add(2) > self.head().len() {
            return false;
        }
        let start = self.headroom().wrapping_add(partial.start) as u16;
        let headers = self.headers_mut();
        headers.__bindgen_anon_1.__bindgen_anon_1.csum_start = start;
        headers.__bindgen_anon_1.__bindgen_anon_1.csum_offset = partial.offset as u16;
        headers.set_ip_summed(bindings::CHECKSUM_PARTIAL as u8);
        true
    }

    /// Says that nothing is known of the transport checksum.
    #[inline]
    pub(crate) fn set_unsummed(&mut self) {
        if self.ip_summed() != Summed::None {
            self.headers_mut()
                .set_ip_summed(bindings::CHECKSUM_NONE as u8);
        }
    }

    /// Returns the ones' complement sum of `len` bytes from `offset`, added to `seed` and not
    /// folded. None if the packet is shorter.
    pub(crate) fn checksum(&self, offset: usize, len: usize, seed: u32) -> Option<u32> {
        if offset.checked_add(len)? > self.len() {
            return None;
        }
        // SAFETY: The packet is valid and ours, and has the bytes (checked above), which is what
        // `skb_checksum` insists on.
        Some(unsafe { bindings::skb_checksum(self.as_ptr(), offset as i32, len as i32, seed) })
    }

    /// Fills in a checksum that is still to be. Returns whether that worked.
    ///
    /// C counterpart: `skb_checksum_help`.
    #[must_use]
    pub(crate) fn checksum_help(&mut self) -> bool {
        if self.ip_summed() != Summed::Partial {
            return true;
        }
        // SAFETY: The packet is valid and we hold its only reference; `skb_checksum_help` checks
        // the offsets against the packet itself.
        self.unshare() && unsafe { bindings::skb_checksum_help(self.as_ptr()) == 0 }
    }

    #[inline]
    fn shared_info(&self) -> &bindings::skb_shared_info {
        // SAFETY: The packet is valid and ours; a `struct skb_shared_info` lies at its buffer's
        // end. Clones share it, but the fields read here change only with the packet's bytes.
        unsafe {
            let skb = self.as_ptr();
            &*(*skb).head.add((*skb).end as usize).cast()
        }
    }

    /// Whether the packet stands for several that are segmented on the way out.
    #[inline]
    pub(crate) fn is_gso(&self) -> bool {
        self.gso_size() != 0
    }

    /// Returns the payload of one segment, 0 if the packet is not to be segmented.
    #[inline]
    pub(crate) fn gso_size(&self) -> u16 {
        self.shared_info().gso_size
    }

    /// Returns the `SKB_GSO_*` flags: which protocols segmentation must know.
    #[inline]
    pub(crate) fn gso_type(&self) -> u32 {
        self.shared_info().gso_type
    }

    /// Returns how many packets this one stands for, as devices count them.
    #[inline(always)]
    pub(crate) fn segments(&self) -> u32 {
        u32::from(self.shared_info().gso_segs).max(1)
    }

    /// Whether the packet, or each of its segments, fits a path with this MTU. The network header
    /// must be at the data's start; for segments the transport header must be known.
    #[inline]
    pub(crate) fn fits_mtu(&self, mtu: u32) -> bool {
        if self.len() <= mtu as usize {
            return true;
        }
        // SAFETY: The packet is valid and ours; the function reads it.
        self.is_gso() && unsafe { bindings::skb_gso_validate_network_len(self.as_ptr(), mtu) }
    }

    /// Returns the mark that routing rules, filters and queues match.
    #[inline]
    pub(crate) fn mark(&self) -> u32 {
        // SAFETY: The union's other member exists only while a socket builds a packet; any bits
        // are valid.
        unsafe { self.headers().__bindgen_anon_4.mark }
    }

    /// Sets the mark.
    #[inline]
    pub(crate) fn set_mark(&mut self, mark: u32) {
        self.headers_mut().__bindgen_anon_4.mark = mark;
    }

    /// Returns the queueing priority.
    #[inline]
    pub(crate) fn priority(&self) -> u32 {
        self.headers().priority
    }

    /// Sets the queueing priority.
    #[inline]
    pub(crate) fn set_priority(&mut self, priority: u32) {
        self.headers_mut().priority = priority;
    }

    /// Returns the flow's hash as the device or an earlier layer took it, 0 if none did.
    #[inline]
    pub(crate) fn hash(&self) -> u32 {
        self.headers().hash
    }

    /// Returns the VLAN identifier that the device took off the packet, if it did.
    #[inline]
    pub(crate) fn vlan(&self) -> Option<u16> {
        // SAFETY: Both members of the union are plain numbers over the same bits.
        let (all, tci) = unsafe {
            let vlan = &self.headers().__bindgen_anon_2;
            (vlan.vlan_all, vlan.__bindgen_anon_1.vlan_tci)
        };
        (all != 0).then_some(tci & bindings::VLAN_VID_MASK as u16)
    }

    /// Returns the VLAN tag that the device took off the packet, if it did: the EtherType that
    /// announces it, and its priority and VLAN.
    #[inline]
    pub(crate) fn vlan_tag(&self) -> Option<(u16, u16)> {
        // SAFETY: As in `vlan`.
        let (all, tag) = unsafe {
            let vlan = &self.headers().__bindgen_anon_2;
            (vlan.vlan_all, vlan.__bindgen_anon_1)
        };
        (all != 0).then_some((u16::from_be(tag.vlan_proto), tag.vlan_tci))
    }

    /// Has whoever transmits the packet put a VLAN tag into its Ethernet header.
    ///
    /// C counterpart: `__vlan_hwaccel_put_tag`.
    #[inline]
    pub(crate) fn set_vlan_tag(&mut self, ethertype: u16, control: u16) {
        let headers = self.headers_mut();
        headers.__bindgen_anon_2.__bindgen_anon_1.vlan_proto = ethertype.to_be();
        headers.__bindgen_anon_2.__bindgen_anon_1.vlan_tci = control;
    }

    /// Forgets a VLAN tag that was taken off the packet.
    #[inline]
    pub(crate) fn clear_vlan(&mut self) {
        self.headers_mut().__bindgen_anon_2.vlan_all = 0;
    }

    /// Returns the index of the device that the packet came in by, 0 if it was made here.
    #[inline]
    pub(crate) fn input_ifindex(&self) -> u32 {
        self.headers().skb_iif as u32
    }

    /// Makes `dev` the packet's device. Only code that hands the packet over at once may: nothing
    /// counts this reference.
    #[inline]
    pub(in crate::kern) fn set_device(&mut self, dev: &Device) {
        // SAFETY: The packet is valid and ours.
        unsafe {
            (*self.as_ptr())
                .__bindgen_anon_1
                .__bindgen_anon_1
                .__bindgen_anon_1
                .dev = dev.as_ptr()
        };
    }

    /// Takes the packet off its device, which is returned: null if it was on none.
    pub(in crate::kern) fn take_device(&mut self) -> *mut bindings::net_device {
        // SAFETY: The packet is valid and ours.
        unsafe {
            let on = &mut (*self.as_ptr()).__bindgen_anon_1.__bindgen_anon_1;
            core::mem::replace(&mut on.__bindgen_anon_1.dev, core::ptr::null_mut())
        }
    }

    /// Makes connection tracking leave the packet alone.
    ///
    /// C counterpart: `nf_ct_set(skb, NULL, IP_CT_UNTRACKED)`.
    #[inline(always)]
    pub(crate) fn set_untracked(&mut self) {
        let skb = self.as_ptr();
        // SAFETY: The packet is valid and ours. A reference to a connection is given back before
        // the word, which holds pointer and state in one, is overwritten.
        unsafe {
            if (*skb)._nfct > CT_STATE_MASK {
                bindings::slr_helper_nf_reset_ct(skb);
            }
            (*skb)._nfct = bindings::ip_conntrack_info_IP_CT_UNTRACKED as kernel::ffi::c_ulong;
        }
    }

    /// Drops the route, socket and other belongings of the packet's past that must not follow it
    /// to another device, as forwarding does: a sum over all bytes, the arrival time where the
    /// transmit time goes, connection tracking, the packet type.
    ///
    /// The VLAN tag stays; [`clear_vlan`](Self::clear_vlan) drops it.
    #[inline(always)]
    pub(crate) fn scrub_for_forwarding(&mut self) {
        self.forget_complete_checksum();
        self.set_untracked();
        self.drop_route();
        if !self.is_to_us() {
            self.set_packet_type_host();
        }
        let skb = self.as_ptr();
        // C counterpart: `skb_clear_tstamp`: a time of delivery stays.
        let arrived = self.headers().tstamp_type() == 0;
        // SAFETY: The packet is valid and ours; a destructor, where there is one, goes with the
        // socket that `skb_orphan` detaches.
        unsafe {
            if arrived {
                (*skb).__bindgen_anon_2.tstamp = 0;
            }
            if !(*skb).sk.is_null() {
                bindings::slr_helper_skb_orphan(skb);
            }
        }
    }

    /// Whether the packet carries a route.
    #[inline]
    pub(in crate::kern) fn has_route(&self) -> bool {
        // SAFETY: The packet is valid and ours; outside of TCP's queues, where no packet of ours
        // is, the union's valid member is the route's word, 0 if there is none.
        unsafe {
            (*self.as_ptr())
                .__bindgen_anon_3
                .__bindgen_anon_1
                ._skb_refdst
                != 0
        }
    }

    /// Drops the route that the packet carries, if it does.
    ///
    /// C counterpart: `skb_dst_drop`.
    #[inline(always)]
    pub(in crate::kern) fn drop_route(&mut self) {
        if self.has_route() {
            // SAFETY: The packet is valid and ours.
            unsafe { bindings::slr_helper_skb_dst_drop(self.as_ptr()) };
        }
    }

    /// Whether the packet says which device it is on.
    #[inline]
    pub(in crate::kern) fn has_device(&self) -> bool {
        // SAFETY: The packet is valid and ours; the pointer is only compared.
        let dev = unsafe {
            (*self.as_ptr())
                .__bindgen_anon_1
                .__bindgen_anon_1
                .__bindgen_anon_1
                .dev
        };
        !dev.is_null()
    }

    /// Gives the packet a route, so that the stack that it goes on through looks for none.
    ///
    /// The route is not counted: the stack counts it where it queues the packet.
    #[inline]
    pub(crate) fn set_route(&mut self, route: &Route, _rcu: &rcu::Guard) {
        self.drop_route();
        // SAFETY: The packet is valid, ours, and carries no route (dropped above). The new one
        // stays for the RCU section in which the packet is handed on.
        unsafe { bindings::slr_helper_skb_dst_set_noref(self.as_ptr(), route.as_ptr()) };
    }

    /// Gives the packet a fresh control block for the IP layer: forwarded, from the device it
    /// came in by, last seen in fragments of at most `frag_max_size` bytes (0 if whole).
    ///
    /// At the ingress hook the control block holds what the layers below left in it, and IP output
    /// would take that for its own flags.
    pub(in crate::kern) fn init_ip_control(&mut self, family: Family, frag_max_size: u16) {
        let iif = self.headers().skb_iif;
        let skb = self.as_ptr();
        // SAFETY: The packet is valid and ours, and so its control block. Each struct is what the
        // IP layer keeps in the block, smaller than it (checked at build) and no more aligned than
        // its 8 bytes; it holds numbers only, so zeroes are valid.
        unsafe {
            let cb = core::ptr::addr_of_mut!((*skb).cb);
            match family {
                Family::V4 => {
                    let parm = bindings::inet_skb_parm {
                        iif,
                        flags: bindings::SLR_HELPER_IPSKB_FORWARDED,
                        frag_max_size,
                        ..core::mem::zeroed()
                    };
                    cb.cast::<bindings::inet_skb_parm>().write(parm);
                }
                Family::V6 => {
                    let parm = bindings::inet6_skb_parm {
                        iif,
                        flags: bindings::IP6SKB_FORWARDED as u16,
                        frag_max_size,
                        ..core::mem::zeroed()
                    };
                    cb.cast::<bindings::inet6_skb_parm>().write(parm);
                }
            }
        }
    }

    /// Returns the size of the largest fragment that the packet was reassembled from, 0 if it came
    /// whole. Holds in the inet hooks and after reassembly; elsewhere the control block is not
    /// the IP layer's, and the answer is a random number.
    pub(crate) fn frag_max_size(&self, family: Family) -> u16 {
        // SAFETY: As in `init_ip_control`; all bits are valid for these numbers.
        unsafe {
            let cb = core::ptr::addr_of!((*self.as_ptr()).cb);
            match family {
                Family::V4 => (*cb.cast::<bindings::inet_skb_parm>()).frag_max_size,
                Family::V6 => (*cb.cast::<bindings::inet6_skb_parm>()).frag_max_size,
            }
        }
    }

    /// Lets IP output fragment the packet although its header forbids it: it came in fragments, or
    /// was made here.
    ///
    /// C counterpart: `skb->ignore_df`.
    pub(crate) fn allow_fragmentation(&mut self) {
        self.headers_mut().set_ignore_df(1);
    }
}

/// The bits of `_nfct` that hold a state and not a pointer.
///
/// C counterpart: `NFCT_INFOMASK`.
const CT_STATE_MASK: kernel::ffi::c_ulong = 7;

const _: () = {
    assert!(core::mem::size_of::<bindings::inet_skb_parm>() <= 48);
    assert!(core::mem::size_of::<bindings::inet6_skb_parm>() <= 48);
    assert!(core::mem::align_of::<bindings::inet_skb_parm>() <= 8);
    assert!(core::mem::align_of::<bindings::inet6_skb_parm>() <= 8);
};
