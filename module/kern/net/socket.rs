// SPDX-License-Identifier: GPL-2.0

//! Ports that sockets of this machine have, or may get.
//!
//! C headers: [`include/net/inet_hashtables.h`](srctree/include/net/inet_hashtables.h),
//! [`include/net/ip.h`](srctree/include/net/ip.h), [`include/net/udp.h`](srctree/include/net/udp.h)

use super::{namespace::Net, route::in6_addr};
use crate::sys::bindings;
use core::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6},
    ops::RangeInclusive,
};
use kernel::sync::rcu;

/// A transport protocol whose sockets can be looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// TCP: connections, also those that linger.
    Tcp,
    /// UDP: whoever would get a datagram, connected or not.
    Udp,
}

/// Returns the ports that the kernel gives to sockets which ask for none, but for those reserved.
pub(crate) fn local_ports(net: &Net) -> RangeInclusive<u16> {
    let (mut low, mut high) = (0, 0);
    // SAFETY: The namespace is valid, and both numbers are ours.
    unsafe { bindings::slr_helper_inet_get_local_port_range(net.as_ptr(), &mut low, &mut high) };
    let port = |number: i32| u16::try_from(number).unwrap_or(u16::MAX);
    port(low)..=port(high)
}

/// Returns whether the kernel gives the port to nobody by itself.
pub(crate) fn is_reserved(net: &Net, port: u16) -> bool {
    // SAFETY: The namespace is valid; its bitmap has a bit for each port.
    unsafe { bindings::slr_helper_inet_is_local_reserved_port(net.as_ptr(), port) }
}

/// Returns whether what `peer` sends to `own` has a socket here. Sockets that are bound to a
/// device are not found.
///
/// # Context
///
/// Any but hard interrupts, inside RCU.
pub(crate) fn exists_v4(
    net: &Net,
    transport: Transport,
    own: SocketAddrV4,
    peer: SocketAddrV4,
    _rcu: &rcu::Guard,
) -> bool {
    let address = |address: &Ipv4Addr| u32::from(*address).to_be();
    let (from, to) = (address(peer.ip()), address(own.ip()));
    match transport {
        Transport::Tcp => {
            // SAFETY: The namespace is valid and RCU is held.
            put(unsafe {
                bindings::__inet_lookup_established(
                    net.as_ptr(),
                    from,
                    peer.port().to_be(),
                    to,
                    own.port(),
                    0,
                    0,
                )
            })
        }
        Transport::Udp => {
            // SAFETY: As above. No packet is needed to look for one; what is found is held by RCU
            // and not looked at.
            let socket = unsafe {
                bindings::__udp4_lib_lookup(
                    net.as_ptr(),
                    from,
                    peer.port().to_be(),
                    to,
                    own.port().to_be(),
                    0,
                    0,
                    core::ptr::null_mut(),
                )
            };
            !socket.is_null()
        }
    }
}

/// As [`exists_v4`], for IPv6.
pub(crate) fn exists_v6(
    net: &Net,
    transport: Transport,
    own: SocketAddrV6,
    peer: SocketAddrV6,
    _rcu: &rcu::Guard,
) -> bool {
    let address = |address: &Ipv6Addr| in6_addr(*address);
    let (from, to) = (address(peer.ip()), address(own.ip()));
    match transport {
        Transport::Tcp => {
            // SAFETY: The namespace is valid and RCU is held; the addresses are ours during the
            // call.
            put(unsafe {
                bindings::__inet6_lookup_established(
                    net.as_ptr(),
                    &from,
                    peer.port().to_be(),
                    &to,
                    own.port(),
                    0,
                    0,
                )
            })
        }
        Transport::Udp => {
            // SAFETY: As above; the rest as in `exists_v4`.
            let socket = unsafe {
                bindings::__udp6_lib_lookup(
                    net.as_ptr(),
                    &from,
                    peer.port().to_be(),
                    &to,
                    own.port().to_be(),
                    0,
                    0,
                    core::ptr::null_mut(),
                )
            };
            !socket.is_null()
        }
    }
}

/// Gives back what a look-up of a connection found; returns whether it found anything.
fn put(socket: *mut bindings::sock) -> bool {
    if socket.is_null() {
        return false;
    }
    // SAFETY: The look-up returned a reference, which is not used any more. The function knows
    // full sockets from those that only linger or are about to be.
    unsafe { bindings::sock_gen_put(socket) };
    true
}
