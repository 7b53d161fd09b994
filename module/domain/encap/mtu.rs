// SPDX-License-Identifier: GPL-2.0

//! What becomes of a packet that an outer header makes too long (RFC 4459).
//!
//! A tunnel's entry may tell the sender, fragment the packet before it goes in, or
//! fragment what comes out. The first is best for those who listen, and the only
//! way that costs nobody anything; the second is a router's duty for IPv4 without
//! DF; the third makes the tunnel's end reassemble and is for those who ask for
//! it, and for IPv6, whose links all take 1280 bytes.

use super::build::Df;
use super::strip::Content;
use crate::domain::packet::ether::{TYPE_IPV4, TYPE_IPV6};

/// The least MTU that a link for IPv4 has (RFC 791, 3.2).
pub const MIN_V4: u32 = 68;
/// The least MTU that a link for IPv6 has (RFC 8200, 5).
pub const MIN_V6: u32 = 1280;

/// How a packet gets into a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As it is.
    Whole,
    /// In fragments of at most this many bytes, each with an outer header.
    Inner(u32),
    /// With an outer header, which is then fragmented.
    Outer,
    /// Not at all: its sender must keep to this many bytes. Who sent a frame cannot be told.
    TooBig(u32),
    /// Not at all: there is no way.
    Lost,
    /// Not at all: the tunnel does not carry what it is.
    Foreign,
}

/// A packet, as far as its length is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long {
    /// What it is.
    pub content: Content,
    /// Its bytes, or those of its longest segment.
    pub len: u32,
    /// Whether it must not be fragmented; in IPv6 always.
    pub df: bool,
}

/// The longest packet that goes into a tunnel whole: what the route of the outer header takes
/// without that, and no more than `configured`, if that is not 0.
#[inline]
pub fn inner_mtu(route: u32, overhead: usize, configured: u32) -> u32 {
    let room = route.saturating_sub(u32::try_from(overhead).unwrap_or(u32::MAX));
    match configured {
        0 => room,
        _ => room.min(configured),
    }
}

/// How `packet` gets into a tunnel that takes `mtu` bytes; `df` is the tunnel's policy, which is
/// [`Df::Set`] where nothing is fragmented outside.
#[inline]
pub fn fit(packet: Long, mtu: u32, df: Df) -> Fit {
    if packet.len <= mtu {
        return Fit::Whole;
    }
    too_long(packet, mtu, df)
}

#[cold]
fn too_long(packet: Long, mtu: u32, df: Df) -> Fit {
    match packet.content {
        Content::Packet(TYPE_IPV4) if !packet.df && df == Df::Set => Fit::Inner(mtu.max(MIN_V4)),
        Content::Packet(TYPE_IPV4) if !packet.df => Fit::Outer,
        _ if df == Df::Unset => Fit::Outer,
        Content::Packet(TYPE_IPV4) => Fit::TooBig(mtu.max(MIN_V4)),
        // A sender need not go below what every IPv6 link takes (RFC 2473, 7.1).
        Content::Packet(TYPE_IPV6) if packet.len <= MIN_V6 => Fit::Outer,
        Content::Packet(TYPE_IPV6) => Fit::TooBig(mtu.max(MIN_V6)),
        _ => Fit::TooBig(mtu),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(content: Content, len: u32, df: bool) -> Long {
        Long { content, len, df }
    }

    const FOUR: Content = Content::Packet(TYPE_IPV4);
    const SIX: Content = Content::Packet(TYPE_IPV6);

    #[test]
    fn room_is_what_the_outer_header_leaves() {
        assert_eq!(inner_mtu(1500, 24, 0), 1476);
        assert_eq!(inner_mtu(1500, 24, 1400), 1400);
        assert_eq!(inner_mtu(1500, 24, 9000), 1476);
        assert_eq!(inner_mtu(20, 24, 0), 0);
    }

    #[test]
    fn what_fits_goes_whole() {
        for df in [Df::Inherit, Df::Set, Df::Unset] {
            for content in [FOUR, SIX, Content::Frame] {
                assert_eq!(fit(packet(content, 1476, true), 1476, df), Fit::Whole);
            }
        }
    }

    #[test]
    fn senders_that_listen_are_told() {
        assert_eq!(
            fit(packet(FOUR, 1500, true), 1476, Df::Inherit),
            Fit::TooBig(1476)
        );
        assert_eq!(
            fit(packet(SIX, 1500, true), 1456, Df::Set),
            Fit::TooBig(1456)
        );
        assert_eq!(fit(packet(FOUR, 1500, true), 30, Df::Set), Fit::TooBig(68));
    }

    #[test]
    fn others_are_fragmented_as_configured() {
        assert_eq!(
            fit(packet(FOUR, 1500, false), 1476, Df::Set),
            Fit::Inner(1476)
        );
        for df in [Df::Inherit, Df::Unset] {
            assert_eq!(fit(packet(FOUR, 1500, false), 1476, df), Fit::Outer);
        }
        assert_eq!(fit(packet(FOUR, 1500, true), 1476, Df::Unset), Fit::Outer);
        assert_eq!(
            fit(packet(Content::Frame, 1514, true), 1476, Df::Unset),
            Fit::Outer
        );
        assert_eq!(
            fit(packet(Content::Frame, 1514, true), 1476, Df::Set),
            Fit::TooBig(1476)
        );
    }

    #[test]
    fn ipv6_keeps_its_least_mtu() {
        assert_eq!(
            fit(packet(SIX, 1500, true), 1240, Df::Set),
            Fit::TooBig(1280)
        );
        assert_eq!(fit(packet(SIX, 1280, true), 1240, Df::Set), Fit::Outer);
    }
}
