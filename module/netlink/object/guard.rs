// SPDX-License-Identifier: GPL-2.0

//! The guard of a tunnel or port, which may be its customer's.

use crate::kern::net::genetlink::{Attrs, Extack, Full, Refused, Writer};
use crate::netlink::{parse, uapi::value::own_guard};
use crate::table::Guard;

/// The guard of this number; the inner none is the customer's.
fn from_u32(number: u32) -> Option<Option<Guard>> {
    match number {
        own_guard::INHERIT => Some(None),
        _ => Guard::from_u32(number).map(Some),
    }
}

/// What a request says of it.
pub(super) fn parse(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    place: u16,
) -> Result<Option<Option<Guard>>, Refused> {
    parse::choice(extack, attrs, place, "guard", from_u32)
}

/// Writes it, unless it is the customer's.
pub(super) fn put(out: &mut Writer<'_>, place: u16, guard: Option<Guard>) -> Result<(), Full> {
    match guard {
        Some(guard) => out.u32(place, guard.as_u32()),
        None => Ok(()),
    }
}
