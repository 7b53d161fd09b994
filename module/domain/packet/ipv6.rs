// SPDX-License-Identifier: GPL-2.0

//! The IPv6 header (RFC 8200), its extension headers and packets that begin with it.

use super::checksum::{Delta, Field};
use super::quote::Inner;
use super::{need, transport, Fragment, Header, Network, Packet, ParseError, L4};
use crate::domain::addr::{Ip, Proto, V6};
use crate::domain::bytes;

/// Bytes of a header without extensions.
pub const LEN: usize = 40;
/// Offset of the hop limit.
const HOP_LIMIT: usize = 7;

/// How many extension headers a packet may have.
///
/// RFC 8200, 4.1 names seven places for them; what has more is meant to cost time.
pub const MAX_EXTENSIONS: usize = 8;

/// The longest payload that the length field can describe.
const LENGTH_MAX: usize = 0xffff;

/// An IPv6 header without extensions.
#[derive(Clone, Copy)]
pub struct Ipv6<'a>(pub &'a [u8; LEN]);

impl Ipv6<'_> {
    /// Version field; 6 is right.
    #[inline(always)]
    pub fn version(self) -> u8 {
        self.0[0] >> 4
    }

    /// Traffic class.
    #[inline(always)]
    pub fn traffic_class(self) -> u8 {
        (self.0[0] << 4) | (self.0[1] >> 4)
    }

    /// Bytes behind this header; 0 in a GSO packet longer than the field can say.
    #[inline(always)]
    pub fn payload_len(self) -> usize {
        usize::from(u16::from_be_bytes([self.0[4], self.0[5]]))
    }

    /// The first extension header or the transport protocol.
    #[inline(always)]
    pub fn next_header(self) -> Proto {
        Proto(self.0[6])
    }

    /// Hop limit.
    #[inline(always)]
    pub fn hop_limit(self) -> u8 {
        self.0[HOP_LIMIT]
    }

    /// Source address.
    #[inline(always)]
    pub fn src(self) -> V6 {
        V6::read(self.0, V6::SRC).unwrap_or_default()
    }

    /// Destination address.
    #[inline(always)]
    pub fn dst(self) -> V6 {
        V6::read(self.0, V6::DST).unwrap_or_default()
    }
}

/// What lies behind the extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Upper {
    /// Transport protocol.
    proto: Proto,
    /// Offset of the transport header.
    l4: usize,
    /// Which fragment.
    fragment: Fragment,
}

/// Whether `proto` is an extension header that [`walk`] passes.
#[inline(always)]
fn is_extension(proto: Proto) -> bool {
    matches!(
        proto,
        Proto::HOPOPTS | Proto::ROUTING | Proto::FRAGMENT | Proto::AH | Proto::DSTOPTS
    )
}

/// Follows the extension headers from `at`, the first of which is `next`.
///
/// Two of them end the walk early. Behind the header of a later fragment is the
/// middle of something. And a routing header with segments left means that the
/// destination is not the final one, which is what transport checksums cover:
/// such a packet has no ports for us, its protocol is [`Proto::ROUTING`].
#[inline(always)]
fn walk(head: &[u8], next: Proto, at: usize, end: usize) -> Result<Upper, ParseError> {
    if is_extension(next) {
        let upper = walk_extensions(head, next, at, end)?;
        return Ok(upper);
    }
    Ok(Upper {
        proto: next,
        l4: at,
        fragment: Fragment::None,
    })
}

