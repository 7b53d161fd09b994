// SPDX-License-Identifier: GPL-2.0

//! Counters.

use super::Page;

pub const PAGE: Page = Page {
    name: "stats",
    summary: "counters of the namespace",
    verbs: &[("show", &[])],
    usage: "Usage: slr stats show [ NAME ]",
    description: &[
        "Shows what happened, and how many packets were dropped or passed to the host for \
         each reason. Counters that are still zero are left out unless -d, -j or a NAME asks \
         for them. -d adds a sentence that says what each means.",
    ],
    terms: &[],
    examples: &[(
        "Why packets are dropped, and one reason by itself:",
        "slr -d stats show\nslr stats show port-not-served",
    )],
};
