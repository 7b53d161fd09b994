// SPDX-License-Identifier: GPL-2.0

//! Limits and state of the tables of a namespace.

use crate::domain::addr::{V4, V6};
use crate::kern::net::genetlink::{Full, Refused, Reply, Request, Writer};
use crate::netlink::{
    transaction,
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{self, Config, FlowTable, Tables};

fn places(at: table::Attr) -> &'static [u16] {
    match at {
        table::Attr::FlowsMax => &[attr::settings::FLOWS_MAX],
        table::Attr::Key => &[attr::settings::REQUIRE_SECURE],
        _ => &[],
    }
}

/// `settings-get`: shows them.
pub(crate) fn get(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let tables = control.tables(request)?;
    let config = tables.config.get();
    request.reply(cmd::SETTINGS_GET, |out| put(out, &tables, &config))
}

/// `settings-set`: changes limits and rules.
pub(crate) fn set(control: &Control, request: &Request<'_>) -> Result<Reply, Refused> {
    let max = request.attrs().get(attr::settings::FLOWS_MAX);
    let max = max.map(|attr| attr.u32());
    let secure = request.attrs().get(attr::settings::REQUIRE_SECURE);
    let secure = secure.map(|attr| attr.u8() != 0);
    transaction::apply(control, request, attr::settings::TXN, places, |change| {
        change.settings_set(max, secure)
    })
}

/// Writes the settings, with what `config` counts.
pub(in crate::netlink) fn put(
    out: &mut Writer<'_>,
    tables: &Tables,
    config: &Config,
) -> Result<(), Full> {
    use attr::settings as a;
    out.str(a::VERSION, crate::VERSION)?;
    out.u64(a::GENERATION, config.generation)?;
    out.u32(a::FLOWS_MAX, tables.flows_max())?;
    out.u32(
        a::FLOWS,
        tables.flows4.live().saturating_add(tables.flows6.live()),
    )?;
    out.u32(a::FLOW_BYTES_V4, FlowTable::<V4>::ENTRY_BYTES as u32)?;
    out.u32(a::FLOW_BYTES_V6, FlowTable::<V6>::ENTRY_BYTES as u32)?;
    out.u32(a::PORTS, config.port_count())?;
    out.u32(a::SERVICES, config.service_count())?;
    out.u32(a::SERVERS, config.server_count())?;
    out.u32(a::BINDINGS, config.binding_count())?;
    out.u32(a::CUSTOMERS, config.customer_count())?;
    out.u8(a::REQUIRE_SECURE, config.requires_secure.into())
}
