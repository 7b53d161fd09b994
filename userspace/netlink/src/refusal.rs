// SPDX-License-Identifier: GPL-2.0

//! One sentence for each refusal by the kernel.
//!
//! The module's own sentences name the object and say what is allowed. What the netlink
//! core refuses by the module's policy comes with a text for programmers ("integer out of
//! range") and the place of the attribute in the request: the specification says the rest.

use std::fmt;

use netlink_packet_core::NLA_HEADER_SIZE;

use crate::endpoint::{ServerKey, ServiceKey};
use crate::extack::Extack;
use crate::uapi::{attr, Attr, AttrSet, Kind};
use crate::wire::{each, find, Value};

/// Where the attributes of a generic netlink message begin.
const ATTRIBUTES: usize = 16 + 4;
/// How the module begins its own sentences.
const PREFIX: &str = "slr: ";
/// What the netlink core says of a number that is not in the policy.
const UNKNOWN: [&str; 2] = ["Unknown attribute type", "Unsupported attribute"];

/// A refusal by the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Error number, positive.
    pub errno: i32,
    /// A clause that names what is at fault, if the kernel said.
    pub text: Option<String>,
}

impl Refusal {
    /// Makes sense of an extended acknowledgement, with the attributes of the request
    /// that it is about and the space that they are of.
    pub fn new(errno: i32, extack: Extack, set: &AttrSet, attributes: &[u8]) -> Self {
        let own = extack.text.as_deref().and_then(|t| t.strip_prefix(PREFIX));
        let text = match own {
            Some(own) => Some(own.to_owned()),
            None => sentence(&extack, set, attributes).or(extack.text),
        };
        Self { errno, text }
    }
}

/// What the netlink core means, in the words of the specification.
fn sentence(extack: &Extack, set: &AttrSet, attributes: &[u8]) -> Option<String> {
    let subject = subject(set, attributes);
    if let Some(number) = extack.missing {
        let name = missing(extack, number, set, attributes)?;
        return Some(format!("{subject}: {name} is missing"));
    }
    let found = path(set, attributes, ATTRIBUTES, extack.offset? as usize)?;
    let name = &found.name;
    let unknown = extack.text.as_deref().is_some_and(|t| UNKNOWN.contains(&t));
    Some(match found.attr {
        Some(attr) if !unknown => format!("{subject}: {name} {}", must(attr, found.payload)),
        // The module is older than this command.
        _ => format!("{subject}: the module does not take {name} here"),
    })
}

/// The object that a request is about, as far as it names one.
fn subject(set: &AttrSet, attributes: &[u8]) -> String {
    let name = match set.name {
        "service" => text::<ServiceKey>(attributes, attr::service::KEY),
        "server" => text::<ServerKey>(attributes, attr::server::KEY),
        "binding" => text::<ServiceKey>(attributes, attr::binding::SERVICE).and_then(|service| {
            let server = text::<ServerKey>(attributes, attr::binding::SERVER)?;
            Some(format!("{service} {server}"))
        }),
        "customer" => text::<String>(attributes, attr::customer::NAME),
        "tunnel" => text::<String>(attributes, attr::tunnel::NAME),
        "route" => text::<crate::prefix::Prefix>(attributes, attr::route::PREFIX),
        "port" => text::<String>(attributes, attr::port::IFNAME).or_else(|| {
            let index = text::<u32>(attributes, attr::port::IFINDEX)?;
            Some(format!("with index {index}"))
        }),
        _ => None,
    };
    match name {
        Some(name) => format!("{} {name}", set.name),
        None => set.name.to_owned(),
    }
}

fn text<T: Value + ToString>(attributes: &[u8], id: u16) -> Option<String> {
    T::get(find(attributes, id)?).ok().map(|v| v.to_string())
}

