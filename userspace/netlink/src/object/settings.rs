// SPDX-License-Identifier: GPL-2.0

//! Limits and state of the tables of a namespace.

use crate::attributes;

attributes! {
    /// What can be set.
    Settings: settings {
        /// Flows that may live at once, each family.
        flows_max: u32 = FLOWS_MAX,
        /// Tunnels over IP must be secure, or clear on purpose.
        require_secure: bool = REQUIRE_SECURE,
    }
}

attributes! {
    /// What the kernel reports besides.
    SettingsStatus: settings {
        /// Version of the module.
        version: String = VERSION,
        /// Number of the configuration in force.
        generation: u64 = GENERATION,
        /// Flows alive.
        flows: u32 = FLOWS,
        /// Bytes an IPv4 flow takes.
        flow_bytes_v4: u32 = FLOW_BYTES_V4,
        /// Bytes an IPv6 flow takes.
        flow_bytes_v6: u32 = FLOW_BYTES_V6,
        /// Ports attached.
        ports: u32 = PORTS,
        /// Services defined.
        services: u32 = SERVICES,
        /// Servers defined.
        servers: u32 = SERVERS,
        /// Bindings defined.
        bindings: u32 = BINDINGS,
        /// Customers defined.
        customers: u32 = CUSTOMERS,
    }
}
