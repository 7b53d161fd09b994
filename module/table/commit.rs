// SPDX-License-Identifier: GPL-2.0

//! Making a change take effect.
//!
//! One lock orders all changes of a namespace. Under it a change is frozen, the devices that it
//! names are attached, the next configuration is published by one store, and then what must follow
//! is done: devices that are no ports any more let go, limits, flows that end. Anything that can
//! fail comes before the store.

use core::mem::take;

use kernel::{prelude::*, sync::Arc};

use super::{
    change::{self, Attr, Change, ConfigError, Frozen, Kind},
    config::{Config, Port},
    netns::Attachment,
    Tables,
};
use crate::kern::{net::namespace::Net, sync::deferred, time};

/// What the writer of a namespace owns, under its lock.
#[derive(Default)]
pub(super) struct Writer {
    /// What holds the device of each port, by its index.
    ports: KVec<(u32, KBox<dyn Attachment>)>,
    /// What takes packets that need no port.
    namespace: Option<KBox<dyn Attachment>>,
    /// The namespace is going; nothing may be changed any more.
    is_closed: bool,
}

/// What is attached to a namespace.
pub(super) type Attachments = (
    KVec<(u32, KBox<dyn Attachment>)>,
    Option<KBox<dyn Attachment>>,
);

impl Writer {
    /// Lets nothing be changed any more, and gives out all attachments to be dropped.
    pub(super) fn close(&mut self) -> Attachments {
        self.is_closed = true;
        (take(&mut self.ports), self.namespace.take())
    }

    /// Whether nothing may be changed any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Lets go of the device of a port.
    pub(super) fn detach(&mut self, ifindex: u32) {
        self.ports.retain(|(index, _)| *index != ifindex);
    }

    fn has(&self, ifindex: u32) -> bool {
        self.ports.iter().any(|(index, _)| *index == ifindex)
    }
}

/// A change that has taken effect.
pub(crate) struct Committed {
    /// The number of the configuration that it made.
    pub(crate) generation: u64,
    /// How many operations it was made of.
    pub(crate) changes: u32,
    /// The configuration that it made.
    pub(crate) config: Arc<Config>,
}

fn stale(base: u64, current: u64) -> ConfigError {
    ConfigError::new(
        Kind::Stale,
        Attr::None,
        format_args!("configuration {base} was replaced, {current} is in force"),
    )
}

impl Tables {
    /// Begins a change of the configuration in force, or with `replace` of nothing. With `base` it
    /// may begin from that generation only.
    pub(crate) fn begin(&self, replace: bool, base: Option<u64>) -> change::Result<KBox<Change>> {
        let config = self.config.get();
        match base {
            Some(base) if base != config.generation => Err(stale(base, config.generation)),
            _ => Change::new(config, replace),
        }
    }

    /// Makes a change take effect between two packets, or refuses it without a trace.
    ///
    /// Context: process, may sleep.
    pub(crate) fn commit(this: &Arc<Self>, change: KBox<Change>) -> change::Result<Committed> {
        let mut writer = this.writer.lock();
        Self::commit_locked(this, &mut writer, change)
    }

    /// Says whether a change would be refused. Context: process, may sleep.
    pub(crate) fn check(&self, change: KBox<Change>) -> change::Result {
        self.check_base(&change)?;
        self.limits().check(&Change::freeze(change)?)
    }

    /// Makes a change of what `operate` does take effect. It cannot be stale.
    ///
    /// Context: process, may sleep. `operate` runs with the configuration locked.
    pub(crate) fn apply(
        this: &Arc<Self>,
        operate: impl FnOnce(&mut Change) -> change::Result,
    ) -> change::Result<Committed> {
        let mut writer = this.writer.lock();
        let mut change = this.begin(false, None)?;
        operate(&mut change)?;
        Self::commit_locked(this, &mut writer, change)
    }

    fn check_base(&self, change: &Change) -> change::Result {
        let current = self.config.get().generation;
        if change.base() == current {
            return Ok(());
        }
        Err(stale(change.base(), current))
    }

