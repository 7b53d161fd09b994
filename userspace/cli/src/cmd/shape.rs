// SPDX-License-Identifier: GPL-2.0

//! `slr shape`: devices that customers share by their weights, which the packet scheduler sees to.

use std::collections::BTreeMap;

use slr_config::rate::{about_rate, show_rate};
use slr_config::{grammar, names::PUBLIC, Words};
use slr_netlink::shape::{self, class_of, Queue, Shape, Weights, REST, REST_WEIGHT};
use slr_netlink::{netns, Customer, CustomerOptions};

use super::unknown;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, words),
        Some("show") => show(context, words),
        Some("add") => add(context, words),
        Some("set") => set(context, words),
        Some("del") => {
            let dev = words.name("DEV", grammar::device)?;
            words.end()?;
            Ok(shape::del(shaped(&dev)?.ifindex)?)
        }
        Some(command) => Err(unknown("shape", command)),
    }
}

/// `DEV rate RATE [ force ]`
fn add(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let (dev, rate) = grammar::shape(&mut words)?;
    let force = words.take("force");
    words.end()?;
    if find(&dev)?.is_some() {
        return Err(Failure::failed(format!("device {dev} is shaped already")));
    }
    let weights = weights(context)?;
    Ok(shape::add(index(&dev)?, rate, force, &weights)?)
}

/// `DEV rate RATE`
fn set(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let (dev, rate) = grammar::shape(&mut words)?;
    words.end()?;
    let Shape { ifindex, .. } = shaped(&dev)?;
    Ok(shape::update(Shape { ifindex, rate }, &weights(context)?)?)
}

fn show(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let customer = words.context_if_given()?;
    let shapes = match words.peek() {
        Some(_) => vec![shaped(&words.name("DEV", grammar::device)?)?],
        None => shape::list()?,
    };
    words.end()?;
    let mut customers = match shapes.is_empty() {
        true => Vec::new(),
        false => context.client()?.customers()?,
    };
    customers.retain(|(shown, _)| customer.is_none_or(|c| shown.options.id == Some(c)));
    let rest = customer.is_none_or(|c| c == PUBLIC);
    let mut items = Vec::new();
    for shape in shapes {
        items.push(item(&shape, &customers, rest, context.statistics)?);
    }
    context.list(items)
}

/// A shaped device, and what each of these customers has of it, and the rest.
fn item<S>(
    shape: &Shape,
    customers: &[(Customer, S)],
    with_rest: bool,
    statistics: bool,
) -> Result<Item, Failure> {
    let mut queues = shape::queues(shape.ifindex)?;
    let name = netns::device_name(shape.ifindex).unwrap_or_else(|| shape.ifindex.to_string());
    let mut item = Item::named("dev", name)
        .word(format!("rate {}", show_rate(shape.rate)))
        .field("rate", shape.rate);
    let weighted = customers.iter().filter_map(|(customer, _)| {
        let CustomerOptions { id, weight, .. } = customer.options;
        Some((
            customer.name.clone()?,
            class_of(id?),
            weight.filter(|w| *w != 0)?,
        ))
    });
    let rest = with_rest.then(|| ("rest".to_owned(), REST, REST_WEIGHT));
    let mut json = BTreeMap::new();
    for (row, (name, class, weight)) in weighted.chain(rest).enumerate() {
        let Some(queue) = queues.remove(&class) else {
            continue;
        };
        let who = match class {
            REST => name.clone(),
            _ => format!("customer {name}"),
        };
        let share = about_rate(queue.rate);
        item = item.text(
            1 + row,
            &who,
            Some(format!("weight {weight} share {share}")),
        );
        if statistics {
            item = traffic(item, 1 + row, &queue);
        }
        json.insert(name, queue);
    }
    Ok(item.field("queues", json))
}

