// SPDX-License-Identifier: GPL-2.0

//! Outer headers: taken off, and put on.
//!
//! C headers: [`include/net/ip_tunnels.h`](srctree/include/net/ip_tunnels.h),
//! [`include/net/udp.h`](srctree/include/net/udp.h)
//!
//! Both ways do what the kernel's own tunnel devices do beside moving the data's start: a packet
//! that comes out of a tunnel forgets its past, and one that goes in tells segmentation and
//! checksum offload where its inner headers are.

use super::{Skb, Stolen, Summed};
use crate::{
    kern::net::{namespace::Net, Family},
    sys::bindings,
};
use core::ptr::NonNull;

/// What carries a packet through a tunnel, as far as devices know how to segment it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Carrier {
    /// IP itself.
    Ip,
    /// GRE without checksum.
    Gre,
    /// UDP, with its checksum or without, around a packet or frame.
    Udp(Checksum),
    /// UDP around something whose end no device finds.
    Datagram(Checksum),
    /// Something that no device knows.
    Other,
}

impl Carrier {
    /// Whether devices, or who does their work, can put such a header on each segment.
    pub(crate) const fn has_segments(self) -> bool {
        matches!(self, Carrier::Ip | Carrier::Gre | Carrier::Udp(_))
    }
}

/// Whether outer UDP headers have a checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Checksum {
    /// Zero: the inner one must do.
    None,
    /// Over all of the datagram.
    Whole,
}

/// An outer header about to be put on a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Outer {
    /// The family of its IP header.
    pub(crate) family: Family,
    /// All of its bytes, those of an inner Ethernet header included.
    pub(crate) len: usize,
    /// Bytes of the inner Ethernet header, 0 if there is none.
    pub(crate) frame: usize,
    /// What carries the packet.
    pub(crate) carrier: Carrier,
    /// The EtherType of the packet, that of a frame if it gets an inner Ethernet header.
    pub(crate) protocol: u16,
    /// Where the packet's own transport header begins, counted from its network header.
    pub(crate) transport: usize,
}

impl Outer {
    /// The `SKB_GSO_*` flag that says how a packet with such a header is segmented; none if it
    /// cannot be.
    const fn gso_type(&self) -> Option<u32> {
        let flag = match (self.carrier, self.family) {
            (Carrier::Ip, Family::V4) => bindings::SKB_GSO_IPXIP4,
            (Carrier::Ip, Family::V6) => bindings::SKB_GSO_IPXIP6,
            (Carrier::Gre, _) => bindings::SKB_GSO_GRE,
            (Carrier::Udp(Checksum::None), _) => bindings::SKB_GSO_UDP_TUNNEL,
            (Carrier::Udp(Checksum::Whole), _) => bindings::SKB_GSO_UDP_TUNNEL_CSUM,
            (Carrier::Datagram(_) | Carrier::Other, _) => return None,
        };
        Some(flag as u32)
    }
}

impl Skb {
    /// Takes the first `len` bytes off: outer headers up to a packet of type `ethertype`, whose
    /// network header the data begins with afterwards.
    ///
    /// What belonged to the outer packet goes with them: mark, route, connection, VLAN, arrival
    /// time, and a hash that is not of ports. Segmentation is told that a header less is there.
    /// Returns whether that worked; if not, the packet is good for nothing but to be freed.
    ///
    /// C counterpart: `__iptunnel_pull_header`.
    #[must_use]
    pub(crate) fn decapsulate(&mut self, len: usize, ethertype: u16) -> bool {
        if len > self.len() || !self.unshare() {
            return false;
        }
        // SAFETY: The packet is valid and we hold its only reference. It has `len` bytes (checked
        // above), which the function brings into the head itself; the length fits since the
        // packet's does.
        let error = unsafe {
            bindings::__iptunnel_pull_header(
                self.as_ptr(),
                len as i32,
                ethertype.to_be(),
                true,
                true,
            )
        };
        if error != 0 {
            return false;
        }
        self.set_network_header(0);
        self.set_mac_header_behind(0);
        true
    }

    /// Whether IPsec policies let in the packet, whose network header is at the data's start: what
    /// one wants protected must have been.
    ///
    /// C counterparts: `xfrm4_policy_check`, `xfrm6_policy_check`.
    #[inline]
    pub(crate) fn passes_ipsec(&self, family: Family) -> bool {
        if !self.has_device() {
            return true;
        }
        // SAFETY: The packet is valid and ours, and has the device that it came in by. The function
        // reads the headers from the network header on, with bounds checks.
        unsafe { bindings::slr_helper_xfrm_policy_check(self.as_ptr(), address_family(family)) }
    }

    /// Whether IPsec brought the packet.
    #[inline]
    pub(crate) fn came_by_ipsec(&self) -> bool {
        // SAFETY: The packet is valid and ours.
        unsafe { bindings::slr_helper_skb_has_secpath(self.as_ptr()) }
    }