/// What an attribute must be, and what it is.
fn must(attr: &Attr, payload: &[u8]) -> String {
    let number = |greatest: u64| {
        let (min, max) = (attr.min.unwrap_or(0), attr.max.unwrap_or(greatest));
        match value(payload) {
            Some(value) => format!("must be {min}..={max}, not {value}"),
            None => format!("must be {min}..={max}"),
        }
    };
    match attr.kind {
        Kind::U8 => number(u8::MAX.into()),
        Kind::U16 => number(u16::MAX.into()),
        Kind::U32 => number(u32::MAX.into()),
        Kind::U64 => number(u64::MAX),
        Kind::Enum(choices) => {
            let names: Vec<_> = choices.entries.iter().map(|e| e.name).collect();
            format!("must be one of {}", names.join(", "))
        }
        Kind::String => match attr.max {
            Some(max) => format!("must be text of at most {max} bytes"),
            None => "must be text".to_owned(),
        },
        Kind::Address => "must be an IPv4 or IPv6 address, 4 or 16 bytes".to_owned(),
        Kind::Bytes => match attr.max {
            Some(max) => format!("must have at most {max} bytes"),
            None => "must be bytes".to_owned(),
        },
        Kind::Flag => "takes no value".to_owned(),
        Kind::Nest(_) => "must hold attributes".to_owned(),
    }
}

/// A number of any length.
fn value(payload: &[u8]) -> Option<u64> {
    match payload.len() {
        1 => Some(payload[0].into()),
        2 => u16::get(payload).ok().map(u64::from),
        4 => u32::get(payload).ok().map(u64::from),
        8 => u64::get(payload).ok(),
        _ => None,
    }
}

fn missing(extack: &Extack, number: u32, set: &AttrSet, attributes: &[u8]) -> Option<String> {
    let number = u16::try_from(number).ok()?;
    match extack.missing_in {
        None | Some(0) => set.by_id(number).map(|a| a.name.to_owned()),
        Some(offset) => {
            let found = path(set, attributes, ATTRIBUTES, offset as usize)?;
            let name = match found.attr?.kind {
                Kind::Nest(nest) => nest.by_id(number)?.name,
                _ => return None,
            };
            Some(format!("{} {name}", found.name))
        }
    }
}

/// An attribute in a request.
struct Found<'a> {
    /// The names down to it.
    name: String,
    /// What the specification says of it, if it knows it.
    attr: Option<&'static Attr>,
    payload: &'a [u8],
}

