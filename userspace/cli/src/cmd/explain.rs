// SPDX-License-Identifier: GPL-2.0

//! `slr explain`

use std::net::IpAddr;

use slr_config::{grammar, Fault, Words};
use slr_netlink::endpoint::parse_endpoint;
use slr_netlink::{Explanation, Packet, Protocol};

use super::port;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Item;

/// Keywords.
pub const KEYWORDS: &[&str] = &["from", "to", "proto", "dev", "tunnel", "customer", "flags"];

/// Flags of TCP, from the lowest bit of their byte.
const FLAGS: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let (mut packet, device) = packet(&mut words)?;
    if let Some(name) = device {
        packet.ifindex = Some(port::device(&name)?);
    }
    let explanation = context.client()?.explain(&packet)?;
    if context.printer.is_json() {
        let item = Item::default().fields(&explanation);
        return Ok(context.printer.single("", item)?);
    }
    print(context, &explanation)
}

fn packet(words: &mut Words<'_>) -> Result<(Packet, Option<String>), Fault> {
    let mut packet = Packet::default();
    let (mut from, mut to, mut device) = (None, None, None);
    while let Some(keyword) = words.next() {
        match keyword {
            "from" => words.once(keyword, &mut from, endpoint)?,
            "to" => words.once(keyword, &mut to, endpoint)?,
            "proto" => words.once(keyword, &mut packet.protocol, str::parse)?,
            "dev" => words.once(keyword, &mut device, grammar::device)?,
            "tunnel" => words.once(keyword, &mut packet.tunnel, grammar::customer_name)?,
            "customer" => words.customer(&mut packet.customer)?,
            "flags" => words.once(keyword, &mut packet.tcp_flags, flags)?,
            _ => return Err(words.unknown(KEYWORDS)),
        }
    }
    let Some((destination, destination_port)) = to else {
        return Err(words.fault("\"to ADDR[:PORT]\" is missing"));
    };
    if let Some((source, source_port)) = from {
        if source.is_ipv4() != destination.is_ipv4() {
            return Err(words.fault("from and to are of different address families"));
        }
        packet.source = Some(source);
        packet.source_port = source_port;
    }
    packet.destination = Some(destination);
    packet.destination_port = destination_port;
    if packet.protocol.is_none() {
        packet.protocol = Some(match destination_port {
            Some(_) => Protocol::TCP,
            None if destination.is_ipv4() => Protocol::ICMP,
            None => Protocol::ICMPV6,
        });
    }
    if packet.tunnel.is_some() && (device.is_some() || packet.customer.is_some()) {
        return Err(words.fault("a packet arrives by a tunnel, on a port or from a process"));
    }
    if packet.tcp_flags.is_some() && packet.protocol != Some(Protocol::TCP) {
        return Err(words.fault("only TCP has flags"));
    }
    Ok((packet, device))
}

fn endpoint(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    match parse_endpoint(text)? {
        (_, Some(ports)) if ports.first != ports.last => Err("one port, not a range".into()),
        (address, ports) => Ok((address, ports.map(|ports| ports.first))),
    }
}

/// `SYN,ACK`
fn flags(text: &str) -> Result<u8, String> {
    text.split(',').try_fold(0, |flags, name| {
        let bit = FLAGS
            .iter()
            .position(|flag| flag.eq_ignore_ascii_case(name));
        match bit {
            Some(bit) => Ok(flags | (1 << bit)),
            None => Err(format!("\"{name}\" is none of: {}", FLAGS.join(","))),
        }
    })
}

/// The steps one below the other, and what comes of them.
fn print(context: &mut Context, explanation: &Explanation) -> Result<(), Failure> {
    let stage = |step: &slr_netlink::Step| step.stage.clone().unwrap_or_default();
    let width = explanation.steps.iter().map(|s| stage(s).len());
    let width = width.max().unwrap_or(0).max("verdict".len());
    for step in &explanation.steps {
        let text = step.text.clone().unwrap_or_default();
        context.line(&format!("{:width$}  {text}", stage(step)))?;
    }
    let mut verdict = explanation.verdict.verdict.clone().unwrap_or_default();
    if let Some(reason) = &explanation.verdict.reason {
        verdict += &format!(" ({reason})");
    }
    context.line(&format!("{:width$}  {verdict}", "verdict"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Packet, Fault> {
        let words: Vec<_> = line.split_whitespace().collect();
        packet(&mut Words::new(&words)).map(|(packet, _)| packet)
    }

    #[test]
    fn packets() {
        let p = parse("from 198.51.100.2:40000 to 203.0.113.1:80 flags syn,ack").unwrap();
        assert_eq!(p.protocol, Some(Protocol::TCP));
        assert_eq!(p.source_port, Some(40000));
        assert_eq!(p.tcp_flags, Some(0x12));
        let p = parse("to 203.0.113.1 tunnel site").unwrap();
        assert_eq!(p.tunnel.as_deref(), Some("site"));
        assert_eq!(
            parse("to 2001:db8::1").unwrap().protocol,
            Some(Protocol::ICMPV6)
        );
    }

    #[test]
    fn wrong_packets() {
        for line in [
            "",
            "from 198.51.100.2",
            "to 203.0.113.1:1-2",
            "from 2001:db8::1 to 203.0.113.1",
            "to 203.0.113.1:80 flags BAD",
            "to 203.0.113.1:80 proto udp flags SYN",
            "to 203.0.113.1 203.0.113.2",
            "to 203.0.113.1 tunnel site dev eth0",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
