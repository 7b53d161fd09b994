// SPDX-License-Identifier: GPL-2.0

//! A message of the family: a command and its attributes, as bytes.

use netlink_packet_core::{DecodeError, Emitable, ParseableParametrized};
use netlink_packet_generic::{GenlFamily, GenlHeader};

use crate::uapi;
use crate::wire::Writer;

/// A command and its attributes. It serves for requests and replies alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Number of the operation.
    pub command: u8,
    /// Attributes in wire form.
    pub attributes: Vec<u8>,
}

impl Request {
    /// A request of these attributes.
    pub fn new(command: u8, writer: Writer) -> Self {
        Self {
            command,
            attributes: writer.finish(),
        }
    }

    /// A request without attributes.
    pub fn empty(command: u8) -> Self {
        Self::new(command, Writer::default())
    }
}

impl GenlFamily for Request {
    fn family_name() -> &'static str {
        uapi::FAMILY
    }
    fn command(&self) -> u8 {
        self.command
    }
    fn version(&self) -> u8 {
        uapi::VERSION
    }
}

impl Emitable for Request {
    fn buffer_len(&self) -> usize {
        self.attributes.len()
    }
    fn emit(&self, buffer: &mut [u8]) {
        buffer[..self.attributes.len()].copy_from_slice(&self.attributes);
    }
}

impl ParseableParametrized<[u8], GenlHeader> for Request {
    fn parse_with_param(buffer: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        Ok(Self {
            command: header.cmd,
            attributes: buffer.to_vec(),
        })
    }
}
