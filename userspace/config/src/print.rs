// SPDX-License-Identifier: GPL-2.0

//! Structure to words: the inverse of [`crate::grammar`].
//!
//! Options come as phrases, a keyword with its value each, which a line may be broken
//! between. Only what is given is printed, in the order of the grammar.
//! [`crate::defaults`] strips what goes without saying.

use std::fmt::Display;

use slr_netlink::{
    Backup, Binding, BindingOptions, CustomerOptions, Object, PortOptions, Ports, RouteKey,
    RouteOptions, ServerOptions, ServiceOptions, Settings, Snat, Timeouts, Tunnel, Unknown,
};

use slr_netlink::uapi::{RouteAction, TunnelType};

use crate::config::Config;
use crate::names::{Names, PUBLIC};
use crate::rate::{show_pace, show_rate};

/// A keyword and its value each.
pub type Phrases = Vec<String>;

fn phrase(phrases: &mut Phrases, keyword: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        phrases.push(format!("{keyword} {value}"));
    }
}

/// Options of a customer.
pub fn customer(options: &CustomerOptions) -> Phrases {
    let mut line = Phrases::new();
    phrase(&mut line, "id", options.id);
    let vrf = options.vrf.as_deref();
    phrase(
        &mut line,
        "vrf",
        vrf.map(|vrf| if vrf.is_empty() { "none" } else { vrf }),
    );
    phrase(&mut line, "max-flows", options.max_flows.map(quota));
    phrase(&mut line, "max-routes", options.max_routes.map(quota));
    phrase(&mut line, "max-tunnels", options.max_tunnels.map(quota));
    phrase(&mut line, "new-flows", options.new_flows.map(show_pace));
    phrase(&mut line, "packets", options.packets.map(show_pace));
    phrase(&mut line, "bytes", options.bytes.map(show_rate));
    phrase(&mut line, "weight", options.weight.map(quota));
    phrase(&mut line, "guard", options.guard.map(|g| g.name()));
    line
}

/// What may be had, of which 0 is all.
fn quota(max: u32) -> String {
    match max {
        0 => "none".into(),
        max => max.to_string(),
    }
}

/// The context that a service, server or binding is in; nothing for public.
pub fn context(customer: u32, names: &Names) -> Phrases {
    let mut line = Phrases::new();
    let customer = (customer != PUBLIC).then(|| names.show(customer));
    phrase(&mut line, "customer", customer);
    line
}

/// The word for the key of such a tunnel.
fn key_word(kind: Option<TunnelType>) -> &'static str {
    use TunnelType::{Geneve, L2tpv3, L2tpv3Udp, Mpls, MplsGre, MplsUdp, Qinq, Vlan, Vxlan};
    match kind {
        Some(Vxlan | Geneve) => "vni",
        Some(Mpls | MplsGre | MplsUdp) => "label",
        Some(L2tpv3 | L2tpv3Udp) => "session",
        Some(Vlan | Qinq) => "vid",
        _ => "key",
    }
}

/// The key of such a tunnel: of a VLAN within a service VLAN both.
fn key(kind: Option<TunnelType>, key: u32) -> String {
    match (kind, key >> 16) {
        (Some(TunnelType::Qinq), inner @ 1..) => format!("{}.{inner}", key & 0xffff),
        _ => key.to_string(),
    }
}

