// SPDX-License-Identifier: GPL-2.0

//! Clients that keep their server.
//!
//! One entry for each service and client, where clients under one prefix may count as one. It names
//! the binding of the client's last flow and lives as long after that as the service says. An
//! entry is never altered but for its time: another server takes another entry, and the old one is
//! dead until swept. Without memory or room a client is simply scheduled like a new one.
//!
//! Context: recalling and remembering any, under RCU.

use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    prelude::*,
    sync::{rcu, Arc}, //
};

use super::{
    config::{Binding, BindingKey, Service},
    flow::Family,
};
use crate::domain::{
    addr::Proto,
    hash::Key,
    persist, //
};
use crate::kern::{
    random,
    sync::rcu_hash::{Cache, Cursor, Entry, Fate, RcuHash},
};

/// Where the memory of entries comes from; one for all namespaces.
pub(crate) type PersistCache<A> = Cache<Persisted<A>, 1>;

/// A client of a service, and its server.
pub(crate) struct Persisted<A: Family> {
    /// The first bits of the client's address.
    client: A,
    /// The last second, since boot, of its life; 0 if it is dead.
    expires: AtomicU32,
    binding: Arc<Binding>,
}

const DEAD: u32 = 0;

impl<A: Family> Persisted<A> {
    fn is_alive(&self, now: u32) -> bool {
        now <= self.expires.load(Relaxed)
    }
}

/// A service in a form to be hashed: services of one namespace differ by it.
fn end<A: Family>(binding: &Binding) -> (Proto, (A, u16)) {
    let key = &binding.key.service;
    (
        key.proto,
        (A::from_addr(key.addr).unwrap_or_default(), key.port),
    )
}

impl<A: Family> Entry<1> for Persisted<A> {
    type Seed = Key;

    fn hash(&self, _link: usize, key: &Key) -> u32 {
        let (proto, service) = end(&self.binding);
        let customer = self.binding.key.service.customer;
        key.flow(customer, proto, (self.client, 0), service)
    }

    fn same_key(&self, _link: usize, other: &Self, _other_link: usize) -> bool {
        self.client == other.client && Arc::ptr_eq(&self.binding.service, &other.binding.service)
    }
}

/// The clients of one family.
pub(crate) struct PersistTable<A: Family> {
    table: RcuHash<Persisted<A>, 1>,
}

impl<A: Family> PersistTable<A> {
    /// An empty table for `max` clients. Context: process, may sleep.
    pub(super) fn new(cache: &Arc<PersistCache<A>>, max: u32) -> Result<Self> {
        let key = Key::new([random::u64(), random::u64()]);
        Ok(PersistTable {
            table: RcuHash::new(cache, key, max as usize)?,
        })
    }

    /// Changes how many clients may be remembered.
    pub(super) fn set_max(&self, max: u32) {
        self.table.set_limit(max as usize);
    }

    /// How many chains the index has.
    pub(super) fn buckets(&self) -> usize {
        self.table.footprint().bucket_bytes / size_of::<usize>()
    }

    /// Whether no client is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The binding of the last flow of this client and service, if it is remembered.
    pub(crate) fn recall(
        &self,
        service: &Service,
        client: A,
        guard: &rcu::Guard,
    ) -> Option<BindingKey> {
        let now = crate::kern::time::seconds();
        Some(self.find(service, client, now, guard)?.binding.key)
    }

    fn find<'g>(
        &'g self,
        service: &Service,
        client: A,
        now: u32,
        guard: &'g rcu::Guard,
    ) -> Option<&'g Persisted<A>> {
        let client = persist::key(client, mask(service));
        let key = &service.key;
        let end = (A::from_addr(key.addr)?, key.port);
        let hash = self
            .table
            .seed()
            .flow(key.customer, key.proto, (client, 0), end);
        let (found, _) = self.table.lookup(
            hash,
            |entry, _| {
                entry.client == client
                    && Arc::ptr_eq(&entry.binding.service, &service.runtime)
                    && entry.is_alive(now)
            },
            guard,
        )?;
        Some(found.get())
    }

    /// Notes down which binding the client's new flow was opened by, if the service keeps clients.
    pub(super) fn remember(
        &self,
        service: &Service,
        binding: &Arc<Binding>,
        client: A,
        now: u32,
        guard: &rcu::Guard,
    ) {
        if service.settings.persist == 0 {
            return;
        }
        let expires = now.saturating_add(service.settings.persist);
        if let Some(entry) = self.find(service, client, now, guard) {
            if entry.binding.key == binding.key {
                if entry.expires.load(Relaxed) != expires {
                    entry.expires.store(expires, Relaxed);
                }
                return;
            }
            entry.expires.store(DEAD, Relaxed);
        }
        let entry = Persisted {
            client: persist::key(client, mask(service)),
            expires: AtomicU32::new(expires),
            binding: binding.clone(),
        };
        // Another processor may have remembered the client just now, or there may be no room.
        let _ = self
            .table
            .insert(entry, |other| !other.is_alive(now), guard);
    }

    /// Removes what has run out from the next `buckets` chains. Context: process, may sleep.
    pub(super) fn sweep(&self, cursor: &mut Cursor, buckets: usize, now: u32) -> Result {
        self.table.sweep(cursor, buckets, usize::MAX, |entry| {
            if entry.is_alive(now) {
                Fate::Keep
            } else {
                Fate::Remove
            }
        })?;
        Ok(())
    }

    /// How many clients are remembered, those included that wait to be swept.
    pub(crate) fn len(&self) -> u32 {
        self.table.len() as u32
    }
}

/// The prefix under which clients of a service count as one; the whole address if not set.
fn mask(service: &Service) -> u8 {
    service.settings.persist_mask.unwrap_or(u8::MAX)
}
