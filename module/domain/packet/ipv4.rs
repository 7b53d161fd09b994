// SPDX-License-Identifier: GPL-2.0

//! The IPv4 header (RFC 791) and packets that begin with it.

use super::checksum::{self, Delta, Field, Sum};
use super::quote::Inner;
use super::{need, transport, Fragment, Header, Network, Packet, ParseError, L4};
use crate::domain::addr::{Ip, Proto, V4};
use crate::domain::bytes;

/// Bytes of a header without options.
pub const LEN: usize = 20;
/// Offset of the time to live.
const TTL: usize = 8;
/// Offset of the checksum.
const CHECKSUM: usize = 10;

/// Don't-fragment bit in the fragment field.
const DF: u16 = 0x4000;
/// More-fragments bit in the fragment field.
const MF: u16 = 0x2000;
/// Fragment offset in the fragment field, in units of 8 bytes.
const OFFSET: u16 = 0x1fff;

/// Option: loose source and record route.
const LSRR: u8 = 131;
/// Option: strict source and record route.
const SSRR: u8 = 137;

/// The longest packet that the length field can describe.
const LENGTH_MAX: usize = 0xffff;

/// An IPv4 header without options.
#[derive(Clone, Copy)]
pub struct Ipv4<'a>(pub &'a [u8; LEN]);

impl Ipv4<'_> {
    /// Version field; 4 is right.
    #[inline(always)]
    pub fn version(self) -> u8 {
        self.0[0] >> 4
    }

    /// Bytes of header with options; below [`LEN`] if the field is wrong.
    #[inline(always)]
    pub fn header_len(self) -> usize {
        usize::from(self.0[0] & 0xf) * 4
    }

    /// Type of service.
    #[inline(always)]
    pub fn tos(self) -> u8 {
        self.0[1]
    }

    /// Bytes of header and payload; 0 in a GSO packet longer than the field can say.
    #[inline(always)]
    pub fn total_len(self) -> usize {
        usize::from(u16::from_be_bytes([self.0[2], self.0[3]]))
    }

    /// Fragment flags and offset.
    #[inline(always)]
    fn fragment_field(self) -> u16 {
        u16::from_be_bytes([self.0[6], self.0[7]])
    }

    /// Whether the packet must not be fragmented.
    #[inline(always)]
    pub fn df(self) -> bool {
        self.fragment_field() & DF != 0
    }

    /// Which fragment the packet is.
    #[inline(always)]
    pub fn fragment(self) -> Fragment {
        let field = self.fragment_field();
        if field & (MF | OFFSET) == 0 {
            Fragment::None
        } else if field & OFFSET == 0 {
            Fragment::First
        } else {
            Fragment::Later
        }
    }

    /// Time to live.
    #[inline(always)]
    pub fn ttl(self) -> u8 {
        self.0[TTL]
    }

    /// Transport protocol.
    #[inline(always)]
    pub fn proto(self) -> Proto {
        Proto(self.0[9])
    }

    /// Source address.
    #[inline(always)]
    pub fn src(self) -> V4 {
        V4([self.0[12], self.0[13], self.0[14], self.0[15]])
    }

    /// Destination address.
    #[inline(always)]
    pub fn dst(self) -> V4 {
        V4([self.0[16], self.0[17], self.0[18], self.0[19]])
    }

    /// Where the packet ends, given that `len` bytes came.
    #[inline(always)]
    fn end(self, header_len: usize, len: usize) -> Result<usize, ParseError> {
        match self.total_len() {
            // A "big TCP" packet of GSO or GRO; on the wire 0 is impossible.
            0 if len > LENGTH_MAX => Ok(len),
            total if total < header_len => Err(ParseError::Length),
            total if total > len => Err(ParseError::Truncated),
            total => Ok(total),
        }
    }
}

