#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The control interface as the kernel tree's own YNL client sees it: a full
add/show/set/delete cycle of every object, transactions, notifications, dumps,
the sentence of each refusal, who may use it, and separation of namespaces.

Runs in a namespace of its own with two dummy devices, d0 and d1. No packet
flows here.
"""

import errno
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import NlError, client, defer, eq, fail, refused, run_tests, sh  # noqa: E402

E = errno
TCP, UDP = 6, 17
VIP, VIP6 = "203.0.113.10", "2001:db8::10"
WEB = {"address": VIP, "protocol": TCP, "port": 80}
REAL = {"address": "10.2.0.5", "port": 8001}
NL = None


def has(what, got, **want):
    """Each wanted attribute is in the reply, with that value (`_` stands for `-`)."""
    for name, value in want.items():
        name = name.replace("_", "-")
        if (got or {}).get(name) != value:
            fail(f"{what}: {name} is {(got or {}).get(name)!r}, wanted {value!r}")


def key(**fields):
    return {name.replace("_", "-"): value for name, value in fields.items()}


def do(op, **attrs):
    return NL.do(op, key(**attrs))


def dump(op, **attrs):
    return NL.dump(op, key(**attrs))


def empty():
    """Nothing configured in the namespace."""
    txn = do("txn-begin", replace=True)["id"]
    do("txn-commit", id=txn)


def fresh(op, **attrs):
    """Makes something and leaves an empty configuration after the test."""
    defer(empty)
    do(op, **attrs)


def shape(endpoint):
    """What names an object, without what is left at its default."""
    return {k: v for k, v in endpoint.items() if v or k == "address"}


# --- the family ------------------------------------------------------------------


def policy_of_the_kernel_is_the_spec():
    for op in NL.ops.values():
        for mode in ("do", "dump"):
            if mode not in op.yaml:
                continue
            want = (op.yaml[mode] or {}).get("request", {}).get("attributes", [])
            have = NL.get_policy(op.name, mode)
            # The kernel shows nothing, rather than an empty policy, of who takes nothing.
            eq(f"{op.name} {mode}", sorted(have.keys() if have else []), sorted(want))
    weight = NL.get_policy("server-new", "do")["weight"]
    eq("weight", (weight.type, weight.max_value), ("u32", 65535))
    eq("nested", NL.get_policy("service-new", "do")["timeouts"]["syn"].min_value, 1)


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
    refused("zero", E.ERANGE, "range", do_with("settings-set", flows_max=0), attr=".flows-max")


def do_with(op, **attrs):
    return lambda: do(op, **attrs)


# --- objects -------------------------------------------------------------------


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
    eq("dump", [p["ifname"] for p in dump("port-get")], ["d0", "d1"])
    refused("again", E.EEXIST, "d0", do_with("port-new", ifname="d0"))
    refused("no device", E.ENODEV, "nonesuch", do_with("port-new", ifname="nonesuch"))
    refused("no index", E.ENODEV, "999999", do_with("port-new", ifindex=999999))
    refused("not named", E.EINVAL, "ifname", do_with("port-new", side="any"))
    refused("two names", E.EINVAL, "d1",
            do_with("port-get", ifindex=d0, ifname="d1"))
    refused("customer", E.ENOENT, "customer 7", do_with("port-set", ifname="d0", customer=7))
    do("port-del", ifname="d0")
    refused("gone", E.ENOENT, "d0", do_with("port-get", ifname="d0"))
    refused("gone", E.ENOENT, "d0", do_with("port-del", ifname="d0"))
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
    refused("gone", E.ENOENT, VIP, do_with("service-get", key=WEB))
    refused("gone", E.ENOENT, VIP, do_with("service-del", key=WEB))
    refused("gone", E.ENOENT, VIP, do_with("service-set", key=WEB, persist=1))


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
        refused(what, code, text, do_with("service-new", key=key(**k)))
    clash("again", E.EEXIST, VIP, address=VIP, protocol=TCP, port=80)
    clash("overlap", E.EEXIST, "8000-8099", address=VIP, protocol=UDP, port=8099, port_last=9000)
    clash("inside", E.EEXIST, "8000-8099", address=VIP, protocol=UDP, port=8050)
    clash("backward", E.EINVAL, "port-last", address=VIP, protocol=TCP, port=90, port_last=80)
    clash("no first", E.EINVAL, "port", address=VIP, protocol=TCP, port_last=80)
    clash("port without ports", E.EINVAL, "port", address=VIP, protocol=1, port=80)
    clash("port of any", E.EINVAL, "protocol", address=VIP, port=80)
    clash("multicast", E.EINVAL, "224.0.0.1", address="224.0.0.1", protocol=TCP, port=80)
    clash("zero", E.EINVAL, "0.0.0.0", address="0.0.0.0")
    clash("customer", E.ENOENT, "customer 3", address=VIP, customer=3, protocol=TCP, port=81)
    refused("no key", E.EINVAL, "key", do_with("service-new", persist=1), attr="key")
    refused("no address", E.EINVAL, "address", do_with("service-new", key={"protocol": 6}))
    eq("tables unchanged", len(dump("service-get")), len(keys))


def service_limits():
    fresh("service-new", key=WEB)

    def bad(what, code, text, **attrs):
        refused(what, code, text, do_with("service-set", key=WEB, **attrs))
    bad("even", E.EINVAL, "table-size", table_size=252)
    bad("small", E.ERANGE, "range", table_size=7)
    bad("mask of v4", E.EINVAL, "persist-mask", persist_mask=33)
    bad("timeout", E.ERANGE, "range", timeouts={"syn": 0})
    bad("itself", E.EINVAL, "backup", backup=WEB)
    bad("backup of nothing", E.ENOENT, VIP6, backup={"address": VIP6})
    do("service-new", key={"address": VIP6})
    bad("backup of the other family", E.EINVAL, "backup", backup={"address": VIP6})
    do("service-new", key={"address": "203.0.113.99"})
    do("service-set", key=WEB, backup={"address": "203.0.113.99"})
    eq("backup", shape(do("service-get", key=WEB)["backup"]), {"address": "203.0.113.99"})
    refused("in use", E.EBUSY, "203.0.113.99",
            do_with("service-del", key={"address": "203.0.113.99"}))
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
    refused("is a backup", E.EBUSY, "10.2.0.6", do_with("server-del", key=spare))
    do("server-set", key=REAL, backup={})
    do("server-del", key=spare)
    eq("dump", [shape(s["key"]) for s in dump("server-get")], [REAL])
    refused("again", E.EEXIST, "10.2.0.5:8001", do_with("server-new", key=REAL))
    refused("weight", E.ERANGE, "range", do_with("server-set", key=REAL, weight=65536),
            attr=".weight")
    refused("range", E.EINVAL, "range", do_with(
        "server-new", key={"address": "10.2.0.9", "port": 1, "port-last": 2}))
    refused("protocol", E.EINVAL, "protocol", do_with(
        "server-new", key={"address": "10.2.0.9", "port": 1, "protocol": 6}))
    refused("own backup", E.EINVAL, "backup", do_with("server-set", key=REAL, backup=REAL))
    do("server-del", key=REAL)
    refused("gone", E.ENOENT, "10.2.0.5:8001", do_with("server-set", key=REAL, weight=1))


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
    refused("bound", E.EBUSY, "203.0.113.10:80", do_with("service-del", key=WEB))
    refused("bound", E.EBUSY, "10.2.0.5:8001", do_with("server-del", key=REAL))
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
        refused(what, code, text, do_with("binding-new", service=service, server=server, **attrs))
    bad("families", E.EINVAL, "", WEB, real6)
    bad("families", E.EINVAL, "", web6, REAL)
    bad("no service", E.ENOENT, "203.0.113.77", {"address": "203.0.113.77"}, whole)
    bad("no server", E.ENOENT, "10.9.9.9", WEB, {"address": "10.9.9.9"})
    bad("two ports", E.EINVAL, "port", WEB, REAL, port=8002)
    bad("range length", E.EINVAL, "port-last", wide, whole, port=2000, port_last=2008)
    bad("beyond 65535", E.EINVAL, "port", wide, whole, port=65530, port_last=65535)
    bad("pool without address", E.EINVAL, "first", WEB, whole, snat={"mode": "pool"})
    bad("pool of the other family", E.EINVAL, "", WEB, whole,
        snat={"mode": "pool", "first": "2001:db8::1"})
    bad("pool backward", E.EINVAL, "last", WEB, whole,
        snat={"mode": "pool", "first": "10.2.0.9", "last": "10.2.0.8"})
    bad("ports backward", E.EINVAL, "port-last", WEB, whole,
        snat={"mode": "pool", "first": "10.2.0.9", "port": 9, "port-last": 8})
    do("binding-new", service=wide, server=whole, port=2000, port_last=2009)
    bad("again", E.EEXIST, "10.2.0.7", wide, whole, port=2000, port_last=2009)
    refused("not bound", E.ENOENT, "10.2.0.7", do_with("binding-del", service=WEB, server=whole))
    refused("no server", E.EINVAL, "server", do_with("binding-new", service=WEB), attr="server")
    eq("only the good one", len(dump("binding-get")), 1)


def counters_are_named():
    got = dump("stats-get")
    by_name = {c["name"]: c for c in got}
    eq("each once", len(by_name), len(got))
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
    refused("prefix", E.EINVAL, "client-prefix",
            do_with("flow-count", client_address="198.51.100.0", client_prefix=33))
    refused("prefix alone", E.EINVAL, "client-address", do_with("flow-count", client_prefix=24))


# --- transactions ------------------------------------------------------------------


def transaction_takes_effect_at_once():
    defer(empty)
    begun = do("txn-begin")
    txn = begun["id"]
    do("service-new", key=WEB, txn=txn)
    do("server-new", key=REAL, txn=txn)
    do("binding-new", service=WEB, server=REAL, txn=txn)
    eq("not yet", (dump("service-get"), dump("server-get"), dump("binding-get")), ([], [], []))
    refused("second", E.EBUSY, "transaction", do_with("txn-begin"))
    refused("other", E.ENOENT, "transaction", do_with("txn-commit", id=txn + 1))
    refused("in it", E.EEXIST, VIP, do_with("service-new", key=WEB, txn=txn))
    has("checked", do("txn-commit", id=txn, check=True), changes=3)
    eq("still not", dump("service-get"), [])
    done = do("txn-commit", id=txn)
    has("done", done, changes=3)
    eq("one generation", done["generation"], do("settings-get")["generation"])
    eq("now", [len(dump(f"{o}-get")) for o in ("service", "server", "binding")], [1, 1, 1])
    refused("closed", E.ENOENT, "transaction", do_with("txn-commit", id=txn))
    refused("closed", E.ENOENT, "transaction", do_with("service-set", key=WEB, persist=1, txn=txn))


def transaction_can_be_dropped():
    txn = do("txn-begin")["id"]
    do("service-new", key=WEB, txn=txn)
    do("txn-abort", id=txn)
    eq("aborted", dump("service-get"), [])
    refused("again", E.ENOENT, "transaction", do_with("txn-abort", id=txn))
    with client() as other:
        other.do("txn-begin", {})
        other.do("service-new", {"key": WEB})  # alone, beside it
    defer(empty)
    eq("closed", len(dump("service-get")), 1)
    for _ in range(40):  # more than may be open at once
        with client() as other:
            other.do("txn-begin", {})


def transaction_on_a_stale_base():
    defer(empty)
    txn = do("txn-begin")["id"]
    do("service-new", key=WEB, txn=txn)
    with client() as other:
        other.do("server-new", {"key": REAL})
    refused("stale", E.ESTALE, "generation", do_with("txn-commit", id=txn))
    eq("nothing of it", dump("service-get"), [])
    generation = do("settings-get")["generation"]
    refused("other base", E.ESTALE, "generation", do_with("txn-begin", generation=generation - 1))
    txn = do("txn-begin", generation=generation)["id"]
    do("txn-abort", id=txn)


def transaction_replaces():
    fresh("service-new", key=WEB)
    do("server-new", key=REAL)
    do("port-new", ifname="d0")
    txn = do("txn-begin", replace=True)["id"]
    do("port-new", ifname="d1", txn=txn)
    do("service-new", key=WEB, scheduler="rr", txn=txn)
    eq("in force", [p["ifname"] for p in dump("port-get")], ["d0"])
    do("txn-commit", id=txn)
    eq("ports", [p["ifname"] for p in dump("port-get")], ["d1"])
    eq("services", [s["scheduler"] for s in dump("service-get")], ["rr"])
    eq("servers", dump("server-get"), [])


def transactions_are_bounded():
    held = []
    defer(lambda: [c.close() for c in held])
    try:
        for _ in range(100):
            held.append(client())
            held[-1].do("txn-begin", {})
        fail("a hundred transactions at once")
    except NlError as e:
        eq("refused", e.error, E.EBUSY)


def failed_change_leaves_nothing():
    """A change refused inside a transaction does not spoil or enter it."""
    defer(empty)
    txn = do("txn-begin")["id"]
    do("service-new", key=WEB, txn=txn)
    refused("bad", E.ENOENT, "10.2.0.5", do_with("binding-new", service=WEB, server=REAL, txn=txn))
    has("one", do("txn-commit", id=txn), changes=1)
    eq("the good one", len(dump("service-get")), 1)


def large_transaction_and_dump():
    defer(empty)
    txn = do("txn-begin")["id"]
    ops = [("service-new", {"key": {"address": f"203.0.{i >> 8}.{i & 255}", "protocol": TCP,
                                    "port": 80}, "txn": txn}, []) for i in range(5000)]
    for at in range(0, len(ops), 500):
        NL.do_multi(ops[at:at + 500])
    start = time.monotonic()
    has("changes", do("txn-commit", id=txn), changes=5000)
    took = time.monotonic() - start
    eq("dump", len({s["key"]["address"] for s in dump("service-get")}), 5000)
    print(f"# commit of 5000 services took {took * 1000:.0f} ms")


# --- notifications ---------------------------------------------------------------


def drain(nl, wait=0.2):
    return [(m["name"], m["msg"]) for m in nl.poll_ntf(duration=wait)]


def notifications_tell_each_change():
    defer(empty)
    with client() as ear:
        ear.ntf_subscribe("config")
        do("port-new", ifname="d0")
        do("service-new", key=WEB)
        do("server-new", key=REAL)
        do("binding-new", service=WEB, server=REAL)
        do("server-set", key=REAL, weight=7)
        do("binding-del", service=WEB, server=REAL)
        do("server-del", key=REAL)
        do("service-del", key=WEB)
        do("port-del", ifname="d0")
        flows_max = do("settings-get")["flows-max"]
        do("settings-set", flows_max=flows_max)
        heard = drain(ear)
    eq("names", [n for n, _ in heard], [
        "port-new-ntf", "service-new-ntf", "server-new-ntf", "binding-new-ntf", "server-new-ntf",
        "binding-del-ntf", "server-del-ntf", "service-del-ntf", "port-del-ntf", "settings-ntf"])
    if len(heard) == 10:
        has("port", heard[0][1]["port"], ifname="d0")
        eq("service", shape(heard[1][1]["service"]["key"]), WEB)
        has("server", heard[4][1]["server"], weight=7)
        eq("binding", shape(heard[5][1]["binding"]["server"]), REAL)
        has("settings", heard[9][1]["settings"], flows_max=flows_max)
        generations = [m["generation"] for _, m in heard]
        eq("generations grow", generations, sorted(set(generations)))


def notifications_of_a_transaction():
    defer(empty)
    with client() as ear:
        ear.ntf_subscribe("config")
        txn = do("txn-begin")["id"]
        do("service-new", key=WEB, txn=txn)
        do("server-new", key=REAL, txn=txn)
        eq("not before", drain(ear), [])
        generation = do("txn-commit", id=txn)["generation"]
        heard = drain(ear)
        eq("after", sorted(n for n, _ in heard), ["server-new-ntf", "service-new-ntf"])
        eq("one generation", {m["generation"] for _, m in heard}, {generation})
        txn = do("txn-begin", replace=True)["id"]
        do("txn-commit", id=txn)
        eq("replaced", [n for n, _ in drain(ear)][-1:], ["settings-ntf"])


def notification_when_a_device_goes():
    sh("ip", "link", "add", "d2", "type", "dummy")
    defer(empty)
    with client() as ear:
        do("port-new", ifname="d2")
        ear.ntf_subscribe("config")
        sh("ip", "link", "del", "d2")
        eq("told", [n for n, _ in drain(ear)], ["port-del-ntf"])


# --- who and where -----------------------------------------------------------------


def in_child(function):
    """The exit status of a function in a child process."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = function()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def errno_of(op, dumped, nl):
    try:
        (nl.dump if dumped else nl.do)(op, {})
    except NlError as e:
        return e.error
    return 0


