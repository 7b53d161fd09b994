// SPDX-License-Identifier: GPL-2.0

//! Many objects: how long changes take, in the kernel's own time.

use kernel::{prelude::*, sync::Arc};

use super::{bound, commit, serve, v4, wipe, Report, ServiceKey, Tables};
use crate::domain::addr::Proto;
use crate::kern::time;
use crate::table::{
    config::{Fate, ServerKey, PUBLIC},
    BindingUpdate, ServerUpdate, ServiceUpdate,
};

const SERVICES: u32 = 10_000;

fn service(number: u32) -> ServiceKey {
    let [_, a, b, c] = number.to_be_bytes();
    ServiceKey {
        customer: PUBLIC,
        addr: v4(100, a, b, c),
        proto: Proto::TCP,
        port: 80,
        port_last: 80,
    }
}

fn server(number: u32) -> ServerKey {
    let [_, a, b, c] = number.to_be_bytes();
    ServerKey {
        customer: PUBLIC,
        addr: v4(10, a, b, c),
        port: 8080,
    }
}

/// What [`is_local`] says.
pub(super) const IS_LOCAL: &str = "one more takes a small part of the time of all";

/// Whether a change of one object takes time for that object and not for all that there are, by the
/// times of both in one run, on a machine that may be busy and slow: it is a thousandth or less.
pub(super) fn is_local(one: u64, all: u64) -> bool {
    one < all / 10
}

/// Runs `f` and prints how long it took.
pub(super) fn timed<T>(name: &str, f: impl FnOnce() -> T) -> (T, u64) {
    let start = time::monotonic_us();
    let result = f();
    let took = time::monotonic_us() - start;
    pr_info!("# {}: {} us\n", name, took);
    (result, took)
}

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let (made, all) = timed("10,000 services with a server each", || {
        commit(tables, |change| {
            for number in 1..=SERVICES {
                let plain = ServiceUpdate::default();
                serve(change, service(number), &plain, &[server(number)])?;
            }
            Ok(())
        })
    });
    report.accepted("10,000 services", made);
    let (one, took) = timed("one more", || {
        commit(tables, |change| {
            serve(change, service(0), &ServiceUpdate::default(), &[server(0)])
        })
    });
    report.accepted("one more", one);
    report.check(IS_LOCAL, is_local(took, all));
    let (bind, _) = timed("one more server for one of them", || {
        commit(tables, |change| {
            let key = bound(service(5), server(6), 0);
            change.binding_new(key, &BindingUpdate::default())
        })
    });
    report.accepted("one more binding", bind);
    let (set, _) = timed("another weight of one server", || {
        let weight = ServerUpdate {
            weight: Some(2),
            ..ServerUpdate::default()
        };
        commit(tables, |change| {
            change.server_set(server(6), &weight, Fate::Keep)
        })
    });
    report.accepted("another weight", set);
    let (ports, took) = timed("10,000 ports of one address", || {
        commit(tables, |change| {
            for port in 1..=SERVICES as u16 {
                let key = ServiceKey {
                    port,
                    port_last: port,
                    ..service(1 << 20)
                };
                change.service_new(key, &ServiceUpdate::default())?;
            }
            Ok(())
        })
    });
    report.accepted("10,000 ports of one address", ports);
    report.check(
        "in a time like that of many addresses",
        took < all.saturating_mul(10),
    );
    let count = tables.config.get().service_count();
    report.check("all are there", count == 2 * SERVICES + 1);
    timed("nothing in their place", || wipe(tables));
    report.check("none is there", tables.config.get().service_count() == 0);
}
