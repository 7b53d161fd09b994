// SPDX-License-Identifier: GPL-2.0

//! Reading attributes.
//!
//! The policy of an operation was enforced, nests included, before a function gets to read, so
//! getters return plain values. An attribute read as another type than its policy says gives a
//! wrong number or an empty string, never memory that is not its own.

use crate::sys::bindings;
use kernel::prelude::*;

/// The length of an attribute's header.
const HEADER: usize = 4;

/// One attribute of a request.
#[derive(Clone, Copy)]
pub(crate) struct Attr<'a> {
    /// Header and payload, without padding: at least [`HEADER`] bytes, within the request.
    bytes: &'a [u8],
}

impl<'a> Attr<'a> {
    /// The number of the attribute.
    pub(crate) fn number(&self) -> u16 {
        let raw = self.bytes.get(2..).and_then(<[u8]>::first_chunk);
        raw.map_or(0, |raw| u16::from_ne_bytes(*raw)) & bindings::NLA_TYPE_MASK as u16
    }

    /// The payload.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes.get(HEADER..).unwrap_or_default()
    }

    /// The payload, if it has `N` bytes or more: the first `N`.
    pub(crate) fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.bytes().first_chunk().copied()
    }

    fn array_or_zero<const N: usize>(&self) -> [u8; N] {
        self.array().unwrap_or([0; N])
    }

    /// The payload as an integer of 8 bits.
    pub(crate) fn u8(&self) -> u8 {
        u8::from_ne_bytes(self.array_or_zero())
    }

    /// The payload as an integer of 16 bits.
    pub(crate) fn u16(&self) -> u16 {
        u16::from_ne_bytes(self.array_or_zero())
    }

    /// The payload as an integer of 32 bits.
    pub(crate) fn u32(&self) -> u32 {
        u32::from_ne_bytes(self.array_or_zero())
    }

    /// The payload as an integer of 64 bits.
    pub(crate) fn u64(&self) -> u64 {
        u64::from_ne_bytes(self.array_or_zero())
    }

    /// The payload as an integer of 32 or 64 bits, whichever was sent.
    pub(crate) fn uint(&self) -> u64 {
        match self.array() {
            Some(wide) => u64::from_ne_bytes(wide),
            None => self.u32().into(),
        }
    }

    /// The payload as a 16-bit integer in network order.
    pub(crate) fn be16(&self) -> u16 {
        u16::from_be_bytes(self.array_or_zero())
    }

    /// The payload as a 32-bit integer in network order.
    pub(crate) fn be32(&self) -> u32 {
        u32::from_be_bytes(self.array_or_zero())
    }

    /// The payload up to its first NUL.
    pub(crate) fn c_str_bytes(&self) -> &'a [u8] {
        let bytes = self.bytes();
        bytes.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The payload up to its first NUL, if that is UTF-8.
    pub(crate) fn str(&self) -> Option<&'a str> {
        core::str::from_utf8(self.c_str_bytes()).ok()
    }

    /// The value and the mask of a `bitfield32`.
    pub(crate) fn bitfield32(&self) -> (u32, u32) {
        let raw: [u8; 8] = self.array_or_zero();
        let [a, b, c, d, e, f, g, h] = raw;
        (
            u32::from_ne_bytes([a, b, c, d]),
            u32::from_ne_bytes([e, f, g, h]),
        )
    }

    /// The attributes inside of a nest.
    pub(crate) fn nested(&self) -> Attrs<'a> {
        Attrs {
            bytes: self.bytes(),
            nest: Some(*self),
        }
    }

    /// Where C finds the attribute.
    pub(super) fn as_ptr(&self) -> *const bindings::nlattr {
        self.bytes.as_ptr().cast()
    }
}

/// The attributes of a request, or of a nest in it.
#[derive(Clone, Copy)]
pub(crate) struct Attrs<'a> {
    bytes: &'a [u8],
    nest: Option<Attr<'a>>,
}

impl<'a> Attrs<'a> {
    /// The attributes in `bytes`, which are the end of a message.
    pub(super) fn top_level(bytes: &'a [u8]) -> Self {
        Self { bytes, nest: None }
    }

    /// The attribute with this number; the last one, should there be several, as `nla_parse()`.
    pub(crate) fn get(&self, number: u16) -> Option<Attr<'a>> {
        self.all(number).last()
    }

    /// Whether there is an attribute with this number.
    pub(crate) fn has(&self, number: u16) -> bool {
        self.get(number).is_some()
    }

    /// All attributes with this number, in their order.
    pub(crate) fn all(&self, number: u16) -> impl Iterator<Item = Attr<'a>> {
        self.iter().filter(move |attr| attr.number() == number)
    }

    /// All attributes, in their order.
    pub(crate) fn iter(&self) -> Iter<'a> {
        Iter { left: self.bytes }
    }

    /// The nest that these are in.
    pub(super) fn nest(&self) -> Option<Attr<'a>> {
        self.nest
    }
}

/// Iterator over [`Attrs`].
pub(crate) struct Iter<'a> {
    left: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Attr<'a>;

    fn next(&mut self) -> Option<Attr<'a>> {
        let len = usize::from(u16::from_ne_bytes(*self.left.first_chunk()?));
        if len < HEADER {
            return None;
        }
        let bytes = self.left.get(..len)?;
        let padded = len.next_multiple_of(bindings::NLA_ALIGNTO as usize);
        self.left = self.left.get(padded..).unwrap_or_default();
        Some(Attr { bytes })
    }
}
