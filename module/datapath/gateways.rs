// SPDX-License-Identifier: GPL-2.0

//! The devices that kept routes to IPv6 gateways lead out by.
//!
//! The kernel takes a device that goes out of every route that anybody keeps, so that nobody holds
//! it up; all but those to a neighbour that was named in the question
//! ([`Lookup6::is_next_hop`](crate::kern::net::route::Lookup6)). They hold the entry of the table
//! that they are made from, and that its device. So whoever keeps such a route gives it back when
//! the device goes.

use core::sync::atomic::{AtomicU64, Ordering};

/// Words of the set below.
const WORDS: usize = 4;

/// A set of device indices, of which some more may seem to be in it.
pub(super) struct Gateways([AtomicU64; WORDS]);

impl Gateways {
    pub(super) fn new() -> Self {
        Gateways([const { AtomicU64::new(0) }; WORDS])
    }

    fn place(&self, ifindex: u32) -> Option<(&AtomicU64, u64)> {
        let word = self.0.get((ifindex >> 6) as usize % WORDS)?;
        Some((word, 1 << (ifindex & 63)))
    }

    /// Notes that a route by a device is about to be looked up, and may be kept.
    pub(super) fn note(&self, ifindex: u32) {
        if let Some((word, bit)) = self.place(ifindex) {
            // Not written by every CPU again and again.
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
    }

    /// Whether a device was noted, which is then forgotten.
    ///
    /// To be asked when the device is gone from the routing tables for longer than a grace period:
    /// who noted it before has kept the route by now, and nobody finds another.
    pub(super) fn take(&self, ifindex: u32) -> bool {
        self.place(ifindex)
            .is_some_and(|(word, bit)| word.fetch_and(!bit, Ordering::Relaxed) & bit != 0)
    }
}
