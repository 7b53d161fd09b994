// SPDX-License-Identifier: GPL-2.0

//! Operations on tunnels.

use kernel::{
    alloc::flags::GFP_KERNEL,
    sync::Arc, //
};

use super::{
    check,
    error::{busy, exists, invalid, not_found},
    put,
    tunnel_tables::TunnelTables,
    Attr,
    Change,
    ConfigError,
    Event,
    Result, //
};
use crate::domain::encap::{Carrier, End, Kind};
use crate::kern::sync::deferred::cond_resched;
use crate::table::config::{
    BindingKey, BindingSettings, Config, Method, OuterRoute, RouteKey, Target, Tunnel,
    TunnelBounds, TunnelName, TunnelRuntime, TunnelSettings, PUBLIC,
};
use crate::table::meter::Meter;

/// A tunnel that a change makes or alters.
pub(super) struct TunnelDraft {
    pub(super) name: TunnelName,
    pub(super) settings: TunnelSettings,
    pub(super) bounds: TunnelBounds,
    pub(super) runtime: Arc<TunnelRuntime>,
}

impl Change {
    /// Makes a tunnel, whose number is returned.
    pub(crate) fn tunnel_new(
        &mut self,
        name: TunnelName,
        settings: TunnelSettings,
        bounds: TunnelBounds,
    ) -> Result<u32> {
        if self.tunnel_id(&name).is_some() {
            return Err(exists(
                Attr::Name,
                format_args!("tunnel {name} exists already"),
            ));
        }
        self.check_tunnel(&name, &settings, &bounds)?;
        // What goes and comes again in one change stays what it was to those that lead to it.
        let (id, runtime) = match self.from.tunnel_named(&name) {
            Some(base) => (base.id, base.runtime.clone()),
            None => {
                let runtime = TunnelRuntime::new(&mut self.supply)?;
                (self.tunnel_next, Arc::new(runtime, GFP_KERNEL)?)
            }
        };
        let draft = TunnelDraft {
            name,
            settings,
            bounds,
            runtime,
        };
        put(&mut self.tunnels, id, draft)?;
        if let Err(error) =
            put(&mut self.tunnel_names, name, id).and_then(|()| self.record(Event::TunnelNew(id)))
        {
            self.tunnels.remove(&id);
            self.tunnel_names.remove(&name);
            return Err(error);
        }
        self.tunnel_next = self.tunnel_next.max(id.wrapping_add(1));
        Ok(id)
    }

    /// Gives a tunnel other settings.
    pub(crate) fn tunnel_set(
        &mut self,
        id: u32,
        settings: TunnelSettings,
        bounds: TunnelBounds,
    ) -> Result {
        let Some((name, runtime)) = self.tunnel_draft(id) else {
            return Err(no_tunnel(id));
        };
        self.check_tunnel(&name, &settings, &bounds)?;
        self.record(Event::TunnelNew(id))?;
        let draft = TunnelDraft {
            name,
            settings,
            bounds,
            runtime,
        };
        put(&mut self.tunnel_names, name, id)?;
        put(&mut self.tunnels, id, draft)
    }

    /// Removes a tunnel, to which no route and no cross-connect may lead when the change is
    /// complete.
    pub(crate) fn tunnel_del(&mut self, id: u32) -> Result {
        let Some((name, _)) = self.tunnel_draft(id) else {
            return Err(no_tunnel(id));
        };
        let customer = self.tunnel_now(id)?.0.customer;
        if self
            .kept()
            .is_some_and(|config| config.tunnel_at(id).is_some())
        {
            put(&mut self.tunnels_gone, id, ())?;
        }
        self.record(Event::TunnelDel(id, name, customer))?;
        self.tunnels.remove(&id);
        self.tunnel_names.remove(&name);
        Ok(())
    }

    /// The number of the tunnel of this name, as the change leaves things so far.
    pub(crate) fn tunnel_id(&self, name: &TunnelName) -> Option<u32> {
        if let Some(id) = self.tunnel_names.get(name) {
            return Some(*id);
        }
        let id = self.kept()?.tunnel_named(name)?.id;
        self.tunnels_gone.get(&id).is_none().then_some(id)
    }

