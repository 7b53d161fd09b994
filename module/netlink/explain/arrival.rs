// SPDX-License-Identifier: GPL-2.0

//! Where a packet comes in, and whether one of its source may.

use core::fmt::Display;

use super::{
    dropped,
    onward::{self, Back},
    room,
    route::Family,
    stages::Stage,
    Case, Result, Steps, Verdict,
};
use crate::{
    domain::{packet::Packet, reason::DropReason},
    table::{Guard, Side, Tunnel},
};

/// What comes out of a tunnel: into the next one whatever it is, or among the customer's packets.
fn decap<A: Family>(
    case: &Case<'_>,
    tunnel: &Tunnel,
    packet: &Packet<A>,
    steps: &mut Steps,
) -> Result<Stage<Side>> {
    let kind = tunnel.settings.outer.format.kind.name();
    steps.add("tunnel", format_args!("out of {} type {kind}", tunnel.name))?;
    if let Some(verdict) = room::budget(tunnel, steps)? {
        return Ok(Err(verdict));
    }
    if let Some(verdict) = room::rates(case, steps)? {
        return Ok(Err(verdict));
    }
    if let Some(to) = tunnel.settings.to {
        steps.add(
            "switch",
            format_args!("into the next without a look inside"),
        )?;
        return onward::enter(case, to, steps).map(Err);
    }
    let from = packet.src.to_addr();
    if case.has_source && !tunnel.allows(from) {
        steps.add("guard", format_args!("{from} is not allowed there"))?;
        return Ok(Err(dropped(DropReason::Spoof)));
    }
    let is_back = |way: Option<Back>| way == Some(Back::Tunnel(tunnel.id));
    let held = Held {
        own: tunnel.settings.guard,
        kind: "tunnel",
        name: &tunnel.name,
    };
    let stage = guarded(case, packet, held, is_back, Side::Any, steps)?;
    match (stage, tunnel.settings.device()) {
        (Ok(_), Some(device)) => {
            steps.add("device", format_args!("straight to slr device {device}"))?;
            Ok(Err(onward::deliver(case, device)))
        }
        (stage, _) => Ok(stage),
    }
}

/// What holds a packet to a guard.
struct Held<'a> {
    /// Its own guard; none is the customer's.
    own: Option<Guard>,
    kind: &'static str,
    name: &'a dyn Display,
}

/// What the guard says of the source: that of the tunnel or port, or else the customer's.
fn guarded<A: Family>(
    case: &Case<'_>,
    packet: &Packet<A>,
    held: Held<'_>,
    is_back: impl FnOnce(Option<Back>) -> bool,
    side: Side,
    steps: &mut Steps,
) -> Result<Stage<Side>> {
    let guard = case.config.guard(held.own, case.customer);
    let (word, is_right, where_to) = match guard {
        Guard::Loose => ("loose", onward::back(case, packet).is_some(), "nowhere"),
        Guard::Strict => ("strict", is_back(onward::back(case, packet)), "another way"),
        Guard::Off => return Ok(Ok(side)),
    };
    // Nobody forwards what is of the link only.
    let is_of_link = case.tunnel.is_none() && packet.src.is_link_local();
    if !case.has_source || is_right || is_of_link {
        return Ok(Ok(side));
    }
    let from = packet.src.to_addr();
    let (kind, name): (_, &dyn Display) = match held.own {
        Some(_) => (held.kind, held.name),
        None => ("the", &"customer"),
    };
    steps.add(
        "guard",
        format_args!("{word} of {kind} {name}: the customer's routes lead {where_to} to {from}"),
    )?;
    Ok(Err(dropped(DropReason::WrongWay)))
}

/// Where it comes in, and which half of the traffic may.
pub(super) fn entry<A: Family>(
    case: &Case<'_>,
    packet: &Packet<A>,
    steps: &mut Steps,
) -> Result<Stage<Side>> {
    if let Some(customer) = case.config.customer(case.customer) {
        steps.add("customer", format_args!("{}", customer.name))?;
    }
    if let Some(tunnel) = case.tunnel {
        return decap(case, tunnel, packet, steps);
    }
    let Some(ifindex) = case.ifindex else {
        steps.add("port", format_args!("sent by a process of this host"))?;
        return Ok(Ok(Side::Any));
    };
    let Some(port) = case.config.port(ifindex) else {
        steps.add("port", format_args!("device {ifindex} is no port"))?;
        return Ok(Err(Verdict::because("pass", "no-port")));
    };
    let side = match port.settings.side {
        Side::Any => "any",
        Side::Client => "client",
        Side::Server => "server",
    };
    steps.add("port", format_args!("{} side {side}", port.name))?;
    if let Some(verdict) = room::rates(case, steps)? {
        return Ok(Err(verdict));
    }
    let is_back = |way: Option<Back>| way == Some(Back::Device(port.name));
    let held = Held {
        own: port.settings.guard,
        kind: "port",
        name: &port.name,
    };
    guarded(case, packet, held, is_back, port.settings.side, steps)
}
