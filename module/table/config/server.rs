// SPDX-License-Identifier: GPL-2.0

//! A server: a real machine, or one port of it.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    alloc::AllocError,
    sync::Arc, //
};

use super::{kind::AdminState, HostKey, ServerKey, Traffic, TrafficSupply};
use crate::table::{
    health::Health,
    trie::Keyed, //
};

/// What the operator chooses for a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ServerSettings {
    /// Share of new flows; 0 gets none.
    pub(crate) weight: u32,
    /// Flows at once; 0 is no limit.
    pub(crate) limit: u32,
    /// Ditched openings in a row that make it failed; 0 is never.
    pub(crate) threshold: u32,
    /// Seconds after which a failed server is tried again; 0 is only by command.
    pub(crate) hold: u32,
    /// Server that takes its flows while it is failed or down.
    pub(crate) backup: Option<ServerKey>,
    /// Seconds after which the flows left on a draining server are reset; 0 is never.
    pub(crate) drain_timeout: u32,
    pub(crate) state: AdminState,
}

impl Default for ServerSettings {
    fn default() -> Self {
        ServerSettings {
            weight: 1,
            limit: 0,
            threshold: 8,
            hold: 60,
            backup: None,
            drain_timeout: 0,
            state: AdminState::Up,
        }
    }
}

/// What lives on while the settings of a server change: its flows, counters and health.
pub(crate) struct ServerRuntime {
    pub(crate) traffic: Traffic,
    /// Flows alive.
    pub(crate) flows: AtomicU32,
    pub(crate) health: Health,
}

impl ServerRuntime {
    pub(crate) fn new(supply: &mut TrafficSupply) -> Result<Self, AllocError> {
        Ok(ServerRuntime {
            traffic: Traffic::new(supply)?,
            flows: AtomicU32::new(0),
            health: Health::new(),
        })
    }
}

/// A real machine, or one port of it. Immutable; a change makes another with the same runtime.
pub(crate) struct Server {
    pub(crate) key: ServerKey,
    pub(crate) settings: ServerSettings,
    pub(crate) runtime: Arc<ServerRuntime>,
}

impl Server {
    /// Flows alive.
    #[inline]
    pub(crate) fn flows(&self) -> u32 {
        self.runtime.flows.load(Relaxed)
    }

    /// Whether it has as many flows as it may.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.settings.limit != 0 && self.flows() >= self.settings.limit
    }
}

/// A server and how often it is referred to, which does not concern those who refer to it.
pub(crate) struct ServerEntry {
    pub(crate) server: Arc<Server>,
    /// Bindings to it.
    pub(crate) bound: u32,
}

/// An address that has servers, to tell packets from there without a port to go by.
pub(crate) struct Machine {
    pub(crate) key: HostKey,
    /// Servers of this address: the whole machine, or ports of it.
    pub(crate) servers: u32,
}

impl Keyed for Machine {
    type Key = HostKey;

    fn key(&self) -> &HostKey {
        &self.key
    }
}

impl Keyed for ServerEntry {
    type Key = ServerKey;

    fn key(&self) -> &ServerKey {
        &self.server.key
    }
}
