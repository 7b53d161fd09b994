// SPDX-License-Identifier: GPL-2.0

//! Where a packet comes in, and whether one of its source may.

use super::{dropped, onward, route::Family, stages::Stage, Case, Result, Steps, Verdict};
use crate::{
    domain::{packet::Packet, reason::DropReason},
    table::{Side, Tunnel},
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
    match tunnel.settings.device() {
        Some(device) => {
            steps.add("device", format_args!("straight to slr device {device}"))?;
            Ok(Err(onward::deliver(case, device)))
        }
        None => Ok(Ok(Side::Any)),
    }
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
    Ok(Ok(port.settings.side))
}
