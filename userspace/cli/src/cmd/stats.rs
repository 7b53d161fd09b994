// SPDX-License-Identifier: GPL-2.0

//! `slr stats`

use std::collections::BTreeMap;

use slr_config::names::{Names, PUBLIC};
use slr_config::{Fault, Words};
use slr_netlink::uapi::CounterKind;
use slr_netlink::{Counter, DropCount};

use super::unknown;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

/// Columns of the names.
const NAMES: usize = 28;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, None),
        Some("show") => {
            let name = words.next().map(str::to_owned);
            words.end()?;
            show(context, name)
        }
        Some("drops") => {
            let customer = customer(&mut words)?;
            drops(context, customer)
        }
        Some(command) => Err(unknown("stats", command)),
    }
}

/// Counters of the namespace, or one of them.
fn show(context: &mut Context, name: Option<String>) -> Result<(), Failure> {
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

/// `[ customer CUSTOMER ]`
fn customer(words: &mut Words<'_>) -> Result<Option<u32>, Fault> {
    let mut customer = None;
    while let Some(keyword) = words.next() {
        match keyword {
            "customer" => words.customer(&mut customer)?,
            _ => return Err(words.unknown(&["customer"])),
        }
    }
    Ok(customer)
}

/// Which reasons the packets of each customer were dropped for.
fn drops(context: &mut Context, only: Option<u32>) -> Result<(), Failure> {
    let mut customers: BTreeMap<u32, Vec<DropCount>> = BTreeMap::new();
    let mut names = Names::default();
    if context.details && only.is_none() {
        // Those too that lost nothing.
        for (customer, _) in context.client()?.customers()? {
            customers.extend(customer.options.id.map(|id| (id, Vec::new())));
        }
        customers.insert(PUBLIC, Vec::new());
    }
    customers.extend(only.map(|id| (id, Vec::new())));
    for drop in context.client()?.drops(only)? {
        let customer = drop.customer.unwrap_or(PUBLIC);
        customers.entry(customer).or_default().push(drop);
    }
    if !context.printer.is_json() && customers.keys().any(|id| *id != PUBLIC) {
        names = context.learn_names()?;
    }
    let mut reasons = Vec::new();
    if context.details {
        reasons = context.client()?.counters()?;
        reasons.retain(|counter| counter.kind == Some(CounterKind::Drop));
    }
    let items: Vec<_> = customers
        .into_iter()
        .map(|(id, drops)| drops_item(&names, id, &drops, &reasons))
        .collect();
    context.list(items)
}

/// A customer, and its reasons in rows below: those that `reasons` explains too, though they never
/// were.
fn drops_item(names: &Names, id: u32, drops: &[DropCount], reasons: &[Counter]) -> Item {
    let mut rows: Vec<(&str, u64, &str)> = Vec::new();
    for counter in reasons {
        let (name, doc) = (counter.name.as_deref(), counter.doc.as_deref());
        rows.push((name.unwrap_or_default(), 0, doc.unwrap_or_default()));
    }
    for drop in drops {
        let name = drop.name.as_deref().unwrap_or_default();
        let value = drop.value.unwrap_or(0);
        match rows.iter_mut().find(|(reason, ..)| *reason == name) {
            Some((_, count, _)) => *count = value,
            None => rows.push((name, value, "")),
        }
    }
    let item = Item::default()
        .text(0, "customer", Some(names.show(id)))
        .field("customer", Some(id));
    let item = rows.iter().enumerate().fold(item, |item, (i, row)| {
        let (name, value, doc) = row;
        let key = format!("{name:NAMES$}");
        match doc.is_empty() {
            true => item.text(i + 1, &key, Some(value)),
            false => item.text(i + 1, &key, Some(format!("{value:<10} {doc}"))),
        }
    });
    let counts: BTreeMap<_, _> = rows.iter().map(|(name, value, _)| (name, value)).collect();
    item.field("drops", Some(counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(name: &str, value: u64) -> DropCount {
        DropCount {
            customer: Some(7),
            name: Some(name.into()),
            value: Some(value),
        }
    }

    #[test]
    fn reasons_that_never_were_are_shown_to_who_asks() {
        let names = Names::default();
        let drops = [count("spoof", 3), count("no-flow", 1)];
        let json = drops_item(&names, 7, &drops, &[]).into_json().to_string();
        assert_eq!(json, r#"{"customer":7,"drops":{"no-flow":1,"spoof":3}}"#);
        let reason = |name: &str| Counter {
            name: Some(name.into()),
            doc: Some("why".into()),
            ..Counter::default()
        };
        let reasons = [reason("too-short"), reason("spoof")];
        let json = drops_item(&names, 7, &drops[..1], &reasons).into_json();
        assert_eq!(json["drops"]["too-short"], 0);
        assert_eq!(json["drops"]["spoof"], 3);
    }
}
