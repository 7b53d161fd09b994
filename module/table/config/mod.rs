// SPDX-License-Identifier: GPL-2.0

//! What is configured: one immutable generation.
//!
//! A [`Config`] is built beside the one in force, by a `Change`, and published with one pointer
//! store. Whoever reads loads it once for a packet or a dump and sees no other; what two
//! generations have in common they share. Objects that change keep their `…Runtime`, which holds
//! what is counted and what lives: flows, health, places in the round.
//!
//! Context: reading is possible anywhere that holds an RCU guard or an `Arc<Config>`.

mod ask;
mod binding;
mod customer;
mod device;
mod key;
mod kind;
mod lookup;
mod outlet;
mod port;
mod route;
mod server;
mod service;
mod traffic;
mod tunnel;

use kernel::sync::Arc;

use crate::domain::addr::Addr;
use crate::domain::encap::{self, WireKey};
use crate::table::trie::{Cursor, Keyed, Trie};

pub(in crate::table) use self::outlet::outlet;
pub(crate) use self::{
    ask::Ask,
    binding::{Binding, BindingRuntime, BindingSettings, Snat, SNAT_PORTS},
    customer::{
        Customer, CustomerName, CustomerRuntime, Named, Quotas, Terms, TunnelCount, Vrf, VrfOwner,
    },
    device::SlrDevice,
    key::{BindingKey, HostKey, ServerKey, ServiceKey, SlotKey, PUBLIC},
    kind::{Action, AdminState, Condition, Fate, Guard, Method, Side},
    lookup::Lookup,
    port::{Port, PortName, PortRuntime, PortSettings},
    route::{Route, RouteKey, RouteLengths, Target, Within},
    server::{Machine, Server, ServerEntry, ServerRuntime, ServerSettings},
    service::{Host, Service, ServiceRuntime, ServiceSettings, Unknown, TABLE_SIZE},
    traffic::{Traffic, TrafficSums, TrafficSupply},
    tunnel::{
        Bound, OuterRoute, Prefix, Tunnel, TunnelBounds, TunnelEnd, TunnelName, TunnelNamed,
        TunnelRuntime, TunnelSettings, UdpPort, Wire,
    },
};

/// One generation of the configuration of a namespace.
pub(crate) struct Config {
    /// Its number; the first, empty one is 1.
    pub(crate) generation: u64,
    pub(super) customers: Trie<Customer>,
    pub(super) customer_names: Trie<Named>,
    pub(super) vrfs: Trie<VrfOwner>,
    /// Customers, tunnels and ports with a guard that is not off.
    pub(super) guards: u32,
    pub(super) tunnels: Trie<Tunnel>,
    pub(super) tunnel_names: Trie<TunnelNamed>,
    pub(super) wires: Trie<Wire>,
    pub(super) tunnel_ends: Trie<TunnelEnd>,
    pub(super) udp_ports: Trie<UdpPort>,
    /// Tunnels by the slr devices that are bound to them.
    pub(super) bound: Trie<Bound>,
    /// How many tunnels customers have.
    pub(super) tunnel_counts: Trie<TunnelCount>,
    /// Whether tunnels over IP must be secure, or clear on purpose.
    pub(crate) requires_secure: bool,
    /// The number of the next tunnel.
    pub(super) tunnel_next: u32,
    pub(super) routes: Trie<Route>,
    pub(super) route_lengths: Trie<RouteLengths>,
    /// Routes into the public context.
    pub(super) outlets: u32,
    pub(super) ports: Trie<Port>,
    pub(super) devices: Trie<SlrDevice>,
    pub(super) hosts: Trie<Host>,
    pub(super) servers: Trie<ServerEntry>,
    pub(super) machines: Trie<Machine>,
    pub(super) services: u32,
    pub(super) bindings: u32,
    /// Services with a backup.
    pub(super) service_backups: u32,
    /// Servers with a backup.
    pub(super) server_backups: u32,
}

