// SPDX-License-Identifier: GPL-2.0

//! From attributes to the tables' terms.
//!
//! The policy has checked types, lengths and ranges, so what is refused here is what no policy can
//! say: an attribute that is missing, an address of no family, attributes that exclude each other.
//! Nothing here looks at tables.

use kernel::prelude::*;

use super::uapi::attr;
use crate::domain::addr::{Addr, Proto};
use crate::kern::net::genetlink::{Attr, Attrs, Extack, Refused};
use crate::table::{Fate, Prefix, ServerKey, ServiceKey, PUBLIC};

/// An address of either family.
pub(super) fn address(extack: &Extack<'_>, attr: &Attr<'_>, name: &str) -> Result<Addr, Refused> {
    Addr::from_bytes(attr.bytes()).ok_or_else(|| {
        extack.refuse_attr(attr, EINVAL, format_args!("{name} must have 4 or 16 bytes"))
    })
}

/// An address that may be left out.
pub(super) fn address_if(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    number: u16,
    name: &str,
) -> Result<Option<Addr>, Refused> {
    attrs
        .get(number)
        .map(|attr| address(extack, &attr, name))
        .transpose()
}

/// A choice of an enumeration of the tables; `from` knows its numbers.
pub(super) fn choice<T>(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    number: u16,
    name: &str,
    from: fn(u32) -> Option<T>,
) -> Result<Option<T>, Refused> {
    let Some(attr) = attrs.get(number) else {
        return Ok(None);
    };
    // The policy knows the same numbers; this is for the compiler.
    let choice = from(attr.u32()).ok_or_else(|| {
        extack.refuse_attr(
            &attr,
            ERANGE,
            format_args!("{name} is not one of the choices"),
        )
    })?;
    Ok(Some(choice))
}

/// What becomes of flows; they go on unless told otherwise.
pub(super) fn fate(extack: &Extack<'_>, attrs: &Attrs<'_>, number: u16) -> Result<Fate, Refused> {
    Ok(choice(extack, attrs, number, "fate", Fate::from_u32)?.unwrap_or(Fate::Keep))
}

/// The address in a nest that names an object.
fn key_address(extack: &Extack<'_>, key: &Attrs<'_>) -> Result<Addr, Refused> {
    let attr = extack.require(key, attr::endpoint::ADDRESS, "address")?;
    address(extack, &attr, "address")
}

fn customer(key: &Attrs<'_>) -> u32 {
    key.get(attr::endpoint::CUSTOMER)
        .map_or(PUBLIC, |attr| attr.u32())
}

/// A service, as the attributes of a nest name it.
pub(super) fn service_in(extack: &Extack<'_>, key: &Attrs<'_>) -> Result<ServiceKey, Refused> {
    let port = key.get(attr::endpoint::PORT).map_or(0, |attr| attr.u16());
    Ok(ServiceKey {
        customer: customer(key),
        addr: key_address(extack, key)?,
        proto: Proto(
            key.get(attr::endpoint::PROTOCOL)
                .map_or(0, |attr| attr.u8()),
        ),
        port,
        port_last: key
            .get(attr::endpoint::PORT_LAST)
            .map_or(port, |attr| attr.u16()),
    })
}

/// A server, as the attributes of a nest name it.
pub(super) fn server_in(extack: &Extack<'_>, key: &Attrs<'_>) -> Result<ServerKey, Refused> {
    if let Some(attr) = key.get(attr::endpoint::PROTOCOL) {
        return Err(extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("a server is named without a protocol"),
        ));
    }
    if let Some(attr) = key.get(attr::endpoint::PORT_LAST) {
        return Err(extack.refuse_attr(
            &attr,
            EINVAL,
            format_args!("a server is one port or all, not a range"),
        ));
    }
    Ok(ServerKey {
        customer: customer(key),
        addr: key_address(extack, key)?,
        port: key.get(attr::endpoint::PORT).map_or(0, |attr| attr.u16()),
    })
}

/// The service that the nest `number`, called `name`, names.
pub(super) fn service(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    number: u16,
    name: &str,
) -> Result<ServiceKey, Refused> {
    let nest = extack.require(attrs, number, name)?;
    service_in(extack, &nest.nested())
}

/// The server that the nest `number`, called `name`, names.
pub(super) fn server(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    number: u16,
    name: &str,
) -> Result<ServerKey, Refused> {
    let nest = extack.require(attrs, number, name)?;
    server_in(extack, &nest.nested())
}

/// What a nest says of a backup: nothing, that there is none (an empty nest), or which.
pub(super) fn backup<'m, K>(
    extack: &Extack<'_>,
    attrs: &Attrs<'m>,
    number: u16,
    key: fn(&Extack<'_>, &Attrs<'m>) -> Result<K, Refused>,
) -> Result<Option<Option<K>>, Refused> {
    let Some(nest) = attrs.get(number) else {
        return Ok(None);
    };
    let inner = nest.nested();
    if inner.iter().next().is_none() {
        return Ok(Some(None));
    }
    Ok(Some(Some(key(extack, &inner)?)))
}

/// The prefix in a nest.
pub(super) fn prefix(extack: &Extack<'_>, nest: &Attrs<'_>) -> Result<Prefix, Refused> {
    let attr = extack.require(nest, attr::prefix::ADDRESS, "address")?;
    let addr = address(extack, &attr, "address")?;
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
