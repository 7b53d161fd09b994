// SPDX-License-Identifier: GPL-2.0

//! A whole configuration, without what goes without saying.

use std::collections::{BTreeMap, BTreeSet};

use slr_netlink::{
    Binding, BindingKey, BindingOptions, Customer, CustomerOptions, Object, Port, PortOptions,
    Prefix, Route, RouteKey, RouteOptions, Server, ServerKey, ServerOptions, Service, ServiceKey,
    ServiceOptions, Settings, Tunnel,
};

use crate::defaults;
use crate::names::Names;

/// A configuration. Values that equal the default are `None`, so that two configurations
/// that mean the same are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Limits.
    pub settings: Settings,
    /// Customers by name, each with its number.
    pub customers: BTreeMap<String, CustomerOptions>,
    /// Ports by device.
    pub ports: BTreeMap<String, PortOptions>,
    /// Tunnels by name.
    pub tunnels: BTreeMap<String, Tunnel>,
    /// Routes.
    pub routes: BTreeMap<RouteKey, RouteOptions>,
    /// Services.
    pub services: BTreeMap<ServiceKey, ServiceOptions>,
    /// Servers.
    pub servers: BTreeMap<ServerKey, ServerOptions>,
    /// Bindings.
    pub bindings: BTreeMap<BindingKey, BindingOptions>,
    /// Prefixes whose every address is the host's; the system has them, not the module.
    pub accepts: BTreeSet<Prefix>,
    /// Devices that customers share by their weights, and the rates of these in bytes a second; the
    /// system has them.
    pub shapes: BTreeMap<String, u64>,
}

impl Config {
    /// Adds an object, or replaces the one of its name.
    pub fn insert(&mut self, object: Object) {
        match defaults::strip_object(object) {
            Object::Settings(settings) => self.settings = settings,
            Object::Customer(c) => {
                let name = c.name.unwrap_or_default();
                self.customers.insert(name, c.options);
            }
            Object::Tunnel(t) => drop(self.tunnels.insert(t.name.clone(), *t)),
            Object::Route(r) => drop(self.routes.insert(r.key, r.options)),
            Object::Port(p) => drop(self.ports.insert(p.name, p.options)),
            Object::Service(s) => drop(self.services.insert(s.key, s.options)),
            Object::Server(s) => drop(self.servers.insert(s.key, s.options)),
            Object::Binding(b) => drop(self.bindings.insert(b.key, b.options)),
        }
    }

    /// What its customers are called.
    pub fn names(&self) -> Names {
        let mut names = Names::default();
        for (name, options) in &self.customers {
            if let Some(number) = options.id {
                names.insert(name, number);
            }
        }
        names
    }

    /// All objects, in an order in which each refers only to those before it; backups
    /// may also refer to later ones of their kind.
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let settings =
            (self.settings != Settings::default()).then(|| Object::Settings(self.settings.clone()));
        let customers = self.customers.iter().map(|(name, options)| {
            Object::Customer(Customer {
                name: Some(name.clone()),
                options: options.clone(),
            })
        });
        let ports = self.ports.iter().map(|(name, options)| {
            Object::Port(Port {
                name: name.clone(),
                ifindex: None,
                options: options.clone(),
            })
        });
        let tunnels = self
            .tunnels
            .values()
            .cloned()
            .map(Box::new)
            .map(Object::Tunnel);
        let routes = self.routes.iter().map(|(key, options)| {
            Object::Route(Route {
                key: *key,
                options: options.clone(),
            })
        });
        let services = self.services.iter().map(|(key, options)| {
            Object::Service(Service {
                key: *key,
                options: options.clone(),
            })
        });
        let servers = self.servers.iter().map(|(key, options)| {
            Object::Server(Server {
                key: *key,
                options: options.clone(),
            })
        });
        let bindings = self.bindings.iter().map(|(key, options)| {
            Object::Binding(Binding {
                key: *key,
                options: options.clone(),
            })
        });
        settings
            .into_iter()
            .chain(customers)
            .chain(ports)
            .chain(tunnels)
            .chain(routes)
            .chain(services)
            .chain(servers)
            .chain(bindings)
    }
}

impl FromIterator<Object> for Config {
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Self {
        let mut config = Self::default();
        for object in objects {
            config.insert(object);
        }
        config
    }
}
