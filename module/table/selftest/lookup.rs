// SPDX-License-Identifier: GPL-2.0

//! How services are found and walked, and when a maglev table is made.

use kernel::sync::Arc;

use super::{bound, commit, server, service, v4, web, wipe, Report, Tables};
use crate::domain::{addr::Proto, sched::Scheduler};
use crate::table::{
    config::{Lookup, PUBLIC},
    BindingUpdate, ServerUpdate, ServiceUpdate,
};

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let keys = [
        web(1),
        service(1, Proto::TCP, 8000, 8099),
        service(1, Proto::TCP, 0, 0),
        service(1, Proto::UDP, 53, 53),
        service(1, Proto(0), 0, 0),
        service(2, Proto::ICMP, 0, 0),
        service(3, Proto::TCP, 100, 200),
    ];
    let made = commit(tables, |change| {
        keys.iter()
            .try_for_each(|key| change.service_new(*key, &ServiceUpdate::default()))
    });
    report.accepted("services to look up", made);
    let config = tables.config.get();
    let find =
        |host: u8, proto, port| match config.lookup(PUBLIC, v4(203, 0, 113, host), proto, port) {
            Lookup::NoHost => None,
            Lookup::NotServed(_) => Some(None),
            Lookup::Service(service) => Some(keys.iter().position(|key| *key == service.key)),
        };
    let is_right = find(1, Proto::TCP, 80) == Some(Some(0))
        && find(1, Proto::TCP, 8000) == Some(Some(1))
        && find(1, Proto::TCP, 8099) == Some(Some(1))
        && find(1, Proto::TCP, 8100) == Some(Some(2))
        && find(1, Proto::UDP, 53) == Some(Some(3))
        && find(1, Proto::UDP, 54) == Some(Some(4))
        && find(1, Proto::GRE, 0) == Some(Some(4))
        && find(2, Proto::ICMP, 0) == Some(Some(5))
        && find(2, Proto::TCP, 80) == Some(None)
        && find(3, Proto::TCP, 99) == Some(None)
        && find(3, Proto::TCP, 150) == Some(Some(6))
        && find(3, Proto::TCP, 201) == Some(None)
        && find(9, Proto::TCP, 80).is_none();
    report.check("order of the look-up", is_right);
    let mut seen = 0;
    let mut cursor = Default::default();
    while let Some((_, next)) = config.services(cursor).next() {
        cursor = next;
        seen += 1;
    }
    report.check("walk resumed after every service", seen == keys.len());
    let weighted = ServiceUpdate {
        scheduler: Some(Scheduler::Maglev),
        table_size: Some(251),
        ..ServiceUpdate::default()
    };
    let maglev = commit(tables, |change| {
        change.service_set(web(1), &weighted)?;
        change.server_new(server(1, 0), &ServerUpdate::default())?;
        change.binding_new(bound(web(1), server(1, 0), 0), &BindingUpdate::default())
    });
    report.accepted("maglev", maglev);
    let table = |tables: &Tables| tables.config.get().service(&web(1))?.maglev.clone();
    let first = table(tables);
    let persist = ServiceUpdate {
        persist: Some(5),
        ..ServiceUpdate::default()
    };
    let _ = commit(tables, |change| change.service_set(web(1), &persist));
    let is_kept = matches!((first, table(tables)), (Some(a), Some(b)) if Arc::ptr_eq(&a, &b));
    report.check("maglev table outlives what does not concern it", is_kept);
}
