// SPDX-License-Identifier: GPL-2.0

//! The Internet checksum (RFC 1071), its incremental update (RFC 1624) and CRC32c.
//!
//! Sums are kept in the machine's byte order: one's complement addition gives
//! the same bytes whichever order the words are loaded in (RFC 1071, 2(B)), so
//! nothing has to be swapped on a little-endian machine. Only ports and lengths,
//! which the rest of the code holds as numbers, are swapped on their way in.
//!
//! An update adds the difference between new and old content to whatever the
//! packet carries. A checksum that was wrong before stays wrong by the same
//! amount, so a packet damaged on its way here is not laundered.

use crate::domain::addr::{Ip, Proto};
use crate::domain::bytes;

/// A checksum field as it lies in the packet.
pub type Field = [u8; 2];

/// Adds the carries back in until 16 bits remain.
///
/// Adding a number to itself with its halves swapped leaves their one's
/// complement sum, carry included, in the upper half.
#[inline(always)]
fn fold(sum: u64) -> u16 {
    let sum = (sum.wrapping_add(sum.rotate_left(32)) >> 32) as u32;
    (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
}

/// A running one's complement sum of content.
///
/// 64 bits hold the carries of 2^32 words of 32 bits, far more than a packet has.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    pub fn new() -> Sum {
        Sum(0)
    }

    /// Adds bytes that start at an even offset; an odd last byte is padded with zero.
    #[inline]
    pub fn bytes(self, bytes: &[u8]) -> Sum {
        let mut sum = self.0;
        let mut words = bytes.chunks_exact(4);
        for word in &mut words {
            if let Ok(word) = <[u8; 4]>::try_from(word) {
                sum = sum.wrapping_add(u64::from(u32::from_ne_bytes(word)));
            }
        }
        let mut last = [0; 4];
        for (to, from) in last.iter_mut().zip(words.remainder()) {
            *to = *from;
        }
        Sum(sum.wrapping_add(u64::from(u32::from_ne_bytes(last))))
    }

    /// Adds an IPv4 header without options, without the loop of [`bytes`](Self::bytes).
    #[inline(always)]
    pub fn header(self, header: &[u8; 20]) -> Sum {
        let h = header;
        let words = [
            u32::from_ne_bytes([h[0], h[1], h[2], h[3]]),
            u32::from_ne_bytes([h[4], h[5], h[6], h[7]]),
            u32::from_ne_bytes([h[8], h[9], h[10], h[11]]),
            u32::from_ne_bytes([h[12], h[13], h[14], h[15]]),
            u32::from_ne_bytes([h[16], h[17], h[18], h[19]]),
        ];
        words
            .into_iter()
            .fold(self, |sum, word| Sum(sum.0.wrapping_add(u64::from(word))))
    }

    /// A sum that the kernel took, of 32 bits and not complemented.
    #[inline]
    pub fn taken(sum: u32) -> Sum {
        Sum(u64::from(sum))
    }

    /// Adds a 16-bit number given in host order.
    #[inline(always)]
    pub fn number(self, number: u16) -> Sum {
        Sum(self.0.wrapping_add(u64::from(number.to_be())))
    }

    /// Adds an address.
    #[inline(always)]
    pub fn addr<A: Ip>(self, addr: A) -> Sum {
        Sum(self.0.wrapping_add(addr.wire_sum()))
    }

    /// The pseudo-header of RFC 9293, 3.1 and RFC 8200, 8.1; `len` is that of the transport part.
    #[inline]
    pub fn pseudo<A: Ip>(src: A, dst: A, proto: Proto, len: usize) -> Sum {
        let len = len as u32;
        Sum::new()
            .addr(src)
            .addr(dst)
            .number(u16::from(proto.0))
            .number((len >> 16) as u16)
            .number(len as u16)
    }

    /// The sum itself, folded: what CHECKSUM_PARTIAL stores of a pseudo-header.
    #[inline]
    pub fn folded(self) -> Field {
        fold(self.0).to_ne_bytes()
    }

    /// The checksum: the complement of the folded sum.
    #[inline]
    pub fn checksum(self) -> Field {
        (!fold(self.0)).to_ne_bytes()
    }

    /// The checksum of UDP, where zero means none and is written as its other form.
    #[inline]
    pub fn udp_checksum(self) -> Field {
        not_zero(self.checksum())
    }

    /// Whether content that includes its checksum adds up.
    #[inline(always)]
    pub fn is_valid(self) -> bool {
        fold(self.0) == 0xffff
    }
}

