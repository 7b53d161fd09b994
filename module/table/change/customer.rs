// SPDX-License-Identifier: GPL-2.0

//! Operations on customers, and what of a change concerns them as a whole.

use kernel::{
    alloc::{flags::GFP_KERNEL, KVec},
    sync::Arc, //
};

use super::{
    error::{busy, exists, invalid, not_found, range},
    put,
    Attr,
    Change,
    ConfigError,
    Event,
    Result, //
};
use crate::domain::{limits::CUSTOMER_MAX, shape};
use crate::kern::sync::deferred::cond_resched;
use crate::table::config::{
    Config, Customer, CustomerName, CustomerRuntime, Guard, Named, PortName, Quotas, Terms, Vrf,
    VrfOwner, PUBLIC,
};
use crate::table::meter::Rates;

/// What a request says of a customer; none leaves a setting as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct CustomerUpdate {
    /// The inner none takes the VRF away.
    pub(crate) vrf: Option<Option<Vrf>>,
    pub(crate) guard: Option<Guard>,
    pub(crate) max_flows: Option<u32>,
    pub(crate) max_routes: Option<u32>,
    pub(crate) max_tunnels: Option<u32>,
    pub(crate) new_flows: Option<u64>,
    pub(crate) packets: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) weight: Option<u32>,
}

impl CustomerUpdate {
    /// The quotas with what is given in their place.
    fn quotas(&self, base: Quotas) -> Quotas {
        Quotas {
            flows: self.max_flows.unwrap_or(base.flows),
            routes: self.max_routes.unwrap_or(base.routes),
            tunnels: self.max_tunnels.unwrap_or(base.tunnels),
            rates: Rates {
                flows: self.new_flows.unwrap_or(base.rates.flows),
                packets: self.packets.unwrap_or(base.rates.packets),
                bytes: self.bytes.unwrap_or(base.rates.bytes),
            },
            weight: self.weight.unwrap_or(base.weight),
        }
    }

