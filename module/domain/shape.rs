// SPDX-License-Identifier: GPL-2.0

//! How transmit queues of customers are numbered: what the module marks packets with, and what the
//! command sets up.
//!
//! A class of the packet scheduler has a number of two halves: the upper is that of its queueing
//! discipline, the lower its own. A packet whose priority is the whole number is in the class.

/// The number of slr's queueing discipline, wherever it is set up: `sl`.
pub const MAJOR: u32 = 0x736c;

/// The class that all others are in.
pub const ROOT: u32 = 0xffff;

/// The class of all that is of no customer with a weight.
pub const REST: u32 = 0xfffe;

/// The highest number of a customer that a class can have.
pub const CUSTOMER_MAX: u32 = 0xfffd;

/// The largest weight.
pub const WEIGHT_MAX: u32 = 1000;

/// The weight of what has none, all of it together.
pub const REST_WEIGHT: u32 = 10;

/// The class of a customer in slr's discipline.
pub const fn class_of(customer: u32) -> u32 {
    customer & 0xffff
}

/// What packets of a customer are marked with: 0, which is no class, if it has no weight.
pub const fn priority(customer: u32, weight: u32) -> u32 {
    match weight {
        0 => 0,
        _ => (MAJOR << 16) | class_of(customer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_apart() {
        assert_eq!(priority(7, 0), 0);
        assert_eq!(priority(7, 1), 0x736c_0007);
        assert!(class_of(CUSTOMER_MAX) < REST && REST < ROOT);
    }
}