/// [`walk`] for packets that do have extension headers.
#[cold]
fn walk_extensions(head: &[u8], next: Proto, at: usize, end: usize) -> Result<Upper, ParseError> {
    let mut upper = Upper {
        proto: next,
        l4: at,
        fragment: Fragment::None,
    };
    for _ in 0..MAX_EXTENSIONS {
        if !is_extension(upper.proto) {
            return Ok(upper);
        }
        let &[next, len, b2, b3, ..] = need::<8>(head, upper.l4, end)?;
        let skip = match upper.proto {
            Proto::FRAGMENT => {
                let field = u16::from_be_bytes([b2, b3]);
                if field & 0xfff8 != 0 {
                    upper.fragment = Fragment::Later;
                } else if field & 1 != 0 {
                    upper.fragment = Fragment::First;
                }
                8
            }
            Proto::ROUTING if b3 != 0 => return Ok(upper),
            Proto::AH => (usize::from(len) + 2) * 4,
            _ => (usize::from(len) + 1) * 8,
        };
        upper.proto = Proto(next);
        upper.l4 = upper.l4.wrapping_add(skip);
        if upper.l4 > end {
            return Err(ParseError::Truncated);
        }
        if upper.fragment == Fragment::Later {
            return Ok(upper);
        }
    }
    if is_extension(upper.proto) {
        return Err(ParseError::Extensions);
    }
    Ok(upper)
}

/// Parses an IPv6 packet.
///
/// `head` is its linear start, `len` its whole length, padding included.
#[inline(always)]
pub fn parse(head: &[u8], len: usize) -> Result<Packet<V6>, ParseError> {
    let ip = Ipv6(need(head, 0, len)?);
    if ip.version() != 6 {
        return Err(ParseError::Version);
    }
    let end = match ip.payload_len() {
        // A "big TCP" packet of GSO or GRO, or a jumbogram (RFC 2675).
        0 if len > LEN + LENGTH_MAX => len,
        payload => LEN + payload,
    };
    if end > len {
        return Err(ParseError::Truncated);
    }
    let upper = walk(head, ip.next_header(), LEN, end)?;
    let (sport, dport, info) = match upper.fragment {
        Fragment::Later => (0, 0, L4::Other),
        _ => transport(head, upper.proto, upper.l4, end)?,
    };
    Ok(Packet {
        src: ip.src(),
        dst: ip.dst(),
        sport,
        dport,
        proto: upper.proto,
        ttl: ip.hop_limit(),
        tos: ip.traffic_class(),
        df: true,
        fragment: upper.fragment,
        l4: upper.l4,
        end,
        info,
    })
}

impl Network for V6 {
    const HEADER: usize = LEN;
    const SRC: usize = 8;
    const DST: usize = 24;
    const ICMP: Proto = Proto::ICMPV6;
    const ERROR_MAX: usize = 1280;

    #[inline(always)]
    fn parse(head: &[u8], len: usize) -> Result<Packet<V6>, ParseError> {
        parse(head, len)
    }

    fn parse_quoted(head: &[u8], at: usize, end: usize) -> Result<Inner<V6>, ParseError> {
        let ip = Ipv6(need(head, at, end)?);
        if ip.version() != 6 {
            return Err(ParseError::Version);
        }
        let behind = at.wrapping_add(LEN);
        let upper = walk(head, ip.next_header(), behind, end)?;
        Ok(Inner {
            src: ip.src(),
            dst: ip.dst(),
            proto: upper.proto,
            fragment: upper.fragment,
            l4: upper.l4,
            l4_len: behind
                .wrapping_add(ip.payload_len())
                .saturating_sub(upper.l4),
        })
    }

    #[inline(always)]
    fn update_checksum(_packet: &mut [u8], _at: usize, _delta: Delta) -> Option<(Field, Field)> {
        Some(([0; 2], [0; 2]))
    }

    #[inline(always)]
    fn translate(
        header: &mut [u8],
        (src, dst): (V6, V6),
        _delta: Delta,
        is_forwarded: bool,
    ) -> Option<()> {
        let header: &mut [u8; LEN] = bytes::chunk_mut(header, 0)?;
        if is_forwarded {
            header[HOP_LIMIT] = header[HOP_LIMIT].checked_sub(1)?;
        }
        src.write(header, V6::SRC)?;
        dst.write(header, V6::DST)
    }

    #[inline(always)]
    fn decrement_ttl(packet: &mut [u8]) -> Option<()> {
        let limit = packet.get_mut(HOP_LIMIT)?;
        *limit = limit.checked_sub(1)?;
        Some(())
    }

