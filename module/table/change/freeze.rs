// SPDX-License-Identifier: GPL-2.0

//! Validation of a change as a whole, and the configuration that it leads to.

use core::mem::take;

use kernel::{
    alloc::{flags::GFP_KERNEL, KBox, KVVec, KVec},
    sync::{Arc, UniqueArc}, //
};

use super::{
    error::not_found,
    host::HostEditor,
    server::ServerDraft,
    service::ServiceDraft,
    tunnel::check_binding,
    Attr,
    Change,
    Event,
    Resets,
    Result, //
};
use crate::kern::sync::deferred::cond_resched;
use crate::table::{
    config::{
        Binding, BindingSettings, Config, Customer, Guard, Machine, Port, Server, ServerEntry,
        ServerKey, ServerSettings, Service, ServiceKey,
    },
    schedule::Maglev,
    trie::Edit,
};

/// A change that has passed all checks, ready to be published.
pub(crate) struct Frozen {
    /// What it leads to.
    pub(crate) config: Arc<Config>,
    /// What it began from.
    pub(crate) from: Arc<Config>,
    /// How many flows may live from now on, if that changes.
    pub(crate) flows_max: Option<u32>,
    pub(crate) events: KVVec<Event>,
    /// How many operations it is made of.
    pub(crate) changes: u32,
    /// Whether it began from nothing.
    pub(crate) replaced: bool,
    /// Servers told to be up.
    pub(in crate::table) revived: KVec<Arc<Server>>,
    /// Customers whose packets are held to other quotas, or may be.
    pub(in crate::table) requoted: KVec<Arc<Customer>>,
    /// Servers that begin to drain or cease to.
    pub(in crate::table) restated: KVec<Arc<Server>>,
    pub(in crate::table) resets: Resets,
    /// Customers whose flows must not meet whoever has their numbers next.
    pub(in crate::table) lost: KVec<u32>,
    /// Whether flows must look for their routes again.
    pub(in crate::table) has_moved: bool,
}

// The steps are not inlined: a kernel stack is 16 KiB, of which a change under way has the rest of
// the kernel take some, and only the frames of one step should be on it at a time.
impl Change {
    /// Checks the change as a whole and builds the configuration that it leads to.
    ///
    /// Takes time in proportion to what the change touches, with two exceptions: a server whose
    /// settings change, or a server or customer that is removed, has all other objects looked at
    /// once, for whether they refer to it. Context: process, may sleep.
    pub(crate) fn freeze(mut change: KBox<Self>) -> Result<Frozen> {
        let mut config = change.begin_from()?;
        let is_rerouted = change.freeze_objects(&mut config)?;
        change.check_objects(&config)?;
        change.complete(config.into(), is_rerouted)
    }

    /// A configuration that is the one the change began from.
    #[inline(never)]
    fn begin_from(&self) -> Result<UniqueArc<Config>> {
        let seed = self.from.hosts.seed();
        let mut config = UniqueArc::new(Config::empty(seed), GFP_KERNEL)?;
        if let Some(kept) = self.kept() {
            config.customers = kept.customers.clone();
            config.customer_names = kept.customer_names.clone();
            config.vrfs = kept.vrfs.clone();
            config.guards = kept.guards;
            config.tunnels = kept.tunnels.clone();
            config.tunnel_names = kept.tunnel_names.clone();
            config.wires = kept.wires.clone();
            config.tunnel_ends = kept.tunnel_ends.clone();
            config.udp_ports = kept.udp_ports.clone();
            config.bound = kept.bound.clone();
            config.tunnel_counts = kept.tunnel_counts.clone();
            config.requires_secure = kept.requires_secure;
            config.routes = kept.routes.clone();
            config.route_lengths = kept.route_lengths.clone();
            config.outlets = kept.outlets;
            config.ports = kept.ports.clone();
            config.hosts = kept.hosts.clone();
            config.servers = kept.servers.clone();
            config.machines = kept.machines.clone();
            config.services = kept.services;
            config.bindings = kept.bindings;
            config.service_backups = kept.service_backups;
            config.server_backups = kept.server_backups;
        }
        config.requires_secure = self.requires_secure.unwrap_or(config.requires_secure);
        config.generation = self.from.generation.wrapping_add(1);
        Ok(config)
    }

    /// Puts in what the change makes and takes out what it removes. Says whether flows must look for
    /// their routes again.
    #[inline(never)]
    fn freeze_objects(&mut self, config: &mut Config) -> Result<bool> {
        self.freeze_customers(config)?;
        self.freeze_devices(config)?;
        self.freeze_ports(config)?;
        self.follow_ports(config)?;
        self.freeze_tunnels(config)?;
        let is_rerouted = self.freeze_routes(config)?;
        if self.freeze_servers(config)? {
            self.thaw_bound(config)?;
        }
        self.freeze_services(config)?;
        Ok(is_rerouted)
    }

