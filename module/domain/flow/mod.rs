// SPDX-License-Identifier: GPL-2.0

//! The life of a flow: what may open one, and how its state moves with packets.
//!
//! One [`State`] serves all protocols, so a flow stores it in a byte. TCP and SCTP
//! need two more numbers per flow, [`Track`], to tell the real end of a flow from
//! a forged one.

pub mod opener;
pub mod plain;
pub mod sctp;
pub mod tcp;

/// Who sent a packet of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Side {
    /// The one who opened the flow.
    Client = 0,
    /// The one who was chosen for it.
    Server = 1,
}

impl Side {
    /// The other one.
    #[inline(always)]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// Where a flow stands.
///
/// Drawn for TCP in [`tcp`], for SCTP in [`sctp`]; other protocols know only
/// [`State::Unreplied`] and [`State::Replied`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Opened and not answered.
    #[default]
    Syn = 0,
    /// Answered and not yet confirmed.
    SynAck = 1,
    /// Both ends have spoken.
    Established = 2,
    /// The client is done, the server may go on.
    FinClient = 3,
    /// The server is done, the client may go on.
    FinServer = 4,
    /// Both ends are done.
    Closed = 5,
    /// The client has reset it.
    ResetByClient = 6,
    /// The server has reset it.
    ResetByServer = 7,
    /// No answer yet, protocols without a handshake.
    Unreplied = 8,
    /// Both ends have spoken, protocols without a handshake.
    Replied = 9,
    /// Ended by the operator; no packet leads in or out.
    Reset = 10,
}

impl State {
    /// Every state, in the order of its number.
    pub const ALL: [State; 11] = [
        State::Syn,
        State::SynAck,
        State::Established,
        State::FinClient,
        State::FinServer,
        State::Closed,
        State::ResetByClient,
        State::ResetByServer,
        State::Unreplied,
        State::Replied,
        State::Reset,
    ];

    /// The state with this number.
    #[inline]
    pub fn from_u8(number: u8) -> Option<State> {
        // For every packet: of this the compiler makes a comparison, of a look into `ALL` a load.
        Some(match number {
            0 => State::Syn,
            1 => State::SynAck,
            2 => State::Established,
            3 => State::FinClient,
            4 => State::FinServer,
            5 => State::Closed,
            6 => State::ResetByClient,
            7 => State::ResetByServer,
            8 => State::Unreplied,
            9 => State::Replied,
            10 => State::Reset,
            _ => return None,
        })
    }

    /// The state's name for people, who need not know which end was first.
    pub fn name(self) -> &'static str {
        match self {
            State::Syn => "syn",
            State::SynAck => "syn-ack",
            State::Established => "established",
            State::FinClient | State::FinServer => "fin",
            State::Closed | State::ResetByClient | State::ResetByServer => "closed",
            State::Unreplied => "unreplied",
            State::Replied => "replied",
            State::Reset => "reset",
        }
    }

    /// Whether the flow is over, so that the same ends may begin another.
    #[inline]
    pub fn is_over(self) -> bool {
        matches!(
            self,
            State::Closed | State::ResetByClient | State::ResetByServer | State::Reset
        )
    }

    /// Whether the flow counts as load of its server.
    #[inline]
    pub fn is_active(self) -> bool {
        !self.is_over()
    }
}

/// What a flow remembers to follow a connection: 12 bytes at most.
///
/// The two numbers belong to the protocol; `numbers[side]` is what identifies
/// genuine packets *from* that side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// Where the flow stands.
    pub state: State,
    /// TCP: the sequence number expected next from each side. SCTP: the tag that
    /// packets of each side carry.
    pub numbers: [u32; 2],
}

impl Track {
    /// The number that belongs to `side`.
    #[inline(always)]
    fn of(&self, side: Side) -> u32 {
        let [client, server] = self.numbers;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Sets the number that belongs to `side`.
    #[inline(always)]
    fn set(&mut self, side: Side, number: u32) {
        let [client, server] = &mut self.numbers;
        match side {
            Side::Client => *client = number,
            Side::Server => *server = number,
        }
    }
}

/// What a packet means for its flow besides a new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing out of the ordinary.
    None,
    /// The client asks again: its SYN or INIT was not answered in time.
    Repeated,
    /// The server's first answer; the time since the opening is a sample.
    Answered,
    /// The server refuses the opening by a reset or abort.
    Refused,
    /// The handshake is complete.
    Established,
    /// The flow came to its orderly end with this packet.
    Closed,
    /// One end reset the flow.
    Reset,
    /// The packet opens a new flow between ends whose old one is over: decide afresh.
    Reopen,
    /// A packet that would end or alter the flow but does not prove that it is genuine.
    /// It is forwarded: the receiver, who knows more, decides (RFC 5961).
    Doubtful,
}

impl State {
    /// The state after `side` has reset the flow.
    #[inline]
    fn reset_by(side: Side) -> State {
        match side {
            Side::Client => State::ResetByClient,
            Side::Server => State::ResetByServer,
        }
    }

    /// The state after `side` has said that it is done.
    #[inline]
    fn fin_by(self, side: Side) -> State {
        match (self, side) {
            (State::FinServer | State::Closed, Side::Client) => State::Closed,
            (State::FinClient | State::Closed, Side::Server) => State::Closed,
            (_, Side::Client) => State::FinClient,
            (_, Side::Server) => State::FinServer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_states_agree() {
        for (i, state) in State::ALL.iter().enumerate() {
            assert_eq!(*state as usize, i);
            assert_eq!(State::from_u8(i as u8), Some(*state));
        }
        assert_eq!(State::from_u8(11), None);
    }
}