impl Config {
    /// An empty configuration whose tries hash with `seed`.
    pub(super) fn empty(seed: u64) -> Self {
        Config {
            generation: 1,
            customers: Trie::new(seed),
            customer_names: Trie::new(seed),
            vrfs: Trie::new(seed),
            guards: 0,
            tunnels: Trie::new(seed),
            tunnel_names: Trie::new(seed),
            wires: Trie::new(seed),
            tunnel_ends: Trie::new(seed),
            udp_ports: Trie::new(seed),
            bound: Trie::new(seed),
            tunnel_counts: Trie::new(seed),
            requires_secure: false,
            tunnel_next: 1,
            routes: Trie::new(seed),
            route_lengths: Trie::new(seed),
            outlets: 0,
            ports: Trie::new(seed),
            devices: Trie::new(seed),
            hosts: Trie::new(seed),
            servers: Trie::new(seed),
            machines: Trie::new(seed),
            services: 0,
            bindings: 0,
            service_backups: 0,
            server_backups: 0,
        }
    }

    /// The customer of this number; there is none of [`PUBLIC`].
    #[inline]
    pub(crate) fn customer(&self, id: u32) -> Option<&Arc<Customer>> {
        self.customers.get(&id)
    }

    /// The number of the customer of this name.
    pub(crate) fn customer_named(&self, name: &CustomerName) -> Option<u32> {
        Some(self.customer_names.get(name)?.id)
    }

    /// The customer whose VRF this device is.
    pub(crate) fn vrf_owner(&self, ifindex: u32) -> Option<u32> {
        Some(self.vrfs.get(&ifindex)?.id)
    }

    /// Whether there are customers, tunnels or ports with a guard.
    #[inline(always)]
    pub(crate) fn has_guards(&self) -> bool {
        self.guards != 0
    }

    /// The guard of what comes by a tunnel or port of a customer: its own one, if it has that, or
    /// else the customer's.
    pub(crate) fn guard(&self, own: Option<Guard>, customer: u32) -> Guard {
        let guard = own.or_else(|| Some(self.customer(customer)?.guard));
        guard.unwrap_or(Guard::Off)
    }

    /// The tunnel of this number.
    #[inline]
    pub(crate) fn tunnel_at(&self, id: u32) -> Option<&Arc<Tunnel>> {
        self.tunnels.get(&id)
    }

    /// The tunnel of this name.
    pub(crate) fn tunnel_named(&self, name: &TunnelName) -> Option<&Arc<Tunnel>> {
        self.tunnels.get(&self.tunnel_names.get(name)?.id)
    }

    /// The tunnel that an arriving packet belongs to: the one of its other end, or else the one
    /// that takes packets from anywhere.
    #[inline]
    pub(crate) fn tunnel(&self, key: &WireKey) -> Option<&Arc<Tunnel>> {
        let wire = match self.wires.get(key) {
            Some(wire) => wire,
            None => self.wires.get(&key.anywhere()?)?,
        };
        Some(&wire.tunnel)
    }

    /// Whether there are tunnels that end at addresses.
    #[inline(always)]
    pub(crate) fn has_tunnels(&self) -> bool {
        !self.tunnel_ends.is_empty()
    }

    /// Whether tunnels end at this address.
    pub(crate) fn is_tunnel_end(&self, addr: Addr) -> bool {
        self.tunnel_ends.contains(&addr)
    }

    /// The type of the tunnels that listen at this UDP port.
    // Not inlined: asked of every UDP packet where there are tunnels, which mostly is for none.
    #[inline(never)]
    pub(crate) fn tunnels_at_port(&self, port: u16) -> Option<encap::Kind> {
        Some(self.udp_ports.get(&port)?.kind)
    }

    /// The tunnel that all packets of an slr device leave by, if it is bound to one of its customer.
    #[inline]
    pub(crate) fn tunnel_of(&self, device: &SlrDevice) -> Option<&Arc<Tunnel>> {
        if self.bound.is_empty() {
            return None;
        }
        let tunnel = &self.bound.get(&device.name)?.tunnel;
        (tunnel.settings.customer == device.customer).then_some(tunnel)
    }

