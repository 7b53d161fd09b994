// SPDX-License-Identifier: GPL-2.0

//! Which clients count as one for persistence.

use super::addr::Ip;

/// The key under which a client's server is remembered: the first `len` bits of its address.
///
/// A length over the family's bits, such as an unset one, means the whole address.
#[inline]
pub fn key<A: Ip>(client: A, len: u8) -> A {
    client.mask(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::addr::V4;

    #[test]
    fn neighbours_share_a_key() {
        let (a, b) = (V4([192, 0, 2, 1]), V4([192, 0, 2, 200]));
        assert_eq!(key(a, 24), key(b, 24));
        assert_ne!(key(a, 25), key(b, 25));
        assert_eq!(key(a, u8::MAX), a);
    }
}
