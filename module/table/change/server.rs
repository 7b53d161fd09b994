// SPDX-License-Identifier: GPL-2.0

//! Operations on servers.

use kernel::{alloc::flags::GFP_KERNEL, sync::Arc};

use super::{
    check,
    error::{busy, exists, invalid, not_found},
    put,
    Attr,
    Change,
    ConfigError,
    Event,
    Result, //
};
use crate::table::config::{AdminState, Fate, Server, ServerKey, ServerRuntime, ServerSettings};

/// What a request says of a server; none leaves a setting as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct ServerUpdate {
    pub(crate) weight: Option<u32>,
    pub(crate) limit: Option<u32>,
    pub(crate) threshold: Option<u32>,
    pub(crate) hold: Option<u32>,
    /// The inner none takes the backup away.
    pub(crate) backup: Option<Option<ServerKey>>,
    pub(crate) drain_timeout: Option<u32>,
    pub(crate) state: Option<AdminState>,
}

/// The largest weight and threshold.
pub(super) const SMALL_MAX: u32 = crate::domain::limits::WEIGHT_MAX;

impl ServerUpdate {
    fn apply(&self, key: &ServerKey, settings: ServerSettings) -> Result<ServerSettings> {
        let settings = ServerSettings {
            weight: self.weight.unwrap_or(settings.weight),
            limit: self.limit.unwrap_or(settings.limit),
            threshold: self.threshold.unwrap_or(settings.threshold),
            hold: self.hold.unwrap_or(settings.hold),
            backup: self.backup.unwrap_or(settings.backup),
            drain_timeout: self.drain_timeout.unwrap_or(settings.drain_timeout),
            state: self.state.unwrap_or(settings.state),
        };
        check::number(Attr::Weight, "weight", settings.weight, 0, SMALL_MAX)?;
        check::number(
            Attr::Threshold,
            "threshold",
            settings.threshold,
            0,
            SMALL_MAX,
        )?;
        check::number(Attr::Hold, "hold", settings.hold, 0, check::SECONDS_MAX)?;
        let drain = settings.drain_timeout;
        check::number(
            Attr::DrainTimeout,
            "drain-timeout",
            drain,
            0,
            check::SECONDS_MAX,
        )?;
        if let Some(backup) = settings.backup {
            if backup == *key {
                return Err(invalid(
                    Attr::Backup,
                    format_args!("server {key} cannot be its own backup"),
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
        }
        Ok(settings)
    }
}

/// A server that a change makes, alters or binds.
pub(super) struct ServerDraft {
    pub(super) settings: ServerSettings,
    pub(super) runtime: Arc<ServerRuntime>,
    /// Bindings to it.
    pub(super) bound: u32,
    /// What it is in the configuration in force.
    pub(super) base: Option<Arc<Server>>,
}

impl Change {
    /// Defines a server.
    pub(crate) fn server_new(&mut self, key: ServerKey, update: &ServerUpdate) -> Result {
        self.check_customer(key.customer)?;
        check::server_key(&key)?;
        let settings = update.apply(&key, ServerSettings::default())?;
        if self.has_server(&key) {
            return Err(exists(
                Attr::Key,
                format_args!("server {key} exists already"),
            ));
        }
        let base = self.from.server(&key).cloned();
        let runtime = match &base {
            Some(server) => server.runtime.clone(),
            None => Arc::new(ServerRuntime::new(&mut self.supply)?, GFP_KERNEL)?,
        };
        let draft = ServerDraft {
            settings,
            runtime,
            bound: 0,
            base,
        };
        put(&mut self.servers, key, draft)?;
        if let Err(error) = self.record(Event::ServerNew(key)) {
            self.servers.remove(&key);
            return Err(error);
        }
        self.servers_gone.remove(&key);
        Ok(())
    }

    /// Changes what is given of a server. State up also ends a failure. With [`Fate::Reset`] the
    /// flows that it has are ended.
    pub(crate) fn server_set(
        &mut self,
        key: ServerKey,
        update: &ServerUpdate,
        fate: Fate,
    ) -> Result {
        let draft = self.server(&key, Attr::Key)?;
        let settings = update.apply(&key, draft.settings)?;
        if update.state == Some(AdminState::Up) {
            self.revived.push(key, GFP_KERNEL)?;
        }
        if fate == Fate::Reset {
            put(&mut self.resets.servers, key, ())?;
        }
        self.record(Event::ServerNew(key))?;
        if let Some(draft) = self.servers.get_mut(&key) {
            draft.settings = settings;
        }
        Ok(())
    }

    /// Removes a server that is not bound.
    pub(crate) fn server_del(&mut self, key: ServerKey, fate: Fate) -> Result {
        let draft = self.server(&key, Attr::Key)?;
        if draft.bound != 0 {
            let bound = draft.bound;
            return Err(busy(
                Attr::Key,
                format_args!("server {key} is bound to {bound} services"),
            ));
        }
        if fate == Fate::Reset {
            put(&mut self.resets.servers, key, ())?;
        }
        if self
            .kept()
            .is_some_and(|config| config.server(&key).is_some())
        {
            put(&mut self.servers_gone, key, ())?;
        }
        self.record(Event::ServerDel(key))?;
        self.servers.remove(&key);
        Ok(())
    }

    /// Whether the server is defined as the change leaves things so far.
    pub(crate) fn has_server(&self, key: &ServerKey) -> bool {
        self.servers.get(key).is_some()
            || (self.servers_gone.get(key).is_none()
                && self
                    .kept()
                    .is_some_and(|config| config.server(key).is_some()))
    }

    /// The settings of a server as the change leaves them.
    pub(super) fn server_settings(&self, key: &ServerKey) -> Option<ServerSettings> {
        match self.servers.get(key) {
            Some(draft) => Some(draft.settings),
            None if self.servers_gone.get(key).is_some() => None,
            None => Some(self.kept()?.server(key)?.settings),
        }
    }

    /// The draft of a server, thawed if it was not touched before. `attr` is what names it.
    pub(super) fn server(&mut self, key: &ServerKey, attr: Attr) -> Result<&mut ServerDraft> {
        if self.servers.get(key).is_none() {
            let kept = match self.servers_gone.get(key) {
                Some(()) => None,
                None => self.kept(),
            };
            let Some((server, bound)) =
                kept.and_then(|config| Some((config.server(key)?, config.bound(key))))
            else {
                return Err(no_server(key, attr));
            };
            let draft = ServerDraft {
                settings: server.settings,
                runtime: server.runtime.clone(),
                bound,
                base: Some(server.clone()),
            };
            put(&mut self.servers, *key, draft)?;
        }
        self.servers
            .get_mut(key)
            .ok_or_else(|| no_server(key, attr))
    }
}

fn no_server(key: &ServerKey, attr: Attr) -> ConfigError {
    not_found(attr, format_args!("server {key} is not defined"))
}
