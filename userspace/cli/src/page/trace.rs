// SPDX-License-Identifier: GPL-2.0

//! Packets that are followed.

use super::Page;

pub const PAGE: Page = Page {
    name: "trace",
    summary: "what becomes of packets, as they come",
    verbs: &[(
        "",
        &[
            "customer", "tunnel", "dev", "host", "src", "dst", "port", "sport", "dport", "proto",
            "reason", "drops", "count", "sample", "rate",
        ],
    )],
    usage: "\
Usage: slr trace [ FILTER ] [ count NUMBER ] [ sample NUMBER ] [ rate NUMBER ]
where  FILTER := [ customer CUSTOMER ] [ tunnel NAME ] [ dev DEV ]
                 [ host PREFIX ] [ src PREFIX ] [ dst PREFIX ] [ port PORT ]
                 [ sport PORT ] [ dport PORT ] [ proto PROTOCOL ]
                 [ reason REASON ] [ drops ]",
    description: &[
        "Follows live packets through slr and prints what became of each: where it arrived, the \
         tunnel that it came out of, the customer, the flow that it is of or opened and where \
         that leads, its new ends, the tunnel that it entered, the device that it left by; or \
         why it was dropped or left to the host. It runs until it is interrupted, or until it \
         has shown as many packets as count says.",
        "A packet is shown if one step of it has the addresses, ports and protocol that are \
         asked for, be it as it came, as it was inside a tunnel or as it was rewritten, and if \
         it came through the customer, tunnel and device that are. What is not given is any.",
        "Microseconds in front of a step are since the packet arrived. -t puts the time of the \
         reader in front of each packet. -j prints an object of JSON a line, with all times in \
         nanoseconds and those of packets since boot.",
        "While nobody traces, packets do not take longer. Packets that were to be shown and \
         were not, since they came too fast, are counted and told.",
    ],
    terms: &[
        ("customer CUSTOMER", "The context that it came through."),
        ("tunnel NAME", "The tunnel that it came out of or entered."),
        ("dev DEV", "The device that it came in or left by."),
        (
            "host PREFIX",
            "Its source or destination, an address or a prefix.",
        ),
        ("src PREFIX", "Its source."),
        ("dst PREFIX", "Its destination."),
        ("port PORT", "Its source or destination port."),
        ("sport PORT", "Its source port."),
        ("dport PORT", "Its destination port."),
        (
            "proto PROTOCOL",
            "tcp, udp, sctp, icmp, icmpv6, or a number.",
        ),
        (
            "reason REASON",
            "Why it was dropped or left to the host, as slr-stats(8) has it.",
        ),
        ("drops", "Only what was dropped."),
        ("count NUMBER", "So many packets, then end."),
        (
            "sample NUMBER",
            "One in so many of the packets that are asked for.",
        ),
        ("rate NUMBER", "At most so many a second; 1000 unless told."),
    ],
    examples: &[
        (
            "Why does the packet of this client not arrive?",
            "slr trace host 198.51.100.2 dport 80 count 1",
        ),
        (
            "What does a customer lose, one packet in a hundred:",
            "slr trace customer acme drops sample 100",
        ),
    ],
};
