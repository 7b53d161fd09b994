// SPDX-License-Identifier: GPL-2.0

//! Validation of a change as a whole, and the configuration that it leads to.

use kernel::{
    alloc::{flags::GFP_KERNEL, KVVec, KVec},
    sync::Arc, //
};

use super::{
    error::{busy, invalid, not_found},
    server::ServerDraft,
    service::ServiceDraft,
    Attr,
    Change,
    Event,
    Resets,
    Result, //
};
use crate::kern::sync::deferred::cond_resched;
use crate::table::{
    config::{
        Binding,
        BindingSettings,
        Config,
        Host,
        HostKey,
        Machine,
        Port,
        Server,
        ServerEntry,
        ServerKey,
        ServerSettings,
        Service,
        ServiceKey, //
    },
    schedule::Maglev,
    trie::{Cursor, Edit, Trie},
};

/// How many backups are tried in a row, for servers and for services.
pub(crate) const BACKUPS_MAX: usize = 8;

/// A change that has passed all checks, ready to be published.
pub(crate) struct Frozen {
    /// What it leads to.
    pub(crate) config: Config,
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
    /// Servers that begin to drain or cease to.
    pub(in crate::table) restated: KVec<Arc<Server>>,
    pub(in crate::table) resets: Resets,
}

impl Change {
    /// Checks the change as a whole and builds the configuration that it leads to.
    ///
    /// Takes time in proportion to what the change touches, with two exceptions: a server whose
    /// settings change, or that is removed, has all services or servers looked at once, for whether
    /// they refer to it. Context: process, may sleep.
    pub(crate) fn freeze(mut self) -> Result<Frozen> {
        let seed = self.from.hosts.seed();
        let mut config = Config::empty(seed);
        if let Some(kept) = self.kept() {
            config.ports = kept.ports.clone();
            config.hosts = kept.hosts.clone();
            config.servers = kept.servers.clone();
            config.machines = kept.machines.clone();
            config.services = kept.services;
            config.bindings = kept.bindings;
            config.service_backups = kept.service_backups;
            config.server_backups = kept.server_backups;
        }
        config.generation = self.from.generation.wrapping_add(1);
        self.freeze_ports(&mut config)?;
        if self.freeze_servers(&mut config)? {
            self.thaw_bound(&config)?;
        }
        self.freeze_services(&mut config)?;
        self.check_backups(&config)?;
        if self.replace {
            self.events.push(Event::Replaced, GFP_KERNEL)?;
        }
        let revived = self.revived(&config)?;
        let restated = self.restated(&config)?;
        Ok(Frozen {
            config,
            from: self.from,
            flows_max: self.flows_max,
            events: self.events,
            changes: self.changes,
            replaced: self.replace,
            revived,
            restated,
            resets: self.resets,
        })
    }

