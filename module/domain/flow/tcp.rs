// SPDX-License-Identifier: GPL-2.0

//! TCP's state, followed from the middle for timeouts, samples and refusals.
//!
//! ```text
//!  open() ──> Syn ──SYN/ACK──> SynAck ──ACK of it──> Established
//!              │                 │                     │     │
//!              │                 └──────── FIN ────────┤     │
//!             RST of it                            FinClient FinServer
//!              │                                       │     │
//!              v               RST of it               └──┬──┘
//!        ResetByServer <── from any state              other FIN
//!        ResetByClient <──                                v
//!              │                                        Closed
//!              └── SYN of the client: Event::Reopen ──────┘
//! ```
//!
//! Somebody who does not see the connection must not be able to end or steal it
//! by guesses. `Track::numbers` holds the sequence number expected next from each
//! side: what the other side has acknowledged, moved on by segments that come
//! exactly in order. As RFC 5961, 3.2 has it for endpoints, a reset counts only
//! with exactly this number. A SYN moves no state once the connection is
//! established, and before that counts as a repetition; it opens a new
//! connection only where the old one is over. All of these packets are
//! forwarded nevertheless: the endpoint answers a stray SYN by a challenge, and
//! the reset that a client who has lost its state sends in return is exact.
//!
//! Should a forged reset hit the number, the side it pretends to be from goes on
//! talking, which no one does after a reset: the flow is back in `Established`.
//! (Acknowledgements may move the expected number forward, up to [`WINDOW`], since
//! segments can be lost before us or, with direct return, never pass here; that is
//! the one place where a guess has a chance of more than 2^-32.)

use super::{Event, Side, State, Track};
use crate::domain::packet::tcp::{Flags, Segment};

/// How far ahead of the expected number a FIN or an acknowledgement may be.
///
/// More than a sender has in flight in practice, and 1/256 of the number space.
pub const WINDOW: u32 = 1 << 24;

/// Whether both directions of the connection pass here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Both do.
    Both,
    /// Only the client's: the server answers directly.
    ClientOnly,
}

/// The track of a connection that the client opens with `syn`.
#[inline]
pub fn open(syn: &Segment) -> Track {
    let mut track = Track {
        state: State::Syn,
        numbers: [0; 2],
    };
    track.set(Side::Client, syn.end());
    track
}

/// The track after `segment` from `side`, if that is of the middle of a living connection, as most
/// segments by far: data or an acknowledgement. If not, [`step`] is to be asked.
#[inline(always)]
pub fn middle(track: Track, side: Side, segment: &Segment) -> Option<Track> {
    let flags = segment.flags;
    let is_middle = track.state == State::Established
        && flags.has(Flags::ACK)
        && !flags.has_any(Flags::SYN | Flags::FIN | Flags::RST);
    is_middle.then(|| advance(track, side, segment))
}

/// The track and event after `segment` from `side`.
#[inline]
pub fn step(track: Track, side: Side, segment: &Segment, sight: Sight) -> (Track, Event) {
    match middle(track, side, segment) {
        Some(track) => (track, Event::None),
        None => step_rare(track, side, segment, sight),
    }
}

/// [`step`] for all that is not the middle of a connection.
fn step_rare(track: Track, side: Side, segment: &Segment, sight: Sight) -> (Track, Event) {
    let flags = segment.flags;
    if track.state == State::Reset && !flags.has(Flags::SYN) {
        return (track, Event::None);
    }
    if flags.has(Flags::RST) {
        return reset(track, side, segment);
    }
    if flags.has(Flags::SYN) {
        return match (side, flags.has(Flags::ACK)) {
            (Side::Client, false) => syn(track, segment),
            (Side::Server, true) => answer(track, segment),
            // No part of an opening by the client; simultaneous opening is not followed.
            _ => (track, Event::Doubtful),
        };
    }
    if !flags.has(Flags::ACK) {
        return (track, Event::Doubtful);
    }
    match track.state {
        State::Syn => confirm_unseen(track, side, segment, sight),
        State::SynAck => confirm(track, side, segment),
        State::ResetByClient if side == Side::Client => revive(track, side, segment),
        State::ResetByServer if side == Side::Server => revive(track, side, segment),
        State::ResetByClient | State::ResetByServer => (track, Event::None),
        _ => finish(track, side, segment),
    }
}

