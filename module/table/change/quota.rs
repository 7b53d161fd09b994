// SPDX-License-Identifier: GPL-2.0

//! What a customer may have configured, and what its packets are held to.

use kernel::{
    alloc::{flags::GFP_KERNEL, KVec},
    rbtree::RBTree,
    sync::Arc, //
};

use super::{error::range, put, Attr, Change, Result};
use crate::kern::sync::deferred::cond_resched;
use crate::table::config::{Config, Customer, TunnelCount, PUBLIC};

/// What is said of a number of things that a customer has.
struct Use {
    what: &'static str,
    /// How the quota is set.
    word: &'static str,
    count: u32,
    max: u32,
}

impl Use {
    fn check(&self, customer: &Customer) -> Result {
        if self.max == 0 || self.count <= self.max {
            return Ok(());
        }
        Err(range(
            Attr::Customer,
            format_args!(
                "customer {}: {} {}, {} is {}",
                customer.name, self.count, self.what, self.word, self.max
            ),
        ))
    }
}

impl Change {
    /// Refuses what would give a customer more than its quotas, and quotas of less than what it
    /// has. So no configuration in force is beyond them, and each can be loaded again.
    #[inline(never)]
    pub(super) fn check_quotas(&self, config: &Config) -> Result {
        let check = |id: u32| match config.customer(id) {
            Some(customer) => check_quotas(config, customer),
            None => Ok(()),
        };
        for (id, _) in &self.customers {
            cond_resched();
            check(*id)?;
        }
        let mut last = PUBLIC;
        let routes = self.routes.iter().map(|(key, _)| key.customer);
        let tunnels = self
            .tunnels
            .iter()
            .map(|(_, draft)| draft.settings.customer);
        for id in routes.chain(tunnels) {
            cond_resched();
            if id != last {
                check(id)?;
                last = id;
            }
        }
        Ok(())
    }

    /// The customers whose packets are to be held to other quotas.
    #[inline(never)]
    pub(super) fn requoted(&self, config: &Config) -> Result<KVec<Arc<Customer>>> {
        let mut requoted = KVec::new();
        for (id, _) in &self.customers {
            if let Some(customer) = config.customer(*id) {
                requoted.push(customer.clone(), GFP_KERNEL)?;
            }
        }
        Ok(requoted)
    }
}

/// Tunnels that come and go in a change, by customer.
pub(super) struct TunnelChanges(RBTree<u32, i32>);

impl TunnelChanges {
    /// None yet.
    pub(super) fn new() -> Self {
        TunnelChanges(RBTree::new())
    }

    /// Counts a tunnel that comes, or with -1 one that goes.
    pub(super) fn count(&mut self, customer: u32, by: i32) -> Result {
        if customer == PUBLIC {
            return Ok(());
        }
        match self.0.get_mut(&customer) {
            Some(sum) => {
                *sum = sum.saturating_add(by);
                Ok(())
            }
            None => put(&mut self.0, customer, by),
        }
    }

    /// Puts the counts in.
    #[inline(never)]
    pub(super) fn freeze(&self, config: &mut Config) -> Result {
        let mut counts = config.tunnel_counts.edit(GFP_KERNEL)?;
        for (customer, by) in &self.0 {
            let now = counts.get(customer).map_or(0, |count| count.tunnels);
            let tunnels = now.saturating_add_signed(*by);
            if tunnels == 0 {
                counts.remove(customer, GFP_KERNEL)?;
                continue;
            }
            let count = TunnelCount {
                customer: *customer,
                tunnels,
            };
            counts.insert(Arc::new(count, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        config.tunnel_counts = counts.freeze(GFP_KERNEL)?;
        Ok(())
    }
}

fn check_quotas(config: &Config, customer: &Customer) -> Result {
    let (id, quotas) = (customer.id, &customer.quotas);
    Use {
        what: "routes",
        word: "max-routes",
        count: config.routes_of(id),
        max: quotas.routes,
    }
    .check(customer)?;
    Use {
        what: "tunnels",
        word: "max-tunnels",
        count: config.tunnels_of(id),
        max: quotas.tunnels,
    }
    .check(customer)
}
