// SPDX-License-Identifier: GPL-2.0

//! Operations on tunnels.
//!
//! A request names one by its name. What it leaves out stays as it is, or is what is usual for the
//! type.

use kernel::{prelude::*, sync::Arc};

use crate::domain::{
    addr::Addr,
    encap::{
        build::{Df, Outer},
        Cookie, End, Format, Kind, WireKey,
    },
};
use crate::kern::net::genetlink::{
    Attr, Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{
    self, Change, Config, ConfigError, Cursor, Prefix, Tunnel, TunnelName, TunnelSettings, PUBLIC,
};

/// The types, by the numbers of the specification.
const KINDS: [Kind; 10] = [
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
pub(super) fn parse_name(
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

/// The prefix in a nest.
pub(super) fn parse_prefix(extack: &Extack<'_>, nest: &Attrs<'_>) -> Result<Prefix, Refused> {
    let attr = extack.require(nest, attr::prefix::ADDRESS, "address")?;
    let addr = parse::address(extack, &attr, "address")?;
    let len = nest.get(attr::prefix::LENGTH);
    let len = len.map_or(addr.bits(), |attr| attr.u8());
    if len > addr.bits() || addr.mask(len) != addr {
        return Err(extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("prefix {addr}/{len} has bits behind its length"),
        ));
    }
    Ok(Prefix { addr, len })
}

/// What a new tunnel is if nothing else is said.
fn defaults(kind: Kind, local: Addr, remote: Addr) -> TunnelSettings {
    let port = kind.default_port();
    TunnelSettings {
        customer: PUBLIC,
        wire: WireKey {
            kind,
            key: None,
            end: End::Path {
                local,
                remote: Some(remote),
                port,
            },
        },
        outer: Outer {
            format: Format::new(kind, None),
            local,
            remote,
            sport: 0,
            dport: port,
            ttl: 0,
            dscp: None,
            df: Df::Inherit,
            macs: ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]),
        },
        cookie: Cookie::None,
        has_checksum: local.is_v6(),
        mtu: 0,
        to: None,
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
    has_checksum: Option<bool>,
    is_ethernet: Option<bool>,
    has_sublayer: Option<bool>,
    mac: Option<[u8; 6]>,
    peer_mac: Option<[u8; 6]>,
    cookie: Option<Cookie>,
    peer_cookie: Option<Cookie>,
    /// The tunnel that all leaves by, which may be none.
    to: Option<Option<TunnelName>>,
    allowed: Option<KVec<Prefix>>,
}

impl Update {
    fn parse(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Self, Refused> {
        use attr::tunnel as a;
        let flag = |place| attrs.get(place).map(|attr| attr.u8() != 0);
        let u16_of = |place| attrs.get(place).map(|attr| attr.u16());
        let u32_of = |place| attrs.get(place).map(|attr| attr.u32());
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
            has_checksum: flag(a::CHECKSUM),
            is_ethernet: flag(a::ETHERNET),
            has_sublayer: flag(a::SUBLAYER),
            mac: mac(a::MAC),
            peer_mac: mac(a::PEER_MAC),
            cookie: cookie(extack, attrs, a::COOKIE)?,
            peer_cookie: cookie(extack, attrs, a::PEER_COOKIE)?,
            to: to(extack, attrs)?,
            allowed: allowed(extack, attrs)?,
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
        let was_anywhere = matches!(wire.end, End::Path { remote: None, .. });
        let is_anywhere = self.is_anywhere.unwrap_or(was_anywhere);
        wire.end = End::Path {
            local: outer.local,
            remote: (!is_anywhere).then_some(outer.remote),
            port: outer.dport,
        };
        settings.customer = self.customer.unwrap_or(settings.customer);
        settings.has_checksum = self.has_checksum.unwrap_or(settings.has_checksum);
        settings.mtu = self.mtu.unwrap_or(settings.mtu);
        settings.cookie = self.cookie.unwrap_or(settings.cookie);
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
        Ok(TunnelSettings {
            to,
            ..self.apply(settings)
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

/// The inner sources that the request allows, if it says so.
fn allowed(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Option<KVec<Prefix>>, Refused> {
    if !attrs.has(attr::tunnel::ALLOWED) {
        return Ok(None);
    }
    let mut allowed = KVec::new();
    for nest in attrs.all(attr::tunnel::ALLOWED) {
        let prefix = parse_prefix(extack, &nest.nested())?;
        allowed.push(prefix, GFP_KERNEL)?;
    }
    Ok(Some(allowed))
}

/// The tunnel that all leaves by, which may be none; outer none if the request does not say.
fn to(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Option<Option<TunnelName>>, Refused> {
    match attrs.get(attr::tunnel::TO) {
        None => Ok(None),
        Some(attr) if attr.c_str_bytes().is_empty() => Ok(Some(None)),
        Some(_) => Ok(Some(Some(parse_name(extack, attrs, attr::tunnel::TO)?))),
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
    let end = |place, name| {
        let attr = extack.require(&attrs, place, name)?;
        parse::address(&extack, &attr, name)
    };
    let (local, remote) = (
        end(attr::tunnel::LOCAL, "local")?,
        end(attr::tunnel::REMOTE, "remote")?,
    );
    let update = Update::parse(&extack, &attrs)?;
    transaction::apply(control, request, attr::tunnel::TXN, places, |change| {
        let settings = update.settle(change, defaults(kind, local, remote))?;
        let allowed = copy(update.allowed.as_deref().unwrap_or(&[]))?;
        change.tunnel_new(name, settings, allowed).map(drop)
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
        let (settings, allowed) = change.tunnel_now(id)?;
        let settings = update.settle(change, settings)?;
        let allowed = copy(update.allowed.as_deref().unwrap_or(allowed))?;
        change.tunnel_set(id, settings, allowed)
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

/// `tunnel-get`: shows one.
pub(crate) fn get(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let name = parse_name(&extack, &attrs, attr::tunnel::NAME)?;
    let config = control.tables(request)?.config.get();
    let tunnel = config
        .tunnel_named(&name)
        .ok_or_else(|| extack.refuse(ENOENT, format_args!("tunnel {name} is unknown")))?;
    request.reply(cmd::TUNNEL_GET, |out| put(out, &config, tunnel))
}

/// Writes a prefix.
pub(super) fn put_prefix(out: &mut Writer<'_>, place: u16, prefix: &Prefix) -> Result<(), Full> {
    out.nest(place, |out| {
        out.bytes(attr::prefix::ADDRESS, prefix.addr.as_bytes())?;
        out.u8(attr::prefix::LENGTH, prefix.len)
    })
}

/// Writes a tunnel.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    config: &Config,
    tunnel: &Tunnel,
) -> Result<(), Full> {
    use attr::tunnel as a;
    let (settings, outer) = (&tunnel.settings, &tunnel.settings.outer);
    out.c_str_bytes(a::NAME, tunnel.name.as_bytes())?;
    out.u32(a::ID, tunnel.id)?;
    out.u32(a::TYPE, number(&KINDS, &outer.format.kind))?;
    out.u32(a::CUSTOMER, settings.customer)?;
    put_ends(out, outer.local, outer.remote, settings.wire.end)?;
    if let Some(key) = settings.wire.key {
        out.u32(a::IKEY, key)?;
    }
    if let Some(key) = outer.format.key {
        out.u32(a::OKEY, key)?;
    }
    if outer.dport != 0 {
        out.u16(a::DPORT, outer.dport)?;
        out.u16(a::SPORT, outer.sport)?;
        out.u8(a::CHECKSUM, settings.has_checksum.into())?;
    }
    out.u8(a::TTL, outer.ttl)?;
    out.u8(a::DSCP, outer.dscp.unwrap_or(DSCP_INHERIT))?;
    out.u32(a::DF, number(&DFS, &outer.df))?;
    out.u32(a::MTU, settings.mtu)?;
    if outer.format.ethernet {
        out.u8(a::ETHERNET, 1)?;
        out.bytes(a::MAC, &outer.macs.0)?;
        out.bytes(a::PEER_MAC, &outer.macs.1)?;
    }
    if matches!(outer.format.kind, Kind::L2tpv3 | Kind::L2tpv3Udp) {
        out.bytes(a::COOKIE, settings.cookie.as_bytes())?;
        out.bytes(a::PEER_COOKIE, outer.format.cookie.as_bytes())?;
        out.u8(a::SUBLAYER, outer.format.sublayer.into())?;
    }
    for prefix in &tunnel.allowed {
        put_prefix(out, a::ALLOWED, prefix)?;
    }
    if let Some(to) = settings.to.and_then(|to| config.tunnel_at(to)) {
        out.c_str_bytes(a::TO, to.name.as_bytes())?;
    }
    super::put_traffic(out, a::COUNTERS, &tunnel.runtime.traffic)
}

fn put_ends(out: &mut Writer<'_>, local: Addr, remote: Addr, end: End) -> Result<(), Full> {
    out.bytes(attr::tunnel::LOCAL, local.as_bytes())?;
    out.bytes(attr::tunnel::REMOTE, remote.as_bytes())?;
    let is_anywhere = matches!(end, End::Path { remote: None, .. });
    out.u8(attr::tunnel::ANYWHERE, is_anywhere.into())
}

/// Writes what names a tunnel.
pub(in crate::netlink) fn put_name(out: &mut Writer<'_>, name: &TunnelName) -> Result<(), Full> {
    out.c_str_bytes(attr::tunnel::NAME, name.as_bytes())
}

/// `tunnel-get` as a dump: all tunnels of one configuration.
pub(crate) struct Tunnels {
    config: Arc<Config>,
    at: Cursor,
}

impl Dump<Control> for Tunnels {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        Ok(Tunnels {
            config: control.tables(request)?.config.get(),
            at: Cursor::default(),
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        for (tunnel, next) in self.config.tunnels(self.at) {
            out.message::<Full>(cmd::TUNNEL_GET, |out| put(out, &self.config, tunnel))?;
            self.at = next;
        }
        Ok(())
    }
}