    /// Whether ESP brought the packet, whose network header is at the data's start: in a tunnel of
    /// IPsec, or from the very source that the association is with.
    #[inline]
    pub(crate) fn came_encrypted(&self, family: Family) -> bool {
        // SAFETY: The packet is valid and ours, and its network header is whole: it was parsed. What
        // it says of IPsec belongs to it and stays.
        unsafe { bindings::slr_helper_skb_came_encrypted(self.as_ptr(), address_family(family)) }
    }

    /// Says that one of the checksums that a device verified was in a header that is gone.
    ///
    /// C counterpart: `__skb_decr_checksum_unnecessary`.
    pub(crate) fn forget_outer_checksum(&mut self) {
        if self.ip_summed() != Summed::Unnecessary {
            return;
        }
        match self.headers().csum_level() {
            0 => self.set_unsummed(),
            level => self.headers_mut().set_csum_level(level.wrapping_sub(1)),
        }
    }

    /// Puts an outer header before the packet, whose data begins at its network header, and lets
    /// `write` write it. The data begins at the outer network header afterwards, with `room` bytes
    /// free before it. Returns whether that worked; if not, the packet is good for nothing but to
    /// be freed.
    ///
    /// `write` writes every byte, and leaves the checksum of UDP zero.
    ///
    /// C counterparts: `skb_cow_head`, `skb_reset_inner_headers`, `iptunnel_handle_offloads`.
    #[inline]
    #[must_use]
    pub(crate) fn encapsulate(
        &mut self,
        outer: &Outer,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> bool {
        if !self.unshare() || !self.ensure_headroom(outer.len.saturating_add(room)) {
            return false;
        }
        let has_work_left = self.is_gso() || self.ip_summed() == Summed::Partial;
        if has_work_left && !self.note_inner_headers(outer) {
            return false;
        }
        if !has_work_left {
            // Nobody asks where the headers inside are.
            self.clear_encapsulation();
            self.set_unsummed();
        }
        let Some(()) = self.push(outer.len).and_then(write) else {
            return false;
        };
        self.set_network_header(0);
        self.set_transport_header(outer.family.header_len());
        self.set_protocol(outer.family.ethertype());
        match outer.carrier {
            Carrier::Udp(Checksum::Whole) | Carrier::Datagram(Checksum::Whole) => {
                self.sum_udp(outer.family)
            }
            _ => true,
        }
    }

    /// Says that no header of the packet is one that a device could put on segments.
    #[inline]
    fn clear_encapsulation(&mut self) {
        if self.headers().encapsulation() != 0 {
            self.headers_mut().set_encapsulation(0);
        }
    }

    /// Notes for devices, or for who does their work, where the headers are that the data begins
    /// with now. Returns whether that worked; if not, the packet is good for nothing but to be
    /// freed.
    #[cold]
    fn note_inner_headers(&mut self, outer: &Outer) -> bool {
        let gso_type = outer.gso_type();
        if self.is_gso() && gso_type.is_none() {
            return false;
        }
        // Who takes such a header off does not know of a checksum that is still to be filled in.
        if gso_type.is_none() && !self.checksum_help() {
            return false;
        }
        self.set_network_header(0);
        self.set_transport_header(outer.transport);
        self.set_mac_header_behind(outer.frame);
        // SAFETY: The packet is valid and we hold its only reference; its header offsets, which the
        // function notes as the inner ones, were set above.
        let error = unsafe {
            bindings::iptunnel_handle_offloads(self.as_ptr(), gso_type.unwrap_or(0) as i32)
        };
        if error != 0 {
            return false;
        }
        let headers = self.headers_mut();
        // C counterpart: `skb_set_inner_protocol`, with `ENCAP_TYPE_ETHER`.
        headers.set_inner_protocol_type(0);
        headers.__bindgen_anon_5.inner_protocol = outer.protocol.to_be();
        true
    }

    /// Puts a link-layer header of `len` bytes before the packet, whose data begins at its network
    /// header, and lets `write` write it; the frame's type is `ethertype`. The data begins at the
    /// link-layer header afterwards, as [`send`](Self::send) wants it, with `room` bytes free
    /// before it. Returns whether that worked; if not, the packet is good for nothing but to be
    /// freed.
    #[must_use]
    pub(crate) fn put_link_header(
        &mut self,
        len: usize,
        room: usize,
        ethertype: u16,
        write: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> bool {
        if !self.ensure_headroom(len.saturating_add(room)) {
            return false;
        }
        self.set_network_header(0);
        let Some(()) = self.push(len).and_then(write) else {
            return false;
        };
        self.set_mac_header_behind(0);
        self.set_protocol(ethertype);
        // Segmentation looks for tags in a header of this length.
        // SAFETY: The packet is valid and ours.
        unsafe { (*self.as_ptr()).mac_len = len as u16 };
        true
    }

    /// Has the checksum of the UDP header behind the IP header at the data's start filled in: by
    /// the device, or from that of the packet inside. Returns whether there are such headers.
    ///
    /// C counterparts: `udp_set_csum`, `udp6_set_csum`.
    fn sum_udp(&mut self, family: Family) -> bool {
        let ip = family.header_len();
        if ip.saturating_add(UDP_LEN) > self.head().len() {
            return false;
        }
        let len = self.len().wrapping_sub(ip) as i32;
        let skb = self.as_ptr();
        // SAFETY: The packet is valid and ours, and its head has both headers (checked above), the
        // transport header being where the packet says, as `encapsulate` has set it. No reference
        // is made to the headers, which may be unaligned: IPv4 addresses are read as such, and of
        // those of IPv6 the address is passed, as C code does.
        unsafe {
            let header = (*skb).data;
            match family {
                Family::V4 => {
                    let header = header.cast::<bindings::iphdr>();
                    let ends = core::ptr::addr_of!((*header).__bindgen_anon_1.addrs);
                    let source = core::ptr::addr_of!((*ends).saddr).read_unaligned();
                    let destination = core::ptr::addr_of!((*ends).daddr).read_unaligned();
                    bindings::udp_set_csum(false, skb, source, destination, len);
                }
                Family::V6 => {
                    let header = header.cast::<bindings::ipv6hdr>();
                    let ends = core::ptr::addr_of!((*header).__bindgen_anon_1.addrs);
                    bindings::udp6_set_csum(
                        false,
                        skb,
                        core::ptr::addr_of!((*ends).saddr),
                        core::ptr::addr_of!((*ends).daddr),
                        len,
                    );
                }
            }
        }
        true
    }

    /// Splits a packet that stands for several, whose data begins at its network header, and gives
    /// each one to `each`, checksums filled in. A packet that stands for itself alone is given as
    /// it is. Gives the packet back if that did not work.
    ///
    /// For outer headers that no device can put on segments. C counterpart: `skb_gso_segment`.
    pub(crate) fn segment(mut self, mut each: impl FnMut(Skb)) -> Result<Stolen, Skb> {
        if !self.unshare() {
            return Err(self);
        }
        self.set_network_header(0);
        // SAFETY: The packet is valid, we hold its only reference, and its network header is at
        // the data's start. No feature is asked of a device, so none is looked at.
        let list = unsafe { bindings::__skb_gso_segment(self.as_ptr(), 0, true) };
        let Ok(mut next) = kernel::error::from_err_ptr(list) else {
            return Err(self);
        };
        if next.is_null() {
            return Err(self);
        }
        while let Some(segment) = NonNull::new(next) {
            // SAFETY: The segments are new packets that nobody else knows, in a list that ends
            // with null. Each is taken off before it becomes an `Skb`, with its one reference.
            each(unsafe {
                let link = core::ptr::addr_of_mut!(
                    (*segment.as_ptr()).__bindgen_anon_1.__bindgen_anon_1.next
                );
                next = link.read();
                link.write(core::ptr::null_mut());
                Skb::from_raw(segment)
            });
        }
        Ok(self.consume())
    }

    /// Says that the link-layer header begins `len` bytes before the data.
    pub(in crate::kern) fn set_mac_header_behind(&mut self, len: usize) {
        let header = self.headroom().saturating_sub(len) as u16;
        self.headers_mut().mac_header = header;
    }

    /// Notes a hash of the packet's flow, unless an earlier layer did.
    ///
    /// C counterpart: `__skb_set_sw_hash`.
    #[inline]
    pub(crate) fn note_flow_hash(&mut self, hash: impl FnOnce() -> u32) {
        let headers = self.headers();
        if headers.l4_hash() == 0 && headers.sw_hash() == 0 {
            // SAFETY: The packet is valid and ours.
            unsafe { bindings::slr_helper___skb_set_sw_hash(self.as_ptr(), hash(), true) };
        }
    }

    /// Returns a hash of the packet's flow, taken now if no earlier layer did: the same for both
    /// of them only by chance. A packet that was made here has no device that would name its
    /// namespace.
    ///
    /// C counterpart: `skb_get_hash_net`.
    pub(crate) fn flow_hash(&mut self, net: &Net) -> u32 {
        let headers = self.headers();
        if headers.l4_hash() == 0 && headers.sw_hash() == 0 {
            // SAFETY: Packet and namespace are valid, and the packet is ours. The function reads its
            // headers from the network header on, with bounds checks, and writes the hash.
            unsafe { bindings::__skb_get_hash_net(net.as_ptr(), self.as_ptr()) };
        }
        self.hash()
    }
}

/// Bytes of a UDP header.
const UDP_LEN: usize = core::mem::size_of::<bindings::udphdr>();

/// The number that C has for it.
fn address_family(family: Family) -> u16 {
    match family {
        Family::V4 => bindings::AF_INET as u16,
        Family::V6 => bindings::AF_INET6 as u16,
    }
}
