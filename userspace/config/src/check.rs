// SPDX-License-Identifier: GPL-2.0

//! What the objects of a file may say about each other: names once, ranges apart,
//! references to what is there, backups in a row and not in a circle.

use std::collections::hash_map::{Entry, HashMap};
use std::collections::HashSet;
use std::hash::Hash;

use slr_netlink::{Backup, Object, Route, ServerKey, Service, ServiceKey};

use crate::file::{File, Line};
use crate::limits::{self, Violation};
use crate::names::PUBLIC;
use crate::word::Fault;

/// All faults of a file, each with the position of its object.
pub fn file(file: &File<'_>) -> Vec<(usize, Fault)> {
    let mut faults = Vec::new();
    duplicates(file, &mut faults);
    numbers(file, &mut faults);
    overlaps(file, &mut faults);
    let names = Names::new(file);
    for (index, (object, line)) in file.objects.iter().enumerate() {
        if let Err(violation) = limits::object(object) {
            faults.push((index, locate(line, violation)));
        }
        names.check(object, line, |fault| faults.push((index, fault)));
    }
    faults
}

/// The word that a violation is about: the value behind its keyword, or the name.
fn locate(line: &Line<'_>, violation: Violation) -> Fault {
    let keyword: Vec<_> = match &violation.keyword {
        Some(keyword) => keyword.split(' ').collect(),
        None => return Fault::new(1, violation.text),
    };
    let found = line.windows(keyword.len()).position(|words| {
        let mut pairs = words.iter().zip(&keyword);
        pairs.all(|(word, keyword)| word.text == *keyword)
    });
    let word = found.map_or(1, |start| start + keyword.len());
    Fault::new(word, violation.text)
}

fn line_number(line: &Line<'_>) -> usize {
    line.first().map_or(0, |word| word.place.line)
}

/// No name twice.
fn duplicates(file: &File<'_>, faults: &mut Vec<(usize, Fault)>) {
    let mut seen = HashMap::new();
    for (index, (object, line)) in file.objects.iter().enumerate() {
        let name = match object {
            Object::Binding(b) => {
                let mut b = b.clone();
                b.key = b.key.normal();
                Object::Binding(b).to_string()
            }
            other => other.to_string(),
        };
        match seen.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(line_number(line))),
            Entry::Occupied(entry) => {
                let (name, first) = (entry.key(), entry.get());
                let word = usize::from(line.len() > 1);
                let text = format!("{name} exists already, in line {first}");
                faults.push((index, Fault::new(word, text)));
            }
        }
    }
}

/// No number of a customer twice, and no VRF.
fn numbers(file: &File<'_>, faults: &mut Vec<(usize, Fault)>) {
    let mut seen = HashMap::new();
    for (index, (object, line)) in file.objects.iter().enumerate() {
        let Object::Customer(customer) = object else {
            continue;
        };
        let number = customer.options.id.map(|id| ("id", id.to_string()));
        let vrf = customer.options.vrf.clone().filter(|vrf| !vrf.is_empty());
        for key in number.into_iter().chain(vrf.map(|vrf| ("vrf", vrf))) {
            if let Some(first) = seen.insert(key.clone(), line_number(line)) {
                let (keyword, value) = key;
                let violation = Violation {
                    keyword: Some(keyword.to_owned()),
                    text: format!("{keyword} {value} is that of the customer in line {first}"),
                };
                faults.push((index, locate(line, violation)));
            }
        }
    }
}

/// Ranges of one address and protocol have no port in common.
fn overlaps(file: &File<'_>, faults: &mut Vec<(usize, Fault)>) {
    let mut services: Vec<(usize, &ServiceKey)> = file
        .objects
        .iter()
        .enumerate()
        .filter_map(|(index, (object, _))| match object {
            Object::Service(Service { key, .. }) if !key.ports.is_any() => Some((index, key)),
            _ => None,
        })
        .collect();
    services.sort_by_key(|(index, key)| (**key, *index));
    // Of those so far, the one that reaches farthest.
    let mut farthest: Option<(usize, &ServiceKey)> = None;
    for (index, key) in services {
        let same = |other: &ServiceKey| {
            (other.customer, other.address, other.protocol)
                == (key.customer, key.address, key.protocol)
        };
        let earlier = farthest.filter(|(_, other)| same(other));
        if let Some((other_index, other)) = earlier {
            if other.ports.overlaps(key.ports) && other != key {
                // Report the later line, whichever range is the lower one.
                let (index, key, other) = if index > other_index {
                    (index, key, other)
                } else {
                    (other_index, other, key)
                };
                let text = format!("ports of service {key} overlap those of service {other}");
                faults.push((index, Fault::new(1, text)));
            }
        }
        if earlier.is_none_or(|(_, other)| other.ports.last < key.ports.last) {
            farthest = Some((index, key));
        }
    }
}