    /// What a tunnel is, as the change leaves things so far, and from where packets may come.
    pub(crate) fn tunnel_now(&self, id: u32) -> Result<(TunnelSettings, &TunnelBounds)> {
        if let Some(draft) = self.tunnels.get(&id) {
            return Ok((draft.settings, &draft.bounds));
        }
        match self.kept().and_then(|config| config.tunnel_at(id)) {
            Some(tunnel) if self.tunnels_gone.get(&id).is_none() => {
                Ok((tunnel.settings, &tunnel.bounds))
            }
            _ => Err(no_tunnel(id)),
        }
    }

    /// Whether there is such a tunnel, as the change leaves things so far.
    pub(super) fn has_tunnel(&self, id: u32) -> bool {
        self.tunnel_draft(id).is_some()
    }

    fn tunnel_draft(&self, id: u32) -> Option<(TunnelName, Arc<TunnelRuntime>)> {
        if let Some(draft) = self.tunnels.get(&id) {
            return Some((draft.name, draft.runtime.clone()));
        }
        if self.tunnels_gone.get(&id).is_some() {
            return None;
        }
        let tunnel = self.kept()?.tunnel_at(id)?;
        Some((tunnel.name, tunnel.runtime.clone()))
    }

    /// Refuses what no tunnel can be.
    fn check_tunnel(
        &self,
        name: &TunnelName,
        settings: &TunnelSettings,
        bounds: &TunnelBounds,
    ) -> Result {
        self.check_customer(settings.customer)?;
        check::guard(
            format_args!("tunnel {name}"),
            settings.guard,
            settings.customer,
        )?;
        let kind = settings.wire.kind;
        if settings.outer.format.kind != kind {
            return Err(invalid(
                Attr::Key,
                format_args!("tunnel {name} has two types"),
            ));
        }
        if !kind.keys().allows(settings.wire.key) || !kind.keys().allows(settings.outer.format.key)
        {
            return Err(invalid(
                Attr::Key,
                format_args!(
                    "tunnel {name}: no such {} of type {}",
                    kind.key_name(),
                    kind.name()
                ),
            ));
        }
        check_bound(name, settings)?;
        check_outside(name, settings, bounds)?;
        match (kind.carrier(), settings.wire.end) {
            (Carrier::Link, End::Link(_)) => self.check_circuit(name, settings),
            (Carrier::Link, _) | (_, End::Link(_)) => Err(invalid(
                Attr::Key,
                format_args!("tunnel {name}: type {} is elsewhere", kind.name()),
            )),
            (_, End::Path { .. }) if settings.outer.template().is_none() => Err(invalid(
                Attr::Address,
                format_args!("tunnel {name}: ends are of two families"),
            )),
            (Carrier::Udp, End::Path { port: 0, .. }) => Err(invalid(
                Attr::Port,
                format_args!("tunnel {name} has no port to listen at"),
            )),
            _ => Ok(()),
        }
    }

    /// Puts the tunnels in.
    #[inline(never)]
    pub(super) fn freeze_tunnels(&self, config: &mut Config) -> Result {
        config.tunnel_next = self.tunnel_next;
        if self.tunnels.is_empty() && self.tunnels_gone.is_empty() {
            return Ok(());
        }
        let mut tables = TunnelTables::of(config)?;
        // All that was goes before anything comes: a key may pass from one to another.
        let altered = self.tunnels.iter().map(|(id, _)| id);
        for id in self.tunnels_gone.iter().map(|(id, ())| id).chain(altered) {
            cond_resched();
            tables.take_out(*id)?;
        }
        for (id, draft) in &self.tunnels {
            cond_resched();
            tables.put_in(self.freeze_tunnel(*id, draft, config)?)?;
        }
        tables.freeze(config)
    }

