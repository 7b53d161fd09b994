// SPDX-License-Identifier: GPL-2.0

//! Operations on services.

use kernel::{
    alloc::{flags::GFP_KERNEL, KVec},
    sync::Arc, //
};

use super::{
    binding::BindingDraft,
    check,
    error::{busy, exists, invalid, not_found},
    put,
    Attr,
    Change,
    ConfigError,
    Event,
    Result, //
};
use crate::domain::{addr::Proto, sched::Scheduler, timeouts::Timeouts};
use crate::table::config::{
    AdminState, Config, Fate, Service, ServiceKey, ServiceRuntime, ServiceSettings, SlotKey,
    Unknown,
};

/// What a request says of a service; none leaves a setting as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct ServiceUpdate {
    pub(crate) scheduler: Option<Scheduler>,
    pub(crate) table_size: Option<u32>,
    pub(crate) persist: Option<u32>,
    pub(crate) persist_mask: Option<u8>,
    /// Read with `service_settings`, altered, and given whole.
    pub(crate) timeouts: Option<Timeouts>,
    /// As `timeouts`.
    pub(crate) unknown: Option<Unknown>,
    /// The inner none takes the backup away.
    pub(crate) backup: Option<Option<ServiceKey>>,
    pub(crate) state: Option<AdminState>,
}

impl ServiceUpdate {
    fn apply(&self, key: &ServiceKey, settings: ServiceSettings) -> Result<ServiceSettings> {
        let settings = ServiceSettings {
            scheduler: self.scheduler.unwrap_or(settings.scheduler),
            table_size: self.table_size.unwrap_or(settings.table_size),
            persist: self.persist.unwrap_or(settings.persist),
            persist_mask: self.persist_mask.or(settings.persist_mask),
            timeouts: self.timeouts.unwrap_or(settings.timeouts),
            unknown: self.unknown.unwrap_or(settings.unknown),
            backup: self.backup.unwrap_or(settings.backup),
            state: self.state.unwrap_or(settings.state),
        };
        if settings.state == AdminState::Drain {
            return Err(invalid(
                Attr::State,
                format_args!("state of service {key} must be up or down"),
            ));
        }
        check::table_size(settings.table_size)?;
        check::number(
            Attr::Persist,
            "persist",
            settings.persist,
            0,
            check::SECONDS_MAX,
        )?;
        if let Some(mask) = settings.persist_mask {
            let bits = key.addr.bits();
            check::number(
                Attr::PersistMask,
                "persist-mask",
                mask.into(),
                0,
                bits.into(),
            )?;
        }
        check::timeouts(&settings.timeouts)?;
        if let Some(backup) = &settings.backup {
            check_backup(key, backup)?;
        }
        Ok(settings)
    }
}

fn check_backup(key: &ServiceKey, backup: &ServiceKey) -> Result {
    if backup == key {
        return Err(invalid(
            Attr::Backup,
            format_args!("service {key} cannot be its own backup"),
        ));
    }
    if backup.customer != key.customer {
        return Err(invalid(
            Attr::Backup,
            format_args!("backup {backup} is of another customer"),
        ));
    }
    if backup.addr.is_v6() != key.addr.is_v6() {
        return Err(invalid(
            Attr::Backup,
            format_args!("backup {backup} is of the other address family"),
        ));
    }
    if backup.proto != key.proto && backup.proto != Proto(0) {
        return Err(invalid(
            Attr::Backup,
            format_args!("backup {backup} is of another protocol"),
        ));
    }
    Ok(())
}

/// A service that a change makes, alters or binds to.
pub(super) struct ServiceDraft {
    pub(super) settings: ServiceSettings,
    /// In the order of their keys.
    pub(super) bindings: KVec<BindingDraft>,
    pub(super) runtime: Arc<ServiceRuntime>,
    /// What it is in the configuration in force.
    pub(super) base: Option<Arc<Service>>,
}

impl ServiceDraft {
    /// The draft of a service that is there, bindings included.
    #[inline(never)]
    pub(super) fn thaw(service: &Arc<Service>) -> Result<Self> {
        let mut bindings = KVec::with_capacity(service.bindings.len() + 1, GFP_KERNEL)?;
        for binding in &service.bindings {
            bindings.push(BindingDraft::thaw(binding), GFP_KERNEL)?;
        }
        Ok(ServiceDraft {
            settings: service.settings,
            bindings,
            runtime: service.runtime.clone(),
            base: Some(service.clone()),
        })
    }
}

impl Change {
    /// Defines a service.
    pub(crate) fn service_new(&mut self, key: ServiceKey, update: &ServiceUpdate) -> Result {
        self.check_customer(key.customer)?;
        check::service_key(&key)?;
        let settings = update.apply(&key, ServiceSettings::default())?;
        if let Some(other) = self.overlapping(&key) {
            return Err(if other == key {
                exists(Attr::Key, format_args!("service {key} exists already"))
            } else {
                exists(Attr::Key, format_args!("ports overlap service {other}"))
            });
        }
        let base = self.from.service(&key).cloned();
        let runtime = match &base {
            Some(service) => service.runtime.clone(),
            None => Arc::new(ServiceRuntime::new(&mut self.supply)?, GFP_KERNEL)?,
        };
        let draft = ServiceDraft {
            settings,
            bindings: KVec::new(),
            runtime,
            base,
        };
        put(&mut self.services, key, draft)?;
        if let Err(error) = self.record(Event::ServiceNew(key)) {
            self.services.remove(&key);
            return Err(error);
        }
        self.services_gone.remove(&key);
        Ok(())
    }

