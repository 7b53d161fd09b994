// SPDX-License-Identifier: GPL-2.0

//! Operations on tunnels.
//!
//! A request names one by its name. What it leaves out stays as it is, or is what is usual for the
//! type.

mod show;

pub(super) use self::show::put_prefix;
pub(crate) use self::show::{get, Tunnels};
pub(in crate::netlink) use self::show::{put, put_key};

use kernel::{prelude::*, sync::Arc};

use super::{guard, rate};
use crate::domain::{
    addr::Addr,
    encap::{
        build::{Df, Outer},
        Carrier, Cookie, End, Format, Kind, WireKey,
    },
    packet::ether::Mac,
};
use crate::kern::net::genetlink::{Attr, Attrs, Extack, Refused, Reply, Request};
use crate::netlink::{
    parse,
    transaction,
    uapi::attr,
    Control, //
};
use crate::table::{
    self, Change, Config, ConfigError, Guard, PortName, Prefix, Rates, Tunnel, TunnelBounds,
    TunnelName, TunnelSettings, PUBLIC,
};

/// The types, by the numbers of the specification.
const KINDS: [Kind; 13] = [
    Kind::Ipip,
    Kind::Gre,
    Kind::Vxlan,
    Kind::Geneve,
    Kind::Gue,
    Kind::Fou,
    Kind::MplsGre,
    Kind::MplsUdp,
    Kind::L2tpv3,
    Kind::L2tpv3Udp,
    Kind::Vlan,
    Kind::Qinq,
    Kind::Mpls,
];

/// The policies of fragmentation, by the numbers of the specification.
const DFS: [Df; 3] = [Df::Inherit, Df::Set, Df::Unset];

/// What stands for the class of the inner packet.
const DSCP_INHERIT: u8 = 64;

fn places(at: table::Attr) -> &'static [u16] {
    match at {
        table::Attr::Name => &[attr::tunnel::NAME],
        table::Attr::Customer => &[attr::tunnel::CUSTOMER],
        table::Attr::Key => &[attr::tunnel::IKEY],
        table::Attr::Address => &[attr::tunnel::REMOTE],
        table::Attr::Port => &[attr::tunnel::DPORT],
        table::Attr::Ifname => &[attr::tunnel::IFNAME],
        table::Attr::Device => &[attr::tunnel::DEVICE],
        table::Attr::Guard => &[attr::tunnel::GUARD],
        _ => &[],
    }
}

fn kind_from(number: u32) -> Option<Kind> {
    KINDS.get(number as usize).copied()
}

fn df_from(number: u32) -> Option<Df> {
    DFS.get(number as usize).copied()
}

/// The place of one of a list, which is its number.
fn number<T: PartialEq>(all: &[T], one: &T) -> u32 {
    let place = all.iter().position(|other| other == one);
    place.unwrap_or(0) as u32
}

/// The name in an attribute.
pub(in crate::netlink) fn parse_name(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    place: u16,
) -> Result<TunnelName, Refused> {
    let attr = extack.require(attrs, place, "name")?;
    TunnelName::new(attr.c_str_bytes()).ok_or_else(|| {
        extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("name must be 1..=31 of a-z A-Z 0-9 _ . - and no number"),
        )
    })
}

/// Inner Ethernet headers unless told: from the gateway to the other end.
const MACS: (Mac, Mac) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);

/// What a new tunnel is if nothing else is said.
fn defaults(kind: Kind, local: Addr, remote: Addr) -> TunnelSettings {
    let port = kind.default_port();
    let is_link = kind.carrier() == Carrier::Link;
    TunnelSettings {
        customer: PUBLIC,
        wire: WireKey {
            kind,
            key: None,
            end: match is_link {
                true => End::Link(0),
                false => End::Path {
                    local,
                    remote: Some(remote),
                    port,
                },
            },
        },
        outer: Outer {
            format: Format::new(kind, None),
            local,
            remote,
            sport: kind.default_source_port(),
            dport: port,
            ttl: 0,
            dscp: None,
            df: Df::Inherit,
            // On a link the other end is found.
            macs: if is_link { ([0; 6], [0; 6]) } else { MACS },
        },
        cookie: Cookie::None,
        has_checksum: local.is_v6(),
        is_secure: false,
        is_clear: false,
        guard: None,
        mtu: 0,
        rate_in: Rates::default(),
        to: None,
        device: PortName::default(),
        port: PortName::default(),
    }
}

