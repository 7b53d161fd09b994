// SPDX-License-Identifier: GPL-2.0

//! A service, and the virtual host that services of one address make up.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kernel::{
    alloc::{AllocError, KVec},
    sync::Arc, //
};

use super::{
    kind::{Action, AdminState},
    Binding,
    BindingKey,
    HostKey,
    ServiceKey,
    SlotKey,
    Traffic,
    TrafficSupply, //
};
use crate::domain::{
    flow::opener::Kind,
    limits,
    sched::Scheduler,
    timeouts::Timeouts, //
};
use crate::table::{
    schedule::Maglev,
    trie::{Keyed, Trie},
};

/// What becomes of packets that have no flow and may not open one, by their kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unknown {
    /// TCP acknowledgements without data.
    pub(crate) ack: Action,
    /// TCP with data.
    pub(crate) data: Action,
    /// TCP FIN.
    pub(crate) fin: Action,
    /// TCP RST; reset means drop.
    pub(crate) rst: Action,
    /// ICMP other than an echo request or an error about a flow.
    pub(crate) icmp: Action,
    /// SCTP other than INIT.
    pub(crate) sctp: Action,
    /// Anything else.
    pub(crate) other: Action,
}

impl Default for Unknown {
    fn default() -> Self {
        Unknown {
            ack: Action::Drop,
            data: Action::Drop,
            fin: Action::Drop,
            rst: Action::Drop,
            icmp: Action::Drop,
            sctp: Action::Drop,
            other: Action::Drop,
        }
    }
}

impl Unknown {
    /// What becomes of a packet of this kind.
    pub(crate) fn action(&self, kind: Kind) -> Action {
        match kind {
            Kind::Syn | Kind::Ack => self.ack,
            Kind::Data => self.data,
            Kind::Fin => self.fin,
            Kind::Rst if self.rst == Action::Reset => Action::Drop,
            Kind::Rst => self.rst,
            Kind::Icmp => self.icmp,
            Kind::Sctp => self.sctp,
            Kind::Udp | Kind::Other => self.other,
        }
    }
}

/// What the operator chooses for a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ServiceSettings {
    pub(crate) scheduler: Scheduler,
    /// Slots of the maglev table, a prime.
    pub(crate) table_size: u32,
    /// Seconds for which a client keeps its server; 0 is off.
    pub(crate) persist: u32,
    /// Prefix length under which clients count as one; none is the whole address.
    pub(crate) persist_mask: Option<u8>,
    pub(crate) timeouts: Timeouts,
    pub(crate) unknown: Unknown,
    /// Service whose servers take over when none of its own is usable.
    pub(crate) backup: Option<ServiceKey>,
    pub(crate) state: AdminState,
}

/// Slots of a maglev table unless told otherwise.
pub(crate) const TABLE_SIZE: u32 = limits::MAGLEV_DEFAULT;

impl Default for ServiceSettings {
    fn default() -> Self {
        ServiceSettings {
            scheduler: Scheduler::default(),
            table_size: TABLE_SIZE,
            persist: 0,
            persist_mask: None,
            timeouts: Timeouts::default(),
            unknown: Unknown::default(),
            backup: None,
            state: AdminState::Up,
        }
    }
}

/// What lives on while a service changes: its flows, counters and place in the round.
pub(crate) struct ServiceRuntime {
    pub(crate) traffic: Traffic,
    /// Flows alive.
    pub(crate) flows: AtomicU32,
    /// What the scheduler remembers between two flows.
    pub(crate) cursor: AtomicU64,
}

impl ServiceRuntime {
    pub(crate) fn new(supply: &mut TrafficSupply) -> Result<Self, AllocError> {
        Ok(ServiceRuntime {
            traffic: Traffic::new(supply)?,
            flows: AtomicU32::new(0),
            cursor: AtomicU64::new(0),
        })
    }
}

/// A virtual address, or one protocol or port range of it, and how it is served. Immutable; a
/// change makes another with the same runtime.
pub(crate) struct Service {
    pub(crate) key: ServiceKey,
    /// What it is found by in its host.
    pub(in crate::table) slot: SlotKey,
    pub(crate) settings: ServiceSettings,
    /// In the order of their keys.
    pub(crate) bindings: KVec<Arc<Binding>>,
    /// With that scheduler, unless nothing is bound.
    pub(crate) maglev: Option<Arc<Maglev>>,
    pub(crate) runtime: Arc<ServiceRuntime>,
}

impl Service {
    /// Flows alive.
    pub(crate) fn flows(&self) -> u32 {
        self.runtime.flows.load(Relaxed)
    }

    /// The binding of this key.
    pub(crate) fn binding(&self, key: &BindingKey) -> Option<&Arc<Binding>> {
        let at = self
            .bindings
            .binary_search_by(|binding| binding.key.cmp(key))
            .ok()?;
        self.bindings.get(at)
    }
}

impl Keyed for Service {
    type Key = SlotKey;

    fn key(&self) -> &SlotKey {
        &self.slot
    }
}

/// An address with at least one service.
pub(crate) struct Host {
    pub(crate) key: HostKey,
    pub(crate) services: Trie<Service>,
    /// Those of `services` with more than one port, in the order of protocol and first port.
    pub(crate) ranges: KVec<Arc<Service>>,
}

impl Keyed for Host {
    type Key = HostKey;

    fn key(&self) -> &HostKey {
        &self.key
    }
}
