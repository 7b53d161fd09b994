// SPDX-License-Identifier: GPL-2.0

//! Tunnels and the routes of customers: what finds them, what refuses them, and many of them.

use kernel::{prelude::*, sync::Arc};

use super::{
    commit,
    scale::{is_local, timed, IS_LOCAL},
    v4, v6, wipe, Report, Tables,
};
use crate::domain::addr::Addr;
use crate::domain::encap::{
    build::{Df, Outer},
    Cookie, End, Format, Kind, WireKey,
};
use crate::table::{
    change,
    config::{
        PortName, Prefix, RouteKey, Target, TunnelBounds, TunnelName, TunnelSettings, PUBLIC,
    },
    Change, CustomerName, CustomerUpdate, Guard, Kind as Refusal, PortUpdate, Rates,
};

/// The customer of these tests.
const ACME: u32 = 1;

/// Tunnels and routes to be made at once.
const MANY: u32 = 100_000;

/// The name of one of these tests' tunnels.
fn name(number: u32) -> Option<TunnelName> {
    let mut text = [b't'; 9];
    for (digit, byte) in text.iter_mut().rev().take(8).enumerate() {
        let value = (number >> (4 * digit)) as u8 & 15;
        *byte = if value < 10 {
            b'0' + value
        } else {
            b'a' + value - 10
        };
    }
    TunnelName::new(&text)
}

/// VLANs that a port can have, 1 to this.
const VLANS: u32 = 4094;

/// A VLAN in a service VLAN on a port.
fn circuit(number: u32, ifindex: u32, port: PortName) -> TunnelSettings {
    let key = Some((1 + number % VLANS) << 16 | (1 + number / VLANS));
    let settings = settings(Kind::Qinq, 0, key);
    TunnelSettings {
        wire: WireKey {
            end: End::Link(ifindex),
            ..settings.wire
        },
        outer: Outer {
            local: v4(0, 0, 0, 0),
            remote: v4(0, 0, 0, 0),
            ..settings.outer
        },
        port,
        ..settings
    }
}

/// A tunnel to 198.51.100.`host` with this key.
fn settings(kind: Kind, host: u8, key: Option<u32>) -> TunnelSettings {
    let (local, remote) = (v4(192, 0, 2, 1), v4(198, 51, 100, host));
    let port = kind.default_port();
    TunnelSettings {
        customer: ACME,
        wire: WireKey {
            kind,
            key,
            end: End::Path {
                local,
                remote: Some(remote),
                port,
            },
        },
        outer: Outer {
            format: Format::new(kind, key),
            local,
            remote,
            sport: 0,
            dport: port,
            ttl: 0,
            dscp: None,
            df: Df::Inherit,
            macs: ([2; 6], [2; 6]),
        },
        cookie: Cookie::None,
        has_checksum: false,
        is_secure: false,
        is_clear: false,
        guard: None,
        device: PortName::default(),
        mtu: 0,
        rate_in: Rates::default(),
        to: None,
        port: PortName::default(),
    }
}

fn new(change: &mut Change, number: u32, settings: TunnelSettings) -> change::Result<u32> {
    // None are made if there are no names, which the tests notice.
    name(number).map_or(Ok(0), |name| {
        change.tunnel_new(name, settings, TunnelBounds::none())
    })
}

/// The number of a tunnel; 0, which none has, if it is not there.
fn numbered(change: &Change, number: u32) -> u32 {
    name(number)
        .and_then(|name| change.tunnel_id(&name))
        .unwrap_or(0)
}

fn prefix(addr: Addr, len: u8) -> RouteKey {
    RouteKey {
        customer: ACME,
        prefix: Prefix { addr, len },
        from: None,
    }
}

#[inline(never)]
fn customer(tables: &Arc<Tables>, report: &mut Report) {
    wipe(tables);
    let acme = CustomerName::new(b"acme");
    let made = commit(tables, |change| match acme {
        Some(acme) => change.customer_new(Some(ACME), acme, &CustomerUpdate::default()),
        None => Ok(()),
    });
    report.accepted("a customer", made);
}

#[inline(never)]
pub(super) fn run(tables: &Arc<Tables>, report: &mut Report) {
    tunnels(tables, report);
    routes(tables, report);
    lines(tables, report);
    guards(tables, report);
    many(tables, report);
    many_circuits(tables, report);
    wipe(tables);
}

