# SPDX-License-Identifier: GPL-2.0
"""A network with every type of tunnel and circuit that the kernel has an own end for, all at
once, and traffic that goes through each of them. Imported, never run.

    si s0 --- g0 gw g1 --- h0 ho     site and host of acme, with a device for each tunnel
    pu p0 --- gp gw                  the Internet
    pv pv0    slr devices of gw      private server of acme, 10.0.0.10
    bs bs0                           private server of bell, 10.0.0.10

Tunnel N has 10.1.N.1 and 2001:db8:1:N::1 at the site, and leads to the private server and the
Internet, or by a cross-connect to the host, which has the server's addresses as well.
"""

import os
import selectors
import socket
import subprocess
import threading
from collections import namedtuple

from lib import SLOW, defer, dump, fail, sh
from mutants import enter

SLR = os.environ.get("SLR", "slr")
ECHO = 7000
SERVER = {4: "10.0.0.10", 6: "2001:db8:a::10"}
PUBLIC = {4: "203.0.113.2", 6: "2001:db8:3::2"}
# Where the kernel's ends are: device, port, networks and first bytes of stations' addresses.
End = namedtuple("End", "ns dev port net4 net6 macs")
SITE = End("si", "s0", "g0", "198.51.100", "2001:db8:100", "02:00:00:00:01:")
HOST = End("ho", "h0", "g1", "192.0.2", "2001:db8:2", "02:00:00:00:02:")
INTERNET = End("pu", "p0", "gp", "203.0.113", "2001:db8:3", "02:00:00:00:03:")
# Nobody's but bell's: so many bits from acme's that no mutant comes by it.
STRANGE = {"key": 0xA5C3965A, "vni": 0xA5C396, "session": 0xA5C3965A, "label": 0xA5C39, "vid": 0xA5C}

ENCAP = "encap-sport auto encap-dport"
# The kernel's devices over IPv4 and over IPv6, and the gateway's words.
KINDS = {
    "ipip": ("type sit mode any {ends}", "type ip6tnl mode any {ends}", "ipip"),
    "gre": ("type gre {ends}", "type ip6gre {ends}", "gre"),
    "gre-key": ("type gre {ends} key {key}", "type ip6gre {ends} key {key}", "gre key {key}"),
    # The gateway takes checksums and sends none.
    "gre-sum": ("type gre {ends} key {key} ocsum", "type ip6gre {ends} key {key} ocsum",
                "gre key {key}"),
    "gretap": ("type gretap {ends} key {key}", "type ip6gretap {ends} key {key}",
               "gre key {key} ethernet on peer-mac {mac}"),
    "vxlan": ("type vxlan id {key} dstport 4789 {ends}",) * 2 + ("vxlan vni {key} peer-mac {mac}",),
    "geneve": ("type geneve id {key} remote {gw} innerprotoinherit",) * 2 + ("geneve vni {key}",),
    "geneve-eth": ("type geneve id {key} remote {gw}",) * 2
    + ("geneve vni {key} ethernet on peer-mac {mac}",),
    "gue": (f"type sit mode any {{ends}} encap gue {ENCAP} 6080",
            f"type ip6tnl mode any {{ends}} encap gue {ENCAP} 6080 encap-csum", "gue"),
    "fou": (f"type ipip {{ends}} encap fou {ENCAP} 5555",
            f"type ip6tnl mode ip6ip6 {{ends}} encap fou {ENCAP} 5556 encap-csum", "fou dport {fou}"),
    "l2tpv3": ("ip", "ip", "l2tpv3 session {key} okey {okey} peer-mac {mac}"),
    "l2tpv3-udp": ("udp", "udp", "l2tpv3-udp session {key} okey {okey} peer-mac {mac}"),
    "mpls-gre": ("type gre {ends}", "type ip6gre {ends}", "mpls-gre label {key} okey {okey}"),
    "mpls-udp": (f"type ipip mode mplsip {{ends}} encap fou {ENCAP} 6635", "",
                 "mpls-udp label {key} okey {okey}"),
    "vlan": ("link {dev} name {t} type vlan id {key}", "",
             "vlan dev {port} local 10.9.0.1 remote 10.9.0.2 vid {key}"),
    "frames": ("link {dev} name {t} type vlan id {key}", "", "vlan dev {port} vid {key}"),
    "qinq": ("link {dev}.{key} name {t} type vlan id 30", "",
             "qinq dev {port} local 10.9.0.1 peer-mac {mac} vid {key}.30"),
    "mpls": ("", "", "mpls dev {port} remote {own} label {key} okey {okey}"),
}
FRAMED = ("gretap", "vxlan", "geneve-eth", "l2tpv3", "l2tpv3-udp", "vlan", "frames", "qinq")
LABELLED = ("mpls-gre", "mpls-udp", "mpls")

