// SPDX-License-Identifier: GPL-2.0

//! Changes against one another: which is stale, and what a replacement keeps.

use kernel::sync::Arc;

use super::{
    commit,
    serve,
    server,
    web,
    wipe,
    Change,
    Kind,
    Report,
    Tables, //
};
use crate::table::{config::Fate, ServerUpdate, ServiceUpdate};

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let _ = commit(tables, |change| {
        serve(change, web(1), &ServiceUpdate::default(), &[server(1, 0)])
    });
    let before = tables.config.get();
    let stale = tables.begin(false, None);
    let _ = commit(tables, |change| {
        change.service_new(web(2), &ServiceUpdate::default())
    });
    if let Ok(mut change) = stale {
        report.accepted(
            "operation of an old change",
            change.service_new(web(3), &ServiceUpdate::default()),
        );
        let result = Tables::commit(tables, change);
        report.refused(
            "commit of an old change",
            result,
            Kind::Stale,
            "was replaced",
        );
    }
    let base = tables.begin(false, Some(before.generation));
    report.refused("wrong base", base, Kind::Stale, "in force");
    if let Ok(change) = tables.begin(true, None) {
        report.accepted("replacement by nothing, checked", tables.check(change));
    }
    report.check(
        "check changes nothing",
        tables.config.get().service_count() == 2,
    );
    let same = replace(tables, |change| {
        serve(change, web(1), &ServiceUpdate::default(), &[server(1, 0)])?;
        change.service_new(web(4), &ServiceUpdate::default())
    });
    let config = tables.config.get();
    let (old, new) = (before.service(&web(1)), config.service(&web(1)));
    let is_kept = matches!((old, new), (Some(a), Some(b)) if Arc::ptr_eq(a, b));
    report.check("replacement keeps what is the same", same && is_kept);
    report.check(
        "replacement drops the rest",
        config.service(&web(2)).is_none(),
    );
    let down = ServerUpdate {
        weight: Some(5),
        ..ServerUpdate::default()
    };
    let _ = commit(tables, |change| {
        change.server_set(server(1, 0), &down, Fate::Keep)
    });
    let config = tables.config.get();
    let seen = config.service(&web(1)).and_then(|service| {
        let binding = service.bindings.first()?;
        let old = old?.bindings.first()?;
        let kept = Arc::ptr_eq(&binding.runtime, &old.runtime)
            && Arc::ptr_eq(&binding.server.runtime, &old.server.runtime);
        Some((binding.weight(), kept))
    });
    report.check(
        "changed server is seen by its services",
        seen == Some((5, true)),
    );
    wipe(tables);
}

fn replace(
    tables: &Arc<Tables>,
    operate: impl FnOnce(&mut Change) -> crate::table::change::Result,
) -> bool {
    let Ok(mut change) = tables.begin(true, None) else {
        return false;
    };
    operate(&mut change).is_ok() && Tables::commit(tables, change).is_ok()
}
