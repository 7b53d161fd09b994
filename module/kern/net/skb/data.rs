// SPDX-License-Identifier: GPL-2.0

//! The bytes of a packet.
//!
//! A packet's data begins at `data`, which at the ingress and inet hooks is the network header.
//! Its first part, the head, is linear; the rest may lie in pages and comes into the head with
//! [`Skb::pull`]. The head may be shared with clones and is read-only until
//! [`Skb::make_writable`].

use super::Skb;
use crate::sys::bindings;
use core::{ptr::NonNull, slice};

impl Skb {
    /// Returns a new packet of `len` zero bytes with at least `headroom` before them, or none if
    /// memory is short. The network header is at its first byte.
    pub(crate) fn alloc(headroom: usize, len: usize) -> Option<Skb> {
        let size = headroom.checked_add(len)?;
        // No packet is that long; the C side computes with 32 bits.
        if size > usize::from(u16::MAX) * 2 {
            return None;
        }
        // SAFETY: `__alloc_skb` has no requirements; the size cannot overflow (checked above).
        let skb = unsafe {
            bindings::__alloc_skb(
                size as u32,
                kernel::bindings::GFP_ATOMIC,
                0,
                kernel::bindings::NUMA_NO_NODE,
            )
        };
        let skb = NonNull::new(skb)?;
        // SAFETY: The packet is new, empty and ours, and has `size` bytes of room: reserving some
        // and appending the others stays within it. `skb_put` returns the `len` bytes appended.
        unsafe {
            bindings::slr_helper_skb_reserve(skb.as_ptr(), headroom as i32);
            bindings::skb_put(skb.as_ptr(), len as u32)
                .cast::<u8>()
                .write_bytes(0, len);
        }
        // INVARIANT: A new packet comes with one reference, which is ours.
        let mut skb = Skb(skb);
        skb.set_network_header(0);
        Some(skb)
    }

