// SPDX-License-Identifier: GPL-2.0

//! A tunnel: one end of an encapsulation, found by what arrives and by what is sent.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError, KVec},
    sync::Arc, //
};

use super::{CustomerName, CustomerRuntime, Guard, PortName, Traffic, TrafficSupply};
use crate::domain::addr::Addr;
use crate::domain::encap::build::{Df, Outer, Template};
use crate::domain::encap::{Cookie, End, WireKey};
use crate::domain::packet::ether::{is_station, Mac};
use crate::kern::net::dst_cache::{DstCache4, DstCache6};
use crate::table::meter::{Meter, Rates};
use crate::table::trie::{mix, Keyed, TrieKey};

use super::key::mix_addr;

/// Tunnels are named as customers are.
pub(crate) type TunnelName = CustomerName;

/// Addresses that have their first bits in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Prefix {
    /// The bits behind the length are zero.
    pub(crate) addr: Addr,
    pub(crate) len: u8,
}

impl core::fmt::Display for Prefix {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

/// From where packets may come by a tunnel.
pub(crate) struct TunnelBounds {
    /// Outer sources; empty allows any that the tunnel's ends do.
    pub(crate) peers: KVec<Prefix>,
    /// Sources that packets may have inside; empty allows any.
    pub(crate) allowed: KVec<Prefix>,
}

impl TunnelBounds {
    /// From anywhere.
    pub(crate) fn none() -> Self {
        TunnelBounds {
            peers: KVec::new(),
            allowed: KVec::new(),
        }
    }

    /// The same again.
    pub(crate) fn try_clone(&self) -> Result<Self, AllocError> {
        let copy = |from: &[Prefix]| {
            let mut copy = KVec::with_capacity(from.len(), GFP_KERNEL)?;
            copy.extend_from_slice(from, GFP_KERNEL)?;
            Ok::<_, AllocError>(copy)
        };
        Ok(TunnelBounds {
            peers: copy(&self.peers)?,
            allowed: copy(&self.allowed)?,
        })
    }
}

fn contains(prefixes: &[Prefix], addr: Addr) -> bool {
    let is_in = |prefix: &Prefix| addr.is_in(prefix.addr, prefix.len);
    prefixes.is_empty() || prefixes.iter().any(is_in)
}

/// What is configured of a tunnel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TunnelSettings {
    /// Whose packets it carries.
    pub(crate) customer: u32,
    /// What finds it when a packet arrives.
    pub(crate) wire: WireKey,
    /// What leaving packets get.
    pub(crate) outer: Outer,
    /// The cookie that arriving L2TPv3 packets must have.
    pub(crate) cookie: Cookie,
    /// Whether outer UDP headers have a checksum. Without one in IPv6, arriving ones need none.
    pub(crate) has_checksum: bool,
    /// Whether IPsec must have encrypted what arrives, and must encrypt what leaves.
    pub(crate) is_secure: bool,
    /// Whether it is meant to go unencrypted where the settings require secure tunnels.
    pub(crate) is_clear: bool,
    /// Where the sources of what arrives must be; none says as the customer's guard does.
    pub(crate) guard: Option<Guard>,
    /// The longest inner packet, 0 for what the way takes.
    pub(crate) mtu: u32,
    /// What may arrive, of packets and bytes.
    pub(crate) rate_in: Rates,
    /// The number of the tunnel that all that arrives goes out by, without a look inside.
    pub(crate) to: Option<u32>,
    /// The slr device that all that arrives is received on, and whose packets all leave by it, without
    /// a route being looked for; an empty name if there is none.
    pub(crate) device: PortName,
    /// The name of the port that it rides on, if it does: what it is found by again when the port
    /// goes and comes.
    pub(crate) port: PortName,
}

impl TunnelSettings {
    /// Whether routers on the way may fragment what leaves.
    pub(crate) fn df(&self) -> Df {
        self.outer.df
    }

    /// The index of the port that it rides on, if it does.
    #[inline]
    pub(crate) fn link(&self) -> Option<u32> {
        match self.wire.end {
            End::Link(ifindex) => Some(ifindex),
            End::Path { .. } => None,
        }
    }

    /// The slr device that it is bound to, if it is.
    #[inline]
    pub(crate) fn device(&self) -> Option<&PortName> {
        (!self.device.is_empty()).then_some(&self.device)
    }

    /// Whether whole frames may come out of it or enter it.
    pub(crate) fn carries_frames(&self) -> bool {
        let format = &self.outer.format;
        format.ethernet || format.kind.is_ethernet() || format.kind.is_vlan()
    }

    /// Whether the other end has an address of this tunnel's to send to, and finds it by asking.
    pub(crate) fn is_neighbour(&self) -> bool {
        !(self.outer.local.is_unspecified() && self.outer.remote.is_unspecified())
    }
}

/// What a tunnel has counted; outlives changes of its settings.
pub(crate) struct TunnelRuntime {
    pub(crate) traffic: Traffic,
}

impl TunnelRuntime {
    pub(crate) fn new(supply: &mut TrafficSupply) -> Result<Self, AllocError> {
        Ok(TunnelRuntime {
            traffic: Traffic::new(supply)?,
        })
    }
}

/// The station at the other end of a VLAN: the last one heard of.
pub(crate) struct Station {
    /// Its link-layer address in the lower bytes, 0 if none was heard of.
    mac: AtomicU64,
    /// The second when it was asked for last.
    asked: AtomicU32,
}

impl Station {
    /// Seconds between questions for a station that was not heard of.
    const ASK: u32 = 1;
    /// Seconds between questions whether it is still the same.
    const CONFIRM: u32 = 30;

