// SPDX-License-Identifier: GPL-2.0

//! A customer's packets for the Internet, where a route of its own leads into the public context.
//!
//! Addresses of customers mean nothing there, and two of them may have the same. So each
//! connection becomes a flow whose source is translated: its client is in the customer's context,
//! its server in the public one, where answers find it by the address and port that nobody else
//! has. Nothing comes in that no flow has asked for.

use super::{
    act, emit, forward,
    lookup::{self, Hit},
    open, police, source, Ctx, End, Entry, Family,
};
use crate::{
    domain::{
        flow::{opener, Side},
        packet::{Fragment, Packet},
        reason::DropReason,
        trace::Stage,
    },
    kern::net::{hook::Verdict, skb::Skb},
    table::{Binding, CustomerRuntime, Goal, NewFlow, OpenError, Route, PUBLIC},
};
use kernel::sync::Arc;

/// How often a flow is looked up that another processor was faster to open.
const TRIES: u32 = 3;

/// What flows along `route` to the destination of `packet` are counted at, if they go into the
/// public context.
#[inline]
pub(super) fn outlet<'g, A: Family>(
    route: &'g Route,
    packet: &Packet<A>,
) -> Option<&'g Arc<Binding>> {
    let is_far = !packet.dst.is_link_local() && !packet.dst.is_multicast();
    route.outlet.as_ref().filter(|_| is_far)
}

/// Opens a flow for a packet that has none, and sends it on its way.
#[cold]
pub(super) fn forward<A: Family>(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    packet: &Packet<A>,
    outlet: &Arc<Binding>,
) -> Verdict {
    match stages(ctx, &mut skb, packet, outlet) {
        Ok((to, way)) => emit::emit(ctx, skb, to, way),
        Err(end) => end.conclude(ctx, skb, packet),
    }
}

fn stages<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    outlet: &Arc<Binding>,
) -> Result<(A, emit::Way<'g>), End> {
    // Only the first fragment has ports.
    if packet.fragment != Fragment::None {
        return Err(End::Drop(DropReason::FragmentFailed));
    }
    if !opener::may_open(packet) || !opener::is_from_a_host(packet) {
        return Err(End::Drop(DropReason::NoFlow));
    }
    let hit = open(ctx, packet, outlet)?;
    ctx.note(Stage::Opened, |step| step.of_hit(packet, &hit));
    let way = emit::way(ctx, skb, packet, &hit)?;
    let to = act::act(skb, packet, &hit, way.is_forwarding())?;
    ctx.note(Stage::Rewritten, |step| step.of_ends(packet, &hit));
    act::count(ctx, skb, &hit);
    Ok((to, way))
}

fn open<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
    outlet: &Arc<Binding>,
) -> Result<Hit<'g, A>, End> {
    let public = across(ctx, PUBLIC);
    let snat = outlet.settings.snat;
    for _ in 0..TRIES {
        let new = NewFlow {
            customer: ctx.customer(),
            proto: packet.proto,
            client: (packet.src, packet.sport),
            virtual_end: (packet.dst, packet.dport),
            source: source::source(&public, packet.proto, snat, Some(packet.dst))
                .map_err(End::Drop)?,
            is_held: &|source, peer| source::is_held(&public, packet.proto, snat, source, peer),
            track: open::beginning(packet, outlet.settings.method),
            goal: Goal::Public(outlet),
        };
        let opened = A::flows(ctx.tables).open(ctx.tables, new, ctx.now, ctx.rcu);
        match opened {
            Ok(flow) => {
                if let Some(customer) = ctx.customer_traffic() {
                    customer.count_flow();
                }
                let from = Side::Client;
                return Ok(Hit { flow, from });
            }
            // Another processor was faster with a packet of the same flow.
            Err(OpenError::Exists) => {
                if let Some(hit) = lookup::lookup(ctx, packet)? {
                    return Ok(hit);
                }
            }
            Err(error) => return Err(refuse(ctx, error.reason())),
        }
    }
    Err(refuse(ctx, DropReason::ReplyClash))
}

fn refuse(ctx: &Ctx<'_>, reason: DropReason) -> End {
    if let Some(customer) = ctx.customer_traffic() {
        customer.count_refused();
    }
    End::Drop(reason)
}

/// The way of a packet of a flow between a customer and the public context: in the one that it is
/// not from.
#[cold]
pub(super) fn way<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
    hit: &Hit<'g, A>,
) -> Result<emit::Way<'g>, End> {
    // An answer comes in from the public context, and is charged and counted to whose flow it is of.
    let customer = match hit.from {
        Side::Client => None,
        Side::Server => hit.flow.binding.customer.as_deref(),
    };
    if let Some(customer) = customer {
        police::send(ctx.rcu, skb, customer).map_err(End::Drop)?;
    }
    let there = across(
        ctx,
        match hit.from {
            Side::Client => PUBLIC,
            Side::Server => hit.flow.customer(),
        },
    );
    if let Some(way) = forward::routed(&there, skb, packet, hit.hop(), hit.ends().src.0)? {
        count_answer(skb, packet, customer);
        return Ok(way);
    }
    let route = match hit.flow.route(hit.from.other()).get(ctx.rcu) {
        Some(route) => route,
        None => emit::derive(&there, packet, hit)?,
    };
    if route.is_local() {
        // What is the gateway's own in another context is not for its stack from here.
        return Err(End::Drop(DropReason::NoRouteCustomer));
    }
    let way = emit::along(&there, skb, packet, route)?;
    count_answer(skb, packet, customer);
    Ok(way)
}

fn count_answer<A: Family>(skb: &Skb, packet: &Packet<A>, customer: Option<&CustomerRuntime>) {
    if let Some(customer) = customer {
        let (packets, bytes) = (u64::from(skb.segments()), packet.end as u64);
        act::count_customer(&customer.traffic, Side::Server, packets, bytes);
    }
}

/// The same packet as one of another customer.
fn across<'g>(ctx: &Ctx<'g>, customer: u32) -> Ctx<'g> {
    Ctx {
        entry: Entry::Across(customer),
        ..*ctx
    }
}