    /// Returns the number of bytes, in head and pages together.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        // SAFETY: The packet is valid and ours by the invariant.
        unsafe { (*self.as_ptr()).len as usize }
    }

    /// Returns the number of bytes in the head.
    #[inline]
    fn head_len(&self) -> usize {
        // SAFETY: The packet is valid and ours by the invariant. `data_len` counts the part of
        // `len` that is in pages, so it is never larger.
        unsafe { ((*self.as_ptr()).len.wrapping_sub((*self.as_ptr()).data_len)) as usize }
    }

    /// Returns the linear bytes from the data's start.
    #[inline(always)]
    pub(crate) fn head(&self) -> &[u8] {
        // SAFETY: The C side keeps `data` pointing to that many initialised bytes. They stay while
        // `self` is borrowed, since all that moves or writes them takes `&mut self`; a clone's
        // holder does not write bytes that it shares.
        unsafe { slice::from_raw_parts((*self.as_ptr()).data, self.head_len()) }
    }

    /// Returns the first `len` bytes, brought into the head first if some are not there. None if
    /// the packet is shorter or memory is short.
    ///
    /// C counterpart: `pskb_may_pull`.
    #[inline]
    pub(crate) fn pull(&mut self, len: usize) -> Option<&[u8]> {
        if len > self.head_len() && !self.pull_tail(len) {
            return None;
        }
        self.head().get(..len)
    }

    /// Brings bytes from the pages into the head until it has `len`. Returns whether it has.
    #[cold]
    fn pull_tail(&mut self, len: usize) -> bool {
        if len > self.len() || !self.unshare() {
            return false;
        }
        let missing = len.wrapping_sub(self.head_len());
        // SAFETY: The packet is valid and we hold its only reference; it has `missing` bytes
        // beyond its head, as the comparison with its length showed.
        let tail = unsafe { bindings::__pskb_pull_tail(self.as_ptr(), missing as i32) };
        !tail.is_null()
    }

    /// Returns the first `len` bytes to write to, after it has made sure that they are linear and
    /// shared with no clone. None if the packet is shorter or memory is short.
    ///
    /// C counterpart: `skb_ensure_writable`.
    #[inline(always)]
    pub(crate) fn make_writable(&mut self, len: usize) -> Option<&mut [u8]> {
        if (len > self.head_len() || self.is_cloned()) && !self.ensure_writable(len) {
            return None;
        }
        // SAFETY: As in `head`; and the bytes are in the head and no clone's, so that `&mut self`
        // makes this the only access to them.
        Some(unsafe { slice::from_raw_parts_mut((*self.as_ptr()).data, len) })
    }

    /// Makes the first `len` bytes linear and our own. Returns whether they are.
    #[cold]
    fn ensure_writable(&mut self, len: usize) -> bool {
        if len > self.len() || !self.unshare() {
            return false;
        }
        // SAFETY: The packet is valid and we hold its only reference. `len` fits in 32 bits since
        // the packet's length does.
        unsafe { bindings::skb_ensure_writable(self.as_ptr(), len as u32) == 0 }
    }

    /// Whether a clone may share the head.
    #[inline]
    fn is_cloned(&self) -> bool {
        // SAFETY: The packet is valid and ours by the invariant.
        unsafe { (*self.as_ptr()).cloned() != 0 }
    }

    /// Cuts the packet to `len` bytes, if it is longer (Ethernet pads short ones), and keeps a
    /// checksum that the device took over all of it right. Returns whether that worked.
    ///
    /// C counterpart: `pskb_trim_rcsum`.
    #[inline(always)]
    #[must_use]
    pub(crate) fn trim(&mut self, len: usize) -> bool {
        len >= self.len() || self.trim_slow(len)
    }

    /// Cuts the packet to `len` bytes, fewer than it has.
    #[cold]
    fn trim_slow(&mut self, len: usize) -> bool {
        // SAFETY: The packet is valid, we hold its only reference, and `len` is below its length.
        self.unshare() && unsafe { bindings::pskb_trim_rcsum_slow(self.as_ptr(), len as u32) == 0 }
    }

    /// Returns the bytes free before the data.
    #[inline]
    pub(crate) fn headroom(&self) -> usize {
        // SAFETY: The packet is valid and ours by the invariant; both pointers are into its one
        // buffer, `head` at its start.
        unsafe { (*self.as_ptr()).data.offset_from((*self.as_ptr()).head) as usize }
    }

    /// Makes sure that `headroom` bytes before the data are free and our own to write to. Returns
    /// whether they are.
    ///
    /// C counterpart: `skb_cow_head`.
    #[inline(always)]
    #[must_use]
    pub(crate) fn ensure_headroom(&mut self, headroom: usize) -> bool {
        (self.headroom() >= headroom && !self.is_cloned()) || self.cow_head(headroom)
    }

    /// Moves or unshares the head.
    #[cold]
    fn cow_head(&mut self, headroom: usize) -> bool {
        if headroom > usize::from(u16::MAX) || !self.unshare() {
            return false;
        }
        // SAFETY: The packet is valid and we hold its only reference; the headroom is of a sane
        // size (checked above).
        unsafe { bindings::slr_helper_skb_cow_head(self.as_ptr(), headroom as u32) == 0 }
    }

    /// Takes `len` bytes off the front and keeps a checksum that the device took over all of them
    /// right. Returns whether the head has so many; [`pull`](Self::pull) them first.
    ///
    /// C counterpart: `skb_pull_rcsum`.
    #[must_use]
    pub(crate) fn advance(&mut self, len: usize) -> bool {
        if len > self.head_len() {
            return false;
        }
        // SAFETY: The packet is valid and ours, and its head has `len` bytes (checked above).
        unsafe { bindings::skb_pull_rcsum(self.as_ptr(), len as u32) };
        true
    }

    /// Adds `len` bytes at the front and returns them to be written, all of them: they hold what lay
    /// in the packet's buffer. None if memory is short.
    ///
    /// A checksum over all bytes ([`Summed::Complete`](super::Summed)) is not kept up; forget it.
    #[inline]
    pub(crate) fn push(&mut self, len: usize) -> Option<&mut [u8]> {
        if !self.ensure_headroom(len) {
            return None;
        }
        // SAFETY: The packet is valid and ours, and has `len` bytes of headroom that no clone
        // shares (made sure above), so `&mut self` makes this the only access. The buffer came from
        // C, for which bytes that nobody has written have some value too.
        Some(unsafe {
            let front = bindings::skb_push(self.as_ptr(), len as u32).cast::<u8>();
            slice::from_raw_parts_mut(front, len)
        })
    }

    /// Says that the network header begins `offset` bytes after the data's start.
    #[inline]
    pub(crate) fn set_network_header(&mut self, offset: usize) {
        let header = self.headroom().wrapping_add(offset) as u16;
        self.headers_mut().network_header = header;
    }

    /// Says that the transport header begins `offset` bytes after the data's start. Segmentation
    /// offload needs to know.
    #[inline]
    pub(crate) fn set_transport_header(&mut self, offset: usize) {
        let header = self.headroom().wrapping_add(offset) as u16;
        self.headers_mut().transport_header = header;
    }

    /// Returns where the network header begins, counted from the data's start. None if it lies
    /// before it.
    #[inline]
    pub(crate) fn network_offset(&self) -> Option<usize> {
        usize::from(self.headers().network_header).checked_sub(self.headroom())
    }

    /// Returns the Ethernet header that the packet came with: destination, source, type. None if
    /// it came without.
    pub(crate) fn ethernet_header(&self) -> Option<&[u8; 14]> {
        let start = usize::from(self.headers().mac_header);
        // An offset of all ones means that no header was noted.
        if start == usize::from(u16::MAX) || start.checked_add(14)? > self.headroom() {
            return None;
        }
        // SAFETY: The packet is valid and ours. The 14 bytes are within the buffer, between `head`
        // and `data` (checked above), and the device's driver wrote them; nothing writes there
        // while `self` is borrowed, as in `head`.
        Some(unsafe { &*(*self.as_ptr()).head.add(start).cast::<[u8; 14]>() })
    }
}