    fn write_header(header: &Header<V6>, payload: usize, out: &mut [u8]) -> Option<usize> {
        let payload = u16::try_from(payload).ok()?;
        let out: &mut [u8; LEN] = bytes::chunk_mut(out, 0)?;
        let [p0, p1] = payload.to_be_bytes();
        let start = [
            0x60 | (header.tos >> 4),
            header.tos << 4,
            0,
            0,
            p0,
            p1,
            header.proto.0,
            header.ttl,
        ];
        bytes::put(out, 0, start)?;
        header.src.write(out, V6::SRC)?;
        header.dst.write(out, V6::DST)?;
        Some(LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP datagram behind `extensions`, the first of which is `next`.
    fn udp(next: Proto, extensions: &[u8]) -> Vec<u8> {
        let header = Header {
            src: V6([1; 16]),
            dst: V6([2; 16]),
            proto: next,
            ttl: 9,
            tos: 0xb8,
        };
        let mut p = vec![0; LEN];
        V6::write_header(&header, extensions.len() + 8, &mut p).unwrap();
        p.extend_from_slice(extensions);
        p.extend_from_slice(&[0x30, 0x39, 0, 53, 0, 8, 0, 0]);
        p
    }

    fn parsed(next: Proto, extensions: &[u8]) -> Result<Packet<V6>, ParseError> {
        let p = udp(next, extensions);
        parse(&p, p.len())
    }

    #[test]
    fn plain_header() {
        let p = parsed(Proto::UDP, &[]).unwrap();
        assert_eq!((p.sport, p.dport, p.l4, p.end), (12345, 53, 40, 48));
        assert_eq!((p.ttl, p.tos, p.info), (9, 0xb8, L4::Udp));
        let bytes = udp(Proto::UDP, &[]);
        assert_eq!(parse(&bytes[..44], 48), Err(ParseError::Short(48)));
        assert_eq!(parse(&bytes[..47], 47), Err(ParseError::Truncated));
    }

    #[test]
    fn extensions_are_passed() {
        let mut ext = [0; 8 + 16 + 8 + 12];
        ext[0] = 60; // hop-by-hop, then destination options of 16 bytes
        ext[8] = 43;
        ext[9] = 1;
        ext[24] = 51; // routing without segments left, then AH of 12 bytes
        ext[32] = 17;
        ext[33] = 1;
        let p = parsed(Proto::HOPOPTS, &ext).unwrap();
        assert_eq!((p.proto, p.l4, p.dport), (Proto::UDP, 84, 53));
    }

    #[test]
    fn unfinished_route_hides_ports() {
        let p = parsed(Proto::ROUTING, &[17, 0, 4, 1, 0, 0, 0, 0]).unwrap();
        assert_eq!((p.proto, p.dport), (Proto::ROUTING, 0));
    }

    #[test]
    fn fragments_are_told_apart() {
        let frag = |hi, lo| parsed(Proto::FRAGMENT, &[17, 0, hi, lo, 0, 0, 0, 1]).unwrap();
        assert_eq!(frag(0, 0).fragment, Fragment::None);
        assert_eq!(
            (frag(0, 1).fragment, frag(0, 1).dport),
            (Fragment::First, 53)
        );
        assert_eq!(
            (frag(0, 9).fragment, frag(0, 9).dport),
            (Fragment::Later, 0)
        );
        assert_eq!(frag(1, 0).fragment, Fragment::Later);
    }

    #[test]
    fn endless_extensions_are_refused() {
        let mut ext = [0; 8 * (MAX_EXTENSIONS + 1)];
        for e in ext.chunks_mut(8) {
            e[0] = 60;
        }
        assert_eq!(parsed(Proto::DSTOPTS, &ext), Err(ParseError::Extensions));
        ext[8 * (MAX_EXTENSIONS - 1)] = 59;
        let none = parsed(Proto::DSTOPTS, &ext).unwrap();
        assert_eq!((none.proto, none.info), (Proto::NONE, L4::Other));
        assert_eq!(
            parsed(Proto::DSTOPTS, &[17, 200, 0, 0, 0, 0, 0, 0]),
            Err(ParseError::Truncated)
        );
    }
}
