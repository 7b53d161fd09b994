// SPDX-License-Identifier: GPL-2.0

//! Flows: opened, found by both directions, followed, unique, limited, ended.

use kernel::sync::{rcu, Arc};

use super::{commit, serve, server, web, wipe, Report, Tables};
use crate::domain::{
    addr::{PortRange, Proto, V4},
    flow::{tcp, Event, Side, State},
    packet::{
        tcp::{Flags, Segment},
        L4, //
    },
    sched::Scheduler,
};
use crate::kern::time;
use crate::table::{
    config::{Fate, ServiceKey, PUBLIC},
    flow::{state_bit, FilterEnd, FlowFilter, Goal, NewFlow, OpenError, Pool, Source},
    schedule::{pick, Opening},
    ServerUpdate, ServiceUpdate,
};

const CLIENT: V4 = V4([198, 51, 100, 1]);

fn segment(flags: Flags, seq: u32, ack: u32) -> Segment {
    Segment {
        flags,
        seq,
        ack,
        len: 0,
    }
}

fn info(flags: Flags, seq: u32, ack: u32) -> L4 {
    L4::Tcp {
        segment: segment(flags, seq, ack),
        window: 0,
        header_len: 20,
    }
}

/// A source port that a socket of the gateway has.
const HELD: u16 = 7000;

const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
const RST_ACK: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

/// Opens a flow of the client's `port` as the packet path does.
fn open(
    tables: &Tables,
    key: ServiceKey,
    port: u16,
    source: Source<V4>,
) -> Result<(V4, u16), OpenError> {
    let guard = rcu::read_lock();
    let config = tables.config.load(&guard);
    let service = config.service(&key).ok_or(OpenError::NoPort)?;
    let opening = Opening {
        client: CLIENT,
        client_port: port,
        port: key.port,
    };
    let choice = pick(tables, config, service, &opening, false, &guard)
        .map_err(|_| OpenError::ServerFull)?;
    let new = NewFlow {
        customer: PUBLIC,
        proto: Proto::TCP,
        client: (CLIENT, port),
        virtual_end: virtual_end(key),
        goal: Goal::Server(choice),
        source,
        is_held: &|(_, port), _| port == HELD,
        track: tcp::open(&segment(Flags::SYN, 100, 0)),
    };
    let flow = tables.flows4.open(tables, new, time::seconds(), &guard)?;
    Ok(flow.source())
}

fn virtual_end(key: ServiceKey) -> (V4, u16) {
    let addr = crate::domain::addr::Ip::from_addr(key.addr);
    (addr.unwrap_or_default(), key.port)
}

/// Follows a packet of the client's `port`, if there is its flow.
fn step(tables: &Tables, port: u16, side: Side, info: &L4) -> Option<(Event, State)> {
    let guard = rcu::read_lock();
    let now = time::seconds();
    let client = (CLIENT, port);
    let (src, dst) = match side {
        Side::Client => (client, virtual_end(web(1))),
        Side::Server => ((V4([10, 0, 0, 1]), 80), client),
    };
    let (flow, from) = tables
        .flows4
        .find(PUBLIC, Proto::TCP, src, dst, now, &guard)?;
    if from != side {
        return None;
    }
    let event = tables.flows4.step(tables, &flow, side, info, now);
    Some((event, flow.state()))
}

fn alive(tables: &Tables) -> u32 {
    tables
        .config
        .get()
        .server(&server(1, 0))
        .map_or(0, |server| server.flows())
}

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let made = commit(tables, |change| {
        let rr = ServiceUpdate {
            scheduler: Some(Scheduler::RoundRobin),
            ..ServiceUpdate::default()
        };
        serve(change, web(1), &rr, &[server(1, 0)])?;
        serve(change, web(2), &rr, &[server(1, 0)])
    });
    report.accepted("services for flows", made);
    life(tables, report);
    health(tables, report);
    unique(tables, report);
    limits(tables, report);
    let all = FlowFilter::default();
    let _ = tables.reset_flows(&all);
    report.check("no flow is left alive", alive(tables) == 0);
    wipe(tables);
    let _ = tables.flows4.clear();
    report.check("table is empty", tables.flows4.len() == 0);
}

