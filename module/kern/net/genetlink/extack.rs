// SPDX-License-Identifier: GPL-2.0

//! Telling the user why: the extended acknowledgement.
//!
//! C header: [`include/linux/netlink.h`](srctree/include/linux/netlink.h)

use super::{Attr, Attrs};
use crate::sys::bindings;
use core::{
    fmt::{self, Write},
    marker::PhantomData,
    ptr::NonNull,
};
use kernel::{alloc::AllocError, ffi, prelude::*};

/// Error numbers of control interfaces that `kernel::error::code` lacks.
pub(crate) mod errno {
    use crate::sys::bindings;
    use kernel::{error::Error, ffi};

    /// The kernel lacks what this would take.
    pub(crate) fn eopnotsupp() -> Error {
        Error::from_errno(-(bindings::EOPNOTSUPP as ffi::c_int))
    }

    /// What the request builds on has changed.
    pub(crate) fn estale() -> Error {
        Error::from_errno(-(bindings::ESTALE as ffi::c_int))
    }
}

/// Proof that a request was refused with an explanation. Made by [`Extack`].
///
/// Running out of memory explains itself, so it converts from [`AllocError`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Refused(Error);

impl Refused {
    /// The error number.
    pub(crate) fn error(&self) -> Error {
        self.0
    }
}

impl From<AllocError> for Refused {
    fn from(_: AllocError) -> Self {
        Self(ENOMEM)
    }
}

/// The extended acknowledgement of a request (`struct netlink_ext_ack`).
///
/// A message is one clause in lower case without a final period. It is sent after the family's name
/// and a colon, and cut off at 79 bytes with these.
///
/// # Invariants
///
/// `raw`, if any, is valid for `'a` and used by the current thread only.
pub(crate) struct Extack<'a> {
    raw: Option<NonNull<bindings::netlink_ext_ack>>,
    prefix: &'static str,
    _request: PhantomData<&'a bindings::netlink_ext_ack>,
}

impl<'a> Extack<'a> {
    /// # Safety
    ///
    /// `raw` must be null or valid for `'a`, with nobody else using it.
    pub(in crate::kern) unsafe fn from_raw(
        raw: *mut bindings::netlink_ext_ack,
        prefix: &'static str,
    ) -> Self {
        // INVARIANT: As the caller promises.
        Self {
            raw: NonNull::new(raw),
            prefix,
            _request: PhantomData,
        }
    }

    /// Refuses the request: `errno` and why.
    pub(crate) fn refuse(&self, errno: Error, why: fmt::Arguments<'_>) -> Refused {
        self.say(why);
        Refused(errno)
    }

    /// Refuses the request because of `attr`.
    pub(crate) fn refuse_attr(
        &self,
        attr: &Attr<'_>,
        errno: Error,
        why: fmt::Arguments<'_>,
    ) -> Refused {
        self.say(why);
        if let Some(raw) = self.raw {
            // SAFETY: By the type invariants. The kernel checks that the attribute is in the
            // request before it sends the offset.
            unsafe {
                (*raw.as_ptr()).bad_attr = attr.as_ptr();
                (*raw.as_ptr()).policy = core::ptr::null();
            }
        }
        Refused(errno)
    }

    /// Refuses the request because `attrs` lack attribute `number`, which is called `name`.
    pub(crate) fn missing(&self, attrs: &Attrs<'_>, number: u16, name: &str) -> Refused {
        self.say(format_args!("{name} is missing"));
        if let Some(raw) = self.raw {
            let nest = attrs.nest().map_or(core::ptr::null(), |nest| nest.as_ptr());
            // SAFETY: By the type invariants; as in `refuse_attr`.
            unsafe {
                (*raw.as_ptr()).miss_type = number;
                (*raw.as_ptr()).miss_nest = nest;
            }
        }
        Refused(EINVAL)
    }

    /// The attribute with this number, or a refusal because it is missing.
    pub(crate) fn require<'m>(
        &self,
        attrs: &Attrs<'m>,
        number: u16,
        name: &str,
    ) -> Result<Attr<'m>, Refused> {
        attrs
            .get(number)
            .ok_or_else(|| self.missing(attrs, number, name))
    }

    /// Sends a message along with success: a warning.
    pub(crate) fn warn(&self, what: fmt::Arguments<'_>) {
        self.say(what);
    }

    /// The error number to hand to C; sees to it that there is a message.
    pub(in crate::kern::net) fn conclude(&self, refused: Refused) -> ffi::c_int {
        if let Some(raw) = self.raw {
            // SAFETY: By the type invariants.
            if unsafe { (*raw.as_ptr())._msg }.is_null() && refused.0 == ENOMEM {
                self.say(format_args!("out of memory"));
            }
        }
        refused.0.to_errno()
    }

    /// Puts a message into the buffer, as `NL_SET_ERR_MSG_FMT_MOD()`.
    fn say(&self, what: fmt::Arguments<'_>) {
        let Some(raw) = self.raw else {
            return;
        };
        // SAFETY: By the type invariants we are the only one who uses it.
        let extack = unsafe { &mut *raw.as_ptr() };
        let mut text = Text {
            buffer: &mut extack._msg_buf,
            len: 0,
        };
        // Too long is cut off, which is what the user sees then.
        let _ = write!(text, "{}: {what}", self.prefix);
        text.terminate();
        extack._msg = extack._msg_buf.as_ptr();
        // SAFETY: The message was just terminated.
        unsafe { bindings::do_trace_netlink_extack(extack._msg) };
    }
}

/// A buffer being written to.
struct Text<'a> {
    buffer: &'a mut [ffi::c_char],
    len: usize,
}

impl Text<'_> {
    fn terminate(&mut self) {
        if let Some(end) = self.buffer.get_mut(self.len) {
            *end = 0;
        }
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The last byte is for the terminator.
        let room = self.buffer.len().saturating_sub(self.len + 1);
        let mut len = text.len().min(room);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let to = self.buffer.iter_mut().skip(self.len);
        for (to, &from) in to.zip(text.as_bytes().iter().take(len)) {
            *to = from as ffi::c_char;
        }
        self.len += len;
        if len < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}