/// The attribute that begins at `offset`, or holds it.
fn path<'a>(set: &AttrSet, attributes: &'a [u8], base: usize, offset: usize) -> Option<Found<'a>> {
    let mut start = base;
    let mut found = None;
    // The request is our own; what cannot be read in it cannot be named.
    let _ = each(attributes, |id, payload| {
        let inside = start + NLA_HEADER_SIZE;
        let end = inside + payload.len();
        if (start..end).contains(&offset) {
            let attr = set.by_id(id);
            let name = attr.map_or_else(|| format!("attribute {id}"), |a| a.name.to_owned());
            let deeper = match attr.map(|a| a.kind) {
                Some(Kind::Nest(nest)) => path(nest, payload, inside, offset),
                _ => None,
            };
            found = Some(match deeper {
                Some(inner) => Found {
                    name: format!("{name} {}", inner.name),
                    ..inner
                },
                None => Found {
                    name,
                    attr,
                    payload,
                },
            });
        }
        start = end.next_multiple_of(NLA_HEADER_SIZE);
        Ok(())
    });
    found
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => {
                let error = std::io::Error::from_raw_os_error(self.errno).to_string();
                let error = error.split(" (os error").next().unwrap_or_default();
                write!(f, "the kernel refused: {error}")
            }
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;
    use crate::change::{Change, Object, Verb};
    use crate::object::service::Service;
    use crate::uapi;
    use crate::wire::Writer;

    fn request() -> Vec<u8> {
        let mut service = Service {
            key: "203.0.113.10:80/tcp".parse().unwrap(),
            ..Service::default()
        };
        service.options.persist = Some(9_000_000);
        Change::new(Verb::New, Object::Service(service))
            .request(None)
            .attributes
    }

    fn at(text: &str, offset: u32) -> Extack {
        Extack {
            text: Some(text.into()),
            offset: Some(offset),
            ..Extack::default()
        }
    }

    #[test]
    fn own_sentence_loses_its_prefix() {
        let extack = at("slr: weight must be 0..=65535", 20);
        let refusal = Refusal::new(34, extack, &uapi::SERVICE, &request());
        assert_eq!(refusal.to_string(), "weight must be 0..=65535");
    }

    #[test]
    fn a_text_of_the_core_becomes_a_sentence() {
        let say = |text, offset| {
            let refusal = Refusal::new(34, at(text, offset), &uapi::SERVICE, &request());
            refusal.to_string()
        };
        // The key takes 28 bytes from 20 on; persist follows it.
        assert_eq!(
            say("integer out of range", 48),
            "service 203.0.113.10:80/tcp: persist must be 0..=2592000, not 9000000"
        );
        assert_eq!(
            say("invalid attribute length", 32),
            "service 203.0.113.10:80/tcp: key protocol must be 0..=255, not 6"
        );
        assert_eq!(
            say("Unknown attribute type", 48),
            "service 203.0.113.10:80/tcp: the module does not take persist here"
        );
        // Without a place there is only what the core says.
        assert_eq!(say("integer out of range", 4096), "integer out of range");
    }

    #[test]
    fn missing_attribute_is_named() {
        let say = |nest| {
            let extack = Extack {
                missing: Some(2),
                missing_in: nest,
                ..Extack::default()
            };
            Refusal::new(22, extack, &uapi::SERVICE, &request()).to_string()
        };
        let subject = "service 203.0.113.10:80/tcp";
        assert_eq!(say(Some(20)), format!("{subject}: key address is missing"));
        assert_eq!(say(None), format!("{subject}: scheduler is missing"));
    }

    /// Every number that a request of any operation may hold, at any depth: its sentence
    /// names the kind of object and the attribute and says what is allowed.
    #[test]
    fn every_number_of_every_request_has_a_sentence() {
        fn walk(set: &AttrSet, op: &uapi::Op, a: &Attr, nests: &[&Attr]) {
            if let Kind::Nest(inner) = a.kind {
                for b in inner.attrs {
                    walk(set, op, b, &[nests, &[a]].concat());
                }
                return;
            }
            let wrong: &[u8] = match a.kind {
                Kind::U8 => &[0xff],
                Kind::U16 => &[0xff; 2],
                Kind::U32 | Kind::Enum(_) => &[0xff; 4],
                _ => return,
            };
            fn put(w: &mut Writer, nests: &[&Attr], a: &Attr, wrong: &[u8]) {
                match nests.split_first() {
                    Some((nest, rest)) => w.nest(nest.id, |w| put(w, rest, a, wrong)),
                    None => w.attr(a.id, wrong),
                }
            }
            let mut w = Writer::default();
            put(&mut w, nests, a, wrong);
            let offset = ATTRIBUTES + nests.len() * NLA_HEADER_SIZE;
            let extack = at("integer out of range", offset as u32);
            let text = Refusal::new(34, extack, set, &w.finish()).to_string();
            let what = format!("{}, {}: {text}", op.name, a.name);
            assert!(text.starts_with(set.name), "{what}");
            for name in nests.iter().chain([&a]).map(|a| a.name) {
                assert!(text.contains(name), "{what}");
            }
            let allowed = match a.kind {
                Kind::Enum(choices) => choices.entries[0].name.to_owned(),
                _ => a.max.map_or("..=".to_owned(), |max| format!("..={max}")),
            };
            assert!(text.contains(&allowed), "{what}");
        }
        let mut requests = 0;
        for op in uapi::OPS {
            for call in op.doit.iter().chain(&op.dump) {
                for a in call.request.iter().map(|id| op.set.by_id(*id).unwrap()) {
                    walk(op.set, op, a, &[]);
                    requests += 1;
                }
            }
        }
        assert!(requests > 50, "{requests}");
    }

    #[test]
    fn bare_error_number() {
        let refusal = Refusal::new(2, Extack::default(), &uapi::SERVICE, &[]);
        let text = refusal.to_string();
        assert!(
            text.starts_with("the kernel refused: No such file"),
            "{text}"
        );
    }
}