    fn commit_locked(
        this: &Arc<Self>,
        writer: &mut Writer,
        change: KBox<Change>,
    ) -> change::Result<Committed> {
        let net = this.net.upgrade().filter(|_| !writer.is_closed);
        let net = net.ok_or_else(|| {
            ConfigError::new(
                Kind::NotFound,
                Attr::None,
                format_args!("the network namespace is going away"),
            )
        })?;
        this.check_base(&change)?;
        let frozen = Change::freeze(change)?;
        this.limits().check(&frozen)?;
        let config = frozen.config.clone();
        writer.attach(this, &net, &config)?;
        this.config.publish(config.clone());
        writer.let_go(&config);
        this.follow(&frozen);
        this.datapath().committed(this, &net, &frozen.from, &config);
        this.listener().committed(this, &config, &frozen.events);
        Ok(Committed {
            generation: config.generation,
            changes: frozen.changes,
            config,
        })
    }

    /// Does what a configuration that is in force now brings about.
    #[inline(never)]
    fn follow(&self, frozen: &Frozen) {
        let now = time::seconds();
        let default = frozen.replaced.then(|| self.limits().flows_default());
        if let Some(max) = frozen.flows_max.or(default) {
            self.set_flows_max(max);
        }
        for customer in &frozen.requoted {
            customer.runtime.enforce(&customer.terms);
        }
        for server in &frozen.revived {
            server.runtime.health.revive();
        }
        for server in &frozen.restated {
            server.runtime.health.drain(&server.settings, now);
        }
        if !frozen.resets.is_empty() || !frozen.lost.is_empty() || frozen.has_moved {
            // Packets that still see the old configuration may be opening flows.
            deferred::synchronize_rcu();
            self.apply_resets(&frozen.resets);
            self.retire_lost(&frozen.lost);
            if frozen.has_moved {
                self.forget_routes();
            }
        }
        if !frozen.restated.is_empty() || !frozen.revived.is_empty() {
            self.gc.news();
            self.hurry();
        }
    }
}

impl Writer {
    /// Attaches what the next configuration needs and nobody holds yet; all or nothing.
    #[inline(never)]
    fn attach(&mut self, tables: &Arc<Tables>, net: &Net, next: &Config) -> change::Result {
        let result = self.try_attach(tables, net, next);
        if result.is_err() {
            self.let_go(&tables.config.get());
        }
        result
    }

    fn try_attach(&mut self, tables: &Arc<Tables>, net: &Net, next: &Config) -> change::Result {
        for (port, _) in next.ports(Default::default()) {
            if self.has(port.ifindex) {
                continue;
            }
            self.ports.reserve(1, GFP_KERNEL)?;
            let attachment = tables
                .datapath()
                .attach_port(tables, net, port.ifindex)
                .map_err(|error| cannot_attach(port, error))?;
            self.ports.push((port.ifindex, attachment), GFP_KERNEL)?;
        }
        if needs_stack(next) && self.namespace.is_none() {
            let attached = tables.datapath().attach_namespace(tables, net);
            self.namespace = Some(attached.map_err(|error| {
                ConfigError::new(
                    kind(error),
                    Attr::None,
                    format_args!("hooks of the namespace: error {}", error.to_errno()),
                )
            })?);
        }
        Ok(())
    }

    /// Lets go of what a configuration does not need.
    #[inline(never)]
    fn let_go(&mut self, config: &Config) {
        self.ports
            .retain(|(ifindex, _)| config.port(*ifindex).is_some());
        if !needs_stack(config) {
            self.namespace = None;
        }
    }
}

/// Whether packets that need no port are wanted: for services, or because a fragment of a
/// customer's must not go on through the stack.
fn needs_stack(config: &Config) -> bool {
    config.service_count() != 0 || config.customer_count() != 0
}

fn kind(error: Error) -> Kind {
    match error {
        error if error == ENOMEM => Kind::NoMemory,
        error if error == ENODEV => Kind::NotFound,
        error if error == EBUSY => Kind::Busy,
        _ => Kind::Invalid,
    }
}

fn cannot_attach(port: &Port, error: Error) -> ConfigError {
    let name = port.name;
    match kind(error) {
        Kind::NotFound => ConfigError::new(
            Kind::NotFound,
            Attr::Ifname,
            format_args!("there is no device {name}"),
        ),
        kind => ConfigError::new(
            kind,
            Attr::Ifname,
            format_args!("device {name} cannot be a port: error {}", error.to_errno()),
        ),
    }
}
