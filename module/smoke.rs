#![allow(missing_docs, dead_code)]
use crate::kern::net::{
    defrag::{gather, Fragment},
    device::{Device, Event, Watch, Watcher},
    dst_cache::{DstCache4, DstCache6},
    hook::{self, Context, Hook, Point, Registration, Verdict},
    namespace::{self, Net, PernetState, Slot, WeakNet},
    route::{Lookup4, Lookup6, Route},
    skb::{Reason, Skb, Summed, PacketType},
    Family,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use kernel::{prelude::*, sync::{Arc, Mutex, new_mutex, rcu}};

static SLOT: Slot<State> = Slot::new();
static FAST: AtomicU64 = AtomicU64::new(0);
static SLOW: AtomicU64 = AtomicU64::new(0);
static REASM: AtomicU64 = AtomicU64::new(0);
static ACCEPT: AtomicU64 = AtomicU64::new(0);
static GSO: AtomicU64 = AtomicU64::new(0);
static PARTIAL: AtomicU64 = AtomicU64::new(0);
static REROUTED: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Fwd { c4: DstCache4, c6: DstCache6 }

#[pin_data]
pub(crate) struct State {
    weak: Arc<WeakNet>,
    fwd: Arc<Fwd>,
    #[pin]
    regs: Mutex<KVec<Registration<Fwd>>>,
    #[pin]
    out: Mutex<KVec<Registration<Out>>>,
}

pub(crate) struct Out;
impl Hook for Out {
    fn packet(&self, mut skb: Skb, cx: &Context<'_>) -> Verdict {
        // 198.51.100.1 -> rewritten to 10.2.0.2, rerouted
        if skb.protocol() == 0x0800 || true {
            let Some(h) = skb.pull(20) else { return Verdict::accept(skb) };
            if h.get(16..20) == Some(&[198, 51, 100, 1]) {
                let Some(w) = skb.make_writable(20) else { return Verdict::drop(skb, Reason::NoMemory) };
                w[16..20].copy_from_slice(&[10, 2, 0, 2]);
                // incremental would be right; recompute
                w[10] = 0; w[11] = 0;
                let mut s: u32 = 0;
                for i in 0..10 { s = s.wrapping_add(u32::from(u16::from_be_bytes([w[2 * i], w[2 * i + 1]]))); }
                s = (s & 0xffff) + (s >> 16); s = (s & 0xffff) + (s >> 16);
                let c = !(s as u16);
                w[10..12].copy_from_slice(&c.to_be_bytes());
                skb.set_untracked();
                if skb.reroute(Family::V4, cx).is_err() { return Verdict::drop(skb, Reason::NoRoute); }
                REROUTED.fetch_add(1, Relaxed);
            }
        }
        Verdict::accept(skb)
    }
}

impl PernetState for State {
    fn slot() -> &'static Slot<Self> { &SLOT }
    fn init(net: &Net, weak: Arc<WeakNet>) -> Result<Arc<Self>> {
        let fwd = Arc::new(Fwd { c4: DstCache4::new(), c6: DstCache6::new() }, GFP_KERNEL)?;
        let s = Arc::pin_init(pin_init!(State { weak, fwd, regs <- new_mutex!(KVec::new()), out <- new_mutex!(KVec::new()) }), GFP_KERNEL)?;
        let out = Registration::inet(net, Point::LocalOutV4, hook::PRIORITY_BEFORE_CONNTRACK, Arc::new(Out, GFP_KERNEL)?)?;
        s.out.lock().push(out, GFP_KERNEL)?;
        pr_info!("init net {}\n", net.cookie());
        Ok(s.into())
    }
    fn pre_exit(&self, net: &Net) {
        let regs = core::mem::take(&mut *self.regs.lock());
        let out = core::mem::take(&mut *self.out.lock());
        pr_info!("pre_exit net {} regs {}\n", net.cookie(), regs.len());
        hook::unregister(regs);
        hook::unregister(out);
    }
    fn exit(&self, net: &Net) {
        pr_info!("exit net {} weak alive {}\n", net.cookie(), self.weak.upgrade().is_some());
    }
}
impl Drop for Fwd { fn drop(&mut self) { pr_info!("fwd dropped\n"); } }

impl Fwd {
    fn v4(&self, mut skb: Skb, cx: &Context<'_>) -> Verdict {
        let Some(h) = skb.pull(20) else { return Verdict::drop(skb, Reason::TooSmall) };
        let frag = u16::from_be_bytes([h[6], h[7]]) & 0x3fff != 0;
        let total = usize::from(u16::from_be_bytes([h[2], h[3]]));
        let d = Ipv4Addr::new(h[16], h[17], h[18], h[19]);
        let s = Ipv4Addr::new(h[12], h[13], h[14], h[15]);
        if (d != Ipv4Addr::new(10, 2, 0, 2) && cx.net().is_local_v4(d)) || d.is_multicast() || d.is_broadcast() { ACCEPT.fetch_add(1, Relaxed); return Verdict::accept(skb); }
        if !skb.trim(total.max(20)) { return Verdict::drop(skb, Reason::NoMemory); }
        let mut frag_max = 0;
        if frag {
            match gather(cx.net(), Family::V4, skb, cx.rcu()) {
                Fragment::Reassembled(whole, m) => { skb = whole; frag_max = m; REASM.fetch_add(1, Relaxed); }
                Fragment::Queued(q) => return q.into(),
                Fragment::Refused(skb) => return Verdict::drop(skb, Reason::IpHeader),
            }
        }
        let fresh;
        let route: &Route = match self.c4.get(cx.rcu()).filter(|_| d == Ipv4Addr::new(10, 2, 0, 2)) {
            Some(r) => r,
            None => {
                let Ok((dst, src)) = Route::lookup_v4(cx.net(), &Lookup4 { source: s, ..Lookup4::new(d) }) else { return Verdict::drop(skb, Reason::NoRoute) };
                if false { pr_info!("x") }; if FAST.load(Relaxed) < 10 { pr_info!("lookup {:?} src {:?} dev {} mtu {} fwd {} local {} uni {} plain {}\n", d, src, dst.device(cx.rcu()).name(), dst.mtu(), dst.forward_mtu(), dst.is_local(), dst.is_unicast(), dst.is_plain()); }
                if d == Ipv4Addr::new(10, 2, 0, 2) {
                    if let Some(dst) = dst.try_hold() { self.c4.store(dst); }
                }
                fresh = dst; &fresh
            }
        };
        self.finish(skb, frag_max, route, cx, |r, skb| r.neighbour_output_v4(skb, d, cx.rcu()))
    }
    fn finish(&self, mut skb: Skb, frag_max: u16, route: &Route, cx: &Context<'_>, fast: impl Fn(&Route, Skb) -> crate::kern::net::skb::Stolen) -> Verdict {
        if skb.is_gso() { GSO.fetch_add(1, Relaxed); }
        if skb.ip_summed() == Summed::Partial { PARTIAL.fetch_add(1, Relaxed); }
        if skb.make_writable(20).is_none() { return Verdict::drop(skb, Reason::NoMemory); }
        skb.scrub_for_forwarding();
        if frag_max == 0 && skb.fits_mtu(route.forward_mtu()) {
            FAST.store(FAST.load(Relaxed) + 1, Relaxed);
            return fast(route, skb).into();
        }
        SLOW.fetch_add(1, Relaxed);
        route.output(skb, frag_max, cx.rcu()).into()
    }
    fn v6(&self, mut skb: Skb, cx: &Context<'_>) -> Verdict {
        let Some(h) = skb.pull(40) else { return Verdict::drop(skb, Reason::TooSmall) };
        let mut a = [0u8; 16]; a.copy_from_slice(&h[24..40]);
        let d = Ipv6Addr::from(a);
        let frag = h[6] == 44;
        if d.is_multicast() || (d.segments()[0] & 0xffc0) == 0xfe80 || cx.net().is_local_v6(d) { ACCEPT.fetch_add(1, Relaxed); return Verdict::accept(skb); }
        let mut frag_max = 0;
        if frag {
            match gather(cx.net(), Family::V6, skb, cx.rcu()) {
                Fragment::Reassembled(whole, m) => { skb = whole; frag_max = m; REASM.fetch_add(1, Relaxed); }
                Fragment::Queued(q) => return q.into(),
                Fragment::Refused(skb) => return Verdict::drop(skb, Reason::IpHeader),
            }
        }
        let target: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2);
        let fresh;
        let route: &Route = match self.c6.get(cx.rcu()).filter(|_| d == target) {
            Some(r) => r,
            None => {
                let dst = match Route::lookup_v6(cx.net(), &Lookup6::new(d)) { Ok(d) => d, Err(e) => { pr_info!("v6 lookup {:?}\n", e); return Verdict::drop(skb, Reason::NoRoute) } };
                if false { pr_info!("x") }; if FAST.load(Relaxed) < 10 { pr_info!("lookup6 {:?} src {:?} dev {} mtu {} fwd {} local {} cookie {}\n", d, dst.source_v6(cx.net(), d, cx.rcu()), dst.device(cx.rcu()).name(), dst.mtu(), dst.forward_mtu(), dst.is_local(), dst.cookie()); }
                if d == target { if let Some(dst) = dst.try_hold() { self.c6.store(dst); } }
                fresh = dst; &fresh
            }
        };
        self.finish(skb, frag_max, route, cx, |r, skb| r.neighbour_output_v6(skb, d, cx.rcu()))
    }
}

