// SPDX-License-Identifier: GPL-2.0

//! Translation of addresses and ports in place, checksums included.
//!
//! [`apply`](fn@apply) and [`Translation`] change the packet itself, [`apply_error`] an ICMP error together
//! with the packet it quotes. Both update checksums by the difference they make,
//! so a wrong checksum stays wrong and the payload is never read. Both check
//! that all bytes to change are there before they change any.
//!
//! What the transport checksum covers decides what is added to it. TCP, UDP,
//! UDP-Lite and ICMPv6 cover the addresses through a pseudo-header and the ports
//! or identifier themselves; ICMP covers only the latter. SCTP's CRC32c covers
//! ports but no addresses. Other protocols are translated by address alone, and
//! if they have a pseudo-header nobody corrects it.
//!
//! Fragments: the first one is translated right by itself, a later one gets its
//! addresses only. Callers that change ports defragment first.

use super::checksum::{crc32c_difference, Delta, Field, Folded};
use super::{icmp, sctp, tcp, udp, Fragment, Network, Packet, Quote, L4};
use crate::domain::addr::{Ip, Proto};
use crate::domain::bytes;

/// What the checksum field of the transport header holds at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The checksum as on the wire: CHECKSUM_NONE, UNNECESSARY or COMPLETE.
    ///
    /// A caller that keeps COMPLETE must correct `skb->csum` for the addresses, or
    /// better forget it as `skb_forward_csum` does.
    Full,
    /// CHECKSUM_PARTIAL: the pseudo-header's sum, to which the device, or the kernel
    /// in its stead, will add the rest. Only a change of addresses shows in it. For
    /// SCTP the field means nothing yet.
    Partial,
}

/// The two ends a packet is to have: address, and port in host order.
///
/// The port of an echo request's source or of a reply's destination is its
/// identifier, as in [`Packet`]; other ports that a packet lacks are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrite<A> {
    /// Source.
    pub src: (A, u16),
    /// Destination.
    pub dst: (A, u16),
}

/// The ends that an ICMP error and the packet it quotes are to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRewrite<A> {
    /// Source of the error itself.
    pub src: A,
    /// Destination of the error itself.
    pub dst: A,
    /// The ends of the quoted packet.
    pub quote: Rewrite<A>,
}

/// What a translation adds to checksums, summed up once for all packets of a flow's direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// By the addresses.
    addrs: Folded,
    /// By addresses and ports.
    ends: Folded,
}

impl Change {
    /// The change of packets with the ends `from` that get the ends `to`.
    pub fn new<A: Ip>(from: &Rewrite<A>, to: &Rewrite<A>) -> Change {
        let addrs = Delta::new()
            .addr(from.src.0, to.src.0)
            .addr(from.dst.0, to.dst.0);
        let ports = Delta::new()
            .number(from.src.1, to.src.1)
            .number(from.dst.1, to.dst.1);
        Change {
            addrs: addrs.folded(),
            ends: addrs.and(ports).folded(),
        }
    }
}

/// Translates `packet`, which `bytes` holds from its network header on.
///
/// `bytes` must be writable for [`Packet::rewrite_len`] bytes; `None`, and nothing
/// changed, if it is shorter.
pub fn apply<A: Network>(
    rewrite: &Rewrite<A>,
    packet: &Packet<A>,
    bytes: &mut [u8],
    state: Checksum,
) -> Option<()> {
    let from = Rewrite {
        src: (packet.src, packet.sport),
        dst: (packet.dst, packet.dport),
    };
    let translation = Translation {
        to: *rewrite,
        change: Change::new(&from, rewrite),
    };
    translation.apply(packet, bytes, state, false)
}

/// The ends that packets get, and what that adds to their checksums.
#[derive(Clone, Copy, Debug)]
pub struct Translation<A> {
    /// The ends.
    pub to: Rewrite<A>,
    /// The change from the ends that the packets have.
    pub change: Change,
}

