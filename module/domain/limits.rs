// SPDX-License-Identifier: GPL-2.0

//! Numbers that the module and the programs around it must agree on.
//!
//! The netlink specification repeats those that it can check itself.

/// The largest customer id, so that id and protocol fit one word of a flow's key.
pub const CUSTOMER_MAX: u32 = 0xff_ffff;

/// The customer of the Internet side.
pub const CUSTOMER_PUBLIC: u32 = 0;

/// The most bytes of a customer's name.
pub const CUSTOMER_NAME_MAX: usize = 31;

/// Whether `name` may be that of a customer: letters, digits, underscores, dots and hyphens, and no
/// number, as that would be taken for an id.
pub fn is_customer_name(name: &[u8]) -> bool {
    (1..=CUSTOMER_NAME_MAX).contains(&name.len())
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte))
        && !name.iter().all(u8::is_ascii_digit)
        && name != b"public"
}

/// The largest weight of a server; 0 takes no new flows.
pub const WEIGHT_MAX: u32 = 65535;
/// The weight of a server that has none set.
pub const WEIGHT_DEFAULT: u32 = 1;

/// The most servers of one service: maglev tables number them by 16 bits.
pub const SERVERS_MAX: usize = 65534;

/// The shortest timeout, in seconds.
pub const TIMEOUT_MIN: u32 = 1;
/// The longest timeout, hold time or deadline, in seconds: 30 days.
pub const TIMEOUT_MAX: u32 = 30 * 24 * 3600;

/// Bytes of a network device's name without its final zero.
pub const NAME_MAX: usize = 15;

/// The largest limit on the flow table's entries.
pub const FLOWS_MAX: u32 = 1 << 26;

/// The least slots of a maglev table.
pub const MAGLEV_MIN: u32 = 251;
/// The most slots of a maglev table.
pub const MAGLEV_MAX: u32 = 131_071;
/// The slots of a maglev table whose service sets none.
pub const MAGLEV_DEFAULT: u32 = 4093;

/// Table sizes to offer: primes just under powers of two.
pub const MAGLEV_SIZES: [u32; 10] = [
    251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131_071,
];

/// Source ports tried for a new flow before it is refused.
pub const SNAT_PROBES_MAX: u32 = 1024;
/// The lowest source port that is given out unless the pool says otherwise: above the reserved ones.
pub const SNAT_PORT_FIRST: u16 = 1024;
/// The highest source port that is given out unless the pool says otherwise.
pub const SNAT_PORT_LAST: u16 = 65535;

/// Whether `size` may be the number of a maglev table's slots: a prime in range.
pub fn is_maglev_size(size: u32) -> bool {
    (MAGLEV_MIN..=MAGLEV_MAX).contains(&size) && is_prime(size)
}

/// Whether `n` is a prime, by trial up to its root, at most 362 for a table's size.
fn is_prime(n: u32) -> bool {
    if n < 2 {
        return false;
    }
    let mut divisor = 2u32;
    while u64::from(divisor).wrapping_mul(u64::from(divisor)) <= u64::from(n) {
        if n.checked_rem(divisor) == Some(0) {
            return false;
        }
        divisor = divisor.wrapping_add(1);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_customers() {
        for good in [
            "a",
            "acme-1.site_2",
            "7up",
            "0123456789012345678901234567890x",
        ] {
            assert_eq!(is_customer_name(good.as_bytes()), good.len() < 32, "{good}");
        }
        for wrong in ["", "public", "7", "a b", "a/b", "\u{e9}", "a\0"] {
            assert!(!is_customer_name(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn offered_sizes_are_allowed() {
        assert!(MAGLEV_SIZES.iter().all(|s| is_maglev_size(*s)));
        assert!(MAGLEV_SIZES.contains(&MAGLEV_DEFAULT));
        assert!(!is_maglev_size(4096) && !is_maglev_size(241) && !is_maglev_size(131_101));
        assert!(is_prime(u32::MAX - 4) && !is_prime(u32::MAX) && !is_prime(1));
    }
}
