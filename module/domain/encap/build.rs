// SPDX-License-Identifier: GPL-2.0

//! The outer header that a packet gets, from a template made once for each tunnel.
//!
//! A [`Template`] holds all bytes that are the same for every packet. Writing one is
//! a copy, and then the few fields that the packet decides: lengths, class, time to
//! live, what follows, the entropy of its flow and the IPv4 checksum.
//!
//! UDP's checksum stays zero: whether it is computed here, by the device, or from
//! the inner one is decided where buffers are known.

use super::link::BOTTOM;
use super::strip::Content;
use super::{ecn, Carrier, Format, Kind};
use crate::domain::addr::{Addr, Proto, V4, V6};
use crate::domain::bytes;
use crate::domain::hash;
use crate::domain::packet::checksum::Sum;
use crate::domain::packet::ether::{Ether, Mac, TYPE_IPV4, TYPE_IPV6, TYPE_MPLS, TYPE_TEB};
use crate::domain::packet::{ether, udp, Header, Network};

/// Most bytes of an outer header: IPv6, UDP, L2TPv3 with cookie and sublayer, Ethernet.
pub const OUTER_MAX: usize = 40 + 8 + 8 + 8 + 4 + 14;

/// Entropy goes into the dynamic ports (RFC 6335, 6; RFC 7348, 5): 49152 and this many more.
const ENTROPY_FIRST: u16 = 49152;
const ENTROPY_COUNT: u32 = 16384;

/// The time to live of outer headers around what has none to inherit.
pub const TTL: u8 = 64;

/// Whether routers on the way may fragment the outer packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Df {
    /// As the inner packet; always unless that is IPv4. What may be fragmented is, outside.
    #[default]
    Inherit,
    /// No: what is too long is reported to its sender, or fragmented before it goes in.
    Set,
    /// Yes. IPv6 routers never do.
    Unset,
}

/// What of a tunnel's configuration its outer headers contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// Type, key and what depends on them.
    pub format: Format,
    /// Source address.
    pub local: Addr,
    /// Destination address, of the same family.
    pub remote: Addr,
    /// UDP source port; 0 takes one for each flow.
    pub sport: u16,
    /// UDP destination port.
    pub dport: u16,
    /// Time to live or hop limit; 0 is that of the inner packet.
    pub ttl: u8,
    /// The class, six bits; none is that of the inner packet.
    pub dscp: Option<u8>,
    /// Fragmentation.
    pub df: Df,
    /// Addresses of the frames that inner packets are put in: source, destination.
    pub macs: (Mac, Mac),
}

/// What an outer header takes from the packet that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// What it is.
    pub content: Content,
    /// Its bytes.
    pub len: usize,
    /// Type of service or traffic class; 0 if it is not IP.
    pub tos: u8,
    /// Time to live; [`TTL`] if it is not IP.
    pub ttl: u8,
    /// Most hops that the outer header may have: one less than the one it came with, if any.
    pub hops: u8,
    /// Whether it must not be fragmented.
    pub df: bool,
    /// A hash of its flow.
    pub hash: u32,
    /// An identification for IPv4, for packets that may be fragmented.
    pub id: u16,
}

impl Inner {
    /// What the first bytes of a packet of `len` bytes say; no hash, and no identification.
    #[inline]
    pub fn read(content: Content, head: &[u8], len: usize) -> Inner {
        let (tos, ttl, df) = match (content, head) {
            (Content::Packet(TYPE_IPV4), &[_, tos, _, _, _, _, flags, _, ttl, ..]) => {
                (tos, ttl, flags & 0x40 != 0)
            }
            (Content::Packet(TYPE_IPV6), &[first, second, _, _, _, _, _, ttl, ..]) => {
                ((first << 4) | (second >> 4), ttl, true)
            }
            _ => (0, TTL, true),
        };
        Inner {
            content,
            len,
            tos,
            ttl,
            hops: u8::MAX,
            df,
            hash: 0,
            id: 0,
        }
    }
}

