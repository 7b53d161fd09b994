// SPDX-License-Identifier: GPL-2.0

//! The extended acknowledgement: why the kernel refused, in its own words.
//!
//! `ErrorMessage` of netlink-packet-core keeps all that follows the error number as raw
//! bytes, so the attributes behind the echoed header are taken apart here
//! (include/uapi/linux/netlink.h, `enum nlmsgerr_attrs`). [`crate::refusal`] makes a
//! sentence of them.

use netlink_packet_core::{NLA_HEADER_SIZE, NLM_F_ACK_TLVS, NLM_F_CAPPED};

use crate::wire::{each, Value};

const ATTR_MSG: u16 = 1;
const ATTR_OFFS: u16 = 2;
const ATTR_MISS_TYPE: u16 = 5;
const ATTR_MISS_NEST: u16 = 6;

/// Size of `struct nlmsghdr`.
const HEADER: usize = 16;

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

#[cfg(test)]
mod tests {
    use super::*;
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
}
