// SPDX-License-Identifier: GPL-2.0

//! The flow of a packet, by customer, protocol and both ends.

use super::{Ctx, End, Family};
use crate::{
    domain::{
        flow,
        packet::{rewrite::Rewrite, Packet, Quote},
        reason::DropReason,
    },
    table::{FlowRef, Side},
};

/// A flow, and which of its sides the packet is from.
#[derive(Clone, Copy)]
pub(super) struct Hit<'g, A: Family> {
    pub(super) flow: FlowRef<'g, A>,
    pub(super) from: flow::Side,
}

impl<A: Family> Hit<'_, A> {
    /// The ends that the packet is to have on its other side of slr.
    #[inline(always)]
    pub(super) fn ends(&self) -> Rewrite<A> {
        self.flow.translation(self.from).to
    }

    /// Where the packet goes: the address whose route and neighbour it takes.
    #[inline]
    pub(super) fn hop(&self) -> A {
        match self.from {
            flow::Side::Client => self.flow.server_hop(),
            flow::Side::Server => self.flow.client().0,
        }
    }

    /// The ends of what the other side sends, as it sends it.
    pub(super) fn other_ends(&self) -> Rewrite<A> {
        match self.from {
            flow::Side::Client => Rewrite {
                src: self.flow.server(),
                dst: self.flow.source(),
            },
            flow::Side::Server => Rewrite {
                src: self.flow.client(),
                dst: self.flow.virtual_end(),
            },
        }
    }
}

/// Finds the flow of `packet`; refuses it if such a packet may not come in here.
#[inline(always)]
pub(super) fn lookup<'g, A: Family>(
    ctx: &Ctx<'g>,
    packet: &Packet<A>,
) -> Result<Option<Hit<'g, A>>, End> {
    let (src, dst) = ((packet.src, packet.sport), (packet.dst, packet.dport));
    let found = A::flows(ctx.tables).find(ctx.customer(), packet.proto, src, dst, ctx.now, ctx.rcu);
    match found {
        // Where clients come in customers' packets may go out, to servers of no service.
        Some((flow, flow::Side::Server)) if ctx.side() == Side::Client && !flow.is_outward() => {
            Err(End::Drop(DropReason::WrongSide))
        }
        found => Ok(found.map(|(flow, from)| Hit { flow, from })),
    }
}

/// Finds the flow of the packet that an ICMP error is about. The error goes the other way.
pub(super) fn about<'g, A: Family>(ctx: &Ctx<'g>, quote: &Quote<A>) -> Option<Hit<'g, A>> {
    let (src, dst) = ((quote.dst, quote.dport), (quote.src, quote.sport));
    let flows = A::flows(ctx.tables);
    let (flow, from) = flows.find(ctx.customer(), quote.proto, src, dst, ctx.now, ctx.rcu)?;
    Some(Hit { flow, from })
}
