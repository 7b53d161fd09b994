// SPDX-License-Identifier: GPL-2.0

//! Operations on bindings.

use kernel::{alloc::flags::GFP_KERNEL, sync::Arc};

use super::{
    check,
    error::{busy, exists, invalid, not_found, range},
    put,
    server::SMALL_MAX,
    Attr,
    Change,
    ConfigError,
    Event,
    Result, //
};
use crate::domain::addr::{Addr, Proto};
use crate::table::config::{
    Binding, BindingKey, BindingRuntime, BindingSettings, Fate, Method, ServerKey, Snat,
};

/// The most bindings of one service: what an entry of a maglev table can name.
const BINDINGS_MAX: usize = crate::domain::limits::SERVERS_MAX;

/// What a request says of a binding; none leaves a setting as it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct BindingUpdate {
    /// Last port of a range on the server.
    pub(crate) port_last: Option<u16>,
    pub(crate) method: Option<Method>,
    /// The number of a tunnel.
    pub(crate) tunnel: Option<u32>,
    pub(crate) weight: Option<u32>,
    pub(crate) snat: Option<Snat>,
}

impl BindingUpdate {
    fn apply(&self, key: &BindingKey, settings: BindingSettings) -> Result<BindingSettings> {
        let method = self.method.unwrap_or(settings.method);
        let settings = BindingSettings {
            method,
            tunnel: match (method, self.tunnel) {
                (Method::Tunnel, Some(tunnel)) => tunnel,
                (Method::Tunnel, None) => settings.tunnel,
                _ => 0,
            },
            weight: self.weight.or(settings.weight),
            snat: self.snat.unwrap_or(settings.snat),
            port_last: self.port_last.unwrap_or(settings.port_last.max(key.port)),
        };
        if let Some(weight) = settings.weight {
            check::number(Attr::Weight, "weight", weight, 0, SMALL_MAX)?;
        }
        if self.tunnel.is_some() && method != Method::Tunnel {
            return Err(invalid(
                Attr::Tunnel,
                format_args!("binding {key}: a tunnel is for method tunnel"),
            ));
        }
        if method == Method::Tunnel && settings.tunnel == 0 {
            return Err(invalid(
                Attr::Method,
                format_args!("binding {key}: method tunnel lacks its tunnel"),
            ));
        }
        if method.keeps_ends() {
            check_kept(key, &settings)?;
        }
        check_ports(key, settings.port_last)?;
        check_snat(&settings.snat, key.server.addr)?;
        Ok(settings)
    }
}

/// Refuses ports on the server that those of the service do not lead to.
fn check_ports(key: &BindingKey, port_last: u16) -> Result {
    let (service, server) = (&key.service, &key.server);
    if key.port == 0 {
        if port_last != 0 {
            return Err(invalid(
                Attr::PortLast,
                format_args!("binding {key}: a last port needs a first one"),
            ));
        }
        return Ok(());
    }
    if port_last < key.port {
        return Err(invalid(
            Attr::PortLast,
            format_args!("last port {port_last} is below the first, {}", key.port),
        ));
    }
    if server.port != 0 {
        return Err(invalid(
            Attr::Port,
            format_args!(
                "server {server} has a port of its own, {} is another",
                key.port
            ),
        ));
    }
    if service.proto != Proto(0) && !service.proto.has_ports() {
        return Err(invalid(
            Attr::Port,
            format_args!("service {service}: the protocol has no ports to map"),
        ));
    }
    let mapped = u32::from(port_last.wrapping_sub(key.port)).wrapping_add(1);
    if mapped > 1 && (service.is_any_port() || mapped != service.ports().count()) {
        return Err(range(
            Attr::PortLast,
            format_args!(
                "{mapped} server ports for {} of service {service}",
                service.ports().count()
            ),
        ));
    }
    Ok(())
}

