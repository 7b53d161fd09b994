// SPDX-License-Identifier: GPL-2.0

//! Tunnels that ride on the link layer of a port: VLAN tags and MPLS labels.
//!
//! Network devices and the core take the outermost VLAN tag off before anybody
//! looks, and put it on after everybody has written, so what is read and written
//! here is the inner one of two.

use super::strip::{Check, Content, Found, Malformed};
use super::{vlan_ids, vlan_key, Kind};
use crate::domain::addr::{V4, V6};
use crate::domain::bytes;
use crate::domain::packet::ether::{
    self, Ether, TYPE_IPV4, TYPE_IPV6, TYPE_MPLS, TYPE_QINQ, TYPE_TEB, TYPE_VLAN,
};
use crate::domain::packet::{need, Network};

/// Bytes of a VLAN tag behind the EtherType that announces it.
const TAG: usize = 4;
/// The VLAN in a tag, the rest is priority.
const VID: u16 = 0x0fff;

/// Bytes of an MPLS label stack entry.
pub(super) const LABEL: usize = 4;
/// Labels below have meanings of their own (RFC 7274, 3.1).
const LABEL_SPECIAL: u32 = 16;
/// The bit of the last label.
pub(super) const BOTTOM: u32 = 0x100;

/// The entry on top of a label stack.
pub(super) struct Label {
    pub(super) value: u32,
    pub(super) content: Content,
    /// Where the content begins.
    pub(super) next: usize,
}

/// Reads the label at `at` (RFC 3032, 2.1). Special ones are refused: none of them names a tunnel.
pub(super) fn label(head: &[u8], at: usize, end: usize) -> Result<Label, Malformed> {
    let entry = u32::from_be_bytes(*need(head, at, end)?);
    let value = entry >> 12;
    if value < LABEL_SPECIAL {
        return Err(Malformed::Label);
    }
    let next = at.wrapping_add(LABEL);
    let content = if entry & BOTTOM == 0 {
        Content::Labels
    } else if next < end {
        // MPLS does not say what it carries; an IP packet begins with its version.
        let [first] = *need::<1>(head, next, end)?;
        Content::of_version(Some(first)).unwrap_or(Content::Unknown)
    } else {
        Content::Unknown
    };
    Ok(Label {
        value,
        content,
        next,
    })
}

/// A VLAN tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The EtherType that announces it: [`TYPE_VLAN`] or [`TYPE_QINQ`].
    pub ethertype: u16,
    /// Priority and VLAN.
    pub control: u16,
}

impl Tag {
    fn vid(self) -> u16 {
        self.control & VID
    }
}

/// What a frame of a port is for, of which the outermost tag was taken off.
///
/// `head` begins behind the Ethernet header and is of type `ethertype`. A tag with VLAN 0 has a
/// priority only and is not a tunnel's, nor is a special label. `None` if it is no tunnel's.
pub fn find_link(
    head: &[u8],
    len: usize,
    ethertype: u16,
    tag: Option<Tag>,
) -> Result<Option<Found>, Malformed> {
    let found = |kind, key, content, at| Found {
        kind,
        key: Some(key),
        content,
        at,
        end: len,
        check: Check::None,
    };
    let Some(tag) = tag.filter(|tag| tag.vid() != 0) else {
        if ethertype != TYPE_MPLS {
            return Ok(None);
        }
        return match label(head, 0, len) {
            Ok(label) => {
                let found = found(Kind::Mpls, label.value, label.content, label.next);
                Ok(Some(found))
            }
            Err(Malformed::Label) => Ok(None),
            Err(error) => Err(error),
        };
    };
    Ok(Some(match (tag.ethertype, ethertype) {
        (TYPE_QINQ, TYPE_VLAN) => {
            let &[c0, c1, t0, t1] = need::<TAG>(head, 0, len)?;
            let inner = Some(u16::from_be_bytes([c0, c1]) & VID).filter(|vid| *vid != 0);
            let content = Content::of_type(u16::from_be_bytes([t0, t1]));
            found(Kind::Qinq, vlan_key(tag.vid(), inner), content, TAG)
        }
        (TYPE_QINQ, ethertype) => {
            let content = Content::of_type(ethertype);
            found(Kind::Qinq, vlan_key(tag.vid(), None), content, 0)
        }
        (_, ethertype) => {
            let content = Content::of_type(ethertype);
            found(Kind::Vlan, tag.vid().into(), content, 0)
        }
    }))
}

impl Found {
    /// For a frame with two tags: what its outer one alone says, which is a tunnel that carries
    /// tagged frames.
    pub fn outer_vlan(self) -> Option<Found> {
        let key = self.key.filter(|_| self.kind == Kind::Qinq)?;
        (self.at == TAG).then_some(Found {
            key: Some(key & 0xffff),
            content: Content::Packet(TYPE_VLAN),
            at: 0,
            ..self
        })
    }

