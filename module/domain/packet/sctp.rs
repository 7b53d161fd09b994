// SPDX-License-Identifier: GPL-2.0

//! The SCTP common header and the start of the first chunk (RFC 9260, 3).
//!
//! A chunk that changes an association's state comes first in its packet
//! (INIT, INIT ACK and SHUTDOWN COMPLETE even alone), so one chunk is enough.

/// Bytes of the common header.
pub const LEN: usize = 12;
/// Offset of the CRC32c in the header; its bytes are in little-endian order.
pub const CHECKSUM: usize = 8;

/// Types of chunks.
pub mod chunk {
    /// Payload.
    pub const DATA: u8 = 0;
    /// Opens an association.
    pub const INIT: u8 = 1;
    /// Answers INIT.
    pub const INIT_ACK: u8 = 2;
    /// Selective acknowledgement.
    pub const SACK: u8 = 3;
    /// Ends the association at once.
    pub const ABORT: u8 = 6;
    /// Begins the orderly end.
    pub const SHUTDOWN: u8 = 7;
    /// Answers SHUTDOWN.
    pub const SHUTDOWN_ACK: u8 = 8;
    /// Operation error.
    pub const ERROR: u8 = 9;
    /// Echoes the state cookie of INIT ACK.
    pub const COOKIE_ECHO: u8 = 10;
    /// Answers COOKIE ECHO.
    pub const COOKIE_ACK: u8 = 11;
    /// Ends the orderly end.
    pub const SHUTDOWN_COMPLETE: u8 = 14;
    /// No chunk in the packet.
    pub const NONE: u8 = 255;
}

/// Flag of ABORT and SHUTDOWN COMPLETE: the tag is the sender's own (RFC 9260, 8.5.1).
pub const FLAG_T: u8 = 1;

/// What the start of an SCTP packet says to the association's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Verification tag of the packet.
    pub tag: u32,
    /// Type of the first chunk, [`chunk::NONE`] if there is none.
    pub kind: u8,
    /// Flags of the first chunk.
    pub flags: u8,
    /// Initiate tag of an INIT or INIT ACK, else 0.
    pub init_tag: u32,
}
