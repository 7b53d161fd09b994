// SPDX-License-Identifier: GPL-2.0

//! A branch that costs nothing while it is not taken.
//!
//! Where it is asked stands an instruction that does nothing; turning the key on writes jumps over
//! all of them, which takes a while and is for what an operator does now and then. A key must have
//! a place that the compiler knows, so each is a static with functions of its own. The tracepoint
//! that shows what `slr trace` shows turns the same key.
//!
//! C header: [`include/linux/jump_label.h`](srctree/include/linux/jump_label.h)

use crate::sys::{bindings, slr_helper_tracing, Key};

/// Somebody wants packets traced as long as this exists.
pub(crate) struct Tracing(());

impl Tracing {
    /// Whether anybody does. Context: any.
    #[inline(always)]
    pub(crate) fn is_on() -> bool {
        // SAFETY: The key is one of this module, which its loader has made known; C alone writes to
        // it.
        unsafe { kernel::jump_label::static_branch_unlikely!(slr_helper_tracing, Key, key) }
    }

    /// Turns tracing on, if nobody has. Context: process, may sleep.
    pub(crate) fn new() -> Self {
        // SAFETY: The key is valid, and C orders those who turn it.
        unsafe { bindings::slr_helper_static_key_slow_inc((&raw mut slr_helper_tracing).cast()) };
        Self(())
    }
}

/// Turns tracing off, if nobody else wants it. Context: process, may sleep.
impl Drop for Tracing {
    fn drop(&mut self) {
        // SAFETY: As in `new`, which has counted once for this one.
        unsafe { bindings::slr_helper_static_key_slow_dec((&raw mut slr_helper_tracing).cast()) };
    }
}