/// Where the transport header of a packet begins, extension headers of IPv6 not counted.
pub fn transport(content: Content, head: &[u8]) -> usize {
    match content {
        Content::Packet(TYPE_IPV4) => usize::from(bytes::u8_at(head, 0).unwrap_or(5) & 0xf) * 4,
        Content::Packet(TYPE_IPV6) => V6::HEADER,
        _ => 0,
    }
}

/// An outer header, but for what each packet decides.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    bytes: [u8; OUTER_MAX],
    /// Bytes up to the content, or to the inner Ethernet header.
    len: u8,
    /// Bytes up to an IPv4 and an IPv6 packet, with their Ethernet header; 0 if not carried.
    lens: [u8; 2],
    outer: Outer,
    is_v6: bool,
    /// Whether it is IP with GRE or nothing else, right before packets.
    is_short: bool,
}

impl Outer {
    /// The template of such headers; `None` if they cannot be: the families differ, the key is
    /// none of the type's, or the tunnel does not ride on IP.
    pub fn template(&self) -> Option<Template> {
        let is_v6 = self.local.is_v6();
        let valid = self.format.kind.keys().allows(self.format.key);
        if !valid || is_v6 != self.remote.is_v6() {
            return None;
        }
        let mut bytes = [0; OUTER_MAX];
        let proto = self.format.kind.carrier().protocol()?;
        let mut at = match (self.local, self.remote) {
            (Addr::V4(src), Addr::V4(dst)) => self.ip(proto, V4(src), V4(dst), &mut bytes)?,
            (Addr::V6(src), Addr::V6(dst)) => self.ip(proto, V6(src), V6(dst), &mut bytes)?,
            _ => return None,
        };
        if proto == Proto::UDP {
            bytes::put(&mut bytes, at, self.sport.to_be_bytes())?;
            bytes::put(&mut bytes, at + 2, self.dport.to_be_bytes())?;
            at += udp::LEN;
        }
        at = self.shim(&mut bytes, at)?;
        let mut template = Template {
            bytes,
            len: at as u8,
            lens: [0; 2],
            outer: *self,
            is_v6,
            is_short: matches!(self.format.kind, Kind::Ipip | Kind::Gre) && !self.format.ethernet,
        };
        template.lens = [TYPE_IPV4, TYPE_IPV6].map(|ethertype| {
            let len = template.len_before(Content::Packet(ethertype));
            len.unwrap_or(0) as u8
        });
        Some(template)
    }

    /// Writes the IP header; returns where it ends.
    fn ip<A: Network>(&self, proto: Proto, src: A, dst: A, out: &mut [u8]) -> Option<usize> {
        let header = Header {
            src,
            dst,
            proto,
            ttl: self.ttl,
            tos: 0,
        };
        A::write_header(&header, 0, out)
    }

    /// Writes what is between IP or UDP and the content; returns where it ends.
    fn shim(&self, out: &mut [u8; OUTER_MAX], at: usize) -> Option<usize> {
        let key = self.format.key.unwrap_or(0);
        let words: [u32; 2] = match (self.format.kind, self.format.key) {
            (Kind::Gre, Some(key)) => [0x2000_0000, key],
            (Kind::Gre, None) => return Some(at + 4),
            (Kind::Vxlan, _) => [0x0800_0000, key << 8],
            (Kind::Geneve, _) => [0, key << 8],
            (Kind::MplsGre, _) => [u32::from(TYPE_MPLS), (key << 12) | BOTTOM],
            (Kind::L2tpv3Udp, _) => [0x0003_0000, key],
            (Kind::Gue, _) => return Some(at + 4),
            (Kind::L2tpv3, _) => {
                bytes::put(out, at, key.to_be_bytes())?;
                return self.session(out, at + 4);
            }
            (Kind::MplsUdp, _) => {
                bytes::put(out, at, ((key << 12) | BOTTOM).to_be_bytes())?;
                return Some(at + 4);
            }
            (Kind::Ipip | Kind::Fou | Kind::Vlan | Kind::Qinq | Kind::Mpls, _) => return Some(at),
        };
        bytes::put(out, at, words[0].to_be_bytes())?;
        bytes::put(out, at + 4, words[1].to_be_bytes())?;
        match self.format.kind {
            Kind::L2tpv3Udp => self.session(out, at + 8),
            _ => Some(at + 8),
        }
    }

