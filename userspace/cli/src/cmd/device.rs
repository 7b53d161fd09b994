// SPDX-License-Identifier: GPL-2.0

//! `slr device`

use slr_config::{grammar, number::count, print, Words};
use slr_netlink::{link, netns, Device};

use super::unknown;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

const OPTIONS: &[&str] = &["customer", "mtu", "netns"];

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, words),
        Some("show") => show(context, words),
        Some("add") => add(context, words),
        Some("del") => del(context, words),
        Some(command) => Err(unknown("device", command)),
    }
}

fn add(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let name = words.name("NAME", grammar::device)?;
    let (mut customer, mut mtu, mut into) = (None, None, None);
    while let Some(keyword) = words.next() {
        match keyword {
            "customer" => words.customer(&mut customer)?,
            "mtu" => words.once(keyword, &mut mtu, count)?,
            "netns" => words.once(keyword, &mut into, |text| Ok(text.to_owned()))?,
            _ => return Err(words.unknown(OPTIONS).into()),
        }
    }
    let Some(customer) = customer else {
        return Err(words.fault("customer CUSTOMER is missing").into());
    };
    // Loads nothing, but says in words that the module is not there.
    context.client()?;
    let file = into.map(|name| netns::open(&name)).transpose()?;
    let new = link::New {
        name: &name,
        customer,
        mtu,
        netns: file.as_ref(),
    };
    Ok(link::add(&new)?)
}

fn del(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let name = words.name("NAME", grammar::device)?;
    words.end()?;
    let devices = context.client()?.devices()?;
    let found = devices
        .iter()
        .find(|device| device.name.as_ref() == Some(&name));
    match found {
        None => Err(Failure::failed(format!("slr device {name} is unknown"))),
        Some(device) if device.elsewhere == Some(true) => Err(Failure::failed(format!(
            "slr device {name} is in another network namespace: remove it there with ip link"
        ))),
        Some(device) => Ok(link::del(device.ifindex.unwrap_or(0))?),
    }
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    words.end()?;
    let mut devices = context.client()?.devices()?;
    devices.retain(|device| customer.is_none_or(|c| device.customer == Some(c)));
    context.learn_names_of(devices.iter().filter_map(|device| device.customer))?;
    let items: Vec<_> = devices.iter().map(|device| item(context, device)).collect();
    context.list(items)
}

/// What is known of an slr device.
pub fn item(context: &Context, device: &Device) -> Item {
    let name = device.name.clone().unwrap_or_default();
    let mut item = Item::named("name", &name).phrases(print::context(
        device.customer.unwrap_or(0),
        &context.names(),
    ));
    if device.ifname.as_ref().is_some_and(|now| *now != name) {
        item = item.word(format!("now {}", device.ifname.clone().unwrap_or_default()));
    }
    if device.elsewhere == Some(true) {
        item = item.word("elsewhere");
    }
    item.fields(device)
}
