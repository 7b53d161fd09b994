// SPDX-License-Identifier: GPL-2.0

//! An slr device: where a customer's packets enter and leave the stack of a host.

use core::ptr;

use kernel::sync::{rcu, Arc};

use super::{Config, CustomerRuntime, PortName};
use crate::kern::net::{device::Device, link::Place};
use crate::table::trie::{mix, Keyed, TrieKey};

impl TrieKey for PortName {
    fn hash(&self, seed: u64) -> u64 {
        self.padded().chunks(8).fold(seed, |hash, chunk| {
            let word = chunk
                .iter()
                .fold(0u64, |word, byte| word << 8 | u64::from(*byte));
            mix(hash, word)
        })
    }
}

/// An slr device, by the name that it was made with. Whatever it is called later, and wherever it
/// is moved, routes know it by that. Immutable.
pub(crate) struct SlrDevice {
    pub(crate) name: PortName,
    pub(crate) customer: u32,
    /// Where the customer counts.
    pub(crate) runtime: Arc<CustomerRuntime>,
    /// Where it is now.
    pub(crate) place: Arc<Place>,
}

impl Keyed for SlrDevice {
    type Key = PortName;

    fn key(&self) -> &PortName {
        &self.name
    }
}

impl Config {
    /// The slr device that was made with this name.
    #[inline]
    pub(crate) fn device(&self, name: &PortName) -> Option<&Arc<SlrDevice>> {
        self.devices.get(name)
    }

    /// What `dev` was made as, if it is an slr device of these tables. Slow: looks at all of them.
    pub(crate) fn device_name(&self, dev: &Device, rcu: &rcu::Guard) -> Option<PortName> {
        let is = |device: &SlrDevice| device.place.device(rcu).is_some_and(|it| ptr::eq(it, dev));
        let device = self.devices.iter().find(|device| is(device))?;
        Some(device.name)
    }

    /// Whether `dev` is an slr device of these tables. Slow: looks at all of them.
    pub(crate) fn is_device(&self, dev: &Device, rcu: &rcu::Guard) -> bool {
        self.device_name(dev, rcu).is_some()
    }

    /// The device of a customer that its packets can be received on: not one that is down, gone,
    /// or another customer's.
    #[inline]
    pub(crate) fn receiver<'g>(
        &'g self,
        customer: u32,
        name: &PortName,
        rcu: &'g rcu::Guard,
    ) -> Option<&'g Device> {
        let device = self.device(name)?;
        if device.customer != customer {
            return None;
        }
        device.place.device(rcu).filter(|dev| dev.is_up())
    }
}
