// SPDX-License-Identifier: GPL-2.0

//! When to tell neighbours unasked where virtual addresses are, and which groups to listen to.
//!
//! A virtual address that is new, or a port that begins to announce or comes up, is told of
//! twice, two seconds apart, as RFC 5227, 2.3 has it. The work compares the configuration in force
//! with the two that it told of last, so a thousand commits in a row cost one comparison.
//!
//! Solicitations for IPv6 addresses come to groups; the ports' devices listen to those of the
//! virtual hosts. The devices count, so a group that others want as well stays.

use super::announce;
use crate::{
    domain::addr::{Addr, V6},
    kern::{
        net::{
            device::Device,
            namespace::{Net, WeakNet},
        },
        sync::{
            deferred::cond_resched,
            work::{Next, Tick},
        },
    },
    table::{Config, Cursor, Port, Tables},
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{rcu, Arc, Mutex},
};

/// Milliseconds between telling for the first and for the second time.
const INTERVAL_MS: u32 = 2_000;

/// How often something new is told.
const ROUNDS: u8 = 2;

/// The work of a namespace.
#[pin_data]
pub(super) struct Announcer {
    net: Arc<WeakNet>,
    #[pin]
    told: Mutex<Told>,
}

/// What neighbours know.
struct Told {
    /// Told of once, and listened for.
    once: Option<Arc<Config>>,
    /// Told of twice.
    twice: Option<Arc<Config>>,
    /// Devices on which everything is to be told, and how often yet.
    devices: KVec<(u32, u8)>,
}

impl Announcer {
    pub(super) fn new(net: Arc<WeakNet>) -> Result<Arc<Self>> {
        let told = Told {
            once: None,
            twice: None,
            devices: KVec::new(),
        };
        Arc::pin_init(
            pin_init!(Announcer {
                net,
                told <- new_mutex!(told),
            }),
            GFP_KERNEL,
        )
    }

    /// Has everything told on this device, at the next tick. Context: process, may sleep.
    pub(super) fn refresh(&self, ifindex: u32) {
        let mut told = self.told.lock();
        told.devices.retain(|(known, _)| *known != ifindex);
        // Without memory its neighbours have to ask.
        let _ = told.devices.push((ifindex, ROUNDS), GFP_KERNEL);
    }

    /// Leaves all groups and lets go of the configurations. To be called when no configuration can
    /// be found any more, so that no later call joins them again. Context: process, may sleep.
    pub(super) fn stop(&self, net: &Net) {
        let mut told = self.told.lock();
        listen(net, told.once.as_deref(), None);
        told.once = None;
        told.twice = None;
    }
}

impl Tick for Announcer {
    fn tick(&self) -> Next {
        let Some(net) = self.net.upgrade() else {
            return Next::OnKick;
        };
        let mut told = self.told.lock();
        // Looked for under the lock: after `stop` there is none.
        let Some(now) = Tables::get(&net).map(|tables| tables.config.get()) else {
            return Next::OnKick;
        };
        tell(&net, &told, &now);
        listen(&net, told.once.as_deref(), Some(&now));
        for (_, rounds) in told.devices.iter_mut() {
            *rounds = rounds.saturating_sub(1);
        }
        told.devices.retain(|(_, rounds)| *rounds != 0);
        told.twice = told.once.replace(now);
        let is_done = told.devices.is_empty()
            && match (&told.once, &told.twice) {
                (Some(once), Some(twice)) => once.generation == twice.generation,
                _ => false,
            };
        match is_done {
            true => Next::OnKick,
            false => Next::AfterMs(INTERVAL_MS),
        }
    }
}

/// Whether a configuration has this port announce, and the same customer's addresses.
fn announces(config: Option<&Config>, port: &Port) -> bool {
    config
        .and_then(|config| config.port(port.ifindex))
        .is_some_and(|other| {
            other.settings.announce && other.settings.customer == port.settings.customer
        })
}

/// Ports that announce.
fn announcing(config: &Config) -> impl Iterator<Item = &Arc<Port>> {
    config
        .ports(Cursor::default())
        .map(|(port, _)| port)
        .filter(|port| port.settings.announce)
}

/// Calls `f` for each virtual host of `config` that `other` does not have.
fn for_hosts_beyond(config: &Config, other: Option<&Config>, mut f: impl FnMut(u32, Addr)) {
    for (host, _) in config.hosts(Cursor::default()) {
        let key = &host.key;
        if other.is_none_or(|other| other.host(key.customer, key.addr).is_none()) {
            f(key.customer, key.addr);
        }
        cond_resched();
    }
}

/// Tells what has not been told twice.
fn tell(net: &Net, told: &Told, now: &Config) {
    for port in announcing(now) {
        let is_refreshed = told.devices.iter().any(|(i, _)| *i == port.ifindex);
        let known = told
            .twice
            .as_deref()
            .filter(|twice| !is_refreshed && announces(Some(twice), port));
        if known.is_some_and(|known| known.has_same_hosts(now)) {
            continue;
        }
        for_hosts_beyond(now, known, |customer, addr| {
            let rcu = rcu::read_lock();
            let dev = Device::by_index(net, port.ifindex, &rcu);
            if let Some(dev) = dev.filter(|dev| dev.is_up() && customer == port.settings.customer) {
                announce::announce(dev, addr, &rcu);
            }
        });
    }
}

/// Joins groups that `now` wants and `before` did not, and leaves the others.
fn listen(net: &Net, before: Option<&Config>, now: Option<&Config>) {
    for_groups_beyond(net, now, before, Device::add_multicast);
    for_groups_beyond(net, before, now, Device::remove_multicast);
}

/// Calls `f` for each group that a port is to listen to by `config`, but not by `other`.
fn for_groups_beyond(
    net: &Net,
    config: Option<&Config>,
    other: Option<&Config>,
    f: fn(&Device, &[u8; 6]) -> Result,
) {
    let Some(config) = config else {
        return;
    };
    for port in announcing(config) {
        let known = other.filter(|_| announces(other, port));
        if known.is_some_and(|known| known.has_same_hosts(config)) {
            continue;
        }
        for_hosts_beyond(config, known, |customer, addr| {
            if customer == port.settings.customer {
                with_group(net, port.ifindex, addr, f);
            }
        });
    }
}

/// Calls `f` with the device and the group of an IPv6 address, if there are both.
fn with_group(net: &Net, ifindex: u32, addr: Addr, f: impl FnOnce(&Device, &[u8; 6]) -> Result) {
    let Addr::V6(addr) = addr else {
        return;
    };
    let rcu = rcu::read_lock();
    if let Some(dev) = Device::by_index(net, ifindex, &rcu).filter(|dev| dev.is_ethernet()) {
        // A device that cannot, or is on its way out, hears what it hears.
        let _ = f(dev, &announce::group(V6(addr).solicited_node()));
    }
}