    /// Writes cookie and sublayer of L2TPv3.
    fn session(&self, out: &mut [u8; OUTER_MAX], at: usize) -> Option<usize> {
        let cookie = self.format.cookie.as_bytes();
        bytes::put_slice(out, at, cookie)?;
        let sublayer = if self.format.sublayer { 4 } else { 0 };
        at.checked_add(cookie.len() + sublayer)
    }
}

/// How a packet becomes what a tunnel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// As it is.
    Plain,
    /// In a frame, of this EtherType.
    Framed(u16),
}

impl Template {
    /// How the tunnel carries `content`; `None` if it does not.
    fn fit(&self, content: Content) -> Option<Fit> {
        use Content::{Frame, Labels, Packet, Unknown};
        let is_ip = matches!(content, Packet(TYPE_IPV4 | TYPE_IPV6));
        Some(match (self.outer.format.kind, content) {
            (Kind::Gre | Kind::Geneve, Frame) => Fit::Plain,
            (kind, Frame) if kind.is_ethernet() => Fit::Plain,
            (_, Frame) => return None,
            (kind, Packet(ethertype)) if kind.is_ethernet() || self.outer.format.ethernet => {
                Fit::Framed(ethertype)
            }
            (kind, Labels) if kind.is_ethernet() || self.outer.format.ethernet => {
                Fit::Framed(TYPE_MPLS)
            }
            (Kind::Gre | Kind::Geneve, Packet(_)) => Fit::Plain,
            (Kind::Gre | Kind::Geneve | Kind::Gue, Labels) => Fit::Plain,
            (Kind::MplsGre | Kind::MplsUdp, Labels | Unknown) => Fit::Plain,
            _ if is_ip => Fit::Plain,
            _ => return None,
        })
    }

    /// Whether the outer family is IPv6.
    #[inline]
    pub fn is_v6(&self) -> bool {
        self.is_v6
    }

    /// The configuration that it was made of.
    pub fn outer(&self) -> &Outer {
        &self.outer
    }

    /// Bytes of the outer IP header: where that of UDP or GRE begins.
    #[inline]
    pub fn transport(&self) -> usize {
        if self.is_v6 {
            V6::HEADER
        } else {
            V4::HEADER
        }
    }

    /// Bytes up to the content, or to the Ethernet header that it gets.
    #[inline]
    pub fn bare_len(&self) -> usize {
        usize::from(self.len)
    }

    /// Bytes that the packet's own IP header comes behind, or whatever it begins with; `None` if
    /// the tunnel does not carry such content.
    #[inline]
    pub fn len(&self, content: Content) -> Option<usize> {
        let [before_v4, before_v6] = self.lens;
        match content {
            Content::Packet(TYPE_IPV4) if before_v4 != 0 => Some(before_v4.into()),
            Content::Packet(TYPE_IPV6) if before_v6 != 0 => Some(before_v6.into()),
            _ => self.len_before(content),
        }
    }

    /// [`len`](Self::len), found out.
    fn len_before(&self, content: Content) -> Option<usize> {
        let frame = match self.fit(content)? {
            Fit::Plain => 0,
            Fit::Framed(_) => ether::LEN,
        };
        usize::from(self.len).checked_add(frame)
    }

