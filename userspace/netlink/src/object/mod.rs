// SPDX-License-Identifier: GPL-2.0

//! The objects, a file each: what names one, what can be set (`Options`), and what the
//! kernel reports besides (`Status`).

pub mod binding;
pub mod customer;
pub mod device;
pub mod explain;
pub mod flow;
pub mod port;
pub mod route;
pub mod server;
pub mod service;
pub mod settings;
pub mod trace;
pub mod tunnel;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::uapi::CounterKind;
use crate::wire::{Value, Writer};

attributes! {
    /// Traffic of an object since it was made.
    Counters: counters {
        /// Flows opened.
        flows_total: u64 = FLOWS_TOTAL,
        /// Packets from clients.
        packets_in: u64 = PACKETS_IN,
        /// Bytes of IP packets from clients.
        bytes_in: u64 = BYTES_IN,
        /// Packets to clients.
        packets_out: u64 = PACKETS_OUT,
        /// Bytes of IP packets to clients.
        bytes_out: u64 = BYTES_OUT,
        /// New flows refused.
        refused: u64 = REFUSED,
    }
}

attributes! {
    /// One named counter of the namespace.
    Counter: counter {
        /// Its name, in kebab-case.
        name: String = NAME,
        /// What it counts.
        kind: CounterKind = KIND,
        /// Since the module was loaded into the namespace.
        value: u64 = VALUE,
        /// One sentence.
        doc: String = DOC,
    }
}

attributes! {
    /// How many packets of one customer were dropped for one reason.
    DropCount: drop {
        /// The routing context that they were in.
        customer: u32 = CUSTOMER,
        /// The reason: the name of a counter.
        name: String = NAME,
        /// Since the customer was defined.
        value: u64 = VALUE,
    }
}

/// What stands in: another object, or none. None is an empty nest on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup<K> {
    /// Nothing stands in.
    None,
    /// That one does.
    To(K),
}

impl<K: Value> Value for Backup<K> {
    fn put(&self, writer: &mut Writer, id: u16) {
        match self {
            Backup::None => writer.nest(id, |_| ()),
            Backup::To(key) => key.put(writer, id),
        }
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        if payload.is_empty() {
            Ok(Backup::None)
        } else {
            K::get(payload).map(Backup::To)
        }
    }
}

impl<K: serde::Serialize> serde::Serialize for Backup<K> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Backup::None => to.serialize_none(),
            Backup::To(key) => key.serialize(to),
        }
    }
}
