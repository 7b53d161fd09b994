#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Counts the instructions a packet costs, of slr and of what Linux has besides.

Boots the stock kernel with a clock that counts instructions, sends the packets
of each row through a gateway, checks every byte of what arrives, sends them
again and takes the time. A row's net cost leaves out generator and drop.

The exit status is 1 if a row failed, or with --check got worse than the reference.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

os.chdir(pathlib.Path(__file__).resolve().parents[2])
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import native    # pylint: disable=wrong-import-position
import paths     # pylint: disable=wrong-import-position
import profiles  # pylint: disable=wrong-import-position
import report    # pylint: disable=wrong-import-position
import rows      # pylint: disable=wrong-import-position

OUT = pathlib.Path("build/bench.json")
FLOOD = pathlib.Path("build/bench/flood")
ALL = ["nft-dnat", "ipvs-nat", "slr-nat"]
MEMORY = {"full": ALL, "short": ["slr-nat"], "scale": ALL}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="environment: ROWS, patterns of paths or whole names (as with --rows);"
                                            " SCALE=1, the set scale as well")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(rows.SETS)}; default: full")
    parser.add_argument("--rows", default="", metavar="PATTERN,...",
                        help="only rows whose path or name (path/family/proto/size/flows) matches")
    parser.add_argument("--scale", action="store_true", help="the set scale as well")
    parser.add_argument("--list", action="store_true", help="say which rows would be measured")
    parser.add_argument("--check", action="store_true", help="fail if a row of slr got worse than the reference")
    parser.add_argument("--tap", action="store_true", help="the same, each row being a test")
    parser.add_argument("--store", action="store_true",
                        help="put this run into the reference and the chart of the documentation")
    parser.add_argument("--profile", action="store_true",
                        help="say in which functions the instructions of the rows are spent")
    parser.add_argument("--native", action="store_true",
                        help="nanoseconds in a kernel that runs natively: caches and a second CPU")
    memory = parser.add_mutually_exclusive_group()
    memory.add_argument("--no-memory", action="store_true",
                        help="leave out what flows, services and tunnels take of memory")
    memory.add_argument("--memory", action="store_true", help="only that")
    args = parser.parse_args()
    args.sets = args.sets or ["full"]
    if args.scale:
        args.sets.append("scale")
    for name in args.sets:
        if name not in rows.SETS:
            parser.error(f"there is no set {name}, there are {', '.join(rows.SETS)}")
    return args


def build():
    FLOOD.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", FLOOD,
                    *(f"scripts/bench.d/{name}.c" for name in ("flood", "frame", "side"))], check=True)


def measure(wanted, memory):
    """Runs the guest and follows what it says; returns its rows and what it says of memory."""
    os.environ.setdefault("SLR_VM_MEMORY", "4G" if any(row.flows > 100000 for row in wanted) else "2G")
    words = [json.dumps(vars(row)) for row in wanted]
    guest = subprocess.Popen(["scripts/vm.py", "--icount", "--timeout", "7200",
                              # Slabs of one size are else one, under the name of the first.
                              "--append", "slab_nomerge transparent_hugepage=never", "--log", "build/bench/kernel.log",
                              "--", "scripts/bench.d/guest.py", ",".join(memory), *words],
                             stdout=subprocess.PIPE, text=True)
    found, said = {}, []
    for line in guest.stdout:
        kind, _, rest = line.partition(" ")
        if kind == "ROW":
            values = json.loads(rest)
            row = rows.Row(**{name: values.pop(name) for name in vars(rows.Row()).keys()})
            found[row] = values
        elif kind == "MEMORY":
            said.append(json.loads(rest))
        else:
            print(line, end="", flush=True)
    status = guest.wait()
    if status:
        print(f"# the machine ended with status {status}", flush=True)
    return found, said, status


def main():
    args = arguments()
    patterns = args.rows.replace(",", " ").split()
    wanted = [] if args.memory else rows.chosen(args.sets, patterns)
    if args.list:
        print(*wanted, sep="\n")
        return 0
    if not wanted and not args.memory:
        print("bench: no row matches", file=sys.stderr)
        return 2
    build()
    if args.native:
        return native.run()
    if args.profile:
        for row in rows.matching(args.sets, patterns):
            profiles.show(row)
        return 0
    started = time.monotonic()
    memory = [] if args.no_memory or args.rows else MEMORY[args.sets[0]]
    many = [f"{path}:{of}" for path, of in paths.MEMORY] if len(memory) > 1 else []
    print(f"# {len(wanted)} rows", flush=True)
    found, said, status = measure(list(wanted), memory) if wanted or memory else ({}, [], 0)
    # One machine for each: what another has freed would be taken again unseen.
    for job in many:
        _, more, failure = measure([], [job])
        said, status = said + more, status or failure
    results, failed = report.net(found)
    failed += [(row, "was not measured") for row in wanted if row not in found]
    if status:
        failed.append(("the machine", f"ended with status {status}, its log is build/bench/kernel.log"))
    print(f"# {time.monotonic() - started:.0f} s\n")
    report.table(results, said)
    OUT.write_text(report.as_json(results), encoding="ascii")
    report.chart(results, OUT.with_suffix(".svg"))
    if args.store and not failed:
        report.store(results, said)
    verdicts = {}
    if args.check or args.tap:
        verdicts = report.compare(results, said)
    verdicts.update({f"bench: {row} is measured": why for row, why in failed})
    for name, why in verdicts.items():
        if why:
            print(f"# {name}: {why}")
        if args.tap:
            print(f"{'not ok' if why else 'ok'} - {name}")
    return 1 if any(verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
