// SPDX-License-Identifier: GPL-2.0

//! One change of the configuration, and the request that makes it.

use std::fmt;

use crate::message::Request;
use crate::object::binding::Binding;
use crate::object::customer::Customer;
use crate::object::port::Port;
use crate::object::route::Route;
use crate::object::server::Server;
use crate::object::service::Service;
use crate::object::settings::Settings;
use crate::object::tunnel::Tunnel;
use crate::uapi::{attr, cmd, Fate};
use crate::wire::{Attributes, Value, Writer};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Define it.
    New,
    /// Change what is given.
    Set,
    /// Remove it.
    Del,
}

/// What it is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The limits.
    Settings(Settings),
    /// A customer.
    Customer(Customer),
    /// A tunnel.
    Tunnel(Box<Tunnel>),
    /// A route.
    Route(Route),
    /// A port.
    Port(Port),
    /// A service.
    Service(Service),
    /// A server.
    Server(Server),
    /// A binding.
    Binding(Binding),
}

impl Object {
    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Object::Settings(_) => "settings",
            Object::Customer(_) => "customer",
            Object::Tunnel(_) => "tunnel",
            Object::Route(_) => "route",
            Object::Port(_) => "port",
            Object::Service(_) => "service",
            Object::Server(_) => "server",
            Object::Binding(_) => "binding",
        }
    }

    /// The routing context that it belongs to, if it is one that may.
    pub fn customer(&self) -> Option<u32> {
        match self {
            Object::Settings(_) | Object::Customer(_) => None,
            Object::Tunnel(tunnel) => tunnel.options.customer,
            Object::Route(route) => Some(route.key.customer),
            Object::Port(port) => port.options.customer,
            Object::Service(service) => Some(service.key.customer),
            Object::Server(server) => Some(server.key.customer),
            Object::Binding(binding) => Some(binding.key.service.customer),
        }
    }
}

/// A context other than public, behind a name.
fn in_context(f: &mut fmt::Formatter<'_>, customer: u32) -> fmt::Result {
    match customer {
        0 => Ok(()),
        number => write!(f, " customer {number}"),
    }
}

/// Kind and name.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Object::Settings(_) => Ok(()),
            Object::Customer(customer) => match (&customer.name, customer.options.id) {
                (Some(name), _) => write!(f, " {name}"),
                (None, number) => write!(f, " {}", number.unwrap_or(0)),
            },
            Object::Tunnel(tunnel) => write!(f, " {}", tunnel.name),
            Object::Route(route) => write!(f, " {}", route.key),
            Object::Port(port) => write!(f, " {}", port.name),
            Object::Service(service) => {
                write!(f, " {}", service.key)?;
                in_context(f, service.key.customer)
            }
            Object::Server(server) => {
                write!(f, " {}", server.key)?;
                in_context(f, server.key.customer)
            }
            Object::Binding(Binding { key, .. }) => {
                write!(f, " {} {}", key.service, key.server)?;
                if key.port != 0 {
                    write!(f, " port {}", key.port)?;
                }
                in_context(f, key.service.customer)
            }
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is done.
    pub verb: Verb,
    /// What it is done to.
    pub object: Object,
    /// What becomes of living flows; as the kernel does by itself if absent.
    pub fate: Option<Fate>,
}

/// The numbers of a kind of object.
struct Numbers {
    new: u8,
    set: u8,
    del: u8,
    fate: u16,
    txn: u16,
}

impl Change {
    /// A change that leaves living flows to the kernel.
    pub fn new(verb: Verb, object: Object) -> Self {
        Self {
            verb,
            object,
            fate: None,
        }
    }

    /// The request, of a transaction or alone.
    pub fn request(&self, txn: Option<u32>) -> Request {
        let numbers = self.numbers();
        let command = match self.verb {
            Verb::New => numbers.new,
            Verb::Set => numbers.set,
            Verb::Del => numbers.del,
        };
        let mut w = Writer::default();
        self.put_key(&mut w);
        if self.verb != Verb::Del {
            self.put_options(&mut w);
        }
        if let Some(fate) = self.fate {
            fate.put(&mut w, numbers.fate);
        }
        if let Some(txn) = txn {
            txn.put(&mut w, numbers.txn);
        }
        Request::new(command, w)
    }

    fn put_key(&self, writer: &mut Writer) {
        match &self.object {
            Object::Settings(_) => {}
            Object::Customer(customer) => customer.put_key(writer),
            Object::Tunnel(tunnel) => tunnel.put_key(writer),
            Object::Route(route) => route.put_key(writer),
            Object::Port(port) => port.put_key(writer),
            Object::Service(service) => service.put_key(writer),
            Object::Server(server) => server.put_key(writer),
            Object::Binding(binding) => binding.put_key(writer),
        }
    }

