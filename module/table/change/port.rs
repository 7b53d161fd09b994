// SPDX-License-Identifier: GPL-2.0

//! Operations on ports.

use kernel::sync::Arc;

use super::{
    check,
    error::{busy, exists, invalid, not_found},
    put,
    Attr,
    Change,
    Event,
    Result, //
};
use crate::kern::sync::deferred::cond_resched;
use crate::table::config::{
    Config, Guard, Port, PortName, PortRuntime, PortSettings, RouteKey, Side, Target,
};

/// What a request says of a port; none leaves a setting as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct PortUpdate {
    pub(crate) customer: Option<u32>,
    pub(crate) side: Option<Side>,
    pub(crate) announce: Option<bool>,
    /// The inner none is the customer's guard.
    pub(crate) guard: Option<Option<Guard>>,
}

impl PortUpdate {
    fn apply(&self, settings: PortSettings) -> PortSettings {
        PortSettings {
            customer: self.customer.unwrap_or(settings.customer),
            side: self.side.unwrap_or(settings.side),
            announce: self.announce.unwrap_or(settings.announce),
            guard: self.guard.unwrap_or(settings.guard),
        }
    }
}

/// A port that a change makes or alters.
pub(super) struct PortDraft {
    pub(super) name: PortName,
    pub(super) settings: PortSettings,
    pub(super) runtime: Arc<PortRuntime>,
}

impl Change {
    /// Attaches a device.
    pub(crate) fn port_new(&mut self, ifindex: u32, name: PortName, update: &PortUpdate) -> Result {
        let settings = update.apply(PortSettings::default());
        self.check_port(name, &settings)?;
        if self.has_port(ifindex) {
            return Err(exists(
                Attr::Ifindex,
                format_args!("port {name} exists already"),
            ));
        }
        let runtime = match self.from.port(ifindex) {
            Some(port) => port.runtime.clone(),
            None => Arc::new(PortRuntime::new()?, kernel::alloc::flags::GFP_KERNEL)?,
        };
        self.record(Event::PortNew(ifindex))?;
        self.ports_gone.remove(&ifindex);
        let draft = PortDraft {
            name,
            settings,
            runtime,
        };
        put(&mut self.ports, ifindex, draft)
    }

    /// Changes what is given of a port.
    pub(crate) fn port_set(&mut self, ifindex: u32, name: PortName, update: &PortUpdate) -> Result {
        let Some(settings) = self.port_settings(ifindex) else {
            return Err(no_port(name));
        };
        let settings = update.apply(settings);
        self.check_port(name, &settings)?;
        self.record(Event::PortNew(ifindex))?;
        self.port_draft(ifindex, |draft| draft.settings = settings)
    }

    /// Refuses what no port can be.
    fn check_port(&self, name: PortName, settings: &PortSettings) -> Result {
        self.check_customer(settings.customer)?;
        check::guard(
            format_args!("port {name}"),
            settings.guard,
            settings.customer,
        )
    }

    /// Gives a port the new name of its device.
    pub(crate) fn port_rename(&mut self, ifindex: u32, name: PortName) -> Result {
        if !self.has_port(ifindex) {
            return Err(no_port(name));
        }
        self.record(Event::PortNew(ifindex))?;
        self.port_draft(ifindex, |draft| draft.name = name)
    }

    /// Detaches a device.
    pub(crate) fn port_del(&mut self, ifindex: u32, name: PortName) -> Result {
        if !self.has_port(ifindex) {
            return Err(no_port(name));
        }
        match self.kept().and_then(|config| config.port(ifindex)).cloned() {
            Some(port) => {
                self.record(Event::PortDel(port))?;
                put(&mut self.ports_gone, ifindex, ())?;
            }
            None => {
                self.events
                    .retain(|event| !matches!(event, Event::PortNew(i) if *i == ifindex));
                self.changes = self.changes.saturating_add(1);
            }
        }
        self.ports.remove(&ifindex);
        Ok(())
    }

    /// Detaches a device that is gone, and with it the routes that lead there.
    pub(crate) fn port_gone(&mut self, ifindex: u32, name: PortName) -> Result {
        let from = self.from.clone();
        for (route, _) in from.routes(Default::default()) {
            cond_resched();
            if route.target.is_port(ifindex) {
                self.route_del(route.key)?;
            }
        }
        self.port_del(ifindex, name)
    }

    /// Refuses routes that lead to no port, or to one of another customer. Called when all else is
    /// in `config`.
    #[inline(never)]
    pub(super) fn check_port_routes(&self, config: &Config) -> Result {
        for (key, target) in &self.routes {
            if let Some(target) = target {
                check_route(config, key, *target)?;
            }
        }
        let is_moved = |ifindex: &u32, draft: &PortDraft| {
            let old = self.from.port(*ifindex);
            old.is_some_and(|old| old.settings.customer != draft.settings.customer)
        };
        let has_moved = self
            .ports
            .iter()
            .any(|(index, draft)| is_moved(index, draft));
        if self.ports_gone.is_empty() && !has_moved {
            return Ok(());
        }
        for (route, _) in config.routes(Default::default()) {
            cond_resched();
            check_route(config, &route.key, route.target)?;
        }
        Ok(())
    }

    /// Whether ports come, go or are altered.
    pub(super) fn has_port_changes(&self) -> bool {
        !(self.ports.is_empty() && self.ports_gone.is_empty())
    }

    /// The index of the port of this name, as the change leaves things so far.
    pub(crate) fn port_at(&self, name: PortName) -> Option<u32> {
        let mut drafts = self.ports.iter();
        if let Some((ifindex, _)) = drafts.find(|(_, draft)| draft.name == name) {
            return Some(*ifindex);
        }
        let ifindex = self.kept()?.port_named(name.as_bytes())?.ifindex;
        self.ports_gone.get(&ifindex).is_none().then_some(ifindex)
    }

    fn has_port(&self, ifindex: u32) -> bool {
        self.port_settings(ifindex).is_some()
    }

    pub(super) fn port_settings(&self, ifindex: u32) -> Option<PortSettings> {
        if let Some(draft) = self.ports.get(&ifindex) {
            return Some(draft.settings);
        }
        if self.ports_gone.get(&ifindex).is_some() {
            return None;
        }
        Some(self.kept()?.port(ifindex)?.settings)
    }

    /// Alters a port that is there.
    fn port_draft(&mut self, ifindex: u32, alter: impl FnOnce(&mut PortDraft)) -> Result {
        if let Some(draft) = self.ports.get_mut(&ifindex) {
            alter(draft);
            return Ok(());
        }
        if let Some(port) = self.from.port(ifindex) {
            let mut draft = PortDraft {
                name: port.name,
                settings: port.settings,
                runtime: port.runtime.clone(),
            };
            alter(&mut draft);
            put(&mut self.ports, ifindex, draft)?;
        }
        Ok(())
    }
}

/// Refuses a route to no port, or to one of another customer.
fn check_route(config: &Config, key: &RouteKey, target: Target) -> Result {
    let Target::Port { ifindex, .. } = target else {
        return Ok(());
    };
    match config.port(ifindex) {
        Some(port) if port.settings.customer == key.customer => Ok(()),
        Some(port) => Err(invalid(
            Attr::Customer,
            format_args!("port {} is another customer's: route {key}", port.name),
        )),
        None => Err(busy(
            Attr::Ifindex,
            format_args!("a port that goes still has route {key}"),
        )),
    }
}

fn no_port(name: PortName) -> super::ConfigError {
    not_found(Attr::Ifindex, format_args!("{name} is no port"))
}