/// Refuses what a method that rewrites nothing cannot do.
fn check_kept(key: &BindingKey, settings: &BindingSettings) -> Result {
    let method = match settings.method {
        Method::Tunnel => "tunnel",
        _ => "direct",
    };
    let (service, server) = (&key.service, &key.server);
    let is_mapped = key.port != 0;
    let is_other = server.port != 0 && (server.port != service.port || service.is_range());
    if is_mapped || is_other {
        return Err(invalid(
            Attr::Method,
            format_args!("method {method} keeps ports: {server} must have those of the service"),
        ));
    }
    if settings.snat != Snat::None {
        return Err(invalid(
            Attr::Method,
            format_args!("method {method} keeps the source: no snat with it"),
        ));
    }
    Ok(())
}

/// Refuses source addresses and ports that cannot be.
pub(super) fn check_snat(snat: &Snat, towards: Addr) -> Result {
    if let Some(ports) = snat.ports() {
        if ports.first == 0 || ports.last < ports.first {
            return Err(invalid(
                Attr::SnatPort,
                format_args!("snat ports must be a range within 1..=65535"),
            ));
        }
    }
    let Snat::Pool { first, last, .. } = snat else {
        return Ok(());
    };
    for (attr, addr) in [(Attr::SnatFirst, *first), (Attr::SnatLast, *last)] {
        check::host_address(attr, "snat", addr)?;
        if addr.is_v6() != towards.is_v6() {
            return Err(invalid(
                attr,
                format_args!("snat {addr} is of another address family than what it replaces"),
            ));
        }
    }
    if last < first {
        return Err(invalid(
            Attr::SnatLast,
            format_args!("last snat address {last} is below the first"),
        ));
    }
    Ok(())
}

/// Refuses a server that cannot serve the service at all.
fn check_pair(key: &BindingKey) -> Result {
    let (service, server) = (&key.service, &key.server);
    if service.customer != server.customer {
        return Err(invalid(
            Attr::Server,
            format_args!("server {server} is not of the customer of the service"),
        ));
    }
    if service.addr.is_v6() != server.addr.is_v6() {
        let family = |addr: Addr| if addr.is_v6() { "IPv6" } else { "IPv4" };
        return Err(invalid(
            Attr::Server,
            format_args!(
                "an {} service cannot have an {} server",
                family(service.addr),
                family(server.addr)
            ),
        ));
    }
    if service.addr == server.addr {
        return Err(invalid(
            Attr::Server,
            format_args!("server {server} has the address of the service: a loop"),
        ));
    }
    if server.port != 0 && service.proto != Proto(0) && !service.proto.has_ports() {
        return Err(invalid(
            Attr::Server,
            format_args!("server {server} is one port, service {service} has none"),
        ));
    }
    Ok(())
}

/// A binding that a change makes, alters or leaves beside others.
pub(super) struct BindingDraft {
    pub(super) key: BindingKey,
    pub(super) settings: BindingSettings,
    pub(super) runtime: Arc<BindingRuntime>,
    /// What it is in the configuration in force.
    pub(super) base: Option<Arc<Binding>>,
}

impl BindingDraft {
    pub(super) fn thaw(binding: &Arc<Binding>) -> Self {
        BindingDraft {
            key: binding.key,
            settings: binding.settings,
            runtime: binding.runtime.clone(),
            base: Some(binding.clone()),
        }
    }
}

/// A port that is also the server's own says nothing; a key does not have it.
fn normal(mut key: BindingKey) -> BindingKey {
    if key.port == key.server.port {
        key.port = 0;
    }
    key
}

