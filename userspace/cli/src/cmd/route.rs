// SPDX-License-Identifier: GPL-2.0

//! `slr route`

use slr_config::{grammar, print, Words};
use slr_netlink::{Object, Route, RouteOptions, Verb};

use super::{change, port, unknown};
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
            let route = Route {
                key: grammar::route_key(&mut words)?,
                options: RouteOptions::default(),
            };
            words.end()?;
            change(context, Verb::Del, Object::Route(route), None)
        }
        Some(command) => Err(unknown("route", command)),
    }
}

fn define(context: &mut Context, verb: Verb, mut words: Words<'_>) -> Result<(), Failure> {
    let mut route = grammar::route(&mut words)?;
    words.end()?;
    let port = route.options.ifname.as_deref();
    route.options.ifindex = port.map(port::device).transpose()?;
    change(context, verb, Object::Route(route), None)
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    words.end()?;
    let mut routes = context.client()?.routes()?;
    routes.retain(|route| customer.is_none_or(|c| route.key.customer == c));
    context.learn_names_of(routes.iter().map(|route| route.key.customer))?;
    let items: Vec<_> = routes.iter().map(|route| item(context, route)).collect();
    context.list(items)
}

/// What is known of a route.
pub fn item(context: &Context, route: &Route) -> Item {
    Item::named("prefix", route.key.prefix)
        .phrases(print::sources(&route.key))
        .phrases(print::context(route.key.customer, &context.names()))
        .phrases(print::route(&route.options))
        .field("customer", route.key.customer)
        .field("from", route.key.from)
        .fields(&route.options)
}
