// SPDX-License-Identifier: GPL-2.0

//! Where virtual addresses are, told to neighbours: ARP and neighbour discovery.
//!
//! On ports that announce, requests for a virtual address are answered with the port's own
//! link-layer address, probes for duplicates too, so that nobody else takes it. All other requests
//! are the host stack's. When and what to tell unasked is for [`announcer`](super::announcer).

use super::{forward, Ctx, Entry, Family as _};
use crate::{
    domain::{
        addr::{Addr, Ip, V4, V6},
        packet::{
            arp::{self, Arp, Operation},
            ether::{Mac, BROADCAST},
            ndisc::{Advertisement, Solicitation, ADVERTISEMENT_LEN},
            Network, Packet,
        },
        reason::PassReason,
    },
    kern::net::{device::Device, hook::Verdict, skb::Skb, Family},
};
use kernel::sync::rcu;

const ETH_ARP: u16 = crate::domain::packet::ether::TYPE_ARP;

/// The port's device and address, if it announces.
fn announcing<'g>(ctx: &Ctx<'g>) -> Option<(&'g Device, Mac)> {
    match ctx.entry {
        Entry::Port(port, dev) if port.settings.announce && dev.is_ethernet() => {
            Some((dev, dev.address()?))
        }
        _ => None,
    }
}

/// Takes an ARP packet.
#[cold]
pub(super) fn asked(ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
    let answer = announcing(ctx).and_then(|(dev, mac)| {
        let request = Arp::parse(skb.pull(arp::LEN)?)?;
        ctx.config.host(ctx.customer(), request.target.to_addr())?;
        // Somebody who tells of the address as his own asks for nothing.
        let reply = request
            .reply(mac)
            .filter(|_| request.sender != request.target)?;
        send(
            dev,
            &request.sender_mac,
            ETH_ARP,
            arp::LEN,
            ctx.rcu,
            |out| reply.write(out),
        )
    });
    match answer {
        Some(()) => skb.consume().into(),
        None => Verdict::accept(skb),
    }
}

/// Takes an IPv6 packet to a group, which may be a solicitation.
#[cold]
pub(super) fn grouped(ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
    let is_hosts = announcing(ctx).is_none() && ctx.is_shared_with_host();
    if is_hosts || skb.pull(V6::HEADER).is_none() {
        return Verdict::accept(skb);
    }
    let packet = super::parse::parse::<V6>(ctx, &mut skb);
    match packet {
        Ok(packet) if V6::is_between_neighbours(&packet) => solicited(ctx, skb, &packet),
        Ok(_) => forward::leave_on_link(ctx, skb, PassReason::Multicast),
        Err(end) => end.unparsed(ctx, skb),
    }
}

/// Takes a packet of neighbour discovery.
#[cold]
pub(super) fn solicited(ctx: &Ctx<'_>, mut skb: Skb, packet: &Packet<V6>) -> Verdict {
    let answer = announcing(ctx).and_then(|(dev, mac)| {
        let asker = *skb.ethernet_header()?.get(6..)?.first_chunk()?;
        let solicitation = Solicitation::parse(packet, skb.pull(packet.end)?)?;
        ctx.config
            .host(ctx.customer(), solicitation.target.to_addr())?;
        let answer = solicitation.answer(mac);
        let to = match answer.dst.is_multicast() {
            true => group(answer.dst),
            false => solicitation.source_mac.unwrap_or(asker),
        };
        advertise(dev, &to, &answer, ctx.rcu)
    });
    match answer {
        Some(()) => skb.consume().into(),
        None => Verdict::accept(skb),
    }
}

/// Tells all neighbours on `dev` that `addr` is there.
pub(super) fn announce(dev: &Device, addr: Addr, rcu: &rcu::Guard) {
    let Some(mac) = dev.address().filter(|_| dev.is_ethernet()) else {
        return;
    };
    match addr {
        Addr::V4(addr) => {
            for operation in [Operation::Request, Operation::Reply] {
                let arp = Arp::announcement(operation, mac, V4(addr));
                // What is lost is told again.
                let _ = send(dev, &BROADCAST, ETH_ARP, arp::LEN, rcu, |out| {
                    arp.write(out)
                });
            }
        }
        Addr::V6(addr) => {
            let announcement = Advertisement::announcement(V6(addr), mac);
            let _ = advertise(dev, &group(announcement.dst), &announcement, rcu);
        }
    }
}

/// The link-layer address of an IPv6 group (RFC 2464, 7).
pub(super) fn group(addr: V6) -> Mac {
    let [.., a, b, c, d] = addr.0;
    [0x33, 0x33, a, b, c, d]
}

fn advertise(dev: &Device, to: &Mac, what: &Advertisement, rcu: &rcu::Guard) -> Option<()> {
    let ethertype = Family::V6.ethertype();
    send(dev, to, ethertype, ADVERTISEMENT_LEN, rcu, |out| {
        what.write(out)
    })
}

/// Sends what `write` writes to a station.
fn send(
    dev: &Device,
    to: &Mac,
    ethertype: u16,
    len: usize,
    rcu: &rcu::Guard,
    write: impl FnOnce(&mut [u8]) -> Option<usize>,
) -> Option<()> {
    let mut skb = Skb::alloc(dev.link_headroom(), len)?;
    write(skb.make_writable(len)?)?;
    skb.set_protocol(ethertype);
    skb.set_untracked();
    let _ = skb.send_ethernet(dev, to, rcu);
    Some(())
}
