// SPDX-License-Identifier: GPL-2.0

//! `slr tunnel`

use slr_config::{defaults, grammar, print, Words};
use slr_netlink::{Object, Tunnel, TunnelStatus, Verb};

use super::{change, counters, unknown};
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
            let tunnel = named(&mut words)?;
            words.end()?;
            change(context, Verb::Del, Object::Tunnel(Box::new(tunnel)), None)
        }
        Some(command) => Err(unknown("tunnel", command)),
    }
}

fn define(context: &mut Context, verb: Verb, mut words: Words<'_>) -> Result<(), Failure> {
    let tunnel = grammar::tunnel(&mut words)?;
    words.end()?;
    change(context, verb, Object::Tunnel(Box::new(tunnel)), None)
}

fn named(words: &mut Words<'_>) -> Result<Tunnel, Failure> {
    Ok(Tunnel {
        name: words.name("NAME", grammar::customer_name)?,
        ..Tunnel::default()
    })
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let mut tunnels = if words.peek().is_some() {
        let tunnel = named(&mut words)?;
        words.end()?;
        vec![context.client()?.tunnel(&tunnel)?]
    } else {
        context.client()?.tunnels()?
    };
    tunnels.retain(|(tunnel, _)| customer.is_none_or(|c| tunnel.options.customer == Some(c)));
    let customers = tunnels
        .iter()
        .filter_map(|(tunnel, _)| tunnel.options.customer);
    context.learn_names_of(customers)?;
    let items: Vec<_> = tunnels
        .iter()
        .map(|(tunnel, status)| item(context, tunnel, status))
        .collect();
    context.list(items)
}

/// What is known of a tunnel.
pub fn item(context: &Context, tunnel: &Tunnel, status: &TunnelStatus) -> Item {
    let shown = if context.details {
        tunnel.clone()
    } else {
        defaults::strip_tunnel(tunnel.clone())
    };
    let item = Item::named("tunnel", &tunnel.name)
        .phrases(print::tunnel(&shown, &context.names()))
        .fields(&tunnel.options)
        .field("peers", &tunnel.peers)
        .field("allowed", &tunnel.allowed);
    if context.statistics {
        counters(item, 1, status.counters.as_ref())
    } else {
        item
    }
}
