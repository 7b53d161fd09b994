// SPDX-License-Identifier: GPL-2.0

//! Tunnels as they are shown.

use kernel::{prelude::*, sync::Arc};

use super::{number, parse_name, DFS, DSCP_INHERIT, KINDS};
use crate::domain::{
    addr::Addr,
    encap::{End, Kind},
};
use crate::kern::net::genetlink::{Dump, DumpWriter, Full, Refused, Reply, Request, Stop, Writer};
use crate::netlink::{
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{Config, Cursor, Prefix, Tunnel, TunnelName};

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
    super::super::put_traffic(out, a::COUNTERS, &tunnel.runtime.traffic)
}

fn put_ends(out: &mut Writer<'_>, local: Addr, remote: Addr, end: End) -> Result<(), Full> {
    out.bytes(attr::tunnel::LOCAL, local.as_bytes())?;
    out.bytes(attr::tunnel::REMOTE, remote.as_bytes())?;
    let is_anywhere = matches!(end, End::Path { remote: None, .. });
    out.u8(attr::tunnel::ANYWHERE, is_anywhere.into())
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
