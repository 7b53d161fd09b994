// SPDX-License-Identifier: GPL-2.0

//! `slr service`

use slr_config::{defaults, grammar, print, Words};
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
            let service = Service {
                key: words.name("SERVICE", str::parse)?,
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
    let services = if words.peek().is_some() {
        let key = words.name("SERVICE", str::parse)?;
        words.end()?;
        vec![context.client()?.service(key)?]
    } else {
        context.client()?.services()?
    };
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
        .phrases(words)
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
