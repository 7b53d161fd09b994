// SPDX-License-Identifier: GPL-2.0

//! Settings.

use super::Page;

pub const PAGE: Page = Page {
    name: "settings",
    summary: "limits and state of the namespace",
    verbs: &[("set", &["flows-max"]), ("show", &[])],
    usage: "\
Usage: slr settings set flows-max N
       slr settings show",
    description: &[
        "Shows how many objects there are, the bytes that a flow takes, the number of the \
         configuration in force, and the version of the module.",
    ],
    terms: &[(
        "flows-max N",
        "How many connections may live at once, for each address family. When the table is \
         full new ones are refused and counted as flow-table-full; the living ones stay. \
         The parameter flows of the module bounds it for all namespaces.",
    )],
    examples: &[(
        "Room for four million:",
        "slr settings set flows-max 4194304",
    )],
};
