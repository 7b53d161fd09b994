# SPDX-License-Identifier: GPL-2.0
"""How tests have the kernel's fault injection fail what slr allocates. Imported, never run.

What fails has the module's text on its stack. The n-th allocation of a command is counted by
the task that gives it; that of packets, wherever they are handled, by the kernel.
"""

import contextlib
import glob
import itertools
import os
import re
import subprocess
import time

from lib import SLOW, NlError, Skip, defer, do, dump, eq, fail, sh, until

DEBUGFS = "/sys/kernel/debug"
KINDS = ("failslab", "fail_page_alloc")
# More allocations than this in one command are a cost that no one has agreed to.
MOST = 400


def write(path, value):
    with open(path, "w", encoding="ascii") as f:
        f.write(str(value))


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read().strip()


def knob(kind, name, value):
    write(f"{DEBUGFS}/{kind}/{name}", value)


def chosen(name):
    """Whether SLR_FAULTS, a regular expression, is for this command or piece of traffic."""
    return re.search(os.environ.get("SLR_FAULTS", ""), name)


def symbols(*names):
    """Where functions of the kernel are, as far as it has them."""
    found = {}
    with open("/proc/kallsyms", encoding="ascii") as f:
        for line in f:
            address, _, name = line.split(maxsplit=2)
            if name.strip() in names:
                found[name.strip()] = "0x" + address
                if len(found) == len(names):
                    break
    return found


def text_of_module():
    """Where its functions begin and end. It has more than these, but elsewhere: what is next to them
    may be the functions of another module."""
    sizes = dict(line.split()[:2] for line in sh("size", "-A", os.environ["SLR_KO"]).splitlines()
                 if line.startswith("."))
    places = {os.path.basename(f): int(read(f), 16)
              for f in glob.glob("/sys/module/slr/sections/.*text*") if "init" not in f}
    return min(places.values()), max(at + int(sizes[name]) for name, at in places.items())


def prepare():
    """Lets allocations fail that have the module's text on the stack, whatever their flags."""
    if not os.path.exists("/proc/thread-self/fail-nth"):
        raise Skip("this kernel has no fault injection: make check-debug")
    for kind in KINDS:
        if not os.path.exists(f"{DEBUGFS}/{kind}"):
            raise Skip(f"this kernel has no {kind}")
    start, end = text_of_module()
    # The leak detector's notes of what is allocated are no allocations of the module.
    notes = symbols("__create_object", "__link_object")
    for kind in KINDS:
        knob(kind, "probability", 0)
        knob(kind, "ignore-gfp-wait", "N")
        knob(kind, "verbose", 0)
        knob(kind, "stacktrace-depth", 32)
        knob(kind, "require-start", hex(start))
        knob(kind, "require-end", hex(end))
        if len(notes) == 2:
            knob(kind, "reject-start", notes["__create_object"])
            knob(kind, "reject-end", notes["__link_object"])
    knob("fail_page_alloc", "ignore-gfp-highmem", "N")
    knob("fail_page_alloc", "min-order", 0)


# --- of one task ------------------------------------------------------------------


def with_nth_failing(n, command):
    """Runs the command; its error, if any, and whether the n-th allocation was reached."""
    path = "/proc/thread-self/fail-nth"
    write(path, n)
    try:
        command()
        error = None
    except NlError as e:
        error = e
    finally:
        left = int(read(path))
        write(path, 0)
    return error, left == 0


def process_with_nth_failing(n, *words, complaints="memory"):
    """Runs a program so; its status, its complaint, and whether the n-th allocation was reached."""
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, preexec_fn=lambda:
                          write("/proc/thread-self/fail-nth", n)) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        reached = read(f"/proc/{process.pid}/fail-nth") == "0"
        complaint = process.stderr.read()
    if process.returncode and not re.search(complaints, complaint):
        fail(f"{' '.join(words)}: allocation {n}: {complaint}")
    return process.returncode, complaint, reached


# --- of all that the kernel does --------------------------------------------------


# What the kernel has counted of the calls that may fail; nothing but calls changes it.
CALLS = dict.fromkeys(KINDS, 0)


def arm(kind, n):
    """From now on the n-th call of this kind fails, in whatever context, and no other."""
    knob(kind, "interval", CALLS[kind] + n)
    knob(kind, "times", 1)
    knob(kind, "probability", 100)


