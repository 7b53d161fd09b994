// SPDX-License-Identifier: GPL-2.0

//! Dumps: answers of many messages, sent as the client makes room for them.

use super::{
    channel::Endpoint,
    extack::{Extack, Refused},
    message::{self, Header},
    Family, Full, Request, Writer,
};
use crate::sys::bindings;
use core::ptr::NonNull;
use kernel::{ffi, prelude::*, sync::Arc};

/// A dump under way: where it has come to, and what the client wants to see.
///
/// Dropped when the dump is finished or its socket closed. Context of everything: process, may
/// sleep.
pub(crate) trait Dump<F: Family>: Sized + Send + 'static {
    /// The least room in bytes that one buffer must have, if the usual 3.7 kB is too little for
    /// one message.
    const MIN_ROOM: u16 = 0;

    /// Begins a dump.
    fn start(family: &F, request: &Request<'_>) -> Result<Self, Refused>;

    /// Goes on with it: writes messages until there are no more (`Ok`) or no more fit ([`Full`],
    /// which [`DumpWriter::message`] returns).
    ///
    /// After [`Full`] it is called again with an empty buffer, and must begin with the message
    /// that did not fit.
    fn dump(&mut self, family: &F, out: &mut DumpWriter<'_>) -> Result<(), Stop>;
}

/// Why a [`Dump::dump`] stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The buffer is full; the dump goes on in the next.
    Full,
    /// The dump ends with an error.
    Refused(Refused),
}

impl From<Full> for Stop {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// The buffer that a dump is to fill.
///
/// # Invariants
///
/// `skb` and `cb` are those of a running dump callback.
pub(crate) struct DumpWriter<'a> {
    skb: NonNull<bindings::sk_buff>,
    cb: NonNull<bindings::netlink_callback>,
    request: Request<'a>,
}

impl<'a> DumpWriter<'a> {
    /// The request that began the dump.
    pub(crate) fn request(&self) -> &Request<'a> {
        &self.request
    }

    /// Where refusals come from.
    pub(crate) fn extack(&self) -> Extack<'a> {
        self.request.extack()
    }

    /// Says which state of the tables the following messages show.
    ///
    /// If it differs from what was said before in this dump, the client is told that the dump was
    /// interrupted (`NLM_F_DUMP_INTR`) and is not one state's.
    pub(crate) fn generation(&mut self, generation: u32) {
        // SAFETY: By the type invariants. 0 would mean that there is no generation yet.
        unsafe { (*self.cb.as_ptr()).seq = generation.max(1) };
    }

    /// Adds a message, or leaves the buffer as it was and returns [`Full`] (or `fill`'s error).
    pub(crate) fn message<E: From<Full>>(
        &mut self,
        command: u8,
        fill: impl FnOnce(&mut Writer<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let header = Header {
            portid: self.request.portid(),
            seq: self.request.seq(),
            command,
            flags: bindings::NLM_F_MULTI,
        };
        // SAFETY: By the type invariants; between calls of this the buffer ends with a finished
        // message.
        let payload = unsafe { message::put(self.skb, &self.request.endpoint(), header, fill)? };
        // SAFETY: By the type invariants; `payload` is that of a message in the buffer.
        unsafe {
            bindings::slr_helper_genl_dump_check_consistent(self.cb.as_ptr(), payload.as_ptr())
        };
        Ok(())
    }
}

/// What a dump needs until it is done.
struct State<F, D> {
    dump: D,
    /// Declared before `_endpoint`, which the family object's address is taken from.
    family: Arc<F>,
    _endpoint: Arc<Endpoint>,
}

/// The state of a running dump.
///
/// # Safety
///
/// `cb` must be that of a dump whose `start::<F, D>` succeeded and whose `done` has not run, and
/// nobody else may use the state. The kernel calls the functions of one dump one after another.
unsafe fn state<'a, F, D>(cb: *mut bindings::netlink_callback) -> &'a mut State<F, D> {
    // SAFETY: `start` put the pointer there, and the caller promises the rest.
    unsafe { &mut *slot::<F, D>(cb).read() }
}

