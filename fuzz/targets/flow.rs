// SPDX-License-Identifier: GPL-2.0

//! What no sequence of packets may do to the state of a flow.
//!
//! The rules are those that Documentation/security.md states for attackers who do not see the
//! connection, and the drawings in `domain/flow`: a state is left along an arrow only.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slr_domain::domain::flow::{sctp, tcp, Event, Side, State, Track};
use slr_domain::domain::packet::sctp::{chunk, Chunk, FLAG_T};
use slr_domain::domain::packet::tcp::{Flags, Segment};

fn number(track: &Track, side: Side) -> u32 {
    track.numbers[side as usize]
}

/// Whether an arrow leads from one state to the other, of either protocol.
fn leads(from: State, to: State, side: Side) -> bool {
    use State::*;
    from == to
        || match (from, to) {
            (Syn, SynAck) => side == Side::Server,
            (Syn | SynAck, Established | FinClient) => true,
            (SynAck | Established, FinServer) => side == Side::Server,
            (Established, FinClient) => side == Side::Client,
            (FinServer, Closed) => true,
            (FinClient, Closed) => true,
            (Closed | ResetByClient | ResetByServer | Reset, ResetByClient | ResetByServer) => {
                false
            }
            (_, ResetByClient) => side == Side::Client,
            (_, ResetByServer) => side == Side::Server,
            // Who is said to have reset it goes on.
            (ResetByClient, Established | FinClient) => side == Side::Client,
            (ResetByServer, Established | FinServer) => side == Side::Server,
            _ => false,
        }
}

fn check_tcp(before: &Track, after: &Track, event: Event, side: Side, s: &Segment) {
    let told = format_args!("{before:?} {side:?} {s:?} {after:?} {event:?}").to_string();
    assert!(leads(before.state, after.state, side), "{told}");
    let rst = s.flags.has(Flags::RST);
    let syn = s.flags.has(Flags::SYN);
    let expected = number(before, side);
    let is_refusal = before.state == State::Syn && side == Side::Server;
    if rst {
        let exact = match is_refusal {
            true => s.flags.has(Flags::ACK) && s.ack == number(before, Side::Client),
            false => s.seq == expected,
        };
        assert!(exact || before == after, "a reset by a guess: {told}");
        assert!(before.numbers == after.numbers, "{told}");
    } else if syn && !matches!(before.state, State::Syn | State::SynAck) {
        assert!(before == after, "a SYN moves a living flow: {told}");
    }
    if event == Event::Reopen {
        let opens = syn && !rst && side == Side::Client && !s.flags.has(Flags::ACK);
        assert!(opens && before.state.is_over(), "{told}");
    }
    if before.state == State::Reset {
        assert!(before == after, "{told}");
    }
    // Past the handshake an expected number moves by a segment that comes just then, or
    // forward by an acknowledgement.
    if !syn && !matches!(before.state, State::Syn) {
        for of in [Side::Client, Side::Server] {
            let (old, new) = (number(before, of), number(after, of));
            let in_order = of == side && s.seq == old && new == s.end();
            let acked = of != side && new == s.ack && new.wrapping_sub(old) <= tcp::WINDOW;
            assert!(old == new || in_order || acked, "{told}");
        }
    }
}

fn check_sctp(before: &Track, after: &Track, event: Event, side: Side, c: &Chunk) {
    let told = format_args!("{before:?} {side:?} {c:?} {after:?} {event:?}").to_string();
    assert!(leads(before.state, after.state, side), "{told}");
    let reflects = matches!(c.kind, chunk::ABORT | chunk::SHUTDOWN_COMPLETE);
    let tag = match reflects && c.flags & FLAG_T != 0 {
        true => number(before, side.other()),
        false => number(before, side),
    };
    let resets = matches!(after.state, State::ResetByClient | State::ResetByServer);
    if before.state != after.state && resets {
        assert!(c.kind == chunk::ABORT && tag != 0 && c.tag == tag, "{told}");
    }
    if before.numbers != after.numbers {
        assert!(matches!(c.kind, chunk::INIT | chunk::INIT_ACK), "{told}");
        assert!(before.state == State::Syn, "{told}");
    }
    if event == Event::Reopen {
        assert!(c.kind == chunk::INIT && before.state.is_over(), "{told}");
    }
}

/// A number of the packet: any, or one near what a flow expects, which is where it matters.
fn near(track: &Track, how: u8, raw: u32) -> u32 {
    match how % 8 {
        0 | 1 => number(track, Side::Client),
        2 | 3 => number(track, Side::Server),
        4 => number(track, Side::Client)
            .wrapping_add(raw % 3)
            .wrapping_sub(1),
        5 => number(track, Side::Server)
            .wrapping_add(raw % 3)
            .wrapping_sub(1),
        6 => number(track, Side::Client).wrapping_add(raw % (2 * tcp::WINDOW)),
        _ => raw,
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, a, b, c, d], mut rest)) = data.split_first_chunk() else {
        return;
    };
    let first = u32::from_be_bytes([a, b, c, d]);
    let sight = match kind & 2 {
        0 => tcp::Sight::Both,
        _ => tcp::Sight::ClientOnly,
    };
    let mut track = match kind & 1 {
        0 => tcp::open(&Segment {
            flags: Flags::SYN,
            seq: first,
            ack: 0,
            len: u32::from(kind >> 2),
        }),
        _ => sctp::open(&Chunk {
            tag: 0,
            kind: chunk::INIT,
            flags: 0,
            init_tag: first.max(1),
        }),
    };
    if kind & 4 != 0 {
        track.state = State::from_u8(kind >> 4).unwrap_or_default();
        track.numbers[1] = !first;
        if matches!(track.state, State::Unreplied | State::Replied) {
            return;
        }
    }
    while let Some((&[head, flags, how, a, b, c, d], next)) = rest.split_first_chunk() {
        rest = next;
        let raw = u32::from_be_bytes([a, b, c, d]);
        let side = if head & 1 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let before = track;
        if kind & 1 == 0 {
            let segment = Segment {
                flags: Flags(flags),
                seq: near(&track, how, raw),
                ack: near(&track, how >> 3, raw),
                len: u32::from(head >> 1),
            };
            let (after, event) = tcp::step(track, side, &segment, sight);
            check_tcp(&before, &after, event, side, &segment);
            track = after;
        } else {
            let first = Chunk {
                tag: near(&track, how, raw),
                kind: flags & 15,
                flags: (head >> 1) & 1,
                init_tag: raw.max(1),
            };
            let (after, event) = sctp::step(track, side, &first);
            check_sctp(&before, &after, event, side, &first);
            track = after;
        }
    }
});
