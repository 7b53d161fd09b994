// SPDX-License-Identifier: GPL-2.0

//! How long a flow may be silent before it is forgotten.

use super::addr::Proto;
use super::flow::State;
use super::limits::{TIMEOUT_MAX, TIMEOUT_MIN};

/// Seconds without a packet, per state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP or SCTP opened and not confirmed.
    pub syn: u32,
    /// TCP or SCTP established.
    pub established: u32,
    /// One end of a TCP or SCTP flow is done.
    pub fin: u32,
    /// Both ends are done.
    pub closed: u32,
    /// UDP without an answer.
    pub udp: u32,
    /// UDP with an answer.
    pub udp_replied: u32,
    /// ICMP echo.
    pub icmp: u32,
    /// Other protocols.
    pub other: u32,
}

/// The values of IPVS, the nearest relative: a balancer does better to forget a
/// silent connection after 15 minutes, as servers do, than to keep it for days as
/// conntrack does. Where IPVS has no such state, the value is conntrack's.
impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            syn: 60,
            established: 900,
            fin: 120,
            closed: 10,
            udp: 30,
            udp_replied: 120,
            icmp: 30,
            other: 300,
        }
    }
}

impl Timeouts {
    /// The seconds for a flow of `proto` in `state`.
    #[inline(always)]
    pub fn for_state(&self, proto: Proto, state: State) -> u32 {
        match state {
            State::Syn | State::SynAck => self.syn,
            State::Established => self.established,
            State::FinClient | State::FinServer => self.fin,
            State::Closed | State::ResetByClient | State::ResetByServer | State::Reset => {
                self.closed
            }
            State::Unreplied | State::Replied => match proto {
                Proto::ICMP | Proto::ICMPV6 => self.icmp,
                Proto::UDP | Proto::UDPLITE if state == State::Replied => self.udp_replied,
                Proto::UDP | Proto::UDPLITE => self.udp,
                _ => self.other,
            },
        }
    }

    /// Whether every value is within [`TIMEOUT_MIN`] and [`TIMEOUT_MAX`].
    pub fn are_valid(&self) -> bool {
        [
            self.syn,
            self.established,
            self.fin,
            self.closed,
            self.udp,
            self.udp_replied,
            self.icmp,
            self.other,
        ]
        .iter()
        .all(|t| (TIMEOUT_MIN..=TIMEOUT_MAX).contains(t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_their_times() {
        let t = Timeouts::default();
        assert!(t.are_valid());
        for (proto, state, want) in [
            (Proto::TCP, State::Syn, 60),
            (Proto::SCTP, State::Established, 900),
            (Proto::TCP, State::FinServer, 120),
            (Proto::TCP, State::ResetByClient, 10),
            (Proto::UDP, State::Unreplied, 30),
            (Proto::UDP, State::Replied, 120),
            (Proto::ICMPV6, State::Replied, 30),
            (Proto::GRE, State::Unreplied, 300),
        ] {
            assert_eq!(t.for_state(proto, state), want);
        }
        assert!(!Timeouts { udp: 0, ..t }.are_valid());
    }
}
