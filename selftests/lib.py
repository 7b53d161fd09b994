# SPDX-License-Identifier: GPL-2.0
"""What the Python tests share: results in KTAP, undo beside do, and the kernel
tree's own YNL client on the spec of this checkout. Imported, never run."""

import errno
import glob
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SPEC = os.path.join(HERE, "../Documentation/netlink/specs/slr.yaml")
SLOW = int(os.environ.get("SLR_SLOW", "1"))  # how many times longer things take here
FAILED = []
UNDO = []


class Skip(Exception):
    """The test cannot run here."""


def fail(text):
    """The running test has failed; it goes on, so that one run shows all it can."""
    frames = [f for f in traceback.extract_stack() if f.filename != os.path.abspath(__file__)]
    FAILED.append(f"line {frames[-1].lineno}: {text}")


def eq(what, got, want):
    if got != want:
        fail(f"{what}: got {got!r}, wanted {want!r}")


def defer(function, *args):
    """Undo of what was just done; run in reverse order at the end of the test."""
    UNDO.append((function, args))


def sh(*words):
    """A command that must succeed; its output."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def until(condition, what, seconds=20):
    """Waits for a fact, longer where the machine is slow."""
    end = time.monotonic() + seconds * SLOW
    while not condition():
        if time.monotonic() > end:
            fail(what)
            return
        time.sleep(0.1)


def run_tests(tests):
    """Runs functions named after what they show; `ONLY` in the environment selects."""
    script = os.path.basename(sys.argv[0]).removesuffix(".py")
    only = os.environ.get("ONLY", "")
    bad = 0
    print(f"TAP version 13\n1..{len(tests)}", flush=True)
    for n, test in enumerate(tests, 1):
        FAILED.clear()
        skip = "not selected" if only not in test.__name__ else None
        try:
            if skip is None:
                test()
        except Skip as e:
            skip = str(e)
        except Exception:  # one broken test must not hide the others
            FAILED.append(traceback.format_exc())
            if Session.nl:  # answers may be left in the socket
                Session.nl.close()
                connect()
        while UNDO:
            function, args = UNDO.pop()
            try:
                function(*args)
            except Exception:
                FAILED.append("undo: " + traceback.format_exc())
        for text in FAILED:
            print("\n".join("# FAIL " + line for line in text.rstrip().splitlines()))
        bad += bool(FAILED)
        name = test.__name__.replace("_", " ")
        print(f"{'not ok' if FAILED else 'ok'} {n} {script}: {name}"
              + (f" # SKIP {skip}" if skip else ""), flush=True)
    sys.exit(bad > 0)


def _import_ynl():
    roots = [os.environ.get("SLR_YNL", "")]
    roots += sorted(glob.glob("/usr/src/linux-*/tools/net/ynl"), reverse=True)
    for root in roots:
        if os.path.isdir(os.path.join(root, "pyynl")):
            sys.path.append(root)
            from pyynl.lib import ynl  # pylint: disable=import-outside-toplevel
            schema = os.path.join(root, "../../../Documentation/netlink/genetlink.yaml")
            return ynl, schema
    print("1..0 # SKIP no kernel source with tools/net/ynl (set SLR_YNL)")
    sys.exit(4)


ynl, SCHEMA = _import_ynl()
NlError = ynl.NlError


def client():
    """A client on a socket in the namespace of the caller, validated by the schema."""
    return ynl.YnlFamily(SPEC, schema=SCHEMA, recv_size=65536)


# --- the control interface, through the client of the test ------------------------------


class Session:
    """The client that the functions below speak through."""

    nl = None


def connect():
    """Opens the client of the test in the namespace that it is in by now."""
    Session.nl = client()
    return Session.nl


def key(**fields):
    """Attributes by name; `_` in a name stands for `-`."""
    return {name.replace("_", "-"): value for name, value in fields.items()}


def do(op, **attrs):
    return Session.nl.do(op, key(**attrs))


def dump(op, **attrs):
    return Session.nl.dump(op, key(**attrs))


def empty():
    """Nothing configured in the namespace."""
    txn = do("txn-begin", replace=True)["id"]
    do("txn-commit", id=txn)


def state():
    """All that is configured, without what differs each time that it is made."""
    volatile = ("generation", "counters", "flows", "expires")

    def fixed(op, reply):
        # A customer's number is configured, a tunnel's the next free one; what a customer's limits
        # are called ports count.
        passing = volatile + {"tunnel-get": ("id",), "port-get": ("packets", "bytes")}.get(op, ())
        return {k: v for k, v in reply.items() if k not in passing}

    # Lists have the order of numbers' hashes, and a tunnel that is made anew has another number.
    listed = [sorted((fixed(op, o) for o in dump(op)), key=repr)
              for op in ("port-get", "customer-get", "service-get", "server-get", "binding-get",
                         "tunnel-get", "route-get", "device-get")]
    return listed + [fixed("settings-get", do("settings-get"))]


def fresh(op, **attrs):
    """Makes something and leaves an empty configuration after the test."""
    defer(empty)
    do(op, **attrs)


def refused(what, code, text, op, blames=None, **attrs):
    """The operation must be refused with that errno, and say that, of that attribute.

    A sentence of the module starts with "slr: "; the kernel's own ones, from the
    policy, are what they are.
    """
    try:
        do(op, **attrs)
    except NlError as e:
        extack = e.nl_msg.extack or {}
        msg = extack.get("msg", "")
        if e.error != code:
            fail(f"{what}: {errno.errorcode.get(e.error)} ({msg}), "
                 f"wanted {errno.errorcode[code]}")
        if text not in msg or not msg:
            fail(f"{what}: said {msg!r}, wanted {text!r}")
        if len(msg) > 79:
            fail(f"{what}: text of {len(msg)} bytes")
        if blames and blames not in (extack.get("bad-attr"), extack.get("miss-type")):
            fail(f"{what}: blames {extack}, wanted {blames}")
        return
    fail(f"{what}: accepted")


def has(what, got, **want):
    """Each wanted attribute is in the reply, with that value."""
    for name, value in key(**want).items():
        if (got or {}).get(name) != value:
            fail(f"{what}: {name} is {(got or {}).get(name)!r}, wanted {value!r}")


def shape(endpoint):
    """What names an object, without what is left at its default."""
    return {k: v for k, v in endpoint.items() if v or k == "address"}


def own_namespace(*devices):
    """Goes to a fresh namespace with these dummy devices, all up."""
    os.unshare(os.CLONE_NEWNET)
    sh("ip", "link", "set", "lo", "up")
    for dev in devices:
        sh("ip", "link", "add", dev, "type", "dummy")
        sh("ip", "link", "set", dev, "up")
