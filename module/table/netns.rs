// SPDX-License-Identifier: GPL-2.0

//! The tables of a network namespace, from its beginning to its end.

use core::sync::atomic::{AtomicBool, Ordering};

use kernel::{
    prelude::*,
    sync::{new_mutex, rcu, Arc, Mutex},
};

use super::{
    change::{self, Change, Kind},
    commit::Writer,
    config::{Config, PortName, Server},
    flow::{FlowCache, FlowTable},
    gc::{Gc, TICK_MS},
    health::HealthNews,
    limits::Limits,
    persist::{PersistCache, PersistTable},
    stats::{Happening, Stats},
    trace::{Reader, Trace, Traces},
    Event,
};
use crate::domain::addr::{V4, V6};
use crate::domain::hash::Key;
use crate::kern::{
    net::{
        device::{self, Device, Watch, Watcher},
        namespace::{self, Net, PernetState, Slot, WeakNet},
        rtnl::Rtnl,
    },
    random,
    sync::{
        deferred,
        global::{Filled, Global},
        rcu_cell::RcuArc,
        work::PeriodicWork,
    },
};

/// How often a change that must be is tried again without memory. So little as it takes is refused
/// now and then, to a process that is being killed or by a test, but hardly twice in a row.
const RETRIES: u32 = 8;

/// What keeps packets coming to the tables while it exists, and stops them when dropped.
pub(crate) trait Attachment: Send + Sync {}

/// What the packet path does when the configuration asks for it.
pub(crate) trait Datapath: Send + Sync {
    /// Begins to take packets from the device of a port.
    ///
    /// Context: process, with the configuration locked; must not take the RTNL lock.
    fn attach_port(
        &self,
        tables: &Arc<Tables>,
        net: &Net,
        ifindex: u32,
    ) -> Result<KBox<dyn Attachment>>;

    /// Begins to take packets that need no port: those that the gateway itself sends, and pieces
    /// of others. Called when the first service or customer is defined, and dropped
    /// with the last.
    ///
    /// Context: as [`Datapath::attach_port`].
    fn attach_namespace(&self, tables: &Arc<Tables>, net: &Net) -> Result<KBox<dyn Attachment>>;

    /// Another configuration is in force. Context: as [`Datapath::attach_port`].
    fn committed(&self, tables: &Arc<Tables>, net: &Net, old: &Config, new: &Config);
}

/// Who is told what happens.
pub(crate) trait Listener: Send + Sync {
    /// Another configuration is in force, by these steps. Context: process, with the configuration
    /// locked, so that news come in the order of the changes.
    fn committed(&self, tables: &Tables, new: &Arc<Config>, events: &[Event]);

    /// There is news of a server's health. Context: process.
    fn health(&self, tables: &Tables, config: &Config, server: &Server, news: HealthNews);

    /// Shows a reader what became of a packet, or fails if it cannot have it. Context: any.
    fn traced(
        &self,
        tables: &Tables,
        config: &Config,
        reader: &Reader,
        trace: &Trace<'_>,
    ) -> Result;
}

/// What all namespaces share.
struct Shared {
    datapath: &'static dyn Datapath,
    listener: &'static dyn Listener,
    limits: Limits,
    flows4: Arc<FlowCache<V4>>,
    flows6: Arc<FlowCache<V6>>,
    persist4: Arc<PersistCache<V4>>,
    persist6: Arc<PersistCache<V6>>,
}

static SHARED: Global<Shared> = Global::new();

/// Configuration and flows of a namespace.
pub(crate) struct Tables {
    /// The configuration in force. Load it once for a packet.
    pub(crate) config: RcuArc<Config>,
    pub(crate) flows4: FlowTable<V4>,
    pub(crate) flows6: FlowTable<V6>,
    pub(crate) persist4: PersistTable<V4>,
    pub(crate) persist6: PersistTable<V6>,
    pub(crate) stats: Stats,
    pub(crate) traces: Traces,
    /// What flows are told apart by in outer headers.
    pub(crate) entropy: Key,
    /// The namespace, for who has the tables only.
    pub(crate) net: Arc<WeakNet>,
    /// Whether packets may come without a hook: from slr devices, which may outlive the namespace.
    is_open: AtomicBool,
    pub(super) writer: Pin<KBox<Mutex<Writer>>>,
    pub(super) gc: Arc<Gc>,
    work: PeriodicWork<Gc>,
    shared: Arc<Shared>,
}

