// SPDX-License-Identifier: GPL-2.0

//! Telling who listens: the group `config` of changes, the group `health` of servers.
//!
//! The tables tell [`Notifier`] in the order of the changes, and so do we: the lock that orders
//! changes is held meanwhile. Notifications are built only while somebody listens, and never fail a
//! change: a listener that is too slow, or for whom there is no memory, loses messages and is told
//! so by its socket (ENOBUFS).
//!
//! A transaction is told as one notification for each object, as it is in the end. After
//! [`OBJECTS_MAX`] of them a `settings-ntf` says that the listener had better look at everything
//! again.

use kernel::{
    prelude::*,
    sync::{rcu, Arc},
};

use super::{
    object::{
        binding, customer, device, port, put_server_key, put_service_key, route, server, service,
        settings, trace, tunnel,
    },
    uapi::{attr, cmd, group},
};
use crate::kern::{
    net::genetlink::{Channel, Full, Writer},
    net::namespace::Net,
    sync::global::{Filled, Global},
};
use crate::table::{Config, Event, HealthNews, Listener, Reader, Server, Tables, Trace};

/// Objects of one transaction that are told one by one.
const OBJECTS_MAX: usize = 1024;

/// The way to the multicast groups, while the family is registered.
static CHANNEL: Global<Channel> = Global::new();

/// Opens the way to the multicast groups, until what it returns is dropped.
pub(super) fn open(channel: Channel) -> Result<Filled<Channel>> {
    CHANNEL.fill(Arc::new(channel, GFP_KERNEL)?)
}

/// Whom the tables of all namespaces tell what happens.
pub(crate) struct Notifier;

impl Listener for Notifier {
    fn traced(
        &self,
        tables: &Tables,
        config: &Config,
        reader: &Reader,
        trace: &Trace<'_>,
    ) -> Result {
        let guard = rcu::read_lock();
        let (Some(channel), Some(net)) = (CHANNEL.get(), tables.net.get(&guard)) else {
            return Err(ENODEV);
        };
        let to = (reader.portid, reader.seq);
        channel.unicast(net, to, cmd::TRACE, GFP_ATOMIC, |out| {
            trace::put(out, config, reader, trace)
        })
    }

    fn committed(&self, tables: &Tables, new: &Arc<Config>, events: &[Event]) {
        let (Some(channel), Some(net)) = (CHANNEL.get(), tables.net.upgrade()) else {
            return;
        };
        if !channel.has_listeners(&net, group::CONFIG) {
            return;
        }
        let shown = events.get(..OBJECTS_MAX).unwrap_or(events);
        let mut rest = shown.iter();
        while let Some(event) = rest.next() {
            if !rest.as_slice().iter().any(|later| same(event, later)) {
                tell(&channel, &net, tables, new, event);
            }
        }
        if shown.len() < events.len() {
            tell(&channel, &net, tables, new, &Event::Replaced);
        }
    }

    fn health(&self, tables: &Tables, config: &Config, server: &Server, _: HealthNews) {
        let (Some(channel), Some(net)) = (CHANNEL.get(), tables.net.upgrade()) else {
            return;
        };
        let bound = config.bound(&server.key);
        // Who loses it is told by the socket; there is nobody else to tell. So below.
        let _ = channel.notify(&net, group::HEALTH, cmd::HEALTH_NTF, GFP_KERNEL, |out| {
            out.nest(attr::event::SERVER, |out| server::put(out, server, bound))
        });
    }
}

/// Whether two steps of a change concern the same object.
fn same(one: &Event, other: &Event) -> bool {
    use Event::*;
    match (one, other) {
        (CustomerNew(one) | CustomerDel(one, _), CustomerNew(other) | CustomerDel(other, _)) => {
            one == other
        }
        (TunnelNew(one) | TunnelDel(one, ..), TunnelNew(other) | TunnelDel(other, ..)) => {
            one == other
        }
        (RouteNew(one) | RouteDel(one), RouteNew(other) | RouteDel(other)) => one == other,
        (DeviceNew(one), DeviceNew(other)) => one == other,
        (PortNew(one), PortNew(other)) => one == other,
        (PortNew(one), PortDel(other)) => *one == other.ifindex,
        (PortDel(one), PortNew(other)) => one.ifindex == *other,
        (PortDel(one), PortDel(other)) => one.ifindex == other.ifindex,
        (ServiceNew(one) | ServiceDel(one), ServiceNew(other) | ServiceDel(other)) => one == other,
        (ServerNew(one) | ServerDel(one), ServerNew(other) | ServerDel(other)) => one == other,
        (BindingNew(one) | BindingDel(one), BindingNew(other) | BindingDel(other)) => one == other,
        (Settings | Replaced, Settings | Replaced) => true,
        _ => false,
    }
}