/// 0xffff in place of 0, its other form in one's complement.
#[inline(always)]
fn not_zero(field: Field) -> Field {
    if field == [0, 0] {
        [0xff, 0xff]
    } else {
        field
    }
}

/// The difference that a change of content makes to a checksum.
///
/// The sum of all new words and of the complements of all old ones, so equation
/// 3 of RFC 1624, HC' = ~(~HC + ~m + m'), is one addition at the end.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Delta(u64);

impl Delta {
    /// No change.
    #[inline(always)]
    pub fn new() -> Delta {
        Delta(0)
    }

    /// One address replaced by another.
    #[inline(always)]
    pub fn addr<A: Ip>(self, old: A, new: A) -> Delta {
        Delta(
            self.0
                .wrapping_add(old.wire_sum_not())
                .wrapping_add(new.wire_sum()),
        )
    }

    /// A 16-bit number replaced, both in host order.
    #[inline(always)]
    pub fn number(self, old: u16, new: u16) -> Delta {
        Delta(
            self.0
                .wrapping_add(u64::from(!old.to_be()))
                .wrapping_add(u64::from(new.to_be())),
        )
    }

    /// A 16-bit field replaced, both as in the packet.
    #[inline(always)]
    pub fn field(self, old: Field, new: Field) -> Delta {
        Delta(
            self.0
                .wrapping_add(u64::from(!u16::from_ne_bytes(old)))
                .wrapping_add(u64::from(u16::from_ne_bytes(new))),
        )
    }

    /// A 32-bit field at an even offset replaced, both as in the packet.
    #[inline(always)]
    pub fn word(self, old: [u8; 4], new: [u8; 4]) -> Delta {
        Delta(
            self.0
                .wrapping_add(u64::from(!u32::from_ne_bytes(old)))
                .wrapping_add(u64::from(u32::from_ne_bytes(new))),
        )
    }

    /// The content of a field of 16 bits, as in the packet, lowered by `by` without a borrow from
    /// beyond it.
    #[inline(always)]
    pub fn lowered(self, by: Field) -> Delta {
        Delta(self.0.wrapping_add(u64::from(!u16::from_ne_bytes(by))))
    }

    /// The same difference in two bytes.
    #[inline]
    pub fn folded(self) -> Folded {
        Folded(fold(self.0))
    }

    /// Both changes.
    #[inline(always)]
    pub fn and(self, other: Delta) -> Delta {
        Delta(self.0.wrapping_add(other.0))
    }

    /// The checksum after the change.
    #[inline(always)]
    pub fn apply(self, check: Field) -> Field {
        let sum = self.0.wrapping_add(u64::from(!u16::from_ne_bytes(check)));
        (!fold(sum)).to_ne_bytes()
    }

    /// As [`apply`](Self::apply), but never zero, which in UDP would mean no checksum.
    #[inline(always)]
    pub fn apply_udp(self, check: Field) -> Field {
        not_zero(self.apply(check))
    }

    /// The uncomplemented sum of CHECKSUM_PARTIAL after the change.
    #[inline(always)]
    pub fn apply_partial(self, sum: Field) -> Field {
        fold(self.0.wrapping_add(u64::from(u16::from_ne_bytes(sum)))).to_ne_bytes()
    }
}

/// A [`Delta`] to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded(u16);

impl Folded {
    /// The difference.
    #[inline(always)]
    pub fn delta(self) -> Delta {
        Delta(u64::from(self.0))
    }
}

/// Replaces the checksum at `at` by `update` of it; `None` if it lies outside.
#[inline(always)]
pub fn update(packet: &mut [u8], at: usize, update: impl FnOnce(Field) -> Field) -> Option<()> {
    let field: &mut Field = bytes::chunk_mut(packet, at)?;
    *field = update(*field);
    Some(())
}

/// The polynomial of CRC32c (RFC 9260, appendix A), lowest power in the highest bit.
const CASTAGNOLI: u32 = 0x82f6_3b78;

/// One byte's CRC, for each byte.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (CASTAGNOLI & 0u32.wrapping_sub(crc & 1));
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

