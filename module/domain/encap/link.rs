// SPDX-License-Identifier: GPL-2.0

//! Tunnels that ride on the link layer of a port: VLAN tags and MPLS labels.
//!
//! Network devices and the core take the outermost VLAN tag off before anybody
//! looks, so what is left here is the inner one of two.

use super::strip::{Check, Content, Found, Malformed};
use super::{vlan_key, Kind};
use crate::domain::bytes;
use crate::domain::packet::ether::{TYPE_MPLS, TYPE_QINQ, TYPE_VLAN};
use crate::domain::packet::{need, ParseError};

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

/// What a frame of a port is for, of which the device took the outermost tag off.
///
/// `head` begins behind the Ethernet header and is of type `ethertype`; `vid` is the VLAN in the
/// tag. A tag with VLAN 0 has a priority only and is not a tunnel's. `None` if it is no tunnel's.
pub fn find_link(
    head: &[u8],
    len: usize,
    ethertype: u16,
    vid: Option<u16>,
) -> Result<Option<Found>, Malformed> {
    let found = |kind, key, content, at| Found {
        kind,
        key: Some(key),
        content,
        at,
        end: len,
        check: Check::None,
    };
    match (vid.filter(|vid| *vid != 0), ethertype) {
        (Some(vid), TYPE_VLAN | TYPE_QINQ) => {
            let tag: &[u8; TAG] = need(head, 0, len)?;
            let (Some(tci), Some(ethertype)) = (bytes::be16(tag, 0), bytes::be16(tag, 2)) else {
                return Err(ParseError::Truncated.into());
            };
            let inner = Some(tci & VID).filter(|vid| *vid != 0);
            let content = Content::Packet(ethertype);
            Ok(Some(found(Kind::Vlan, vlan_key(vid, inner), content, TAG)))
        }
        (Some(vid), ethertype) => Ok(Some(found(
            Kind::Vlan,
            vlan_key(vid, None),
            Content::Packet(ethertype),
            0,
        ))),
        (None, TYPE_MPLS) => {
            let label = label(head, 0, len)?;
            Ok(Some(found(
                Kind::Mpls,
                label.value,
                label.content,
                label.next,
            )))
        }
        (None, _) => Ok(None),
    }
}

impl Found {
    /// For a frame with two tags: what its outer one alone says, which is a tunnel that carries
    /// tagged frames.
    pub fn outer_vlan(self) -> Option<Found> {
        let key = self.key.filter(|_| self.kind == Kind::Vlan)?;
        (self.at == TAG).then_some(Found {
            key: Some(key & 0xffff),
            content: Content::Packet(TYPE_VLAN),
            at: 0,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::packet::ether::TYPE_IPV4;

    #[test]
    fn tags_are_read_one_and_two_deep() {
        let single = find_link(&[0x45], 1, TYPE_IPV4, Some(10)).unwrap().unwrap();
        assert_eq!((single.kind, single.key), (Kind::Vlan, Some(10)));
        assert_eq!((single.at, single.outer_vlan()), (0, None));
        let bytes = [0xe0, 20, 8, 0, 0x45];
        let double = find_link(&bytes, 5, TYPE_VLAN, Some(10)).unwrap().unwrap();
        assert_eq!(double.key, Some(vlan_key(10, Some(20))));
        assert_eq!((double.at, double.content), (4, Content::Packet(TYPE_IPV4)));
        let outer = double.outer_vlan().unwrap();
        assert_eq!((outer.key, outer.at), (Some(10), 0));
        assert_eq!(outer.content, Content::Packet(TYPE_VLAN));
        assert_eq!(find_link(&bytes, 5, TYPE_IPV4, Some(0)), Ok(None));
        assert_eq!(
            find_link(&bytes[..3], 5, TYPE_VLAN, Some(1)),
            Err(Malformed::Parse(ParseError::Short(4)))
        );
        assert_eq!(
            find_link(&bytes[..3], 3, TYPE_VLAN, Some(1)),
            Err(Malformed::Parse(ParseError::Truncated))
        );
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
            assert_eq!(
                read((special << 12) | BOTTOM, &[0x45]),
                Err(Malformed::Label)
            );
        }
    }
}
