// SPDX-License-Identifier: GPL-2.0

//! The TCP header (RFC 9293, 3.1).

use core::ops::BitOr;

/// Bytes of a header without options.
pub const LEN: usize = 20;
/// Offset of the checksum in the header.
pub const CHECKSUM: usize = 16;

/// The flags of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Flags(pub u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Flags = Flags(0x01);
    /// Opens a connection.
    pub const SYN: Flags = Flags(0x02);
    /// Resets the connection.
    pub const RST: Flags = Flags(0x04);
    /// Push.
    pub const PSH: Flags = Flags(0x08);
    /// The acknowledgement number counts.
    pub const ACK: Flags = Flags(0x10);

    /// Whether all of `flags` are set.
    #[inline(always)]
    pub const fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any of `flags` is set.
    #[inline(always)]
    pub const fn has_any(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// What a segment says to the connection's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// The flags.
    pub flags: Flags,
    /// Sequence number of the first byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgement number; counts only with [`Flags::ACK`].
    pub ack: u32,
    /// Bytes of payload.
    pub len: u32,
}

impl Segment {
    /// Sequence space that the segment takes: its payload, SYN and FIN (RFC 9293, 3.4).
    #[inline]
    pub fn sequence_len(&self) -> u32 {
        self.len
            .wrapping_add(u32::from(self.flags.has(Flags::SYN)))
            .wrapping_add(u32::from(self.flags.has(Flags::FIN)))
    }

    /// The sequence number that follows the segment.
    #[inline]
    pub fn end(&self) -> u32 {
        self.seq.wrapping_add(self.sequence_len())
    }
}

/// A TCP header without options.
#[derive(Clone, Copy)]
pub struct Tcp<'a>(pub &'a [u8; LEN]);

impl Tcp<'_> {
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

    /// Sequence number.
    #[inline(always)]
    pub fn seq(self) -> u32 {
        u32::from_be_bytes([self.0[4], self.0[5], self.0[6], self.0[7]])
    }

    /// Acknowledgement number.
    #[inline(always)]
    pub fn ack(self) -> u32 {
        u32::from_be_bytes([self.0[8], self.0[9], self.0[10], self.0[11]])
    }

    /// Bytes of header with options; below [`LEN`] if the field is wrong.
    #[inline(always)]
    pub fn header_len(self) -> usize {
        usize::from(self.0[12] >> 4) * 4
    }

    /// The flags.
    #[inline(always)]
    pub fn flags(self) -> Flags {
        Flags(self.0[13])
    }

    /// Receive window, not scaled.
    #[inline(always)]
    pub fn window(self) -> u16 {
        u16::from_be_bytes([self.0[14], self.0[15]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syn_and_fin_take_sequence_space() {
        let segment = Segment {
            flags: Flags::SYN | Flags::FIN,
            seq: u32::MAX,
            ack: 0,
            len: 3,
        };
        assert_eq!(segment.sequence_len(), 5);
        assert_eq!(segment.end(), 4);
        assert!(segment.flags.has_any(Flags::SYN | Flags::ACK));
        assert!(!segment.flags.has(Flags::SYN | Flags::ACK));
    }
}
