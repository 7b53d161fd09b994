#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every allocation fails once: of commands, packets, devices, namespaces and of the module's
loading the first, the second, ... fails, until there is none left to fail.

A command must then be refused with ENOMEM and have changed nothing, or have done all of
its work. A packet may be lost; the next must find its way. Needs a kernel with fault
injection (scripts/debug-kernel), whose leak detector looks on.
"""

import errno
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exchange  # noqa: E402
from injection import (KINDS, MOST, all_pieces, chosen, every_call_failing, knob,  # noqa: E402
                       living_without_memory, needs_moving_buffers, pieces_with_moving_buffers,
                       pieces_with_nth_failing, prepare, process_with_nth_failing, symbols,
                       until, with_nth_failing)
from lib import (NlError, client, connect, defer, do, dump, empty, eq, fail,  # noqa: E402
                 own_namespace, run_tests, sh, state)

VIP = "203.0.113.10"
WEB = {"address": VIP, "protocol": 6, "port": 80}
DNS = {"address": VIP, "protocol": 17, "port": 53}
PING = {"address": VIP, "protocol": 1}
PLAIN = {"address": "203.0.113.20"}
REAL = {"address": "10.2.0.11"}
OTHER = {"address": "10.2.0.12"}
SPARE = {"address": "10.2.0.14"}


# --- commands --------------------------------------------------------------------


NET = {"address": "10.8.0.0", "length": 16}
SIX = {"address": "2001:db8:8::", "length": 48}
ENDS = {"local": "192.0.2.1", "remote": "192.0.2.2", "customer": 7}
ALL = {"address": "0.0.0.0", "length": 0}
POOL = {"mode": "pool", "first": "203.0.113.200", "last": "203.0.113.203", "port": 2000}
INSIDE = {"source": "10.9.0.1", "source_port": 1024, "destination": "10.8.0.1",
          "destination_port": 80, "protocol": 17}


def base():
    """The configuration that every command is tried on."""
    txn = do("txn-begin", replace=True)["id"]
    do("customer-new", id=7, name="acme", txn=txn)
    do("customer-new", id=8, name="bell", txn=txn)
    do("tunnel-new", name="far", type="gre", ikey=5, txn=txn, **ENDS)
    do("tunnel-new", name="other", type="vxlan", ikey=6, mac="02:00:00:00:00:01",
       peer_mac="02:00:00:00:00:02", txn=txn, **ENDS)
    do("route-new", customer=7, prefix=NET, tunnel="far", txn=txn)
    do("tunnel-new", name="open", type="ipip", local="192.0.2.1", remote="192.0.2.9", customer=0,
       txn=txn)
    do("port-new", ifname="d0", side="client", txn=txn)
    do("port-new", ifname="d2", customer=7, txn=txn)
    do("service-new", key=WEB, txn=txn)
    do("service-new", key=PLAIN, txn=txn)
    do("service-new", key=DNS, scheduler="maglev", table_size=251, txn=txn)
    do("server-new", key=REAL, txn=txn)
    do("server-new", key=OTHER, txn=txn)
    do("server-new", key=SPARE, txn=txn)
    do("binding-new", service=WEB, server=REAL, txn=txn)
    do("binding-new", service=DNS, server=REAL, txn=txn)
    do("binding-new", service=DNS, server=OTHER, txn=txn)
    do("txn-commit", id=txn)


def many():
    """A transaction of several objects, in one go."""
    txn = do("txn-begin")["id"]
    try:
        for i in range(4):
            address = f"203.0.114.{i}"
            do("service-new", key={"address": address}, txn=txn)
            do("server-new", key={"address": f"10.3.0.{i}"}, txn=txn)
            do("binding-new", service={"address": address}, server={"address": f"10.3.0.{i}"},
               txn=txn)
    except NlError:
        do("txn-abort", id=txn)
        raise
    do("txn-commit", id=txn)


def replace_all():
    """A whole new configuration."""
    txn = do("txn-begin", replace=True)["id"]
    try:
        do("service-new", key=PING, txn=txn)
    except NlError:
        do("txn-abort", id=txn)
        raise
    do("txn-commit", id=txn)


def only_checked():
    """A transaction that is not to take effect."""
    txn = do("txn-begin", generation=do("settings-get")["generation"])["id"]
    try:
        do("customer-set", id=8, weight=50, txn=txn)
    except NlError:
        do("txn-abort", id=txn)
        raise
    do("txn-commit", id=txn, check=True)


def follow():
    """Packets are followed for as long as there is the socket."""
    with client() as other:
        other.do("trace", {"customer": 7, "tunnel": "far"})


COMMANDS = {
    "settings-set": lambda: do("settings-set", flows_max=4321),
    "port-new": lambda: do("port-new", ifname="d1", side="server"),
    "port-set": lambda: do("port-set", ifname="d0", announce=1),
    "port-new of a customer": lambda: do("port-new", ifname="d1", customer=7, guard="loose"),
    "port-set customer": lambda: do("port-set", ifname="d0", customer=8, guard="strict"),
    "port-del": lambda: do("port-del", ifname="d0"),
    "service-new": lambda: do("service-new", key=PING),
    "service-new maglev": lambda: do("service-new", key=PING, scheduler="maglev",
                                     table_size=4093),
    "service-new range": lambda: do(
        "service-new", key={"customer": 7, "address": "10.8.0.1", "protocol": 17, "port": 1000,
                            "port-last": 1999}, unknown={"other": "reset"}, persist=9),
    "service-set": lambda: do("service-set", key=WEB, scheduler="maglev", table_size=251,
                              persist=60, timeouts={"syn": 7}),
    "service-set backup": lambda: do("service-set", key=WEB, backup=PLAIN),
    "service-del": lambda: do("service-del", key=PLAIN),
    "server-new": lambda: do("server-new", key={"address": "10.2.0.13", "port": 8001}, weight=3),
    "server-new of a customer": lambda: do("server-new", key={"customer": 7, "address": "10.8.0.2"},
                                           limit=7, drain_timeout=9),
    "server-set": lambda: do("server-set", key=REAL, weight=7, limit=5, state="drain"),
    "server-set backup": lambda: do("server-set", key=REAL, backup=OTHER),
    "server-set down": lambda: do("server-set", key=REAL, state="down", fate="reset"),
    "server-del": lambda: do("server-del", key=SPARE),
    "binding-new": lambda: do("binding-new", service=WEB, server=OTHER, weight=2),
    "binding-new snat": lambda: do("binding-new", service=WEB, server=OTHER, port=8000, snat=POOL),
    "binding-new tunnel": lambda: do("binding-new", service=WEB, server=OTHER, method="tunnel",
                                     tunnel="open"),
    "binding-set": lambda: do("binding-set", service=WEB, server=REAL, weight=9),
    "binding-set snat": lambda: do("binding-set", service=WEB, server=REAL, snat=POOL),
    "binding-del": lambda: do("binding-del", service=DNS, server=OTHER),
    "customer-new": lambda: do("customer-new", name="chip"),
    "customer-new vrf": lambda: do("customer-new", name="chip", vrf="v0", guard="loose"),
    "customer-set": lambda: do("customer-set", name="bell", weight=50),
    "customer-set vrf": lambda: do("customer-set", name="acme", vrf="v0"),
    "customer-set quotas": lambda: do("customer-set", id=8, max_flows=5, max_tunnels=2, new_flows=9,
                                      packets=1000, bytes=10**6, guard="strict"),
    "customer-del": lambda: do("customer-del", id=8),
    "tunnel-new": lambda: do("tunnel-new", name="third", type="ipip", allowed=[NET, SIX], **ENDS),
    "tunnel-new circuit": lambda: do("tunnel-new", name="line", type="vlan", ikey=9, okey=10,
                                     ifname="d0", customer=0),
    "tunnel-new label": lambda: do("tunnel-new", name="line", type="mpls", ikey=99, ifname="d0",
                                   remote="192.0.2.7", customer=7),
    "tunnel-new cookies": lambda: do("tunnel-new", name="third", type="l2tpv3", ikey=9, to="far",
                                     cookie=bytes(8), peer_cookie=bytes(4), guard="strict", **ENDS),
    "tunnel-new anywhere": lambda: do("tunnel-new", name="third", type="geneve", ikey=9, anywhere=1,
                                      device="x0", **ENDS),
    "tunnel-set": lambda: do("tunnel-set", name="far", ttl=9, allowed=[SIX]),
    "tunnel-set ends": lambda: do("tunnel-set", name="far", remote="2001:db8::2", ikey=77,
                                  local="2001:db8::1", customer=7),
    "tunnel-set to": lambda: do("tunnel-set", name="far", to="other"),
    "tunnel-set device": lambda: do("tunnel-set", name="other", device="x0"),
    "tunnel-set budgets": lambda: do("tunnel-set", name="far", packets_in=100, rate_in=10**6,
                                     secure=1, peers=[{"address": "192.0.2.2", "length": 32}]),
    "tunnel-del": lambda: do("tunnel-del", name="other"),
    "route-new": lambda: do("route-new", customer=7, prefix=SIX, tunnel="other"),
    "route-new by source": lambda: do("route-new", customer=7, prefix=NET, tunnel="other",
                                      **{"from": {"address": "10.9.0.0", "length": 16}}),
    "route-new public": lambda: do("route-new", customer=7, action="public", snat={"mode": "auto"},
                                   prefix=ALL),
    "route-new pool": lambda: do("route-new", customer=7, action="public", snat=POOL, prefix=ALL),
    "route-new device": lambda: do("route-new", customer=7, prefix=SIX, action="device",
                                   device="x0"),
    "route-new port": lambda: do("route-new", customer=7, prefix=ALL, action="port",
                                 ifindex=socket.if_nametoindex("d2"), gateway="10.8.0.9"),
    "route-set": lambda: do("route-set", customer=7, prefix=NET, tunnel="other"),
    "route-set public": lambda: do("route-set", customer=7, prefix=NET, action="public", snat=POOL),
    "route-del": lambda: do("route-del", customer=7, prefix=NET),
    "a transaction": many,
    "a replacement": replace_all,
    "a check": only_checked,
    "txn-begin": lambda: do("txn-abort", id=do("txn-begin")["id"]),
    "flow-count": lambda: do("flow-count"),
    "flow-del": lambda: do("flow-del"),
    "explain": lambda: do("explain", ifindex=socket.if_nametoindex("d0"), protocol=6,
                          source="198.51.100.2", source_port=1024, destination=VIP,
                          destination_port=80),
    "explain in a customer": lambda: do("explain", customer=7, **INSIDE),
    "explain from a tunnel": lambda: do("explain", tunnel="other", **INSIDE),
    "trace": follow,
    "settings-get": lambda: do("settings-get"),
    "port-get": lambda: do("port-get", ifname="d0"),
    "service-get": lambda: do("service-get", key=WEB),
    "server-get": lambda: do("server-get", key=REAL),
    "customer-get": lambda: do("customer-get", name="acme"),
    "tunnel-get": lambda: do("tunnel-get", name="far"),
    "dumps": lambda: [dump(op) for op in ("port-get", "service-get", "server-get", "binding-get",
                                          "flow-get", "stats-get", "customer-get", "tunnel-get",
                                          "route-get", "device-get", "drop-get")],
    "dumps of some": lambda: [dump("service-get", key=WEB), dump("server-get", key=REAL),
                              dump("binding-get", service=WEB), dump("flow-get", customer=7),
                              dump("drop-get", customer=7)],
}


def commands_with_every_allocation_failing():
    prepare()
    defer(empty)
    with client() as ear:
        ear.ntf_subscribe("config")
        for name, command in COMMANDS.items():
            if chosen(name):
                print("#", name, each_allocation(name, command, ear), flush=True)


def heard(ear):
    """What a listener has been told since the last time, None if that it has missed something."""
    missed = False
    while True:
        try:
            ear.check_ntf()
            break
        except OSError as e:
            if e.errno != errno.ENOBUFS:
                raise
            missed = True
    told = []
    while not ear.async_msg_queue.empty():
        told.append(ear.async_msg_queue.get()["name"])
    return None if missed else told


def each_allocation(name, command, ear):
    """Runs the command until all its allocations succeed; says how many there were."""
    base()
    before, outcomes, refused, missed = state(), [], 0, 0
    for n in range(1, MOST):
        heard(ear)
        error, reached = with_nth_failing(n, command)
        told = heard(ear)
        missed += told is None
        if error is None:
            # It has all that it needs, or could do without.
            outcomes.append((state(), told))
            base()
            if not reached:
                break
            continue
        refused += 1
        if error.error not in (errno.ENOMEM, errno.ENOBUFS) or not reached:
            fail(f"{name}: allocation {n}, reached: {reached}: {error}")
        if told:
            fail(f"{name}: allocation {n}: refused, but listeners are told {told}")
        if (now := state()) != before:
            changed = [(new, old) for new, old in zip(now, before) if new != old]
            fail(f"{name}: allocation {n}: half of a change, now and before: {changed}")
            base()
        if not reached:
            break
    else:
        fail(f"{name}: more than {MOST} allocations")
    for outcome, told in outcomes:
        eq(f"{name}: outcome", outcome, outcomes[-1][0])
        if told is not None:
            eq(f"{name}: news", told, outcomes[-1][1])
    return f"{n - 1} ({refused} refused, {missed} times listeners told that they missed some)"


# --- packets -----------------------------------------------------------------------


def network():
    """The gateway, its servers and a client; what does a piece of traffic."""
    exchange.wire(sh, defer)
    exchange.server_behind_a_tunnel(sh)
    defer(empty)
    empty()
    exchange.configure(do)
    asker = exchange.Asker(defer)
    all_pieces(asker, "before")
    return asker


def packets_find_their_way():
    network()


def packets_with_every_allocation_failing():
    prepare()
    pieces_with_nth_failing(network())


def packets_without_memory_at_all():
    prepare()
    asker = network()
    for way in exchange.CLIENTS:
        living_without_memory(asker, way)
    all_pieces(asker, "afterwards")


def packets_whose_buffers_move():
    needs_moving_buffers()
    pieces_with_moving_buffers(network())


def devices_with_every_allocation_failing():
    """Attached devices that are renamed, go down and go away without memory."""
    prepare()
    defer(empty)

    def fresh():
        if "x0" not in (name for _, name in socket.if_nameindex()):
            sh("ip", "link", "add", "x0", "type", "dummy")
        empty()
        do("port-new", ifname="x0")

    def run(_):
        subprocess.run(["ip", "-batch", "-"], check=True, capture_output=True, text=True, input="""
            link set x0 up
            link set x0 name x1
            link set x1 down
            link del x1
        """)

    def check(n):
        until(lambda: not dump("port-get"), f"{n}: the port goes with its device")
    for kind in KINDS:
        print(f"# {kind}", every_call_failing(kind, kind, fresh, run, check))


def slr_devices_with_every_allocation_failing():
    """An slr device is made, or refused for want of memory; one that goes needs none."""
    prepare()
    defer(empty)
    base()
    before = state()
    for n in range(1, MOST):
        # Not all that the kernel does for a new device calls a lack of memory so.
        refused, _, reached = process_with_nth_failing(
            n, os.environ["SLR"], "device", "add", "x0", "customer", "7",
            complaints="memory|cannot be registered")
        if not refused:
            gone, text, going = process_with_nth_failing(n, "ip", "link", "del", "x0")
            eq(f"gone with allocation {n} failing", (gone, text), (0, ""))
            reached |= going
        eq(f"after allocation {n}", state(), before)
        if not reached:
            break
    print(f"# {n - 1} allocations")


def namespaces_with_every_allocation_failing():
    """A namespace is made, or refused for want of memory."""
    prepare()
    for n in range(1, MOST):
        if not process_with_nth_failing(n, "unshare", "--net", "true")[2]:
            break
    print(f"# {n - 1} allocations")


def module_with_every_allocation_failing():
    """The module loads, or is refused for want of memory; it needs none to go."""
    prepare()
    # Not known before it is loaded is where, but that it is behind the kernel.
    end = symbols("_etext")["_etext"]
    for kind in KINDS:
        knob(kind, "require-start", end)
        knob(kind, "require-end", "0xffffffffff000000")
    for n in range(1, MOST):
        eq(f"gone with allocation {n} failing", process_with_nth_failing(n, "rmmod", "slr")[:2],
           (0, ""))
        refused, _, reached = process_with_nth_failing(n, "insmod", os.environ["SLR_KO"])
        if refused:
            sh("insmod", os.environ["SLR_KO"])
        if not reached:
            break
    connect()
    print(f"# {n - 1} allocations")


def main():
    own_namespace("d0", "d1", "d2")
    sh("ip", "link", "add", "v0", "type", "vrf", "table", "10")
    connect()
    run_tests([
        commands_with_every_allocation_failing, packets_find_their_way,
        packets_with_every_allocation_failing,
        packets_without_memory_at_all, packets_whose_buffers_move,
        devices_with_every_allocation_failing, slr_devices_with_every_allocation_failing,
        namespaces_with_every_allocation_failing, module_with_every_allocation_failing,
    ])


if __name__ == "__main__":
    main()
