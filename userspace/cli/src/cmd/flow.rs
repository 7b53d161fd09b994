// SPDX-License-Identifier: GPL-2.0

//! `slr flow`

use std::net::IpAddr;

use slr_config::grammar::named;
use slr_config::names::{Names, PUBLIC};
use slr_config::number::show_seconds;
use slr_config::{defaults, Fault, Words};
use slr_netlink::endpoint::{parse_address, parse_endpoint, parse_port};
use slr_netlink::uapi::{self, FlowState};
use slr_netlink::{Error, Flow, FlowFilter};

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
                let mut ends = None;
                words.once(keyword, &mut ends, client)?;
                let (address, length, port) = ends.unwrap_or_default();
                end(
                    words,
                    address,
                    port,
                    &mut f.client_address,
                    &mut f.client_port,
                )?;
                f.client_prefix = length;
            }
            "client-port" => words.once(keyword, &mut f.client_port, parse_port)?,
            "virtual" => {
                let (address, port) = words.value(keyword, endpoint)?;
                end(
                    words,
                    address,
                    port,
                    &mut f.virtual_address,
                    &mut f.virtual_port,
                )?;
            }
            "virtual-port" => words.once(keyword, &mut f.virtual_port, parse_port)?,
            "server" => {
                let (address, port) = words.value(keyword, endpoint)?;
                end(
                    words,
                    address,
                    port,
                    &mut f.server_address,
                    &mut f.server_port,
                )?;
            }
            "server-port" => words.once(keyword, &mut f.server_port, parse_port)?,
            "proto" => words.once(keyword, &mut f.protocol, str::parse)?,
            "state" => {
                let parse = named(&uapi::FLOW_STATE_ENUM, FlowState::from_value);
                words.once(keyword, &mut f.state, parse)?;
            }
            _ => return Err(words.unknown(FILTER)),
        }
    }
    Ok(f)
}

/// An address and maybe a port, into their places.
fn end(
    words: &Words<'_>,
    address: Option<IpAddr>,
    port: Option<u16>,
    address_slot: &mut Option<IpAddr>,
    port_slot: &mut Option<u16>,
) -> Result<(), Fault> {
    if address_slot.is_some() || port.is_some() && port_slot.is_some() {
        return Err(words.last_fault("the same end is given twice"));
    }
    *address_slot = address;
    *port_slot = port.or(*port_slot);
    Ok(())
}

/// `ADDR[:PORT]`
fn endpoint(text: &str) -> Result<(Option<IpAddr>, Option<u16>), String> {
    let (address, ports) = parse_endpoint(text)?;
    match ports {
        Some(ports) if ports.first != ports.last => Err("one port, not a range".into()),
        ports => Ok((Some(address), ports.map(|ports| ports.first))),
    }
}

type Client = (Option<IpAddr>, Option<u8>, Option<u16>);

/// `ADDR[:PORT]` or `ADDR/LENGTH`
fn client(text: &str) -> Result<Client, String> {
    let Some((address, length)) = text.split_once('/') else {
        let (address, port) = endpoint(text)?;
        return Ok((address, None, port));
    };
    let address = parse_address(address)?;
    let bits = defaults::address_bits(address);
    match length.parse() {
        Ok(length) if length <= bits => Ok((Some(address), Some(length), None)),
        _ => Err(format!("\"{length}\" is not a prefix length 0..={bits}")),
    }
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
        assert_eq!(f.state, Some(FlowState::SynAck));
        let f = parse("client 198.51.100.2:40000 server-port 8001").unwrap();
        assert_eq!(f.client_port, Some(40000));
        assert_eq!(parse("").unwrap(), FlowFilter::default());
    }

    #[test]
    fn wrong_filters() {
        for line in [
            "client",
            "client 198.51.100.0/33",
            "client 198.51.100.2:1-9",
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
