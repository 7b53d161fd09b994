// SPDX-License-Identifier: GPL-2.0

//! A virtual address, or one protocol or port range of it, and how it is served.

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::endpoint::ServiceKey;
use crate::object::{Backup, Counters};
use crate::uapi::{attr::service as id, Action, AdminState, Condition, Scheduler};
use crate::wire::{find, Attributes, Value, Writer};

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Which.
    pub key: ServiceKey,
    /// What can be set.
    pub options: ServiceOptions,
}

attributes! {
    /// What can be set of a service.
    ServiceOptions: service {
        /// How the server of a new flow is chosen.
        scheduler: Scheduler = SCHEDULER,
        /// Slots of the maglev table.
        table_size: u32 = TABLE_SIZE,
        /// Seconds for which a client keeps its server; 0 is off.
        persist: u32 = PERSIST,
        /// Prefix length under which clients count as one.
        persist_mask: u8 = PERSIST_MASK,
        /// Of flows opened from now on.
        timeouts: Timeouts = TIMEOUTS,
        /// Packets without a flow.
        unknown: Unknown = UNKNOWN,
        /// Service whose servers take over.
        backup: Backup<ServiceKey> = BACKUP,
        /// Up or down.
        state: AdminState = STATE,
    }
}

attributes! {
    /// What the kernel reports besides.
    ServiceStatus: service {
        /// What is the case.
        condition: Condition = CONDITION,
        /// Flows alive.
        flows: u32 = FLOWS,
        /// Servers bound.
        bindings: u32 = BINDINGS,
        /// Traffic.
        counters: Counters = COUNTERS,
    }
}

attributes! {
    /// Seconds without a packet after which a flow is forgotten, per state.
    #[derive(Copy)]
    Timeouts: timeouts {
        /// TCP or SCTP opened and not confirmed.
        syn: u32 = SYN,
        /// TCP or SCTP established.
        established: u32 = ESTABLISHED,
        /// One end of a TCP or SCTP flow is done.
        fin: u32 = FIN,
        /// Both ends are done.
        closed: u32 = CLOSED,
        /// UDP without an answer.
        udp: u32 = UDP,
        /// UDP with an answer.
        udp_replied: u32 = UDP_REPLIED,
        /// ICMP echo.
        icmp: u32 = ICMP,
        /// Other protocols.
        other: u32 = OTHER,
    }
}

attributes! {
    /// What becomes of a packet that has no flow and may not open one, by its kind.
    #[derive(Copy)]
    Unknown: unknown {
        /// TCP acknowledgement without data.
        ack: Action = ACK,
        /// TCP with data.
        data: Action = DATA,
        /// TCP FIN.
        fin: Action = FIN,
        /// TCP RST.
        rst: Action = RST,
        /// ICMP other than an echo request or an error about a flow.
        icmp: Action = ICMP,
        /// SCTP other than INIT.
        sctp: Action = SCTP,
        /// Anything else.
        other: Action = OTHER,
    }
}

impl Service {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        self.key.put(writer, id::KEY);
    }

    /// Reads it and its state.
    pub fn read(bytes: &[u8]) -> Result<(Self, ServiceStatus), DecodeError> {
        let key = find(bytes, id::KEY).ok_or("a service without a key")?;
        let service = Self {
            key: ServiceKey::get(key)?,
            options: ServiceOptions::read(bytes)?,
        };
        Ok((service, ServiceStatus::read(bytes)?))
    }
}
