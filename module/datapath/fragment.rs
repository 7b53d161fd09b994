// SPDX-License-Identifier: GPL-2.0

//! What comes in fragments.
//!
//! Only the first fragment has ports, so they are joined before they are looked up. For what came
//! in at a port that is done at PRE_ROUTING, where reassembly finds what it needs, for what came
//! by a tunnel or an slr device at once; and only for packets that may be of a flow: to a virtual
//! host or the Internet, or from a server. Those of two customers never mix. The whole goes
//! through the same stages, and leaves in fragments no larger than it came in. What turns out to be
//! nobody's goes on through the host stack, which fragments it again in the same way.

use super::{
    decap, forward, hooks::Namespace, outward, parse, refuse, trace, Ctx, End, Entry, Family,
};
use crate::{
    domain::{
        packet::{Fragment as Part, Packet},
        reason::{DropReason, PassReason},
        trace::Stage,
    },
    kern::{
        net::{
            defrag,
            hook::{self, Hook, Verdict},
            skb::Skb,
        },
        sync::static_key::Tracing,
    },
    table::Tables,
};
use core::marker::PhantomData;
use kernel::sync::Arc;

/// The hook that takes fragments.
pub(super) struct Fragments<A> {
    tables: Arc<Tables>,
    namespace: Arc<Namespace>,
    _family: PhantomData<A>,
}

impl<A: Family> Fragments<A> {
    pub(super) fn new(tables: &Arc<Tables>, namespace: &Arc<Namespace>) -> Self {
        Fragments {
            tables: tables.clone(),
            namespace: namespace.clone(),
            _family: PhantomData,
        }
    }
}

impl<A: Family> Hook for Fragments<A> {
    fn packet(&self, mut skb: Skb, context: &hook::Context<'_>) -> Verdict {
        let config = self.tables.config.load(context.rcu());
        let Some(dev) = context.input() else {
            return Verdict::accept(skb);
        };
        let Some(port) = config.port(dev.ifindex()) else {
            return Verdict::accept(skb);
        };
        let entry = Entry::Port(port, dev);
        let ctx = Ctx::new(&self.tables, &self.namespace, config, context, entry);
        match parse::parse::<A>(&ctx, &mut skb) {
            Ok(packet) if packet.fragment == Part::None => whole(&ctx, skb, &packet),
            _ if Tracing::is_on() => trace::follow(&ctx, skb, in_parts::<A>),
            parsed => parted(&ctx, skb, parsed),
        }
    }
}

/// Takes a packet that may be a fragment.
fn in_parts<A: Family>(ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
    let parsed = parse::parse::<A>(ctx, &mut skb);
    parted(ctx, skb, parsed)
}

/// [`in_parts`] of what was looked at.
fn parted<A: Family>(ctx: &Ctx<'_>, skb: Skb, parsed: Result<Packet<A>, End>) -> Verdict {
    match parsed {
        Ok(packet) if packet.fragment == Part::None => whole(ctx, skb, &packet),
        Ok(packet) => join(ctx, skb, &packet),
        Err(end) if ctx.is_private() => end.unparsed(ctx, skb),
        Err(_) => Verdict::accept(skb),
    }
}

/// Takes a packet that came whole, or that IPsec has made so. A tunnel's that was protected comes
/// here when it is not any more; what was not, the hook of the port has seen already.
#[inline]
fn whole<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    if !skb.came_by_ipsec() || !decap::is_candidate(ctx, packet) {
        return Verdict::accept(skb);
    }
    match decap::decap(ctx, skb, packet) {
        Ok(skb) => Verdict::accept(skb),
        Err(verdict) => verdict,
    }
}

/// Whether a packet of a customer goes into the public context, where it needs a flow.
fn leads_out<A: Family>(ctx: &Ctx<'_>, packet: &Packet<A>) -> bool {
    ctx.is_private()
        && ctx
            .config
            .route(
                ctx.customer(),
                packet.dst.to_addr(),
                Some(packet.src.to_addr()),
            )
            .is_some_and(|route| outward::outlet(route, packet).is_some())
}

/// Takes a fragment that the stages have met: at a port it comes again at PRE_ROUTING.
#[cold]
pub(super) fn part<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    match ctx.entry {
        Entry::Local(..) | Entry::Tunnel(_) | Entry::Device(_) => join(ctx, skb, packet),
        _ => {
            ctx.note_passed(PassReason::Fragment);
            Verdict::accept(skb)
        }
    }
}

/// Joins what may be of a flow, and takes the whole through the stages.
fn join<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    let config = ctx.config;
    if packet.fragment == Part::None {
        return Verdict::accept(skb);
    }
    let customer = ctx.customer();
    // Where answers from the Internet go only their ports say.
    let may_be_answer = || !ctx.is_private() && config.has_outlets();
    let may_be_ours = decap::is_candidate(ctx, packet)
        || config.host(customer, packet.dst.to_addr()).is_some()
        || config.has_server_at(customer, packet.src.to_addr())
        || leads_out(ctx, packet)
        || may_be_answer();
    if !may_be_ours {
        return forward::leave(ctx, skb, packet);
    }
    // Out of a tunnel or an slr device it has seen nothing of the IP layer yet.
    let is_fresh = matches!(ctx.entry, Entry::Tunnel(_) | Entry::Device(_));
    match defrag::gather(ctx.net, A::FAMILY, customer, is_fresh, skb, ctx.rcu) {
        defrag::Fragment::Reassembled(skb, size) => {
            let joined = size;
            super::route_other::<A>(&Ctx { joined, ..*ctx }, skb)
        }
        defrag::Fragment::Queued(stolen) => {
            ctx.note(Stage::Queued, |_| {});
            stolen.into()
        }
        defrag::Fragment::Refused(skb) => refuse::drop(ctx, skb, DropReason::FragmentFailed),
    }
}