#[inline(never)]
fn tunnels(tables: &Arc<Tables>, report: &mut Report) {
    customer(tables, report);
    let (gre, plain) = (
        settings(Kind::Gre, 7, Some(7)),
        settings(Kind::Gre, 7, None),
    );
    let made = commit(tables, |change| {
        new(change, 1, gre)?;
        new(change, 2, plain)?;
        let mut any = settings(Kind::Vxlan, 9, Some(5));
        if let End::Path { remote, .. } = &mut any.wire.end {
            *remote = None;
        }
        new(change, 3, any).map(drop)
    });
    report.accepted("tunnels", made);
    let config = tables.config.get();
    let found = |wire: &WireKey| config.tunnel(wire).map(|tunnel| tunnel.id);
    let foreign = settings(Kind::Gre, 8, Some(7)).wire;
    let from = settings(Kind::Vxlan, 77, Some(5)).wire;
    report.check(
        "a key and none differ",
        found(&gre.wire).is_some()
            && found(&plain.wire).is_some()
            && found(&gre.wire) != found(&plain.wire),
    );
    report.check("another sender has no tunnel", found(&foreign).is_none());
    report.check("one takes packets from anywhere", found(&from).is_some());
    report.check(
        "ends and ports are known",
        config.is_tunnel_end(v4(192, 0, 2, 1))
            && !config.is_tunnel_end(v4(198, 51, 100, 7))
            && config.tunnels_at_port(4789) == Some(Kind::Vxlan)
            && config.tunnels_at_port(0).is_none(),
    );
    let refuse = |change: &mut Change, settings| new(change, 9, settings).map(drop);
    let taken = commit(tables, |change| refuse(change, gre));
    report.refused("a key that is taken", taken, Refusal::Exists, "t00000001");
    let wide = settings(Kind::Vxlan, 1, Some(1 << 24));
    let refused = commit(tables, |change| refuse(change, wide));
    report.refused("a key too wide", refused, Refusal::Invalid, "vni");
    let mut geneve = settings(Kind::Geneve, 1, Some(1));
    if let End::Path { port, .. } = &mut geneve.wire.end {
        *port = 4789;
    }
    let refused = commit(tables, |change| refuse(change, geneve));
    report.refused("a port of another type", refused, Refusal::Exists, "vxlan");
    let mut mixed = gre;
    mixed.outer.remote = v6(1);
    let refused = commit(tables, |change| refuse(change, mixed));
    report.refused(
        "ends of two families",
        refused,
        Refusal::Invalid,
        "families",
    );
    let moved = commit(tables, |change| {
        let one = numbered(change, 1);
        change.tunnel_set(one, settings(Kind::Gre, 7, Some(8)), TunnelBounds::none())?;
        new(change, 4, gre).map(drop)
    });
    report.accepted("a key passes from one to another", moved);
}

#[inline(never)]
fn routes(tables: &Arc<Tables>, report: &mut Report) {
    customer(tables, report);
    let (wide, narrow) = (prefix(v4(10, 0, 0, 0), 8), prefix(v4(10, 1, 0, 0), 16));
    let six = prefix(v6(0), 64);
    let made = commit(tables, |change| {
        let one = new(change, 1, settings(Kind::Gre, 7, Some(1)))?;
        let two = new(change, 2, settings(Kind::Gre, 7, Some(2)))?;
        change.route_new(wide, Target::Tunnel(one))?;
        change.route_new(six, Target::Unreachable)?;
        change.route_new(narrow, Target::Tunnel(two))
    });
    report.accepted("routes", made);
    let config = tables.config.get();
    let way = |addr| config.route(ACME, addr, None).map(|route| route.key);
    report.check(
        "the longest prefix counts",
        way(v4(10, 1, 2, 3)) == Some(narrow)
            && way(v4(10, 2, 2, 3)) == Some(wide)
            && way(v6(9)) == Some(six)
            && way(v4(11, 0, 0, 1)).is_none()
            && config.route(2, v4(10, 1, 2, 3), None).is_none(),
    );
    let from = |key: RouteKey, addr, len| RouteKey {
        from: Some(Prefix { addr, len }),
        ..key
    };
    let sales = from(narrow, v4(172, 16, 0, 0), 16);
    let made = commit(tables, |change| change.route_new(sales, Target::Blackhole));
    report.accepted("a route for some sources", made);
    let config = tables.config.get();
    let way = |to, src| config.route(ACME, to, Some(src)).map(|route| route.key);
    report.check(
        "the longest prefix of the source counts among equal ones of the destination",
        way(v4(10, 1, 2, 3), v4(172, 16, 9, 9)) == Some(sales)
            && way(v4(10, 1, 2, 3), v4(172, 17, 9, 9)) == Some(narrow)
            && way(v4(10, 2, 2, 3), v4(172, 16, 9, 9)) == Some(wide),
    );
    let gone = commit(tables, |change| change.route_del(narrow));
    report.accepted("the route for all others goes", gone);
    let config = tables.config.get();
    let way = |src| {
        config
            .route(ACME, v4(10, 1, 2, 3), Some(src))
            .map(|route| route.key)
    };
    report.check(
        "for other sources the next longest counts",
        way(v4(172, 16, 9, 9)) == Some(sales) && way(v4(172, 17, 9, 9)) == Some(wide),
    );
    let back = commit(tables, |change| {
        let two = numbered(change, 2);
        change.route_del(sales)?;
        change.route_new(narrow, Target::Tunnel(two))
    });
    report.accepted("as before", back);
    let bits = from(narrow, v4(172, 16, 0, 1), 16);
    let refused = commit(tables, |change| change.route_new(bits, Target::Blackhole));
    report.refused(
        "bits behind the length of the source",
        refused,
        Refusal::Invalid,
        "bits",
    );
    let mixed = from(narrow, v6(0), 64);
    let refused = commit(tables, |change| change.route_new(mixed, Target::Blackhole));
    report.refused(
        "a source of the other family",
        refused,
        Refusal::Invalid,
        "family",
    );
    let again = commit(tables, |change| change.route_new(wide, Target::Blackhole));
    report.refused("a route twice", again, Refusal::Exists, "10.0.0.0/8");
    let bits = prefix(v4(10, 0, 0, 1), 8);
    let refused = commit(tables, |change| change.route_new(bits, Target::Blackhole));
    report.refused("bits behind the length", refused, Refusal::Invalid, "bits");
    let del = |change: &mut Change| {
        let two = numbered(change, 2);
        change.tunnel_del(two)
    };
    let busy = commit(tables, del);
    report.refused(
        "a tunnel that a route leads to",
        busy,
        Refusal::Busy,
        "10.1.0.0/16",
    );
    let gone = commit(tables, |change| {
        change.route_del(narrow)?;
        del(change)
    });
    report.accepted("both at once", gone);
    let config = tables.config.get();
    let now = config
        .route(ACME, v4(10, 1, 2, 3), None)
        .map(|route| route.key);
    report.check("the next longest counts", now == Some(wide));
    let busy = commit(tables, |change| change.customer_del(ACME));
    report.refused("a customer with tunnels", busy, Refusal::Busy, "tunnels");
}