    /// The EtherType of a frame that has the content as it is.
    pub fn ethertype(&self) -> u16 {
        match self.content {
            Content::Packet(ethertype) => ethertype,
            Content::Frame => TYPE_TEB,
            Content::Labels | Content::Unknown => TYPE_MPLS,
        }
    }
}

/// Bytes of a packet behind the Ethernet header, without what fills up a short frame.
pub fn unpadded(content: Content, head: &[u8], len: usize) -> usize {
    let told = match content {
        Content::Packet(TYPE_IPV4) => bytes::be16(head, 2).map(usize::from),
        Content::Packet(TYPE_IPV6) => bytes::be16(head, 4)
            .filter(|payload| *payload != 0)
            .map(|payload| usize::from(payload).wrapping_add(V6::HEADER)),
        _ => None,
    };
    // A packet whose length cannot be right stays as it came.
    match (told, Content::of_version(bytes::u8_at(head, 0))) {
        (Some(told), Some(version)) if version == content && told >= V4::HEADER => told.min(len),
        _ => len,
    }
}

/// What is written before a packet that leaves in a VLAN, but for the outer tag: devices and the
/// core put that on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// The outer tag.
    pub outer: Tag,
    /// The tag behind it.
    inner: Option<Tag>,
}

impl Tags {
    /// The tags of a tunnel; `class` is the packet's, six bits, whose first three are the
    /// priority. `None` if it is not a VLAN.
    pub fn new(kind: Kind, key: Option<u32>, class: u8) -> Option<Tags> {
        let priority = u16::from((class >> 3) & 7) << 13;
        let tag = |ethertype, vid| Tag {
            ethertype,
            control: priority | vid,
        };
        let (vid, inner) = vlan_ids(key?)?;
        match (kind, inner) {
            (Kind::Vlan, None) => Some(Tags {
                outer: tag(TYPE_VLAN, vid),
                inner: None,
            }),
            (Kind::Qinq, inner) => Some(Tags {
                outer: tag(TYPE_QINQ, vid),
                inner: inner.map(|vid| tag(TYPE_VLAN, vid)),
            }),
            _ => None,
        }
    }

    /// Bytes of the Ethernet header and the inner tag.
    pub fn header_len(&self) -> usize {
        ether::LEN + self.inner.map_or(0, |_| TAG)
    }

    /// The EtherType behind the outer tag of a frame whose content has `ethertype`.
    pub fn ethertype(&self, ethertype: u16) -> u16 {
        self.inner.map_or(ethertype, |tag| tag.ethertype)
    }

    /// Writes the header, whose type is that of the content, to all of `out`.
    pub fn write(&self, header: &Ether, out: &mut [u8]) -> Option<()> {
        let ethertype = self.ethertype(header.ethertype);
        let at = Ether {
            ethertype,
            ..*header
        }
        .write(out)?;
        let Some(inner) = self.inner else {
            return Some(());
        };
        bytes::put(out, at, inner.control.to_be_bytes())?;
        bytes::put(out, at.wrapping_add(2), header.ethertype.to_be_bytes())
    }
}

/// What a label says besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The traffic class, three bits (RFC 5462).
    pub class: u8,
    /// The time to live.
    pub ttl: u8,
}

impl Hop {
    /// Reads that of the label that `head` begins with.
    pub fn read(head: &[u8]) -> Option<Hop> {
        let entry = bytes::be32(head, 0)?;
        Some(Hop {
            class: (entry >> 9) as u8 & 7,
            ttl: entry as u8,
        })
    }

