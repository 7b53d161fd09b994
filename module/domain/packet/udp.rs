// SPDX-License-Identifier: GPL-2.0

//! The headers of UDP (RFC 768) and UDP-Lite (RFC 3828).
//!
//! The two differ in bytes 4 and 5 only, length or checksum coverage, which slr
//! neither needs nor changes: a datagram with a wrong length passes and is its
//! receiver's to judge.

/// Bytes of a header.
pub const LEN: usize = 8;
/// Offset of the checksum in the header.
pub const CHECKSUM: usize = 6;

/// A UDP or UDP-Lite header.
#[derive(Clone, Copy)]
pub struct Udp<'a>(pub &'a [u8; LEN]);

impl Udp<'_> {
    /// Source port.
    #[inline(always)]
    pub fn sport(self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }

    /// Destination port.
    #[inline(always)]
    pub fn dport(self) -> u16 {
        u16::from_be_bytes([self.0[2], self.0[3]])
    }
}
