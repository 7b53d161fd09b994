// SPDX-License-Identifier: GPL-2.0

//! The server's side of a generic netlink family.
//!
//! A module implements [`Family`]: its name, a static table of [`Operation`]s, each with the
//! permission it takes and the [`Policy`] its attributes must obey, and its multicast groups. While
//! a [`Registration`] exists the kernel calls the operations' functions:
//!
//! - a *do* is a function from a [`Request`] to a [`Reply`];
//! - a *dump* is a type that implements [`Dump`]: an object made when the dump begins, called for
//!   every buffer to be filled, and dropped when the dump ends or its socket is closed.
//!
//! The kernel checks every request against the policy, strictly, before a function sees it: unknown
//! attributes, wrong lengths, values out of range and missing nest flags are refused with a message
//! that points at the attribute. What a function refuses itself it refuses with a sentence, as only
//! [`Extack`] makes a [`Refused`].
//!
//! [`Channel`] sends notifications to multicast groups; it outlives the registration harmlessly.
//!
//! Operations run in process context and may sleep. They run in parallel, for different sockets and
//! (dos and dumps) for one; the family's own locks order them.
//!
//! C header: [`include/net/genetlink.h`](srctree/include/net/genetlink.h)
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

mod attribute;
mod channel;
mod dump;
mod extack;
mod message;
mod operation;
mod policy;
mod registration;
mod request;

pub(crate) use self::{
    attribute::{Attr, Attrs},
    channel::Channel,
    dump::{Dump, DumpWriter, Stop},
    extack::{errno, Extack, Refused},
    message::{Full, Message, Writer},
    operation::{Group, Operation, Permission},
    policy::{policy, AttrPolicy, Policy, Range},
    registration::Registration,
    request::{Reply, Request},
};

use super::namespace::Net;

/// What a module says about its generic netlink family.
///
/// Operations get the family object; it holds what they work on.
pub(crate) trait Family: Sized + Send + Sync + 'static {
    /// The name that clients look up, at most 15 bytes. Messages to the user begin with it.
    const NAME: &'static str;
    /// The version that clients see.
    const VERSION: u8;
    /// What clients may ask for: at most one do and one dump for a command, of equal permission.
    const OPERATIONS: &'static [Operation<Self>];
    /// Multicast groups, named by their index in [`Channel`]'s functions.
    const GROUPS: &'static [Group];

    /// A generic netlink socket with this port in `net` was closed.
    ///
    /// It need not have talked to this family. Context: process, may sleep.
    fn socket_closed(&self, net: &Net, portid: u32) {
        let _ = (net, portid);
    }
}
