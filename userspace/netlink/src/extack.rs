// SPDX-License-Identifier: GPL-2.0

//! The extended acknowledgement: why the kernel refused, in its own words.
//!
//! `ErrorMessage` of netlink-packet-core keeps all that follows the error number as raw
//! bytes, so the attributes behind the echoed header are taken apart here
//! (include/uapi/linux/netlink.h, `enum nlmsgerr_attrs`).

use std::fmt;

use netlink_packet_core::{NLA_HEADER_SIZE, NLM_F_ACK_TLVS, NLM_F_CAPPED};

use crate::uapi::{AttrSet, Kind};
use crate::wire::{each, Value};

const ATTR_MSG: u16 = 1;
const ATTR_OFFS: u16 = 2;
const ATTR_MISS_TYPE: u16 = 5;
const ATTR_MISS_NEST: u16 = 6;

/// Size of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Where the attributes of a generic netlink message begin.
const ATTRIBUTES: usize = HEADER + 4;
/// How the module begins its own sentences.
const PREFIX: &str = "slr: ";

/// What an extended acknowledgement says, undigested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extack {
    /// Sentence.
    pub text: Option<String>,
    /// Where in the request the attribute at fault begins.
    pub offset: Option<u32>,
    /// Number of an attribute that is missing.
    pub missing: Option<u32>,
    /// Where in the request the nest begins in which it is missing.
    pub missing_in: Option<u32>,
}

impl Extack {
    /// Reads what follows the error number: the header of the request, the rest of the
    /// request unless `flags` says that it was left out, and the attributes.
    pub fn parse(flags: u16, echoed: &[u8]) -> Self {
        if flags & NLM_F_ACK_TLVS == 0 {
            return Self::default();
        }
        let length = echoed
            .first_chunk()
            .map_or(0, |length| u32::from_ne_bytes(*length) as usize);
        let start = if flags & NLM_F_CAPPED != 0 {
            HEADER
        } else {
            length.max(HEADER).next_multiple_of(NLA_HEADER_SIZE)
        };
        Self::read(echoed.get(start..).unwrap_or_default())
    }

    /// Reads the attributes alone, as they stand in the end of a dump.
    pub fn read(bytes: &[u8]) -> Self {
        let mut extack = Self::default();
        // A text that cannot be read must not hide the error number.
        let _ = each(bytes, |id, payload| {
            match id {
                ATTR_MSG => extack.text = Some(String::get(payload)?),
                ATTR_OFFS => extack.offset = Some(u32::get(payload)?),
                ATTR_MISS_TYPE => extack.missing = Some(u32::get(payload)?),
                ATTR_MISS_NEST => extack.missing_in = Some(u32::get(payload)?),
                _ => {}
            }
            Ok(())
        });
        extack
    }
}

/// A refusal by the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Error number, positive.
    pub errno: i32,
    /// The module's sentence, without its name in front, or the kernel's.
    pub text: Option<String>,
    /// Path of the attribute at fault, for a sentence that is not the module's own.
    pub attribute: Option<String>,
}

impl Refusal {
    /// Makes sense of an extended acknowledgement, with the attributes of the request
    /// that it is about and the space that they are of.
    pub fn new(errno: i32, extack: Extack, set: &AttrSet, attributes: &[u8]) -> Self {
        let own = extack.text.as_deref().and_then(|t| t.strip_prefix(PREFIX));
        let own = own.map(str::to_owned);
        let attribute = match (&own, extack.missing) {
            (Some(_), _) => None,
            (None, Some(number)) => missing(&extack, number, set, attributes),
            (None, None) => extack
                .offset
                .and_then(|offset| path(set, attributes, ATTRIBUTES, offset as usize))
                .map(|(path, _)| path),
        };
        Self {
            errno,
            text: own.or(extack.text),
            attribute,
        }
    }
}

fn missing(extack: &Extack, number: u32, set: &AttrSet, attributes: &[u8]) -> Option<String> {
    let number = u16::try_from(number).ok()?;
    match extack.missing_in {
        None | Some(0) => set.by_id(number).map(|a| a.name.to_owned()),
        Some(offset) => {
            let (path, nest) = path(set, attributes, ATTRIBUTES, offset as usize)?;
            let name = nest?.by_id(number)?.name;
            Some(format!("{path} {name}"))
        }
    }
}

