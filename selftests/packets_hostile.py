#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random packets from a seed that is printed (SLR_SEED repeats it): connections of any
shape go through slr and through a twin that is nft's DNAT, and must come out as the same
bytes; broken and mutated packets go into a port, and nothing of it may be harmed.

    ac c0 ---- g0 ag g1 ---- s0 as        slr
    bc c0 ---- g0 bg g1 ---- s0 bs        nft dnat, the twin: same addresses, same MACs
"""

import errno
import os
import select
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import SLOW, connect, defer, do, dump, empty, eq, fail, run_tests, sh  # noqa: E402
from mutants import enter, fragments, mangle, seeded, summed, tap  # noqa: E402
from packet import address, csum  # noqa: E402

ROUNDS = int(os.environ.get("SLR_ROUNDS", "40"))
MUTANTS = int(os.environ.get("SLR_MUTANTS", "10000"))
MAC = {dev: bytes([2, 0, 0, 0, 0, i]) for i, dev in enumerate(("c0", "g0", "g1", "s0"), 1)}
TCP, UDP, SCTP, ICMP, ICMP6 = 6, 17, 132, 1, 58
NET = {
    4: {"vip": "203.0.113.10", "client": "198.51.100.2", "gw0": "198.51.100.1",
        "gw1": "10.2.0.1", "server": "10.2.0.11", "len": 24},
    6: {"vip": "2001:db8:cafe::10", "client": "2001:db8:100::2", "gw0": "2001:db8:100::1",
        "gw1": "2001:db8:2::1", "server": "2001:db8:2::11", "len": 64},
}
# Virtual port and the server's port of a protocol.
PORTS = {TCP: (80, 8001), UDP: (53, 5353), SCTP: (36412, 36413)}


# --- what packets are made of ----------------------------------------------------------


CRC = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
    CRC.append(i)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def seal(src, dst, proto, l4):
    """The transport part with its checksum."""
    if proto == SCTP:
        return l4[:8] + struct.pack("<I", crc32c(l4[:8] + bytes(4) + l4[12:])) + l4[12:]
    at = {TCP: 16, UDP: 6, ICMP: 2, ICMP6: 2}[proto]
    pseudo = b"" if proto == ICMP else src + dst + struct.pack("!II", len(l4), proto)
    check = csum(pseudo + l4[:at] + bytes(2) + l4[at + 2:])
    if proto == UDP:
        check = check or 0xFFFF
    return l4[:at] + struct.pack("!H", check) + l4[at + 2:]


def packet(rng, src, dst, proto, l4, ttl=64):
    """An IP packet, with options or extension headers now and then."""
    tos, ident = rng.randrange(256) & 0xFC, rng.randrange(1, 65536)
    if len(src) == 4:
        opts = rng.choice((b"", b"", b"", b"\1\1\1\0", b"\1" * 8))
        df = rng.choice((0, 0x4000))
        head = struct.pack("!BBHHHBBH", 0x45 + len(opts) // 4, tos, 20 + len(opts) + len(l4),
                           ident, df, ttl, proto, 0) + src + dst + opts
        return head[:10] + struct.pack("!H", csum(head)) + head[12:] + l4
    ext, first = b"", proto
    if rng.random() < 0.2:  # destination options: padding
        ext, first = struct.pack("!BB", proto, 0) + b"\1\4\0\0\0\0", 60
    flow = rng.randrange(1 << 20)
    return (struct.pack("!IHBB", 6 << 28 | tos << 20 | flow, len(ext) + len(l4), first, ttl)
            + src + dst + ext + l4)


# --- twins ------------------------------------------------------------------------------


def wire(side):
    """One of the twins, without what translates; its two ends."""
    spaces = [side + x for x in "cgs"]
    for ns in spaces:
        sh("ip", "netns", "add", ns)
        defer(sh, "ip", "netns", "del", ns)
        sh("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0",
           "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.router_solicitations=0",
           "net.ipv6.conf.default.mldv2_unsolicited_report_interval=0")
    client, gate, server = spaces
    for a, dev, b, peer in ((client, "c0", gate, "g0"), (gate, "g1", server, "s0")):
        sh("ip", "link", "add", dev, "netns", a, "address", MAC[dev].hex(":"),
           "type", "veth", "peer", "name", peer, "address", MAC[peer].hex(":"), "netns", b)
        for ns, name in ((a, dev), (b, peer)):
            sh("ip", "-n", ns, "link", "set", name, "up")
    for net in NET.values():
        for dev, own, other, mac in (("g0", "gw0", "client", "c0"), ("g1", "gw1", "server", "s0")):
            sh("ip", "-n", gate, "addr", "add", f"{net[own]}/{net['len']}", "dev", dev, "nodad")
            sh("ip", "-n", gate, "neigh", "add", net[other], "lladdr", MAC[mac].hex(":"),
               "dev", dev)
    sh("ip", "netns", "exec", gate, "sysctl", "-qw", "net.ipv4.ip_forward=1",
       "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.send_redirects=0")
    return tap(client, "c0"), tap(server, "s0")


RULES = """table inet twin {
    chain pre { type nat hook prerouting priority dstnat;
        ip daddr %(v4)s tcp dport 80 dnat ip to %(s4)s:8001
        ip daddr %(v4)s udp dport 53 dnat ip to %(s4)s:5353
        ip daddr %(v4)s sctp dport 36412 dnat ip to %(s4)s:36413
        ip daddr %(v4)s icmp type echo-request dnat ip to %(s4)s
        ip6 daddr %(v6)s tcp dport 80 dnat ip6 to [%(s6)s]:8001
        ip6 daddr %(v6)s udp dport 53 dnat ip6 to [%(s6)s]:5353
        ip6 daddr %(v6)s sctp dport 36412 dnat ip6 to [%(s6)s]:36413
        ip6 daddr %(v6)s icmpv6 type echo-request dnat ip6 to %(s6)s
    }
    chain post { type nat hook postrouting priority srcnat; }
}
"""


def serve():
    """The same for slr, in the namespace of the caller."""
    do("port-new", ifname="g0", side="client")
    do("port-new", ifname="g1", side="server")
    for net in NET.values():
        server = {"address": net["server"]}
        do("server-new", key=server)
        for proto, (port, real) in PORTS.items():
            service = {"address": net["vip"], "protocol": proto, "port": port}
            do("service-new", key=service)
            do("binding-new", service=service, server=server, port=real)
        service = {"address": net["vip"], "protocol": ICMP6 if ":" in net["vip"] else ICMP}
        do("service-new", key=service)
        do("binding-new", service=service, server=server)


class Twins:
    """Both ways from client to server, used in step."""

    def __init__(self):
        self.ends = [wire("a"), wire("b")]
        rules = RULES % {"v4": NET[4]["vip"], "s4": NET[4]["server"],
                         "v6": NET[6]["vip"], "s6": NET[6]["server"]}
        subprocess.run(["ip", "netns", "exec", "bg", "nft", "-f", "-"], input=rules, text=True,
                       check=True)
        # The twin is to translate, not to judge; slr leaves that to the receiver.
        sh("ip", "netns", "exec", "bg", "sysctl", "-qw", "net.netfilter.nf_conntrack_checksum=0",
           "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        enter("ag")
        connect()
        serve()

    @staticmethod
    def came(sock, seconds, enough):
        """IP packets that came for us, the first within that time, until `enough` have it all."""
        out, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([sock], [], [], left)[0]:
                break
            frame, where = sock.recvfrom(70000)
            if where[2] == socket.PACKET_OUTGOING or where[1] not in (0x0800, 0x86DD):
                continue
            ip = frame[14:]
            if ip[0] >> 4 == 6 and (ip[6] == 58 and ip[40] in range(130, 138) or frame[:2] == b"\x33\x33"):
                continue  # neighbour discovery and its kin
            out.append(frame)
            if enough(out):
                break
        return out

    def both(self, to_server, packets, enough=len):
        """Sends the packets into both; what came out of each on the other side."""
        gate = MAC["g0" if to_server else "g1"]
        own = MAC["c0" if to_server else "s0"]
        kind = b"\x08\0" if packets[0][0] >> 4 == 4 else b"\x86\xdd"
        outputs = []
        for client, server in self.ends:
            send, receive = (client, server) if to_server else (server, client)
            late = self.came(receive, 0.001, lambda _: False)
            # nft's twin was seen to send a segment once more; slr is not to.
            if late and not outputs:
                fail(f"slr sent besides what was looked at: {[f.hex() for f in late]}")
            for ip in packets:
                send.send(gate + own + kind + ip)
            outputs.append(self.came(receive, SLOW, enough))
        return outputs


def whole(frames):
    """The bytes of an IPv4 datagram whose fragments came, transport part only."""
    parts = {}
    for frame in frames:
        ip = frame[14:]
        at = (struct.unpack_from("!H", ip, 6)[0] & 0x1FFF) * 8
        parts[at] = ip[(ip[0] & 15) * 4:struct.unpack_from("!H", ip, 2)[0]]
    body = b""
    for at in sorted(parts):
        if at != len(body):
            return None
        body += parts[at]
    return body


class Connection:
    """A random exchange of one protocol between the client and its server."""

    def __init__(self, rng, twins, version, seen):
        self.rng, self.twins, self.seen = rng, twins, seen
        net = NET[version]
        self.vip, self.client, self.server = (address(net[x]) for x in ("vip", "client", "server"))
        self.proto = rng.choice((TCP, TCP, UDP, SCTP, ICMP6 if version == 6 else ICMP))
        self.port = rng.randrange(1024, 65536)
        self.last = {}

    def frame_of(self, to_server, l4):
        src, dst = (self.client, self.vip) if to_server else (self.server, self.client)
        if self.proto in PORTS:
            ours, real = PORTS[self.proto]
            ends = (self.port, ours) if to_server else (real, self.port)
            l4 = struct.pack("!HH", *ends) + l4
        return packet(self.rng, src, dst, self.proto, seal(src, dst, self.proto, l4),
                      self.rng.choice((2, 64, 255)))

    def show(self, what, to_server, ip):
        """Both twins must make the same of the packet, and something."""
        mine, other = self.twins.both(to_server, [ip])
        self.seen[what] = self.seen.get(what, 0) + 1
        if mine != other or not mine:
            fail(f"{what} {'to' if to_server else 'from'} the server, {ip.hex()}: slr made "
                 f"{[f.hex() for f in mine]}, nft {[f.hex() for f in other]}")
            return None
        self.last[to_server] = mine[0][14:]
        return mine[0][14:]

    def send(self, what, to_server, l4):
        return self.show(what, to_server, self.frame_of(to_server, l4))

    def data(self):
        return self.rng.randbytes(self.rng.choice((0, 1, 2, 3, 100, 511, 1300)))

    def run(self):
        {TCP: self.tcp, UDP: self.udp, SCTP: self.sctp}.get(self.proto, self.echo)()

    def tcp(self):
        rng, numbers = self.rng, {True: self.rng.randrange(1 << 32), False: 0}
        numbers[False] = rng.randrange(1 << 32)

        def segment(to_server, flags, data=b"", opts=b""):
            ack = numbers[not to_server] if flags & 16 else 0
            body = struct.pack("!IIBBHHH", numbers[to_server], ack, (5 + len(opts) // 4) << 4,
                               flags, rng.randrange(1024, 65536), 0, 0) + opts + data
            numbers[to_server] = numbers[to_server] + len(data) + (flags & 3 != 0) & 0xFFFFFFFF
            return self.send("tcp", to_server, body)

        opts = rng.choice((b"", b"\2\4\5\xb4", b"\2\4\5\xb4\1\3\3\7\4\2\1\1"))
        segment(True, 2, opts=opts)
        segment(False, 18, opts=opts)
        segment(True, 16)
        for _ in range(rng.randrange(8)):
            segment(rng.random() < 0.5, rng.choice((16, 24)), self.data())
        self.icmp_error(rng.random() < 0.5)
        if rng.random() < 0.3:
            segment(rng.random() < 0.5, 4 | 16)
            return
        first = rng.random() < 0.5
        segment(first, 17)
        segment(not first, 17)
        segment(first, 16)

    def udp(self):
        for turn in range(self.rng.randrange(1, 8)):
            to_server = turn == 0 or self.rng.random() < 0.5
            data = self.data()
            ip = self.frame_of(to_server, struct.pack("!HH", 8 + len(data), 0) + data)
            if len(self.vip) == 4 and self.rng.random() < 0.2:  # no checksum
                at = (ip[0] & 15) * 4 + 6
                ip = ip[:at] + bytes(2) + ip[at + 2:]
            self.show("udp", to_server, ip)
        self.icmp_error(self.rng.random() < 0.5)
        if len(self.vip) == 4:
            self.in_fragments()

    def in_fragments(self):
        data = self.rng.randbytes(self.rng.randrange(2000, 5000))
        src, dst = self.client, self.vip
        l4 = struct.pack("!HHHH", self.port, 53, 8 + len(data), 0) + data
        l4 = seal(src, dst, UDP, l4)
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20, 0, 0, 64, UDP, 0) + src + dst
        parts = fragments(head + l4, self.rng.choice((8, 512, 1400)) if len(data) < 2100 else 1400,
                          self.rng.randrange(1, 65536))
        self.rng.shuffle(parts)
        want = seal(src, self.server, UDP, struct.pack("!HHHH", self.port, 5353, 8 + len(data), 0)
                    + data)
        outputs = self.twins.both(True, parts, lambda out: whole(out) == want)
        self.seen["fragments"] = self.seen.get("fragments", 0) + 1
        for name, frames in zip(("slr", "nft"), outputs):
            if whole(frames) != want:
                fail(f"{name} made {len(frames)} fragments of {len(parts)}, not the datagram")

    def sctp(self):
        rng = self.rng
        tags = {True: rng.randrange(1, 1 << 32), False: rng.randrange(1, 1 << 32)}

        def chunk(to_server, tag, kind, body, flags=0):
            head = struct.pack("!IIBBH", tag, 0, kind, flags, 4 + len(body))
            self.send("sctp", to_server, head + body + bytes(-len(body) % 4))

        init = struct.pack("!IIHHI", 0, 65536, 10, 10, 1)[4:]
        chunk(True, 0, 1, struct.pack("!I", tags[True]) + init)
        chunk(False, tags[True], 2, struct.pack("!I", tags[False]) + init + b"\0\7\0\x08abcd")
        chunk(True, tags[False], 10, b"abcd")
        chunk(False, tags[True], 11, b"")
        for n in range(rng.randrange(5)):
            chunk(True, tags[False], 0, struct.pack("!IHHI", n + 1, 0, n, 0) + self.data() + b"x", 3)

    def echo(self):
        kinds = (128, 129) if self.proto == ICMP6 else (8, 0)
        for n in range(self.rng.randrange(1, 5)):
            body = struct.pack("!HH", self.port, n) + self.data()
            self.send("echo", True, struct.pack("!BBH", kinds[0], 0, 0) + body)
            self.send("echo", False, struct.pack("!BBH", kinds[1], 0, 0) + body)

    def icmp_error(self, to_server):
        """The receiver of the last packet of the other direction complains of it."""
        about = self.last.get(not to_server)
        if about is None:
            return
        v6 = len(self.vip) == 16
        proto = ICMP6 if v6 else ICMP
        kind, code, rest = self.rng.choice(((3, 1, 0), (3, 3, 0), (11, 0, 0)) if not v6 else
                                           ((1, 4, 0), (2, 0, 1280), (3, 0, 0)))
        quote = about[:self.rng.choice((600, 60)) if not v6 else 1200]
        if not v6:
            quote = quote[:28] if self.rng.random() < 0.3 and about[0] == 0x45 else quote
        src, dst = (self.client, self.vip) if to_server else (self.server, self.client)
        l4 = seal(src, dst, proto, struct.pack("!BBHI", kind, code, 0, rest) + quote)
        self.show("icmp error", to_server, packet(self.rng, src, dst, proto, l4))


def as_its_twin(version):
    rng, seen, twins = seeded(), {}, Twins()
    defer(empty)
    for _ in range(ROUNDS):
        Connection(rng, twins, version, seen).run()
    print("# compared:", ", ".join(f"{n} {what}" for what, n in sorted(seen.items())))


def ipv4_comes_out_as_from_nft():
    as_its_twin(4)


def ipv6_comes_out_as_from_nft():
    as_its_twin(6)


# --- mutants ------------------------------------------------------------------------------


def mutate(rng, frame):
    """The frame with a few things wrong."""
    out = mangle(rng, frame, 12, 90)
    # Most have the right IPv4 checksum, or they would not come far.
    if rng.random() < 0.9:
        out = out[:14] + summed(out[14:])
    return out[:1514].ljust(14, b"\0")


def mutants_do_no_harm():
    rng, twins = seeded(), Twins()
    defer(empty)
    seen = {}
    seeds = []

    class Recorder(Connection):
        def show(self, what, to_server, ip):
            seeds.append((to_server, ip))
            return ip

    for _ in range(40):
        one = Recorder(rng, twins, rng.choice((4, 6)), seen)
        one.in_fragments = lambda: None
        one.run()
    client, server = twins.ends[0]
    sent = 0
    for _ in range(MUTANTS):
        to_server, ip = rng.choice(seeds)
        gate, own, sock = ((MAC["g0"], MAC["c0"], client) if to_server else
                           (MAC["g1"], MAC["s0"], server))
        kind = b"\x08\0" if ip[0] >> 4 == 4 else b"\x86\xdd"
        frame = mutate(rng, gate + own + kind + ip)
        if rng.random() < 0.1:
            frame = frame[:12] + b"\x81\0\0\5" + frame[12:]
        try:
            sock.send(frame)
            sent += 1
        except OSError as e:
            if e.errno not in (errno.ENOBUFS, errno.EAGAIN, errno.EMSGSIZE, errno.EINVAL):
                raise
    counted = {c["name"]: c["value"] for c in dump("stats-get") if c["value"]}
    print(f"# {sent} sent; {counted}")
    if counted.get("bad-ip-checksum", 0) == 0 or counted.get("malformed", 0) == 0:
        fail("none was noticed")
    eq("still configured", len(dump("binding-get")), 8)
    # Nobody answered what came through, so the server counts as failed by now.
    empty()
    serve()
    for end in twins.ends:
        for sock in end:
            while select.select([sock], [], [], SLOW)[0]:
                sock.recv(70000)
    for version in (4, 6):
        Connection(rng, twins, version, seen).run()


def main():
    run_tests([ipv4_comes_out_as_from_nft, ipv6_comes_out_as_from_nft, mutants_do_no_harm])


if __name__ == "__main__":
    main()