/// Tells of one thing that led to `config`. Context: process, may sleep.
fn tell(channel: &Channel, net: &Net, tables: &Tables, config: &Config, event: &Event) {
    let command = match event {
        Event::CustomerNew(_) => cmd::CUSTOMER_NEW_NTF,
        Event::CustomerDel(..) => cmd::CUSTOMER_DEL_NTF,
        Event::TunnelNew(_) => cmd::TUNNEL_NEW_NTF,
        Event::TunnelDel(..) => cmd::TUNNEL_DEL_NTF,
        Event::RouteNew(_) => cmd::ROUTE_NEW_NTF,
        Event::RouteDel(_) => cmd::ROUTE_DEL_NTF,
        Event::DeviceNew(_) => cmd::DEVICE_NEW_NTF,
        Event::DeviceDel(_) => cmd::DEVICE_DEL_NTF,
        Event::PortNew(_) => cmd::PORT_NEW_NTF,
        Event::PortDel(_) => cmd::PORT_DEL_NTF,
        Event::ServiceNew(_) => cmd::SERVICE_NEW_NTF,
        Event::ServiceDel(_) => cmd::SERVICE_DEL_NTF,
        Event::ServerNew(_) => cmd::SERVER_NEW_NTF,
        Event::ServerDel(_) => cmd::SERVER_DEL_NTF,
        Event::BindingNew(_) => cmd::BINDING_NEW_NTF,
        Event::BindingDel(_) => cmd::BINDING_DEL_NTF,
        Event::Settings | Event::Replaced => cmd::SETTINGS_NTF,
    };
    let _ = channel.notify(net, group::CONFIG, command, GFP_KERNEL, |out| {
        put_event(out, tables, config, event)?;
        out.u64(attr::event::GENERATION, config.generation)
    });
}

/// Writes the object as it is in `config`, or what named it if it is gone.
fn put_event(
    out: &mut Writer<'_>,
    tables: &Tables,
    config: &Config,
    event: &Event,
) -> Result<(), Full> {
    use attr::event as a;
    match event {
        Event::CustomerNew(id) => match config.customer(*id) {
            Some(customer) => out.nest(a::CUSTOMER, |out| customer::put(out, config, customer)),
            None => Ok(()),
        },
        Event::CustomerDel(id, name) => {
            out.nest(a::CUSTOMER, |out| customer::put_key(out, *id, name))
        }
        Event::TunnelNew(id) => match config.tunnel_at(*id) {
            Some(tunnel) => out.nest(a::TUNNEL, |out| tunnel::put(out, config, tunnel)),
            None => Ok(()),
        },
        Event::TunnelDel(_, name, customer) => {
            out.nest(a::TUNNEL, |out| tunnel::put_key(out, name, *customer))
        }
        Event::RouteNew(key) | Event::RouteDel(key) => {
            out.nest(a::ROUTE, |out| match config.route_at(key) {
                Some(route) => route::put(out, config, route),
                None => route::put_key(out, key),
            })
        }
        Event::DeviceNew(name) => match config.device(name) {
            Some(device) => out.nest(a::DEVICE, |out| device::put(out, device)),
            None => Ok(()),
        },
        Event::DeviceDel(device) => out.nest(a::DEVICE, |out| device::put(out, device)),
        Event::PortNew(ifindex) => match config.port(*ifindex) {
            Some(port) => out.nest(a::PORT, |out| port::put(out, port)),
            None => Ok(()),
        },
        Event::PortDel(port) => out.nest(a::PORT, |out| port::put(out, port)),
        Event::ServiceNew(key) | Event::ServiceDel(key) => {
            out.nest(a::SERVICE, |out| match config.service(key) {
                Some(service) => service::put(out, config, service),
                None => put_service_key(out, attr::service::KEY, key),
            })
        }
        Event::ServerNew(key) | Event::ServerDel(key) => {
            out.nest(a::SERVER, |out| match config.server(key) {
                Some(server) => server::put(out, server, config.bound(key)),
                None => put_server_key(out, attr::server::KEY, key),
            })
        }
        Event::BindingNew(key) | Event::BindingDel(key) => out.nest(a::BINDING, |out| {
            let service = config.service(&key.service);
            match service.and_then(|service| service.binding(key)) {
                Some(binding) => binding::put(out, config, binding),
                None => binding::put_key(out, key),
            }
        }),
        Event::Settings | Event::Replaced => {
            out.nest(a::SETTINGS, |out| settings::put(out, tables, config))
        }
    }
}
