// SPDX-License-Identifier: GPL-2.0

//! Structure to words: the inverse of [`crate::grammar`].
//!
//! Only what is given is printed, in the order of the grammar. [`crate::defaults`] strips
//! what goes without saying.

use std::fmt::{Display, Write};

use slr_netlink::{
    Backup, Binding, BindingOptions, Object, PortOptions, Ports, ServerOptions, ServiceOptions,
    Settings, Snat, Timeouts, Unknown,
};

use crate::config::Config;

/// Words under way.
#[derive(Default)]
struct Line(String);

impl Line {
    fn word(&mut self, word: impl Display) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{word}");
    }

    fn pair(&mut self, keyword: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.word(keyword);
            self.word(value);
        }
    }
}

/// Options of a port.
pub fn port(options: &PortOptions) -> String {
    let mut line = Line::default();
    line.pair("customer", options.customer.map(customer));
    line.pair("side", options.side.map(|s| s.name()));
    let on_off = |on| if on { "on" } else { "off" };
    line.pair("announce", options.announce.map(on_off));
    line.0
}

fn customer(id: u32) -> String {
    match id {
        0 => "public".into(),
        _ => id.to_string(),
    }
}

/// Options of a service.
pub fn service(options: &ServiceOptions) -> String {
    let mut line = Line::default();
    line.pair("scheduler", options.scheduler.map(|s| s.name()));
    line.pair("table-size", options.table_size);
    line.pair("persist", options.persist);
    line.pair("persist-mask", options.persist_mask);
    if let Some(timeouts) = &options.timeouts {
        for (state, seconds) in list_timeouts(timeouts) {
            line.pair(&format!("timeout {state}"), seconds);
        }
    }
    if let Some(unknown) = &options.unknown {
        for (kind, action) in list_unknown(unknown) {
            line.pair(&format!("unknown {kind}"), action);
        }
    }
    line.pair("backup", options.backup.map(backup));
    line.pair("state", options.state.map(|s| s.name()));
    line.0
}

fn list_timeouts(timeouts: &Timeouts) -> [(&'static str, Option<u32>); 8] {
    [
        ("syn", timeouts.syn),
        ("established", timeouts.established),
        ("fin", timeouts.fin),
        ("closed", timeouts.closed),
        ("udp", timeouts.udp),
        ("udp-replied", timeouts.udp_replied),
        ("icmp", timeouts.icmp),
        ("other", timeouts.other),
    ]
}

fn list_unknown(unknown: &Unknown) -> [(&'static str, Option<&'static str>); 7] {
    [
        ("ack", unknown.ack),
        ("data", unknown.data),
        ("fin", unknown.fin),
        ("rst", unknown.rst),
        ("icmp", unknown.icmp),
        ("sctp", unknown.sctp),
        ("other", unknown.other),
    ]
    .map(|(kind, action)| (kind, action.map(|a| a.name())))
}

fn backup<K: Display>(backup: Backup<K>) -> String {
    match backup {
        Backup::None => "none".into(),
        Backup::To(key) => key.to_string(),
    }
}

/// Options of a server.
pub fn server(options: &ServerOptions) -> String {
    let mut line = Line::default();
    line.pair("weight", options.weight);
    line.pair("limit", options.limit);
    line.pair("threshold", options.threshold);
    match options.hold {
        Some(0) => line.pair("hold", Some("manual")),
        hold => line.pair("hold", hold),
    }
    line.pair("backup", options.backup.map(backup));
    line.pair("drain-timeout", options.drain_timeout);
    line.pair("state", options.state.map(|s| s.name()));
    line.0
}

/// Options of a binding, with the port out of its key.
pub fn binding(port: u16, options: &BindingOptions) -> String {
    let mut line = Line::default();
    let ports = Ports {
        first: port,
        last: options.port_last.unwrap_or(port),
    };
    line.pair("port", (port != 0).then_some(ports));
    line.pair("method", options.method.map(|m| m.name()));
    line.pair("weight", options.weight);
    line.pair("snat", options.snat.map(snat));
    line.0
}

/// Source translation, as one word.
pub fn snat(snat: Snat) -> String {
    let (text, ports, bracket) = match snat {
        Snat::None => return "none".into(),
        Snat::Auto { ports } => ("auto".into(), ports, false),
        Snat::Pool { first, last, ports } if first == last => {
            (first.to_string(), ports, first.is_ipv6())
        }
        Snat::Pool { first, last, ports } => (format!("{first}-{last}"), ports, first.is_ipv6()),
    };
    match bracket {
        _ if ports == Snat::PORTS => text,
        false => format!("{text}:{ports}"),
        true => format!("[{text}]:{ports}"),
    }
}

/// The settings.
pub fn settings(settings: &Settings) -> String {
    let mut line = Line::default();
    line.pair("flows-max", settings.flows_max);
    line.0
}

/// A whole line of a file.
pub fn object(object: &Object) -> String {
    let options = match object {
        Object::Settings(s) => settings(s),
        Object::Port(p) => port(&p.options),
        Object::Service(s) => service(&s.options),
        Object::Server(s) => server(&s.options),
        Object::Binding(b) => {
            let Binding { key, options } = b;
            let mut line = Line(format!("binding {} {}", key.service, key.server));
            let options = binding(key.port, options);
            if !options.is_empty() {
                line.word(options);
            }
            return line.0;
        }
    };
    let mut line = Line(object.to_string());
    if !options.is_empty() {
        line.word(options);
    }
    line.0
}

/// A whole file, in an order in which each line refers only to lines before it or, for
/// backups, to lines of its own kind.
pub fn config(config: &Config) -> String {
    config.objects().map(|o| object(&o) + "\n").collect()
}
