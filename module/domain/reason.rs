// SPDX-License-Identifier: GPL-2.0

//! Why a packet was dropped, or left to the host stack: the names of the counters.
//!
//! The number of a reason is the index of its counter. Names are what commands
//! and `slr explain` show; they do not change once released.

use super::packet::ParseError;

/// Defines an enum of reasons with their names and one line of explanation each.
macro_rules! reasons {
    ($(#[$meta:meta])* $Enum:ident { $($Reason:ident $name:literal $doc:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $Enum {
            $(#[doc = $doc] $Reason,)+
        }

        impl $Enum {
            /// Every reason, in the order of its counter.
            pub const ALL: &'static [$Enum] = &[$($Enum::$Reason),+];

            /// Number of reasons, and of counters.
            pub const COUNT: usize = $Enum::ALL.len();

            /// The counter's index, below [`Self::COUNT`].
            #[inline(always)]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The reason's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $($Enum::$Reason => $name,)+
                }
            }

            /// What the reason means, one line.
            pub const fn doc(self) -> &'static str {
                match self {
                    $($Enum::$Reason => $doc,)+
                }
            }
        }
    };
}

reasons! {
    /// Why a packet was dropped.
    DropReason {
        TooShort "too-short" "the packet ends before its headers say it does",
        Malformed "malformed" "a header has an impossible length or version",
        BadChecksum "bad-ip-checksum" "the IPv4 header checksum is wrong",
        SourceRoute "source-route" "the IPv4 packet asks for a source route",
        BadExtensions "bad-extensions" "too many IPv6 extension headers",
        BadQuote "bad-quote" "an ICMP error quotes too little of the packet it is about",
        BadSource "bad-source" "the source address cannot be that of another host",
        FragmentFailed "fragment-failed" "fragments could not be joined or made",
        NoFlow "no-flow" "the packet has no flow and may not open one",
        PortNotServed "port-not-served" "the service does not serve the port",
        ProtocolNotServed "protocol-not-served" "the service does not serve the protocol",
        ServiceDown "service-down" "the service is set down and has no backup",
        NoServer "no-server" "no server of the service may take a new flow",
        ServerLimit "server-limit" "all servers that are up have reached their limits",
        FlowTableFull "flow-table-full" "the flow table has reached its limit",
        CustomerFlows "customer-flows" "the customer has as many flows as it may",
        CustomerNewFlows "customer-new-flows" "the customer opens flows faster than it may",
        CustomerRate "customer-rate" "the customer sends more than it may",
        TunnelRate "tunnel-rate" "the tunnel brings more than it may",
        NoMemory "no-memory" "no memory for a flow or a packet",
        SnatExhausted "snat-exhausted" "no source port is free for the flow",
        ReplyClash "reply-clash" "another flow has the same replies; the binding needs snat",
        FlowReset "flow-reset" "the operator ended the flow",
        WrongSide "wrong-side" "the port is not for this half of the traffic",
        TtlExceeded "ttl-exceeded" "the time to live is used up",
        TooBig "too-big" "the packet is longer than the way allows and must not be fragmented",
        NoRoute "no-route" "there is no route to the server or client",
        TunnelHeader "tunnel-header" "a tunnel's header has a version, flag or option that slr does not know",
        TunnelContent "tunnel-content" "a tunnel brought what it does not carry, or would have to",
        TunnelCookie "tunnel-cookie" "the packet lacks the cookie of its L2TPv3 session",
        TunnelChecksum "tunnel-checksum" "the outer UDP or GRE checksum is wrong",
        Congested "congested" "the tunnel was congested and the packet cannot be marked",
        Spoof "spoof" "the tunnel may not bring packets from this source",
        Unprotected "unprotected" "IPsec must protect the tunnel's packets and does not",
        NoRouteCustomer "no-route-customer" "the customer has neither a service nor a route for the packet",
        NoDevice "no-device" "the slr device of the customer's route is not there or down",
        NeighbourFailed "neighbour-failed" "the next hop does not answer",
        NotWritable "not-writable" "the packet's headers could not be made writable",
        OutputFailed "output-failed" "the device did not take the packet",
        ForeignPeer "foreign-peer" "the tunnel takes no packets from this outer address",
        WrongWay "wrong-way" "the guard there expects nothing from this source",
    }
}

reasons! {
    /// Why a packet was left to the host stack.
    PassReason {
        NotIp "not-ip" "neither IPv4 nor IPv6, nor an address request to answer",
        NotForUs "not-for-us" "neither of a flow nor for a service",
        OtherHost "other-host" "the link-layer address is another station's",
        Multicast "multicast" "the destination is a group or everyone",
        NoFlow "no-flow-passed" "without a flow, and the service lets the kind pass",
        Unmatched "unmatched-error" "an ICMP error about a packet of no flow",
        Local "local" "to or from an address that is the gateway's own",
        Fragment "fragment" "a fragment, to be joined before it comes back",
        UnknownTunnel "unknown-tunnel" "to the end of a tunnel, from elsewhere or with another key",
    }
}

impl From<ParseError> for DropReason {
    fn from(error: ParseError) -> DropReason {
        match error {
            ParseError::Short(_) | ParseError::Truncated => DropReason::TooShort,
            ParseError::Version | ParseError::Length => DropReason::Malformed,
            ParseError::Checksum => DropReason::BadChecksum,
            ParseError::SourceRoute => DropReason::SourceRoute,
            ParseError::Extensions => DropReason::BadExtensions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[(&str, &str, usize)]) {
        for (i, (name, doc, index)) in names.iter().enumerate() {
            assert_eq!(*index, i);
            assert!(names[..i].iter().all(|(n, _, _)| n != name), "{name} twice");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(!doc.is_empty() && !doc.ends_with('.'));
        }
    }

    #[test]
    fn names_are_distinct_keywords() {
        let drops = DropReason::ALL.iter();
        check(
            &drops
                .map(|r| (r.name(), r.doc(), r.index()))
                .collect::<Vec<_>>(),
        );
        let passes = PassReason::ALL.iter();
        check(
            &passes
                .map(|r| (r.name(), r.doc(), r.index()))
                .collect::<Vec<_>>(),
        );
    }
}
