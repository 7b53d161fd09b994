// SPDX-License-Identifier: GPL-2.0

//! Shaped devices.

use super::Page;

pub const PAGE: Page = Page {
    name: "shape",
    summary: "devices that customers share by their weights",
    verbs: &[
        ("add", &["rate", "force"]),
        ("set", &["rate"]),
        ("del", &[]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr shape add DEV rate RATE [ force ]
       slr shape set DEV rate RATE
       slr shape del DEV
       slr shape show [ DEV ] [ customer CUSTOMER ]",
    description: &[
        "Gives each customer that has a weight, see slr-customer(8), a transmit queue of its own \
         on a device. While all have something to send each gets the rate in proportion to its \
         weight; what one leaves unused the others share in the same way. All that is of no \
         customer with a weight has one queue of weight 10 together, shown as rest.",
        "The queues are the kernel's: a root qdisc htb of handle 736c: with a class for each \
         customer, of its number, and fq_codel in it, as tc -s class show dev DEV tells. slr \
         gives packets their class by their priority, also in tunnels. A weight that changes \
         changes the classes at once; what waits and what is connected stays.",
        "The rate should be less than what the link takes, or the queue forms where nobody looks \
         after it. Shaped devices are part of slr-conf(8). One that goes takes its queues along.",
    ],
    terms: &[
        (
            "rate RATE",
            "What all together may send, with link-layer headers, as tc has rates: 100mbit.",
        ),
        (
            "force",
            "Replaces a root qdisc that somebody has set. Without the word such a device is \
             refused; that of the system's own choice is replaced in any case.",
        ),
    ],
    examples: &[(
        "Two customers that share an uplink as 70 to 30, and later by halves:",
        "slr shape add eth0 rate 100mbit\n\
         slr customer set acme weight 70\n\
         slr customer set bell weight 30\n\
         slr -s shape show eth0\n\
         slr customer set acme weight 30",
    )],
};
