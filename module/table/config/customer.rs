// SPDX-License-Identifier: GPL-2.0

//! A customer: a routing context with an address space of its own.

use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError},
    sync::{rcu, Arc}, //
};

use super::{Guard, PortName, Traffic, TrafficSupply};
use crate::domain::{limits::CUSTOMER_NAME_MAX, shape};
use crate::kern::sync::rcu_cell::RcuArc;
use crate::table::meter::{Meter, Rates};
use crate::table::stats::{DropSupply, Drops};
use crate::table::trie::{mix, Keyed, TrieKey};

/// The name of a customer, filled up with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CustomerName([u8; CUSTOMER_NAME_MAX]);

impl CustomerName {
    /// The name, if it may be one.
    pub(crate) fn new(name: &[u8]) -> Option<Self> {
        if !crate::domain::limits::is_customer_name(name) {
            return None;
        }
        let mut bytes = [0; CUSTOMER_NAME_MAX];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        Some(CustomerName(bytes))
    }

    /// The name, without the zeros that fill it up.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or(&[])
    }
}

impl TrieKey for CustomerName {
    fn hash(&self, seed: u64) -> u64 {
        self.0.chunks(8).fold(seed, |hash, chunk| {
            let word = chunk
                .iter()
                .fold(0u64, |word, byte| word << 8 | u64::from(*byte));
            mix(hash, word)
        })
    }
}

impl fmt::Display for CustomerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(self.as_bytes()).unwrap_or("?"))
    }
}

/// The VRF device whose table routes a customer's packets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vrf {
    pub(crate) ifindex: u32,
    pub(crate) name: PortName,
}

/// What a customer may have of what all share; 0 is no limit.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Quotas {
    /// Flows that live at once, of both families.
    pub(crate) flows: u32,
    pub(crate) routes: u32,
    pub(crate) tunnels: u32,
    pub(crate) rates: Rates,
    /// The share of shaped links; 0 is none of its own.
    pub(crate) weight: u32,
}

/// What packets of a customer are held to, made of its quotas. Immutable.
#[derive(Default)]
pub(crate) struct Terms {
    /// Flows that may live at once; 0 is no limit.
    flows_max: u32,
    /// What transmit queues know its packets by; 0 is nothing in particular.
    priority: u32,
    meter: Option<Arc<Meter>>,
}

impl Terms {
    /// The terms of these quotas, of which buckets stay as full as they are. Context: process.
    pub(in crate::table) fn new(
        id: u32,
        quotas: &Quotas,
        old: &Terms,
    ) -> Result<Arc<Self>, AllocError> {
        let terms = Terms {
            flows_max: quotas.flows,
            priority: shape::priority(id, quotas.weight),
            meter: Meter::renew(quotas.rates, old.meter.as_ref())?,
        };
        Arc::new(terms, GFP_KERNEL)
    }

    /// Holds packets to rates, if there are any.
    #[inline]
    pub(crate) fn meter(&self) -> Option<&Meter> {
        self.meter.as_deref()
    }
}

/// What a customer has counted, and what its packets are held to; outlives changes of its settings.
pub(crate) struct CustomerRuntime {
    pub(crate) traffic: Traffic,
    /// What of the terms each packet needs: the priority, and above it whether there is a meter.
    /// Few customers have either, and for them it spares the packets the terms' own memory.
    standing: AtomicU64,
    pub(crate) drops: Drops,
    /// Flows alive.
    flows: AtomicU32,
    terms: RcuArc<Terms>,
}

impl CustomerRuntime {
    pub(crate) fn new(
        supply: &mut TrafficSupply,
        drops: &mut DropSupply,
    ) -> Result<Self, AllocError> {
        Ok(CustomerRuntime {
            traffic: Traffic::new(supply)?,
            standing: AtomicU64::new(0),
            drops: Drops::new(drops)?,
            flows: AtomicU32::new(0),
            terms: RcuArc::new(Arc::new(Terms::default(), GFP_KERNEL)?),
        })
    }

    /// Holds packets to other terms from now on; flows beyond stay until they end. Context: process.
    pub(in crate::table) fn enforce(&self, terms: &Arc<Terms>) {
        self.terms.publish(terms.clone());
        let metered = u64::from(terms.meter.is_some()) << 32;
        self.standing
            .store(metered | u64::from(terms.priority), Relaxed);
    }

    /// What transmit queues know its packets by, 0 being nothing in particular, and whether they
    /// are metered. A packet may meet the standing before or after a change of the terms.
    ///
    /// Context: any.
    #[inline(always)]
    pub(crate) fn standing(&self) -> (u32, bool) {
        let standing = self.standing.load(Relaxed);
        (standing as u32, standing >> 32 != 0)
    }

    /// What packets are held to. Context: any.
    #[inline]
    pub(crate) fn terms<'g>(&'g self, guard: &'g rcu::Guard) -> &'g Terms {
        self.terms.load(guard)
    }

    /// The same, to be kept. Context: any.
    pub(in crate::table) fn terms_now(&self) -> Arc<Terms> {
        self.terms.get()
    }

    /// Flows alive.
    pub(crate) fn flows(&self) -> u32 {
        self.flows.load(Relaxed)
    }

    /// Takes a place among the flows that may live, if one is left. Context: any.
    pub(in crate::table) fn take_place(&self, guard: &rcu::Guard) -> bool {
        let max = self.terms(guard).flows_max;
        let is_free = self.flows.fetch_add(1, Relaxed) < max || max == 0;
        if !is_free {
            self.leave_place();
        }
        is_free
    }

    /// Whether the customer may open a flow more now. Context: any.
    pub(in crate::table) fn take_flow(&self, guard: &rcu::Guard) -> bool {
        self.terms(guard).meter().is_none_or(Meter::take_flow)
    }

    /// Takes a place for a flow that has turned out to live on. Context: any.
    pub(in crate::table) fn keep_place(&self) {
        self.flows.fetch_add(1, Relaxed);
    }

    /// Gives a place back. Context: any.
    pub(in crate::table) fn leave_place(&self) {
        self.flows.fetch_sub(1, Relaxed);
    }
}

/// A routing context other than the public one. Immutable; a change makes another with the same
/// runtime.
pub(crate) struct Customer {
    pub(crate) id: u32,
    pub(crate) name: CustomerName,
    pub(crate) vrf: Option<Vrf>,
    pub(crate) quotas: Quotas,
    /// What the quotas are to packets.
    pub(crate) terms: Arc<Terms>,
    pub(crate) guard: Guard,
    pub(crate) runtime: Arc<CustomerRuntime>,
}

impl Customer {
    /// The VRF that routes its packets, 0 if none does.
    pub(crate) fn l3mdev(&self) -> u32 {
        self.vrf.map_or(0, |vrf| vrf.ifindex)
    }
}

impl Keyed for Customer {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.id
    }
}

/// Whose name it is.
pub(crate) struct Named {
    pub(crate) name: CustomerName,
    pub(crate) id: u32,
}

impl Keyed for Named {
    type Key = CustomerName;

    fn key(&self) -> &CustomerName {
        &self.name
    }
}

/// Whose VRF it is.
pub(crate) struct VrfOwner {
    pub(crate) ifindex: u32,
    pub(crate) id: u32,
}

impl Keyed for VrfOwner {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.ifindex
    }
}

/// How many tunnels a customer has, if any.
pub(crate) struct TunnelCount {
    pub(crate) customer: u32,
    pub(crate) tunnels: u32,
}

impl Keyed for TunnelCount {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.customer
    }
}
