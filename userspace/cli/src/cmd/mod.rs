// SPDX-License-Identifier: GPL-2.0

//! The objects, a file each. Each `run` takes the words behind the object.

mod binding;
mod completions;
mod conf;
mod explain;
mod flow;
mod man;
mod monitor;
mod port;
mod server;
mod service;
mod settings;
mod stats;

#[cfg(test)]
pub use flow::FILTER;

use slr_config::{limits, Words};
use slr_netlink::uapi::Fate;
use slr_netlink::{Change, Counters, Object, Verb};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;
use crate::page;

/// Runs one command.
pub fn run<S: AsRef<str>>(context: &mut Context, words: &[S]) -> Result<(), Failure> {
    let mut words = Words::new(words);
    let Some(object) = words.next() else {
        return Err(Failure::usage("there is no command, try \"slr help\""));
    };
    if let Some(page) = page::find(object).filter(|_| words.peek() == Some("help")) {
        return context.line(page.usage);
    }
    match object {
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
        "completions" => completions::run(context, words),
        "man" => man::run(words),
        "help" => help(context),
        _ => Err(Failure::usage(format!(
            "object \"{object}\" is unknown, try \"slr help\""
        ))),
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
