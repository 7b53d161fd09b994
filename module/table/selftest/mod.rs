// SPDX-License-Identifier: GPL-2.0

//! Tests of the tables in a running kernel.
//!
//! Built with `SLR_SELFTEST=1` only. They run on the tables of the first namespace when the module
//! is loaded, print KTAP lines to the kernel log, fail the load if one of them fails, and leave the
//! tables empty. Packets do not come into it: tests call what the layers above call.

mod change;
mod flow;
mod forwarding;
mod lookup;
mod scale;
mod schedule;
mod transaction;
mod tunnel;

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kernel::{prelude::*, sync::Arc};

use super::{
    change::{self as table_change, ServerUpdate, ServiceUpdate},
    config::{BindingKey, Config, ServerKey, ServiceKey, PUBLIC},
    netns::{Attachment, Datapath, Listener},
    BindingUpdate, Change, ConfigError, Event, HealthNews, Kind, Reader, Server, Tables, Trace,
};
use crate::domain::addr::{Addr, Proto};
use crate::kern::net::namespace::Net;

/// Collects results.
pub(super) struct Report {
    number: u32,
    failed: u32,
}

impl Report {
    /// One result.
    pub(super) fn check(&mut self, name: &str, is_ok: bool) {
        self.number += 1;
        self.failed += u32::from(!is_ok);
        let result = if is_ok { "ok" } else { "not ok" };
        pr_info!("{} {} table: {}\n", result, self.number, name);
    }

    /// A refusal of this kind whose text contains `text`.
    fn refused<T>(
        &mut self,
        name: &str,
        result: core::result::Result<T, ConfigError>,
        kind: Kind,
        text: &str,
    ) {
        match result {
            Ok(_) => self.check(name, false),
            Err(error) => {
                let is_right = error.kind == kind && error.text().contains(text);
                if !is_right {
                    pr_info!("# says {}\n", error.text());
                }
                self.check(name, is_right);
            }
        }
    }

    /// Something that must not be refused.
    fn accepted<T>(&mut self, name: &str, result: core::result::Result<T, ConfigError>) {
        if let Err(error) = &result {
            pr_info!("# says {}\n", error.text());
        }
        self.check(name, result.is_ok());
    }
}

static RUNNING: AtomicBool = AtomicBool::new(false);

/// Whether the tests run, so that nothing is told to the layers above.
pub(super) fn is_running() -> bool {
    RUNNING.load(Relaxed)
}

/// Runs all tests, once since the module was loaded.
pub(super) fn run(tables: &Arc<Tables>) -> Result {
    static RAN: AtomicBool = AtomicBool::new(false);
    if RAN.swap(true, Relaxed) {
        return Ok(());
    }
    let mut report = Report {
        number: 0,
        failed: 0,
    };
    RUNNING.store(true, Relaxed);
    change::run(tables, &mut report);
    transaction::run(tables, &mut report);
    lookup::run(tables, &mut report);
    schedule::run(tables, &mut report);
    flow::run(tables, &mut report);
    scale::run(tables, &mut report);
    match tables.net.upgrade() {
        Some(net) => tunnel::run(&net, &mut report),
        None => report.check("the namespace is there", false),
    }
    forwarding::run(tables, &mut report);
    RUNNING.store(false, Relaxed);
    pr_info!("1..{} table\n", report.number);
    match report.failed {
        0 => Ok(()),
        _ => Err(EINVAL),
    }
}

/// Leaves nothing configured.
fn wipe(tables: &Arc<Tables>) {
    if let Ok(change) = tables.begin(true, None) {
        let _ = Tables::commit(tables, change);
    }
}

/// Applies several operations and commits them.
fn commit(
    tables: &Arc<Tables>,
    operate: impl FnOnce(&mut Change) -> table_change::Result,
) -> table_change::Result<u64> {
    Ok(Tables::apply(tables, operate)?.generation)
}

fn v4(a: u8, b: u8, c: u8, d: u8) -> Addr {
    Addr::V4([a, b, c, d])
}

fn v6(last: u8) -> Addr {
    Addr::V6([0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last])
}

/// A service on 203.0.113.`host`.
fn service(host: u8, proto: Proto, port: u16, port_last: u16) -> ServiceKey {
    ServiceKey {
        customer: PUBLIC,
        addr: v4(203, 0, 113, host),
        proto,
        port,
        port_last,
    }
}

fn web(host: u8) -> ServiceKey {
    service(host, Proto::TCP, 80, 80)
}

/// A server at 10.0.0.`host`.
fn server(host: u8, port: u16) -> ServerKey {
    ServerKey {
        customer: PUBLIC,
        addr: v4(10, 0, 0, host),
        port,
    }
}

fn bound(service: ServiceKey, server: ServerKey, port: u16) -> BindingKey {
    BindingKey {
        service,
        server,
        port,
    }
}

/// Defines a service and binds servers to it at their own port.
fn serve(
    change: &mut Change,
    key: ServiceKey,
    update: &ServiceUpdate,
    servers: &[ServerKey],
) -> table_change::Result {
    change.service_new(key, update)?;
    for server in servers {
        if !change.has_server(server) {
            change.server_new(*server, &ServerUpdate::default())?;
        }
        change.binding_new(bound(key, *server, 0), &BindingUpdate::default())?;
    }
    Ok(())
}

/// Stands in for the layers above.
pub(crate) struct Nobody;

struct Nothing;

impl Attachment for Nothing {}

impl Datapath for Nobody {
    fn attach_port(
        &self,
        _tables: &Arc<Tables>,
        _net: &Net,
        _ifindex: u32,
    ) -> Result<KBox<dyn Attachment>> {
        Ok(KBox::new(Nothing, GFP_KERNEL)?)
    }

    fn attach_namespace(&self, _tables: &Arc<Tables>, _net: &Net) -> Result<KBox<dyn Attachment>> {
        Ok(KBox::new(Nothing, GFP_KERNEL)?)
    }

    fn committed(&self, _tables: &Arc<Tables>, _net: &Net, _old: &Config, _new: &Config) {}
}

impl Listener for Nobody {
    fn traced(&self, _: &Tables, _: &Config, _: &Reader, _: &Trace<'_>) -> Result {
        Ok(())
    }

    fn committed(&self, _tables: &Tables, _new: &Arc<Config>, _events: &[Event]) {}

    fn health(&self, _tables: &Tables, _config: &Config, server: &Server, news: HealthNews) {
        let news = match news {
            HealthNews::Condition(condition) => condition.as_u32(),
            HealthNews::Empty => u32::MAX,
        };
        pr_info!(
            "# news of a server with weight {}: {}\n",
            server.settings.weight,
            news as i32
        );
    }
}
