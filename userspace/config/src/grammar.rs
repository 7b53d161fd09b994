// SPDX-License-Identifier: GPL-2.0

//! The grammar of each object: words to structure.
//!
//! The same words follow `slr OBJECT add` and begin a line of a file. Only the form is
//! judged here; [`crate::limits`] and [`crate::check`] judge the sense.

use slr_domain::domain::limits::is_customer_name;
use slr_netlink::uapi::{self, Action, AdminState, Fate, Guard, OwnGuard, Scheduler, Side};
use slr_netlink::{
    Backup, Customer, CustomerOptions, Port, PortOptions, Prefix, Server, ServerKey, ServerOptions,
    Service, ServiceKey, ServiceOptions, Settings, Timeouts, Unknown,
};

use crate::number::{count, seconds};
use crate::rate::{pace, rate};
use crate::word::{Fault, Words};

mod binding;
mod tunnel;

pub use binding::{binding, binding_options, snat, BINDING};
pub use tunnel::{route, route_key, tunnel, ROUTE, TUNNEL};

/// Keywords of a customer.
pub const CUSTOMER: &[&str] = &[
    "id",
    "vrf",
    "guard",
    "max-flows",
    "max-routes",
    "max-tunnels",
    "new-flows",
    "packets",
    "bytes",
    "weight",
];
/// Keywords of a port.
pub const PORT: &[&str] = &["customer", "side", "announce", "guard"];
/// Keywords of a service.
pub const SERVICE: &[&str] = &[
    "customer",
    "scheduler",
    "table-size",
    "persist",
    "persist-mask",
    "timeout",
    "unknown",
    "backup",
    "state",
];
/// Keywords of a server.
pub const SERVER: &[&str] = &[
    "customer",
    "weight",
    "limit",
    "threshold",
    "hold",
    "backup",
    "drain-timeout",
    "state",
];
/// Keywords of the settings.
pub const SETTINGS: &[&str] = &["flows-max", "require-secure"];
/// States that have a timeout.
pub const TIMEOUTS: &[&str] = &[
    "syn",
    "established",
    "fin",
    "closed",
    "udp",
    "udp-replied",
    "icmp",
    "other",
];
/// Kinds of packets without a flow.
pub const UNKNOWN: &[&str] = &["ack", "data", "fin", "rst", "icmp", "sctp", "other"];

/// One name out of an enumeration of the spec.
pub fn named<T>(
    table: &'static uapi::Enum,
    from: fn(u32) -> Option<T>,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| {
        let value = table.value_of(text).and_then(from);
        value.ok_or_else(|| {
            let names: Vec<_> = table.entries.iter().map(|e| e.name).collect();
            format!("\"{text}\" is none of: {}", names.join(", "))
        })
    }
}

/// `none`, or what stands in.
fn backup<K: std::str::FromStr<Err = String>>(text: &str) -> Result<Backup<K>, String> {
    match text {
        "none" => Ok(Backup::None),
        _ => text.parse().map(Backup::To),
    }
}

/// The name of a customer, as the kernel allows them.
pub fn customer_name(text: &str) -> Result<String, String> {
    if is_customer_name(text.as_bytes()) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "\"{text}\" cannot be the name of a customer: use 1..=31 of a-z A-Z 0-9 _ . -, not \
             digits alone, not public"
        ))
    }
}

/// `NAME [ OPTION ]...`
pub fn customer(words: &mut Words<'_>) -> Result<Customer, Fault> {
    let name = words.name("NAME", customer_name)?;
    Ok(Customer {
        name: Some(name),
        options: customer_options(words)?,
    })
}

