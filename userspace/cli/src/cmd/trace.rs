// SPDX-License-Identifier: GPL-2.0

//! `slr trace`

use std::time::SystemTime;

use slr_config::names::{Names, PUBLIC};
use slr_config::{grammar, Fault, Words};
use slr_netlink::endpoint::parse_port;
use slr_netlink::netns::device_name;
use slr_netlink::uapi::TraceStage;
use slr_netlink::{Client, Error, Trace, TraceFilter, TraceStep};

use super::monitor::iso_8601;
use super::port;
use crate::context::Context;
use crate::failure::{warn, Failure};
use crate::output::Item;

/// Keywords.
pub const FILTER: &[&str] = &[
    "customer", "tunnel", "dev", "host", "src", "dst", "port", "sport", "dport", "proto", "reason",
    "drops", "count", "sample", "rate",
];

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let (mut filter, device) = filter(&mut words)?;
    if let Some(name) = device {
        filter.ifindex = Some(port::device(&name)?);
    }
    let names = match context.printer.is_json() {
        true => Names::default(),
        false => context.learn_names()?,
    };
    // A connection of its own, which ends it when it is closed.
    let mut client = Client::open()?;
    let mut shown = Shown {
        left: filter.count,
        lost: 0,
        names,
    };
    for trace in client.trace(&filter)? {
        shown.print(context, &trace).map_err(Error::Caller)?;
    }
    context.printer.flush()?;
    while shown.left != Some(0) {
        match client.traces(|trace| shown.print(context, &trace).map_err(Error::Caller)) {
            // How many, the next packet tells.
            Ok(()) | Err(Error::EventsLost) => {}
            Err(error) => return Err(error.into()),
        }
        context.printer.flush()?;
    }
    Ok(())
}

fn filter(words: &mut Words<'_>) -> Result<(TraceFilter, Option<String>), Fault> {
    let mut f = TraceFilter::default();
    let mut device = None;
    while let Some(keyword) = words.next() {
        match keyword {
            "customer" => words.customer(&mut f.customer)?,
            "tunnel" => words.once(keyword, &mut f.tunnel, grammar::customer_name)?,
            "dev" => words.once(keyword, &mut device, grammar::device)?,
            "host" => words.once(keyword, &mut f.host, str::parse)?,
            "src" => words.once(keyword, &mut f.source, str::parse)?,
            "dst" => words.once(keyword, &mut f.destination, str::parse)?,
            "port" => words.once(keyword, &mut f.port, parse_port)?,
            "sport" => words.once(keyword, &mut f.source_port, parse_port)?,
            "dport" => words.once(keyword, &mut f.destination_port, parse_port)?,
            "proto" => words.once(keyword, &mut f.protocol, str::parse)?,
            "reason" => words.once(keyword, &mut f.reason, |text| Ok(text.to_owned()))?,
            "drops" => f.drops = Some(true),
            "count" => words.once(keyword, &mut f.count, number)?,
            "sample" => words.once(keyword, &mut f.sample, number)?,
            "rate" => words.once(keyword, &mut f.rate, number)?,
            _ => return Err(words.unknown(FILTER)),
        }
    }
    Ok((f, device))
}

/// A number that is not 0.
fn number(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("\"{text}\" is not a number from 1 on")),
    }
}

/// What was shown so far.
struct Shown {
    /// Packets to come; any number if none.
    left: Option<u32>,
    lost: u64,
    names: Names,
}

impl Shown {
    fn print(&mut self, context: &mut Context, trace: &Trace) -> std::io::Result<()> {
        if self.left == Some(0) {
            return Ok(());
        }
        self.left = self.left.map(|left| left - 1);
        let lost = trace.head.lost.unwrap_or(0);
        if lost > self.lost && !context.printer.is_json() {
            warn(format!("{} packets were not shown", lost - self.lost));
        }
        self.lost = lost;
        let mut item = self.item(trace);
        let mut before = String::new();
        if context.timestamp {
            let time = iso_8601(SystemTime::now());
            before = format!("[{time}] ");
            item = item.field("timestamp", time);
        }
        context.printer.single(&before, item)
    }

