// SPDX-License-Identifier: GPL-2.0

//! The least changes that lead from one configuration to another.
//!
//! They come in an order in which the kernel accepts each: what is referred to is there,
//! what is removed is not referred to, ranges never overlap on the way. Nothing that
//! stays is removed and made again, so flows are kept. Only a binding that loses its own
//! weight or range is, since "as the server has it" is no value to set; living flows
//! outlive that too.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use slr_netlink::wire::Value;
use slr_netlink::{
    Backup, Binding, BindingKey, BindingOptions, Change, Customer, CustomerOptions, Object, Port,
    Route, RouteKey, RouteOptions, Server, ServerKey, ServerOptions, Service, ServiceKey,
    ServiceOptions, Tunnel, Verb,
};

use crate::config::Config;
use crate::defaults;

/// What must be done to `from` to make it `to`.
pub fn diff(from: &Config, to: &Config) -> Vec<Change> {
    let mut bindings = bindings(&from.bindings, &to.bindings);
    let services = plan::<Services>(&from.services, &to.services);
    let servers = plan::<Servers>(&from.servers, &to.servers);
    let mut all = Vec::new();
    let defaults = defaults::settings();
    let settings = to.settings.clone().onto(&defaults);
    if let Some(changed) = settings.without(&from.settings.clone().onto(&defaults)) {
        all.push(Change::new(Verb::Set, Object::Settings(changed)));
    }
    let mut customers = customers(&from.customers, &to.customers);
    all.append(&mut customers.new);
    let mut routes = routes(from, to);
    let mut tunnels = tunnels(from, to);
    all.append(&mut routes.old);
    all.append(&mut tunnels.old);
    ports(from, to, &mut all);
    all.append(&mut tunnels.new);
    all.append(&mut routes.new);
    all.append(&mut bindings.old);
    for plan in [services, servers] {
        all.extend(plan.set);
        all.extend(plan.del);
        all.extend(plan.new);
        all.extend(plan.late);
    }
    all.append(&mut bindings.new);
    all.append(&mut customers.old);
    all
}

/// Changes of customers: those that go, after all else, and those that come or stay, before.
///
/// A number or a name that passes from one to another is the exception: who has it goes first.
struct Customers {
    old: Vec<Change>,
    new: Vec<Change>,
}

fn customers(
    from: &BTreeMap<String, CustomerOptions>,
    to: &BTreeMap<String, CustomerOptions>,
) -> Customers {
    let change = |verb, name: &String, options: CustomerOptions| {
        let name = Some(name.clone());
        Change::new(verb, Object::Customer(Customer { name, options }))
    };
    let (mut old, mut first, mut new) = (Vec::new(), Vec::new(), Vec::new());
    let defaults = defaults::customer();
    let stays = |name: &String, options: &CustomerOptions| {
        to.get(name).is_some_and(|after| after.id == options.id)
    };
    let is_taken = |id: Option<u32>, by: &String| {
        let mut all = to.iter();
        all.any(|(name, options)| options.id == id && name != by)
    };
    for (name, options) in from.iter().filter(|(name, options)| !stays(name, options)) {
        let del = change(Verb::Del, name, CustomerOptions::default());
        match to.contains_key(name) || is_taken(options.id, name) {
            true => first.push(del),
            false => old.push(del),
        }
    }
    for (name, options) in to {
        match from.get(name).filter(|before| stays(name, before)) {
            None => new.push(change(Verb::New, name, options.clone())),
            Some(before) => {
                let before = before.clone().onto(&defaults);
                if let Some(mut changed) = options.clone().onto(&defaults).without(&before) {
                    changed.id = options.id;
                    new.push(change(Verb::Set, name, changed));
                }
            }
        }
    }
    first.append(&mut new);
    Customers { old, new: first }
}

/// Changes of one kind: of what goes, and of what comes or stays.
struct Both {
    old: Vec<Change>,
    new: Vec<Change>,
}

fn routes(from: &Config, to: &Config) -> Both {
    let change = |verb, key: &RouteKey, options: &RouteOptions| {
        let options = options.clone();
        Change::new(verb, Object::Route(Route { key: *key, options }))
    };
    let gone = from
        .routes
        .keys()
        .filter(|key| !to.routes.contains_key(*key));
    let old = gone.map(|key| change(Verb::Del, key, &RouteOptions::default()));
    let new = to.routes.iter().filter_map(|(key, options)| {
        match from.routes.get(key) {
            None => Some(change(Verb::New, key, options)),
            // Where a route leads is given as a whole.
            Some(before) if before != options => Some(change(Verb::Set, key, options)),
            Some(_) => None,
        }
    });
    Both {
        old: old.collect(),
        new: new.collect(),
    }
}

