// SPDX-License-Identifier: GPL-2.0

//! Random numbers.
//!
//! C header: [`include/linux/random.h`](srctree/include/linux/random.h)

use crate::sys::bindings;

/// Returns 32 random bits fit for secrets.
///
/// # Context
///
/// Any.
#[inline]
pub(crate) fn u32() -> u32 {
    // SAFETY: `get_random_u32` has no requirements; it works before the pool is ready too.
    unsafe { bindings::get_random_u32() }
}

/// Returns 64 random bits fit for secrets.
///
/// # Context
///
/// Any.
#[inline]
pub(crate) fn u64() -> u64 {
    (u64::from(u32()) << 32) | u64::from(u32())
}

/// Returns a number below `ceiling`, or 0 if that is 0, each equally likely but for an error
/// of `ceiling` / 2^32.
///
/// # Context
///
/// Any.
#[inline]
pub(crate) fn below(ceiling: u32) -> u32 {
    // The product of two 32-bit numbers fits in 64 bits and its upper half in 32.
    ((u64::from(u32()) * u64::from(ceiling)) >> 32) as u32
}

/// Fills `bytes` with random bytes fit for secrets.
///
/// # Context
///
/// Any.
pub(crate) fn fill(bytes: &mut [u8]) {
    // SAFETY: The slice is writable for the length given, as `&mut` guarantees.
    unsafe { bindings::get_random_bytes(bytes.as_mut_ptr().cast(), bytes.len()) };
}
