// SPDX-License-Identifier: GPL-2.0

//! A network device on which slr takes packets.

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::uapi::{attr::port as id, OwnGuard, Side};
use crate::wire::{find, Attributes, Value, Writer};

/// A port. The command line names it by its device; the kernel keys it by the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Name of the device.
    pub name: String,
    /// Index of the device, once known. It is sent in place of the name.
    pub ifindex: Option<u32>,
    /// What can be set.
    pub options: PortOptions,
}

attributes! {
    /// What can be set of a port.
    PortOptions: port {
        /// Routing context of what arrives; 0 is public.
        customer: u32 = CUSTOMER,
        /// Which half of the traffic it may carry.
        side: Side = SIDE,
        /// Virtual addresses are answered for and announced here.
        announce: bool = ANNOUNCE,
        /// Where its sources must be; absent where the customer's guard says.
        guard: OwnGuard = GUARD,
    }
}

attributes! {
    /// What the kernel reports besides.
    PortStatus: port {
        /// Index of the device.
        ifindex: u32 = IFINDEX,
        /// Packets taken by slr.
        packets: u64 = PACKETS,
        /// Bytes of these.
        bytes: u64 = BYTES,
    }
}

impl Port {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        match self.ifindex {
            Some(ifindex) => ifindex.put(writer, id::IFINDEX),
            None => self.name.put(writer, id::IFNAME),
        }
    }

    /// Reads it and its state.
    pub fn read(bytes: &[u8]) -> Result<(Self, PortStatus), DecodeError> {
        let status = PortStatus::read(bytes)?;
        let name = match find(bytes, id::IFNAME) {
            Some(payload) => String::get(payload)?,
            None => String::new(),
        };
        let port = Self {
            name,
            ifindex: status.ifindex,
            options: PortOptions::read(bytes)?,
        };
        Ok((port, status))
    }
}
