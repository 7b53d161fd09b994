// SPDX-License-Identifier: GPL-2.0

//! Bindings.

use super::Page;

const OPTIONS: &[&str] = &[
    "customer", "port", "method", "nat", "direct", "tunnel", "weight", "snat", "none", "auto",
];

pub const PAGE: Page = Page {
    name: "binding",
    summary: "which server serves which service, and at which port",
    verbs: &[
        ("add", OPTIONS),
        ("set", OPTIONS),
        ("del", &["customer", "port", "flows", "keep", "reset"]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr binding { add | set } SERVICE SERVER [ customer CUSTOMER ]
                   [ port PORT[-PORT] ] [ method METHOD ]
                   [ weight N ] [ snat SNAT ]
       slr binding del SERVICE SERVER [ customer CUSTOMER ] [ port PORT ]
                   [ flows { keep | reset } ]
       slr binding show [ SERVICE ] [ customer CUSTOMER ]
where  METHOD := { nat | direct | tunnel NAME }
       SNAT := none | { auto | ADDRESS[-ADDRESS] }[:PORT-PORT]
       SERVICE and SERVER as in slr service help and slr server help",
    description: &[
        "There are three ways to bind: a whole virtual host to a whole server with all ports \
         kept; all ports of a virtual host to one port of the server; and port by port. A \
         range of ports may be kept, go to one port, or be shifted to a range as long. One \
         server may serve one service at several ports, each a binding of its own.",
    ],
    terms: &[
        ("customer CUSTOMER", "Whose both are, public unless told."),
        (
            "port PORT[-PORT]",
            "Where on the server; the port is kept if it is absent. A server that is one \
             port needs none.",
        ),
        (
            "method { nat | direct | tunnel NAME }",
            "How a packet reaches the server. nat, the default, rewrites addresses and ports. \
             direct sends the packet as it is to the link-layer address of the server, which \
             has the virtual address itself, on a loopback device that answers no ARP, and \
             answers the client directly. The server must be on a link of the gateway and \
             serve the same ports. tunnel sends the packet as it is into that tunnel of the \
             customer; the host at its other end has the virtual address, takes the outer header \
             off and answers the client directly. A backup of the server gets its packets by the \
             same tunnel.",
        ),
        (
            "weight N",
            "Share of new connections of this service, in place of that of the server.",
        ),
        (
            "snat SNAT",
            "Replaces the address of the client too, for servers that would not answer \
             through the gateway: auto takes the address of the gateway on the way to the \
             server, a range spreads over its addresses. Write IPv6 with ports as \
             [ADDRESS-ADDRESS]:PORT-PORT. Of an address of the gateway, ports are left \
             alone that its sockets use towards the server or that Linux gives out by itself \
             (net.ipv4.ip_local_port_range less ip_local_reserved_ports), unless there are no \
             others in the range.",
        ),
        (
            "flows { keep | reset }",
            "What becomes of living connections when the binding goes: they go on, which is \
             the default, or both ends get a reset at their next packet.",
        ),
    ],
    examples: &[
        (
            "The three ways:",
            "slr binding add 203.0.113.1 10.2.0.11\n\
             slr binding add 203.0.113.1/tcp 10.2.0.11 port 8001\n\
             slr binding add 203.0.113.1:80/tcp 10.2.0.11 port 8001",
        ),
        (
            "A range shifted, and sources spread over two addresses:",
            "slr binding add 203.0.113.1:8000-8099/udp 10.2.0.11 port 9000-9099 \\\n    \
             snat 10.2.0.200-10.2.0.201",
        ),
    ],
};
