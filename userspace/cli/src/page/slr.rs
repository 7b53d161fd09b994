// SPDX-License-Identifier: GPL-2.0

//! The command itself.

use super::Page;

/// The command itself.
pub const SLR: Page = Page {
    name: "slr",
    summary: "control the service-level router",
    verbs: &[],
    usage: "\
Usage: slr [ OPTIONS ] OBJECT { COMMAND | help }
       slr [ OPTIONS ] [ -force ] -batch FILE
       slr completions { bash | zsh | fish }
where  OBJECT := { customer | port | tunnel | route | device | host | shape |
                   service | server | binding | flow | stats | settings |
                   monitor | conf | explain | trace }
       OPTIONS := { -j[son] | -p[retty] | -s[tatistics] | -d[etails] |
                    -t[imestamp] | -n[etns] NAME | -V[ersion] }",
    description: &[
        "slr publishes services under virtual addresses and hands each new connection to \
         the server that should have it. The work is done by the kernel module slr; this \
         command fills its tables and shows them.",
        "Everything belongs to a network namespace. A customer is a context with addresses of \
         its own, apart from all others. A port is a network device on which slr \
         takes packets. A service is a virtual address, or one protocol or port range of \
         it. A server is a real machine, or one port of it. A binding says that a server \
         serves a service. A flow is one connection, pinned to its server.",
        "What is shown is in the words that make the object again, followed by what is the \
         case. Keywords are exact. Without a command, show is meant.",
    ],
    terms: &[
        (
            "-batch FILE",
            "Runs the commands of FILE (standard input if it is -) line by line, each a \
             change of its own, and stops at the first that fails, with its line. A file \
             has the words that follow slr; # begins a comment, a backslash at the end of a \
             line continues it. To make many changes at once, see slr-conf(8).",
        ),
        (
            "-json",
            "Keys are the names of the attributes in the netlink specification. Services, \
             servers and the ends of flows are text as on the command line; times are \
             seconds, the round-trip time is microseconds.",
        ),
    ],
    examples: &[
        (
            "Publish one address, served by two machines at ports of their own:",
            "slr port add eth0 side client announce on\n\
             slr port add eth1 side server\n\
             slr service add 203.0.113.1:80/tcp scheduler wlc\n\
             slr server add 10.2.0.11:8001 service 203.0.113.1:80/tcp\n\
             slr server add 10.2.0.12:80 service 203.0.113.1:80/tcp weight 2",
        ),
        (
            "See what came of it:",
            "slr -s service show\nslr flow show virtual 203.0.113.1\nslr stats show",
        ),
        (
            "Keep it over a reboot:",
            "slr conf show > /etc/slr.conf\nslr conf load /etc/slr.conf",
        ),
    ],
};

/// What the exit status says.
pub const STATUS: &[&str] = &[
    "0 when it is done. 1 when the kernel or the system refused; one sentence on standard \
     error says what and why. 2 when the words were wrong.",
];
