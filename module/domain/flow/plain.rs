// SPDX-License-Identifier: GPL-2.0

//! Flows of protocols without a handshake: UDP, ICMP echo and all others.
//!
//! ```text
//!   Unreplied --(packet from the server)--> Replied
//! ```

use super::{Event, Side, State};

/// The state and event after a packet from `side`.
#[inline(always)]
pub fn step(state: State, side: Side) -> (State, Event) {
    match (state, side) {
        (State::Unreplied, Side::Server) => (State::Replied, Event::Answered),
        (state, _) => (state, Event::None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_answer_is_an_event() {
        let (state, event) = step(State::Unreplied, Side::Client);
        assert_eq!((state, event), (State::Unreplied, Event::None));
        let (state, event) = step(state, Side::Server);
        assert_eq!((state, event), (State::Replied, Event::Answered));
        assert_eq!(step(state, Side::Server), (State::Replied, Event::None));
        assert_eq!(step(State::Reset, Side::Server).0, State::Reset);
    }
}