/// The names down to the attribute that begins at `offset`, and the space inside it.
fn path(
    set: &AttrSet,
    attributes: &[u8],
    base: usize,
    offset: usize,
) -> Option<(String, Option<&'static AttrSet>)> {
    let mut start = base;
    let mut found = None;
    // The request is our own; what cannot be read in it cannot be named.
    let _ = each(attributes, |id, payload| {
        let inside = start + NLA_HEADER_SIZE;
        let end = inside + payload.len();
        if let Some(attr) = set.by_id(id).filter(|_| (start..end).contains(&offset)) {
            let nest = match attr.kind {
                Kind::Nest(nest) => Some(nest),
                _ => None,
            };
            let deeper = nest.and_then(|nest| path(nest, payload, inside, offset));
            found = Some(match deeper {
                Some((rest, nest)) => (format!("{} {rest}", attr.name), nest),
                None => (attr.name.to_owned(), nest),
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
            Some(text) => f.write_str(text)?,
            None => {
                let error = std::io::Error::from_raw_os_error(self.errno).to_string();
                let error = error.split(" (os error").next().unwrap_or_default();
                write!(f, "the kernel refused: {error}")?;
            }
        }
        match &self.attribute {
            Some(attribute) => write!(f, " (attribute {attribute})"),
            None => Ok(()),
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

    fn echo(length: u32, capped: bool, fill: impl FnOnce(&mut Writer)) -> (u16, Vec<u8>) {
        let mut bytes = length.to_ne_bytes().to_vec();
        let keep = if capped { HEADER } else { length as usize };
        bytes.resize(keep.next_multiple_of(4), 0xee);
        let mut w = Writer::default();
        fill(&mut w);
        bytes.extend(w.finish());
        let capped = if capped { NLM_F_CAPPED } else { 0 };
        (NLM_F_ACK_TLVS | capped, bytes)
    }

    fn request() -> Vec<u8> {
        let mut service = Service {
            key: "203.0.113.10:80/tcp".parse().unwrap(),
            ..Service::default()
        };
        service.options.persist = Some(9);
        Change::new(Verb::New, Object::Service(service))
            .request(None)
            .attributes
    }

    #[test]
    fn text_behind_a_header_or_a_whole_request() {
        for capped in [false, true] {
            let (flags, bytes) = echo(57, capped, |w| {
                w.attr(ATTR_MSG, b"slr: no such thing\0");
                w.attr(ATTR_OFFS, &52u32.to_ne_bytes());
            });
            let extack = Extack::parse(flags, &bytes);
            assert_eq!(extack.text.as_deref(), Some("slr: no such thing"));
            assert_eq!(extack.offset, Some(52));
        }
        assert_eq!(Extack::parse(0, &[1; 40]), Extack::default());
        assert_eq!(Extack::parse(NLM_F_ACK_TLVS, &[]), Extack::default());
    }

    #[test]
    fn own_sentence_loses_its_prefix() {
        let extack = Extack {
            text: Some("slr: weight must be 0..=65535".into()),
            offset: Some(20),
            ..Extack::default()
        };
        let refusal = Refusal::new(34, extack, &uapi::SERVICE, &request());
        assert_eq!(refusal.to_string(), "weight must be 0..=65535");
    }

    #[test]
    fn kernel_sentence_gains_the_attribute() {
        let at = |offset| Extack {
            text: Some("integer out of range".into()),
            offset: Some(offset),
            ..Extack::default()
        };
        let say = |offset| Refusal::new(34, at(offset), &uapi::SERVICE, &request()).to_string();
        // The key takes 28 bytes from 20 on; persist follows it.
        assert_eq!(say(48), "integer out of range (attribute persist)");
        assert_eq!(say(20), "integer out of range (attribute key)");
        assert_eq!(say(32), "integer out of range (attribute key protocol)");
        assert_eq!(say(4096), "integer out of range");
    }

    #[test]
    fn missing_attribute_is_named() {
        let extack = |nest| Extack {
            missing: Some(2),
            missing_in: nest,
            ..Extack::default()
        };
        let say = |nest| Refusal::new(22, extack(nest), &uapi::SERVICE, &request());
        assert_eq!(say(Some(20)).attribute.as_deref(), Some("key address"));
        assert_eq!(say(None).attribute.as_deref(), Some("scheduler"));
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