    /// Its address, if it was heard of.
    #[inline]
    pub(crate) fn mac(&self) -> Option<Mac> {
        let [.., a, b, c, d, e, f] = self.mac.load(Relaxed).to_be_bytes();
        let mac = [a, b, c, d, e, f];
        is_station(mac).then_some(mac)
    }

    /// It was heard of from there.
    #[inline]
    pub(crate) fn heard(&self, mac: Mac) {
        let [a, b, c, d, e, f] = mac;
        let word = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        if self.mac.load(Relaxed) != word && is_station(mac) {
            self.mac.store(word, Relaxed);
        }
    }

    /// Whether it is time to ask for it, which is then done.
    #[inline]
    pub(crate) fn is_to_be_asked(&self, now: u32) -> bool {
        let wait = match self.mac() {
            Some(_) => Self::CONFIRM,
            None => Self::ASK,
        };
        let last = self.asked.load(Relaxed);
        now.wrapping_sub(last) >= wait
            && self
                .asked
                .compare_exchange(last, now, Relaxed, Relaxed)
                .is_ok()
    }
}

/// The way of a tunnel's outer packets, of the three what it needs: a route by their family, or
/// the station at the other end of a VLAN. Outlives changes of its settings other than its ends.
pub(crate) struct OuterRoute {
    pub(crate) v4: DstCache4,
    pub(crate) v6: DstCache6,
    pub(crate) station: Station,
}

impl OuterRoute {
    /// None known yet.
    pub(crate) fn new() -> Self {
        OuterRoute {
            v4: DstCache4::new(),
            v6: DstCache6::new(),
            station: Station {
                mac: AtomicU64::new(0),
                asked: AtomicU32::new(0),
            },
        }
    }

    /// Has it looked up again.
    pub(crate) fn forget(&self) {
        self.v4.clear();
        self.v6.clear();
    }
}

/// One end of an encapsulation. Immutable; a change makes another with the same runtime.
pub(crate) struct Tunnel {
    /// Its number, never another's.
    pub(crate) id: u32,
    pub(crate) name: TunnelName,
    pub(crate) settings: TunnelSettings,
    /// The outer header; none if the tunnel rides on a port.
    pub(crate) template: Option<Template>,
    pub(crate) bounds: TunnelBounds,
    pub(crate) runtime: Arc<TunnelRuntime>,
    pub(crate) route: Arc<OuterRoute>,
    /// Holds what arrives to rates, if there are any.
    pub(crate) meter: Option<Arc<Meter>>,
    /// Where the customer counts; none in the public context.
    pub(crate) customer: Option<Arc<CustomerRuntime>>,
}

impl Tunnel {
    /// Whether a packet from `source` may come out of it.
    #[inline]
    pub(crate) fn allows(&self, source: Addr) -> bool {
        contains(&self.bounds.allowed, source)
    }

    /// Whether a packet may come from the outer address `peer`.
    #[inline]
    pub(crate) fn takes_from(&self, peer: Addr) -> bool {
        contains(&self.bounds.peers, peer)
    }
}

impl Keyed for Tunnel {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.id
    }
}

/// Which tunnel has a name.
pub(crate) struct TunnelNamed {
    pub(crate) name: TunnelName,
    pub(crate) id: u32,
}

impl Keyed for TunnelNamed {
    type Key = TunnelName;

    fn key(&self) -> &TunnelName {
        &self.name
    }
}

/// Which tunnel an arriving packet belongs to.
pub(crate) struct Wire {
    pub(crate) key: WireKey,
    pub(crate) tunnel: Arc<Tunnel>,
}

impl Keyed for Wire {
    type Key = WireKey;

    fn key(&self) -> &WireKey {
        &self.key
    }
}

impl TrieKey for WireKey {
    fn hash(&self, seed: u64) -> u64 {
        let key = self.key.map_or(1 << 32, u64::from);
        let word = ((self.kind as u64) << 56) | key;
        let (local, remote, port) = match self.end {
            End::Link(ifindex) => return mix(mix(seed, word), ifindex.into()),
            End::Path {
                local,
                remote,
                port,
            } => (local, remote, port),
        };
        let hash = mix(seed, word | u64::from(port) << 40);
        match (local, remote) {
            (Addr::V4(local), Some(Addr::V4(remote))) => {
                let [local, remote] =
                    [local, remote].map(|addr| u64::from(u32::from_ne_bytes(addr)));
                mix(hash, local << 32 | remote)
            }
            (_, Some(remote)) => mix_addr(mix_addr(hash, local), remote),
            (_, None) => mix_addr(hash, local),
        }
    }
}

/// Which tunnel an slr device is bound to.
pub(crate) struct Bound {
    pub(crate) device: PortName,
    pub(crate) tunnel: Arc<Tunnel>,
}

impl Keyed for Bound {
    type Key = PortName;

    fn key(&self) -> &PortName {
        &self.device
    }
}

/// An address that tunnels end at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TunnelEnd {
    pub(crate) addr: Addr,
    /// How many tunnels do.
    pub(crate) tunnels: u32,
}

impl Keyed for TunnelEnd {
    type Key = Addr;

    fn key(&self) -> &Addr {
        &self.addr
    }
}

impl TrieKey for Addr {
    fn hash(&self, seed: u64) -> u64 {
        mix_addr(seed, *self)
    }
}

/// UDP ports that tunnels listen at, and their type there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct UdpPort {
    pub(crate) port: u16,
    pub(crate) kind: crate::domain::encap::Kind,
    /// How many tunnels do.
    pub(crate) tunnels: u32,
}

impl Keyed for UdpPort {
    type Key = u16;

    fn key(&self) -> &u16 {
        &self.port
    }
}

impl TrieKey for u16 {
    fn hash(&self, seed: u64) -> u64 {
        mix(seed, (*self).into())
    }
}
