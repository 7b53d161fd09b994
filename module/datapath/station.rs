// SPDX-License-Identifier: GPL-2.0

//! The other end of a VLAN.
//!
//! The port's neighbour table knows nothing of stations in a VLAN that has no device, and addresses
//! in it are its customer's, so that two VLANs may have the same ones. So a VLAN leads to one
//! station, a router of the customer or its only host, whose link-layer address is configured, or
//! learned: from what comes from the tunnel's `remote`, or from whatever comes if that is not
//! given. Questions for the tunnel's `local` address, and for the link-local one of the port, are
//! answered.

use super::{announce, encap, parse, refuse, Ctx, Family};
use crate::{
    domain::{
        addr::{Addr, Ip, Proto, V4, V6},
        bytes,
        encap::link::Tags,
        packet::{
            arp::{self, Arp, Operation},
            ether::{self, Ether, Mac, BROADCAST, TYPE_ARP, TYPE_IPV6},
            ndisc::{self, Solicitation, ADVERTISEMENT_LEN},
            Network,
        },
        reason::DropReason,
    },
    kern::net::{device::Device, hook::Verdict, skb::Skb},
    table::Tunnel,
};

/// Room for a tag that the device or the core puts into a frame.
const TAG: usize = 4;

/// A tunnel that is a VLAN, and the port that it rides on.
pub(super) struct Vlan<'a> {
    pub(super) tunnel: &'a Tunnel,
    pub(super) dev: &'a Device,
}

impl Vlan<'_> {
    /// Learns where the other end is from a packet that came from `mac`.
    #[inline]
    pub(super) fn heard<A: Network>(&self, skb: &Skb, mac: Mac) {
        let remote = self.tunnel.settings.outer.remote;
        let is_remote = || A::read(skb.head(), A::SRC).is_some_and(|src| src.to_addr() == remote);
        if remote.is_unspecified() || is_remote() {
            self.tunnel.route.station.heard(mac);
        }
    }

    /// Takes ARP: answers and learns.
    #[cold]
    pub(super) fn asked(&self, ctx: &Ctx<'_>, mut skb: Skb) -> Verdict {
        let Some(question) = skb.pull(arp::LEN).and_then(Arp::parse) else {
            return refuse::drop(ctx, skb, DropReason::TunnelContent);
        };
        let outer = &self.tunnel.settings.outer;
        let is_remote = outer.remote.is_unspecified() || question.sender.to_addr() == outer.remote;
        if is_remote && !question.sender.is_unspecified() {
            self.tunnel.route.station.heard(question.sender_mac);
        }
        // Somebody who tells of the address as his own asks for nothing.
        let is_ours =
            question.target.to_addr() == outer.local && question.sender != question.target;
        let mac = self.dev.address().filter(|_| is_ours);
        if let Some(reply) = mac.and_then(|mac| question.reply(mac)) {
            let to = (question.sender_mac, TYPE_ARP);
            self.tell(ctx, to, arp::LEN, |out| reply.write(out));
        }
        skb.consume().into()
    }

    /// Takes IPv6 between neighbours: answers solicitations. Anything else is given back.
    pub(super) fn solicited(
        &self,
        ctx: &Ctx<'_>,
        mut skb: Skb,
        asker: Mac,
    ) -> Result<Skb, Verdict> {
        // What is between neighbours has no extension headers.
        let next = skb.pull(V6::HEADER).and_then(|head| bytes::u8_at(head, 6));
        if next != Some(Proto::ICMPV6.0) {
            return Ok(skb);
        }
        let packet = match parse::parse::<V6>(ctx, &mut skb) {
            Ok(packet) if V6::is_between_neighbours(&packet) => packet,
            _ => return Ok(skb),
        };
        let head = skb.pull(packet.end).unwrap_or(&[]);
        let question = Solicitation::parse(&packet, head);
        let local = self.tunnel.settings.outer.local;
        if let Some((question, mac)) = question.zip(self.dev.address()) {
            let target = question.target;
            if target.to_addr() == local || target == V6::link_local(mac) {
                let answer = question.answer(mac);
                let to = match answer.dst.is_multicast() {
                    true => announce::group(answer.dst),
                    false => question.source_mac.unwrap_or(asker),
                };
                self.tell(ctx, (to, TYPE_IPV6), ADVERTISEMENT_LEN, |out| {
                    answer.write(out)
                });
            }
        }
        Err(skb.consume().into())
    }

    /// Asks where the other end is, if there is an address to ask for.
    #[cold]
    fn ask(&self, ctx: &Ctx<'_>) {
        let outer = &self.tunnel.settings.outer;
        let Some(mac) = self
            .dev
            .address()
            .filter(|_| !outer.remote.is_unspecified())
        else {
            return;
        };
        match outer.remote {
            Addr::V4(remote) => {
                let question = Arp {
                    operation: Operation::Request,
                    sender_mac: mac,
                    sender: V4::from_addr(outer.local).unwrap_or(V4([0; 4])),
                    target_mac: [0; 6],
                    target: V4(remote),
                };
                self.tell(ctx, (BROADCAST, TYPE_ARP), arp::LEN, |out| {
                    question.write(out)
                });
            }
            Addr::V6(remote) => {
                let (src, target) = (V6::link_local(mac), V6(remote));
                let to = (announce::group(target.solicited_node()), TYPE_IPV6);
                self.tell(ctx, to, ADVERTISEMENT_LEN, |out| {
                    ndisc::write_question(src, mac, target, out)
                });
            }
        }
    }

    /// Sends what `write` writes, of that type, to a station.
    fn tell(
        &self,
        ctx: &Ctx<'_>,
        (to, ethertype): (Mac, u16),
        len: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) {
        let Some(mut skb) = Skb::alloc(encap::HEADROOM, len) else {
            return;
        };
        if skb.make_writable(len).and_then(write).is_some() {
            skb.set_untracked();
            // Whatever becomes of it was counted.
            let _ = self.send(ctx, skb, (None, to), ethertype, 0);
        }
    }

    /// Where the other end is, if that is known.
    #[inline]
    pub(super) fn station(&self, ctx: &Ctx<'_>) -> Option<Mac> {
        let (_, fixed) = self.tunnel.settings.outer.macs;
        if ether::is_station(fixed) {
            return Some(fixed);
        }
        let station = &self.tunnel.route.station;
        if station.is_to_be_asked(ctx.now) {
            self.ask(ctx);
        }
        station.mac()
    }

    /// Sends a packet, whose data begins behind the Ethernet header. Frames are from the port's own
    /// address unless told another.
    pub(super) fn send(
        &self,
        ctx: &Ctx<'_>,
        mut skb: Skb,
        (src, dst): (Option<Mac>, Mac),
        ethertype: u16,
        class: u8,
    ) -> Verdict {
        let format = &self.tunnel.settings.outer.format;
        let tags = Tags::new(format.kind, format.key, class);
        let Some((tags, src)) = tags.zip(src.or_else(|| self.dev.address())) else {
            return refuse::drop(ctx, skb, DropReason::NoDevice);
        };
        let header = Ether {
            dst,
            src,
            ethertype,
        };
        let room = self.dev.link_headroom().saturating_add(TAG);
        let outermost = tags.ethertype(ethertype);
        let write = |out: &mut [u8]| tags.write(&header, out);
        if !skb.put_link_header(tags.header_len(), room, outermost, write) {
            return refuse::drop(ctx, skb, DropReason::NotWritable);
        }
        skb.set_vlan_tag(tags.outer.ethertype, tags.outer.control);
        skb.send(self.dev, ctx.rcu).into()
    }
}