    /// Refuses objects that do not go together.
    #[inline(never)]
    fn check_objects(&self, config: &Config) -> Result {
        self.check_tunnels(config)?;
        self.check_quotas(config)?;
        self.check_port_routes(config)?;
        self.check_backups(config)?;
        self.check_customers_gone(config)?;
        self.check_devices(config)
    }

    /// What the change leads to, and what follows from it.
    #[inline(never)]
    fn complete(&mut self, config: Arc<Config>, is_rerouted: bool) -> Result<Frozen> {
        if self.replace {
            self.events.push(Event::Replaced, GFP_KERNEL)?;
        }
        let revived = self.revived(&config)?;
        let restated = self.restated(&config)?;
        Ok(Frozen {
            requoted: self.requoted(&config)?,
            lost: self.lost_customers(&config)?,
            has_moved: is_rerouted || self.has_moved(&config),
            config,
            from: self.from.clone(),
            flows_max: self.flows_max,
            events: take(&mut self.events),
            changes: self.changes,
            replaced: self.replace,
            revived,
            restated,
            resets: take(&mut self.resets),
        })
    }

    #[inline(never)]
    fn freeze_ports(&self, config: &mut Config) -> Result {
        if self.ports.is_empty() && self.ports_gone.is_empty() {
            return Ok(());
        }
        let mut ports = config.ports.edit(GFP_KERNEL)?;
        for (ifindex, ()) in &self.ports_gone {
            if let Some(old) = ports.remove(ifindex, GFP_KERNEL)? {
                config.guards -= Guard::count(old.settings.guard);
            }
        }
        for (ifindex, draft) in &self.ports {
            let customer = config.customer(draft.settings.customer);
            let port = Port {
                customer: customer.map(|customer| customer.runtime.clone()),
                ifindex: *ifindex,
                name: draft.name,
                settings: draft.settings,
                runtime: draft.runtime.clone(),
            };
            config.guards += Guard::count(draft.settings.guard);
            if let Some(old) = ports.insert(Arc::new(port, GFP_KERNEL)?, GFP_KERNEL)? {
                config.guards -= Guard::count(old.settings.guard);
            }
        }
        config.ports = ports.freeze(GFP_KERNEL)?;
        Ok(())
    }

    /// Puts the servers in. Says whether one of those that were there has other settings now, so
    /// that services which the change does not touch may refer to what is gone.
    #[inline(never)]
    fn freeze_servers(&self, config: &mut Config) -> Result<bool> {
        if self.servers.is_empty() && self.servers_gone.is_empty() {
            return Ok(false);
        }
        let mut servers = config.servers.edit(GFP_KERNEL)?;
        let mut machines = config.machines.edit(GFP_KERNEL)?;
        let mut has_altered = false;
        for (key, ()) in &self.servers_gone {
            if let Some(old) = servers.remove(key, GFP_KERNEL)? {
                config.server_backups -= u32::from(old.server.settings.backup.is_some());
                count_at(&mut machines, key, |servers| servers.saturating_sub(1))?;
            }
        }
        for (key, draft) in &self.servers {
            let base = draft.base.as_ref();
            let same = base.filter(|base| base.settings == draft.settings);
            has_altered |= same.is_none() && base.is_some();
            let server = match same {
                Some(server) => server.clone(),
                None => Arc::new(draft.server(*key), GFP_KERNEL)?,
            };
            config.server_backups += u32::from(draft.settings.backup.is_some());
            let entry = ServerEntry {
                server,
                bound: draft.bound,
            };
            match servers.insert(Arc::new(entry, GFP_KERNEL)?, GFP_KERNEL)? {
                Some(old) => {
                    config.server_backups -= u32::from(old.server.settings.backup.is_some());
                }
                None => count_at(&mut machines, key, |servers| servers.saturating_add(1))?,
            }
            cond_resched();
        }
        config.servers = servers.freeze(GFP_KERNEL)?;
        config.machines = machines.freeze(GFP_KERNEL)?;
        Ok(has_altered && !self.replace)
    }

    /// The servers told to be up.
    #[inline(never)]
    fn revived(&self, config: &Config) -> Result<KVec<Arc<Server>>> {
        let mut revived = KVec::new();
        for key in &self.revived {
            if let Some(server) = config.server(key) {
                revived.push(server.clone(), GFP_KERNEL)?;
            }
        }
        Ok(revived)
    }

    /// The servers that begin to drain or cease to, or drain for another time.
    #[inline(never)]
    fn restated(&self, config: &Config) -> Result<KVec<Arc<Server>>> {
        let mut restated = KVec::new();
        for (key, draft) in &self.servers {
            let drain = |settings: &ServerSettings| (settings.state, settings.drain_timeout);
            let old = draft.base.as_ref().map(|base| drain(&base.settings));
            let unchanged = old.unwrap_or_else(|| drain(&ServerSettings::default()));
            if drain(&draft.settings) != unchanged {
                if let Some(server) = config.server(key) {
                    restated.push(server.clone(), GFP_KERNEL)?;
                }
            }
        }
        Ok(restated)
    }

