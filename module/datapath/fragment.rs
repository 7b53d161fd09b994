// SPDX-License-Identifier: GPL-2.0

//! What comes in fragments.
//!
//! Only the first fragment has ports, so they are joined before they are looked up. That is done
//! at PRE_ROUTING, where reassembly finds what it needs, and only for packets that may be of a
//! flow: to a virtual host, or from a server. The whole goes through the same stages, and leaves
//! in fragments no larger than it came in. What turns out to be nobody's goes on through the host
//! stack, which fragments it again in the same way.

use super::{hooks::Namespace, parse, refuse, Ctx, Entry, Family};
use crate::{
    domain::{packet::Fragment, reason::DropReason},
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
    fn packet(&self, skb: Skb, context: &hook::Context<'_>) -> Verdict {
        let Some(dev) = context.input() else {
            return Verdict::accept(skb);
        };
        let config = self.tables.config.load(context.rcu());
        match config.port(dev.ifindex()) {
            Some(port) => {
                let entry = Entry::Port(port, dev);
                let ctx = Ctx::new(&self.tables, &self.namespace, config, context, entry);
                gather::<A>(&ctx, skb)
            }
            None => Verdict::accept(skb),
        }
    }
}

/// Joins what may be of a flow.
fn gather<A: Family>(ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
    let Ok(packet) = parse::parse::<A>(ctx, &mut skb) else {
        return Verdict::accept(skb);
    };
    let may_be_ours = packet.fragment != Fragment::None
        && (ctx
            .config
            .host(ctx.customer(), packet.dst.to_addr())
            .is_some()
            || ctx
                .config
                .has_server_at(ctx.customer(), packet.src.to_addr()));
    if !may_be_ours {
        return Verdict::accept(skb);
    }
    match defrag::gather(ctx.net, A::FAMILY, skb, ctx.rcu) {
        defrag::Fragment::Reassembled(skb, size) => {
            let Some((port, dev)) = ctx.port() else {
                return Verdict::accept(skb);
            };
            let entry = Entry::Fragments(port, dev, size);
            super::route::<A>(&Ctx { entry, ..*ctx }, skb)
        }
        defrag::Fragment::Queued(stolen) => stolen.into(),
        defrag::Fragment::Refused(skb) => refuse::drop(ctx, skb, DropReason::FragmentFailed),
    }
}
