// SPDX-License-Identifier: GPL-2.0

//! Sending packets by a route.
//!
//! C headers: [`include/net/neighbour.h`](srctree/include/net/neighbour.h),
//! [`include/net/ip.h`](srctree/include/net/ip.h)
//!
//! There are two ways: straight to the neighbour, which is the last thing that IP output does, and
//! through all of IP output, with its filters, IPsec and fragmentation.

use super::{
    device::Device,
    hook::Context,
    namespace::Net,
    route::{in6_addr, Route},
    skb::{Reason, Skb, Stolen},
    Family,
};
use crate::sys::bindings;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use kernel::{prelude::*, sync::rcu};

/// A neighbour, and whether it is of the other family than the packets.
struct Neighbour(*mut bindings::neighbour, bool);

/// Whether C returned an error in place of a neighbour.
///
/// C counterpart: `IS_ERR`, which the kernel crate makes a call of.
#[inline]
fn is_err(neighbour: *mut bindings::neighbour) -> bool {
    neighbour.addr() >= 0usize.wrapping_sub(kernel::bindings::MAX_ERRNO as usize)
}

impl Route {
    /// Sends an IPv4 packet, whose data begins at the network header, to the route's gateway or,
    /// if it has none, to `destination` on the link.
    ///
    /// Does what remains when IP output has nothing to decide: no filter, no fragmentation, and
    /// nothing is reported to the sender if the neighbour does not answer. The caller has checked
    /// [`Skb::fits_mtu`]. Where IPsec or a lightweight tunnel is on the way, all of IP output is
    /// passed after all.
    ///
    /// # Context
    ///
    /// Softirq, or process with bottom halves off; must not be sending on a device already.
    #[inline(always)]
    pub(crate) fn neighbour_output_v4(
        &self,
        skb: Skb,
        destination: Ipv4Addr,
        rcu: &rcu::Guard,
    ) -> Stolen {
        let dev = self.device(rcu).as_ptr();
        let Some(route) = self.as_v4().filter(|_| self.is_plain()) else {
            return self.output(skb, 0, rcu);
        };
        // SAFETY: The guard keeps the device, and so its neighbours that are found. The gateway's
        // address is of the family that stands beside it.
        let neighbour = unsafe {
            match u32::from(route.rt_gw_family) {
                0 => Neighbour(
                    bindings::slr_helper_ip_neigh_gw4(dev, u32::from(destination).to_be()),
                    false,
                ),
                bindings::AF_INET6 => Neighbour(
                    bindings::slr_helper_ip_neigh_gw6(
                        dev,
                        core::ptr::addr_of!(route.__bindgen_anon_1.rt_gw6).cast(),
                    ),
                    true,
                ),
                _ => Neighbour(
                    bindings::slr_helper_ip_neigh_gw4(dev, route.__bindgen_anon_1.rt_gw4),
                    false,
                ),
            }
        };
        self.to_neighbour(skb, neighbour, Family::V4, rcu)
    }

    /// As [`neighbour_output_v4`](Self::neighbour_output_v4), for an IPv6 packet.
    #[inline(always)]
    pub(crate) fn neighbour_output_v6(
        &self,
        skb: Skb,
        destination: Ipv6Addr,
        rcu: &rcu::Guard,
    ) -> Stolen {
        let dev = self.device(rcu).as_ptr();
        let Some(route) = self.as_v6().filter(|_| self.is_plain()) else {
            return self.output(skb, 0, rcu);
        };
        // C counterpart: `rt6_nexthop`.
        let next_hop = if route.rt6i_flags & bindings::RTF_GATEWAY != 0 {
            route.rt6i_gateway
        } else if route.rt6i_flags & bindings::RTF_CACHE != 0 {
            route.rt6i_dst.addr
        } else {
            in6_addr(destination)
        };
        // SAFETY: The guard keeps the device, and so its neighbours that are found.
        let neighbour =
            unsafe { bindings::slr_helper_ip_neigh_gw6(dev, core::ptr::addr_of!(next_hop).cast()) };
        self.to_neighbour(skb, Neighbour(neighbour, false), Family::V6, rcu)
    }

    /// Sends a packet of the address's family straight to the neighbour.
    #[inline]
    pub(crate) fn neighbour_output(
        &self,
        skb: Skb,
        destination: IpAddr,
        rcu: &rcu::Guard,
    ) -> Stolen {
        match destination {
            IpAddr::V4(destination) => self.neighbour_output_v4(skb, destination, rcu),
            IpAddr::V6(destination) => self.neighbour_output_v6(skb, destination, rcu),
        }
    }

