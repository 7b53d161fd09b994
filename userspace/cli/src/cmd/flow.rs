// SPDX-License-Identifier: GPL-2.0

//! `slr flow`

use std::collections::BTreeMap;
use std::net::IpAddr;

use slr_config::grammar::{customer_name, named};
use slr_config::names::{Names, PUBLIC};
use slr_config::number::show_seconds;
use slr_config::{defaults, Fault, Words};
use slr_netlink::endpoint::{parse_address, parse_endpoint, parse_port};
use slr_netlink::uapi::{self, FlowState};
use slr_netlink::{Error, Flow, FlowFilter, Ports};

use super::unknown;
use crate::context::Context;
use crate::failure::{warn, Failure};
use crate::output::Item;

/// Keywords of a filter.
pub const FILTER: &[&str] = &[
    "customer",
    "client",
    "client-port",
    "virtual",
    "virtual-port",
    "server",
    "server-port",
    "proto",
    "state",
    "tunnel",
];

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let command = words.next();
    let mut filter = || filter(&mut words);
    match command {
        None | Some("show") => show(context, &filter()?),
        Some("count") => {
            let filter = filter()?;
            let count = context.client()?.count_flows(&filter)?;
            print_count(context, "flows", count)
        }
        Some("del") => {
            let filter = filter()?;
            let count = context.client()?.delete_flows(&filter)?;
            print_count(context, "deleted", count)
        }
        Some("summary") => summary(context, &filter()?),
        Some(command) => Err(unknown("flow", command)),
    }
}

fn print_count(context: &mut Context, key: &str, count: u32) -> Result<(), Failure> {
    let item = Item::default().show(0, key, Some(count));
    Ok(context.printer.single("", item)?)
}

fn filter(words: &mut Words<'_>) -> Result<FlowFilter, Fault> {
    let mut f = FlowFilter::default();
    while let Some(keyword) = words.next() {
        match keyword {
            "customer" => words.customer(&mut f.customer)?,
            "client" => {
                let end = words.value(keyword, end)?;
                let slots = (&mut f.client_address, &mut f.client_prefix);
                put(
                    words,
                    end,
                    slots,
                    (&mut f.client_port, &mut f.client_port_last),
                )?;
            }
            "virtual" => {
                let end = words.value(keyword, end)?;
                let slots = (&mut f.virtual_address, &mut f.virtual_prefix);
                put(
                    words,
                    end,
                    slots,
                    (&mut f.virtual_port, &mut f.virtual_port_last),
                )?;
            }
            "server" => {
                let end = words.value(keyword, end)?;
                let slots = (&mut f.server_address, &mut f.server_prefix);
                put(
                    words,
                    end,
                    slots,
                    (&mut f.server_port, &mut f.server_port_last),
                )?;
            }
            "client-port" => ports(words, keyword, &mut f.client_port, &mut f.client_port_last)?,
            "virtual-port" => ports(
                words,
                keyword,
                &mut f.virtual_port,
                &mut f.virtual_port_last,
            )?,
            "server-port" => ports(words, keyword, &mut f.server_port, &mut f.server_port_last)?,
            "proto" => words.once(keyword, &mut f.protocol, str::parse)?,
            "state" => words.once(keyword, &mut f.states, states)?,
            "tunnel" => words.once(keyword, &mut f.tunnel, customer_name)?,
            _ => return Err(words.unknown(FILTER)),
        }
    }
    Ok(f)
}

/// What a word says of one end.
#[derive(Default)]
struct End {
    address: Option<IpAddr>,
    prefix: Option<u8>,
    ports: Option<Ports>,
}

/// An address and maybe more, into their places.
fn put(
    words: &Words<'_>,
    end: End,
    (address, prefix): (&mut Option<IpAddr>, &mut Option<u8>),
    (port, last): (&mut Option<u16>, &mut Option<u16>),
) -> Result<(), Fault> {
    if address.is_some() || end.ports.is_some() && port.is_some() {
        return Err(words.last_fault("the same end is given twice"));
    }
    *address = end.address;
    *prefix = end.prefix;
    if let Some(ports) = end.ports {
        put_ports(ports, port, last);
    }
    Ok(())
}

fn put_ports(ports: Ports, port: &mut Option<u16>, last: &mut Option<u16>) {
    *port = Some(ports.first);
    *last = (ports.last != ports.first).then_some(ports.last);
}

/// `PORT[-PORT]`
fn ports(
    words: &mut Words<'_>,
    keyword: &str,
    port: &mut Option<u16>,
    last: &mut Option<u16>,
) -> Result<(), Fault> {
    let mut all = port.map(|port| Ports {
        first: port,
        last: port,
    });
    words.once(keyword, &mut all, range)?;
    if let Some(ports) = all {
        put_ports(ports, port, last);
    }
    Ok(())
}

/// `PORT` or `PORT-PORT`
fn range(text: &str) -> Result<Ports, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (parse_port(first)?, parse_port(last)?);
    match first <= last {
        true => Ok(Ports { first, last }),
        false => Err(format!("\"{text}\" ends before it begins")),
    }
}

