// SPDX-License-Identifier: GPL-2.0

//! Why the command ends badly: one sentence each, and the exit status.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use slr_config::limits::Violation;
use slr_config::{Fault, Report};
use slr_netlink::error::describe;

/// Why the command ends badly.
#[derive(Debug)]
pub enum Failure {
    /// The words are wrong; status 2.
    Usage(String),
    /// The kernel or the system refused; status 1.
    Failed(String),
    /// A file is wrong in all these places; status 1.
    Reports(Vec<Report>),
    /// Each is a refusal by itself; status 1.
    Many(Vec<String>),
    /// It has been reported; this status is left to return.
    Reported(u8),
    /// Nobody reads the output any more; not an error.
    Closed,
}

impl Failure {
    /// The words are wrong.
    pub fn usage(text: impl Into<String>) -> Self {
        Failure::Usage(text.into())
    }

    /// The system refused.
    pub fn failed(text: impl Into<String>) -> Self {
        Failure::Failed(text.into())
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Failed(_) | Failure::Reports(_) | Failure::Many(_) => 1,
            Failure::Reported(status) => *status,
            Failure::Closed => 0,
        }
    }

    /// Says it on standard error and gives the exit status.
    pub fn report(self) -> ExitCode {
        self.say("");
        ExitCode::from(self.status())
    }

    /// Says it on standard error, with where it happened in front.
    pub fn say(&self, place: &str) {
        match self {
            Failure::Usage(text) | Failure::Failed(text) => error(format!("{place}{text}")),
            Failure::Reports(reports) => reports.iter().for_each(say),
            Failure::Many(texts) => texts.iter().for_each(error),
            Failure::Reported(_) | Failure::Closed => {}
        }
    }
}

/// One sentence. Where standard error is closed there is nobody left to tell.
fn error(text: impl Display) {
    let text = text.to_string();
    let stop = if text.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    say(format!("{text}{stop}"));
}

fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "Error: {text}");
}

/// A sentence that is no error.
pub fn warn(text: impl Display) {
    let _ = writeln!(io::stderr(), "Warning: {text}.");
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Usage(fault.text)
    }
}

/// The words are right, what they say is not: the kernel would refuse it.
impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Failure::Failed(violation.text)
    }
}

impl From<slr_netlink::Error> for Failure {
    fn from(error: slr_netlink::Error) -> Self {
        match error {
            slr_netlink::Error::Caller(error) => error.into(),
            error => Failure::Failed(error.to_string()),
        }
    }
}

/// Only writing to standard output fails this way.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Failed(format!("standard output: {}", describe(&error))),
        }
    }
}
