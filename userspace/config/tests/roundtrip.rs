// SPDX-License-Identifier: GPL-2.0

//! Any configuration survives printing and reading, and the difference of any two leads
//! from one to the other by steps of which the strict model below, like the kernel,
//! accepts each.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use slr_config::{config::Config, defaults, diff::diff, print, File};
use slr_netlink::uapi::{
    Action, AdminState, Guard, OwnGuard, RouteAction, Scheduler, Side, TunnelDf, TunnelType,
};
use slr_netlink::wire::Value;
use slr_netlink::{
    Backup, Binding, BindingKey, BindingOptions, Change, Customer, CustomerOptions, Object, Port,
    PortOptions, Ports, Prefix, Protocol, Route, RouteKey, RouteOptions, Server, ServerKey,
    ServerOptions, Service, ServiceKey, ServiceOptions, Settings, Snat, Timeouts, Tunnel,
    TunnelOptions, Unknown, Verb,
};

fn address(v6: bool, last: u8) -> std::net::IpAddr {
    if v6 {
        std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into()).into()
    } else {
        std::net::Ipv4Addr::new(192, 0, 2, last).into()
    }
}

/// Few addresses and ports, so that two configurations have much in common.
fn service_key() -> impl Strategy<Value = ServiceKey> {
    let key = (0u32..3, any::<bool>(), 1u8..4, 0u8..4, 0u16..4);
    key.prop_map(|(customer, v6, last, protocol, port)| {
        let protocol =
            [Protocol::ANY, Protocol::TCP, Protocol::UDP, Protocol::ICMP][usize::from(protocol)];
        let ports = match port {
            _ if !protocol.has_ports() => Ports::ANY,
            0 => Ports::ANY,
            1 => Ports::one(80),
            _ => Ports {
                first: 100 * port,
                last: 100 * port + 9 + 95 * (port - 2),
            },
        };
        ServiceKey {
            customer,
            address: address(v6, last),
            protocol,
            ports,
        }
    })
}

fn server_key() -> impl Strategy<Value = ServerKey> {
    let key = (0u32..3, any::<bool>(), 10u8..14, 0u16..2);
    key.prop_map(|(customer, v6, last, port)| ServerKey {
        customer,
        address: address(v6, last),
        port: port * 8080,
    })
}

fn service() -> impl Strategy<Value = Service> {
    let timeouts = option::of((option::of(1u32..99), option::of(1u32..99)));
    let unknown = option::of(option::of(prop::sample::select(Action::ALL)));
    let rest = (timeouts, unknown, option::of(service_key()), any::<bool>());
    let options = (
        option::of(prop::sample::select(Scheduler::ALL)),
        option::of(prop::sample::select(&[251u32, 4093][..])),
        option::of(0u32..9),
        option::of(8u8..33),
        rest,
    );
    (service_key(), options).prop_map(|(key, options)| {
        let (scheduler, table_size, persist, persist_mask, rest) = options;
        let (timeouts, unknown, backup, down) = rest;
        let options = ServiceOptions {
            scheduler,
            table_size,
            persist,
            persist_mask,
            timeouts: timeouts.map(|(syn, udp_replied)| Timeouts {
                syn,
                udp_replied,
                ..Timeouts::default()
            }),
            unknown: unknown.map(|ack| Unknown {
                ack,
                ..Unknown::default()
            }),
            backup: backup.map(Backup::To),
            state: down.then_some(AdminState::Down),
        };
        Service { key, options }
    })
}

fn server() -> impl Strategy<Value = Server> {
    let options = (
        option::of(0u32..4),
        option::of(0u32..4),
        option::of(0u32..9),
        option::of(0u32..99),
        option::of(server_key()),
        option::of(prop::sample::select(AdminState::ALL)),
    );
    (server_key(), options).prop_map(|(key, options)| {
        let (weight, limit, threshold, hold, backup, state) = options;
        let options = ServerOptions {
            weight,
            limit,
            threshold,
            hold,
            backup: backup.map(Backup::To),
            drain_timeout: limit,
            state,
        };
        Server { key, options }
    })
}

