// SPDX-License-Identifier: GPL-2.0

//! `slr settings`

use slr_config::{grammar, print, Words};
use slr_netlink::{Object, Settings, SettingsStatus, Verb};

use super::{change, unknown};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None | Some("show") => {
            words.end()?;
            let (settings, status) = context.client()?.settings()?;
            let item = item(&settings, &status);
            Ok(context.printer.single("", item)?)
        }
        Some("set") => {
            let settings = grammar::settings(&mut words)?;
            words.end()?;
            change(context, Verb::Set, Object::Settings(settings), None)
        }
        Some(command) => Err(unknown("settings", command)),
    }
}

/// What is known of the namespace.
pub fn item(settings: &Settings, status: &SettingsStatus) -> Item {
    Item::default()
        .phrases(print::settings(settings))
        .fields(settings)
        .show(1, "flows", status.flows)
        .show(1, "customers", status.customers)
        .show(1, "ports", status.ports)
        .show(1, "services", status.services)
        .show(1, "servers", status.servers)
        .show(1, "bindings", status.bindings)
        .show(2, "flow-bytes-v4", status.flow_bytes_v4)
        .show(2, "flow-bytes-v6", status.flow_bytes_v6)
        .show(2, "generation", status.generation)
        .show(2, "version", status.version.as_ref())
}