/// What a request says of a tunnel; none leaves a setting as it is.
struct Update {
    customer: Option<u32>,
    local: Option<Addr>,
    remote: Option<Addr>,
    is_anywhere: Option<bool>,
    ikey: Option<u32>,
    okey: Option<u32>,
    dport: Option<u16>,
    sport: Option<u16>,
    ttl: Option<u8>,
    dscp: Option<Option<u8>>,
    df: Option<Df>,
    mtu: Option<u32>,
    rate_in: rate::Update,
    has_checksum: Option<bool>,
    is_secure: Option<bool>,
    is_clear: Option<bool>,
    /// The inner none is the customer's.
    guard: Option<Option<Guard>>,
    is_ethernet: Option<bool>,
    has_sublayer: Option<bool>,
    mac: Option<[u8; 6]>,
    peer_mac: Option<[u8; 6]>,
    cookie: Option<Cookie>,
    peer_cookie: Option<Cookie>,
    /// The tunnel that all leaves by, which may be none.
    to: Option<Option<TunnelName>>,
    peers: Option<KVec<Prefix>>,
    allowed: Option<KVec<Prefix>>,
    device: Option<PortName>,
    port: Option<PortName>,
}

impl Update {
    fn parse(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Self, Refused> {
        use attr::tunnel as a;
        let flag = |place| attrs.get(place).map(|attr| attr.u8() != 0);
        let u16_of = |place| attrs.get(place).map(|attr| attr.u16());
        let u32_of = |place| attrs.get(place).map(|attr| attr.u32());
        let name = |place| {
            let attr = attrs.get(place)?;
            Some(PortName::new(attr.c_str_bytes()))
        };
        let mac = |place| attrs.get(place).and_then(|attr| attr.array::<6>());
        let dscp = |attr: Attr<'_>| (attr.u8() != DSCP_INHERIT).then(|| attr.u8());
        Ok(Update {
            customer: u32_of(a::CUSTOMER),
            local: parse::address_if(extack, attrs, a::LOCAL, "local")?,
            remote: parse::address_if(extack, attrs, a::REMOTE, "remote")?,
            is_anywhere: flag(a::ANYWHERE),
            ikey: u32_of(a::IKEY),
            okey: u32_of(a::OKEY),
            dport: u16_of(a::DPORT),
            sport: u16_of(a::SPORT),
            ttl: attrs.get(a::TTL).map(|attr| attr.u8()),
            dscp: attrs.get(a::DSCP).map(dscp),
            df: parse::choice(extack, attrs, a::DF, "df", df_from)?,
            mtu: u32_of(a::MTU),
            rate_in: rate::Update::parse(attrs),
            has_checksum: flag(a::CHECKSUM),
            is_secure: flag(a::SECURE),
            is_clear: flag(a::CLEAR),
            guard: guard::parse(extack, attrs, a::GUARD)?,
            is_ethernet: flag(a::ETHERNET),
            has_sublayer: flag(a::SUBLAYER),
            mac: mac(a::MAC),
            peer_mac: mac(a::PEER_MAC),
            cookie: cookie(extack, attrs, a::COOKIE)?,
            peer_cookie: cookie(extack, attrs, a::PEER_COOKIE)?,
            to: to(extack, attrs)?,
            peers: prefixes(extack, attrs, a::PEERS)?,
            allowed: prefixes(extack, attrs, a::ALLOWED)?,
            device: name(a::DEVICE),
            port: name(a::IFNAME),
        })
    }

    /// Changes what the request says in numbers and addresses.
    fn apply(&self, mut settings: TunnelSettings) -> TunnelSettings {
        let (outer, wire) = (&mut settings.outer, &mut settings.wire);
        let format = &mut outer.format;
        outer.local = self.local.unwrap_or(outer.local);
        outer.remote = self.remote.unwrap_or(outer.remote);
        // A key is that of both ways unless told otherwise.
        wire.key = self.ikey.or(wire.key);
        format.key = self.okey.or(self.ikey).or(format.key);
        outer.dport = self.dport.unwrap_or(outer.dport);
        outer.sport = self.sport.unwrap_or(outer.sport);
        outer.ttl = self.ttl.unwrap_or(outer.ttl);
        outer.dscp = self.dscp.unwrap_or(outer.dscp);
        outer.df = self.df.unwrap_or(outer.df);
        outer.macs = (
            self.mac.unwrap_or(outer.macs.0),
            self.peer_mac.unwrap_or(outer.macs.1),
        );
        if let Some(is_ethernet) = self.is_ethernet {
            format.ethernet = is_ethernet || format.kind.is_ethernet();
        }
        format.sublayer = self.has_sublayer.unwrap_or(format.sublayer);
        format.cookie = self.peer_cookie.unwrap_or(format.cookie);
        if let End::Path { remote, .. } = wire.end {
            let is_anywhere = self.is_anywhere.unwrap_or(remote.is_none());
            wire.end = End::Path {
                local: outer.local,
                remote: (!is_anywhere).then_some(outer.remote),
                port: outer.dport,
            };
        }
        settings.customer = self.customer.unwrap_or(settings.customer);
        settings.has_checksum = self.has_checksum.unwrap_or(settings.has_checksum);
        settings.is_secure = self.is_secure.unwrap_or(settings.is_secure);
        settings.is_clear = self.is_clear.unwrap_or(settings.is_clear);
        settings.guard = self.guard.unwrap_or(settings.guard);
        settings.mtu = self.mtu.unwrap_or(settings.mtu);
        settings.rate_in = self.rate_in.onto(settings.rate_in);
        settings.cookie = self.cookie.unwrap_or(settings.cookie);
        settings.device = self.device.unwrap_or(settings.device);
        settings
    }

    /// The same, and the tunnel that it leads to.
    fn settle(
        &self,
        change: &Change,
        settings: TunnelSettings,
    ) -> Result<TunnelSettings, ConfigError> {
        let to = match &self.to {
            Some(to) => to.map(|to| find(change, &to)).transpose()?,
            None => settings.to,
        };
        let mut settings = TunnelSettings {
            to,
            ..self.apply(settings)
        };
        if let (End::Link(_), Some(port)) = (settings.wire.end, self.port) {
            // The index of what is no port is none's.
            let ifindex = change.port_at(port).unwrap_or(0);
            settings.wire.end = End::Link(ifindex);
            settings.port = port;
        }
        Ok(settings)
    }

    /// From where packets may come, which was `bounds`.
    fn bind(&self, bounds: &TunnelBounds) -> Result<TunnelBounds, ConfigError> {
        Ok(TunnelBounds {
            peers: copy(self.peers.as_deref().unwrap_or(&bounds.peers))?,
            allowed: copy(self.allowed.as_deref().unwrap_or(&bounds.allowed))?,
        })
    }
}

/// A cookie, if the request says one.
fn cookie(extack: &Extack<'_>, attrs: &Attrs<'_>, place: u16) -> Result<Option<Cookie>, Refused> {
    let Some(attr) = attrs.get(place) else {
        return Ok(None);
    };
    let cookie = Cookie::from_bytes(attr.bytes()).ok_or_else(|| {
        extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("cookie must have 0, 4 or 8 bytes"),
        )
    })?;
    Ok(Some(cookie))
}

