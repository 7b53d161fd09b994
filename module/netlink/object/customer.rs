// SPDX-License-Identifier: GPL-2.0

//! Operations on customers.
//!
//! A request names one by number, by name, or by both, which must agree.

use core::ffi::CStr;

use kernel::{
    prelude::*,
    sync::{rcu, Arc}, //
};

use crate::kern::net::{
    device::Device,
    genetlink::{Attrs, Dump, DumpWriter, Extack, Full, Refused, Reply, Request, Stop, Writer},
};
use crate::netlink::{
    parse,
    transaction,
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{
    self, Change, Config, ConfigError, Cursor, Customer, CustomerName, CustomerUpdate, Guard, Kind,
    PortName, Quotas, Vrf, PUBLIC,
};

fn places(at: table::Attr) -> &'static [u16] {
    match at {
        table::Attr::Id | table::Attr::Customer => &[attr::customer::ID],
        table::Attr::Name => &[attr::customer::NAME],
        table::Attr::Vrf => &[attr::customer::VRF],
        table::Attr::Weight => &[attr::customer::WEIGHT],
        _ => &[],
    }
}

/// The name that a request gives, if it does.
fn parse_name(extack: &Extack<'_>, attrs: &Attrs<'_>) -> Result<Option<CustomerName>, Refused> {
    let Some(attr) = attrs.get(attr::customer::NAME) else {
        return Ok(None);
    };
    let name = CustomerName::new(attr.c_str_bytes()).ok_or_else(|| {
        extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("name must be 1..=31 of a-z A-Z 0-9 _ . - and neither number nor public"),
        )
    })?;
    Ok(Some(name))
}

fn parse_id(attrs: &Attrs<'_>) -> Option<u32> {
    Some(attrs.get(attr::customer::ID)?.u32())
}

fn parse_update(request: &Request<'_>) -> Result<CustomerUpdate, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let number = |number| attrs.get(number).map(|attr| attr.u32());
    let rate = |number| attrs.get(number).map(|attr| attr.u64());
    let guard = attr::customer::GUARD;
    Ok(CustomerUpdate {
        vrf: parse_vrf(request)?,
        guard: parse::choice(&extack, &attrs, guard, "guard", Guard::from_u32)?,
        max_flows: number(attr::customer::MAX_FLOWS),
        max_routes: number(attr::customer::MAX_ROUTES),
        max_tunnels: number(attr::customer::MAX_TUNNELS),
        new_flows: rate(attr::customer::NEW_FLOWS),
        packets: rate(attr::customer::PACKETS),
        bytes: rate(attr::customer::BYTES),
        weight: number(attr::customer::WEIGHT),
    })
}

/// The VRF that a request gives; the inner none takes it away.
fn parse_vrf(request: &Request<'_>) -> Result<Option<Option<Vrf>>, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let Some(attr) = attrs.get(attr::customer::VRF) else {
        return Ok(None);
    };
    let name = PortName::new(attr.c_str_bytes());
    if name.as_bytes().is_empty() {
        return Ok(Some(None));
    }
    let guard = rcu::read_lock();
    let device = CStr::from_bytes_until_nul(attr.bytes())
        .ok()
        .and_then(|text| Device::by_name(request.net(), text, &guard));
    let Some(device) = device else {
        return Err(extack.refuse_attr(&attr, ENODEV, format_args!("there is no device {name}")));
    };
    let ifindex = device.ifindex();
    if device.l3mdev(&guard) != ifindex {
        return Err(extack.refuse_attr(&attr, EINVAL, format_args!("device {name} is no VRF")));
    }
    Ok(Some(Some(Vrf { ifindex, name })))
}

/// What a request names, to be looked for in the change or configuration that it is about.
struct Named {
    id: Option<u32>,
    name: Option<CustomerName>,
}

impl Named {
    fn parse(request: &Request<'_>) -> Result<Self, Refused> {
        let (extack, attrs) = (request.extack(), request.attrs());
        let named = Named {
            id: parse_id(&attrs),
            name: parse_name(&extack, &attrs)?,
        };
        if named.id.is_none() && named.name.is_none() {
            return Err(extack.missing(&attrs, attr::customer::ID, "id or name"));
        }
        Ok(named)
    }

