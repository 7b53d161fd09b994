// SPDX-License-Identifier: GPL-2.0

//! Which packets may open a flow, and what the others are called.

use crate::domain::addr::{Ip, Proto};
use crate::domain::packet::sctp::chunk;
use crate::domain::packet::tcp::Flags;
use crate::domain::packet::{Fragment, Packet, L4};

/// The kind of a packet, for the policy on packets that have no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// TCP SYN without ACK, FIN and RST.
    Syn = 0,
    /// TCP without data and other flags, and a SYN/ACK.
    Ack = 1,
    /// TCP with data.
    Data = 2,
    /// TCP FIN.
    Fin = 3,
    /// TCP RST.
    Rst = 4,
    /// UDP and UDP-Lite.
    Udp = 5,
    /// ICMP of either family.
    Icmp = 6,
    /// SCTP.
    Sctp = 7,
    /// Anything else.
    Other = 8,
}

impl Kind {
    /// Every kind, in the order of its number.
    pub const ALL: [Kind; 9] = [
        Kind::Syn,
        Kind::Ack,
        Kind::Data,
        Kind::Fin,
        Kind::Rst,
        Kind::Udp,
        Kind::Icmp,
        Kind::Sctp,
        Kind::Other,
    ];

    /// The kind's keyword.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Syn => "syn",
            Kind::Ack => "ack",
            Kind::Data => "data",
            Kind::Fin => "fin",
            Kind::Rst => "rst",
            Kind::Udp => "udp",
            Kind::Icmp => "icmp",
            Kind::Sctp => "sctp",
            Kind::Other => "other",
        }
    }
}

/// The kind of a packet.
///
/// RST wins over FIN and FIN over data, since it is the stronger statement that
/// decides what a stray packet deserves.
pub fn kind<A: Ip>(packet: &Packet<A>) -> Kind {
    match (packet.info, packet.proto) {
        (L4::Tcp { segment, .. }, _) => {
            let flags = segment.flags;
            if flags.has(Flags::RST) {
                Kind::Rst
            } else if flags.has(Flags::FIN) {
                Kind::Fin
            } else if flags.has(Flags::SYN) && !flags.has(Flags::ACK) {
                Kind::Syn
            } else if segment.len > 0 {
                Kind::Data
            } else {
                Kind::Ack
            }
        }
        (L4::Udp, _) => Kind::Udp,
        (L4::Sctp(_), _) => Kind::Sctp,
        (_, Proto::ICMP | Proto::ICMPV6) => Kind::Icmp,
        _ => Kind::Other,
    }
}

/// Whether the packet may open a flow.
///
/// TCP only by a SYN alone, data with it allowed (RFC 7413); SCTP only by INIT,
/// which has no tag yet (RFC 9260, 8.5.1); ICMP only by an echo request. UDP and
/// protocols without a known handshake by any packet that is whole.
pub fn may_open<A: Ip>(packet: &Packet<A>) -> bool {
    if packet.fragment == Fragment::Later {
        return false;
    }
    match packet.info {
        L4::Tcp { .. } => kind(packet) == Kind::Syn,
        L4::Sctp(first) => first.kind == chunk::INIT && first.tag == 0 && first.init_tag != 0,
        L4::Echo { reply } => !reply,
        L4::IcmpError { .. } | L4::Icmp { .. } => false,
        L4::Udp | L4::Other => true,
    }
}

/// Whether the source of a packet from the link can be another host's: one that may be answered.
///
/// Hosts call what fails this martian. A packet from its own destination would have the gateway
/// talk to itself (land).
pub fn is_from_a_host<A: Ip>(packet: &Packet<A>) -> bool {
    packet.src.is_unicast() && !packet.src.is_loopback() && packet.src != packet.dst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::addr::V4;
    use crate::domain::packet::{sctp::Chunk, tcp::Segment};

    fn packet(proto: Proto, info: L4) -> Packet<V4> {
        Packet {
            src: V4([192, 0, 2, 1]),
            dst: V4([192, 0, 2, 2]),
            sport: 1,
            dport: 2,
            proto,
            ttl: 64,
            tos: 0,
            df: false,
            fragment: Fragment::None,
            l4: 20,
            end: 40,
            info,
        }
    }

    fn tcp(flags: u8, len: u32) -> Packet<V4> {
        let segment = Segment {
            flags: Flags(flags),
            len,
            ..Segment::default()
        };
        packet(
            Proto::TCP,
            L4::Tcp {
                segment,
                window: 0,
                header_len: 20,
            },
        )
    }

    #[test]
    fn tcp_by_flags() {
        for (flags, len, want, opens) in [
            (0x02, 0, Kind::Syn, true),
            (0x02, 9, Kind::Syn, true),
            (0xc2, 0, Kind::Syn, true), // with ECN negotiation
            (0x12, 0, Kind::Ack, false),
            (0x03, 0, Kind::Fin, false),
            (0x06, 0, Kind::Rst, false),
            (0x10, 0, Kind::Ack, false),
            (0x18, 5, Kind::Data, false),
            (0x11, 5, Kind::Fin, false),
            (0x14, 0, Kind::Rst, false),
            (0x00, 0, Kind::Ack, false),
        ] {
            let p = tcp(flags, len);
            assert_eq!((kind(&p), may_open(&p)), (want, opens), "flags {flags:#x}");
        }
    }

    #[test]
    fn other_protocols() {
        let init = |tag, init_tag| {
            L4::Sctp(Chunk {
                tag,
                kind: chunk::INIT,
                flags: 0,
                init_tag,
            })
        };
        for (proto, info, want, opens) in [
            (Proto::UDP, L4::Udp, Kind::Udp, true),
            (Proto::SCTP, init(0, 7), Kind::Sctp, true),
            (Proto::SCTP, init(1, 7), Kind::Sctp, false),
            (Proto::SCTP, init(0, 0), Kind::Sctp, false),
            (Proto::ICMP, L4::Echo { reply: false }, Kind::Icmp, true),
            (Proto::ICMP, L4::Echo { reply: true }, Kind::Icmp, false),
            (
                Proto::ICMP,
                L4::IcmpError { kind: 3, code: 0 },
                Kind::Icmp,
                false,
            ),
            (Proto::GRE, L4::Other, Kind::Other, true),
        ] {
            let p = packet(proto, info);
            assert_eq!((kind(&p), may_open(&p)), (want, opens), "{p:?}");
        }
        let mut later = packet(Proto::UDP, L4::Other);
        later.fragment = Fragment::Later;
        assert!(!may_open(&later));
    }

    #[test]
    fn some_sources_are_nobodys() {
        let from = |src| Packet {
            src: V4(src),
            ..tcp(Flags::SYN.0, 0)
        };
        assert!(is_from_a_host(&from([192, 0, 2, 1])));
        for src in [
            [0; 4],
            [127, 0, 0, 1],
            [224, 0, 0, 5],
            [255; 4],
            [192, 0, 2, 2],
        ] {
            assert!(!is_from_a_host(&from(src)), "{src:?}");
        }
    }
}
