// SPDX-License-Identifier: GPL-2.0

//! Neighbour solicitation and advertisement (RFC 4861, 4.3 and 4.4).

use super::checksum::Sum;
use super::ether::Mac;
use super::{icmpv6, Header, Network, Packet, L4};
use crate::domain::addr::{Ip, Proto, V6};
use crate::domain::bytes;

/// Hop limit that proves that no router forwarded the packet (RFC 4861, 7.1.1).
const HOP_LIMIT: u8 = 255;
/// Bytes of a message up to its options.
const FIXED: usize = 24;
/// Bytes of a link-layer address option for Ethernet.
const OPTION: usize = 8;
/// Option: link-layer address of the source.
const OPTION_SOURCE: u8 = 1;
/// Option: link-layer address of the target.
const OPTION_TARGET: u8 = 2;

/// Flag of an advertisement: the sender is a router.
const ROUTER: u8 = 0x80;
/// Flag of an advertisement: it answers a solicitation.
const SOLICITED: u8 = 0x40;
/// Flag of an advertisement: what the receiver knew is void.
const OVERRIDE: u8 = 0x20;

/// Bytes of an advertisement with its IPv6 header.
pub const ADVERTISEMENT_LEN: usize = V6::HEADER + FIXED + OPTION;

/// A neighbour solicitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Solicitation {
    /// Who asks; unspecified if it only wants to know whether the address is in use.
    pub src: V6,
    /// Where it was sent: the target itself or its solicited-node address.
    pub dst: V6,
    /// The address asked for.
    pub target: V6,
    /// Link-layer address of the asking one, if it says so.
    pub source_mac: Option<Mac>,
}

impl Solicitation {
    /// Reads the solicitation `packet`, which `head` must hold to its end.
    ///
    /// `None` for anything else and for what RFC 4861, 7.1.1 tells to discard. Unlike
    /// other checksums this one is verified: slr is the receiver.
    pub fn parse(packet: &Packet<V6>, head: &[u8]) -> Option<Solicitation> {
        let L4::Icmp { kind, code } = packet.info else {
            return None;
        };
        if (packet.proto, kind, code) != (Proto::ICMPV6, icmpv6::NEIGHBOUR_SOLICITATION, 0)
            || packet.ttl != HOP_LIMIT
        {
            return None;
        }
        let message = head.get(packet.l4..packet.end)?;
        let sum = Sum::pseudo(packet.src, packet.dst, Proto::ICMPV6, message.len());
        if !sum.bytes(message).is_valid() {
            return None;
        }
        let target = V6::read(message, 8)?;
        let source_mac = source_option(message.get(FIXED..)?)?;
        let is_probe = packet.src.is_unspecified();
        if target.is_multicast()
            || is_probe && (source_mac.is_some() || packet.dst != target.solicited_node())
        {
            return None;
        }
        Some(Solicitation {
            src: packet.src,
            dst: packet.dst,
            target,
            source_mac,
        })
    }

    /// The advertisement that answers the solicitation.
    ///
    /// One who only probes has no address to answer to, so all nodes hear it
    /// (RFC 4861, 7.2.4).
    pub fn answer(&self, mac: Mac) -> Advertisement {
        let is_probe = self.src.is_unspecified();
        Advertisement {
            dst: if is_probe { V6::ALL_NODES } else { self.src },
            target: self.target,
            mac,
            is_solicited: !is_probe,
        }
    }
}

/// The source link-layer address among `options`; `None` if an option is malformed.
fn source_option(mut options: &[u8]) -> Option<Option<Mac>> {
    let mut found = None;
    // Every option takes 8 bytes or more, so this ends.
    while let [kind, units, ..] = *options {
        let len = usize::from(units) * 8;
        if len == 0 {
            return None;
        }
        let option = options.get(..len)?;
        if kind == OPTION_SOURCE && len == OPTION && found.is_none() {
            found = bytes::chunk(option, 2).copied();
        }
        options = options.get(len..)?;
    }
    Some(found)
}

/// Writes a question for the link-layer address of `target`, from `src` at `mac`, from its IPv6
/// header on; returns its length, that of an advertisement.
pub fn write_question(src: V6, mac: Mac, target: V6, out: &mut [u8]) -> Option<usize> {
    let out: &mut [u8; ADVERTISEMENT_LEN] = bytes::chunk_mut(out, 0)?;
    let header = Header {
        src,
        dst: target.solicited_node(),
        proto: Proto::ICMPV6,
        ttl: HOP_LIMIT,
        tos: 0,
    };
    let at = V6::write_header(&header, FIXED + OPTION, out)?;
    let message = out.get_mut(at..)?;
    bytes::put(
        message,
        0,
        [icmpv6::NEIGHBOUR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0],
    )?;
    target.write(message, 8)?;
    bytes::put(message, FIXED, [OPTION_SOURCE, 1])?;
    bytes::put(message, FIXED + 2, mac)?;
    let check = Sum::pseudo(header.src, header.dst, Proto::ICMPV6, message.len())
        .bytes(message)
        .checksum();
    bytes::put(message, icmpv6::CHECKSUM, check)?;
    Some(ADVERTISEMENT_LEN)
}

