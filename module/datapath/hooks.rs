// SPDX-License-Identifier: GPL-2.0

//! Where packets are taken: one hook on each port, and four in the stack of the namespace.
//!
//! The tables ask for a hook before they publish a configuration that needs it, and let go of it
//! afterwards. So a port that cannot be had refuses the commit, a packet is never taken by half
//! a configuration, and what a hook takes too early or too late it finds no port for and lets pass.
//!
//! A hook that is let go takes no more packets at once; whoever runs it is waited for elsewhere,
//! by one wait for many hooks.

use super::{
    announcer::Announcer, fragment::Fragments, gateways::Gateways, limit::Limiter, local::Local,
    trace, vlans::Vlans,
};
use super::{input, Ctx, Entry};
use crate::{
    domain::addr::{V4, V6},
    kern::{
        net::{
            device::{Device, Event, Watch, Watcher},
            hook::{
                self, Hook, Point, Registration, Verdict, PRIORITY_BEFORE_CONNTRACK,
                PRIORITY_BEFORE_DEFRAG, PRIORITY_FILTER,
            },
            namespace::{self, Net, PernetState, Slot, WeakNet},
            route_cache::{RouteCache4, RouteCache6},
            rtnl::Rtnl,
            skb::Skb,
        },
        sync::{deferred, static_key::Tracing, work::PeriodicWork},
    },
    table::{self, Attachment, Config, Tables},
};
use kernel::{
    prelude::*,
    sync::{aref::ARef, rcu, Arc, SetOnce},
};

/// What the packet side keeps for a namespace, besides the tables.
pub(crate) struct Namespace {
    pub(super) limiter: Limiter,
    /// There once there are customers, whose packets it is for, if there was memory for it.
    kept_routes: SetOnce<KBox<KeptRoutes>>,
    pub(super) gateways: Gateways,
    announcer: PeriodicWork<Announcer>,
    vlans: PeriodicWork<Vlans>,
}

/// What the routing tables have said of packets that are no flow's.
pub(super) struct KeptRoutes {
    pub(super) v4: RouteCache4,
    pub(super) v6: RouteCache6,
}

impl Namespace {
    #[inline(always)]
    pub(super) fn kept_routes(&self) -> Option<&KeptRoutes> {
        self.kept_routes.as_ref().map(|routes| &**routes)
    }

    /// Has routes kept from now on. Context: process, may sleep.
    fn keep_routes(&self) -> Result {
        if self.kept_routes.as_ref().is_none() {
            let routes = KeptRoutes {
                v4: RouteCache4::new()?,
                v6: RouteCache6::new()?,
            };
            self.kept_routes.populate(KBox::new(routes, GFP_KERNEL)?);
        }
        Ok(())
    }

    fn forget_routes(&self) {
        if let Some(routes) = self.kept_routes() {
            routes.v4.clear();
            routes.v6.clear();
        }
    }
}

/// The packet side as the tables know it.
pub(crate) struct Datapath;

/// While it exists every namespace has a packet side. Dropping it ends them all.
///
/// To outlive the tables' registration, since hooks need it.
pub(crate) struct Packets {
    _watcher: Watcher<Devices>,
    _namespaces: namespace::Registration<Namespace>,
}

impl Packets {
    /// Context: process, without the RTNL lock; may sleep.
    pub(crate) fn new() -> Result<Self> {
        let namespaces = namespace::Registration::new()?;
        let watcher = Watcher::new(Arc::new(Devices, GFP_KERNEL)?)?;
        Ok(Packets {
            _watcher: watcher,
            _namespaces: namespaces,
        })
    }
}

impl PernetState for Namespace {
    fn slot() -> &'static Slot<Self> {
        static SLOT: Slot<Namespace> = Slot::new();
        &SLOT
    }

    fn init(_net: &Net, weak: Arc<WeakNet>) -> Result<Arc<Self>> {
        let namespace = Namespace {
            limiter: Limiter::new()?,
            kept_routes: SetOnce::new(),
            gateways: Gateways::new(),
            announcer: PeriodicWork::new(Announcer::new(weak.clone())?)?,
            vlans: PeriodicWork::new(Vlans::new(weak)?)?,
        };
        Ok(Arc::new(namespace, GFP_KERNEL)?)
    }

    fn pre_exit(&self, net: &Net) {
        self.announcer.target().stop(net);
        self.vlans.target().stop(net);
    }

    fn exit(&self, _net: &Net) {
        // No packet finds them any more, so none is stored again.
        self.forget_routes();
    }
}

/// News about devices.
struct Devices;

impl Watch for Devices {
    fn event(&self, net: &Net, dev: &Device, event: Event, rtnl: &Rtnl) {
        if !matches!(event, Event::Up | Event::Address | Event::Unregister) {
            return;
        }
        let Some(namespace) = namespace::get_arc::<Namespace>(net) else {
            return;
        };
        if event == Event::Unregister {
            namespace.vlans.target().leave(dev, rtnl);
            // The device was taken down before, and with it out of the routing tables, and all who
            // were sending have been waited for.
            if namespace.gateways.take(dev.ifindex()) {
                namespace.forget_routes();
                if let Some(tables) = Tables::get(net) {
                    tables.forget_routes();
                }
            }
            return;
        }
        namespace.announcer.target().refresh(dev.ifindex());
        namespace.announcer.kick();
    }
}