/// The prefixes that the request lists, if it does.
fn prefixes(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    place: u16,
) -> Result<Option<KVec<Prefix>>, Refused> {
    if !attrs.has(place) {
        return Ok(None);
    }
    let mut prefixes = KVec::new();
    for nest in attrs.all(place) {
        let prefix = parse::prefix(extack, &nest.nested())?;
        prefixes.push(prefix, GFP_KERNEL)?;
    }
    Ok(Some(prefixes))
}

/// The tunnel that all leaves by, which may be none; outer none if the request does not say.
fn to(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Option<Option<TunnelName>>, Refused> {
    match attrs.get(attr::tunnel::TO) {
        None => Ok(None),
        Some(attr) if attr.c_str_bytes().is_empty() => Ok(Some(None)),
        Some(_) => Ok(Some(Some(parse_name(extack, attrs, attr::tunnel::TO)?))),
    }
}

/// The tunnel whose name an attribute has, if it is there.
pub(in crate::netlink) fn named<'a>(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    place: u16,
    config: &'a Config,
) -> Result<Option<&'a Arc<Tunnel>>, Refused> {
    let Some(attr) = attrs.get(place) else {
        return Ok(None);
    };
    let name = parse_name(extack, attrs, place)?;
    match config.tunnel_named(&name) {
        Some(tunnel) => Ok(Some(tunnel)),
        None => Err(extack.refuse_attr(&attr, ENOENT, format_args!("tunnel {name} is unknown"))),
    }
}

