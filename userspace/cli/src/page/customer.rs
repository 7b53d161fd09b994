// SPDX-License-Identifier: GPL-2.0

//! Customers.

use super::Page;

/// The number first, which only `add` gives.
const OPTIONS: &[&str] = &[
    "id",
    "vrf",
    "none",
    "guard",
    "off",
    "loose",
    "strict",
    "max-flows",
    "max-routes",
    "max-tunnels",
    "new-flows",
    "packets",
    "bytes",
    "weight",
];

pub const PAGE: Page = Page {
    name: "customer",
    summary: "routing contexts with address spaces of their own",
    verbs: &[
        ("add", OPTIONS),
        ("set", OPTIONS.split_at(1).1),
        ("del", &[]),
        ("show", &[]),
    ],
    usage: "\
Usage: slr customer add NAME [ id N ] [ vrf { DEV | none } ] [ guard GUARD ]
                         [ QUOTA ]...
       slr customer set CUSTOMER [ vrf { DEV | none } ] [ guard GUARD ]
                         [ QUOTA ]...
       slr customer del CUSTOMER
       slr customer show [ CUSTOMER ]
where  CUSTOMER := { NAME | N }
       GUARD := { off | loose | strict }
       QUOTA := { { max-flows | max-routes | max-tunnels } { N | none } |
                  { new-flows | packets } { N/s | none } |
                  bytes { RATE | none } | weight { N | none } }",
    description: &[
        "A customer is a context of its own: its clients, virtual addresses and servers may \
         have the same addresses as those of any other customer, and no packet gets from one \
         to the other. Which customer a packet belongs to is said by the port that it arrives \
         on, see slr-port(8). Services and servers belong to a customer as well, and are then \
         written with customer CUSTOMER behind their names.",
        "public is the context on the Internet side. It is always there, and what says \
         nothing of a customer belongs to it.",
        "Packets of a customer go along its own routes, see slr-route(8), and then those of its \
         VRF, and nowhere else, not even by \
         the default route of the main table. What is neither for a service nor for the \
         gateway's own addresses in the VRF is forwarded along these routes; where there is \
         none it is dropped and counted as no-route-customer.",
    ],
    terms: &[
        (
            "id N",
            "Its number, from 1 to 16777215; the lowest free one unless told. It stays.",
        ),
        (
            "vrf { DEV | none }",
            "The VRF device whose table routes its packets. A VRF belongs to one customer. If \
             the device goes, the customer is left without routes.",
        ),
        (
            "guard { off | loose | strict }",
            "Where the sources must be of packets that its tunnels, ports and slr devices bring: \
             strict wants that its routes lead to them back the way that the packet came, loose \
             that they lead to them at all, but not to public. Others are dropped and counted as \
             wrong-way. Strict is right unless answers go another way than questions come. Off \
             unless told. A tunnel or port with a guard of its own goes by that, see slr-tunnel(8) \
             and slr-port(8).",
        ),
        (
            "max-flows N",
            "Flows that may live at once, of both families together. A new one beyond is dropped \
             and counted as customer-flows; those that live stay until they end. none, or 0, is \
             no limit, as without the word; so for all quotas.",
        ),
        (
            "max-routes N, max-tunnels N",
            "Routes and tunnels that the customer may have. What would go beyond is refused, and \
             so is a quota of less than there is.",
        ),
        (
            "new-flows N/s",
            "Flows that it may open a second, and as many at once. What is beyond is dropped and \
             counted as customer-new-flows.",
        ),
        (
            "packets N/s, bytes RATE",
            "What it may send: packets a second, and bytes of IP packets, as tc has rates: 20mbit, \
             1gbit, 2mbps. Sent is what enters its context by ports, tunnels and slr devices and \
             what is answered from the Internet. A tenth of a second may come at once, 16 packets \
             and 16 KiB at the least. What is beyond is dropped and counted as customer-rate.",
        ),
        (
            "weight N",
            "Its share of devices that are shaped, see slr-shape(8), 1 to 1000. Its number must \
             be 65533 or less.",
        ),
    ],
    examples: &[
        (
            "A customer that takes no more than its share of the tables, and what it has of it:",
            "slr customer set acme max-flows 10000 max-routes 100 max-tunnels 8\n\
             slr customer show acme",
        ),
        (
            "Two companies with the same addresses, each on lines of its own:",
            "ip link add acme type vrf table 101 && ip link set acme up\n\
         ip link set eth1 master acme && ip link set eth2 master acme\n\
         slr customer add acme vrf acme\n\
         slr port add eth1 customer acme && slr port add eth2 customer acme\n\
         slr service add 10.0.0.10:80/tcp customer acme\n\
         slr server add 10.1.0.2:8080 customer acme service 10.0.0.10:80/tcp",
        ),
    ],
};
