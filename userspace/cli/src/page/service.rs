// SPDX-License-Identifier: GPL-2.0

//! Services.

use super::Page;

const OPTIONS: &[&str] = &[
    "customer",
    "scheduler",
    "rr",
    "wrr",
    "lc",
    "wlc",
    "source-hash",
    "maglev",
    "fastest",
    "table-size",
    "persist",
    "persist-mask",
    "timeout",
    "unknown",
    "backup",
    "none",
    "state",
    "up",
    "down",
];

pub const PAGE: Page = Page {
    name: "service",
    summary: "virtual addresses and how they are served",
    verbs: &[
        ("add", OPTIONS),
        ("set", OPTIONS),
        ("del", &["customer", "flows", "keep", "reset"]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr service { add | set } SERVICE [ customer CUSTOMER ]
                   [ scheduler SCHEDULER ]
                   [ table-size N ] [ persist TIME ] [ persist-mask LENGTH ]
                   [ timeout STATE TIME ]... [ unknown KIND ACTION ]...
                   [ backup { SERVICE | none } ] [ state { up | down } ]
       slr service del SERVICE [ customer CUSTOMER ]
                   [ flows { keep | reset } ]
       slr service show [ SERVICE ] [ customer CUSTOMER ]
where  SERVICE := ADDRESS[:PORT[-PORT]][/PROTOCOL]
       SCHEDULER := { rr | wrr | lc | wlc | source-hash | maglev | fastest }
       STATE := { syn | established | fin | closed | udp | udp-replied | icmp |
                  other }
       KIND := { ack | data | fin | rst | icmp | sctp | other }
       ACTION := { drop | reset | pass }
       TIME := SECONDS | { N{d|h|m|s} }...",
    description: &[
        "203.0.113.1:80/tcp is one port, 203.0.113.1:8000-8099/udp a range, 203.0.113.1/tcp \
         any TCP port, 203.0.113.1 anything sent to the address, [2001:db8::1]:80/tcp an \
         IPv6 one. A port without a protocol means TCP. The most specific service takes a \
         packet.",
        "An address that has any service is a virtual host: what comes for a port that it \
         does not have is answered by a TCP reset, an SCTP abort or an ICMP unreachable. A \
         virtual host without a service for ICMP answers echo requests itself.",
        "Only a TCP SYN, an SCTP INIT, an echo request, or any packet of a protocol without \
         a handshake opens a connection.",
    ],
    terms: &[
        (
            "customer CUSTOMER",
            "Whose service it is, public unless told: only packets of that customer are for \
             it. A backup is of the same customer.",
        ),
        (
            "scheduler SCHEDULER",
            "Where a new connection goes: rr and wrr to each server in turn, wrr by weight; \
             lc and wlc to the one with the fewest connections, wlc by weight and the \
             default; source-hash to one found from the address of the client; maglev to \
             one found from its address and port, of which few change when a server comes \
             or goes; fastest to the one that lately answered a SYN soonest.",
        ),
        (
            "table-size N",
            "Slots of the table of maglev, a prime from 251 to 131071; 4093 unless told.",
        ),
        (
            "persist TIME",
            "A client keeps its server for that long after its last new connection; 0 is \
             off.",
        ),
        (
            "persist-mask LENGTH",
            "All clients that agree in that many bits of their address count as one.",
        ),
        (
            "timeout STATE TIME",
            "For how long without a packet a connection is remembered in that state. It \
             counts for connections opened from then on.",
        ),
        (
            "unknown KIND ACTION",
            "What becomes of a packet that belongs to no connection and may not open one: \
             drop it (the default), answer it with a reset, or pass it to the stack of the \
             host.",
        ),
        (
            "backup { SERVICE | none }",
            "The service whose servers take over while none of its own is usable. Clients \
             still see the address of this one.",
        ),
        (
            "state { up | down }",
            "down is as if all servers had failed.",
        ),
        (
            "flows { keep | reset }",
            "What becomes of living connections when the service goes: they go on, which is \
             the default, or both ends get a reset at their next packet.",
        ),
    ],
    examples: &[
        (
            "A web site, clients of one network kept together for five minutes:",
            "slr service add 203.0.113.1:80/tcp persist 5m persist-mask 24",
        ),
        (
            "A site whose connections may idle for a day, with another one in reserve:",
            "slr service set 203.0.113.1:22/tcp timeout established 1d \\\n    \
             backup 203.0.113.2:22/tcp",
        ),
    ],
};
