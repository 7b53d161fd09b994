// SPDX-License-Identifier: GPL-2.0

//! Settings.

use super::Page;

pub const PAGE: Page = Page {
    name: "settings",
    summary: "limits, rules and state of the namespace",
    verbs: &[
        ("set", &["flows-max", "require-secure", "on", "off"]),
        ("show", &[]),
    ],
    usage: "\
Usage: slr settings set [ flows-max N ] [ require-secure { on | off } ]
       slr settings show",
    description: &[
        "Shows how many objects there are, the bytes that a flow takes, the number of the \
         configuration in force, and the version of the module.",
    ],
    terms: &[
        (
            "flows-max N",
            "How many connections may live at once, for each address family. When the table is \
             full new ones are refused and counted as flow-table-full; the living ones stay. \
             The parameter flows of the module bounds it for all namespaces.",
        ),
        (
            "require-secure { on | off }",
            "Whether every tunnel over IP must be secure, or say clear on: one that says neither is \
             refused, see slr-tunnel(8). It can be switched on when there is none such. Tunnels on a \
             port, of type vlan, qinq or mpls, need not say anything: there the circuit vouches for \
             the sender. Off unless told.",
        ),
    ],
    examples: &[
        (
            "Room for four million:",
            "slr settings set flows-max 4194304",
        ),
        (
            "No tunnel in the clear by oversight:",
            "slr settings set require-secure on",
        ),
    ],
};
