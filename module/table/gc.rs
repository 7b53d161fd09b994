// SPDX-License-Identifier: GPL-2.0

//! What time brings about: flows that run out, servers that get another chance, drains that end.
//!
//! One work item for each namespace. Every tick looks at a part of each table's chains, an eighth
//! as long as the tables are small, so that all are looked at within a second; large tables take
//! longer for a round, which only delays the memory's return and the counting of openings that
//! were not answered, as a flow whose time has run out is not found any more. Once a second, or
//! when something happened, all servers are looked at, if any of them waits for something. Without
//! flows, clients and waiting servers the work sleeps until it is kicked.
//!
//! Context: process, may sleep; holds no lock but that of the chain being looked at.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        new_mutex,
        Arc,
        Mutex, //
    },
};

use super::{
    change::Resets,
    config::{Config, Server},
    flow::{Family, FlowTable},
    persist::PersistTable,
    stats::Happening,
    Tables,
};
use crate::kern::{
    sync::{
        barrier::smp_mb,
        deferred::cond_resched,
        rcu_hash::{Cursor, Fate},
        work::{Next, Tick},
    },
    time,
};

/// Ticks of a round through small tables.
const PARTS: usize = 8;

/// Milliseconds between two ticks while there is something to sweep.
pub(super) const TICK_MS: u32 = 125;

/// Milliseconds between two ticks while servers wait and there is nothing to sweep.
const WAIT_MS: u32 = 1000;

/// The most chains of one table to look at in a tick: a million flows take a minute, and a
/// hundredth of a processor.
const CHAINS_MAX: usize = 1 << 12;

/// The same of a table that is nearly full, where flows whose time has run out keep others out,
/// as long as there are such flows.
const CHAINS_FULL: usize = 1 << 16;

/// At least one of so many flows must be found to have run out for looking faster to be of use.
const FEW_OVER: usize = 64;

/// Where the sweep of one table of flows stands.
#[derive(Default)]
struct FlowRound {
    cursor: Cursor,
    /// Whether the last part had enough flows whose time has run out. Chains being as random as
    /// hashes are, it speaks for the others.
    has_over: bool,
}

/// Where the work of one namespace stands.
struct Round {
    /// Whose work it is; none once the namespace goes.
    tables: Option<Arc<Tables>>,
    flows4: FlowRound,
    flows6: FlowRound,
    persist4: Cursor,
    persist6: Cursor,
    /// The second of the last look at all servers.
    looked: u32,
    /// Whether some server waits for time to pass.
    is_waiting: bool,
}

/// What is called now and then, and what it is told.
pub(super) struct Gc {
    /// Held for the whole of a tick, so that who holds it knows that none is under way.
    round: Pin<KBox<Mutex<Round>>>,
    /// The health of some server may have changed.
    is_news: Atomic<bool>,
    /// The work comes only when kicked.
    is_asleep: Atomic<bool>,
}

impl Gc {
    /// Context: process.
    pub(super) fn new() -> Result<Arc<Self>> {
        let round = Round {
            tables: None,
            flows4: FlowRound::default(),
            flows6: FlowRound::default(),
            persist4: Cursor::default(),
            persist6: Cursor::default(),
            looked: 0,
            is_waiting: false,
        };
        let gc = Gc {
            round: KBox::pin_init(new_mutex!(round), GFP_KERNEL)?,
            is_news: Atomic::new(false),
            is_asleep: Atomic::new(true),
        };
        Ok(Arc::new(gc, GFP_KERNEL)?)
    }

    /// Lets the work know its tables.
    pub(super) fn start(&self, tables: Arc<Tables>) {
        self.round.lock().tables = Some(tables);
    }

    /// Waits for a tick that is under way and lets no more do anything. Context: process, may
    /// sleep.
    pub(super) fn stop(&self) {
        // Dropped after the lock, as it may be the last reference but one.
        let tables = self.round.lock().tables.take();
        drop(tables);
    }

    /// The health of some server may have changed. Context: any.
    pub(super) fn news(&self) {
        self.is_news.store(true, Relaxed);
    }

    /// Whether the work must be kicked to notice what the caller did before; says so to one of
    /// those who ask. Context: any.
    #[inline]
    pub(super) fn must_wake(&self) -> bool {
        // Pairs with the one in `tick`: either it sees what the caller did, or the caller that it
        // has gone to sleep.
        smp_mb();
        self.is_asleep.load(Relaxed) && self.is_asleep.xchg(false, Relaxed)
    }
}

