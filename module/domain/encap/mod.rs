// SPDX-License-Identifier: GPL-2.0

//! Tunnels: which types there are, what they are told apart by, and what they cost.
//!
//! A tunnel is one entry in a table, not a device. What arrives for one is found
//! by its [`WireKey`], all of which is read from the outer header; what leaves
//! through one gets a header of its [`Format`].
//!
//! Types differ in what they ride on, their [`Carrier`]: an IP protocol of their
//! own, UDP, or the link layer of a port. MPLS and L2TPv3 ride on more than one
//! and are a type each time, so that a type alone says how a packet looks.

pub mod build;
pub mod ecn;
pub mod link;
pub mod mtu;
pub mod strip;

use super::addr::{Addr, Proto};

/// The type of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// IP in IP, any two families (RFC 2003, RFC 2473, RFC 4213).
    Ipip = 1,
    /// GRE with or without key (RFC 2784, RFC 2890).
    Gre = 2,
    /// VXLAN: Ethernet frames in UDP (RFC 7348).
    Vxlan = 3,
    /// Geneve: frames or packets in UDP (RFC 8926).
    Geneve = 4,
    /// Generic UDP encapsulation, as Linux has it (draft-ietf-intarea-gue).
    Gue = 5,
    /// An IP packet directly in UDP, as Linux's foo over UDP.
    Fou = 6,
    /// A VLAN tag on a port (IEEE 802.1Q).
    Vlan = 7,
    /// An MPLS label on a port (RFC 3032).
    Mpls = 8,
    /// An MPLS label in GRE (RFC 4023).
    MplsGre = 9,
    /// An MPLS label in UDP (RFC 7510).
    MplsUdp = 10,
    /// L2TPv3 as an IP protocol: Ethernet frames (RFC 3931, RFC 4719).
    L2tpv3 = 11,
    /// L2TPv3 in UDP.
    L2tpv3Udp = 12,
    /// A service VLAN tag on a port, and one VLAN tag behind it or any (IEEE 802.1ad).
    Qinq = 13,
}

/// What a tunnel's packets ride on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// IP packets of a protocol; IP in IP uses the other of its two for IPv6.
    Ip(Proto),
    /// UDP datagrams to a port.
    Udp,
    /// Frames of a port of the router.
    Link,
}

impl Carrier {
    /// The IP protocol of the packets, none on a link.
    pub fn protocol(self) -> Option<Proto> {
        match self {
            Carrier::Ip(proto) => Some(proto),
            Carrier::Udp => Some(Proto::UDP),
            Carrier::Link => None,
        }
    }
}

/// The values that a tunnel's key can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRange {
    /// The type has no key: addresses and ports tell its tunnels apart.
    None,
    /// A key from 0 to this, or no key at all, which differs from each.
    Optional(u32),
    /// A key between these two, both included.
    Required(u32, u32),
    /// A service VLAN and perhaps one within it, see [`vlan_key`].
    Vlans,
}

impl KeyRange {
    /// Whether a tunnel may have `key`.
    pub fn allows(self, key: Option<u32>) -> bool {
        match (self, key) {
            (KeyRange::None | KeyRange::Optional(_), None) => true,
            (KeyRange::Optional(last), Some(key)) => key <= last,
            (KeyRange::Required(first, last), Some(key)) => (first..=last).contains(&key),
            (KeyRange::Vlans, Some(key)) => vlan_ids(key).is_some(),
            (KeyRange::None, Some(_)) | (KeyRange::Required(..) | KeyRange::Vlans, None) => false,
        }
    }
}

/// The lowest VLAN that a port's traffic can belong to; 0 marks a priority without a VLAN.
pub const VLAN_MIN: u16 = 1;
/// The highest VLAN; 4095 is reserved.
pub const VLAN_MAX: u16 = 4094;
/// The lowest MPLS label that is not special (RFC 7274, 3.1).
pub const LABEL_MIN: u32 = 16;
/// The highest MPLS label.
pub const LABEL_MAX: u32 = (1 << 20) - 1;
/// The highest VXLAN or Geneve network identifier.
pub const VNI_MAX: u32 = (1 << 24) - 1;

impl Kind {
    /// Every type.
    pub const ALL: [Kind; 13] = [
        Kind::Ipip,
        Kind::Gre,
        Kind::Vxlan,
        Kind::Geneve,
        Kind::Gue,
        Kind::Fou,
        Kind::Vlan,
        Kind::Mpls,
        Kind::MplsGre,
        Kind::MplsUdp,
        Kind::L2tpv3,
        Kind::L2tpv3Udp,
        Kind::Qinq,
    ];

