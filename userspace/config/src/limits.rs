// SPDX-License-Identifier: GPL-2.0

//! What one object may say, whatever else there is: ranges of numbers, families.
//!
//! The kernel refuses the same; this says it with the words in front of one. Ranges are
//! those of the netlink specification.

use std::net::IpAddr;

use slr_domain::domain::addr::Addr;
use slr_domain::domain::limits::is_maglev_size;
use slr_netlink::uapi::{self, AttrSet, Method};
use slr_netlink::{
    Backup, Binding, Object, Ports, Protocol, Route, Server, ServerKey, Service, ServiceKey, Snat,
    Timeouts,
};

use crate::defaults::address_bits;

/// What is wrong with an object: a clause, and the keyword it is about. Without one it is
/// about the name of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Keyword, of which the value is wrong.
    pub keyword: Option<String>,
    /// A clause for `Error: ...`.
    pub text: String,
}

impl Violation {
    fn of(keyword: &str, text: impl Into<String>) -> Self {
        Self {
            keyword: Some(keyword.to_owned()),
            text: text.into(),
        }
    }

    fn name(text: impl Into<String>) -> Self {
        Self {
            keyword: None,
            text: text.into(),
        }
    }
}

/// Checks an object of any kind.
pub fn object(object: &Object) -> Result<(), Violation> {
    match object {
        Object::Settings(s) => range(&uapi::SETTINGS, "flows-max", "flows-max", s.flows_max),
        Object::Customer(c) => range(&uapi::CUSTOMER, "id", "id", c.options.id)
            .and_then(|()| range(&uapi::CUSTOMER, "weight", "weight", c.options.weight)),
        Object::Tunnel(t) => range(&uapi::TUNNEL, "mtu", "mtu", t.options.mtu),
        Object::Route(r) => route(r),
        Object::Port(_) => Ok(()),
        Object::Service(s) => service(s),
        Object::Server(s) => server(s),
        Object::Binding(b) => binding(b),
    }
}

/// A gateway is of the family of what it leads to.
fn route(route: &Route) -> Result<(), Violation> {
    if let Some(from) = route.key.from {
        same_family(Some("from"), from.address, route.key.prefix.address)?;
    }
    match route.options.gateway {
        Some(gateway) => same_family(Some("via"), gateway, route.key.prefix.address),
        None => Ok(()),
    }
}

/// A number against its attribute's range in the specification.
fn range(set: &AttrSet, attr: &str, keyword: &str, value: Option<u32>) -> Result<(), Violation> {
    let Some(value) = value else { return Ok(()) };
    let (min, max) = match set.by_name(attr) {
        Some(attr) => (attr.min.unwrap_or(0), attr.max.unwrap_or(u32::MAX.into())),
        None => (0, u32::MAX.into()),
    };
    if (min..=max).contains(&u64::from(value)) {
        Ok(())
    } else {
        let text = format!("{keyword} must be {min}..={max}, not {value}");
        Err(Violation::of(keyword, text))
    }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() {
        "IPv4"
    } else {
        "IPv6"
    }
}

fn same_family(keyword: Option<&str>, a: IpAddr, b: IpAddr) -> Result<(), Violation> {
    if a.is_ipv4() == b.is_ipv4() {
        return Ok(());
    }
    let text = format!("{a} is {} and {b} is {}", family(a), family(b));
    Err(Violation {
        keyword: keyword.map(str::to_owned),
        text,
    })
}

/// An address that a host may have, and that a packet may carry to it.
fn host(keyword: Option<&str>, what: &str, address: IpAddr) -> Result<(), Violation> {
    let addr = Addr::from(address);
    let is = if addr.is_unspecified() {
        "unspecified"
    } else if addr.is_multicast() {
        "multicast"
    } else if addr.is_broadcast() {
        "broadcast"
    } else if addr.is_loopback() {
        "a loopback address"
    } else if addr.is_v6() && addr.is_link_local() {
        "link-local, which needs a device"
    } else if matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        "an IPv4-mapped one"
    } else {
        return Ok(());
    };
    Err(Violation {
        keyword: keyword.map(str::to_owned),
        text: format!("the address of {what}, {address}, is {is}"),
    })
}