/// Where the pointer to the state is kept.
///
/// # Safety
///
/// `cb` must be valid.
unsafe fn slot<F, D>(cb: *mut bindings::netlink_callback) -> *mut *mut State<F, D> {
    // SAFETY: The caller promises that `cb` is valid. The context has room for six pointers and is
    // aligned as a `long`.
    unsafe { (&raw mut (*cb).__bindgen_anon_1.args).cast() }
}

/// Begins a dump.
///
/// # Safety
///
/// To be called by generic netlink for a family registered as `F`.
pub(super) unsafe extern "C" fn start<F: Family, D: Dump<F>>(
    cb: *mut bindings::netlink_callback,
) -> ffi::c_int {
    // SAFETY: Generic netlink passes a valid `cb`, with the request, for the length of the call.
    let request = unsafe { Request::from_raw(bindings::slr_helper_genl_info_dump(cb)) };
    let begin = || -> Result<_, Refused> {
        // SAFETY: The caller promises that the family was registered as `F`.
        let dump = D::start(unsafe { request.family::<F>() }, &request)?;
        let endpoint: Arc<Endpoint> = request.endpoint().into();
        // SAFETY: By the invariants of `Endpoint` this is the address of a registered `Arc<F>`,
        // which is held while an operation begins.
        let family = unsafe { Arc::from_raw(endpoint.context.cast::<F>()) };
        // That reference stays with the registration.
        let family = core::mem::ManuallyDrop::new(family);
        let state = State {
            dump,
            family: Arc::clone(&family),
            _endpoint: endpoint,
        };
        Ok(KBox::new(state, GFP_KERNEL)?)
    };
    match begin() {
        Ok(state) => {
            // SAFETY: `cb` is valid, and its context is ours from here to `done`.
            unsafe {
                slot::<F, D>(cb).write(KBox::into_raw(state));
                (*cb).min_dump_alloc = (*cb).min_dump_alloc.max(D::MIN_ROOM.into());
            }
            0
        }
        Err(refused) => request.extack().conclude(refused),
    }
}

/// Fills one buffer.
///
/// # Safety
///
/// To be called by generic netlink between `start::<F, D>` and `done::<F, D>`.
pub(super) unsafe extern "C" fn dumpit<F: Family, D: Dump<F>>(
    skb: *mut bindings::sk_buff,
    cb: *mut bindings::netlink_callback,
) -> ffi::c_int {
    let (Some(skb), Some(callback)) = (NonNull::new(skb), NonNull::new(cb)) else {
        return EINVAL.to_errno();
    };
    // SAFETY: The caller promises that the dump is under way.
    let state = unsafe { state::<F, D>(cb) };
    // INVARIANT: These are those of this call.
    let mut out = DumpWriter {
        skb,
        cb: callback,
        // SAFETY: Generic netlink keeps the request until `done`.
        request: unsafe { Request::from_raw(bindings::slr_helper_genl_info_dump(cb)) },
    };
    match state.dump.dump(&state.family, &mut out) {
        Ok(()) => 0,
        // With something in the buffer, netlink takes this as a call for the next one; else one
        // message is longer than a buffer, which the client is told.
        Err(Stop::Full) => EMSGSIZE.to_errno(),
        Err(Stop::Refused(refused)) => out.extack().conclude(refused),
    }
}

/// Ends a dump.
///
/// # Safety
///
/// To be called by generic netlink once after `start::<F, D>` has succeeded.
pub(super) unsafe extern "C" fn done<F: Family, D: Dump<F>>(
    cb: *mut bindings::netlink_callback,
) -> ffi::c_int {
    // SAFETY: `start` put a pointer from `KBox::into_raw` there, and nobody uses it after this.
    drop(unsafe { KBox::from_raw(slot::<F, D>(cb).read()) });
    0
}
