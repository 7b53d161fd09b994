// SPDX-License-Identifier: GPL-2.0

//! Packets that slr sends itself: resets, aborts, ICMP errors and echo replies.
//!
//! Each function writes a whole packet from its IP header on into `out`, with all
//! checksums, and returns its length; `None` if `out` is too small or if the
//! packet deserves no answer. ARP and neighbour discovery have modules of their
//! own, and [`Ether::write`](super::ether::Ether::write) puts the link-layer header
//! in front.

use super::checksum::{crc32c, Sum};
use super::sctp::{self, chunk, FLAG_T};
use super::tcp::{self, Flags};
use super::{icmp, Header, IcmpError, Network, Packet, L4};
use crate::domain::addr::{Ip, Proto};
use crate::domain::bytes;

/// Time to live of what slr sends (RFC 1700).
const TTL: u8 = 64;

/// Precedence "internetwork control" of ICMP errors (RFC 1812, 4.3.2.5).
const TOS_ERROR: u8 = 0xc0;

/// Most bytes of [`tcp_reset`] and [`sctp_abort`] in either family.
pub const ANSWER_MAX: usize = 60;

/// Most bytes of [`icmp_error`] in either family.
pub const ERROR_MAX: usize = 1280;

/// Bytes of an SCTP chunk without content.
const CHUNK: usize = 4;

/// The header of an answer to `packet`, from the address it was sent to.
fn answer<A: Ip>(packet: &Packet<A>) -> Header<A> {
    Header {
        src: packet.dst,
        dst: packet.src,
        proto: packet.proto,
        ttl: TTL,
        tos: 0,
    }
}

/// The reset that refuses `packet`, from the address and port that it was sent to.
///
/// RFC 9293, 3.10.7.1: with ACK, the reset takes its sequence number from there;
/// without, it has number 0 and acknowledges everything. A reset gets none.
pub fn tcp_reset<A: Network>(packet: &Packet<A>, out: &mut [u8]) -> Option<usize> {
    let L4::Tcp { segment, .. } = packet.info else {
        return None;
    };
    if segment.flags.has(Flags::RST) {
        return None;
    }
    let (seq, ack, flags) = if segment.flags.has(Flags::ACK) {
        (segment.ack, 0, Flags::RST)
    } else {
        (0, segment.end(), Flags::RST | Flags::ACK)
    };
    let reset = tcp::Segment {
        flags,
        seq,
        ack,
        len: 0,
    };
    tcp_segment(&answer(packet), (packet.dport, packet.sport), &reset, out)
}

/// A segment without options, payload and window, between the given ports.
///
/// Serves to reset a known flow towards either end, with numbers from its state.
pub fn tcp_segment<A: Network>(
    header: &Header<A>,
    (sport, dport): (u16, u16),
    segment: &tcp::Segment,
    out: &mut [u8],
) -> Option<usize> {
    let at = A::write_header(header, tcp::LEN, out)?;
    let tcp: &mut [u8; tcp::LEN] = bytes::chunk_mut(out, at)?;
    *tcp = [0; tcp::LEN];
    bytes::put(tcp, 0, sport.to_be_bytes())?;
    bytes::put(tcp, 2, dport.to_be_bytes())?;
    bytes::put(tcp, 4, segment.seq.to_be_bytes())?;
    bytes::put(tcp, 8, segment.ack.to_be_bytes())?;
    bytes::put(tcp, 12, [(tcp::LEN as u8 / 4) << 4, segment.flags.0])?;
    let check = Sum::pseudo(header.src, header.dst, Proto::TCP, tcp::LEN)
        .bytes(tcp)
        .checksum();
    bytes::put(tcp, tcp::CHECKSUM, check)?;
    at.checked_add(tcp::LEN)
}

/// What refuses `packet`, one that belongs to no association (RFC 9260, 8.4).
///
/// An INIT gets an ABORT with its own initiate tag. SHUTDOWN ACK gets SHUTDOWN
/// COMPLETE, all else ABORT, both with the packet's tag and the T bit to say so.
/// What could answer such an answer gets none.
pub fn sctp_abort<A: Network>(packet: &Packet<A>, out: &mut [u8]) -> Option<usize> {
    let L4::Sctp(first) = packet.info else {
        return None;
    };
    let (kind, flags, tag) = match first.kind {
        chunk::ABORT | chunk::SHUTDOWN_COMPLETE | chunk::ERROR | chunk::COOKIE_ACK => return None,
        chunk::INIT => (chunk::ABORT, 0, first.init_tag),
        chunk::SHUTDOWN_ACK => (chunk::SHUTDOWN_COMPLETE, FLAG_T, first.tag),
        _ => (chunk::ABORT, FLAG_T, first.tag),
    };
    const LEN: usize = sctp::LEN + CHUNK;
    let at = A::write_header(&answer(packet), LEN, out)?;
    let sctp: &mut [u8; LEN] = bytes::chunk_mut(out, at)?;
    *sctp = [0; LEN];
    bytes::put(sctp, 0, packet.dport.to_be_bytes())?;
    bytes::put(sctp, 2, packet.sport.to_be_bytes())?;
    bytes::put(sctp, 4, tag.to_be_bytes())?;
    bytes::put(sctp, sctp::LEN, [kind, flags, 0, CHUNK as u8])?;
    let crc = crc32c(&[sctp]);
    bytes::put(sctp, sctp::CHECKSUM, crc.to_le_bytes())?;
    at.checked_add(LEN)
}

