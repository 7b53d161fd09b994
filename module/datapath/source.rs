// SPDX-License-Identifier: GPL-2.0

//! What a server is to know the client by.
//!
//! The flow tables find a source port that no other flow of the same server has. Where the address
//! is the gateway's own, its sockets have ports too, and a reply of the same ends would be a
//! flow's instead of theirs. So a port is left alone that a socket uses towards the server, and,
//! as sockets come later too, every port that the kernel gives out by itself (`ip_local_port_range`
//! less `ip_local_reserved_ports`). Only if a binding names nothing but such ports they are used:
//! the operator has said so.

use super::{Ctx, Family};
use crate::{
    domain::{
        addr::{PortRange, Proto},
        reason::DropReason,
    },
    kern::net::socket,
    table::{Snat, Source},
};

/// An address and port.
type End<A> = (A, u16);

/// What the server is to know the client by.
pub(super) fn source<A: Family>(
    ctx: &Ctx<'_>,
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
    Ok(Source::Pool { first, last, ports })
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
    is_own && (is_given_out(ctx, proto, ports, source.1) || A::has_socket(ctx, proto, source, peer))
}

/// Whether the kernel gives the port to sockets by itself, and the binding has others.
fn is_given_out(ctx: &Ctx<'_>, proto: Proto, ports: PortRange, port: u16) -> bool {
    if !proto.has_ports() {
        return false;
    }
    let given = socket::local_ports(ctx.net);
    let has_others = !given.contains(&ports.first) || !given.contains(&ports.last);
    has_others && given.contains(&port) && !socket::is_reserved(ctx.net, port)
}
