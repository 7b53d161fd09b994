#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A customer's traffic in small pieces, by every way that leads through a gateway.

  branches.py serve-far, branches.py serve-private     echo servers of TCP and UDP
  branches.py ask                                      see exchange.py, whose wires these are

     xcl c0 ---- g0 (this namespace, slr) g1 ---- s0 xsv      far, and public
     site              pv |
                         xpv   private server

All of it is told by addresses. 10.N.W.1 is the site's and 10.N.W.2 who it talks to, with N the
way and W the IP version outside the site's tunnel; so are fd00:N:W::1 and fd00:N:W::2. Where
there is a second tunnel it is of the other version. The site has N 0 but for cross-connects.
"""

import errno
import itertools
import json
import os
import socket
import sys

from exchange import Asker, Peer, ask, stay
from traffic import serve_tcp, serve_udp

# What the gateway does: it has it received on an slr device, leads it into another tunnel, or does
# so without a look inside, or by a link; or it lets it out.
PRIVATE, TUNNEL, CROSS, CIRCUIT, PUBLIC = "private", "tunnel", "cross-connect", "circuit", "public"
NUMBERS = {PRIVATE: 1, TUNNEL: 2, CROSS: 3, CIRCUIT: 4}
SITE = 0
SENT = {PRIVATE: ("udp", "fragments"), TUNNEL: ("udp", "too_big"), CROSS: ("udp",),
        CIRCUIT: ("udp",), PUBLIC: ("udp", "tcp", "fragments")}
VERSIONS = (4, 6)
# Outer addresses: of the gateway, and of who is there.
OUTER = {"xcl": {4: ("198.51.100.1", "198.51.100.2"), 6: ("2001:db8:c::1", "2001:db8:c::2")},
         "xsv": {4: ("10.2.0.1", "10.2.0.11"), 6: ("2001:db8:5::1", "2001:db8:5::11")}}
MTU = 1300  # of what leads to the far site
MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
PROBE = 3  # as long as the device allows, whatever is known of the way
VID = 9


def inner(version, number, outer, host):
    return f"10.{number}.{outer}.{host}" if version == 4 else f"fd00:{number}:{outer}::{host}"


def whole(version, number):
    """All of a number."""
    return f"10.{number}.0.0/16" if version == 4 else f"fd00:{number}::/32"


def part(version, number, outer):
    return f"10.{number}.{outer}.0/24" if version == 4 else f"fd00:{number}:{outer}::/64"


def target(way, version, outer):
    if way == PUBLIC:
        return f"10.2.0.4{outer}" if version == 4 else f"2001:db8:5::4{outer}"
    return inner(version, NUMBERS[way], outer, 2)


def name(way, version, outer):
    return f"{way}-{version}in{outer}"


# --- who sends and who answers -----------------------------------------------------


class Branch(Peer):
    """The site."""

    def too_big(self, seconds):
        """A packet that the second tunnel does not take: what does must be told."""
        self.refused(seconds, 53, MTU, errno.EMSGSIZE, *MTU_DISCOVER[self.version], PROBE)


def clients():
    return {name(way, *versions): Branch(target(way, *versions))
            for way, versions in itertools.product(SENT, itertools.product(VERSIONS, VERSIONS))}


PIECES = tuple((name(way, *versions), piece) for way, pieces in SENT.items()
               for versions in itertools.product(VERSIONS, VERSIONS) for piece in pieces)


def serve(*ways):
    serve_tcp(80)
    # Each answers from the address that it was asked at.
    for way, version, outer in itertools.product(ways, VERSIONS, VERSIONS):
        serve_udp(53, ("::ffff:" if version == 4 else "") + target(way, version, outer))
    stay()


# --- the network -------------------------------------------------------------------


def build(sh, defer, do):
    """What is wired gets sites, private server and gateway, with nothing configured; who asks."""
    do("customer-new", id=7, name="acme")
    for port in ("g0", "g1"):
        do("port-new", ifname=port)
    private_server(sh, defer)
    for ns in OUTER:
        for dev in ("all", "default"):
            sh("ip", "netns", "exec", ns, "sysctl", "-qw", f"net.ipv4.conf.{dev}.rp_filter=0")
    for outer in VERSIONS:
        site(sh, outer)
        far_site(sh, outer)
        tunnels(do, outer)
        cross_connect(sh, do, outer)
    circuit(sh, do)
    for version, everything in ((4, "0.0.0.0/0"), (6, "::/0")):
        route(do, whole(version, NUMBERS[PRIVATE]), action="device", device="pv")
        route(do, whole(version, NUMBERS[CIRCUIT]), tunnel="line")
        route(do, everything, action="public", snat={"mode": "auto"})
    return Asker(defer, PIECES, __file__, (("xsv", "serve-far"), ("xpv", "serve-private")))


def route(do, prefix, **where):
    address, length = prefix.split("/")
    do("route-new", customer=7, prefix={"address": address, "length": int(length)}, **where)


def add(sh, ns, dev, *addresses):
    """Addresses, which can be used at once."""
    for address in addresses:
        flags = ("nodad",) if ":" in address else ()
        sh("ip", "-n", ns, "addr", "add", address, "dev", dev, *flags)


def kernel_tunnel(sh, ns, dev, outer, kind, *more):
    """The other end of a tunnel of the gateway."""
    gateway, own = OUTER[ns][outer]
    kind = {"gre": ("ip6gre",), "gretap": ("ip6gretap",), "ipip": ("ip6tnl", "mode", "any")}.get(
        kind, (kind,)) if outer == 6 else {"ipip": ("sit", "mode", "any")}.get(kind, (kind,))
    sh("ip", "-n", ns, "link", "add", dev, "type", *kind, "local", own, "remote", gateway, *more)
    sh("ip", "-n", ns, "link", "set", dev, "up")


def slr_tunnel(do, name_, ns, outer, kind, **more):
    local, remote = OUTER[ns][outer]
    do("tunnel-new", name=name_, type=kind, customer=7, local=local, remote=remote, **more)


def private_server(sh, defer):
    """It has whatever is asked for, and nothing else."""
    sh("ip", "netns", "add", "xpv")
    defer(sh, "ip", "netns", "del", "xpv")
    sh(os.environ["SLR"], "device", "add", "pv", "customer", "acme", "netns", "xpv")
    defer(sh, "ip", "-n", "xpv", "link", "del", "pv")
    for dev in ("lo", "pv"):
        sh("ip", "-n", "xpv", "link", "set", dev, "up")
    # Of IPv6 an accepted address is local, but not one that a socket may have.
    sh("ip", "netns", "exec", "xpv", "sysctl", "-qw", "net.ipv6.ip_nonlocal_bind=1")
    for version in VERSIONS:
        sh("ip", "netns", "exec", "xpv", os.environ["SLR"], "host", "accept",
           whole(version, NUMBERS[PRIVATE]))
        sh("ip", "-n", "xpv", f"-{version}", "route", "add", "default", "dev", "pv")


def site(sh, outer):
    """What it sends to these addresses goes by its tunnel, to the public ones too."""
    dev = f"t{outer}"
    kernel_tunnel(sh, "xcl", dev, outer, "gre", "key", "7")
    for version in VERSIONS:
        own = inner(version, SITE, outer, 1)
        add(sh, "xcl", dev, own)
        for to in (*(part(version, NUMBERS[way], outer) for way in (PRIVATE, TUNNEL, CIRCUIT)),
                   target(PUBLIC, version, outer)):
            sh("ip", "-n", "xcl", "route", "add", to, "dev", dev, "src", own)


def far_site(sh, outer):
    """It has the tunnel of the other version, and addresses of the public context."""
    dev = f"b{outer}"
    kernel_tunnel(sh, "xsv", dev, 10 - outer, "ipip")
    for version in VERSIONS:
        own = target(TUNNEL, version, outer)
        add(sh, "xsv", dev, own)
        sh("ip", "-n", "xsv", "route", "add", part(version, SITE, outer), "dev", dev, "src", own)
        add(sh, "xsv", "s0", target(PUBLIC, version, outer))


def tunnels(do, outer):
    """To both sites, and their routes."""
    slr_tunnel(do, f"site{outer}", "xcl", outer, "gre", ikey=7)
    slr_tunnel(do, f"far{outer}", "xsv", 10 - outer, "ipip", mtu=MTU)
    for version in VERSIONS:
        route(do, part(version, SITE, outer), tunnel=f"site{outer}")
        route(do, part(version, NUMBERS[TUNNEL], outer), tunnel=f"far{outer}")


def cross_connect(sh, do, outer):
    """VXLAN at the site and Ethernet in GRE at the other, which are one link."""
    ends = (("xcl", "x", outer, "vxlan", "vxlan", ("id", "3", "dstport", "4789"), {}),
            ("xsv", "y", 10 - outer, "gretap", "gre", ("key", "3"), {"ethernet": 1}))
    for host, (ns, dev, version, device, kind, words, more) in enumerate(ends, 1):
        kernel_tunnel(sh, ns, f"{dev}{outer}", version, device, *words)
        add(sh, ns, f"{dev}{outer}", f"{inner(4, NUMBERS[CROSS], outer, host)}/24",
            f"{inner(6, NUMBERS[CROSS], outer, host)}/64")
        slr_tunnel(do, f"{dev}{outer}", ns, version, kind, ikey=3, **more)
    do("tunnel-set", name=f"x{outer}", to=f"y{outer}")
    do("tunnel-set", name=f"y{outer}", to=f"x{outer}")


def circuit(sh, do):
    """A VLAN, by which the far site answers what it brings."""
    dev, table = f"s0.{VID}", str(VID)
    gateway = {4: "10.9.0.1", 6: "fd00:9::1"}
    do("tunnel-new", name="line", type="vlan", ikey=VID, ifname="g1", customer=7,
       local=gateway[4], remote="10.9.0.2")
    sh("ip", "-n", "xsv", "link", "add", "link", "s0", "name", dev, "type", "vlan", "id", str(VID))
    sh("ip", "-n", "xsv", "link", "set", dev, "up")
    add(sh, "xsv", dev, "10.9.0.2/30")
    (port,) = json.loads(sh("ip", "-j", "link", "show", "dev", "g1"))
    for version in VERSIONS:
        add(sh, "xsv", "lo", *(target(CIRCUIT, version, outer) for outer in VERSIONS))
        sh("ip", "-n", "xsv", f"-{version}", "rule", "add", "from",
           whole(version, NUMBERS[CIRCUIT]), "lookup", table)
        if version == 6:
            # Who answers for it is the port.
            sh("ip", "-n", "xsv", "neigh", "add", gateway[6], "lladdr", port["address"], "dev", dev)
        sh("ip", "-n", "xsv", f"-{version}", "route", "add", "default", "via", gateway[version],
           "dev", dev, "onlink", "table", table)


def forget_station(do):
    """Nobody was heard of on the circuit."""
    do("tunnel-set", name="line", ikey=VID + 1)
    do("tunnel-set", name="line", ikey=VID)


if __name__ == "__main__":
    {"serve-far": lambda: serve(TUNNEL, CROSS, CIRCUIT, PUBLIC),
     "serve-private": lambda: serve(PRIVATE), "ask": lambda: ask(clients())}[sys.argv[1]]()
