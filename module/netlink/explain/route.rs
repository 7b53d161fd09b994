// SPDX-License-Identifier: GPL-2.0

//! Routes and addresses of this host, as the stages ask for them.

use core::net::{Ipv4Addr, Ipv6Addr};

use kernel::{prelude::*, sync::rcu};

use super::Case;
use crate::domain::addr::{V4, V6};
use crate::kern::net::{
    device::Device,
    route::{Dst, Route},
};
use crate::table::{self, Ask, PortName, PUBLIC};

/// Where a route leads.
pub(super) enum Way {
    /// To this host.
    Local,
    /// Out by this device.
    Device(PortName),
}

/// An address family, as far as routing treats them differently.
pub(super) trait Family: table::Family {
    /// The way of a packet between these ends that came in as `case` says.
    fn way(case: &Case<'_>, from: Self, to: Self) -> Result<Way>;

    /// The address of this host that it would speak to `peer` from.
    fn own_address(case: &Case<'_>, peer: Self) -> Option<Self>;

    /// Whether the address belongs to this host.
    fn is_local(case: &Case<'_>, addr: Self) -> bool;
}

/// The VRF that routes are looked up in, 0 for the main table.
fn l3mdev(case: &Case<'_>, guard: &rcu::Guard) -> Option<u32> {
    let of_port = || {
        case.ifindex
            .and_then(|ifindex| Device::by_index(case.net, ifindex, guard))
            .map_or(0, |device| device.l3mdev(guard))
    };
    case.config.routing_vrf(case.customer, of_port)
}

/// What the host's routing tables are asked, as in the datapath.
fn asked<A: Family>(case: &Case<'_>, to: A, from: Option<A>, guard: &rcu::Guard) -> Result<Ask<A>> {
    Ask::of(case.config, case.customer, to, from, || l3mdev(case, guard)).ok_or(ENOENT)
}

fn checked<A: Family>(
    case: &Case<'_>,
    ask: &Ask<A>,
    route: Dst,
    guard: &rcu::Guard,
) -> Result<Dst> {
    match ask.allows(case.config, &route, guard) {
        true => Ok(route),
        false => Err(ENOENT),
    }
}

fn way(route: &Route, guard: &rcu::Guard) -> Way {
    match route.is_local() {
        true => Way::Local,
        false => Way::Device(PortName::new(route.device(guard).name().as_bytes())),
    }
}

impl Family for V4 {
    fn way(case: &Case<'_>, from: V4, to: V4) -> Result<Way> {
        let guard = rcu::read_lock();
        let ask = asked(case, to, Some(from), &guard)?;
        let (route, _) = Route::lookup_v4(case.net, &ask.lookup(from))?;
        let route = checked(case, &ask, route, &guard)?;
        Ok(way(&route, &guard))
    }

    fn own_address(case: &Case<'_>, peer: V4) -> Option<V4> {
        let guard = rcu::read_lock();
        let ask = asked(case, peer, None, &guard).ok()?;
        let (_, own) = Route::lookup_v4(case.net, &ask.lookup(V4::default())).ok()?;
        Some(V4(own.octets()))
    }

    fn is_local(case: &Case<'_>, addr: V4) -> bool {
        if case.customer != PUBLIC {
            return matches!(Self::way(case, V4::default(), addr), Ok(Way::Local));
        }
        let _guard = rcu::read_lock();
        case.net.is_local_v4(Ipv4Addr::from(addr.0))
    }
}

impl Family for V6 {
    fn way(case: &Case<'_>, from: V6, to: V6) -> Result<Way> {
        let guard = rcu::read_lock();
        let ask = asked(case, to, Some(from), &guard)?;
        let route = Route::lookup_v6(case.net, &ask.lookup(from))?;
        let route = checked(case, &ask, route, &guard)?;
        Ok(way(&route, &guard))
    }

    fn own_address(case: &Case<'_>, peer: V6) -> Option<V6> {
        let guard = rcu::read_lock();
        let ask = asked(case, peer, None, &guard).ok()?;
        let route = Route::lookup_v6(case.net, &ask.lookup(V6::default())).ok()?;
        let own = route
            .source_v6(case.net, Ipv6Addr::from(peer.0), &guard)
            .ok()?;
        Some(V6(own.octets()))
    }

    fn is_local(case: &Case<'_>, addr: V6) -> bool {
        if case.customer != PUBLIC {
            return matches!(Self::way(case, V6::default(), addr), Ok(Way::Local));
        }
        let _guard = rcu::read_lock();
        case.net.is_local_v6(Ipv6Addr::from(addr.0))
    }
}
