// SPDX-License-Identifier: GPL-2.0

//! What becomes of a packet: one file a stage.
//!
//! ```text
//!   hooks ──> parse ──> lookup ──> a flow ──> track ─┬─> emit::way ──> act ──> emit
//!                          │                         │
//!                          └─────> no flow ──> open ─┘
//!
//!   icmp: errors about flows      fragment: what comes in parts     announce: ARP and ND
//!   decap: what comes by tunnels     forward: what of a customer is for no service
//!   guard: whether a source may be there
//!   encap: the way into a tunnel     outward: what of a customer is for the Internet
//!   device: what comes by slr devices           circuit: VLANs and labels of a port
//!   station: the other end of a VLAN          police: who sends too much
//!   trace: what became of a packet, told to who asks
//!   refuse: whatever ends elsewhere, counted and answered           limit: how often
//! ```
//!
//! A stage returns what the next one needs, or an [`End`]. All that can refuse a packet comes
//! before [`act`] writes the first byte; after that it can only be sent or dropped. The stages
//! are generic over the address family.
//!
//! Context: softirq, or a process that sends; inside RCU. Nothing sleeps, waits or allocates
//! but for a new flow or a packet of our own.

mod act;
mod announce;
mod announcer;
mod bound;
mod circuit;
mod decap;
mod device;
mod emit;
mod encap;
mod family;
mod forward;
mod fragment;
mod gateways;
mod guard;
mod hooks;
mod icmp;
mod limit;
mod local;
mod lookup;
mod open;
mod outward;
mod parse;
mod police;
mod refuse;
mod source;
mod station;
mod trace;
mod track;
mod vlans;

pub(crate) use device::Devices;
pub(crate) use hooks::{Datapath, Packets};

use family::Family;
use hooks::Namespace;
use refuse::End;
use trace::Record;

use crate::{
    domain::{
        addr::{V4, V6},
        packet::{
            ether::{TYPE_ARP, TYPE_IPV4, TYPE_IPV6, TYPE_MPLS},
            Fragment, Packet, L4,
        },
        reason::PassReason,
        trace::Stage,
    },
    kern::{
        net::{
            device::Device,
            hook::{self, Verdict},
            namespace::Net,
            skb::{PacketType, Skb},
        },
        time,
    },
    table::{
        Config, CustomerRuntime, Drops, Port, Side, SlrDevice, Tables, Traffic, Tunnel, PUBLIC,
    },
};
use kernel::sync::rcu;

/// What the stages know besides the packet: tables, configuration and where it came in.
#[derive(Clone, Copy)]
pub(crate) struct Ctx<'g> {
    tables: &'g Tables,
    /// The generation that this packet sees.
    config: &'g Config,
    net: &'g Net,
    namespace: &'g Namespace,
    rcu: &'g rcu::Guard,
    /// Seconds since boot.
    now: u32,
    entry: Entry<'g>,
    /// Bytes of the largest fragment that the packet was joined of, 0 if it came whole.
    joined: u16,
    /// Where the packet's steps are noted, if somebody follows it.
    trace: Option<&'g Record>,
}

