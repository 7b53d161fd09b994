// SPDX-License-Identifier: GPL-2.0

//! Operations on routes.

use kernel::{
    alloc::{flags::GFP_KERNEL, KBox},
    sync::Arc, //
};

use super::{
    binding::check_snat,
    error::{exists, invalid, not_found},
    put,
    Attr,
    Change,
    Event,
    Result, //
};
use crate::domain::addr::Addr;
use crate::kern::sync::deferred::cond_resched;
use crate::table::config::{outlet, Config, Prefix, Route, RouteKey, RouteLengths, Target, PUBLIC};
use crate::table::trie::Edit;

impl Change {
    /// Makes a route.
    pub(crate) fn route_new(&mut self, key: RouteKey, target: Target) -> Result {
        self.check_route(&key, target)?;
        if self.has_route(&key) {
            return Err(exists(
                Attr::Key,
                format_args!("route {key} exists already"),
            ));
        }
        self.record(Event::RouteNew(key))?;
        put(&mut self.routes, key, Some(target))
    }

    /// Makes a route, or leads one elsewhere.
    pub(crate) fn route_replace(&mut self, key: RouteKey, target: Target) -> Result {
        self.check_route(&key, target)?;
        self.record(Event::RouteNew(key))?;
        put(&mut self.routes, key, Some(target))
    }

    /// Removes a route.
    pub(crate) fn route_del(&mut self, key: RouteKey) -> Result {
        if !self.has_route(&key) {
            return Err(not_found(Attr::Key, format_args!("route {key} is unknown")));
        }
        self.record(Event::RouteDel(key))?;
        put(&mut self.routes, key, None)
    }

    fn has_route(&self, key: &RouteKey) -> bool {
        match self.routes.get(key) {
            Some(target) => target.is_some(),
            None => self
                .kept()
                .is_some_and(|config| config.route_at(key).is_some()),
        }
    }

    fn check_route(&self, key: &RouteKey, target: Target) -> Result {
        if key.customer == PUBLIC {
            return Err(invalid(
                Attr::Customer,
                format_args!("customer public is routed by the system's own tables"),
            ));
        }
        self.check_customer(key.customer)?;
        let prefix = key.prefix;
        check_prefix(prefix, Attr::Address)?;
        if let Some(from) = key.from {
            check_prefix(from, Attr::From)?;
            if from.addr.bits() != prefix.addr.bits() {
                return Err(invalid(
                    Attr::From,
                    format_args!("{prefix} and {from} are not of one address family"),
                ));
            }
        }
        match target {
            Target::Tunnel(id) if !self.has_tunnel(id) => Err(not_found(
                Attr::Key,
                format_args!("route {key}: its tunnel is not defined"),
            )),
            Target::Public(snat) => check_snat(&snat, prefix.addr),
            Target::Port { ifindex, gateway } => {
                self.check_route_port(key, ifindex)?;
                check_gateway(key, gateway)
            }
            _ => Ok(()),
        }
    }

    /// Refuses a route by what is no port of its customer.
    fn check_route_port(&self, key: &RouteKey, ifindex: u32) -> Result {
        match self.port_settings(ifindex) {
            Some(settings) if settings.customer == key.customer => Ok(()),
            Some(_) => Err(invalid(
                Attr::Ifindex,
                format_args!("route {key}: the port is another customer's"),
            )),
            None => Err(not_found(
                Attr::Ifindex,
                format_args!("route {key}: that device is no port"),
            )),
        }
    }

