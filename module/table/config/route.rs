// SPDX-License-Identifier: GPL-2.0

//! A customer's forwarding table: prefixes, and where packets to them go.

use kernel::sync::Arc;

use super::{key::mix_addr, Binding, Config, PortName, Prefix, Snat};
use crate::domain::addr::{Addr, Ip, V4, V6};
use crate::domain::lpm::{longest, LengthsV4, LengthsV6};
use crate::table::trie::{mix, Keyed, TrieKey};

/// What a route is found by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RouteKey {
    pub(crate) customer: u32,
    pub(crate) prefix: Prefix,
}

impl TrieKey for RouteKey {
    fn hash(&self, seed: u64) -> u64 {
        let context = (u64::from(self.prefix.len) << 32) | u64::from(self.customer);
        mix_addr(mix(seed, context), self.prefix.addr)
    }
}

impl core::fmt::Display for RouteKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} of customer {}", self.prefix, self.customer)
    }
}

/// Where packets go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// Into the tunnel of this number.
    Tunnel(u32),
    /// Into the public context, from an address there.
    Public(Snat),
    /// Into the stack, by the slr device that was made with this name, whenever there is one.
    Device(PortName),
    /// Nowhere, and the sender is told.
    Unreachable,
    /// Nowhere.
    Blackhole,
}

/// A prefix and where packets to it go. Immutable.
pub(crate) struct Route {
    pub(crate) key: RouteKey,
    pub(crate) target: Target,
    /// What flows into the public context hold.
    pub(crate) outlet: Option<Arc<Binding>>,
}

impl Keyed for Route {
    type Key = RouteKey;

    fn key(&self) -> &RouteKey {
        &self.key
    }
}

/// Which lengths the prefixes of a customer have.
#[derive(Clone)]
pub(crate) struct RouteLengths {
    pub(crate) customer: u32,
    pub(crate) v4: LengthsV4,
    pub(crate) v6: LengthsV6,
}

impl RouteLengths {
    /// No prefixes.
    pub(crate) fn new(customer: u32) -> Self {
        RouteLengths {
            customer,
            v4: LengthsV4::new(),
            v6: LengthsV6::new(),
        }
    }

    /// Counts a prefix.
    pub(crate) fn add(&mut self, prefix: &Prefix) {
        let _ = match prefix.addr {
            Addr::V4(_) => self.v4.add(prefix.len),
            Addr::V6(_) => self.v6.add(prefix.len),
        };
    }

    /// Counts a prefix less.
    pub(crate) fn remove(&mut self, prefix: &Prefix) {
        let _ = match prefix.addr {
            Addr::V4(_) => self.v4.remove(prefix.len),
            Addr::V6(_) => self.v6.remove(prefix.len),
        };
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

impl Keyed for RouteLengths {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.customer
    }
}

impl Config {
    /// Where a customer's packets to `addr` go.
    #[inline]
    pub(crate) fn route(&self, customer: u32, addr: Addr) -> Option<&Arc<Route>> {
        let lengths = self.route_lengths.get(&customer)?;
        let get = |addr: Addr, len: u8| {
            self.routes.get(&RouteKey {
                customer,
                prefix: Prefix { addr, len },
            })
        };
        match addr {
            Addr::V4(addr) => longest(&lengths.v4, V4(addr), |addr, len| get(addr.to_addr(), len)),
            Addr::V6(addr) => longest(&lengths.v6, V6(addr), |addr, len| get(addr.to_addr(), len)),
        }
    }
}