/// Tunnels whose type changes, or that lose what cannot be taken away, go and come again. Where
/// tunnels lead is said when all are there.
fn tunnels(from: &Config, to: &Config) -> Both {
    let change = |verb, tunnel: Tunnel| Change::new(verb, Object::Tunnel(Box::new(tunnel)));
    let key = |tunnel: &Tunnel| Tunnel {
        name: tunnel.name.clone(),
        ..Tunnel::default()
    };
    let stays = |before: &Tunnel| {
        to.tunnels.get(&before.name).is_some_and(|after| {
            let loses_key = before.options.ikey.is_some() && after.options.ikey.is_none()
                || before.options.okey.is_some() && after.options.okey.is_none();
            let loses_allowed = !before.allowed.is_empty() && after.allowed.is_empty();
            let loses_peers = !before.peers.is_empty() && after.peers.is_empty();
            let loses = loses_key || loses_peers || loses_allowed;
            before.options.r#type == after.options.r#type && !loses
        })
    };
    let gone = from.tunnels.values().filter(|tunnel| !stays(tunnel));
    let old = gone.map(|tunnel| change(Verb::Del, key(tunnel))).collect();
    let (mut new, mut late) = (Vec::new(), Vec::new());
    for tunnel in to.tunnels.values() {
        let before = from
            .tunnels
            .get(&tunnel.name)
            .filter(|before| stays(before));
        let mut changed = match before {
            None => tunnel.clone(),
            Some(before) => {
                let full = |t: &Tunnel| t.options.clone().onto(&defaults::tunnel(&t.options));
                let options = full(tunnel).without(&full(before));
                let bounds = |t: &Tunnel| (t.peers.clone(), t.allowed.clone());
                if options.is_none() && bounds(before) == bounds(tunnel) {
                    continue;
                }
                let mut options = options.unwrap_or_default();
                // A new key would be that of both ways.
                options.okey = options.ikey.and(full(tunnel).okey).or(options.okey);
                Tunnel {
                    options,
                    peers: tunnel.peers.clone(),
                    allowed: tunnel.allowed.clone(),
                    ..key(tunnel)
                }
            }
        };
        if let Some(to) = changed.options.to.take_if(|to| !to.is_empty()) {
            let mut other = key(tunnel);
            other.options.to = Some(to);
            late.push(change(Verb::Set, other));
        }
        let verb = if before.is_some() {
            Verb::Set
        } else {
            Verb::New
        };
        new.push(change(verb, changed));
    }
    new.append(&mut late);
    Both { old, new }
}

fn ports(from: &Config, to: &Config, all: &mut Vec<Change>) {
    let defaults = defaults::port();
    let change = |verb, name: &String, options| {
        let port = Port {
            name: name.clone(),
            ifindex: None,
            options,
        };
        Change::new(verb, Object::Port(port))
    };
    for name in from.ports.keys().filter(|n| !to.ports.contains_key(*n)) {
        all.push(change(Verb::Del, name, Default::default()));
    }
    for (name, options) in &to.ports {
        match from.ports.get(name) {
            None => all.push(change(Verb::New, name, options.clone())),
            Some(old) => {
                let old = old.clone().onto(&defaults);
                if let Some(changed) = options.clone().onto(&defaults).without(&old) {
                    all.push(change(Verb::Set, name, changed));
                }
            }
        }
    }
}

/// Changes of bindings: before and after those of what they bind.
struct Bindings {
    old: Vec<Change>,
    new: Vec<Change>,
}

fn bindings(
    from: &BTreeMap<BindingKey, BindingOptions>,
    to: &BTreeMap<BindingKey, BindingOptions>,
) -> Bindings {
    let change = |verb, key: &BindingKey, options| {
        Change::new(verb, Object::Binding(Binding { key: *key, options }))
    };
    let mut old = Vec::new();
    let mut new = Vec::new();
    let defaults = defaults::binding();
    for (key, before) in from {
        let Some(after) = to.get(key) else {
            old.push(change(Verb::Del, key, BindingOptions::default()));
            continue;
        };
        let unset = before.weight.is_some() && after.weight.is_none()
            || before.port_last.is_some() && after.port_last.is_none();
        let before = before.clone().onto(&defaults);
        if unset {
            old.push(change(Verb::Del, key, BindingOptions::default()));
            new.push(change(Verb::New, key, after.clone()));
        } else if let Some(changed) = after.clone().onto(&defaults).without(&before) {
            new.push(change(Verb::Set, key, changed));
        }
    }
    for (key, options) in to.iter().filter(|(key, _)| !from.contains_key(*key)) {
        new.push(change(Verb::New, key, options.clone()));
    }
    Bindings { old, new }
}

/// What services and servers have in common: each may refer to another of its kind.
trait Kind {
    type Key: Copy + Ord + Hash;
    type Options: Value + Default;