/// The options of a customer.
pub fn customer_options(words: &mut Words<'_>) -> Result<CustomerOptions, Fault> {
    let mut options = CustomerOptions::default();
    while let Some(keyword) = words.next() {
        match keyword {
            "id" => words.once(keyword, &mut options.id, count)?,
            "vrf" => words.once(keyword, &mut options.vrf, vrf)?,
            "max-flows" => words.once(keyword, &mut options.max_flows, quota)?,
            "max-routes" => words.once(keyword, &mut options.max_routes, quota)?,
            "max-tunnels" => words.once(keyword, &mut options.max_tunnels, quota)?,
            "new-flows" => words.once(keyword, &mut options.new_flows, pace)?,
            "packets" => words.once(keyword, &mut options.packets, pace)?,
            "bytes" => words.once(keyword, &mut options.bytes, rate)?,
            "weight" => words.once(keyword, &mut options.weight, quota)?,
            "guard" => {
                let parse = named(&uapi::GUARD_ENUM, Guard::from_value);
                words.once(keyword, &mut options.guard, parse)?;
            }
            _ => return Err(words.unknown(CUSTOMER)),
        }
    }
    Ok(options)
}

/// `none`, or a number, of which 0 is the same.
fn quota(text: &str) -> Result<u32, String> {
    match text {
        "none" => Ok(0),
        _ => count(text),
    }
}

/// `none`, or the name of a device.
fn vrf(text: &str) -> Result<String, String> {
    match text {
        "none" => Ok(String::new()),
        _ => device(text),
    }
}

/// `SERVICE` in that context.
pub fn service_key(words: &mut Words<'_>, customer: u32) -> Result<ServiceKey, Fault> {
    let key: ServiceKey = words.name("SERVICE", str::parse)?;
    Ok(ServiceKey { customer, ..key })
}

/// `SERVER` in that context.
pub fn server_key(words: &mut Words<'_>, customer: u32) -> Result<ServerKey, Fault> {
    let key: ServerKey = words.name("SERVER", str::parse)?;
    Ok(ServerKey { customer, ..key })
}

/// The name of a device, as the kernel allows them.
pub fn device(text: &str) -> Result<String, String> {
    let fits = (1..16).contains(&text.len()) && text != "." && text != "..";
    if fits && !text.contains(|c: char| c == '/' || c == ':' || c.is_whitespace()) {
        Ok(text.to_owned())
    } else {
        Err(format!("\"{text}\" cannot be the name of a device"))
    }
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("\"{text}\" is neither on nor off")),
    }
}

/// `DEV [ OPTION ]...`
pub fn port(words: &mut Words<'_>) -> Result<Port, Fault> {
    let name = words.name("DEV", device)?;
    let mut options = PortOptions::default();
    while let Some(keyword) = words.next() {
        match keyword {
            "customer" => words.customer(&mut options.customer)?,
            "side" => {
                let parse = named(&uapi::SIDE_ENUM, Side::from_value);
                words.once(keyword, &mut options.side, parse)?;
            }
            "announce" => words.once(keyword, &mut options.announce, on_off)?,
            "guard" => {
                let parse = named(&uapi::OWN_GUARD_ENUM, OwnGuard::from_value);
                words.once(keyword, &mut options.guard, parse)?;
            }
            _ => return Err(words.unknown(PORT)),
        }
    }
    Ok(Port {
        name,
        ifindex: None,
        options,
    })
}

/// `SERVICE [ OPTION ]...`
pub fn service(words: &mut Words<'_>) -> Result<Service, Fault> {
    let customer = words.context()?;
    let key = service_key(words, customer)?;
    let mut options = ServiceOptions::default();
    while let Some(keyword) = words.next() {
        match keyword {
            "scheduler" => {
                let parse = named(&uapi::SCHEDULER_ENUM, Scheduler::from_value);
                words.once(keyword, &mut options.scheduler, parse)?;
            }
            "table-size" => words.once(keyword, &mut options.table_size, count)?,
            "persist" => words.once(keyword, &mut options.persist, seconds)?,
            "persist-mask" => words.once(keyword, &mut options.persist_mask, mask)?,
            "timeout" => timeout(words, options.timeouts.get_or_insert_default())?,
            "unknown" => unknown(words, options.unknown.get_or_insert_default())?,
            "backup" => words.once(keyword, &mut options.backup, backup::<ServiceKey>)?,
            "state" => words.once(keyword, &mut options.state, up_down)?,
            _ => return Err(words.unknown(SERVICE)),
        }
    }
    if let Some(Backup::To(backup)) = &mut options.backup {
        backup.customer = customer;
    }
    Ok(Service { key, options })
}

