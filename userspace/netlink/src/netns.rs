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
    if name.contains('/') {
        return Err(not_a_name(name));
    }
    let file = open(name)?;
    setns(file, CloneFlags::CLONE_NEWNET).map_err(|e| match e {
        Errno::EPERM => Error::NotPermitted,
        e => failed(name, e.desc().to_owned()),
    })
}

fn failed(name: &str, cause: String) -> Error {
    Error::Namespace {
        name: name.to_owned(),
        cause,
    }
}

fn not_a_name(name: &str) -> Error {
    failed(name, "not a name".into())
}

/// Opens a namespace, by its name or by a path, such as `/proc/PID/ns/net`.
pub fn open(name: &str) -> Result<File, Error> {
    if name.is_empty() || name == "." || name == ".." {
        return Err(not_a_name(name));
    }
    let path = match name.starts_with('/') {
        true => Path::new(name).to_owned(),
        false if name.contains('/') => return Err(not_a_name(name)),
        false => Path::new(DIRECTORY).join(name),
    };
    File::open(&path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => failed(name, format!("there is no {}", path.display())),
        _ => failed(name, describe(&e)),
    })
}

/// The name of a device of the namespace that the thread is in.
pub fn device_name(index: u32) -> Option<String> {
    let name = nix::net::if_::if_indextoname(index).ok()?;
    name.into_string().ok()
}

/// The index of a device of the namespace that the thread is in.
pub fn device_index(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
}
