// SPDX-License-Identifier: GPL-2.0

//! What an address or a number must be to make sense.

use core::fmt::{Arguments, Display};

use super::error::{invalid, range, Attr, Result};
use crate::domain::{
    addr::{Addr, Proto},
    limits,
    timeouts::Timeouts, //
};
use crate::table::config::{Guard, ServerKey, ServiceKey, PUBLIC};

/// The longest time that can be set, in seconds: 30 days.
pub(super) const SECONDS_MAX: u32 = limits::TIMEOUT_MAX;

/// The most flows that can be allowed.
pub(super) const FLOWS_MAX: u32 = limits::FLOWS_MAX;

/// Refuses a number outside of its range.
pub(super) fn number(attr: Attr, name: &str, value: u32, min: u32, max: u32) -> Result {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(range(attr, format_args!("{name} must be {min}..={max}")))
}

/// Refuses a guard of what is of the public context, which has no routes of its own to ask.
pub(super) fn guard(what: Arguments<'_>, own: Option<Guard>, customer: u32) -> Result {
    match own {
        Some(Guard::Loose | Guard::Strict) if customer == PUBLIC => Err(invalid(
            Attr::Guard,
            format_args!("{what} is of public: guard loose and strict are for customers"),
        )),
        _ => Ok(()),
    }
}

/// Refuses an address that cannot be that of `what`.
pub(super) fn host_address(attr: Attr, what: impl Display, addr: Addr) -> Result {
    let is = if addr.is_unspecified() {
        "unspecified"
    } else if addr.is_multicast() {
        "multicast"
    } else if addr.is_broadcast() {
        "broadcast"
    } else if addr.is_loopback() {
        "a loopback address"
    } else if addr.is_v6() && addr.is_link_local() {
        "link-local, which needs a device"
    } else if is_mapped(addr) {
        "an IPv4-mapped one"
    } else {
        return Ok(());
    };
    Err(invalid(attr, format_args!("address of {what} is {is}")))
}

/// ::ffff:0:0/96, which must not appear on a wire.
fn is_mapped(addr: Addr) -> bool {
    let mut prefix = [0; 16];
    for byte in prefix.iter_mut().skip(10).take(2) {
        *byte = 0xff;
    }
    addr.is_in(Addr::V6(prefix), 96)
}

/// Refuses a key that cannot be that of a service.
pub(super) fn service_key(key: &ServiceKey) -> Result {
    host_address(Attr::Address, "service", key.addr)?;
    if key.port == 0 && key.port_last != 0 {
        return Err(invalid(
            Attr::Port,
            format_args!("service {key}: port 0 begins no range"),
        ));
    }
    if key.port_last < key.port {
        return Err(invalid(
            Attr::PortLast,
            format_args!(
                "last port {} of service {}:{} is below the first",
                key.port_last, key.addr, key.port
            ),
        ));
    }
    if key.port != 0 && !key.proto.has_ports() {
        return Err(invalid(
            Attr::Port,
            format_args!("service {key}: the protocol has no ports"),
        ));
    }
    let foreign = match key.addr {
        Addr::V4(_) => Proto::ICMPV6,
        Addr::V6(_) => Proto::ICMP,
    };
    if key.proto == foreign {
        return Err(invalid(
            Attr::Protocol,
            format_args!("service {key}: ICMP of the other address family"),
        ));
    }
    Ok(())
}

/// Refuses a key that cannot be that of a server.
pub(super) fn server_key(key: &ServerKey) -> Result {
    host_address(Attr::Address, "server", key.addr)
}

/// Refuses a number of slots that a maglev table cannot have.
pub(super) fn table_size(size: u32) -> Result {
    if limits::is_maglev_size(size) {
        return Ok(());
    }
    let (min, max) = (limits::MAGLEV_MIN, limits::MAGLEV_MAX);
    Err(range(
        Attr::TableSize,
        format_args!("table-size must be a prime in {min}..={max}"),
    ))
}

/// Refuses timeouts that are too short or too long.
pub(super) fn timeouts(timeouts: &Timeouts) -> Result {
    if timeouts.are_valid() {
        return Ok(());
    }
    let (min, max) = (limits::TIMEOUT_MIN, limits::TIMEOUT_MAX);
    Err(range(
        Attr::Timeouts,
        format_args!("timeouts must be {min}..={max} seconds"),
    ))
}
