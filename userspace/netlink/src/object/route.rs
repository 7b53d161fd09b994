// SPDX-License-Identifier: GPL-2.0

//! Where a customer's packets to a prefix go.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::object::binding::Snat;
use crate::prefix::Prefix;
use crate::uapi::{attr::route as id, RouteAction};
use crate::wire::{find, Attributes, Value, Writer};

/// Names a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteKey {
    /// Whose packets.
    pub customer: u32,
    /// Where to.
    pub prefix: Prefix,
    /// Where from; all sources if none.
    pub from: Option<Prefix>,
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.prefix)?;
        if let Some(from) = self.from {
            write!(f, "from {from} ")?;
        }
        write!(f, "customer {}", self.customer)
    }
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Which.
    pub key: RouteKey,
    /// Where it leads.
    pub options: RouteOptions,
}

attributes! {
    /// Where a route leads: always given as a whole.
    RouteOptions: route {
        /// What becomes of packets.
        action: RouteAction = ACTION,
        /// The tunnel that they enter.
        tunnel: String = TUNNEL,
        /// Source translation of action public.
        snat: Snat = SNAT,
        /// The slr device that they are received on, by the name it was made with.
        device: String = DEVICE,
        /// The index of the port that they leave by.
        ifindex: u32 = IFINDEX,
        /// The name of that port; the kernel tells it and takes the index.
        ifname: String = IFNAME,
        /// The neighbour there that they go to; to their destinations if none.
        gateway: IpAddr = GATEWAY,
    }
}

impl Route {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        self.key.customer.put(writer, id::CUSTOMER);
        self.key.prefix.put(writer, id::PREFIX);
        if let Some(from) = self.key.from {
            from.put(writer, id::FROM);
        }
    }

    /// Writes where it leads: the name of a port is for people.
    pub fn put_options(&self, writer: &mut Writer) {
        let options = RouteOptions {
            ifname: None,
            ..self.options.clone()
        };
        options.put_all(writer);
    }

    /// Reads one.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let customer = find(bytes, id::CUSTOMER).map(u32::get).transpose()?;
        let prefix = find(bytes, id::PREFIX).ok_or("a route without a prefix")?;
        Ok(Self {
            key: RouteKey {
                customer: customer.unwrap_or(0),
                prefix: Prefix::get(prefix)?,
                from: find(bytes, id::FROM).map(Prefix::get).transpose()?,
            },
            options: RouteOptions::read(bytes)?,
        })
    }
}
