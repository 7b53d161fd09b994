// SPDX-License-Identifier: GPL-2.0

//! Which VLANs the ports' devices are to let in.
//!
//! Many devices drop frames of VLANs that nobody has asked them for, before any hook. What tunnels
//! of type vlan and qinq take is asked for here, as a VLAN device does it. The work compares what
//! the configuration in force wants with what was asked for, so a thousand commits in a row cost one
//! comparison. The device counts who asks, so a VLAN that others want as well stays.
//!
//! Locks: RTNL, then the list of what was asked for.

use crate::{
    domain::{
        encap::Kind,
        packet::ether::{TYPE_QINQ, TYPE_VLAN},
    },
    kern::{
        net::{
            device::Device,
            namespace::{Net, WeakNet},
            rtnl::Rtnl,
        },
        sync::{
            deferred::cond_resched,
            work::{Next, Tick},
        },
    },
    table::{Config, Cursor, Tables, Tunnel},
};
use core::mem::replace;
use kernel::{
    new_mutex,
    prelude::*,
    rbtree::RBTree,
    sync::{aref::ARef, rcu, Arc, Mutex},
};

/// Milliseconds until the RTNL lock is tried again, or memory.
const RETRY_MS: u32 = 20;

/// A VLAN of a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Vlan {
    ifindex: u32,
    ethertype: u16,
    vid: u16,
}

impl Vlan {
    /// That which a tunnel's frames come in, if they come in one and its port is there.
    fn of(tunnel: &Tunnel) -> Option<Self> {
        let settings = &tunnel.settings;
        let ethertype = match settings.wire.kind {
            Kind::Vlan => TYPE_VLAN,
            Kind::Qinq => TYPE_QINQ,
            _ => return None,
        };
        let ifindex = settings.link().filter(|ifindex| *ifindex != 0)?;
        // The inner VLAN, if there is one, is above the outer.
        let vid = (settings.wire.key? & 0xfff) as u16;
        Some(Vlan {
            ifindex,
            ethertype,
            vid,
        })
    }
}

/// The work of a namespace.
#[pin_data]
pub(super) struct Vlans {
    net: Arc<WeakNet>,
    #[pin]
    asked: Mutex<Asked>,
}

/// What is wanted of devices.
struct Asked {
    /// By this configuration.
    config: Option<Arc<Config>>,
    /// And whether they were asked for it.
    vlans: RBTree<Vlan, bool>,
}

impl Vlans {
    pub(super) fn new(net: Arc<WeakNet>) -> Result<Arc<Self>> {
        let asked = Asked {
            config: None,
            vlans: RBTree::new(),
        };
        Arc::pin_init(
            pin_init!(Vlans {
                net,
                asked <- new_mutex!(asked),
            }),
            GFP_KERNEL,
        )
    }

    /// Asks a device that goes for nothing any more.
    pub(super) fn leave(&self, dev: &Device, rtnl: &Rtnl) {
        let mut asked = self.asked.lock();
        for (vlan, is_asked) in asked.vlans.iter_mut() {
            if vlan.ifindex == dev.ifindex() && replace(is_asked, false) {
                dev.remove_vlan(vlan.ethertype, vlan.vid, rtnl);
            }
        }
    }

    /// Asks for nothing any more and lets go of the configuration. To be called when no
    /// configuration can be found any more. Context: process, without the RTNL lock; may sleep.
    pub(super) fn stop(&self, net: &Net) {
        let rtnl = Rtnl::lock();
        let mut asked = self.asked.lock();
        for (vlan, is_asked) in &asked.vlans {
            if *is_asked {
                remove(net, vlan, &rtnl);
            }
        }
        asked.vlans = RBTree::new();
        asked.config = None;
    }
}

impl Tick for Vlans {
    fn tick(&self) -> Next {
        let Some(net) = self.net.upgrade() else {
            return Next::OnKick;
        };
        // Who waits for this work may hold the lock.
        let Some(rtnl) = Rtnl::try_lock() else {
            return Next::AfterMs(RETRY_MS);
        };
        let mut asked = self.asked.lock();
        // Looked for under the lock: after `stop` there is none.
        let Some(now) = Tables::get(&net).map(|tables| tables.config.get()) else {
            return Next::OnKick;
        };
        if asked
            .config
            .as_ref()
            .is_some_and(|old| old.has_same_tunnels(&now))
        {
            return Next::OnKick;
        }
        match ask(&net, &asked.vlans, &now, &rtnl) {
            Ok(vlans) => {
                asked.vlans = vlans;
                asked.config = Some(now);
                Next::OnKick
            }
            Err(_) => Next::AfterMs(RETRY_MS),
        }
    }
}

/// Asks devices for what `config` wants and for no more, which is returned.
fn ask(
    net: &Net,
    before: &RBTree<Vlan, bool>,
    config: &Config,
    rtnl: &Rtnl,
) -> Result<RBTree<Vlan, bool>> {
    let mut wanted = RBTree::new();
    for (tunnel, _) in config.tunnels(Cursor::default()) {
        cond_resched();
        match Vlan::of(tunnel) {
            Some(vlan) if wanted.get(&vlan).is_none() => {
                wanted.try_create_and_insert(vlan, false, GFP_KERNEL)?;
            }
            _ => {}
        }
    }
    for (vlan, is_asked) in before {
        cond_resched();
        if *is_asked && wanted.get(vlan).is_none() {
            remove(net, vlan, rtnl);
        }
    }
    for (vlan, is_asked) in wanted.iter_mut() {
        cond_resched();
        *is_asked = before.get(vlan) == Some(&true) || add(net, vlan, rtnl);
    }
    Ok(wanted)
}

fn device(net: &Net, vlan: &Vlan) -> Option<ARef<Device>> {
    let rcu = rcu::read_lock();
    Device::by_index(net, vlan.ifindex, &rcu).map(|dev| dev.into())
}

/// Says whether the device was asked.
fn add(net: &Net, vlan: &Vlan, rtnl: &Rtnl) -> bool {
    let Some(dev) = device(net, vlan) else {
        return false;
    };
    let added = dev.add_vlan(vlan.ethertype, vlan.vid, rtnl);
    if added.is_err() {
        pr_warn!(
            "{}: no room for VLAN {}, whose frames it may drop\n",
            dev.name(),
            vlan.vid
        );
    }
    added.is_ok()
}

fn remove(net: &Net, vlan: &Vlan, rtnl: &Rtnl) {
    if let Some(dev) = device(net, vlan) {
        dev.remove_vlan(vlan.ethertype, vlan.vid, rtnl);
    }
}
