// SPDX-License-Identifier: GPL-2.0

//! Links of kind slr, which rtnetlink makes and removes.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};
use netlink_sys::{protocols::NETLINK_ROUTE, Socket, SocketAddr};

use crate::error::{refused, Error};
use crate::extack::Extack;
use crate::refusal::Refusal;
use crate::wire::{Value, Writer};

/// What the kernel calls them (`include/uapi/linux/rtnetlink.h`, `if_link.h`).
const NLMSG_ERROR: u16 = 2;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
/// The one attribute of the kind: the number of its customer.
const CUSTOMER: u16 = 1;

/// Size of `struct nlmsghdr`, and of an error number behind it.
const HEADER: usize = 16;
const ERRNO: usize = 4;
/// Room for an acknowledgement.
const READ_BUFFER: usize = 8 << 10;

/// A link to be made.
pub struct New<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number of its customer.
    pub customer: u32,
    /// The largest packet that it takes; 1500 if none.
    pub mtu: Option<u32>,
    /// The namespace that it is put into; this one if none.
    pub netns: Option<&'a File>,
}

/// Makes a link of kind slr.
pub fn add(new: &New<'_>) -> Result<(), Error> {
    let mut attributes = Writer::default();
    new.name.to_owned().put(&mut attributes, IFLA_IFNAME);
    if let Some(mtu) = new.mtu {
        mtu.put(&mut attributes, IFLA_MTU);
    }
    if let Some(netns) = new.netns {
        attributes.attr(IFLA_NET_NS_FD, &netns.as_raw_fd().to_ne_bytes());
    }
    attributes.nest(IFLA_LINKINFO, |w| {
        "slr".to_owned().put(w, IFLA_INFO_KIND);
        w.nest(IFLA_INFO_DATA, |w| new.customer.put(w, CUSTOMER));
    });
    let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    call(RTM_NEWLINK, flags, 0, &attributes.finish())
}

/// Removes the link of this index.
pub fn del(ifindex: u32) -> Result<(), Error> {
    call(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, ifindex, &[])
}

fn call(kind: u16, flags: u16, ifindex: u32, attributes: &[u8]) -> Result<(), Error> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    socket.send(&message(kind, flags, ifindex, attributes), 0)?;
    let mut room = vec![0; READ_BUFFER];
    let length = loop {
        match socket.recv(&mut &mut room[..], 0) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            length => break length?,
        }
    };
    answer(&room[..length])
}

/// `struct nlmsghdr`, `struct ifinfomsg`, attributes.
fn message(kind: u16, flags: u16, ifindex: u32, attributes: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend_from_slice(&ifindex.to_ne_bytes());
    body.extend_from_slice(&[0; 8]);
    body.extend_from_slice(attributes);
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&((HEADER + body.len()) as u32).to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&1u32.to_ne_bytes());
    bytes.extend_from_slice(&0u32.to_ne_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// What an acknowledgement says.
fn answer(bytes: &[u8]) -> Result<(), Error> {
    let field = |at: usize, len: usize| bytes.get(at..at + len);
    let number = |at: usize| {
        field(at, 2)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u16::from_ne_bytes)
    };
    let errno = field(HEADER, ERRNO)
        .and_then(|bytes| bytes.try_into().ok())
        .map(i32::from_ne_bytes);
    let (Some(NLMSG_ERROR), Some(flags), Some(errno)) = (number(4), number(6), errno) else {
        return Err(Error::Decode("it is no acknowledgement".to_owned()));
    };
    if errno == 0 {
        return Ok(());
    }
    let extack = Extack::parse(flags, bytes.get(HEADER + ERRNO..).unwrap_or_default());
    Err(refused(Refusal {
        errno: errno.saturating_neg(),
        text: extack.text,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers() {
        let bytes = message(RTM_DELLINK, NLM_F_REQUEST, 7, &[]);
        assert_eq!(bytes.len(), 32);
        assert_eq!(bytes[..4], 32u32.to_ne_bytes());
        assert_eq!(bytes[20..24], 7u32.to_ne_bytes());

        let mut ack = vec![0u8; 36];
        ack[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
        assert!(answer(&ack).is_ok());
        ack[16..20].copy_from_slice(&(-17i32).to_ne_bytes());
        let error = answer(&ack).unwrap_err();
        assert_eq!(error.errno(), Some(17));
        assert!(answer(&ack[..10]).is_err());
    }
}