/// A neighbour advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// Where it goes.
    pub dst: V6,
    /// The address it is about, and its sender.
    pub target: V6,
    /// Where the address is.
    pub mac: Mac,
    /// Whether it answers a solicitation.
    pub is_solicited: bool,
}

impl Advertisement {
    /// Tells all nodes that `target` is at `mac` from now on (RFC 4861, 7.2.6).
    pub fn announcement(target: V6, mac: Mac) -> Advertisement {
        Advertisement {
            dst: V6::ALL_NODES,
            target,
            mac,
            is_solicited: false,
        }
    }

    /// Writes the packet from its IPv6 header on; returns its length.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let out: &mut [u8; ADVERTISEMENT_LEN] = bytes::chunk_mut(out, 0)?;
        let header = Header {
            src: self.target,
            dst: self.dst,
            proto: Proto::ICMPV6,
            ttl: HOP_LIMIT,
            tos: 0,
        };
        let at = V6::write_header(&header, FIXED + OPTION, out)?;
        let message = out.get_mut(at..)?;
        let flags = ROUTER | OVERRIDE | if self.is_solicited { SOLICITED } else { 0 };
        let start = [icmpv6::NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0];
        bytes::put(message, 0, start)?;
        self.target.write(message, 8)?;
        bytes::put(message, FIXED, [OPTION_TARGET, 1])?;
        bytes::put(message, FIXED + 2, self.mac)?;
        let check = Sum::pseudo(header.src, header.dst, Proto::ICMPV6, message.len())
            .bytes(message)
            .checksum();
        bytes::put(message, icmpv6::CHECKSUM, check)?;
        Some(ADVERTISEMENT_LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_v6;
    use super::*;

    const TARGET: V6 = V6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    const MAC: Mac = [2, 0, 0, 0, 0, 7];

    fn solicitation(src: V6, options: &[u8]) -> Vec<u8> {
        let dst = TARGET.solicited_node();
        let header = Header {
            src,
            dst,
            proto: Proto::ICMPV6,
            ttl: 255,
            tos: 0,
        };
        let mut p = vec![0; 40];
        V6::write_header(&header, 24 + options.len(), &mut p).unwrap();
        p.extend_from_slice(&[135, 0, 0, 0, 0, 0, 0, 0]);
        p.extend_from_slice(&TARGET.0);
        p.extend_from_slice(options);
        let c = Sum::pseudo(src, dst, Proto::ICMPV6, 24 + options.len())
            .bytes(&p[40..])
            .checksum();
        p[42..44].copy_from_slice(&c);
        p
    }

    fn parsed(p: &[u8]) -> Option<Solicitation> {
        Solicitation::parse(&parse_v6(p, p.len()).unwrap(), p)
    }

    #[test]
    fn question_reads_back() {
        let mut out = [0; ADVERTISEMENT_LEN];
        let src = V6::link_local(MAC);
        assert_eq!(
            write_question(src, MAC, TARGET, &mut out),
            Some(ADVERTISEMENT_LEN)
        );
        let question = parsed(&out).unwrap();
        assert_eq!((question.src, question.target), (src, TARGET));
        assert_eq!(question.source_mac, Some(MAC));
        assert_eq!(write_question(src, MAC, TARGET, &mut out[1..]), None);
    }

    #[test]
    fn solicitation_is_answered_to_its_sender() {
        let src = V6([0xfe; 16]);
        let p = solicitation(src, &[1, 1, 2, 0, 0, 0, 0, 7]);
        let s = parsed(&p).unwrap();
        assert_eq!((s.target, s.source_mac), (TARGET, Some(MAC)));
        let mut out = [0; ADVERTISEMENT_LEN];
        s.answer(MAC).write(&mut out).unwrap();
        let a = parse_v6(&out, out.len()).unwrap();
        assert_eq!((a.dst, a.src, a.ttl), (src, TARGET, 255));
        assert_eq!(out[44], ROUTER | SOLICITED | OVERRIDE);
        assert!(Sum::pseudo(a.src, a.dst, Proto::ICMPV6, 32)
            .bytes(&out[40..])
            .is_valid());
    }

    #[test]
    fn probe_is_answered_to_everyone() {
        let s = parsed(&solicitation(V6::default(), &[])).unwrap();
        let a = s.answer(MAC);
        assert_eq!((a.dst, a.is_solicited), (V6::ALL_NODES, false));
    }

    #[test]
    fn doubtful_solicitations_are_ignored() {
        let good = solicitation(V6([0xfe; 16]), &[]);
        for (at, value) in [(7, 254), (41, 1), (42, !good[42]), (48, 0xff)] {
            let mut p = good.clone();
            p[at] = value;
            assert_eq!(parsed(&p), None, "byte {at}");
        }
        assert_eq!(
            parsed(&solicitation(V6([0xfe; 16]), &[1, 0, 0, 0, 0, 0, 0, 0])),
            None
        );
        assert_eq!(
            parsed(&solicitation(V6([0xfe; 16]), &[1, 2, 0, 0, 0, 0, 0, 0])),
            None
        );
        assert_eq!(
            parsed(&solicitation(V6::default(), &[1, 1, 2, 0, 0, 0, 0, 7])),
            None
        );
    }
}
