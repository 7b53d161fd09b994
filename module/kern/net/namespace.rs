// SPDX-License-Identifier: GPL-2.0

//! Network namespaces.
//!
//! C header: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h)

use crate::sys::bindings;
use kernel::types::Opaque;

/// A network namespace (`struct net`).
#[repr(transparent)]
pub(crate) struct Net(Opaque<bindings::net>);

// SAFETY: A `struct net` may be used from any thread.
unsafe impl Send for Net {}
// SAFETY: As above.
unsafe impl Sync for Net {}

impl Net {
    /// # Safety
    ///
    /// `net` must point to a namespace that stays alive for `'a`.
    pub(in crate::kern) unsafe fn from_raw<'a>(net: *mut bindings::net) -> &'a Self {
        // SAFETY: `Net` is `repr(transparent)`; the rest is the caller's.
        unsafe { &*net.cast() }
    }

    pub(in crate::kern) fn as_ptr(&self) -> *mut bindings::net {
        self.0.get()
    }
}
