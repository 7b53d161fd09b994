// SPDX-License-Identifier: GPL-2.0

//! The registered family as C sees it, and notifications to its multicast groups.

use super::{
    message::{Header, Message},
    Full, Writer,
};
use crate::{kern::net::namespace::Net, sys::bindings};
use core::{
    marker::PhantomPinned,
    sync::atomic::{AtomicBool, Ordering},
};
use kernel::{
    alloc::Flags,
    error::to_result,
    ffi,
    prelude::*,
    sync::{rcu, Arc, ArcBorrow},
    types::Opaque,
};

/// A registered family: what C has pointers into.
///
/// # Invariants
///
/// - `family` was filled in before it was registered, with `ops` and `groups`, and is only written
///   to by C. Everything is in its place until the last reference is gone; the registration and
///   every dump under way hold one.
/// - While `live`, the family is registered. It is unregistered a grace period after `live` became
///   false.
/// - `context` points to the `F: Family` that was registered, which lives as long as the
///   registration and every dump under way.
#[pin_data]
pub(super) struct Endpoint {
    #[pin]
    pub(super) family: Opaque<bindings::genl_family>,
    pub(super) live: AtomicBool,
    pub(super) context: *const ffi::c_void,
    pub(super) ops: KVec<bindings::genl_split_ops>,
    pub(super) groups: KVec<bindings::genl_multicast_group>,
    pub(super) name: &'static str,
    #[pin]
    pub(super) _pin: PhantomPinned,
}

// SAFETY: What C reads and writes through `family` it guards by its own locks; the rest is
// immutable or atomic. `context` is a `Family`, which is `Send` and `Sync`.
unsafe impl Send for Endpoint {}
// SAFETY: As above.
unsafe impl Sync for Endpoint {}

impl Endpoint {
    /// The family as C wants it.
    pub(super) fn family(&self) -> *const bindings::genl_family {
        self.family.get()
    }

    /// Finds the endpoint of a family.
    ///
    /// # Safety
    ///
    /// `family` must be the `family` member of an `Endpoint` in an `Arc` that is held for `'a`.
    pub(super) unsafe fn of<'a>(family: *const bindings::genl_family) -> ArcBorrow<'a, Self> {
        // SAFETY: The caller promises where the member lies and that the `Arc` is held.
        unsafe {
            let family = family.cast::<Opaque<bindings::genl_family>>().cast_mut();
            ArcBorrow::from_raw(kernel::container_of!(family, Endpoint, family))
        }
    }
}

/// Sends notifications to a family's multicast groups.
///
/// Cheap to clone. It may outlive the registration: it then sends nothing.
#[derive(Clone)]
pub(crate) struct Channel(Arc<Endpoint>);

impl Channel {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self(endpoint)
    }

    /// Runs `f` if the family is registered, and keeps it registered meanwhile.
    fn while_live<R>(&self, net: &Net, f: impl FnOnce() -> R) -> Option<R> {
        let _guard = rcu::read_lock();
        // SAFETY: The namespace is valid; its generic netlink socket is there from its beginning
        // until after the last module has been told of its end.
        let socket = unsafe { (*net.as_ptr()).genl_sock };
        // The guard holds up the grace period between `live` and unregistering.
        (self.0.live.load(Ordering::Acquire) && !socket.is_null()).then(f)
    }

    /// Whether somebody in `net` listens to `group`. Context: any.
    pub(crate) fn has_listeners(&self, net: &Net, group: u32) -> bool {
        if group as usize >= self.0.groups.len() {
            return false;
        }
        self.while_live(net, || {
            // SAFETY: The family is registered, the group exists, and the namespace has a socket.
            unsafe {
                bindings::slr_helper_genl_has_listeners(self.0.family(), net.as_ptr(), group) != 0
            }
        })
        .unwrap_or(false)
    }

    /// Builds a notification. Context: as `flags` (`GFP_KERNEL` or `GFP_ATOMIC`) allow.
    pub(crate) fn message(
        &self,
        command: u8,
        flags: Flags,
        fill: impl FnMut(&mut Writer<'_>) -> Result<(), Full>,
    ) -> Result<Message> {
        let header = Header {
            portid: 0,
            seq: 0,
            command,
            flags: 0,
        };
        Ok(Message::build(&self.0, header, flags, fill)?)
    }

    /// Sends `message` to everybody in `net` who listens to `group`, but not to port `except`.
    ///
    /// That nobody listens is no error. `ENOBUFS`: a listener lost it and knows. Context: any.
    pub(crate) fn multicast(&self, net: &Net, group: u32, message: Message, except: u32) -> Result {
        if group as usize >= self.0.groups.len() {
            return Err(EINVAL);
        }
        let sent = self.while_live(net, || {
            // SAFETY: The family is registered, the group exists, the namespace has a socket, and
            // the function consumes the buffer.
            unsafe {
                bindings::slr_helper_genlmsg_multicast_netns(
                    self.0.family(),
                    net.as_ptr(),
                    message.into_raw(),
                    except,
                    group,
                    kernel::bindings::GFP_ATOMIC,
                )
            }
        });
        match to_result(sent.unwrap_or(0)) {
            Err(error) if error == ESRCH => Ok(()),
            result => result,
        }
    }

    /// Builds a message and sends it to the socket of port `to` in `net`, as an answer to its
    /// request `seq`. Fails if that has no room, or is not there any more. Context: as `flags`
    /// allow; never waits for the reader.
    pub(crate) fn unicast(
        &self,
        net: &Net,
        (to, seq): (u32, u32),
        command: u8,
        flags: Flags,
        fill: impl FnMut(&mut Writer<'_>) -> Result<(), Full>,
    ) -> Result {
        let header = Header {
            portid: to,
            seq,
            command,
            flags: 0,
        };
        let message = Message::build(&self.0, header, flags, fill)?;
        let sent = self.while_live(net, || {
            // SAFETY: The namespace is valid and has a socket; the function consumes the buffer.
            unsafe { bindings::slr_helper_genlmsg_unicast(net.as_ptr(), message.into_raw(), to) }
        });
        to_result(sent.unwrap_or(0))
    }

    /// Has the sockets of all in `net` who listen to `group` say that they lost something (`ENOBUFS`).
    /// Context: any.
    fn lost(&self, net: &Net, group: u32) {
        let error = -(bindings::ENOBUFS as ffi::c_int);
        self.while_live(net, || {
            // SAFETY: The family is registered, the group exists, and the namespace has a socket.
            unsafe {
                bindings::slr_helper_genl_set_err(self.0.family(), net.as_ptr(), group, error)
            }
        });
    }

    /// Builds and sends a notification, if anybody listens; who does is told if it cannot be built.
    /// Context: as `flags` allow.
    pub(crate) fn notify(
        &self,
        net: &Net,
        group: u32,
        command: u8,
        flags: Flags,
        fill: impl FnMut(&mut Writer<'_>) -> Result<(), Full>,
    ) -> Result {
        if !self.has_listeners(net, group) {
            return Ok(());
        }
        let message = self
            .message(command, flags, fill)
            .inspect_err(|_| self.lost(net, group))?;
        self.multicast(net, group, message, 0)
    }
}
