// SPDX-License-Identifier: GPL-2.0

//! ICMP for IPv4 (RFC 792, RFC 1122, RFC 1812).

/// Bytes of a header.
pub const LEN: usize = 8;
/// Offset of the checksum in the header.
pub const CHECKSUM: usize = 2;

/// Echo reply.
pub const ECHO_REPLY: u8 = 0;
/// Destination unreachable.
pub const UNREACHABLE: u8 = 3;
/// Source quench, deprecated by RFC 6633.
pub const SOURCE_QUENCH: u8 = 4;
/// Redirect.
pub const REDIRECT: u8 = 5;
/// Echo request.
pub const ECHO: u8 = 8;
/// Time exceeded.
pub const TIME_EXCEEDED: u8 = 11;
/// Parameter problem.
pub const PARAMETER_PROBLEM: u8 = 12;

/// Codes of [`UNREACHABLE`].
pub mod code {
    /// Network unreachable.
    pub const NET: u8 = 0;
    /// Host unreachable.
    pub const HOST: u8 = 1;
    /// Protocol unreachable.
    pub const PROTOCOL: u8 = 2;
    /// Port unreachable.
    pub const PORT: u8 = 3;
    /// Fragmentation needed and DF set.
    pub const FRAG_NEEDED: u8 = 4;
    /// Communication administratively prohibited.
    pub const PROHIBITED: u8 = 13;
}

/// Whether a message of this type is an error, which quotes the packet it is about.
///
/// A redirect counts (RFC 1122, 3.2.2): it quotes, and is never answered by an error.
#[inline]
pub fn is_error(kind: u8) -> bool {
    matches!(
        kind,
        UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM
    )
}
