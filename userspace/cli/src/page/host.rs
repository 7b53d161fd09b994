// SPDX-License-Identifier: GPL-2.0

//! The host itself.

use super::Page;

pub const PAGE: Page = Page {
    name: "host",
    summary: "addresses that a server answers from",
    verbs: &[("accept", &[]), ("del", &[]), ("show", &[])],
    usage: "\
Usage: slr host accept PREFIX
       slr host del PREFIX
       slr host show
where  PREFIX := ADDRESS[/LENGTH]",
    description: &[
        "For a server of the methods tunnel and direct, which gets packets with the virtual \
         address as they are: makes every address of a prefix the host's own. Programs that \
         listen at any address serve them all, and answer from the one that was asked. \
         The host need not have slr's module.",
        "This is a local route in the system's table, of protocol 115: ip route show table \
         local proto 115. It belongs to the network namespace, also that of a container behind \
         an slr-device(8), and is part of slr-conf(8): it comes before a file takes effect, and \
         is taken back if that fails.",
        "The host would answer ARP for these addresses on every link. On a link where others do, \
         as the gateway of method direct does, set net.ipv4.conf.all.arp_ignore=1 and \
         arp_announce=2. Where answers leave by another device than questions come in by, \
         net.ipv4.conf.DEV.rp_filter must not be 1.",
    ],
    terms: &[
        ("accept PREFIX", "Makes all addresses of a prefix local."),
        ("del PREFIX", "Undoes that."),
        ("show", "Shows the prefixes that were accepted."),
    ],
    examples: &[(
        "A server behind a tunnel, with slr taking its outer header off, and a gateway:",
        "slr -n server port add eth0\n\
         slr -n server tunnel add up type ipip local 192.0.2.11 remote 192.0.2.1\n\
         slr -n server host accept 203.0.113.0/24\n\
         slr tunnel add down type ipip local 192.0.2.1 remote 192.0.2.11\n\
         slr service add 203.0.113.10:80\n\
         slr server add 192.0.2.11:80 service 203.0.113.10:80 method tunnel down",
    )],
};