Tunnel = namedtuple("Tunnel", "number kind outer inner far")
TUNNELS = [Tunnel(n, *row) for n, row in enumerate([
    (kind, outer, inner, far) for kind, outers, inner, far in [
        ("ipip", (4, 6), (4, 6), None), ("gre", (4, 6), (4, 6), None),
        ("gre-key", (4, 6), (4, 6), None), ("gre-sum", (4, 6), (4, 6), None),
        ("gretap", (4, 6), (4, 6), None), ("vxlan", (4, 6), (4, 6), None),
        ("geneve", (4, 6), (4, 6), None), ("geneve-eth", (4, 6), (4, 6), None),
        ("gue", (4, 6), (4, 6), None), ("fou", (4,), (4,), None), ("fou", (6,), (6,), None),
        ("l2tpv3", (4, 6), (4, 6), None), ("l2tpv3-udp", (4, 6), (4, 6), None),
        ("mpls-gre", (4, 6), (4,), None), ("mpls-udp", (4,), (4,), None),
        ("vlan", (4,), (4, 6), None), ("qinq", (4,), (4, 6), None), ("mpls", (4,), (4,), None),
        # With a cross-connect: what the host has.
        ("gre-key", (4,), (4, 6), ("geneve", 6)), ("vxlan", (6,), (4, 6), ("gretap", 4)),
        ("frames", (4,), (4, 6), ("vxlan", 4)), ("mpls", (4,), (4,), ("mpls", 4))]
    for outer in outers], 1)]


# --- the network ------------------------------------------------------------------------


def inner_address(number, family):
    """The site's own address in a tunnel."""
    return f"10.1.{number}.1" if family == 4 else f"2001:db8:1:{number:x}::1"


def inner_net(number, family):
    return f"10.1.{number}.0/24" if family == 4 else f"2001:db8:1:{number:x}::/64"


def batch(ns, lines):
    """Commands of ip; rules are of one family, which has to be said."""
    six = [line for line in lines if line.startswith("rule") and ":" in line]
    for option, some in (((), [line for line in lines if line not in six]), (("-6",), six)):
        if not some:
            continue
        got = subprocess.run(["ip", *option, "-n", ns, "-batch", "-"], input="\n".join(some),
                             text=True, check=False, capture_output=True)
        if got.returncode:
            line = int(got.stderr.rsplit(":", 1)[1])
            raise RuntimeError(f"{ns}: {some[line - 1]}: {got.stderr}")


def station(end, kind, number):
    """Link-layer address of the kernel's device."""
    return end.macs + ("02" if kind in ("vlan", "frames", "qinq") else f"{number:02x}")


def names(end, kind, outer, number):
    """What the words above leave open."""
    # The kernel's Geneve has no address of its own.
    last = 2 if kind in ("geneve", "geneve-eth", "mpls") else 10 + number
    own, gw = ((f"{end.net4}.{last}", f"{end.net4}.1") if outer == 4 else
               (f"{end.net6}::{last:x}", f"{end.net6}::1"))
    key = number + (200 if kind in LABELLED else 10)
    return {"own": own, "gw": gw, "ends": f"local {own} remote {gw}", "key": key, "okey": key + 100,
            "t": f"t{number}", "dev": end.dev, "port": end.port, "mac": station(end, kind, number),
            "fou": 5555 if outer == 4 else 5556}