    #[inline(always)]
    fn to_neighbour(
        &self,
        mut skb: Skb,
        neighbour: Neighbour,
        family: Family,
        rcu: &rcu::Guard,
    ) -> Stolen {
        let dev = self.device(rcu);
        if skb.head().len() < family.header_len() {
            return skb.free(Reason::HeaderTruncated);
        }
        let Neighbour(entry, is_other_family) = neighbour;
        if is_err(entry) {
            return skb.free(Reason::NoNeighbour);
        }
        if !skb.ensure_headroom(dev.link_headroom()) {
            return skb.free(Reason::NoMemory);
        }
        // Without a route the packet says nothing to its sender if the neighbour fails: what it
        // would quote are addresses after translation.
        skb.drop_route();
        // Address resolution looks into the header for the source of its question.
        skb.set_network_header(0);
        skb.set_device(dev);
        skb.set_protocol(family.ethertype());
        // SAFETY: The neighbour was found or made under the guard, which keeps it. The packet has
        // the headroom that the device's header needs, and passes to C, which consumes it whatever
        // it returns.
        unsafe { bindings::slr_helper_neigh_output(entry, skb.into_raw(), is_other_family) };
        Skb::taken()
    }

    /// Sends a packet, whose data begins at the network header, through IP output: POSTROUTING,
    /// IPsec, fragmentation.
    ///
    /// `frag_max_size` is that of a packet which was reassembled, so that no fragment leaves larger
    /// than any came; 0 for others. A packet that may not be fragmented and does not fit makes
    /// IP output report that to the packet's source, with the packet as it is now.
    ///
    /// # Context
    ///
    /// Softirq, or process.
    pub(crate) fn output(&self, mut skb: Skb, frag_max_size: u16, rcu: &rcu::Guard) -> Stolen {
        let family = self.family();
        if skb.pull(family.header_len()).is_none() {
            return skb.free(Reason::HeaderTruncated);
        }
        skb.set_network_header(0);
        skb.init_ip_control(family, frag_max_size);
        skb.drop_route();
        skb.set_protocol(family.ethertype());
        let net = self.device(rcu).net(rcu).as_ptr();
        let socket = core::ptr::null_mut();
        let skb = skb.into_raw();
        // SAFETY: The packet carries the route uncounted, which is right inside an RCU section:
        // whoever queues the packet counts it. `dst_output` consumes the packet. The route's
        // function is one that sends packets of its family, which is the packet's.
        unsafe {
            bindings::slr_helper_skb_dst_set_noref(skb, self.as_ptr());
            bindings::slr_helper_dst_output(net, socket, skb);
        }
        Skb::taken()
    }
}

impl Device {
    /// Sends a packet that is not IP, whose data begins at what follows the link-layer header and
    /// whose type is what [`Skb::set_protocol`] said, to the station that has the address
    /// `destination` on the link.
    ///
    /// C counterpart: `neigh_xmit`.
    ///
    /// # Context
    ///
    /// As [`Route::neighbour_output_v4`].
    pub(crate) fn neighbour_output(
        &self,
        mut skb: Skb,
        destination: IpAddr,
        rcu: &rcu::Guard,
    ) -> Stolen {
        let _ = rcu;
        let dev = self.as_ptr();
        // SAFETY: The device is valid, and the guard keeps its neighbours that are found.
        let neighbour = unsafe {
            match destination {
                IpAddr::V4(to) => bindings::slr_helper_ip_neigh_gw4(dev, u32::from(to).to_be()),
                IpAddr::V6(to) => {
                    let to = in6_addr(to);
                    bindings::slr_helper_ip_neigh_gw6(dev, core::ptr::addr_of!(to).cast())
                }
            }
        };
        if is_err(neighbour) {
            return skb.free(Reason::NoNeighbour);
        }
        if !skb.ensure_headroom(self.link_headroom()) {
            return skb.free(Reason::NoMemory);
        }
        skb.drop_route();
        skb.set_network_header(0);
        skb.set_device(self);
        // SAFETY: As in `to_neighbour`. The neighbour's cached header, which is one of IP packets,
        // is not used.
        unsafe { bindings::slr_helper_neigh_output(neighbour, skb.into_raw(), true) };
        Skb::taken()
    }
}

impl Skb {
    /// Looks up the route of a packet in a LOCAL_OUT hook again after its addresses were changed.
    /// On an error drop the packet.
    ///
    /// C counterparts: `ip_route_me_harder`, `ip6_route_me_harder`.
    pub(crate) fn reroute(&mut self, family: Family, context: &Context<'_>) -> Result {
        let net: &Net = context.net();
        if !self.has_route() || self.pull(family.header_len()).is_none() {
            return Err(EINVAL);
        }
        // SAFETY: The packet has a route, which both functions start from, and a whole header of
        // the family (checked above) at the network header, where its data begins in this hook.
        // `socket` is the one that the hook was called for, which the kernel keeps meanwhile.
        kernel::error::to_result(unsafe {
            match family {
                Family::V4 => bindings::ip_route_me_harder(
                    net.as_ptr(),
                    context.socket(),
                    self.as_ptr(),
                    bindings::RTN_UNSPEC,
                ),
                Family::V6 => {
                    bindings::ip6_route_me_harder(net.as_ptr(), context.socket(), self.as_ptr())
                }
            }
        })
    }
}
