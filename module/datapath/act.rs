// SPDX-License-Identifier: GPL-2.0

//! The packet gets the ends that its flow has on the other side.
//!
//! The last stage that can refuse it, and the first that writes. Checksums change by the
//! difference that the new ends make, so what came damaged stays so.

use super::{aside, lookup::Hit, Ctx, End, Family};
use crate::{
    domain::{
        addr::Proto,
        bytes,
        flow::Side,
        packet::{rewrite::Checksum, udp, Packet},
        reason::DropReason,
    },
    kern::net::skb::{Skb, Summed},
    table::Traffic,
};

/// Rewrites `packet`, one hop nearer to its end if `is_forwarding`; returns where it goes.
#[inline(always)]
pub(super) fn act<A: Family>(
    skb: &mut Skb,
    packet: &Packet<A>,
    hit: &Hit<'_, A>,
    is_forwarding: bool,
) -> Result<A, End> {
    let translation = hit.flow.translation(hit.from);
    let state = checksum(skb, packet);
    let bytes = writable(skb, packet.end, packet.rewrite_len())?;
    translation
        .apply(packet, bytes, state, is_forwarding)
        .ok_or(End::Drop(DropReason::NotWritable))?;
    Ok(hit.hop())
}

/// Counts the hop of a packet that is forwarded as it is.
pub(super) fn hop<A: Family>(skb: &mut Skb, packet: &Packet<A>) -> Result<(), End> {
    let bytes = writable(skb, packet.end, A::HEADER)?;
    count_hop::<A>(bytes, true).ok_or(End::Drop(DropReason::NotWritable))
}

/// Counts the packet at its flow's service, server and binding, at its port and its customer.
#[inline(always)]
pub(super) fn count<A: Family>(ctx: &Ctx<'_>, skb: &Skb, hit: &Hit<'_, A>) {
    let (packets, bytes) = (u64::from(skb.segments()), skb.len() as u64);
    let port = ctx.port().map(|(port, _)| port);
    hit.flow.count(hit.from, port, packets, bytes);
    if let Some(customer) = ctx.customer_traffic() {
        count_customer(customer, hit.from, packets, bytes);
    }
}

/// Counts a packet at its customer.
#[cold]
pub(super) fn count_customer(customer: &Traffic, from: Side, packets: u64, bytes: u64) {
    customer.count(from, packets, bytes);
}

/// The first `len` bytes of the packet, to write to, without the padding behind `end`.
#[inline(always)]
pub(super) fn writable(skb: &mut Skb, end: usize, len: usize) -> Result<&mut [u8], End> {
    if !skb.trim(end) {
        return Err(End::Drop(DropReason::NotWritable));
    }
    skb.make_writable(len)
        .ok_or(End::Drop(DropReason::NotWritable))
}

/// Lowers the time to live of a packet that is forwarded. Its check came before.
#[inline]
pub(super) fn count_hop<A: Family>(bytes: &mut [u8], is_forwarding: bool) -> Option<()> {
    if is_forwarding {
        A::decrement_ttl(bytes)?;
    }
    Some(())
}

/// What the transport checksum's field holds.
#[inline(always)]
pub(super) fn checksum<A: Family>(skb: &Skb, packet: &Packet<A>) -> Checksum {
    match skb.ip_summed() {
        Summed::Partial => partial(skb, &aside(packet)),
        _ => Checksum::Full,
    }
}

/// The state of a checksum where one is to be filled in: it may be one further inside.
///
/// Around a tunnelled packet UDP's own field is complete, or absent, unless the packet is to be
/// segmented: then it has the pseudo-header's sum like any other (`udp_set_csum`).
#[cold]
fn partial<A: Family>(skb: &Skb, packet: &Packet<A>) -> Checksum {
    if skb
        .partial_checksum()
        .is_some_and(|partial| partial.start == packet.l4)
    {
        return Checksum::Partial;
    }
    let field = packet.l4.wrapping_add(udp::CHECKSUM);
    match (packet.proto, skb.is_gso()) {
        (Proto::UDP, true) if bytes::be16(skb.head(), field) != Some(0) => Checksum::Partial,
        _ => Checksum::Full,
    }
}
