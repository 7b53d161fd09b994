// SPDX-License-Identifier: GPL-2.0

//! What goes without saying: the values that the module takes by itself.

use std::net::IpAddr;

use slr_domain::domain;
use slr_netlink::uapi::{Action, AdminState, Method, Scheduler, Side};
use slr_netlink::wire::Value;
use slr_netlink::{
    Backup, BindingOptions, CustomerOptions, Object, PortOptions, ServerOptions, ServiceKey,
    ServiceOptions, Settings, Snat, Timeouts, Unknown,
};

/// Defaults of the settings.
pub fn settings() -> Settings {
    Settings {
        flows_max: Some(1 << 20),
    }
}

/// Defaults of a customer. Its number never goes without saying.
pub fn customer() -> CustomerOptions {
    CustomerOptions {
        id: None,
        vrf: Some(String::new()),
    }
}

/// Defaults of a port.
pub fn port() -> PortOptions {
    PortOptions {
        customer: Some(0),
        side: Some(Side::Any),
        announce: Some(false),
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
