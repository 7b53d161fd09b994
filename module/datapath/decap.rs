// SPDX-License-Identifier: GPL-2.0

//! What arrives at the end of a tunnel: the outer header goes, the customer comes.
//!
//! A packet whose outer header no tunnel has is the host stack's, as is all that is between the
//! tunnel's ends themselves. One whose tunnel is cross-connected goes on into the next tunnel
//! whatever it is; any other is a packet of the tunnel's customer, and passes the stages as if it
//! had come in at a port of that customer.

use super::{bound, encap, guard, police, refuse, route_other, Ctx, Entry, Family};
use crate::{
    domain::{
        addr::{Proto, V4, V6},
        bytes,
        encap::{
            ecn,
            strip::{self, Check, Found, Malformed},
            End, WireKey,
        },
        flow::Side,
        packet::{
            checksum::Sum,
            ether::{TYPE_IPV4, TYPE_IPV6},
            udp, Network, Packet, ParseError,
        },
        reason::{DropReason, PassReason},
        trace::Stage,
    },
    kern::net::{
        hook::Verdict,
        skb::{Skb, Summed},
    },
    table::{Tunnel, PUBLIC},
};

/// Pulls of one packet: more than the headers that can be asked for in turn.
const PULLS: usize = 8;

/// Whether there are tunnels and the packet is where outer headers are: in the public context.
#[inline(always)]
fn is_outside(ctx: &Ctx<'_>) -> bool {
    let is_inside = matches!(
        ctx.entry,
        Entry::Tunnel(..) | Entry::Device(..) | Entry::Local(..)
    );
    !is_inside && ctx.config.has_tunnels() && ctx.customer() == PUBLIC
}

/// Whether a packet that came whole may be a tunnel's.
#[inline(always)]
pub(super) fn may_carry<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>) -> bool {
    is_outside(ctx)
        && match packet.proto {
            Proto::UDP => ctx.config.tunnels_at_port(packet.dport).is_some(),
            proto => is_carrier(proto),
        }
}

/// Whether a packet of which there may be a part only may be a tunnel's.
pub(super) fn is_candidate<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>) -> bool {
    is_outside(ctx)
        && (packet.proto == Proto::UDP || is_carrier(packet.proto))
        && ctx.config.is_tunnel_end(packet.dst.to_addr())
}

/// Whether tunnels ride on such packets, UDP's apart.
#[inline(always)]
fn is_carrier(proto: Proto) -> bool {
    matches!(proto, Proto::GRE | Proto::IPIP | Proto::IPV6 | Proto::L2TP)
}

#[cold]
fn no_view(error: Malformed) -> DropReason {
    match error {
        Malformed::Parse(error) => error.into(),
        Malformed::Cookie => DropReason::TunnelCookie,
        Malformed::Content => DropReason::TunnelContent,
        _ => DropReason::TunnelHeader,
    }
}

/// Takes a packet if it is a tunnel's, or gives it back.
#[inline(never)]
pub(super) fn decap<A: Family>(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    packet: &Packet<A>,
) -> Result<Skb, Verdict> {
    let udp = match packet.proto {
        Proto::UDP => match ctx.config.tunnels_at_port(packet.dport) {
            None => return Ok(skb),
            kind => kind,
        },
        _ => None,
    };
    let found = match pulled(&mut skb, |head| strip::find(head, packet, udp)) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(skb),
        // What is for somebody else is not ours to judge.
        Err(_) if !ctx.config.is_tunnel_end(packet.dst.to_addr()) => return Ok(skb),
        Err(reason) => return Err(refuse::drop(ctx, skb, reason)),
    };
    let key = WireKey {
        kind: found.kind,
        key: found.key,
        end: End::Path {
            local: packet.dst.to_addr(),
            remote: Some(packet.src.to_addr()),
            port: udp.map_or(0, |_| packet.dport),
        },
    };
    let Some(tunnel) = ctx.config.tunnel(&key) else {
        // A kernel tunnel may have the same end.
        if ctx.config.is_tunnel_end(packet.dst.to_addr()) {
            ctx.tables.stats.passed(PassReason::UnknownTunnel);
        }
        return Ok(skb);
    };
    ctx.note(Stage::Tunnel, |step| step.of_tunnel(tunnel));
    if let Err(reason) = guard::admit_outer(ctx, &skb, packet, tunnel) {
        return Err(refuse::drop(&within(ctx, tunnel), skb, reason));
    }
    if let Err(reason) = verify(&mut skb, packet, &found, tunnel) {
        return Err(refuse::drop(&within(ctx, tunnel), skb, reason));
    }
    let settings = &tunnel.settings;
    let sublayer = settings.outer.format.sublayer;
    let admitted = pulled(&mut skb, |head| {
        let found = found.admit(head, &settings.cookie, sublayer)?;
        match settings.to {
            Some(_) => Ok(found),
            None => found.unframe(head),
        }
    });
    let found = match admitted {
        Ok(found) => found,
        Err(reason) => return Err(refuse::drop(&within(ctx, tunnel), skb, reason)),
    };
    let skb = count_in(ctx, skb, tunnel)?;
    Err(open(ctx, skb, packet, &found, tunnel))
}

/// The context of what a tunnel brings: its customer's. What was joined was the outer packet.
pub(super) fn within<'g>(ctx: &Ctx<'g>, tunnel: &'g Tunnel) -> Ctx<'g> {
    Ctx {
        entry: Entry::Tunnel(tunnel),
        joined: 0,
        ..*ctx
    }
}

