// SPDX-License-Identifier: GPL-2.0

//! SCTP's state, followed from the middle (RFC 9260, 4).
//!
//! ```text
//!  open() ──> Syn ──INIT ACK──> SynAck ──COOKIE ACK, DATA──> Established
//!                                                              │     │
//!                                                 SHUTDOWN of the    of the
//!                                                        client      server
//!                                                              v     v
//!                                                        FinClient FinServer
//!                                                              └──┬──┘
//!                                                     SHUTDOWN COMPLETE
//!                                                                 v
//!        ABORT from any state ──> ResetByClient, ResetByServer  Closed
//! ```
//!
//! The verification tag tells genuine packets (RFC 9260, 8.5): each end draws one
//! and every packet to it carries it. `Track::numbers` holds the tag that packets
//! *from* a side must have, 0 while unknown. An ABORT or SHUTDOWN COMPLETE with the
//! T bit has the sender's own tag instead, the one in packets from the other side.

use super::{Event, Side, State, Track};
use crate::domain::packet::sctp::{chunk, Chunk, FLAG_T};

/// The track of an association that the client opens with `init`.
#[inline]
pub fn open(init: &Chunk) -> Track {
    let mut track = Track {
        state: State::Syn,
        numbers: [0; 2],
    };
    track.set(Side::Server, init.init_tag);
    track
}

/// The track and event after a packet from `side` that begins with `first`.
pub fn step(mut track: Track, side: Side, first: &Chunk) -> (Track, Event) {
    if first.kind == chunk::INIT {
        return init(track, side, first);
    }
    if track.state == State::Reset {
        return (track, Event::None);
    }
    if first.kind == chunk::INIT_ACK {
        return init_ack(track, side, first);
    }
    if !is_genuine(&track, side, first) {
        return (track, Event::Doubtful);
    }
    let before = track.state;
    let event = match (first.kind, before) {
        (chunk::ABORT, state) if state.is_over() => Event::None,
        (chunk::ABORT, _) => {
            track.state = State::reset_by(side);
            match (before, side) {
                (State::Syn, Side::Server) => Event::Refused,
                _ => Event::Reset,
            }
        }
        (chunk::SHUTDOWN_COMPLETE, State::FinClient | State::FinServer) => {
            track.state = State::Closed;
            Event::Closed
        }
        (chunk::SHUTDOWN, State::Established) => {
            track.state = State::Established.fin_by(side);
            Event::None
        }
        // The cookie is echoed by the client and acknowledged by the server. Data of
        // either shows the same, should COOKIE ACK not be the first chunk.
        (chunk::COOKIE_ACK | chunk::SACK, State::SynAck) if side == Side::Server => {
            track.state = State::Established;
            Event::Established
        }
        (chunk::DATA, State::SynAck) => {
            track.state = State::Established;
            Event::Established
        }
        _ => Event::None,
    };
    (track, event)
}

/// An INIT: the opening repeated, a new association, or a restart of this one.
fn init(mut track: Track, side: Side, first: &Chunk) -> (Track, Event) {
    match (side, track.state) {
        (Side::Client, State::Syn) => {
            track.set(Side::Server, first.init_tag);
            (track, Event::Repeated)
        }
        (Side::Client, State::SynAck) => (track, Event::Repeated),
        (Side::Client, state) if state.is_over() => (track, Event::Reopen),
        // A restart (RFC 9260, 5.2) gets its own tags by an INIT ACK, which is seen.
        _ => (track, Event::Doubtful),
    }
}

/// An INIT ACK, which carries the tag of the INIT and brings the server's.
fn init_ack(mut track: Track, side: Side, first: &Chunk) -> (Track, Event) {
    if side != Side::Server || first.tag != track.of(Side::Server) {
        return (track, Event::Doubtful);
    }
    if track.state != State::Syn {
        return (track, Event::None);
    }
    track.set(Side::Client, first.init_tag);
    track.state = State::SynAck;
    (track, Event::Answered)
}

/// Whether the packet carries the tag that it must; unknown tags are not checked.
fn is_genuine(track: &Track, side: Side, first: &Chunk) -> bool {
    let may_reflect = matches!(first.kind, chunk::ABORT | chunk::SHUTDOWN_COMPLETE);
    let expected = if may_reflect && first.flags & FLAG_T != 0 {
        track.of(side.other())
    } else {
        track.of(side)
    };
    match expected {
        // Direct return hides the server's tag; what ends a flow then needs no less
        // than a tag, so only the rest is believed.
        0 => first.kind != chunk::ABORT,
        tag => tag == first.tag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Side::{Client, Server};

    fn first(kind: u8, tag: u32, init_tag: u32) -> Chunk {
        Chunk {
            tag,
            kind,
            flags: 0,
            init_tag,
        }
    }

    /// Client's tag 11, server's tag 22: packets to them carry these.
    fn established() -> Track {
        let t = open(&first(chunk::INIT, 0, 11));
        let (t, e) = step(t, Server, &first(chunk::INIT_ACK, 11, 22));
        assert_eq!((t.state, e), (State::SynAck, Event::Answered));
        let (t, _) = step(t, Client, &first(chunk::COOKIE_ECHO, 22, 0));
        let (t, e) = step(t, Server, &first(chunk::COOKIE_ACK, 11, 0));
        assert_eq!((t.state, e), (State::Established, Event::Established));
        t
    }

    #[test]
    fn whole_life() {
        let (t, _) = step(established(), Client, &first(chunk::DATA, 22, 0));
        let (t, _) = step(t, Client, &first(chunk::SHUTDOWN, 22, 0));
        assert_eq!(t.state, State::FinClient);
        let (t, _) = step(t, Server, &first(chunk::SHUTDOWN_ACK, 11, 0));
        let (t, e) = step(t, Client, &first(chunk::SHUTDOWN_COMPLETE, 22, 0));
        assert_eq!((t.state, e), (State::Closed, Event::Closed));
        assert_eq!(step(t, Client, &first(chunk::INIT, 0, 5)).1, Event::Reopen);
    }

    #[test]
    fn abort_needs_the_tag() {
        let t = established();
        let forged = step(t, Server, &first(chunk::ABORT, 22, 0));
        assert_eq!(forged, (t, Event::Doubtful));
        let (n, e) = step(t, Server, &first(chunk::ABORT, 11, 0));
        assert_eq!((n.state, e), (State::ResetByServer, Event::Reset));
        let mut reflected = first(chunk::ABORT, 22, 0);
        reflected.flags = FLAG_T;
        assert_eq!(step(t, Server, &reflected).1, Event::Reset);
    }

    #[test]
    fn refusal_and_repetition() {
        let t = open(&first(chunk::INIT, 0, 11));
        assert_eq!(
            step(t, Client, &first(chunk::INIT, 0, 11)),
            (t, Event::Repeated)
        );
        assert_eq!(
            step(t, Server, &first(chunk::ABORT, 12, 0)).1,
            Event::Doubtful
        );
        assert_eq!(
            step(t, Server, &first(chunk::ABORT, 11, 0)).1,
            Event::Refused
        );
    }

    #[test]
    fn restart_does_not_move_the_flow() {
        let t = established();
        assert_eq!(
            step(t, Client, &first(chunk::INIT, 0, 99)),
            (t, Event::Doubtful)
        );
    }
}