/// The hook on a port.
struct Ingress {
    tables: Arc<Tables>,
    namespace: Arc<Namespace>,
    ifindex: u32,
}

impl Hook for Ingress {
    #[inline(always)]
    fn packet(&self, skb: Skb, context: &hook::Context<'_>) -> Verdict {
        // Asked before anything is known, so that nothing is kept over the question.
        match Tracing::is_on() {
            true => self.followed(skb, context),
            false => self.take::<false>(skb, context),
        }
    }
}

impl Ingress {
    /// Takes a packet while somebody, in whatever namespace, follows packets.
    #[cold]
    #[inline(never)]
    fn followed(&self, skb: Skb, context: &hook::Context<'_>) -> Verdict {
        self.take::<true>(skb, context)
    }

    // Not told by a function what to do, as a call of one that was handed over is not inlined.
    #[inline(always)]
    fn take<const FOLLOWED: bool>(&self, skb: Skb, context: &hook::Context<'_>) -> Verdict {
        let config = self.tables.config.load(context.rcu());
        let Some(dev) = context.input() else {
            return Verdict::accept(skb);
        };
        let Some(port) = config.port(self.ifindex) else {
            return Verdict::accept(skb);
        };
        let entry = Entry::Port(port, dev);
        let ctx = Ctx::new(&self.tables, &self.namespace, config, context, entry);
        match FOLLOWED {
            true => trace::follow(&ctx, skb, input::<true>),
            false => input::<false>(&ctx, skb),
        }
    }
}

/// A hook that is taken off when dropped, and waited for later.
struct Tap<T: Hook>(Option<Registration<T>>);

impl<T: Hook> Drop for Tap<T> {
    fn drop(&mut self) {
        if let Some(mut registration) = self.0.take() {
            registration.detach();
            deferred::after_grace_period(registration);
        }
    }
}

impl Attachment for Tap<Ingress> {}

/// The hooks in the stack.
struct Stack {
    _fragments4: Tap<Fragments<V4>>,
    _fragments6: Tap<Fragments<V6>>,
    _local4: Tap<Local<V4>>,
    _local6: Tap<Local<V6>>,
}

impl Attachment for Stack {}

/// Puts a hook into the stack.
fn tap<T: Hook>(net: &Net, point: Point, priority: i32, hook: T) -> Result<Tap<T>> {
    let hook = Arc::new(hook, GFP_KERNEL)?;
    Ok(Tap(Some(Registration::inet(net, point, priority, hook)?)))
}

impl table::Datapath for Datapath {
    fn attach_port(
        &self,
        tables: &Arc<Tables>,
        net: &Net,
        ifindex: u32,
    ) -> Result<KBox<dyn Attachment>> {
        let namespace = namespace::get_arc::<Namespace>(net).ok_or(ENODEV)?;
        let dev: ARef<Device> = {
            let rcu = rcu::read_lock();
            Device::by_index(net, ifindex, &rcu).ok_or(ENODEV)?.into()
        };
        if dev.is_loopback() {
            return Err(EINVAL);
        }
        let hook = Ingress {
            tables: tables.clone(),
            namespace,
            ifindex,
        };
        let hook = Arc::new(hook, GFP_KERNEL)?;
        let registration = Registration::ingress(dev, PRIORITY_FILTER, hook)?;
        Ok(KBox::new(Tap(Some(registration)), GFP_KERNEL)?)
    }

    fn attach_namespace(&self, tables: &Arc<Tables>, net: &Net) -> Result<KBox<dyn Attachment>> {
        let namespace = namespace::get_arc::<Namespace>(net).ok_or(ENODEV)?;
        let fragments = PRIORITY_BEFORE_DEFRAG;
        let local = PRIORITY_BEFORE_CONNTRACK;
        let stack = Stack {
            _fragments4: tap(
                net,
                Point::PreRoutingV4,
                fragments,
                Fragments::new(tables, &namespace),
            )?,
            _fragments6: tap(
                net,
                Point::PreRoutingV6,
                fragments,
                Fragments::new(tables, &namespace),
            )?,
            _local4: tap(
                net,
                Point::LocalOutV4,
                local,
                Local::new(tables, &namespace),
            )?,
            _local6: tap(
                net,
                Point::LocalOutV6,
                local,
                Local::new(tables, &namespace),
            )?,
        };
        Ok(KBox::new(stack, GFP_KERNEL)?)
    }

    fn committed(&self, _tables: &Arc<Tables>, net: &Net, old: &Config, new: &Config) {
        if let Some(namespace) = namespace::get_arc::<Namespace>(net) {
            namespace.announcer.kick();
            if !new.has_same_tunnels(old) {
                namespace.vlans.kick();
            }
            if new.customer_count() != 0 {
                // Without memory for it each packet asks the routing tables.
                let _ = namespace.keep_routes();
            }
        }
    }
}
