// SPDX-License-Identifier: GPL-2.0

//! Nothing: the models are in `tests/`.
//!
//! Each `should_panic` test is a model with one ordering or step taken away. It shows that the
//! checker would have found that.

#![no_std]
#![forbid(unsafe_code)]
