// SPDX-License-Identifier: GPL-2.0

//! What goes without saying: the values that the module takes by itself.

use std::net::{IpAddr, Ipv4Addr};

use slr_domain::domain;
use slr_netlink::uapi::{Action, AdminState, Guard, Method, OwnGuard, Scheduler, Side};
use slr_netlink::wire::Value;
use slr_netlink::{
    Backup, BindingOptions, CustomerOptions, Object, PortOptions, RouteOptions, ServerOptions,
    ServiceKey, ServiceOptions, Settings, Snat, Timeouts, Tunnel, TunnelOptions, Unknown,
};

use slr_netlink::bytes::{Cookie, Mac};
use slr_netlink::uapi::{RouteAction, TunnelDf, TunnelType};

/// Defaults of the settings.
pub fn settings() -> Settings {
    Settings {
        flows_max: Some(1 << 20),
        require_secure: Some(false),
    }
}

/// Defaults of a customer. Its number never goes without saying.
pub fn customer() -> CustomerOptions {
    CustomerOptions {
        id: None,
        vrf: Some(String::new()),
        max_flows: Some(0),
        max_routes: Some(0),
        max_tunnels: Some(0),
        new_flows: Some(0),
        packets: Some(0),
        bytes: Some(0),
        weight: Some(0),
        guard: Some(Guard::Off),
    }
}

/// Defaults of a port.
pub fn port() -> PortOptions {
    PortOptions {
        customer: Some(0),
        side: Some(Side::Any),
        announce: Some(false),
        guard: Some(OwnGuard::Inherit),
    }
}

/// The UDP port that a type of tunnel has by itself.
fn usual_port(kind: TunnelType) -> Option<u16> {
    match kind {
        TunnelType::Vxlan => Some(4789),
        TunnelType::Geneve => Some(6081),
        TunnelType::Gue => Some(6080),
        TunnelType::MplsUdp => Some(6635),
        TunnelType::L2tpv3Udp => Some(1701),
        _ => None,
    }
}

/// What goes without saying of such a tunnel.
pub fn tunnel(tunnel: &TunnelOptions) -> TunnelOptions {
    let is_of = |kinds: &[TunnelType]| tunnel.r#type.is_some_and(|kind| kinds.contains(&kind));
    use TunnelType::{L2tpv3, L2tpv3Udp, Mpls, Qinq, Vlan, Vxlan};
    let is_link = is_of(&[Vlan, Qinq, Mpls]);
    let no_address = is_link.then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    TunnelOptions {
        customer: Some(0),
        local: no_address,
        remote: no_address,
        anywhere: Some(false),
        // The same key both ways.
        okey: tunnel.ikey,
        dport: tunnel.r#type.and_then(usual_port),
        // The ends of L2TPv3 take packets from the port that they send to only.
        sport: match is_of(&[L2tpv3Udp]) {
            true => usual_port(L2tpv3Udp),
            false => Some(0),
        },
        ttl: Some(0),
        dscp: Some(64),
        df: Some(TunnelDf::Inherit),
        mtu: Some(0),
        rate_in: Some(0),
        packets_in: Some(0),
        checksum: tunnel.local.map(|local| local.is_ipv6()),
        ethernet: Some(is_of(&[Vxlan, L2tpv3, L2tpv3Udp])),
        mac: Some(Mac([2, 0, 0, 0, 0, 1])),
        peer_mac: Some(Mac(if is_link { [0; 6] } else { [2, 0, 0, 0, 0, 2] })),
        cookie: Some(Cookie::default()),
        peer_cookie: Some(Cookie::default()),
        sublayer: Some(true),
        secure: Some(false),
        clear: Some(false),
        guard: Some(OwnGuard::Inherit),
        to: Some(String::new()),
        device: Some(String::new()),
        ..TunnelOptions::default()
    }
}

/// A tunnel without what goes without saying.
pub fn strip_tunnel(mut t: Tunnel) -> Tunnel {
    let defaults = tunnel(&t.options);
    t.options = strip(t.options, &defaults);
    t
}

/// What goes without saying of a route.
fn route(options: &RouteOptions) -> RouteOptions {
    RouteOptions {
        action: options.tunnel.is_some().then_some(RouteAction::Tunnel),
        // The name says it.
        ifindex: options.ifindex,
        ..RouteOptions::default()
    }
}

/// Defaults of a service.
pub fn service(key: &ServiceKey) -> ServiceOptions {
    ServiceOptions {
        scheduler: Some(Scheduler::Wlc),
        table_size: Some(domain::limits::MAGLEV_DEFAULT),
        persist: Some(0),
        persist_mask: Some(address_bits(key.address)),
        timeouts: Some(timeouts()),
        unknown: Some(Unknown {
            ack: Some(Action::Drop),
            data: Some(Action::Drop),
            fin: Some(Action::Drop),
            rst: Some(Action::Drop),
            icmp: Some(Action::Drop),
            sctp: Some(Action::Drop),
            other: Some(Action::Drop),
        }),
        backup: Some(Backup::None),
        state: Some(AdminState::Up),
    }
}

/// Bits of an address of that family.
pub fn address_bits(address: IpAddr) -> u8 {
    if address.is_ipv4() {
        32
    } else {
        128
    }
}

fn timeouts() -> Timeouts {
    let module = domain::timeouts::Timeouts::default();
    Timeouts {
        syn: Some(module.syn),
        established: Some(module.established),
        fin: Some(module.fin),
        closed: Some(module.closed),
        udp: Some(module.udp),
        udp_replied: Some(module.udp_replied),
        icmp: Some(module.icmp),
        other: Some(module.other),
    }
}

/// Defaults of a server.
pub fn server() -> ServerOptions {
    ServerOptions {
        weight: Some(domain::limits::WEIGHT_DEFAULT),
        limit: Some(0),
        threshold: Some(8),
        hold: Some(60),
        backup: Some(Backup::None),
        drain_timeout: Some(0),
        state: Some(AdminState::Up),
    }
}

/// Defaults of a binding. Its weight is that of the server, which is not a number to say.
pub fn binding() -> BindingOptions {
    BindingOptions {
        port_last: None,
        method: Some(Method::Nat),
        tunnel: None,
        weight: None,
        snat: Some(Snat::None),
    }
}

/// Leaves out what goes without saying.
pub fn strip<T: Value + Default>(options: T, defaults: &T) -> T {
    options.onto(defaults).without(defaults).unwrap_or_default()
}

/// [`strip`] for an object of any kind.
pub fn strip_object(object: Object) -> Object {
    match object {
        Object::Settings(s) => Object::Settings(strip(s, &settings())),
        Object::Customer(mut c) => {
            c.options = strip(c.options, &customer());
            Object::Customer(c)
        }
        Object::Tunnel(t) => Object::Tunnel(Box::new(strip_tunnel(*t))),
        Object::Route(mut r) => {
            let defaults = route(&r.options);
            r.options = strip(r.options, &defaults);
            Object::Route(r)
        }
        Object::Port(mut p) => {
            p.options = strip(p.options, &port());
            Object::Port(p)
        }
        Object::Service(mut s) => {
            s.options = strip(s.options, &service(&s.key));
            Object::Service(s)
        }
        Object::Server(mut s) => {
            s.options = strip(s.options, &server());
            Object::Server(s)
        }
        Object::Binding(mut b) => {
            b.key = b.key.normal();
            b.options = strip(b.options, &binding());
            Object::Binding(b)
        }
    }
}
