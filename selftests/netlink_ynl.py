#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The control interface as the kernel tree's own YNL client sees it: a full
add/show/set/delete cycle of every object, and the sentence of each refusal.

Runs in a namespace of its own with two dummy devices, d0 and d1. No packet
flows here.
"""

import errno
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (Session, connect, defer, do, dump, empty, eq, fail, fresh, has,  # noqa: E402
                 key, own_namespace, refused, run_tests, sh, shape)

E = errno
TCP, UDP = 6, 17
VIP, VIP6 = "203.0.113.10", "2001:db8::10"
WEB = {"address": VIP, "protocol": TCP, "port": 80}
REAL = {"address": "10.2.0.5", "port": 8001}


# --- the family ------------------------------------------------------------------


def policy_of_the_kernel_is_the_spec():
    for op in Session.nl.ops.values():
        for mode in ("do", "dump"):
            if mode not in op.yaml:
                continue
            want = (op.yaml[mode] or {}).get("request", {}).get("attributes", [])
            have = Session.nl.get_policy(op.name, mode)
            # The kernel shows nothing, rather than an empty policy, of who takes nothing.
            eq(f"{op.name} {mode}", sorted(have.keys() if have else []), sorted(want))
    weight = Session.nl.get_policy("server-new", "do")["weight"]
    eq("weight", (weight.type, weight.max_value), ("u32", 65535))
    eq("nested", Session.nl.get_policy("service-new", "do")["timeouts"]["syn"].min_value, 1)


def settings_show_and_change():
    got = do("settings-get")
    has("empty", got, ports=0, services=0, servers=0, bindings=0, flows=0)
    eq("a flow is small", got["flow-bytes-v4"] <= 128 and got["flow-bytes-v6"] <= 192, True)
    before = got["generation"]
    defer(lambda: do("settings-set", flows_max=got["flows-max"]))
    do("settings-set", flows_max=1234)
    got = do("settings-get")
    has("set", got, flows_max=1234)
    eq("generation grows", got["generation"] > before, True)
    refused("zero", E.ERANGE, "range", "settings-set", flows_max=0, blames=".flows-max")


# --- objects -------------------------------------------------------------------


def customer_cycle():
    fresh("customer-new", name="acme")
    has("lowest number", do("customer-get", name="acme"), id=1, name="acme")
    do("customer-new", name="bell", id=7)
    do("customer-new", name="chip")
    has("by number", do("customer-get", id=2), name="chip")
    eq("dump", sorted((c["id"], c["name"]) for c in dump("customer-get")),
       [(1, "acme"), (2, "chip"), (7, "bell")])
    eq("counted", do("settings-get")["customers"], 3)
    refused("again", E.EEXIST, "acme", "customer-new", name="acme", blames=".name")
    refused("number taken", E.EEXIST, "customer 7", "customer-new", name="x", id=7, blames=".id")
    refused("zero", E.ERANGE, "range", "customer-new", name="x", id=0)
    refused("too large", E.ERANGE, "range", "customer-new", name="x", id=1 << 24)
    refused("digits", E.EINVAL, "name must", "customer-new", name="12", blames=".name")
    refused("public", E.EINVAL, "name must", "customer-new", name="public")
    refused("space", E.EINVAL, "name must", "customer-new", name="a b")
    refused("no name", E.EINVAL, "name", "customer-new", id=9, blames="name")
    refused("who", E.EINVAL, "id or name", "customer-del")
    refused("two", E.EINVAL, "acme is number 1, not 7", "customer-del", name="acme", id=7)
    refused("unknown", E.ENOENT, "customer nobody", "customer-del", name="nobody")
    refused("no VRF", E.EINVAL, "d0 is no VRF", "customer-set", id=1, vrf="d0", blames=".vrf")
    refused("no device", E.ENODEV, "nonesuch", "customer-set", id=1, vrf="nonesuch")
    do("port-new", ifname="d0", customer=7)
    has("port", do("port-get", ifname="d0"), customer=7)
    refused("in use", E.EBUSY, "customer 7 still has d0", "customer-del", name="bell")
    do("port-set", ifname="d0", customer=0)
    do("service-new", key=key(customer=7, address=VIP, protocol=TCP, port=80))
    do("service-new", key=key(customer=1, address=VIP, protocol=TCP, port=80))
    refused("in use", E.EBUSY, "customer 7 still has services", "customer-del", name="bell")
    do("server-new", key=key(customer=1, address="10.2.0.11"))
    refused("of another", E.EINVAL, "not of the customer", "binding-new",
            service=key(customer=7, address=VIP, protocol=TCP, port=80),
            server=key(customer=1, address="10.2.0.11"))
    do("service-del", key=key(customer=7, address=VIP, protocol=TCP, port=80))
    do("customer-del", name="bell")
    refused("gone", E.ENOENT, "customer 7", "customer-get", id=7)
    do("customer-new", name="last")
    has("lowest again", do("customer-get", name="last"), id=3)


def port_cycle():
    d0 = socket.if_nametoindex("d0")
    fresh("port-new", ifname="d0")
    has("get", do("port-get", ifname="d0"), ifindex=d0, ifname="d0", customer=0, side="any",
        announce=0)
    has("by index", do("port-get", ifindex=d0), ifname="d0")
    do("port-set", ifindex=d0, side="client", announce=1)
    has("set", do("port-get", ifname="d0"), side="client", announce=1)
    do("port-set", ifindex=d0, side="server")
    has("what is not given stays", do("port-get", ifname="d0"), side="server", announce=1)
    do("port-new", ifindex=socket.if_nametoindex("d1"))
    eq("dump", sorted(p["ifname"] for p in dump("port-get")), ["d0", "d1"])
    refused("again", E.EEXIST, "d0", "port-new", ifname="d0")
    refused("no device", E.ENODEV, "nonesuch", "port-new", ifname="nonesuch")
    refused("no index", E.ENODEV, "999999", "port-new", ifindex=999999)
    refused("not named", E.EINVAL, "ifname", "port-new", side="any")
    refused("two names", E.EINVAL, "d1", "port-get", ifindex=d0, ifname="d1")
    refused("customer", E.ENOENT, "customer 7", "port-set", ifname="d0", customer=7)
    do("port-del", ifname="d0")
    refused("gone", E.ENOENT, "d0", "port-get", ifname="d0")
    refused("gone", E.ENOENT, "d0", "port-del", ifname="d0")
    eq("one left", [p["ifname"] for p in dump("port-get")], ["d1"])


def port_follows_its_device():
    sh("ip", "link", "add", "d2", "type", "dummy")
    fresh("port-new", ifname="d2")
    sh("ip", "link", "set", "d2", "name", "d3")
    eq("renamed", [p["ifname"] for p in dump("port-get")], ["d3"])
    sh("ip", "link", "del", "d3")
    eq("removed", dump("port-get"), [])


def service_cycle():
    fresh("service-new", key=WEB)
    got = do("service-get", key=WEB)
    eq("key", shape(got["key"]), WEB)
    has("defaults", got, scheduler="wlc", persist=0, state="up", flows=0, bindings=0)
    eq("all timeouts", len(got["timeouts"]), 8)
    eq("all kinds", set(got["unknown"].values()), {"drop"})
    eq("all counters", set(got["counters"].values()), {0})
    do("service-set", key=WEB, scheduler="maglev", table_size=251, persist=60, persist_mask=24,
       timeouts={"established": 77}, unknown={"ack": "reset"}, state="down")
    got = do("service-get", key=WEB)
    has("set", got, scheduler="maglev", table_size=251, persist=60, persist_mask=24, state="down",
        condition="down")
    has("one timeout", got["timeouts"], established=77)
    has("one kind", got["unknown"], ack="reset", data="drop")
    do("service-set", key=WEB, timeouts={"syn": 5})
    has("others stay", do("service-get", key=WEB)["timeouts"], established=77, syn=5)
    do("service-del", key=WEB)
    refused("gone", E.ENOENT, VIP, "service-get", key=WEB)
    refused("gone", E.ENOENT, VIP, "service-del", key=WEB)
    refused("gone", E.ENOENT, VIP, "service-set", key=WEB, persist=1)


def service_keys():
    defer(empty)
    keys = [
        {"address": VIP}, {"address": VIP, "protocol": TCP},
        {"address": VIP, "protocol": TCP, "port": 80},
        {"address": VIP, "protocol": UDP, "port": 8000, "port-last": 8099},
        {"address": VIP6, "protocol": TCP, "port": 80},
        {"address": VIP, "protocol": 1},
    ]
    for k in keys:
        do("service-new", key=k)
    shown = [shape(s["key"]) for s in dump("service-get")]
    for k in keys:
        eq("shown", k in [{n: v for n, v in s.items() if n != "port-last" or n in k}
                          for s in shown], True)
    eq("all", len(shown), len(keys))

    def clash(what, code, text, **k):
        refused(what, code, text, "service-new", key=key(**k))
    clash("again", E.EEXIST, VIP, address=VIP, protocol=TCP, port=80)
    clash("overlap", E.EEXIST, "8000-8099", address=VIP, protocol=UDP, port=8099, port_last=9000)
    clash("inside", E.EEXIST, "8000-8099", address=VIP, protocol=UDP, port=8050)
    clash("backward", E.EINVAL, "last port 80", address=VIP, protocol=TCP, port=90, port_last=80)
    clash("no first", E.EINVAL, "port", address=VIP, protocol=TCP, port_last=80)
    clash("port without ports", E.EINVAL, "port", address=VIP, protocol=1, port=80)
    clash("port of any", E.EINVAL, "protocol", address=VIP, port=80)
    clash("multicast", E.EINVAL, "multicast", address="224.0.0.1", protocol=TCP, port=80)
    clash("zero", E.EINVAL, "unspecified", address="0.0.0.0")
    clash("customer", E.ENOENT, "customer 3", address=VIP, customer=3, protocol=TCP, port=81)
    refused("no key", E.EINVAL, "key", "service-new", persist=1, blames="key")
    refused("no address", E.EINVAL, "address", "service-new", key={"protocol": 6})
    eq("tables unchanged", len(dump("service-get")), len(keys))


def service_limits():
    fresh("service-new", key=WEB)

    def bad(what, code, text, **attrs):
        refused(what, code, text, "service-set", key=WEB, **attrs)
    bad("even", E.ERANGE, "prime", table_size=252)
    bad("small", E.ERANGE, "range", table_size=7)
    bad("mask of v4", E.ERANGE, "persist-mask must be 0..=32", persist_mask=33)
    bad("timeout", E.ERANGE, "range", timeouts={"syn": 0})
    bad("itself", E.EINVAL, "backup", backup=WEB)
    bad("backup of nothing", E.ENOENT, "203.0.113.98", backup={"address": "203.0.113.98"})
    do("service-new", key={"address": VIP6})
    bad("backup of the other family", E.EINVAL, "backup", backup={"address": VIP6})
    do("service-new", key={"address": "203.0.113.99"})
    do("service-set", key=WEB, backup={"address": "203.0.113.99"})
    eq("backup", shape(do("service-get", key=WEB)["backup"]), {"address": "203.0.113.99"})
    refused("in use", E.EBUSY, "203.0.113.99", "service-del", key={"address": "203.0.113.99"})
    do("service-set", key=WEB, backup={})
    eq("no backup", "backup" in do("service-get", key=WEB), False)
    do("service-del", key={"address": "203.0.113.99"})


def server_cycle():
    fresh("server-new", key=REAL)
    got = do("server-get", key=REAL)
    eq("key", shape(got["key"]), REAL)
    has("defaults", got, weight=1, limit=0, threshold=8, hold=60, state="up", condition="up",
        failures=0, failures_total=0, rtt=0, flows=0, bindings=0)
    spare = {"address": "10.2.0.6"}
    do("server-new", key=spare, weight=0)
    do("server-set", key=REAL, weight=65535, limit=10, threshold=0, hold=0, backup=spare,
       drain_timeout=30, state="drain")
    got = do("server-get", key=REAL)
    has("set", got, weight=65535, limit=10, threshold=0, hold=0, drain_timeout=30, state="drain",
        condition="drain")
    eq("backup", shape(got["backup"]), spare)
    refused("is a backup", E.EBUSY, "10.2.0.6", "server-del", key=spare)
    do("server-set", key=REAL, backup={})
    do("server-del", key=spare)
    eq("dump", [shape(s["key"]) for s in dump("server-get")], [REAL])
    refused("again", E.EEXIST, "10.2.0.5:8001", "server-new", key=REAL)
    refused("weight", E.ERANGE, "range", "server-set", key=REAL, weight=65536,
            blames=".weight")
    other = {"address": "10.2.0.9", "port": 1}
    refused("range", E.EINVAL, "range", "server-new", key=other | {"port-last": 2})
    refused("protocol", E.EINVAL, "protocol", "server-new", key=other | {"protocol": TCP})
    refused("own backup", E.EINVAL, "backup", "server-set", key=REAL, backup=REAL)
    do("server-del", key=REAL)
    refused("gone", E.ENOENT, "10.2.0.5:8001", "server-set", key=REAL, weight=1)


def binding_cycle():
    whole, any_tcp = {"address": "10.2.0.7"}, {"address": VIP, "protocol": TCP}
    fresh("service-new", key=WEB)
    do("service-new", key=any_tcp)
    do("server-new", key=REAL)
    do("server-new", key=whole)
    do("binding-new", service=WEB, server=REAL)
    do("binding-new", service=WEB, server=whole, port=8080, weight=5, snat={"mode": "auto"})
    do("binding-new", service=any_tcp, server=whole, snat={
        "mode": "pool", "first": "10.2.0.100", "last": "10.2.0.109", "port": 2000,
        "port-last": 2999})
    got = dump("binding-get")
    eq("three", len(got), 3)
    has("counted", do("service-get", key=WEB), bindings=2)
    has("counted", do("server-get", key=whole), bindings=2)
    has("counted", do("settings-get"), bindings=3, services=2, servers=2)
    of_web = {b["server"]["address"]: b for b in dump("binding-get", service=WEB)}
    eq("of one service", sorted(of_web), ["10.2.0.5", "10.2.0.7"])
    has("given", of_web["10.2.0.7"], port=8080, weight=5, method="nat")
    eq("snat", of_web["10.2.0.7"]["snat"]["mode"], "auto")
    pool = [b for b in got if b["snat"]["mode"] == "pool"][0]
    has("pool", pool["snat"], first="10.2.0.100", last="10.2.0.109", port=2000, port_last=2999)
    do("binding-set", service=WEB, server=whole, port=8080, weight=9, snat={"mode": "none"})
    of_web = {b["server"]["address"]: b for b in dump("binding-get", service=WEB)}
    has("set", of_web["10.2.0.7"], weight=9)
    eq("no snat", of_web["10.2.0.7"]["snat"]["mode"], "none")
    refused("bound", E.EBUSY, "203.0.113.10:80", "service-del", key=WEB)
    refused("bound", E.EBUSY, "10.2.0.5:8001", "server-del", key=REAL)
    for b in dump("binding-get"):
        port = {"port": b["port"]} if b["port"] == 8080 else {}
        do("binding-del", service=b["service"], server=b["server"], **port)
    eq("none", dump("binding-get"), [])
    do("server-del", key=REAL)
    do("service-del", key=WEB)


def binding_limits():
    web6, wide = {"address": VIP6, "protocol": TCP, "port": 80}, \
        {"address": VIP, "protocol": TCP, "port": 1000, "port-last": 1009}
    real6 = {"address": "2001:db8:2::5"}
    whole = {"address": "10.2.0.7"}
    fresh("service-new", key=WEB)
    for s in (web6, wide):
        do("service-new", key=s)
    for s in (REAL, real6, whole):
        do("server-new", key=s)

    def bad(what, code, text, service, server, **attrs):
        refused(what, code, text, "binding-new", service=service, server=server, **attrs)
    bad("families", E.EINVAL, "", WEB, real6)
    bad("families", E.EINVAL, "", web6, REAL)
    bad("no service", E.ENOENT, "203.0.113.77", {"address": "203.0.113.77"}, whole)
    bad("no server", E.ENOENT, "10.9.9.9", WEB, {"address": "10.9.9.9"})
    bad("two ports", E.EINVAL, "port", WEB, REAL, port=8002)
    bad("range length", E.ERANGE, "9 server ports for 10", wide, whole, port=2000, port_last=2008)
    bad("beyond 65535", E.ERANGE, "6 server ports", wide, whole, port=65530, port_last=65535)
    bad("pool without address", E.EINVAL, "first", WEB, whole, snat={"mode": "pool"})
    bad("pool of the other family", E.EINVAL, "", WEB, whole,
        snat={"mode": "pool", "first": "2001:db8::1"})
    bad("pool backward", E.EINVAL, "last", WEB, whole,
        snat={"mode": "pool", "first": "10.2.0.9", "last": "10.2.0.8"})
    bad("ports backward", E.EINVAL, "ports", WEB, whole,
        snat={"mode": "pool", "first": "10.2.0.9", "port": 9, "port-last": 8})
    do("binding-new", service=wide, server=whole, port=2000, port_last=2009)
    bad("again", E.EEXIST, "10.2.0.7", wide, whole, port=2000, port_last=2009)
    refused("not bound", E.ENOENT, "10.2.0.7", "binding-del", service=WEB, server=whole)
    refused("no server", E.EINVAL, "server", "binding-new", service=WEB, blames="server")
    eq("only the good one", len(dump("binding-get")), 1)


def counters_are_named():
    got = dump("stats-get")
    by_name = {c["name"]: c for c in got}
    eq("each once", len({(c["kind"], c["name"]) for c in got}), len(got))
    for name in ("port-not-served", "no-server", "server-limit", "flow-table-full",
                 "snat-exhausted"):
        if name not in by_name:
            fail(f"no counter {name}")
    for c in got:
        if not c["doc"] or c["name"] != c["name"].lower() or "_" in c["name"]:
            fail(f"counter {c}")


def flows_of_nothing():
    eq("none", dump("flow-get"), [])
    has("none", do("flow-count", protocol=TCP), count=0)
    has("none", do("flow-del", client_address="198.51.100.0", client_prefix=24), deleted=0)
    refused("prefix", E.EINVAL, "client-prefix", "flow-count", client_address="198.51.100.0",
            client_prefix=33)
    refused("prefix alone", E.EINVAL, "client-address", "flow-count", client_prefix=24)


def main():
    own_namespace("d0", "d1")
    connect()
    run_tests([
        policy_of_the_kernel_is_the_spec, settings_show_and_change, customer_cycle, port_cycle,
        port_follows_its_device, service_cycle, service_keys, service_limits, server_cycle,
        binding_cycle, binding_limits, counters_are_named, flows_of_nothing,
    ])


if __name__ == "__main__":
    main()
