// SPDX-License-Identifier: GPL-2.0

//! One view of a packet, filled once, for everything that later asks about it.
//!
//! [`parse_v4`] and [`parse_v6`] take the linear head of a packet from its
//! network header on, and the length of the whole packet from there. They reject
//! what a router must not forward and note the rest in a [`Packet`]: offsets, so
//! that nobody walks headers twice, and the values that flows are found by.
//! Buffers of the kernel are not linear: where bytes are missing from the head
//! but not from the packet, the answer is [`ParseError::Short`] and the caller
//! pulls that many and asks again.
//!
//! Bytes behind the length that the IP header states are Ethernet padding and
//! never looked at. Checksums of the transport layer are not verified: a router
//! carries a damaged packet to the receiver, who knows what to do.

pub mod arp;
pub mod build;
pub mod checksum;
pub mod ether;
pub mod icmp;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
pub mod ndisc;
pub mod quote;
pub mod rewrite;
pub mod sctp;
pub mod tcp;
pub mod udp;

mod error;

pub use error::{IcmpError, Link};
pub use ipv4::parse as parse_v4;
pub use ipv6::parse as parse_v6;
pub use quote::{quote, Quote};

use crate::domain::addr::{Ip, Proto};
use crate::domain::bytes;
use checksum::{Delta, Field};

/// Why there is no view of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The head must hold this many bytes; the packet does hold them.
    Short(usize),
    /// The packet ends before its headers say it does.
    Truncated,
    /// The version field is not of this family.
    Version,
    /// A header's length field is impossible.
    Length,
    /// The IPv4 header's checksum is wrong; a router must drop it (RFC 1812, 5.2.2).
    Checksum,
    /// The IPv4 packet has a source route, which slr does not follow (RFC 7126, 4.3 and 4.4).
    SourceRoute,
    /// More extension headers than [`ipv6::MAX_EXTENSIONS`].
    Extensions,
}

/// Bytes `needed` are not in the head: pull them, or there are none.
#[cold]
fn missing(needed: usize, len: usize) -> ParseError {
    if needed > len {
        ParseError::Truncated
    } else {
        ParseError::Short(needed)
    }
}

/// The `N` bytes at `at`, which must lie before `end`, the end of the packet.
#[inline(always)]
pub(in crate::domain) fn need<const N: usize>(
    head: &[u8],
    at: usize,
    end: usize,
) -> Result<&[u8; N], ParseError> {
    let needed = at.wrapping_add(N);
    if needed > end {
        return Err(ParseError::Truncated);
    }
    match bytes::chunk(head, at) {
        Some(chunk) => Ok(chunk),
        None => Err(missing(needed, end)),
    }
}

/// Which part of its original a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// The whole.
    None,
    /// The first fragment, which has the transport header.
    First,
    /// Another fragment: there are no ports to see.
    Later,
}

/// What the transport header says besides ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum L4 {
    /// A TCP segment.
    Tcp {
        /// Flags and numbers.
        segment: tcp::Segment,
        /// Receive window, not scaled.
        window: u16,
        /// Bytes of the header with options.
        header_len: u8,
    },
    /// A UDP or UDP-Lite datagram.
    Udp,
    /// An SCTP packet.
    Sctp(sctp::Chunk),
    /// An ICMP or ICMPv6 echo request or reply.
    Echo {
        /// Whether it is the reply.
        reply: bool,
    },
    /// An ICMP or ICMPv6 error; [`quote`] tells what about.
    IcmpError {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Other ICMP or ICMPv6.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// A protocol of which only addresses count, or a fragment without its header.
    Other,
}

