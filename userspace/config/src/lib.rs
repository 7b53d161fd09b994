// SPDX-License-Identifier: GPL-2.0

//! The words of slr: what the command line and the configuration file have in common.
//!
//! A file holds one object a line, in the words of the command without the verb. This
//! crate reads them ([`file`], [`grammar`]), checks a whole file as the kernel would
//! ([`check`]), writes them ([`print`]) and finds the least changes that lead from one
//! configuration to another ([`diff`]). It does no input or output.

pub mod check;
pub mod config;
pub mod defaults;
pub mod diff;
pub mod file;
pub mod grammar;
pub mod limits;
pub mod names;
pub mod number;
pub mod print;
pub mod rate;
pub mod word;

pub use config::Config;
pub use file::{File, Report};
pub use names::Names;
pub use word::{Fault, Words};
