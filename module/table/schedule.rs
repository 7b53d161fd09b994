// SPDX-License-Identifier: GPL-2.0

//! Which server takes a new flow.
//!
//! In this order: the server that the client had before, if the service keeps clients; the
//! scheduler's choice among the servers of the service, where a failed or down one is stood in for
//! by its backup; the same with the service's backup, and that one's, and so on. Chains of backups
//! are bounded, so that the work is: once through the servers of each service, for each server at
//! most [`BACKUPS_MAX`] look-ups.
//!
//! Context: softirq or process, under RCU. Takes no lock and allocates nothing.

use core::sync::atomic::Ordering::Relaxed;

use kernel::{
    alloc::{flags::GFP_KERNEL, AllocError, Flags, KVVec, KVec},
    sync::{rcu, Arc}, //
};

use super::{
    change::BACKUPS_MAX,
    config::{AdminState, Binding, Condition, Config, Host, Server, Service, ServiceSettings},
    flow::Family,
    stats::Happening,
    Tables,
};
use crate::domain::{
    hash::{self, Key},
    reason::DropReason,
    sched::{
        fastest,
        lc,
        maglev,
        rr,
        source_hash,
        wlc,
        wrr,
        Candidate,
        Scheduler,
        Servers, //
    },
};
use crate::kern::sync::deferred::cond_resched;

/// Places clients in the same way on every machine. Not secret: who wants all his flows on one
/// server needs no hash for that.
const CLIENTS: Key = Key::new([0x736c_722d_636c_6965, 0x6e74_732d_706c_6163]);

/// What is known of a flow before it has a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<A> {
    pub(crate) client: A,
    pub(crate) client_port: u16,
    /// The port that the client addresses, 0 for protocols without.
    pub(crate) port: u16,
}

/// Why no server takes a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The service is down and has no backup.
    ServiceDown,
    /// No server is usable.
    NoServer,
    /// All servers that are up have as many flows as they may.
    ServerLimit,
}

impl Refusal {
    /// The reason to count the packet under.
    pub(crate) fn reason(self) -> DropReason {
        match self {
            Refusal::ServiceDown => DropReason::ServiceDown,
            Refusal::NoServer => DropReason::NoServer,
            Refusal::ServerLimit => DropReason::ServerLimit,
        }
    }
}

/// How a server came to be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Means {
    /// The client had it before.
    Persistence,
    /// The scheduler chose it.
    Scheduler,
    /// It is a backup of the server that the scheduler chose.
    ServerBackup,
    /// It serves a backup of the service.
    ServiceBackup,
}

/// The server for a new flow.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'a> {
    /// The service that the client addresses.
    pub(crate) service: &'a Arc<Service>,
    /// The binding that led to the server; of another service if that is the backup.
    pub(crate) binding: &'a Arc<Binding>,
    /// The binding's server, or a backup of it.
    pub(crate) server: &'a Arc<Server>,
    /// Where on the server the flow goes, 0 for protocols without ports.
    pub(crate) port: u16,
    pub(crate) means: Means,
}

impl Choice<'_> {
    /// The binding for the flow to hold: the one found, or one that stands in for it where a
    /// backup takes the flow. Context: as `flags` allow.
    pub(crate) fn bind(&self, flags: Flags) -> Result<Arc<Binding>, AllocError> {
        let is_own = Arc::ptr_eq(&self.binding.service, &self.service.runtime)
            && Arc::ptr_eq(&self.binding.server, self.server);
        if is_own {
            return Ok(self.binding.clone());
        }
        self.binding.stand_in(self.server, self.service, flags)
    }
}

/// Chooses the server of a new flow of `service`.
///
/// With `is_dry_run` nothing is counted and no round moves on, so that the same question asked
/// again, or by the packet itself, has the same answer.
pub(crate) fn pick<'a, A: Family>(
    tables: &Tables,
    config: &'a Config,
    service: &'a Arc<Service>,
    opening: &Opening<A>,
    is_dry_run: bool,
    guard: &rcu::Guard,
) -> Result<Choice<'a>, Refusal> {
    let mut refusal = match service.settings.state {
        AdminState::Down => Refusal::ServiceDown,
        _ => Refusal::NoServer,
    };
    let mut at = service;
    for depth in 0..=BACKUPS_MAX {
        let candidates = Candidates {
            config,
            service: at,
            port: opening.port,
        };
        if at.settings.state != AdminState::Down {
            let choice = (depth == 0)
                .then(|| candidates.persistent(tables, service, opening, guard))
                .flatten()
                .or_else(|| candidates.schedule(service, opening, depth, is_dry_run));
            if let Some(choice) = choice {
                if !is_dry_run {
                    count(tables, choice.means);
                }
                return Ok(choice);
            }
            if refusal != Refusal::ServerLimit && candidates.are_full() {
                refusal = Refusal::ServerLimit;
            }
        }
        match at
            .settings
            .backup
            .as_ref()
            .and_then(|key| config.service(key))
        {
            Some(backup) => {
                at = backup;
                if refusal == Refusal::ServiceDown {
                    refusal = Refusal::NoServer;
                }
            }
            None => break,
        }
    }
    Err(refusal)
}

