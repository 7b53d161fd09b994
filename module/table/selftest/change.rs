// SPDX-License-Identifier: GPL-2.0

//! What a change accepts, what it refuses and in which words, and how services are found.

use kernel::sync::Arc;

use super::{
    bound,
    commit,
    serve,
    server,
    service,
    v4,
    v6,
    web,
    wipe,
    Change,
    Kind,
    Report,
    Tables, //
};
use crate::domain::{
    addr::{PortRange, Proto},
    sched::Scheduler,
};
use crate::table::{
    config::{AdminState, Fate, Lookup, PortName, ServiceKey, Side, Snat, PUBLIC},
    BindingUpdate, PortUpdate, ServerUpdate, ServiceUpdate,
};

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    services(tables, report);
    servers(tables, report);
    bindings(tables, report);
    backups(tables, report);
    ports(tables, report);
    wipe(tables);
}

const PLAIN: ServiceUpdate = ServiceUpdate {
    scheduler: None,
    table_size: None,
    persist: None,
    persist_mask: None,
    timeouts: None,
    unknown: None,
    backup: None,
    state: None,
};

#[inline(never)]
fn services(tables: &Arc<Tables>, report: &mut Report) {
    let mut new = |name: &str, key: ServiceKey, kind, text: &str| {
        let result = commit(tables, |change| change.service_new(key, &PLAIN));
        match kind {
            Some(kind) => report.refused(name, result, kind, text),
            None => report.accepted(name, result),
        }
    };
    new("service", web(1), None, "");
    new(
        "duplicate",
        web(1),
        Some(Kind::Exists),
        "203.0.113.1:80/tcp exists",
    );
    let range = |first, last| service(1, Proto::TCP, first, last);
    new("range", range(8000, 8099), None, "");
    let other = "203.0.113.1:8000-8099/tcp";
    new(
        "range over the end of another",
        range(8050, 8200),
        Some(Kind::Exists),
        other,
    );
    new(
        "range around another",
        range(7000, 9000),
        Some(Kind::Exists),
        other,
    );
    new(
        "port in a range",
        range(8099, 8099),
        Some(Kind::Exists),
        other,
    );
    new(
        "range over a port",
        range(1, 80),
        Some(Kind::Exists),
        "203.0.113.1:80/tcp",
    );
    new("range beside another", range(8100, 8200), None, "");
    new(
        "same ports of another protocol",
        service(1, Proto::UDP, 8050, 8050),
        None,
        "",
    );
    new("any port", service(1, Proto::TCP, 0, 0), None, "");
    new("any protocol", service(1, Proto(0), 0, 0), None, "");
    new(
        "any protocol again",
        service(1, Proto(0), 0, 0),
        Some(Kind::Exists),
        "203.0.113.1 ",
    );
    let invalid = Some(Kind::Invalid);
    new("backward range", range(90, 89), invalid, "below the first");
    new(
        "port without protocol",
        service(2, Proto(0), 80, 80),
        invalid,
        "no ports",
    );
    new(
        "ICMP of the other family",
        service(2, Proto::ICMPV6, 0, 0),
        invalid,
        "ICMP",
    );
    for (addr, text) in [
        (v4(0, 0, 0, 0), "unspecified"),
        (v4(224, 0, 0, 1), "multicast"),
        (v4(255, 255, 255, 255), "broadcast"),
        (v4(127, 0, 0, 1), "loopback"),
    ] {
        new(text, ServiceKey { addr, ..web(2) }, invalid, text);
    }
    let foreign = ServiceKey {
        customer: 7,
        ..web(2)
    };
    new(
        "unknown customer",
        foreign,
        Some(Kind::NotFound),
        "customer 7 is unknown",
    );
    let mut set = |name: &str, update: ServiceUpdate, kind, text: &str| {
        let result = commit(tables, |change| change.service_set(web(1), &update));
        report.refused(name, result, kind, text);
    };
    let size = ServiceUpdate {
        table_size: Some(4096),
        ..PLAIN
    };
    set("table size that is no prime", size, Kind::Range, "prime");
    let mask = ServiceUpdate {
        persist_mask: Some(33),
        ..PLAIN
    };
    set("mask longer than an address", mask, Kind::Range, "0..=32");
    let drain = ServiceUpdate {
        state: Some(AdminState::Drain),
        ..PLAIN
    };
    set("drained service", drain, Kind::Invalid, "up or down");
    let missing = commit(tables, |change| change.service_set(web(9), &PLAIN));
    report.refused(
        "no such service",
        missing,
        Kind::NotFound,
        "203.0.113.9:80/tcp",
    );
    let keep = Fate::Keep;
    let half = commit(tables, |change| {
        change.service_del(range(8000, 8099), keep)?;
        change.service_new(range(8050, 8060), &PLAIN)
    });
    report.accepted("ports of a service removed in the same change", half);
    let again = commit(tables, |change| {
        change.service_del(range(8050, 8060), keep)?;
        change.service_new(range(8040, 8070), &PLAIN)?;
        change.service_new(range(8070, 8080), &PLAIN)
    });
    report.refused("overlap within a change", again, Kind::Exists, "8040-8070");
    let count = tables.config.get().service_count();
    report.check("refused change leaves no trace", count == 6);
}