#[inline(never)]
fn lines(tables: &Arc<Tables>, report: &mut Report) {
    customer(tables, report);
    let (ifindex, name) = (77, PortName::new(b"test0"));
    let of = |customer| PortUpdate {
        customer: Some(customer),
        ..PortUpdate::default()
    };
    let far = prefix(v4(10, 3, 0, 0), 16);
    let by = |gateway| Target::Port { ifindex, gateway };
    let none = commit(tables, |change| change.route_new(far, by(None)));
    report.refused("a route by no port", none, Refusal::NotFound, "no port");
    let made = commit(tables, |change| {
        change.port_new(ifindex, name, &of(ACME))?;
        change.route_new(prefix(v4(10, 4, 0, 0), 16), by(None))?;
        change.route_new(far, by(Some(v4(10, 4, 0, 1))))
    });
    report.accepted("routes by a port", made);
    let mixed = commit(tables, |change| change.route_replace(far, by(Some(v6(1)))));
    report.refused("a gateway", mixed, Refusal::Invalid, "family");
    let busy = commit(tables, |change| change.port_del(ifindex, name));
    report.refused(
        "a port with routes",
        busy,
        Refusal::Busy,
        "a port that goes",
    );
    let given = commit(tables, |change| change.port_set(ifindex, name, &of(PUBLIC)));
    report.refused(
        "a port given away",
        given,
        Refusal::Invalid,
        "another customer",
    );
    let gone = commit(tables, |change| change.port_gone(ifindex, name));
    report.accepted("its device goes", gone);
    let config = tables.config.get();
    report.check(
        "the routes with it",
        (config.port_count(), config.route_count()) == (0, 0),
    );
}

/// One of many hosts, of one family and the other.
fn host(number: u32) -> RouteKey {
    let [_, a, b, c] = number.to_be_bytes();
    match number % 2 {
        0 => prefix(v4(10, a, b, c), 32),
        _ => {
            let addr = [0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c];
            prefix(Addr::V6(addr), 128)
        }
    }
}

