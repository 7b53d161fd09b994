// SPDX-License-Identifier: GPL-2.0

//! What becomes of a packet that goes no further, and what its sender is told.
//!
//! Every packet that ends here is counted by its reason. Answers are built from
//! the packet as it came, so they speak of the addresses that its sender knows:
//! resets, aborts and unreachable errors are from the virtual address, errors of
//! the way (time exceeded, packet too big) from the gateway's own.

use super::{
    encap,
    forward::{self, Behind},
    Ctx, Family,
};
use crate::{
    domain::{
        addr::Proto,
        encap::strip::Content,
        packet::{build, IcmpError, Link, Packet, L4},
        reason::{DropReason, PassReason},
        trace::Stage,
    },
    kern::{
        net::{
            hook::Verdict,
            skb::{Reason, Skb},
        },
        tracepoint,
    },
    table::Tunnel,
};

/// Why a packet goes no further through the stages.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// It is the host stack's.
    Pass(PassReason),
    /// It is dropped.
    Drop(DropReason),
    /// It is dropped, and its sender told.
    Answer(Answer, DropReason),
    /// It was an echo request to a virtual host, which the gateway answers.
    Echo,
}

impl End {
    /// The time to live is used up.
    pub(super) const TTL_EXCEEDED: End = End::Answer(
        Answer::Error(IcmpError::TimeExceeded),
        DropReason::TtlExceeded,
    );

    /// There is no way, for that reason.
    pub(super) const fn no_way(reason: DropReason) -> End {
        End::Answer(Answer::Error(IcmpError::NoRoute), reason)
    }

    /// The packet is longer than this, and must not be fragmented.
    pub(super) const fn too_big(mtu: u32) -> End {
        End::Answer(Answer::Error(IcmpError::TooBig(mtu)), DropReason::TooBig)
    }
}

/// What to tell a sender.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// That nobody is there: a reset, an abort or an unreachable error, by protocol.
    Reset,
    /// An error about the way, from the gateway.
    Error(IcmpError),
}

impl End {
    /// Ends the way of a packet of which there is no view.
    #[cold]
    pub(super) fn unparsed(self, ctx: &Ctx<'_>, skb: Skb) -> Verdict {
        match self {
            End::Drop(reason) | End::Answer(_, reason) => drop(ctx, skb, reason),
            End::Pass(_) | End::Echo => Verdict::accept(skb),
        }
    }

    /// Ends the way of `packet`.
    pub(super) fn conclude<A: Family>(
        self,
        ctx: &Ctx<'_>,
        mut skb: Skb,
        packet: &Packet<A>,
    ) -> Verdict {
        match self {
            End::Pass(PassReason::NotForUs) => forward::leave(ctx, skb, packet),
            // An error about what no flow of the customer sent may be about what was routed.
            End::Pass(PassReason::Unmatched) if ctx.is_private() => {
                forward::leave(ctx, skb, packet)
            }
            End::Pass(_) if !ctx.is_shared_with_host() => {
                drop(ctx, skb, DropReason::NoRouteCustomer)
            }
            End::Pass(reason) => {
                ctx.tables.stats.passed(reason);
                ctx.note_passed(reason);
                Verdict::accept(skb)
            }
            End::Drop(reason) => drop(ctx, skb, reason),
            End::Answer(answer, reason) => {
                ctx.note(Stage::Answered, |step| step.reason = Some(reason.name()));
                answer.send(ctx, &mut skb, packet);
                drop(ctx, skb, reason)
            }
            End::Echo => {
                ctx.note(Stage::Answered, |_| {});
                echo(ctx, &mut skb, packet);
                skb.consume().into()
            }
        }
    }
}

/// Counts and frees a packet.
pub(super) fn drop(ctx: &Ctx<'_>, skb: Skb, reason: DropReason) -> Verdict {
    ctx.tables.stats.dropped(ctx.customer_drops(), reason);
    ctx.note(Stage::Dropped, |step| step.reason = Some(reason.name()));
    tracepoint::drop(&skb, ctx.customer(), reason.name());
    Verdict::drop(skb, core_reason(reason))
}

/// The reason that the kernel's own tools show.
fn core_reason(reason: DropReason) -> Reason {
    match reason {
        DropReason::TooShort => Reason::HeaderTruncated,
        DropReason::Malformed | DropReason::SourceRoute | DropReason::TtlExceeded => {
            Reason::IpHeader
        }
        DropReason::BadChecksum => Reason::IpChecksum,
        DropReason::BadExtensions => Reason::ExtensionHeader,
        DropReason::PortNotServed | DropReason::NoFlow | DropReason::NoServer => Reason::NoSocket,
        DropReason::ProtocolNotServed => Reason::NoProtocol,
        DropReason::FlowTableFull | DropReason::ServerLimit | DropReason::SnatExhausted => {
            Reason::Full
        }
        DropReason::NoMemory | DropReason::NotWritable => Reason::NoMemory,
        DropReason::TooBig => Reason::TooBig,
        DropReason::NoRoute | DropReason::NoRouteCustomer | DropReason::NoDevice => Reason::NoRoute,
        DropReason::NeighbourFailed => Reason::NoNeighbour,
        _ => Reason::Policy,
    }
}

