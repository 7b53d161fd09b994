#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every allocation fails once for a customer's packets: those of tunnels, slr devices,
cross-connects, circuits and of the way out.

A packet may be lost; the next must find its way. Needs a kernel with fault injection
(scripts/debug-kernel) for all but the first test. The other half is faults.py.
"""

import contextlib
import json
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import branches  # noqa: E402
import exchange  # noqa: E402
from injection import (all_pieces, forget, living_without_memory,  # noqa: E402
                       needs_moving_buffers, pieces_with_moving_buffers, pieces_with_nth_failing,
                       prepare)
from lib import (Skip, client, connect, defer, do, dump, empty, eq, fail,  # noqa: E402
                 own_namespace, run_tests, sh)


def network():
    """The gateway and all that is around it; what does a piece of traffic."""
    exchange.wire(sh, defer)
    defer(empty)
    empty()
    asker = branches.build(sh, defer, do)
    all_pieces(asker, "before")
    return asker


def customers_packets_find_their_way():
    if os.environ.get("SLR_FAULTS"):
        raise Skip("only some pieces are sent")
    network()
    for tunnel in dump("tunnel-get"):
        carried = [tunnel["counters"][f"packets-{way}"] for way in ("in", "out")]
        # Of pieces of two versions, each there and back.
        if min(carried) < 2:
            fail(f"{tunnel['name']} carried {carried}")
    (device,) = json.loads(sh("ip", "-n", "xpv", "-s", "-j", "link", "show", "dev", "pv"))
    for way in ("rx", "tx"):
        if device["stats64"][way]["packets"] < 8:
            fail(f"private server: {device['stats64']}")
    eq("contexts of flows", {flow["customer"] for flow in dump("flow-get")}, {7})


def fresh():
    forget()
    branches.forget_station(do)


def customers_packets_with_every_allocation_failing():
    prepare()
    pieces_with_nth_failing(network(), fresh)


def followed_packets_with_every_allocation_failing():
    """Who follows packets may miss some; they find their way as ever."""
    prepare()
    asker = network()
    with client() as reader:
        reader.do("trace", {"customer": 7})

        def drained():
            with contextlib.suppress(BlockingIOError):
                while reader.sock.recv(65536, socket.MSG_DONTWAIT):
                    pass
            fresh()
        pieces_with_nth_failing(asker, drained, [
            (branches.name(branches.PUBLIC, 4, 6), "udp"),
            (branches.name(branches.TUNNEL, 6, 4), "udp")])


def customers_packets_without_memory_at_all():
    prepare()
    asker = network()
    for version, outer in ((4, 6), (6, 4)):
        # What grows on its way, from one tunnel into another, may need memory.
        living_without_memory(asker, *(branches.name(way, version, outer)
                                       for way in (branches.PUBLIC, branches.PRIVATE)))
    all_pieces(asker, "afterwards")


def customers_packets_whose_buffers_move():
    needs_moving_buffers()
    pieces_with_moving_buffers(network())


def main():
    own_namespace()
    connect()
    run_tests([customers_packets_find_their_way, customers_packets_with_every_allocation_failing,
               followed_packets_with_every_allocation_failing,
               customers_packets_without_memory_at_all, customers_packets_whose_buffers_move])


if __name__ == "__main__":
    main()
