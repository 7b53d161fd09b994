# SPDX-License-Identifier: GPL-2.0
"""Where the instructions of a packet go: counts of each function, net of generator and drop."""

import bisect
import collections
import functools
import json
import os
import pathlib
import subprocess

BUILD = pathlib.Path("build/bench")
FEW, MANY = 2000, 42000


def build():
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", BUILD / "counts.so",
                    "scripts/bench.d/counts.c"], check=True)


def counts(row, timed):
    """Instructions by function of one run of the machine with that many timed packets."""
    out = BUILD / "counts"
    subprocess.run(["scripts/vm.py", "--icount", "--rw", "--plugin", f"{BUILD}/counts.so,out={out}",
                    "--append", "nokaslr transparent_hugepage=never", "--", "scripts/bench.d/guest.py", "", json.dumps(vars(row))],
                   check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SLR_BENCH_TIMED": str(timed)})
    symbols = []
    for line in (BUILD / "kallsyms").read_text(encoding="ascii").splitlines():
        address, kind, name = line.split("\t")[0].split()
        if kind in "tTwW":
            symbols.append((int(address, 16), name))
    symbols.sort()
    starts = [address for address, _ in symbols]
    found = collections.Counter()
    for line in out.read_text(encoding="ascii").splitlines():
        address, count = line.split()
        i = bisect.bisect_right(starts, int(address, 16)) - 1
        found[symbols[i][1] if i >= 0 else "?"] += int(count)
    return found


@functools.cache
def per_packet(row):
    """Kept, as rows share their baseline."""
    few, many = counts(row, FEW), counts(row, MANY)
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}


def demangle(names):
    done = subprocess.run(["c++filt", "-i"], input="\n".join(names), text=True, capture_output=True, check=False)
    return dict(zip(names, done.stdout.splitlines())) if done.returncode == 0 else {n: n for n in names}


def show(row):
    """Functions by what they take of the row beyond what they take of its baseline."""
    build()
    base, of_row = per_packet(row.base), per_packet(row)
    net = {name: of_row.get(name, 0) - base.get(name, 0) for name in set(base) | set(of_row)}
    shown = sorted((n for n in net if abs(net[n]) >= 3), key=lambda n: -net[n])
    plain = demangle(shown)
    print(f"\n{row}: {sum(net.values()):.0f} instructions a packet, net of generator and drop")
    for name in shown:
        print(f"{net[name]:9.1f}  {plain[name]}", flush=True)