impl Change {
    /// Lets a server serve a service.
    pub(crate) fn binding_new(&mut self, key: BindingKey, update: &BindingUpdate) -> Result {
        let mut update = *update;
        if key.port != 0 && key.port == key.server.port && update.port_last == Some(key.port) {
            update.port_last = None;
        }
        let key = normal(key);
        let base = self.from.service(&key.service);
        let base = base.and_then(|service| service.binding(&key)).cloned();
        let draft = self.service(&key.service, Attr::Service)?;
        let Err(at) = find(&draft.bindings, &key) else {
            return Err(exists(Attr::Server, format_args!("{key} is bound already")));
        };
        if draft.bindings.len() >= BINDINGS_MAX {
            return Err(range(
                Attr::Service,
                format_args!("a service can have {BINDINGS_MAX} servers"),
            ));
        }
        draft.bindings.reserve(1, GFP_KERNEL)?;
        check_pair(&key)?;
        let settings = update.apply(&key, BindingSettings::default())?;
        self.server(&key.server, Attr::Server)?;
        let runtime = match &base {
            Some(binding) => binding.runtime.clone(),
            None => Arc::new(BindingRuntime::new(&mut self.supply)?, GFP_KERNEL)?,
        };
        self.record(Event::BindingNew(key))?;
        let binding = BindingDraft {
            key,
            settings,
            runtime,
            base,
        };
        if let Some(draft) = self.services.get_mut(&key.service) {
            // Room was made above.
            let _ = draft.bindings.insert_within_capacity(at, binding);
        }
        self.count_bound(&key.server, |bound| bound.saturating_add(1));
        Ok(())
    }

    /// Changes what is given of a binding.
    pub(crate) fn binding_set(&mut self, key: BindingKey, update: &BindingUpdate) -> Result {
        let key = normal(key);
        let draft = self.service(&key.service, Attr::Service)?;
        let at = find(&draft.bindings, &key).map_err(|_| not_bound(&key))?;
        let settings = match draft.bindings.get(at) {
            Some(binding) => update.apply(&key, binding.settings)?,
            None => return Err(not_bound(&key)),
        };
        self.record(Event::BindingNew(key))?;
        if let Some(draft) = self.services.get_mut(&key.service) {
            if let Some(binding) = draft.bindings.get_mut(at) {
                binding.settings = settings;
            }
        }
        Ok(())
    }

    /// Takes a server from a service. Without a port the server must be bound once only.
    pub(crate) fn binding_del(
        &mut self,
        service: super::ServiceKey,
        server: ServerKey,
        port: Option<u16>,
        fate: Fate,
    ) -> Result {
        let key = self.binding_key(service, server, port)?;
        let draft = self.service(&key.service, Attr::Service)?;
        let at = find(&draft.bindings, &key).map_err(|_| not_bound(&key))?;
        self.server(&key.server, Attr::Server)?;
        if fate == Fate::Reset {
            put(&mut self.resets.bindings, key, ())?;
        }
        self.record(Event::BindingDel(key))?;
        if let Some(draft) = self.services.get_mut(&key.service) {
            let _ = draft.bindings.remove(at);
        }
        self.count_bound(&key.server, |bound| bound.saturating_sub(1));
        Ok(())
    }

    /// The key of the binding that a request means. The port may be left out where there is only
    /// one binding of the two.
    pub(crate) fn binding_key(
        &mut self,
        service: super::ServiceKey,
        server: ServerKey,
        port: Option<u16>,
    ) -> Result<BindingKey> {
        let key = normal(BindingKey {
            service,
            server,
            port: port.unwrap_or(0),
        });
        let draft = self.service(&service, Attr::Service)?;
        if find(&draft.bindings, &key).is_ok() {
            return Ok(key);
        }
        let mut of_server = draft.bindings.iter().filter(|b| b.key.server == server);
        match (port, of_server.next(), of_server.next()) {
            (None, Some(binding), None) => Ok(binding.key),
            (None, Some(_), Some(_)) => Err(busy(
                Attr::Port,
                format_args!("{server} is bound at several ports, say which"),
            )),
            _ => Err(not_bound(&key)),
        }
    }

    fn count_bound(&mut self, server: &ServerKey, count: impl FnOnce(u32) -> u32) {
        if let Some(draft) = self.servers.get_mut(server) {
            draft.bound = count(draft.bound);
        }
    }
}

/// Where a binding is, or belongs, among others in order.
fn find(bindings: &[BindingDraft], key: &BindingKey) -> core::result::Result<usize, usize> {
    bindings.binary_search_by(|binding| binding.key.cmp(key))
}

fn not_bound(key: &BindingKey) -> ConfigError {
    not_found(Attr::Server, format_args!("{key} is not bound"))
}
