// SPDX-License-Identifier: GPL-2.0

//! Building messages.

use super::channel::Endpoint;
use crate::sys::bindings;
use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::{self, NonNull},
};
use kernel::{
    alloc::{AllocError, Flags},
    ffi,
    prelude::*,
};

/// There is no room for another attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Adds attributes to a message that is being built.
///
/// # Invariants
///
/// `skb` is valid and written to by nobody else for `'a`; it ends within an unfinished message.
pub(crate) struct Writer<'a> {
    skb: NonNull<bindings::sk_buff>,
    _skb: PhantomData<&'a mut bindings::sk_buff>,
}

impl Writer<'_> {
    /// # Safety
    ///
    /// See the type invariants.
    pub(super) unsafe fn new(skb: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: As the caller promises.
        Self {
            skb,
            _skb: PhantomData,
        }
    }

    /// Adds an attribute with this payload.
    pub(crate) fn bytes(&mut self, number: u16, payload: &[u8]) -> Result<(), Full> {
        if payload.len() > MAX_PAYLOAD {
            return Err(Full);
        }
        // SAFETY: By the type invariants; the payload is as long as we say.
        let result = unsafe {
            bindings::nla_put(
                self.skb.as_ptr(),
                number.into(),
                payload.len() as ffi::c_int,
                payload.as_ptr().cast(),
            )
        };
        if result < 0 {
            return Err(Full);
        }
        Ok(())
    }

    /// Adds an integer of 8 bits.
    pub(crate) fn u8(&mut self, number: u16, value: u8) -> Result<(), Full> {
        self.bytes(number, &value.to_ne_bytes())
    }

    /// Adds an integer of 16 bits.
    pub(crate) fn u16(&mut self, number: u16, value: u16) -> Result<(), Full> {
        self.bytes(number, &value.to_ne_bytes())
    }

    /// Adds an integer of 32 bits.
    pub(crate) fn u32(&mut self, number: u16, value: u32) -> Result<(), Full> {
        self.bytes(number, &value.to_ne_bytes())
    }

    /// Adds an integer of 64 bits.
    pub(crate) fn u64(&mut self, number: u16, value: u64) -> Result<(), Full> {
        self.bytes(number, &value.to_ne_bytes())
    }

    /// Adds an integer of 32 bits if that is enough for the value, else of 64.
    pub(crate) fn uint(&mut self, number: u16, value: u64) -> Result<(), Full> {
        match u32::try_from(value) {
            Ok(value) => self.u32(number, value),
            Err(_) => self.u64(number, value),
        }
    }

    /// Adds an attribute without a value.
    pub(crate) fn flag(&mut self, number: u16) -> Result<(), Full> {
        self.bytes(number, &[])
    }

    /// Adds a string, with the NUL that strings end with here.
    pub(crate) fn str(&mut self, number: u16, value: &str) -> Result<(), Full> {
        self.c_str_bytes(number, value.as_bytes())
    }

    /// Adds a string that need not be UTF-8.
    pub(crate) fn c_str_bytes(&mut self, number: u16, value: &[u8]) -> Result<(), Full> {
        if value.len() >= MAX_PAYLOAD {
            return Err(Full);
        }
        // SAFETY: By the type invariants.
        let attr = NonNull::new(unsafe {
            bindings::nla_reserve(
                self.skb.as_ptr(),
                number.into(),
                value.len() as ffi::c_int + 1,
            )
        })
        .ok_or(Full)?;
        // SAFETY: `nla_reserve` made room for one byte more than the value behind the header.
        unsafe {
            let payload = attr
                .as_ptr()
                .cast::<u8>()
                .add(size_of::<bindings::nlattr>());
            ptr::copy_nonoverlapping(value.as_ptr(), payload, value.len());
            *payload.add(value.len()) = 0;
        }
        Ok(())
    }

    /// Adds a nest that `fill` fills. If it fails, the nest is taken back.
    pub(crate) fn nest<E: From<Full>>(
        &mut self,
        number: u16,
        fill: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        // SAFETY: By the type invariants.
        let start = NonNull::new(unsafe {
            bindings::slr_helper_nla_nest_start(self.skb.as_ptr(), number.into())
        })
        .ok_or(Full)?;
        let mut result = fill(self);
        if result.is_ok() {
            // SAFETY: `start` was begun in this buffer and nothing before it changed.
            let end = unsafe {
                bindings::slr_helper_nla_nest_end_safe(self.skb.as_ptr(), start.as_ptr())
            };
            if end < 0 {
                result = Err(Full.into());
            }
        }
        if result.is_err() {
            // SAFETY: As above.
            unsafe { bindings::slr_helper_nla_nest_cancel(self.skb.as_ptr(), start.as_ptr()) };
        }
        result
    }
}