/// Calls `read` until the head has what it asks for.
pub(super) fn pulled<T>(
    skb: &mut Skb,
    mut read: impl FnMut(&[u8]) -> Result<T, Malformed>,
) -> Result<T, DropReason> {
    for _ in 0..PULLS {
        match read(skb.head()) {
            Ok(value) => return Ok(value),
            Err(Malformed::Parse(ParseError::Short(needed))) => {
                if skb.pull(needed).is_none() {
                    return Err(DropReason::NoMemory);
                }
            }
            Err(error) => return Err(no_view(error)),
        }
    }
    Err(DropReason::TooShort)
}

/// Verifies the outer checksum, where there is one that nobody has verified.
fn verify<A: Family>(
    skb: &mut Skb,
    packet: &Packet<A>,
    found: &Found,
    tunnel: &Tunnel,
) -> Result<(), DropReason> {
    let wrong = Err(DropReason::TunnelChecksum);
    match found.check {
        Check::None => Ok(()),
        Check::Gre(at) => match skb.checksum(at, found.end.wrapping_sub(at), 0) {
            Some(sum) if Sum::taken(sum).is_valid() => Ok(()),
            _ => wrong,
        },
        Check::Udp => {
            let field = bytes::be16(skb.head(), packet.l4.wrapping_add(udp::CHECKSUM));
            if field == Some(0) {
                // None; in IPv6 only where the configuration allows that (RFC 6935).
                return match A::LEN == 16 && tunnel.settings.has_checksum {
                    true => wrong,
                    false => Ok(()),
                };
            }
            match skb.ip_summed() {
                Summed::Unnecessary => skb.forget_outer_checksum(),
                // From this machine, or another guest of it: nothing has happened to it.
                Summed::Partial => {}
                Summed::None | Summed::Complete => {
                    let len = found.end.wrapping_sub(packet.l4);
                    let pseudo = Sum::pseudo(packet.src, packet.dst, Proto::UDP, len).folded();
                    let seed = u32::from(u16::from_ne_bytes(pseudo));
                    let sum = skb.checksum(packet.l4, len, seed).map(Sum::taken);
                    if !sum.is_some_and(Sum::is_valid) {
                        return wrong;
                    }
                }
            }
            Ok(())
        }
    }
}

/// Takes the outer header off and sends what was inside on its way.
fn open<A: Family>(
    ctx: &Ctx<'_>,
    mut skb: Skb,
    packet: &Packet<A>,
    found: &Found,
    tunnel: &Tunnel,
) -> Verdict {
    let ctx = &within(ctx, tunnel);
    let ethertype = found.ethertype();
    if !skb.trim(found.end) || !skb.decapsulate(found.at, ethertype) {
        return refuse::drop(ctx, skb, DropReason::NotWritable);
    }
    if let Err(reason) = mark(&mut skb, packet.tos, ethertype) {
        return refuse::drop(ctx, skb, reason);
    }
    if let Some(to) = tunnel.settings.to {
        let Some(to) = ctx.config.tunnel_at(to) else {
            return refuse::drop(ctx, skb, DropReason::NoRouteCustomer);
        };
        return encap::cross(ctx, skb, found.content, to, Some(packet.ttl));
    }
    enter_customer(ctx, skb, ethertype)
}

/// Counts what a tunnel brought, or drops it if that is too much.
pub(super) fn count_in(ctx: &Ctx<'_>, skb: Skb, tunnel: &Tunnel) -> Result<Skb, Verdict> {
    let skb = police::arrive(ctx, skb, tunnel)?;
    let (packets, bytes) = (u64::from(skb.segments()), skb.len() as u64);
    tunnel.runtime.traffic.count(Side::Client, packets, bytes);
    Ok(skb)
}

/// Takes what was inside through the stages of its customer.
pub(super) fn enter_customer(ctx: &Ctx<'_>, skb: Skb, ethertype: u16) -> Verdict {
    if let Entry::Tunnel(Tunnel { settings, .. }) = ctx.entry {
        if !settings.device.is_empty() {
            return match ethertype {
                TYPE_IPV4 => bound::up::<V4>(ctx, skb),
                TYPE_IPV6 => bound::up::<V6>(ctx, skb),
                _ => refuse::drop(ctx, skb, DropReason::TunnelContent),
            };
        }
    }
    match ethertype {
        TYPE_IPV4 => route_other::<V4>(ctx, skb),
        TYPE_IPV6 => route_other::<V6>(ctx, skb),
        _ => refuse::drop(ctx, skb, DropReason::TunnelContent),
    }
}

/// Brings a congestion mark of the outer header into the inner one (RFC 6040).
fn mark(skb: &mut Skb, outer: u8, ethertype: u16) -> Result<(), DropReason> {
    let header = match ethertype {
        TYPE_IPV4 => V4::HEADER,
        TYPE_IPV6 => V6::HEADER,
        _ => return Ok(()),
    };
    let Some(head) = skb.pull(header) else {
        return Err(DropReason::TooShort);
    };
    let inner = ecn::read(head).ok_or(DropReason::Malformed)?;
    let tos = ecn::decapsulate(outer, inner).map_err(|_| DropReason::Congested)?;
    if tos == inner {
        return Ok(());
    }
    skb.make_writable(header)
        .and_then(|head| ecn::write(head, tos))
        .ok_or(DropReason::NotWritable)
}