def kernel_device(end, tunnel, kind, outer):
    """The kernel's device; circuits of labels have none."""
    n = tunnel.number
    name = names(end, kind, outer, n)
    t, words = name["t"], KINDS[kind][outer == 6].format(**name)
    mac = f"address {name['mac']} " if kind in FRAMED and "link" not in words else ""
    # Who is at the end of a cross-connect is not told what the second tunnel takes.
    up = f"link set {t} up" + " mtu 1400" * bool(tunnel.far)
    if kind.startswith("l2tpv3"):
        ports = " udp_sport 1701 udp_dport 1701" if words == "udp" else ""
        return [f"l2tp add tunnel tunnel_id {n} peer_tunnel_id {n} encap {words} "
                f"local {name['own']} remote {name['gw']}{ports}",
                f"l2tp add session name {t} tunnel_id {n} session_id {name['okey']} "
                f"peer_session_id {name['key']}", f"link set {t} {mac}mtu 1500", up]
    if kind == "qinq":
        tag = f"{end.dev}.{name['key']}"
        return [f"link add link {end.dev} name {tag} mtu 1496 type vlan proto 802.1ad id {name['key']}",
                f"link set {tag} up", "link add " + words, up]
    return ["link add " + (words if "link" in words else f"{t} {mac}{words}"), up] if words else []


def kernel_ways(end, tunnel, kind, outer):
    """Inner addresses, and the way to what is behind the gateway."""
    n = tunnel.number
    name = names(end, kind, outer, n)
    t = end.dev if kind == "mpls" else name["t"]
    lines, via = [], {4: "", 6: ""}
    if kind in FRAMED:
        via = {4: "via 10.9.0.1 onlink ", 6: "via fe80::99 "}
        far = end.macs + "fe"
        if tunnel.far:
            far = station(SITE, tunnel.kind, n) if end is HOST else station(HOST, tunnel.far[0], n)
        lines.append(f"neigh add fe80::99 lladdr {far} dev {t}")
        # In a VLAN the gateway is asked.
        lines.append("addr add 10.9.0.2/30 dev " + t if kind == "vlan" else
                     f"neigh add 10.9.0.1 lladdr {far} dev {t}")
    elif kind == "mpls":
        via[4] = f"via inet {name['gw']} "
    label = f"encap mpls {name['key']} " if kind in LABELLED else ""
    for family in tunnel.inner:
        own = inner_address(n, family) if end is SITE else SERVER[family]
        lines.append(f"addr replace {own} dev {t}" + " nodad" * (family == 6))
        if end is SITE:
            lines += [f"rule add from {own} lookup {1000 + n}",
                      f"route add {'0.0.0.0/0' if family == 4 else '::/0'} {label}{via[family]}"
                      f"dev {t} table {1000 + n}"]
        else:
            lines.append(f"route add {inner_net(n, family)} {label}{via[family]}dev {t} src {own}")
    return lines


def link(end, gateways, own):
    """A cable from the gateway's port, with addresses of both ends. What leaves a device has its
    checksums and tags, as what is recorded there is sent again."""
    sh("ip", "link", "add", end.port, "netns", "gw", "address", end.macs + "fe", "type", "veth",
       "peer", "name", end.dev, "address", end.macs + "02", "netns", end.ns)
    sh("ip", "netns", "exec", end.ns, "ethtool", "-K", end.dev, "tx", "off", "tso", "off", "gso",
       "off", "txvlan", "off", "tx-vlan-stag-hw-insert", "off")
    for ns, dev, addresses, more in (("gw", end.port, gateways, " promisc on"),
                                     (end.ns, end.dev, own, "")):
        batch(ns, [f"link set {dev} up{more}", "link set lo up"]
              + [f"addr add {x} dev {dev}" + " nodad" * (":" in x) for x in addresses])