#[inline(never)]
fn servers(tables: &Arc<Tables>, report: &mut Report) {
    let new = |key, update: ServerUpdate| commit(tables, |change| change.server_new(key, &update));
    let plain = ServerUpdate::default();
    report.accepted("server", new(server(1, 0), plain));
    report.accepted("one port of the same machine", new(server(1, 8001), plain));
    report.refused(
        "duplicate server",
        new(server(1, 0), plain),
        Kind::Exists,
        "10.0.0.1 exists",
    );
    let heavy = ServerUpdate {
        weight: Some(65_536),
        ..plain
    };
    report.refused(
        "weight",
        new(server(2, 0), heavy),
        Kind::Range,
        "weight must be 0..=65535",
    );
    let own = ServerUpdate {
        backup: Some(Some(server(2, 0))),
        ..plain
    };
    report.refused(
        "own backup",
        new(server(2, 0), own),
        Kind::Invalid,
        "its own backup",
    );
    let missing = ServerUpdate {
        backup: Some(Some(server(9, 0))),
        ..plain
    };
    report.refused(
        "no such backup",
        new(server(2, 0), missing),
        Kind::NotFound,
        "10.0.0.9",
    );
    let mixed = ServerUpdate {
        backup: Some(Some(super::ServerKey {
            addr: v6(1),
            ..server(9, 0)
        })),
        ..plain
    };
    report.refused(
        "mixed backup",
        new(server(2, 0), mixed),
        Kind::Invalid,
        "other address family",
    );
    let del = commit(tables, |change| change.server_del(server(9, 0), Fate::Keep));
    report.refused(
        "no such server",
        del,
        Kind::NotFound,
        "10.0.0.9 is not defined",
    );
}

#[inline(never)]
fn bindings(tables: &Arc<Tables>, report: &mut Report) {
    let plain = BindingUpdate::default();
    let bind =
        |key, update: &BindingUpdate| commit(tables, |change| change.binding_new(key, update));
    let (one, port) = (server(1, 0), server(1, 8001));
    report.accepted("binding", bind(bound(web(1), port, 0), &plain));
    let again = bind(bound(web(1), port, 8001), &plain);
    report.refused(
        "bound twice, by its own port",
        again,
        Kind::Exists,
        "bound already",
    );
    report.accepted(
        "another port of the machine",
        bind(bound(web(1), one, 8080), &plain),
    );
    report.accepted("and another", bind(bound(web(1), one, 8081), &plain));
    let wrong = bind(bound(web(1), port, 9000), &plain);
    report.refused(
        "port of a server of one port",
        wrong,
        Kind::Invalid,
        "port of its own",
    );
    let missing = bind(bound(web(1), server(9, 0), 0), &plain);
    report.refused(
        "undefined server",
        missing,
        Kind::NotFound,
        "10.0.0.9 is not defined",
    );
    let missing = bind(bound(web(9), one, 0), &plain);
    report.refused(
        "undefined service",
        missing,
        Kind::NotFound,
        "203.0.113.9:80/tcp",
    );
    let range = service(1, Proto::TCP, 8100, 8200);
    let map = |last| BindingUpdate {
        port_last: Some(last),
        ..plain
    };
    let short = bind(bound(range, one, 9000), &map(9050));
    report.refused(
        "ranges of different length",
        short,
        Kind::Range,
        "51 server ports for 101",
    );
    report.accepted(
        "ranges of one length",
        bind(bound(range, one, 9000), &map(9100)),
    );
    let mixed = super::ServerKey { addr: v6(1), ..one };
    let _ = commit(tables, |change| {
        change.server_new(mixed, &ServerUpdate::default())
    });
    let families = bind(bound(web(1), mixed, 0), &plain);
    report.refused(
        "mixed families",
        families,
        Kind::Invalid,
        "IPv4 service cannot have an IPv6",
    );
    let loop_back = super::ServerKey {
        addr: web(1).addr,
        ..one
    };
    let _ = commit(tables, |change| {
        change.server_new(loop_back, &ServerUpdate::default())
    });
    let around = bind(bound(web(1), loop_back, 8080), &plain);
    report.refused("loop", around, Kind::Invalid, "loop");
    let snat = |first, last, ports| BindingUpdate {
        snat: Some(Snat::Pool { first, last, ports }),
        ..plain
    };
    let ports = PortRange {
        first: 1024,
        last: 65535,
    };
    let pool = bind(bound(range, port, 0), &snat(v6(1), v6(2), ports));
    report.refused(
        "snat of the other family",
        pool,
        Kind::Invalid,
        "another address family",
    );
    let pool = bind(
        bound(range, port, 0),
        &snat(v4(10, 1, 0, 9), v4(10, 1, 0, 1), ports),
    );
    report.refused("backward pool", pool, Kind::Invalid, "below the first");
    let del = commit(tables, |change| change.server_del(port, Fate::Keep));
    report.refused("bound server", del, Kind::Busy, "is bound to 1");
    let del = commit(tables, |change| change.service_del(web(1), Fate::Keep));
    report.refused("service in use", del, Kind::Busy, "3 servers bound");
    let which = commit(tables, |change| {
        change.binding_del(web(1), one, None, Fate::Keep)
    });
    report.refused("one of two bindings", which, Kind::Busy, "say which");
    let del = commit(tables, |change| {
        change.binding_del(web(1), port, None, Fate::Keep)?;
        change.binding_del(web(1), one, Some(8080), Fate::Keep)?;
        change.binding_del(web(1), one, Some(8081), Fate::Keep)?;
        change.service_del(web(1), Fate::Keep)?;
        change.server_del(port, Fate::Keep)
    });
    report.accepted("all of them, then service and server", del);
    let config = tables.config.get();
    let is_right = config.binding_count() == 1 && config.bound(&one) == 1;
    report.check("counts of bindings", is_right);
}

