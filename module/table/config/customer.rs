// SPDX-License-Identifier: GPL-2.0

//! A customer: a routing context with an address space of its own.

use core::fmt;

use kernel::{alloc::AllocError, sync::Arc};

use super::{Guard, PortName, Traffic, TrafficSupply};
use crate::domain::limits::CUSTOMER_NAME_MAX;
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

/// What a customer has counted; outlives changes of its settings.
pub(crate) struct CustomerRuntime {
    pub(crate) traffic: Traffic,
    pub(crate) drops: Drops,
}

impl CustomerRuntime {
    pub(crate) fn new(
        supply: &mut TrafficSupply,
        drops: &mut DropSupply,
    ) -> Result<Self, AllocError> {
        Ok(CustomerRuntime {
            traffic: Traffic::new(supply)?,
            drops: Drops::new(drops)?,
        })
    }
}

/// A routing context other than the public one. Immutable; a change makes another with the same
/// runtime.
pub(crate) struct Customer {
    pub(crate) id: u32,
    pub(crate) name: CustomerName,
    pub(crate) vrf: Option<Vrf>,
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
