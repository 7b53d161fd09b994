#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Customers behind tunnels: the gateway switches between sites that have nothing
but the kernel's own tunnel devices.

     site a             gateway (slr)             site b
   10.1.0.1 t0                                 t0 10.2.0.1
     a0 198.51.100.2 --- g0 .1   g1 .1 --- b0 192.0.2.2
     2001:db8:a::2       ::1     ::1       2001:db8:b::2

The gateway runs in the namespace of this test; it has no route to 10.1/16 or 10.2/16,
so what arrives there went by tunnels. t0 is of the type that a test says.
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (connect, defer, do, dump, empty, eq, fail, own_namespace,  # noqa: E402
                 run_tests, sh)

SITES = {"ta": ("198.51.100", "2001:db8:a", "a0", "g0", 1),
         "tb": ("192.0.2", "2001:db8:b", "b0", "g1", 2)}
FRAMED = ("vxlan", "l2tpv3")
COOKIES = "0102030405060708", "1112131415161718"
MACS = {"ta": "02:00:00:00:0a:01", "tb": "02:00:00:00:0b:01"}


def ns(site, *words):
    """A command in a site."""
    return subprocess.run(("ip", "netns", "exec", site) + words,
                          capture_output=True, text=True, check=False)


def wire_sites():
    for site, (v4, v6, dev, port, _) in SITES.items():
        sh("ip", "netns", "add", site)
        sh("ip", "link", "add", port, "type", "veth", "peer", "name", dev, "netns", site)
        sh("ip", "link", "set", port, "up")
        sh("ip", "addr", "add", f"{v4}.1/24", "dev", port)
        sh("ip", "addr", "add", f"{v6}::1/64", "dev", port, "nodad")
        for words in (["link", "set", "lo", "up"], ["link", "set", dev, "up"],
                      ["addr", "add", f"{v4}.2/24", "dev", dev],
                      ["addr", "add", f"{v6}::2/64", "dev", dev, "nodad"]):
            sh("ip", "-n", site, *words)
        sh("ip", "netns", "exec", site, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0")
    sh("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


def unwire_sites():
    for site in SITES:
        subprocess.run(["ip", "netns", "del", site], check=False, capture_output=True)


def outer(site, v6):
    """The outer addresses of a site: its own, and the gateway's there."""
    v4, six, _, _, _ = SITES[site]
    return (f"{six}::2", f"{six}::1") if v6 else (f"{v4}.2", f"{v4}.1")


def kernel_tunnel(site, kind, v6, key):
    """t0 of a kind in a site, with the site's inner addresses and routes to the other."""
    own, gateway = outer(site, v6)
    number = SITES[site][4]
    ends = ["local", own, "remote", gateway]
    if kind == "l2tpv3":
        kernel_session(site, own, gateway, key)
    words = {
        "ipip": ["type", "ip6tnl", "mode", "any"] + ends if v6
        else ["type", "sit", "mode", "any"] + ends,
        "gre": ["type", "ip6gre" if v6 else "gre"] + ends + ["key", str(key)],
        "vxlan": ["address", MACS[site], "type", "vxlan", "id", str(key), "dstport", "4789"] + ends,
        "geneve": ["type", "geneve", "id", str(key), "remote", gateway],
        "fou": ["type", "ipip"] + ends + ["encap", "fou", "encap-sport", "auto",
                                          "encap-dport", "5555"],
    }.get(kind)
    if kind == "geneve":
        words.append("innerprotoinherit")
    if kind == "fou":
        sh("modprobe", "fou")
        sh("ip", "netns", "exec", site, "ip", "fou", "add", "port", "5555", "ipproto", "4")
    if words:
        sh("ip", "-n", site, "link", "add", "t0", *words)
    for rest in (["link", "set", "t0", "up"],
                 ["addr", "add", f"10.{number}.0.1/32", "dev", "t0"],
                 ["addr", "add", f"2001:db8:{number}::1/128", "dev", "t0", "nodad"]):
        sh("ip", "-n", site, *rest)
    other = 3 - number
    via = []
    if kind in FRAMED:
        sh("ip", "-n", site, "neigh", "add", "10.9.9.9", "lladdr", "02:00:00:00:00:99", "dev", "t0")
        via = ["via", "10.9.9.9", "onlink"]
    sh("ip", "-n", site, "route", "add", f"10.{other}.0.0/16", *via, "dev", "t0",
       "src", f"10.{number}.0.1")
    if kind not in FRAMED + ("fou",):
        sh("ip", "-n", site, "route", "add", f"2001:db8:{other}::/64", "dev", "t0",
           "src", f"2001:db8:{number}::1")
    defer(lambda: ns(site, "ip", "link", "del", "t0"))
    if kind == "fou":
        defer(lambda: ns(site, "ip", "fou", "del", "port", "5555"))


def kernel_session(site, own, gateway, key):
    """t0 of L2TPv3 in IP, with cookies of eight bytes."""
    sh("ip", "-n", site, "l2tp", "add", "tunnel", "tunnel_id", "1", "peer_tunnel_id", "1",
       "encap", "ip", "local", own, "remote", gateway)
    defer(lambda: ns(site, "ip", "l2tp", "del", "tunnel", "tunnel_id", "1"))
    sh("ip", "-n", site, "l2tp", "add", "session", "name", "t0", "tunnel_id", "1",
       "session_id", str(key), "peer_session_id", str(key + 100),
       "cookie", COOKIES[0], "peer_cookie", COOKIES[1])
    sh("ip", "-n", site, "link", "set", "t0", "address", MACS[site], "mtu", "1450")


def slr_tunnel(site, kind, v6, key, **more):
    """The gateway's end of a site's tunnel."""
    remote, local = outer(site, v6)
    attrs = {"name": site, "type": kind, "customer": 1, "local": local, "remote": remote}
    if kind in ("gre", "vxlan", "geneve"):
        attrs["ikey"] = key
    if kind == "l2tpv3":
        attrs |= {"ikey": key + 100, "okey": key, "cookie": bytes.fromhex(COOKIES[0]),
                  "peer_cookie": bytes.fromhex(COOKIES[1])}
    if kind in FRAMED:
        attrs |= {"mac": "02:00:00:00:00:99", "peer_mac": MACS[site]}
    if kind == "fou":
        attrs["dport"] = 5555
    do("tunnel-new", **(attrs | more))


def gateway():
    """Both ports, one customer."""
    defer(empty)
    do("port-new", ifname="g0")
    do("port-new", ifname="g1")
    do("customer-new", name="acme")


def routes(customer=1, suffix=""):
    for site, (_, _, _, _, number) in SITES.items():
        for address, length in ((f"10.{number}.0.0", 16), (f"2001:db8:{number}::", 64)):
            do("route-new", customer=customer, prefix={"address": address, "length": length},
               tunnel=site + suffix)


def carried(direction):
    """Packets that each tunnel brought (in) or got (out)."""
    return {t["name"]: t["counters"]["packets-" + direction] for t in dump("tunnel-get")}


def pings(what, target, *more):
    """A ping from site a must be answered."""
    got = ns("ta", "ping", "-c", "2", "-i", "0.2", "-W", "3", *more, target)
    if got.returncode:
        fail(f"{what}: ping {target}: {got.stdout[-300:]} {got.stderr} drops {drops()}")


def drops():
    return {c["name"]: c["value"] for c in dump("stats-get") if c["value"]}


def transfers(what, target="10.2.0.1"):
    """A megabyte over TCP from site a must come out whole."""
    sink = subprocess.Popen(["ip", "netns", "exec", "tb", "sh", "-c",
                             "socat -u TCP-LISTEN:7,reuseaddr - | sha256sum"],
                            stdout=subprocess.PIPE, text=True)
    for _ in range(50):
        if ":7 " in ns("tb", "ss", "-tln").stdout:
            break
        time.sleep(0.1)
    data = os.urandom(1 << 20)
    source = subprocess.run(["ip", "netns", "exec", "ta", "timeout", "20", "socat", "-u", "-",
                             f"TCP:{target}:7"], input=data, check=False, capture_output=True)
    try:
        got = sink.communicate(timeout=15)[0]
    except subprocess.TimeoutExpired:
        ns("tb", "pkill", "-x", "socat")
        got = sink.communicate()[0]
    import hashlib
    if source.returncode or got.split()[0] != hashlib.sha256(data).hexdigest():
        fail(f"{what}: {got} {source.stderr[-200:]} drops {drops()}")


def switch(kind_a, kind_b, v6_a=False, v6_b=False):
    """Routes between two kinds of tunnels."""
    gateway()
    kernel_tunnel("ta", kind_a, v6_a, 7)
    kernel_tunnel("tb", kind_b, v6_b, 8)
    slr_tunnel("ta", kind_a, v6_a, 7)
    slr_tunnel("tb", kind_b, v6_b, 8)
    routes()
    what = f"{kind_a}{'6' if v6_a else ''} to {kind_b}{'6' if v6_b else ''}"
    pings(what, "10.2.0.1")
    if not {kind_a, kind_b} & {"vxlan", "fou", "l2tpv3"}:
        pings(what + " inner v6", "2001:db8:2::1")
    transfers(what)


# --- tests ---------------------------------------------------------------------


def ipip_to_gre():
    switch("ipip", "gre")


def gre_to_vxlan():
    switch("gre", "vxlan")


def geneve_to_fou():
    switch("geneve", "fou")


def gre_to_l2tpv3_with_cookies():
    switch("gre", "l2tpv3")


def ipip_over_ipv6_to_gre_over_ipv6():
    switch("ipip", "gre", v6_a=True, v6_b=True)


def vxlan_over_ipv6_to_ipip():
    switch("vxlan", "ipip", v6_a=True)


def a_cross_connect_does_not_look_inside():
    gateway()
    kernel_tunnel("ta", "gre", False, 7)
    kernel_tunnel("tb", "gre", False, 8)
    slr_tunnel("ta", "gre", False, 7)
    slr_tunnel("tb", "gre", False, 8, to="ta")
    do("tunnel-set", name="ta", to="tb")
    pings("no routes", "10.2.0.1")
    transfers("no routes")
    eq("both counted", all(n > 2 for n in carried("in").values()), True)


def what_a_cross_connect_cannot_pass_on_is_counted_as_that():
    gateway()
    slr_tunnel("tb", "vxlan", True, 8)
    slr_tunnel("ta", "vxlan", False, 7, to="tb")
    slr_tunnel("tb", "ipip", False, 0, name="packets")
    slr_tunnel("ta", "gre", False, 9, name="anything", to="packets")
    station = re.search(r"ether (\S+)", sh("ip", "link", "show", "g0"))[1]
    own, remote = outer("ta", False)
    forge = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forge.py")
    # A frame that is too long over IPv6, and what is no IP.
    for reason, layers in (("too-big", ["vxlan:7", f"eth:{MACS['ta']},{MACS['tb']}", "zeros:1440"]),
                           ("tunnel-content", ["gre:9", "data:odd"])):
        before = drops()
        got = ns("ta", "python3", forge, "a0", station, f"ip:{own},{remote}", *layers)
        eq("sent", got.stderr, "")
        for _ in range(50):
            if (now := drops()) != before:
                break
            time.sleep(0.1)
        eq(reason, {k: n - before.get(k, 0) for k, n in now.items() if n != before.get(k)}, {reason: 1})


# What a site sends that has no kernel's tunnel, which would give the packets hashes of its own:
# two datagrams of one flow, one of another, and two parts of a datagram.
BY_HAND = """
import ipaddress, struct, sys
sys.path.insert(0, sys.argv[1])
import packet
site = packet.Path("a0", sys.argv[2])
inner = object.__new__(packet.Path)
inner.v6, inner.src, inner.dst = False, *map(ipaddress.ip_address, ("10.1.0.1", "10.2.0.1"))
def send(port, **more):
    inside = inner.wrap(17, packet.udp(inner, 7000, port, bytes(800)), **more)
    site.send(site.wrap(47, struct.pack("!HHI", 0x2000, 0x0800, 7) + inside))
for port in (9, 9, 10):
    send(port)
send(9, ident=5, more=True)
send(10, ident=5, off=808)
"""


def seen_by_tb(option, packets):
    """What tcpdump prints of the five packets that come to the other site."""
    seen = subprocess.Popen(
        ["ip", "netns", "exec", "tb", "timeout", "20", "tcpdump", "-i", "b0", option, "-c", "5", packets],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "listening" not in (line := seen.stderr.readline()):
        if not line:
            fail("tcpdump did not start")
    sent = ns("ta", "python3", "-c", BY_HAND, os.path.dirname(os.path.abspath(__file__)), outer("ta", True)[1])
    eq("sent", sent.stderr, "")
    return seen.communicate()[0]


def a_cross_connect_over_ipv6_shows_which_flow_it_is():
    gateway()
    slr_tunnel("ta", "gre", True, 7)
    slr_tunnel("tb", "gre", True, 8)
    do("tunnel-set", name="ta", to="tb")
    seen = seen_by_tb("-nlv", f"ip6 proto 47 and dst {outer('tb', True)[0]}")
    # None is shown if it is 0.
    labels = re.findall(r"\((?:flowlabel (0x[0-9a-f]+), )?hlim", seen)
    eq("arrived", len(labels), 5)
    one, again, other, first, later = labels
    eq("a flow has one", [one == again, one not in ("", other)], [True, True])
    eq("its parts too", first, later)


def a_cross_connect_into_udp_shows_which_flow_it_is():
    gateway()
    slr_tunnel("ta", "gre", True, 7)
    slr_tunnel("tb", "vxlan", False, 8)
    do("tunnel-set", name="ta", to="tb")
    seen = seen_by_tb("-nl", f"udp dst port 4789 and dst {outer('tb', False)[0]}")
    ports = [int(port) for port in re.findall(r"\.(\d+) > \S+\.4789: ", seen)]
    eq("arrived", len(ports), 5)
    one, again, other, first, later = ports
    eq("a flow has one", [one == again, one == other], [True, False])
    eq("its parts too", first, later)
    eq("of the dynamic ones", min(ports) >= 49152, True)


def path_mtu_is_told_in_the_customers_context():
    gateway()
    kernel_tunnel("ta", "ipip", False, 7)
    kernel_tunnel("tb", "gre", False, 8)
    slr_tunnel("ta", "ipip", False, 7)
    slr_tunnel("tb", "gre", False, 8)
    routes()
    # 1500 less outer header and inner header: fits ipip, but not GRE with a key.
    sh("ip", "-n", "ta", "link", "set", "t0", "mtu", "1480")
    got = ns("ta", "ping", "-c", "2", "-W", "2", "-M", "do", "-s", "1452", "10.2.0.1")
    if not re.search(r"mtu = 1472", got.stdout + got.stderr):
        fail(f"told: {got.stdout[-300:]} {got.stderr[-200:]} drops {drops()}")
    pings("just fits", "10.2.0.1", "-M", "do", "-s", "1444")


def a_foreign_source_is_dropped():
    gateway()
    kernel_tunnel("ta", "gre", False, 7)
    kernel_tunnel("tb", "gre", False, 8)
    slr_tunnel("ta", "gre", False, 7, allowed=[{"address": "10.9.0.0", "length": 16}])
    slr_tunnel("tb", "gre", False, 8)
    routes()
    got = ns("ta", "ping", "-c", "1", "-W", "1", "10.2.0.1")
    eq("answered", got.returncode != 0, True)
    eq("counted", drops().get("spoof", 0) >= 1, True)


def a_wrong_key_is_not_ours():
    gateway()
    kernel_tunnel("ta", "gre", False, 9)
    kernel_tunnel("tb", "gre", False, 8)
    slr_tunnel("ta", "gre", False, 7)
    slr_tunnel("tb", "gre", False, 8)
    routes()
    got = ns("ta", "ping", "-c", "1", "-W", "1", "10.2.0.1")
    eq("answered", got.returncode != 0, True)
    eq("not counted", set(carried("in").values()), {0})


def keys_keep_customers_with_the_same_addresses_apart():
    gateway()
    do("customer-new", name="bell")
    kernel_tunnel("ta", "gre", False, 7)
    kernel_tunnel("tb", "gre", False, 8)
    for site, key in (("ta", 7), ("tb", 8)):
        slr_tunnel(site, "gre", False, key)
        slr_tunnel(site, "gre", False, key + 10, name=site + "2", customer=2)
    routes()
    routes(2, "2")
    pings("acme", "10.2.0.1")
    eq("nothing of bell", [carried("in")["ta2"], carried("out")["tb2"]], [0, 0])
    before = carried("out")["tb"]
    # The same packets by the other key: bell has the same routes, to a site that is not there.
    sh("ip", "-n", "ta", "link", "change", "t0", "type", "gre", "key", "17",
       "local", outer("ta", False)[0], "remote", outer("ta", False)[1])
    ns("ta", "ping", "-c", "2", "-i", "0.2", "-W", "1", "10.2.0.1")
    eq("by bell's tunnels", [carried("in")["ta2"] > 1, carried("out")["tb2"] > 1], [True, True])
    eq("none by acme's", carried("out")["tb"], before)


def a_service_inside_a_customer_is_behind_a_tunnel():
    gateway()
    kernel_tunnel("ta", "gre", False, 7)
    kernel_tunnel("tb", "ipip", False, 8)
    slr_tunnel("ta", "gre", False, 7)
    slr_tunnel("tb", "ipip", False, 8)
    routes()
    sh("ip", "-n", "ta", "route", "add", "10.50.0.0/24", "dev", "t0", "src", "10.1.0.1")
    service = {"customer": 1, "address": "10.50.0.1", "protocol": 6, "port": 7}
    server = {"customer": 1, "address": "10.2.0.1", "port": 7}
    do("service-new", key=service)
    do("server-new", key=server)
    do("binding-new", service=service, server=server)
    transfers("through the service", "10.50.0.1")


if __name__ == "__main__":
    own_namespace()
    unwire_sites()
    wire_sites()
    connect()
    try:
        run_tests([ipip_to_gre, gre_to_vxlan, geneve_to_fou, gre_to_l2tpv3_with_cookies,
                   ipip_over_ipv6_to_gre_over_ipv6,
                   vxlan_over_ipv6_to_ipip, a_cross_connect_does_not_look_inside,
                   what_a_cross_connect_cannot_pass_on_is_counted_as_that,
                   a_cross_connect_over_ipv6_shows_which_flow_it_is,
                   a_cross_connect_into_udp_shows_which_flow_it_is,
                   path_mtu_is_told_in_the_customers_context, a_foreign_source_is_dropped,
                   a_wrong_key_is_not_ours,
                   keys_keep_customers_with_the_same_addresses_apart,
                   a_service_inside_a_customer_is_behind_a_tunnel])
    finally:
        unwire_sites()
