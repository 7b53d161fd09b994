// SPDX-License-Identifier: GPL-2.0

//! Why a request came to nothing.

use std::io;

use netlink_packet_core::DecodeError;

use crate::refusal::Refusal;

/// Why a request came to nothing. The text is a clause for `Error: ...`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The family is not there.
    #[error("the slr module is not loaded: run 'modprobe slr'")]
    NotLoaded,
    /// The kernel wants a capability.
    #[error("this needs CAP_NET_ADMIN: run as root")]
    NotPermitted,
    /// The kernel understood and refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Events came faster than they were read.
    #[error("events were lost: they came faster than they were read")]
    EventsLost,
    /// The objects changed at each of many attempts to read them all.
    #[error("the configuration changed at each attempt to read it: try again")]
    Unsteady,
    /// The network namespace cannot be entered.
    #[error("network namespace \"{name}\": {cause}")]
    Namespace {
        /// Its name.
        name: String,
        /// Why.
        cause: String,
    },
    /// The socket failed.
    #[error("netlink socket: {}", describe(.0))]
    Socket(#[from] io::Error),
    /// The answer makes no sense.
    #[error("the module's answer makes no sense: {0}")]
    Decode(String),
    /// The caller could not do with the answer what it wanted to.
    #[error("{}", describe(.0))]
    Caller(io::Error),
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Error::Decode(error.to_string())
    }
}

impl Error {
    /// The error number of a refusal.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Error::Refused(refusal) => Some(refusal.errno),
            _ => None,
        }
    }
}

/// `EPERM` says more as a sentence of its own.
pub(crate) fn refused(refusal: Refusal) -> Error {
    if refusal.errno == nix::errno::Errno::EPERM as i32 {
        Error::NotPermitted
    } else {
        Error::Refused(refusal)
    }
}

/// What the system says, without the number that Rust adds.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}