    /// The entry of a label with this, last of its stack unless labels follow.
    pub fn entry(self, value: u32, content: Content) -> [u8; LABEL] {
        let bottom = match content {
            Content::Labels => 0,
            _ => BOTTOM,
        };
        let class = u32::from(self.class & 7) << 9;
        ((value << 12) | class | bottom | u32::from(self.ttl)).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::packet::ParseError;

    fn tag(ethertype: u16, control: u16) -> Option<Tag> {
        Some(Tag { ethertype, control })
    }

    #[test]
    fn tags_are_read_one_and_two_deep() {
        let found = |bytes: &[u8], len, ethertype, tag| find_link(bytes, len, ethertype, tag);
        let ours = |bytes: &[u8], ethertype, tag| {
            found(bytes, bytes.len(), ethertype, tag).unwrap().unwrap()
        };
        let single = ours(&[0x45], TYPE_IPV4, tag(TYPE_VLAN, 0xe00a));
        assert_eq!((single.kind, single.key), (Kind::Vlan, Some(10)));
        assert_eq!((single.at, single.outer_vlan()), (0, None));
        let bytes = [0xe0, 20, 8, 0, 0x45];
        let double = ours(&bytes, TYPE_VLAN, tag(TYPE_QINQ, 10));
        assert_eq!((double.kind, double.at), (Kind::Qinq, 4));
        assert_eq!(double.key, Some(vlan_key(10, Some(20))));
        assert_eq!(double.content, Content::Packet(TYPE_IPV4));
        let outer = double.outer_vlan().unwrap();
        assert_eq!((outer.kind, outer.key, outer.at), (Kind::Qinq, Some(10), 0));
        assert_eq!(outer.ethertype(), TYPE_VLAN);
        // Two tags of the same kind are a VLAN that carries tagged frames.
        let same = ours(&bytes, TYPE_VLAN, tag(TYPE_VLAN, 10));
        assert_eq!((same.kind, same.key), (Kind::Vlan, Some(10)));
        assert_eq!((same.ethertype(), same.at), (TYPE_VLAN, 0));
        assert_eq!(
            found(&bytes, 5, TYPE_IPV4, tag(TYPE_VLAN, 0xe000)),
            Ok(None)
        );
        assert_eq!(
            found(&bytes[..3], 5, TYPE_VLAN, tag(TYPE_QINQ, 1)),
            Err(Malformed::Parse(ParseError::Short(4)))
        );
        assert_eq!(
            found(&bytes[..3], 3, TYPE_VLAN, tag(TYPE_QINQ, 1)),
            Err(Malformed::Parse(ParseError::Truncated))
        );
    }

    #[test]
    fn written_tags_read_back() {
        let header = Ether {
            dst: [2, 0, 0, 0, 0, 1],
            src: [2, 0, 0, 0, 0, 2],
            ethertype: TYPE_IPV4,
        };
        let cases = [
            (Kind::Vlan, 10, 14),
            (Kind::Qinq, 10, 14),
            (Kind::Qinq, vlan_key(10, Some(20)), 18),
        ];
        for (kind, key, len) in cases {
            let tags = Tags::new(kind, Some(key), 46).unwrap();
            assert_eq!(
                (tags.header_len(), tags.outer.control),
                (len, (5 << 13) | 10)
            );
            let mut out = vec![0; len];
            tags.write(&header, &mut out).unwrap();
            assert_eq!((&out[..6], &out[6..12]), (&header.dst[..], &header.src[..]));
            let ethertype = bytes::be16(&out, 12).unwrap();
            assert_eq!(ethertype, tags.ethertype(TYPE_IPV4));
            let back = find_link(&out[14..], len - 14, ethertype, Some(tags.outer));
            let back = back.unwrap().unwrap();
            assert_eq!((back.kind, back.key), (kind, Some(key)));
            assert_eq!((back.at, back.ethertype()), (len - 14, TYPE_IPV4));
        }
        assert_eq!(Tags::new(Kind::Vlan, Some(vlan_key(1, Some(2))), 0), None);
        assert_eq!(Tags::new(Kind::Mpls, Some(77), 0), None);
    }

    #[test]
    fn filling_is_no_part_of_a_packet() {
        let v4 = Content::Packet(TYPE_IPV4);
        let v6 = Content::Packet(TYPE_IPV6);
        assert_eq!(unpadded(v4, &[0x45, 0, 0, 28], 46), 28);
        assert_eq!(unpadded(v4, &[0x45, 0, 0, 60], 46), 46);
        assert_eq!(unpadded(v4, &[0x45, 0, 0, 3], 46), 46);
        assert_eq!(unpadded(v4, &[0x65, 0, 0, 28], 46), 46);
        assert_eq!(unpadded(v6, &[0x60, 0, 0, 0, 0, 4], 46), 44);
        assert_eq!(unpadded(v6, &[0x60, 0, 0, 0, 0, 0], 70000), 70000);
        assert_eq!(unpadded(Content::Labels, &[0x45, 0, 0, 28], 46), 46);
    }

    #[test]
    fn labels_read_back() {
        let hop = Hop { class: 5, ttl: 9 };
        for content in [
            Content::Packet(TYPE_IPV4),
            Content::Labels,
            Content::Unknown,
        ] {
            let entry = hop.entry(77, content);
            assert_eq!(Hop::read(&entry), Some(hop));
            let is_last = u32::from_be_bytes(entry) & BOTTOM != 0;
            assert_eq!(is_last, content != Content::Labels);
            assert_eq!(u32::from_be_bytes(entry) >> 12, 77);
        }
    }

    #[test]
    fn labels_say_what_follows() {
        let read = |entry: u32, after: &[u8]| {
            let mut bytes = entry.to_be_bytes().to_vec();
            bytes.extend_from_slice(after);
            find_link(&bytes, bytes.len(), TYPE_MPLS, None)
        };
        let four = read((77 << 12) | BOTTOM | 64, &[0x45]).unwrap().unwrap();
        assert_eq!((four.kind, four.key, four.at), (Kind::Mpls, Some(77), 4));
        assert_eq!(four.content, Content::Packet(TYPE_IPV4));
        let more = read((77 << 12) | 64, &[0x45]).unwrap().unwrap();
        assert_eq!(more.content, Content::Labels);
        for after in [&[0x05][..], &[]] {
            let odd = read((77 << 12) | BOTTOM, after).unwrap().unwrap();
            assert_eq!(odd.content, Content::Unknown);
        }
        for special in 0..16 {
            assert_eq!(read((special << 12) | BOTTOM, &[0x45]), Ok(None));
        }
    }
}
