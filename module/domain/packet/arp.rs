// SPDX-License-Identifier: GPL-2.0

//! ARP for IPv4 over Ethernet (RFC 826, RFC 5227).

use super::ether::{Mac, BROADCAST};
use crate::domain::addr::{Ip, V4};
use crate::domain::bytes;

/// Bytes of an ARP packet for IPv4 over Ethernet.
pub const LEN: usize = 28;

/// Hardware type, protocol type and both lengths of IPv4 over Ethernet.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 0x08, 0x00, 6, 4];

/// What an ARP packet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Asks who has the target address.
    Request,
    /// Tells where the sender address is.
    Reply,
}

/// An ARP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// What it does.
    pub operation: Operation,
    /// Link-layer address of the sender.
    pub sender_mac: Mac,
    /// Address of the sender; zero in a probe (RFC 5227, 2.1.1).
    pub sender: V4,
    /// Link-layer address of the target; means nothing in a request.
    pub target_mac: Mac,
    /// Address asked for or answered to.
    pub target: V4,
}

impl Arp {
    /// Reads the packet at the start of `packet`; `None` for other kinds of ARP.
    pub fn parse(packet: &[u8]) -> Option<Arp> {
        let packet: &[u8; LEN] = bytes::chunk(packet, 0)?;
        if bytes::chunk(packet, 0) != Some(&ETHERNET_IPV4) {
            return None;
        }
        Some(Arp {
            operation: match bytes::be16(packet, 6)? {
                1 => Operation::Request,
                2 => Operation::Reply,
                _ => return None,
            },
            sender_mac: *bytes::chunk(packet, 8)?,
            sender: V4::read(packet, 14)?,
            target_mac: *bytes::chunk(packet, 18)?,
            target: V4::read(packet, 24)?,
        })
    }

    /// Writes the packet to the start of `out`; returns its length.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let packet: &mut [u8; LEN] = bytes::chunk_mut(out, 0)?;
        let operation: u16 = match self.operation {
            Operation::Request => 1,
            Operation::Reply => 2,
        };
        bytes::put(packet, 0, ETHERNET_IPV4)?;
        bytes::put(packet, 6, operation.to_be_bytes())?;
        bytes::put(packet, 8, self.sender_mac)?;
        self.sender.write(packet, 14)?;
        bytes::put(packet, 18, self.target_mac)?;
        self.target.write(packet, 24)?;
        Some(LEN)
    }

    /// The answer that the target is at `mac`; only requests are answered.
    ///
    /// A probe is answered too, so that nobody else takes the address.
    pub fn reply(&self, mac: Mac) -> Option<Arp> {
        (self.operation == Operation::Request).then_some(Arp {
            operation: Operation::Reply,
            sender_mac: mac,
            sender: self.target,
            target_mac: self.sender_mac,
            target: self.sender,
        })
    }

    /// A gratuitous packet telling everyone that `addr` is at `mac`.
    ///
    /// RFC 5227, 3 asks for the request form; some stations heed only the reply,
    /// so callers send both.
    pub fn announcement(operation: Operation, mac: Mac, addr: V4) -> Arp {
        Arp {
            operation,
            sender_mac: mac,
            sender: addr,
            target_mac: match operation {
                Operation::Request => [0; 6],
                Operation::Reply => BROADCAST,
            },
            target: addr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_answered_once() {
        let request = Arp {
            operation: Operation::Request,
            sender_mac: [2, 0, 0, 0, 0, 1],
            sender: V4([192, 0, 2, 1]),
            target_mac: [0; 6],
            target: V4([192, 0, 2, 80]),
        };
        let mut out = [0; LEN];
        assert_eq!(request.write(&mut out), Some(LEN));
        assert_eq!(Arp::parse(&out), Some(request));
        let reply = request.reply([2, 0, 0, 0, 0, 9]).unwrap();
        assert_eq!(
            (reply.sender, reply.target),
            (request.target, request.sender)
        );
        assert_eq!(reply.reply([0; 6]), None);
        out[1] = 6;
        assert_eq!(Arp::parse(&out), None);
        assert_eq!(Arp::parse(&out[..27]), None);
    }
}
