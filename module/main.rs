// SPDX-License-Identifier: GPL-2.0

//! slr: the service-level router for Linux.

#![crate_name = "slr"]
#![allow(unexpected_cfgs)]

use kernel::prelude::*;

// A library for the layers above: not all of it has a caller at all times.
#[allow(dead_code, unused_imports)]
mod kern;
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
        pr_info!(
            "loaded {}\n",
            core::mem::size_of::<sys::bindings::sk_buff>()
        );
        Ok(Slr)
    }
}
