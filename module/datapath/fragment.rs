// SPDX-License-Identifier: GPL-2.0

//! What comes in fragments.
//!
//! Only the first fragment has ports, so they are joined before they are looked up. That is done
//! at PRE_ROUTING, where reassembly finds what it needs, and only for packets that may be of a
//! flow: to a virtual host, or from a server. The whole goes through the same stages, and leaves
//! in fragments no larger than it came in. What turns out to be nobody's goes on through the host
//! stack, which fragments it again in the same way.

use super::{decap, forward, hooks::Namespace, parse, refuse, Ctx, Entry, Family};
use crate::{
    domain::{
        packet::{Fragment as Part, Packet},
        reason::DropReason,
    },
    kern::net::{
        defrag,
        hook::{self, Hook, Verdict},
        skb::Skb,
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
        match A::parse(skb.head(), skb.len()) {
            Ok(packet) if packet.fragment == Part::None => Verdict::accept(skb),
            _ => match parse::parse::<A>(&ctx, &mut skb) {
                Ok(packet) => join(&ctx, skb, &packet),
                Err(end) if ctx.is_private() => end.unparsed(&ctx, skb),
                Err(_) => Verdict::accept(skb),
            },
        }
    }
}

/// Takes a fragment that the stages have met: at a port it comes again at PRE_ROUTING.
#[cold]
pub(super) fn part<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    match ctx.entry {
        Entry::Local(..) => join(ctx, skb, packet),
        _ => Verdict::accept(skb),
    }
}

/// Joins what may be of a flow, and takes the whole through the stages.
fn join<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Verdict {
    let config = ctx.config;
    if packet.fragment == Part::None {
        return Verdict::accept(skb);
    }
    let may_be_ours = decap::is_candidate(ctx, packet)
        || config.host(ctx.customer(), packet.dst.to_addr()).is_some()
        || config.has_server_at(ctx.customer(), packet.src.to_addr());
    if !may_be_ours {
        return forward::leave(ctx, skb, packet);
    }
    if !ctx.is_shared_with_host() {
        // Reassembly would take fragments of two customers for those of one packet.
        return refuse::drop(ctx, skb, DropReason::FragmentFailed);
    }
    match defrag::gather(ctx.net, A::FAMILY, skb, ctx.rcu) {
        defrag::Fragment::Reassembled(skb, size) => {
            let entry = match ctx.entry {
                Entry::Port(port, dev) => Entry::Fragments(port, dev, size),
                entry => entry,
            };
            super::route_other::<A>(&Ctx { entry, ..*ctx }, skb)
        }
        defrag::Fragment::Queued(stolen) => stolen.into(),
        defrag::Fragment::Refused(skb) => refuse::drop(ctx, skb, DropReason::FragmentFailed),
    }
}