#[inline(never)]
fn backups(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let with = |key| ServerUpdate {
        backup: Some(Some(key)),
        ..ServerUpdate::default()
    };
    let made = commit(tables, |change| {
        change.server_new(server(1, 0), &with(server(2, 0)))?;
        change.server_new(server(2, 0), &with(server(3, 0)))?;
        change.server_new(server(3, 0), &ServerUpdate::default())
    });
    report.accepted("backups named before they are defined", made);
    let around = commit(tables, |change| {
        change.server_set(server(3, 0), &with(server(1, 0)), Fate::Keep)
    });
    report.refused("loop of backups", around, Kind::Invalid, "loop");
    let del = commit(tables, |change| change.server_del(server(3, 0), Fate::Keep));
    report.refused(
        "server that is a backup",
        del,
        Kind::Busy,
        "is the backup of 10.0.0.2",
    );
    let long = commit(tables, |change| {
        for host in 3..20 {
            let update = with(server(host + 1, 0));
            match host {
                3 => change.server_set(server(3, 0), &update, Fate::Keep)?,
                _ => change.server_new(server(host, 0), &update)?,
            }
        }
        change.server_new(server(20, 0), &ServerUpdate::default())
    });
    report.refused(
        "chain of backups",
        long,
        Kind::Invalid,
        "more than 8 backups",
    );
    let spare = ServiceUpdate {
        backup: Some(Some(web(2))),
        ..PLAIN
    };
    let made = commit(tables, |change| {
        change.service_new(web(1), &spare)?;
        change.service_new(web(2), &PLAIN)
    });
    report.accepted("service with a backup", made);
    let del = commit(tables, |change| change.service_del(web(2), Fate::Keep));
    report.refused(
        "service that is a backup",
        del,
        Kind::Busy,
        "backup of 203.0.113.1:80/tcp",
    );
}

#[inline(never)]
fn ports(tables: &Arc<Tables>, report: &mut Report) {
    let name = PortName::new(b"test0");
    let client = PortUpdate {
        side: Some(Side::Client),
        ..PortUpdate::default()
    };
    let new = commit(tables, |change| change.port_new(77, name, &client));
    report.accepted("port", new);
    let again = commit(tables, |change| change.port_new(77, name, &client));
    report.refused("duplicate port", again, Kind::Exists, "port test0 exists");
    let renamed = commit(tables, |change| {
        change.port_rename(77, PortName::new(b"test1"))
    });
    report.accepted("rename", renamed);
    let config = tables.config.get();
    let is_right = config
        .port_named(b"test1")
        .is_some_and(|port| port.settings.side == Side::Client && port.ifindex == 77);
    report.check("renamed port keeps its settings", is_right);
    let twice = commit(tables, |change| {
        change.port_del(77, name)?;
        change.port_new(77, name, &PortUpdate::default())?;
        change.port_del(77, name)
    });
    report.accepted("removed, made and removed", twice);
    report.check("no port left", tables.config.get().port_count() == 0);
}