impl Tick for Gc {
    fn tick(&self) -> Next {
        let mut round = self.round.lock();
        let Some(tables) = round.tables.clone() else {
            return Next::OnKick;
        };
        let now = time::seconds();
        // Nothing is lost without memory: the next tick goes on where this one stopped.
        let _ = round.sweep(&tables, now);
        if self.is_news.xchg(false, Relaxed) || (round.is_waiting && round.looked != now) {
            round.looked = now;
            round.is_waiting = tables.look_at_servers(now);
        }
        if !tables.is_idle() {
            return Next::AfterMs(TICK_MS);
        }
        if round.is_waiting {
            return Next::AfterMs(WAIT_MS);
        }
        self.is_asleep.store(true, Relaxed);
        // Pairs with the one in `must_wake`.
        smp_mb();
        if tables.is_idle() && !self.is_news.load(Relaxed) {
            return Next::OnKick;
        }
        self.is_asleep.store(false, Relaxed);
        Next::AfterMs(TICK_MS)
    }
}

impl Round {
    /// Looks at the next part of each table.
    fn sweep(&mut self, tables: &Tables, now: u32) -> Result {
        sweep_flows(&tables.flows4, tables, &mut self.flows4, now)?;
        sweep_flows(&tables.flows6, tables, &mut self.flows6, now)?;
        sweep_clients(&tables.persist4, &mut self.persist4, now)?;
        sweep_clients(&tables.persist6, &mut self.persist6, now)
    }
}

/// How many of so many chains to look at in a tick.
fn part(buckets: usize, is_pressed: bool) -> usize {
    let most = match is_pressed {
        true => CHAINS_FULL,
        false => CHAINS_MAX,
    };
    buckets.div_ceil(PARTS).min(most)
}

fn sweep_flows<A: Family>(
    flows: &FlowTable<A>,
    tables: &Tables,
    round: &mut FlowRound,
    now: u32,
) -> Result {
    if flows.len() != 0 {
        let max = flows.max();
        let is_nearly_full = flows.live() > max.saturating_sub(max / 4);
        let chains = part(flows.buckets(), is_nearly_full && round.has_over);
        let swept = flows.sweep(&mut round.cursor, chains, |flow| {
            match flows.expire(tables, flow, now) {
                true => Fate::Remove,
                false => Fate::Keep,
            }
        })?;
        round.has_over = swept.removed.saturating_mul(FEW_OVER) >= swept.examined.max(1);
    }
    if flows.len() == 0 || round.cursor.is_done() {
        round.cursor = Cursor::default();
    }
    Ok(())
}

fn sweep_clients<A: Family>(clients: &PersistTable<A>, cursor: &mut Cursor, now: u32) -> Result {
    if !clients.is_empty() {
        clients.sweep(cursor, part(clients.buckets(), false), now)?;
    }
    if clients.is_empty() || cursor.is_done() {
        *cursor = Cursor::default();
    }
    Ok(())
}

impl Tables {
    /// Whether there is nothing to sweep.
    fn is_idle(&self) -> bool {
        self.flows4.len() == 0
            && self.flows6.len() == 0
            && self.persist4.is_empty()
            && self.persist6.is_empty()
    }

    /// Lets time pass for all servers and tells what has changed. Says whether some server waits
    /// for more time to pass.
    fn look_at_servers(&self, now: u32) -> bool {
        let config = self.config.get();
        let mut is_waiting = false;
        let mut resets = Resets::default();
        for (server, _, _) in config.servers(Default::default()) {
            is_waiting |= self.look_at_server(&config, server, &mut resets, now);
            cond_resched();
        }
        self.apply_resets(&resets);
        is_waiting
    }

    fn look_at_server(
        &self,
        config: &Arc<Config>,
        server: &Arc<Server>,
        resets: &mut Resets,
        now: u32,
    ) -> bool {
        let health = &server.runtime.health;
        if health.retry(&server.settings, now) {
            self.stats.event(Happening::ServerRetried);
        }
        if health.is_due(now) && resets.add_server(server.key).is_ok() {
            health.forget_deadline();
        }
        for news in health.news(server).into_iter().flatten() {
            self.listener().health(self, config, server, news);
        }
        health.is_waiting(server)
    }
}
