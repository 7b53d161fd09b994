// SPDX-License-Identifier: GPL-2.0

//! The named counters of a namespace, and the drops of each customer.

use kernel::{prelude::*, sync::Arc};

use crate::domain::reason::DropReason;
use crate::kern::net::genetlink::{Dump, DumpWriter, Full, Refused, Request, Stop};
use crate::netlink::{
    uapi::{attr, cmd},
    Control, //
};
use crate::table::{Config, Cursor, Drops, Tables, PUBLIC};

/// `stats-get`: all counters, in the order of their numbers.
pub(crate) struct Counters {
    tables: Arc<Tables>,
    next: usize,
}

impl Dump<Control> for Counters {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        Ok(Counters {
            tables: control.tables(request)?,
            next: 0,
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        while let Some(counter) = self.tables.stats.counter(self.next) {
            out.message::<Full>(cmd::STATS_GET, |out| {
                out.str(attr::counter::NAME, counter.name)?;
                out.u32(attr::counter::KIND, counter.kind as u32)?;
                out.u64(attr::counter::VALUE, counter.value)?;
                out.str(attr::counter::DOC, counter.doc)
            })?;
            self.next += 1;
        }
        Ok(())
    }
}

/// `drop-get`: the reasons that packets of each customer were dropped for, the public context first.
///
/// What never happened is left out: of ten thousand customers most reasons never did.
pub(crate) struct CustomerDrops {
    tables: Arc<Tables>,
    config: Arc<Config>,
    /// The customer that is asked for, if one is.
    only: Option<u32>,
    /// Whether that one, or the public context, is done.
    past_first: bool,
    at: Cursor,
    /// The index of the next reason of the customer at hand.
    next: usize,
}

impl CustomerDrops {
    /// The counts of a customer.
    fn of<'a>(tables: &'a Tables, config: &'a Config, id: u32) -> Option<&'a Drops> {
        match id {
            PUBLIC => Some(&tables.stats.public),
            id => Some(&config.customer(id)?.runtime.drops),
        }
    }
}

/// Writes what is left to say of one customer, from the reason of index `next` on.
fn put_drops(
    out: &mut DumpWriter<'_>,
    id: u32,
    drops: &Drops,
    next: &mut usize,
) -> Result<(), Full> {
    while let Some(reason) = DropReason::ALL.get(*next) {
        let value = drops.read(*reason);
        if value != 0 {
            out.message::<Full>(cmd::DROP_GET, |out| {
                out.u32(attr::drop::CUSTOMER, id)?;
                out.str(attr::drop::NAME, reason.name())?;
                out.u64(attr::drop::VALUE, value)
            })?;
        }
        *next += 1;
    }
    *next = 0;
    Ok(())
}

impl Dump<Control> for CustomerDrops {
    fn start(control: &Control, request: &Request<'_>) -> Result<Self, Refused> {
        let tables = control.tables(request)?;
        let config = tables.config.get();
        let only = request.attrs().get(attr::drop::CUSTOMER);
        if let Some(attr) = &only {
            let id = attr.u32();
            if Self::of(&tables, &config, id).is_none() {
                return Err(request.extack().refuse_attr(
                    attr,
                    ENOENT,
                    format_args!("customer {id} is unknown"),
                ));
            }
        }
        Ok(CustomerDrops {
            tables,
            config,
            only: only.map(|attr| attr.u32()),
            past_first: false,
            at: Cursor::default(),
            next: 0,
        })
    }

    fn dump(&mut self, _: &Control, out: &mut DumpWriter<'_>) -> Result<(), Stop> {
        let first = self.only.unwrap_or(PUBLIC);
        if let (false, Some(drops)) = (self.past_first, Self::of(&self.tables, &self.config, first))
        {
            put_drops(out, first, drops, &mut self.next)?;
            self.past_first = true;
        }
        if self.only.is_some() {
            return Ok(());
        }
        for (customer, after) in self.config.customers(self.at) {
            put_drops(out, customer.id, &customer.runtime.drops, &mut self.next)?;
            self.at = after;
        }
        Ok(())
    }
}
