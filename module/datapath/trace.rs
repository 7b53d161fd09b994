// SPDX-License-Identifier: GPL-2.0

//! What became of a packet, told to who follows packets (`slr trace`).
//!
//! A hook asks a static key whether anybody does, in any namespace. If so, and if it is in this one,
//! the packet gets a record, to which the stages add what they did, and which is shown when the
//! packet has ended here: to which readers is decided by all of its steps, so that one who asks for
//! a reason sees what led to it. Who follows packets by the tracepoint is told at each step.
//!
//! The hook of a port has stages of its own for packets that nobody follows, all in one function,
//! where the compiler knows that there is no record; elsewhere a step costs a look at the context.

use core::{
    cell::{Cell, RefCell},
    ptr,
};

use super::{lookup::Hit, Ctx, Entry, Family};
use crate::{
    domain::{
        packet::Packet,
        reason::PassReason,
        trace::{Stage, Step, View, STEPS_MAX},
    },
    kern::{
        net::{device::Device, hook::Verdict, skb::Skb},
        time, tracepoint,
    },
    table::{PortName, Trace, Tunnel},
};
use kernel::prelude::*;

/// The steps of one packet. One processor writes it, and only while the packet is on its way here.
pub(super) struct Record {
    /// Nanoseconds since boot.
    began: u64,
    steps: RefCell<KVec<Step>>,
    /// Steps without room.
    missed: Cell<u32>,
}

impl Record {
    #[cold]
    #[inline(never)]
    fn note(&self, mut step: Step) {
        let after = time::monotonic_ns().wrapping_sub(self.began);
        step.after = u32::try_from(after).unwrap_or(u32::MAX);
        if tracepoint::is_stage_on() {
            tracepoint::stage(&told(self.began, &step));
        }
        let is_noted = self
            .steps
            .try_borrow_mut()
            .is_ok_and(|mut steps| steps.push_within_capacity(step).is_ok());
        if !is_noted {
            self.missed.set(self.missed.get().saturating_add(1));
        }
    }

    /// Why a packet was left to the host, where no stage said so.
    fn passed(&self) -> PassReason {
        let steps = self.steps.try_borrow();
        match steps.is_ok_and(|steps| steps.iter().any(|step| step.view.is_some())) {
            true => PassReason::NotForUs,
            false => PassReason::NotIp,
        }
    }

    /// Whether it was told what became of the packet.
    fn has_end(&self) -> bool {
        let steps = self.steps.try_borrow();
        let last = steps
            .ok()
            .and_then(|steps| steps.last().map(|step| step.stage));
        use Stage::{Passed, Received, Sent};
        matches!(last, Some(Passed | Received | Sent)) || self.missed.get() != 0
    }
}

/// A step as the tracepoint tells it.
fn told(arrived: u64, step: &Step) -> tracepoint::Step {
    tracepoint::Step {
        arrived,
        after: step.after,
        customer: step.customer,
        ifindex: step.ifindex,
        tunnel: step.tunnel.unwrap_or(0),
        ends: step.view.map(|view| tracepoint::Ends {
            protocol: view.proto.0,
            src: (view.src.0.into(), view.src.1),
            dst: (view.dst.0.into(), view.dst.1),
        }),
        stage: step.stage.name(),
        reason: step.reason.unwrap_or(""),
    }
}

impl Ctx<'_> {
    /// Notes a step, if the packet is followed.
    #[inline(always)]
    pub(super) fn note(&self, stage: Stage, fill: impl FnOnce(&mut Step)) {
        if let Some(record) = self.trace {
            noted(self.customer(), record, stage, fill);
        }
    }

    /// Notes that the packet is left to the host stack.
    #[inline]
    pub(super) fn note_passed(&self, reason: PassReason) {
        self.note(Stage::Passed, |step| step.reason = Some(reason.name()));
    }

    /// Notes that the packet goes up by an slr device.
    #[inline(always)]
    pub(super) fn note_received(&self, dev: &Device) {
        self.note(Stage::Received, |step| {
            let name = self.config.device_name(dev, self.rcu);
            step.of_device(self, Some(dev), name);
        });
    }

    /// Notes that the packet leaves by a device.
    #[inline(always)]
    pub(super) fn note_sent(&self, dev: &Device) {
        self.note(Stage::Sent, |step| step.ifindex = dev.ifindex());
    }
}