    fn item(&self, trace: &Trace) -> Item {
        let view = trace.steps.iter().find(|step| step.source.is_some());
        let view = view.map_or_else(|| "packet".into(), ends);
        let time = trace.head.time.unwrap_or(0);
        let (seconds, micros) = (time / 1_000_000_000, time / 1000 % 1_000_000);
        let steps: Vec<_> = trace.steps.iter().map(json).collect();
        let item = Item::default()
            .word(format!("{seconds}.{micros:06}"))
            .word(view)
            .fields(&trace.head)
            .field("step", steps);
        let last = trace.steps.len() + 1;
        let item = trace
            .steps
            .iter()
            .enumerate()
            .fold(item, |item, (i, step)| {
                item.text(i + 1, &after(step), Some(self.text(step)))
            });
        item.text(last, "steps without room:", trace.head.missed)
    }

    /// A step in words.
    fn text(&self, step: &TraceStep) -> String {
        let mut text = step.stage.map_or("", TraceStage::name).to_owned();
        if let Some(customer) = step.customer.filter(|customer| *customer != PUBLIC) {
            text += &format!(" customer {}", self.names.show(customer));
        }
        if let Some(tunnel) = &step.tunnel {
            text += &format!(" tunnel {tunnel}");
        }
        if let Some(name) = &step.device {
            text += &format!(" device {name}");
        } else if let Some(index) = step.ifindex {
            let name = device_name(index).unwrap_or_else(|| index.to_string());
            text += &format!(" dev {name}");
        }
        if step.source.is_some() {
            text += &format!(" {}", ends(step));
        }
        if let Some(reason) = &step.reason {
            text += &format!(" {reason}");
        }
        text
    }
}

/// Microseconds since the packet arrived.
fn after(step: &TraceStep) -> String {
    let after = step.after.unwrap_or(0);
    format!("{:>6}.{}", after / 1000, after / 100 % 10)
}

/// `tcp 10.0.0.2:40000 > 10.0.0.10:80`
fn ends(step: &TraceStep) -> String {
    let end = |address: Option<std::net::IpAddr>, port: Option<u16>| match (address, port) {
        (Some(address), Some(port)) => std::net::SocketAddr::new(address, port).to_string(),
        (Some(address), None) => address.to_string(),
        _ => String::new(),
    };
    let protocol = step.protocol.map_or_else(String::new, |p| p.to_string());
    let from = end(step.source, step.source_port);
    let to = end(step.destination, step.destination_port);
    format!("{protocol} {from} > {to}")
}

/// A step for machines: with the name of its device.
fn json(step: &TraceStep) -> serde_json::Value {
    let dev = step.ifindex.and_then(device_name);
    let item = Item::default().fields(step);
    match dev {
        Some(dev) => item.field("dev", dev).into_json(),
        None => item.into_json(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<TraceFilter, Fault> {
        let words: Vec<_> = line.split_whitespace().collect();
        filter(&mut Words::new(&words)).map(|(filter, _)| filter)
    }

    #[test]
    fn filters() {
        let f = parse("customer 7 host 10.0.0.0/24 dport 80 proto tcp drops count 3").unwrap();
        assert_eq!((f.customer, f.destination_port), (Some(7), Some(80)));
        assert_eq!((f.drops, f.count), (Some(true), Some(3)));
        assert_eq!(parse("").unwrap(), TraceFilter::default());
    }

    #[test]
    fn wrong_filters() {
        for line in [
            "host",
            "host 10.0.0.1/24",
            "count 0",
            "port 70000",
            "host 10.0.0.1 host 10.0.0.2",
            "colour red",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn steps_in_words() {
        let step = TraceStep {
            stage: Some(TraceStage::Packet),
            after: Some(1250),
            customer: Some(7),
            protocol: Some(slr_netlink::Protocol::TCP),
            source: Some([10, 0, 0, 2].into()),
            source_port: Some(40000),
            destination: Some([10, 0, 0, 10].into()),
            destination_port: Some(80),
            ..TraceStep::default()
        };
        let shown = Shown {
            left: None,
            lost: 0,
            names: Names::default(),
        };
        let text = "packet customer 7 tcp 10.0.0.2:40000 > 10.0.0.10:80";
        assert_eq!(shown.text(&step), text);
        assert_eq!(after(&step), "     1.2");
    }
}
