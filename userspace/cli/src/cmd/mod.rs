// SPDX-License-Identifier: GPL-2.0

//! The objects, a file each. Each `run` takes the words behind the object.

mod binding;
mod completions;
mod conf;
mod customer;
mod device;
mod explain;
mod flow;
mod host;
mod man;
mod monitor;
mod port;
mod route;
mod server;
mod service;
mod settings;
mod shape;
mod stats;
mod trace;
mod tunnel;

#[cfg(test)]
pub use flow::FILTER;
#[cfg(test)]
pub use trace::FILTER as TRACE_FILTER;

use slr_config::{limits, Names, Words};
use slr_netlink::uapi::Fate;
use slr_netlink::{Change, Counters, Object, Verb};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;
use crate::page;

/// Runs one command.
pub fn run<S: AsRef<str>>(context: &mut Context, words: &[S]) -> Result<(), Failure> {
    let names = names(context, words)?;
    let mut words = Words::new(words).with_names(&names);
    let Some(object) = words.next() else {
        return Err(Failure::usage("there is no command, try \"slr help\""));
    };
    if let Some(page) = page::find(object).filter(|_| words.peek() == Some("help")) {
        return context.line(page.usage);
    }
    match object {
        "customer" => customer::run(context, words),
        "device" => device::run(context, words),
        "tunnel" => tunnel::run(context, words),
        "route" => route::run(context, words),
        "host" => host::run(context, words),
        "shape" => shape::run(context, words),
        "port" => port::run(context, words),
        "service" => service::run(context, words),
        "server" => server::run(context, words),
        "binding" => binding::run(context, words),
        "flow" => flow::run(context, words),
        "stats" => stats::run(context, words),
        "settings" => settings::run(context, words),
        "monitor" => monitor::run(context, words),
        "conf" => conf::run(context, words),
        "explain" => explain::run(context, words),
        "trace" => trace::run(context, words),
        "completions" => completions::run(context, words),
        "man" => man::run(words),
        "help" => help(context),
        _ => Err(Failure::usage(format!(
            "object \"{object}\" is unknown, try \"slr help\""
        ))),
    }
}

/// What customers are called, if the words may have such a name.
fn names<S: AsRef<str>>(context: &mut Context, words: &[S]) -> Result<Names, Failure> {
    let is_name = |pair: &[S]| {
        let [keyword, name] = pair else { return false };
        keyword.as_ref() == "customer"
            && name.as_ref() != "public"
            && name.as_ref().parse::<u32>().is_err()
    };
    let mut wanted = words.windows(2).skip(1).filter(|pair| is_name(pair));
    let Some(first) = wanted.next() else {
        return Ok(Names::default());
    };
    let names = context.learn_names()?;
    let unknown = |pair: &&[S]| names.number(pair[1].as_ref()).is_none();
    match std::iter::once(first).chain(wanted).find(unknown) {
        Some(pair) => Err(Failure::failed(format!(
            "customer {} is unknown",
            pair[1].as_ref()
        ))),
        None => Ok(names),
    }
}

/// The usage of the whole.
pub fn help(context: &mut Context) -> Result<(), Failure> {
    context.line(page::SLR.usage)
}

/// The command is none of the object's.
fn unknown(object: &str, command: &str) -> Failure {
    Failure::usage(format!(
        "command \"{command}\" is unknown, try \"slr {object} help\""
    ))
}

/// Checks a change offline, then makes it.
fn change(
    context: &mut Context,
    verb: Verb,
    object: Object,
    fate: Option<Fate>,
) -> Result<(), Failure> {
    if verb != Verb::Del {
        limits::object(&object)?;
    }
    let change = Change { verb, object, fate };
    Ok(context.client()?.change(&change)?)
}

/// Traffic, in a row of its own.
fn counters(item: Item, row: usize, counters: Option<&Counters>) -> Item {
    let Some(c) = counters else { return item };
    item.text(row, "flows-total", c.flows_total)
        .text(row, "packets-in", c.packets_in)
        .text(row, "bytes-in", c.bytes_in)
        .text(row, "packets-out", c.packets_out)
        .text(row, "bytes-out", c.bytes_out)
        .text(row, "refused", c.refused)
        .field("counters", c)
}
