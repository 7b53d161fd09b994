// SPDX-License-Identifier: GPL-2.0

//! Which service a packet to a virtual host is for.
//!
//! The order: the service whose protocol and port range it is in, then the one of the protocol
//! with any port, then the one of the address with any protocol. Nothing else is served.

use kernel::sync::Arc;

use super::{Config, Host, HostKey, Service, SlotKey};
use crate::domain::addr::{Addr, Proto};

/// What a configuration says of a destination.
pub(crate) enum Lookup<'a> {
    /// The address is no virtual host.
    NoHost,
    /// It is one, and serves other protocols or ports.
    NotServed(&'a Arc<Host>),
    /// The service that the packet is for.
    Service(&'a Arc<Service>),
}

impl Config {
    /// The virtual host of this address.
    #[inline]
    pub(crate) fn host(&self, customer: u32, addr: Addr) -> Option<&Arc<Host>> {
        self.hosts.get(&HostKey { customer, addr })
    }

    /// The service that a packet to `addr` and `port` is for; the port is 0 for protocols without.
    pub(crate) fn lookup(&self, customer: u32, addr: Addr, proto: Proto, port: u16) -> Lookup<'_> {
        match self.host(customer, addr) {
            None => Lookup::NoHost,
            Some(host) => match host.service(proto, port) {
                Some(service) => Lookup::Service(service),
                None => Lookup::NotServed(host),
            },
        }
    }
}

impl Host {
    /// The service for this protocol and port; the port is 0 for protocols without.
    #[inline]
    pub(crate) fn service(&self, proto: Proto, port: u16) -> Option<&Arc<Service>> {
        let get = |proto, port| self.services.get(&SlotKey { proto, port });
        if port != 0 {
            // The first port of a range is found here as well.
            if let Some(service) = get(proto, port).or_else(|| self.range(proto, port)) {
                return Some(service);
            }
        }
        get(proto, 0).or_else(|| get(Proto(0), 0))
    }

    /// The service of several ports that has `port` among them.
    fn range(&self, proto: Proto, port: u16) -> Option<&Arc<Service>> {
        let slot = SlotKey { proto, port };
        let after = self.ranges.partition_point(|service| service.slot <= slot);
        let service = self.ranges.get(after.checked_sub(1)?)?;
        (service.slot.proto == proto && service.key.ports().contains(port)).then_some(service)
    }
}
