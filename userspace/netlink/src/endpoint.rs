// SPDX-License-Identifier: GPL-2.0

//! What names a service and a server, on the wire and as text.
//!
//! The text is that of the command line: `203.0.113.10:80/tcp`,
//! `[2001:db8::10]:8000-8099/udp`, `203.0.113.10/tcp`, `203.0.113.10`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::protocol::Protocol;
use crate::wire::{Attributes, Value, Writer};

attributes! {
    /// The attribute space that names a service or a server.
    Endpoint: endpoint {
        /// Routing context; 0 is public.
        customer: u32 = CUSTOMER,
        /// Address.
        address: IpAddr = ADDRESS,
        /// Protocol; any if absent.
        protocol: Protocol = PROTOCOL,
        /// First port.
        port: u16 = PORT,
        /// Last port, if there is more than one.
        port_last: u16 = PORT_LAST,
    }
}

/// A range of ports; 0 alone is any port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// First one.
    pub first: u16,
    /// Last one, the first one if there is only one.
    pub last: u16,
}

impl Ports {
    /// Any port.
    pub const ANY: Self = Self { first: 0, last: 0 };

    /// One port.
    pub fn one(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }

    /// It is any port.
    pub fn is_any(self) -> bool {
        self.first == 0
    }

    /// How many ports; 0 for any.
    pub fn count(self) -> u32 {
        if self.is_any() {
            0
        } else {
            u32::from(self.last) - u32::from(self.first) + 1
        }
    }

    /// They have a port in common. Any port overlaps only any port: it is the fallback
    /// of the others.
    pub fn overlaps(self, other: Self) -> bool {
        self.is_any() == other.is_any() && self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.last != self.first {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (parse_port(first)?, parse_port(last)?),
            None => {
                let port = parse_port(text)?;
                (port, port)
            }
        };
        if last < first {
            return Err(format!("port range {text} ends before it begins"));
        }
        Ok(Self { first, last })
    }
}

/// One port from 1 to 65535.
pub fn parse_port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(format!("port \"{text}\" is not a number 1..=65535")),
    }
}

/// An address of either family.
pub fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("\"{text}\" is not an IPv4 or IPv6 address"))
}

/// Names a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    /// Routing context; 0 is public.
    pub customer: u32,
    /// Virtual address.
    pub address: IpAddr,
    /// Protocol, or any.
    pub protocol: Protocol,
    /// Ports, or any.
    pub ports: Ports,
}

impl Default for ServiceKey {
    fn default() -> Self {
        Self {
            customer: 0,
            address: Ipv4Addr::UNSPECIFIED.into(),
            protocol: Protocol::ANY,
            ports: Ports::ANY,
        }
    }
}

/// Names a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey {
    /// Routing context; 0 is public.
    pub customer: u32,
    /// Address.
    pub address: IpAddr,
    /// Port; 0 is the whole machine.
    pub port: u16,
}

impl Default for ServerKey {
    fn default() -> Self {
        Self {
            customer: 0,
            address: Ipv4Addr::UNSPECIFIED.into(),
            port: 0,
        }
    }
}

/// An address and maybe ports, as `A`, `A:P` or `[A]:P`.
fn write_endpoint(f: &mut fmt::Formatter<'_>, address: IpAddr, ports: Ports) -> fmt::Result {
    match address {
        address if ports.is_any() => write!(f, "{address}"),
        IpAddr::V4(address) => write!(f, "{address}:{ports}"),
        IpAddr::V6(address) => write!(f, "[{address}]:{ports}"),
    }
}

/// The inverse of [`write_endpoint`].
pub fn parse_endpoint(text: &str) -> Result<(IpAddr, Option<Ports>), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest
            .split_once(']')
            .ok_or_else(|| format!("\"{text}\" lacks a closing bracket"))?;
        let address = IpAddr::V6(
            address
                .parse()
                .map_err(|_| format!("\"{address}\" is not an IPv6 address"))?,
        );
        return match rest.strip_prefix(':') {
            Some(ports) => Ok((address, Some(ports.parse()?))),
            None if rest.is_empty() => Ok((address, None)),
            None => Err(format!("\"{rest}\" after the bracket is not \":PORT\"")),
        };
    }
    match text.split_once(':') {
        // More than one colon and no bracket: an IPv6 address alone.
        Some((_, rest)) if rest.contains(':') => Ok((parse_address(text)?, None)),
        Some((address, ports)) => Ok((parse_address(address)?, Some(ports.parse()?))),
        None => Ok((parse_address(text)?, None)),
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_endpoint(f, self.address, self.ports)?;
        if self.protocol != Protocol::ANY {
            write!(f, "/{}", self.protocol)?;
        }
        Ok(())
    }
}

impl FromStr for ServiceKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (endpoint, protocol) = match text.split_once('/') {
            Some((endpoint, protocol)) => (endpoint, Some(protocol.parse()?)),
            None => (text, None),
        };
        let (address, ports) = parse_endpoint(endpoint)?;
        let protocol = match (protocol, ports) {
            (Some(protocol), _) => protocol,
            (None, Some(_)) => Protocol::TCP,
            (None, None) => Protocol::ANY,
        };
        if ports.is_some() && !protocol.has_ports() {
            return Err(format!("protocol {protocol} has no ports"));
        }
        Ok(Self {
            customer: 0,
            address,
            protocol,
            ports: ports.unwrap_or_default(),
        })
    }
}

impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_endpoint(f, self.address, Ports::one(self.port))
    }
}

impl FromStr for ServerKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, ports) = parse_endpoint(text)?;
        let ports = ports.unwrap_or_default();
        if ports.last != ports.first {
            return Err("a server has one port or none; give the range to the binding".into());
        }
        Ok(Self {
            customer: 0,
            address,
            port: ports.first,
        })
    }
}

macro_rules! key {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl Value for $type {
            fn put(&self, writer: &mut Writer, id: u16) {
                writer.nest(id, |w| Endpoint::from(*self).put_all(w));
            }
            fn get(payload: &[u8]) -> Result<Self, DecodeError> {
                Endpoint::read(payload)?.try_into()
            }
        }
    };
}
key!(ServiceKey);
key!(ServerKey);

/// 0 stands for absence in all of these.
fn given<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

impl From<ServiceKey> for Endpoint {
    fn from(key: ServiceKey) -> Self {
        Self {
            customer: given(key.customer),
            address: Some(key.address),
            protocol: (key.protocol != Protocol::ANY).then_some(key.protocol),
            port: given(key.ports.first),
            port_last: (key.ports.last != key.ports.first).then_some(key.ports.last),
        }
    }
}

impl From<ServerKey> for Endpoint {
    fn from(key: ServerKey) -> Self {
        Self {
            customer: given(key.customer),
            address: Some(key.address),
            port: given(key.port),
            ..Self::default()
        }
    }
}

impl TryFrom<Endpoint> for ServiceKey {
    type Error = DecodeError;

    fn try_from(endpoint: Endpoint) -> Result<Self, DecodeError> {
        let first = endpoint.port.unwrap_or(0);
        let last = endpoint.port_last.unwrap_or(0).max(first);
        Ok(Self {
            customer: endpoint.customer.unwrap_or(0),
            address: endpoint.address.ok_or("a service without an address")?,
            protocol: endpoint.protocol.unwrap_or(Protocol::ANY),
            ports: Ports { first, last },
        })
    }
}

impl TryFrom<Endpoint> for ServerKey {
    type Error = DecodeError;

    fn try_from(endpoint: Endpoint) -> Result<Self, DecodeError> {
        Ok(Self {
            customer: endpoint.customer.unwrap_or(0),
            address: endpoint.address.ok_or("a server without an address")?,
            port: endpoint.port.unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_come_back_as_they_are_written() {
        for text in [
            "203.0.113.10:80/tcp",
            "203.0.113.10:8000-8099/udp",
            "203.0.113.10/tcp",
            "203.0.113.10",
            "203.0.113.10/icmp",
            "203.0.113.10/253",
            "[2001:db8::10]:80/tcp",
            "[2001:db8::10]:1-65535/sctp",
            "2001:db8::10/udp",
            "2001:db8::10",
        ] {
            let key: ServiceKey = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
            let mut w = Writer::default();
            key.put(&mut w, 1);
            let bytes = w.finish();
            assert_eq!(ServiceKey::get(&bytes[4..]).unwrap(), key);
        }
    }

    #[test]
    fn shorter_ways_to_write_a_service() {
        let same = |a: &str, b: &str| {
            assert_eq!(a.parse::<ServiceKey>().unwrap().to_string(), b);
        };
        same("203.0.113.10:80", "203.0.113.10:80/tcp");
        same("[2001:db8::10]", "2001:db8::10");
        same("[2001:db8::10]/udp", "2001:db8::10/udp");
        same("203.0.113.10:80-80/udp", "203.0.113.10:80/udp");
        same("203.0.113.10/any", "203.0.113.10");
        same("203.0.113.10/6", "203.0.113.10/tcp");
    }

    #[test]
    fn wrong_services_are_refused() {
        for text in [
            "",
            "203.0.113",
            "203.0.113.10:",
            "203.0.113.10:0/tcp",
            "203.0.113.10:65536/tcp",
            "203.0.113.10:90-80/tcp",
            "203.0.113.10:80/icmp",
            "203.0.113.10:80/any",
            "203.0.113.10:80/",
            "[2001:db8::10:80",
            "[203.0.113.10]:80",
            "[2001:db8::10]80",
            "2001:db8::g",
            "example.org:80",
        ] {
            assert!(text.parse::<ServiceKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn servers() {
        for text in ["10.2.0.5:8001", "10.2.0.5", "[fd00::5]:80", "fd00::5"] {
            let key: ServerKey = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
        assert!("10.2.0.5:80-90".parse::<ServerKey>().is_err());
        assert!("10.2.0.5:80/tcp".parse::<ServerKey>().is_err());
        assert!("10.2.0.5:0".parse::<ServerKey>().is_err());
    }

    #[test]
    fn any_port_overlaps_only_itself() {
        let range = |text: &str| text.parse::<Ports>().unwrap();
        assert!(range("80-90").overlaps(range("90-95")));
        assert!(!range("80-90").overlaps(range("91-95")));
        assert!(!range("80-90").overlaps(Ports::ANY));
        assert!(Ports::ANY.overlaps(Ports::ANY));
    }
}
