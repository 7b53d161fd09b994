// SPDX-License-Identifier: GPL-2.0

//! A configuration file: lines of words, the objects they make, and all that is wrong.
//!
//! `#` begins a comment where a word could begin; a backslash at the end of a line
//! continues it. Every error of a file is reported, in the order of the file.

use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt;

use slr_netlink::{Object, Prefix};

use crate::check;
use crate::config::Config;
use crate::grammar;
use crate::names::Names;
use crate::word::{Fault, Words};

/// Where something stands: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// A word and where it stands.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// Its text.
    pub text: &'a str,
    /// Where it begins.
    pub place: Place,
}

impl AsRef<str> for Word<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

/// The words of one line, its continuations included.
pub type Line<'a> = Vec<Word<'a>>;

/// An error in a file, as people want to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the file.
    pub file: String,
    /// Where.
    pub place: Place,
    /// What, as a clause.
    pub text: String,
    /// The line.
    pub source: String,
    /// How many characters are at fault.
    pub width: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        writeln!(f, "{}:{line}:{column}: {}.", self.file, self.text)?;
        writeln!(f, "    {}", self.source)?;
        // Tabs stay tabs, so that the caret stands under the word.
        let tab = |c| if c == '\t' { '\t' } else { ' ' };
        let indent: String = self.source.chars().take(column - 1).map(tab).collect();
        write!(f, "    {indent}{}", "^".repeat(self.width.max(1)))
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct File<'a> {
    name: &'a str,
    text: &'a str,
    /// Objects, each with its line.
    pub objects: Vec<(Object, Line<'a>)>,
    /// Prefixes that the host accepts.
    accepts: BTreeMap<Prefix, usize>,
    /// Shaped devices and their rates.
    shapes: BTreeMap<String, u64>,
    reports: Vec<Report>,
}

impl<'a> File<'a> {
    /// Reads and checks a file. What is wrong is in [`File::finish`].
    pub fn parse(name: &'a str, text: &'a str) -> Self {
        Self::parse_among(name, text, &Names::default())
    }

    /// The same, where customers without a number have the ones that they have in `known`, if
    /// these are free.
    pub fn parse_among(name: &'a str, text: &'a str, known: &Names) -> Self {
        let mut file = Self {
            name,
            text,
            objects: Vec::new(),
            accepts: BTreeMap::new(),
            shapes: BTreeMap::new(),
            reports: Vec::new(),
        };
        let lines = lines(text);
        let names = number(&lines, known);
        for line in lines {
            let of_system = match line.first().map(|word| word.text) {
                Some("host") => Some(file.host(&line)),
                Some("shape") => Some(file.shape(&line)),
                _ => None,
            };
            if let Some(taken) = of_system {
                if let Err(fault) = taken {
                    file.report(&line, fault);
                }
                continue;
            }
            match object(&line, &names) {
                Ok(object) => file.objects.push((object, line)),
                Err(fault) => file.report(&line, fault),
            }
        }
        for (index, fault) in check::file(&file) {
            let line = file.objects[index].1.clone();
            file.report(&line, fault);
        }
        file.reports.sort_by_key(|report| report.place);
        file
    }

    /// The configuration, or all that is wrong with it.
    pub fn finish(&self) -> Result<Config, &[Report]> {
        if self.reports.is_empty() {
            let objects = self.objects.iter().map(|(object, _)| object.clone());
            Ok(Config {
                accepts: self.accepts.keys().copied().collect(),
                shapes: self.shapes.clone(),
                ..objects.collect()
            })
        } else {
            Err(&self.reports)
        }
    }

    /// Where the object of that kind and name is defined: `FILE:LINE:COLUMN`.
    pub fn place_of(&self, object: &Object) -> Option<String> {
        let name = object.to_string();
        let (_, line) = self.objects.iter().find(|(o, _)| o.to_string() == name)?;
        let Place { line, column } = line.first()?.place;
        Some(format!("{}:{line}:{column}", self.name))
    }

    /// Takes a line about a shaped device.
    fn shape(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let mut words = Words::new(line);
        words.take("shape");
        let (dev, rate) = grammar::shape(&mut words)?;
        words.end()?;
        match self.shapes.insert(dev, rate) {
            None => Ok(()),
            Some(_) => Err(Fault::new(1, "the device is shaped already")),
        }
    }