    /// The route of exactly this key.
    pub(crate) fn route_at(&self, key: &RouteKey) -> Option<&Arc<Route>> {
        self.routes.get(key)
    }

    /// Whether routes lead from customers into the public context.
    pub(crate) fn has_outlets(&self) -> bool {
        self.outlets != 0
    }

    /// The port on this device.
    #[inline(always)]
    pub(crate) fn port(&self, ifindex: u32) -> Option<&Arc<Port>> {
        self.ports.get(&ifindex)
    }

    /// The port on the device of this name. Slow: looks at all ports.
    pub(crate) fn port_named(&self, name: &[u8]) -> Option<&Arc<Port>> {
        self.ports.iter().find(|port| port.name.as_bytes() == name)
    }

    /// The service of exactly this key.
    pub(crate) fn service(&self, key: &ServiceKey) -> Option<&Arc<Service>> {
        let host = self.hosts.get(&key.host())?;
        let service = host.services.get(&key.slot())?;
        (service.key == *key).then_some(service)
    }

    /// The server of this key.
    pub(crate) fn server(&self, key: &ServerKey) -> Option<&Arc<Server>> {
        Some(&self.servers.get(key)?.server)
    }

    /// Whether a server, or some port of one, has this address.
    pub(crate) fn has_server_at(&self, customer: u32, addr: Addr) -> bool {
        self.machines.contains(&HostKey { customer, addr })
    }

    /// Whether `other` has the same tunnels; may say no of equal ones.
    pub(crate) fn has_same_tunnels(&self, other: &Config) -> bool {
        self.tunnels.is_same(&other.tunnels)
    }

    /// Whether `other` has the same virtual hosts, with the same services; may say no of equal ones.
    pub(crate) fn has_same_hosts(&self, other: &Config) -> bool {
        self.hosts.is_same(&other.hosts)
    }

    /// Bindings to the server of this key.
    pub(crate) fn bound(&self, key: &ServerKey) -> u32 {
        self.servers.get(key).map_or(0, |entry| entry.bound)
    }

    /// The VRF whose table routes in a context, 0 for the main one; none if no table does. In the
    /// public context it is that of the device that a packet comes in or goes out by.
    pub(crate) fn routing_vrf(
        &self,
        customer: u32,
        device_vrf: impl FnOnce() -> u32,
    ) -> Option<u32> {
        if customer == PUBLIC {
            return Some(device_vrf());
        }
        match self.customer(customer)?.l3mdev() {
            0 => None,
            vrf => Some(vrf),
        }
    }

    /// Whether what leaves by a device stays in the context: a port is its customer's, any other
    /// device that of whose VRF it is in.
    pub(crate) fn is_within(
        &self,
        customer: u32,
        ifindex: u32,
        device_vrf: impl FnOnce() -> u32,
    ) -> bool {
        match self.port(ifindex) {
            Some(port) => port.settings.customer == customer,
            None => customer == PUBLIC || self.routing_vrf(customer, || 0) == Some(device_vrf()),
        }
    }

    /// Number of customers.
    pub(crate) fn customer_count(&self) -> u32 {
        self.customers.len() as u32
    }

    /// Number of tunnels of a customer.
    pub(crate) fn tunnels_of(&self, customer: u32) -> u32 {
        let count = self.tunnel_counts.get(&customer);
        count.map_or(0, |count| count.tunnels)
    }

    /// Number of routes of a customer.
    pub(crate) fn routes_of(&self, customer: u32) -> u32 {
        let lengths = self.route_lengths.get(&customer);
        lengths.map_or(0, |lengths| lengths.routes)
    }

    /// Whether there have been tunnels, whose routes may still wait to be given back.
    pub(crate) fn has_had_tunnels(&self) -> bool {
        self.tunnel_next != 1
    }

    /// Number of tunnels.
    pub(crate) fn tunnel_count(&self) -> u32 {
        self.tunnels.len() as u32
    }

