// SPDX-License-Identifier: GPL-2.0

//! `slr port`

use slr_config::{defaults, grammar, names::PUBLIC, print, Words};
use slr_netlink::{netns, Object, Port, PortStatus, Verb};

use super::{change, unknown};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, words),
        Some("show") => show(context, words),
        Some("add") => define(context, Verb::New, words),
        Some("set") => define(context, Verb::Set, words),
        Some("del") => {
            let port = named(&mut words)?;
            words.end()?;
            change(context, Verb::Del, Object::Port(port), None)
        }
        Some(command) => Err(unknown("port", command)),
    }
}

fn define(context: &mut Context, verb: Verb, mut words: Words<'_>) -> Result<(), Failure> {
    let mut port = grammar::port(&mut words)?;
    words.end()?;
    resolve(&mut port)?;
    change(context, verb, Object::Port(port), None)
}

fn named(words: &mut Words<'_>) -> Result<Port, Failure> {
    let mut port = Port {
        name: words.name("DEV", grammar::device)?,
        ..Port::default()
    };
    resolve(&mut port)?;
    Ok(port)
}

/// Finds the device.
pub fn resolve(port: &mut Port) -> Result<(), Failure> {
    port.ifindex = Some(device(&port.name)?);
    Ok(())
}

/// The index of a device.
pub fn device(name: &str) -> Result<u32, Failure> {
    netns::device_index(name)
        .ok_or_else(|| Failure::failed(format!("device \"{name}\" does not exist")))
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let mut ports = if words.peek().is_some() {
        let port = named(&mut words)?;
        words.end()?;
        vec![context.client()?.port(&port)?]
    } else {
        context.client()?.ports()?
    };
    ports.retain(|(port, _)| customer.is_none_or(|c| port.options.customer.unwrap_or(PUBLIC) == c));
    let customers = ports.iter().filter_map(|(port, _)| port.options.customer);
    context.learn_names_of(customers)?;
    let items: Vec<_> = ports
        .iter()
        .map(|(port, status)| item(context, port, status))
        .collect();
    context.list(items)
}

/// What is known of a port.
pub fn item(context: &Context, port: &Port, status: &PortStatus) -> Item {
    let options = port.options.clone();
    let names = context.names();
    let words = if context.details {
        print::port(&options, &names)
    } else {
        let side = options.side;
        let mut options = defaults::strip(options, &defaults::port());
        options.side = side;
        print::port(&options, &names)
    };
    let item = Item::named("port", &port.name)
        .phrases(words)
        .field("ifindex", status.ifindex)
        .fields(&port.options);
    if context.statistics {
        item.show(1, "packets", status.packets)
            .show(1, "bytes", status.bytes)
    } else {
        item
    }
}
