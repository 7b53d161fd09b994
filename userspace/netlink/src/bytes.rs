// SPDX-License-Identifier: GPL-2.0

//! Bytes that are neither numbers nor addresses of IP, on the wire and as text.

use std::fmt;
use std::str::FromStr;

use netlink_packet_core::DecodeError;

use crate::wire::{Value, Writer};

/// A link-layer address: `02:00:00:00:00:01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let byte = |part: &str| {
            let is_byte = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(part, 16).ok().filter(|_| is_byte)
        };
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Mac)
            .ok_or_else(|| format!("\"{text}\" is not a link-layer address"))
    }
}

/// What L2TPv3 packets prove themselves by: 0, 4 or 8 bytes, in hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookie(pub Vec<u8>);

impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_empty() {
            true => f.write_str("none"),
            false => self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl FromStr for Cookie {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is neither none nor 8 or 16 hexadecimal digits");
        match text.len() {
            _ if text == "none" => Ok(Cookie::default()),
            8 | 16 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                let number = u64::from_str_radix(text, 16).map_err(|_| wrong())?;
                Ok(Cookie(number.to_be_bytes()[8 - text.len() / 2..].to_vec()))
            }
            _ => Err(wrong()),
        }
    }
}

macro_rules! text {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}
text!(Mac);
text!(Cookie);

impl Value for Mac {
    fn put(&self, writer: &mut Writer, id: u16) {
        writer.attr(id, &self.0);
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        let bytes = payload.try_into();
        bytes
            .map(Mac)
            .map_err(|_| "a link-layer address of another length".into())
    }
}

impl Value for Cookie {
    fn put(&self, writer: &mut Writer, id: u16) {
        writer.attr(id, &self.0);
    }
    fn get(payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(Cookie(payload.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text() {
        assert_eq!(
            "02:00:00:00:00:ff".parse::<Mac>().unwrap().to_string(),
            "02:00:00:00:00:ff"
        );
        for wrong in [
            "",
            "02:00:00:00:00",
            "2:0:0:0:0:1",
            "02:00:00:00:00:00:00",
            "+2:00:00:00:00:01",
        ] {
            assert!(wrong.parse::<Mac>().is_err(), "{wrong}");
        }
        for right in ["none", "00000001", "0123456789abcdef"] {
            assert_eq!(right.parse::<Cookie>().unwrap().to_string(), right);
        }
        for wrong in ["", "1", "0x123456", "0123456789abcde", "+0000001"] {
            assert!(wrong.parse::<Cookie>().is_err(), "{wrong}");
        }
    }
}