    /// Changes what is given of a service.
    pub(crate) fn service_set(&mut self, key: ServiceKey, update: &ServiceUpdate) -> Result {
        let settings = update.apply(&key, self.service(&key, Attr::Key)?.settings)?;
        self.record(Event::ServiceNew(key))?;
        if let Some(draft) = self.services.get_mut(&key) {
            draft.settings = settings;
        }
        Ok(())
    }

    /// Removes a service that nothing is bound to.
    pub(crate) fn service_del(&mut self, key: ServiceKey, fate: Fate) -> Result {
        let draft = self.service(&key, Attr::Key)?;
        if !draft.bindings.is_empty() {
            let bound = draft.bindings.len();
            return Err(busy(
                Attr::Key,
                format_args!("service {key} has {bound} servers bound"),
            ));
        }
        if fate == Fate::Reset {
            put(&mut self.resets.services, key, ())?;
        }
        if self
            .kept()
            .is_some_and(|config| config.service(&key).is_some())
        {
            put(&mut self.services_gone, key, ())?;
        }
        self.record(Event::ServiceDel(key))?;
        self.services.remove(&key);
        Ok(())
    }

    /// The settings of a service as the change leaves them so far.
    pub(crate) fn service_settings(&self, key: &ServiceKey) -> Option<ServiceSettings> {
        match self.services.get(key) {
            Some(draft) => Some(draft.settings),
            None => Some(self.kept_service(key)?.settings),
        }
    }

    /// A service of the configuration in force that the change has not removed.
    fn kept_service(&self, key: &ServiceKey) -> Option<&Arc<Service>> {
        match self.services_gone.get(key) {
            Some(()) => None,
            None => self.kept()?.service(key),
        }
    }

    /// The draft of a service, thawed if it was not touched before. `attr` is what names it.
    pub(super) fn service(&mut self, key: &ServiceKey, attr: Attr) -> Result<&mut ServiceDraft> {
        if self.services.get(key).is_none() {
            let Some(service) = self.kept_service(key) else {
                return Err(no_service(key, attr));
            };
            let draft = ServiceDraft::thaw(service)?;
            put(&mut self.services, *key, draft)?;
        }
        let draft = self.services.get_mut(key);
        draft.ok_or_else(|| no_service(key, attr))
    }

    /// A service of the same address and protocol that has a port in common with `key`, or
    /// stands for the same.
    fn overlapping(&self, key: &ServiceKey) -> Option<ServiceKey> {
        self.overlapping_draft(key)
            .or_else(|| self.overlapping_kept(self.kept()?, key))
    }

    /// Among those that the change has touched. As none of these overlap each other, only the one
    /// that begins last, up to the end of `key`, can.
    fn overlapping_draft(&self, key: &ServiceKey) -> Option<ServiceKey> {
        let probe = ServiceKey {
            port: key.port_last,
            port_last: u16::MAX,
            ..*key
        };
        let other = match self.services.cursor_lower_bound(&probe) {
            Some(cursor) if *cursor.current().0 == probe => probe,
            Some(cursor) => *cursor.peek_prev()?.0,
            None => *self.services.cursor_back()?.current().0,
        };
        overlap(key, &other).then_some(other)
    }

    /// Among those of the configuration in force that the change has not removed.
    fn overlapping_kept(&self, config: &Config, key: &ServiceKey) -> Option<ServiceKey> {
        let host = config.hosts.get(&key.host())?;
        let clashes = |service: &Arc<Service>| {
            let is_there = self.services_gone.get(&service.key).is_none();
            (is_there && overlap(key, &service.key)).then_some(service.key)
        };
        if let Some(range) = host.ranges.iter().find_map(clashes) {
            return Some(range);
        }
        if key.is_any_port() || key.ports().count() as usize <= host.services.len() {
            (key.port..=key.port_last).find_map(|port| {
                let slot = SlotKey {
                    proto: key.proto,
                    port,
                };
                clashes(host.services.get(&slot)?)
            })
        } else {
            host.services.iter().find_map(clashes)
        }
    }
}

/// Whether two services cannot be there both: they stand for the same, or have ports in common.
fn overlap(one: &ServiceKey, other: &ServiceKey) -> bool {
    one.host() == other.host()
        && one.proto == other.proto
        && match (one.is_any_port(), other.is_any_port()) {
            (true, true) => true,
            (false, false) => one.ports().overlaps(other.ports()),
            _ => false,
        }
}

fn no_service(key: &ServiceKey, attr: Attr) -> ConfigError {
    not_found(attr, format_args!("service {key} is not defined"))
}