    /// Takes a line about the host itself.
    fn host(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let mut words = Words::new(line);
        words.take("host");
        if !words.take("accept") {
            return Err(words.fault("host is followed by accept PREFIX"));
        }
        let prefix = grammar::accept(&mut words)?;
        words.end()?;
        match self.accepts.entry(prefix) {
            Entry::Vacant(entry) => {
                entry.insert(line.first().map_or(0, |word| word.place.line));
                Ok(())
            }
            Entry::Occupied(entry) => {
                let first = entry.get();
                let text = format!("host accepts {prefix} already, in line {first}");
                Err(Fault::new(2, text))
            }
        }
    }

    fn report(&mut self, line: &Line<'_>, fault: Fault) {
        let (place, width) = match line.get(fault.word) {
            Some(word) => (word.place, word.text.chars().count()),
            None => (end_of(line), 1),
        };
        let source = self.text.lines().nth(place.line - 1).unwrap_or_default();
        self.reports.push(Report {
            file: self.name.to_owned(),
            place,
            text: fault.text,
            source: source.to_owned(),
            width,
        });
    }
}

/// Behind the last word.
fn end_of(line: &Line<'_>) -> Place {
    match line.last() {
        Some(word) => Place {
            line: word.place.line,
            column: word.place.column + word.text.chars().count(),
        },
        None => Place { line: 1, column: 1 },
    }
}

/// The lines that have words.
pub fn lines(text: &str) -> Vec<Line<'_>> {
    let mut all = Vec::new();
    let mut line = Line::new();
    for (number, source) in text.lines().enumerate() {
        let continues = words_of(source, number + 1, &mut line);
        if !continues && !line.is_empty() {
            all.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        all.push(line);
    }
    all
}

/// Appends the words of one line of text; says whether the next one continues it.
fn words_of<'a>(source: &'a str, number: usize, line: &mut Line<'a>) -> bool {
    let mut rest = source;
    let mut column = 1;
    loop {
        let word = rest.trim_start();
        column += rest[..rest.len() - word.len()].chars().count();
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        let (text, behind) = word.split_at(end);
        if text.is_empty() || text.starts_with('#') {
            return false;
        }
        let continues = behind.trim().is_empty() && text.ends_with('\\');
        let text = if continues {
            &text[..text.len() - 1]
        } else {
            text
        };
        if !text.is_empty() {
            let place = Place {
                line: number,
                column,
            };
            line.push(Word { text, place });
        }
        if continues {
            return true;
        }
        column += text.chars().count();
        rest = behind;
    }
}