/// Whether `number` is 0 to `window` ahead of `base` in sequence space.
#[inline(always)]
fn is_ahead(number: u32, base: u32, window: u32) -> bool {
    number.wrapping_sub(base) <= window
}

/// Moves the expected numbers on: this side's by its own segment, the other's by its ack.
#[inline(always)]
fn advance(mut track: Track, side: Side, segment: &Segment) -> Track {
    if segment.seq == track.of(side) {
        track.set(side, segment.end());
    }
    if is_ahead(segment.ack, track.of(side.other()), WINDOW) {
        track.set(side.other(), segment.ack);
    }
    track
}

/// A SYN without ACK from the client.
fn syn(mut track: Track, segment: &Segment) -> (Track, Event) {
    match track.state {
        State::Syn | State::SynAck => {
            // A client that starts over chooses a new number, and only the answer
            // to it can be acknowledged. Before an answer nothing is lost by that.
            if track.state == State::Syn {
                track.set(Side::Client, segment.end());
            }
            (track, Event::Repeated)
        }
        state if state.is_over() => (track, Event::Reopen),
        _ => (track, Event::Doubtful),
    }
}

/// A SYN with ACK from the server.
fn answer(mut track: Track, segment: &Segment) -> (Track, Event) {
    if track.state != State::Syn {
        // A repetition, or nothing that is expected.
        return (track, Event::None);
    }
    // Data sent along with the SYN need not be acknowledged at once (RFC 7413), so
    // anything from the SYN itself on is an answer to it.
    let expected = track.of(Side::Client);
    if !is_ahead(expected, segment.ack, u32::from(u16::MAX)) {
        return (track, Event::Doubtful);
    }
    track.state = State::SynAck;
    track.set(Side::Client, segment.ack);
    track.set(Side::Server, segment.end());
    (track, Event::Answered)
}

/// An acknowledgement before any answer was seen.
///
/// If the server answers directly, this is the first that shows that it did.
fn confirm_unseen(mut track: Track, side: Side, segment: &Segment, sight: Sight) -> (Track, Event) {
    if side == Side::Server || sight == Sight::Both || segment.seq != track.of(Side::Client) {
        return (track, Event::Doubtful);
    }
    track.set(Side::Server, segment.ack);
    establish(track, side, segment)
}

/// An acknowledgement after the server's answer; the client's must be of that answer.
fn confirm(track: Track, side: Side, segment: &Segment) -> (Track, Event) {
    let is_genuine = is_ahead(segment.ack, track.of(side.other()), WINDOW);
    match side {
        Side::Client if is_genuine => establish(track, side, segment),
        Side::Client => (track, Event::Doubtful),
        // A server that speaks first: its data needs no word of the client.
        Side::Server => (advance(track, side, segment), Event::None),
    }
}

/// The handshake is complete, perhaps with a FIN at once.
fn establish(mut track: Track, side: Side, segment: &Segment) -> (Track, Event) {
    track.state = State::Established;
    let (track, _) = finish(track, side, segment);
    (track, Event::Established)
}

/// A segment of a connection that is established or ends, with or without FIN.
fn finish(track: Track, side: Side, segment: &Segment) -> (Track, Event) {
    let is_due = is_ahead(segment.seq, track.of(side), WINDOW);
    let mut track = advance(track, side, segment);
    if !segment.flags.has(Flags::FIN) {
        return (track, Event::None);
    }
    let before = track.state;
    // A FIN behind the expected number repeats one that was seen.
    if !is_due {
        return (track, Event::None);
    }
    track.state = before.fin_by(side);
    if track.state == State::Closed && before != State::Closed {
        return (track, Event::Closed);
    }
    (track, Event::None)
}