    /// Refuses a weight of who cannot have a queue, whose number must fit half a word.
    fn check(&self, id: u32) -> Result {
        match self.weight {
            Some(1..) if id > shape::CUSTOMER_MAX => Err(range(
                Attr::Weight,
                format_args!(
                    "customer {id}: a weight needs a number of at most {}",
                    shape::CUSTOMER_MAX
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// A customer that a change makes or alters.
pub(super) struct CustomerDraft {
    name: CustomerName,
    vrf: Option<Vrf>,
    quotas: Quotas,
    guard: Guard,
    runtime: Arc<CustomerRuntime>,
}

impl Change {
    /// Defines a customer, of the lowest free number unless one is given.
    pub(crate) fn customer_new(
        &mut self,
        id: Option<u32>,
        name: CustomerName,
        update: &CustomerUpdate,
    ) -> Result {
        if let Some(other) = self.customer_id(&name) {
            return Err(exists(
                Attr::Name,
                format_args!("customer {name} exists already, with number {other}"),
            ));
        }
        let id = self.free_customer(id)?;
        update.check(id)?;
        // One of the same number and another name is another customer.
        let base = self.from.customer(id).filter(|base| base.name == name);
        let runtime = match base {
            Some(base) => base.runtime.clone(),
            None => {
                let runtime = CustomerRuntime::new(&mut self.supply, &mut self.drop_supply)?;
                Arc::new(runtime, GFP_KERNEL)?
            }
        };
        let draft = CustomerDraft {
            name,
            vrf: update.vrf.flatten(),
            quotas: update.quotas(Quotas::default()),
            guard: update.guard.unwrap_or(Guard::Off),
            runtime,
        };
        put(&mut self.customers, id, draft)?;
        if let Err(error) = put(&mut self.customer_names, name, id)
            .and_then(|()| self.record(Event::CustomerNew(id)))
        {
            self.customers.remove(&id);
            self.customer_names.remove(&name);
            return Err(error);
        }
        Ok(())
    }

    /// Changes what is given of a customer.
    pub(crate) fn customer_set(&mut self, id: u32, update: &CustomerUpdate) -> Result {
        update.check(id)?;
        let draft = self.customer_draft(id)?;
        let vrf = update.vrf.unwrap_or(draft.vrf);
        let quotas = update.quotas(draft.quotas);
        let guard = update.guard.unwrap_or(draft.guard);
        self.record(Event::CustomerNew(id))?;
        if let Some(draft) = self.customers.get_mut(&id) {
            draft.vrf = vrf;
            draft.quotas = quotas;
            draft.guard = guard;
        }
        Ok(())
    }

    /// Removes a customer, which nothing may belong to when the change is complete.
    pub(crate) fn customer_del(&mut self, id: u32) -> Result {
        let name = self.customer_draft(id)?.name;
        if self
            .kept()
            .is_some_and(|config| config.customer(id).is_some())
        {
            put(&mut self.customers_gone, id, ())?;
        }
        self.record(Event::CustomerDel(id, name))?;
        self.customers.remove(&id);
        self.customer_names.remove(&name);
        self.customer_next = self.customer_next.min(id);
        Ok(())
    }

    /// The device of a customer's VRF has another name, or is gone.
    pub(crate) fn vrf_event(&mut self, ifindex: u32, name: Option<PortName>) -> Result {
        let owner = self.kept().and_then(|config| config.vrf_owner(ifindex));
        match owner {
            Some(id) => {
                let vrf = name.map(|name| Vrf { ifindex, name });
                let update = CustomerUpdate {
                    vrf: Some(vrf),
                    ..CustomerUpdate::default()
                };
                self.customer_set(id, &update)
            }
            None => Ok(()),
        }
    }

    /// The number of the customer of this name, as the change leaves things so far.
    pub(crate) fn customer_id(&self, name: &CustomerName) -> Option<u32> {
        if let Some(id) = self.customer_names.get(name) {
            return Some(*id);
        }
        let id = self.kept()?.customer_named(name)?;
        self.customers_gone.get(&id).is_none().then_some(id)
    }

    /// Refuses a routing context that is not there.
    pub(super) fn check_customer(&self, id: u32) -> Result {
        if id == PUBLIC || self.has_customer(id) {
            return Ok(());
        }
        Err(no_customer(Attr::Customer, id))
    }

    fn has_customer(&self, id: u32) -> bool {
        self.customers.get(&id).is_some() || self.kept_customer(id).is_some()
    }

    /// A customer of the configuration before, unless the change has removed it.
    fn kept_customer(&self, id: u32) -> Option<&Arc<Customer>> {
        match self.customers_gone.get(&id) {
            Some(()) => None,
            None => self.kept()?.customer(id),
        }
    }

    /// The number that is asked for, or the lowest free one.
    fn free_customer(&mut self, id: Option<u32>) -> Result<u32> {
        let Some(id) = id else {
            while self.has_customer(self.customer_next) {
                self.customer_next += 1;
            }
            let id = self.customer_next;
            if id > CUSTOMER_MAX {
                return Err(range(
                    Attr::None,
                    format_args!("there are {CUSTOMER_MAX} customers already"),
                ));
            }
            return Ok(id);
        };
        if id == PUBLIC || id > CUSTOMER_MAX {
            return Err(range(
                Attr::Id,
                format_args!("number of a customer must be 1..={CUSTOMER_MAX}"),
            ));
        }
        if self.has_customer(id) {
            return Err(exists(
                Attr::Id,
                format_args!("customer {id} exists already"),
            ));
        }
        Ok(id)
    }

    /// The draft of a customer, thawed if it was not touched before.
    fn customer_draft(&mut self, id: u32) -> Result<&mut CustomerDraft> {
        if id == PUBLIC {
            return Err(invalid(
                Attr::Id,
                format_args!("customer public is always there as it is"),
            ));
        }
        if self.customers.get(&id).is_none() {
            let Some(customer) = self.kept_customer(id) else {
                return Err(no_customer(Attr::Id, id));
            };
            let draft = CustomerDraft {
                name: customer.name,
                vrf: customer.vrf,
                quotas: customer.quotas,
                guard: customer.guard,
                runtime: customer.runtime.clone(),
            };
            put(&mut self.customer_names, draft.name, id)?;
            put(&mut self.customers, id, draft)?;
        }
        self.customers
            .get_mut(&id)
            .ok_or_else(|| no_customer(Attr::Id, id))
    }

    /// Puts the customers in.
    #[inline(never)]
    pub(super) fn freeze_customers(&self, config: &mut Config) -> Result {
        if self.customers.is_empty() && self.customers_gone.is_empty() {
            return Ok(());
        }
        let mut customers = config.customers.edit(GFP_KERNEL)?;
        let mut names = config.customer_names.edit(GFP_KERNEL)?;
        let mut vrfs = config.vrfs.edit(GFP_KERNEL)?;
        // All that was goes before anything comes: a VRF may pass from one to another.
        let altered = self.customers.iter().map(|(id, _)| id);
        for id in self.customers_gone.iter().map(|(id, ())| id).chain(altered) {
            if let Some(old) = customers.remove(id, GFP_KERNEL)? {
                names.remove(&old.name, GFP_KERNEL)?;
                let has_guard = old.guard != Guard::Off;
                config.guards = config.guards.saturating_sub(has_guard.into());
                if let Some(vrf) = &old.vrf {
                    vrfs.remove(&vrf.ifindex, GFP_KERNEL)?;
                }
            }
        }
        for (id, draft) in &self.customers {
            cond_resched();
            let (id, name) = (*id, draft.name);
            let has_guard = draft.guard != Guard::Off;
            config.guards = config.guards.saturating_add(has_guard.into());
            let customer = Customer {
                id,
                name,
                vrf: draft.vrf,
                quotas: draft.quotas,
                terms: Terms::new(id, &draft.quotas, &draft.runtime.terms_now())?,
                guard: draft.guard,
                runtime: draft.runtime.clone(),
            };
            customers.insert(Arc::new(customer, GFP_KERNEL)?, GFP_KERNEL)?;
            names.insert(Arc::new(Named { name, id }, GFP_KERNEL)?, GFP_KERNEL)?;
            let Some(vrf) = draft.vrf else {
                continue;
            };
            let owner = VrfOwner {
                ifindex: vrf.ifindex,
                id,
            };
            if let Some(other) = vrfs.insert(Arc::new(owner, GFP_KERNEL)?, GFP_KERNEL)? {
                return Err(exists(
                    Attr::Vrf,
                    format_args!("VRF {} is that of customer {}", vrf.name, other.id),
                ));
            }
        }
        config.customers = customers.freeze(GFP_KERNEL)?;
        config.customer_names = names.freeze(GFP_KERNEL)?;
        config.vrfs = vrfs.freeze(GFP_KERNEL)?;
        Ok(())
    }

    /// Refuses the removal of a customer that something belongs to. Called when all else is in
    /// `config`.
    #[inline(never)]
    pub(super) fn check_customers_gone(&self, config: &Config) -> Result {
        let is_gone = |id: u32| id != PUBLIC && config.customer(id).is_none();
        if self.customers_gone.is_empty() {
            return Ok(());
        }
        for (port, _) in config.ports(Default::default()) {
            if is_gone(port.settings.customer) {
                return Err(in_use(port.settings.customer, &port.name));
            }
        }
        for (tunnel, _) in config.tunnels(Default::default()) {
            cond_resched();
            if is_gone(tunnel.settings.customer) {
                return Err(in_use(tunnel.settings.customer, &"tunnels"));
            }
        }
        for (route, _) in config.routes(Default::default()) {
            cond_resched();
            if is_gone(route.key.customer) {
                return Err(in_use(route.key.customer, &"routes"));
            }
        }
        for (host, _) in config.hosts(Default::default()) {
            cond_resched();
            if is_gone(host.key.customer) {
                return Err(in_use(host.key.customer, &"services"));
            }
        }
        for (server, _, _) in config.servers(Default::default()) {
            cond_resched();
            if is_gone(server.key.customer) {
                return Err(in_use(server.key.customer, &"servers"));
            }
        }
        Ok(())
    }

    /// The customers that are there no more, or are others of the same number.
    #[inline(never)]
    pub(super) fn lost_customers(&self, config: &Config) -> Result<KVec<u32>> {
        let mut lost = KVec::new();
        if !self.replace && self.customers_gone.is_empty() {
            return Ok(lost);
        }
        for (old, _) in self.from.customers(Default::default()) {
            let new = config.customer(old.id);
            if !new.is_some_and(|new| Arc::ptr_eq(&new.runtime, &old.runtime)) {
                lost.push(old.id, GFP_KERNEL)?;
            }
        }
        Ok(lost)
    }

    /// Whether packets of a context may go other ways than before, because a VRF or the context of
    /// a port is another.
    #[inline(never)]
    pub(super) fn has_moved(&self, config: &Config) -> bool {
        let moved_customer = self.customers.iter().any(|(id, _)| {
            let l3mdev = |config: &Config| config.customer(*id).map(|customer| customer.l3mdev());
            l3mdev(&self.from).is_some() && l3mdev(&self.from) != l3mdev(config)
        });
        let moved_port = |old: &Config, new: &Config| {
            old.ports(Default::default()).any(|(port, _)| {
                let context = |port: &Arc<crate::table::Port>| port.settings.customer;
                let now = new.port(port.ifindex).map_or(PUBLIC, context);
                now != port.settings.customer
            })
        };
        moved_customer
            || (!self.from.ports.is_same(&config.ports)
                && (moved_port(&self.from, config) || moved_port(config, &self.from)))
    }
}

fn in_use(id: u32, what: &dyn core::fmt::Display) -> ConfigError {
    busy(Attr::Id, format_args!("customer {id} still has {what}"))
}

fn no_customer(attr: Attr, id: u32) -> ConfigError {
    not_found(attr, format_args!("customer {id} is unknown"))
}