/// The number of a tunnel that a change knows.
pub(super) fn find(change: &Change, name: &TunnelName) -> Result<u32, ConfigError> {
    change.tunnel_id(name).ok_or_else(|| {
        ConfigError::new(
            table::Kind::NotFound,
            table::Attr::Name,
            format_args!("tunnel {name} is unknown"),
        )
    })
}

/// `tunnel-new`: defines a tunnel.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let name = parse_name(&extack, &attrs, attr::tunnel::NAME)?;
    let kind = parse::choice(&extack, &attrs, attr::tunnel::TYPE, "type", kind_from)?
        .ok_or_else(|| extack.missing(&attrs, attr::tunnel::TYPE, "type"))?;
    let is_link = kind.carrier() == Carrier::Link;
    let end = |place, name| match attrs.get(place) {
        None if is_link => Ok(Addr::V4([0; 4])),
        _ => {
            let attr = extack.require(&attrs, place, name)?;
            parse::address(&extack, &attr, name)
        }
    };
    let (local, remote) = (
        end(attr::tunnel::LOCAL, "local")?,
        end(attr::tunnel::REMOTE, "remote")?,
    );
    if is_link {
        extack.require(&attrs, attr::tunnel::IFNAME, "ifname")?;
    }
    let update = Update::parse(&extack, &attrs)?;
    transaction::apply(control, request, attr::tunnel::TXN, places, |change| {
        let settings = update.settle(change, defaults(kind, local, remote))?;
        let bounds = update.bind(&TunnelBounds::none())?;
        change.tunnel_new(name, settings, bounds).map(drop)
    })
}

fn copy(prefixes: &[Prefix]) -> Result<KVec<Prefix>, ConfigError> {
    let mut copy = KVec::with_capacity(prefixes.len(), GFP_KERNEL)?;
    copy.extend_from_slice(prefixes, GFP_KERNEL)?;
    Ok(copy)
}

/// `tunnel-set`: changes what is given.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let name = parse_name(&extack, &attrs, attr::tunnel::NAME)?;
    let update = Update::parse(&extack, &attrs)?;
    transaction::apply(control, request, attr::tunnel::TXN, places, |change| {
        let id = find(change, &name)?;
        let (settings, bounds) = change.tunnel_now(id)?;
        let bounds = update.bind(bounds)?;
        let settings = update.settle(change, settings)?;
        change.tunnel_set(id, settings, bounds)
    })
}

/// `tunnel-del`: removes a tunnel.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let name = parse_name(&extack, &attrs, attr::tunnel::NAME)?;
    transaction::apply(control, request, attr::tunnel::TXN, places, |change| {
        let id = find(change, &name)?;
        change.tunnel_del(id)
    })
}
