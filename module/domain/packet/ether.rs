// SPDX-License-Identifier: GPL-2.0

//! The Ethernet header (IEEE 802.3).

use crate::domain::bytes;

/// A link-layer address.
pub type Mac = [u8; 6];

/// Bytes of an Ethernet header without VLAN tags.
pub const LEN: usize = 14;

/// The address of every station.
pub const BROADCAST: Mac = [0xff; 6];

/// EtherType of IPv4.
pub const TYPE_IPV4: u16 = 0x0800;
/// EtherType of ARP.
pub const TYPE_ARP: u16 = 0x0806;
/// EtherType of a customer VLAN tag (802.1Q).
pub const TYPE_VLAN: u16 = 0x8100;
/// EtherType of an Ethernet frame inside something else.
pub const TYPE_TEB: u16 = 0x6558;
/// EtherType of MPLS labels.
pub const TYPE_MPLS: u16 = 0x8847;
/// EtherType of IPv6.
pub const TYPE_IPV6: u16 = 0x86dd;
/// EtherType of a service VLAN tag (802.1ad).
pub const TYPE_QINQ: u16 = 0x88a8;

/// An Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ether {
    /// Destination.
    pub dst: Mac,
    /// Source.
    pub src: Mac,
    /// EtherType in host order.
    pub ethertype: u16,
}

impl Ether {
    /// Reads the header at the start of `frame`.
    #[inline]
    pub fn parse(frame: &[u8]) -> Option<Ether> {
        Some(Ether {
            dst: *bytes::chunk(frame, 0)?,
            src: *bytes::chunk(frame, 6)?,
            ethertype: bytes::be16(frame, 12)?,
        })
    }

    /// Writes the header to the start of `out`; returns its length.
    #[inline]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let header: &mut [u8; LEN] = bytes::chunk_mut(out, 0)?;
        bytes::put(header, 0, self.dst)?;
        bytes::put(header, 6, self.src)?;
        bytes::put(header, 12, self.ethertype.to_be_bytes())?;
        Some(LEN)
    }
}

/// Whether the address is of a group; broadcast is one.
#[inline]
pub fn is_group(mac: Mac) -> bool {
    mac[0] & 1 == 1
}

/// Whether the address may be one station's: neither a group's nor zero.
#[inline]
pub fn is_station(mac: Mac) -> bool {
    !is_group(mac) && mac != [0; 6]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_header_reads_back() {
        let ether = Ether {
            dst: BROADCAST,
            src: [2, 0, 0, 0, 0, 1],
            ethertype: TYPE_ARP,
        };
        let mut out = [0; LEN];
        assert_eq!(ether.write(&mut out), Some(LEN));
        assert_eq!(Ether::parse(&out), Some(ether));
        assert_eq!(ether.write(&mut out[..13]), None);
        assert_eq!(Ether::parse(&out[..13]), None);
        assert!(is_group(BROADCAST) && is_station(ether.src));
    }
}
