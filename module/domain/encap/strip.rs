// SPDX-License-Identifier: GPL-2.0

//! From an outer header to what is in the tunnel.
//!
//! [`find`] reads what lies between an outer IP header and the content and says
//! which tunnel it would be for; whether there is such a tunnel is the caller's to
//! look up, as is which UDP ports belong to tunnels. Then [`Found::admit`] compares
//! what only the tunnel's configuration knows. What cannot be right is refused for
//! a named reason, and nothing is ever read beyond the end of the packet.
//!
//! Extensions that only tell something more are skipped: sequence numbers, Geneve
//! options that are not critical. Those that change what the rest means are refused.

use super::link::label;
use super::{Cookie, Kind};
use crate::domain::addr::{Ip, Proto};
use crate::domain::bytes;
use crate::domain::packet::ether::{TYPE_IPV4, TYPE_IPV6, TYPE_MPLS, TYPE_TEB};
use crate::domain::packet::{ether, need, udp, Fragment, Packet, ParseError};

/// Why what came for a tunnel is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Headers are not all there: in the head, or at all.
    Parse(ParseError),
    /// A version of the tunnel's protocol that slr does not speak.
    Version,
    /// A flag that must not be set, or that must be and is not.
    Flags,
    /// A Geneve option that whoever does not know it must not skip (RFC 8926, 3.5).
    Critical,
    /// A control message; slr has no control connection.
    Control,
    /// A special MPLS label, which is no tunnel's.
    Label,
    /// An L2TPv3 cookie that is not the configured one (RFC 3931, 4.1.2.1).
    Cookie,
    /// Content that this type of tunnel does not have.
    Content,
}

impl From<ParseError> for Malformed {
    fn from(error: ParseError) -> Malformed {
        Malformed::Parse(error)
    }
}

/// What a tunnel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// An Ethernet frame.
    Frame,
    /// A packet of an EtherType.
    Packet(u16),
    /// Further MPLS labels and what they are before.
    Labels,
    /// Something behind the last MPLS label that is not IP: only the ends know what.
    Unknown,
}

impl Content {
    /// What `byte`, the first one of an IP packet, says that follows.
    #[inline]
    pub(super) fn of_version(byte: Option<u8>) -> Option<Content> {
        match byte? >> 4 {
            4 => Some(Content::Packet(TYPE_IPV4)),
            6 => Some(Content::Packet(TYPE_IPV6)),
            _ => None,
        }
    }

    /// What follows a header that names it by EtherType.
    #[inline]
    pub(super) fn of_type(ethertype: u16) -> Content {
        match ethertype {
            TYPE_TEB => Content::Frame,
            TYPE_MPLS => Content::Labels,
            other => Content::Packet(other),
        }
    }
}

/// What proves that a packet came undamaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing.
    None,
    /// The Internet checksum from here to [`Found::end`] adds up to zero (RFC 2784, 2.3).
    Gre(usize),
    /// UDP's checksum, for which the packet's own state in the kernel counts.
    Udp,
}

/// What an outer header turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The tunnel's type.
    pub kind: Kind,
    /// Its key.
    pub key: Option<u32>,
    /// What it carries.
    pub content: Content,
    /// Where that begins, from the outer network header; a cookie comes first.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    /// What to verify.
    pub check: Check,
}

/// What the packet with this outer header is for; `None` if it is not a tunnel's.
///
/// `head` begins at the outer network header, which `packet` is the view of. `udp` is the type of
/// the tunnels whose receivers listen at the packet's destination port. A fragment is nobody's
/// until it is whole again.
#[inline]
pub fn find<A: Ip>(
    head: &[u8],
    packet: &Packet<A>,
    udp: Option<Kind>,
) -> Result<Option<Found>, Malformed> {
    if packet.fragment != Fragment::None {
        return Ok(None);
    }
    let span = Span {
        head,
        at: packet.l4,
        end: packet.end,
    };
    match (packet.proto, udp) {
        (Proto::IPIP, _) => span.content(Kind::Ipip, Content::Packet(TYPE_IPV4)).some(),
        (Proto::IPV6, _) => span.content(Kind::Ipip, Content::Packet(TYPE_IPV6)).some(),
        (Proto::GRE, _) => span.gre().map(Some),
        (Proto::L2TP, _) => span.session(Kind::L2tpv3),
        (Proto::UDP, Some(kind)) => span.in_udp(kind),
        _ => Ok(None),
    }
}

/// Bytes that remain of a packet.
#[derive(Clone, Copy)]
struct Span<'a> {
    head: &'a [u8],
    at: usize,
    end: usize,
}