impl<A: Network> Translation<A> {
    /// As [`apply`](fn@apply); also lowers the time to live by one if the packet `is_forwarded`,
    /// for which it must not be used up.
    #[inline(always)]
    pub fn apply(
        &self,
        packet: &Packet<A>,
        bytes: &mut [u8],
        state: Checksum,
        is_forwarded: bool,
    ) -> Option<()> {
        let (header, rest) = bytes.split_at_mut_checked(packet.l4)?;
        let (src, dst) = (self.to.src.0, self.to.dst.0);
        let addrs = self.change.addrs.delta();
        let ends = self.change.ends.delta();
        match packet.proto {
            _ if packet.fragment == Fragment::Later => {
                A::translate(header, (src, dst), addrs, is_forwarded)
            }
            Proto::UDP | Proto::UDPLITE => {
                let udp: &mut [u8; udp::LEN] = bytes::chunk_mut(rest, 0)?;
                A::translate(header, (src, dst), addrs, is_forwarded)?;
                write_ports(udp, (self.to.src.1, self.to.dst.1))?;
                let field: &mut Field = bytes::chunk_mut(udp, udp::CHECKSUM)?;
                *field = match state {
                    Checksum::Partial => addrs.apply_partial(*field),
                    // None, which stays none.
                    Checksum::Full if *field == [0, 0] => *field,
                    Checksum::Full => ends.apply_udp(*field),
                };
                Some(())
            }
            Proto::TCP => {
                let tcp: &mut [u8; tcp::LEN] = bytes::chunk_mut(rest, 0)?;
                A::translate(header, (src, dst), addrs, is_forwarded)?;
                write_ports(tcp, (self.to.src.1, self.to.dst.1))?;
                let field: &mut Field = bytes::chunk_mut(tcp, tcp::CHECKSUM)?;
                *field = match state {
                    Checksum::Partial => addrs.apply_partial(*field),
                    Checksum::Full => ends.apply(*field),
                };
                Some(())
            }
            _ => {
                let rest = rest.get_mut(..packet.rewrite_len().checked_sub(packet.l4)?)?;
                A::translate(header, (src, dst), addrs, is_forwarded)?;
                // Copies, or the view of every packet would have to be in memory for this call.
                { *self }.rare(&{ *packet }, rest, state)
            }
        }
    }

    /// [`apply`](Self::apply) to a transport header that most packets do not have.
    #[cold]
    fn rare(&self, packet: &Packet<A>, rest: &mut [u8], state: Checksum) -> Option<()> {
        let part = Part {
            proto: packet.proto,
            echo_reply: match packet.info {
                L4::Echo { reply } => Some(reply),
                _ => None,
            },
            at: 0,
            len: packet.l4_len(),
            old: (packet.sport, packet.dport),
            new: (self.to.src.1, self.to.dst.1),
        };
        let _ = transport_rare(rest, &part, self.change.addrs.delta(), state)?;
        Some(())
    }
}

/// Translates `packet`, an ICMP error that `bytes` holds, and its `quote`.
///
/// `bytes` must be writable for [`Quote::rewrite_len`] bytes; `None`, and nothing
/// changed, if it is shorter. The quote's transport checksum is corrected if the
/// quote is long enough to have it.
pub fn apply_error<A: Network>(
    rewrite: &ErrorRewrite<A>,
    packet: &Packet<A>,
    quote: &Quote<A>,
    bytes: &mut [u8],
    state: Checksum,
) -> Option<()> {
    let bytes = bytes.get_mut(..quote.rewrite_len())?;

    let inner = addresses(bytes, quote.l3, (quote.src, quote.dst), &rewrite.quote)?;
    let (old, new) = A::update_checksum(bytes, quote.l3, inner)?;
    let part = Part {
        proto: quote.proto,
        echo_reply: quote.echo_reply,
        at: quote.l4,
        len: quote.l4_len,
        old: (quote.sport, quote.dport),
        new: (rewrite.quote.src.1, rewrite.quote.dst.1),
    };
    let body = inner
        .field(old, new)
        .and(transport(bytes, &part, inner, Checksum::Full)?);

    let ends = Rewrite {
        src: (rewrite.src, 0),
        dst: (rewrite.dst, 0),
    };
    let outer = addresses(bytes, 0, (packet.src, packet.dst), &ends)?;
    A::update_checksum(bytes, 0, outer)?;
    let field = bytes::chunk_mut(bytes, packet.l4.wrapping_add(icmp::CHECKSUM))?;
    let pseudo = match packet.proto {
        Proto::ICMPV6 => outer,
        _ => Delta::new(),
    };
    *field = match state {
        Checksum::Full => body.and(pseudo).apply(*field),
        Checksum::Partial => pseudo.apply_partial(*field),
    };
    Some(())
}

