// SPDX-License-Identifier: GPL-2.0

//! Flows.

use super::Page;

const FILTER: &[&str] = &[
    "customer",
    "client",
    "client-port",
    "virtual",
    "virtual-port",
    "server",
    "server-port",
    "proto",
    "state",
];

pub const PAGE: Page = Page {
    name: "flow",
    summary: "connections",
    verbs: &[("show", FILTER), ("count", FILTER), ("del", FILTER)],
    usage: "\
Usage: slr flow { show | count | del } [ FILTER ]
where  FILTER := [ customer CUSTOMER ]
                 [ client ADDRESS[:PORT] | ADDRESS/LENGTH ]
                 [ client-port PORT ] [ virtual ADDRESS[:PORT] ]
                 [ virtual-port PORT ] [ server ADDRESS[:PORT] ]
                 [ server-port PORT ] [ proto PROTOCOL ] [ state STATE ]
       STATE := { syn | syn-ack | established | fin | closed | unreplied |
                  replied | reset }",
    description: &[
        "A flow is one connection: client, virtual address, server, the state it is in, how \
         often its opening packet was repeated, and the time until it is forgotten. Whatever \
         is configured later, a flow stays at its server until it ends, times out, or is \
         deleted.",
        "The words of a filter select the flows that agree with all of them; without any, \
         all flows. del ends the selected flows and says how many there were.",
    ],
    terms: &[
        (
            "customer CUSTOMER",
            "The routing context, by name or number.",
        ),
        (
            "client ADDRESS[:PORT] | ADDRESS/LENGTH",
            "The client, or the network that it is in.",
        ),
        (
            "client-port PORT",
            "Its port, or the identifier of its echo requests.",
        ),
        ("virtual ADDRESS[:PORT]", "What the client uses."),
        ("virtual-port PORT", "The port that the client uses."),
        ("server ADDRESS[:PORT]", "Where the flow is pinned."),
        ("server-port PORT", "The port on the server."),
        (
            "proto PROTOCOL",
            "tcp, udp, sctp, icmp, icmpv6, or a number.",
        ),
        (
            "state STATE",
            "syn, syn-ack, established, fin and closed of TCP and SCTP, unreplied and \
             replied of the others; reset after flows reset.",
        ),
    ],
    examples: &[
        (
            "What one network is connected to:",
            "slr flow show client 198.51.100.0/24",
        ),
        (
            "How many connections a server has, and their end:",
            "slr flow count server 10.2.0.11:8001\nslr flow del server 10.2.0.11:8001",
        ),
    ],
};
