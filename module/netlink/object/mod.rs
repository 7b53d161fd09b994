// SPDX-License-Identifier: GPL-2.0

//! The operations on each kind of object, a file a kind.
//!
//! Each file holds what its requests say, as the tables' update types; the operations, which parse,
//! change and answer; the dump; and the one function that writes the object into a reply, a dump
//! or a notification.

pub(super) mod binding;
pub(super) mod customer;
pub(super) mod device;
pub(super) mod flow;
mod guard;
pub(super) mod port;
mod rate;
pub(super) mod route;
pub(super) mod server;
pub(super) mod service;
pub(super) mod settings;
pub(super) mod stats;
pub(super) mod trace;
pub(super) mod tunnel;

use super::uapi::attr;
use crate::domain::addr::Proto;
use crate::kern::net::genetlink::{Full, Writer};
use crate::table::{ServerKey, ServiceKey, Traffic};

/// Writes the nest that names a service.
pub(super) fn put_service_key(
    out: &mut Writer<'_>,
    number: u16,
    key: &ServiceKey,
) -> Result<(), Full> {
    out.nest(number, |out| {
        out.u32(attr::endpoint::CUSTOMER, key.customer)?;
        out.bytes(attr::endpoint::ADDRESS, key.addr.as_bytes())?;
        let Proto(proto) = key.proto;
        out.u8(attr::endpoint::PROTOCOL, proto)?;
        out.u16(attr::endpoint::PORT, key.port)?;
        if key.is_range() {
            out.u16(attr::endpoint::PORT_LAST, key.port_last)?;
        }
        Ok(())
    })
}

/// Writes the nest that names a server.
pub(super) fn put_server_key(
    out: &mut Writer<'_>,
    number: u16,
    key: &ServerKey,
) -> Result<(), Full> {
    out.nest(number, |out| {
        out.u32(attr::endpoint::CUSTOMER, key.customer)?;
        out.bytes(attr::endpoint::ADDRESS, key.addr.as_bytes())?;
        out.u16(attr::endpoint::PORT, key.port)
    })
}

/// Writes the nest of an object's counters.
fn put_traffic(out: &mut Writer<'_>, number: u16, traffic: &Traffic) -> Result<(), Full> {
    let sums = traffic.sums();
    out.nest(number, |out| {
        out.u64(attr::counters::FLOWS_TOTAL, sums.flows_total)?;
        out.u64(attr::counters::PACKETS_IN, sums.packets_in)?;
        out.u64(attr::counters::BYTES_IN, sums.bytes_in)?;
        out.u64(attr::counters::PACKETS_OUT, sums.packets_out)?;
        out.u64(attr::counters::BYTES_OUT, sums.bytes_out)?;
        out.u64(attr::counters::REFUSED, sums.refused)
    })
}
