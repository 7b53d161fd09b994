// SPDX-License-Identifier: GPL-2.0

//! Operations on the routes of customers.

use kernel::{prelude::*, sync::Arc};

use super::binding::{parse_snat, put_snat};
use super::tunnel::{find, parse_name, put_prefix};
use crate::kern::net::genetlink::{Dump, DumpWriter, Full, Refused, Reply, Request, Stop, Writer};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd, value::route_action},
    Control, //
};
use crate::table::{
    self, Change, Config, ConfigError, Cursor, PortName, Route, RouteKey, Snat, Target, TunnelName,
    PUBLIC, SNAT_PORTS,
};

fn places(at: table::Attr) -> &'static [u16] {
    match at {
        table::Attr::Customer => &[attr::route::CUSTOMER],
        table::Attr::Key | table::Attr::Address => &[attr::route::PREFIX],
        table::Attr::Name => &[attr::route::TUNNEL],
        table::Attr::Ifindex => &[attr::route::IFINDEX],
        table::Attr::From => &[attr::route::FROM],
        table::Attr::Gateway => &[attr::route::GATEWAY],
        table::Attr::SnatFirst => &[attr::route::SNAT, attr::snat::FIRST],
        table::Attr::SnatLast => &[attr::route::SNAT, attr::snat::LAST],
        table::Attr::SnatPort => &[attr::route::SNAT, attr::snat::PORT],
        _ => &[],
    }
}

/// Where a request leads packets.
#[derive(Clone, Copy)]
enum Action {
    Tunnel(TunnelName),
    Public(Snat),
    Device(PortName),
    Fixed(Target),
}

impl Action {
    fn parse(request: &Request<'_>) -> Result<Self, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let known = |number| {
            Some(match number {
                route_action::TUNNEL | route_action::DEVICE | route_action::PORT => None,
                route_action::UNREACHABLE => Some(Target::Unreachable),
                route_action::BLACKHOLE => Some(Target::Blackhole),
                route_action::PUBLIC => Some(Target::Public(Snat::Auto { ports: SNAT_PORTS })),
                _ => return None,
            })
        };
        let snat = attrs
            .get(attr::route::SNAT)
            .map(|nest| parse_snat(&extack, &nest.nested()))
            .transpose()?;
        let is = |action| {
            let attr = attrs.get(attr::route::ACTION);
            attr.is_some_and(|attr| attr.u32() == action)
        };
        let chosen = parse::choice(&extack, &attrs, attr::route::ACTION, "action", known)?;
        match (chosen.flatten(), snat) {
            (Some(Target::Public(auto)), snat) => Ok(Action::Public(snat.unwrap_or(auto))),
            (_, Some(_)) => Err(extack.refuse(EINVAL, format_args!("snat is for action public"))),
            (Some(target), None) => Ok(Action::Fixed(target)),
            (None, None) if is(route_action::DEVICE) => {
                let name = extack.require(&attrs, attr::route::DEVICE, "device")?;
                Ok(Action::Device(PortName::new(name.c_str_bytes())))
            }
            (None, None) if is(route_action::PORT) => Ok(Action::Fixed(Target::Port {
                ifindex: extack
                    .require(&attrs, attr::route::IFINDEX, "ifindex")?
                    .u32(),
                gateway: parse::address_if(&extack, &attrs, attr::route::GATEWAY, "gateway")?,
            })),
            (None, None) => parse_name(&extack, &attrs, attr::route::TUNNEL).map(Action::Tunnel),
        }
    }

    fn target(&self, change: &Change) -> Result<Target, ConfigError> {
        match self {
            Action::Tunnel(name) => find(change, name).map(Target::Tunnel),
            Action::Public(snat) => Ok(Target::Public(*snat)),
            Action::Device(name) => Ok(Target::Device(*name)),
            Action::Fixed(target) => Ok(*target),
        }
    }
}

fn parse_key(request: &Request<'_>) -> Result<RouteKey, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let nest = extack.require(&attrs, attr::route::PREFIX, "prefix")?;
    let customer = attrs.get(attr::route::CUSTOMER);
    let from = attrs.get(attr::route::FROM);
    Ok(RouteKey {
        customer: customer.map_or(PUBLIC, |attr| attr.u32()),
        prefix: parse::prefix(&extack, &nest.nested())?,
        from: from
            .map(|nest| parse::prefix(&extack, &nest.nested()))
            .transpose()?,
    })
}

/// `route-new`: defines a route.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (key, action) = (parse_key(request)?, Action::parse(request)?);
    transaction::apply(control, request, attr::route::TXN, places, |change| {
        let target = action.target(change)?;
        change.route_new(key, target)
    })
}

/// `route-set`: leads a route elsewhere, or defines it.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (key, action) = (parse_key(request)?, Action::parse(request)?);
    transaction::apply(control, request, attr::route::TXN, places, |change| {
        let target = action.target(change)?;
        change.route_replace(key, target)
    })
}

/// `route-del`: removes a route.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let key = parse_key(request)?;
    transaction::apply(control, request, attr::route::TXN, places, |change| {
        change.route_del(key)
    })
}

/// Writes a route.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    config: &Config,
    route: &Route,
) -> Result<(), Full> {
    put_key(out, &route.key)?;
    let action = match route.target {
        Target::Tunnel(id) => {
            if let Some(tunnel) = config.tunnel_at(id) {
                out.c_str_bytes(attr::route::TUNNEL, tunnel.name.as_bytes())?;
            }
            route_action::TUNNEL
        }
        Target::Public(snat) => {
            out.nest(attr::route::SNAT, |out| put_snat(out, &snat))?;
            route_action::PUBLIC
        }
        Target::Device(name) => {
            out.c_str_bytes(attr::route::DEVICE, name.as_bytes())?;
            route_action::DEVICE
        }
        Target::Port { ifindex, gateway } => {
            out.u32(attr::route::IFINDEX, ifindex)?;
            if let Some(port) = config.port(ifindex) {
                out.c_str_bytes(attr::route::IFNAME, port.name.as_bytes())?;
            }
            if let Some(gateway) = gateway {
                out.bytes(attr::route::GATEWAY, gateway.as_bytes())?;
            }
            route_action::PORT
        }
        Target::Unreachable => route_action::UNREACHABLE,
        Target::Blackhole => route_action::BLACKHOLE,
    };
    out.u32(attr::route::ACTION, action)
}

/// Writes what names a route.
pub(in crate::netlink) fn put_key(out: &mut Writer<'_>, key: &RouteKey) -> Result<(), Full> {
    out.u32(attr::route::CUSTOMER, key.customer)?;
    put_prefix(out, attr::route::PREFIX, &key.prefix)?;
    match &key.from {
        Some(from) => put_prefix(out, attr::route::FROM, from),
        None => Ok(()),
    }
}

/// `route-get` as a dump: all routes of one configuration.
pub(crate) struct Routes {
    config: Arc<Config>,
    at: Cursor,
}

impl Dump<Control> for Routes {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        Ok(Routes {
            config: control.tables(request)?.config.get(),
            at: Cursor::default(),
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        for (route, next) in self.config.routes(self.at) {
            out.message::<Full>(cmd::ROUTE_GET, |out| put(out, &self.config, route))?;
            self.at = next;
        }
        Ok(())
    }
}