fn count(tables: &Tables, means: Means) {
    match means {
        Means::Persistence => tables.stats.event(Happening::Persisted),
        Means::ServerBackup | Means::ServiceBackup => tables.stats.event(Happening::BackupUsed),
        Means::Scheduler => {}
    }
}

/// Whether a server may take a new flow, apart from its weight.
enum Fitness {
    Usable,
    /// It has as many flows as it may.
    Full,
    /// It is draining.
    Draining,
    /// It is failed or down, which is what a backup is for.
    Out,
}

fn fitness(server: &Server) -> Fitness {
    match server.settings.state {
        AdminState::Drain => Fitness::Draining,
        AdminState::Down => Fitness::Out,
        AdminState::Up if server.runtime.health.is_failed() => Fitness::Out,
        AdminState::Up if server.is_full() => Fitness::Full,
        AdminState::Up => Fitness::Usable,
    }
}

/// The servers of a service as a scheduler sees them.
struct Candidates<'a> {
    config: &'a Config,
    service: &'a Arc<Service>,
    port: u16,
}

impl<'a> Candidates<'a> {
    /// The server that would take a flow of this binding: its own, or a backup of that.
    fn effective(&self, binding: &'a Binding) -> Option<(&'a Arc<Server>, u16)> {
        let mut server = &binding.server;
        for _ in 0..=BACKUPS_MAX {
            match fitness(server) {
                Fitness::Usable => {
                    return Some((server, binding.map_port(server, self.port)?));
                }
                Fitness::Out => server = self.config.server(server.settings.backup.as_ref()?)?,
                Fitness::Full | Fitness::Draining => return None,
            }
        }
        None
    }

    fn choice(&self, service: &'a Arc<Service>, index: usize, means: Means) -> Option<Choice<'a>> {
        let binding = self.service.bindings.get(index)?;
        let (server, port) = self.effective(binding)?;
        let means = match means {
            Means::Scheduler if !Arc::ptr_eq(server, &binding.server) => Means::ServerBackup,
            means => means,
        };
        Some(Choice {
            service,
            binding,
            server,
            port,
            means,
        })
    }

    /// The server that the client had before, if the service keeps clients and it is usable.
    fn persistent<A: Family>(
        &self,
        tables: &Tables,
        service: &'a Arc<Service>,
        opening: &Opening<A>,
        guard: &rcu::Guard,
    ) -> Option<Choice<'a>> {
        if service.settings.persist == 0 {
            return None;
        }
        let key = A::persist(tables).recall(service, opening.client, guard)?;
        let binding = service.binding(&key)?;
        if binding.weight() == 0 || !matches!(fitness(&binding.server), Fitness::Usable) {
            return None;
        }
        Some(Choice {
            service,
            binding,
            server: &binding.server,
            port: binding.map_port(&binding.server, self.port)?,
            means: Means::Persistence,
        })
    }

    /// The scheduler's choice.
    fn schedule<A: Family>(
        &self,
        service: &'a Arc<Service>,
        opening: &Opening<A>,
        depth: usize,
        is_dry_run: bool,
    ) -> Option<Choice<'a>> {
        let cursor = &self.service.runtime.cursor;
        let state = cursor.load(Relaxed);
        let turn = state as u32;
        let counted = u64::from(turn.wrapping_add(1));
        let (index, next) = match self.service.settings.scheduler {
            Scheduler::RoundRobin => {
                let (index, next) = rr::pick(self, turn);
                (index, next.into())
            }
            Scheduler::WeightedRoundRobin => {
                let (index, next) = wrr::pick(self, wrr::State::from_u64(state));
                (index, next.into_u64())
            }
            Scheduler::LeastConnections => (lc::pick(self, turn), counted),
            Scheduler::WeightedLeastConnections => (wlc::pick(self, turn), counted),
            Scheduler::Fastest => (fastest::pick(self, turn), counted),
            Scheduler::SourceHash => {
                let hash = CLIENTS.client(opening.client, 0);
                (source_hash::pick(self, hash), state)
            }
            Scheduler::Maglev => {
                let hash = CLIENTS.client(opening.client, opening.client_port);
                let maglev = self.service.maglev.as_ref();
                let index = maglev.and_then(|table| maglev::pick(&table.slots, hash, self));
                (index, state)
            }
        };
        if next != state && !is_dry_run {
            // Two processors that choose at once may choose the same; see `domain::sched`.
            cursor.store(next, Relaxed);
        }
        let means = match depth {
            0 => Means::Scheduler,
            _ => Means::ServiceBackup,
        };
        self.choice(service, index?, means)
    }

    /// Whether some server takes flows, or would below its limit.
    fn are_served(&self) -> bool {
        self.service.bindings.iter().any(|binding| {
            binding.weight() != 0
                && (matches!(fitness(&binding.server), Fitness::Full)
                    || self.effective(binding).is_some())
        })
    }

    /// Whether it is only for their limits that no server takes a flow.
    fn are_full(&self) -> bool {
        let mut bindings = self.service.bindings.iter().filter(|b| b.weight() != 0);
        bindings.any(|binding| matches!(fitness(&binding.server), Fitness::Full))
    }
}

