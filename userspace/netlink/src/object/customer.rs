// SPDX-License-Identifier: GPL-2.0

//! A routing context with an address space of its own.

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::object::Counters;
use crate::uapi::{attr::customer as id, Guard};
use crate::wire::{find, Attributes, Value, Writer};

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Its name; may be absent where the number is given.
    pub name: Option<String>,
    /// What can be set.
    pub options: CustomerOptions,
}

attributes! {
    /// What can be set of a customer. The number is for good.
    CustomerOptions: customer {
        /// Number; the lowest free one if absent.
        id: u32 = ID,
        /// VRF whose table routes its packets; empty for none.
        vrf: String = VRF,
        /// Flows that may live at once; 0 is no limit.
        max_flows: u32 = MAX_FLOWS,
        /// Routes that it may have; 0 is no limit.
        max_routes: u32 = MAX_ROUTES,
        /// Tunnels that it may have; 0 is no limit.
        max_tunnels: u32 = MAX_TUNNELS,
        /// Flows that it may open a second; 0 is no limit.
        new_flows: u64 = NEW_FLOWS,
        /// Packets that it may send a second; 0 is no limit.
        packets: u64 = PACKETS,
        /// Bytes that it may send a second; 0 is no limit.
        bytes: u64 = BYTES,
        /// Share of shaped links; 0 is none of its own.
        weight: u32 = WEIGHT,
        /// Where its sources must be.
        guard: Guard = GUARD,
    }
}

attributes! {
    /// What the kernel reports besides.
    CustomerStatus: customer {
        /// Index of the VRF.
        vrf_ifindex: u32 = VRF_IFINDEX,
        /// Flows alive.
        flows: u32 = FLOWS,
        /// Routes that it has.
        routes: u32 = ROUTES,
        /// Tunnels that it has.
        tunnels: u32 = TUNNELS,
        /// Traffic.
        counters: Counters = COUNTERS,
    }
}

impl Customer {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        if let Some(number) = self.options.id {
            number.put(writer, id::ID);
        }
        if let Some(name) = &self.name {
            name.put(writer, id::NAME);
        }
    }

    /// Writes what can be set, but for what names it.
    pub fn put_options(&self, writer: &mut Writer) {
        let options = CustomerOptions {
            id: None,
            ..self.options.clone()
        };
        options.put_all(writer);
    }

    /// Reads it and its state.
    pub fn read(bytes: &[u8]) -> Result<(Self, CustomerStatus), DecodeError> {
        let customer = Self {
            name: find(bytes, id::NAME).map(String::get).transpose()?,
            options: CustomerOptions::read(bytes)?,
        };
        Ok((customer, CustomerStatus::read(bytes)?))
    }
}
