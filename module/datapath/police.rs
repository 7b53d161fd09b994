// SPDX-License-Identifier: GPL-2.0

//! Holding packets to the rates of their tunnel and of their customer, and marking them for its
//! transmit queue.
//!
//! A packet is charged once, where it enters the customer's context, before anything is looked up
//! for it: what is beyond costs next to nothing. A super-packet is as many packets as it has
//! segments. Packets that slr makes itself are not charged.
//!
//! The mark is the packet's priority, which queueing disciplines read wherever it leaves and in
//! whatever it is encapsulated. What a private server has set there counts for nothing: it would
//! choose the queue of another customer.

use kernel::sync::rcu;

use super::{decap, refuse, Ctx};
use crate::{
    domain::reason::DropReason,
    kern::net::{hook::Verdict, skb::Skb},
    table::{CustomerRuntime, Tunnel},
};

/// Takes a packet out of a tunnel, or drops it.
#[inline]
pub(super) fn arrive(ctx: &Ctx<'_>, mut skb: Skb, tunnel: &Tunnel) -> Result<Skb, Verdict> {
    // What goes on without a look inside nobody else will charge to its customer.
    let customer = tunnel.customer.as_deref();
    let customer = customer.filter(|_| tunnel.settings.to.is_some());
    let customer = customer.filter(|customer| mark(&mut skb, customer));
    match customer.is_some() || tunnel.meter.is_some() {
        true => charge(ctx, skb, tunnel, customer),
        false => Ok(skb),
    }
}

/// Charges a packet to its tunnel, and to its customer if that is metered here.
#[cold]
fn charge(
    ctx: &Ctx<'_>,
    skb: Skb,
    tunnel: &Tunnel,
    customer: Option<&CustomerRuntime>,
) -> Result<Skb, Verdict> {
    let (packets, bytes) = (u64::from(skb.segments()), skb.len() as u64);
    let may_arrive = match &tunnel.meter {
        Some(meter) => meter.take_packets(packets, bytes),
        None => true,
    };
    let reason = match customer.map(|customer| meter(ctx.rcu, &skb, customer)) {
        _ if !may_arrive => DropReason::TunnelRate,
        Some(Err(reason)) => reason,
        Some(Ok(())) | None => return Ok(skb),
    };
    Err(refuse::drop(&decap::within(ctx, tunnel), skb, reason))
}

/// Takes a packet into a customer's context, or says why not.
#[inline(always)]
pub(super) fn enter(ctx: &Ctx<'_>, skb: &mut Skb) -> Result<(), DropReason> {
    match ctx.customer_runtime() {
        // What was joined was charged in its parts.
        Some(customer) if ctx.joined == 0 => send(ctx.rcu, skb, customer),
        _ => Ok(()),
    }
}

/// Charges a packet to a customer whose context it comes from, or goes to.
///
/// Not inlined, so that the stages of packets of no customer keep their registers.
#[inline(never)]
pub(super) fn send(
    rcu: &rcu::Guard,
    skb: &mut Skb,
    customer: &CustomerRuntime,
) -> Result<(), DropReason> {
    match mark(skb, customer) {
        true => meter(rcu, skb, customer),
        false => Ok(()),
    }
}

/// Marks a packet for its customer's transmit queue, and says whether it is metered.
#[inline(always)]
fn mark(skb: &mut Skb, customer: &CustomerRuntime) -> bool {
    let (priority, is_metered) = customer.standing();
    skb.set_priority(priority);
    is_metered
}

#[cold]
fn meter(rcu: &rcu::Guard, skb: &Skb, customer: &CustomerRuntime) -> Result<(), DropReason> {
    match customer.terms(rcu).meter() {
        Some(meter) if !meter.take_packets(u64::from(skb.segments()), skb.len() as u64) => {
            Err(DropReason::CustomerRate)
        }
        _ => Ok(()),
    }
}
