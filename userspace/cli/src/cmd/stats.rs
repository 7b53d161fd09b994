// SPDX-License-Identifier: GPL-2.0

//! `slr stats`

use slr_config::Words;
use slr_netlink::Counter;

use super::unknown;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

/// Columns of the names.
const NAMES: usize = 28;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None | Some("show") => {}
        Some(command) => return Err(unknown("stats", command)),
    }
    let name = words.next().map(str::to_owned);
    words.end()?;
    let mut counters = context.client()?.counters()?;
    if let Some(name) = &name {
        counters.retain(|counter| counter.name.as_ref() == Some(name));
        if counters.is_empty() {
            return Err(Failure::failed(format!("there is no counter \"{name}\"")));
        }
    } else if !context.printer.is_json() && !context.details {
        // What never happened is of interest only to who asks for it.
        counters.retain(|counter| counter.value != Some(0));
    }
    let items: Vec<_> = counters.into_iter().map(|c| item(context, c)).collect();
    context.list(items)
}

fn item(context: &Context, counter: Counter) -> Item {
    let name = counter.name.clone().unwrap_or_default();
    let value = counter.value.unwrap_or(0);
    let item = Item::default().word(format!("{name:NAMES$} {value}"));
    let item = if context.details {
        let kind = counter.kind.map_or("", |kind| kind.name());
        let doc = counter.doc.as_deref().unwrap_or_default();
        item.text(1, &format!("{kind}:"), Some(doc))
    } else {
        item
    };
    item.fields(counter)
}