fn service(service: &Service) -> Result<(), Violation> {
    let (key, options) = (&service.key, &service.options);
    host(None, "a service", key.address)?;
    let foreign = match key.address {
        IpAddr::V4(_) => Protocol::ICMPV6,
        IpAddr::V6(_) => Protocol::ICMP,
    };
    if key.protocol == foreign {
        let text = format!("service {key}: {foreign} is of the other address family");
        return Err(Violation::name(text));
    }
    range(
        &uapi::SERVICE,
        "table-size",
        "table-size",
        options.table_size,
    )?;
    if let Some(size) = options.table_size.filter(|size| !is_maglev_size(*size)) {
        let text = format!("table-size must be a prime, which {size} is not");
        return Err(Violation::of("table-size", text));
    }
    range(&uapi::SERVICE, "persist", "persist", options.persist)?;
    let bits = address_bits(key.address);
    if options.persist_mask.is_some_and(|mask| mask > bits) {
        let text = format!(
            "persist-mask must be 0..={bits} for an {}",
            family(key.address)
        );
        return Err(Violation::of("persist-mask", text + " address"));
    }
    if let Some(t) = &options.timeouts {
        timeouts(t)?;
    }
    if let Some(Backup::To(backup)) = options.backup {
        same_family(Some("backup"), key.address, backup.address)?;
        if backup == *key {
            let text = format!("service {key} cannot be its own backup");
            return Err(Violation::of("backup", text));
        }
    }
    Ok(())
}

fn timeouts(timeouts: &Timeouts) -> Result<(), Violation> {
    for (state, value) in [
        ("syn", timeouts.syn),
        ("established", timeouts.established),
        ("fin", timeouts.fin),
        ("closed", timeouts.closed),
        ("udp", timeouts.udp),
        ("udp-replied", timeouts.udp_replied),
        ("icmp", timeouts.icmp),
        ("other", timeouts.other),
    ] {
        range(&uapi::TIMEOUTS, state, &format!("timeout {state}"), value)?;
    }
    Ok(())
}

fn server(server: &Server) -> Result<(), Violation> {
    let (key, options) = (&server.key, &server.options);
    host(None, "a server", key.address)?;
    range(&uapi::SERVER, "weight", "weight", options.weight)?;
    range(&uapi::SERVER, "threshold", "threshold", options.threshold)?;
    range(&uapi::SERVER, "hold", "hold", options.hold)?;
    range(
        &uapi::SERVER,
        "drain-timeout",
        "drain-timeout",
        options.drain_timeout,
    )?;
    if let Some(Backup::To(backup)) = options.backup {
        same_family(Some("backup"), key.address, backup.address)?;
        if backup == *key {
            let text = format!("server {key} cannot be its own backup");
            return Err(Violation::of("backup", text));
        }
    }
    Ok(())
}