    /// Puts the routes in. Says whether flows may have kept a route of the host for one of them.
    #[inline(never)]
    pub(super) fn freeze_routes(&self, config: &mut Config) -> Result<bool> {
        let mut is_rerouted = self.replace && has_port_routes(&self.from);
        if self.routes.is_empty() {
            return Ok(is_rerouted);
        }
        let mut routes = config.routes.edit(GFP_KERNEL)?;
        let mut lengths = config.route_lengths.edit(GFP_KERNEL)?;
        // Routes come customer by customer.
        let mut used = lengths_of(None, PUBLIC)?;
        for (key, target) in &self.routes {
            cond_resched();
            let old = match target {
                Some(target) => {
                    let route = Route {
                        key: *key,
                        target: *target,
                        outlet: match target {
                            Target::Public(snat) => {
                                let customer = config.customer(key.customer);
                                let customer = customer.map(|it| it.runtime.clone());
                                Some(outlet(key, *snat, customer)?)
                            }
                            _ => None,
                        },
                    };
                    routes.insert(Arc::new(route, GFP_KERNEL)?, GFP_KERNEL)?
                }
                None => routes.remove(key, GFP_KERNEL)?,
            };
            let by_port = |target: &Target| matches!(target, Target::Port { .. });
            is_rerouted |= target.as_ref().is_some_and(by_port)
                || old.as_ref().is_some_and(|old| by_port(&old.target));
            let was_out = old.as_ref().is_some_and(|route| route.outlet.is_some());
            config.outlets = config.outlets.saturating_sub(was_out.into());
            if let Some(Target::Public(_)) = target {
                config.outlets = config.outlets.saturating_add(1);
            }
            if old.is_some() == target.is_some() {
                continue;
            }
            if used.customer != key.customer {
                keep(&mut lengths, &used)?;
                used = lengths_of(lengths.get(&key.customer), key.customer)?;
            }
            match target {
                Some(_) => used.add(key)?,
                None => used.remove(key)?,
            }
        }
        keep(&mut lengths, &used)?;
        config.routes = routes.freeze(GFP_KERNEL)?;
        config.route_lengths = lengths.freeze(GFP_KERNEL)?;
        Ok(is_rerouted)
    }
}

fn check_prefix(prefix: Prefix, at: Attr) -> Result {
    match prefix.len <= prefix.addr.bits() && prefix.addr.mask(prefix.len) == prefix.addr {
        true => Ok(()),
        false => Err(invalid(
            at,
            format_args!("prefix {prefix} has bits behind its length"),
        )),
    }
}

fn has_port_routes(config: &Config) -> bool {
    let mut routes = config.routes(Default::default());
    routes.any(|(route, _)| matches!(route.target, Target::Port { .. }))
}

/// Refuses a neighbour of the other address family.
fn check_gateway(key: &RouteKey, gateway: Option<Addr>) -> Result {
    match gateway {
        Some(gateway) if gateway.bits() != key.prefix.addr.bits() => Err(invalid(
            Attr::Gateway,
            format_args!("gateway {gateway} is not of the family of route {key}"),
        )),
        Some(gateway) if gateway.is_unspecified() || gateway.is_multicast() => Err(invalid(
            Attr::Gateway,
            format_args!("gateway {gateway} of route {key} is no neighbour"),
        )),
        _ => Ok(()),
    }
}

/// The lengths that a customer's prefixes have, to be changed. They are too long for the stack.
#[inline(never)]
fn lengths_of(known: Option<&Arc<RouteLengths>>, customer: u32) -> Result<KBox<RouteLengths>> {
    let used = match known {
        Some(known) => RouteLengths::clone(known),
        None => RouteLengths::new(customer),
    };
    Ok(KBox::new(used, GFP_KERNEL)?)
}

/// Notes which lengths a customer's prefixes have; nothing of who has no routes.
#[inline(never)]
fn keep(lengths: &mut Edit<RouteLengths>, used: &RouteLengths) -> Result {
    if used.customer == PUBLIC {
        return Ok(());
    }
    if used.is_empty() {
        lengths.remove(&used.customer, GFP_KERNEL)?;
    } else {
        lengths.insert(shared(used)?, GFP_KERNEL)?;
    }
    Ok(())
}

#[inline(never)]
fn shared(used: &RouteLengths) -> Result<Arc<RouteLengths>> {
    Ok(Arc::new(used.clone(), GFP_KERNEL)?)
}