impl Tables {
    /// The tables of a namespace. Context: any, under RCU.
    #[inline]
    pub(crate) fn of<'g>(net: &Net, guard: &'g rcu::Guard) -> Option<&'g Tables> {
        namespace::get(net, guard)
    }

    /// Whether packets may still be taken from slr devices. Context: any, under RCU.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// A reference to the tables of a namespace, for jobs that sleep.
    pub(crate) fn get(net: &Net) -> Option<Arc<Tables>> {
        namespace::get_arc(net)
    }

    /// How many flows may live at once, of each family.
    pub(crate) fn flows_max(&self) -> u32 {
        self.flows4.max()
    }

    pub(super) fn set_flows_max(&self, max: u32) {
        self.flows4.set_max(max);
        self.flows6.set_max(max);
        self.persist4.set_max(max);
        self.persist6.set_max(max);
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(super) fn listener(&self) -> &'static dyn Listener {
        #[cfg(slr_selftest)]
        if super::selftest::is_running() {
            return &super::selftest::Nobody;
        }
        self.shared.listener
    }

    pub(super) fn datapath(&self) -> &'static dyn Datapath {
        #[cfg(slr_selftest)]
        if super::selftest::is_running() {
            return &super::selftest::Nobody;
        }
        self.shared.datapath
    }

    /// Sees to it that time passes, after something was put in that it changes. Context: any.
    #[inline]
    pub(super) fn wake(&self) {
        if self.gc.must_wake() {
            self.work.kick_after_ms(TICK_MS);
        }
    }

    /// Has the next tick of time come at once. Context: any.
    pub(super) fn hurry(&self) {
        self.work.kick();
    }

    /// An opening at this server was not answered or was refused. Context: any.
    pub(super) fn ditched(&self, server: &Server, now: u32) {
        self.stats.event(Happening::Ditched);
        let guard = rcu::read_lock();
        // The flow may be from before a change of the server's settings.
        let config = self.config.load(&guard);
        let settings = match config.server(&server.key) {
            Some(current) if Arc::ptr_eq(&current.runtime, &server.runtime) => &current.settings,
            _ => &server.settings,
        };
        if server.runtime.health.ditched(settings, now) {
            self.stats.event(Happening::ServerFailed);
            self.gc.news();
        }
    }

    /// A server answered an opening, perhaps after so many microseconds. Context: any.
    pub(super) fn answered(&self, server: &Server, sample_us: Option<u32>) {
        if server.runtime.health.answered(sample_us) {
            self.gc.news();
        }
    }

    /// Makes a change that a device calls for, and that nobody could ask for a second time.
    /// Context: process, may sleep.
    pub(crate) fn insist(
        this: &Arc<Self>,
        mut operate: impl FnMut(&mut Change) -> change::Result,
    ) -> change::Result {
        let mut left = RETRIES;
        loop {
            match Self::apply(this, &mut operate) {
                Err(error) if error.kind == Kind::NoMemory && left > 0 => left -= 1,
                done => return done.map(drop),
            }
        }
    }

    /// What happened to a device that may be a port.
    fn device_event(this: &Arc<Self>, device: &Device, event: device::Event) {
        let ifindex = device.ifindex();
        let config = this.config.get();
        let (is_port, is_vrf) = (
            config.port(ifindex).is_some(),
            config.vrf_owner(ifindex).is_some(),
        );
        if !(is_port || is_vrf) || this.writer.lock().is_closed() {
            return;
        }
        let name = PortName::new(device.name().as_bytes());
        if is_vrf {
            let name = (event == device::Event::Rename).then_some(name);
            if let Err(error) = Self::insist(this, |change| change.vrf_event(ifindex, name)) {
                pr_warn!("VRF: {}\n", error.text());
            }
        }
        let result = match event {
            _ if !is_port => Ok(()),
            device::Event::Rename => Self::insist(this, |change| change.port_rename(ifindex, name)),
            device::Event::Unregister => {
                // The hook must go even if there is no memory for another configuration.
                this.writer.lock().detach(ifindex);
                Self::insist(this, |change| change.port_gone(ifindex, name))
            }
            _ => Ok(()),
        };
        if let Err(error) = result {
            let name = core::str::from_utf8(name.as_bytes()).unwrap_or("?");
            pr_warn!("port {}: {}\n", name, error.text());
        }
    }
}

