// SPDX-License-Identifier: GPL-2.0

//! Operations on bindings.

use kernel::{prelude::*, sync::Arc};

use super::tunnel::{find, parse_name};
use crate::domain::addr::PortRange;
use crate::kern::net::genetlink::{
    Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd, value},
    Control, //
};
use crate::table::{
    self,
    Binding,
    BindingKey,
    BindingUpdate,
    Change,
    Config,
    ConfigError,
    Method,
    ServerKey,
    Service,
    ServiceCursor,
    ServiceKey,
    Snat,
    TunnelName,
    SNAT_PORTS, //
};

fn places(at: table::Attr) -> &'static [u16] {
    use attr::{binding, endpoint, snat};
    match at {
        table::Attr::Key | table::Attr::Service => &[binding::SERVICE],
        table::Attr::Server => &[binding::SERVER],
        table::Attr::Customer => &[binding::SERVICE, endpoint::CUSTOMER],
        table::Attr::Port => &[binding::PORT],
        table::Attr::PortLast => &[binding::PORT_LAST],
        table::Attr::Method => &[binding::METHOD],
        table::Attr::Tunnel | table::Attr::Name => &[binding::TUNNEL],
        table::Attr::Weight => &[binding::WEIGHT],
        table::Attr::Snat => &[binding::SNAT],
        table::Attr::SnatFirst => &[binding::SNAT, snat::FIRST],
        table::Attr::SnatLast => &[binding::SNAT, snat::LAST],
        table::Attr::SnatPort => &[binding::SNAT, snat::PORT],
        _ => &[],
    }
}

/// Service and server of a request, and the port if it says one.
fn parse_names(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
) -> Result<(ServiceKey, ServerKey, Option<u16>), Refused> {
    Ok((
        parse::service(extack, attrs, attr::binding::SERVICE, "service")?,
        parse::server(extack, attrs, attr::binding::SERVER, "server")?,
        attrs.get(attr::binding::PORT).map(|attr| attr.u16()),
    ))
}

fn parse_update(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<BindingUpdate, Refused> {
    use attr::binding as a;
    let snat = attrs
        .get(a::SNAT)
        .map(|nest| parse_snat(extack, &nest.nested()));
    Ok(BindingUpdate {
        port_last: attrs.get(a::PORT_LAST).map(|attr| attr.u16()),
        method: parse::choice(extack, attrs, a::METHOD, "method", Method::from_u32)?,
        // Known by its number once the change is.
        tunnel: None,
        weight: attrs.get(a::WEIGHT).map(|attr| attr.u32()),
        snat: snat.transpose()?,
    })
}

pub(super) fn parse_snat(extack: &Extack<'_>, nest: &Attrs<'_>) -> Result<Snat, Refused> {
    use attr::snat as a;
    let mode = extack.require(nest, a::MODE, "mode of snat")?.u32();
    let port = |number, other| nest.get(number).map_or(other, |attr| attr.u16());
    let ports = PortRange {
        first: port(a::PORT, SNAT_PORTS.first),
        last: port(a::PORT_LAST, SNAT_PORTS.last),
    };
    let pool = [a::FIRST, a::LAST].into_iter().find_map(|n| nest.get(n));
    match (mode, pool) {
        (value::snat_mode::POOL, _) => {
            let first = extack.require(nest, a::FIRST, "first address of snat")?;
            let first = parse::address(extack, &first, "first address of snat")?;
            let last = parse::address_if(extack, nest, a::LAST, "last address of snat")?;
            Ok(Snat::Pool {
                first,
                last: last.unwrap_or(first),
                ports,
            })
        }
        (_, Some(attr)) => Err(extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("snat addresses are for mode pool"),
        )),
        (value::snat_mode::AUTO, None) => Ok(Snat::Auto { ports }),
        (_, None) => Ok(Snat::None),
    }
}

/// The same update with the tunnel that the request names.
fn settle(
    change: &Change,
    update: &BindingUpdate,
    tunnel: &Option<TunnelName>,
) -> Result<BindingUpdate, ConfigError> {
    Ok(BindingUpdate {
        tunnel: tunnel.map(|name| find(change, &name)).transpose()?,
        ..*update
    })
}

/// The tunnel of a request, if it names one.
fn parse_tunnel(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Option<TunnelName>, Refused> {
    match attrs.has(attr::binding::TUNNEL) {
        true => parse_name(extack, attrs, attr::binding::TUNNEL).map(Some),
        false => Ok(None),
    }
}

/// `binding-new`: lets a server serve a service.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let (service, server, port) = parse_names(&extack, &attrs)?;
    let update = parse_update(&extack, &attrs)?;
    let tunnel = parse_tunnel(&extack, &attrs)?;
    let key = BindingKey {
        service,
        server,
        port: port.unwrap_or(0),
    };
    transaction::apply(control, request, attr::binding::TXN, places, |change| {
        let update = settle(change, &update, &tunnel)?;
        change.binding_new(key, &update)
    })
}

