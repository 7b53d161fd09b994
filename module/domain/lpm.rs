// SPDX-License-Identifier: GPL-2.0

//! Longest-prefix match over a map that finds exact ones.
//!
//! A forwarding table uses few lengths out of 33 or 129: hosts, site networks, a
//! default. [`Lengths`] knows which, and [`longest`] asks an exact map for the
//! address cut to each of them, longest first. So the cost depends on how many
//! lengths are in use, not on how many prefixes; the map may be of any kind, and
//! where it is persistent, as the tables' is, so is the whole: one more prefix is
//! one insertion there and one counter here, with no allocation of its own.
//!
//! Prefixes in the map are cut to their length: see [`Ip::mask`].

use super::addr::Ip;

/// Lengths of IPv4 prefixes.
pub type LengthsV4 = Lengths<33>;
/// Lengths of IPv6 prefixes.
pub type LengthsV6 = Lengths<129>;

/// How many prefixes of each length a table has; `N` is the number of lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths<const N: usize> {
    /// One bit for each length in use, in as many words as IPv6 needs.
    used: [u64; 3],
    counts: [u32; N],
}

impl<const N: usize> Default for Lengths<N> {
    fn default() -> Self {
        Lengths::new()
    }
}

/// The word and the bit of a length.
#[inline(always)]
fn place(len: u8) -> (usize, u64) {
    (usize::from(len >> 6), 1 << (len & 63))
}

impl<const N: usize> Lengths<N> {
    /// No prefixes.
    pub const fn new() -> Self {
        Lengths {
            used: [0; 3],
            counts: [0; N],
        }
    }

    /// Counts one more prefix of this length. `None`, and nothing counted, if there is no such
    /// length or no end of them.
    pub fn add(&mut self, len: u8) -> Option<()> {
        let count = self.counts.get_mut(usize::from(len))?;
        *count = count.checked_add(1)?;
        let (word, bit) = place(len);
        *self.used.get_mut(word)? |= bit;
        Some(())
    }

    /// Counts one prefix of this length less. `None`, and nothing counted, if there was none.
    pub fn remove(&mut self, len: u8) -> Option<()> {
        let count = self.counts.get_mut(usize::from(len))?;
        *count = count.checked_sub(1)?;
        if *count == 0 {
            let (word, bit) = place(len);
            *self.used.get_mut(word)? &= !bit;
        }
        Some(())
    }

    /// Whether there is no prefix.
    pub fn is_empty(&self) -> bool {
        self.used == [0; 3]
    }

    /// The longest length in use that is below `above`.
    #[inline]
    fn below(&self, above: u32) -> Option<u32> {
        let (word, bit) = ((above >> 6) as usize, above & 63);
        let here = self
            .used
            .get(word)
            .map_or(0, |bits| bits & ((1 << bit) - 1));
        if here != 0 {
            return Some(above - bit + here.ilog2());
        }
        let rest = self.used.get(..word)?;
        let (word, bits) = rest
            .iter()
            .enumerate()
            .rev()
            .find(|(_, bits)| **bits != 0)?;
        Some((word as u32) * 64 + bits.ilog2())
    }
}

/// What `get` has for the longest prefix that `addr` lies in.
///
/// `get` is asked for an address cut to a length, and that length. It is asked at most once for
/// each length in use, and may refuse one to make the next shorter one count.
#[inline]
pub fn longest<A: Ip, T, const N: usize>(
    lengths: &Lengths<N>,
    addr: A,
    mut get: impl FnMut(A, u8) -> Option<T>,
) -> Option<T> {
    let mut above = u32::from(A::BITS) + 1;
    while let Some(len) = lengths.below(above) {
        // Below the family's bits plus one, so it fits.
        let bits = len as u8;
        if let Some(found) = get(addr.mask(bits), bits) {
            return Some(found);
        }
        above = len;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::addr::{V4, V6};

    #[test]
    fn lengths_come_longest_first_and_once() {
        let mut lengths = LengthsV6::new();
        for len in [0, 128, 64, 63, 127, 1, 64] {
            lengths.add(len).unwrap();
        }
        let mut asked = Vec::new();
        let none: Option<()> = longest(&lengths, V6([0xff; 16]), |_, len| {
            asked.push(len);
            None
        });
        assert_eq!((none, asked), (None, vec![128, 127, 64, 63, 1, 0]));
    }

    #[test]
    fn a_length_ends_with_its_last_prefix() {
        let mut lengths = LengthsV4::new();
        assert!(lengths.is_empty());
        assert_eq!((lengths.add(33), lengths.remove(8)), (None, None));
        lengths.add(32).unwrap();
        lengths.add(32).unwrap();
        lengths.remove(32).unwrap();
        assert_eq!(
            longest(&lengths, V4([1; 4]), |a, len| Some((a, len))),
            Some((V4([1; 4]), 32))
        );
        lengths.remove(32).unwrap();
        assert!(lengths.is_empty());
        assert_eq!(longest(&lengths, V4([1; 4]), |_, _| Some(())), None);
    }
}
