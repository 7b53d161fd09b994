// SPDX-License-Identifier: GPL-2.0

//! Ports.

use super::Page;

const OPTIONS: &[&str] = &[
    "customer", "side", "any", "client", "server", "announce", "on", "off", "guard", "loose",
    "strict", "inherit",
];

pub const PAGE: Page = Page {
    name: "port",
    summary: "network devices on which slr takes packets",
    verbs: &[
        ("add", OPTIONS),
        ("set", OPTIONS),
        ("del", &[]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr port { add | set } DEV [ customer CUSTOMER ]
                [ side { any | client | server } ] [ announce { on | off } ]
                [ guard { off | loose | strict | inherit } ]
       slr port del DEV
       slr port show [ DEV ] [ customer CUSTOMER ]",
    description: &[
        "A port is a network device that slr listens on: a network card, a VLAN device, a \
         bridge, a bond, a veth. Packets are taken before the stack of the host sees them; \
         what slr does not own goes on untouched. VLANs are ports of their own.",
        "A device that disappears is detached; a renamed one stays attached. Processes of \
         the gateway itself need no port.",
    ],
    terms: &[
        (
            "customer CUSTOMER",
            "Whose packets arrive here: a leased line. public unless told, see slr-customer(8).",
        ),
        (
            "side { any | client | server }",
            "Which half of the traffic may pass. On a client port new connections to \
             virtual addresses are taken and answers of servers are not translated; on a \
             server port the other way round. any does both and is the default.",
        ),
        (
            "announce { on | off }",
            "Whether to answer ARP requests and neighbour solicitations for virtual \
             addresses here, and to announce them when they come to be served. Off unless \
             told.",
        ),
        (
            "guard { off | loose | strict | inherit }",
            "Where the sources of what arrives must be, whatever the customer's guard says of its \
             others, see slr-customer(8). inherit, the default, is as that says. Not for ports of \
             public: rp_filter of the host is for those.",
        ),
    ],
    examples: &[(
        "Clients on one side, servers on the other:",
        "slr port add eth0 side client announce on\nslr port add eth1 side server",
    )],
};