/// Version, and bits that RFC 2784, 2.2 has a receiver refuse: those of RFC 1701 that change the
/// rest of the header.
const GRE_VERSION: u16 = 0x0007;
const GRE_REFUSED: u16 = 0x4c00;
const GRE_CHECKSUM: u16 = 0x8000;
const GRE_KEY: u16 = 0x2000;
const GRE_SEQUENCE: u16 = 0x1000;

/// The flag that says that there is a network identifier, and those that mean something else to
/// extensions of VXLAN. Bits without any meaning do not count (RFC 7348, 5).
const VXLAN_VNI: u8 = 0x08;
const VXLAN_EXTENDED: u8 = 0xf7;

/// The control packet and the critical option flag of Geneve.
const GENEVE_CONTROL: u8 = 0x80;
const GENEVE_CRITICAL: u8 = 0x40;

/// The control message flag of GUE's variant 0.
const GUE_CONTROL: u8 = 0x20;

/// The control message flag of L2TP in UDP, and its version.
const L2TP_CONTROL: u16 = 0x8000;
const L2TP_VERSION: u16 = 0x000f;

impl<'a> Span<'a> {
    /// The next `N` bytes.
    #[inline]
    fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let taken = need(self.head, self.at, self.end)?;
        self.at = self.at.wrapping_add(N);
        Ok(taken)
    }

    /// Passes `len` bytes without looking.
    #[inline]
    fn skip(&mut self, len: usize) -> Result<(), Malformed> {
        self.at = self.at.wrapping_add(len);
        if self.at > self.end {
            return Err(ParseError::Truncated.into());
        }
        Ok(())
    }

    /// What a tunnel without key has found here.
    #[inline]
    fn content(self, kind: Kind, content: Content) -> Found {
        Found {
            kind,
            key: None,
            content,
            at: self.at,
            end: self.end,
            check: Check::None,
        }
    }

    /// An IP packet without anything that says so but itself.
    fn bare(self, kind: Kind) -> Result<Found, Malformed> {
        let [first] = *need::<1>(self.head, self.at, self.end)?;
        let content = Content::of_version(Some(first)).ok_or(Malformed::Content)?;
        Ok(self.content(kind, content))
    }

    fn gre(mut self) -> Result<Found, Malformed> {
        let start = self.at;
        let &[f0, f1, p0, p1] = self.take()?;
        let flags = u16::from_be_bytes([f0, f1]);
        if flags & GRE_VERSION != 0 {
            return Err(Malformed::Version);
        }
        if flags & GRE_REFUSED != 0 {
            return Err(Malformed::Flags);
        }
        let mut check = Check::None;
        if flags & GRE_CHECKSUM != 0 {
            self.skip(4)?;
            check = Check::Gre(start);
        }
        let mut key = None;
        if flags & GRE_KEY != 0 {
            key = Some(u32::from_be_bytes(*self.take()?));
        }
        if flags & GRE_SEQUENCE != 0 {
            self.skip(4)?;
        }
        let content = Content::of_type(u16::from_be_bytes([p0, p1]));
        let found = match (content, key) {
            (Content::Labels, None) => self.labelled(Kind::MplsGre)?,
            _ => Found {
                key,
                ..self.content(Kind::Gre, content)
            },
        };
        Ok(Found { check, ..found })
    }

    fn labelled(self, kind: Kind) -> Result<Found, Malformed> {
        let label = label(self.head, self.at, self.end)?;
        Ok(Found {
            key: Some(label.value),
            at: label.next,
            ..self.content(kind, label.content)
        })
    }

    /// What a datagram to a tunnel's port carries, which ends where UDP says.
    fn in_udp(mut self, kind: Kind) -> Result<Option<Found>, Malformed> {
        let start = self.at;
        let &[_, _, _, _, l0, l1, ..] = self.take::<{ udp::LEN }>()?;
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let rest = self.end.wrapping_sub(start);
        match len {
            // As IP's own length in a packet of GRO that is longer than the field can say.
            0 if rest > usize::from(u16::MAX) => {}
            _ if len < udp::LEN => return Err(ParseError::Length.into()),
            _ if len > rest => return Err(ParseError::Truncated.into()),
            _ => self.end = start.wrapping_add(len),
        }
        let found = match kind {
            Kind::Vxlan => Some(self.vxlan()?),
            Kind::Geneve => Some(self.geneve()?),
            Kind::Gue => Some(self.gue()?),
            Kind::Fou => Some(self.bare(Kind::Fou)?),
            Kind::MplsUdp => Some(self.labelled(Kind::MplsUdp)?),
            Kind::L2tpv3Udp => self.l2tp()?,
            _ => None,
        };
        Ok(found.map(|found| Found {
            check: Check::Udp,
            ..found
        }))
    }

    fn vxlan(mut self) -> Result<Found, Malformed> {
        let &[flags, _, _, _, v0, v1, v2, _] = self.take()?;
        if flags & VXLAN_VNI == 0 || flags & VXLAN_EXTENDED != 0 {
            return Err(Malformed::Flags);
        }
        Ok(Found {
            key: Some(u32::from_be_bytes([0, v0, v1, v2])),
            ..self.content(Kind::Vxlan, Content::Frame)
        })
    }

    fn geneve(mut self) -> Result<Found, Malformed> {
        let &[first, flags, p0, p1, v0, v1, v2, _] = self.take()?;
        if first >> 6 != 0 {
            return Err(Malformed::Version);
        }
        self.skip(usize::from(first & 0x3f) * 4)?;
        if flags & GENEVE_CONTROL != 0 {
            return Err(Malformed::Control);
        }
        if flags & GENEVE_CRITICAL != 0 {
            return Err(Malformed::Critical);
        }
        let content = Content::of_type(u16::from_be_bytes([p0, p1]));
        Ok(Found {
            key: Some(u32::from_be_bytes([0, v0, v1, v2])),
            ..self.content(Kind::Geneve, content)
        })
    }

    fn gue(mut self) -> Result<Found, Malformed> {
        let [first] = *need::<1>(self.head, self.at, self.end)?;
        match first >> 6 {
            0 => {}
            // Variant 1 is an IP packet: 01 are the first two bits of both versions.
            1 => return self.bare(Kind::Gue),
            _ => return Err(Malformed::Version),
        }
        let &[first, proto, f0, f1] = self.take()?;
        if first & GUE_CONTROL != 0 {
            return Err(Malformed::Control);
        }
        // Each flag stands for a field that changes what the rest means.
        if [f0, f1] != [0, 0] {
            return Err(Malformed::Flags);
        }
        self.skip(usize::from(first & 0x1f) * 4)?;
        let content = match Proto(proto) {
            Proto::IPIP => Content::Packet(TYPE_IPV4),
            Proto::IPV6 => Content::Packet(TYPE_IPV6),
            Proto::MPLS => Content::Labels,
            _ => return Err(Malformed::Content),
        };
        Ok(self.content(Kind::Gue, content))
    }

    /// L2TPv3 in UDP. The port is shared with control messages and with version 2, which are for
    /// others.
    fn l2tp(mut self) -> Result<Option<Found>, Malformed> {
        let &[f0, f1, _, _] = self.take()?;
        let flags = u16::from_be_bytes([f0, f1]);
        if flags & L2TP_CONTROL != 0 || flags & L2TP_VERSION != 3 {
            return Ok(None);
        }
        self.session(Kind::L2tpv3Udp)
    }

    /// An L2TPv3 session's packet; session 0 is the control connection, which is for others.
    fn session(mut self, kind: Kind) -> Result<Option<Found>, Malformed> {
        let session = u32::from_be_bytes(*self.take()?);
        Ok((session != 0).then(|| Found {
            key: Some(session),
            ..self.content(kind, Content::Frame)
        }))
    }
}

