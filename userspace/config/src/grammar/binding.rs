// SPDX-License-Identifier: GPL-2.0

//! The grammar of bindings.

use slr_netlink::uapi::{self, Method};
use slr_netlink::{Binding, BindingKey, BindingOptions, Ports, ServerKey, ServiceKey, Snat};

use super::{customer_name, named, server_key, service_key};
use crate::number::count;
use crate::word::{Fault, Words};

/// Keywords of a binding.
pub const BINDING: &[&str] = &["customer", "port", "method", "weight", "snat"];

/// `SERVICE SERVER [ OPTION ]...`
pub fn binding(words: &mut Words<'_>) -> Result<Binding, Fault> {
    let customer = words.context()?;
    let service = service_key(words, customer)?;
    let server = server_key(words, customer)?;
    binding_options(words, service, server)
}

/// The options of a binding whose ends are known.
pub fn binding_options(
    words: &mut Words<'_>,
    service: ServiceKey,
    server: ServerKey,
) -> Result<Binding, Fault> {
    let mut ports: Option<Ports> = None;
    let mut options = BindingOptions::default();
    while let Some(keyword) = words.next() {
        match keyword {
            "port" => words.once(keyword, &mut ports, str::parse)?,
            "method" => {
                let parse = named(&uapi::METHOD_ENUM, Method::from_value);
                words.once(keyword, &mut options.method, parse)?;
                if options.method == Some(Method::Tunnel) {
                    options.tunnel = Some(words.value("method tunnel", customer_name)?);
                }
            }
            "weight" => words.once(keyword, &mut options.weight, count)?,
            "snat" => words.once(keyword, &mut options.snat, snat)?,
            _ => return Err(words.unknown(BINDING)),
        }
    }
    let ports = ports.unwrap_or_default();
    options.port_last = (ports.last != ports.first).then_some(ports.last);
    let key = BindingKey {
        service,
        server,
        port: ports.first,
    };
    Ok(Binding { key, options })
}

/// `none | { auto | ADDR[-ADDR] }[:PORT-PORT]`; IPv6 in brackets where ports follow.
pub fn snat(text: &str) -> Result<Snat, String> {
    if text == "none" {
        return Ok(Snat::None);
    }
    let (addresses, ports) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(None) => return Err(format!("\"{text}\" lacks a closing bracket")),
        Some(Some((addresses, ""))) => (addresses, None),
        Some(Some((addresses, rest))) => match rest.strip_prefix(':') {
            Some(ports) => (addresses, Some(ports)),
            None => {
                return Err(format!(
                    "\"{rest}\" after the bracket is not \":PORT-PORT\""
                ))
            }
        },
        None => match text.split_once(':') {
            Some((addresses, ports)) if !ports.contains(':') => (addresses, Some(ports)),
            _ => (text, None),
        },
    };
    let ports = ports.map_or(Ok(Snat::PORTS), str::parse)?;
    if addresses == "auto" && !text.starts_with('[') {
        return Ok(Snat::Auto { ports });
    }
    let (first, last) = addresses.split_once('-').unwrap_or((addresses, addresses));
    let address = |text: &str| {
        text.parse().map_err(|_| {
            format!("\"{text}\" is not an address: use none, auto or ADDR[-ADDR][:PORT-PORT]")
        })
    };
    Ok(Snat::Pool {
        first: address(first)?,
        last: address(last)?,
        ports,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools() {
        let pool = |text| snat(text).unwrap();
        let ports = |first, last| Ports { first, last };
        let make = |first: &str, last: &str, ports| Snat::Pool {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
            ports,
        };
        assert_eq!(pool("auto"), Snat::Auto { ports: Snat::PORTS });
        let some = ports(2000, 2999);
        assert_eq!(pool("auto:2000-2999"), Snat::Auto { ports: some });
        assert_eq!(pool("10.0.0.1"), make("10.0.0.1", "10.0.0.1", Snat::PORTS));
        assert_eq!(
            pool("10.0.0.1-10.0.0.9:2000-2999"),
            make("10.0.0.1", "10.0.0.9", ports(2000, 2999))
        );
        assert_eq!(
            pool("fd00::1-fd00::9"),
            make("fd00::1", "fd00::9", Snat::PORTS)
        );
        assert_eq!(
            pool("[fd00::1-fd00::9]:2000-2999"),
            make("fd00::1", "fd00::9", ports(2000, 2999))
        );
        for wrong in [
            "",
            "any",
            "10.0.0.1-",
            "10.0.0.1:99-1",
            "[fd00::1",
            "[fd00::1]x",
            "[auto]",
        ] {
            assert!(snat(wrong).is_err(), "{wrong}");
        }
    }
}