    /// Thaws all services, not touched so far, that a server with other settings is bound to.
    #[inline(never)]
    fn thaw_bound(&mut self, config: &Config) -> Result {
        let from = self.from.clone();
        for (service, _) in from.services(Default::default()) {
            cond_resched();
            let is_outdated = service.bindings.iter().any(|binding| {
                self.servers.get(&binding.key.server).is_some()
                    && !config
                        .server(&binding.key.server)
                        .is_some_and(|server| Arc::ptr_eq(server, &binding.server))
            });
            let key = &service.key;
            if is_outdated
                && self.services.get(key).is_none()
                && self.services_gone.get(key).is_none()
            {
                super::put(&mut self.services, *key, ServiceDraft::thaw(service)?)?;
            }
        }
        Ok(())
    }

    /// Puts the services in, virtual host by virtual host.
    #[inline(never)]
    fn freeze_services(&self, config: &mut Config) -> Result {
        if self.services.is_empty() && self.services_gone.is_empty() {
            return Ok(());
        }
        let mut editor = HostEditor::new(&config.hosts)?;
        for (key, ()) in &self.services_gone {
            let host = editor.open(key.host())?;
            if let Some(old) = host.services.remove(&key.slot(), GFP_KERNEL)? {
                host.drop_range(&old);
                config.count_out(&old);
            }
        }
        for (key, draft) in &self.services {
            cond_resched();
            let service = draft.freeze(*key, config)?;
            config.services += 1;
            config.bindings += service.bindings.len() as u32;
            config.service_backups += u32::from(service.settings.backup.is_some());
            let host = editor.open(key.host())?;
            if let Some(old) = host.services.insert(service.clone(), GFP_KERNEL)? {
                host.drop_range(&old);
                config.count_out(&old);
            }
            host.add_range(&service)?;
        }
        config.hosts = editor.freeze()?;
        Ok(())
    }
}

/// Changes how many servers are counted at the address of one.
#[inline(never)]
fn count_at(
    machines: &mut Edit<Machine>,
    key: &ServerKey,
    change: impl FnOnce(u32) -> u32,
) -> Result {
    let key = key.machine();
    let servers = change(machines.get(&key).map_or(0, |machine| machine.servers));
    if servers == 0 {
        machines.remove(&key, GFP_KERNEL)?;
    } else {
        let machine = Machine { key, servers };
        machines.insert(Arc::new(machine, GFP_KERNEL)?, GFP_KERNEL)?;
    }
    Ok(())
}

impl ServerDraft {
    fn server(&self, key: ServerKey) -> Server {
        Server {
            key,
            settings: self.settings,
            runtime: self.runtime.clone(),
        }
    }
}

impl ServiceDraft {
    /// The service as it will be; as it was, if nothing of it changes.
    #[inline(never)]
    fn freeze(&self, key: ServiceKey, config: &Config) -> Result<Arc<Service>> {
        let base = self.base.as_ref();
        let same_timeouts = base.is_some_and(|b| b.settings.timeouts == self.settings.timeouts);
        let mut is_same = base.is_some_and(|base| {
            base.settings == self.settings && base.bindings.len() == self.bindings.len()
        });
        let customer = config.customer(key.customer);
        let customer = customer.map(|customer| customer.runtime.clone());
        let mut bindings = KVec::with_capacity(self.bindings.len(), GFP_KERNEL)?;
        for draft in &self.bindings {
            let Some(server) = config.server(&draft.key.server) else {
                return Err(not_found(
                    Attr::Server,
                    format_args!("server {} is not defined", draft.key.server),
                ));
            };
            check_binding(config, &draft.key, &draft.settings)?;
            let old = draft.base.as_ref().filter(|old| {
                same_timeouts
                    && Arc::ptr_eq(&old.server, server)
                    && old.settings == draft.settings
                    && old.is_of(customer.as_ref())
            });
            is_same &= old.is_some();
            let binding = match old {
                Some(binding) => binding.clone(),
                None => {
                    let binding = Binding {
                        key: draft.key,
                        settings: BindingSettings { ..draft.settings },
                        timeouts: self.settings.timeouts,
                        server: server.clone(),
                        service: self.runtime.clone(),
                        customer: customer.clone(),
                        runtime: draft.runtime.clone(),
                    };
                    Arc::new(binding, GFP_KERNEL)?
                }
            };
            bindings.push(binding, GFP_KERNEL)?;
        }
        if let Some(base) = base.filter(|_| is_same) {
            return Ok(base.clone());
        }
        let maglev = Maglev::for_service(
            &self.settings,
            &bindings,
            base.and_then(|base| base.maglev.as_ref()),
        )?;
        let service = Service {
            key,
            slot: key.slot(),
            settings: self.settings,
            bindings,
            maglev,
            runtime: self.runtime.clone(),
        };
        Ok(Arc::new(service, GFP_KERNEL)?)
    }
}

impl Config {
    /// Takes a service out of the counts.
    fn count_out(&mut self, old: &Service) {
        self.services -= 1;
        self.bindings -= old.bindings.len() as u32;
        self.service_backups -= u32::from(old.settings.backup.is_some());
    }
}
