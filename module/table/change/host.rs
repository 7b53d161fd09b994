// SPDX-License-Identifier: GPL-2.0

//! Virtual hosts while a change is frozen.

use kernel::{
    alloc::{flags::GFP_KERNEL, KVec},
    sync::Arc, //
};

use super::Result;
use crate::table::{
    config::{Host, HostKey, Service},
    trie::{Edit, Trie},
};

/// A virtual host that is being changed.
pub(super) struct HostDraft {
    key: HostKey,
    pub(super) services: Edit<Service>,
    ranges: KVec<Arc<Service>>,
}

impl HostDraft {
    pub(super) fn drop_range(&mut self, service: &Service) {
        if service.key.is_range() {
            self.ranges.retain(|range| range.slot != service.slot);
        }
    }

    pub(super) fn add_range(&mut self, service: &Arc<Service>) -> Result {
        if service.key.is_range() {
            let at = self
                .ranges
                .partition_point(|range| range.slot < service.slot);
            self.ranges.reserve(1, GFP_KERNEL)?;
            // Room was made just now.
            let _ = self.ranges.insert_within_capacity(at, service.clone());
        }
        Ok(())
    }
}

/// Holds the virtual host that was changed last, since its services come one after the other.
pub(super) struct HostEditor {
    hosts: Edit<Host>,
    host: Option<HostDraft>,
    seed: u64,
}

impl HostEditor {
    pub(super) fn new(hosts: &Trie<Host>) -> Result<Self> {
        Ok(HostEditor {
            hosts: hosts.edit(GFP_KERNEL)?,
            host: None,
            seed: hosts.seed(),
        })
    }

    /// The virtual host to change; the one before is put back.
    pub(super) fn open(&mut self, key: HostKey) -> Result<&mut HostDraft> {
        let draft = match self.host.take() {
            Some(draft) if draft.key == key => draft,
            other => {
                self.put_back(other)?;
                self.thaw(key)?
            }
        };
        Ok(self.host.insert(draft))
    }

    fn thaw(&self, key: HostKey) -> Result<HostDraft> {
        let mut ranges = KVec::new();
        let services = match self.hosts.get(&key) {
            Some(host) => {
                for range in &host.ranges {
                    ranges.push(range.clone(), GFP_KERNEL)?;
                }
                host.services.edit(GFP_KERNEL)?
            }
            None => Trie::new(self.seed).edit(GFP_KERNEL)?,
        };
        Ok(HostDraft {
            key,
            services,
            ranges,
        })
    }

    /// Puts a virtual host back, or takes it away if it has no services left.
    fn put_back(&mut self, draft: Option<HostDraft>) -> Result {
        let Some(draft) = draft else {
            return Ok(());
        };
        if draft.services.is_empty() {
            self.hosts.remove(&draft.key, GFP_KERNEL)?;
            return Ok(());
        }
        let host = Host {
            key: draft.key,
            services: draft.services.freeze(GFP_KERNEL)?,
            ranges: draft.ranges,
        };
        self.hosts.insert(Arc::new(host, GFP_KERNEL)?, GFP_KERNEL)?;
        Ok(())
    }

    /// Puts the last virtual host back and ends the edit.
    pub(super) fn freeze(mut self) -> Result<Trie<Host>> {
        let draft = self.host.take();
        self.put_back(draft)?;
        Ok(self.hosts.freeze(GFP_KERNEL)?)
    }
}