    /// The type with this number.
    pub fn from_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The type's keyword.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Ipip => "ipip",
            Kind::Gre => "gre",
            Kind::Vxlan => "vxlan",
            Kind::Geneve => "geneve",
            Kind::Gue => "gue",
            Kind::Fou => "fou",
            Kind::Vlan => "vlan",
            Kind::Mpls => "mpls",
            Kind::MplsGre => "mpls-gre",
            Kind::MplsUdp => "mpls-udp",
            Kind::L2tpv3 => "l2tpv3",
            Kind::L2tpv3Udp => "l2tpv3-udp",
            Kind::Qinq => "qinq",
        }
    }

    /// The type with this keyword.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it rides on.
    pub const fn carrier(self) -> Carrier {
        match self {
            Kind::Ipip => Carrier::Ip(Proto::IPIP),
            Kind::Gre | Kind::MplsGre => Carrier::Ip(Proto::GRE),
            Kind::L2tpv3 => Carrier::Ip(Proto::L2TP),
            Kind::Vlan | Kind::Qinq | Kind::Mpls => Carrier::Link,
            Kind::Vxlan
            | Kind::Geneve
            | Kind::Gue
            | Kind::Fou
            | Kind::MplsUdp
            | Kind::L2tpv3Udp => Carrier::Udp,
        }
    }

    /// The UDP port that it is sent from where none is set; 0 is one for each flow inside. The ends
    /// of L2TPv3 take packets from the port that they send to only.
    pub const fn default_source_port(self) -> u16 {
        match self {
            Kind::L2tpv3Udp => self.default_port(),
            _ => 0,
        }
    }

    /// The UDP port of its receivers where none is set; 0 if it needs none or has no usual one.
    pub const fn default_port(self) -> u16 {
        match self {
            Kind::Vxlan => 4789,
            Kind::Geneve => 6081,
            Kind::Gue => 6080,
            Kind::MplsUdp => 6635,
            Kind::L2tpv3Udp => 1701,
            _ => 0,
        }
    }

    /// The keys that it can have.
    pub const fn keys(self) -> KeyRange {
        match self {
            Kind::Ipip | Kind::Gue | Kind::Fou => KeyRange::None,
            Kind::Gre => KeyRange::Optional(u32::MAX),
            Kind::Vxlan | Kind::Geneve => KeyRange::Required(0, VNI_MAX),
            Kind::Vlan => KeyRange::Required(VLAN_MIN as u32, VLAN_MAX as u32),
            Kind::Qinq => KeyRange::Vlans,
            Kind::Mpls | Kind::MplsGre | Kind::MplsUdp => KeyRange::Required(LABEL_MIN, LABEL_MAX),
            // Session 0 is the control channel (RFC 3931, 4.1.2.1).
            Kind::L2tpv3 | Kind::L2tpv3Udp => KeyRange::Required(1, u32::MAX),
        }
    }

    /// The word for its key in commands and messages.
    pub const fn key_name(self) -> &'static str {
        match self {
            Kind::Vxlan | Kind::Geneve => "vni",
            Kind::Vlan | Kind::Qinq => "vid",
            Kind::Mpls | Kind::MplsGre | Kind::MplsUdp => "label",
            Kind::L2tpv3 | Kind::L2tpv3Udp => "session",
            _ => "key",
        }
    }

    /// Whether what it carries is Ethernet frames and nothing else.
    pub const fn is_ethernet(self) -> bool {
        matches!(self, Kind::Vxlan | Kind::L2tpv3 | Kind::L2tpv3Udp)
    }

    /// Whether it is a VLAN, where packets are frames between stations.
    pub const fn is_vlan(self) -> bool {
        matches!(self, Kind::Vlan | Kind::Qinq)
    }
}

/// The key of a VLAN, or of `inner` within the service VLAN `vid`.
pub const fn vlan_key(vid: u16, inner: Option<u16>) -> u32 {
    match inner {
        Some(inner) => ((inner as u32) << 16) | vid as u32,
        None => vid as u32,
    }
}

/// The VLAN and the inner VLAN of a key, if both can exist.
pub fn vlan_ids(key: u32) -> Option<(u16, Option<u16>)> {
    let valid = VLAN_MIN..=VLAN_MAX;
    let (inner, vid) = ((key >> 16) as u16, key as u16);
    let inner = (inner != 0).then_some(inner);
    (valid.contains(&vid) && inner.is_none_or(|inner| valid.contains(&inner)))
        .then_some((vid, inner))
}

