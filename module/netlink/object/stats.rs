// SPDX-License-Identifier: GPL-2.0

//! The named counters of a namespace.

use kernel::sync::Arc;

use crate::kern::net::genetlink::{Dump, DumpWriter, Full, Refused, Request, Stop};
use crate::netlink::{
    uapi::{attr, cmd},
    Control, //
};
use crate::table::Tables;

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