/// Where a packet came in.
#[derive(Clone, Copy)]
enum Entry<'g> {
    /// At a port.
    Port(&'g Port, &'g Device),
    /// By a tunnel.
    Tunnel(&'g Tunnel),
    /// By an slr device: from a process or a private server behind it.
    Device(&'g SlrDevice),
    /// From a process of the gateway, in the context of this customer.
    Local(&'g hook::Context<'g>, u32),
    /// From another context, into that of this customer.
    Across(u32),
}

impl<'g> Ctx<'g> {
    #[inline(always)]
    fn new(
        tables: &'g Tables,
        namespace: &'g Namespace,
        config: &'g Config,
        context: &hook::Context<'g>,
        entry: Entry<'g>,
    ) -> Self {
        Ctx {
            tables,
            config,
            net: context.net(),
            namespace,
            rcu: context.rcu(),
            now: time::seconds(),
            entry,
            joined: 0,
            trace: None,
        }
    }

    /// The port, unless the packet is from the gateway.
    #[inline(always)]
    fn port(&self) -> Option<(&'g Port, &'g Device)> {
        match self.entry {
            Entry::Port(port, dev) => Some((port, dev)),
            Entry::Tunnel(_) | Entry::Device(_) | Entry::Local(..) | Entry::Across(_) => None,
        }
    }

    /// The routing context that the packet belongs to.
    #[inline(always)]
    fn customer(&self) -> u32 {
        match self.entry {
            Entry::Port(port, _) => port.settings.customer,
            Entry::Tunnel(tunnel) => tunnel.settings.customer,
            Entry::Device(device) => device.customer,
            Entry::Local(_, customer) | Entry::Across(customer) => customer,
        }
    }

    /// The customer that it comes in from; none in the public context.
    #[inline(always)]
    fn customer_runtime(&self) -> Option<&'g CustomerRuntime> {
        match self.entry {
            Entry::Port(port, _) => port.customer.as_deref(),
            Entry::Tunnel(tunnel) => tunnel.customer.as_deref(),
            Entry::Device(device) => Some(&device.runtime),
            Entry::Local(..) | Entry::Across(_) => None,
        }
    }

    /// Where the customer counts what comes in from it; nowhere in the public context.
    #[inline(always)]
    fn customer_traffic(&self) -> Option<&'g Traffic> {
        Some(&self.customer_runtime()?.traffic)
    }

    /// Where the customer counts what is dropped; nowhere in the public context.
    #[cold]
    fn customer_drops(&self) -> Option<&'g Drops> {
        let customer = match self.entry {
            Entry::Port(port, _) => &port.customer,
            Entry::Tunnel(tunnel) => &tunnel.customer,
            Entry::Device(device) => return Some(&device.runtime.drops),
            Entry::Local(_, customer) | Entry::Across(customer) => {
                return Some(&self.config.customer(customer)?.runtime.drops);
            }
        };
        Some(&customer.as_ref()?.drops)
    }

    /// Whether it is a customer's, where no packet may go on in another context.
    #[inline(always)]
    fn is_private(&self) -> bool {
        self.customer() != PUBLIC
    }

    /// The VRF whose table routes in this context, 0 for the main one; none if no table does.
    fn l3mdev(&self) -> Option<u32> {
        self.config.routing_vrf(self.customer(), || {
            let dev = self.port().map(|(_, dev)| dev).or_else(|| self.output());
            dev.map_or(0, |dev| dev.l3mdev(self.rcu))
        })
    }

    /// The device by which a process's packet is to leave.
    fn output(&self) -> Option<&'g Device> {
        match self.entry {
            Entry::Local(context, _) => context.output(),
            _ => None,
        }
    }

    /// Whether what is left to the host stack stays in the context: it knows of VRFs only.
    fn is_shared_with_host(&self) -> bool {
        match (self.entry, self.port()) {
            (Entry::Tunnel(_) | Entry::Device(_) | Entry::Across(_), _) => !self.is_private(),
            (_, Some((_, dev))) if self.is_private() => self.l3mdev() == Some(dev.l3mdev(self.rcu)),
            _ => true,
        }
    }

    /// Which half of the traffic may come in here.
    #[inline(always)]
    fn side(&self) -> Side {
        self.port()
            .map_or(Side::Any, |(port, _)| port.settings.side)
    }
}

/// A copy to lend to a cold function.
///
/// What is lent to a function that is not inlined must be in memory, from its beginning and for
/// everybody. If the copy is lent, it alone is, where it is needed.
#[inline(always)]
fn aside<T: Copy>(value: &T) -> T {
    *value
}

/// Takes a packet that came in at a port, its data beginning at the network header.
// The stages of a packet with a flow are inlined into one function for both families, or what one
// hands to the next would go through memory: a quarter of what slr costs. What few packets need is
// in cold functions of its own.
//
// A packet that somebody follows goes through the stages that others share.
#[inline(always)]
fn input<const FOLLOWED: bool>(ctx: &Ctx<'_>, skb: Skb) -> Verdict {
    // A tagged frame that is no tunnel's comes again, without the tag, on its VLAN's own device.
    if skb.vlan().is_some() {
        return circuit::arrived(&aside(ctx), skb);
    }
    match skb.protocol() {
        TYPE_IPV4 | TYPE_IPV6 if FOLLOWED && skb.is_to_us() => match skb.protocol() {
            TYPE_IPV4 => route_other::<V4>(ctx, skb),
            _ => route_other::<V6>(ctx, skb),
        },
        TYPE_IPV4 if skb.is_to_us() => route::<V4>(ctx, skb),
        TYPE_IPV6 if skb.is_to_us() => route::<V6>(ctx, skb),
        _ => input_other(&aside(ctx), skb),
    }
}

/// [`input`] of what is no IP packet to the port's own address.
#[cold]
fn input_other(ctx: &Ctx<'_>, skb: Skb) -> Verdict {
    match (skb.packet_type(), skb.protocol()) {
        (PacketType::OtherHost, TYPE_IPV4) if is_for_bridge(ctx, &skb) => {
            route_other::<V4>(ctx, skb)
        }
        (PacketType::OtherHost, TYPE_IPV6) if is_for_bridge(ctx, &skb) => {
            route_other::<V6>(ctx, skb)
        }
        (PacketType::Multicast, TYPE_IPV6) => announce::grouped(ctx, skb),
        (PacketType::Host | PacketType::Broadcast, TYPE_ARP) => announce::asked(ctx, skb),
        (PacketType::Host, TYPE_MPLS) => circuit::arrived(ctx, skb),
        (PacketType::Multicast | PacketType::Broadcast, TYPE_IPV4 | TYPE_IPV6) => {
            forward::leave_on_link(ctx, skb, PassReason::Multicast)
        }
        (PacketType::OtherHost, _) => {
            ctx.note_passed(PassReason::OtherHost);
            Verdict::accept(skb)
        }
        _ => {
            ctx.note_passed(PassReason::NotIp);
            Verdict::accept(skb)
        }
    }
}

