// SPDX-License-Identifier: GPL-2.0

//! Headers, once: every later stage reads the [`Packet`] that this one makes.
//!
//! A packet that cannot be parsed is the host stack's to judge, unless it is for a
//! virtual host: there nobody else would count it.

use super::{aside, Ctx, End, Family};
use crate::{
    domain::{
        packet::{Packet, ParseError},
        reason::{DropReason, PassReason},
    },
    kern::net::skb::Skb,
};

/// Pulls of one packet: more than the headers that a parser can ask for in turn.
const PULLS: usize = 16;

/// Makes the view of the packet that begins at the data's start.
#[inline(always)]
pub(super) fn parse<A: Family>(ctx: &Ctx<'_>, skb: &mut Skb) -> Result<Packet<A>, End> {
    match A::parse(skb.head(), skb.len()) {
        Ok(packet) => Ok(packet),
        Err(error) => {
            let packet = parse_slow(&aside(ctx), skb, error)?;
            Ok(packet)
        }
    }
}

/// [`parse`] of a packet whose headers are not all in the head, or wrong.
#[cold]
fn parse_slow<A: Family>(
    ctx: &Ctx<'_>,
    skb: &mut Skb,
    mut error: ParseError,
) -> Result<Packet<A>, End> {
    for _ in 0..PULLS {
        let ParseError::Short(needed) = error else {
            break;
        };
        if skb.pull(needed).is_none() {
            return Err(End::Drop(DropReason::NoMemory));
        }
        match A::parse(skb.head(), skb.len()) {
            Ok(packet) => return Ok(packet),
            Err(next) => error = next,
        }
    }
    let dst = A::read(skb.head(), A::DST);
    match dst.and_then(|dst| ctx.config.host(ctx.customer(), dst.to_addr())) {
        Some(_) => Err(End::Drop(error.into())),
        // Nor may another context's routes lead it on.
        None if ctx.is_private() => Err(End::Drop(error.into())),
        None => Err(End::Pass(PassReason::NotForUs)),
    }
}
