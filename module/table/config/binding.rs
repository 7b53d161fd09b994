// SPDX-License-Identifier: GPL-2.0

//! A binding: a server that serves a service, and how.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    alloc::{AllocError, Flags},
    sync::Arc, //
};

use super::{
    kind::Method, BindingKey, CustomerRuntime, Server, Service, ServiceRuntime, Traffic,
    TrafficSupply,
};
use crate::domain::{
    addr::{Addr, PortRange},
    timeouts::Timeouts, //
};

/// Source translation of a binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Snat {
    /// The server sees the client.
    #[default]
    None,
    /// The address that the route to the server prefers.
    Auto {
        /// Ports to use.
        ports: PortRange,
    },
    /// An address out of a range.
    Pool {
        first: Addr,
        last: Addr,
        /// Ports to use.
        ports: PortRange,
    },
}

/// Ports for source translation unless told otherwise.
pub(crate) const SNAT_PORTS: PortRange = PortRange {
    first: 1024,
    last: 65535,
};

impl Snat {
    /// The ports to use; none without translation.
    pub(crate) fn ports(&self) -> Option<PortRange> {
        match self {
            Snat::None => None,
            Snat::Auto { ports } | Snat::Pool { ports, .. } => Some(*ports),
        }
    }
}

/// What the operator chooses for a binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BindingSettings {
    pub(crate) method: Method,
    /// The number of the tunnel of method tunnel; 0 for any other.
    pub(crate) tunnel: u32,
    /// In place of that of the server.
    pub(crate) weight: Option<u32>,
    pub(crate) snat: Snat,
    /// Last port of a range as long as that of the service; the first one otherwise.
    pub(crate) port_last: u16,
}

impl Default for BindingSettings {
    fn default() -> Self {
        BindingSettings {
            method: Method::Nat,
            tunnel: 0,
            weight: None,
            snat: Snat::None,
            port_last: 0,
        }
    }
}

/// What lives on while the settings of a binding change.
pub(crate) struct BindingRuntime {
    pub(crate) traffic: Traffic,
    /// Flows alive.
    pub(crate) flows: AtomicU32,
}

impl BindingRuntime {
    pub(crate) fn new(supply: &mut TrafficSupply) -> Result<Self, AllocError> {
        Ok(BindingRuntime {
            traffic: Traffic::new(supply)?,
            flows: AtomicU32::new(0),
        })
    }
}

/// A server that serves a service. Immutable; a change makes another with the same runtime.
///
/// Every flow holds the one that it was opened by, with the timeouts of that time.
pub(crate) struct Binding {
    pub(crate) key: BindingKey,
    pub(crate) settings: BindingSettings,
    /// Timeouts of the service.
    pub(crate) timeouts: Timeouts,
    pub(crate) server: Arc<Server>,
    /// Of the service that the client addresses.
    pub(crate) service: Arc<ServiceRuntime>,
    /// Whose flows they are; none in the public context.
    pub(crate) customer: Option<Arc<CustomerRuntime>>,
    pub(crate) runtime: Arc<BindingRuntime>,
}

impl Binding {
    /// Share of new flows: its own, else the server's.
    #[inline]
    pub(crate) fn weight(&self) -> u32 {
        self.settings.weight.unwrap_or(self.server.settings.weight)
    }

    /// Whether its flows count at this customer.
    pub(in crate::table) fn is_of(&self, customer: Option<&Arc<CustomerRuntime>>) -> bool {
        match (&self.customer, customer) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Flows alive.
    pub(crate) fn flows(&self) -> u32 {
        self.runtime.flows.load(Relaxed)
    }

    /// Where on `server` packets to `port` of the service go: the server's own port, else the
    /// mapped one, else the port as it is; 0, for protocols without ports, stays 0. None if there
    /// is no such port.
    #[inline]
    pub(crate) fn map_port(&self, server: &Server, port: u16) -> Option<u16> {
        match (server.key.port, self.key.port) {
            _ if port == 0 => Some(0),
            (0, 0) => Some(port),
            (0, first) if self.settings.port_last > first => {
                self.key.service.ports().map(port, first)
            }
            (0, first) => Some(first),
            (own, _) => Some(own),
        }
    }

    /// The same binding with another server, or for another service, for a flow that a backup
    /// takes. Context: as `flags` allow.
    pub(crate) fn stand_in(
        &self,
        server: &Arc<Server>,
        service: &Service,
        flags: Flags,
    ) -> Result<Arc<Binding>, AllocError> {
        Arc::new(
            Binding {
                key: BindingKey {
                    service: service.key,
                    server: server.key,
                    port: self.key.port,
                },
                settings: self.settings,
                timeouts: service.settings.timeouts,
                server: server.clone(),
                service: service.runtime.clone(),
                customer: self.customer.clone(),
                runtime: self.runtime.clone(),
            },
            flags,
        )
    }
}
