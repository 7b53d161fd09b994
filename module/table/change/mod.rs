// SPDX-License-Identifier: GPL-2.0

//! A change: operations collected beside the configuration in force, then published at once.
//!
//! A [`Change`] holds what it touches, thawed, in ordered trees: services, servers and ports that
//! are new or altered, and the keys of those that go. Every operation checks what concerns its
//! own object and leaves the change as it was if it refuses. What concerns the whole (backups,
//! chains of them, what is still referred to) is checked by [`Change::freeze`], which also builds
//! the next [`Config`], maglev tables included. Packets notice nothing of all that: they go on with
//! the configuration in force until `Tables::commit` publishes the next.
//!
//! Objects of one key are the same object to flows and counters, whether a change alters them,
//! replaces the whole configuration by one that has them again, or deletes and redefines them.
//!
//! Context: process, may sleep. A change is owned by who makes it; no lock is held meanwhile.

mod backup;
mod binding;
mod check;
mod circuit;
mod customer;
mod device;
mod error;
mod freeze;
mod host;
mod port;
mod quota;
mod route;
mod server;
mod service;
mod tunnel;
mod tunnel_tables;

use core::fmt;

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError, KBox, KVVec, KVec},
    rbtree::RBTree,
    sync::Arc,
};

pub(crate) use self::{
    backup::BACKUPS_MAX,
    binding::BindingUpdate,
    customer::CustomerUpdate,
    error::{Attr, ConfigError, Kind, Result},
    freeze::Frozen,
    port::PortUpdate,
    server::ServerUpdate,
    service::ServiceUpdate,
};

use self::{
    customer::CustomerDraft, device::DeviceStep, port::PortDraft, server::ServerDraft,
    service::ServiceDraft, tunnel::TunnelDraft,
};
use super::config::{
    Binding, BindingKey, Config, CustomerName, Fate, Port, PortName, RouteKey, ServerKey,
    ServiceKey, SlrDevice, Target, TrafficSupply, TunnelName,
};
use super::stats::DropSupply;

/// What a change did, in its order, to be told to who listens.
#[derive(Clone)]
pub(crate) enum Event {
    /// A customer was made or altered.
    CustomerNew(u32),
    /// A customer was removed.
    CustomerDel(u32, CustomerName),
    /// A tunnel was made or altered.
    TunnelNew(u32),
    /// A tunnel was removed, which was this customer's.
    TunnelDel(u32, TunnelName, u32),
    /// A route was made or altered.
    RouteNew(RouteKey),
    /// A route was removed.
    RouteDel(RouteKey),
    /// An slr device was made.
    DeviceNew(PortName),
    /// An slr device is gone.
    DeviceDel(Arc<SlrDevice>),
    /// A port was made or altered.
    PortNew(u32),
    /// A port was removed.
    PortDel(Arc<Port>),
    /// A service was made or altered.
    ServiceNew(ServiceKey),
    /// A service was removed.
    ServiceDel(ServiceKey),
    /// A server was made or altered.
    ServerNew(ServerKey),
    /// A server was removed.
    ServerDel(ServerKey),
    /// A binding was made or altered.
    BindingNew(BindingKey),
    /// A binding was removed.
    BindingDel(BindingKey),
    /// The limit of flows was altered, or a rule for tunnels.
    Settings,
    /// The whole configuration was replaced; there are no other events then.
    Replaced,
}

/// Keys whose flows a change ends.
#[derive(Default)]
pub(crate) struct Resets {
    services: RBTree<ServiceKey, ()>,
    servers: RBTree<ServerKey, ()>,
    bindings: RBTree<BindingKey, ()>,
}

impl Resets {
    /// Whether no flows are to end.
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty() && self.servers.is_empty() && self.bindings.is_empty()
    }

    /// Whether a flow of this binding is to end.
    pub(super) fn include(&self, binding: &Binding) -> bool {
        let key = &binding.key;
        self.servers.get(&key.server).is_some()
            || self.services.get(&key.service).is_some()
            || self.bindings.get(key).is_some()
    }

    /// Ends the flows of a server.
    pub(super) fn add_server(&mut self, key: ServerKey) -> Result {
        put(&mut self.servers, key, ())
    }
}