#[inline(never)]
fn many(tables: &Arc<Tables>, report: &mut Report) {
    customer(tables, report);
    let (made, all) = timed("100,000 tunnels with a route each", || {
        commit(tables, |change| {
            for number in 0..MANY {
                let id = new(change, number, settings(Kind::Gre, 7, Some(number)))?;
                change.route_new(host(number), Target::Tunnel(id))?;
            }
            Ok(())
        })
    });
    report.accepted("100,000 tunnels", made);
    let (one, took) = timed("one more tunnel", || {
        commit(tables, |change| {
            new(change, MANY, settings(Kind::Gre, 7, Some(MANY))).map(drop)
        })
    });
    report.accepted("one more tunnel", one);
    report.check(IS_LOCAL, is_local(took, all));
    let config = tables.config.get();
    let is_found = |number: &u32| {
        let wire = settings(Kind::Gre, 7, Some(*number)).wire;
        let way = config.route(ACME, host(*number).prefix.addr, None);
        match (config.tunnel(&wire), way.map(|route| route.target)) {
            (Some(tunnel), Some(Target::Tunnel(id))) => tunnel.id == id,
            _ => false,
        }
    };
    report.check(
        "all are found",
        config.tunnel_count() == MANY + 1 && (0..MANY).all(|number| is_found(&number)),
    );
}

/// Packets are asked about guards as long as there is one, and no longer.
#[inline(never)]
fn guards(tables: &Arc<Tables>, report: &mut Report) {
    customer(tables, report);
    let has_guards = || tables.config.get().has_guards();
    let (ifindex, port) = (77, PortName::new(b"test0"));
    let guarded = |guard| TunnelSettings {
        guard,
        ..settings(Kind::Gre, 7, Some(7))
    };
    let set = |guard| {
        let is_set = commit(tables, |change| {
            let id = numbered(change, 1);
            change.tunnel_set(id, guarded(guard), TunnelBounds::none())
        });
        is_set.is_ok()
    };
    let line = PortUpdate {
        customer: Some(ACME),
        guard: Some(Some(Guard::Loose)),
        ..PortUpdate::default()
    };
    let made = commit(tables, |change| {
        new(change, 1, guarded(Some(Guard::Off))).map(drop)
    });
    report.accepted("a tunnel whose guard is off", made);
    report.check("guards that are off are none", !has_guards());
    let is_seen = set(Some(Guard::Strict)) && set(Some(Guard::Loose)) && has_guards();
    report.check("a tunnel's guard is seen", is_seen);
    let made = commit(tables, |change| change.port_new(ifindex, port, &line));
    report.accepted("a port with a guard", made);
    report.check("a port's guard is seen", set(None) && has_guards());
    let gone = commit(tables, |change| change.port_del(ifindex, port));
    report.accepted("a port with a guard goes", gone);
    report.check("no guard is left", !has_guards());
    report.check("one comes again", set(Some(Guard::Strict)) && has_guards());
    let gone = commit(tables, |change| {
        let id = numbered(change, 1);
        change.tunnel_del(id)
    });
    report.accepted("a tunnel with a guard goes", gone);
    report.check("none is left with it", !has_guards());
    let public = commit(tables, |change| {
        let of_public = TunnelSettings {
            customer: PUBLIC,
            ..guarded(Some(Guard::Strict))
        };
        new(change, 2, of_public).map(drop)
    });
    report.refused("a guard of public", public, Refusal::Invalid, "of public");
}

#[inline(never)]
fn many_circuits(tables: &Arc<Tables>, report: &mut Report) {
    customer(tables, report);
    let (ifindex, name) = (77, PortName::new(b"test0"));
    let of_public = PortUpdate::default();
    let port = commit(tables, |change| change.port_new(ifindex, name, &of_public));
    report.accepted("a port", port);
    let (made, all) = timed("100,000 VLANs in VLANs of a port", || {
        commit(tables, |change| {
            (0..MANY).try_for_each(|n| new(change, n, circuit(n, ifindex, name)).map(drop))
        })
    });
    report.accepted("100,000 VLANs", made);
    let (one, took) = timed("one more VLAN", || {
        commit(tables, |change| {
            new(change, MANY, circuit(MANY, ifindex, name)).map(drop)
        })
    });
    report.accepted("one more VLAN", one);
    report.check(IS_LOCAL, is_local(took, all));
    let taken = commit(tables, |change| {
        new(change, MANY + 1, circuit(7, ifindex, name)).map(drop)
    });
    report.refused("a VLAN twice", taken, Refusal::Exists, "are those of");
    let is_found = |n| {
        tables
            .config
            .get()
            .tunnel(&circuit(n, ifindex, name).wire)
            .is_some()
    };
    report.check("all are found", (0..=MANY).all(is_found));
    let (gone, took) = timed("their port goes", || {
        commit(tables, |change| change.port_gone(ifindex, name))
    });
    report.accepted("their port goes", gone);
    report.check(
        "in a time like that of making them",
        took < all.saturating_mul(10),
    );
    let left = tables.config.get().tunnel_count();
    report.check(
        "they wait for it",
        left == MANY + 1 && !(0..=MANY).any(is_found),
    );
}