/// Parses an IPv4 packet.
///
/// `head` is its linear start, `len` its whole length, padding included. The
/// header's checksum is verified here, as nothing else stands between the wire
/// and a decision; see [`ParseError::Checksum`].
// Inlined, a caller's copy of the view stays in registers: a third of the cost.
#[inline(always)]
pub fn parse(head: &[u8], len: usize) -> Result<Packet<V4>, ParseError> {
    let ip = Ipv4(need(head, 0, len)?);
    let header_len = if ip.0[0] == 0x45 {
        if !Sum::new().header(ip.0).is_valid() {
            return Err(ParseError::Checksum);
        }
        LEN
    } else {
        options(head, ip, len)?
    };
    let end = ip.end(header_len, len)?;
    let fragment = ip.fragment();
    let (sport, dport, info) = match fragment {
        Fragment::Later => (0, 0, L4::Other),
        _ => transport(head, ip.proto(), header_len, end)?,
    };
    Ok(Packet {
        src: ip.src(),
        dst: ip.dst(),
        sport,
        dport,
        proto: ip.proto(),
        ttl: ip.ttl(),
        tos: ip.tos(),
        df: ip.df(),
        fragment,
        l4: header_len,
        end,
        info,
    })
}

/// Checks a header that has options or is none; returns its length.
#[cold]
fn options(head: &[u8], ip: Ipv4<'_>, len: usize) -> Result<usize, ParseError> {
    if ip.version() != 4 {
        return Err(ParseError::Version);
    }
    let header_len = ip.header_len();
    if header_len < LEN {
        return Err(ParseError::Length);
    }
    let Some(header) = head.get(..header_len) else {
        return Err(super::missing(header_len, len));
    };
    if !Sum::new().bytes(header).is_valid() {
        return Err(ParseError::Checksum);
    }
    let mut rest = header.get(LEN..).unwrap_or(&[]);
    // At most 40 bytes, each round takes one or more. An option with a wrong
    // length ends the search: its meaning is not slr's to guess.
    loop {
        let skip = match rest {
            [] | [0, ..] => break,
            [1, ..] => 1,
            [LSRR | SSRR, ..] => return Err(ParseError::SourceRoute),
            [_, len, ..] if *len >= 2 => usize::from(*len),
            _ => break,
        };
        rest = rest.get(skip..).unwrap_or(&[]);
    }
    Ok(header_len)
}

/// Makes a header that of a packet's later fragments: with no operation in place of the options
/// that only the first one has (RFC 791, 3.1), those without the copied flag. The checksum is
/// left to the caller.
pub fn repeated(header: &mut [u8]) {
    const COPIED: u8 = 0x80;
    let mut rest = header.get_mut(LEN..).unwrap_or(&mut []);
    loop {
        let skip = match rest {
            [] | [0, ..] => return,
            [1, ..] => 1,
            [_, len, ..] if *len >= 2 => usize::from(*len),
            _ => return,
        };
        let Some((option, others)) = rest.split_at_mut_checked(skip) else {
            return;
        };
        if option.first().is_some_and(|kind| kind & COPIED == 0) {
            option.fill(1);
        }
        rest = others;
    }
}

impl Network for V4 {
    const HEADER: usize = LEN;
    const SRC: usize = 12;
    const DST: usize = 16;
    const ICMP: Proto = Proto::ICMP;
    const ERROR_MAX: usize = 576;

    #[inline(always)]
    fn parse(head: &[u8], len: usize) -> Result<Packet<V4>, ParseError> {
        parse(head, len)
    }

    fn parse_quoted(head: &[u8], at: usize, end: usize) -> Result<Inner<V4>, ParseError> {
        let ip = Ipv4(need(head, at, end)?);
        if ip.version() != 4 {
            return Err(ParseError::Version);
        }
        let header_len = ip.header_len();
        if header_len < LEN {
            return Err(ParseError::Length);
        }
        Ok(Inner {
            src: ip.src(),
            dst: ip.dst(),
            proto: ip.proto(),
            fragment: ip.fragment(),
            l4: at.wrapping_add(header_len),
            l4_len: ip.total_len().saturating_sub(header_len),
        })
    }