def was_reached(kind):
    """Stops the counting; whether the call that was armed has failed."""
    knob(kind, "probability", 0)
    if read(f"{DEBUGFS}/{kind}/times") != "0":
        return False
    # With an interval of 1 nothing is counted.
    interval = int(read(f"{DEBUGFS}/{kind}/interval"))
    CALLS[kind] = interval if interval > 1 else CALLS[kind]
    return True


def every_call_failing(kind, name, fresh, run, check=lambda n: None):
    """Has the n-th call of this kind fail, for all n that there are in `run`; their number."""
    defer(knob, kind, "probability", 0)
    for n in range(1, MOST):
        fresh()
        arm(kind, n)
        run(n)
        reached = was_reached(kind)
        check(n)
        if not reached:
            break
    else:
        fail(f"{name}: more than {MOST} calls")
    # The kernel's count must be known for the next one; if nothing was ever called it still is.
    for attempt in range(30 if n > 1 else 0):
        knob(kind, "probability", 100)
        if attempt < 3:
            with contextlib.suppress(NlError):
                fresh()
            run(n)
        else:
            # What was called for by chance is so no more: a new namespace calls for both kinds.
            subprocess.run(["unshare", "--net", "true"], check=False, stderr=subprocess.DEVNULL)
        if was_reached(kind):
            return n - 1
    if n > 1:
        fail(f"{name} {n}: not reached any more")
    return n - 1


# --- of traffic in pieces, by an exchange.Asker --------------------------------------


def counter(name):
    return {c["name"]: c["value"] for c in dump("stats-get")}.get(name, 0)


def all_pieces(asker, when):
    for way, piece in asker.pieces:
        if chosen(f"{piece} over {way}: {when}"):
            eq(f"{when}: {piece} over {way}", asker(way, piece, 20 * SLOW), None)


def forget():
    """Nothing is known of any way, so that all is allocated anew."""
    do("flow-del")
    write("/proc/sys/net/ipv4/route/flush", 1)
    write("/proc/sys/net/ipv6/route/flush", 1)
    for dev in ("g0", "g1"):
        sh("ip", "neigh", "flush", "dev", dev)


def pieces_with_nth_failing(asker, fresh=forget, pieces=None):
    for (way, piece), kind in itertools.product(pieces or asker.pieces, KINDS):
        name = f"{piece} over {way}: {kind}"
        if not chosen(name):
            continue

        def run(n):
            if wrong := asker(way, piece, 30 * SLOW):
                fail(f"{name} {n}: {wrong}")
        start = time.monotonic()
        calls = every_call_failing(kind, name, fresh, run)
        print(f"# {name} {calls} in {time.monotonic() - start:.0f} s", flush=True)
    print(f"# no-memory counted {counter('no-memory')}")
    all_pieces(asker, "afterwards")
    do("flow-del")
    until(lambda: do("flow-count")["count"] == 0, "no flow is left")


@contextlib.contextmanager
def nothing_to_be_had(*kinds):
    """Every call of these kinds fails."""
    for kind in kinds:
        defer(knob, kind, "probability", 0)
        knob(kind, "verbose", 0)
        knob(kind, "interval", 1)
        knob(kind, "times", -1)
        knob(kind, "probability", 100)
    yield
    for kind in kinds:
        knob(kind, "probability", 0)


def living_without_memory(asker, way, *living):
    """While nothing can be had, what is alive goes on; a new connection is refused and counted."""
    eq(f"{way}: open", asker(way, "open", 20 * SLOW), None)
    lost = counter("no-memory")
    with nothing_to_be_had(*KINDS):
        if asker(way, "tcp", 3 * SLOW) is None:
            fail(f"{way}: a new connection without memory")
        eq(f"{way}: the connection that there was", asker(way, "more", 20 * SLOW), None)
        for other in living:
            eq(f"{other}: what needs no flow", asker(other, "udp", 20 * SLOW), None)
    if counter("no-memory") == lost:
        fail(f"{way}: not counted")


def pieces_with_moving_buffers(asker):
    """Each time that bytes are pulled into the head, the head moves elsewhere."""
    with nothing_to_be_had("fail_skb_realloc"):
        all_pieces(asker, "moved")


def needs_moving_buffers():
    if not os.path.exists(f"{DEBUGFS}/fail_skb_realloc"):
        raise Skip("this kernel has no fail_skb_realloc")