/// What slr knows of a packet. Offsets are from the network header.
///
/// Ports are 0 where the protocol has none. The identifier of an echo request is
/// its source port and that of a reply its destination port, so that an exchange
/// looks like any other: the reply has the request's two ends swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<A> {
    /// Source address.
    pub src: A,
    /// Destination address.
    pub dst: A,
    /// Source port, or identifier of an echo request.
    pub sport: u16,
    /// Destination port, or identifier of an echo reply.
    pub dport: u16,
    /// Transport protocol; in IPv6 the one behind all extension headers.
    pub proto: Proto,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Type of service or traffic class.
    pub tos: u8,
    /// Whether the packet must not be fragmented; always in IPv6.
    pub df: bool,
    /// Which fragment.
    pub fragment: Fragment,
    /// Where the transport header begins.
    pub l4: usize,
    /// Where the packet ends, padding not counted.
    pub end: usize,
    /// The transport header.
    pub info: L4,
}

impl<A: Ip> Packet<A> {
    /// Bytes of the transport header and all behind it.
    #[inline]
    pub fn l4_len(&self) -> usize {
        self.end.saturating_sub(self.l4)
    }

    /// How many bytes [`rewrite::apply`] needs writable.
    #[inline(always)]
    pub fn rewrite_len(&self) -> usize {
        let header = match self.info {
            _ if self.fragment == Fragment::Later => 0,
            L4::Tcp { .. } => tcp::LEN,
            L4::Udp => udp::LEN,
            L4::Sctp(_) => sctp::LEN,
            L4::Echo { .. } | L4::IcmpError { .. } | L4::Icmp { .. } => icmp::LEN,
            L4::Other => 0,
        };
        self.l4.wrapping_add(header).min(self.end)
    }
}

/// What differs between the IP headers of the two families.
pub trait Network: Ip {
    /// Bytes of a header without options or extensions.
    const HEADER: usize;
    /// Offset of the source address.
    const SRC: usize;
    /// Offset of the destination address.
    const DST: usize;
    /// The family's ICMP.
    const ICMP: Proto;
    /// Most bytes of an ICMP error with its IP header (RFC 1812, 4.3.2.3; RFC 4443, 2.4(c)).
    const ERROR_MAX: usize;

    /// Parses a packet whose network header `head` begins with; see the module's text.
    fn parse(head: &[u8], len: usize) -> Result<Packet<Self>, ParseError>;

    /// Reads the header that begins at `at`, as quoted by an error, and what leads to its
    /// transport header; nothing at or behind `end` belongs to it.
    fn parse_quoted(head: &[u8], at: usize, end: usize) -> Result<quote::Inner<Self>, ParseError>;

    /// Puts a change of the header's content into its checksum, which only IPv4 has.
    ///
    /// Returns the checksum's own change, old and new.
    fn update_checksum(packet: &mut [u8], at: usize, delta: Delta) -> Option<(Field, Field)>;

    /// Writes addresses into the header that `header` begins with, and lowers the time to live by
    /// one if the packet `is_forwarded`. `delta` is what the addresses add to checksums.
    ///
    /// `None`, and nothing written, if there is no header or the time to live is used up.
    fn translate(
        header: &mut [u8],
        addrs: (Self, Self),
        delta: Delta,
        is_forwarded: bool,
    ) -> Option<()>;

    /// Lowers the time to live by one; `None` if it is used up or there is no header.
    ///
    /// The caller answers a packet whose [`Packet::ttl`] is below 2 by a time-exceeded
    /// error instead.
    fn decrement_ttl(packet: &mut [u8]) -> Option<()>;

    /// Writes a header without options for `payload` bytes; returns its length.
    fn write_header(header: &Header<Self>, payload: usize, out: &mut [u8]) -> Option<usize>;
}

/// What a header that slr writes itself contains.
#[derive(Clone, Copy, Debug)]
pub struct Header<A> {
    /// Source address.
    pub src: A,
    /// Destination address.
    pub dst: A,
    /// Transport protocol.
    pub proto: Proto,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Type of service or traffic class.
    pub tos: u8,
}

