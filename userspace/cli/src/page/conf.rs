// SPDX-License-Identifier: GPL-2.0

//! Whole configurations.

use super::Page;

pub const PAGE: Page = Page {
    name: "conf",
    summary: "the whole configuration at once",
    verbs: &[
        ("show", &[]),
        ("check", &["FILE"]),
        ("load", &["FILE"]),
        ("sync", &["FILE"]),
    ],
    usage: "\
Usage: slr conf show
       slr conf { check | load | sync } FILE
where  FILE may be - for standard input",
    description: &[
        "A file holds one object a line, in the words of the command without the verb; # \
         begins a comment, a backslash at the end of a line continues it. The order of the \
         lines is free.",
        "A file takes effect between two packets, or not at all. Every error in it is shown \
         with file, line and column, and nothing changes. Connections of what stays are \
         kept.",
    ],
    terms: &[
        (
            "show",
            "Prints the configuration in force as a file, without defaults.",
        ),
        (
            "check FILE",
            "Does everything that load does except to let it take effect. Without the module \
             or the permission to ask it, the file is checked without the kernel, with a \
             warning.",
        ),
        ("load FILE", "Replaces the whole configuration."),
        (
            "sync FILE",
            "Makes the least changes that lead to the file. If the configuration is that of \
             the file already, nothing is done.",
        ),
    ],
    examples: &[
        (
            "A file:",
            "# /etc/slr.conf\n\
             port eth0 side client announce on\n\
             port eth1 side server\n\
             service 203.0.113.1:80/tcp scheduler wlc\n\
             server 10.2.0.11:8001 weight 2\n\
             binding 203.0.113.1:80/tcp 10.2.0.11:8001",
        ),
        (
            "Change a running system by editing:",
            "slr conf show > slr.conf\n\
             editor slr.conf\n\
             slr conf check slr.conf && slr conf sync slr.conf",
        ),
    ],
};