impl Hook for Fwd {
    fn packet(&self, skb: Skb, cx: &Context<'_>) -> Verdict {
        if skb.packet_type() != PacketType::Host { return Verdict::accept(skb); }
        match skb.protocol() {
            0x0800 => self.v4(skb, cx),
            0x86dd => self.v6(skb, cx),
            _ => Verdict::accept(skb),
        }
    }
}

pub(crate) struct W;
impl Watch for W {
    fn event(&self, net: &Net, dev: &Device, event: Event) {
        let Some(state) = namespace::get_arc::<State>(net) else { pr_info!("{} {:?} no state\n", dev.name(), event); return };
        if dev.name().as_bytes().first() != Some(&b'p') { return }
        pr_info!("{} {:?} up {} eth {}\n", dev.name(), event, dev.is_up(), dev.is_ethernet());
        match event {
            Event::Register => {
                if let Ok(r) = Registration::ingress(dev.into(), 0, state.fwd.clone()) {
                    let _ = state.regs.lock().push(r, GFP_KERNEL);
                }
            }
            Event::Unregister => {
                let mut regs = state.regs.lock();
                let mut i = 0;
                while i < regs.len() {
                    if regs[i].device().map(|d| d.ifindex()) == Some(dev.ifindex()) { let _ = regs.remove(i); } else { i += 1; }
                }
            }
            Event::Up => {
                let g = rcu::read_lock();
                let _ = dev.add_multicast(&[0x33, 0x33, 0xff, 0, 0, 9]);
                let Some(mut a) = Skb::alloc(dev.link_headroom(), 28) else { return };
                let mac = dev.address().unwrap_or_default();
                if let Some(b) = a.make_writable(28) {
                    b[0..8].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 1]);
                    b[8..14].copy_from_slice(&mac);
                    b[14..18].copy_from_slice(&[10, 1, 0, 77]);
                    b[24..28].copy_from_slice(&[10, 1, 0, 77]);
                }
                a.set_protocol(0x0806);
                let _ = a.send_ethernet(dev, &[0xff; 6], &g);
            }
            Event::Down => { let _ = dev.remove_multicast(&[0x33, 0x33, 0xff, 0, 0, 9]); }
            _ => {}
        }
    }
}

pub(crate) struct Smoke { _watch: Watcher<W>, _pernet: namespace::Registration<State> }
impl Smoke {
    pub(crate) fn new() -> Result<Self> {
        let _pernet = namespace::Registration::new()?;
        pr_info!("second registration: {:?}\n", namespace::Registration::<State>::new().err());
        Ok(Smoke { _pernet, _watch: Watcher::new(Arc::new(W, GFP_KERNEL)?)? })
    }
}
impl Drop for Smoke { fn drop(&mut self) {
    pr_info!("RESULT fast {} slow {} reasm {} accept {} gso {} partial {} rerouted {} us {} rnd {}\n", FAST.load(Relaxed), SLOW.load(Relaxed), REASM.load(Relaxed), ACCEPT.load(Relaxed), GSO.load(Relaxed), PARTIAL.load(Relaxed), REROUTED.load(Relaxed), crate::kern::time::monotonic_us(), crate::kern::random::below(10));
} }