def nobody_may_not_even_read():
    def body():
        os.setgid(65534)
        os.setuid(65534)
        with client() as nl:
            codes = {errno_of("settings-get", False, nl), errno_of("stats-get", True, nl),
                     errno_of("flow-get", True, nl), errno_of("txn-begin", False, nl)}
        return 0 if codes == {E.EPERM} else 1
    eq("nobody", in_child(body), 0)


def owner_of_a_namespace_may():
    def body():
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
        with client() as nl:
            nl.do("service-new", {"key": WEB})
            return 0 if len(nl.dump("service-get", {})) == 1 else 1
    eq("owner", in_child(body), 0)
    eq("only there", dump("service-get"), [])


def namespaces_are_separate():
    fresh("service-new", key=WEB)
    do("settings-set", flows_max=4321)

    def body():
        os.unshare(os.CLONE_NEWNET)
        with client() as nl:
            seen = nl.dump("service-get", {})
            flows_max = nl.do("settings-get", {})["flows-max"]
            nl.do("service-new", {"key": WEB, "persist": 5})
            nl.do("server-new", {"key": REAL})
        return 0 if not seen and flows_max != 4321 else 1
    eq("other", in_child(body), 0)
    eq("here", [s["persist"] for s in dump("service-get")], [0])
    eq("here", dump("server-get"), [])


def main():
    global NL
    os.unshare(os.CLONE_NEWNET)
    for dev in ("lo", "d0", "d1"):
        if dev != "lo":
            sh("ip", "link", "add", dev, "type", "dummy")
        sh("ip", "link", "set", dev, "up")
    NL = client()
    run_tests([
        policy_of_the_kernel_is_the_spec, settings_show_and_change,
        port_cycle, port_follows_its_device, service_cycle, service_keys, service_limits,
        server_cycle, binding_cycle, binding_limits, counters_are_named, flows_of_nothing,
        transaction_takes_effect_at_once, transaction_can_be_dropped, transaction_on_a_stale_base,
        transaction_replaces, transactions_are_bounded, failed_change_leaves_nothing,
        large_transaction_and_dump, notifications_tell_each_change, notifications_of_a_transaction,
        notification_when_a_device_goes, nobody_may_not_even_read, owner_of_a_namespace_may,
        namespaces_are_separate,
    ])


if __name__ == "__main__":
    main()
