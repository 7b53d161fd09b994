// SPDX-License-Identifier: GPL-2.0

//! What flows hold that a route of a customer leads into the public context.
//!
//! They are no service's, but count and live like those of one: each such route has a binding of
//! its own, in no table, from the whole prefix to wherever its packets are addressed.

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError},
    sync::Arc, //
};

use super::{
    Binding, BindingKey, BindingRuntime, BindingSettings, CustomerRuntime, RouteKey, Server,
    ServerKey, ServerRuntime, ServerSettings, ServiceKey, ServiceRuntime, Snat, TrafficSupply,
    PUBLIC,
};
use crate::domain::{addr::Proto, timeouts::Timeouts};

/// The binding of a route. Context: process, may sleep.
pub(in crate::table) fn outlet(
    key: &RouteKey,
    snat: Snat,
    customer: Option<Arc<CustomerRuntime>>,
) -> Result<Arc<Binding>, AllocError> {
    let mut supply = TrafficSupply::new();
    let addr = key.prefix.addr;
    let server = Server {
        key: ServerKey {
            customer: PUBLIC,
            addr,
            port: 0,
        },
        settings: ServerSettings {
            // It is no machine that could fail.
            threshold: 0,
            ..ServerSettings::default()
        },
        runtime: Arc::new(ServerRuntime::new(&mut supply)?, GFP_KERNEL)?,
    };
    let binding = Binding {
        key: BindingKey {
            service: ServiceKey {
                customer: key.customer,
                addr,
                proto: Proto(0),
                port: 0,
                port_last: 0,
            },
            server: server.key,
            port: 0,
        },
        settings: BindingSettings {
            snat,
            ..BindingSettings::default()
        },
        timeouts: Timeouts::default(),
        server: Arc::new(server, GFP_KERNEL)?,
        service: Arc::new(ServiceRuntime::new(&mut supply)?, GFP_KERNEL)?,
        customer,
        runtime: Arc::new(BindingRuntime::new(&mut supply)?, GFP_KERNEL)?,
    };
    Arc::new(binding, GFP_KERNEL)
}