fn binding(binding: &Binding) -> Result<(), Violation> {
    let (key, options) = (&binding.key, &binding.options);
    let (service, server) = (&key.service, &key.server);
    same_family(None, service.address, server.address)?;
    if service.address == server.address && service.customer == server.customer {
        let text = format!("server {server} has the address of service {service}: a loop");
        return Err(Violation::name(text));
    }
    if server.port != 0 && portless(service) {
        let text = format!("server {server} is one port, service {service} has none");
        return Err(Violation::name(text));
    }
    let ports = Ports {
        first: key.port,
        last: options.port_last.unwrap_or(key.port),
    };
    mapping(service, server, ports)?;
    if let Some(method) = options.method.filter(|method| *method != Method::Nat) {
        kept(binding, method)?;
    }
    range(&uapi::BINDING, "weight", "weight", options.weight)?;
    match options.snat {
        Some(Snat::Pool { first, last, .. }) => {
            host(Some("snat"), "snat", first)?;
            host(Some("snat"), "snat", last)?;
            same_family(Some("snat"), service.address, first)?;
            same_family(Some("snat"), first, last)?;
            if last < first {
                let text = format!("the range {first}-{last} ends before it begins");
                return Err(Violation::of("snat", text));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What a method that rewrites nothing cannot do.
fn kept(binding: &Binding, method: Method) -> Result<(), Violation> {
    let method = method.name();
    let (key, options) = (&binding.key, &binding.options);
    let is_own = key.server.port != 0 && Ports::one(key.server.port) != key.service.ports;
    let is_mapped = key.port != 0 && key.port != key.server.port;
    if is_own || is_mapped {
        let text = format!(
            "method {method} keeps ports: server {} must have those of the service",
            key.server
        );
        return Err(Violation::of("method", text));
    }
    if !matches!(options.snat, None | Some(Snat::None)) {
        let text = format!("method {method} keeps the source: no snat with it");
        return Err(Violation::of("method", text));
    }
    Ok(())
}

fn portless(service: &ServiceKey) -> bool {
    service.protocol != Protocol::ANY && !service.protocol.has_ports()
}

/// Where on the server the ports of the service go.
fn mapping(service: &ServiceKey, server: &ServerKey, ports: Ports) -> Result<(), Violation> {
    if ports.is_any() {
        return Ok(());
    }
    if portless(service) {
        let text = format!("protocol {} has no ports to map", service.protocol);
        return Err(Violation::of("port", text));
    }
    if server.port != 0 && ports != Ports::one(server.port) {
        let text = format!("port must be absent or that of the server, {}", server.port);
        return Err(Violation::of("port", text));
    }
    if ports.count() > 1 && ports.count() != service.ports.count() {
        let text = format!(
            "the range {ports} is not as long as that of service {service}: {} and {} ports",
            ports.count(),
            match service.ports.count() {
                0 => 65535,
                count => count,
            }
        );
        return Err(Violation::of("port", text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar;
    use crate::word::Words;

    fn say(line: &str) -> String {
        let words: Vec<_> = line.split_whitespace().collect();
        let mut rest = Words::new(&words[1..]);
        let parsed = match words[0] {
            "service" => grammar::service(&mut rest).map(Object::Service),
            "server" => grammar::server(&mut rest).map(Object::Server),
            "settings" => grammar::settings(&mut rest).map(Object::Settings),
            _ => grammar::binding(&mut rest).map(Object::Binding),
        };
        match object(&parsed.unwrap()) {
            Ok(()) => String::new(),
            Err(v) => format!("{}: {}", v.keyword.unwrap_or_default(), v.text),
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(
            say("server 10.0.0.1 weight 70000"),
            "weight: weight must be 0..=65535, not 70000"
        );
        assert_eq!(say("server 10.0.0.1 weight 65535 limit 4294967295"), "");
        assert!(say("settings flows-max 0").contains("must be 1..="));
        assert!(say("service 192.0.2.1 timeout syn 0").starts_with("timeout syn: "));
        assert!(say("service 192.0.2.1 persist-mask 33").contains("0..=32"));
        assert_eq!(say("service 2001:db8::1 persist-mask 64"), "");
        assert!(say("service 192.0.2.1 table-size 4094").contains("prime"));
        assert!(say("service 192.0.2.1 table-size 131072").contains("251..=131071"));
    }

    #[test]
    fn families() {
        for line in [
            "binding 192.0.2.1 2001:db8::1",
            "binding 192.0.2.1 10.0.0.1 snat fd00::1",
            "service 192.0.2.1 backup 2001:db8::1",
            "server 10.0.0.1 backup fd00::1",
        ] {
            assert!(say(line).contains("IPv4"), "{line}");
        }
        assert!(say("service 192.0.2.1/icmpv6").contains("other address family"));
        assert!(say("service 2001:db8::1/icmp").contains("other address family"));
        for (address, is) in [
            ("224.0.0.1", "multicast"),
            ("0.0.0.0", "unspecified"),
            ("255.255.255.255", "broadcast"),
            ("127.0.0.1", "loopback"),
            ("fe80::1", "link-local"),
            ("::ffff:192.0.2.1", "IPv4-mapped"),
        ] {
            assert!(say(&format!("service {address}")).contains(is), "{address}");
            assert!(say(&format!("server {address}")).contains(is), "{address}");
        }
        assert!(say("server 10.0.0.1 backup 10.0.0.1").contains("own backup"));
    }

    #[test]
    fn ports() {
        assert_eq!(
            say("binding 192.0.2.1:80-89/tcp 10.0.0.1 port 8080-8089"),
            ""
        );
        assert_eq!(say("binding 192.0.2.1:80-89/tcp 10.0.0.1 port 8080"), "");
        assert_eq!(say("binding 192.0.2.1:80 10.0.0.1:8080 port 8080"), "");
        assert!(say("binding 192.0.2.1:80 10.0.0.1:8080 port 81").contains("8080"));
        assert!(say("binding 192.0.2.1:80-89 10.0.0.1 port 1-9").contains("10 ports"));
        assert!(say("binding 192.0.2.1/icmp 10.0.0.1 port 1").contains("no ports"));
        assert!(say("binding 192.0.2.1/icmp 10.0.0.1:1").contains("is one port"));
        assert_eq!(say("binding 192.0.2.1 10.0.0.1:1"), "");
        assert!(say("binding 192.0.2.1:80 192.0.2.1:81").contains("a loop"));
        assert!(say("binding 192.0.2.1 10.0.0.1 snat 10.0.0.9-10.0.0.1").contains("ends"));
        assert_eq!(say("binding 192.0.2.1:80 10.0.0.1 method direct"), "");
        assert_eq!(say("binding 192.0.2.1:80 10.0.0.1:80 method direct"), "");
        for wrong in ["10.0.0.1:81", "10.0.0.1 port 81", "10.0.0.1 snat auto"] {
            for method in ["direct", "tunnel t"] {
                let line = format!("binding 192.0.2.1:80 {wrong} method {method}");
                assert!(say(&line).contains("keeps"), "{line}");
            }
        }
    }
}
