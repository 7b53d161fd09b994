// SPDX-License-Identifier: GPL-2.0

//! Events.

use super::Page;

pub const PAGE: Page = Page {
    name: "monitor",
    summary: "changes as they happen",
    verbs: &[("", &["all", "config", "health", "customer"])],
    usage: "Usage: slr monitor [ all | config | health ] [ customer CUSTOMER ]",
    description: &[
        "Prints what show prints, with what happened and the object in front: new, which is \
         also a change; del; health. -t puts the time in front, -j prints an object of JSON \
         a line. It runs until it is interrupted.",
    ],
    terms: &[
        ("config", "Changes of the configuration."),
        (
            "health",
            "Changes of the condition of servers, and draining servers that are empty.",
        ),
        ("all", "Both, which is the default."),
        (
            "customer CUSTOMER",
            "Only of that customer and what belongs to it; of public, what is of no customer and of \
             all together.",
        ),
    ],
    examples: &[("Wait for a server to be empty:", "slr -t monitor health")],
};
