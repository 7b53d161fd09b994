// SPDX-License-Identifier: GPL-2.0

//! An slr device: a link of kind slr, through which packets of a customer enter and leave the
//! stack.

use netlink_packet_core::DecodeError;

use crate::attributes;
use crate::wire::Attributes;

attributes! {
    /// An slr device. It is made and removed by rtnetlink, see [`crate::link`].
    Device: device {
        /// Name that it was made with, by which routes know it.
        name: String = NAME,
        /// Routing context of what it sends.
        customer: u32 = CUSTOMER,
        /// Name that it has now.
        ifname: String = IFNAME,
        /// Index that it has now, in the namespace that it is in.
        ifindex: u32 = IFINDEX,
        /// It is in another namespace than it was made in.
        elsewhere: bool = ELSEWHERE,
    }
}

impl Device {
    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(bytes)
    }
}