/// Feeds `bytes` to the CRC register `crc`, without the inversions at start and end.
#[inline]
fn crc_register(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, byte| {
        // The masked value is below 256, so the compiler drops the check.
        (crc >> 8) ^ CRC_TABLE[usize::from(crc as u8 ^ *byte)]
    })
}

/// CRC32c of `parts`, one after the other.
///
/// The bytes of an SCTP checksum field are the result in little-endian order.
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    !parts.iter().fold(!0, |crc, part| crc_register(crc, part))
}

/// The product of two polynomials modulo that of CRC32c, lowest power in the highest bit.
const fn crc_multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bit = 1 << 31;
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        b = (b >> 1) ^ (CASTAGNOLI & 0u32.wrapping_sub(b & 1));
        bit >>= 1;
    }
    product
}

/// x^(8 * 2^i): what 2^i zero bytes multiply a CRC register by.
const CRC_ZEROS: [u32; 32] = {
    let mut table = [0; 32];
    let mut power = 1 << 23;
    let mut i = 0;
    while i < 32 {
        table[i] = power;
        power = crc_multiply(power, power);
        i += 1;
    }
    table
};

/// What to XOR onto a CRC32c when four bytes change that have `after` bytes behind them.
///
/// A CRC is linear: the difference of two messages' CRCs is the CRC, without
/// inversions, of their difference, which is zero but for these four bytes. The
/// zeros behind are skipped by multiplying with a power of x, so the cost grows
/// with the bits of `after`, not with the packet, and the payload is not read.
pub fn crc32c_difference(old: [u8; 4], new: [u8; 4], after: u32) -> u32 {
    let changed = u32::from_ne_bytes(old) ^ u32::from_ne_bytes(new);
    let crc = crc_register(0, &changed.to_ne_bytes());
    CRC_ZEROS
        .iter()
        .enumerate()
        .filter(|(i, _)| (after >> i) & 1 == 1)
        .fold(crc, |crc, (_, power)| crc_multiply(*power, crc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::addr::V4;

    #[test]
    fn sum_of_rfc1071_example() {
        let sum = Sum::new().bytes(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.folded(), [0xdd, 0xf2]);
        assert_eq!(sum.checksum(), [0x22, 0x0d]);
    }

    #[test]
    fn odd_bytes_are_padded() {
        assert_eq!(
            Sum::new().bytes(&[1, 2, 3]).folded(),
            Sum::new().bytes(&[1, 2, 3, 0]).folded()
        );
    }

    #[test]
    fn update_of_rfc1624_example() {
        // RFC 1624, section 4: the case where equation 2 gave -0.
        let delta = Delta::new().field([0x55, 0x55], [0x32, 0x85]);
        assert_eq!(delta.apply([0xdd, 0x2f]), [0x00, 0x00]);
        assert_eq!(delta.apply_udp([0xdd, 0x2f]), [0xff, 0xff]);
    }

    #[test]
    fn partial_sum_follows_addresses() {
        let (a, b, c) = (V4([10, 0, 0, 1]), V4([10, 0, 0, 2]), V4([198, 51, 100, 9]));
        let old = Sum::pseudo(a, b, Proto::TCP, 40).folded();
        let new = Sum::pseudo(a, c, Proto::TCP, 40).folded();
        assert_eq!(Delta::new().addr(b, c).apply_partial(old), new);
    }

    #[test]
    fn crc_of_known_vectors() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[&[0; 32]]), 0x8a91_36aa);
        assert_eq!(crc32c(&[&[0xff; 32]]), 0x62a8_ab43);
        assert_eq!(crc32c(&[b"1234", b"56789"]), 0xe306_9283);
    }

    #[test]
    fn crc_difference_equals_recomputation() {
        let mut data = [0u8; 100];
        for (i, b) in data.iter_mut().enumerate() {
            *b = (i * 7) as u8;
        }
        for len in [4, 5, 8, 63, 100] {
            let before = crc32c(&[&data[..len]]);
            let mut other = data;
            other[..4].copy_from_slice(&[9, 8, 7, 6]);
            let old = [data[0], data[1], data[2], data[3]];
            let difference = crc32c_difference(old, [9, 8, 7, 6], len as u32 - 4);
            assert_eq!(before ^ difference, crc32c(&[&other[..len]]));
        }
    }
}
