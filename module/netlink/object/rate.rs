// SPDX-License-Identifier: GPL-2.0

//! The receive budget of a tunnel.

use crate::kern::net::genetlink::{Attrs, Full, Writer};
use crate::netlink::uapi::attr::tunnel::{PACKETS_IN, RATE_IN};
use crate::table::Rates;

/// What a request says of it.
pub(super) struct Update {
    bytes: Option<u64>,
    packets: Option<u64>,
}

impl Update {
    pub(super) fn parse(attrs: &Attrs<'_>) -> Self {
        Update {
            bytes: attrs.get(RATE_IN).map(|attr| attr.u64()),
            packets: attrs.get(PACKETS_IN).map(|attr| attr.u64()),
        }
    }

    /// What the budget becomes.
    pub(super) fn onto(&self, base: Rates) -> Rates {
        Rates {
            bytes: self.bytes.unwrap_or(base.bytes),
            packets: self.packets.unwrap_or(base.packets),
            ..base
        }
    }
}

/// Writes the limits that there are.
pub(super) fn put(out: &mut Writer<'_>, rates: &Rates) -> Result<(), Full> {
    for (number, rate) in [(RATE_IN, rates.bytes), (PACKETS_IN, rates.packets)] {
        if rate != 0 {
            out.u64(number, rate)?;
        }
    }
    Ok(())
}