    /// Number of routes.
    pub(crate) fn route_count(&self) -> u32 {
        self.routes.len() as u32
    }

    /// Number of slr devices.
    pub(crate) fn device_count(&self) -> u32 {
        self.devices.len() as u32
    }

    /// Number of ports.
    pub(crate) fn port_count(&self) -> u32 {
        self.ports.len() as u32
    }

    /// Number of services.
    pub(crate) fn service_count(&self) -> u32 {
        self.services
    }

    /// Number of servers.
    pub(crate) fn server_count(&self) -> u32 {
        self.servers.len() as u32
    }

    /// Number of bindings.
    pub(crate) fn binding_count(&self) -> u32 {
        self.bindings
    }

    /// All customers after `cursor`, in an order that stays.
    pub(crate) fn customers(
        &self,
        cursor: Cursor,
    ) -> impl Iterator<Item = (&Arc<Customer>, Cursor)> {
        walk(&self.customers, cursor)
    }

    /// All tunnels after `cursor`, in an order that stays.
    pub(crate) fn tunnels(&self, cursor: Cursor) -> impl Iterator<Item = (&Arc<Tunnel>, Cursor)> {
        walk(&self.tunnels, cursor)
    }

    /// All routes after `cursor`, in an order that stays.
    pub(crate) fn routes(&self, cursor: Cursor) -> impl Iterator<Item = (&Arc<Route>, Cursor)> {
        walk(&self.routes, cursor)
    }

    /// All slr devices after `cursor`, in an order that stays.
    pub(crate) fn devices(
        &self,
        cursor: Cursor,
    ) -> impl Iterator<Item = (&Arc<SlrDevice>, Cursor)> {
        walk(&self.devices, cursor)
    }

    /// All ports after `cursor`, in an order that stays.
    pub(crate) fn ports(&self, cursor: Cursor) -> impl Iterator<Item = (&Arc<Port>, Cursor)> {
        walk(&self.ports, cursor)
    }

    /// All virtual hosts after `cursor`, in an order that stays.
    pub(crate) fn hosts(&self, cursor: Cursor) -> impl Iterator<Item = (&Arc<Host>, Cursor)> {
        walk(&self.hosts, cursor)
    }

    /// All servers after `cursor`, in an order that stays, with the number of their bindings.
    pub(crate) fn servers(
        &self,
        cursor: Cursor,
    ) -> impl Iterator<Item = (&Arc<Server>, u32, Cursor)> {
        walk(&self.servers, cursor).map(|(entry, next)| (&entry.server, entry.bound, next))
    }

    /// All services after `cursor`, in an order that stays.
    pub(crate) fn services(
        &self,
        cursor: ServiceCursor,
    ) -> impl Iterator<Item = (&Arc<Service>, ServiceCursor)> {
        let within = self.hosts.iter_from(cursor.host);
        // A host that was begun comes again from its cursor on; one that was finished does not.
        let mut begun = cursor;
        let mut hosts = within;
        let mut at = cursor.host;
        let mut current: Option<crate::table::trie::Iter<'_, Service>> = None;
        core::iter::from_fn(move || loop {
            if let Some(services) = current.as_mut() {
                if let Some(service) = services.next() {
                    let next = ServiceCursor {
                        host: at,
                        service: services.cursor(),
                    };
                    return Some((service, next));
                }
                at = hosts.cursor();
            }
            let host = hosts.next()?;
            current = Some(host.services.iter_from(begun.service));
            begun = ServiceCursor::default();
        })
    }
}

/// Where a walk over all services stands: the hosts done, and the services done of the next one.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct ServiceCursor {
    host: Cursor,
    service: Cursor,
}

fn walk<T: Keyed>(trie: &Trie<T>, cursor: Cursor) -> impl Iterator<Item = (&Arc<T>, Cursor)> {
    let mut iter = trie.iter_from(cursor);
    core::iter::from_fn(move || {
        let item = iter.next()?;
        Some((item, iter.cursor()))
    })
}
