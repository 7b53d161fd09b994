// SPDX-License-Identifier: GPL-2.0

//! What a server is to know the client by.
//!
//! The flow tables find a source port that no other flow of the same server has. Where the address
//! is the gateway's own, its sockets have ports too, and a reply of the same ends would be a
//! flow's instead of theirs. So a port is left alone that a socket uses towards the server, and,
//! as sockets come later too, every port that the kernel gives out by itself (`ip_local_port_range`
//! less `ip_local_reserved_ports`). Only if a binding names nothing but such ports they are used:
//! the operator has said so. Nearly half of all ports being such, they are not even tried before
//! all others.

use super::{Ctx, Family};
use crate::{
    domain::{
        addr::{PortRange, Proto},
        reason::DropReason,
    },
    kern::net::socket,
    table::{Pool, Snat, Source},
};

/// An address and port.
type End<A> = (A, u16);

/// What the server is to know the client by.
pub(super) fn source<A: Family>(
    ctx: &Ctx<'_>,
    proto: Proto,
    snat: Snat,
    server: Option<A>,
) -> Result<Source<A>, DropReason> {
    let (first, last, ports) = match snat {
        Snat::None => return Ok(Source::Client),
        Snat::Auto { ports } => {
            let own = server
                .and_then(|server| A::own_address(ctx, server))
                .ok_or(DropReason::NoRoute)?;
            (own, own, ports)
        }
        Snat::Pool { first, last, ports } => match (A::from_addr(first), A::from_addr(last)) {
            (Some(first), Some(last)) => (first, last, ports),
            _ => return Err(DropReason::NoRoute),
        },
    };
    let given = given_out(ctx, proto, ports);
    Ok(Source::Pool(Pool {
        first,
        last,
        ports,
        avoid: given.filter(|_| matches!(snat, Snat::Auto { .. }) || A::is_local(ctx, first)),
    }))
}

/// Whether the gateway's own sockets have `source`, or may get it, towards `peer`.
pub(super) fn is_held<A: Family>(
    ctx: &Ctx<'_>,
    proto: Proto,
    snat: Snat,
    source: End<A>,
    peer: End<A>,
) -> bool {
    let (is_own, ports) = match snat {
        Snat::None => return false,
        Snat::Auto { ports } => (true, ports),
        Snat::Pool { ports, .. } => (A::is_local(ctx, source.0), ports),
    };
    let is_given_out = |port| {
        given_out(ctx, proto, ports).is_some_and(|given| given.contains(port))
            && !socket::is_reserved(ctx.net, port)
    };
    is_own && (is_given_out(source.1) || A::has_socket(ctx, proto, source, peer))
}

/// The ports that the kernel gives to sockets by itself, if the binding has others.
fn given_out(ctx: &Ctx<'_>, proto: Proto, ports: PortRange) -> Option<PortRange> {
    let given = socket::local_ports(ctx.net);
    let given = PortRange::new(*given.start(), *given.end())?;
    let has_others = !given.contains(ports.first) || !given.contains(ports.last);
    (proto.has_ports() && has_others).then_some(given)
}
