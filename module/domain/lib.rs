// SPDX-License-Identifier: GPL-2.0

//! The pure logic of slr as a crate of its own.
//!
//! The kernel module does not use this file: its `main.rs` includes `mod.rs`
//! directly. The extra `domain` level makes `crate::domain::…` mean the same in
//! both builds.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[path = "mod.rs"]
pub mod domain;
