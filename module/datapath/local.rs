// SPDX-License-Identifier: GPL-2.0

//! Packets that processes of the gateway send.
//!
//! A process may be the client of a virtual host, or the server of one. The same stages apply,
//! but slr is no router here: the packet keeps its time to live and goes on through the stack that
//! made it, by a new route if its destination changed. What the stack itself says about flows
//! (errors about packets that it could not deliver or fragment) is translated here too.
//!
//! Packets of slr's own do not come by: they are sent beyond this hook.

use super::{hooks::Namespace, trace, Ctx, Entry, Family};
use crate::{
    kern::{
        net::{
            hook::{self, Hook, Verdict},
            skb::Skb,
        },
        sync::static_key::Tracing,
    },
    table::{Tables, PUBLIC},
};
use core::marker::PhantomData;
use kernel::sync::Arc;

/// The hook on what is sent from here.
pub(super) struct Local<A> {
    tables: Arc<Tables>,
    namespace: Arc<Namespace>,
    _family: PhantomData<A>,
}

impl<A: Family> Local<A> {
    pub(super) fn new(tables: &Arc<Tables>, namespace: &Arc<Namespace>) -> Self {
        Local {
            tables: tables.clone(),
            namespace: namespace.clone(),
            _family: PhantomData,
        }
    }
}

impl<A: Family> Hook for Local<A> {
    fn packet(&self, skb: Skb, context: &hook::Context<'_>) -> Verdict {
        let config = self.tables.config.load(context.rcu());
        // Who speaks in a customer's VRF is in that customer's context.
        let customer = context
            .output()
            .map(|dev| dev.l3mdev(context.rcu()))
            .filter(|vrf| *vrf != 0)
            .and_then(|vrf| config.vrf_owner(vrf))
            .unwrap_or(PUBLIC);
        let entry = Entry::Local(context, customer);
        let ctx = Ctx::new(&self.tables, &self.namespace, config, context, entry);
        match Tracing::is_on() {
            true => trace::follow(&ctx, skb, super::route_other::<A>),
            false => super::route_other::<A>(&ctx, skb),
        }
    }
}