    fn freeze_ports(&self, config: &mut Config) -> Result {
        if self.ports.is_empty() && self.ports_gone.is_empty() {
            return Ok(());
        }
        let mut ports = config.ports.edit(GFP_KERNEL)?;
        for (ifindex, ()) in &self.ports_gone {
            ports.remove(ifindex, GFP_KERNEL)?;
        }
        for (ifindex, draft) in &self.ports {
            let port = Port {
                ifindex: *ifindex,
                name: draft.name,
                settings: draft.settings,
                runtime: draft.runtime.clone(),
            };
            ports.insert(Arc::new(port, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        config.ports = ports.freeze(GFP_KERNEL)?;
        Ok(())
    }

    /// Puts the servers in. Says whether one of those that were there has other settings now, so
    /// that services which the change does not touch may refer to what is gone.
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
    fn freeze_services(&self, config: &mut Config) -> Result {
        if self.services.is_empty() && self.services_gone.is_empty() {
            return Ok(());
        }
        let mut editor = HostEditor {
            hosts: config.hosts.edit(GFP_KERNEL)?,
            host: None,
            seed: config.hosts.seed(),
        };
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
        editor.close()?;
        config.hosts = editor.hosts.freeze(GFP_KERNEL)?;
        Ok(())
    }

    /// Refuses backups that are not there and chains of them that are too long or go round.
    fn check_backups(&self, config: &Config) -> Result {
        // Whatever is wrong now is so because of an object that the change touches or removes. Of
        // who refers to a removed one nothing is noted, hence a look at all.
        let servers_gone = !self.servers_gone.is_empty() && config.server_backups != 0;
        if servers_gone {
            for (server, _, _) in config.servers(Cursor::default()) {
                check_server_backup(config, server, true)?;
                cond_resched();
            }
        } else {
            for (key, _) in &self.servers {
                if let Some(server) = config.server(key) {
                    check_server_backup(config, server, false)?;
                }
            }
        }
        let services_gone = !self.services_gone.is_empty() && config.service_backups != 0;
        if services_gone {
            for (service, _) in config.services(Default::default()) {
                check_service_backup(config, service, true)?;
                cond_resched();
            }
        } else {
            for (key, _) in &self.services {
                if let Some(service) = config.service(key) {
                    check_service_backup(config, service, false)?;
                }
            }
        }
        Ok(())
    }
}

/// Changes how many servers are counted at the address of one.
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

fn check_server_backup(config: &Config, server: &Server, was_removed: bool) -> Result {
    let mut at = server;
    for _ in 0..=BACKUPS_MAX {
        let Some(backup) = &at.settings.backup else {
            return Ok(());
        };
        at = match config.server(backup) {
            Some(backup) => backup,
            None if was_removed => {
                return Err(busy(
                    Attr::Backup,
                    format_args!("server {backup} is the backup of {}", at.key),
                ))
            }
            None => {
                return Err(not_found(
                    Attr::Backup,
                    format_args!("backup {backup} is not defined as a server"),
                ))
            }
        };
        if at.key == server.key {
            return Err(invalid(
                Attr::Backup,
                format_args!("backups of server {} go round in a loop", server.key),
            ));
        }
    }
    Err(invalid(
        Attr::Backup,
        format_args!(
            "more than {BACKUPS_MAX} backups in a row from {}",
            server.key
        ),
    ))
}

fn check_service_backup(config: &Config, service: &Service, was_removed: bool) -> Result {
    let mut at = service;
    for _ in 0..=BACKUPS_MAX {
        let Some(backup) = &at.settings.backup else {
            return Ok(());
        };
        at = match config.service(backup) {
            Some(backup) => backup,
            None if was_removed => {
                return Err(busy(
                    Attr::Backup,
                    format_args!("service {backup} is the backup of {}", at.key),
                ))
            }
            None => {
                return Err(not_found(
                    Attr::Backup,
                    format_args!("backup {backup} is not defined as a service"),
                ))
            }
        };
        if at.key == service.key {
            return Err(invalid(
                Attr::Backup,
                format_args!("backups of service {} go round in a loop", service.key),
            ));
        }
    }
    Err(invalid(
        Attr::Backup,
        format_args!(
            "more than {BACKUPS_MAX} backups in a row from {}",
            service.key
        ),
    ))
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
    fn freeze(&self, key: ServiceKey, config: &Config) -> Result<Arc<Service>> {
        let base = self.base.as_ref();
        let same_timeouts = base.is_some_and(|b| b.settings.timeouts == self.settings.timeouts);
        let mut is_same = base.is_some_and(|base| {
            base.settings == self.settings && base.bindings.len() == self.bindings.len()
        });
        let mut bindings = KVec::with_capacity(self.bindings.len(), GFP_KERNEL)?;
        for draft in &self.bindings {
            let Some(server) = config.server(&draft.key.server) else {
                return Err(not_found(
                    Attr::Server,
                    format_args!("server {} is not defined", draft.key.server),
                ));
            };
            let old = draft.base.as_ref().filter(|old| {
                same_timeouts && Arc::ptr_eq(&old.server, server) && old.settings == draft.settings
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

/// A virtual host that is being changed.
struct HostDraft {
    key: HostKey,
    services: Edit<Service>,
    ranges: KVec<Arc<Service>>,
}

impl HostDraft {
    fn drop_range(&mut self, service: &Service) {
        if service.key.is_range() {
            self.ranges.retain(|range| range.slot != service.slot);
        }
    }

    fn add_range(&mut self, service: &Arc<Service>) -> Result {
        if service.key.is_range() {
            let at = self
                .ranges
                .partition_point(|range| range.slot < service.slot);
            self.ranges.reserve(1, GFP_KERNEL)?;
            // Room was made just now.
            let _ = self.ranges.insert_within_capacity(at, service.clone());
        }
        Ok(())
    }
}

/// Holds the virtual host that was changed last, since its services come one after the other.
struct HostEditor {
    hosts: Edit<Host>,
    host: Option<HostDraft>,
    seed: u64,
}

impl HostEditor {
    /// The virtual host to change; the one before is put back.
    fn open(&mut self, key: HostKey) -> Result<&mut HostDraft> {
        let draft = match self.host.take() {
            Some(draft) if draft.key == key => draft,
            other => {
                self.put_back(other)?;
                self.thaw(key)?
            }
        };
        Ok(self.host.insert(draft))
    }

    fn thaw(&self, key: HostKey) -> Result<HostDraft> {
        let mut ranges = KVec::new();
        let services = match self.hosts.get(&key) {
            Some(host) => {
                for range in &host.ranges {
                    ranges.push(range.clone(), GFP_KERNEL)?;
                }
                host.services.edit(GFP_KERNEL)?
            }
            None => Trie::new(self.seed).edit(GFP_KERNEL)?,
        };
        Ok(HostDraft {
            key,
            services,
            ranges,
        })
    }

    /// Puts a virtual host back, or takes it away if it has no services left.
    fn put_back(&mut self, draft: Option<HostDraft>) -> Result {
        let Some(draft) = draft else {
            return Ok(());
        };
        if draft.services.is_empty() {
            self.hosts.remove(&draft.key, GFP_KERNEL)?;
            return Ok(());
        }
        let host = Host {
            key: draft.key,
            services: draft.services.freeze(GFP_KERNEL)?,
            ranges: draft.ranges,
        };
        self.hosts.insert(Arc::new(host, GFP_KERNEL)?, GFP_KERNEL)?;
        Ok(())
    }

    /// Puts the last virtual host back.
    fn close(&mut self) -> Result {
        let draft = self.host.take();
        self.put_back(draft)
    }
}