    #[inline(always)]
    fn update_checksum(packet: &mut [u8], at: usize, delta: Delta) -> Option<(Field, Field)> {
        let field: &mut Field = bytes::chunk_mut(packet, at.wrapping_add(CHECKSUM))?;
        let old = *field;
        *field = delta.apply(old);
        Some((old, *field))
    }

    #[inline(always)]
    fn translate(
        header: &mut [u8],
        (src, dst): (V4, V4),
        delta: Delta,
        is_forwarded: bool,
    ) -> Option<()> {
        let header: &mut [u8; LEN] = bytes::chunk_mut(header, 0)?;
        let delta = if is_forwarded {
            header[TTL] = header[TTL].checked_sub(1)?;
            // The upper byte of a field, one less.
            delta.lowered([1, 0])
        } else {
            delta
        };
        src.write(header, V4::SRC)?;
        dst.write(header, V4::DST)?;
        checksum::update(header, CHECKSUM, |field| delta.apply(field))
    }

    #[inline(always)]
    fn decrement_ttl(packet: &mut [u8]) -> Option<()> {
        let header: &mut [u8; LEN] = bytes::chunk_mut(packet, 0)?;
        let old = [header[TTL], header[TTL + 1]];
        let new = [old[0].checked_sub(1)?, old[1]];
        header[TTL] = new[0];
        checksum::update(header, CHECKSUM, |c| Delta::new().field(old, new).apply(c))
    }

