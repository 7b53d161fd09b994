// SPDX-License-Identifier: GPL-2.0

//! Raw declarations of the kernel's C side: bindgen output and next to nothing else.
//!
//! Generated at build time from `bindings.h` for the kernel that is built against. Only
//! `kern` may use it.
//!
//! Static keys are declared by hand, with the types of the kernel crate, which its macro for
//! branches asks for.

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unused_imports,
    improper_ctypes,
    unsafe_op_in_unsafe_fn
)]
pub(crate) mod bindings {
    use kernel::ffi;
    use pin_init::MaybeZeroable;

    type __kernel_size_t = usize;
    type __kernel_ssize_t = isize;
    type __kernel_ptrdiff_t = isize;

    include!(concat!(
        env!("SLR_OBJ"),
        "/module/sys/bindings_generated.rs"
    ));
}

/// What the kernel crate's macro for branches wants: a static key that is a member of a structure.
#[repr(transparent)]
pub(crate) struct Key {
    pub(crate) key: kernel::bindings::static_key_false,
}

extern "C" {
    /// Whether packets are to be recorded (`trace.c`).
    pub(crate) static mut slr_helper_tracing: Key;
}

// Some type far inside of them has no members in this configuration, as C allows.
#[allow(improper_ctypes)]
#[cfg(CONFIG_TRACEPOINTS)]
extern "C" {
    /// Tracepoints of `trace.h`.
    pub(crate) static __tracepoint_slr_drop: kernel::bindings::tracepoint;
    pub(crate) static __tracepoint_slr_stage: kernel::bindings::tracepoint;
    pub(crate) static __tracepoint_slr_flow_new: kernel::bindings::tracepoint;
    pub(crate) static __tracepoint_slr_flow_end: kernel::bindings::tracepoint;
}