/// Away from those who note nothing.
#[cold]
#[inline(never)]
fn noted(customer: u32, record: &Record, stage: Stage, fill: impl FnOnce(&mut Step)) {
    let mut step = Step::new(stage, customer);
    fill(&mut step);
    record.note(step);
}

impl Step {
    /// What its headers have.
    pub(super) fn of_packet<A: Family>(&mut self, packet: &Packet<A>) {
        self.view = Some(View {
            proto: packet.proto,
            src: (packet.src.to_addr(), packet.sport),
            dst: (packet.dst.to_addr(), packet.dport),
        });
    }

    /// Where its flow leads it: to the server that was chosen, or back to the client.
    pub(super) fn of_hit<A: Family>(&mut self, packet: &Packet<A>, hit: &Hit<'_, A>) {
        let (src, (_, port)) = (hit.ends().src, hit.ends().dst);
        self.view = Some(View {
            proto: packet.proto,
            src: (src.0.to_addr(), src.1),
            dst: (hit.hop().to_addr(), port),
        });
    }

    /// The ends that its flow gives it.
    pub(super) fn of_ends<A: Family>(&mut self, packet: &Packet<A>, hit: &Hit<'_, A>) {
        let (src, dst) = (hit.ends().src, hit.ends().dst);
        self.view = Some(View {
            proto: packet.proto,
            src: (src.0.to_addr(), src.1),
            dst: (dst.0.to_addr(), dst.1),
        });
    }

    /// The slr device that it comes or goes by, which may be in another namespace, where other
    /// devices have its number.
    fn of_device(&mut self, ctx: &Ctx<'_>, dev: Option<&Device>, name: Option<PortName>) {
        let here = dev.filter(|dev| ptr::eq(dev.net(ctx.rcu), ctx.net));
        self.ifindex = here.map_or(0, Device::ifindex);
        self.device = name.map(|name| *name.padded());
    }

    /// The tunnel that it comes out of or enters, and whose that is.
    pub(super) fn of_tunnel(&mut self, tunnel: &Tunnel) {
        self.tunnel = Some(tunnel.id);
        self.customer = tunnel.settings.customer;
    }
}

/// Takes a packet by `take` and shows what became of it, if somebody in the namespace follows
/// packets.
#[cold]
#[inline(never)]
pub(super) fn follow(
    ctx: &Ctx<'_>,
    skb: Skb,
    take: impl FnOnce(&Ctx<'_>, Skb) -> Verdict,
) -> Verdict {
    let traces = &ctx.tables.traces;
    if !traces.is_on(ctx.rcu) && !tracepoint::is_stage_on() {
        return take(ctx, skb);
    }
    let Ok(steps) = KVec::with_capacity(STEPS_MAX, GFP_ATOMIC | __GFP_NOWARN) else {
        traces.lost(ctx.rcu);
        return take(ctx, skb);
    };
    let record = Record {
        began: time::monotonic_ns(),
        steps: RefCell::new(steps),
        missed: Cell::new(0),
    };
    let followed = Ctx {
        trace: Some(&record),
        ..*ctx
    };
    followed.note(Stage::Arrived, |step| match ctx.entry {
        Entry::Port(_, dev) => step.ifindex = dev.ifindex(),
        Entry::Device(device) => {
            let dev = device.place.device(ctx.rcu);
            step.of_device(ctx, dev, Some(device.name));
        }
        _ => step.ifindex = ctx.output().map_or(0, Device::ifindex),
    });
    let verdict = take(&followed, skb);
    if verdict.is_accepted() && !record.has_end() {
        followed.note_passed(record.passed());
    }
    if let Ok(steps) = record.steps.try_borrow() {
        let trace = Trace {
            time: record.began,
            steps: &steps,
            missed: record.missed.get(),
        };
        ctx.tables.traced(ctx.config, &trace, ctx.now, ctx.rcu);
    }
    verdict
}