/// The longest payload whose length, with the header, fits into an attribute's.
const MAX_PAYLOAD: usize = u16::MAX as usize - size_of::<bindings::nlattr>();

/// How much room a message gets at first, and at most.
const SIZES: (usize, usize) = (1024, 128 * 1024);

/// To whom and as what a message goes.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) portid: u32,
    pub(super) seq: u32,
    pub(super) command: u8,
    pub(super) flags: u32,
}

/// A complete message that has not been sent.
///
/// # Invariants
///
/// `skb` is owned by this object and holds one finished message.
pub(crate) struct Message {
    skb: NonNull<bindings::sk_buff>,
}

// SAFETY: A socket buffer belongs to no thread.
unsafe impl Send for Message {}

impl Message {
    /// Builds a message; `fill` is called again with more room if it runs out of it.
    ///
    /// Context: as `flags` allow.
    pub(super) fn build(
        endpoint: &Endpoint,
        header: Header,
        flags: Flags,
        mut fill: impl FnMut(&mut Writer<'_>) -> Result<(), Full>,
    ) -> Result<Self, BuildError> {
        let mut size = SIZES.0;
        loop {
            // SAFETY: Null is checked for.
            let skb = unsafe { bindings::slr_helper_genlmsg_new(size, gfp(flags)) };
            // INVARIANT: Owned; what fails below drops it, whatever is in it.
            let message = Self {
                skb: NonNull::new(skb).ok_or(BuildError::NoMemory)?,
            };
            // SAFETY: The buffer is ours.
            let done = unsafe { put(message.skb, endpoint, header, |writer| fill(writer)) };
            match done {
                Ok(_) => return Ok(message),
                Err(Full) if size < SIZES.1 => size *= 2,
                Err(Full) => return Err(BuildError::TooLong),
            }
        }
    }

    /// Gives up ownership to a C function that consumes the buffer.
    pub(super) fn into_raw(self) -> *mut bindings::sk_buff {
        ManuallyDrop::new(self).skb.as_ptr()
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { bindings::slr_helper_nlmsg_free(self.skb.as_ptr()) };
    }
}

/// Why a message was not built.
#[derive(Clone, Copy, Debug)]
pub(super) enum BuildError {
    NoMemory,
    TooLong,
}

impl From<AllocError> for BuildError {
    fn from(_: AllocError) -> Self {
        Self::NoMemory
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::NoMemory => ENOMEM,
            BuildError::TooLong => EMSGSIZE,
        }
    }
}

/// What sleeps if `flags` are those that do, and else does not.
fn gfp(flags: Flags) -> bindings::gfp_t {
    if flags == GFP_KERNEL {
        kernel::bindings::GFP_KERNEL
    } else {
        kernel::bindings::GFP_ATOMIC
    }
}

/// Appends one message to a buffer, or leaves it as it was. Returns the message's payload.
///
/// # Safety
///
/// `skb` must be valid, written to by nobody else, and end with a finished message if any.
pub(super) unsafe fn put<E: From<Full>>(
    skb: NonNull<bindings::sk_buff>,
    endpoint: &Endpoint,
    header: Header,
    fill: impl FnOnce(&mut Writer<'_>) -> Result<(), E>,
) -> Result<NonNull<ffi::c_void>, E> {
    // SAFETY: The caller gives us the buffer; the family is registered or was once, so it has its
    // number and version.
    let payload = NonNull::new(unsafe {
        bindings::genlmsg_put(
            skb.as_ptr(),
            header.portid,
            header.seq,
            endpoint.family(),
            header.flags as ffi::c_int,
            header.command,
        )
    })
    .ok_or(Full)?;
    // SAFETY: The caller gives us the buffer, and a message has just been begun in it.
    let mut writer = unsafe { Writer::new(skb) };
    match fill(&mut writer) {
        Ok(()) => {
            // SAFETY: `payload` is where this message was begun.
            unsafe { bindings::slr_helper_genlmsg_end(skb.as_ptr(), payload.as_ptr()) };
            Ok(payload)
        }
        Err(error) => {
            // SAFETY: As above.
            unsafe { bindings::slr_helper_genlmsg_cancel(skb.as_ptr(), payload.as_ptr()) };
            Err(error)
        }
    }
}