/// Where a tunnel's packets arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// On a port, by its device's index.
    Link(u32),
    /// At an address.
    Path {
        /// Our address, the destination of what arrives.
        local: Addr,
        /// The other end's address; none takes packets from anywhere.
        remote: Option<Addr>,
        /// The UDP destination port, 0 unless it rides on UDP.
        port: u16,
    },
}

/// What an arriving packet's tunnel is found by; at most one tunnel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireKey {
    /// Its type.
    pub kind: Kind,
    /// Its key in arriving packets, within [`Kind::keys`].
    pub key: Option<u32>,
    /// Where they arrive.
    pub end: End,
}

impl WireKey {
    /// The key of the tunnel that takes such packets from anywhere, to be asked for second.
    pub fn anywhere(self) -> Option<WireKey> {
        match self.end {
            End::Path {
                local,
                remote: Some(_),
                port,
            } => Some(WireKey {
                end: End::Path {
                    local,
                    remote: None,
                    port,
                },
                ..self
            }),
            _ => None,
        }
    }
}

/// What of a tunnel's configuration decides how its header looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Its type.
    pub kind: Kind,
    /// The key that leaving packets get, within [`Kind::keys`].
    pub key: Option<u32>,
    /// Whether the payload is Ethernet frames; always or never in most types.
    pub ethernet: bool,
    /// What leaving L2TPv3 packets carry to prove themselves.
    pub cookie: Cookie,
    /// Whether L2TPv3 has the sublayer of RFC 3931, 4.6, which Linux has by default.
    pub sublayer: bool,
}

/// An L2TPv3 cookie: 0, 4 or 8 bytes as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cookie {
    /// None.
    #[default]
    None,
    /// Four bytes.
    Short([u8; 4]),
    /// Eight bytes.
    Long([u8; 8]),
}

impl Cookie {
    /// The cookie of these bytes if there are 0, 4 or 8.
    pub fn from_bytes(bytes: &[u8]) -> Option<Cookie> {
        match bytes.len() {
            0 => Some(Cookie::None),
            4 => bytes.first_chunk().map(|b| Cookie::Short(*b)),
            8 => bytes.first_chunk().map(|b| Cookie::Long(*b)),
            _ => None,
        }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Cookie::None => &[],
            Cookie::Short(bytes) => bytes,
            Cookie::Long(bytes) => bytes,
        }
    }
}

/// Bytes of an IPv4 header without options.
const IPV4: usize = 20;
/// Bytes of an IPv6 header.
const IPV6: usize = 40;
/// Bytes of a UDP header.
const UDP: usize = 8;
/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// Bytes of a VLAN tag.
const TAG: usize = 4;
/// Bytes of an MPLS label.
const LABEL: usize = 4;

impl Format {
    /// The usual format of a type: L2TPv3 without cookie and with the sublayer.
    pub const fn new(kind: Kind, key: Option<u32>) -> Format {
        Format {
            kind,
            key,
            ethernet: kind.is_ethernet(),
            cookie: Cookie::None,
            sublayer: true,
        }
    }

    /// Bytes put before a packet to enter the tunnel, from the outer IP header (on a port, from
    /// the tag or label) to the last one before the inner IP header. `v6` is the outer family.
    pub fn len(&self, v6: bool) -> usize {
        let ip = if v6 { IPV6 } else { IPV4 };
        let inner = if self.ethernet { ETHERNET } else { 0 };
        let shim = match self.kind {
            Kind::Ipip => 0,
            Kind::Gre if self.key.is_some() => 8,
            Kind::Gre => 4,
            Kind::Vxlan | Kind::Geneve => UDP + 8,
            Kind::Gue => UDP + 4,
            Kind::Fou => UDP,
            Kind::MplsGre => 4 + LABEL,
            Kind::MplsUdp => UDP + LABEL,
            Kind::L2tpv3 => 4 + self.l2tp_len(),
            Kind::L2tpv3Udp => UDP + 8 + self.l2tp_len(),
            Kind::Vlan | Kind::Qinq => match self.key.and_then(vlan_ids) {
                Some((_, Some(_))) => return 2 * TAG,
                _ => return TAG,
            },
            Kind::Mpls => return LABEL,
        };
        ip + shim + inner
    }

