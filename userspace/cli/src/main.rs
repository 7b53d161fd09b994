// SPDX-License-Identifier: GPL-2.0

//! `slr`, the command: words to netlink and back.
//!
//! `args` takes the options, `cmd` has a file for each object, `page` has the text of help
//! and manual pages, `output` prints. The grammar of objects is slr-config's, the
//! messages are slr-netlink's.

mod args;
mod batch;
mod cmd;
mod context;
mod failure;
mod output;
mod page;

use std::process::ExitCode;

use context::Context;
use failure::Failure;

/// The version, which is that of the module too.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let args = args::parse(std::env::args_os())?;
    let mut context = Context::new(&args);
    if let Some(name) = &args.netns {
        slr_netlink::netns::enter(name)?;
    }
    let done = match &args.batch {
        _ if args.help => cmd::help(&mut context),
        _ if args.version => context.line(&format!("slr {VERSION}")),
        Some(file) => batch::run(&mut context, file, args.force),
        None => cmd::run(&mut context, &args.words),
    };
    // What was printed before a failure still goes out, and a full disk is a failure.
    let flushed = context.printer.flush();
    done.and(flushed)
}
