// SPDX-License-Identifier: GPL-2.0

//! Which server a new flow gets: schedulers, failures, backups, limits.

use core::sync::atomic::Ordering::Relaxed;

use kernel::sync::{rcu, Arc};

use super::{commit, serve, server, web, wipe, Report, Tables};
use crate::domain::{addr::V4, sched::Scheduler};
use crate::kern::time;
use crate::table::{
    config::{AdminState, Fate, ServiceKey},
    schedule::{condition, pick, Means, Opening, Refusal},
    Condition, ServerUpdate, ServiceUpdate,
};

/// Which host a client gets, and how.
fn ask(
    tables: &Tables,
    key: ServiceKey,
    client: u32,
    is_dry_run: bool,
) -> Result<(u8, u16, Means), Refusal> {
    let guard = rcu::read_lock();
    let config = tables.config.load(&guard);
    let service = config.service(&key).ok_or(Refusal::NoServer)?;
    let opening = Opening {
        client: V4(client.to_be_bytes()),
        client_port: client as u16,
        port: key.port,
    };
    let choice = pick(tables, config, service, &opening, is_dry_run, &guard)?;
    let host = choice.server.key.addr.as_bytes().last().copied();
    Ok((host.unwrap_or(0), choice.port, choice.means))
}

/// How often each of the hosts 1 to 4 is chosen by 1000 clients.
fn tally(tables: &Tables, key: ServiceKey) -> [u32; 5] {
    let mut counts = [0; 5];
    for client in 0..1000 {
        if let Ok((host, ..)) = ask(tables, key, client, false) {
            if let Some(count) = counts.get_mut(usize::from(host)) {
                *count += 1;
            }
        }
    }
    counts
}

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let by = |scheduler| ServiceUpdate {
        scheduler: Some(scheduler),
        backup: Some(Some(web(2))),
        ..ServiceUpdate::default()
    };
    let servers = [server(1, 0), server(2, 0), server(3, 8003)];
    let made = commit(tables, |change| {
        serve(change, web(1), &by(Scheduler::RoundRobin), &servers)?;
        serve(
            change,
            web(2),
            &ServiceUpdate::default(),
            &[server(4, 8004)],
        )
    });
    report.accepted("services to schedule", made);
    let key = web(1);
    report.check("rr", tally(tables, key) == [0, 334, 333, 333, 0]);
    let dry = ask(tables, key, 1, true);
    report.check("dry run moves nothing", dry == ask(tables, key, 1, true));
    report.check("dry run is what follows", dry == ask(tables, key, 1, false));
    let ports = (0..3).filter_map(|client| ask(tables, key, client, false).ok());
    let mapped = ports.filter(|(host, port, _)| (*host == 3) == (*port == 8003));
    report.check("mapped ports", mapped.count() == 3);

    let set = |host, update: ServerUpdate| {
        let _ = commit(tables, |change| {
            change.server_set(server(host, 0), &update, Fate::Keep)
        });
    };
    let state = |state| ServerUpdate {
        state: Some(state),
        ..ServerUpdate::default()
    };
    let weight = ServerUpdate {
        weight: Some(3),
        ..ServerUpdate::default()
    };
    set(1, weight);
    let scheduler = |scheduler| {
        let _ = commit(tables, |change| change.service_set(key, &by(scheduler)));
    };
    scheduler(Scheduler::WeightedRoundRobin);
    report.check("wrr", tally(tables, key) == [0, 600, 200, 200, 0]);
    scheduler(Scheduler::Maglev);
    let [_, a, b, c, _] = tally(tables, key);
    let is_fair = (500..700).contains(&a) && (120..280).contains(&b) && (120..280).contains(&c);
    report.check("maglev shares", is_fair);
    scheduler(Scheduler::SourceHash);
    let [_, a, b, c, _] = tally(tables, key);
    report.check("source hash reaches all", a > b && b > 0 && c > 0);
    let same = ask(tables, key, 5, false) == ask(tables, key, 5, false);
    report.check("source hash is constant", same);

    scheduler(Scheduler::RoundRobin);
    set(1, state(AdminState::Drain));
    report.check(
        "draining server gets none",
        tally(tables, key) == [0, 0, 500, 500, 0],
    );
    let spare = ServerUpdate {
        backup: Some(Some(server(4, 8004))),
        state: Some(AdminState::Down),
        ..ServerUpdate::default()
    };
    set(1, spare);
    let counts = tally(tables, key);
    report.check("backup takes the flows of a server that is down", {
        counts[1] == 0 && counts[4] >= 333
    });
    set(1, state(AdminState::Up));
    if let Some(server) = tables.config.get().server(&server(1, 0)) {
        for _ in 0..8 {
            // As of now, or the next tick would find the hold time over.
            tables.ditched(server, time::seconds());
        }
        let is_failed = server.runtime.health.is_failed();
        report.check("eight ditched openings fail a server", is_failed);
    }
    let counts = tally(tables, key);
    report.check("backup takes the flows of a failed server", {
        counts[1] == 0 && counts[4] >= 333
    });
    set(1, state(AdminState::Up));
    report.check("state up ends a failure", tally(tables, key)[1] >= 333);

    for host in [1, 2] {
        let down = ServerUpdate {
            backup: Some(None),
            ..state(AdminState::Down)
        };
        set(host, down);
    }
    let down = state(AdminState::Down);
    let third = server(3, 8003);
    let _ = commit(tables, |change| change.server_set(third, &down, Fate::Keep));
    let spare = ask(tables, key, 1, false);
    report.check(
        "backup of the service",
        spare == Ok((4, 8004, Means::ServiceBackup)),
    );
    let fourth = server(4, 8004);
    let limit = ServerUpdate {
        limit: Some(1),
        ..ServerUpdate::default()
    };
    let _ = commit(tables, |change| {
        change.server_set(fourth, &limit, Fate::Keep)
    });
    let config = tables.config.get();
    if let Some(server) = config.server(&fourth) {
        server.runtime.flows.fetch_add(1, Relaxed);
        let full = ask(tables, key, 1, false);
        report.check("limit", full == Err(Refusal::ServerLimit));
        server.runtime.flows.fetch_sub(1, Relaxed);
    }
    let _ = commit(tables, |change| {
        change.server_set(fourth, &down, Fate::Keep)
    });
    report.check(
        "none left",
        ask(tables, key, 1, false) == Err(Refusal::NoServer),
    );
    let config = tables.config.get();
    let failed = config
        .service(&key)
        .map(|service| condition(&config, service));
    report.check(
        "condition of the service",
        failed == Some(Condition::Failed),
    );
    wipe(tables);
}