/// `binding-set`: changes what is given.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let (service, server, port) = parse_names(&extack, &attrs)?;
    let update = parse_update(&extack, &attrs)?;
    let tunnel = parse_tunnel(&extack, &attrs)?;
    transaction::apply(control, request, attr::binding::TXN, places, |change| {
        let key = change.binding_key(service, server, port)?;
        let update = settle(change, &update, &tunnel)?;
        change.binding_set(key, &update)
    })
}

/// `binding-del`: takes a server from a service.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let (service, server, port) = parse_names(&extack, &attrs)?;
    let fate = parse::fate(&extack, &attrs, attr::binding::FATE)?;
    transaction::apply(control, request, attr::binding::TXN, places, |change| {
        change.binding_del(service, server, port, fate)
    })
}

/// Writes what names a binding.
pub(in crate::netlink) fn put_key(out: &mut Writer<'_>, key: &BindingKey) -> Result<(), Full> {
    super::put_service_key(out, attr::binding::SERVICE, &key.service)?;
    super::put_server_key(out, attr::binding::SERVER, &key.server)?;
    out.u16(attr::binding::PORT, key.port)
}

/// Writes a binding.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    config: &Config,
    binding: &Binding,
) -> Result<(), Full> {
    use attr::binding as a;
    let settings = &binding.settings;
    put_key(out, &binding.key)?;
    if settings.port_last > binding.key.port {
        out.u16(a::PORT_LAST, settings.port_last)?;
    }
    out.u32(a::METHOD, settings.method.as_u32())?;
    if let Some(tunnel) = config.tunnel_at(settings.tunnel) {
        out.c_str_bytes(a::TUNNEL, tunnel.name.as_bytes())?;
    }
    if let Some(weight) = settings.weight {
        out.u32(a::WEIGHT, weight)?;
    }
    out.nest(a::SNAT, |out| put_snat(out, &settings.snat))?;
    out.u32(a::FLOWS, binding.flows())?;
    super::put_traffic(out, a::COUNTERS, &binding.runtime.traffic)
}

pub(super) fn put_snat(out: &mut Writer<'_>, snat: &Snat) -> Result<(), Full> {
    use attr::snat as a;
    let mode = match snat {
        Snat::None => value::snat_mode::NONE,
        Snat::Auto { .. } => value::snat_mode::AUTO,
        Snat::Pool { .. } => value::snat_mode::POOL,
    };
    out.u32(a::MODE, mode)?;
    if let Snat::Pool { first, last, .. } = snat {
        out.bytes(a::FIRST, first.as_bytes())?;
        out.bytes(a::LAST, last.as_bytes())?;
    }
    if let Some(ports) = snat.ports() {
        out.u16(a::PORT, ports.first)?;
        out.u16(a::PORT_LAST, ports.last)?;
    }
    Ok(())
}

/// `binding-get`: all bindings of one configuration, or those of a service, a server or both.
pub(crate) struct Bindings {
    config: Arc<Config>,
    /// Services done.
    at: ServiceCursor,
    /// Bindings done of the next service.
    done: usize,
    service: Option<ServiceKey>,
    server: Option<ServerKey>,
}

impl Bindings {
    /// Writes the bindings of one service that are wanted and not done yet.
    fn of_service(
        config: &Config,
        server: &Option<ServerKey>,
        done: &mut usize,
        service: &Service,
        out: &mut DumpWriter<'_>,
    ) -> Result<(), Full> {
        while let Some(binding) = service.bindings.get(*done) {
            if server.is_none_or(|server| server == binding.key.server) {
                out.message::<Full>(cmd::BINDING_GET, |out| put(out, config, binding))?;
            }
            *done += 1;
        }
        *done = 0;
        Ok(())
    }
}

impl Dump<Control> for Bindings {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let service = attrs.get(attr::binding::SERVICE);
        let server = attrs.get(attr::binding::SERVER);
        Ok(Bindings {
            config: control.tables(request)?.config.get(),
            at: ServiceCursor::default(),
            done: 0,
            service: service
                .map(|nest| parse::service_in(&extack, &nest.nested()))
                .transpose()?,
            server: server
                .map(|nest| parse::server_in(&extack, &nest.nested()))
                .transpose()?,
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        if let Some(key) = &self.service {
            if let Some(service) = self.config.service(key) {
                Self::of_service(&self.config, &self.server, &mut self.done, service, out)?;
            }
            return Ok(());
        }
        for (service, next) in self.config.services(self.at) {
            Self::of_service(&self.config, &self.server, &mut self.done, service, out)?;
            self.at = next;
        }
        Ok(())
    }
}
