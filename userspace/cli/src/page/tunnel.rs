// SPDX-License-Identifier: GPL-2.0

//! Tunnels.

use super::Page;

const OPTIONS: &[&str] = &[
    "type",
    "ipip",
    "gre",
    "vxlan",
    "geneve",
    "gue",
    "fou",
    "mpls-gre",
    "mpls-udp",
    "l2tpv3",
    "l2tpv3-udp",
    "vlan",
    "qinq",
    "mpls",
    "customer",
    "dev",
    "local",
    "remote",
    "anywhere",
    "on",
    "off",
    "key",
    "vni",
    "label",
    "session",
    "vid",
    "okey",
    "dport",
    "sport",
    "auto",
    "ttl",
    "inherit",
    "dscp",
    "df",
    "set",
    "unset",
    "mtu",
    "rate-in",
    "packets-in",
    "checksum",
    "ethernet",
    "mac",
    "peer-mac",
    "cookie",
    "peer-cookie",
    "sublayer",
    "secure",
    "clear",
    "guard",
    "loose",
    "strict",
    "peers",
    "allowed",
    "to",
    "device",
    "none",
];

pub const PAGE: Page = Page {
    name: "tunnel",
    summary: "encapsulation endpoints of customers",
    verbs: &[
        ("add", OPTIONS),
        ("set", OPTIONS),
        ("del", &[]),
        ("show", &["customer"]),
    ],
    usage: "\
Usage: slr tunnel { add | set } NAME [ type TYPE ] [ customer CUSTOMER ]
                  [ dev PORT ] [ local ADDRESS ] [ remote ADDRESS ]
                  [ anywhere { on | off } ]
                  [ KEY N ] [ okey N ] [ dport PORT ] [ sport { PORT | auto } ]
                  [ ttl { N | inherit } ] [ dscp { N | inherit } ]
                  [ df { inherit | set | unset } ] [ mtu { N | auto } ]
                  [ rate-in { RATE | none } ] [ packets-in { N/s | none } ]
                  [ checksum { on | off } ] [ ethernet { on | off } ]
                  [ mac MAC ] [ peer-mac { MAC | auto } ] [ cookie HEX ]
                  [ peer-cookie HEX ] [ sublayer { on | off } ]
                  [ secure { on | off } ] [ clear { on | off } ]
                  [ guard { off | loose | strict | inherit } ]
                  [ peers PREFIX[,PREFIX]... ] [ allowed PREFIX[,PREFIX]... ]
                  [ to { NAME | none } ] [ device { DEVICE | none } ]
       slr tunnel del NAME
       slr tunnel show [ NAME ] [ customer CUSTOMER ]
where  TYPE := { ipip | gre | vxlan | geneve | gue | fou | mpls-gre | mpls-udp |
                 l2tpv3 | l2tpv3-udp | vlan | qinq | mpls }
       KEY := { key | vni | label | session | vid }",
    description: &[
        "A tunnel is one end of an encapsulation. It is an entry in a table and no device: \
         there may be a hundred thousand. What arrives is told apart by type, addresses or \
         port, and key.",
        "What comes out belongs to the customer of the tunnel. Without to it is looked up in \
         the customer's routes, see slr-route(8); with to it leaves by another tunnel as it is, \
         whatever it carries.",
        "A tunnel of type vlan, qinq or mpls rides on a port, where its id must be the only one. \
         A label leads to remote, the next hop on the port's link. A VLAN is a link of its own \
         and leads to one station on it, a router or host: peer-mac, or remote, which is asked \
         for by ARP or neighbour discovery, or who was heard of last. The port answers for local, \
         and for its link-local address. From VLAN to VLAN, and to other tunnels of frames, to \
         passes whole frames unless local or remote is given; the port must then be promiscuous.",
    ],
    terms: &[
        ("type TYPE", "What its packets look like. It stays."),
        ("customer CUSTOMER", "Whose packets it carries."),
        (
            "dev PORT",
            "Port that a tunnel of type vlan, qinq or mpls rides on. Without its port it waits.",
        ),
        (
            "local ADDRESS",
            "Our outer address; in a VLAN the one that its station may ask for.",
        ),
        (
            "remote ADDRESS",
            "Outer address of the other end, of the family of local; on a port the next hop.",
        ),
        (
            "anywhere { on | off }",
            "Whether packets may come from other outer addresses too. Off unless told.",
        ),
        (
            "key | vni | label | session | vid N",
            "Key of GRE, network of VXLAN and Geneve, label of MPLS, session of L2TPv3, VLAN: of \
             packets that arrive, and of those that leave unless okey is given. Of qinq it is the \
             service VLAN alone, for all that is in it, or with the VLAN in it: 100.20.",
        ),
        ("okey N", "Key of packets that leave."),
        (
            "dport PORT",
            "UDP destination port; the usual one of the type unless told.",
        ),
        (
            "sport { PORT | auto }",
            "UDP source port; auto, the default, is one for each flow inside. Of l2tpv3-udp the \
             default is 1701, since its ends take packets from one port only.",
        ),
        (
            "ttl { N | inherit }",
            "Time to live of packets that leave; inherit, the default, is that of the packet \
             inside.",
        ),
        (
            "dscp { N | inherit }",
            "Class of packets that leave, 0 to 63; inherit is the default. Congestion marks \
             are always as RFC 6040 has it.",
        ),
        (
            "df { inherit | set | unset }",
            "Whether packets that leave may be fragmented; inherit, the default, does as the \
             packet inside says. With set, as on a link, what is too long inside and may be \
             fragmented goes in as fragments.",
        ),
        (
            "mtu { N | auto }",
            "The longest packet inside; auto is what the way takes.",
        ),
        (
            "rate-in RATE, packets-in N/s",
            "What may arrive: bytes of packets inside a second, as tc has rates (20mbit, 2mbps), \
             and packets a second. What is beyond is dropped and counted as tunnel-rate.",
        ),
        (
            "checksum { on | off }",
            "Whether outer UDP headers have a checksum; only over IPv6 unless told.",
        ),
        (
            "ethernet { on | off }",
            "Whether frames are inside, of types that can carry either.",
        ),
        ("mac MAC", "Source of inner Ethernet headers."),
        (
            "peer-mac { MAC | auto }",
            "Destination of inner Ethernet headers; on a port, of frames, where auto finds it.",
        ),
        (
            "cookie HEX",
            "What L2TPv3 packets that arrive must have, 8 or 16 digits or none.",
        ),
        ("peer-cookie HEX", "What L2TPv3 packets that leave get."),
        (
            "sublayer { on | off }",
            "The default sublayer of L2TPv3, which Linux has too.",
        ),
        (
            "secure { on | off }",
            "Whether IPsec of the kernel, ESP, must have encrypted all that arrives, and must encrypt \
             all that leaves: what is not, for want of a policy, is dropped and counted as \
             unprotected. Off unless told. Policies and keys are not slr's, see ip-xfrm(8).",
        ),
        (
            "clear { on | off }",
            "Whether it is meant to go unencrypted where require-secure is on, see slr-settings(8):              on a network that is the operator's own, or because what it carries is encrypted              already. Off unless told.",
        ),
        (
            "guard { off | loose | strict | inherit }",
            "Where the sources of packets inside must be, whatever the customer's guard says of its \
             others, see slr-customer(8); strict wants the outer source too to be where the port is \
             that brings it. inherit, the default, is as the customer's guard says. Not for tunnels \
             of public, to which no routes lead.",
        ),
        (
            "peers PREFIX[,PREFIX]...",
            "Outer addresses that packets may come from, of those that remote and anywhere allow; \
             all of them unless told. Others are dropped and counted as foreign-peer.",
        ),
        (
            "allowed PREFIX[,PREFIX]...",
            "Sources that packets inside may have; any unless told. Others are dropped and counted as \
             spoof. See also guard.",
        ),
        (
            "to { NAME | none }",
            "The tunnel that all that arrives leaves by, as it is.",
        ),
        (
            "device { DEVICE | none }",
            "The slr device of the customer that all that arrives is received on, and whose packets all \
             leave by this tunnel: neither services nor routes are looked for. DEVICE is the name that it \
             was made with, see slr-device(8). allowed and guard hold. Until there is such \
             a device senders are told that the host is unreachable.",
        ),
    ],
    examples: &[
    (
        "A site behind GRE, its private server behind VXLAN:",
        "slr tunnel add acme-site type gre local 192.0.2.1 remote 198.51.100.7 key 7 \\\n    \
         customer acme allowed 10.1.0.0/16\n\
         slr tunnel add acme-host type vxlan local 192.0.2.1 remote 192.0.2.3 vni 7 customer acme",
    ),
    (
        "A site whose router is behind VLAN 20 of service VLAN 100, as its ATM circuit was:",
        "slr tunnel add acme-west type qinq dev eth1 vid 100.20 local 10.9.0.1 remote 10.9.0.2 \\\n    \
         customer acme\n\
         slr route add 10.3.0.0/16 customer acme via tunnel acme-west",
    )],
};
