// SPDX-License-Identifier: GPL-2.0

//! `slr conf`: a whole configuration at once.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};

use serde_json::{json, Value};
use slr_config::diff::diff;
use slr_config::file::Place;
use slr_config::names::PUBLIC;
use slr_config::{defaults, print, Config, File, Names, Report, Words};
use slr_netlink::error::describe;
use slr_netlink::wire::Value as _;
use slr_netlink::{local, netns, Change, Client, Error, Object, Refusal, Transaction, Verb};

use super::host::Exchange;
use super::{host, shape, unknown};
use crate::context::Context;
use crate::failure::{warn, Failure};
use crate::output::Item;

/// How often a change is made anew because another came between.
const ATTEMPTS: usize = 16;

pub fn run(context: &mut Context, mut words: Words<'_>) -> Result<(), Failure> {
    let command = words.next();
    let act = match command {
        None | Some("show") => {
            words.end()?;
            return show(context);
        }
        Some("check") => check,
        Some("load") => load,
        Some("sync") => sync,
        Some(command) => return Err(unknown("conf", command)),
    };
    let name = words.name("FILE", |name| Ok(name.to_owned()))?;
    words.end()?;
    let text = read(&name)?;
    let name = if name == "-" { "stdin" } else { &name };
    // Customers of the file without a number are those of the same name. What is wrong with the file
    // is told without asking.
    let known = match command {
        Some("sync") if File::parse(name, &text).finish().is_ok() => context.learn_names()?,
        _ => Names::default(),
    };
    let file = File::parse_among(name, &text, &known);
    match file.finish() {
        Ok(config) => act(context, &file, &config),
        Err(reports) => Err(Failure::Reports(reports.to_vec())),
    }
}

fn read(name: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::failed(format!("{name}: {}", describe(&error)));
    let mut bytes = Vec::new();
    if name == "-" {
        io::stdin().read_to_end(&mut bytes).map_err(failed)?;
    } else {
        bytes = fs::read(name).map_err(failed)?;
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let good = String::from_utf8_lossy(good);
        let source = good.rsplit('\n').next().unwrap_or_default();
        Failure::Reports(vec![Report {
            file: name.to_owned(),
            place: Place {
                line: good.matches('\n').count() + 1,
                column: source.chars().count() + 1,
            },
            text: "this is not UTF-8 text".into(),
            source: source.to_owned(),
            width: 1,
        }])
    })
}

/// What to do with a transaction that has been filled.
pub enum Attempt {
    /// Make it take effect.
    Commit,
    /// Nothing.
    Done,
}