    /// The number, given who knows names.
    fn find(&self, by_name: impl FnOnce(&CustomerName) -> Option<u32>) -> Result<u32, ConfigError> {
        let Some(name) = &self.name else {
            return Ok(self.id.unwrap_or(PUBLIC));
        };
        let found = by_name(name).ok_or_else(|| {
            ConfigError::new(
                Kind::NotFound,
                table::Attr::Name,
                format_args!("customer {name} is unknown"),
            )
        })?;
        match self.id {
            Some(id) if id != found => Err(ConfigError::new(
                Kind::Invalid,
                table::Attr::Id,
                format_args!("customer {name} is number {found}, not {id}"),
            )),
            _ => Ok(found),
        }
    }

    fn in_change(&self, change: &Change) -> Result<u32, ConfigError> {
        self.find(|name| change.customer_id(name))
    }
}

/// `customer-new`: defines a customer.
pub(crate) fn new(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let id = parse_id(&attrs);
    let name = parse_name(&extack, &attrs)?
        .ok_or_else(|| extack.missing(&attrs, attr::customer::NAME, "name"))?;
    let update = parse_update(request)?;
    transaction::apply(control, request, attr::customer::TXN, places, |change| {
        change.customer_new(id, name, &update)
    })
}

/// `customer-set`: changes what is given.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let named = Named::parse(request)?;
    let update = parse_update(request)?;
    transaction::apply(control, request, attr::customer::TXN, places, |change| {
        let id = named.in_change(change)?;
        change.customer_set(id, &update)
    })
}

/// `customer-del`: removes a customer.
pub(crate) fn del(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let named = Named::parse(request)?;
    transaction::apply(control, request, attr::customer::TXN, places, |change| {
        let id = named.in_change(change)?;
        change.customer_del(id)
    })
}

/// `customer-get`: shows one.
pub(crate) fn get(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let (extack, attrs) = (request.extack(), request.attrs());
    let config = control.tables(request)?.config.get();
    let id = Named::parse(request)?
        .find(|name| config.customer_named(name))
        .map_err(|error| crate::netlink::extack::refuse(&extack, &attrs, places, &error))?;
    let customer = config
        .customer(id)
        .ok_or_else(|| extack.refuse(ENOENT, format_args!("customer {id} is unknown")))?;
    request.reply(cmd::CUSTOMER_GET, |out| put(out, &config, customer))
}

/// Writes a customer.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    config: &Config,
    customer: &Customer,
) -> Result<(), Full> {
    put_key(out, customer.id, &customer.name)?;
    if let Some(vrf) = &customer.vrf {
        out.c_str_bytes(attr::customer::VRF, vrf.name.as_bytes())?;
        out.u32(attr::customer::VRF_IFINDEX, vrf.ifindex)?;
    }
    put_quotas(out, &customer.quotas)?;
    out.u32(attr::customer::FLOWS, customer.runtime.flows())?;
    out.u32(attr::customer::ROUTES, config.routes_of(customer.id))?;
    out.u32(attr::customer::TUNNELS, config.tunnels_of(customer.id))?;
    out.u32(attr::customer::GUARD, customer.guard.as_u32())?;
    super::put_traffic(out, attr::customer::COUNTERS, &customer.runtime.traffic)
}

/// Writes the limits that there are.
fn put_quotas(out: &mut Writer<'_>, quotas: &Quotas) -> Result<(), Full> {
    for (number, max) in [
        (attr::customer::MAX_FLOWS, quotas.flows),
        (attr::customer::MAX_ROUTES, quotas.routes),
        (attr::customer::MAX_TUNNELS, quotas.tunnels),
        (attr::customer::WEIGHT, quotas.weight),
    ] {
        if max != 0 {
            out.u32(number, max)?;
        }
    }
    for (number, rate) in [
        (attr::customer::NEW_FLOWS, quotas.rates.flows),
        (attr::customer::PACKETS, quotas.rates.packets),
        (attr::customer::BYTES, quotas.rates.bytes),
    ] {
        if rate != 0 {
            out.u64(number, rate)?;
        }
    }
    Ok(())
}

/// Writes what names a customer.
pub(in crate::netlink) fn put_key(
    out: &mut Writer<'_>,
    id: u32,
    name: &CustomerName,
) -> Result<(), Full> {
    out.u32(attr::customer::ID, id)?;
    out.c_str_bytes(attr::customer::NAME, name.as_bytes())
}

/// `customer-get` as a dump: all customers of one configuration.
pub(crate) struct Customers {
    config: Arc<Config>,
    at: Cursor,
}

impl Dump<Control> for Customers {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        Ok(Customers {
            config: control.tables(request)?.config.get(),
            at: Cursor::default(),
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        for (customer, next) in self.config.customers(self.at) {
            out.message::<Full>(cmd::CUSTOMER_GET, |out| put(out, &self.config, customer))?;
            self.at = next;
        }
        Ok(())
    }
}
