// SPDX-License-Identifier: GPL-2.0

//! ICMP errors about packets of flows.
//!
//! An error travels with the direction of its flow that answers the packet it quotes,
//! and is found by the quoted ends, swapped. The quoted packet gets back the ends that its sender
//! gave it, so the sender's stack recognises its own; path-MTU discovery works through slr by that.
//!
//! Towards the client every error comes from the virtual address, whoever sent it: a router
//! between slr and the servers has an inside address too. Towards the server a router of the
//! client's side keeps its address, and the client's own is translated as in all packets.

use super::{act, emit, lookup, lookup::Hit, Ctx, End, Family};
use crate::{
    domain::{
        addr::Proto,
        flow::{opener::Kind, Side},
        packet::{
            icmp, icmpv6, quote,
            rewrite::{self, ErrorRewrite},
            Packet, ParseError, Quote, L4,
        },
        reason::{DropReason, PassReason},
    },
    kern::net::{hook::Verdict, skb::Skb},
    table::{Action, Lookup},
};

/// Pulls of one error: more than the headers in a quote.
const PULLS: usize = 16;

/// Translates `packet`, an ICMP error, if it is about a flow.
#[cold]
pub(super) fn error<A: Family>(ctx: &Ctx<'_>, mut skb: Skb, packet: &Packet<A>) -> Verdict {
    match stages(ctx, &mut skb, packet) {
        Ok((way, to)) => emit::emit(ctx, skb, to, way),
        Err(end) => end.conclude(ctx, skb, packet),
    }
}

fn stages<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
) -> Result<(emit::Way<'g>, A), End> {
    let quote = quoted(ctx, skb, packet)?;
    // An error goes to the source of what it quotes.
    let hit = lookup::about(ctx, &quote)
        .filter(|_| packet.dst == quote.src)
        .ok_or_else(|| unmatched(ctx, &quote))?;
    if hit.from == Side::Server && is_unreachable(packet) && is_of_opening(&hit, &quote) {
        A::flows(ctx.tables).refused(ctx.tables, &hit.flow, ctx.now);
    }
    let ends = ends(&hit, packet);
    let way = emit::way(ctx, skb, packet, &hit)?;
    write(skb, packet, &quote, &ends, way.is_forwarding())?;
    Ok((way, hit.hop()))
}

/// The packet that the error quotes.
fn quoted<A: Family>(ctx: &Ctx<'_>, skb: &mut Skb, packet: &Packet<A>) -> Result<Quote<A>, End> {
    for _ in 0..PULLS {
        match quote(packet, skb.head()) {
            Ok(quote) => return Ok(quote),
            Err(ParseError::Short(needed)) => {
                if skb.pull(needed).is_none() {
                    return Err(End::Drop(DropReason::NoMemory));
                }
            }
            Err(_) => break,
        }
    }
    match ctx.config.host(ctx.customer(), packet.dst.to_addr()) {
        Some(_) => Err(End::Drop(DropReason::BadQuote)),
        None => Err(End::Pass(PassReason::NotForUs)),
    }
}

/// What becomes of an error about no flow: the service that the quoted packet seems to be of
/// has a policy; an address that is the gateway's own as well has a stack to go to.
fn unmatched<A: Family>(ctx: &Ctx<'_>, quote: &Quote<A>) -> End {
    let addr = quote.src.to_addr();
    match ctx
        .config
        .lookup(ctx.customer(), addr, quote.proto, quote.sport)
    {
        Lookup::NoHost => End::Pass(PassReason::NotForUs),
        Lookup::NotServed(_) if A::is_local(ctx, quote.src) => End::Pass(PassReason::Unmatched),
        Lookup::NotServed(_) => End::Drop(DropReason::NoFlow),
        Lookup::Service(service) => match service.settings.unknown.action(Kind::Icmp) {
            Action::Pass => End::Pass(PassReason::Unmatched),
            Action::Drop | Action::Reset => End::Drop(DropReason::NoFlow),
        },
    }
}

/// Whether the error says that an opening was in vain.
fn is_unreachable<A: Family>(packet: &Packet<A>) -> bool {
    match packet.info {
        L4::IcmpError { kind, code } => match A::ICMP {
            Proto::ICMP => kind == icmp::UNREACHABLE && code != icmp::code::FRAG_NEEDED,
            _ => kind == icmpv6::UNREACHABLE,
        },
        _ => false,
    }
}

/// Whether the quoted packet is the one that opened the flow: a forger who does not see it would
/// have to guess its sequence number (RFC 5927).
fn is_of_opening<A: Family>(hit: &Hit<'_, A>, quote: &Quote<A>) -> bool {
    let [next, _] = hit.flow.numbers();
    quote.proto != Proto::TCP || next.wrapping_sub(quote.seq) <= u32::from(u16::MAX)
}

/// The ends that the error and its quote are to have.
fn ends<A: Family>(hit: &Hit<'_, A>, packet: &Packet<A>) -> ErrorRewrite<A> {
    let quote = hit.other_ends();
    let src = match hit.from {
        Side::Client if packet.src != hit.flow.client().0 => packet.src,
        _ => quote.dst.0,
    };
    ErrorRewrite {
        src,
        dst: quote.src.0,
        quote,
    }
}

/// Writes the new ends.
fn write<A: Family>(
    skb: &mut Skb,
    packet: &Packet<A>,
    quote: &Quote<A>,
    ends: &ErrorRewrite<A>,
    is_forwarding: bool,
) -> Result<(), End> {
    let state = act::checksum(skb, packet);
    let bytes = act::writable(skb, packet.end, quote.rewrite_len())?;
    rewrite::apply_error(ends, packet, quote, bytes, state)
        .and_then(|()| act::count_hop::<A>(bytes, is_forwarding))
        .ok_or(End::Drop(DropReason::NotWritable))
}
