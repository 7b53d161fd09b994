// SPDX-License-Identifier: GPL-2.0

//! A customer's forwarding table: prefixes, and where packets to them go.

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError},
    sync::Arc,
};

use super::{key::mix_addr, Binding, Config, PortName, Prefix, Snat};
use crate::domain::addr::{Addr, Ip, V4, V6};
use crate::domain::lpm::{longest, LengthsV4, LengthsV6};
use crate::table::trie::{mix, Keyed, TrieKey};

/// What a route is found by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RouteKey {
    pub(crate) customer: u32,
    pub(crate) prefix: Prefix,
    /// The sources that it is for, of the same family; none for all.
    pub(crate) from: Option<Prefix>,
}

impl RouteKey {
    /// The packets that it is for.
    pub(crate) fn packets(&self) -> Packets {
        Packets(self.prefix, self.from)
    }
}

impl TrieKey for RouteKey {
    fn hash(&self, seed: u64) -> u64 {
        let context = (u64::from(self.prefix.len) << 32) | u64::from(self.customer);
        let to = mix_addr(mix(seed, context), self.prefix.addr);
        match self.from {
            None => to,
            Some(from) => mix_addr(mix(to, from.len.into()), from.addr),
        }
    }
}

impl core::fmt::Display for RouteKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} of customer {}", self.packets(), self.customer)
    }
}

/// The packets to a prefix, or those of them that are from another.
#[derive(Clone, Copy)]
pub(crate) struct Packets(Prefix, Option<Prefix>);

impl core::fmt::Display for Packets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Packets(to, from) = self;
        match from {
            None => to.fmt(f),
            Some(from) => write!(f, "{to} from {from}"),
        }
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
    /// Out by a port of the customer, to its destination or to a neighbour there.
    Port { ifindex: u32, gateway: Option<Addr> },
    /// Nowhere, and the sender is told.
    Unreachable,
    /// Nowhere.
    Blackhole,
}

/// Where a target leads within its customer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// Into the tunnel of this number.
    Tunnel(u32),
    /// Into the stack, by the slr device of this name.
    Device(PortName),
    /// Out by the port on this device.
    Port(u32),
}

impl Target {
    /// Where it leads within its customer: what goes into the public context, or nowhere, is
    /// nobody of the customer's.
    pub(crate) fn within(&self) -> Option<Within> {
        match *self {
            Target::Tunnel(id) => Some(Within::Tunnel(id)),
            Target::Device(name) => Some(Within::Device(name)),
            Target::Port { ifindex, .. } => Some(Within::Port(ifindex)),
            Target::Public(_) | Target::Unreachable | Target::Blackhole => None,
        }
    }

    /// Whether packets leave by this port.
    pub(crate) fn is_port(&self, which: u32) -> bool {
        matches!(self, Target::Port { ifindex, .. } if *ifindex == which)
    }
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

/// Which lengths prefixes have.
#[derive(Clone)]
pub(crate) struct Used {
    v4: LengthsV4,
    v6: LengthsV6,
}

impl Used {
    fn new() -> Self {
        Used {
            v4: LengthsV4::new(),
            v6: LengthsV6::new(),
        }
    }

    fn add(&mut self, prefix: &Prefix) {
        let _ = match prefix.addr {
            Addr::V4(_) => self.v4.add(prefix.len),
            Addr::V6(_) => self.v6.add(prefix.len),
        };
    }

    fn remove(&mut self, prefix: &Prefix) {
        let _ = match prefix.addr {
            Addr::V4(_) => self.v4.remove(prefix.len),
            Addr::V6(_) => self.v6.remove(prefix.len),
        };
    }

    fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// What `get` has for the longest prefix that `addr` lies in.
    #[inline]
    fn longest<T>(&self, addr: Addr, mut get: impl FnMut(Prefix) -> Option<T>) -> Option<T> {
        let mut get = |addr, len| get(Prefix { addr, len });
        match addr {
            Addr::V4(addr) => longest(&self.v4, V4(addr), |addr, len| get(addr.to_addr(), len)),
            Addr::V6(addr) => longest(&self.v6, V6(addr), |addr, len| get(addr.to_addr(), len)),
        }
    }
}

/// Which lengths the prefixes of a customer have.
#[derive(Clone)]
pub(crate) struct RouteLengths {
    pub(crate) customer: u32,
    /// Those of destinations.
    to: Used,
    /// Those of sources, which few customers' routes name.
    from: Option<Arc<Used>>,
    /// How many prefixes there are.
    pub(crate) routes: u32,
}

impl RouteLengths {
    /// No prefixes.
    pub(crate) fn new(customer: u32) -> Self {
        RouteLengths {
            customer,
            to: Used::new(),
            from: None,
            routes: 0,
        }
    }

    /// Counts a route.
    pub(crate) fn add(&mut self, key: &RouteKey) -> Result<(), AllocError> {
        if let Some(from) = &key.from {
            self.from = Some(self.sources(|used| used.add(from))?);
        }
        self.routes = self.routes.saturating_add(1);
        self.to.add(&key.prefix);
        Ok(())
    }

    /// Counts a route less.
    pub(crate) fn remove(&mut self, key: &RouteKey) -> Result<(), AllocError> {
        if let Some(from) = &key.from {
            let left = self.sources(|used| used.remove(from))?;
            self.from = (!left.is_empty()).then_some(left);
        }
        self.routes = self.routes.saturating_sub(1);
        self.to.remove(&key.prefix);
        Ok(())
    }

    /// The lengths of sources after a change.
    #[inline(never)]
    fn sources(&self, change: impl FnOnce(&mut Used)) -> Result<Arc<Used>, AllocError> {
        let mut used = self.from.as_deref().map_or_else(Used::new, Used::clone);
        change(&mut used);
        Arc::new(used, GFP_KERNEL)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_empty()
    }
}

impl Keyed for RouteLengths {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.customer
    }
}

impl Config {
    /// Where a customer's packets to `addr` go that are from `from`: by the longest prefix of their
    /// destination; of those that have it by the longest of their source.
    #[inline]
    pub(crate) fn route(
        &self,
        customer: u32,
        addr: Addr,
        from: Option<Addr>,
    ) -> Option<&Arc<Route>> {
        let lengths = self.route_lengths.get(&customer)?;
        let sources = lengths.from.as_deref().zip(from);
        lengths.to.longest(addr, |prefix| {
            let get = |from| {
                self.routes.get(&RouteKey {
                    customer,
                    prefix,
                    from,
                })
            };
            let own = sources.and_then(|(used, from)| used.longest(from, |from| get(Some(from))));
            own.or_else(|| get(None))
        })
    }
}
