// SPDX-License-Identifier: GPL-2.0

//! Links of kind slr, which rtnetlink makes and removes.

use std::fs::File;
use std::os::fd::AsRawFd;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};

use crate::error::Error;
use crate::rtnetlink::call;
use crate::wire::{Value, Writer};

/// What the kernel calls them (`include/uapi/linux/rtnetlink.h`, `if_link.h`).
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
    call(RTM_NEWLINK, flags, &body(0, &attributes.finish()))
}

/// Removes the link of this index.
pub fn del(ifindex: u32) -> Result<(), Error> {
    call(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, &body(ifindex, &[]))
}

/// `struct ifinfomsg` and attributes.
fn body(ifindex: u32, attributes: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend_from_slice(&ifindex.to_ne_bytes());
    body.extend_from_slice(&[0; 8]);
    body.extend_from_slice(attributes);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_has_its_place() {
        let bytes = body(7, &[1, 2, 3, 4]);
        assert_eq!(bytes.len(), 20);
        assert_eq!(bytes[4..8], 7u32.to_ne_bytes());
    }
}
