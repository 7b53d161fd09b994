#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Broken packets in tunnels and circuits, from a seed that is printed (SLR_SEED repeats it).

Real traffic of every type of tunnel, made by the kernel's own, is recorded; outer, tunnel's and
inner headers are broken, lengthened, cut, and put together with those of other tunnels, and
all of it is sent into the gateway: by the site, by a host that cross-connects lead to, by the
private server and by the Internet. Nothing of the gateway may be harmed, and nothing may come
to another customer, which has the same inner addresses and a tunnel beside each.

    si s0 --- g0 gw g1 --- h0 ho     site and host of acme, with a device for each tunnel
    pu p0 --- gp gw                  the Internet
    pv pv0    slr devices of gw      private server of acme, 10.0.0.10
    bs bs0                           private server of bell, 10.0.0.10

The chosen seed decides what is done to which record; the records have ports and numbers that the
kernel chose.
"""

import errno
import os
import socket
import struct
import sys
import time
from collections import namedtuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alltunnels import (SERVER, SITE, STRANGE, TUNNELS, Echo, configure,  # noqa: E402
                        exchanges, inner_address, names, wire)
from lib import connect, do, dump, eq, fail, run_tests, sh, state, until  # noqa: E402
from mutants import enter, fragments, mangle, seeded, summed, tap  # noqa: E402
from packet import address, csum  # noqa: E402

MUTANTS = int(os.environ.get("SLR_MUTANTS", "10000"))
SOL_PACKET, PACKET_VNET_HDR = 263, 15
# What must have been noticed, and what each tunnel is asked to carry.
REASONS = ("malformed", "too-short", "bad-ip-checksum", "unknown-tunnel", "no-route-customer",
           "tunnel-header", "tunnel-content", "tunnel-checksum", "fragment-failed", "no-flow")
KINDS_OF_TRAFFIC = (("ping", 100), ("ping", 3000), ("udp", 100), ("udp", 2900), ("tcp", 200))


# --- mutants ------------------------------------------------------------------------------

# A packet on a device: what is outside of the (inner) IP header, and the rest.
Record = namedtuple("Record", "where head inner")


class World:
    """The network with its taps, and what was recorded at each exchange."""

    def __init__(self, rng):
        self.rng = rng
        wire()
        enter("gw")
        connect()
        configure()
        self.taps = {"s0": tap("si", "s0"), "h0": tap("ho", "h0"), "pv0": tap("pv", "pv0"),
                     "p0": tap("pu", "p0")}
        enter("gw")
        Echo().start()
        self.records, self.by_device = [], {where: [] for where in self.taps}

    def drain(self, t, family, to):
        """The packets of an exchange, without what the kernels say of themselves."""
        source = {"s0": address(inner_address(t.number, family)), "h0": address(SERVER[family]),
                  "pv0": address(to[family]), "p0": address(to[family])}
        for where, sock in self.taps.items():
            while True:
                try:
                    frame, about = sock.recvfrom(70000)
                except BlockingIOError:
                    break
                at = frame.find(source[where]) - (12 if family == 4 else 8)
                if about[2] == socket.PACKET_OUTGOING and at >= 0 and frame[at] >> 4 == family:
                    yield Record(where, frame[:at], frame[at:])

    def record(self, t):
        """What each kind of traffic makes a tunnel's two ends send."""
        for family, to, _ in exchanges(self.rng, t, KINDS_OF_TRAFFIC):
            got = list(self.drain(t, family, to))
            if not any(one.where == "s0" for one in got):
                fail(f"{t.kind} over IPv{t.outer}: nothing was seen")
            self.records += got
            for where, some in self.by_device.items():
                if mine := [one for one in got if one.where == where]:
                    some.append(mine)

    def send(self, where, frame, offload=None):
        """Into the gateway; whether the device took it."""
        sock, link = self.taps[where], where != "pv0"
        data = frame if offload else frame[:1514 if link else 1500]
        data = data.ljust(14 if link else 1, b"\0")
        kind = 3 if link else 0x86DD if data[0] >> 4 == 6 else 0x0800
        if offload:
            sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        try:
            sock.sendto((offload or b"") + data, (where, kind))
            return 1
        except OSError as e:
            if e.errno not in (errno.ENOBUFS, errno.EAGAIN, errno.EMSGSIZE, errno.EINVAL,
                               errno.ENOMEM):  # what could not be cut
                raise
            return 0
        finally:
            if offload:
                sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 0)

    def one_of(self, where):
        """One of the records of a device."""
        some, which = self.rng.choice(self.by_device[where]), self.rng.random()
        return some[int(which * len(some))]