/// A reset.
///
/// Before the handshake is complete, the server's must acknowledge the SYN
/// (RFC 9293, 3.10.7.3); any other must have exactly the number expected.
fn reset(mut track: Track, side: Side, segment: &Segment) -> (Track, Event) {
    let is_refusal = track.state == State::Syn && side == Side::Server;
    let is_genuine = if is_refusal {
        segment.flags.has(Flags::ACK) && segment.ack == track.of(Side::Client)
    } else {
        segment.seq == track.of(side)
    };
    match (is_genuine, track.state) {
        (false, _) => (track, Event::Doubtful),
        (true, state) if state.is_over() => (track, Event::None),
        (true, _) => {
            track.state = State::reset_by(side);
            let event = if is_refusal {
                Event::Refused
            } else {
                Event::Reset
            };
            (track, event)
        }
    }
}

/// The side that is said to have reset the connection goes on: it was not its reset.
fn revive(mut track: Track, side: Side, segment: &Segment) -> (Track, Event) {
    if !is_ahead(segment.seq, track.of(side), WINDOW) {
        return (track, Event::Doubtful);
    }
    track.state = State::Established;
    finish(track, side, segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Side::{Client, Server};

    const ISN: u32 = u32::MAX - 2; // so that numbers wrap early
    const IRS: u32 = 5000;

    fn seg(flags: Flags, seq: u32, ack: u32, len: u32) -> Segment {
        Segment {
            flags,
            seq,
            ack,
            len,
        }
    }

    const ACK: Flags = Flags::ACK;
    const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
    const FIN_ACK: Flags = Flags(Flags::FIN.0 | Flags::ACK.0);
    const RST_ACK: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

    fn go(track: Track, side: Side, s: Segment) -> (Track, Event) {
        step(track, side, &s, Sight::Both)
    }

    fn opened() -> Track {
        open(&seg(Flags::SYN, ISN, 0, 0))
    }

    fn established() -> Track {
        let (t, e) = go(opened(), Server, seg(SYN_ACK, IRS, ISN.wrapping_add(1), 0));
        assert_eq!((t.state, e), (State::SynAck, Event::Answered));
        let (t, e) = go(t, Client, seg(ACK, ISN.wrapping_add(1), IRS + 1, 0));
        assert_eq!((t.state, e), (State::Established, Event::Established));
        t
    }

    #[test]
    fn whole_life() {
        let c = ISN.wrapping_add(1);
        let (t, _) = go(established(), Client, seg(ACK, c, IRS + 1, 100));
        let (t, _) = go(t, Server, seg(ACK, IRS + 1, c.wrapping_add(100), 50));
        let (t, e) = go(t, Client, seg(FIN_ACK, c.wrapping_add(100), IRS + 51, 0));
        assert_eq!((t.state, e), (State::FinClient, Event::None));
        let (t, e) = go(t, Server, seg(FIN_ACK, IRS + 51, c.wrapping_add(101), 0));
        assert_eq!((t.state, e), (State::Closed, Event::Closed));
        let (t, e) = go(t, Client, seg(ACK, c.wrapping_add(101), IRS + 52, 0));
        assert_eq!((t.state, e), (State::Closed, Event::None));
        let (_, e) = go(t, Client, seg(Flags::SYN, 1, 0, 0));
        assert_eq!(e, Event::Reopen);
    }

    #[test]
    fn repeated_syn_keeps_the_flow() {
        let (t, e) = go(opened(), Client, seg(Flags::SYN, ISN, 0, 0));
        assert_eq!((t, e), (opened(), Event::Repeated));
    }

    #[test]
    fn refusal_must_acknowledge_the_syn() {
        let (t, e) = go(opened(), Server, seg(RST_ACK, 0, ISN, 0));
        assert_eq!((t.state, e), (State::Syn, Event::Doubtful));
        let (t, e) = go(t, Server, seg(RST_ACK, 0, ISN.wrapping_add(1), 0));
        assert_eq!((t.state, e), (State::ResetByServer, Event::Refused));
        let (_, e) = go(t, Client, seg(Flags::SYN, ISN, 0, 0));
        assert_eq!(e, Event::Reopen);
    }

    #[test]
    fn reset_counts_only_with_the_exact_number() {
        let t = established();
        for off in [1u32, 100, 65535, u32::MAX, 1 << 31] {
            let (n, e) = go(
                t,
                Client,
                seg(Flags::RST, t.numbers[0].wrapping_add(off), 0, 0),
            );
            assert_eq!((n, e), (t, Event::Doubtful));
        }
        let (n, e) = go(t, Client, seg(Flags::RST, t.numbers[0], 0, 0));
        assert_eq!((n.state, e), (State::ResetByClient, Event::Reset));
    }

    #[test]
    fn reset_after_data_in_flight_counts() {
        let t = established();
        let (t, _) = go(t, Server, seg(ACK, IRS + 1, ISN.wrapping_add(1), 1000));
        let (t, e) = go(t, Server, seg(Flags::RST, IRS + 1001, 0, 0));
        assert_eq!((t.state, e), (State::ResetByServer, Event::Reset));
    }

    #[test]
    fn stray_syn_alters_nothing() {
        let t = established();
        assert_eq!(
            go(t, Client, seg(Flags::SYN, 7, 0, 0)),
            (t, Event::Doubtful)
        );
        assert_eq!(go(t, Server, seg(SYN_ACK, 7, 9, 0)), (t, Event::None));
        assert_eq!(
            go(t, Server, seg(Flags::SYN, 7, 9, 0)),
            (t, Event::Doubtful)
        );
        let (fin, _) = go(t, Client, seg(FIN_ACK, t.numbers[0], t.numbers[1], 0));
        assert_eq!(
            go(fin, Client, seg(Flags::SYN, 7, 0, 0)),
            (fin, Event::Doubtful)
        );
    }

    #[test]
    fn client_that_lost_its_state_comes_back() {
        let t = established();
        // Its SYN is challenged; it resets by the challenge's own numbers.
        let (t, _) = go(t, Server, seg(ACK, t.numbers[1], t.numbers[0], 0));
        let (t, e) = go(t, Client, seg(Flags::RST, t.numbers[0], 0, 0));
        assert_eq!(e, Event::Reset);
        assert_eq!(go(t, Client, seg(Flags::SYN, 7, 0, 0)).1, Event::Reopen);
    }

    #[test]
    fn forged_reset_is_outlived() {
        let t = established();
        let (t, _) = go(t, Server, seg(Flags::RST, t.numbers[1], 0, 0));
        let (late, _) = go(t, Client, seg(ACK, t.numbers[0], t.numbers[1], 10));
        assert_eq!(late.state, State::ResetByServer);
        let (t, _) = go(late, Server, seg(ACK, t.numbers[1], t.numbers[0], 10));
        assert_eq!(t.state, State::Established);
    }

    #[test]
    fn blind_acknowledgement_does_not_confirm() {
        let (t, _) = go(opened(), Server, seg(SYN_ACK, IRS, ISN.wrapping_add(1), 0));
        let (n, e) = go(t, Client, seg(ACK, ISN.wrapping_add(1), IRS - 9, 0));
        assert_eq!((n.state, e), (State::SynAck, Event::Doubtful));
        let (n, e) = go(opened(), Client, seg(ACK, ISN.wrapping_add(1), 77, 0));
        assert_eq!((n.state, e), (State::Syn, Event::Doubtful));
    }

    #[test]
    fn direct_return_is_confirmed_by_the_client() {
        let ack = seg(ACK, ISN.wrapping_add(1), 77, 0);
        let (t, e) = step(opened(), Client, &ack, Sight::ClientOnly);
        assert_eq!((t.state, e), (State::Established, Event::Established));
        assert_eq!(t.numbers[1], 77);
    }

    #[test]
    fn lost_segments_do_not_hide_the_end() {
        let t = established();
        // 3000 bytes are missing before the FIN.
        let fin = seg(FIN_ACK, t.numbers[1].wrapping_add(3000), t.numbers[0], 0);
        assert_eq!(go(t, Server, fin).0.state, State::FinServer);
        let far = seg(FIN_ACK, t.numbers[1].wrapping_sub(3000), t.numbers[0], 0);
        assert_eq!(go(t, Server, far).0.state, State::Established);
    }

    #[test]
    fn operator_has_the_last_word() {
        let t = Track {
            state: State::Reset,
            ..established()
        };
        for flags in [Flags::SYN, Flags::RST, ACK, FIN_ACK] {
            assert_eq!(go(t, Client, seg(flags, t.numbers[0], 0, 0)).0, t);
        }
    }
}
