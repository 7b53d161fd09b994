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
    "tunnel",
];

pub const PAGE: Page = Page {
    name: "flow",
    summary: "connections",
    verbs: &[
        ("show", FILTER),
        ("count", FILTER),
        ("summary", FILTER),
        ("del", FILTER),
    ],
    usage: "\
Usage: slr flow { show | count | summary | del } [ FILTER ]
where  FILTER := [ customer CUSTOMER ] [ client END ] [ client-port PORTS ]
                 [ virtual END ] [ virtual-port PORTS ] [ server END ]
                 [ server-port PORTS ] [ proto PROTOCOL ] [ tunnel NAME ]
                 [ state STATE[,STATE]... ]
       END := { ADDRESS[:PORTS] | ADDRESS/LENGTH }
       PORTS := PORT[-PORT]
       STATE := { syn | syn-ack | established | fin | closed | unreplied |
                  replied | reset }",
    description: &[
        "A flow is one connection: client, virtual address, server, the state it is in, how \
         often its opening packet was repeated, and the time until it is forgotten. Whatever \
         is configured later, a flow stays at its server until it ends, times out, or is \
         deleted.",
        "The words of a filter select the flows that agree with all of them; without any, \
         all flows. count says how many, summary how many of each customer, protocol and state. \
         del ends the selected flows and says how many there were.",
    ],
    terms: &[
        (
            "customer CUSTOMER",
            "The routing context, by name or number.",
        ),
        (
            "client END",
            "The client, or the network that it is in.",
        ),
        (
            "client-port PORTS",
            "Its port, one of a range, or the identifier of its echo requests.",
        ),
        ("virtual END", "What the client uses."),
        ("virtual-port PORTS", "The port that the client uses."),
        ("server END", "Where the flow is pinned."),
        ("server-port PORTS", "The port on the server."),
        ("tunnel NAME", "The tunnel that its packets enter, of method tunnel."),
        (
            "proto PROTOCOL",
            "tcp, udp, sctp, icmp, icmpv6, or a number.",
        ),
        (
            "state STATE[,STATE]...",
            "One of these: syn, syn-ack, established, fin and closed of TCP and SCTP, unreplied and \
             replied of the others; reset after flows reset.",
        ),
    ],
    examples: &[
        (
            "What one network is connected to:",
            "slr flow show client 198.51.100.0/24",
        ),
        (
            "Who is on his way in or out, and how many there are of each kind:",
            "slr flow show state syn,syn-ack,fin server 10.2.0.0/24\nslr flow summary",
        ),
        (
            "How many connections a server has, and their end:",
            "slr flow count server 10.2.0.11:8001\nslr flow del server 10.2.0.11:8001",
        ),
    ],
};