def sized(ip):
    """The packet with its own length in its header."""
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        return ip[:4] + struct.pack("!H", len(ip) - 40) + ip[6:]
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        return ip[:2] + struct.pack("!H", len(ip) & 0xFFFF) + ip[4:]
    return ip


def with_sums(ip):
    """An outer packet with lengths and checksums as they should be."""
    ip = summed(sized(ip))
    six = ip[:1] and ip[0] >> 4 == 6
    at = 40 if six else 20
    if len(ip) < at + 8 or ip[6 if six else 9] not in (17, 47):
        return ip
    head, l4 = ip[:at], ip[at:]
    if head[6 if six else 9] == 47:
        if l4[0] & 0x80:
            l4 = l4[:4] + struct.pack("!H", csum(l4[:4] + bytes(2) + l4[6:])) + l4[6:]
        return head + l4
    l4 = l4[:4] + struct.pack("!H", len(l4)) + bytes(2) + l4[8:]
    if six:
        pseudo = head[8:40] + struct.pack("!II", len(l4), 17)
        l4 = l4[:6] + struct.pack("!H", csum(pseudo + l4) or 0xFFFF) + l4[8:]
    return head + l4


def outer_at(frame):
    """Where the outer packet of a frame begins, behind its tags."""
    at = 14
    while frame[at - 2:at] in (b"\x81\0", b"\x88\xa8"):
        at += 4
    return at


