// SPDX-License-Identifier: GPL-2.0

//! Prefixes whose every address is this host's: routes of type local, which rtnetlink makes and
//! removes.
//!
//! They are in the table local, from which the stack knows what it may receive and speak from, and
//! are told from those of the host's own addresses by the protocol, which says who made a route.

use std::collections::BTreeSet;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};
use nix::errno::Errno;

use crate::error::{refused, Error};
use crate::prefix::Prefix;
use crate::refusal::Refusal;
use crate::rtnetlink::{call, dump};
use crate::wire::{find, Value, Writer};

/// What the kernel calls them (`include/uapi/linux/rtnetlink.h`).
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RT_TABLE_LOCAL: u8 = 255;
const RT_SCOPE_HOST: u8 = 254;
const RTN_LOCAL: u8 = 2;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// The index of the loopback device in every namespace.
const LOOPBACK: u32 = 1;
/// The protocol of routes that slr made; nobody's in `/etc/iproute2/rt_protos`.
const PROTOCOL: u8 = 115;
/// Size of `struct rtmsg`.
const RTMSG: usize = 12;
/// How often a list is asked for again because it changed meanwhile.
const ATTEMPTS: usize = 16;

/// Makes all addresses of a prefix local.
pub fn add(prefix: &Prefix) -> Result<(), Error> {
    let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    said(
        call(RTM_NEWROUTE, flags, &body(prefix, RT_SCOPE_HOST)),
        Errno::EEXIST,
        || format!("{prefix} is local to this host already"),
    )
}

/// Undoes that.
pub fn del(prefix: &Prefix) -> Result<(), Error> {
    // Of any scope: IPv6 has none and would find nothing.
    said(
        call(
            RTM_DELROUTE,
            NLM_F_REQUEST | NLM_F_ACK,
            &body(prefix, RT_SCOPE_NOWHERE),
        ),
        Errno::ESRCH,
        || format!("{prefix} is not accepted"),
    )
}

/// Matches routes of any scope.
const RT_SCOPE_NOWHERE: u8 = 255;

/// The prefixes that were made local.
pub fn list() -> Result<BTreeSet<Prefix>, Error> {
    for _ in 0..ATTEMPTS {
        let mut all = BTreeSet::new();
        let mut is_interrupted = false;
        for family in [AF_INET, AF_INET6] {
            let filter = header(family, 0, 0);
            is_interrupted |= dump(RTM_GETROUTE, &filter, |route| {
                all.extend(read(route));
                Ok(())
            })?;
        }
        if !is_interrupted {
            return Ok(all);
        }
    }
    Err(Error::Unsteady)
}

/// Puts a sentence in place of what the kernel says with that error number.
fn said(done: Result<(), Error>, errno: Errno, text: impl FnOnce() -> String) -> Result<(), Error> {
    done.map_err(|error| match error.errno() {
        Some(number) if number == errno as i32 => refused(Refusal {
            errno: number,
            text: Some(text()),
        }),
        _ => error,
    })
}

/// `struct rtmsg`.
fn header(family: u8, length: u8, scope: u8) -> [u8; RTMSG] {
    let mut bytes = [0; RTMSG];
    bytes[..2].copy_from_slice(&[family, length]);
    bytes[4..8].copy_from_slice(&[RT_TABLE_LOCAL, PROTOCOL, scope, RTN_LOCAL]);
    bytes
}

/// `struct rtmsg` and attributes.
fn body(prefix: &Prefix, scope: u8) -> Vec<u8> {
    let family = match prefix.address {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    };
    let mut attributes = Writer::default();
    prefix.address.put(&mut attributes, RTA_DST);
    LOOPBACK.put(&mut attributes, RTA_OIF);
    let mut bytes = header(family, prefix.length, scope).to_vec();
    bytes.extend(attributes.finish());
    bytes
}

/// The prefix of a route that slr made. Kernels that know no filter tell of others too.
fn read(route: &[u8]) -> Option<Prefix> {
    let (header, attributes) = route.split_at_checked(RTMSG)?;
    let [family, length, _, _, table, protocol, _, kind, ..] = *header else {
        return None;
    };
    if (table, protocol, kind) != (RT_TABLE_LOCAL, PROTOCOL, RTN_LOCAL) {
        return None;
    }
    let any: IpAddr = match family {
        AF_INET => std::net::Ipv4Addr::UNSPECIFIED.into(),
        AF_INET6 => std::net::Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let address = match find(attributes, RTA_DST) {
        Some(address) => IpAddr::get(address).ok()?,
        None => any,
    };
    Prefix::new(address, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read() {
        for text in ["203.0.113.0/24", "2001:db8:cafe::/48", "203.0.113.7/32"] {
            let prefix: Prefix = text.parse().unwrap();
            let mut bytes = body(&prefix, RT_SCOPE_HOST);
            assert_eq!(read(&bytes), Some(prefix));
            // Of the kernel itself.
            bytes[5] = 2;
            assert_eq!(read(&bytes), None);
        }
        assert_eq!(read(&[0; 5]), None);
    }
}
