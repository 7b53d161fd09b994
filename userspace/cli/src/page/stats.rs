// SPDX-License-Identifier: GPL-2.0

//! Counters.

use super::Page;

pub const PAGE: Page = Page {
    name: "stats",
    summary: "counters of the namespace and drops of its customers",
    verbs: &[("show", &[]), ("drops", &["customer"])],
    usage: "\
Usage: slr stats show [ NAME ]
       slr stats drops [ customer CUSTOMER ]",
    description: &[
        "Shows what happened, and how many packets were dropped or passed to the host for \
         each reason. Counters that are still zero are left out unless -d, -j or a NAME asks \
         for them. -d adds a sentence that says what each means.",
        "drops tells which customer lost packets, and why: each under the context that it was \
         in. What a tunnel brought is its customer's from the moment the tunnel is known, \
         even if it is refused for its outer header. Reasons that never were are left out \
         unless -d asks for them. A customer's counts begin when it is defined and end with \
         it; those of show are of the namespace, customers that are gone included.",
    ],
    terms: &[],
    examples: &[
        (
            "Why packets are dropped, and one reason by itself:",
            "slr -d stats show\nslr stats show port-not-served",
        ),
        (
            "What one customer loses, and whether anybody sends what is not his:",
            "slr stats drops customer acme\nslr -j stats drops | jq '.[]|select(.drops.spoof)'",
        ),
    ],
};
