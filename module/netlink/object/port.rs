// SPDX-License-Identifier: GPL-2.0

//! Operations on ports.
//!
//! A request names a device by index, by name, or by both. The device must be there to become a
//! port; a port whose device is going is still found by what it was called.

use core::{ffi::CStr, fmt};

use kernel::{
    prelude::*,
    sync::{rcu, Arc}, //
};

use super::guard;
use crate::kern::net::{
    device::Device,
    genetlink::{
        Attr, Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer,
    },
    namespace::Net,
};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{self, Config, Cursor, Port, PortName, PortUpdate, Side};

fn places(at: table::Attr) -> &'static [u16] {
    match at {
        table::Attr::Ifindex | table::Attr::Ifname | table::Attr::Key => &[attr::port::IFINDEX],
        table::Attr::Customer => &[attr::port::CUSTOMER],
        table::Attr::Side => &[attr::port::SIDE],
        table::Attr::Guard => &[attr::port::GUARD],
        _ => &[],
    }
}

/// The device that a request names.
#[derive(Clone, Copy)]
struct Named {
    ifindex: u32,
    name: PortName,
}

impl Named {
    /// The device of this index; a port of it, should it no longer be there.
    fn by_index(net: &Net, config: &Config, ifindex: u32) -> Option<Self> {
        let guard = rcu::read_lock();
        let name = match Device::by_index(net, ifindex, &guard) {
            Some(device) => PortName::new(device.name().as_bytes()),
            None => config.port(ifindex)?.name,
        };
        Some(Named { ifindex, name })
    }

    /// The device of this name; a port of it, should it no longer be there.
    fn by_name(net: &Net, config: &Config, attr: &Attr<'_>) -> Option<Self> {
        let guard = rcu::read_lock();
        let text = CStr::from_bytes_until_nul(attr.bytes()).ok()?;
        let ifindex = match Device::by_name(net, text, &guard) {
            Some(device) => device.ifindex(),
            None => config.port_named(attr.c_str_bytes())?.ifindex,
        };
        Some(Named {
            ifindex,
            name: PortName::new(attr.c_str_bytes()),
        })
    }

    /// The device that the request names by index, name or both.
    fn parse(request: &Request<'_>, config: &Config) -> Result<Self, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let index = attrs.get(attr::port::IFINDEX);
        let name = attrs.get(attr::port::IFNAME);
        let no_device = |attr: &Attr<'_>, which: &dyn fmt::Display| {
            extack.refuse_attr(attr, ENODEV, format_args!("there is no device {which}"))
        };
        let Some(index) = index else {
            let Some(name) = name else {
                return Err(extack.missing(&attrs, attr::port::IFINDEX, "ifindex or ifname"));
            };
            let shown = PortName::new(name.c_str_bytes());
            return Self::by_name(request.net(), config, &name)
                .ok_or_else(|| no_device(&name, &shown));
        };
        let found = Self::by_index(request.net(), config, index.u32())
            .ok_or_else(|| no_device(&index, &index.u32()))?;
        if let Some(name) = name.filter(|name| name.c_str_bytes() != found.name.as_bytes()) {
            let shown = PortName::new(name.c_str_bytes());
            return Err(extack.refuse_attr(
                &name,
                EINVAL,
                format_args!("device {} is {}, not {shown}", found.ifindex, found.name),
            ));
        }
        Ok(found)
    }
}

fn parse_update(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<PortUpdate, Refused> {
    Ok(PortUpdate {
        customer: attrs.get(attr::port::CUSTOMER).map(|attr| attr.u32()),
        side: parse::choice(extack, attrs, attr::port::SIDE, "side", Side::from_u32)?,
        announce: attrs.get(attr::port::ANNOUNCE).map(|attr| attr.u8() != 0),
        guard: guard::parse(extack, attrs, attr::port::GUARD)?,
    })
}

/// `port-new`: attaches a device.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let update = parse_update(&request.extack(), &request.attrs())?;
    let tables = control.tables(request)?;
    let named = Named::parse(request, &tables.config.get())?;
    transaction::apply(control, request, attr::port::TXN, places, |change| {
        change.port_new(named.ifindex, named.name, &update)
    })
}

/// `port-set`: changes what is given.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let update = parse_update(&request.extack(), &request.attrs())?;
    let tables = control.tables(request)?;
    let named = Named::parse(request, &tables.config.get())?;
    transaction::apply(control, request, attr::port::TXN, places, |change| {
        change.port_set(named.ifindex, named.name, &update)
    })
}

/// `port-del`: detaches a device.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let tables = control.tables(request)?;
    let named = Named::parse(request, &tables.config.get())?;
    transaction::apply(control, request, attr::port::TXN, places, |change| {
        change.port_del(named.ifindex, named.name)
    })
}

/// `port-get`: shows one.
pub(crate) fn get(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let config = control.tables(request)?.config.get();
    let named = Named::parse(request, &config)?;
    let port = config.port(named.ifindex).ok_or_else(|| {
        request
            .extack()
            .refuse(ENOENT, format_args!("{} is no port", named.name))
    })?;
    request.reply(cmd::PORT_GET, |out| put(out, port))
}

/// Writes a port.
pub(in crate::netlink) fn put(out: &mut Writer<'_>, port: &Port) -> Result<(), Full> {
    out.u32(attr::port::IFINDEX, port.ifindex)?;
    out.c_str_bytes(attr::port::IFNAME, port.name.as_bytes())?;
    out.u32(attr::port::CUSTOMER, port.settings.customer)?;
    out.u32(attr::port::SIDE, port.settings.side.as_u32())?;
    out.u8(attr::port::ANNOUNCE, port.settings.announce.into())?;
    guard::put(out, attr::port::GUARD, port.settings.guard)?;
    out.u64(attr::port::PACKETS, port.runtime.packets())?;
    out.u64(attr::port::BYTES, port.runtime.bytes())
}

/// `port-get` as a dump: all ports of one configuration.
pub(crate) struct Ports {
    config: Arc<Config>,
    at: Cursor,
}

impl Dump<Control> for Ports {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        Ok(Ports {
            config: control.tables(request)?.config.get(),
            at: Cursor::default(),
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        for (port, next) in self.config.ports(self.at) {
            out.message::<Full>(cmd::PORT_GET, |out| put(out, port))?;
            self.at = next;
        }
        Ok(())
    }
}
