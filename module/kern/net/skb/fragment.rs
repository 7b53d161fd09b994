// SPDX-License-Identifier: GPL-2.0

//! Fragments of a packet that goes on in parts.
//!
//! C headers: [`include/net/ip.h`](srctree/include/net/ip.h),
//! [`include/net/ipv6.h`](srctree/include/net/ipv6.h)

use super::{Skb, Stolen};
use crate::{kern::net::Family, sys::bindings};
use core::ptr::{null_mut, NonNull};

/// What fragments of IPv6 have beside the headers that all of them repeat (RFC 8200, 4.5).
const FRAGMENT_HEADER: usize = core::mem::size_of::<bindings::frag_hdr>();

/// The least that a fragment other than the last has of the packet.
const LEAST: usize = 8;

/// How a packet is to be cut.
pub(crate) struct Cut {
    /// The most bytes of a fragment, its header included.
    pub(crate) mtu: usize,
    /// Bytes to be had before each fragment.
    pub(crate) room: usize,
    /// Tells fragments of an IPv6 packet from those of others; an IPv4 packet has its own number.
    pub(crate) id: u32,
    /// Makes an IPv4 header, with its options, that of fragments other than the first.
    pub(crate) later: fn(&mut [u8]),
}

impl Skb {
    /// Gives a packet, whose data begins at its network header, in fragments to `each`, checksums
    /// filled in. Gives the packet back if it cannot be had in parts; where memory is short later
    /// on, the rest of it is lost as a whole packet would be.
    ///
    /// C counterparts: `ip_do_fragment`, `ip6_fragment`, without a route.
    pub(crate) fn fragment(
        mut self,
        family: Family,
        cut: &Cut,
        each: impl FnMut(Skb),
    ) -> Result<Stolen, Skb> {
        self.set_network_header(0);
        if !self.unshare() || !self.checksum_help() {
            return Err(self);
        }
        match family {
            Family::V4 => self.fragment_v4(cut, each),
            Family::V6 => self.fragment_v6(cut, each),
        }
    }

    fn fragment_v4(mut self, cut: &Cut, mut each: impl FnMut(Skb)) -> Result<Stolen, Skb> {
        let header = self
            .head()
            .first()
            .map_or(0, |byte| usize::from(byte & 15) * 4);
        let space = cut.mtu.saturating_sub(header);
        if space < LEAST || self.len() <= header || self.make_writable(header).is_none() {
            return Err(self);
        }
        let mut state = bindings::ip_frag_state::default();
        // SAFETY: The packet is valid and we hold its only reference; it begins with its network
        // header, of which `header` bytes are linear, and has more.
        unsafe {
            bindings::ip_frag_init(
                self.as_ptr(),
                header as u32,
                cut.room as u32,
                space as u32,
                false,
                &mut state,
            )
        };
        let mut is_first = true;
        while state.left > 0 {
            // SAFETY: As above; `state` is this packet's, and something is left of it.
            let part = unsafe { bindings::ip_frag_next(self.as_ptr(), &mut state) };
            let Some(part) = Self::part(part) else { break };
            each(part);
            if core::mem::take(&mut is_first) {
                if let Some(header) = self.make_writable(header) {
                    (cut.later)(header);
                }
            }
        }
        Ok(self.consume())
    }

    fn fragment_v6(self, cut: &Cut, mut each: impl FnMut(Skb)) -> Result<Stolen, Skb> {
        let mut next_header: *mut u8 = null_mut();
        // SAFETY: The packet is valid and ours, and its network header is at the data's start. The
        // function reads what is linear, and returns a place in that.
        let header = unsafe { bindings::ip6_find_1stfragopt(self.as_ptr(), &mut next_header) };
        let header = usize::try_from(header).unwrap_or(usize::MAX);
        let space = cut
            .mtu
            .saturating_sub(header.saturating_add(FRAGMENT_HEADER));
        if space < LEAST || self.len() <= header || self.head().len() < header {
            return Err(self);
        }
        let mut state = bindings::ip6_frag_state::default();
        // SAFETY: As in `fragment_v4`. `next_header` is in the linear part of the packet, which is
        // neither moved nor written while the state is used, since all that does takes `&mut Skb`.
        unsafe {
            bindings::ip6_frag_init(
                self.as_ptr(),
                header as u32,
                space as u32,
                0,
                cut.room as i32,
                next_header,
                next_header.read(),
                cut.id,
                &mut state,
            )
        };
        while state.left > 0 {
            // SAFETY: As above; `state` is this packet's, and something is left of it.
            let part = unsafe { bindings::ip6_frag_next(self.as_ptr(), &mut state) };
            let Some(part) = Self::part(part) else { break };
            each(part);
        }
        Ok(self.consume())
    }

    /// Takes over a new packet that C returned, unless it is an error.
    fn part(part: *mut bindings::sk_buff) -> Option<Skb> {
        let part = kernel::error::from_err_ptr(part).ok()?;
        // SAFETY: The packet is new, so its one reference is ours and nobody else knows it.
        NonNull::new(part).map(|part| unsafe { Skb::from_raw(part) })
    }
}
