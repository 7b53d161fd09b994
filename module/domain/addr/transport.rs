// SPDX-License-Identifier: GPL-2.0

//! Protocol numbers, and ports.

/// An IP protocol number, which in IPv6 is the last next-header value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Proto(pub u8);

impl Proto {
    /// IPv6 hop-by-hop options.
    pub const HOPOPTS: Proto = Proto(0);
    /// ICMP for IPv4.
    pub const ICMP: Proto = Proto(1);
    /// IPv4 in IP.
    pub const IPIP: Proto = Proto(4);
    /// TCP.
    pub const TCP: Proto = Proto(6);
    /// UDP.
    pub const UDP: Proto = Proto(17);
    /// IPv6 in IP.
    pub const IPV6: Proto = Proto(41);
    /// IPv6 routing header.
    pub const ROUTING: Proto = Proto(43);
    /// IPv6 fragment header.
    pub const FRAGMENT: Proto = Proto(44);
    /// GRE.
    pub const GRE: Proto = Proto(47);
    /// IPsec ESP.
    pub const ESP: Proto = Proto(50);
    /// IPsec AH.
    pub const AH: Proto = Proto(51);
    /// ICMP for IPv6.
    pub const ICMPV6: Proto = Proto(58);
    /// IPv6 no next header.
    pub const NONE: Proto = Proto(59);
    /// IPv6 destination options.
    pub const DSTOPTS: Proto = Proto(60);
    /// L2TPv3.
    pub const L2TP: Proto = Proto(115);
    /// SCTP.
    pub const SCTP: Proto = Proto(132);
    /// UDP-Lite.
    pub const UDPLITE: Proto = Proto(136);
    /// MPLS in IP (RFC 4023).
    pub const MPLS: Proto = Proto(137);

    /// Whether the protocol has ports in its first four bytes that slr translates.
    #[inline(always)]
    pub fn has_ports(self) -> bool {
        matches!(self, Proto::TCP | Proto::UDP | Proto::SCTP | Proto::UDPLITE)
    }

    /// Whether the protocol is ICMP of either family.
    #[inline(always)]
    pub fn is_icmp(self) -> bool {
        matches!(self, Proto::ICMP | Proto::ICMPV6)
    }

    /// The keyword of the protocol, if it has one.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Proto::ICMP => "icmp",
            Proto::IPIP => "ipip",
            Proto::TCP => "tcp",
            Proto::UDP => "udp",
            Proto::IPV6 => "ipv6",
            Proto::GRE => "gre",
            Proto::ESP => "esp",
            Proto::AH => "ah",
            Proto::ICMPV6 => "icmpv6",
            Proto::SCTP => "sctp",
            Proto::UDPLITE => "udplite",
            _ => return None,
        })
    }
}

/// Ports `first` to `last`, both included, in host order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port, not below `first`.
    pub last: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange {
        first: 0,
        last: u16::MAX,
    };

    /// The range, unless `last` is below `first`.
    pub fn new(first: u16, last: u16) -> Option<PortRange> {
        (first <= last).then_some(PortRange { first, last })
    }

    /// The range of one port.
    pub fn single(port: u16) -> PortRange {
        PortRange {
            first: port,
            last: port,
        }
    }

    /// Number of ports, 1 to 65536.
    #[inline]
    pub fn count(self) -> u32 {
        u32::from(self.last)
            .wrapping_sub(u32::from(self.first))
            .wrapping_add(1)
    }

    /// Whether `port` is in the range.
    #[inline]
    pub fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }

    /// Whether the ranges have a port in common.
    pub fn overlaps(self, other: PortRange) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The port as far into the range that starts at `to` as `port` is into this one.
    ///
    /// `None` if `port` is not in the range or the result is no port number.
    #[inline]
    pub fn map(self, port: u16, to: u16) -> Option<u16> {
        if !self.contains(port) {
            return None;
        }
        to.checked_add(port.wrapping_sub(self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_ranges_map_by_offset() {
        let r = PortRange::new(100, 200).unwrap();
        assert_eq!(r.count(), 101);
        assert_eq!(r.map(150, 8000), Some(8050));
        assert_eq!(r.map(99, 8000), None);
        assert_eq!(r.map(200, 65500), None);
        assert!(r.overlaps(PortRange::single(200)));
        assert!(!r.overlaps(PortRange::single(201)));
        assert_eq!(PortRange::new(2, 1), None);
        assert_eq!(PortRange::ALL.count(), 65536);
    }
}
