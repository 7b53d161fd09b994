// SPDX-License-Identifier: GPL-2.0

//! Tunnels as they are shown.

use kernel::{prelude::*, sync::Arc};

use super::{
    super::{guard, rate},
    number, parse_name, DFS, DSCP_INHERIT, KINDS,
};
use crate::domain::encap::{End, Kind};
use crate::kern::net::genetlink::{Dump, DumpWriter, Full, Refused, Reply, Request, Stop, Writer};
use crate::netlink::{
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{Config, Cursor, Prefix, Tunnel, TunnelName, TunnelSettings};

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
pub(in crate::netlink::object) fn put_prefix(
    out: &mut Writer<'_>,
    place: u16,
    prefix: &Prefix,
) -> Result<(), Full> {
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
    put_ends(out, settings)?;
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
    rate::put(out, &settings.rate_in)?;
    if settings.link().is_some() {
        out.c_str_bytes(a::IFNAME, settings.port.as_bytes())?;
        out.bytes(a::PEER_MAC, &outer.macs.1)?;
    }
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
    for prefix in &tunnel.bounds.peers {
        put_prefix(out, a::PEERS, prefix)?;
    }
    for prefix in &tunnel.bounds.allowed {
        put_prefix(out, a::ALLOWED, prefix)?;
    }
    if settings.is_secure {
        out.u8(a::SECURE, 1)?;
    }
    if settings.is_clear {
        out.u8(a::CLEAR, 1)?;
    }
    guard::put(out, a::GUARD, settings.guard)?;
    if let Some(to) = settings.to.and_then(|to| config.tunnel_at(to)) {
        out.c_str_bytes(a::TO, to.name.as_bytes())?;
    }
    if let Some(device) = settings.device() {
        out.c_str_bytes(a::DEVICE, device.as_bytes())?;
    }
    super::super::put_traffic(out, a::COUNTERS, &tunnel.runtime.traffic)
}

fn put_ends(out: &mut Writer<'_>, settings: &TunnelSettings) -> Result<(), Full> {
    let ends = [
        (attr::tunnel::LOCAL, settings.outer.local),
        (attr::tunnel::REMOTE, settings.outer.remote),
    ];
    for (place, addr) in ends {
        if settings.link().is_none() || !addr.is_unspecified() {
            out.bytes(place, addr.as_bytes())?;
        }
    }
    match settings.wire.end {
        End::Path { remote, .. } => out.u8(attr::tunnel::ANYWHERE, remote.is_none().into()),
        End::Link(_) => Ok(()),
    }
}

/// Writes what named a tunnel, and whose it was.
pub(in crate::netlink) fn put_key(
    out: &mut Writer<'_>,
    name: &TunnelName,
    customer: u32,
) -> Result<(), Full> {
    out.c_str_bytes(attr::tunnel::NAME, name.as_bytes())?;
    out.u32(attr::tunnel::CUSTOMER, customer)
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