fn snat() -> impl Strategy<Value = Snat> {
    prop_oneof![
        Just(Snat::None),
        any::<bool>().prop_map(|all| Snat::Auto {
            ports: if all {
                Snat::PORTS
            } else {
                Ports { first: 5, last: 9 }
            },
        }),
        (any::<bool>(), 1u8..5, 0u8..2, any::<bool>()).prop_map(|(v6, first, more, all)| {
            Snat::Pool {
                first: address(v6, first),
                last: address(v6, first + more),
                ports: if all {
                    Snat::PORTS
                } else {
                    Ports { first: 5, last: 9 }
                },
            }
        }),
    ]
}

fn port() -> impl Strategy<Value = Port> {
    let options = (
        option::of(0u32..3),
        option::of(prop::sample::select(Side::ALL)),
        option::of(any::<bool>()),
        option::of(prop::sample::select(OwnGuard::ALL)),
    );
    ("eth[0-3]", options).prop_map(|(name, (customer, side, announce, guard))| Port {
        name,
        ifindex: None,
        options: PortOptions {
            customer,
            side,
            announce,
            guard,
        },
    })
}

/// Numbers pass from one to another now and then, and so do VRFs.
fn customer() -> impl Strategy<Value = Customer> {
    let quota = || option::of(prop::sample::select(&[0u32, 1, 4_000_000_000][..]));
    let guard = option::of(prop::sample::select(Guard::ALL));
    let rate = || {
        option::of(prop::sample::select(
            &[0u64, 1, 125_000, 125_000_000_000][..],
        ))
    };
    let quotas = (quota(), quota(), quota());
    let rates = (rate(), rate(), rate(), option::of(0u32..3));
    let options = (1u32..3, option::of("red|blue"), guard, quotas, rates);
    ("acme|bell|7up", options).prop_map(|(name, options)| {
        let (id, vrf, guard, (max_flows, max_routes, max_tunnels), rates) = options;
        let (new_flows, packets, bytes, weight) = rates;
        Customer {
            name: Some(name),
            options: CustomerOptions {
                id: Some(id),
                vrf,
                guard,
                max_flows,
                max_routes,
                max_tunnels,
                new_flows,
                packets,
                bytes,
                weight,
            },
        }
    })
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (any::<bool>(), 1u8..4, 8u8..33).prop_map(|(v6, last, length)| {
        Prefix::new(address(v6, last), length).expect("a length that both families have")
    })
}

/// Few names and keys, so that they pass from one to another. Where it leads is a number among the
/// others.
fn tunnel() -> impl Strategy<Value = (Tunnel, Option<usize>)> {
    use TunnelType::{Geneve, Gre, Ipip, L2tpv3, MplsUdp, Vxlan};
    let kind = prop::sample::select(&[Gre, Ipip, Vxlan, Geneve, MplsUdp, L2tpv3][..]);
    let key = (option::of(1u32..4), option::of(1u32..4));
    let header = (
        option::of(0u8..3),
        option::of(prop::sample::select(&[0u8, 46, 64][..])),
        option::of(prop::sample::select(TunnelDf::ALL)),
        option::of(0u32..2),
        option::of(any::<bool>()),
    );
    let ends = (any::<bool>(), 1u8..4, 4u8..7, option::of(0u32..3));
    let bounds = (vec(prefix(), 0..3), vec(prefix(), 0..3));
    let rest = (
        bounds,
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        option::of(prop::sample::select(OwnGuard::ALL)),
        option::of(any::<usize>()),
    );
    ("t[0-3]", kind, key, header, ends, rest).prop_map(
        |(name, kind, (ikey, okey), (ttl, dscp, df, mtu, checksum), ends, rest)| {
            let ((peers, allowed), secure, clear, guard, to) = rest;
            let (v6, local, remote, customer) = ends;
            let has_key = kind != Ipip;
            let options = TunnelOptions {
                r#type: Some(kind),
                customer,
                local: Some(address(v6, local)),
                remote: Some(address(v6, remote)),
                ikey: ikey.filter(|_| has_key),
                okey: okey.filter(|_| has_key && ikey.is_some()),
                ttl,
                dscp,
                df,
                mtu: mtu.map(|more| more * 1400),
                rate_in: mtu.map(|more| u64::from(more) * 9_999),
                packets_in: mtu.map(|more| u64::from(more) * 5),
                checksum,
                secure,
                clear,
                guard,
                device: mtu.map(|more| "pvs".repeat(more as usize)),
                ..TunnelOptions::default()
            };
            let tunnel = Tunnel {
                name,
                options,
                peers,
                allowed,
            };
            (tunnel, to)
        },
    )
}

