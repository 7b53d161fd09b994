// SPDX-License-Identifier: GPL-2.0

//! `slr customer`

use slr_config::{defaults, grammar, print, Words};
use slr_netlink::wire::Value as _;
use slr_netlink::{Customer, CustomerOptions, CustomerStatus, Object, Verb};

use super::{change, counters, shape, unknown};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, words),
        Some("show") => show(context, words),
        Some("add") => {
            let customer = grammar::customer(&mut words)?;
            words.end()?;
            weighed(context, Verb::New, customer)
        }
        Some("set") => set(context, words),
        Some("del") => {
            let customer = words.name("CUSTOMER", named)?;
            words.end()?;
            change(context, Verb::Del, Object::Customer(customer), None)?;
            shape::follow(context)
        }
        Some(command) => Err(unknown("customer", command)),
    }
}

/// `CUSTOMER [ OPTION ]...`
fn set(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let mut customer = words.name("CUSTOMER", named)?;
    let given = customer.options.id;
    let behind = grammar::customer_options(&mut words)?;
    if behind.id.is_some() && behind.id != given {
        return Err(Failure::failed("the number of a customer is for good"));
    }
    words.end()?;
    customer.options = CustomerOptions {
        id: given,
        ..behind
    };
    weighed(context, Verb::Set, customer)
}

/// Makes a change, and of the weight what it is to shaped devices.
fn weighed(context: &mut Context, verb: Verb, customer: Customer) -> Result<(), Failure> {
    let is_weight = customer.options.weight.is_some();
    change(context, verb, Object::Customer(customer), None)?;
    match is_weight {
        true => shape::follow(context),
        false => Ok(()),
    }
}

/// A customer by name or number.
fn named(text: &str) -> Result<Customer, String> {
    if matches!(text, "public" | "0") {
        return Err("customer public is always there as it is".into());
    }
    Ok(match text.parse() {
        Ok(number) => Customer {
            name: None,
            options: CustomerOptions {
                id: Some(number),
                ..CustomerOptions::default()
            },
        },
        Err(_) => Customer {
            name: Some(grammar::customer_name(text)?),
            ..Customer::default()
        },
    })
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customers = if words.peek().is_some() {
        let customer = words.name("CUSTOMER", named)?;
        words.end()?;
        vec![context.client()?.customer(&customer)?]
    } else {
        context.client()?.customers()?
    };
    let items: Vec<_> = customers
        .iter()
        .map(|(customer, status)| item(context, customer, status))
        .collect();
    context.list(items)
}

/// What is known of a customer.
pub fn item(context: &Context, customer: &Customer, status: &CustomerStatus) -> Item {
    let options = customer.options.clone();
    let options = if context.details {
        options.onto(&defaults::customer())
    } else {
        options
    };
    let name = customer.name.clone().unwrap_or_default();
    let item = Item::named("customer", name)
        .phrases(print::customer(&options))
        .fields(&customer.options)
        .field("vrf-ifindex", status.vrf_ifindex);
    let o = &customer.options;
    let item = [
        ("flows", status.flows, o.max_flows),
        ("routes", status.routes, o.max_routes),
        ("tunnels", status.tunnels, o.max_tunnels),
    ]
    .into_iter()
    .fold(item, |item, (key, used, max)| {
        used_of(item, context.statistics, key, used, max)
    });
    if context.statistics {
        counters(item, 2, status.counters.as_ref())
    } else {
        item
    }
}

/// How much there is of something, and how much may be. Without a limit it is statistics.
fn used_of(item: Item, statistics: bool, key: &str, used: Option<u32>, max: Option<u32>) -> Item {
    let max = max.filter(|max| *max != 0);
    let text = match (used, max) {
        (Some(used), Some(max)) => Some(format!("{used} of {max}")),
        (used, _) => used.filter(|_| statistics).map(|used| used.to_string()),
    };
    item.text(1, key, text).field(key, used)
}
