// SPDX-License-Identifier: GPL-2.0

//! What every command has at hand: options, printer, and the connection, which is made
//! when it is first needed, so that wrong words are told without a module.

use slr_config::names::{Names, PUBLIC};
use slr_netlink::Client;

use crate::args::Args;
use crate::failure::Failure;
use crate::output::{Format, Item, Printer};

/// What every command has at hand.
pub struct Context {
    /// Counters are asked for.
    pub statistics: bool,
    /// Defaults and explanations are asked for.
    pub details: bool,
    /// The time of events is asked for.
    pub timestamp: bool,
    /// Where the output goes.
    pub printer: Printer,
    client: Option<Client>,
    /// What customers are called; asked for when first needed.
    names: Option<Names>,
}

impl Context {
    /// As the options say.
    pub fn new(args: &Args) -> Self {
        let format = match (args.json, args.pretty) {
            (false, _) => Format::Text,
            (true, false) => Format::Json,
            (true, true) => Format::Pretty,
        };
        Self {
            statistics: args.statistics,
            details: args.details,
            timestamp: args.timestamp,
            printer: Printer::new(format),
            client: None,
            names: None,
        }
    }

    /// The connection.
    pub fn client(&mut self) -> Result<&mut Client, Failure> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::open()?,
        };
        Ok(self.client.insert(client))
    }

    /// What customers are called.
    pub fn learn_names(&mut self) -> Result<Names, Failure> {
        let mut names = Names::default();
        for (customer, _) in self.client()?.customers()? {
            if let (Some(name), Some(number)) = (customer.name, customer.options.id) {
                names.insert(&name, number);
            }
        }
        Ok(self.names.insert(names).clone())
    }

    /// Learns names, if one of these customers has one and people are to read it.
    pub fn learn_names_of(
        &mut self,
        mut customers: impl Iterator<Item = u32>,
    ) -> Result<(), Failure> {
        if !self.printer.is_json() && customers.any(|customer| customer != PUBLIC) {
            self.learn_names()?;
        }
        Ok(())
    }

    /// The names learned so far.
    pub fn names(&self) -> Names {
        self.names.clone().unwrap_or_default()
    }

    /// The connection and the printer, for what is printed as it comes.
    pub fn both(&mut self) -> Result<(&mut Client, &mut Printer), Failure> {
        self.client()?;
        match &mut self.client {
            Some(client) => Ok((client, &mut self.printer)),
            None => Err(Failure::failed("there is no connection")),
        }
    }

    /// Prints a list.
    pub fn list(&mut self, items: impl IntoIterator<Item = Item>) -> Result<(), Failure> {
        Ok(self.printer.list(items)?)
    }

    /// Prints a line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.printer.raw(text)?;
        Ok(self.printer.raw("\n")?)
    }
}