def in_pieces(rng, ip):
    """Fragments of a packet that are too many, too few, in disorder, or overlap."""
    if len(ip) < 64:
        return [ip]
    parts = fragments(ip, max(8, len(ip) // rng.choice((2, 3, 5)) & ~7), rng.randrange(1, 1 << 16))
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(parts))
        one, how = bytearray(parts[at]), rng.randrange(4)
        if how == 0:
            parts.append(parts[at])
        elif how == 1 and len(parts) > 1:
            del parts[at]
        else:  # offset, and whether there is more, in the last two bytes of these
            field = 42 if one[0] >> 4 == 6 else 6
            value = rng.choice((0, 1, 2, 9, 24, 0x1FFF, 0x2000, 0xFFF8))
            one[field:field + 2] = struct.pack("!H", value)
            parts[at] = summed(bytes(one))
    rng.shuffle(parts)
    return parts


def offloaded(rng, at):
    """What a virtual machine's device says of a long packet: where its checksum has to be filled
    in, and into what it has to be cut; `at` is where its transport header may be."""
    kind = rng.choice((0, 1, 3, 4, 5, 0x81))  # none, TCP, UDP in fragments, TCP in IPv6, UDP, ECN
    start = rng.choice((at, at, at, at + 20, at - 20, rng.randrange(200)))
    return struct.pack("=BBHHHH", rng.choice((0, 1, 1, 1)), kind, start + rng.choice((8, 20, 20)),
                       rng.choice((1, 8, 100, 536, 1400, 65535)), start, rng.choice((2, 6, 16)))


def mutants(world):
    """Frames of one mutant, the device where it belongs, and what that says besides."""
    rng = world.rng
    where, head, inner = world.one_of(rng.choice(("s0", "s0", "s0", "s0", "h0", "pv0", "p0")))
    how = rng.random()
    if how < 0.15:
        head = world.one_of(where).head
    elif how < 0.6 and len(head) > 14:
        head = mangle(rng, head, 12, len(head))
    if how > 0.4:
        inner = mangle(rng, inner, 0, 60)
    if rng.random() < 0.5:
        inner = sized(inner)
    # Most have the right IPv4 checksum, or they would not come far.
    if rng.random() < 0.9:
        inner = summed(inner)
    fits, split, offload = rng.random() < 0.8, rng.random(), None
    if split > 0.94:
        inner = sized(inner + bytes(rng.randrange(4000)))
        offload = offloaded(rng, len(head) + (40 if inner[0] >> 4 == 6 else 20))
    packets = in_pieces(rng, inner) if split < 0.06 else [inner]
    frames = [head + packet for packet in packets]
    if head and fits:
        at = [outer_at(frame) for frame in frames]
        frames = [frame[:n] + with_sums(frame[n:]) for n, frame in zip(at, frames)]
    if 0.06 < split < 0.12 and head:
        at = outer_at(frames[0])
        frames = [frames[0][:at] + packet for packet in in_pieces(rng, frames[0][at:])]
    return where, frames, offload


def carried(direction="in"):
    return {t["name"]: t["counters"]["packets-" + direction] for t in dump("tunnel-get")}


def of_bell(world, quiet):
    """Nothing came to bell, whose server and tunnels are found by who has its keys."""
    counts = {name: n for way in ("in", "out") for name, n in carried(way).items()
              if name[0] == "b" and n}
    eq("bell's tunnels", counts, {})
    eq("bell's server", received("bs", "bs0"), quiet)
    # The same traffic with bell's key: what was counted would have been.
    t = next(t for t in TUNNELS if t.kind == "gre-key")
    key = struct.pack("!I", names(SITE, t.kind, t.outer, t.number)["key"])
    record = next(one for one in world.records if one.where == "s0" and key in one.head[-4:])
    for _ in range(5):
        strange = struct.pack("!I", STRANGE["key"] + t.number)
        world.send("s0", record.head[:-4] + strange + record.inner)
    until(lambda: received("bs", "bs0") == quiet + 5, "bell's server got what has bell's key")
    eq("with bell's own key", [received("bs", "bs0"), carried()[f"b{t.number}"]], [quiet + 5, 5])


def flows():
    """How many live of IPv4 and of IPv6; those that are over do not count."""
    six = [":" in flow["client-address"] for flow in dump("flow-get")
           if flow["state"] not in ("closed", "reset")]
    return six.count(False), six.count(True)


def received(ns, dev):
    enter(ns)
    with open("/proc/net/dev", encoding="ascii") as f:
        line = next(line for line in f if line.strip().startswith(dev + ":"))
    enter("gw")
    return int(line.split()[2])


def mutants_in_tunnels_and_circuits_do_no_harm_and_come_to_nobody_else():
    rng = seeded()
    world = World(rng)
    for t in TUNNELS:
        world.record(t)
    # Of each family. What lives already stays, and is what mutants of answers belong to.
    usual, flows_max = do("settings-get")["flows-max"], max(flows()) + 8
    do("settings-set", flows_max=flows_max)
    before, quiet, reached = state(), received("bs", "bs0"), carried()
    sent, most, start = {}, max(flows()), time.monotonic()
    for n in range(MUTANTS):
        where, frames, offload = mutants(world)
        for frame in frames:
            sent[where] = sent.get(where, 0) + world.send(where, frame, offload)
        if n % 1000 == 999:
            most = max(most, *flows())
    counted = {c["name"]: c["value"] for c in dump("stats-get") if c["value"]}
    print(f"# {len(world.records)} recorded; {sent} sent in {time.monotonic() - start:.0f} s, "
          f"{most} flows of a family at most; {counted}")
    if MUTANTS >= 5000:  # fewer may miss some
        eq("not counted", [name for name in REASONS if not counted.get(name)], [])
        eq("idle tunnels", [name for name, n in carried().items()
                            if n == reached[name] and name[0] != "b"], [])
    if state() != before:
        fail(f"configured otherwise: {[(a, b) for a, b in zip(before, state()) if a != b]}")
    of_bell(world, quiet)
    # One that was over and turns out to live is never refused.
    if most > flows_max + 8:
        fail(f"{most} flows of one family, of which {flows_max} may be")
    do("flow-del")
    until(lambda: not do("flow-count")["count"], "no flow is left")
    eq("flows that were ended", dump("flow-get"), [])
    # Some may have expired while the first ones were recorded: these here need more at once.
    do("settings-set", flows_max=usual)
    for ns in ("si", "ho", "pv"):
        sh("ip", "-n", ns, "route", "flush", "cache")
    for t in TUNNELS:
        for _ in exchanges(rng, t, (("ping", 100), ("udp", 100))):
            pass


if __name__ == "__main__":
    run_tests([mutants_in_tunnels_and_circuits_do_no_harm_and_come_to_nobody_else])
