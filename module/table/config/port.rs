// SPDX-License-Identifier: GPL-2.0

//! A port: a network device on which packets are taken.

use kernel::{alloc::AllocError, sync::Arc};

use super::{
    kind::{Guard, Side},
    CustomerRuntime, PUBLIC,
};
use crate::kern::sync::percpu::{Counters, Pair};
use crate::table::trie::{Keyed, TrieKey};

impl TrieKey for u32 {
    /// Taken for every packet, so it is short and without the seed. Whoever chooses indices of
    /// devices gains nothing: two different ones never have the same product.
    #[inline]
    fn hash(&self, _seed: u64) -> u64 {
        u64::from(*self).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Bytes of a device name, including the one that ends it (`IFNAMSIZ`).
const NAME: usize = 16;

/// The name of a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct PortName([u8; NAME]);

impl PortName {
    /// The first 15 bytes of `name`.
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut bytes = [0; NAME];
        for (to, from) in bytes.iter_mut().take(NAME - 1).zip(name) {
            *to = *from;
        }
        PortName(bytes)
    }

    /// Whether it names nothing.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.0, [0, ..])
    }

    /// The name and the zeros that fill it up.
    pub(crate) fn padded(&self) -> &[u8; 16] {
        &self.0
    }

    /// The name, without the zeros that fill it up.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or(&[])
    }
}

impl core::fmt::Display for PortName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(core::str::from_utf8(self.as_bytes()).unwrap_or("?"))
    }
}

/// What the operator chooses for a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PortSettings {
    /// Routing context of what arrives.
    pub(crate) customer: u32,
    pub(crate) side: Side,
    /// Whether virtual addresses are answered for and announced here.
    pub(crate) announce: bool,
    /// Where the sources of what arrives must be; none says as the customer's guard does.
    pub(crate) guard: Option<Guard>,
}

impl Default for PortSettings {
    fn default() -> Self {
        PortSettings {
            customer: PUBLIC,
            side: Side::Any,
            announce: false,
            guard: None,
        }
    }
}

/// What a port has counted; outlives changes of its settings.
pub(crate) struct PortRuntime {
    counters: Counters<2>,
}

impl PortRuntime {
    const PACKETS: usize = 0;
    const BYTES: usize = 1;

    pub(crate) fn new() -> Result<Self, AllocError> {
        Ok(PortRuntime {
            counters: Counters::new()?,
        })
    }

    /// What packets that slr took, and their bytes, are added to.
    #[inline(always)]
    pub(crate) fn packets_taken(&self) -> Option<Pair<'_>> {
        // Bytes come next.
        self.counters.pair(Self::PACKETS)
    }

    /// Packets taken.
    pub(crate) fn packets(&self) -> u64 {
        self.counters.read(Self::PACKETS)
    }

    /// Bytes of these.
    pub(crate) fn bytes(&self) -> u64 {
        self.counters.read(Self::BYTES)
    }
}

/// A network device on which packets are taken. Immutable; a change makes another.
pub(crate) struct Port {
    pub(crate) ifindex: u32,
    pub(crate) name: PortName,
    pub(crate) settings: PortSettings,
    pub(crate) runtime: Arc<PortRuntime>,
    /// Where the customer counts; none in the public context.
    pub(crate) customer: Option<Arc<CustomerRuntime>>,
}

impl Keyed for Port {
    type Key = u32;

    fn key(&self) -> &u32 {
        &self.ifindex
    }
}
