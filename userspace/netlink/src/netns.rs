// SPDX-License-Identifier: GPL-2.0

//! Other network namespaces, by the names that `ip netns` gives.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use nix::errno::Errno;
use nix::sched::{setns, CloneFlags};

use crate::error::{describe, Error};

const DIRECTORY: &str = "/var/run/netns";

/// Moves the calling thread into a namespace. Sockets opened from then on, and names of
/// devices looked up from then on, are that namespace's.
pub fn enter(name: &str) -> Result<(), Error> {
    let failed = |cause: String| Error::Namespace {
        name: name.to_owned(),
        cause,
    };
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(failed("not a name".into()));
    }
    let file = File::open(Path::new(DIRECTORY).join(name)).map_err(|e| match e.kind() {
        ErrorKind::NotFound => failed(format!("there is no {DIRECTORY}/{name}")),
        _ => failed(describe(&e)),
    })?;
    setns(file, CloneFlags::CLONE_NEWNET).map_err(|e| match e {
        Errno::EPERM => Error::NotPermitted,
        e => failed(e.desc().to_owned()),
    })
}

/// The index of a device of the namespace that the thread is in.
pub fn device_index(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
}
