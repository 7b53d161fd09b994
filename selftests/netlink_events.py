#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The control interface beyond single objects, through the kernel tree's own YNL
client: transactions, notifications, explanations, who may use it, and separation
of namespaces.

Runs in a namespace of its own with two dummy devices, d0 and d1. No packet
flows here.
"""

import errno
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (NlError, Session, client, connect, defer, do, dump, empty, eq,  # noqa: E402
                 fail, fresh, has, own_namespace, refused, run_tests, sh, shape)

E = errno
TCP = 6
VIP, VIP6 = "203.0.113.10", "2001:db8::10"
WEB = {"address": VIP, "protocol": TCP, "port": 80}
REAL = {"address": "10.2.0.5", "port": 8001}


# --- transactions ------------------------------------------------------------------


def transaction_takes_effect_at_once():
    defer(empty)
    begun = do("txn-begin")
    txn = begun["id"]
    do("service-new", key=WEB, txn=txn)
    do("server-new", key=REAL, txn=txn)
    do("binding-new", service=WEB, server=REAL, txn=txn)
    eq("not yet", (dump("service-get"), dump("server-get"), dump("binding-get")), ([], [], []))
    refused("second", E.EBUSY, "transaction", "txn-begin")
    refused("other", E.ENOENT, "transaction", "txn-commit", id=txn + 1)
    refused("in it", E.EEXIST, VIP, "service-new", key=WEB, txn=txn)
    done = do("txn-commit", id=txn)
    has("done", done, changes=3)
    eq("one generation", done["generation"], do("settings-get")["generation"])
    eq("now", [len(dump(f"{o}-get")) for o in ("service", "server", "binding")], [1, 1, 1])
    refused("closed", E.ENOENT, "transaction", "txn-commit", id=txn)
    refused("closed", E.ENOENT, "transaction", "service-set", key=WEB, persist=1, txn=txn)


def transaction_can_be_checked():
    generation = do("settings-get")["generation"]
    txn = do("txn-begin")["id"]
    do("service-new", key=WEB, txn=txn)
    has("good", do("txn-commit", id=txn, check=True), changes=1, generation=generation)
    eq("nothing of it", dump("service-get"), [])
    txn = do("txn-begin")["id"]
    do("server-new", key=REAL, backup={"address": "10.2.0.6"}, txn=txn)
    refused("bad", E.ENOENT, "10.2.0.6", "txn-commit", id=txn, check=True)
    refused("ended", E.ENOENT, "transaction", "txn-abort", id=txn)


def transaction_can_be_dropped():
    txn = do("txn-begin")["id"]
    do("service-new", key=WEB, txn=txn)
    do("txn-abort", id=txn)
    eq("aborted", dump("service-get"), [])
    refused("again", E.ENOENT, "transaction", "txn-abort", id=txn)
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
    refused("stale", E.ESTALE, "was replaced", "txn-commit", id=txn)
    eq("nothing of it", dump("service-get"), [])
    generation = do("settings-get")["generation"]
    refused("other base", E.ESTALE, "was replaced", "txn-begin", generation=generation - 1)
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
    refused("bad", E.ENOENT, "10.2.0.5", "binding-new", service=WEB, server=REAL, txn=txn)
    has("one", do("txn-commit", id=txn), changes=1)
    eq("the good one", len(dump("service-get")), 1)


def large_transaction_and_dump():
    defer(empty)
    txn = do("txn-begin")["id"]
    ops = [("service-new", {"key": {"address": f"203.0.{i >> 8}.{i & 255}", "protocol": TCP,
                                    "port": 80}, "txn": txn}, []) for i in range(5000)]
    for at in range(0, len(ops), 100):  # what fits into a socket that is read later
        Session.nl.do_multi(ops[at:at + 100])
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


def health_is_told():
    fresh("server-new", key=REAL)
    with client() as ear:
        ear.ntf_subscribe("health")
        for state in ("drain", "down", "up"):
            do("server-set", key=REAL, state=state)
            heard = drain(ear, 2.5)
            eq(f"{state}: names", {n for n, _ in heard}, {"health-ntf"})
            for _, event in heard:
                has(state, event["server"], condition=state, flows=0)
                eq("which", shape(event["server"]["key"]), REAL)


# --- explanations ------------------------------------------------------------------


def explained(what, verdict, reason, *stages, **packet):
    got = do("explain", **packet)
    steps = [s["stage"] for s in got["step"]]
    if got["verdict"] != verdict or got.get("reason") != reason or \
            not set(stages) <= set(steps) or not all(s["text"] for s in got["step"]):
        fail(f"{what}: {got}, wanted {verdict} {reason} {stages}")
    return " | ".join(s["text"] for s in got["step"])


def explain_follows_the_tables():
    sh("ip", "addr", "add", "10.2.0.1/24", "dev", "d0")
    defer(sh, "ip", "addr", "flush", "dev", "d0")
    to = {"destination": VIP, "destination_port": 80, "source": "10.2.0.99", "source_port": 4000}
    explained("nothing", "pass", "not-for-us", "port", "flow", "host", **to)
    fresh("service-new", key=WEB)
    explained("no server", "reset", "no-server", "service", "open", "schedule", **to)
    explained("other port", "reset", "port-not-served", "service",
              **(to | {"destination_port": 81}))
    explained("other protocol", "reset", "protocol-not-served", **(to | {"protocol": 47}))
    explained("echo", "drop", "no-server", **(to | {"protocol": 1}))
    explained("ack", "drop", "no-flow", "open", **(to | {"tcp_flags": 0x10}))
    do("service-set", key=WEB, unknown={"ack": "pass", "rst": "reset"})
    explained("ack", "pass", "no-flow-passed", "open", **(to | {"tcp_flags": 0x10}))
    explained("rst", "drop", "no-flow", "open", **(to | {"tcp_flags": 0x04}))
    do("server-new", key=REAL)
    do("binding-new", service=WEB, server=REAL, snat={"mode": "auto"})
    text = explained("served", "forward", None, "server", "schedule", "limit", "translate",
                     "route", **to)
    for word in ("10.2.0.5:8001", "by d0", "weight 1", "source to 10.2.0.1"):
        eq(word, word in text, True)
    explained("echo", "answer", None, **(to | {"protocol": 1}))
    explained("data", "drop", "no-flow", "open", **(to | {"tcp_flags": 0x18}))
    del to["source"]
    explained("no source", "forward", None, **to)
    do("server-set", key=REAL, state="drain")
    text = explained("draining", "reset", "no-server", "server", **to)
    eq("why", "draining" in text, True)
    do("service-set", key=WEB, state="down")
    explained("down", "reset", "service-down", **to)
    d0 = socket.if_nametoindex("d0")
    explained("no port", "pass", "no-port", **to, ifindex=d0)
    do("port-new", ifname="d0", side="server")
    explained("side", "drop", "wrong-side", **to, ifindex=d0)
    refused("families", E.EINVAL, "famil", "explain", destination=VIP, source=VIP6)
    refused("no destination", E.EINVAL, "destination", "explain", blames="destination")


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
    own_namespace("d0", "d1")
    connect()
    run_tests([
        transaction_takes_effect_at_once, transaction_can_be_checked, transaction_can_be_dropped,
        transaction_on_a_stale_base, transaction_replaces, transactions_are_bounded,
        failed_change_leaves_nothing, large_transaction_and_dump, notifications_tell_each_change,
        notifications_of_a_transaction, notification_when_a_device_goes, health_is_told,
        explain_follows_the_tables, nobody_may_not_even_read, owner_of_a_namespace_may,
        namespaces_are_separate,
    ])


if __name__ == "__main__":
    main()
