// SPDX-License-Identifier: GPL-2.0

//! `slr binding`

use slr_config::{defaults, grammar, names::PUBLIC, print, Words};
use slr_netlink::endpoint::parse_port;
use slr_netlink::{Binding, BindingKey, BindingStatus, Object, Verb};

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
            let customer = words.context()?;
            let mut key = BindingKey {
                service: grammar::service_key(&mut words, customer)?,
                server: grammar::server_key(&mut words, customer)?,
                port: 0,
            };
            if words.take("port") {
                key.port = words.value("port", parse_port)?;
            }
            let fate = grammar::fate(&mut words)?;
            words.end()?;
            let binding = Binding {
                key,
                ..Binding::default()
            };
            change(context, Verb::Del, Object::Binding(binding), fate)
        }
        Some(command) => Err(unknown("binding", command)),
    }
}

fn define(context: &mut Context, verb: Verb, mut words: Words<'_>) -> Result<(), Failure> {
    let binding = grammar::binding(&mut words)?;
    words.end()?;
    change(context, verb, Object::Binding(binding), None)
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let mut service = None;
    if words.peek().is_some() {
        let key = grammar::service_key(&mut words, customer.unwrap_or(PUBLIC))?;
        service = Some(key);
        words.end()?;
    }
    let context_of = |binding: &Binding| binding.key.service.customer;
    let mut bindings = context.client()?.bindings(service)?;
    bindings.retain(|(binding, _)| customer.is_none_or(|c| c == context_of(binding)));
    context.learn_names_of(bindings.iter().map(|(binding, _)| context_of(binding)))?;
    let items: Vec<_> = bindings
        .iter()
        .map(|(binding, status)| item(context, binding, status))
        .collect();
    context.list(items)
}

/// What is known of a binding.
pub fn item(context: &Context, binding: &Binding, status: &BindingStatus) -> Item {
    let key = &binding.key;
    let options = binding.options.clone();
    let options = if context.details {
        options
    } else {
        defaults::strip(options, &defaults::binding())
    };
    let item = Item::named("service", key.service)
        .word(key.server)
        .phrases(print::context(key.service.customer, &context.names()))
        .phrases(print::binding(key.port, &options))
        .field("server", key.server)
        .field("customer", key.service.customer)
        .field("port", (key.port != 0).then_some(key.port))
        .fields(&binding.options)
        .show(1, "flows", status.flows);
    if context.statistics {
        counters(item, 2, status.counters.as_ref())
    } else {
        item
    }
}
