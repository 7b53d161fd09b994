// SPDX-License-Identifier: GPL-2.0

//! The packet that an ICMP error quotes.
//!
//! An error belongs to the flow of the packet it is about, and that is known
//! only by the start of it in the error's payload: RFC 792 promises the IP header
//! and 8 bytes, RFC 1812 and RFC 4443 as much as fits. Extensions behind a quote
//! (RFC 4884) are no part of it and stay as they are.

use super::{icmp, icmpv6, missing, need, Fragment, Network, Packet, ParseError, L4};
use crate::domain::addr::{Ip, Proto};
use crate::domain::bytes;

/// What the IP header in a quote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner<A> {
    /// Source address.
    pub src: A,
    /// Destination address.
    pub dst: A,
    /// Transport protocol.
    pub proto: Proto,
    /// Which fragment.
    pub fragment: Fragment,
    /// Offset of the transport header from the outer network header.
    pub l4: usize,
    /// Bytes of transport header and payload that the whole packet had.
    pub l4_len: usize,
}

/// A packet as quoted by an ICMP error. Offsets are from the outer network header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<A> {
    /// Source address.
    pub src: A,
    /// Destination address.
    pub dst: A,
    /// Source port, or identifier of an echo request.
    pub sport: u16,
    /// Destination port, or identifier of an echo reply.
    pub dport: u16,
    /// Transport protocol.
    pub proto: Proto,
    /// Of an ICMP echo, whether it is the reply.
    pub echo_reply: Option<bool>,
    /// Bytes 4 to 7 of the transport header: TCP's sequence number, SCTP's tag.
    ///
    /// An error about TCP is to be believed only if this lies in what was sent but
    /// not acknowledged (RFC 5927, 4.1).
    pub seq: u32,
    /// Where the quoted network header begins.
    pub l3: usize,
    /// Where the quoted transport header begins.
    pub l4: usize,
    /// Bytes of transport header and payload that the whole packet had.
    pub l4_len: usize,
    /// Where the quote ends.
    pub end: usize,
}

impl<A: Ip> Quote<A> {
    /// How many bytes [`rewrite::apply_error`](super::rewrite::apply_error) needs writable.
    #[inline]
    pub fn rewrite_len(&self) -> usize {
        // Far enough for the checksum of any protocol, if it is in the quote at all.
        self.l4.wrapping_add(super::tcp::LEN).min(self.end)
    }
}

/// Reads the quote in `packet`, an ICMP error that `head` begins with.
///
/// A quote of a later fragment gives [`ParseError::Truncated`]: there are no ports in
/// it, and no router sends errors about them.
pub fn quote<A: Network>(packet: &Packet<A>, head: &[u8]) -> Result<Quote<A>, ParseError> {
    if !matches!(packet.info, L4::IcmpError { .. }) {
        return Err(ParseError::Truncated);
    }
    let l3 = packet.l4.wrapping_add(icmp::LEN);
    let end = quote_end(packet, head, l3)?;
    let inner = A::parse_quoted(head, l3, end)?;
    if inner.fragment == Fragment::Later {
        return Err(ParseError::Truncated);
    }
    let start: &[u8; 8] = need(head, inner.l4, end)?;
    let &[kind, _, d0, d1, s0, s1, s2, s3] = start;
    let (sport, dport, echo_reply) = match inner.proto {
        p if p.has_ports() => (
            bytes::be16(start, 0).unwrap_or(0),
            u16::from_be_bytes([d0, d1]),
            None,
        ),
        p if p == A::ICMP => {
            let id = u16::from_be_bytes([s0, s1]);
            match (p, kind) {
                (Proto::ICMP, icmp::ECHO) | (Proto::ICMPV6, icmpv6::ECHO) => (id, 0, Some(false)),
                (Proto::ICMP, icmp::ECHO_REPLY) | (Proto::ICMPV6, icmpv6::ECHO_REPLY) => {
                    (0, id, Some(true))
                }
                _ => (0, 0, None),
            }
        }
        _ => (0, 0, None),
    };
    let quote = Quote {
        src: inner.src,
        dst: inner.dst,
        sport,
        dport,
        proto: inner.proto,
        echo_reply,
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        l3,
        l4: inner.l4,
        l4_len: inner.l4_len,
        end,
    };
    if head.len() < quote.rewrite_len() {
        return Err(missing(quote.rewrite_len(), packet.end));
    }
    Ok(quote)
}

/// Where the quote that begins at `l3` ends.
///
/// RFC 4884 puts the length of a quote that has extensions behind it into the
/// ICMP header: byte 5 counts 32-bit words in IPv4, byte 4 counts 64-bit words
/// in IPv6. Zero, or a type without the field, means up to the end.
fn quote_end<A: Network>(packet: &Packet<A>, head: &[u8], l3: usize) -> Result<usize, ParseError> {
    let &[kind, _, _, _, b4, b5, _, _] = need::<8>(head, packet.l4, packet.end)?;
    let len = match (A::ICMP, kind) {
        (Proto::ICMP, icmp::UNREACHABLE | icmp::TIME_EXCEEDED | icmp::PARAMETER_PROBLEM) => {
            usize::from(b5) * 4
        }
        (Proto::ICMPV6, icmpv6::UNREACHABLE | icmpv6::TIME_EXCEEDED) => usize::from(b4) * 8,
        _ => 0,
    };
    Ok(match len {
        0 => packet.end,
        len => l3.wrapping_add(len).min(packet.end),
    })
}