def wire():
    """The namespaces, and the kernel's ends of all tunnels."""
    sh("modprobe", "-a", "fou", "fou6", "ipip", "sit", "l2tp_eth", "l2tp_ip", "l2tp_ip6",
       "l2tp_netlink", "mpls_router", "mpls_iptunnel", "8021q")
    spaces = ("gw", "si", "ho", "pu", "pv", "bs")
    for ns in spaces:
        sh("ip", "netns", "add", ns)
        defer(sh, "ip", "netns", "del", ns)
        words = ["accept_dad=0", "router_solicitations=0", "accept_ra=0", "addr_gen_mode=1",
                 "mldv2_unsolicited_report_interval=0", "accept_redirects=0"]
        sh("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv4.ip_forward=0",
           "net.ipv4.ping_group_range=0 0", "net.ipv4.conf.all.rp_filter=0",
           "net.ipv4.conf.default.rp_filter=0", "net.ipv4.conf.all.accept_redirects=0",
           "net.ipv4.conf.default.accept_redirects=0", "net.ipv4.conf.all.send_redirects=0",
           "net.ipv4.conf.default.send_redirects=0", "net.ipv4.icmp_ratelimit=0",
           *(f"net.ipv6.conf.default.{w}" for w in words))
    lasts = [2, 99] + [10 + t.number for t in TUNNELS]
    for end in (SITE, HOST, INTERNET):
        link(end, [f"{end.net4}.1/24", f"{end.net6}::1/64"],
             [x for n in (lasts if end is not INTERNET else [2])
              for x in (f"{end.net4}.{n}/24", f"{end.net6}::{n:x}/64")])
        batch(end.ns, [f"route add {end.net6}::1/128 dev {end.dev} src {end.net6}::2"])
    sh("ip", "netns", "exec", "gw", "sysctl", "-qw", "net.ipv4.ip_forward=1",
       "net.ipv6.conf.all.forwarding=1")
    for family, port, what in (("-4", "5555", "ipproto 4"), ("-6", "5556", "ipproto 41"),
                               ("-4", "6080", "gue"), ("-6", "6080", "gue"),
                               ("-4", "6635", "ipproto 137")):
        sh("ip", "netns", "exec", "si", "ip", family, "fou", "add", "port", port, *what.split())
    for end in (SITE, HOST):
        mine = [(t, *(t.far if end is HOST else (t.kind, t.outer))) for t in TUNNELS
                if end is SITE or t.far]
        batch(end.ns, [line for one in mine for line in kernel_device(end, *one)])
        labels = [(names(end, kind, outer, t.number), kind) for t, kind, outer in mine
                  if kind in LABELLED]
        sh("ip", "netns", "exec", end.ns, "sysctl", "-qw", "net.mpls.platform_labels=1000",
           *(f"net.mpls.conf.{end.dev if kind == 'mpls' else name['t']}.input=1"
             for name, kind in labels))
        for name, _ in labels:
            sh("ip", "-n", end.ns, "-f", "mpls", "route", "add", str(name["okey"]), "dev", "lo")
        batch(end.ns, [line for one in mine for line in kernel_ways(end, *one)])


def tunnel_line(t, end, kind, outer, letter, customer, more=""):
    """The gateway's words for a tunnel of acme, or for bell's beside it."""
    words, name = KINDS[kind][2], names(end, kind, outer, t.number)
    if customer == "bell":
        if kind == "gre":
            words += " key {key}"
        strange = [key for word, key in STRANGE.items() if f" {word} {{key}}" in words]
        if strange:
            name |= {"key": strange[0] + t.number, "okey": 999}
        else:
            name["own"] = f"{end.net4}.99" if outer == 4 else f"{end.net6}::63"
    if "dev " not in words:
        words += " local {gw} remote {own}"
    return f"tunnel {letter}{t.number} type {words.format(**name)} customer {customer}{more}"


def configure():
    """The gateway's ends, and the private servers."""
    lines = ["port g0", "port g1", "port gp side client", "customer acme id 1",
             "customer bell id 2"]
    for t in TUNNELS:
        to = f" to h{t.number}" if t.far else ""
        lines.append(tunnel_line(t, SITE, t.kind, t.outer, "a", "acme", to))
        lines.append(tunnel_line(t, SITE, t.kind, t.outer, "b", "bell"))
        if t.far:
            lines.append(tunnel_line(t, HOST, *t.far, "h", "acme", f" to a{t.number}"))
        for letter, customer in (("a", "acme"), ("b", "bell")):
            for family in (4, 6):
                lines.append(f"route {inner_net(t.number, family)} customer {customer} "
                             f"via tunnel {letter}{t.number}")
    for customer, dev in (("acme", "pv0"), ("bell", "bs0")):
        lines += [f"route {SERVER[4]}/32 customer {customer} device {dev}",
                  f"route {SERVER[6]}/128 customer {customer} device {dev}",
                  f"route 192.0.0.0/2 customer {customer} public",
                  f"route 2001:db8::/33 customer {customer} public"]
    got = subprocess.run([SLR, "conf", "load", "-"], input="\n".join(lines) + "\n", text=True,
                         check=False, capture_output=True)
    if got.returncode:
        raise RuntimeError(got.stderr)
    for dev, customer, ns in (("pv0", "acme", "pv"), ("bs0", "bell", "bs")):
        sh(SLR, "device", "add", dev, "customer", customer, "netns", ns)
        defer(sh, "ip", "-n", ns, "link", "del", dev)
        batch(ns, ["link set lo up", f"link set {dev} up", f"addr add {SERVER[4]}/32 dev {dev}",
                   f"addr add {SERVER[6]}/128 dev {dev} nodad", f"route add 0.0.0.0/0 dev {dev}",
                   f"route add ::/0 dev {dev}"])