/// Options of a tunnel.
pub fn tunnel(tunnel: &Tunnel, names: &Names) -> Phrases {
    let o = &tunnel.options;
    let mut line = Phrases::new();
    phrase(&mut line, "type", o.r#type.map(|t| t.name()));
    phrase(
        &mut line,
        "customer",
        o.customer.map(|customer| names.show(customer)),
    );
    phrase(&mut line, "dev", o.ifname.as_ref());
    phrase(&mut line, "local", o.local);
    phrase(&mut line, "remote", o.remote);
    phrase(&mut line, "anywhere", o.anywhere.map(on_off));
    let shown = |number: Option<u32>| number.map(|number| key(o.r#type, number));
    phrase(&mut line, key_word(o.r#type), shown(o.ikey));
    phrase(&mut line, "okey", shown(o.okey));
    phrase(&mut line, "dport", o.dport);
    let or = |word: &str, special: u32, number: u32| match number == special {
        true => word.to_owned(),
        false => number.to_string(),
    };
    phrase(&mut line, "sport", o.sport.map(|n| or("auto", 0, n.into())));
    phrase(&mut line, "ttl", o.ttl.map(|n| or("inherit", 0, n.into())));
    phrase(
        &mut line,
        "dscp",
        o.dscp.map(|n| or("inherit", 64, n.into())),
    );
    phrase(&mut line, "df", o.df.map(|df| df.name()));
    phrase(&mut line, "mtu", o.mtu.map(|n| or("auto", 0, n)));
    phrase(&mut line, "rate-in", o.rate_in.map(show_rate));
    phrase(&mut line, "packets-in", o.packets_in.map(show_pace));
    phrase(&mut line, "checksum", o.checksum.map(on_off));
    phrase(&mut line, "ethernet", o.ethernet.map(on_off));
    phrase(&mut line, "mac", o.mac);
    let peer_mac = o.peer_mac.map(|mac| match mac.0 == [0; 6] {
        true => "auto".to_owned(),
        false => mac.to_string(),
    });
    phrase(&mut line, "peer-mac", peer_mac);
    phrase(&mut line, "cookie", o.cookie.as_ref());
    phrase(&mut line, "peer-cookie", o.peer_cookie.as_ref());
    phrase(&mut line, "sublayer", o.sublayer.map(on_off));
    phrase(&mut line, "secure", o.secure.map(on_off));
    phrase(&mut line, "clear", o.clear.map(on_off));
    phrase(&mut line, "guard", o.guard.map(|g| g.name()));
    for (keyword, prefixes) in [("peers", &tunnel.peers), ("allowed", &tunnel.allowed)] {
        let all: Vec<_> = prefixes.iter().map(ToString::to_string).collect();
        phrase(&mut line, keyword, (!all.is_empty()).then(|| all.join(",")));
    }
    let to = o.to.as_deref();
    phrase(
        &mut line,
        "to",
        to.map(|to| if to.is_empty() { "none" } else { to }),
    );
    let device = o.device.as_deref();
    phrase(
        &mut line,
        "device",
        device.map(|device| if device.is_empty() { "none" } else { device }),
    );
    line
}

/// Whose packets a route is for, besides their destination.
pub fn sources(key: &RouteKey) -> Phrases {
    let mut line = Phrases::new();
    phrase(&mut line, "from", key.from);
    line
}

/// Where a route leads.
pub fn route(options: &RouteOptions) -> Phrases {
    let mut line = Phrases::new();
    match (&options.tunnel, options.action) {
        (Some(tunnel), _) => phrase(&mut line, "via tunnel", Some(tunnel)),
        (None, Some(RouteAction::Device)) => phrase(&mut line, "device", options.device.as_ref()),
        (None, Some(RouteAction::Port)) => {
            phrase(&mut line, "dev", options.ifname.as_ref());
            phrase(&mut line, "via", options.gateway);
        }
        (None, Some(action)) => {
            line.push(action.name().to_owned());
            let auto = Snat::Auto { ports: Snat::PORTS };
            phrase(
                &mut line,
                "snat",
                options.snat.filter(|s| *s != auto).map(snat),
            );
        }
        (None, None) => {}
    }
    line
}

fn on_off(on: bool) -> &'static str {
    if on {
        "on"
    } else {
        "off"
    }
}

/// Options of a port.
pub fn port(options: &PortOptions, names: &Names) -> Phrases {
    let mut line = Phrases::new();
    phrase(
        &mut line,
        "customer",
        options.customer.map(|customer| names.show(customer)),
    );
    phrase(&mut line, "side", options.side.map(|s| s.name()));
    phrase(&mut line, "announce", options.announce.map(on_off));
    phrase(&mut line, "guard", options.guard.map(|g| g.name()));
    line
}

/// Options of a service.
pub fn service(options: &ServiceOptions) -> Phrases {
    let mut line = Phrases::new();
    phrase(&mut line, "scheduler", options.scheduler.map(|s| s.name()));
    phrase(&mut line, "table-size", options.table_size);
    phrase(&mut line, "persist", options.persist);
    phrase(&mut line, "persist-mask", options.persist_mask);
    if let Some(timeouts) = &options.timeouts {
        for (state, seconds) in list_timeouts(timeouts) {
            phrase(&mut line, &format!("timeout {state}"), seconds);
        }
    }
    if let Some(unknown) = &options.unknown {
        for (kind, action) in list_unknown(unknown) {
            phrase(&mut line, &format!("unknown {kind}"), action);
        }
    }
    phrase(&mut line, "backup", options.backup.map(backup));
    phrase(&mut line, "state", options.state.map(|s| s.name()));
    line
}

fn list_timeouts(timeouts: &Timeouts) -> [(&'static str, Option<u32>); 8] {
    [
        ("syn", timeouts.syn),
        ("established", timeouts.established),
        ("fin", timeouts.fin),
        ("closed", timeouts.closed),
        ("udp", timeouts.udp),
        ("udp-replied", timeouts.udp_replied),
        ("icmp", timeouts.icmp),
        ("other", timeouts.other),
    ]
}

fn list_unknown(unknown: &Unknown) -> [(&'static str, Option<&'static str>); 7] {
    [
        ("ack", unknown.ack),
        ("data", unknown.data),
        ("fin", unknown.fin),
        ("rst", unknown.rst),
        ("icmp", unknown.icmp),
        ("sctp", unknown.sctp),
        ("other", unknown.other),
    ]
    .map(|(kind, action)| (kind, action.map(|a| a.name())))
}

fn backup<K: Display>(backup: Backup<K>) -> String {
    match backup {
        Backup::None => "none".into(),
        Backup::To(key) => key.to_string(),
    }
}

/// Options of a server.
pub fn server(options: &ServerOptions) -> Phrases {
    let mut line = Phrases::new();
    phrase(&mut line, "weight", options.weight);
    phrase(&mut line, "limit", options.limit);
    phrase(&mut line, "threshold", options.threshold);
    match options.hold {
        Some(0) => phrase(&mut line, "hold", Some("manual")),
        hold => phrase(&mut line, "hold", hold),
    }
    phrase(&mut line, "backup", options.backup.map(backup));
    phrase(&mut line, "drain-timeout", options.drain_timeout);
    phrase(&mut line, "state", options.state.map(|s| s.name()));
    line
}

/// Options of a binding, with the port out of its key.
pub fn binding(port: u16, options: &BindingOptions) -> Phrases {
    let mut line = Phrases::new();
    let ports = Ports {
        first: port,
        last: options.port_last.unwrap_or(port),
    };
    phrase(&mut line, "port", (port != 0).then_some(ports));
    match &options.tunnel {
        Some(tunnel) => phrase(&mut line, "method tunnel", Some(tunnel)),
        None => phrase(&mut line, "method", options.method.map(|m| m.name())),
    }
    phrase(&mut line, "weight", options.weight);
    phrase(&mut line, "snat", options.snat.map(snat));
    line
}

/// Source translation, as one word.
pub fn snat(snat: Snat) -> String {
    let (text, ports, bracket) = match snat {
        Snat::None => return "none".into(),
        Snat::Auto { ports } => ("auto".into(), ports, false),
        Snat::Pool { first, last, ports } if first == last => {
            (first.to_string(), ports, first.is_ipv6())
        }
        Snat::Pool { first, last, ports } => (format!("{first}-{last}"), ports, first.is_ipv6()),
    };
    match bracket {
        _ if ports == Snat::PORTS => text,
        false => format!("{text}:{ports}"),
        true => format!("[{text}]:{ports}"),
    }
}

/// The settings.
pub fn settings(settings: &Settings) -> Phrases {
    let mut line = Phrases::new();
    phrase(&mut line, "flows-max", settings.flows_max);
    let secure = settings.require_secure.map(on_off);
    phrase(&mut line, "require-secure", secure);
    line
}

/// A whole line of a file.
pub fn object(object: &Object, names: &Names) -> String {
    let (name, options) = match object {
        Object::Settings(s) => (object.to_string(), settings(s)),
        Object::Customer(c) => (object.to_string(), customer(&c.options)),
        Object::Tunnel(t) => (object.to_string(), tunnel(t, names)),
        Object::Route(r) => {
            let packets = std::iter::once(format!("route {}", r.key.prefix)).chain(sources(&r.key));
            (packets.collect::<Vec<_>>().join(" "), route(&r.options))
        }
        Object::Port(p) => (object.to_string(), port(&p.options, names)),
        Object::Service(s) => (format!("service {}", s.key), service(&s.options)),
        Object::Server(s) => (format!("server {}", s.key), server(&s.options)),
        Object::Binding(Binding { key, options }) => (
            format!("binding {} {}", key.service, key.server),
            binding(key.port, options),
        ),
    };
    let context = match object {
        // Among its options already.
        Object::Port(_) | Object::Tunnel(_) => Phrases::new(),
        _ => context(object.customer().unwrap_or(PUBLIC), names),
    };
    let words: Vec<_> = std::iter::once(name)
        .chain(context)
        .chain(options)
        .collect();
    words.join(" ")
}

/// A whole file, in an order in which each line refers only to lines before it or, for
/// backups, to lines of its own kind.
pub fn config(config: &Config) -> String {
    let names = config.names();
    let objects = config.objects().map(|o| object(&o, &names) + "\n");
    let accepts = config.accepts.iter().map(|p| format!("host accept {p}\n"));
    let shapes = config.shapes.iter();
    let shapes = shapes.map(|(dev, rate)| format!("shape {dev} rate {}\n", show_rate(*rate)));
    objects.chain(accepts).chain(shapes).collect()
}
