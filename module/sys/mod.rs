// SPDX-License-Identifier: GPL-2.0

//! Raw declarations of the kernel's C side: bindgen output and nothing else.
//!
//! Generated at build time from `bindings.h` for the kernel that is built against. Only
//! `kern` may use it.

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
