// SPDX-License-Identifier: GPL-2.0

//! `slr server`

use slr_config::number::{show_microseconds, show_seconds};
use slr_config::{defaults, grammar, limits, names::PUBLIC, print, Words};
use slr_netlink::uapi::Fate;
use slr_netlink::{Binding, Change, Object, Server, ServerOptions, ServerStatus, ServiceKey, Verb};

use super::conf::{retry, Attempt};
use super::{change, counters, unknown};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, words),
        Some("show") => show(context, words),
        Some("add") => add(context, words),
        Some("set") => {
            let (server, fate) = with_fate(&mut words)?;
            words.end()?;
            change(context, Verb::Set, Object::Server(server), fate)
        }
        Some("del") => {
            let customer = words.context()?;
            let server = Server {
                key: grammar::server_key(&mut words, customer)?,
                ..Server::default()
            };
            let fate = grammar::fate(&mut words)?;
            words.end()?;
            change(context, Verb::Del, Object::Server(server), fate)
        }
        Some(command) => Err(unknown("server", command)),
    }
}

/// `SERVER [ OPTION ]... [ flows { keep | reset } ]`
fn with_fate(words: &mut Words<'_>) -> Result<(Server, Option<Fate>), Failure> {
    let customer = words.context()?;
    let mut server = Server {
        key: grammar::server_key(words, customer)?,
        ..Server::default()
    };
    let mut fate = None;
    loop {
        if words.peek() == Some("flows") && fate.is_none() {
            fate = grammar::fate(words)?;
        } else if !grammar::server_option(words, &mut server.options, customer)? {
            break;
        }
    }
    if words.next().is_some() {
        let mut keywords = grammar::SERVER.to_vec();
        keywords.push("flows");
        return Err(words.unknown(&keywords).into());
    }
    Ok((server, fate))
}

fn add(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context()?;
    let mut server = Server {
        key: grammar::server_key(&mut words, customer)?,
        ..Server::default()
    };
    while grammar::server_option(&mut words, &mut server.options, customer)? {}
    if words.take("service") {
        let service: ServiceKey = words.value("service", str::parse)?;
        let service = ServiceKey {
            customer,
            ..service
        };
        let binding = grammar::binding_options(&mut words, service, server.key)?;
        words.end()?;
        return bind(context, server, binding);
    }
    if words.next().is_some() {
        let mut keywords = grammar::SERVER.to_vec();
        keywords.push("service");
        return Err(words.unknown(&keywords).into());
    }
    change(context, Verb::New, Object::Server(server), None)
}

/// Defines the server unless it is there, and binds it, in one step.
fn bind(context: &mut Context, server: Server, binding: Binding) -> Result<(), Failure> {
    let server = Object::Server(server);
    let binding = Object::Binding(binding);
    limits::object(&server)?;
    limits::object(&binding)?;
    retry(context, |txn| {
        let Object::Server(wanted) = &server else {
            return Ok(Attempt::Done);
        };
        let mut changes = Vec::new();
        match txn.client().server(wanted.key) {
            Err(e) if e.errno() == Some(nix::libc::ENOENT) => {
                changes.push(Change::new(Verb::New, server.clone()));
            }
            Err(e) => return Err(e.into()),
            Ok(_) if wanted.options != ServerOptions::default() => {
                changes.push(Change::new(Verb::Set, server.clone()));
            }
            Ok(_) => {}
        }
        changes.push(Change::new(Verb::New, binding.clone()));
        match txn.add(&changes)?.into_iter().next() {
            Some((_, refusal)) => Err(slr_netlink::Error::from(refusal).into()),
            None => Ok(Attempt::Commit),
        }
    })
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let servers = if words.peek().is_some() {
        let key = grammar::server_key(&mut words, customer.unwrap_or(PUBLIC))?;
        words.end()?;
        vec![context.client()?.server(key)?]
    } else {
        let mut all = context.client()?.servers()?;
        all.retain(|(server, _)| customer.is_none_or(|c| c == server.key.customer));
        all
    };
    context.learn_names_of(servers.iter().map(|(server, _)| server.key.customer))?;
    let items: Vec<_> = servers
        .iter()
        .map(|(server, status)| item(context, server, status))
        .collect();
    context.list(items)
}

/// What is known of a server.
pub fn item(context: &Context, server: &Server, status: &ServerStatus) -> Item {
    let options = server.options.clone();
    let words = if context.details {
        print::server(&options)
    } else {
        let weight = options.weight;
        let mut options = defaults::strip(options, &defaults::server());
        options.weight = weight;
        print::server(&options)
    };
    let some = |number: Option<u32>| number.filter(|number| *number != 0);
    let item = Item::named("server", server.key)
        .phrases(print::context(server.key.customer, &context.names()))
        .phrases(words)
        .field("customer", server.key.customer)
        .fields(&server.options)
        .field("backup", server.options.backup)
        .show(1, "condition", status.condition)
        .show(1, "flows", status.flows)
        .show(1, "bindings", status.bindings)
        .text(1, "failures", some(status.failures))
        .field("failures", status.failures)
        .field("failures-total", status.failures_total)
        .text(1, "rtt", some(status.rtt).map(show_microseconds))
        .field("rtt", status.rtt)
        .show_as(1, "drain-left", status.drain_left, |s| {
            show_seconds((*s).into())
        });
    if context.statistics {
        let item = counters(item, 2, status.counters.as_ref());
        item.text(2, "failures-total", status.failures_total)
    } else {
        item
    }
}
