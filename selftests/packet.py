#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends hand-made packets out of a device, for what no real client would send.

  packet.py tcp DEV DST SPORT DPORT FLAGS...        one segment for each of FLAGS (S, A, PA, R, FA, SA)
  packet.py udp DEV DST SPORT DPORT [--frag N] [--len N] [--badsum] [--zerosum] [--opts] [--pad N] [--ttl N] [--src ADDR] [--df]
  packet.py raw DEV DST PROTO                       a packet of an IP protocol without ports

The destination's MAC is that of the default gateway; devices without link-layer addresses get none. Both
families.
"""
import argparse
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import time


def ones(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return s


def csum(data):
    return ~ones(data) & 0xFFFF


def address(text):
    """The bytes of an address of either family."""
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ip(*args):
    return json.loads(subprocess.check_output(["ip", "-j", *args]))


class Path:
    """Where packets to `dst` leave: device, source address, link-layer addresses."""

    df = False  # they may not be fragmented

    def __init__(self, dev, dst):
        self.dst = ipaddress.ip_address(dst)
        self.v6 = self.dst.version == 6
        self.dev = dev
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.sock.bind((dev, 0))
        self.to = self.me = None
        if ip("link", "show", "dev", dev)[0]["link_type"] == "none":
            self.src = ipaddress.ip_address(self.first(dev))
            return
        route = ip("-6" if self.v6 else "-4", "route", "get", dst)[0]
        self.src = ipaddress.ip_address(route["prefsrc"] if "prefsrc" in route else self.first(dev))
        hop = route.get("gateway", dst)
        subprocess.run(["ping", "-c1", "-w10", hop], stdout=subprocess.DEVNULL, check=False)
        near = [n for n in ip("neigh", "show", "dev", dev) if n["dst"] == hop and "lladdr" in n]
        self.to = bytes.fromhex(near[0]["lladdr"].replace(":", ""))
        self.me = bytes.fromhex(ip("link", "show", "dev", dev)[0]["address"].replace(":", ""))

    def first(self, dev):
        for a in ip("addr", "show", "dev", dev)[0]["addr_info"]:
            if (a["family"] == "inet6") == self.v6 and a["scope"] == "global":
                return a["local"]
        raise SystemExit("no address on " + dev)

    def pseudo(self, proto, length):
        if self.v6:
            return self.src.packed + self.dst.packed + struct.pack("!IHBB", length, 0, 0, proto)
        return self.src.packed + self.dst.packed + struct.pack("!BBH", 0, proto, length)

    def wrap(self, proto, payload, ttl=64, opts=b"", ident=None, off=0, more=False):
        ident = os.getpid() & 0xFFFF if ident is None else ident
        if self.v6:
            nxt = proto
            ext = b""
            if opts:  # destination options: PadN
                ext = struct.pack("!BB", nxt, 0) + b"\x01\x04\0\0\0\0"
                nxt = 60
            if off or more:
                ext = struct.pack("!BBHI", nxt, 0, off | more, ident) + ext if not opts else ext
                nxt = 44
            head = struct.pack("!IHBB", 6 << 28, len(ext) + len(payload), nxt, ttl)
            return head + self.src.packed + self.dst.packed + ext + payload
        ihl = 5 + len(opts) // 4
        frag = (off // 8) | (0x2000 if more else 0x4000 if self.df else 0)
        head = struct.pack("!BBHHHBBH", 4 << 4 | ihl, 0, ihl * 4 + len(payload), ident, frag, ttl, proto, 0)
        head += self.src.packed + self.dst.packed + opts
        return head[:10] + struct.pack("!H", csum(head)) + head[12:] + payload

    def send(self, packet, pad=0):
        kind = 0x86DD if self.v6 else 0x0800
        if self.to is None:
            self.sock.sendto(packet, (self.dev, kind))
            return
        self.sock.send(self.to + self.me + struct.pack("!H", kind) + packet + b"\xAA" * pad)


def tcp(path, sport, dport, flags, seq=1000, ack=1, data=b""):
    bits = sum(1 << "FSRPAU".index(f) for f in flags)
    if "P" in flags and not data:
        data = b"hello"
    seg = struct.pack("!HHIIBBHHH", sport, dport, seq, ack if "A" in flags else 0, 5 << 4, bits, 65535, 0, 0) + data
    return seg[:16] + struct.pack("!H", csum(path.pseudo(6, len(seg)) + seg)) + seg[18:]


def udp(path, sport, dport, data, bad=False, zero=False):
    seg = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    c = csum(path.pseudo(17, len(seg)) + seg) or 0xFFFF
    if zero:
        c = 0
    if bad:
        c ^= 0x5555
    return seg[:6] + struct.pack("!H", c) + seg[8:]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kind", choices=["tcp", "udp", "raw"])
    p.add_argument("dev")
    p.add_argument("dst")
    p.add_argument("rest", nargs="+")
    p.add_argument("--frag", type=int, default=0)
    p.add_argument("--len", type=int, default=20)
    p.add_argument("--badsum", action="store_true")
    p.add_argument("--zerosum", action="store_true")
    p.add_argument("--opts", action="store_true")
    p.add_argument("--pad", type=int, default=0)
    p.add_argument("--ttl", type=int, default=64)
    p.add_argument("--seq", type=int, default=1000)
    p.add_argument("--df", action="store_true", help="may not be fragmented")
    p.add_argument("--src", help="a source address other than the device's")
    p.add_argument("--gap", type=float, default=0.1)
    p.add_argument("--reverse", action="store_true", help="last fragment first")
    a = p.parse_args()
    path = Path(a.dev, a.dst)
    path.df = a.df
    if a.src:
        path.src = ipaddress.ip_address(a.src)
    opts = b"\x94\x04\0\0" if a.opts else b""
    if a.kind == "tcp":
        for flags in a.rest[2:]:
            seg = tcp(path, int(a.rest[0]), int(a.rest[1]), flags, a.seq)
            path.send(path.wrap(6, seg, a.ttl, opts), a.pad)
            time.sleep(a.gap)
        return
    if a.kind == "udp":
        body = bytes(i % 251 for i in range(a.len))
        seg, proto = udp(path, int(a.rest[0]), int(a.rest[1]), body, a.badsum, a.zerosum), 17
    else:
        seg, proto = b"x" * a.len, int(a.rest[0])
    if not a.frag:
        path.send(path.wrap(proto, seg, a.ttl, opts), a.pad)
        return
    parts = [(o, seg[o:o + a.frag]) for o in range(0, len(seg), a.frag)]
    ident = int(time.time() * 1000) & 0xFFFF
    for o, part in reversed(parts) if a.reverse else parts:
        path.send(path.wrap(proto, part, a.ttl, opts, ident, o, o + len(part) < len(seg)), a.pad)


if __name__ == "__main__":
    sys.exit(main())