#[inline(never)]
fn life(tables: &Arc<Tables>, report: &mut Report) {
    let opened = open(tables, web(1), 1000, Source::Client);
    report.check(
        "opened with the client's own source",
        opened == Ok((CLIENT, 1000)),
    );
    let again = open(tables, web(1), 1000, Source::Client);
    report.check("opened once only", again == Err(OpenError::Exists));
    let repeated = step(tables, 1000, Side::Client, &info(Flags::SYN, 100, 0));
    report.check(
        "repeated opening",
        repeated == Some((Event::Repeated, State::Syn)),
    );
    let answer = step(tables, 1000, Side::Server, &info(SYN_ACK, 500, 101));
    report.check("answer", answer == Some((Event::Answered, State::SynAck)));
    let done = step(tables, 1000, Side::Client, &info(Flags::ACK, 101, 501));
    report.check(
        "established",
        done == Some((Event::Established, State::Established)),
    );
    let forged = step(tables, 1000, Side::Client, &info(Flags::RST, 90, 0));
    report.check(
        "forged reset",
        forged == Some((Event::Doubtful, State::Established)),
    );
    report.check("counted at the server", alive(tables) == 1);
    let reset = step(tables, 1000, Side::Client, &info(Flags::RST, 101, 0));
    report.check("reset", reset == Some((Event::Reset, State::ResetByClient)));
    report.check("not counted any more", alive(tables) == 0);
    let reopen = step(tables, 1000, Side::Client, &info(Flags::SYN, 9000, 0));
    report.check(
        "port used again",
        reopen == Some((Event::Reopen, State::ResetByClient)),
    );
    let client = FlowFilter {
        client: FilterEnd {
            addr: Some(crate::domain::addr::Addr::V4([198, 51, 100, 0])),
            prefix: Some(24),
            port: Some(999),
            port_last: Some(1000),
        },
        states: Some(state_bit(State::Closed) | state_bit(State::ResetByClient)),
        ..FlowFilter::default()
    };
    report.check("filter", tables.count_flows(&client) == 1);
    let mut other = client;
    other.client.port_last = None;
    report.check("filter of another port", tables.count_flows(&other) == 0);
    let guard = rcu::read_lock();
    let ends = ((CLIENT, 1000), virtual_end(web(1)));
    let now = time::seconds();
    if let Some((flow, _)) = tables
        .flows4
        .find(PUBLIC, Proto::TCP, ends.0, ends.1, now, &guard)
    {
        let (first, second) = (tables.flows4.retire(&flow), tables.flows4.retire(&flow));
        report.check("retired once", first && !second);
    }
    let found = tables
        .flows4
        .find(PUBLIC, Proto::TCP, ends.0, ends.1, now, &guard);
    report.check("not found any more", found.is_none());
    drop(guard);
    let fresh = open(tables, web(1), 1000, Source::Client);
    report.check("opened in its place", fresh.is_ok());
    let far = time::seconds().saturating_add(10_000);
    let guard = rcu::read_lock();
    let late = tables
        .flows4
        .find(PUBLIC, Proto::TCP, ends.0, ends.1, far, &guard);
    report.check("not found when its time has run out", late.is_none());
    drop(guard);
    let ended = tables.reset_flows(&FlowFilter::default());
    let state = step(tables, 1000, Side::Client, &info(Flags::ACK, 1, 1));
    report.check(
        "ended by the operator",
        ended == 1 && state.is_some_and(|s| s.1 == State::Reset),
    );
    let _ = tables.flows4.clear();
}

#[inline(never)]
fn health(tables: &Arc<Tables>, report: &mut Report) {
    let three = ServerUpdate {
        threshold: Some(3),
        ..ServerUpdate::default()
    };
    let key = server(1, 0);
    let _ = commit(tables, |change| change.server_set(key, &three, Fate::Keep));
    let is_failed = || {
        let config = tables.config.get();
        config
            .server(&key)
            .is_some_and(|server| server.runtime.health.is_failed())
    };
    let refuse = |port| {
        let _ = open(tables, web(1), port, Source::Client);
        step(tables, port, Side::Server, &info(RST_ACK, 0, 101))
    };
    let refused = Some((Event::Refused, State::ResetByServer));
    report.check("refused opening", refuse(2000) == refused);
    let _ = refuse(2001);
    let _ = open(tables, web(1), 2002, Source::Client);
    let _ = step(tables, 2002, Side::Server, &info(SYN_ACK, 1, 101));
    let _ = refuse(2003);
    let _ = refuse(2004);
    report.check("an answer ends the run", !is_failed());
    let _ = open(tables, web(1), 2005, Source::Client);
    for _ in 0..2 {
        let _ = step(tables, 2005, Side::Client, &info(Flags::SYN, 100, 0));
    }
    report.check("two repetitions are not ditched", !is_failed());
    let third = step(tables, 2005, Side::Client, &info(Flags::SYN, 100, 0));
    let is_repeated = third == Some((Event::Repeated, State::Syn));
    report.check(
        "the third one is, and the third in a row fails",
        is_repeated && is_failed(),
    );
    let up = ServerUpdate {
        state: Some(crate::table::AdminState::Up),
        threshold: Some(8),
        ..ServerUpdate::default()
    };
    let _ = commit(tables, |change| change.server_set(key, &up, Fate::Keep));
    report.check("up again by command", !is_failed());
    let _ = tables.flows4.clear();
}

