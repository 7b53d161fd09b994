// SPDX-License-Identifier: GPL-2.0

//! An encapsulation endpoint.

use std::net::IpAddr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::bytes::{Cookie, Mac};
use crate::object::Counters;
use crate::prefix::Prefix;
use crate::uapi::{attr::tunnel as id, OwnGuard, TunnelDf, TunnelType};
use crate::wire::{all, find, Attributes, Value, Writer};

/// A tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnel {
    /// Its name.
    pub name: String,
    /// What can be set.
    pub options: TunnelOptions,
    /// Outer sources of packets that arrive, all that the ends allow if empty. Nothing that is sent
    /// takes them away.
    pub peers: Vec<Prefix>,
    /// Sources that packets inside may have, all if empty. Nothing that is sent takes them away.
    pub allowed: Vec<Prefix>,
}

attributes! {
    /// What can be set of a tunnel.
    TunnelOptions: tunnel {
        /// How packets are encapsulated.
        r#type: TunnelType = TYPE,
        /// Whose packets it carries.
        customer: u32 = CUSTOMER,
        /// Our outer address.
        local: IpAddr = LOCAL,
        /// Outer address of the other end.
        remote: IpAddr = REMOTE,
        /// Packets may come from other outer addresses too.
        anywhere: bool = ANYWHERE,
        /// Key of packets that arrive.
        ikey: u32 = IKEY,
        /// Key of packets that leave.
        okey: u32 = OKEY,
        /// UDP destination port.
        dport: u16 = DPORT,
        /// UDP source port; 0 is one for each flow inside.
        sport: u16 = SPORT,
        /// Time to live; 0 is that of the packet inside.
        ttl: u8 = TTL,
        /// Class; 64 is that of the packet inside.
        dscp: u8 = DSCP,
        /// Whether packets may be fragmented.
        df: TunnelDf = DF,
        /// Longest packet inside; 0 is what the way takes.
        mtu: u32 = MTU,
        /// Outer UDP headers have a checksum.
        checksum: bool = CHECKSUM,
        /// Frames are inside.
        ethernet: bool = ETHERNET,
        /// Source of inner Ethernet headers.
        mac: Mac = MAC,
        /// Destination of inner Ethernet headers.
        peer_mac: Mac = PEER_MAC,
        /// What arriving L2TPv3 packets must have.
        cookie: Cookie = COOKIE,
        /// What leaving L2TPv3 packets get.
        peer_cookie: Cookie = PEER_COOKIE,
        /// The default sublayer of L2TPv3.
        sublayer: bool = SUBLAYER,
        /// Tunnel that all packets leave by; empty for none.
        to: String = TO,
        /// Port that it rides on.
        ifname: String = IFNAME,
        /// Bytes that may arrive a second; 0 is no limit.
        rate_in: u64 = RATE_IN,
        /// Packets that may arrive a second; 0 is no limit.
        packets_in: u64 = PACKETS_IN,
        /// IPsec must encrypt it.
        secure: bool = SECURE,
        /// It is meant to go unencrypted.
        clear: bool = CLEAR,
        /// Where its sources must be; absent where the customer's guard says.
        guard: OwnGuard = GUARD,
        /// Slr device that it is bound to; empty for none.
        device: String = DEVICE,
    }
}

attributes! {
    /// What the kernel reports besides.
    TunnelStatus: tunnel {
        /// Traffic.
        counters: Counters = COUNTERS,
    }
}

impl Tunnel {
    /// Writes what names it.
    pub fn put_key(&self, writer: &mut Writer) {
        self.name.put(writer, id::NAME);
    }

    /// Writes what can be set.
    pub fn put_options(&self, writer: &mut Writer) {
        self.options.put_all(writer);
        self.peers.iter().for_each(|p| p.put(writer, id::PEERS));
        self.allowed.iter().for_each(|p| p.put(writer, id::ALLOWED));
    }

    /// Reads it and its state.
    pub fn read(bytes: &[u8]) -> Result<(Self, TunnelStatus), DecodeError> {
        let name = find(bytes, id::NAME).map(String::get).transpose()?;
        let tunnel = Self {
            name: name.unwrap_or_default(),
            options: TunnelOptions::read(bytes)?,
            peers: all(bytes, id::PEERS)?,
            allowed: all(bytes, id::ALLOWED)?,
        };
        Ok((tunnel, TunnelStatus::read(bytes)?))
    }
}