impl PernetState for Tables {
    fn slot() -> &'static Slot<Self> {
        static SLOT: Slot<Tables> = Slot::new();
        &SLOT
    }

    fn init(_net: &Net, weak: Arc<WeakNet>) -> Result<Arc<Self>> {
        let shared = SHARED.get().ok_or(ENODEV)?;
        let gc = Gc::new()?;
        let config = Config::empty(random::u64());
        let flows = shared.limits.flows_default();
        let tables = Tables {
            config: RcuArc::new(Arc::new(config, GFP_KERNEL)?),
            flows4: FlowTable::new(&shared.flows4, flows)?,
            flows6: FlowTable::new(&shared.flows6, flows)?,
            persist4: PersistTable::new(&shared.persist4, flows)?,
            persist6: PersistTable::new(&shared.persist6, flows)?,
            stats: Stats::new()?,
            traces: Traces::new()?,
            entropy: Key::new([random::u64(), random::u64()]),
            net: weak,
            is_open: AtomicBool::new(true),
            writer: KBox::pin_init(new_mutex!(Writer::default()), GFP_KERNEL)?,
            work: PeriodicWork::new(gc.clone())?,
            gc,
            shared,
        };
        let tables = Arc::new(tables, GFP_KERNEL)?;
        tables.gc.start(tables.clone());
        #[cfg(slr_selftest)]
        super::selftest::run(&tables).inspect_err(|_| tables.gc.stop())?;
        Ok(tables)
    }

    fn pre_exit(&self, _net: &Net) {
        // Each attachment ends its hooks and waits for those who run them; none can be made later.
        let attachments = self.writer.lock().close();
        drop(attachments);
        self.is_open.store(false, Ordering::Release);
        let guard = rcu::read_lock();
        for (device, _) in self.config.load(&guard).devices(Default::default()) {
            device.place.cut_off(&guard);
        }
    }

    fn exit(&self, _net: &Net) {
        self.gc.stop();
        let config = self.config.get();
        for (tunnel, _) in config.tunnels(Default::default()) {
            tunnel.route.forget();
        }
        if config.has_had_tunnels() && !self.stats.has_opened() {
            deferred::flush();
        }
        // Routes must be given back before the namespace goes, those included of flows that were
        // taken out before.
        if self.stats.has_opened() {
            while self.flows4.clear().is_err() || self.flows6.clear().is_err() {
                deferred::synchronize_rcu();
            }
            deferred::flush();
        }
    }
}

/// Tells the tables of a namespace about devices.
struct DeviceWatch;

impl Watch for DeviceWatch {
    fn event(&self, net: &Net, device: &Device, event: device::Event, _: &Rtnl) {
        if let device::Event::Rename | device::Event::Unregister = event {
            if let Some(tables) = Tables::get(net) {
                Tables::device_event(&tables, device, event);
            }
        }
    }
}

/// While it exists every namespace has its [`Tables`]. Dropping it ends them all.
///
/// The module's `Reaper` must outlive it.
pub(crate) struct Registration {
    // In the order of their end. The watcher is told on its end that all devices go, which would
    // detach one port after the other; without tables it has nobody to tell.
    _namespaces: namespace::Registration<Tables>,
    _watcher: Watcher<DeviceWatch>,
    _shared: Filled<Shared>,
}

impl Registration {
    /// Makes the tables of every namespace. Context: process, without the RTNL lock; may sleep.
    pub(crate) fn new(
        datapath: &'static dyn Datapath,
        listener: &'static dyn Listener,
        limits: Limits,
    ) -> Result<Self> {
        let shared = Shared {
            datapath,
            listener,
            limits,
            flows4: FlowCache::new(c"slr_flow4")?,
            flows6: FlowCache::new(c"slr_flow6")?,
            persist4: PersistCache::new(c"slr_client4")?,
            persist6: PersistCache::new(c"slr_client6")?,
        };
        let shared = SHARED.fill(Arc::new(shared, GFP_KERNEL)?)?;
        let namespaces = namespace::Registration::new()?;
        let watcher = Watcher::new(Arc::new(DeviceWatch, GFP_KERNEL)?)?;
        Ok(Registration {
            _watcher: watcher,
            _namespaces: namespaces,
            _shared: shared,
        })
    }
}
