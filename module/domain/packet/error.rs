// SPDX-License-Identifier: GPL-2.0

//! Which ICMP error to send, and when none at all.

use super::{icmp, icmpv6, Fragment, Packet, L4};
use crate::domain::addr::{Ip, Proto};

/// Offset of the next-header field in an IPv6 header.
const NEXT_HEADER: u32 = 6;

/// An ICMP error to send, in words that mean the same in both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpError {
    /// No route to the destination.
    NoRoute,
    /// The route's next hop does not answer.
    HostUnreachable,
    /// The service does not serve the port.
    PortUnreachable,
    /// The service does not serve the protocol.
    ProtocolUnreachable,
    /// Not allowed by the administrator.
    Prohibited,
    /// The time to live is used up.
    TimeExceeded,
    /// The packet is longer than the way allows: bytes from its network header on.
    TooBig(u32),
}

impl IcmpError {
    /// Type, code and the last four bytes of the ICMP header (RFC 792, RFC 1191, RFC 1812).
    pub(super) fn v4(self) -> (u8, u8, u32) {
        use icmp::code::{FRAG_NEEDED, HOST, NET, PORT, PROHIBITED, PROTOCOL};
        match self {
            IcmpError::NoRoute => (icmp::UNREACHABLE, NET, 0),
            IcmpError::HostUnreachable => (icmp::UNREACHABLE, HOST, 0),
            IcmpError::PortUnreachable => (icmp::UNREACHABLE, PORT, 0),
            IcmpError::ProtocolUnreachable => (icmp::UNREACHABLE, PROTOCOL, 0),
            IcmpError::Prohibited => (icmp::UNREACHABLE, PROHIBITED, 0),
            IcmpError::TimeExceeded => (icmp::TIME_EXCEEDED, 0, 0),
            IcmpError::TooBig(mtu) => (icmp::UNREACHABLE, FRAG_NEEDED, mtu.min(0xffff)),
        }
    }

    /// Type, code and the last four bytes of the ICMPv6 header (RFC 4443, 3).
    ///
    /// An unserved protocol is a parameter problem. Its pointer should be at the field
    /// that names the protocol; the first one is taken, right without extension headers.
    pub(super) fn v6(self) -> (u8, u8, u32) {
        use icmpv6::code::{ADDRESS, NO_ROUTE, PORT, PROHIBITED};
        match self {
            IcmpError::NoRoute => (icmpv6::UNREACHABLE, NO_ROUTE, 0),
            IcmpError::HostUnreachable => (icmpv6::UNREACHABLE, ADDRESS, 0),
            IcmpError::PortUnreachable => (icmpv6::UNREACHABLE, PORT, 0),
            IcmpError::ProtocolUnreachable => (
                icmpv6::PARAMETER_PROBLEM,
                icmpv6::CODE_NEXT_HEADER,
                NEXT_HEADER,
            ),
            IcmpError::Prohibited => (icmpv6::UNREACHABLE, PROHIBITED, 0),
            IcmpError::TimeExceeded => (icmpv6::TIME_EXCEEDED, 0, 0),
            IcmpError::TooBig(mtu) => (icmpv6::TOO_BIG, 0, mtu),
        }
    }
}

/// How the link layer delivered a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// To this station alone.
    Unicast,
    /// To a group or to everyone.
    Group,
}

impl<A: Ip> Packet<A> {
    /// Whether an ICMP error about the packet may be sent at all.
    ///
    /// RFC 1812, 4.3.2.7 and RFC 4443, 2.4(e) forbid it about an error or redirect,
    /// about what went to more than one receiver, about fragments but the first,
    /// and about a source that is no single host. RFC 4443 excepts packet-too-big
    /// from the rule for groups; slr does not forward such packets.
    pub fn may_cause_error(&self, link: Link) -> bool {
        let is_error = match (self.proto, self.info) {
            (_, L4::IcmpError { .. }) => true,
            (Proto::ICMPV6, L4::Icmp { kind, .. }) => kind == icmpv6::REDIRECT,
            _ => false,
        };
        !is_error
            && link == Link::Unicast
            && self.fragment != Fragment::Later
            && self.dst.is_unicast()
            && self.src.is_unicast()
            && !self.src.is_loopback()
    }
}
