// SPDX-License-Identifier: GPL-2.0

//! What the host's routing tables are asked in the context of a customer.

use core::net::{Ipv4Addr, Ipv6Addr};

use kernel::sync::rcu;

use super::{Config, Target, PUBLIC};
use crate::{
    domain::addr::{Addr, V4, V6},
    kern::net::route::{Lookup4, Lookup6, Route},
    table::Family,
};

/// A question to the host's routing tables.
pub(crate) struct Ask<A> {
    /// Whose packet it is about.
    customer: u32,
    /// The VRF whose table it is, 0 for the main one.
    l3mdev: u32,
    /// The port to leave by, 0 for any device.
    output: u32,
    /// The destination, or the gateway there.
    hop: A,
    is_gateway: bool,
}

impl<A: Family> Ask<A> {
    /// Where a customer's packet to `dst` from `src` goes: by a port that his own table names, or
    /// else by the table of the VRF that `l3mdev` says; none if it says none.
    pub(crate) fn of(
        config: &Config,
        customer: u32,
        dst: A,
        src: Option<A>,
        l3mdev: impl FnOnce() -> Option<u32>,
    ) -> Option<Self> {
        let own = match customer {
            PUBLIC => None,
            _ => config.route(customer, dst.to_addr(), src.map(|src| src.to_addr())),
        };
        match own.map(|route| route.target) {
            Some(Target::Port { ifindex, gateway }) => {
                Some(Self::by_port(customer, ifindex, gateway, dst))
            }
            _ => Some(Self::by_host(customer, l3mdev()?, dst)),
        }
    }

    /// Where the table of a VRF leads to `dst`, 0 being the main one.
    pub(crate) fn by_host(customer: u32, l3mdev: u32, dst: A) -> Self {
        Ask {
            customer,
            l3mdev,
            output: 0,
            hop: dst,
            is_gateway: false,
        }
    }

    /// To `dst` by a port, or to a gateway there.
    pub(crate) fn by_port(customer: u32, ifindex: u32, gateway: Option<Addr>, dst: A) -> Self {
        Ask {
            customer,
            l3mdev: 0,
            output: ifindex,
            hop: gateway.and_then(A::from_addr).unwrap_or(dst),
            is_gateway: gateway.is_some(),
        }
    }

    /// Whether it is about the main table and any device.
    pub(crate) fn is_plain(&self) -> bool {
        (self.l3mdev, self.output) == (0, 0)
    }

    /// Whether an answer may be followed: not one that leads out of the customer's context, as a
    /// VRF's table may fall through to the main one, nor elsewhere than to the gateway that was
    /// named.
    pub(crate) fn allows(&self, config: &Config, route: &Route, rcu: &rcu::Guard) -> bool {
        let dev = route.device(rcu);
        let is_there = !self.is_gateway || route.goes_to(self.hop.to_addr().into());
        is_there && config.is_within(self.customer, dev.ifindex(), || dev.l3mdev(rcu))
    }
}

impl Ask<V4> {
    /// As the kernel is asked, for a packet from `source`, which need not be ours.
    pub(crate) fn lookup(&self, source: V4) -> Lookup4 {
        Lookup4 {
            source: Ipv4Addr::from(source.0),
            output: self.output,
            is_next_hop: self.is_gateway,
            l3mdev: self.l3mdev,
            ..Lookup4::new(Ipv4Addr::from(self.hop.0))
        }
    }
}

impl Ask<V6> {
    /// As the kernel is asked, for a packet from `source`, which need not be ours. It keeps to a
    /// device only if it is told no source.
    pub(crate) fn lookup(&self, source: V6) -> Lookup6 {
        Lookup6 {
            source: match self.output {
                0 => Ipv6Addr::from(source.0),
                _ => Ipv6Addr::UNSPECIFIED,
            },
            output: self.output,
            is_next_hop: self.is_gateway,
            l3mdev: self.l3mdev,
            ..Lookup6::new(Ipv6Addr::from(self.hop.0))
        }
    }
}