fn mask(text: &str) -> Result<u8, String> {
    let text = text.strip_prefix('/').unwrap_or(text);
    match text.parse() {
        Ok(length) if length <= 128 => Ok(length),
        _ => Err(format!("\"{text}\" is not a prefix length 0..=128")),
    }
}

fn up_down(text: &str) -> Result<AdminState, String> {
    match text {
        "up" => Ok(AdminState::Up),
        "down" => Ok(AdminState::Down),
        _ => Err(format!("\"{text}\" is none of: up, down")),
    }
}

fn timeout(words: &mut Words<'_>, timeouts: &mut Timeouts) -> Result<(), Fault> {
    let Some(state) = words.next() else {
        return Err(words.fault("timeout lacks its state"));
    };
    let slot = match state {
        "syn" => &mut timeouts.syn,
        "established" => &mut timeouts.established,
        "fin" => &mut timeouts.fin,
        "closed" => &mut timeouts.closed,
        "udp" => &mut timeouts.udp,
        "udp-replied" => &mut timeouts.udp_replied,
        "icmp" => &mut timeouts.icmp,
        "other" => &mut timeouts.other,
        _ => return Err(words.unknown(TIMEOUTS)),
    };
    words.once(&format!("timeout {state}"), slot, seconds)
}

fn unknown(words: &mut Words<'_>, unknown: &mut Unknown) -> Result<(), Fault> {
    let Some(kind) = words.next() else {
        return Err(words.fault("unknown lacks its kind of packet"));
    };
    let slot = match kind {
        "ack" => &mut unknown.ack,
        "data" => &mut unknown.data,
        "fin" => &mut unknown.fin,
        "rst" => &mut unknown.rst,
        "icmp" => &mut unknown.icmp,
        "sctp" => &mut unknown.sctp,
        "other" => &mut unknown.other,
        _ => return Err(words.unknown(UNKNOWN)),
    };
    let parse = named(&uapi::ACTION_ENUM, Action::from_value);
    words.once(&format!("unknown {kind}"), slot, parse)
}

/// `SERVER [ OPTION ]...`
pub fn server(words: &mut Words<'_>) -> Result<Server, Fault> {
    let customer = words.context()?;
    let key = server_key(words, customer)?;
    let mut options = ServerOptions::default();
    while server_option(words, &mut options, customer)? {}
    match words.next() {
        Some(_) => Err(words.unknown(SERVER)),
        None => Ok(Server { key, options }),
    }
}

/// Takes one option of a server; false if what follows is none.
pub fn server_option(
    words: &mut Words<'_>,
    options: &mut ServerOptions,
    customer: u32,
) -> Result<bool, Fault> {
    let is_option = |word: &&str| *word != "customer" && SERVER.contains(word);
    let Some(keyword) = words.peek().filter(is_option) else {
        return Ok(false);
    };
    words.take(keyword);
    match keyword {
        "weight" => words.once(keyword, &mut options.weight, count)?,
        "limit" => words.once(keyword, &mut options.limit, count)?,
        "threshold" => words.once(keyword, &mut options.threshold, count)?,
        "hold" => words.once(keyword, &mut options.hold, hold)?,
        "backup" => {
            words.once(keyword, &mut options.backup, backup::<ServerKey>)?;
            if let Some(Backup::To(backup)) = &mut options.backup {
                backup.customer = customer;
            }
        }
        "drain-timeout" => words.once(keyword, &mut options.drain_timeout, seconds)?,
        _ => {
            let parse = named(&uapi::ADMIN_STATE_ENUM, AdminState::from_value);
            words.once(keyword, &mut options.state, parse)?;
        }
    }
    Ok(true)
}

