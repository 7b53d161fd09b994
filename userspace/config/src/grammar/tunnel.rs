// SPDX-License-Identifier: GPL-2.0

//! The grammar of tunnels, and of routes that lead into them.

use slr_netlink::bytes::Mac;
use slr_netlink::endpoint::{parse_address, parse_port};
use slr_netlink::uapi::{self, OwnGuard, RouteAction, TunnelDf, TunnelType};
use slr_netlink::{Prefix, Route, RouteKey, RouteOptions, Snat, Tunnel};

use super::{customer_name, device, named, on_off, snat};
use crate::number::count;
use crate::rate::{pace, rate};
use crate::word::{Fault, Words};

/// Keywords of a tunnel.
pub const TUNNEL: &[&str] = &[
    "type",
    "customer",
    "local",
    "remote",
    "anywhere",
    "key",
    "okey",
    "dport",
    "sport",
    "ttl",
    "dscp",
    "df",
    "mtu",
    "rate-in",
    "packets-in",
    "checksum",
    "ethernet",
    "mac",
    "peer-mac",
    "cookie",
    "peer-cookie",
    "sublayer",
    "secure",
    "clear",
    "guard",
    "peers",
    "allowed",
    "to",
    "device",
    "dev",
];
/// Keywords of a route.
pub const ROUTE: &[&str] = &[
    "from",
    "customer",
    "via",
    "dev",
    "public",
    "device",
    "unreachable",
    "blackhole",
];

/// `NAME [ OPTION ]...`
pub fn tunnel(words: &mut Words<'_>) -> Result<Tunnel, Fault> {
    let name = words.name("NAME", customer_name)?;
    let mut tunnel = Tunnel {
        name,
        ..Tunnel::default()
    };
    while let Some(keyword) = words.next() {
        tunnel_option(words, keyword, &mut tunnel)?;
    }
    Ok(tunnel)
}

fn tunnel_option(words: &mut Words<'_>, keyword: &str, tunnel: &mut Tunnel) -> Result<(), Fault> {
    let o = &mut tunnel.options;
    match keyword {
        "type" => {
            let parse = named(&uapi::TUNNEL_TYPE_ENUM, TunnelType::from_value);
            words.once(keyword, &mut o.r#type, parse)
        }
        "customer" => words.customer(&mut o.customer),
        "local" => words.once(keyword, &mut o.local, parse_address),
        "remote" => words.once(keyword, &mut o.remote, parse_address),
        "anywhere" => words.once(keyword, &mut o.anywhere, on_off),
        // Each type has its own word for it.
        "key" | "vni" | "label" | "session" | "vid" => words.once(keyword, &mut o.ikey, tunnel_key),
        "okey" => words.once(keyword, &mut o.okey, tunnel_key),
        "dport" => words.once(keyword, &mut o.dport, parse_port),
        "sport" => words.once(keyword, &mut o.sport, |text| {
            or(text, "auto", 0, parse_port)
        }),
        "ttl" => words.once(keyword, &mut o.ttl, |text| {
            or(text, "inherit", 0, |text| small(text, 1, 255))
        }),
        "dscp" => words.once(keyword, &mut o.dscp, |text| {
            or(text, "inherit", 64, |text| small(text, 0, 63))
        }),
        "df" => {
            let parse = named(&uapi::TUNNEL_DF_ENUM, TunnelDf::from_value);
            words.once(keyword, &mut o.df, parse)
        }
        "mtu" => words.once(keyword, &mut o.mtu, |text| or(text, "auto", 0, count)),
        "rate-in" => words.once(keyword, &mut o.rate_in, rate),
        "packets-in" => words.once(keyword, &mut o.packets_in, pace),
        "checksum" => words.once(keyword, &mut o.checksum, on_off),
        "ethernet" => words.once(keyword, &mut o.ethernet, on_off),
        "mac" => words.once(keyword, &mut o.mac, str::parse),
        "peer-mac" => words.once(keyword, &mut o.peer_mac, |text| {
            or(text, "auto", Mac([0; 6]), str::parse)
        }),
        "cookie" => words.once(keyword, &mut o.cookie, str::parse),
        "peer-cookie" => words.once(keyword, &mut o.peer_cookie, str::parse),
        "sublayer" => words.once(keyword, &mut o.sublayer, on_off),
        "secure" => words.once(keyword, &mut o.secure, on_off),
        "clear" => words.once(keyword, &mut o.clear, on_off),
        "guard" => {
            let parse = named(&uapi::OWN_GUARD_ENUM, OwnGuard::from_value);
            words.once(keyword, &mut o.guard, parse)
        }
        "peers" => {
            tunnel.peers = words.value(keyword, prefixes)?;
            Ok(())
        }
        "allowed" => {
            tunnel.allowed = words.value(keyword, prefixes)?;
            Ok(())
        }
        "to" => words.once(keyword, &mut o.to, |text| {
            or(text, "none", String::new(), customer_name)
        }),
        "device" => words.once(keyword, &mut o.device, |text| {
            or(text, "none", String::new(), device)
        }),
        "dev" => words.once(keyword, &mut o.ifname, device),
        _ => Err(words.unknown(TUNNEL)),
    }
}

fn prefixes(text: &str) -> Result<Vec<Prefix>, String> {
    text.split(',').map(str::parse).collect()
}

/// A number in decimal or, behind 0x, in hexadecimal; or a service VLAN, a dot, and one in it.
fn tunnel_key(text: &str) -> Result<u32, String> {
    if let Some((outer, inner)) = text.split_once('.') {
        let vlan = |text: &str| text.parse::<u32>().ok().filter(|n| (1..4095).contains(n));
        let (outer, inner) = vlan(outer)
            .zip(vlan(inner))
            .ok_or_else(|| format!("\"{text}\" is not two numbers 1..=4094"))?;
        return Ok((inner << 16) | outer);
    }
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).map_err(|_| format!("\"{text}\" is no number")),
        None => count(text),
    }
}