/// Where it leads is a number among tunnels or ports.
fn route() -> impl Strategy<Value = (RouteKey, usize, usize, Option<Snat>)> {
    (
        1u32..3,
        prefix(),
        option::of(prefix()),
        0usize..6,
        any::<usize>(),
        option::of(snat()),
    )
        .prop_map(|(customer, prefix, from, kind, which, snat)| {
            let is_same = |from: &Prefix| from.address.is_ipv4() == prefix.address.is_ipv4();
            let key = RouteKey {
                customer,
                prefix,
                from: from.filter(is_same),
            };
            (key, kind, which, snat)
        })
}

/// What a route says, if there is what it leads to.
fn leading(
    config: &Config,
    key: &RouteKey,
    kind: usize,
    which: usize,
    snat: Option<Snat>,
) -> Option<RouteOptions> {
    let mut options = RouteOptions::default();
    let one_of = |mut names: Vec<&String>| {
        names.sort();
        let count = names.len().max(1);
        names.get(which % count).map(|name| (*name).clone())
    };
    match kind {
        0 => {
            let own = config.tunnels.values();
            let own = own.filter(|t| t.options.customer.unwrap_or(0) == key.customer);
            options.tunnel = Some(one_of(own.map(|t| &t.name).collect())?);
        }
        1 => {
            let own = config.ports.iter();
            let own = own.filter(|(_, p)| p.customer.unwrap_or(0) == key.customer);
            options.action = Some(RouteAction::Port);
            options.ifname = Some(one_of(own.map(|(name, _)| name).collect())?);
            let v6 = key.prefix.address.is_ipv6();
            options.gateway = (which % 2 == 0).then(|| address(v6, 9));
        }
        2 => {
            options.action = Some(RouteAction::Public);
            let auto = Snat::Auto { ports: Snat::PORTS };
            options.snat = Some(snat.unwrap_or(auto));
        }
        3 => {
            options.action = Some(RouteAction::Device);
            options.device = Some(format!("pvs{}", which % 3));
        }
        4 => options.action = Some(RouteAction::Unreachable),
        _ => options.action = Some(RouteAction::Blackhole),
    }
    Some(options)
}

type TunnelSeed = (Tunnel, Option<usize>);
type RouteSeed = (RouteKey, usize, usize, Option<Snat>);

/// Tunnels, and what leads into them.
fn add_tunnels(config: &mut Config, tunnels: Vec<TunnelSeed>, routes: Vec<RouteSeed>) {
    let names = config.names();
    let mut crossings = Vec::new();
    for (tunnel, to) in tunnels {
        let customer = tunnel.options.customer.unwrap_or(0);
        if customer == 0 || names.has(customer) {
            crossings.push((tunnel.name.clone(), to));
            config.insert(Object::Tunnel(Box::new(tunnel)));
        }
    }
    for (name, to) in crossings {
        let customer = |t: &Tunnel| t.options.customer.unwrap_or(0);
        let from = config.tunnels[&name].clone();
        let same = config.tunnels.values();
        let same: Vec<_> = same.filter(|t| customer(t) == customer(&from)).collect();
        let to = to.map(|to| same[to % same.len()].name.clone());
        let mut tunnel = from;
        tunnel.options.to = to;
        config.insert(Object::Tunnel(Box::new(tunnel)));
    }
    for (key, kind, which, snat) in routes {
        if let Some(options) = leading(config, &key, kind, which, snat) {
            if names.has(key.customer) {
                config.insert(Object::Route(Route { key, options }));
            }
        }
    }
}

type BindingSeed = (usize, usize, Option<u16>, Option<u32>, Option<Snat>);