/// Whether a frame is addressed to the bridge that the port belongs to. The port's own address is
/// another, so the link layer calls it somebody else's until the bridge has looked at it.
#[cold]
fn is_for_bridge(ctx: &Ctx<'_>, skb: &Skb) -> bool {
    let bridge = ctx.port().and_then(|(_, dev)| dev.bridge_address(ctx.rcu));
    let to = skb
        .ethernet_header()
        .and_then(|header| header.first_chunk::<6>());
    bridge.is_some() && bridge.as_ref() == to
}

/// Takes an IP packet through the stages that came in some other way than most.
#[inline(never)]
fn route_other<A: Family>(ctx: &Ctx<'_>, skb: Skb) -> Verdict {
    route::<A>(ctx, skb)
}

/// Takes an IP packet through the stages.
#[inline(always)]
fn route<A: Family>(ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
    let packet = match parse::parse::<A>(ctx, &mut skb) {
        Ok(packet) => packet,
        Err(end) => return end.unparsed(&aside(ctx), skb),
    };
    ctx.note(Stage::Packet, |step| step.of_packet(&packet));
    if decap::may_carry(ctx, &packet) {
        skb = match carried(&aside(ctx), skb, &aside(&packet)) {
            Ok(skb) => skb,
            Err(verdict) => return verdict,
        };
    }
    if ctx.is_private() {
        if let Err(reason) = police::enter(ctx, &mut skb) {
            return refuse::drop(&aside(ctx), skb, reason);
        }
    }
    if let Entry::Tunnel(_) | Entry::Device(_) = ctx.entry {
        if let Err(reason) = guard::admit(&aside(&ctx.entry), &packet) {
            return refuse::drop(&aside(ctx), skb, reason);
        }
    }
    if ctx.is_private() && ctx.config.has_guards() {
        if let Err(reason) = guard::ask(&aside(ctx), &aside(&packet)) {
            return refuse::drop(&aside(ctx), skb, reason);
        }
    }
    if let (Entry::Tunnel(_) | Entry::Device(_), true) =
        (ctx.entry, packet.fragment != Fragment::None)
    {
        return fragment::part(&aside(ctx), skb, &aside(&packet));
    }
    match packet.info {
        L4::IcmpError { .. } => return icmp::error(&aside(ctx), skb, &aside(&packet)),
        L4::Icmp { .. } if A::is_between_neighbours(&packet) => {
            return A::neighbours(&aside(ctx), skb, &aside(&packet));
        }
        _ if packet.fragment != Fragment::None => {
            return fragment::part(&aside(ctx), skb, &aside(&packet))
        }
        _ => {}
    }
    match stages(ctx, &mut skb, &packet) {
        Ok((to, way)) => emit::emit(ctx, skb, to, way),
        Err(end) => end.conclude(&aside(ctx), skb, &aside(&packet)),
    }
}

/// Takes a packet if it is a tunnel's, or gives it back.
// Cold where it is called, so that other packets' stages keep their registers; what it calls is not.
#[cold]
fn carried<A: Family>(ctx: &Ctx<'_>, skb: Skb, packet: &Packet<A>) -> Result<Skb, Verdict> {
    decap::decap(ctx, skb, packet)
}

/// From the packet to its new ends and its way.
#[inline(always)]
fn stages<'g, A: Family>(
    ctx: &Ctx<'g>,
    skb: &mut Skb,
    packet: &Packet<A>,
) -> Result<(A, emit::Way<'g>), End> {
    let hit = match lookup::lookup(ctx, packet)? {
        Some(hit) => {
            let hit = track::track(ctx, packet, hit)?;
            ctx.note(Stage::Flow, |step| step.of_hit(packet, &hit));
            hit
        }
        None => {
            let hit = open::open(&aside(ctx), &aside(packet))?;
            ctx.note(Stage::Opened, |step| step.of_hit(packet, &hit));
            hit
        }
    };
    let way = emit::way(ctx, skb, packet, &hit)?;
    let to = act::act(skb, packet, &hit, way.is_forwarding())?;
    ctx.note(Stage::Rewritten, |step| step.of_ends(packet, &hit));
    act::count(ctx, skb, &hit);
    Ok((to, way))
}