    /// A tunnel as it will be.
    #[inline(never)]
    fn freeze_tunnel(&self, id: u32, draft: &TunnelDraft, config: &Config) -> Result<Arc<Tunnel>> {
        let settings = draft.settings;
        let customer = config.customer(settings.customer);
        let tunnel = Tunnel {
            id,
            name: draft.name,
            settings,
            template: settings.outer.template(),
            bounds: draft.bounds.try_clone()?,
            runtime: draft.runtime.clone(),
            route: self.outer_route(id, &settings)?,
            meter: self.tunnel_meter(id, &settings)?,
            customer: customer.map(|customer| customer.runtime.clone()),
        };
        Ok(Arc::new(tunnel, GFP_KERNEL)?)
    }

    /// The buckets of what arrives: those of before at the same rates.
    fn tunnel_meter(&self, id: u32, settings: &TunnelSettings) -> Result<Option<Arc<Meter>>> {
        let old = self.from.tunnel_at(id);
        let old = old.and_then(|tunnel| tunnel.meter.as_ref());
        Ok(Meter::renew(settings.rate_in, old)?)
    }

    /// The route of a tunnel's outer packets as far as it is known: that of before between the same
    /// ends.
    fn outer_route(&self, id: u32, settings: &TunnelSettings) -> Result<Arc<OuterRoute>> {
        let ends = |settings: &TunnelSettings| {
            let outer = &settings.outer;
            (outer.local, outer.remote, settings.link())
        };
        match self.from.tunnel_at(id) {
            Some(old) if ends(&old.settings) == ends(settings) => Ok(old.route.clone()),
            _ => Ok(Arc::new(OuterRoute::new(), GFP_KERNEL)?),
        }
    }

    /// Refuses tunnels and routes that lead nowhere, or to another customer. Called when all else is
    /// in `config`.
    #[inline(never)]
    pub(super) fn check_tunnels(&self, config: &Config) -> Result {
        for (id, _) in &self.tunnels {
            if let Some(tunnel) = config.tunnel_at(*id) {
                check_crossing(config, tunnel)?;
            }
        }
        self.check_secure(config)?;
        for (key, target) in &self.routes {
            cond_resched();
            if let Some(target) = target {
                check_route(config, key, *target)?;
            }
        }
        let is_moved = |id: &u32, draft: &TunnelDraft| {
            let old = self.from.tunnel_at(*id);
            old.is_some_and(|old| old.settings.customer != draft.settings.customer)
        };
        let has_moved = self.tunnels.iter().any(|(id, draft)| is_moved(id, draft));
        if self.tunnels_gone.is_empty() && !has_moved {
            return Ok(());
        }
        for (tunnel, _) in config.tunnels(Default::default()) {
            cond_resched();
            check_crossing(config, tunnel)?;
        }
        for (route, _) in config.routes(Default::default()) {
            cond_resched();
            check_route(config, &route.key, route.target)?;
        }
        for (service, _) in config.services(Default::default()) {
            cond_resched();
            for binding in &service.bindings {
                check_binding(config, &binding.key, &binding.settings)?;
            }
        }
        Ok(())
    }

    /// Refuses a tunnel that is not encrypted and not said to be meant so, where that is the rule.
    fn check_secure(&self, config: &Config) -> Result {
        if !config.requires_secure {
            return Ok(());
        }
        if self.kept().is_none_or(|kept| !kept.requires_secure) {
            // The rule is new, so that it is asked of all.
            for (tunnel, _) in config.tunnels(Default::default()) {
                cond_resched();
                check_protection(tunnel)?;
            }
            return Ok(());
        }
        let altered = self.tunnels.iter();
        altered
            .filter_map(|(id, _)| config.tunnel_at(*id))
            .try_for_each(|tunnel| check_protection(tunnel))
    }
}

/// Refuses a tunnel over IP of which it is not said whether it is encrypted.
fn check_protection(tunnel: &Tunnel) -> Result {
    let settings = &tunnel.settings;
    if settings.link().is_some() || settings.is_secure || settings.is_clear {
        return Ok(());
    }
    Err(invalid(
        Attr::Key,
        format_args!(
            "tunnel {} is not secure: say secure on or clear on",
            tunnel.name
        ),
    ))
}

