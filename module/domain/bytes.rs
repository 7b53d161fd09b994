// SPDX-License-Identifier: GPL-2.0

//! Reading and writing big-endian numbers at an offset, with bounds checks.
//!
//! Every function returns `None` instead of reaching outside the slice, whatever
//! the offset.

/// The `N` bytes at `at`.
#[inline(always)]
pub fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk()
}

/// The `N` writable bytes at `at`.
#[inline(always)]
pub fn chunk_mut<const N: usize>(bytes: &mut [u8], at: usize) -> Option<&mut [u8; N]> {
    bytes.get_mut(at..)?.first_chunk_mut()
}

/// The byte at `at`.
#[inline(always)]
pub fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// The big-endian 16-bit number at `at`.
#[inline(always)]
pub fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    chunk(bytes, at).map(|b| u16::from_be_bytes(*b))
}

/// The big-endian 32-bit number at `at`.
#[inline(always)]
pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    chunk(bytes, at).map(|b| u32::from_be_bytes(*b))
}

/// Writes `data` at `at`; `None`, and nothing written, if it does not fit.
#[inline(always)]
pub fn put<const N: usize>(bytes: &mut [u8], at: usize, data: [u8; N]) -> Option<()> {
    *chunk_mut(bytes, at)? = data;
    Some(())
}

/// Copies `data` to `at`; `None`, and nothing written, if it does not fit.
#[inline]
pub fn put_slice(bytes: &mut [u8], at: usize, data: &[u8]) -> Option<()> {
    let end = at.checked_add(data.len())?;
    bytes.get_mut(at..end)?.copy_from_slice(data);
    Some(())
}