fn hold(text: &str) -> Result<u32, String> {
    match text {
        "manual" => Ok(0),
        _ => seconds(text),
    }
}

/// `[ flows-max N ] [ require-secure { on | off } ]`
pub fn settings(words: &mut Words<'_>) -> Result<Settings, Fault> {
    let mut settings = Settings::default();
    if words.peek().is_none() {
        return Err(words.fault("flows-max or require-secure is missing"));
    }
    while let Some(keyword) = words.next() {
        match keyword {
            "flows-max" => words.once(keyword, &mut settings.flows_max, count)?,
            "require-secure" => words.once(keyword, &mut settings.require_secure, on_off)?,
            _ => return Err(words.unknown(SETTINGS)),
        }
    }
    Ok(settings)
}

/// `PREFIX` that a host accepts.
pub fn accept(words: &mut Words<'_>) -> Result<Prefix, Fault> {
    words.name("PREFIX", |text| match text.parse::<Prefix>()? {
        prefix if prefix.length == 0 => Err("a host cannot accept all addresses".into()),
        prefix => Ok(prefix),
    })
}

/// Keywords of a shaped device.
pub const SHAPE: &[&str] = &["rate"];

/// `DEV rate RATE`: a device that customers share by their weights.
pub fn shape(words: &mut Words<'_>) -> Result<(String, u64), Fault> {
    let dev = words.name("DEV", device)?;
    if !words.take("rate") {
        return Err(words.fault("rate RATE is missing"));
    }
    let rate = words.value("rate", |text| match rate(text)? {
        0..125 => Err("a shaped device needs a rate of 1kbit at the least".into()),
        rate => Ok(rate),
    })?;
    Ok((dev, rate))
}

/// `[ flows { keep | reset } ]`
pub fn fate(words: &mut Words<'_>) -> Result<Option<Fate>, Fault> {
    let mut fate = None;
    if words.take("flows") {
        let parse = named(&uapi::FATE_ENUM, Fate::from_value);
        words.once("flows", &mut fate, parse)?;
    }
    Ok(fate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn a_service_with_everything() {
        let text = "203.0.113.10:80/tcp scheduler maglev table-size 251 persist 5m persist-mask \
                    24 timeout syn 5 timeout udp-replied 1h unknown ack reset unknown other pass \
                    backup 203.0.113.11:80/tcp state down";
        let words = all(text);
        let service = service(&mut Words::new(&words)).unwrap();
        let o = service.options;
        assert_eq!(o.scheduler, Some(Scheduler::Maglev));
        assert_eq!(o.persist, Some(300));
        assert_eq!(o.timeouts.unwrap().udp_replied, Some(3600));
        assert_eq!(o.unknown.unwrap().ack, Some(Action::Reset));
        assert_eq!(o.unknown.unwrap().data, None);
        assert_eq!(o.state, Some(AdminState::Down));
    }

    #[test]
    fn faults() {
        let fault = |text: &str| {
            let words = all(text);
            let fault = service(&mut Words::new(&words)).unwrap_err();
            (fault.word, fault.text)
        };
        assert_eq!(fault("").0, 0);
        assert_eq!(fault("203.0.113.300").0, 0);
        assert_eq!(fault("203.0.113.1 scheduler").0, 2);
        assert_eq!(fault("203.0.113.1 scheduler best").0, 2);
        assert_eq!(fault("203.0.113.1 colour red").0, 1);
        assert_eq!(fault("203.0.113.1 timeout never 5").0, 2);
        assert_eq!(fault("203.0.113.1 timeout syn 5 timeout syn 6").0, 5);
        assert!(fault("203.0.113.1 scheduler best").1.contains("maglev"));
        assert!(fault("203.0.113.1 state drain").1.contains("up, down"));
    }

    #[test]
    fn devices() {
        assert!(device("eth0.7").is_ok());
        for wrong in ["", ".", "a/b", "sixteen-letters!", "a b"] {
            assert!(device(wrong).is_err(), "{wrong}");
        }
    }
}
