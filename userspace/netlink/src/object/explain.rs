// SPDX-License-Identifier: GPL-2.0

//! What would happen to a packet.

use std::net::IpAddr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::protocol::Protocol;
use crate::uapi::attr::explain as id;
use crate::wire::{all, Attributes};

attributes! {
    /// A packet that is asked about.
    Packet: explain {
        /// Port it arrives on; a process of this host if absent.
        ifindex: u32 = IFINDEX,
        /// Routing context, in place of a port.
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
        /// TCP flags as in the header; SYN if absent.
        tcp_flags: u8 = TCP_FLAGS,
        /// Tunnel it arrives by, in place of a port.
        tunnel: String = TUNNEL,
    }
}

attributes! {
    /// One step of an explanation.
    Step: step {
        /// Name of the stage.
        stage: String = STAGE,
        /// What it finds.
        text: String = TEXT,
    }
}

attributes! {
    /// The end of an explanation.
    Verdict: explain {
        /// What becomes of the packet.
        verdict: String = VERDICT,
        /// Why it is dropped or passed.
        reason: String = REASON,
    }
}

/// The steps and the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// The end.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The steps, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

impl Explanation {
    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            verdict: Verdict::read(bytes)?,
            steps: all(bytes, id::STEP)?,
        })
    }
}
