// SPDX-License-Identifier: GPL-2.0

//! slr: the service-level router for Linux.
//!
//! Layers, each of which uses only those above it in this list:
//!
//! - `sys`: raw declarations of the kernel's C side, generated at build time;
//! - `kern`: safe abstractions that the kernel crate lacks, the only home of `unsafe`;
//! - `domain`: bytes in, decisions out; no kernel types, tested as an ordinary crate;
//! - `table`: what is configured and what is live, for each network namespace;
//! - `datapath`: what becomes of a packet, one file a stage;
//! - `netlink`: the control interface, generic netlink family `slr`.
//!
//! `datapath` and `netlink` do not know each other: they meet in `table`. This file knows all of
//! them, holds what is registered, and does nothing else.

#![crate_name = "slr"]
#![allow(unexpected_cfgs)]

#[forbid(unsafe_code)]
mod datapath;
// Libraries for the layers above: not all of them has a caller at all times. The
// items of `domain` are public since it is a crate of its own elsewhere.
#[allow(dead_code, unreachable_pub, unused_imports)]
#[forbid(unsafe_code)]
mod domain;
#[allow(dead_code, unused_imports)]
mod kern;
#[forbid(unsafe_code)]
mod netlink;
mod sys;
#[allow(dead_code, unused_imports)]
#[forbid(unsafe_code)]
mod table;

use kern::{parameter, sync::deferred::Reaper};
use kernel::prelude::*;

module! {
    type: Slr,
    name: "slr",
    authors: ["slr developers"],
    description: "service-level router",
    license: "GPL v2",
    params: {
        flows: u32 {
            default: 67_108_864,
            description: "largest flows-max that a network namespace can be given",
        },
        objects: u32 {
            default: 4_194_304,
            description: "objects that a network namespace can have, of all kinds together",
        },
        transactions: u32 {
            default: 16,
            description: "transactions that may be open in a network namespace",
        },
        changes: u32 {
            default: 4_194_304,
            description: "changes that a transaction can hold",
        },
    },
}

/// The version of everything, from the userspace workspace.
const VERSION: &str = env!("SLR_VERSION");

/// What is registered, in the order of its end: slr devices go while that can still be told, nobody can
/// change anything any more, then no packet
/// comes any more and the tables go, then what waited for a grace period is dropped.
struct Slr {
    _devices: datapath::Devices,
    _netlink: netlink::Registration,
    _tables: table::Registration,
    _packets: datapath::Packets,
    _reaper: Reaper,
}

impl kernel::Module for Slr {
    fn init(module: &'static ThisModule) -> Result<Self> {
        let reaper = Reaper::new(c"slr_reaper")?;
        let packets = datapath::Packets::new()?;
        let bounds = table::Limits {
            flows: parameter(module_parameters::flows.value()).max(1),
            objects: parameter(module_parameters::objects.value()),
        };
        let tables = table::Registration::new(&datapath::Datapath, &netlink::Notifier, bounds)?;
        // Last, since clients may come at once.
        let bounds = netlink::Limits {
            transactions: parameter(module_parameters::transactions.value()),
            changes: parameter(module_parameters::changes.value()),
        };
        let netlink = netlink::Registration::new(module, bounds)?;
        let devices = datapath::Devices::new()?;
        pr_info!("version {VERSION} loaded\n");
        Ok(Slr {
            _devices: devices,
            _netlink: netlink,
            _tables: tables,
            _packets: packets,
            _reaper: reaper,
        })
    }
}
