// SPDX-License-Identifier: GPL-2.0

//! ICMP for IPv6 (RFC 4443).

/// Bytes of a header.
pub const LEN: usize = 8;
/// Offset of the checksum in the header.
pub const CHECKSUM: usize = 2;

/// Destination unreachable.
pub const UNREACHABLE: u8 = 1;
/// Packet too big.
pub const TOO_BIG: u8 = 2;
/// Time exceeded.
pub const TIME_EXCEEDED: u8 = 3;
/// Parameter problem.
pub const PARAMETER_PROBLEM: u8 = 4;
/// Echo request.
pub const ECHO: u8 = 128;
/// Echo reply.
pub const ECHO_REPLY: u8 = 129;
/// Router solicitation (RFC 4861), first of neighbour discovery's types.
pub const ROUTER_SOLICITATION: u8 = 133;
/// Neighbour solicitation.
pub const NEIGHBOUR_SOLICITATION: u8 = 135;
/// Neighbour advertisement.
pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// Redirect, last of neighbour discovery's types.
pub const REDIRECT: u8 = 137;

/// Codes of [`UNREACHABLE`].
pub mod code {
    /// No route to destination.
    pub const NO_ROUTE: u8 = 0;
    /// Administratively prohibited.
    pub const PROHIBITED: u8 = 1;
    /// Address unreachable.
    pub const ADDRESS: u8 = 3;
    /// Port unreachable.
    pub const PORT: u8 = 4;
}

/// Code of [`PARAMETER_PROBLEM`]: unrecognised next header.
pub const CODE_NEXT_HEADER: u8 = 1;

/// Whether a message of this type is an error, which quotes the packet it is about.
#[inline]
pub fn is_error(kind: u8) -> bool {
    kind < 128
}