/// `ADDR[:PORT[-PORT]]` or `ADDR/LENGTH`
fn end(text: &str) -> Result<End, String> {
    let Some((address, length)) = text.split_once('/') else {
        let (address, ports) = parse_endpoint(text)?;
        return Ok(End {
            address: Some(address),
            prefix: None,
            ports,
        });
    };
    let address = parse_address(address)?;
    let bits = defaults::address_bits(address);
    match length.parse() {
        Ok(length) if length <= bits => Ok(End {
            address: Some(address),
            prefix: Some(length),
            ports: None,
        }),
        _ => Err(format!("\"{length}\" is not a prefix length 0..={bits}")),
    }
}

/// `STATE[,STATE]...`, as the bits of their numbers.
fn states(text: &str) -> Result<u32, String> {
    text.split(',').try_fold(0, |states, name| {
        let parse = named(&uapi::FLOW_STATE_ENUM, FlowState::from_value);
        Ok(states | (1 << parse(name)?.value()))
    })
}

/// How many flows there are of each customer, protocol and state.
fn summary(context: &mut Context, filter: &FlowFilter) -> Result<(), Failure> {
    let mut counts: BTreeMap<(u32, String), BTreeMap<&str, u64>> = BTreeMap::new();
    let torn = context.client()?.flows(filter, |flow| {
        let proto = flow.protocol.map_or_else(String::new, |p| p.to_string());
        let customer = flow.customer.unwrap_or(PUBLIC);
        let state = flow.state.map_or("", FlowState::name);
        let states = counts.entry((customer, proto)).or_default();
        *states.entry(state).or_default() += 1;
        Ok(())
    })?;
    if torn {
        warn("flows were moved during the listing, some may be missing or counted twice");
    }
    let names = match context.printer.is_json() {
        true => Names::default(),
        false => context.learn_names()?,
    };
    let items: Vec<_> = counts
        .into_iter()
        .map(|((customer, proto), states)| {
            let item = Item::default()
                .text(0, "customer", Some(names.show(customer)))
                .field("customer", customer)
                .show(0, "proto", Some(proto))
                .show(0, "flows", Some(states.values().sum::<u64>()))
                .field("states", &states);
            let row = |item: Item, (state, count): (&&str, &u64)| item.text(1, state, Some(count));
            states.iter().fold(item, row)
        })
        .collect();
    context.list(items)
}

/// Prints flows as they come: there may be millions.
fn show(context: &mut Context, filter: &FlowFilter) -> Result<(), Failure> {
    let names = match context.printer.is_json() {
        true => Names::default(),
        false => context.learn_names()?,
    };
    let (client, printer) = context.both()?;
    printer.open()?;
    let torn = client.flows(filter, |flow| {
        printer.item(item(&flow, &names)).map_err(Error::Caller)
    })?;
    printer.close()?;
    if torn {
        warn("flows were moved during the listing, some may be missing or shown twice");
    }
    Ok(())
}

/// What is known of a flow.
fn item(flow: &Flow, names: &Names) -> Item {
    let repeats = flow.syn_repeats.filter(|repeats| *repeats != 0);
    let customer = flow.customer.filter(|customer| *customer != PUBLIC);
    Item::default()
        .text(0, "customer", customer.map(|customer| names.show(customer)))
        .field("customer", flow.customer)
        .text(0, "proto", flow.protocol)
        .field("protocol", flow.protocol)
        .show(0, "client", flow.client())
        .show(0, "virtual", flow.virtual_end())
        .show(0, "server", flow.server_end())
        .text(0, "snat", flow.snat())
        .field("snat", flow.snat())
        .show(0, "state", flow.state)
        .text(0, "syn-repeats", repeats)
        .field("syn-repeats", flow.syn_repeats)
        .show_as(0, "expires", flow.expires, |s| show_seconds((*s).into()))
        .field("service", flow.service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<FlowFilter, Fault> {
        let words: Vec<_> = line.split_whitespace().collect();
        filter(&mut Words::new(&words))
    }

    #[test]
    fn filters() {
        let f = parse("client 198.51.100.0/24 virtual 203.0.113.1:80 proto tcp state syn-ack");
        let f = f.unwrap();
        assert_eq!(f.client_prefix, Some(24));
        assert_eq!(f.virtual_port, Some(80));
        assert_eq!(f.states, Some(1 << FlowState::SynAck.value()));
        let f = parse("client 198.51.100.2:40000 server-port 8001").unwrap();
        assert_eq!(f.client_port, Some(40000));
        let f = parse("server 10.2.0.0/24 server-port 8000-8010 state syn,fin tunnel t").unwrap();
        assert_eq!((f.server_prefix, f.server_port), (Some(24), Some(8000)));
        assert_eq!(f.server_port_last, Some(8010));
        let fin_or_syn = (1 << FlowState::Syn.value()) | (1 << FlowState::Fin.value());
        assert_eq!(f.states, Some(fin_or_syn));
        let f = parse("client 198.51.100.2:1-9").unwrap();
        assert_eq!((f.client_port, f.client_port_last), (Some(1), Some(9)));
        assert_eq!(parse("").unwrap(), FlowFilter::default());
    }

    #[test]
    fn wrong_filters() {
        for line in [
            "client",
            "client 198.51.100.0/33",
            "client 198.51.100.2:9-1",
            "server-port 9-1",
            "state syn,",
            "client 198.51.100.2 client 198.51.100.3",
            "client 198.51.100.2:5 client-port 6",
            "client-port 6 client 198.51.100.2:5",
            "proto nonsense",
            "state alive",
            "colour red",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
