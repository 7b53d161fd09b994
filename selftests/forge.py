#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends packets made of any headers, as nobody's stack would send them.

    forge.py [-n COUNT] [-i SECONDS] DEV MAC LAYER...

Layers are named from the outside in; each knows what it is followed by:

    ip:SRC,DST[,ttl=N][,id=N][,frag=OFFSET][,more][,proto=N][,cut=N]
                                                      IPv4 or IPv6, by the addresses
    gre[:KEY]   vxlan:VNI   udp:SPORT,DPORT   tcp:SPORT,DPORT
    eth:SRC,DST                                      a frame inside
    echo[:ID]   error:TYPE,CODE[,REST]   na:ADDRESS,MAC   arp:ADDRESS,MAC
    data:TEXT   zeros:N

What is cut has lost all behind so many bytes, while its header says what it was. MAC "none" is
for a device without link-layer addresses.
"""

import argparse
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from packet import address, csum  # noqa: E402

TYPES = {"arp": 0x806, "eth": 0x6558, "data": 0x88b5, "zeros": 0x88b5}


def station(text):
    return bytes.fromhex(text.replace(":", ""))


def is_six(layer):
    name, _, rest = layer.partition(":")
    return name == "ip" and ":" in rest.split(",")[0]


def ethertype(layer):
    name = layer.partition(":")[0]
    if name == "ip":
        return 0x86dd if is_six(layer) else 0x800
    return TYPES[name]


def protocol(layer, six):
    name = layer.partition(":")[0]
    if name == "ip":
        return 41 if is_six(layer) else 4
    icmp = 58 if six else 1
    numbers = {"gre": 47, "vxlan": 17, "udp": 17, "tcp": 6, "echo": icmp, "error": icmp,
               "na": 58, "data": 253, "zeros": 253}
    return numbers[name]


def summed(ends, number, l4, at):
    """The transport part with its checksum, which covers both addresses but in ICMP."""
    src, dst = ends
    pseudo = b"" if number == 1 else src + dst + struct.pack("!II", len(l4), number)
    return l4[:at] + struct.pack("!H", csum(pseudo + l4) or 0xFFFF) + l4[at + 2:]


def ip(words, rest):
    src, dst = (address(word) for word in words[:2])
    options = dict((word.split("=") + ["1"])[:2] for word in words[2:])
    ttl, number = int(options.get("ttl", 64)), int(options.get("id", 1))
    offset, more = int(options.get("frag", 0)), int(options.get("more", 0))
    six = len(src) == 16
    proto = int(options.get("proto") or protocol(rest[0], six))
    body = build(rest, (src, dst))
    cut = int(options.get("cut", 0)) or None
    if not six:
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), number,
                           offset >> 3 | more << 13, ttl, proto, 0, src, dst)
        return (head[:10] + struct.pack("!H", csum(head)) + head[12:] + body)[:cut]
    if offset or more:
        body = struct.pack("!BBHI", proto, 0, offset | more, number) + body
        proto = 44
    return (struct.pack("!IHBB16s16s", 6 << 28, len(body), proto, ttl, src, dst) + body)[:cut]


def build(layers, ends=None):
    """The bytes of layers that come one behind the other."""
    name, _, rest = layers[0].partition(":")
    words, inner = rest.split(",") if rest else [], layers[1:]
    if name == "ip":
        return ip(words, inner)
    if name == "eth":
        return station(words[1].replace("-", "")) + station(words[0].replace("-", "")) + \
            struct.pack("!H", ethertype(inner[0])) + build(inner)
    if name == "gre":
        key = struct.pack("!I", int(words[0])) if words else b""
        return struct.pack("!HH", 0x2000 if key else 0, ethertype(inner[0])) + key + build(inner)
    if name == "vxlan":
        body = struct.pack("!II", 8 << 24, int(words[0]) << 8) + build(inner)
        l4 = struct.pack("!HHHH", 50000, 4789, 8 + len(body), 0) + body
        return summed(ends, 17, l4, 6)
    if name in ("udp", "tcp"):
        body, (sport, dport) = build(inner) if inner else b"", map(int, words)
        if name == "udp":
            return summed(ends, 17, struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body, 6)
        head = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 0x50, 2, 65535, 0, 0)
        return summed(ends, 6, head + body, 16)
    if name in ("echo", "error"):
        six = len(ends[0]) == 16
        if name == "echo":
            kind, code, more = 128 if six else 8, 0, (int(words[0]) if words else 7) << 16
        else:
            kind, code, more = (int(word) for word in (words + ["0"])[:3])
        l4 = struct.pack("!BBHI", kind, code, 0, more) + (build(inner) if inner else b"")
        return summed(ends, 58 if six else 1, l4, 2)
    if name == "na":
        target, mac = address(rest.rpartition(",")[0]), station(rest.rpartition(",")[2])
        l4 = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + target + b"\x02\x01" + mac
        return summed(ends, 58, l4, 2)
    if name == "arp":
        target, mac = address(words[0]), station(words[1])
        return struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + mac + target + mac + target
    return bytes(int(rest)) if name == "zeros" else rest.encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=1)
    parser.add_argument("-i", type=float, default=0)
    parser.add_argument("dev")
    parser.add_argument("mac")
    parser.add_argument("layer", nargs="+")
    args = parser.parse_args()
    kind = ethertype(args.layer[0])
    body = build(args.layer)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((args.dev, kind))
        link = b""
        if args.mac != "none":
            link = station(args.mac) + sock.getsockname()[4] + struct.pack("!H", kind)
        for _ in range(args.n):
            sock.send(link + body)
            time.sleep(args.i)


main()
