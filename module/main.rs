// SPDX-License-Identifier: GPL-2.0

//! slr: the service-level router for Linux.

#![crate_name = "slr"]
#![allow(unexpected_cfgs)]

use kernel::prelude::*;

// Libraries for the layers above: not all of them has a caller at all times. The
// items of `domain` are public since it is a crate of its own elsewhere.
#[allow(dead_code, unreachable_pub, unused_imports)]
#[forbid(unsafe_code)]
mod domain;
#[allow(dead_code, unused_imports)]
mod kern;
mod sys;
#[allow(dead_code, unused_imports)]
#[forbid(unsafe_code)]
mod table;

module! {
    type: Slr,
    name: "slr",
    authors: ["slr developers"],
    description: "service-level router",
    license: "GPL v2",
}

/// The version of everything, from the userspace workspace.
const VERSION: &str = env!("SLR_VERSION");

struct Slr;

impl kernel::Module for Slr {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("version {VERSION} loaded\n");
        Ok(Slr)
    }
}