/// Writes the addresses of the header at `at`; returns the difference they make.
fn addresses<A: Network>(
    bytes: &mut [u8],
    at: usize,
    old: (A, A),
    new: &Rewrite<A>,
) -> Option<Delta> {
    let header = bytes.get_mut(at..)?.get_mut(..A::HEADER)?;
    new.src.0.write(header, A::SRC)?;
    new.dst.0.write(header, A::DST)?;
    Some(Delta::new().addr(old.0, new.src.0).addr(old.1, new.dst.0))
}

/// The transport header to translate.
struct Part {
    proto: Proto,
    /// Whether an ICMP echo is the reply.
    echo_reply: Option<bool>,
    /// Where it begins.
    at: usize,
    /// Bytes of it and of the payload, those not quoted included.
    len: usize,
    old: (u16, u16),
    new: (u16, u16),
}

/// Writes ports or identifier and the checksum, given what the addresses changed.
///
/// Returns the difference that all this makes to a checksum around it.
fn transport(bytes: &mut [u8], part: &Part, addrs: Delta, state: Checksum) -> Option<Delta> {
    let bytes = bytes.get_mut(part.at..)?;
    let ports = Delta::new()
        .number(part.old.0, part.new.0)
        .number(part.old.1, part.new.1);
    match part.proto {
        Proto::TCP => {
            write_ports(bytes, part.new)?;
            Some(ports.and(pseudo(bytes, tcp::CHECKSUM, addrs, ports, state, false)))
        }
        Proto::UDP | Proto::UDPLITE => {
            write_ports(bytes, part.new)?;
            Some(ports.and(pseudo(bytes, udp::CHECKSUM, addrs, ports, state, true)))
        }
        _ => transport_rare(bytes, part, addrs, state),
    }
}

/// [`transport`] for the protocols that most packets are not of; `bytes` begins with the header.
fn transport_rare(bytes: &mut [u8], part: &Part, addrs: Delta, state: Checksum) -> Option<Delta> {
    match part.proto {
        Proto::SCTP => {
            let old = *bytes::chunk(bytes, 0)?;
            write_ports(bytes, part.new)?;
            let new = *bytes::chunk(bytes, 0)?;
            let ports = Delta::new().word(old, new);
            let field = match bytes::chunk_mut::<4>(bytes, sctp::CHECKSUM) {
                Some(field) if state == Checksum::Full && old != new => field,
                _ => return Some(ports),
            };
            let crc = *field;
            let after = part.len.saturating_sub(old.len()) as u32;
            *field = (u32::from_le_bytes(crc) ^ crc32c_difference(old, new, after)).to_le_bytes();
            Some(ports.word(crc, *field))
        }
        Proto::ICMP | Proto::ICMPV6 => {
            let mut change = Delta::new();
            if let Some(is_reply) = part.echo_reply {
                let new = if is_reply { part.new.1 } else { part.new.0 };
                let id: &mut Field = bytes::chunk_mut(bytes, 4)?;
                change = change.field(*id, new.to_be_bytes());
                *id = new.to_be_bytes();
            }
            let addrs = match part.proto {
                Proto::ICMPV6 => addrs,
                _ => Delta::new(),
            };
            let check = pseudo(bytes, icmp::CHECKSUM, addrs, change, state, false);
            Some(change.and(check))
        }
        _ => Some(Delta::new()),
    }
}

/// Writes both ports.
#[inline(always)]
fn write_ports(bytes: &mut [u8], (src, dst): (u16, u16)) -> Option<()> {
    let [s0, s1] = src.to_be_bytes();
    let [d0, d1] = dst.to_be_bytes();
    bytes::put(bytes, 0, [s0, s1, d0, d1])
}

/// Corrects a checksum with pseudo-header at `at`; returns the difference this makes.
///
/// A field that a short quote lacks is none to correct. `zero_is_none`: a UDP
/// checksum of zero is absent and stays so, and a result of zero has another form.
#[inline(always)]
fn pseudo(
    bytes: &mut [u8],
    at: usize,
    addrs: Delta,
    content: Delta,
    state: Checksum,
    zero_is_none: bool,
) -> Delta {
    let Some(field) = bytes::chunk_mut::<2>(bytes, at) else {
        return Delta::new();
    };
    let old: Field = *field;
    *field = match state {
        Checksum::Partial => addrs.apply_partial(old),
        Checksum::Full if !zero_is_none => addrs.and(content).apply(old),
        Checksum::Full if old == [0, 0] => return Delta::new(),
        Checksum::Full => addrs.and(content).apply_udp(old),
    };
    Delta::new().field(old, *field)
}
