# SPDX-License-Identifier: GPL-2.0
"""What the tests with broken packets share: a seed that is printed, a way onto the wire, and
what is done to packets. Imported, never run."""

import ctypes
import os
import random
import socket
import struct

from packet import csum

LIBC = ctypes.CDLL(None, use_errno=True)


def seeded():
    """Random numbers that SLR_SEED repeats."""
    seed = int(os.environ.get("SLR_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    print(f"# SLR_SEED={seed}")
    return random.Random(seed)


def enter(ns):
    with open(f"/run/netns/{ns}", encoding="ascii") as f:
        if LIBC.setns(f.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns " + ns)


def tap(ns, dev):
    """A socket that sends and sees every frame of a device in a namespace."""
    enter(ns)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((dev, 0))
    sock.setblocking(False)
    return sock


def mangle(rng, data, first, last):
    """The bytes with a few things wrong that begin between `first` and `last`."""
    out = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(first, max(first + 1, min(len(out), last)))
        how = rng.randrange(6)
        if how == 0:
            out[at:at + 1] = bytes([out[at] ^ 1 << rng.randrange(8)]) if at < len(out) else b""
        elif how == 1:
            out[at:at + 1] = bytes([rng.choice((0, 1, 4, 5, 6, 15, 127, 128, 255))])
        elif how == 2:
            out[at:at + 2] = struct.pack("!H", rng.choice((0, 1, 7, 8, 20, 40, 1499, 65535)))
        elif how == 3:
            del out[at:at + rng.randrange(1, 9)]
        elif how == 4:
            out[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            del out[rng.randrange(first + 2, max(first + 3, len(out))):]
    return bytes(out)


def summed(ip):
    """The packet with the right checksum in its IPv4 header, if it has one."""
    size = (ip[0] & 15) * 4 if ip else 0
    if not 20 <= size <= len(ip):
        return ip
    head = ip[:10] + bytes(2) + ip[12:size]
    return head[:10] + struct.pack("!H", csum(head)) + head[12:] + ip[size:]


def fragments(ip, size, ident):
    """A packet without options or extension headers in pieces; `size` is a multiple of eight."""
    six = ip[0] >> 4 == 6
    body, parts = ip[40 if six else 20:], []
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        more = at + size < len(body)
        if six:
            piece = struct.pack("!BBHI", ip[6], 0, at | more, ident) + piece
            parts.append(ip[:4] + struct.pack("!HB", len(piece), 44) + ip[7:40] + piece)
            continue
        head = ip[:2] + struct.pack("!HHH", 20 + len(piece), ident, at // 8 | more << 13) + ip[8:20]
        parts.append(summed(head + piece))
    return parts
