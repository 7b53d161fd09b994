// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions over kernel services that the `kernel` crate lacks.
//!
//! The only home of `unsafe`. What is here knows kernel concepts only, is written as if for
//! `rust/kernel`, and shows no raw pointer to the layers above, which are built under
//! `#![forbid(unsafe_code)]`.

pub(crate) mod net;
pub(crate) mod random;
pub(crate) mod sync;
pub(crate) mod time;
pub(crate) mod tracepoint;

/// Reads a module parameter, which 7.2 lends and 7.3 gives.
pub(crate) fn parameter(value: impl core::borrow::Borrow<u32>) -> u32 {
    *value.borrow()
}