/// Operations collected to take effect at once. See the [module](self).
pub(crate) struct Change {
    /// The configuration in force when it began.
    from: Arc<Config>,
    /// Whether it begins from nothing and leaves only what it defines.
    replace: bool,
    customers: RBTree<u32, CustomerDraft>,
    /// The names of `customers`.
    customer_names: RBTree<CustomerName, u32>,
    customers_gone: RBTree<u32, ()>,
    /// No number below is free.
    customer_next: u32,
    tunnels: RBTree<u32, TunnelDraft>,
    /// The numbers of `tunnels` by name.
    tunnel_names: RBTree<TunnelName, u32>,
    tunnels_gone: RBTree<u32, ()>,
    /// The number of the next tunnel.
    tunnel_next: u32,
    /// Routes made or altered; none are removed.
    routes: RBTree<RouteKey, Option<Target>>,
    devices: RBTree<PortName, DeviceStep>,
    ports: RBTree<u32, PortDraft>,
    ports_gone: RBTree<u32, ()>,
    services: RBTree<ServiceKey, ServiceDraft>,
    services_gone: RBTree<ServiceKey, ()>,
    servers: RBTree<ServerKey, ServerDraft>,
    servers_gone: RBTree<ServerKey, ()>,
    flows_max: Option<u32>,
    /// Whether tunnels must be secure from now on, if that is said.
    requires_secure: Option<bool>,
    /// Servers told to be up, which ends their failure.
    revived: KVec<ServerKey>,
    resets: Resets,
    events: KVVec<Event>,
    supply: TrafficSupply,
    drop_supply: DropSupply,
    changes: u32,
}

impl Change {
    /// A change that begins from `from`, or with `replace` from nothing. It is boxed, as it would
    /// take much of the stack of those that hand it on.
    #[inline(never)]
    pub(super) fn new(from: Arc<Config>, replace: bool) -> Result<KBox<Self>> {
        let change = Change {
            tunnel_next: from.tunnel_next,
            from,
            replace,
            customers: RBTree::new(),
            customer_names: RBTree::new(),
            customers_gone: RBTree::new(),
            customer_next: 1,
            tunnels: RBTree::new(),
            tunnel_names: RBTree::new(),
            tunnels_gone: RBTree::new(),
            routes: RBTree::new(),
            devices: RBTree::new(),
            ports: RBTree::new(),
            ports_gone: RBTree::new(),
            services: RBTree::new(),
            services_gone: RBTree::new(),
            servers: RBTree::new(),
            servers_gone: RBTree::new(),
            flows_max: None,
            requires_secure: None,
            revived: KVec::new(),
            resets: Resets::default(),
            events: KVVec::new(),
            supply: TrafficSupply::new(),
            drop_supply: DropSupply::new(),
            changes: 0,
        };
        Ok(KBox::new(change, GFP_KERNEL)?)
    }

    /// The generation that it began from.
    pub(crate) fn base(&self) -> u64 {
        self.from.generation
    }

    /// How many operations it holds.
    pub(crate) fn changes(&self) -> u32 {
        self.changes
    }

    /// Changes how many flows may live at once, for each family, and whether tunnels must be secure.
    pub(crate) fn settings_set(
        &mut self,
        flows_max: Option<u32>,
        requires_secure: Option<bool>,
    ) -> Result {
        if let Some(max) = flows_max {
            check::number(Attr::FlowsMax, "flows-max", max, 1, check::FLOWS_MAX)?;
        }
        if flows_max.is_some() || requires_secure.is_some() {
            self.record(Event::Settings)?;
            self.flows_max = flows_max.or(self.flows_max);
            self.requires_secure = requires_secure.or(self.requires_secure);
        }
        Ok(())
    }

    /// What of the configuration in force is still there unless touched.
    fn kept(&self) -> Option<&Arc<Config>> {
        (!self.replace).then_some(&self.from)
    }

    /// Notes an operation down. Called when all else of it has succeeded or cannot fail.
    fn record(&mut self, event: Event) -> Result {
        if !self.replace {
            self.events.push(event, GFP_KERNEL)?;
        }
        self.changes = self.changes.saturating_add(1);
        Ok(())
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "change from {} of {}",
            self.from.generation, self.changes
        )
    }
}

/// Puts a value into an ordered tree.
fn put<K: Ord, V>(tree: &mut RBTree<K, V>, key: K, value: V) -> Result {
    tree.try_create_and_insert(key, value, GFP_KERNEL)
        .map_err(|_| AllocError)?;
    Ok(())
}
