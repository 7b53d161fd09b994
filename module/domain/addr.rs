// SPDX-License-Identifier: GPL-2.0

//! Addresses, prefixes, protocols and port ranges.
//!
//! [`Addr`] is for configuration, where one value may be of either family.
//! Packets and flows are generic over [`Ip`] instead, implemented by [`V4`] and
//! [`V6`], so that an IPv4 flow stays small and neither family is a copy of the
//! other's code.

mod transport;

pub use transport::{PortRange, Proto};

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of either family, bytes as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addr {
    /// An IPv4 address.
    V4([u8; 4]),
    /// An IPv6 address.
    V6([u8; 16]),
}

/// An IPv4 address, bytes as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct V4(pub [u8; 4]);

/// An IPv6 address, bytes as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct V6(pub [u8; 16]);

/// An address whose family is known at compile time.
pub trait Ip: Copy + Eq + Ord + Default + fmt::Debug + Send + Sync + 'static {
    /// Bytes of an address.
    const LEN: usize;
    /// Bits of an address, the longest prefix length.
    const BITS: u8;
    /// The address's 32-bit words as the hash takes them.
    type Words: AsRef<[u32]>;

    /// Reads an address at `at`.
    fn read(bytes: &[u8], at: usize) -> Option<Self>;
    /// Writes the address at `at`; `None`, and nothing written, if it does not fit.
    fn write(self, bytes: &mut [u8], at: usize) -> Option<()>;
    /// The address as bytes.
    fn as_bytes(&self) -> &[u8];
    /// The address as 32-bit words in the machine's order.
    fn words(self) -> Self::Words;
    /// One's complement sum of the address in the machine's order, not folded.
    fn wire_sum(self) -> u64;
    /// One's complement sum of the complement of the address, not folded.
    fn wire_sum_not(self) -> u64;
    /// Keeps the first `len` bits; `len` over [`Self::BITS`] keeps all.
    fn mask(self, len: u8) -> Self;
    /// The same address as an [`Addr`].
    fn to_addr(self) -> Addr;
    /// The address, if it is of this family.
    fn from_addr(addr: Addr) -> Option<Self>;
    /// All bits zero.
    fn is_unspecified(self) -> bool;
    /// 224.0.0.0/4, ff00::/8.
    fn is_multicast(self) -> bool;
    /// 255.255.255.255; never for IPv6. Subnet broadcasts need a route to tell.
    fn is_broadcast(self) -> bool;
    /// 127.0.0.0/8, ::1.
    fn is_loopback(self) -> bool;
    /// 169.254.0.0/16, fe80::/10.
    fn is_link_local(self) -> bool;

    /// Whether the address may be a host's: neither unspecified, multicast nor broadcast.
    #[inline]
    fn is_unicast(self) -> bool {
        !self.is_unspecified() && !self.is_multicast() && !self.is_broadcast()
    }

    /// Whether the address lies in `prefix`/`len`; bits of `prefix` beyond `len` do not count.
    #[inline]
    fn is_in(self, prefix: Self, len: u8) -> bool {
        self.mask(len) == prefix.mask(len)
    }
}

impl Ip for V4 {
    const LEN: usize = 4;
    const BITS: u8 = 32;
    type Words = [u32; 1];

    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        super::bytes::chunk(bytes, at).map(|b| V4(*b))
    }

    #[inline(always)]
    fn write(self, bytes: &mut [u8], at: usize) -> Option<()> {
        super::bytes::put(bytes, at, self.0)
    }

    #[inline(always)]
    fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    #[inline(always)]
    fn words(self) -> [u32; 1] {
        [u32::from_ne_bytes(self.0)]
    }

    #[inline(always)]
    fn wire_sum(self) -> u64 {
        u64::from(u32::from_ne_bytes(self.0))
    }

    #[inline(always)]
    fn wire_sum_not(self) -> u64 {
        u64::from(!u32::from_ne_bytes(self.0))
    }

    #[inline]
    fn mask(self, len: u8) -> Self {
        let keep = match len {
            0 => 0,
            1..=31 => u32::MAX << (32 - u32::from(len)),
            _ => u32::MAX,
        };
        V4((u32::from_be_bytes(self.0) & keep).to_be_bytes())
    }

    #[inline]
    fn to_addr(self) -> Addr {
        Addr::V4(self.0)
    }

    #[inline]
    fn from_addr(addr: Addr) -> Option<Self> {
        match addr {
            Addr::V4(a) => Some(V4(a)),
            Addr::V6(_) => None,
        }
    }

    #[inline]
    fn is_unspecified(self) -> bool {
        self.0 == [0; 4]
    }

    #[inline]
    fn is_multicast(self) -> bool {
        self.0[0] & 0xf0 == 0xe0
    }

    #[inline]
    fn is_broadcast(self) -> bool {
        self.0 == [255; 4]
    }

    #[inline]
    fn is_loopback(self) -> bool {
        self.0[0] == 127
    }

    #[inline]
    fn is_link_local(self) -> bool {
        self.0[0] == 169 && self.0[1] == 254
    }
}

