// SPDX-License-Identifier: GPL-2.0

//! `slr service`

use slr_config::{defaults, grammar, names::PUBLIC, print, Words};
use slr_netlink::{Object, Service, ServiceStatus, Verb};

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
            let service = Service {
                key: grammar::service_key(&mut words, customer)?,
                ..Service::default()
            };
            let fate = grammar::fate(&mut words)?;
            words.end()?;
            change(context, Verb::Del, Object::Service(service), fate)
        }
        Some(command) => Err(unknown("service", command)),
    }
}

fn define(context: &mut Context, verb: Verb, mut words: Words<'_>) -> Result<(), Failure> {
    let service = grammar::service(&mut words)?;
    words.end()?;
    change(context, verb, Object::Service(service), None)
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let services = if words.peek().is_some() {
        let key = grammar::service_key(&mut words, customer.unwrap_or(PUBLIC))?;
        words.end()?;
        vec![context.client()?.service(key)?]
    } else {
        let mut all = context.client()?.services()?;
        all.retain(|(service, _)| customer.is_none_or(|c| c == service.key.customer));
        all
    };
    context.learn_names_of(services.iter().map(|(service, _)| service.key.customer))?;
    let items: Vec<_> = services
        .iter()
        .map(|(service, status)| item(context, service, status))
        .collect();
    context.list(items)
}

/// What is known of a service.
pub fn item(context: &Context, service: &Service, status: &ServiceStatus) -> Item {
    let options = service.options.clone();
    let words = if context.details {
        print::service(&options)
    } else {
        let scheduler = options.scheduler;
        let mut options = defaults::strip(options, &defaults::service(&service.key));
        options.scheduler = scheduler;
        print::service(&options)
    };
    let item = Item::named("service", service.key)
        .phrases(print::context(service.key.customer, &context.names()))
        .phrases(words)
        .field("customer", service.key.customer)
        .fields(&service.options)
        .field("backup", service.options.backup)
        .show(1, "condition", status.condition)
        .show(1, "flows", status.flows)
        .show(1, "bindings", status.bindings);
    if context.statistics {
        counters(item, 2, status.counters.as_ref())
    } else {
        item
    }
}
