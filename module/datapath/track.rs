// SPDX-License-Identifier: GPL-2.0

//! The flow's state after the packet, and whether the flow is still the one for it.

use super::{aside, lookup::Hit, open, refuse::Answer, Ctx, End, Family};
use crate::{
    domain::{
        addr::Proto,
        flow::{opener, Event, Side},
        packet::Packet,
        reason::DropReason,
    },
    table::Happening,
};

/// Steps the state; returns the flow that the packet belongs to from now on.
#[inline(always)]
pub(super) fn track<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
    hit: Hit<'g, A>,
) -> Result<Hit<'g, A>, End> {
    if hit.flow.follow(hit.from, &packet.info, ctx.now) {
        return Ok(hit);
    }
    step(&aside(ctx), &aside(packet), hit)
}

/// [`track`] of a packet that may change more of its flow than the time it lives.
#[cold]
fn step<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
    hit: Hit<'g, A>,
) -> Result<Hit<'g, A>, End> {
    let flows = A::flows(ctx.tables);
    let event = flows.step(ctx.tables, &hit.flow, hit.from, &packet.info, ctx.now);
    if hit.flow.is_reset() {
        return ended(ctx, packet, hit);
    }
    match event {
        Event::Reopen => reopen(ctx, packet, &hit, Happening::PortReused),
        Event::Repeated if flows.is_to_move(&hit.flow, event) => {
            reopen(ctx, packet, &hit, Happening::Rescheduled)
        }
        _ => Ok(hit),
    }
}

/// A packet of a flow that the operator ended: its sender is told, unless a client begins anew.
#[cold]
fn ended<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
    hit: Hit<'g, A>,
) -> Result<Hit<'g, A>, End> {
    let begins_anew = matches!(packet.proto, Proto::TCP | Proto::SCTP)
        && hit.from == Side::Client
        && opener::may_open(packet);
    if begins_anew {
        return reopen(ctx, packet, &hit, Happening::PortReused);
    }
    Err(End::Answer(Answer::Reset, DropReason::FlowReset))
}

/// Another flow takes the place of one that is over or leads nowhere.
#[cold]
fn reopen<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
    hit: &Hit<'g, A>,
    why: Happening,
) -> Result<Hit<'g, A>, End> {
    if A::flows(ctx.tables).retire(&hit.flow) {
        ctx.tables.stats.event(why);
    }
    open::open(ctx, packet)
}