impl V6 {
    /// The solicited-node multicast address of this address (RFC 4291, 2.7.1).
    #[inline]
    pub fn solicited_node(self) -> V6 {
        let a = self.0;
        V6([
            0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a[13], a[14], a[15],
        ])
    }

    /// The link-local address of the interface with this Ethernet address (RFC 4291, appendix A).
    pub fn link_local(mac: [u8; 6]) -> V6 {
        let [a, b, c, d, e, f] = mac;
        V6([
            0xfe,
            0x80,
            0,
            0,
            0,
            0,
            0,
            0,
            a ^ 2,
            b,
            c,
            0xff,
            0xfe,
            d,
            e,
            f,
        ])
    }

    /// All nodes of the link, ff02::1.
    pub const ALL_NODES: V6 = V6([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
}

impl Ip for V6 {
    const LEN: usize = 16;
    const BITS: u8 = 128;
    type Words = [u32; 4];

    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        super::bytes::chunk(bytes, at).map(|b| V6(*b))
    }

    #[inline(always)]
    fn write(self, bytes: &mut [u8], at: usize) -> Option<()> {
        super::bytes::put(bytes, at, self.0)
    }

    #[inline(always)]
    fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    #[inline(always)]
    fn words(self) -> [u32; 4] {
        let a = self.0;
        [
            u32::from_ne_bytes([a[0], a[1], a[2], a[3]]),
            u32::from_ne_bytes([a[4], a[5], a[6], a[7]]),
            u32::from_ne_bytes([a[8], a[9], a[10], a[11]]),
            u32::from_ne_bytes([a[12], a[13], a[14], a[15]]),
        ]
    }

    #[inline(always)]
    fn wire_sum(self) -> u64 {
        let [a, b, c, d] = self.words();
        u64::from(a)
            .wrapping_add(u64::from(b))
            .wrapping_add(u64::from(c))
            .wrapping_add(u64::from(d))
    }

    #[inline(always)]
    fn wire_sum_not(self) -> u64 {
        let [a, b, c, d] = self.words();
        u64::from(!a)
            .wrapping_add(u64::from(!b))
            .wrapping_add(u64::from(!c))
            .wrapping_add(u64::from(!d))
    }

    #[inline]
    fn mask(self, len: u8) -> Self {
        let keep = match len {
            0 => 0,
            1..=127 => u128::MAX << (128 - u32::from(len)),
            _ => u128::MAX,
        };
        V6((u128::from_be_bytes(self.0) & keep).to_be_bytes())
    }

    #[inline]
    fn to_addr(self) -> Addr {
        Addr::V6(self.0)
    }

    #[inline]
    fn from_addr(addr: Addr) -> Option<Self> {
        match addr {
            Addr::V4(_) => None,
            Addr::V6(a) => Some(V6(a)),
        }
    }

    #[inline]
    fn is_unspecified(self) -> bool {
        self.0 == [0; 16]
    }

    #[inline]
    fn is_multicast(self) -> bool {
        self.0[0] == 0xff
    }

    #[inline]
    fn is_broadcast(self) -> bool {
        false
    }

    #[inline]
    fn is_loopback(self) -> bool {
        self.0 == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    }

    #[inline]
    fn is_link_local(self) -> bool {
        self.0[0] == 0xfe && self.0[1] & 0xc0 == 0x80
    }
}

/// Calls the same method of [`Ip`] whichever the family is.
macro_rules! either {
    ($addr:expr, $a:ident => $body:expr) => {
        match $addr {
            Addr::V4(a) => {
                let $a = V4(a);
                $body
            }
            Addr::V6(a) => {
                let $a = V6(a);
                $body
            }
        }
    };
}

impl Addr {
    /// Whether the address is an IPv6 one.
    pub fn is_v6(self) -> bool {
        matches!(self, Addr::V6(_))
    }

