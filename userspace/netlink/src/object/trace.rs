// SPDX-License-Identifier: GPL-2.0

//! Packets that are followed.

use std::net::IpAddr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::prefix::Prefix;
use crate::protocol::Protocol;
use crate::uapi::attr::trace as id;
use crate::uapi::TraceStage;
use crate::wire::{all, Attributes};

attributes! {
    /// Which packets to follow; what is not given selects all.
    TraceFilter: trace {
        /// Routing context that a packet comes through.
        customer: u32 = CUSTOMER,
        /// Protocol.
        protocol: Protocol = PROTOCOL,
        /// Source address.
        source: Prefix = SOURCE,
        /// Destination address.
        destination: Prefix = DESTINATION,
        /// Source or destination address.
        host: Prefix = HOST,
        /// Source port.
        source_port: u16 = SOURCE_PORT,
        /// Destination port.
        destination_port: u16 = DESTINATION_PORT,
        /// Source or destination port.
        port: u16 = PORT,
        /// Tunnel that it comes out of or enters.
        tunnel: String = TUNNEL,
        /// Device that it comes in or leaves by.
        ifindex: u32 = IFINDEX,
        /// Why it is dropped or passed.
        reason: String = REASON,
        /// Only what is dropped.
        drops: bool = DROPS,
        /// Packets until it is enough.
        count: u32 = COUNT,
        /// One in so many.
        sample: u32 = SAMPLE,
        /// Packets a second at most.
        rate: u32 = RATE,
    }
}

attributes! {
    /// One step of a packet.
    TraceStep: trace_step {
        /// Where it has come to.
        stage: TraceStage = STAGE,
        /// Nanoseconds since it arrived.
        after: u32 = AFTER,
        /// Routing context that it is in.
        customer: u32 = CUSTOMER,
        /// Protocol.
        protocol: Protocol = PROTOCOL,
        /// Source address.
        source: IpAddr = SOURCE,
        /// Source port, or ICMP echo identifier.
        source_port: u16 = SOURCE_PORT,
        /// Destination address.
        destination: IpAddr = DESTINATION,
        /// Destination port.
        destination_port: u16 = DESTINATION_PORT,
        /// Device.
        ifindex: u32 = IFINDEX,
        /// Tunnel.
        tunnel: String = TUNNEL,
        /// Why it is dropped, answered or passed.
        reason: String = REASON,
        /// Slr device, by the name that it was made with.
        device: String = DEVICE,
    }
}

attributes! {
    /// A packet as a whole.
    TraceHead: trace {
        /// Nanoseconds since boot when it arrived.
        time: u64 = TIME,
        /// Packets selected and not shown so far.
        lost: u64 = LOST,
        /// Steps that there was no room for.
        missed: u32 = MISSED,
    }
}

/// What became of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The packet as a whole.
    pub head: TraceHead,
    /// Its steps, in order.
    pub steps: Vec<TraceStep>,
}

impl Trace {
    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            head: TraceHead::read(bytes)?,
            steps: all(bytes, id::STEP)?,
        })
    }
}
