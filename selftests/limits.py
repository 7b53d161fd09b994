#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Bounds that the module is loaded with: beyond each a clear refusal, and what was there stays.

What packets run into (full tables, busy servers, used up ports) is in flow_tcp, health and snat.
"""

import errno as E
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (Session, client, connect, defer, do, dump, empty, eq, has,  # noqa: E402
                 own_namespace, refused, run_tests, sh)

FLOWS, OBJECTS, TRANSACTIONS, CHANGES = 100, 12, 2, 8


def load(*bounds):
    """The module anew, with these bounds."""
    sh("rmmod", "slr")
    sh("insmod", os.environ["SLR_KO"], *bounds)


def slr(*words, check=True):
    return subprocess.run((os.environ["SLR"],) + words, capture_output=True, text=True,
                          check=check)


def service(i, **more):
    do("service-new", key={"address": f"203.0.113.{i}"}, **more)


def server(i):
    return {"address": f"10.2.0.{i}"}


def addresses():
    return sorted(s["key"]["address"] for s in dump("service-get"))


def flows_of_a_namespace():
    defer(empty)
    eq("default", do("settings-get")["flows-max"], FLOWS)
    refused("more", E.ERANGE, f"1..={FLOWS}", "settings-set", flows_max=FLOWS + 1,
            blames=".flows-max")
    eq("kept", do("settings-get")["flows-max"], FLOWS)
    do("settings-set", flows_max=FLOWS - 1)
    eq("less", do("settings-get")["flows-max"], FLOWS - 1)
    txn = do("txn-begin")["id"]
    do("settings-set", flows_max=FLOWS + 1, txn=txn)
    refused("checked", E.ERANGE, f"1..={FLOWS}", "txn-commit", id=txn, check=True)
    eq("still", do("settings-get")["flows-max"], FLOWS - 1)


def objects_of_a_namespace():
    defer(empty)
    for i in range(1, OBJECTS - 1):
        service(i)
    do("port-new", ifname="d0")
    do("server-new", key=server(1))
    full = addresses()
    eq("services", len(full), OBJECTS - 2)
    for what, op, attrs in (
            ("service", "service-new", {"key": {"address": "203.0.113.99"}}),
            ("server", "server-new", {"key": server(2)}),
            ("port", "port-new", {"ifname": "d1"}),
            ("binding", "binding-new", {"service": {"address": "203.0.113.1"}, "server": server(1)}),
            ("customer", "customer-new", {"name": "acme"})):
        refused(what, E.ERANGE, f"{OBJECTS} objects", op, **attrs)
    eq("kept", addresses(), full)
    # What is there may be changed, replaced and deleted.
    do("server-set", key=server(1), weight=2)
    txn = do("txn-begin")["id"]
    do("service-del", key={"address": "203.0.113.1"}, txn=txn)
    service(50, txn=txn)
    do("txn-commit", id=txn)
    eq("exchanged", len(addresses()), OBJECTS - 2)
    do("service-del", key={"address": "203.0.113.50"})
    service(51)


def devices():
    """They are objects too, whoever makes them."""
    defer(empty)
    do("customer-new", name="acme", id=7)
    for i in range(1, OBJECTS - 1):
        service(i)
    slr("device", "add", "x0", "customer", "7")
    defer(lambda: sh("ip", "link", "del", "x0"))
    refused("service", E.ERANGE, f"{OBJECTS} objects", "service-new",
            key={"address": "203.0.113.99"})
    one_more = slr("device", "add", "x1", "customer", "7", check=False)
    eq("device", (one_more.returncode, f"{OBJECTS} objects" in one_more.stderr), (1, True))
    eq("devices", [d["name"] for d in dump("device-get")], ["x0"])
    do("service-del", key={"address": "203.0.113.1"})
    slr("device", "add", "x1", "customer", "7")
    sh("ip", "link", "del", "x1")
    eq("gone", [d["name"] for d in dump("device-get")], ["x0"])


def objects_of_a_transaction():
    """All or nothing, beyond the bound too."""
    defer(empty)
    service(1)
    txn = do("txn-begin")["id"]
    for i in range(2, 2 + CHANGES):
        service(i, txn=txn)
    do("txn-commit", id=txn)
    before = addresses()
    txn = do("txn-begin")["id"]
    for i in range(20, 20 + CHANGES):
        service(i, txn=txn)
    refused("too many", E.ERANGE, f"{OBJECTS} objects", "txn-commit", id=txn)
    eq("nothing", addresses(), before)


def changes_of_a_transaction():
    defer(empty)
    txn = do("txn-begin")["id"]
    for i in range(CHANGES):
        service(i + 1, txn=txn)
    refused("one more", E.ERANGE, f"{CHANGES} changes", "service-new",
            key={"address": "203.0.113.99"}, txn=txn, blames=".txn")
    has("the others", do("txn-commit", id=txn), changes=CHANGES)
    eq("services", len(addresses()), CHANGES)


def transactions_of_a_namespace():
    others = [client() for _ in range(TRANSACTIONS)]
    defer(lambda: [other.close() for other in others])
    for other in others:
        other.do("txn-begin", {})
    refused("one more", E.EBUSY, f"{TRANSACTIONS} transactions", "txn-begin")
    others.pop().close()
    do("txn-abort", id=do("txn-begin")["id"])


def backups_in_a_row():
    """Not to be set: a packet asks them one after the other."""
    defer(empty)
    do("server-new", key=server(1))
    for i in range(2, 10):
        do("server-new", key=server(i), backup=server(i - 1))
    refused("a ninth", E.EINVAL, "more than 8 backups", "server-new", key=server(10),
            backup=server(9))
    eq("servers", len(dump("server-get")), 9)


def main():
    own_namespace("d0", "d1")
    load(f"flows={FLOWS}", f"objects={OBJECTS}", f"transactions={TRANSACTIONS}",
         f"changes={CHANGES}")
    connect()
    try:
        run_tests([
            flows_of_a_namespace, objects_of_a_namespace, devices, objects_of_a_transaction,
            changes_of_a_transaction, transactions_of_a_namespace, backups_in_a_row,
        ])
    finally:
        Session.nl.close()
        load()


if __name__ == "__main__":
    main()