/// Ports and details of the transport header at `l4` of a packet that ends at `end`.
#[inline(always)]
fn transport(
    head: &[u8],
    proto: Proto,
    l4: usize,
    end: usize,
) -> Result<(u16, u16, L4), ParseError> {
    match proto {
        Proto::TCP => {
            let tcp = tcp::Tcp(need(head, l4, end)?);
            let header_len = tcp.header_len();
            let payload = l4.wrapping_add(header_len);
            if header_len < tcp::LEN || payload > end {
                return Err(ParseError::Length);
            }
            let info = L4::Tcp {
                segment: tcp::Segment {
                    flags: tcp.flags(),
                    seq: tcp.seq(),
                    ack: tcp.ack(),
                    len: end.wrapping_sub(payload) as u32,
                },
                window: tcp.window(),
                header_len: header_len as u8,
            };
            Ok((tcp.sport(), tcp.dport(), info))
        }
        Proto::UDP => {
            let udp = udp::Udp(need(head, l4, end)?);
            Ok((udp.sport(), udp.dport(), L4::Udp))
        }
        _ => {
            // Not returned as it is: what it is written to must be in memory.
            let rare = transport_rare(head, proto, l4, end)?;
            Ok(rare)
        }
    }
}

/// [`transport`] for the protocols that most packets are not of.
#[cold]
fn transport_rare(
    head: &[u8],
    proto: Proto,
    l4: usize,
    end: usize,
) -> Result<(u16, u16, L4), ParseError> {
    match proto {
        Proto::UDPLITE => {
            let udp = udp::Udp(need(head, l4, end)?);
            Ok((udp.sport(), udp.dport(), L4::Udp))
        }
        Proto::SCTP => {
            let header: &[u8; sctp::LEN] = need(head, l4, end)?;
            let &[s0, s1, d0, d1, t0, t1, t2, t3, ..] = header;
            let info = L4::Sctp(first_chunk(
                head,
                l4,
                end,
                u32::from_be_bytes([t0, t1, t2, t3]),
            )?);
            Ok((
                u16::from_be_bytes([s0, s1]),
                u16::from_be_bytes([d0, d1]),
                info,
            ))
        }
        Proto::ICMP => {
            let &[kind, code, _, _, i0, i1, _, _] = need(head, l4, end)?;
            let id = u16::from_be_bytes([i0, i1]);
            Ok(match kind {
                icmp::ECHO => (id, 0, L4::Echo { reply: false }),
                icmp::ECHO_REPLY => (0, id, L4::Echo { reply: true }),
                _ if icmp::is_error(kind) => (0, 0, L4::IcmpError { kind, code }),
                _ => (0, 0, L4::Icmp { kind, code }),
            })
        }
        Proto::ICMPV6 => {
            let &[kind, code, _, _, i0, i1, _, _] = need(head, l4, end)?;
            let id = u16::from_be_bytes([i0, i1]);
            Ok(match kind {
                icmpv6::ECHO => (id, 0, L4::Echo { reply: false }),
                icmpv6::ECHO_REPLY => (0, id, L4::Echo { reply: true }),
                _ if icmpv6::is_error(kind) => (0, 0, L4::IcmpError { kind, code }),
                _ => (0, 0, L4::Icmp { kind, code }),
            })
        }
        _ => Ok((0, 0, L4::Other)),
    }
}

/// The first chunk of the SCTP packet at `l4`, none if the packet has only the common header.
fn first_chunk(head: &[u8], l4: usize, end: usize, tag: u32) -> Result<sctp::Chunk, ParseError> {
    let at = l4.wrapping_add(sctp::LEN);
    if at == end {
        return Ok(sctp::Chunk {
            tag,
            kind: sctp::chunk::NONE,
            flags: 0,
            init_tag: 0,
        });
    }
    let &[kind, flags, _, _] = need(head, at, end)?;
    let init_tag = match kind {
        sctp::chunk::INIT | sctp::chunk::INIT_ACK => {
            u32::from_be_bytes(*need(head, at.wrapping_add(4), end)?)
        }
        _ => 0,
    };
    Ok(sctp::Chunk {
        tag,
        kind,
        flags,
        init_tag,
    })
}
