// SPDX-License-Identifier: GPL-2.0

//! How a refusal of the tables reaches the client.
//!
//! The tables know objects and name what is at fault by the specification's words; a request has
//! those words at places that depend on the operation. Each object says where, as a path of
//! attribute numbers, and the client is pointed at the last of the path that it sent.

use crate::kern::net::genetlink::{Attrs, Extack, Refused};
use crate::table::{self, ConfigError};

/// Where a request has what the tables call by that word; nowhere if empty.
pub(super) type Places = fn(table::Attr) -> &'static [u16];

/// Hands a refusal of the tables on.
pub(super) fn refuse(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    places: Places,
    error: &ConfigError,
) -> Refused {
    let errno = error.kind.errno();
    let mut found = None;
    let mut level = *attrs;
    for number in places(error.attr) {
        let Some(attr) = level.get(*number) else {
            break;
        };
        level = attr.nested();
        found = Some(attr);
    }
    match found {
        Some(attr) => extack.refuse_attr(&attr, errno, format_args!("{}", error.text())),
        None => extack.refuse(errno, format_args!("{}", error.text())),
    }
}
