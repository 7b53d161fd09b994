// SPDX-License-Identifier: GPL-2.0

//! A server that serves a service.

use std::net::IpAddr;

use netlink_packet_core::DecodeError;
use serde::ser::SerializeMap;

use crate::attributes;
use crate::endpoint::{Ports, ServerKey, ServiceKey};
use crate::object::Counters;
use crate::uapi::{attr::binding as id, Method, SnatMode};
use crate::wire::{find, Attributes, Value, Writer};

/// Names a binding: one server may serve one service on several ports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    /// Which service.
    pub service: ServiceKey,
    /// Which server.
    pub server: ServerKey,
    /// First port on the server; 0 keeps the port, or is that of the server.
    pub port: u16,
}

/// A binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// Which.
    pub key: BindingKey,
    /// What can be set.
    pub options: BindingOptions,
}

attributes! {
    /// What can be set of a binding.
    BindingOptions: binding {
        /// Last port on the server, of a range as long as that of the service.
        port_last: u16 = PORT_LAST,
        /// How packets get there.
        method: Method = METHOD,
        /// Tunnel that they enter, of method tunnel.
        tunnel: String = TUNNEL,
        /// In place of that of the server.
        weight: u32 = WEIGHT,
        /// Source translation.
        snat: Snat = SNAT,
    }
}

attributes! {
    /// What the kernel reports besides.
    BindingStatus: binding {
        /// Flows alive.
        flows: u32 = FLOWS,
        /// Traffic.
        counters: Counters = COUNTERS,
    }
}

attributes! {
    /// Source translation as the wire has it.
    SnatNest: snat {
        /// Whether and how.
        mode: SnatMode = MODE,
        /// First address of the pool.
        first: IpAddr = FIRST,
        /// Last address of the pool.
        last: IpAddr = LAST,
        /// First port to use.
        port: u16 = PORT,
        /// Last port to use.
        port_last: u16 = PORT_LAST,
    }
}

/// Whether and how the client address is rewritten too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snat {
    /// The server sees the client.
    None,
    /// The address that the route to the server prefers.
    Auto {
        /// Ports to use.
        ports: Ports,
    },
    /// An address out of the range.
    Pool {
        /// First address.
        first: IpAddr,
        /// Last address.
        last: IpAddr,
        /// Ports to use.
        ports: Ports,
    },
}

impl Snat {
    /// The ports of a pool that says nothing about them.
    pub const PORTS: Ports = Ports {
        first: 1024,
        last: 65535,
    };
}

impl From<Snat> for SnatNest {
    fn from(snat: Snat) -> Self {
        let with_ports = |mode, ports: Ports| Self {
            mode: Some(mode),
            port: (ports != Snat::PORTS).then_some(ports.first),
            port_last: (ports != Snat::PORTS).then_some(ports.last),
            ..Self::default()
        };
        match snat {
            Snat::None => with_ports(SnatMode::None, Snat::PORTS),
            Snat::Auto { ports } => with_ports(SnatMode::Auto, ports),
            Snat::Pool { first, last, ports } => Self {
                first: Some(first),
                last: (last != first).then_some(last),
                ..with_ports(SnatMode::Pool, ports)
            },
        }
    }
}

impl Value for Snat {
    fn put(&self, writer: &mut Writer, id: u16) {
        writer.nest(id, |w| SnatNest::from(*self).put_all(w));
    }

    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        let nest = SnatNest::read(payload)?;
        let ports = Ports {
            first: nest.port.unwrap_or(Snat::PORTS.first),
            last: nest.port_last.unwrap_or(Snat::PORTS.last),
        };
        Ok(match nest.mode {
            None | Some(SnatMode::None) => Snat::None,
            Some(SnatMode::Auto) => Snat::Auto { ports },
            Some(SnatMode::Pool) => {
                let first = nest.first.ok_or("a pool without an address")?;
                Snat::Pool {
                    first,
                    last: nest.last.unwrap_or(first),
                    ports,
                }
            }
        })
    }
}

impl serde::Serialize for Snat {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        let ports = match self {
            Snat::None => {
                map.serialize_entry("mode", "none")?;
                return map.end();
            }
            Snat::Auto { ports } => {
                map.serialize_entry("mode", "auto")?;
                ports
            }
            Snat::Pool { first, last, ports } => {
                map.serialize_entry("mode", "pool")?;
                map.serialize_entry("first", first)?;
                map.serialize_entry("last", last)?;
                ports
            }
        };
        map.serialize_entry("port", &ports.first)?;
        map.serialize_entry("port-last", &ports.last)?;
        map.end()
    }
}

impl BindingKey {
    /// The one way to name it: the port of a server that is a port goes without saying.
    pub fn normal(self) -> Self {
        Self {
            port: if self.server.port == 0 { self.port } else { 0 },
            ..self
        }
    }
}

impl Binding {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        self.key.service.put(writer, id::SERVICE);
        self.key.server.put(writer, id::SERVER);
        let port = self.key.normal().port;
        if port != 0 {
            port.put(writer, id::PORT);
        }
    }

    /// Reads it and its state.
    pub fn read(bytes: &[u8]) -> Result<(Self, BindingStatus), DecodeError> {
        let service = find(bytes, id::SERVICE).ok_or("a binding without a service")?;
        let server = find(bytes, id::SERVER).ok_or("a binding without a server")?;
        let key = BindingKey {
            service: ServiceKey::get(service)?,
            server: ServerKey::get(server)?,
            port: find(bytes, id::PORT).map_or(Ok(0), u16::get)?,
        };
        let mut options = BindingOptions::read(bytes)?;
        // A range of one port, or of none, is not a range.
        if options.port_last.is_some_and(|last| last <= key.port) {
            options.port_last = None;
        }
        let binding = Self {
            key: key.normal(),
            options,
        };
        Ok((binding, BindingStatus::read(bytes)?))
    }
}