#[inline(never)]
fn unique(tables: &Arc<Tables>, report: &mut Report) {
    let first = open(tables, web(1), 3000, Source::Client);
    let second = open(tables, web(2), 3000, Source::Client);
    report.check(
        "reply of two services",
        first.is_ok() && second == Err(OpenError::Clash),
    );
    let pool = Source::Pool(Pool {
        first: V4([10, 9, 0, 1]),
        last: V4([10, 9, 0, 2]),
        ports: PortRange {
            first: 5000,
            last: 5003,
        },
        avoid: None,
    });
    let mut taken = [[false; 4]; 2];
    for port in 4000..4008 {
        if let Ok((V4([10, 9, 0, host @ 1..=2]), source @ 5000..=5003)) =
            open(tables, web(1), port, pool)
        {
            taken[usize::from(host - 1)][usize::from(source - 5000)] = true;
        }
    }
    report.check(
        "pool is used up without a collision",
        taken == [[true; 4]; 2],
    );
    let none = open(tables, web(1), 4008, pool);
    report.check("pool is exhausted", none == Err(OpenError::NoPort));
    let other = open(tables, web(1), 4000, pool);
    report.check(
        "flow of a pool that exists",
        other == Err(OpenError::Exists) || { other == Err(OpenError::NoPort) },
    );
    report.check("refused flows are not counted", alive(tables) == 9);
    let around = Source::Pool(Pool {
        first: V4([10, 9, 0, 3]),
        last: V4([10, 9, 0, 3]),
        ports: PortRange {
            first: HELD - 1,
            last: HELD + 1,
        },
        avoid: None,
    });
    let got = [5000, 5001, 5002].map(|port| open(tables, web(1), port, around));
    let is_kept = |end: &core::result::Result<_, _>| matches!(end, Ok((_, port)) if *port != HELD);
    report.check(
        "a port that a socket holds is left alone",
        is_kept(&got[0]) && is_kept(&got[1]) && got[2] == Err(OpenError::NoPort),
    );
    let _ = tables.flows4.clear();
}

#[inline(never)]
fn limits(tables: &Arc<Tables>, report: &mut Report) {
    let _ = commit(tables, |change| change.settings_set(Some(2), None));
    let open = |port| open(tables, web(1), port, Source::Client);
    let (first, second, third) = (open(1), open(2), open(3));
    report.check("as many as may", first.is_ok() && second.is_ok());
    report.check("and no more", third == Err(OpenError::Full));
    let _ = step(tables, 1, Side::Server, &info(RST_ACK, 0, 101));
    report.check("one that is over makes room", open(3).is_ok());
    let _ = commit(tables, |change| change.settings_set(Some(1 << 20), None));
    let limit = ServerUpdate {
        limit: Some(3),
        ..ServerUpdate::default()
    };
    let _ = commit(tables, |change| {
        change.server_set(server(1, 0), &limit, Fate::Keep)
    });
    report.check(
        "server's limit",
        open(4).is_ok() && open(5) == Err(OpenError::ServerFull),
    );
    let none = ServerUpdate {
        limit: Some(0),
        ..ServerUpdate::default()
    };
    let ended = commit(tables, |change| {
        change.server_set(server(1, 0), &none, Fate::Reset)
    });
    report.check(
        "flows ended with a change",
        ended.is_ok() && alive(tables) == 0,
    );
    let _ = tables.flows4.clear();
}
