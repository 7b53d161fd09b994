// SPDX-License-Identifier: GPL-2.0

//! A request and the answer to it.

use super::{
    channel::{Channel, Endpoint},
    message::{BuildError, Header, Message},
    Attrs, Extack, Full, Refused, Writer,
};
use crate::{kern::net::namespace::Net, sys::bindings};
use core::slice;
use kernel::{ffi, prelude::*, sync::ArcBorrow};

/// The headers before the attributes of a message: netlink's and generic netlink's.
const HEADERS: usize = size_of::<bindings::nlmsghdr>() + size_of::<bindings::genlmsghdr>();

/// What a client sent (`struct genl_info`).
///
/// # Invariants
///
/// `info` and all it points to are valid for `'a`, and its message was validated against the policy
/// of its operation. `endpoint` is its family's.
pub(crate) struct Request<'a> {
    info: &'a bindings::genl_info,
    endpoint: ArcBorrow<'a, Endpoint>,
}

impl<'a> Request<'a> {
    /// # Safety
    ///
    /// `info` must come from generic netlink's call of an operation of a family that
    /// `Registration` registered, and be valid for `'a`.
    pub(super) unsafe fn from_raw(info: *const bindings::genl_info) -> Self {
        // SAFETY: The caller promises that it is valid.
        let info = unsafe { &*info };
        // SAFETY: As the family was registered by `Registration` it lies in an `Endpoint`, which
        // stays while an operation is under way.
        let endpoint = unsafe { Endpoint::of(info.family) };
        // INVARIANT: Generic netlink validates the message before it calls.
        Self { info, endpoint }
    }

    /// The attributes.
    pub(crate) fn attrs(&self) -> Attrs<'a> {
        let header = self.info.nlhdr;
        // SAFETY: By the type invariants the header is valid and begins a message of this length,
        // which generic netlink has checked to be at least the headers.
        let bytes = unsafe {
            let len = ((*header).nlmsg_len as usize).saturating_sub(HEADERS);
            slice::from_raw_parts(header.cast::<u8>().add(HEADERS), len)
        };
        Attrs::top_level(bytes)
    }

    /// The command.
    pub(crate) fn command(&self) -> u8 {
        // SAFETY: By the type invariants.
        unsafe { (*self.info.genlhdr).cmd }
    }

    /// The namespace of the socket that asks.
    pub(crate) fn net(&self) -> &'a Net {
        // SAFETY: By the type invariants; the socket holds the namespace.
        unsafe { Net::from_raw(bindings::slr_helper_genl_info_net(self.info)) }
    }

    /// The port of the socket that asks, unique in its namespace while it is open.
    pub(crate) fn portid(&self) -> u32 {
        self.info.snd_portid
    }

    /// The number that the client gave the request.
    pub(crate) fn seq(&self) -> u32 {
        self.info.snd_seq
    }

    /// Where refusals and warnings come from.
    pub(crate) fn extack(&self) -> Extack<'a> {
        // SAFETY: By the type invariants. Only the task that runs the operation uses it.
        unsafe { Extack::from_raw(self.info.extack, self.endpoint.name) }
    }

    /// The way to the family's multicast groups.
    pub(crate) fn channel(&self) -> Channel {
        Channel::new(self.endpoint.into())
    }

    /// Builds an answer; `fill` is called again with more room if it runs out of it.
    pub(crate) fn reply(
        &self,
        command: u8,
        fill: impl FnMut(&mut Writer<'_>) -> Result<(), Full>,
    ) -> Result<Reply, Refused> {
        let header = Header {
            portid: self.portid(),
            seq: self.seq(),
            command,
            flags: 0,
        };
        match Message::build(&self.endpoint, header, GFP_KERNEL, fill) {
            Ok(message) => Ok(Reply(Some(message))),
            Err(BuildError::NoMemory) => Err(Refused::from(kernel::alloc::AllocError)),
            Err(BuildError::TooLong) => Err(self.extack().refuse(
                EMSGSIZE,
                format_args!("the answer does not fit into a message"),
            )),
        }
    }

    /// The family object.
    ///
    /// # Safety
    ///
    /// `F` must be the type that the request's family was registered with.
    pub(super) unsafe fn family<F>(&self) -> &'a F {
        // SAFETY: By the invariants of `Endpoint`, and the caller says which type it is.
        unsafe { &*self.endpoint.context.cast::<F>() }
    }

    pub(super) fn endpoint(&self) -> ArcBorrow<'a, Endpoint> {
        self.endpoint
    }

    /// Sends an answer to the socket that asked.
    pub(super) fn send(&self, reply: Reply) -> ffi::c_int {
        let Some(message) = reply.0 else {
            return 0;
        };
        // SAFETY: The namespace is valid, and the function consumes the buffer.
        unsafe {
            bindings::slr_helper_genlmsg_unicast(
                self.net().as_ptr(),
                message.into_raw(),
                self.portid(),
            )
        }
    }
}

/// How a do ends well: with a message or with an acknowledgement only.
#[must_use]
pub(crate) struct Reply(Option<Message>);

impl Reply {
    /// Nothing to say beyond success.
    pub(crate) const DONE: Self = Self(None);
}