    fn put_options(&self, writer: &mut Writer) {
        match &self.object {
            Object::Settings(settings) => settings.put_all(writer),
            Object::Customer(customer) => customer.put_options(writer),
            Object::Tunnel(tunnel) => tunnel.put_options(writer),
            Object::Route(route) => route.put_options(writer),
            Object::Port(port) => port.options.put_all(writer),
            Object::Service(service) => service.options.put_all(writer),
            Object::Server(server) => server.options.put_all(writer),
            Object::Binding(binding) => binding.options.put_all(writer),
        }
    }

    /// Settings, customers, tunnels, routes and ports have no fate, and settings are neither made nor removed: the
    /// numbers in their place are never sent.
    fn numbers(&self) -> Numbers {
        match self.object {
            Object::Settings(_) => Numbers {
                new: cmd::SETTINGS_SET,
                set: cmd::SETTINGS_SET,
                del: cmd::SETTINGS_SET,
                fate: 0,
                txn: attr::settings::TXN,
            },
            Object::Customer(_) => Numbers {
                new: cmd::CUSTOMER_NEW,
                set: cmd::CUSTOMER_SET,
                del: cmd::CUSTOMER_DEL,
                fate: 0,
                txn: attr::customer::TXN,
            },
            Object::Tunnel(_) => Numbers {
                new: cmd::TUNNEL_NEW,
                set: cmd::TUNNEL_SET,
                del: cmd::TUNNEL_DEL,
                fate: 0,
                txn: attr::tunnel::TXN,
            },
            Object::Route(_) => Numbers {
                new: cmd::ROUTE_NEW,
                set: cmd::ROUTE_SET,
                del: cmd::ROUTE_DEL,
                fate: 0,
                txn: attr::route::TXN,
            },
            Object::Port(_) => Numbers {
                new: cmd::PORT_NEW,
                set: cmd::PORT_SET,
                del: cmd::PORT_DEL,
                fate: 0,
                txn: attr::port::TXN,
            },
            Object::Service(_) => Numbers {
                new: cmd::SERVICE_NEW,
                set: cmd::SERVICE_SET,
                del: cmd::SERVICE_DEL,
                fate: attr::service::FATE,
                txn: attr::service::TXN,
            },
            Object::Server(_) => Numbers {
                new: cmd::SERVER_NEW,
                set: cmd::SERVER_SET,
                del: cmd::SERVER_DEL,
                fate: attr::server::FATE,
                txn: attr::server::TXN,
            },
            Object::Binding(_) => Numbers {
                new: cmd::BINDING_NEW,
                set: cmd::BINDING_SET,
                del: cmd::BINDING_DEL,
                fate: attr::binding::FATE,
                txn: attr::binding::TXN,
            },
        }
    }
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;
    use crate::uapi::Scheduler;

    fn service(text: &str) -> Service {
        Service {
            key: text.parse().unwrap(),
            ..Service::default()
        }
    }

    #[test]
    fn service_new_golden() {
        let mut service = service("203.0.113.10:80/tcp");
        service.options.scheduler = Some(Scheduler::Wlc);
        let change = Change::new(Verb::New, Object::Service(service));
        let request = change.request(Some(9));
        assert_eq!(request.command, cmd::SERVICE_NEW);
        assert_eq!(
            request.attributes,
            [
                28, 0, 1, 0x80, // key
                8, 0, 2, 0, 203, 0, 113, 10, // address
                5, 0, 3, 0, 6, 0, 0, 0, // protocol
                6, 0, 4, 0, 80, 0, 0, 0, // port
                8, 0, 2, 0, 3, 0, 0, 0, // scheduler
                8, 0, 15, 0, 9, 0, 0, 0, // txn
            ]
        );
    }

    #[test]
    fn service_del_golden() {
        let change = Change {
            verb: Verb::Del,
            object: Object::Service(service("2001:db8::1")),
            fate: Some(Fate::Reset),
        };
        let request = change.request(None);
        assert_eq!(request.command, cmd::SERVICE_DEL);
        assert_eq!(
            request.attributes,
            [
                24, 0, 1, 0x80, 20, 0, 2, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                1, // key
                8, 0, 14, 0, 1, 0, 0, 0, // fate
            ]
        );
    }

    #[test]
    fn port_new_golden() {
        let mut port = Port {
            name: "eth0".into(),
            ..Port::default()
        };
        port.options.announce = Some(true);
        let named = Change::new(Verb::New, Object::Port(port.clone())).request(None);
        assert_eq!(
            named.attributes,
            [9, 0, 2, 0, b'e', b't', b'h', b'0', 0, 0, 0, 0, 5, 0, 5, 0, 1, 0, 0, 0]
        );
        port.ifindex = Some(3);
        let numbered = Change::new(Verb::Del, Object::Port(port)).request(None);
        assert_eq!(numbered.command, cmd::PORT_DEL);
        assert_eq!(numbered.attributes, [8, 0, 1, 0, 3, 0, 0, 0]);
    }
}
