// SPDX-License-Identifier: GPL-2.0

//! What the host's routing tables are asked in the context of a customer.

use core::net::{Ipv4Addr, Ipv6Addr};

use kernel::sync::rcu;

use super::Config;
use crate::{
    domain::addr::{V4, V6},
    kern::net::route::{Lookup4, Lookup6, Route},
};

/// A question to the host's routing tables.
pub(crate) struct Ask<A> {
    /// Whose packet it is about.
    customer: u32,
    /// The VRF whose table it is, 0 for the main one.
    l3mdev: u32,
    /// The destination.
    hop: A,
}

impl<A> Ask<A> {
    /// Where the table of a VRF leads a customer's packet to `dst`, 0 being the main one.
    pub(crate) fn new(customer: u32, l3mdev: u32, dst: A) -> Self {
        Ask {
            customer,
            l3mdev,
            hop: dst,
        }
    }

    /// Whether it is about the main table.
    pub(crate) fn is_plain(&self) -> bool {
        self.l3mdev == 0
    }

    /// Whether an answer may be followed: not one that leads out of the customer's context, as a
    /// VRF's table may fall through to the main one.
    pub(crate) fn allows(&self, config: &Config, route: &Route, rcu: &rcu::Guard) -> bool {
        let dev = route.device(rcu);
        config.is_within(self.customer, dev.ifindex(), || dev.l3mdev(rcu))
    }
}

impl Ask<V4> {
    /// As the kernel is asked, for a packet from `source`, which need not be ours.
    pub(crate) fn lookup(&self, source: V4) -> Lookup4 {
        Lookup4 {
            source: Ipv4Addr::from(source.0),
            l3mdev: self.l3mdev,
            ..Lookup4::new(Ipv4Addr::from(self.hop.0))
        }
    }
}

impl Ask<V6> {
    /// As the kernel is asked, for a packet from `source`, which need not be ours.
    pub(crate) fn lookup(&self, source: V6) -> Lookup6 {
        Lookup6 {
            source: Ipv6Addr::from(source.0),
            l3mdev: self.l3mdev,
            ..Lookup6::new(Ipv6Addr::from(self.hop.0))
        }
    }
}
