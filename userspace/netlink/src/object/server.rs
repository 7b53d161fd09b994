// SPDX-License-Identifier: GPL-2.0

//! A real server, or one port of it.

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::endpoint::ServerKey;
use crate::object::{Backup, Counters};
use crate::uapi::{attr::server as id, AdminState, Condition};
use crate::wire::{find, Attributes, Value, Writer};

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Which.
    pub key: ServerKey,
    /// What can be set.
    pub options: ServerOptions,
}

attributes! {
    /// What can be set of a server.
    ServerOptions: server {
        /// Share of new flows; 0 gets none.
        weight: u32 = WEIGHT,
        /// Flows at once; 0 is no limit.
        limit: u32 = LIMIT,
        /// Unanswered or refused openings in a row that make it failed; 0 is never.
        threshold: u32 = THRESHOLD,
        /// Seconds after which it is tried again; 0 is only by command.
        hold: u32 = HOLD,
        /// Server that takes its flows while it is failed or down.
        backup: Backup<ServerKey> = BACKUP,
        /// Seconds after which the flows left on it are reset while it drains.
        drain_timeout: u32 = DRAIN_TIMEOUT,
        /// What the operator wants.
        state: AdminState = STATE,
    }
}

attributes! {
    /// What the kernel reports besides.
    ServerStatus: server {
        /// What is the case.
        condition: Condition = CONDITION,
        /// Unanswered or refused openings in a row.
        failures: u32 = FAILURES,
        /// The same in all.
        failures_total: u64 = FAILURES_TOTAL,
        /// Smoothed time from SYN to SYN/ACK, microseconds; 0 is unknown.
        rtt: u32 = RTT,
        /// Flows alive.
        flows: u32 = FLOWS,
        /// Services bound.
        bindings: u32 = BINDINGS,
        /// Seconds until the flows left are reset.
        drain_left: u32 = DRAIN_LEFT,
        /// Traffic.
        counters: Counters = COUNTERS,
    }
}

impl Server {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        self.key.put(writer, id::KEY);
    }

    /// Reads it and its state.
    pub fn read(bytes: &[u8]) -> Result<(Self, ServerStatus), DecodeError> {
        let key = find(bytes, id::KEY).ok_or("a server without a key")?;
        let server = Self {
            key: ServerKey::get(key)?,
            options: ServerOptions::read(bytes)?,
        };
        Ok((server, ServerStatus::read(bytes)?))
    }
}