    fn defaults(key: &Self::Key) -> Self::Options;
    fn backup(options: &mut Self::Options) -> &mut Option<Backup<Self::Key>>;
    fn object(key: Self::Key, options: Self::Options) -> Object;
}

struct Services;

impl Kind for Services {
    type Key = ServiceKey;
    type Options = ServiceOptions;

    fn defaults(key: &ServiceKey) -> ServiceOptions {
        defaults::service(key)
    }
    fn backup(options: &mut ServiceOptions) -> &mut Option<Backup<ServiceKey>> {
        &mut options.backup
    }
    fn object(key: ServiceKey, options: ServiceOptions) -> Object {
        Object::Service(Service { key, options })
    }
}

struct Servers;

impl Kind for Servers {
    type Key = ServerKey;
    type Options = ServerOptions;

    fn defaults(_: &ServerKey) -> ServerOptions {
        defaults::server()
    }
    fn backup(options: &mut ServerOptions) -> &mut Option<Backup<ServerKey>> {
        &mut options.backup
    }
    fn object(key: ServerKey, options: ServerOptions) -> Object {
        Object::Server(Server { key, options })
    }
}

/// Changes of one kind, in the order in which they are made.
#[derive(Default)]
struct Plan {
    /// Of what stays; nothing refers to what goes after these.
    set: Vec<Change>,
    /// Of what goes.
    del: Vec<Change>,
    /// Of what comes.
    new: Vec<Change>,
    /// References to what came later than what refers to it.
    late: Vec<Change>,
}

fn target<K: Kind>(options: &K::Options) -> Option<K::Key> {
    match K::backup(&mut options.clone()) {
        Some(Backup::To(key)) => Some(*key),
        _ => None,
    }
}

fn with_backup<K: Kind>(backup: Backup<K::Key>) -> K::Options {
    let mut options = K::Options::default();
    *K::backup(&mut options) = Some(backup);
    options
}

fn plan<K: Kind>(from: &BTreeMap<K::Key, K::Options>, to: &BTreeMap<K::Key, K::Options>) -> Plan {
    let mut plan = Plan::default();
    let change = |verb, key: &K::Key, options| Change::new(verb, K::object(*key, options));
    let stays = |key: &K::Key| from.contains_key(key) && to.contains_key(key);
    for (key, after) in to {
        let Some(before) = from.get(key) else {
            continue;
        };
        let defaults = K::defaults(key);
        let (old, new) = (target::<K>(before), target::<K>(after));
        let before = before.clone().onto(&defaults);
        let Some(mut changed) = after.clone().onto(&defaults).without(&before) else {
            continue;
        };
        if let Some(new) = new.filter(|new| !stays(new) && old != Some(*new)) {
            // It comes later; only what goes must be let go of now.
            let gone = old.is_some_and(|old| !to.contains_key(&old));
            *K::backup(&mut changed) = gone.then_some(Backup::None);
            let late = with_backup::<K>(Backup::To(new));
            plan.late.push(change(Verb::Set, key, late));
        }
        if changed != K::Options::default() {
            plan.set.push(change(Verb::Set, key, changed));
        }
    }
    plan.del = deletions::<K>(from, to);
    let mut made = Vec::new();
    for (key, options) in to.iter().filter(|(key, _)| !from.contains_key(*key)) {
        let mut options = options.clone();
        made.push(*key);
        if let Some(backup) = target::<K>(&options) {
            // Keys are made in ascending order.
            if !stays(&backup) && made.binary_search(&backup).is_err() {
                *K::backup(&mut options) = None;
                let late = with_backup::<K>(Backup::To(backup));
                plan.late.push(change(Verb::Set, key, late));
            }
        }
        plan.new.push(change(Verb::New, key, options));
    }
    plan
}

/// Removes what goes, each before what it refers to. Backups never go in a circle.
fn deletions<K: Kind>(
    from: &BTreeMap<K::Key, K::Options>,
    to: &BTreeMap<K::Key, K::Options>,
) -> Vec<Change> {
    let going = || from.iter().filter(|(key, _)| !to.contains_key(*key));
    let mut referred: HashMap<K::Key, usize> = HashMap::new();
    for backup in going().filter_map(|(_, options)| target::<K>(options)) {
        *referred.entry(backup).or_default() += 1;
    }
    let mut all = Vec::new();
    let mut ready: Vec<_> = going()
        .map(|(key, _)| *key)
        .filter(|key| !referred.contains_key(key))
        .collect();
    while let Some(key) = ready.pop() {
        let object = K::object(key, K::Options::default());
        all.push(Change::new(Verb::Del, object));
        let Some(backup) = from.get(&key).and_then(target::<K>) else {
            continue;
        };
        if let Some(count) = referred.get_mut(&backup) {
            *count -= 1;
            if *count == 0 && !to.contains_key(&backup) {
                ready.push(backup);
            }
        }
    }
    all
}
