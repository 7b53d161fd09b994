// SPDX-License-Identifier: GPL-2.0

//! What the kernel tells by itself.

use netlink_packet_core::DecodeError;

use crate::message::Request;
use crate::object::binding::{Binding, BindingStatus};
use crate::object::customer::{Customer, CustomerStatus};
use crate::object::device::Device;
use crate::object::port::{Port, PortStatus};
use crate::object::route::Route;
use crate::object::server::{Server, ServerStatus};
use crate::object::service::{Service, ServiceStatus};
use crate::object::settings::{Settings, SettingsStatus};
use crate::object::tunnel::{Tunnel, TunnelStatus};
use crate::uapi::{attr::event as id, cmd};
use crate::wire::{find, Attributes, Value};

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It was made or changed.
    New,
    /// It was removed.
    Del,
    /// Its condition changed.
    Health,
}

/// What it happened to, and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The limits, or the whole configuration.
    Settings(Settings, SettingsStatus),
    /// A customer.
    Customer(Customer, CustomerStatus),
    /// A tunnel.
    Tunnel(Box<Tunnel>, TunnelStatus),
    /// A route.
    Route(Route),
    /// An slr device.
    Device(Device),
    /// A port.
    Port(Port, PortStatus),
    /// A service.
    Service(Service, ServiceStatus),
    /// A server.
    Server(Server, Box<ServerStatus>),
    /// A binding.
    Binding(Binding, BindingStatus),
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub happening: Happening,
    /// To what.
    pub subject: Subject,
    /// Configuration that this made.
    pub generation: Option<u64>,
}

impl Event {
    /// Reads a notification; `None` for one that this library does not know.
    pub fn parse(message: &Request) -> Result<Option<Self>, DecodeError> {
        let bytes = &message.attributes;
        let nest = |id: u16| find(bytes, id).ok_or("a notification without its object");
        let happening = match message.command {
            cmd::CUSTOMER_DEL_NTF
            | cmd::TUNNEL_DEL_NTF
            | cmd::ROUTE_DEL_NTF
            | cmd::DEVICE_DEL_NTF
            | cmd::PORT_DEL_NTF
            | cmd::SERVICE_DEL_NTF
            | cmd::SERVER_DEL_NTF
            | cmd::BINDING_DEL_NTF => Happening::Del,
            cmd::HEALTH_NTF => Happening::Health,
            _ => Happening::New,
        };
        let subject = match message.command {
            cmd::CUSTOMER_NEW_NTF | cmd::CUSTOMER_DEL_NTF => {
                let (customer, status) = Customer::read(nest(id::CUSTOMER)?)?;
                Subject::Customer(customer, status)
            }
            cmd::TUNNEL_NEW_NTF | cmd::TUNNEL_DEL_NTF => {
                let (tunnel, status) = Tunnel::read(nest(id::TUNNEL)?)?;
                Subject::Tunnel(Box::new(tunnel), status)
            }
            cmd::ROUTE_NEW_NTF | cmd::ROUTE_DEL_NTF => {
                Subject::Route(Route::read(nest(id::ROUTE)?)?)
            }
            cmd::DEVICE_NEW_NTF | cmd::DEVICE_DEL_NTF => {
                Subject::Device(Device::parse(nest(id::DEVICE)?)?)
            }
            cmd::PORT_NEW_NTF | cmd::PORT_DEL_NTF => {
                let (port, status) = Port::read(nest(id::PORT)?)?;
                Subject::Port(port, status)
            }
            cmd::SERVICE_NEW_NTF | cmd::SERVICE_DEL_NTF => {
                let (service, status) = Service::read(nest(id::SERVICE)?)?;
                Subject::Service(service, status)
            }
            cmd::SERVER_NEW_NTF | cmd::SERVER_DEL_NTF | cmd::HEALTH_NTF => {
                let (server, status) = Server::read(nest(id::SERVER)?)?;
                Subject::Server(server, Box::new(status))
            }
            cmd::BINDING_NEW_NTF | cmd::BINDING_DEL_NTF => {
                let (binding, status) = Binding::read(nest(id::BINDING)?)?;
                Subject::Binding(binding, status)
            }
            cmd::SETTINGS_NTF => {
                let settings = find(bytes, id::SETTINGS).unwrap_or_default();
                Subject::Settings(Settings::read(settings)?, SettingsStatus::read(settings)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self {
            happening,
            subject,
            generation: find(bytes, id::GENERATION).map(u64::get).transpose()?,
        }))
    }
}
