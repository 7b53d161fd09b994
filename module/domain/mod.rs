// SPDX-License-Identifier: GPL-2.0

//! Bytes in, decisions out: the logic of slr without the kernel.
//!
//! Nothing here knows a clock, a lock, an allocator, a random source or an
//! errno. Callers bring time, seeds, memory and the bytes of a packet; they get
//! back plain values, or an enum that says what is wrong. The same files are
//! part of the kernel module and of an ordinary crate, so all of it is tested
//! and fuzzed on the host.
//!
//! No input makes this code panic: lengths are checked with `get` and
//! `first_chunk`, and arithmetic on anything that comes from a packet wraps,
//! since the kernel is built with overflow checks.
//!
//! Ports, identifiers, lengths and sequence numbers are in host byte order in
//! every structure; addresses are the bytes as on the wire. Offsets are counted
//! in bytes from the start of the network header unless a comment says
//! otherwise.

pub mod addr;
pub mod bytes;
pub mod encap;
pub mod flow;
pub mod hash;
pub mod limits;
pub mod lpm;
pub mod meter;
pub mod packet;
pub mod persist;
pub mod reason;
pub mod sched;
pub mod shape;
pub mod snat;
pub mod timeouts;
pub mod trace;
