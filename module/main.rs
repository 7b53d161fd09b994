// SPDX-License-Identifier: GPL-2.0

//! slr: the service-level router for Linux.

#![crate_name = "slr"]
#![allow(unexpected_cfgs)]

use kernel::prelude::*;

mod sys;

module! {
    type: Slr,
    name: "slr",
    authors: ["slr developers"],
    description: "service-level router",
    license: "GPL v2",
}

struct Slr;

impl kernel::Module for Slr {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("loaded {}\n", core::mem::size_of::<sys::bindings::sk_buff>());
        Ok(Slr)
    }
}