/// Makes a change in a transaction, anew each time that another came between.
pub fn retry(
    context: &mut Context,
    mut fill: impl FnMut(&mut Transaction<'_>) -> Result<Attempt, Failure>,
) -> Result<(), Failure> {
    for _ in 0..ATTEMPTS {
        let mut txn = context.client()?.begin(false)?;
        match fill(&mut txn)? {
            Attempt::Done => return Ok(()),
            Attempt::Commit => match txn.commit() {
                Err(e) if e.errno() == Some(nix::libc::ESTALE) => {}
                done => return Ok(done?),
            },
        }
    }
    Err(Error::Unsteady.into())
}

/// A configuration out of the kernel, with the indices of its devices. It takes several
/// listings; they are taken again if the configuration changed between them.
fn snapshot(client: &mut Client) -> Result<(Config, HashMap<String, u32>), Error> {
    for _ in 0..ATTEMPTS {
        let (settings, before) = client.settings()?;
        let mut config = Config::default();
        let mut devices = HashMap::new();
        config.insert(Object::Settings(settings));
        for (customer, _) in client.customers()? {
            config.insert(Object::Customer(customer));
        }
        for (port, status) in client.ports()? {
            devices.extend(status.ifindex.map(|index| (port.name.clone(), index)));
            config.insert(Object::Port(port));
        }
        for (tunnel, _) in client.tunnels()? {
            config.insert(Object::Tunnel(Box::new(tunnel)));
        }
        for route in client.routes()? {
            config.insert(Object::Route(route));
        }
        for (service, _) in client.services()? {
            config.insert(Object::Service(service));
        }
        for (server, _) in client.servers()? {
            config.insert(Object::Server(server));
        }
        for (binding, _) in client.bindings(None)? {
            config.insert(Object::Binding(binding));
        }
        if client.settings()?.1.generation == before.generation {
            return Ok((config, devices));
        }
    }
    Err(Error::Unsteady)
}

fn show(context: &mut Context) -> Result<(), Failure> {
    let (mut config, _) = snapshot(context.client()?)?;
    config.accepts = local::list()?;
    config.shapes = shape::present()?;
    if context.printer.is_json() {
        let value = as_json(&config);
        return Ok(context.printer.json(&value)?);
    }
    Ok(context.printer.raw(&print::config(&config))?)
}

/// A list for each kind of object, of what is not the default.
fn as_json(config: &Config) -> Value {
    let mut lists = json!({
        "settings": {}, "customer": [], "port": [], "tunnel": [], "route": [], "service": [], "server": [], "binding": []
    });
    let accepts = config.accepts.iter();
    lists["host"] = accepts
        .map(|prefix| host::item(prefix).into_json())
        .collect();
    let shapes = config.shapes.iter();
    lists["shape"] = shapes
        .map(|(dev, rate)| Item::named("dev", dev).field("rate", rate).into_json())
        .collect();
    for object in config.objects() {
        let kind = object.kind();
        let item = match object {
            Object::Settings(settings) => Item::default().fields(&settings),
            Object::Customer(c) => {
                Item::named("customer", c.name.unwrap_or_default()).fields(&c.options)
            }
            Object::Tunnel(t) => Item::named("tunnel", &t.name)
                .fields(&t.options)
                .field("peers", &t.peers)
                .field("allowed", &t.allowed),
            Object::Route(r) => Item::named("prefix", r.key.prefix)
                .field("customer", r.key.customer)
                .field("from", r.key.from)
                .fields(&r.options),
            Object::Port(p) => Item::named("port", &p.name).fields(&p.options),
            Object::Service(s) => {
                in_context(Item::named("service", s.key), s.key.customer).fields(&s.options)
            }
            Object::Server(s) => {
                in_context(Item::named("server", s.key), s.key.customer).fields(&s.options)
            }
            Object::Binding(b) => in_context(
                Item::named("service", b.key.service),
                b.key.service.customer,
            )
            .field("server", b.key.server)
            .field("port", (b.key.port != 0).then_some(b.key.port))
            .fields(&b.options),
        };
        match &mut lists[kind] {
            Value::Array(list) => list.push(item.into_json()),
            slot => *slot = item.into_json(),
        }
    }
    lists
}

/// The customer of an object, unless it is public.
fn in_context(item: Item, customer: u32) -> Item {
    match customer {
        PUBLIC => item,
        number => item.field("customer", number),
    }
}

/// Gives ports, and routes by them, the indices of their devices: those that are attached already
/// keep theirs.
fn resolve(
    changes: &mut [Change],
    attached: &HashMap<String, u32>,
    file: &File<'_>,
) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for change in changes {
        let is_new = change.verb == Verb::New;
        let index = |name: &String| {
            let known = attached.get(name).copied().filter(|_| !is_new);
            known.or_else(|| netns::device_index(name))
        };
        match &mut change.object {
            Object::Port(port) => {
                port.ifindex = index(&port.name);
                if port.ifindex.is_none() {
                    let text = format!("device \"{}\" does not exist", port.name);
                    missing.push(placed(file, &change.object, text));
                }
            }
            // If there is none the port has told it.
            Object::Route(route) => {
                route.options.ifindex = route.options.ifname.as_ref().and_then(index);
            }
            _ => {}
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::Many(missing)),
    }
}

/// A sentence with the place in the file in front that it is about.
fn placed(file: &File<'_>, object: &Object, text: String) -> String {
    match file.place_of(object) {
        Some(place) => format!("{place}: {text}"),
        None => format!("{object}: {text}"),
    }
}