fn traffic(item: Item, row: usize, queue: &Queue) -> Item {
    item.text(row, "bytes", Some(queue.bytes))
        .text(row, "packets", Some(queue.packets))
        .text(row, "dropped", Some(queue.drops))
        .text(row, "waiting", Some(queue.backlog))
}

fn index(dev: &str) -> Result<u32, Failure> {
    let index = netns::device_index(dev);
    index.ok_or_else(|| Failure::failed(format!("device \"{dev}\" does not exist")))
}

fn find(dev: &str) -> Result<Option<Shape>, Failure> {
    let ifindex = index(dev)?;
    let mut all = shape::list()?.into_iter();
    Ok(all.find(|shape| shape.ifindex == ifindex))
}

fn shaped(dev: &str) -> Result<Shape, Failure> {
    find(dev)?.ok_or_else(|| Failure::failed(format!("device {dev} is not shaped by slr")))
}

/// The customers that have a weight.
fn weights(context: &mut Context) -> Result<Weights, Failure> {
    let customers = context.client()?.customers()?;
    let options = customers.iter().map(|(customer, _)| &customer.options);
    Ok(weights_of(options))
}

fn weights_of<'a>(options: impl Iterator<Item = &'a CustomerOptions>) -> Weights {
    options
        .filter_map(|options| Some((options.id?, options.weight.filter(|w| *w != 0)?)))
        .collect()
}

/// Gives all shaped devices the weights that customers have now.
pub fn follow(context: &mut Context) -> Result<(), Failure> {
    let shapes = shape::list()?;
    if shapes.is_empty() {
        return Ok(());
    }
    let weights = weights(context)?;
    for shape in shapes {
        shape::update(shape, &weights)?;
    }
    Ok(())
}

/// What is shaped, by device.
pub fn present() -> Result<BTreeMap<String, u64>, Failure> {
    let named = |shape: Shape| Some((netns::device_name(shape.ifindex)?, shape.rate));
    Ok(shape::list()?.into_iter().filter_map(named).collect())
}

/// What is shaped, on its way to what a file says, as with what a host accepts: what is new comes
/// before and is taken back if the file does not take effect; the rest comes after.
pub struct Exchange<'a> {
    wanted: &'a BTreeMap<String, u64>,
    made: Vec<u32>,
}

impl<'a> Exchange<'a> {
    /// Shapes what is new.
    pub fn begin(wanted: &'a BTreeMap<String, u64>) -> Result<Self, Failure> {
        let mut exchange = Self {
            wanted,
            made: Vec::new(),
        };
        let present = present()?;
        for (dev, rate) in wanted.iter().filter(|(dev, _)| !present.contains_key(*dev)) {
            let made = index(dev).and_then(|ifindex| {
                shape::add(ifindex, *rate, false, &Weights::new())?;
                Ok(ifindex)
            });
            match made {
                Ok(ifindex) => exchange.made.push(ifindex),
                Err(error) => {
                    exchange.take_back();
                    return Err(error);
                }
            }
        }
        Ok(exchange)
    }

    fn take_back(&mut self) {
        for ifindex in self.made.drain(..) {
            // It was not there before; whoever removed it meanwhile was faster.
            let _ = shape::del(ifindex);
        }
    }

    /// Ends what is gone and gives the rest its rates and weights, or takes back what is new.
    pub fn end<'c>(
        &mut self,
        done: Result<(), Failure>,
        customers: impl Iterator<Item = &'c CustomerOptions>,
    ) -> Result<(), Failure> {
        if done.is_err() {
            self.take_back();
            return done;
        }
        let weights = weights_of(customers);
        for Shape { ifindex, .. } in shape::list()? {
            let name = netns::device_name(ifindex);
            match name.and_then(|name| self.wanted.get(&name)) {
                Some(rate) => shape::update(
                    Shape {
                        ifindex,
                        rate: *rate,
                    },
                    &weights,
                )?,
                None => shape::del(ifindex)?,
            }
        }
        Ok(())
    }
}
