// SPDX-License-Identifier: GPL-2.0

//! What the stack of a host sends on an slr device: a packet of the device's customer, and of no
//! other, whatever its addresses say.
//!
//! It passes the stages in the namespace that the device was made in, wherever that is now and
//! whatever it is called there. There is no stack for it to be left to: what no service and no route
//! of the customer takes is dropped, counted. If that namespace goes nothing is behind the device
//! any more, and it has no carrier.

use super::{bound, hooks::Namespace, refuse, route_other, trace, Ctx, Entry};
use crate::{
    domain::{
        addr::{V4, V6},
        packet::ether::{TYPE_IPV4, TYPE_IPV6},
        reason::DropReason,
    },
    kern::{
        net::{
            device::Name,
            genetlink::{Extack, Refused},
            hook::Verdict,
            link::{self, Link, Place},
            namespace::{self, Net, WeakNet},
            skb::{Reason, Skb, Stolen},
        },
        sync::static_key::Tracing,
        time, tracepoint,
    },
    table::{Config, PortName, SlrDevice, Tables},
};
use kernel::{
    prelude::*,
    sync::{rcu, Arc, SetOnce},
};

/// While it exists users can make slr devices. Dropping it removes them all.
///
/// The tables must outlive it.
pub(crate) struct Devices(#[allow(dead_code)] link::Registration<Home>);

impl Devices {
    /// Context: process, without the RTNL lock; may sleep.
    pub(crate) fn new() -> Result<Self> {
        Ok(Devices(link::Registration::new()?))
    }
}

/// What is behind an slr device.
struct Home {
    /// The namespace that it was made in.
    net: Arc<WeakNet>,
    customer: u32,
    /// What it was made as.
    name: SetOnce<PortName>,
}

impl Home {
    /// The device as the tables know it.
    #[inline]
    fn find<'g>(&self, config: &'g Config, place: &Arc<Place>) -> Option<&'g Arc<SlrDevice>> {
        let device = config.device(self.name.as_ref()?)?;
        Arc::ptr_eq(&device.place, place).then_some(device)
    }

    fn tables(&self) -> Option<Arc<Tables>> {
        let rcu = rcu::read_lock();
        Tables::get(self.net.get(&rcu)?)
    }
}

/// Takes a packet that was sent on an slr device.
fn take(ctx: &Ctx<'_>, skb: Skb) -> Verdict {
    let bound = match ctx.entry {
        Entry::Device(device) => ctx.config.tunnel_of(device),
        _ => None,
    };
    match (skb.protocol(), bound) {
        (TYPE_IPV4, None) => route_other::<V4>(ctx, skb),
        (TYPE_IPV6, None) => route_other::<V6>(ctx, skb),
        (TYPE_IPV4, Some(tunnel)) => bound::out::<V4>(ctx, skb, tunnel),
        (TYPE_IPV6, Some(tunnel)) => bound::out::<V6>(ctx, skb, tunnel),
        _ => refuse::drop(ctx, skb, DropReason::TunnelContent),
    }
}

/// There is nobody left to make a device for.
fn gone(extack: &Extack<'_>) -> Refused {
    extack.refuse(ENODEV, format_args!("the network namespace is going away"))
}

impl Link for Home {
    const KIND: &'static CStr = c"slr";
    const PREFIX: &'static str = "slr";
    // Of `IFLA_INFO_DATA`; told in the specification's page on devices.
    const ATTRIBUTE: u16 = 1;
    const MISSING: &'static str = "whose is it? slr device add NAME customer CUSTOMER";

    fn new(net: &Net, number: u32, extack: &Extack<'_>) -> Result<Self, Refused> {
        Ok(Home {
            net: Tables::get(net).ok_or_else(|| gone(extack))?.net.clone(),
            customer: number,
            name: SetOnce::new(),
        })
    }

    fn join(&self, place: &Arc<Place>, name: Name, extack: &Extack<'_>) -> Result<(), Refused> {
        let tables = self.tables().ok_or_else(|| gone(extack))?;
        let name = PortName::new(name.as_bytes());
        self.name.populate(name);
        let place = place.clone();
        Tables::apply(&tables, |change| {
            change.device_new(name, self.customer, place)
        })
        .map(drop)
        .map_err(|error| extack.refuse(error.kind.errno(), format_args!("{}", error.text())))
    }

    fn leave(&self, place: &Arc<Place>) {
        let Some(tables) = self.tables().filter(|tables| tables.is_open()) else {
            return;
        };
        let config = tables.config.get();
        let Some(device) = self.find(&config, place) else {
            return;
        };
        let left = Tables::insist(&tables, |change| change.device_del(device.name, place));
        if let (Err(error), true) = (left, tables.is_open()) {
            // It stays in the tables without a place, until another is made with its name.
            pr_warn!("slr device: {}\n", error.text());
        }
    }

    fn number(&self) -> u32 {
        self.customer
    }

    fn transmit(&self, skb: Skb, place: &Arc<Place>, rcu: &rcu::Guard) -> Stolen {
        let Some(net) = self.net.get(rcu) else {
            return skb.free(Reason::NoRoute);
        };
        let tables = Tables::of(net, rcu).filter(|tables| tables.is_open());
        let (Some(tables), Some(namespace)) = (tables, namespace::get::<Namespace>(net, rcu))
        else {
            return skb.free(Reason::NoRoute);
        };
        let config = tables.config.load(rcu);
        let lost = |skb: Skb| {
            let owner = config.customer(self.customer);
            let drops = owner.map(|customer| &customer.runtime.drops);
            tables.stats.dropped(drops, DropReason::NoDevice);
            tracepoint::drop(&skb, self.customer, DropReason::NoDevice.name());
            skb.free(Reason::NoRoute)
        };
        let Some(device) = self.find(config, place) else {
            return lost(skb);
        };
        let ctx = Ctx {
            tables,
            config,
            net,
            namespace,
            rcu,
            now: time::seconds(),
            entry: Entry::Device(device),
            joined: 0,
            trace: None,
        };
        let verdict = match Tracing::is_on() {
            true => trace::follow(&ctx, skb, take),
            false => take(&ctx, skb),
        };
        verdict.conclude(|skb| {
            let drops = Some(&device.runtime.drops);
            tables.stats.dropped(drops, DropReason::NoRouteCustomer);
            tracepoint::drop(&skb, device.customer, DropReason::NoRouteCustomer.name());
            skb.free(Reason::NoRoute)
        })
    }
}