/// Refuses to bind an slr device to what cannot be its only way.
fn check_bound(name: &TunnelName, settings: &TunnelSettings) -> Result {
    match settings.device() {
        Some(_) if settings.customer == PUBLIC => Err(invalid(
            Attr::Device,
            format_args!("tunnel {name} is of public, which has no slr device"),
        )),
        Some(_) if settings.to.is_some() => Err(invalid(
            Attr::Device,
            format_args!("tunnel {name} leads to a tunnel or to a device, not both"),
        )),
        _ => Ok(()),
    }
}

/// Refuses what is about outer addresses of a tunnel that has none, or others.
fn check_outside(name: &TunnelName, settings: &TunnelSettings, bounds: &TunnelBounds) -> Result {
    let v6 = match settings.wire.end {
        End::Link(_) if settings.is_secure => {
            return Err(invalid(
                Attr::Key,
                format_args!("tunnel {name} is on a link, which IPsec protects nothing of"),
            ));
        }
        End::Link(_) if settings.is_clear => {
            return Err(invalid(
                Attr::Key,
                format_args!("tunnel {name} is on a link, where nothing is encrypted anyway"),
            ));
        }
        _ if settings.is_secure && settings.is_clear => {
            return Err(invalid(
                Attr::Key,
                format_args!("tunnel {name} is secure or clear, not both"),
            ));
        }
        End::Link(_) if !bounds.peers.is_empty() => {
            return Err(invalid(
                Attr::Key,
                format_args!("tunnel {name} is on a link and has no peers by address"),
            ));
        }
        End::Link(_) => return Ok(()),
        End::Path { local, .. } => local.is_v6(),
    };
    match bounds.peers.iter().find(|peer| peer.addr.is_v6() != v6) {
        Some(peer) => Err(invalid(
            Attr::Address,
            format_args!("tunnel {name}: peers {peer} are of another family than its ends"),
        )),
        None => Ok(()),
    }
}

/// Refuses a cross-connect to no tunnel, or to one of another customer.
fn check_crossing(config: &Config, tunnel: &Tunnel) -> Result {
    let Some(to) = tunnel.settings.to else {
        return Ok(());
    };
    let name = tunnel.name;
    let Some(to) = config.tunnel_at(to) else {
        return Err(busy(
            Attr::Key,
            format_args!("a tunnel that goes still has tunnel {name} lead to it"),
        ));
    };
    if to.settings.customer != tunnel.settings.customer {
        return Err(invalid(
            Attr::Key,
            format_args!("tunnel {} is another customer's than {name}", to.name),
        ));
    }
    // What comes by other tunnels and by labels has hops to lose.
    if to.id == tunnel.id && tunnel.settings.wire.kind == Kind::Vlan {
        return Err(invalid(
            Attr::Key,
            format_args!("tunnel {name}: frames of a VLAN cannot go back into it"),
        ));
    }
    Ok(())
}

/// Refuses a route into no tunnel, or into one of another customer.
fn check_route(config: &Config, key: &RouteKey, target: Target) -> Result {
    let Target::Tunnel(id) = target else {
        return Ok(());
    };
    let Some(tunnel) = config.tunnel_at(id) else {
        return Err(busy(
            Attr::Key,
            format_args!("a tunnel that goes still has route {key}"),
        ));
    };
    if tunnel.settings.customer != key.customer {
        return Err(invalid(
            Attr::Key,
            format_args!("tunnel {} is another customer's: route {key}", tunnel.name),
        ));
    }
    Ok(())
}

/// Refuses a server behind no tunnel, or behind one of another customer.
pub(super) fn check_binding(
    config: &Config,
    key: &BindingKey,
    settings: &BindingSettings,
) -> Result {
    if settings.method != Method::Tunnel {
        return Ok(());
    }
    let Some(tunnel) = config.tunnel_at(settings.tunnel) else {
        return Err(busy(
            Attr::Tunnel,
            format_args!("a tunnel that goes still has {key} behind it"),
        ));
    };
    if tunnel.settings.customer != key.service.customer {
        return Err(invalid(
            Attr::Tunnel,
            format_args!("tunnel {} is another customer's: {key}", tunnel.name),
        ));
    }
    Ok(())
}

fn no_tunnel(id: u32) -> ConfigError {
    not_found(Attr::Name, format_args!("tunnel {id} is unknown"))
}
