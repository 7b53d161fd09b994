// SPDX-License-Identifier: GPL-2.0

//! `slr host`: what the system itself is told, by rtnetlink.

use std::collections::BTreeSet;

use slr_config::{grammar, Words};
use slr_netlink::{local, Prefix};

use super::unknown;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    match words.next() {
        None => show(context, words),
        Some("show") => show(context, words),
        Some("accept") => Ok(local::add(&prefix(words)?)?),
        Some("del") => Ok(local::del(&prefix(words)?)?),
        Some(command) => Err(unknown("host", command)),
    }
}

fn prefix(mut words: Words<'_>) -> Result<Prefix, Failure> {
    let prefix = grammar::accept(&mut words)?;
    words.end()?;
    Ok(prefix)
}

fn show(context: &mut Context, words: Words<'_>) -> Result<(), Failure> {
    words.end()?;
    let accepted = local::list()?;
    context.list(accepted.iter().map(item))
}

/// An accepted prefix.
pub fn item(prefix: &Prefix) -> Item {
    Item::named("accept", prefix)
}

/// What is accepted, on its way to what a file says.
///
/// The module's part of a file takes effect at once or not at all; this part is the system's. So
/// what is new comes before and is taken back if the file does not take effect, and what is gone
/// goes after.
pub struct Exchange {
    made: Vec<Prefix>,
    gone: Vec<Prefix>,
}

impl Exchange {
    /// Accepts what is new.
    pub fn begin(wanted: &BTreeSet<Prefix>) -> Result<Self, Failure> {
        let present = local::list()?;
        let mut exchange = Self {
            made: Vec::new(),
            gone: present.difference(wanted).copied().collect(),
        };
        for prefix in wanted.difference(&present) {
            if let Err(error) = local::add(prefix) {
                return exchange.end(Err(error.into())).map(|()| exchange);
            }
            exchange.made.push(*prefix);
        }
        Ok(exchange)
    }

    /// Takes away what is gone, or what is new if the rest has failed.
    pub fn end(&mut self, done: Result<(), Failure>) -> Result<(), Failure> {
        let (unwanted, done) = match done {
            Ok(()) => (&mut self.gone, Ok(())),
            failed => (&mut self.made, failed),
        };
        unwanted
            .drain(..)
            .fold(done, |done, prefix| match (done, local::del(&prefix)) {
                (Ok(()), Err(error)) => Err(error.into()),
                (done, _) => done,
            })
    }
}