impl Answer {
    /// Sends the answer to `packet`, if one may be sent.
    #[cold]
    fn send<A: Family>(self, ctx: &Ctx<'_>, skb: &mut Skb, packet: &Packet<A>) {
        match self {
            Answer::Reset => match packet.proto {
                Proto::TCP => reply(ctx, packet, build::ANSWER_MAX, |out| {
                    build::tcp_reset(packet, out)
                }),
                Proto::SCTP => reply(ctx, packet, build::ANSWER_MAX, |out| {
                    build::sctp_abort(packet, out)
                }),
                Proto::ICMP | Proto::ICMPV6 => {}
                proto if proto.has_ports() => {
                    error(ctx, skb, packet, packet.dst, IcmpError::PortUnreachable)
                }
                _ => error(ctx, skb, packet, packet.dst, IcmpError::ProtocolUnreachable),
            },
            Answer::Error(kind) => {
                if let Some(own) = own_address(ctx, packet) {
                    error(ctx, skb, packet, own, kind);
                }
            }
        }
    }
}

/// The address that speaks to the sender of `packet` of the gateway. Where the customer's tunnels
/// give us none, it is the outer one of the tunnel that leads to the sender, or else the one that
/// the packet is for: a sender that is not told how long packets may be sends none that arrive.
fn own_address<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>) -> Option<A> {
    let outer = |tunnel: &Tunnel| {
        A::from_addr(tunnel.settings.outer.local).filter(|own| !own.is_unspecified())
    };
    match forward::behind(ctx, packet.src, packet.dst) {
        Some(Behind::Tunnel(tunnel)) => outer(tunnel).or(Some(packet.dst)),
        // Who is behind an slr device hears of a tunnel's end, or else of the one it spoke to.
        Some(Behind::Device(_)) => match forward::behind(ctx, packet.dst, packet.src) {
            Some(Behind::Tunnel(tunnel)) => outer(tunnel).or(Some(packet.dst)),
            _ => Some(packet.dst),
        },
        None => A::own_address(ctx, packet.src),
    }
}

/// Sends an ICMP error about `packet`, from `from`.
fn error<A: Family>(ctx: &Ctx<'_>, skb: &mut Skb, packet: &Packet<A>, from: A, kind: IcmpError) {
    if !packet.may_cause_error(Link::Unicast) || !ctx.namespace.limiter.take() {
        return;
    }
    let quote = build::quote_len(packet);
    let Some(original) = skb.pull(quote) else {
        return;
    };
    reply(
        ctx,
        packet,
        quote.wrapping_add(A::HEADER).wrapping_add(8),
        |out| build::icmp_error(kind, packet, from, original, out),
    );
}

/// Answers an echo request in the virtual host's name.
#[cold]
fn echo<A: Family>(ctx: &Ctx<'_>, skb: &mut Skb, packet: &Packet<A>) {
    if packet.info != (L4::Echo { reply: false }) || !ctx.namespace.limiter.take() {
        return;
    }
    let Some(original) = skb.pull(packet.end) else {
        return;
    };
    reply(ctx, packet, packet.end, |out| {
        build::echo_reply(packet, original, out)
    });
}

/// Sends to the source of `packet` what `write` writes, of at most `room` bytes.
fn reply<A: Family>(
    ctx: &Ctx<'_>,
    packet: &Packet<A>,
    room: usize,
    write: impl FnOnce(&mut [u8]) -> Option<usize>,
) {
    if let Some(behind) = forward::behind(ctx, packet.src, packet.dst) {
        if let Some(skb) = made(encap::HEADROOM, room, write) {
            // Whatever becomes of it was counted.
            let _ = match behind {
                Behind::Tunnel(tunnel) => {
                    let content = Content::Packet(A::FAMILY.ethertype());
                    encap::cross(ctx, skb, content, tunnel, None)
                }
                Behind::Device(dev) => skb.receive_on(dev, A::FAMILY, ctx.rcu).into(),
            };
        }
        return;
    }
    let Ok(route) = A::route(ctx, packet.src, packet.dst, packet.tos) else {
        return;
    };
    if let Some(skb) = made(route.device(ctx.rcu).link_headroom(), room, write) {
        // Whatever becomes of it was handed over.
        let _ = route.output(skb, 0, ctx.rcu);
    }
}

/// A packet of our own, with room for headers before it.
fn made(
    headroom: usize,
    room: usize,
    write: impl FnOnce(&mut [u8]) -> Option<usize>,
) -> Option<Skb> {
    let mut skb = Skb::alloc(headroom, room)?;
    let len = write(skb.make_writable(room)?)?;
    if !skb.trim(len) {
        return None;
    }
    skb.set_untracked();
    skb.allow_fragmentation();
    Some(skb)
}
