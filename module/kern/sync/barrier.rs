// SPDX-License-Identifier: GPL-2.0

//! Memory barriers.
//!
//! C documentation: [`Documentation/memory-barriers.txt`](srctree/Documentation/memory-barriers.txt)
//!
//! The kernel crate's own are called in another way in each kernel so far.

use crate::sys::bindings;

/// A full memory barrier between processors.
#[inline(always)]
pub(crate) fn smp_mb() {
    // SAFETY: A barrier has no requirements.
    unsafe { bindings::slr_helper_smp_mb() }
}
