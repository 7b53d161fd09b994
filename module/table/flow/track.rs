// SPDX-License-Identifier: GPL-2.0

//! What a packet does to its flow: state, time, and the health of the server.

use core::sync::atomic::Ordering::Relaxed;

use super::{Family, Flow, FlowTable, Status};
use crate::domain::{
    flow::{
        plain, sctp,
        tcp::{self, Sight},
        Event, Side, State, Track,
    },
    packet::L4,
};
use crate::kern::time;
use crate::table::{health::REPEATS_MAX, stats::Happening, Tables};

impl<A: Family> FlowTable<A> {
    /// Follows a packet of `flow` that `side` sent and [`Flow::follow`] left; says what it means.
    ///
    /// On [`Event::Reopen`] nothing has changed: the caller retires the flow and decides afresh.
    /// Context: any, under RCU.
    pub(crate) fn step(
        &self,
        tables: &Tables,
        flow: &Flow<A>,
        side: Side,
        info: &L4,
        now: u32,
    ) -> Event {
        loop {
            let status = flow.status();
            let before = Track {
                state: status.state(),
                numbers: flow.numbers(),
            };
            let (after, event) = match info {
                L4::Tcp { segment, .. } => tcp::step(before, side, segment, flow.sight()),
                // Tags are learned from the server's answer.
                L4::Sctp(_) if flow.sight() == Sight::ClientOnly => (before, Event::None),
                L4::Sctp(chunk) => sctp::step(before, side, chunk),
                _ => {
                    let (state, event) = plain::step(before.state, side);
                    (Track { state, ..before }, event)
                }
            };
            if event == Event::Reopen {
                return event;
            }
            flow.store_numbers(&before, &after);
            if after.state == before.state && event == Event::None {
                // A flow that the operator ended runs out, whatever comes.
                if after.state != State::Reset {
                    flow.touch(now, after.state);
                }
                return event;
            }
            if self.step_rare(tables, flow, status, (after.state, event), now) {
                return event;
            }
        }
    }

    /// The part of [`FlowTable::step`] that few packets need. Says whether it is done; if not,
    /// another processor has changed the flow meanwhile.
    #[cold]
    fn step_rare(
        &self,
        tables: &Tables,
        flow: &Flow<A>,
        old: Status,
        (state, event): (State, Event),
        now: u32,
    ) -> bool {
        if event == Event::Doubtful {
            // Does not keep the flow alive either.
            tables.stats.event(Happening::Doubtful);
            return true;
        }
        let new = old.after(state, event);
        if flow
            .status
            .compare_exchange(old.0, new.0, Relaxed, Relaxed)
            .is_err()
        {
            return false;
        }
        self.count_change(flow, old, new);
        flow.touch(now, state);
        match event {
            Event::Repeated => {
                tables.stats.event(Happening::SynRepeated);
                if state == State::Syn && new.repeats() == REPEATS_MAX {
                    self.ditch(tables, flow, now);
                }
            }
            // Whose opening was repeated, the answer may be to any of them (Karn's rule).
            Event::Answered if old.repeats() != 0 => tables.answered(&flow.binding.server, None),
            Event::Answered => {
                let sample = (time::monotonic_us() as u32).wrapping_sub(flow.opened_us);
                tables.answered(&flow.binding.server, Some(sample));
            }
            // Only the client's word shows that the server answered.
            Event::Established if flow.sight() == Sight::ClientOnly => {
                tables.answered(&flow.binding.server, None);
            }
            Event::Refused => self.ditch(tables, flow, now),
            _ => {}
        }
        true
    }

    /// Counts the opening of a flow as ditched, once, unless it was answered.
    fn ditch(&self, tables: &Tables, flow: &Flow<A>, now: u32) {
        let changed = flow.change(|status| {
            (!status.has(Status::DITCHED | Status::ANSWERED)).then(|| status.with(Status::DITCHED))
        });
        if changed.is_some() {
            tables.ditched(&flow.binding.server, now);
        }
    }

    /// An ICMP error says that the opening of `flow` did not reach its server's end. Does nothing
    /// to a flow that was answered. Context: any, under RCU.
    pub(crate) fn refused(&self, tables: &Tables, flow: &Flow<A>, now: u32) {
        if flow.state() == State::Syn {
            self.ditch(tables, flow, now);
        }
    }

    /// Whether a packet, after its step, should go to another server than that of its flow: a
    /// repeated opening whose server has failed. The caller retires the flow and decides afresh.
    #[inline]
    pub(crate) fn is_to_move(&self, flow: &Flow<A>, event: Event) -> bool {
        event == Event::Repeated
            && flow.state() == State::Syn
            && flow.binding.server.runtime.health.is_failed()
    }

    /// Ends a flow by the operator's will. Says whether it was not over before.
    pub(in crate::table) fn reset(&self, tables: &Tables, flow: &Flow<A>, now: u32) -> bool {
        let changed = flow.change(|status| {
            let is_over = status.has(Status::DEAD) || status.state().is_over();
            (!is_over).then(|| status.after(State::Reset, Event::None))
        });
        let Some((old, new)) = changed else {
            return false;
        };
        self.count_change(flow, old, new);
        flow.touch(now, State::Reset);
        tables.stats.event(Happening::FlowReset);
        true
    }

    /// What a sweep does to a flow: says whether it goes.
    pub(in crate::table) fn expire(&self, tables: &Tables, flow: &Flow<A>, now: u32) -> bool {
        if flow.is_dead() {
            return true;
        }
        if !flow.is_expired(now) {
            return false;
        }
        if flow.state() == State::Syn {
            self.ditch(tables, flow, now);
        }
        tables.stats.event(Happening::FlowExpired);
        self.retire(flow);
        true
    }
}

impl<A: Family> Flow<A> {
    /// Follows a packet that `side` sent, if it is as most are: of a flow that lives on in the
    /// same state. If it says no, nothing has changed, and [`FlowTable::step`] is to be asked.
    /// Context: any, under RCU.
    #[inline(always)]
    pub(crate) fn follow(&self, side: Side, info: &L4, now: u32) -> bool {
        let state = self.state();
        match info {
            L4::Tcp { segment, .. } => {
                let before = Track {
                    state,
                    numbers: self.numbers(),
                };
                let Some(after) = tcp::middle(before, side, segment) else {
                    return false;
                };
                self.store_numbers(&before, &after);
                self.touch(now, State::Established);
            }
            L4::Sctp(_) => return false,
            _ if state == State::Reset => return false,
            _ if plain::step(state, side) != (state, Event::None) => return false,
            _ => self.touch(now, state),
        }
        true
    }

    /// Two processors that follow both directions at once may each undo what the other noted of
    /// its side; the next packet of that side sets it right.
    #[inline(always)]
    fn store_numbers(&self, before: &Track, after: &Track) {
        let changes = before.numbers.iter().zip(&after.numbers);
        for (number, (old, new)) in self.numbers.iter().zip(changes) {
            if old != new {
                number.store(*new, Relaxed);
            }
        }
    }
}

impl Status {
    /// The status after a step to `state` with this event.
    fn after(self, state: State, event: Event) -> Status {
        // A dead flow counts nowhere, whatever its state.
        let new = if state.is_active() && !self.has(Status::DEAD) {
            self.with(Status::ACTIVE)
        } else {
            self.without(Status::ACTIVE)
        };
        let new = new.with_state(state);
        match event {
            Event::Repeated => new.repeated(),
            Event::Answered | Event::Established => new.with(Status::ANSWERED),
            _ => new,
        }
    }
}
