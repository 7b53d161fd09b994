// SPDX-License-Identifier: GPL-2.0

//! A prefix of addresses, on the wire and as text: `10.0.0.0/8`, `2001:db8::/32`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::endpoint::parse_address;
use crate::wire::{Attributes, Value, Writer};

attributes! {
    /// The attribute space of a prefix.
    PrefixNest: prefix {
        /// An address in it.
        address: IpAddr = ADDRESS,
        /// Bits that count.
        length: u8 = LENGTH,
    }
}

/// A prefix, cut to its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The first address in it.
    pub address: IpAddr,
    /// Bits that count.
    pub length: u8,
}

impl Prefix {
    /// The prefix of this length that an address is in, if there is such a length.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(address) => {
                let shift = 32u32.checked_sub(length.into())?;
                let mask = u32::MAX.checked_shl(shift).unwrap_or(0);
                IpAddr::V4((u32::from(address) & mask).into())
            }
            IpAddr::V6(address) => {
                let shift = 128u32.checked_sub(length.into())?;
                let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
                IpAddr::V6((u128::from(address) & mask).into())
            }
        };
        Some(Self { address, length })
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self {
            address: std::net::Ipv4Addr::UNSPECIFIED.into(),
            length: 0,
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (parse_address(address)?, Some(length)),
            None => (parse_address(text)?, None),
        };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let wrong = || format!("\"{text}\" is not a prefix: its length is 0..={bits}");
        let length = match length {
            Some(length) => length.parse().map_err(|_| wrong())?,
            None => bits,
        };
        let prefix = Self::new(address, length).ok_or_else(wrong)?;
        if prefix.address != address {
            return Err(format!("\"{text}\" has bits behind its length: {prefix}?"));
        }
        Ok(prefix)
    }
}

impl serde::Serialize for Prefix {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Value for Prefix {
    fn put(&self, writer: &mut Writer, id: u16) {
        let nest = PrefixNest {
            address: Some(self.address),
            length: Some(self.length),
        };
        writer.nest(id, |w| nest.put_all(w));
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        let nest = PrefixNest::read(payload)?;
        let address = nest.address.ok_or("a prefix without an address")?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = Self::new(address, nest.length.unwrap_or(bits));
        prefix.ok_or_else(|| "a prefix of an impossible length".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text() {
        for text in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "10.1.2.3/32",
            "2001:db8::/32",
            "::/0",
        ] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        assert_eq!("10.1.2.3".parse::<Prefix>().unwrap().length, 32);
        for wrong in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "2001:db8::/129",
            "10.0.0.0/",
            "x/8",
        ] {
            assert!(wrong.parse::<Prefix>().is_err(), "{wrong}");
        }
    }
}
