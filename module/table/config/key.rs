// SPDX-License-Identifier: GPL-2.0

//! What objects are found by, and how they are written.
//!
//! The written form is the one that the `slr` command reads: `203.0.113.10:80/tcp`,
//! `[2001:db8::10]:8000-8099/udp`, `203.0.113.10/tcp` (any port), `203.0.113.10` (any protocol).

use core::fmt;

use crate::domain::addr::{Addr, PortRange, Proto};
use crate::table::trie::{mix, TrieKey};

/// The routing context on the Internet side.
pub(crate) const PUBLIC: u32 = 0;

pub(super) fn mix_addr(hash: u64, addr: Addr) -> u64 {
    match addr {
        Addr::V4(bytes) => mix(hash, u32::from_ne_bytes(bytes).into()),
        Addr::V6(bytes) => {
            let word = u128::from_ne_bytes(bytes);
            mix(mix(hash, word as u64), (word >> 64) as u64)
        }
    }
}

/// A virtual host: one address in one routing context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct HostKey {
    pub(crate) customer: u32,
    pub(crate) addr: Addr,
}

impl TrieKey for HostKey {
    fn hash(&self, seed: u64) -> u64 {
        mix_addr(mix(seed, self.customer.into()), self.addr)
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.addr.fmt(f)?;
        customer(f, self.customer)
    }
}

/// A service: what of a virtual host, to the port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ServiceKey {
    pub(crate) customer: u32,
    pub(crate) addr: Addr,
    /// 0 is any protocol.
    pub(crate) proto: Proto,
    /// First port; 0 is any.
    pub(crate) port: u16,
    /// Last port, the first one for a single port.
    pub(crate) port_last: u16,
}

impl ServiceKey {
    /// The virtual host that it belongs to.
    pub(crate) fn host(&self) -> HostKey {
        HostKey {
            customer: self.customer,
            addr: self.addr,
        }
    }

    /// Its ports; all of them for an any-port service.
    pub(crate) fn ports(&self) -> PortRange {
        match self.port {
            0 => PortRange::ALL,
            first => PortRange {
                first,
                last: self.port_last.max(first),
            },
        }
    }

    /// Whether it takes every port that no other service of its protocol does.
    pub(crate) fn is_any_port(&self) -> bool {
        self.port == 0
    }

    /// Whether it is a range of more than one port.
    pub(crate) fn is_range(&self) -> bool {
        self.port != self.port_last
    }

    /// What it is found by within its virtual host.
    pub(crate) fn slot(&self) -> SlotKey {
        SlotKey {
            proto: self.proto,
            port: self.port,
        }
    }
}

impl TrieKey for ServiceKey {
    fn hash(&self, seed: u64) -> u64 {
        self.slot().hash(self.host().hash(seed))
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any_port() {
            self.addr.fmt(f)?;
        } else {
            endpoint(f, self.addr, self.port)?;
        }
        if self.is_range() {
            write!(f, "-{}", self.port_last)?;
        }
        match (self.proto, self.proto.name()) {
            (Proto(0), _) => {}
            (_, Some(name)) => write!(f, "/{name}")?,
            (Proto(number), None) => write!(f, "/{number}")?,
        }
        customer(f, self.customer)
    }
}

/// A service within its virtual host. First ports are unique there, as ranges do not overlap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SlotKey {
    pub(crate) proto: Proto,
    pub(crate) port: u16,
}

impl TrieKey for SlotKey {
    fn hash(&self, seed: u64) -> u64 {
        mix(seed, u64::from(self.proto.0) << 16 | u64::from(self.port))
    }
}

/// A server: a whole machine, or one port of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ServerKey {
    pub(crate) customer: u32,
    pub(crate) addr: Addr,
    /// 0 is the whole machine.
    pub(crate) port: u16,
}

impl ServerKey {
    /// The machine that it is, or is a port of.
    pub(crate) fn machine(&self) -> HostKey {
        HostKey {
            customer: self.customer,
            addr: self.addr,
        }
    }
}

impl TrieKey for ServerKey {
    fn hash(&self, seed: u64) -> u64 {
        let hash = mix_addr(mix(seed, self.customer.into()), self.addr);
        mix(hash, self.port.into())
    }
}

impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            0 => self.addr.fmt(f)?,
            port => endpoint(f, self.addr, port)?,
        }
        customer(f, self.customer)
    }
}

/// A binding of a server to a service. One server may serve one service at several ports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct BindingKey {
    pub(crate) service: ServiceKey,
    pub(crate) server: ServerKey,
    /// First port on the server; 0 keeps the port of the packet, or is that of the server.
    pub(crate) port: u16,
}

impl fmt::Display for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.service, self.server)?;
        match self.port {
            0 => Ok(()),
            port => write!(f, " port {port}"),
        }
    }
}

fn endpoint(f: &mut fmt::Formatter<'_>, addr: Addr, port: u16) -> fmt::Result {
    match addr {
        Addr::V4(_) => write!(f, "{addr}:{port}"),
        Addr::V6(_) => write!(f, "[{addr}]:{port}"),
    }
}

fn customer(f: &mut fmt::Formatter<'_>, customer: u32) -> fmt::Result {
    match customer {
        PUBLIC => Ok(()),
        id => write!(f, " of customer {id}"),
    }
}