/// Objects that make sense together: what does not is left out.
fn assemble(
    flows_max: Option<u32>,
    customers: Vec<Customer>,
    ports: Vec<Port>,
    services: Vec<Service>,
    servers: Vec<Server>,
    seeds: Vec<BindingSeed>,
) -> Config {
    let forward = flows_max.is_some();
    let mut config = Config::default();
    config.insert(Object::Settings(Settings {
        flows_max,
        require_secure: flows_max.map(|max| max % 2 == 0),
    }));
    for customer in customers {
        let mut others = config.customers.values();
        let apart = |other: &CustomerOptions| {
            other.id != customer.options.id
                && (other.vrf.is_none() || other.vrf != customer.options.vrf)
        };
        if others.all(apart) {
            config.insert(Object::Customer(customer));
        }
    }
    let names = config.names();
    let is_there = |customer: u32| customer == 0 || names.has(customer);
    ports
        .into_iter()
        .filter(|p| is_there(p.options.customer.unwrap_or(0)))
        .for_each(|p| config.insert(Object::Port(p)));
    for service in services {
        let apart = |other: &ServiceKey| *other == service.key || !overlap(other, &service.key);
        let mut alone = service.clone();
        alone.options.backup = None;
        let valid = slr_config::limits::object(&Object::Service(alone)).is_ok();
        if valid && is_there(service.key.customer) && config.services.keys().all(apart) {
            config.insert(Object::Service(service));
        }
    }
    servers
        .into_iter()
        .filter(|s| is_there(s.key.customer))
        .for_each(|s| config.insert(Object::Server(s)));
    let known: Vec<_> = config.services.keys().copied().collect();
    for (key, options) in &mut config.services {
        let wrong = |b: &ServiceKey| {
            b.address.is_ipv4() != key.address.is_ipv4()
                || b.customer != key.customer
                || !follows(b, key, forward)
                || !known.contains(b)
        };
        if matches!(&options.backup, Some(Backup::To(b)) if wrong(b)) {
            options.backup = None;
        }
    }
    let known: Vec<_> = config.servers.keys().copied().collect();
    for (key, options) in &mut config.servers {
        let wrong = |b: &ServerKey| {
            b.address.is_ipv4() != key.address.is_ipv4()
                || b.customer != key.customer
                || !follows(b, key, forward)
                || !known.contains(b)
        };
        if matches!(&options.backup, Some(Backup::To(b)) if wrong(b)) {
            options.backup = None;
        }
    }
    for (service, server, port, weight, snat) in seeds {
        let (services, servers) = (config.services.len(), config.servers.len());
        if services == 0 || servers == 0 {
            continue;
        }
        let service = *config.services.keys().nth(service % services).unwrap();
        let server = *config.servers.keys().nth(server % servers).unwrap();
        if service.customer != server.customer {
            continue;
        }
        let mut binding = Binding {
            key: BindingKey {
                service,
                server,
                port: 0,
            },
            options: BindingOptions {
                weight,
                snat,
                ..BindingOptions::default()
            },
        };
        if let Some(port) = port {
            binding.key.port = if server.port == 0 { port } else { 0 };
            let length = service.ports.count();
            if length > 1 && port % 2 == 0 && server.port == 0 {
                binding.options.port_last = Some(port + length as u16 - 1);
            }
        }
        let object = Object::Binding(binding);
        if slr_config::limits::object(&object).is_ok() {
            config.insert(object);
        }
    }
    config
}

/// Whether one may be the backup of the other: keys in one direction only, so that there is
/// no circle.
fn follows<K: Ord>(backup: &K, key: &K, forward: bool) -> bool {
    if forward {
        backup > key
    } else {
        backup < key
    }
}

fn overlap(a: &ServiceKey, b: &ServiceKey) -> bool {
    (a.customer, a.address, a.protocol) == (b.customer, b.address, b.protocol)
        && a.ports.overlaps(b.ports)
}