/// Gives numbers to the customers that lines define.
fn number(lines: &[Line<'_>], known: &Names) -> Names {
    let customers: Vec<_> = lines
        .iter()
        .filter_map(|line| {
            let mut words = Words::new(line);
            let customer = words
                .take("customer")
                .then(|| grammar::customer(&mut words));
            let customer = customer?.ok()?;
            Some((customer.name?, customer.options.id))
        })
        .collect();
    let mut names = Names::default();
    for (name, number) in &customers {
        if let Some(number) = number {
            names.insert(name, *number);
        }
    }
    let mut next = 1;
    for (name, number) in &customers {
        if number.is_some() || names.number(name).is_some() {
            continue;
        }
        let before = known.number(name).filter(|number| !names.has(*number));
        let number = before.unwrap_or_else(|| {
            while names.has(next) || known.has(next) {
                next += 1;
            }
            next
        });
        names.insert(name, number);
    }
    names
}

/// Objects that a line may define.
const KINDS: &[&str] = &[
    "settings", "customer", "port", "tunnel", "route", "service", "server", "binding", "host",
    "shape",
];

fn object(line: &Line<'_>, names: &Names) -> Result<Object, Fault> {
    let mut words = Words::new(line).with_names(names);
    let kind = words.next().unwrap_or_default();
    if KINDS.contains(&kind) && matches!(words.peek(), Some("add" | "set" | "del" | "show")) {
        return Err(words.fault("a file says what there is, without a verb"));
    }
    let object = match kind {
        "settings" => Object::Settings(grammar::settings(&mut words)?),
        "customer" => {
            let mut customer = grammar::customer(&mut words)?;
            let name = customer.name.as_deref().unwrap_or_default();
            customer.options.id = customer.options.id.or(names.number(name));
            Object::Customer(customer)
        }
        "tunnel" => Object::Tunnel(Box::new(grammar::tunnel(&mut words)?)),
        "route" => Object::Route(grammar::route(&mut words)?),
        "port" => Object::Port(grammar::port(&mut words)?),
        "service" => Object::Service(grammar::service(&mut words)?),
        "server" => Object::Server(grammar::server(&mut words)?),
        "binding" => Object::Binding(grammar::binding(&mut words)?),
        _ => return Err(words.unknown(KINDS)),
    };
    words.end()?;
    Ok(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(text: &str) -> Vec<String> {
        let file = File::parse("f", text);
        let reports = file.finish().err().unwrap_or_default();
        reports.iter().map(ToString::to_string).collect()
    }

    fn places(text: &str) -> Vec<(usize, usize)> {
        let file = File::parse("f", text);
        let reports = file.finish().err().unwrap_or_default();
        reports
            .iter()
            .map(|r| (r.place.line, r.place.column))
            .collect()
    }

    #[test]
    fn comments_and_continuations() {
        let text =
            "# a comment\n\n  port eth0 \\\n\tside client # more\nserver 10.0.0.1\\\n weight 3";
        let file = File::parse("f", text);
        let config = file.finish().unwrap();
        assert_eq!(config.ports.len(), 1);
        assert_eq!(config.servers.values().next().unwrap().weight, Some(3));
        assert!(File::parse("f", "").finish().is_ok());
        assert!(File::parse("f", "\\").finish().is_ok());
    }

    #[test]
    fn the_caret_stands_under_the_word() {
        assert_eq!(
            reports("\tport  eth0 side up"),
            [
                "f:1:18: side: \"up\" is none of: any, client, server.\n    \
              \tport  eth0 side up\n    \t                ^^"
            ]
        );
        assert_eq!(
            reports("server 10.0.0.1 weight"),
            [
                "f:1:23: weight lacks its value.\n    server 10.0.0.1 weight\n    \
              \u{20}                     ^"
            ]
        );
    }

    #[test]
    fn all_errors_in_the_order_of_the_file() {
        let text = "service 192.0.2.1:80\nservice 192.0.2.1:80\nserver 10.0.0.300\n\
                    binding 192.0.2.9:80 10.0.0.1 port 5 snat x\nfoo\nserver add 10.0.0.1\n";
        assert_eq!(places(text), [(2, 9), (3, 8), (4, 43), (5, 1), (6, 8)]);
    }

    #[test]
    fn continued_lines_keep_their_places() {
        assert_eq!(places("server 10.0.0.1 \\\n  weight \\\n  many"), [(3, 3)]);
        assert_eq!(places("server 10.0.0.1 weight 70000"), [(1, 24)]);
    }

    #[test]
    fn customers_by_name() {
        let text = "port a customer acme\ncustomer acme\ncustomer more id 1\n\
                    service 192.0.2.1:80 customer more backup 192.0.2.2:80\n\
                    service 192.0.2.2:80 customer more\nservice 192.0.2.1:80\n\
                    server 10.0.0.1 customer 2\nserver 10.0.0.2\n";
        let file = File::parse("f", text);
        let config = file.finish().unwrap();
        assert_eq!(config.names().number("acme"), Some(2));
        assert_eq!(config.ports["a"].customer, Some(2));
        let services: Vec<_> = config.services.keys().map(|key| key.customer).collect();
        assert_eq!(services, [0, 1, 1]);
        let printed = crate::print::config(&config);
        assert!(
            printed.contains("service 192.0.2.1:80/tcp customer more"),
            "{printed}"
        );
        assert_eq!(File::parse("g", &printed).finish().unwrap(), config);
        let mut known = Names::default();
        known.insert("acme", 9);
        let text = "port a customer acme\ncustomer acme\ncustomer more";
        let config = File::parse_among("f", text, &known).finish().unwrap();
        assert_eq!(config.names().number("more"), Some(1));
        assert_eq!(config.names().number("acme"), Some(9));
    }

    #[test]
    fn tunnels_and_routes() {
        let text = "customer acme id 1\n\
                    tunnel host type vxlan customer acme local 192.0.2.1 remote 192.0.2.3 vni 7\n\
                    tunnel site type gre customer acme local 192.0.2.1 remote 198.51.100.7 \
                    key 7 okey 8 ttl 64 dscp 46 secure on peers 198.51.100.0/24 allowed 10.1.0.0/16,10.2.0.0/16\n\
                    tunnel switch type l2tpv3 customer acme local 2001:db8::1 remote 2001:db8::2 \
                    session 9 cookie 0123abcd sublayer off to host\n\
                    tunnel wire type qinq customer acme dev g0 local 10.9.0.1 vid 100.20 okey 100.30\n\
                    tunnel wire2 type mpls customer acme dev g0 remote 192.0.2.9 label 77\n\
                    tunnel wire3 type vlan customer acme dev g0 vid 7 peer-mac 02:00:00:00:00:07\n\
                    route 0.0.0.0/0 customer acme unreachable\n\
                    route 10.0.0.0/24 customer acme via tunnel host\n";
        let file = File::parse("f", text);
        let config = file.finish().unwrap();
        assert_eq!(crate::print::config(&config), text);
        assert_eq!(File::parse("g", text).finish().unwrap(), config);
        // The other way round the cross-connect comes when both are there.
        let changes = crate::diff::diff(&Config::default(), &config);
        let last = changes
            .iter()
            .rposition(|c| matches!(c.object, Object::Tunnel(_)));
        assert!(matches!(&changes[last.unwrap()].object, Object::Tunnel(t) if t.name == "switch"));
        let learns = text
            .replace(" peer-mac 02:00:00:00:00:07", "")
            .replace(" local 10.9.0.1", "");
        let learns = File::parse("h", &learns).finish().unwrap();
        let less = crate::diff::diff(&config, &learns);
        assert_eq!(less.len(), 2, "{less:?}");
        assert!(crate::diff::diff(&config, &config).is_empty());
        let back = crate::diff::diff(&config, &Config::default());
        assert_eq!(back.len(), 9);
    }

    #[test]
    fn prefixes_that_the_host_accepts() {
        let text = "host accept 203.0.113.0/24\nhost accept 2001:db8::/32\n";
        let config = File::parse("f", text).finish().unwrap();
        assert_eq!(config.accepts.len(), 2);
        assert_eq!(crate::print::config(&config), text);
        let text = "host accept 203.0.113.0/24\nhost accept 203.0.113.0/24\nhost\n\
                    host accept 203.0.113.1/24\nhost accept ::/0\nhost accept ::1 x";
        assert_eq!(places(text), [(2, 13), (3, 5), (4, 13), (5, 13), (6, 17)]);
    }

    #[test]
    fn routes_by_ports() {
        let text = "customer acme id 1\nport eth1 customer acme\n\
                    route 10.0.0.0/24 customer acme dev eth1\n\
                    route 10.1.0.0/16 customer acme dev eth1 via 10.0.0.254\n";
        let config = File::parse("f", text).finish().unwrap();
        assert_eq!(crate::print::config(&config), text);
        let text = "customer a id 1\nport eth1\nroute 10.0.0.0/8 customer a dev eth1\n\
                    route 10.1.0.0/16 customer a dev eth2\n\
                    route 10.2.0.0/16 customer a dev eth1 via 2001:db8::1";
        assert_eq!(places(text), [(3, 33), (4, 34), (5, 34), (5, 43)]);
    }

    #[test]
    fn tunnels_that_are_not_there() {
        let text = "customer a id 1\nroute 10.0.0.0/8 customer a via tunnel none-such\n\
                    tunnel t type gre local 192.0.2.1 remote 192.0.2.2 to other\n\
                    route 10.0.0.1/8 customer a blackhole\ntunnel u type wire";
        assert_eq!(places(text), [(2, 40), (3, 55), (4, 7), (5, 15)]);
    }

    #[test]
    fn customers_that_are_not_there() {
        let text = "port a customer acme\nserver 10.0.0.1 customer 7\ncustomer x id 3\n\
                    customer y id 3\ncustomer 7\ncustomer x id 4\ncustomer z id 16777216";
        assert_eq!(
            places(text),
            [(1, 17), (2, 8), (4, 15), (5, 10), (6, 10), (7, 15)]
        );
    }

    #[test]
    fn place_of_an_object() {
        let file = File::parse("f", "port eth0\n  service 192.0.2.1\n");
        let (object, _) = &file.objects[1];
        assert_eq!(file.place_of(object).unwrap(), "f:2:3");
    }
}