/// How many backups may follow one another, as in the module.
const BACKUPS_MAX: usize = 8;

/// What there is to refer to, each with its backup.
struct Names {
    customers: HashSet<u32>,
    /// Ports, each with its customer.
    ports: HashMap<String, u32>,
    tunnels: HashSet<String>,
    services: HashMap<ServiceKey, Option<ServiceKey>>,
    servers: HashMap<ServerKey, Option<ServerKey>>,
}

fn target<K: Copy>(backup: &Option<Backup<K>>) -> Option<K> {
    match backup {
        Some(Backup::To(key)) => Some(*key),
        _ => None,
    }
}

/// What is wrong with the backups of `first`, the first of which is `backup`. That a later
/// one is not there is a fault of what refers to it.
fn chain<K: Copy + Eq + Hash + std::fmt::Display>(
    all: &HashMap<K, Option<K>>,
    kind: &str,
    first: K,
    backup: K,
) -> Option<String> {
    let mut next = backup;
    for depth in 0..BACKUPS_MAX {
        if next == first {
            // That it is its own backup has been told.
            return (depth != 0).then(|| format!("backups of {kind} {first} go in a circle"));
        }
        next = match all.get(&next) {
            None if depth == 0 => return Some(format!("{kind} {next} is not defined")),
            Some(Some(backup)) => *backup,
            None | Some(None) => return None,
        };
    }
    Some(format!(
        "more than {BACKUPS_MAX} backups in a row from {kind} {first}"
    ))
}

/// The tunnel that a route, another tunnel or a binding leads to.
fn leads_to(object: &Object) -> Option<&String> {
    let name = match object {
        Object::Tunnel(tunnel) => tunnel.options.to.as_ref(),
        Object::Route(route) => route.options.tunnel.as_ref(),
        Object::Binding(binding) => binding.options.tunnel.as_ref(),
        _ => None,
    };
    name.filter(|name| !name.is_empty())
}

impl Names {
    fn new(file: &File<'_>) -> Self {
        let mut names = Self {
            customers: HashSet::from([PUBLIC]),
            ports: HashMap::new(),
            tunnels: HashSet::new(),
            services: HashMap::new(),
            servers: HashMap::new(),
        };
        for (object, _) in &file.objects {
            match object {
                Object::Customer(c) => names.customers.extend(c.options.id),
                Object::Port(p) => {
                    let customer = p.options.customer.unwrap_or(PUBLIC);
                    names.ports.insert(p.name.clone(), customer);
                }
                Object::Tunnel(t) => drop(names.tunnels.insert(t.name.clone())),
                Object::Service(s) => {
                    names.services.insert(s.key, target(&s.options.backup));
                }
                Object::Server(s) => {
                    names.servers.insert(s.key, target(&s.options.backup));
                }
                _ => {}
            }
        }
        names
    }

    /// What is wrong with the port that a route leads to.
    fn wrong_port(&self, route: &Route) -> Option<String> {
        let name = route.options.ifname.as_ref()?;
        match self.ports.get(name) {
            None => Some(format!("port {name} is not defined")),
            Some(customer) if *customer != route.key.customer => {
                Some(format!("port {name} is another customer's"))
            }
            Some(_) => None,
        }
    }

