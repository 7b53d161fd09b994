// SPDX-License-Identifier: GPL-2.0

//! Client library of the generic netlink family `slr`.
//!
//! The objects are plain structures ([`Service`], [`Server`], ...) whose optional fields
//! are the attributes of `Documentation/netlink/specs/slr.yaml`: what is `None` is not
//! sent, and was not in the answer. [`Client`] carries them to the kernel and back over a
//! synchronous socket; there is no other state. Without the feature `socket` only the
//! messages are left, which make no system call.

pub mod bytes;
pub mod change;
pub mod endpoint;
pub mod event;
pub mod extack;
pub mod message;
pub mod object;
pub mod prefix;
pub mod protocol;
pub mod refusal;
#[rustfmt::skip]
pub mod uapi;
pub mod wire;

#[cfg(feature = "socket")]
pub mod client;
#[cfg(feature = "socket")]
pub mod error;
#[cfg(feature = "socket")]
pub mod link;
#[cfg(feature = "socket")]
pub mod local;
#[cfg(feature = "socket")]
pub mod netns;
#[cfg(feature = "socket")]
mod rtnetlink;
#[cfg(feature = "socket")]
pub mod shape;
#[cfg(feature = "socket")]
pub mod socket;
#[cfg(feature = "socket")]
pub mod transport;

#[cfg(feature = "socket")]
pub use client::{Client, Transaction};
#[cfg(feature = "socket")]
pub use error::Error;

pub use change::{Change, Object, Verb};
pub use endpoint::{Ports, ServerKey, ServiceKey};
pub use event::Event;
pub use object::binding::{Binding, BindingKey, BindingOptions, BindingStatus, Snat};
pub use object::customer::{Customer, CustomerOptions, CustomerStatus};
pub use object::device::Device;
pub use object::explain::{Explanation, Packet, Step};
pub use object::flow::{Flow, FlowFilter};
pub use object::port::{Port, PortOptions, PortStatus};
pub use object::route::{Route, RouteKey, RouteOptions};
pub use object::server::{Server, ServerOptions, ServerStatus};
pub use object::service::{Service, ServiceOptions, ServiceStatus, Timeouts, Unknown};
pub use object::settings::{Settings, SettingsStatus};
pub use object::trace::{Trace, TraceFilter, TraceHead, TraceStep};
pub use object::tunnel::{Tunnel, TunnelOptions, TunnelStatus};
pub use object::{Backup, Counter, Counters, DropCount};
pub use prefix::Prefix;
pub use protocol::Protocol;
pub use refusal::Refusal;