    /// The longest prefix length of the family: 32 or 128.
    pub fn bits(self) -> u8 {
        match self {
            Addr::V4(_) => V4::BITS,
            Addr::V6(_) => V6::BITS,
        }
    }

    /// The address as bytes, 4 or 16.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Addr::V4(a) => a,
            Addr::V6(a) => a,
        }
    }

    /// The address of these bytes if there are 4 or 16.
    pub fn from_bytes(bytes: &[u8]) -> Option<Addr> {
        match bytes.len() {
            4 => V4::read(bytes, 0).map(V4::to_addr),
            16 => V6::read(bytes, 0).map(V6::to_addr),
            _ => None,
        }
    }

    /// Keeps the first `len` bits.
    pub fn mask(self, len: u8) -> Addr {
        either!(self, a => a.mask(len).to_addr())
    }

    /// Whether the address lies in `prefix`/`len`; never if the families differ.
    pub fn is_in(self, prefix: Addr, len: u8) -> bool {
        self.mask(len) == prefix.mask(len)
    }

    /// See [`Ip::is_unspecified`].
    pub fn is_unspecified(self) -> bool {
        either!(self, a => a.is_unspecified())
    }

    /// See [`Ip::is_multicast`].
    pub fn is_multicast(self) -> bool {
        either!(self, a => a.is_multicast())
    }

    /// See [`Ip::is_broadcast`].
    pub fn is_broadcast(self) -> bool {
        either!(self, a => a.is_broadcast())
    }

    /// See [`Ip::is_loopback`].
    pub fn is_loopback(self) -> bool {
        either!(self, a => a.is_loopback())
    }

    /// See [`Ip::is_link_local`].
    pub fn is_link_local(self) -> bool {
        either!(self, a => a.is_link_local())
    }

    /// See [`Ip::is_unicast`].
    pub fn is_unicast(self) -> bool {
        either!(self, a => a.is_unicast())
    }
}

impl From<IpAddr> for Addr {
    fn from(addr: IpAddr) -> Addr {
        match addr {
            IpAddr::V4(a) => Addr::V4(a.octets()),
            IpAddr::V6(a) => Addr::V6(a.octets()),
        }
    }
}

impl From<Addr> for IpAddr {
    fn from(addr: Addr) -> IpAddr {
        match addr {
            Addr::V4(a) => IpAddr::V4(Ipv4Addr::from(a)),
            Addr::V6(a) => IpAddr::V6(Ipv6Addr::from(a)),
        }
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        IpAddr::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_keeps_the_first_bits() {
        let a = V4([10, 255, 255, 255]);
        for (len, want) in [
            (0, [0, 0, 0, 0]),
            (9, [10, 128, 0, 0]),
            (32, [10, 255, 255, 255]),
            (200, [10, 255, 255, 255]),
        ] {
            assert_eq!(a.mask(len), V4(want));
        }
        assert_eq!(V6([0xff; 16]).mask(0), V6([0; 16]));
        assert_eq!(V6([0xff; 16]).mask(10).0[..3], [0xff, 0xc0, 0]);
        assert_eq!(V6([0xff; 16]).mask(128), V6([0xff; 16]));
    }

    #[test]
    fn prefix_membership_needs_one_family() {
        let net = Addr::V4([192, 0, 2, 0]);
        assert!(Addr::V4([192, 0, 2, 77]).is_in(net, 24));
        assert!(!Addr::V4([192, 0, 3, 77]).is_in(net, 24));
        assert!(!Addr::V6([0; 16]).is_in(Addr::V4([0; 4]), 0));
    }

    #[test]
    fn address_kinds() {
        assert!(V4([169, 254, 1, 1]).is_link_local());
        assert!(V4([239, 1, 1, 1]).is_multicast());
        assert!(!V4([223, 1, 1, 1]).is_multicast());
        assert!(!V4([255; 4]).is_unicast());
        assert!(V6([0xfe, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).is_link_local());
        assert!(V6::ALL_NODES.is_multicast());
        let node = V6([0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 1, 2, 3]).solicited_node();
        assert_eq!(node.0[11..], [1, 0xff, 1, 2, 3]);
    }
}