    /// Bytes of cookie and sublayer.
    fn l2tp_len(&self) -> usize {
        self.cookie.as_bytes().len() + if self.sublayer { 4 } else { 0 }
    }

    /// Bytes that an inner packet must be shorter than what the way takes. VLAN tags belong to the
    /// link layer, whose devices have room for them beside their MTU.
    pub fn overhead(&self, v6: bool) -> usize {
        match self.kind.is_vlan() {
            true => 0,
            false => self.len(v6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_distinct() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Kind::from_name("atm"), None);
    }

    #[test]
    fn keys_have_their_widths() {
        assert!(Kind::Ipip.keys().allows(None) && !Kind::Ipip.keys().allows(Some(1)));
        assert!(Kind::Gre.keys().allows(None) && Kind::Gre.keys().allows(Some(u32::MAX)));
        assert!(Kind::Vxlan.keys().allows(Some(VNI_MAX)));
        assert!(!Kind::Vxlan.keys().allows(Some(VNI_MAX + 1)) && !Kind::Vxlan.keys().allows(None));
        assert!(Kind::Mpls.keys().allows(Some(16)) && !Kind::Mpls.keys().allows(Some(15)));
        assert!(!Kind::L2tpv3.keys().allows(Some(0)));
    }

    #[test]
    fn vlans_come_back_from_their_key() {
        for (vid, inner) in [(1, None), (4094, None), (1, Some(4094)), (4094, Some(1))] {
            let key = vlan_key(vid, inner);
            assert_eq!(Kind::Vlan.keys().allows(Some(key)), inner.is_none());
            assert!(Kind::Qinq.keys().allows(Some(key)));
            assert_eq!(vlan_ids(key), Some((vid, inner)));
        }
        for bad in [0, 4095, vlan_key(0, Some(1)), vlan_key(1, Some(4095))] {
            assert_eq!(vlan_ids(bad), None);
            assert!(!Kind::Qinq.keys().allows(Some(bad)));
        }
        assert!(!Kind::Qinq.keys().allows(None));
    }

    #[test]
    fn overheads_are_those_of_linux() {
        let overhead = |kind, key, v6| Format::new(kind, key).overhead(v6);
        assert_eq!(overhead(Kind::Ipip, None, false), 20);
        assert_eq!(overhead(Kind::Ipip, None, true), 40);
        assert_eq!(overhead(Kind::Gre, None, false), 24);
        assert_eq!(overhead(Kind::Gre, Some(7), false), 28);
        assert_eq!(overhead(Kind::Vxlan, Some(7), false), 50);
        assert_eq!(overhead(Kind::Vxlan, Some(7), true), 70);
        assert_eq!(overhead(Kind::Geneve, Some(7), false), 36);
        assert_eq!(overhead(Kind::Gue, None, false), 32);
        assert_eq!(overhead(Kind::Fou, None, false), 28);
        assert_eq!(overhead(Kind::Vlan, Some(7), false), 0);
        assert_eq!(overhead(Kind::Mpls, Some(77), false), 4);
        assert_eq!(overhead(Kind::MplsGre, Some(77), false), 28);
        assert_eq!(overhead(Kind::MplsUdp, Some(77), false), 32);
        // Session, sublayer, inner Ethernet.
        assert_eq!(overhead(Kind::L2tpv3, Some(7), false), 20 + 4 + 4 + 14);
        assert_eq!(
            overhead(Kind::L2tpv3Udp, Some(7), false),
            20 + 8 + 8 + 4 + 14
        );
    }

    #[test]
    fn anywhere_is_asked_for_once() {
        let end = End::Path {
            local: Addr::V4([192, 0, 2, 1]),
            remote: Some(Addr::V4([198, 51, 100, 7])),
            port: 0,
        };
        let wire = WireKey {
            kind: Kind::Gre,
            key: Some(7),
            end,
        };
        let any = wire.anywhere().unwrap();
        assert_eq!(any.key, Some(7));
        assert!(matches!(any.end, End::Path { remote: None, .. }));
        assert_eq!(any.anywhere(), None);
    }

    #[test]
    fn cookies_have_three_lengths() {
        for len in 0..10 {
            let bytes = [5u8; 10];
            let cookie = Cookie::from_bytes(&bytes[..len]);
            assert_eq!(cookie.is_some(), matches!(len, 0 | 4 | 8));
            assert!(cookie.is_none_or(|c| c.as_bytes() == &bytes[..len]));
        }
    }
}
