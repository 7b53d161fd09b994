// SPDX-License-Identifier: GPL-2.0

//! slr devices.

use super::Page;

pub const PAGE: Page = Page {
    name: "device",
    summary: "network devices of customers, for private servers on a host",
    verbs: &[
        ("add", &["customer", "mtu", "netns"]),
        ("del", &[]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr device add NAME customer CUSTOMER [ mtu BYTES ] [ netns NETNS ]
       slr device del NAME
       slr device show [ customer CUSTOMER ]",
    description: &[
        "An slr device is a network device of the host, a link of kind slr. What the stack \
         sends on it is a packet of its customer, and of no other, whatever its addresses \
         say: the customer's services and routes take it, or it is dropped and counted. A \
         route of the customer to the device has packets received on it.",
        "It can be moved into the network namespace of a container, renamed, given \
         addresses and put into a VRF like any other device. Its tables stay those of the \
         namespace that it was made in, and routes know it there by the name that it was made \
         with. When it goes the routes stay, and answer that the host is unreachable, until \
         a device is made with that name again.",
        "Devices are not part of slr-conf(8): whoever makes the container makes them. A \
         customer that has one cannot be removed.",
    ],
    terms: &[
        ("customer CUSTOMER", "Whose packets it carries; not public."),
        (
            "mtu BYTES",
            "The largest packet that may be sent; 1500 unless told.",
        ),
        (
            "netns NETNS",
            "The network namespace that it is put into: a name of ip-netns(8), or a path as \
             /proc/PID/ns/net.",
        ),
    ],
    examples: &[(
        "A private server in a container, reached through a tunnel:",
        "slr device add pvs0 customer acme netns acme-server\n\
         ip -n acme-server address add 10.0.0.10/32 dev pvs0\n\
         ip -n acme-server link set pvs0 up\n\
         ip -n acme-server route add default dev pvs0\n\
         slr route add 10.0.0.10/32 customer acme device pvs0\n\
         slr route add 10.0.0.0/24 customer acme via tunnel acme-site",
    )],
};