    /// Writes the header of `inner` to all of `out`, which has [`len`](Self::len) bytes.
    ///
    /// `None`, and something or nothing written, if it has not, or the content does not fit.
    #[inline]
    pub fn write(&self, inner: &Inner, out: &mut [u8]) -> Option<()> {
        // What is of a known length is copied in place: calls to copy cost more than all else.
        let ethertype = match inner.content {
            Content::Packet(ethertype @ (TYPE_IPV4 | TYPE_IPV6)) if self.is_short => ethertype,
            _ => return self.write_any(inner, out),
        };
        match self.len {
            20 => self.write_short::<20>(ethertype, inner, out),
            24 => self.write_short::<24>(ethertype, inner, out),
            28 => self.write_short::<28>(ethertype, inner, out),
            40 => self.write_short::<40>(ethertype, inner, out),
            44 => self.write_short::<44>(ethertype, inner, out),
            48 => self.write_short::<48>(ethertype, inner, out),
            _ => self.write_any(inner, out),
        }
    }

    /// [`write`](Self::write) of IP, and GRE if there is more, right before a packet. By its length
    /// it is known which IP.
    #[inline(always)]
    fn write_short<const N: usize>(
        &self,
        ethertype: u16,
        inner: &Inner,
        out: &mut [u8],
    ) -> Option<()> {
        let head: &mut [u8; N] = out.try_into().ok()?;
        *head = *self.bytes.first_chunk()?;
        let is_v6 = N >= V6::HEADER;
        let ip = if is_v6 { V6::HEADER } else { V4::HEADER };
        if N > ip {
            bytes::put(head, ip + 2, ethertype.to_be_bytes())?;
        }
        let whole = N.checked_add(inner.len)?;
        if is_v6 {
            self.ipv6_fields(inner, whole, head)
        } else {
            self.ipv4_fields(inner, whole, head)
        }
    }

    fn write_any(&self, inner: &Inner, out: &mut [u8]) -> Option<()> {
        let fit = self.fit(inner.content)?;
        let (head, frame) = out.split_at_mut_checked(usize::from(self.len))?;
        head.copy_from_slice(self.bytes.get(..head.len())?);
        if let Fit::Framed(ethertype) = fit {
            let (src, dst) = self.outer.macs;
            Ether {
                dst,
                src,
                ethertype,
            }
            .write(frame)?;
        }
        let whole = head
            .len()
            .checked_add(frame.len())?
            .checked_add(inner.len)?;
        self.transport_fields(inner, fit, whole, head)?;
        if self.is_v6 {
            self.ipv6_fields(inner, whole, head)
        } else {
            self.ipv4_fields(inner, whole, head)
        }
    }

    /// Whether the header shows a hash of the flow inside, which costs to take.
    #[inline]
    pub fn has_entropy(&self) -> bool {
        let has_port = self.outer.format.kind.carrier() == Carrier::Udp && self.outer.sport == 0;
        self.is_v6 || has_port
    }

    /// Ports, lengths and what says which content follows.
    fn transport_fields(
        &self,
        inner: &Inner,
        fit: Fit,
        whole: usize,
        head: &mut [u8],
    ) -> Option<()> {
        let mut at = self.transport();
        if self.outer.format.kind.carrier() == Carrier::Udp {
            if self.outer.sport == 0 {
                bytes::put(head, at, entropy(inner.hash).to_be_bytes())?;
            }
            let len = field(whole.wrapping_sub(at));
            bytes::put(head, at.wrapping_add(4), len.to_be_bytes())?;
            at = at.wrapping_add(udp::LEN);
        }
        let follows = match (fit, inner.content) {
            (Fit::Framed(_), _) | (_, Content::Frame) => TYPE_TEB,
            (_, Content::Packet(ethertype)) => ethertype,
            (_, Content::Labels | Content::Unknown) => TYPE_MPLS,
        };
        match self.outer.format.kind {
            Kind::Gre | Kind::Geneve => bytes::put(head, at.wrapping_add(2), follows.to_be_bytes()),
            Kind::Gue => bytes::put(head, at.wrapping_add(1), [ip_proto(follows).0]),
            Kind::MplsGre => self.label(inner, head, at.wrapping_add(4)),
            Kind::MplsUdp => self.label(inner, head, at),
            _ => Some(()),
        }
    }

