// SPDX-License-Identifier: GPL-2.0

//! Operations on servers.

use kernel::{prelude::*, sync::Arc};

use crate::kern::{
    net::genetlink::{
        Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
    },
    time,
};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{self, AdminState, Config, Cursor, Server, ServerKey, ServerUpdate};

fn places(at: table::Attr) -> &'static [u16] {
    use attr::{endpoint, server};
    match at {
        table::Attr::Key => &[server::KEY],
        table::Attr::Customer => &[server::KEY, endpoint::CUSTOMER],
        table::Attr::Address => &[server::KEY, endpoint::ADDRESS],
        table::Attr::Port => &[server::KEY, endpoint::PORT],
        table::Attr::Weight => &[server::WEIGHT],
        table::Attr::Threshold => &[server::THRESHOLD],
        table::Attr::Hold => &[server::HOLD],
        table::Attr::DrainTimeout => &[server::DRAIN_TIMEOUT],
        table::Attr::Backup => &[server::BACKUP],
        table::Attr::State => &[server::STATE],
        _ => &[],
    }
}

fn parse_update(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<ServerUpdate, Refused> {
    use attr::server as a;
    let number = |number| Some(attrs.get(number)?.u32());
    Ok(ServerUpdate {
        weight: number(a::WEIGHT),
        limit: number(a::LIMIT),
        threshold: number(a::THRESHOLD),
        hold: number(a::HOLD),
        backup: parse::backup(extack, attrs, a::BACKUP, parse::server_in)?,
        drain_timeout: number(a::DRAIN_TIMEOUT),
        state: parse::choice(extack, attrs, a::STATE, "state", AdminState::from_u32)?,
    })
}

/// `server-new`: defines a server.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::server(&extack, &attrs, attr::server::KEY, "key")?;
    let update = parse_update(&extack, &attrs)?;
    transaction::apply(control, request, attr::server::TXN, places, |change| {
        change.server_new(key, &update)
    })
}

/// `server-set`: changes what is given; state up also clears a failure.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::server(&extack, &attrs, attr::server::KEY, "key")?;
    let update = parse_update(&extack, &attrs)?;
    let fate = parse::fate(&extack, &attrs, attr::server::FATE)?;
    transaction::apply(control, request, attr::server::TXN, places, |change| {
        change.server_set(key, &update, fate)
    })
}

/// `server-del`: removes a server that is not bound.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::server(&extack, &attrs, attr::server::KEY, "key")?;
    let fate = parse::fate(&extack, &attrs, attr::server::FATE)?;
    transaction::apply(control, request, attr::server::TXN, places, |change| {
        change.server_del(key, fate)
    })
}

/// `server-get`: shows one.
pub(crate) fn get(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let key = parse::server(&extack, &attrs, attr::server::KEY, "key")?;
    let config = control.tables(request)?.config.get();
    let server = config
        .server(&key)
        .ok_or_else(|| extack.refuse(ENOENT, format_args!("server {key} is not defined")))?;
    let bound = config.bound(&key);
    request.reply(cmd::SERVER_GET, |out| put(out, server, bound))
}

/// Writes a server that is bound so many times.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    server: &Server,
    bound: u32,
) -> Result<(), Full> {
    use attr::server as a;
    let settings = &server.settings;
    let health = &server.runtime.health;
    super::put_server_key(out, a::KEY, &server.key)?;
    out.u32(a::WEIGHT, settings.weight)?;
    out.u32(a::LIMIT, settings.limit)?;
    out.u32(a::THRESHOLD, settings.threshold)?;
    out.u32(a::HOLD, settings.hold)?;
    if let Some(backup) = &settings.backup {
        super::put_server_key(out, a::BACKUP, backup)?;
    }
    out.u32(a::DRAIN_TIMEOUT, settings.drain_timeout)?;
    out.u32(a::STATE, settings.state.as_u32())?;
    out.u32(a::CONDITION, health.condition(settings.state).as_u32())?;
    out.u32(a::FAILURES, health.failures())?;
    out.u64(a::FAILURES_TOTAL, health.failures_total())?;
    out.u32(a::RTT, health.rtt())?;
    out.u32(a::FLOWS, server.flows())?;
    out.u32(a::BINDINGS, bound)?;
    if let Some(left) = health.drain_left(time::seconds()) {
        out.u32(a::DRAIN_LEFT, left)?;
    }
    super::put_traffic(out, a::COUNTERS, &server.runtime.traffic)
}

/// `server-get` as a dump: all servers of one configuration, or the one that is named.
pub(crate) struct Servers {
    config: Arc<Config>,
    at: Cursor,
    only: Option<ServerKey>,
}

impl Dump<Control> for Servers {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let key = attrs.get(attr::server::KEY);
        Ok(Servers {
            config: control.tables(request)?.config.get(),
            at: Cursor::default(),
            only: key
                .map(|key| parse::server_in(&extack, &key.nested()))
                .transpose()?,
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        if let Some(key) = &self.only {
            if let Some(server) = self.config.server(key) {
                let bound = self.config.bound(key);
                out.message::<Full>(cmd::SERVER_GET, |out| put(out, server, bound))?;
            }
            return Ok(());
        }
        for (server, bound, next) in self.config.servers(self.at) {
            out.message::<Full>(cmd::SERVER_GET, |out| put(out, server, bound))?;
            self.at = next;
        }
        Ok(())
    }
}