fn config() -> impl Strategy<Value = Config> {
    let binding = (
        any::<usize>(),
        any::<usize>(),
        option::of(5000u16..5004),
        option::of(0u32..3),
        option::of(snat()),
    );
    (
        option::of(1u32..5),
        vec(customer(), 0..3),
        vec(port(), 0..3),
        vec(service(), 0..12),
        vec(server(), 0..8),
        (vec(binding, 0..12), vec(tunnel(), 0..5), vec(route(), 0..6)),
    )
        .prop_map(|(flows, customers, ports, services, servers, rest)| {
            let (bindings, tunnels, routes) = rest;
            let mut config = assemble(flows, customers, ports, services, servers, bindings);
            add_tunnels(&mut config, tunnels, routes);
            config
        })
}

/// The kernel's rules, one change at a time.
fn apply(config: &mut Config, change: &Change) -> Result<(), String> {
    slr_config::limits::object(&change.object).map_err(|v| v.text)?;
    let there = match &change.object {
        Object::Settings(_) => true,
        Object::Customer(c) => config.customers.contains_key(c.name.as_deref().unwrap()),
        Object::Tunnel(t) => config.tunnels.contains_key(&t.name),
        Object::Route(r) => config.routes.contains_key(&r.key),
        Object::Port(p) => config.ports.contains_key(&p.name),
        Object::Service(s) => config.services.contains_key(&s.key),
        Object::Server(s) => config.servers.contains_key(&s.key),
        Object::Binding(b) => config.bindings.contains_key(&b.key),
    };
    if there != (change.verb != Verb::New) {
        return Err(format!("{} is there: {there}", change.object));
    }
    let context = change.object.customer().unwrap_or(0);
    if change.verb != Verb::Del && context != 0 && !config.names().has(context) {
        return Err(format!("{} has no customer", change.object));
    }
    match &change.object {
        Object::Customer(c) if change.verb == Verb::New => {
            if config
                .customers
                .values()
                .any(|other| other.id == c.options.id)
            {
                return Err(format!("{} has the number of another", change.object));
            }
        }
        Object::Tunnel(t) => {
            let to = t.options.to.as_ref().filter(|to| !to.is_empty());
            if to.is_some_and(|to| !config.tunnels.contains_key(to)) {
                return Err(format!("{} leads nowhere", change.object));
            }
        }
        Object::Route(r) if change.verb != Verb::Del => {
            let tunnel = r.options.tunnel.as_ref();
            let port = r.options.ifname.as_ref();
            let is_own = |name: &String| {
                let port = config.ports.get(name);
                port.is_some_and(|port| port.customer == Some(r.key.customer))
            };
            if tunnel.is_some_and(|name| !config.tunnels.contains_key(name))
                || port.is_some_and(|name| !is_own(name))
            {
                return Err(format!("{} leads nowhere", change.object));
            }
        }
        Object::Service(s) => {
            let mut others = config.services.keys().filter(|key| **key != s.key);
            if change.verb == Verb::New && others.any(|key| overlap(key, &s.key)) {
                return Err(format!("{} overlaps", s.key));
            }
            if matches!(s.options.backup, Some(Backup::To(b)) if !config.services.contains_key(&b))
            {
                return Err(format!("{} has no such backup", s.key));
            }
        }
        Object::Server(s) => {
            if matches!(s.options.backup, Some(Backup::To(b)) if !config.servers.contains_key(&b)) {
                return Err(format!("{} has no such backup", s.key));
            }
        }
        Object::Binding(b) => {
            let service = config.services.contains_key(&b.key.service);
            if !service || !config.servers.contains_key(&b.key.server) {
                return Err(format!("{} binds what is not there", change.object));
            }
        }
        _ => {}
    }
    if change.verb == Verb::Del {
        return remove(config, &change.object);
    }
    let merged = match change.object.clone() {
        Object::Settings(s) => Object::Settings(s.onto(&config.settings)),
        Object::Customer(mut c) => {
            let old = config.customers.get(c.name.as_deref().unwrap());
            c.options = c.options.onto(&old.cloned().unwrap_or_default());
            Object::Customer(c)
        }
        Object::Tunnel(mut t) => {
            // A new key is that of both ways; nothing takes prefixes away.
            t.options.okey = t.options.okey.or(t.options.ikey);
            if let Some(old) = config.tunnels.get(&t.name).cloned() {
                let full = defaults::tunnel(&old.options);
                t.options = t.options.onto(&old.options.onto(&full));
                if t.peers.is_empty() {
                    t.peers = old.peers;
                }
                if t.allowed.is_empty() {
                    t.allowed = old.allowed;
                }
            }
            Object::Tunnel(t)
        }
        // Where a route leads is given as a whole.
        Object::Route(r) => Object::Route(r),
        Object::Port(mut p) => {
            let old = config.ports.get(&p.name).cloned().unwrap_or_default();
            p.options = p.options.onto(&old);
            Object::Port(p)
        }
        Object::Service(mut s) => {
            let old = config.services.get(&s.key).cloned().unwrap_or_default();
            s.options = s.options.onto(&old);
            Object::Service(s)
        }
        Object::Server(mut s) => {
            let old = config.servers.get(&s.key).cloned().unwrap_or_default();
            s.options = s.options.onto(&old);
            Object::Server(s)
        }
        Object::Binding(mut b) => {
            let old = config.bindings.get(&b.key).cloned().unwrap_or_default();
            b.options = b.options.onto(&old);
            Object::Binding(b)
        }
    };
    config.insert(merged);
    Ok(())
}