    /// The label's last-of-stack bit and time to live (RFC 3443, 3: those of the outer header).
    fn label(&self, inner: &Inner, head: &mut [u8], at: usize) -> Option<()> {
        let mut entry = bytes::be32(head, at)? | u32::from(self.ttl(inner));
        if inner.content == Content::Labels {
            entry &= !BOTTOM;
        }
        bytes::put(head, at, entry.to_be_bytes())
    }

    #[inline(always)]
    fn ttl(&self, inner: &Inner) -> u8 {
        let ttl = match self.outer.ttl {
            0 => inner.ttl,
            ttl => ttl,
        };
        ttl.min(inner.hops)
    }

    #[inline(always)]
    fn ipv4_fields(&self, inner: &Inner, whole: usize, head: &mut [u8]) -> Option<()> {
        let header: &mut [u8; 20] = bytes::chunk_mut(head, 0)?;
        let is_v4 = inner.content == Content::Packet(TYPE_IPV4);
        let df = match self.outer.df {
            Df::Set => true,
            Df::Unset => false,
            Df::Inherit => inner.df || !is_v4,
        };
        header[1] = ecn::encapsulate(inner.tos, self.outer.dscp);
        bytes::put(header, 2, field(whole).to_be_bytes())?;
        // What is never fragmented needs no identification (RFC 6864, 4.1).
        let id = if df { 0 } else { inner.id };
        bytes::put(header, 4, id.to_be_bytes())?;
        header[6] = if df { 0x40 } else { 0 };
        header[8] = self.ttl(inner);
        if self.outer.format.kind == Kind::Ipip && !is_v4 {
            header[9] = Proto::IPV6.0;
        }
        bytes::put(header, 10, [0, 0])?;
        let check = Sum::new().header(header).checksum();
        bytes::put(header, 10, check)
    }

    #[inline(always)]
    fn ipv6_fields(&self, inner: &Inner, whole: usize, head: &mut [u8]) -> Option<()> {
        let header: &mut [u8; 40] = bytes::chunk_mut(head, 0)?;
        let tos = u32::from(ecn::encapsulate(inner.tos, self.outer.dscp));
        // 20 bits of entropy for routers that do not look further (RFC 6438).
        let label = hash::mix(u64::from(inner.hash)) as u32 & 0xf_ffff;
        bytes::put(header, 0, ((6 << 28) | (tos << 20) | label).to_be_bytes())?;
        let payload = field(whole.wrapping_sub(V6::HEADER));
        bytes::put(header, 4, payload.to_be_bytes())?;
        if self.outer.format.kind == Kind::Ipip && inner.content == Content::Packet(TYPE_IPV6) {
            header[6] = Proto::IPV6.0;
        }
        header[7] = self.ttl(inner);
        Some(())
    }
}

/// A length as its field has it: 0 in a packet of GSO that is longer than the field can say.
fn field(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(0)
}

/// The IP protocol of what an EtherType means.
fn ip_proto(ethertype: u16) -> Proto {
    match ethertype {
        TYPE_IPV4 => Proto::IPIP,
        TYPE_IPV6 => Proto::IPV6,
        _ => Proto::MPLS,
    }
}

/// The UDP source port of a flow with this hash.
///
/// The outer port must tell nothing of the inner flow, and a hash may also choose a queue or a
/// path before: mixing makes the two choices independent.
pub fn entropy(hash: u32) -> u16 {
    let mixed = (hash::mix(u64::from(hash)) >> 32) as u32;
    ENTROPY_FIRST.wrapping_add(hash::reduce(mixed, ENTROPY_COUNT) as u16)
}
