// SPDX-License-Identifier: GPL-2.0

//! What a namespace may take of the machine's memory, whoever rules over it.
//!
//! Who has loaded the module has said it; who has CAP_NET_ADMIN over a namespace, which may be any
//! user over his own, cannot raise it.

use super::{
    change::{self, Attr, ConfigError, Frozen, Kind},
    config::Config,
};

/// Flows that may live at once, of each family, unless told otherwise.
const FLOWS_DEFAULT: u32 = 1 << 20;

/// Bounds for every namespace.
pub(crate) struct Limits {
    /// The largest number of flows, of each family, that may be asked for.
    pub(crate) flows: u32,
    /// Objects that may be configured, of all kinds together.
    pub(crate) objects: u32,
}

impl Limits {
    /// Flows that may live at once, of each family, where nothing was asked for.
    pub(super) fn flows_default(&self) -> u32 {
        self.flows.min(FLOWS_DEFAULT)
    }

    /// Refuses a change that goes beyond. What is there already may stay and shrink.
    pub(super) fn check(&self, next: &Frozen) -> change::Result {
        if next.flows_max.is_some_and(|max| max > self.flows) {
            return Err(ConfigError::new(
                Kind::Range,
                Attr::FlowsMax,
                format_args!("flows-max must be 1..={} on this machine", self.flows),
            ));
        }
        let (before, after) = (objects(&next.from), objects(&next.config));
        if after > u64::from(self.objects) && after > before {
            return Err(ConfigError::new(
                Kind::Range,
                Attr::None,
                format_args!("a namespace can have {} objects", self.objects),
            ));
        }
        Ok(())
    }
}

/// How many objects there are.
fn objects(config: &Config) -> u64 {
    [
        config.customer_count(),
        config.tunnel_count(),
        config.route_count(),
        config.device_count(),
        config.port_count(),
        config.service_count(),
        config.server_count(),
        config.binding_count(),
    ]
    .into_iter()
    .map(u64::from)
    .sum()
}
