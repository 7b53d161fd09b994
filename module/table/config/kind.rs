// SPDX-License-Identifier: GPL-2.0

//! Small choices of the configuration, numbered as in the specification.

/// Defines an enumeration with numbers, in the order of the specification.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u32)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The choice of this number.
            pub(crate) fn from_u32(number: u32) -> Option<Self> {
                const ALL: &[$name] = &[$($name::$variant,)+];
                ALL.get(usize::try_from(number).ok()?).copied()
            }

            /// The number of the choice.
            pub(crate) fn as_u32(self) -> u32 {
                self as u32
            }
        }
    };
}

choice! {
    /// Which half of the traffic a port may carry.
    Side {
        /// Clients and servers.
        Any,
        /// Only clients; replies of servers are not translated here.
        Client,
        /// Only servers; no new flow begins here.
        Server,
    }
}

choice! {
    /// Where the sources must be of what a customer's tunnels, ports and slr devices bring, or of
    /// what one tunnel or port does.
    Guard {
        /// Anywhere.
        Off,
        /// Where a route of the customer leads to, but to the public context.
        Loose,
        /// Where the customer's routes lead back the way that the packet came.
        Strict,
    }
}

impl Guard {
    /// How many guards an own one of a tunnel or port is; one that is off, or the customer's, is
    /// none.
    pub(in crate::table) fn count(own: Option<Self>) -> u32 {
        matches!(own, Some(Guard::Loose | Guard::Strict)).into()
    }
}

choice! {
    /// What the operator wants of a server or a service.
    AdminState {
        /// In use.
        Up,
        /// Keeps its flows and gets no new ones.
        Drain,
        /// Not used.
        Down,
    }
}

choice! {
    /// What is the case with a server or a service.
    Condition {
        /// In use.
        Up,
        /// Keeps its flows and gets no new ones.
        Drain,
        /// Not used.
        Down,
        /// Did not answer and is left out.
        Failed,
    }
}

choice! {
    /// How a packet reaches its server.
    Method {
        /// Addresses and ports are rewritten.
        Nat,
        /// The packet goes as it is to the server's link-layer address; the server has the virtual
        /// address too and answers the client directly.
        Direct,
        /// The packet enters a tunnel as it is; who takes it out there has the virtual address too
        /// and answers the client directly.
        Tunnel,
    }
}

impl Method {
    /// Whether packets keep their ends, and answers need not pass here.
    #[inline]
    pub(crate) fn keeps_ends(self) -> bool {
        self != Method::Nat
    }
}

choice! {
    /// What becomes of a packet that has no flow and may not open one.
    Action {
        /// Dropped and counted.
        Drop,
        /// Answered by a reset or an unreachable error.
        Reset,
        /// Left to the host stack.
        Pass,
    }
}

choice! {
    /// What becomes of living flows when their server or binding goes.
    Fate {
        /// They live until they end.
        Keep,
        /// They are ended, and both ends get a reset at their next packet.
        Reset,
    }
}