/// Adds changes to a transaction. Of the refusals, those that only follow from others
/// are left out.
fn add(txn: &mut Transaction<'_>, changes: &[Change], file: &File<'_>) -> Result<(), Failure> {
    let refused = txn.add(changes)?;
    let failed: Vec<_> = refused.iter().map(|(i, _)| &changes[*i].object).collect();
    let follows = |(i, refusal): &&(usize, Refusal)| {
        refusal.errno == nix::libc::ENOENT && refers_to(&changes[*i].object, &failed)
    };
    let mut texts: Vec<_> = refused
        .iter()
        .filter(|refused| !follows(refused))
        .map(|(i, refusal)| placed(file, &changes[*i].object, refusal.to_string()))
        .collect();
    if texts.is_empty() {
        // All of them follow from each other: say so rather than nothing.
        texts = refused
            .iter()
            .map(|(_, refusal)| refusal.to_string())
            .collect();
    }
    match texts.is_empty() {
        true => Ok(()),
        false => Err(Failure::Many(texts)),
    }
}

fn refers_to(object: &Object, failed: &[&Object]) -> bool {
    let of_failed_customer = |failed: &&Object| match failed {
        Object::Customer(customer) => {
            customer.options.id.is_some() && customer.options.id == object.customer()
        }
        _ => false,
    };
    if failed.iter().any(of_failed_customer) {
        return true;
    }
    let Object::Binding(binding) = object else {
        return false;
    };
    failed.iter().any(|failed| match failed {
        Object::Service(service) => service.key == binding.key.service,
        Object::Server(server) => server.key == binding.key.server,
        _ => false,
    })
}

/// Changes that make the file's configuration out of nothing.
fn from_nothing(file: &File<'_>, config: &Config) -> Result<Vec<Change>, Failure> {
    let mut changes = diff(&Config::default(), config);
    // The limits are not among what a transaction begins without.
    let settings = config.settings.clone().onto(&defaults::settings());
    changes.retain(|change| !matches!(change.object, Object::Settings(_)));
    changes.insert(0, Change::new(Verb::Set, Object::Settings(settings)));
    resolve(&mut changes, &HashMap::new(), file)?;
    Ok(changes)
}

fn check(context: &mut Context, file: &File<'_>, config: &Config) -> Result<(), Failure> {
    let client = match context.client() {
        Ok(client) => client,
        Err(Failure::Failed(why)) => {
            warn(format!("checked without the kernel: {why}"));
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let mut txn = match client.begin(true) {
        Err(Error::NotPermitted) => {
            warn(format!(
                "checked without the kernel: {}",
                Error::NotPermitted
            ));
            return Ok(());
        }
        txn => txn?,
    };
    add(&mut txn, &from_nothing(file, config)?, file)?;
    Ok(txn.check()?)
}

fn load(context: &mut Context, file: &File<'_>, config: &Config) -> Result<(), Failure> {
    let changes = from_nothing(file, config)?;
    let mut txn = context.client()?.begin(true)?;
    add(&mut txn, &changes, file)?;
    let mut exchange = Exchange::begin(&config.accepts)?;
    let mut shapes = match shape::Exchange::begin(&config.shapes) {
        Ok(shapes) => shapes,
        Err(error) => return exchange.end(Err(error)),
    };
    let done = exchange.end(txn.commit().map_err(Failure::from));
    shapes.end(done, config.customers.values())
}

fn sync(context: &mut Context, file: &File<'_>, config: &Config) -> Result<(), Failure> {
    let mut exchange = Exchange::begin(&config.accepts)?;
    let mut shapes = match shape::Exchange::begin(&config.shapes) {
        Ok(shapes) => shapes,
        Err(error) => return exchange.end(Err(error)),
    };
    let done = exchange.end(retry(context, |txn| {
        let (current, devices) = snapshot(txn.client())?;
        let mut changes = diff(&current, config);
        if changes.is_empty() {
            return Ok(Attempt::Done);
        }
        resolve(&mut changes, &devices, file)?;
        add(txn, &changes, file)?;
        Ok(Attempt::Commit)
    }));
    shapes.end(done, config.customers.values())
}