fn remove(config: &mut Config, object: &Object) -> Result<(), String> {
    match object {
        Object::Settings(_) => return Err("the settings cannot go".into()),
        Object::Customer(c) => drop(config.customers.remove(c.name.as_deref().unwrap())),
        Object::Tunnel(t) => drop(config.tunnels.remove(&t.name)),
        Object::Route(r) => drop(config.routes.remove(&r.key)),
        Object::Port(p) => drop(config.ports.remove(&p.name)),
        Object::Service(s) => {
            let backup = |o: &ServiceOptions| o.backup == Some(Backup::To(s.key));
            if config.bindings.keys().any(|b| b.service == s.key)
                || config.services.values().any(backup)
            {
                return Err(format!("{} is in use", s.key));
            }
            config.services.remove(&s.key);
        }
        Object::Server(s) => {
            let backup = |o: &ServerOptions| o.backup == Some(Backup::To(s.key));
            if config.bindings.keys().any(|b| b.server == s.key)
                || config.servers.values().any(backup)
            {
                return Err(format!("{} is in use", s.key));
            }
            config.servers.remove(&s.key);
        }
        Object::Binding(b) => drop(config.bindings.remove(&b.key)),
    }
    Ok(())
}

fn applied(mut config: Config, changes: &[Change]) -> Config {
    for change in changes {
        if let Err(error) = apply(&mut config, change) {
            panic!("{change:?}: {error}\nof {changes:#?}");
        }
    }
    config
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn print_and_parse(mut config in config(), accepts in vec(prefix(), 0..4), shapes in vec(("eth[0-3]", 125u64..1 << 36), 0..3)) {
        config.accepts = accepts.into_iter().collect();
        config.shapes = shapes.into_iter().collect();
        let text = print::config(&config);
        let file = File::parse("f", &text);
        prop_assert_eq!(file.finish(), Ok(config), "{}", text);
    }

    #[test]
    fn difference_leads_there(a in config(), b in config()) {
        let changes = diff(&a, &b);
        prop_assert_eq!(applied(a, &changes), b.clone());
        prop_assert!(diff(&b, &b).is_empty());
    }

    #[test]
    fn defaults_change_nothing(config in config()) {
        let mut full = Config::default();
        for object in config.objects() {
            full.insert(match object {
                Object::Service(mut s) => {
                    s.options = s.options.onto(&defaults::service(&s.key));
                    Object::Service(s)
                }
                Object::Server(mut s) => {
                    s.options = s.options.onto(&defaults::server());
                    Object::Server(s)
                }
                other => other,
            });
        }
        prop_assert_eq!(full, config);
    }

    #[test]
    fn no_text_is_too_strange(text in "[ -~\n\\\\#]{0,200}") {
        let file = File::parse("f", &text);
        if let Err(reports) = file.finish() {
            reports.iter().for_each(|report| drop(report.to_string()));
        }
    }
}
