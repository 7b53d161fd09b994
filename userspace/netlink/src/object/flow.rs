// SPDX-License-Identifier: GPL-2.0

//! One connection, and what selects connections.

use std::net::IpAddr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::endpoint::{ServerKey, ServiceKey};
use crate::protocol::Protocol;
use crate::uapi::FlowState;
use crate::wire::Attributes;

attributes! {
    /// Selects flows: those that agree with all that is given.
    FlowFilter: flow {
        /// Routing context.
        customer: u32 = CUSTOMER,
        /// Protocol.
        protocol: Protocol = PROTOCOL,
        /// Address of the client.
        client_address: IpAddr = CLIENT_ADDRESS,
        /// Bits of it that count.
        client_prefix: u8 = CLIENT_PREFIX,
        /// Port of the client.
        client_port: u16 = CLIENT_PORT,
        /// Address that the client uses.
        virtual_address: IpAddr = VIRTUAL_ADDRESS,
        /// Port that the client uses.
        virtual_port: u16 = VIRTUAL_PORT,
        /// Address of the server.
        server_address: IpAddr = SERVER_ADDRESS,
        /// Port on the server.
        server_port: u16 = SERVER_PORT,
        /// Where it stands.
        state: FlowState = STATE,
        /// Bits of the virtual address that count.
        virtual_prefix: u8 = VIRTUAL_PREFIX,
        /// Bits of the server's address that count.
        server_prefix: u8 = SERVER_PREFIX,
        /// The last port of a range of the client's.
        client_port_last: u16 = CLIENT_PORT_LAST,
        /// The last port of a range that the client uses.
        virtual_port_last: u16 = VIRTUAL_PORT_LAST,
        /// The last port of a range on the server.
        server_port_last: u16 = SERVER_PORT_LAST,
        /// States of which it has one, by the bits of their numbers.
        states: u32 = STATES,
        /// Tunnel that its packets enter.
        tunnel: String = TUNNEL,
    }
}

attributes! {
    /// One connection.
    Flow: flow {
        /// Routing context.
        customer: u32 = CUSTOMER,
        /// Protocol.
        protocol: Protocol = PROTOCOL,
        /// Address of the client.
        client_address: IpAddr = CLIENT_ADDRESS,
        /// Port of the client, or ICMP echo identifier.
        client_port: u16 = CLIENT_PORT,
        /// Address that the client uses.
        virtual_address: IpAddr = VIRTUAL_ADDRESS,
        /// Port that the client uses.
        virtual_port: u16 = VIRTUAL_PORT,
        /// Address of the server.
        server_address: IpAddr = SERVER_ADDRESS,
        /// Port on the server.
        server_port: u16 = SERVER_PORT,
        /// Address that the server sees, if translated.
        snat_address: IpAddr = SNAT_ADDRESS,
        /// Port that the server sees, if translated.
        snat_port: u16 = SNAT_PORT,
        /// Where it stands.
        state: FlowState = STATE,
        /// Openings seen again before an answer.
        syn_repeats: u32 = SYN_REPEATS,
        /// Seconds left without a packet.
        expires: u32 = EXPIRES,
        /// Service that it belongs to.
        service: ServiceKey = SERVICE,
        /// Server that it is pinned to.
        server: ServerKey = SERVER,
    }
}

attributes! {
    /// What comes back for all flows selected.
    FlowTotal: flow {
        /// Flows ended.
        deleted: u32 = DELETED,
        /// Flows selected.
        count: u32 = COUNT,
    }
}

/// An address and port in one, as text.
pub fn endpoint(address: Option<IpAddr>, port: Option<u16>) -> Option<ServerKey> {
    address.map(|address| ServerKey {
        customer: 0,
        address,
        port: port.unwrap_or(0),
    })
}

impl Flow {
    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(bytes)
    }

    /// The client.
    pub fn client(&self) -> Option<ServerKey> {
        endpoint(self.client_address, self.client_port)
    }

    /// What the client uses.
    pub fn virtual_end(&self) -> Option<ServerKey> {
        endpoint(self.virtual_address, self.virtual_port)
    }

    /// The server.
    pub fn server_end(&self) -> Option<ServerKey> {
        endpoint(self.server_address, self.server_port)
    }

    /// What the server sees in place of the client.
    pub fn snat(&self) -> Option<ServerKey> {
        endpoint(self.snat_address, self.snat_port)
    }
}
