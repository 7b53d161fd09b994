// SPDX-License-Identifier: GPL-2.0

//! Routes.

use super::Page;

const TARGETS: &[&str] = &[
    "from",
    "customer",
    "via",
    "tunnel",
    "dev",
    "public",
    "snat",
    "auto",
    "none",
    "device",
    "unreachable",
    "blackhole",
];

pub const PAGE: Page = Page {
    name: "route",
    summary: "forwarding tables of customers",
    verbs: &[
        ("add", TARGETS),
        ("set", TARGETS),
        ("del", &["from", "customer"]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr route { add | set } PREFIX [ from PREFIX ] customer CUSTOMER TARGET
       slr route del PREFIX [ from PREFIX ] customer CUSTOMER
       slr route show [ customer CUSTOMER ]
where  TARGET := { via tunnel NAME | dev DEV [ via ADDRESS ] | device NAME |
                   public [ snat SNAT ] | unreachable | blackhole }
       SNAT := none | { auto | ADDRESS[-ADDRESS] }[:PORT-PORT]
       PREFIX := ADDRESS[/LENGTH]",
    description: &[
        "Where the packets of a customer go, by the longest prefix that has their \
         destination. Routes of public are those of the host, see ip-route(8).",
    ],
    terms: &[
        (
            "from PREFIX",
            "Only packets with such a source. Of the routes with the longest prefix of a \
             destination the one with the longest of the source counts, and one without from \
             last; if none of them is for the source, shorter prefixes of the destination are \
             looked at.",
        ),
        ("customer CUSTOMER", "Whose packets."),
        ("via tunnel NAME", "Through a tunnel of the customer."),
        (
            "dev DEV [ via ADDRESS ]",
            "By a port of the customer, a leased line, to the destination itself or to a gateway \
             there. The host should have an address on that port, as it asks for neighbours and \
             sends errors in its name; for IPv6, and for a gateway, one in their network.",
        ),
        (
            "public [ snat SNAT ]",
            "To the Internet. Each connection is a flow with a source of the public side: auto, \
             the default, is the gateway's own address on the way there, a range must be routed \
             to the gateway. With none the customer's addresses must be known there. Answers \
             come back to the customer that asked; nothing else comes in.",
        ),
        (
            "device NAME",
            "Received on the slr device that was made with this name, see slr-device(8). Where \
             there is none, or it is down, the sender is told.",
        ),
        ("unreachable", "Nowhere; the sender is told."),
        ("blackhole", "Nowhere."),
    ],
    examples: &[
        (
            "A private server on another host, and nothing else:",
            "slr route add 10.0.0.10/32 customer acme via tunnel acme-host\n\
             slr route add 0.0.0.0/0 customer acme unreachable",
        ),
        (
            "Two divisions behind one tunnel, and one address, two private servers:",
            "slr route add 10.0.0.10/32 from 10.1.1.0/24 customer acme via tunnel sales-host\n\
             slr route add 10.0.0.10/32 from 10.1.2.0/24 customer acme via tunnel works-host",
        ),
        (
            "A site on a leased line and one behind a tunnel, which reach each other:",
            "slr port add eth3 customer acme\n\
             slr route add 10.1.0.0/16 customer acme dev eth3 via 10.0.1.254\n\
             slr route add 10.2.0.0/16 customer acme via tunnel acme-site2",
        ),
    ],
};