/// How many bytes of `packet` an ICMP error quotes: the caller makes them linear.
///
/// As much as fits into 576 bytes in IPv4 and 1280 in IPv6.
pub fn quote_len<A: Network>(packet: &Packet<A>) -> usize {
    let room = A::ERROR_MAX
        .saturating_sub(A::HEADER)
        .saturating_sub(icmp::LEN);
    packet.end.min(room)
}

/// The ICMP error `error` about `packet`, from the address `from`.
///
/// `original` holds the packet from its network header on, as it was received,
/// at least [`quote_len`] bytes. Whether to send an error at all is for
/// [`Packet::may_cause_error`] to say and for the caller's rate limit.
pub fn icmp_error<A: Network>(
    error: IcmpError,
    packet: &Packet<A>,
    from: A,
    original: &[u8],
    out: &mut [u8],
) -> Option<usize> {
    let quote = original.get(..quote_len(packet))?;
    let (kind, code, rest) = match A::ICMP {
        Proto::ICMPV6 => error.v6(),
        _ => error.v4(),
    };
    let header = Header {
        src: from,
        proto: A::ICMP,
        tos: TOS_ERROR,
        ..answer(packet)
    };
    let len = quote.len().checked_add(icmp::LEN)?;
    let at = A::write_header(&header, len, out)?;
    let message = out.get_mut(at..)?.get_mut(..len)?;
    bytes::put(message, 0, [kind, code, 0, 0])?;
    bytes::put(message, 4, rest.to_be_bytes())?;
    bytes::put_slice(message, icmp::LEN, quote)?;
    finish_icmp(&header, message)?;
    at.checked_add(len)
}

/// The reply to `packet`, an echo request which `original` holds whole.
pub fn echo_reply<A: Network>(
    packet: &Packet<A>,
    original: &[u8],
    out: &mut [u8],
) -> Option<usize> {
    if packet.info != (L4::Echo { reply: false }) {
        return None;
    }
    let request = original.get(packet.l4..packet.end)?;
    let header = Header {
        tos: packet.tos,
        ..answer(packet)
    };
    let at = A::write_header(&header, request.len(), out)?;
    let message = out.get_mut(at..)?.get_mut(..request.len())?;
    message.copy_from_slice(request);
    let kind = match A::ICMP {
        Proto::ICMPV6 => super::icmpv6::ECHO_REPLY,
        _ => icmp::ECHO_REPLY,
    };
    bytes::put(message, 0, [kind, 0, 0, 0])?;
    finish_icmp(&header, message)?;
    at.checked_add(request.len())
}

/// Writes the checksum of an ICMP message whose checksum field is zero.
fn finish_icmp<A: Network>(header: &Header<A>, message: &mut [u8]) -> Option<()> {
    let pseudo = match A::ICMP {
        Proto::ICMPV6 => Sum::pseudo(header.src, header.dst, Proto::ICMPV6, message.len()),
        _ => Sum::new(),
    };
    let check = pseudo.bytes(message).checksum();
    bytes::put(message, icmp::CHECKSUM, check)
}

#[cfg(test)]
mod tests {
    use super::super::{parse_v4, parse_v6, quote, Link};
    use super::*;
    use crate::domain::addr::{V4, V6};

    const CLIENT: V4 = V4([192, 0, 2, 1]);
    const SITE: V4 = V4([203, 0, 113, 10]);

    fn header(proto: Proto) -> Header<V4> {
        Header {
            src: CLIENT,
            dst: SITE,
            proto,
            ttl: 9,
            tos: 0,
        }
    }

    fn segment(flags: Flags, seq: u32, ack: u32) -> Packet<V4> {
        let mut out = [0; 60];
        let s = tcp::Segment {
            flags,
            seq,
            ack,
            len: 0,
        };
        let len = tcp_segment(&header(Proto::TCP), (1024, 80), &s, &mut out).unwrap();
        parse_v4(&out, len).unwrap()
    }

    fn reset_of(packet: &Packet<V4>) -> Option<(tcp::Segment, Packet<V4>)> {
        let mut out = [0; ANSWER_MAX];
        let len = tcp_reset(packet, &mut out)?;
        let reset = parse_v4(&out, len).unwrap();
        let sum = Sum::pseudo(reset.src, reset.dst, Proto::TCP, 20).bytes(&out[20..40]);
        assert!(sum.is_valid());
        match reset.info {
            L4::Tcp { segment, .. } => Some((segment, reset)),
            _ => None,
        }
    }