    fn write_header(header: &Header<V4>, payload: usize, out: &mut [u8]) -> Option<usize> {
        let total = u16::try_from(payload.checked_add(LEN)?).ok()?;
        let out: &mut [u8; LEN] = bytes::chunk_mut(out, 0)?;
        let [t0, t1] = total.to_be_bytes();
        let [s0, s1, s2, s3] = header.src.0;
        let [d0, d1, d2, d3] = header.dst.0;
        // DF set, so the identification may be 0 (RFC 6864, 4.1).
        *out = [
            0x45,
            header.tos,
            t0,
            t1,
            0,
            0,
            (DF >> 8) as u8,
            0,
            header.ttl,
            header.proto.0,
            0,
            0,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ];
        let check = Sum::new().bytes(out).checksum();
        bytes::put(out, CHECKSUM, check)?;
        Some(LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tcp::Flags;
    use super::*;

    /// A TCP SYN, 192.0.2.1:1024 to 203.0.113.10:80, with 6 bytes of padding.
    fn syn() -> [u8; 46] {
        let mut p = [0; 46];
        let header = Header {
            src: V4([192, 0, 2, 1]),
            dst: V4([203, 0, 113, 10]),
            proto: Proto::TCP,
            ttl: 64,
            tos: 0,
        };
        V4::write_header(&header, 20, &mut p).unwrap();
        p[20..24].copy_from_slice(&[4, 0, 0, 80]);
        p[32] = 0x50;
        p[33] = 0x02;
        p
    }

    fn fix(p: &mut [u8], header_len: usize) {
        p[10] = 0;
        p[11] = 0;
        let c = Sum::new().bytes(&p[..header_len]).checksum();
        p[10..12].copy_from_slice(&c);
    }

    #[test]
    fn padding_is_not_payload() {
        let p = parse(&syn(), 46).unwrap();
        assert_eq!((p.end, p.l4, p.sport, p.dport), (40, 20, 1024, 80));
        let L4::Tcp { segment, .. } = p.info else {
            panic!("{p:?}")
        };
        assert_eq!((segment.flags, segment.len), (Flags::SYN, 0));
        assert!(p.df && p.fragment == Fragment::None && p.ttl == 64);
    }

    #[test]
    fn missing_bytes_are_asked_for() {
        let p = syn();
        assert_eq!(parse(&p[..19], 46), Err(ParseError::Short(20)));
        assert_eq!(parse(&p[..39], 46), Err(ParseError::Short(40)));
        assert_eq!(parse(&p[..39], 39), Err(ParseError::Truncated));
        assert_eq!(parse(&p[..10], 19), Err(ParseError::Truncated));
    }

    #[test]
    fn damaged_header_is_refused() {
        let mut p = syn();
        p[8] = 63;
        assert_eq!(parse(&p, 46), Err(ParseError::Checksum));
        p[0] = 0x65;
        assert_eq!(parse(&p, 46), Err(ParseError::Version));
        p[0] = 0x44;
        assert_eq!(parse(&p, 46), Err(ParseError::Length));
        let mut p = syn();
        p[32] = 0x40;
        assert_eq!(parse(&p, 46), Err(ParseError::Length));
        p[32] = 0x60;
        assert_eq!(parse(&p, 46), Err(ParseError::Length));
    }

    #[test]
    fn later_fragments_have_no_options_of_the_first() {
        let mut header = [0x45; LEN + 16];
        // No operation, record route of 7 bytes, router alert (copied), end and padding.
        let options = [1, 7, 7, 4, 9, 9, 9, 9, 0x94, 4, 0, 0, 0, 7, 7, 7];
        header[LEN..].copy_from_slice(&options);
        repeated(&mut header);
        assert_eq!(
            header[LEN..],
            [1, 1, 1, 1, 1, 1, 1, 1, 0x94, 4, 0, 0, 0, 7, 7, 7]
        );
        assert_eq!(header[..LEN], [0x45; LEN]);
        // Wrong lengths end it.
        for options in [[7, 1, 7, 7], [7, 5, 7, 7], [7, 0, 0, 0]] {
            let mut header = [0x45; LEN + 4];
            header[LEN..].copy_from_slice(&options);
            repeated(&mut header);
            assert_eq!(header[LEN..], options);
        }
        repeated(&mut [0x45; LEN]);
        repeated(&mut []);
    }

    #[test]
    fn options_are_skipped_and_source_routes_refused() {
        let plain = syn();
        let mut p = [0; 50];
        p[..20].copy_from_slice(&plain[..20]);
        p[20..24].copy_from_slice(&[1, 7, 3, 0]);
        p[24..44].copy_from_slice(&plain[20..40]);
        p[0] = 0x46;
        p[3] = 44;
        fix(&mut p, 24);
        let got = parse(&p, 50).unwrap();
        assert_eq!((got.l4, got.dport, got.end), (24, 80, 44));
        assert_eq!(parse(&p[..22], 50), Err(ParseError::Short(24)));
        p[21] = LSRR;
        fix(&mut p, 24);
        assert_eq!(parse(&p, 50), Err(ParseError::SourceRoute));
    }

    #[test]
    fn fragments_are_told_apart() {
        let mut p = syn();
        p[6] = 0x20;
        fix(&mut p, 20);
        let first = parse(&p, 46).unwrap();
        assert_eq!((first.fragment, first.dport), (Fragment::First, 80));
        p[7] = 1;
        fix(&mut p, 20);
        let later = parse(&p, 46).unwrap();
        assert_eq!((later.fragment, later.dport), (Fragment::Later, 0));
        assert_eq!(later.info, L4::Other);
    }

    #[test]
    fn big_tcp_has_no_length() {
        let mut p = syn();
        p[2] = 0;
        p[3] = 0;
        fix(&mut p, 20);
        assert_eq!(parse(&p, 46), Err(ParseError::Length));
        assert_eq!(parse(&p, 100_000).unwrap().end, 100_000);
    }

    #[test]
    fn ttl_goes_down_with_its_checksum() {
        let mut p = syn();
        for ttl in (0..64).rev() {
            V4::decrement_ttl(&mut p).unwrap();
            assert_eq!(parse(&p, 46).unwrap().ttl, ttl);
        }
        assert_eq!(V4::decrement_ttl(&mut p), None);
    }
}
