// SPDX-License-Identifier: GPL-2.0

//! Tracepoints, for the kernel's own tools.
//!
//! Each is asked for by its static key before anything is made ready for it, so one that nobody has
//! turned on is an instruction that does nothing. What is told is in `module/sys/trace.h`.
//!
//! The kernel crate's `declare_trace!` wants declarations that are generated with the kernel's own.
//!
//! C header: [`include/linux/tracepoint.h`](srctree/include/linux/tracepoint.h)

use core::net::IpAddr;

use crate::kern::net::skb::Skb;
use crate::sys::{self, bindings};

/// Source and destination of packets in one direction.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) protocol: u8,
    pub(crate) src: (IpAddr, u16),
    pub(crate) dst: (IpAddr, u16),
}

impl Ends {
    fn to_raw(self) -> bindings::slr_helper_ends {
        let mapped = |addr| match addr {
            IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
            IpAddr::V6(addr) => addr.octets(),
        };
        bindings::slr_helper_ends {
            saddr: mapped(self.src.0),
            daddr: mapped(self.dst.0),
            sport: self.src.1,
            dport: self.dst.1,
            protocol: self.protocol,
        }
    }
}

/// Whether a tracepoint is on. Context: any.
macro_rules! is_on {
    ($tracepoint:ident) => {{
        #[cfg(CONFIG_TRACEPOINTS)]
        // SAFETY: The tracepoint is one of this module, whose loader has made its key known; C alone
        // writes to it.
        let is_on = unsafe {
            kernel::jump_label::static_branch_unlikely!(
                sys::$tracepoint,
                kernel::bindings::tracepoint,
                key
            )
        };
        #[cfg(not(CONFIG_TRACEPOINTS))]
        let is_on = false;
        is_on
    }};
}

/// `slr_drop`: tells of a packet that is dropped in the context of a customer. Context: any.
#[inline(always)]
pub(crate) fn drop(skb: &Skb, customer: u32, reason: &'static str) {
    if is_on!(__tracepoint_slr_drop) {
        // SAFETY: The packet is valid, and the name as long as is said.
        unsafe {
            bindings::slr_helper_trace_slr_drop(
                skb.as_ptr(),
                customer,
                reason.as_ptr().cast(),
                reason.len(),
            )
        };
    }
}

/// A step of a packet.
pub(crate) struct Step {
    /// When the packet arrived, in nanoseconds since boot.
    pub(crate) arrived: u64,
    /// Nanoseconds since.
    pub(crate) after: u32,
    pub(crate) customer: u32,
    pub(crate) ifindex: u32,
    pub(crate) tunnel: u32,
    pub(crate) ends: Option<Ends>,
    pub(crate) stage: &'static str,
    pub(crate) reason: &'static str,
}

/// Whether somebody follows packets by `slr_stage`, which turns on
/// [`Tracing`](super::sync::static_key::Tracing) too. Context: any.
#[inline(always)]
pub(crate) fn is_stage_on() -> bool {
    is_on!(__tracepoint_slr_stage)
}

/// `slr_stage`: tells where a packet has come to. Context: any.
pub(crate) fn stage(step: &Step) {
    let ends = step.ends.map(Ends::to_raw).unwrap_or_default();
    // SAFETY: The ends outlive the call, and the names are as long as is said.
    unsafe {
        bindings::slr_helper_trace_slr_stage(
            step.arrived,
            step.after,
            step.customer,
            step.ifindex,
            step.tunnel,
            &ends,
            step.stage.as_ptr().cast(),
            step.stage.len(),
            step.reason.as_ptr().cast(),
            step.reason.len(),
        )
    };
}

/// A flow: what its client sends and what its server sends, and where it stands.
pub(crate) struct Flow {
    pub(crate) customer: u32,
    pub(crate) client: Ends,
    pub(crate) server: Ends,
    pub(crate) state: &'static str,
}

/// `slr_flow_new`: tells of a flow that was opened. Context: any.
#[inline(always)]
pub(crate) fn flow_new(flow: impl FnOnce() -> Flow) {
    if is_on!(__tracepoint_slr_flow_new) {
        told(bindings::slr_helper_trace_slr_flow_new, &flow());
    }
}

/// `slr_flow_end`: tells of a flow that has ended. Context: any.
#[inline(always)]
pub(crate) fn flow_end(flow: impl FnOnce() -> Flow) {
    if is_on!(__tracepoint_slr_flow_end) {
        told(bindings::slr_helper_trace_slr_flow_end, &flow());
    }
}

/// What tells of flows.
type Tell = unsafe extern "C" fn(
    u32,
    *const bindings::slr_helper_ends,
    *const bindings::slr_helper_ends,
    *const kernel::ffi::c_char,
    usize,
);

#[cold]
#[inline(never)]
fn told(tell: Tell, flow: &Flow) {
    let (client, server) = (flow.client.to_raw(), flow.server.to_raw());
    let state = flow.state;
    // SAFETY: It is one of the two above, who read the ends and as much of the name as is said.
    unsafe {
        tell(
            flow.customer,
            &client,
            &server,
            state.as_ptr().cast(),
            state.len(),
        )
    };
}
