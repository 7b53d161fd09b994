// SPDX-License-Identifier: GPL-2.0

//! Servers.

use super::Page;

pub const PAGE: Page = Page {
    name: "server",
    summary: "real servers",
    verbs: &[
        (
            "add",
            &[
                "customer",
                "weight",
                "limit",
                "threshold",
                "hold",
                "manual",
                "backup",
                "none",
                "drain-timeout",
                "state",
                "up",
                "drain",
                "down",
                "service",
                "port",
                "method",
                "nat",
                "direct",
                "tunnel",
                "snat",
                "auto",
            ],
        ),
        (
            "set",
            &[
                "customer",
                "weight",
                "limit",
                "threshold",
                "hold",
                "manual",
                "backup",
                "none",
                "drain-timeout",
                "state",
                "up",
                "drain",
                "down",
                "flows",
                "keep",
                "reset",
            ],
        ),
        ("del", &["customer", "flows", "keep", "reset"]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr server { add | set } SERVER [ customer CUSTOMER ]
                  [ weight N ] [ limit N ] [ threshold N ]
                  [ hold { TIME | manual } ] [ backup { SERVER | none } ]
                  [ drain-timeout TIME ] [ state { up | drain | down } ]
                  [ flows { keep | reset } ]
       slr server add SERVER [ OPTION ]... service SERVICE [ BINDING-OPTION ]...
       slr server del SERVER [ customer CUSTOMER ] [ flows { keep | reset } ]
       slr server show [ SERVER ] [ customer CUSTOMER ]
where  SERVER := ADDRESS[:PORT]
       TIME := SECONDS | { N{d|h|m|s} }...
       SERVICE as in slr service help, BINDING-OPTION as in slr binding help",
    description: &[
        "10.2.0.11 is the whole machine, to be bound at any of its ports; 10.2.0.11:8001 is \
         one port, with a state of its own. The form with service defines the server if it \
         is not there and binds it, in one step; what stands behind service belongs to the \
         binding.",
        "A connection attempt is ditched when the server answers a SYN with a reset, lets \
         it go unanswered until it times out, or leaves the third repetition without an \
         answer. A server that ditches as many in a row as its threshold has failed. It is \
         left out until its hold time is over; one more ditched attempt sends it back.",
        "Deleting a server or changing its weight never moves or ends a living connection \
         unless flows reset says so.",
    ],
    terms: &[
        (
            "customer CUSTOMER",
            "Whose server it is, public unless told. The service that it serves, and its \
             backup, are of the same customer.",
        ),
        (
            "weight N",
            "Share of new connections, 0 to 65535; 0 gets none, 1 unless told.",
        ),
        (
            "limit N",
            "How many connections it may have at once; 0, the default, is no limit.",
        ),
        (
            "threshold N",
            "How many ditched attempts in a row make it failed; 0 is never, 8 unless told.",
        ),
        (
            "hold { TIME | manual }",
            "After how long a failed server is tried again; 60 seconds unless told. manual: \
             only by state up.",
        ),
        (
            "backup { SERVER | none }",
            "The server that takes its connections, at the same mapped port, while it is \
             failed or down.",
        ),
        (
            "drain-timeout TIME",
            "After how long connections left on a draining server are reset; 0, the \
             default, is never.",
        ),
        (
            "state { up | drain | down }",
            "drain keeps its connections and gives it no new ones. up also clears a failure.",
        ),
        (
            "flows { keep | reset }",
            "What becomes of living connections when the server goes or goes down: they go \
             on, which is the default, or both ends get a reset at their next packet.",
        ),
    ],
    examples: &[
        (
            "Define a server and bind it:",
            "slr server add 10.2.0.11:8001 service 203.0.113.1:80/tcp weight 3",
        ),
        (
            "Take a machine out for maintenance, and bring it back:",
            "slr server set 10.2.0.11:8001 state drain drain-timeout 10m\n\
             slr monitor health\n\
             slr server set 10.2.0.11:8001 state up",
        ),
    ],
};
