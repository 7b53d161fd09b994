// SPDX-License-Identifier: GPL-2.0

//! IP protocols, by the names that the module uses in its own sentences.

use std::fmt;
use std::str::FromStr;

use netlink_packet_core::DecodeError;
use slr_domain::domain::addr::Proto;

use crate::wire::{Value, Writer};

/// An IP protocol; 0 is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// Any protocol.
    pub const ANY: Self = Self(0);
    /// ICMP of IPv4.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP of IPv6.
    pub const ICMPV6: Self = Self(58);
    /// SCTP.
    pub const SCTP: Self = Self(132);

    /// It has ports that slr knows how to find.
    pub fn has_ports(self) -> bool {
        Proto(self.0).has_ports()
    }

    /// Its name, which is also the word of the command line.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::ANY => Some("any"),
            Self(number) => Proto(number).name(),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = (0..=u8::MAX).map(Self).find(|p| p.name() == Some(text));
        named
            .or_else(|| text.parse().map(Self).ok())
            .ok_or_else(|| {
                format!("protocol \"{text}\" is unknown: use tcp, udp, sctp, icmp or a number")
            })
    }
}

impl serde::Serialize for Protocol {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Value for Protocol {
    fn put(&self, writer: &mut Writer, id: u16) {
        self.0.put(writer, id);
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        u8::get(payload).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back() {
        for number in 0..=255 {
            let protocol = Protocol(number);
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        assert!("tcpp".parse::<Protocol>().is_err());
        assert!("256".parse::<Protocol>().is_err());
    }
}
