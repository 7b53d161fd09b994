// SPDX-License-Identifier: GPL-2.0

//! Explanations.

use super::Page;

pub const PAGE: Page = Page {
    name: "explain",
    summary: "what would happen to a packet, and why",
    verbs: &[(
        "",
        &[
            "from", "to", "proto", "dev", "tunnel", "customer", "flags",
        ],
    )],
    usage: "\
Usage: slr explain [ from ADDRESS[:PORT] ] to ADDRESS[:PORT] [ proto PROTOCOL ]
                   [ dev DEV | tunnel NAME | customer CUSTOMER ]
                   [ flags FLAG[,FLAG]... ]
where  FLAG := { FIN | SYN | RST | PSH | ACK | URG | ECE | CWR }",
    description: &[
        "Says from the live tables, step by step, what would happen to such a packet and \
         why: the flow it belongs to, or the virtual host and service found, each server \
         with the reason for which it is taken or left out, the translation, the way out. \
         Nothing is changed by asking.",
        "A packet with a port and no protocol is TCP, one without a port is an echo request.",
    ],
    terms: &[
        ("from ADDRESS[:PORT]", "Source of the packet."),
        ("to ADDRESS[:PORT]", "Destination of the packet."),
        (
            "proto PROTOCOL",
            "tcp, udp, sctp, icmp, icmpv6, or a number.",
        ),
        (
            "dev DEV",
            "The port that it arrives on; without it and a tunnel, a process of this host sends it.",
        ),
        (
            "tunnel NAME",
            "The tunnel that it arrives by; what is described is the packet inside.",
        ),
        (
            "customer CUSTOMER",
            "The routing context of a packet that a process of this host sends.",
        ),
        ("flags FLAG[,FLAG]...", "Flags of TCP; SYN unless told."),
    ],
    examples: &[
        (
            "Where would a new connection go?",
            "slr explain from 198.51.100.2:40000 to 203.0.113.1:80 dev eth0",
        ),
        (
            "And a packet of a customer's site?",
            "slr explain from 10.1.0.2:40000 to 10.0.0.10:80 tunnel acme-site",
        ),
    ],
};
