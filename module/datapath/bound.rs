// SPDX-License-Identifier: GPL-2.0

//! Between a tunnel and the slr device that is bound to it: the stack behind the device is the
//! tunnel's end, so that nothing is looked up for a packet either way.
//!
//! It is the customer's packet all the same: the customer's rates, its guard and the sources that the
//! tunnel allows hold for it. Nothing is forwarded here, so no hop is counted, and fragments pass
//! as they are.

use super::{
    act, emit::emit, encap, forward::receiver, guard, parse, police, refuse, Ctx, End, Entry,
    Family,
};
use crate::{
    domain::{flow::Side, packet::Packet, reason::DropReason, trace::Stage},
    kern::net::{hook::Verdict, skb::Skb},
    table::Tunnel,
};

/// Has what came out of a tunnel received on the device that is bound to it.
#[inline(never)]
pub(super) fn up<A: Family>(ctx: &Ctx<'_>, skb: Skb) -> Verdict {
    let (skb, packet) = match admitted::<A>(ctx, skb) {
        Ok(admitted) => admitted,
        Err(verdict) => return verdict,
    };
    let Some(dev) = receiver(ctx) else {
        return End::no_way(DropReason::NoDevice).conclude(ctx, skb, &packet);
    };
    count(ctx, &skb);
    ctx.note_received(dev);
    skb.receive_on(dev, A::FAMILY, ctx.rcu).into()
}

/// Sends what the stack sends on a device by the tunnel that it is bound to.
#[inline(never)]
pub(super) fn out<A: Family>(ctx: &Ctx<'_>, skb: Skb, tunnel: &Tunnel) -> Verdict {
    let (mut skb, packet) = match admitted::<A>(ctx, skb) {
        Ok(admitted) => admitted,
        Err(verdict) => return verdict,
    };
    match encap::way_for_all(ctx, &mut skb, &packet, tunnel) {
        Ok(way) => {
            count(ctx, &skb);
            emit(ctx, skb, packet.dst, way)
        }
        Err(end) => end.conclude(ctx, skb, &packet),
    }
}

/// The packet, if it may come from where it does.
fn admitted<A: Family>(ctx: &Ctx<'_>, mut skb: Skb) -> Result<(Skb, Packet<A>), Verdict> {
    let packet = match parse::parse::<A>(ctx, &mut skb) {
        Ok(packet) => packet,
        Err(end) => return Err(end.unparsed(ctx, skb)),
    };
    ctx.note(Stage::Packet, |step| step.of_packet(&packet));
    let admitted = police::enter(ctx, &mut skb)
        .and_then(|()| guard::admit(&ctx.entry, &packet))
        .and_then(|()| match ctx.config.has_guards() {
            true => guard::ask(ctx, &packet),
            false => Ok(()),
        });
    match admitted {
        Ok(()) => Ok((skb, packet)),
        Err(reason) => Err(refuse::drop(ctx, skb, reason)),
    }
}

fn count(ctx: &Ctx<'_>, skb: &Skb) {
    if let Some(customer) = ctx.customer_traffic() {
        let (packets, bytes) = (u64::from(skb.segments()), skb.len() as u64);
        let side = match ctx.entry {
            Entry::Device(_) => Side::Server,
            _ => Side::Client,
        };
        act::count_customer(customer, side, packets, bytes);
    }
}