impl Servers for Candidates<'_> {
    fn count(&self) -> usize {
        self.service.bindings.len()
    }

    fn server(&self, index: usize) -> Candidate {
        let Some(binding) = self.service.bindings.get(index) else {
            return Candidate::default();
        };
        let weight = binding.weight();
        match self.effective(binding) {
            Some((server, _)) => Candidate {
                weight,
                active: server.flows(),
                rtt_us: server.runtime.health.rtt(),
                usable: true,
            },
            // The weight counts for those who place clients on a line of all servers.
            None => Candidate {
                weight,
                ..Candidate::default()
            },
        }
    }
}

/// What is the case with a service: up, unless it is set down or none of its own servers nor of its
/// backups takes flows. A server at its limit serves those that it has.
pub(crate) fn condition(config: &Config, service: &Arc<Service>) -> Condition {
    let mut at = service;
    for _ in 0..=BACKUPS_MAX {
        let candidates = Candidates {
            config,
            service: at,
            port: 0,
        };
        if at.settings.state != AdminState::Down && candidates.are_served() {
            return Condition::Up;
        }
        match at
            .settings
            .backup
            .as_ref()
            .and_then(|key| config.service(key))
        {
            Some(backup) => at = backup,
            None => break,
        }
    }
    match service.settings.state {
        AdminState::Down => Condition::Down,
        _ => Condition::Failed,
    }
}

/// How many services of a virtual host are asked whether they are up.
const ASKED_MAX: usize = 256;

/// Whether a virtual host is up: one of its services is, among the first [`ASKED_MAX`].
pub(crate) fn is_up(config: &Config, host: &Host) -> bool {
    host.services
        .iter()
        .take(ASKED_MAX)
        .any(|service| condition(config, service) == Condition::Up)
}

/// The table of a service that is scheduled by maglev.
pub(crate) struct Maglev {
    slots: KVVec<u16>,
    /// What it was made from, in order: identifier and weight of every server.
    parts: KVec<(u64, u32)>,
}

/// Looks at a slot between two looks at the scheduler of the kernel.
const FILL_STEP: u32 = 10_000;

impl Maglev {
    /// The table for these bindings; `old` itself if it was made from the same. None with another
    /// scheduler or without bindings. Context: process, may sleep.
    pub(super) fn for_service(
        settings: &ServiceSettings,
        bindings: &[Arc<Binding>],
        old: Option<&Arc<Maglev>>,
    ) -> Result<Option<Arc<Maglev>>, AllocError> {
        if settings.scheduler != Scheduler::Maglev || bindings.is_empty() {
            return Ok(None);
        }
        let mut parts = KVec::with_capacity(bindings.len(), GFP_KERNEL)?;
        for binding in bindings {
            parts.push((identifier(binding), share(binding)), GFP_KERNEL)?;
        }
        if let Some(old) = old {
            if old.slots.len() == settings.table_size as usize && old.parts[..] == parts[..] {
                return Ok(Some(old.clone()));
            }
        }
        let size = settings.table_size;
        let mut slots = KVVec::from_elem(maglev::EMPTY, size as usize, GFP_KERNEL)?;
        let mut claims = KVVec::with_capacity(parts.len(), GFP_KERNEL)?;
        for (identifier, weight) in &parts {
            claims.push(maglev::Claim::new(*identifier, *weight, size), GFP_KERNEL)?;
        }
        let mut filler = maglev::Filler::new(&mut slots, &mut claims);
        while !filler.step(FILL_STEP) {
            cond_resched();
        }
        Ok(Some(Arc::new(Maglev { slots, parts }, GFP_KERNEL)?))
    }
}

/// The same for the same server on every machine.
fn identifier(binding: &Binding) -> u64 {
    let server = &binding.key.server;
    let [a, b] = server.port.to_be_bytes();
    let [c, d] = binding.key.port.to_be_bytes();
    let ends = hash::identifier(&[a, b, c, d]);
    hash::mix(hash::identifier(server.addr.as_bytes()) ^ ends.rotate_left(1))
}

/// A server that drains has no share, so that its clients move once and for all. One that is down or
/// failed keeps it, for its backup or for when it comes back.
fn share(binding: &Binding) -> u32 {
    match binding.server.settings.state {
        AdminState::Drain => 0,
        _ => binding.weight(),
    }
}