    #[test]
    fn reset_fits_what_it_answers() {
        let (syn, reset) = reset_of(&segment(Flags::SYN, 1000, 0)).unwrap();
        assert_eq!((reset.src, reset.sport), (SITE, 80));
        assert_eq!((reset.dst, reset.dport), (CLIENT, 1024));
        assert_eq!((syn.seq, syn.ack), (0, 1001));
        assert_eq!(syn.flags, Flags::RST | Flags::ACK);
        let (ack, _) = reset_of(&segment(Flags::ACK, 1000, 77)).unwrap();
        assert_eq!((ack.seq, ack.flags), (77, Flags::RST));
        assert_eq!(reset_of(&segment(Flags::RST, 1, 1)), None);
    }

    #[test]
    fn error_quotes_what_fits() {
        let mut original = vec![0; 2000];
        V4::write_header(&header(Proto::UDP), 1980, &mut original).unwrap();
        let packet = parse_v4(&original, 2000).unwrap();
        let mut out = [0; ERROR_MAX];
        let len = icmp_error(IcmpError::TooBig(1400), &packet, SITE, &original, &mut out).unwrap();
        assert_eq!(len, 576);
        assert!(Sum::new().bytes(&out[20..len]).is_valid());
        assert_eq!(out[20..22], [3, 4]);
        assert_eq!(out[26..28], 1400u16.to_be_bytes());
        let error = parse_v4(&out, len).unwrap();
        assert!(packet.may_cause_error(Link::Unicast) && !error.may_cause_error(Link::Unicast));
        let inner = quote(&error, &out[..len]).unwrap();
        assert_eq!(
            (inner.src, inner.dst, inner.proto),
            (CLIENT, SITE, Proto::UDP)
        );
        assert_eq!(
            icmp_error(
                IcmpError::NoRoute,
                &packet,
                SITE,
                &original[..100],
                &mut out
            ),
            None
        );
    }

    #[test]
    fn ipv6_error_has_a_pseudo_header() {
        let header = Header {
            src: V6([1; 16]),
            dst: V6([2; 16]),
            proto: Proto::UDP,
            ttl: 1,
            tos: 0,
        };
        let mut original = [0; 48];
        V6::write_header(&header, 8, &mut original).unwrap();
        let packet = parse_v6(&original, 48).unwrap();
        let mut out = [0; 100];
        let from = V6([3; 16]);
        let len = icmp_error(IcmpError::TimeExceeded, &packet, from, &original, &mut out).unwrap();
        let sum = Sum::pseudo(from, header.src, Proto::ICMPV6, len - 40);
        assert!(sum.bytes(&out[40..len]).is_valid());
        assert_eq!(out[40..42], [3, 0]);
    }

    #[test]
    fn abort_uses_the_right_tag() {
        let mut p = [0; 60];
        V4::write_header(&header(Proto::SCTP), 32, &mut p).unwrap();
        p[24..28].copy_from_slice(&[9; 4]);
        p[36..40].copy_from_slice(&[5; 4]);
        for (kind, want) in [
            (chunk::INIT, Some((chunk::ABORT, 0, [5; 4]))),
            (chunk::DATA, Some((chunk::ABORT, FLAG_T, [9; 4]))),
            (
                chunk::SHUTDOWN_ACK,
                Some((chunk::SHUTDOWN_COMPLETE, FLAG_T, [9; 4])),
            ),
            (chunk::ABORT, None),
        ] {
            p[32] = kind;
            let mut out = [0; ANSWER_MAX];
            let got = sctp_abort(&parse_v4(&p, 60).unwrap(), &mut out).map(|len| {
                assert_eq!(len, 36);
                let mut sctp = out[20..36].to_vec();
                sctp[8..12].copy_from_slice(&[0; 4]);
                assert_eq!(crc32c(&[&sctp]).to_le_bytes(), out[28..32]);
                (out[32], out[33], [out[24], out[25], out[26], out[27]])
            });
            assert_eq!(got, want);
        }
    }

    #[test]
    fn echo_is_answered_with_its_data() {
        let mut p = [7; 40];
        V4::write_header(&header(Proto::ICMP), 20, &mut p).unwrap();
        p[20..28].copy_from_slice(&[8, 0, 1, 2, 0, 42, 0, 1]);
        let request = parse_v4(&p, 40).unwrap();
        assert_eq!((request.sport, request.dport), (42, 0));
        let mut out = [0; 40];
        assert_eq!(echo_reply(&request, &p, &mut out), Some(40));
        let reply = parse_v4(&out, 40).unwrap();
        assert_eq!((reply.src, reply.sport, reply.dport), (SITE, 0, 42));
        assert!(Sum::new().bytes(&out[20..]).is_valid());
        assert_eq!(out[28..], p[28..]);
        assert_eq!(echo_reply(&reply, &out, &mut [0; 40]), None);
    }
}
