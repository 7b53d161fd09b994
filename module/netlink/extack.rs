// SPDX-License-Identifier: GPL-2.0

//! How a refusal of the tables reaches the client.
//!
//! The tables know objects and name what is at fault by the specification's words; a request has
//! those words at places that depend on the operation. Each object says where, as a path of
//! attribute numbers, and the client is pointed at the last of the path that it sent.

use kernel::prelude::*;

use crate::kern::net::genetlink::{errno, Attrs, Extack, Refused};
use crate::table::{self, ConfigError, Kind};

/// Where a request has what the tables call by that word; nowhere if empty.
pub(super) type Places = fn(table::Attr) -> &'static [u16];

/// The error number of a refusal.
fn errno_of(kind: Kind) -> Error {
    match kind {
        Kind::Exists => EEXIST,
        Kind::NotFound => ENOENT,
        Kind::Busy => EBUSY,
        Kind::Invalid => EINVAL,
        Kind::Range => ERANGE,
        Kind::Stale => errno::estale(),
        Kind::NoMemory => ENOMEM,
        Kind::Unsupported => errno::eopnotsupp(),
    }
}

/// Hands a refusal of the tables on.
pub(super) fn refuse(
    extack: &Extack<'_>,
    attrs: &Attrs<'_>,
    places: Places,
    error: &ConfigError,
) -> Refused {
    let errno = errno_of(error.kind);
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