    fn check(&self, object: &Object, line: &Line<'_>, mut fault: impl FnMut(Fault)) {
        if let Some(customer) = object.customer().filter(|c| !self.customers.contains(c)) {
            // One that has no name either was told with the word for it.
            fault(Fault::new(1, format!("customer {customer} is not defined")));
            return;
        }
        let wrong_backup = match object {
            Object::Service(s) => target(&s.options.backup)
                .and_then(|backup| chain(&self.services, "service", s.key, backup)),
            Object::Server(s) => target(&s.options.backup)
                .and_then(|backup| chain(&self.servers, "server", s.key, backup)),
            _ => None,
        };
        if let Some(text) = wrong_backup {
            let keyword = Some("backup".to_owned());
            fault(locate(line, Violation { keyword, text }));
        }
        if let Some(tunnel) = leads_to(object).filter(|name| !self.tunnels.contains(*name)) {
            let keyword = match object {
                Object::Tunnel(_) => "to",
                Object::Binding(_) => "method tunnel",
                _ => "via tunnel",
            };
            let violation = Violation {
                keyword: Some(keyword.to_owned()),
                text: format!("tunnel {tunnel} is not defined"),
            };
            fault(locate(line, violation));
        }
        if let Object::Route(route) = object {
            if let Some(text) = self.wrong_port(route) {
                let keyword = Some("dev".to_owned());
                fault(locate(line, Violation { keyword, text }));
            }
        }
        let Object::Binding(b) = object else {
            return;
        };
        if !self.services.contains_key(&b.key.service) {
            let text = format!("service {} is not defined", b.key.service);
            fault(Fault::new(1, text));
        }
        if !self.servers.contains_key(&b.key.server) {
            let text = format!("server {} is not defined", b.key.server);
            fault(Fault::new(2, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::file::File;

    fn say(text: &str) -> Vec<String> {
        let file = File::parse("f", text);
        let reports = file.finish().err().unwrap_or_default();
        reports
            .iter()
            .map(|r| format!("{}:{} {}", r.place.line, r.place.column, r.text))
            .collect()
    }

    #[test]
    fn names_once() {
        assert_eq!(
            say("server 10.0.0.1\nport a\nserver 10.0.0.1 weight 2\nport a"),
            [
                "3:8 server 10.0.0.1 exists already, in line 1",
                "4:6 port a exists already, in line 2"
            ]
        );
        // One server may serve one service on several ports.
        let ends = "service 192.0.2.1:80\nserver 10.0.0.1\nserver 10.0.0.2:5\n";
        let twice = "binding 192.0.2.1:80 10.0.0.1\nbinding 192.0.2.1:80 10.0.0.1 port 5\n";
        assert!(say(&(ends.to_owned() + twice)).is_empty());
        let same = "binding 192.0.2.1:80 10.0.0.2:5\nbinding 192.0.2.1:80 10.0.0.2:5 port 5\n";
        assert_eq!(say(&(ends.to_owned() + same)).len(), 1);
    }

    #[test]
    fn ranges_apart() {
        assert_eq!(
            say("service 192.0.2.1:1-100\nservice 192.0.2.1:5\nservice 192.0.2.1:100-101"),
            [
                "2:9 ports of service 192.0.2.1:5/tcp overlap those of service \
                 192.0.2.1:1-100/tcp",
                "3:9 ports of service 192.0.2.1:100-101/tcp overlap those of service \
                 192.0.2.1:1-100/tcp"
            ]
        );
        assert_eq!(
            say("service 192.0.2.1:80-90\nservice 192.0.2.1:70-80").len(),
            1
        );
        assert!(say("service 192.0.2.1:1-9/tcp\nservice 192.0.2.1:1-9/udp").is_empty());
        assert!(say("service 192.0.2.1:1-9\nservice 192.0.2.2:1-9").is_empty());
        assert!(say("service 192.0.2.1:1-9\nservice 192.0.2.1/tcp\nservice 192.0.2.1").is_empty());
    }

    #[test]
    fn references() {
        assert_eq!(
            say("binding 192.0.2.1 10.0.0.1\nservice 192.0.2.2 backup 192.0.2.3"),
            [
                "1:9 service 192.0.2.1 is not defined",
                "1:19 server 10.0.0.1 is not defined",
                "2:26 service 192.0.2.3 is not defined"
            ]
        );
        assert!(say("service 192.0.2.2 backup 192.0.2.3\nservice 192.0.2.3").is_empty());
    }

    #[test]
    fn backups_in_a_row() {
        let row = |length: usize| {
            let line = |i| format!("server 10.0.0.{i} backup 10.0.0.{}\n", i + 1);
            let lines: String = (1..=length).map(line).collect();
            lines + &format!("server 10.0.0.{}", length + 1)
        };
        assert!(say(&row(8)).is_empty());
        assert_eq!(
            say(&row(9)),
            ["1:24 more than 8 backups in a row from server 10.0.0.1"]
        );
        let circle = "server 10.0.0.1 backup 10.0.0.2\nserver 10.0.0.2 backup 10.0.0.1";
        assert_eq!(say(circle).len(), 2);
        assert!(say(circle)[0].contains("backups of server 10.0.0.1 go in a circle"));
        assert_eq!(say("server 10.0.0.1 backup 10.0.0.1").len(), 1);
    }
}