fn small(text: &str, first: u8, last: u8) -> Result<u8, String> {
    match text.parse() {
        Ok(number) if (first..=last).contains(&number) => Ok(number),
        _ => Err(format!("\"{text}\" is not a number {first}..={last}")),
    }
}

/// That value for the word.
fn or<T>(
    text: &str,
    word: &str,
    value: T,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    match text == word {
        true => Ok(value),
        false => parse(text),
    }
}

/// `PREFIX customer CUSTOMER { via tunnel NAME | dev DEV [ via ADDRESS ] | public [ snat SNAT ] |
/// device NAME | unreachable | blackhole }`
pub fn route(words: &mut Words<'_>) -> Result<Route, Fault> {
    let key = route_key(words)?;
    let mut options = RouteOptions::default();
    match words.next() {
        Some("via") => {
            if !words.take("tunnel") {
                return Err(words.fault("via is followed by tunnel NAME"));
            }
            options.tunnel = Some(words.value("tunnel", customer_name)?);
        }
        Some("dev") => {
            options.action = Some(RouteAction::Port);
            options.ifname = Some(words.value("dev", device)?);
            if words.take("via") {
                options.gateway = Some(words.value("via", parse_address)?);
            }
        }
        Some("public") => {
            options.action = Some(RouteAction::Public);
            options.snat = Some(Snat::Auto { ports: Snat::PORTS });
            if words.take("snat") {
                options.snat = Some(words.value("snat", snat)?);
            }
        }
        Some("device") => {
            options.action = Some(RouteAction::Device);
            options.device = Some(words.value("device", device)?);
        }
        Some("unreachable") => options.action = Some(RouteAction::Unreachable),
        Some("blackhole") => options.action = Some(RouteAction::Blackhole),
        Some(_) => return Err(words.unknown(ROUTE)),
        None => return Err(words.fault("the route leads nowhere: via tunnel NAME is missing")),
    }
    Ok(Route { key, options })
}

/// `PREFIX customer CUSTOMER`
pub fn route_key(words: &mut Words<'_>) -> Result<RouteKey, Fault> {
    let customer = words.context()?;
    Ok(RouteKey {
        customer,
        prefix: words.name("PREFIX", str::parse)?,
        from: match words.take("from") {
            true => Some(words.value("from", str::parse)?),
            false => None,
        },
    })
}