# --- real traffic -----------------------------------------------------------------------


def sockets(ns, kind, family, address):
    """A socket of a namespace, bound to an address."""
    enter(ns)
    proto = 0
    if kind == "ping":
        proto = socket.IPPROTO_ICMPV6 if family == 6 else socket.IPPROTO_ICMP
    sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET,
                         socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM, proto)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address, ECHO if ns in ("pv", "ho", "pu") else 0))
    enter("gw")
    return sock


class Echo(threading.Thread):
    """Servers that send back what they get, in all namespaces that have some."""

    def __init__(self):
        super().__init__(daemon=True)
        self.select = selectors.DefaultSelector()
        for ns in ("pv", "ho", "pu"):
            for family in (4, 6):
                for kind in ("udp", "tcp"):
                    sock = sockets(ns, kind, family, "0.0.0.0" if family == 4 else "::")
                    sock.setblocking(False)
                    if kind == "tcp":
                        sock.listen(100)
                    self.select.register(sock, selectors.EVENT_READ, kind)

    def run(self):
        while True:
            for key, _ in self.select.select():
                try:
                    self.serve(key.fileobj, key.data)
                except OSError:  # what came was broken, or its sender is gone
                    if key.data == "stream":
                        self.select.unregister(key.fileobj)
                        key.fileobj.close()

    def serve(self, sock, kind):
        if kind == "tcp":
            stream, _ = sock.accept()
            stream.setblocking(False)
            self.select.register(stream, selectors.EVENT_READ, "stream")
        elif kind == "udp":
            data, peer = sock.recvfrom(70000)
            sock.sendto(data, peer)
        elif data := sock.recv(70000):
            sock.send(data)
        else:
            raise ConnectionResetError


def exchange(rng, kind, number, family, to, size=100):
    """Bytes that go from a site's tunnel to a server and must come back; what is wrong, if any."""
    own = inner_address(number, family)
    data = rng.randbytes(size)
    if kind == "ping":
        data = bytes([8 if family == 4 else 128, 0, 0, 0, 0, 0, 0, 1]) + data
    got = b""
    try:
        with sockets("si", kind, family, own) as sock:
            sock.settimeout(SLOW * 0.4)
            sock.connect((to[family], ECHO))
            sock.send(data)
            while len(got) < len(data) and (more := sock.recv(70000)):
                got += more
    except OSError as e:
        return f"{e}"
    # The kernel sets checksum and identifier of a ping.
    skip = 8 if kind == "ping" else 0
    return None if got[skip:] == data[skip:] else f"{len(got)} other bytes"


def exchanges(rng, t, kinds):
    """All that a tunnel is asked to carry; each may be lost a few times, as while
    a sender learns of the path's MTU."""
    for family in t.inner:
        for to in (SERVER,) if t.far else (SERVER, PUBLIC):
            for kind, size in kinds:
                if size > 1400 and to is PUBLIC:
                    continue
                for _ in range(6):
                    wrong = exchange(rng, kind, t.number, family, to, size)
                    if not wrong:
                        break
                if wrong:
                    drops = {c["name"]: c["value"] for c in dump("stats-get") if c["value"]}
                    fail(f"{t.kind} over IPv{t.outer}: {kind} of {size} bytes to {to[family]}: "
                         f"{wrong}; {drops}")
                yield family, to, kind