impl Found {
    /// This, as the answer to a question that cannot fail.
    #[inline]
    fn some(self) -> Result<Option<Found>, Malformed> {
        Ok(Some(self))
    }

    /// Compares what the tunnel's configuration says of the bytes before the content, and passes
    /// them: the cookie of arriving packets, and whether they have the L2TPv3 sublayer.
    pub fn admit(self, head: &[u8], cookie: &Cookie, sublayer: bool) -> Result<Found, Malformed> {
        if !matches!(self.kind, Kind::L2tpv3 | Kind::L2tpv3Udp) {
            return Ok(self);
        }
        let mut span = Span {
            head,
            at: self.at,
            end: self.end,
        };
        let is_right = match cookie {
            Cookie::None => true,
            Cookie::Short(want) => span.take()? == want,
            Cookie::Long(want) => span.take()? == want,
        };
        if !is_right {
            return Err(Malformed::Cookie);
        }
        if sublayer {
            span.skip(4)?;
        }
        Ok(Found {
            at: span.at,
            ..self
        })
    }

    /// Passes the Ethernet header of a frame; anything else stays as it is.
    pub fn unframe(self, head: &[u8]) -> Result<Found, Malformed> {
        if self.content != Content::Frame {
            return Ok(self);
        }
        let header: &[u8; ether::LEN] = need(head, self.at, self.end)?;
        let ethertype = bytes::be16(header, 12).ok_or(Malformed::Content)?;
        Ok(Found {
            content: Content::of_type(ethertype),
            at: self.at.wrapping_add(ether::LEN),
            ..self
        })
    }
}
