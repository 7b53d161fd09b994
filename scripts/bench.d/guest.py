#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measures the rows named on its command line; runs in the virtual machine.

Prints a line "ROW {...}" for each row and "MEMORY {...}" for what flows take.
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import time

import paths
from rows import Row

FLOOD = "build/bench/flood"
COUNT = {"flow": 10000, "reply": 10000, "new": 10000, "connect": 2048}
MANY = 100000   # packets that are timed over a million flows
FLOWS_FOR_MEMORY = 65536


class Bench:
    def __init__(self, rows):
        self.rows, self.done, self.started = rows, 0, time.monotonic()
        self.first = 0

    def flood(self, row, path):
        """One row on a gateway that is set up; each takes flows of its own."""
        count = COUNT[row.mode]
        if row.size > 10000:
            count //= 10
        if row.flows > 100000:
            count = MANY
        timed = int(os.environ.get("SLR_BENCH_TIMED", count))
        words = f"--family {row.family} --proto {row.proto} --size {row.size} --flows {row.flows}"
        words += f" --count {count} --timed {timed} --first {self.first} --mode {row.mode}"
        if path is None:
            words += f" --blind --to {paths.VIRTUAL[row.family]},80 --real {paths.SERVER[row.family]},8080"
            words += f" --base {paths.CLIENTS[row.family]}"
        else:
            words += f" {path.arguments(row.family)}"
            if row.flows > 100000 and row.path != "nft-flowtable":
                words += " --open forward"
        self.first += max(row.flows, count + timed if row.mode in ("new", "connect") else 0)
        done = subprocess.run([FLOOD, *words.split(), "cli:c0", "srv:s0"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().removeprefix("flood: "))
        return json.loads(done.stdout)

    def group(self, rows):
        """Rows that share a set-up."""
        path = paths.PATHS.get(rows[0].path)
        self.first = 0
        try:
            paths.set_up()
            (path.setup if path else paths.drop)(rows[0].services)
        except (RuntimeError, KeyError) as why:
            for row in rows:
                self.show(row, {"failed": str(why)})
            paths.tear_down()
            return
        # Multicast reports of new devices; a sleep costs nothing with this clock.
        time.sleep(15)
        for row in rows:
            try:
                if row.flows > 100000 and row.path.startswith("nft"):
                    paths.run(f"sysctl -qw net.netfilter.nf_conntrack_max={2 * row.flows}")
                result = self.flood(row, paths.PATHS.get(row.path))
            except RuntimeError as why:
                result = {"failed": str(why)}
            self.show(row, result)
        paths.tear_down()

    def show(self, row, result):
        self.done += 1
        said = f"{result['instructions']:.0f}" if "instructions" in result else result["failed"]
        print(f"# {self.done}/{len(self.rows)} {row}: {said}", flush=True)
        print("ROW", json.dumps({**vars(row), **result}), flush=True)

    def all(self):
        groups = collections.defaultdict(list)
        for row in self.rows:
            path = paths.PATHS.get(row.path)
            many = row.path if row.flows > 10000 else ""
            groups[path and path.setup, row.services, many].append(row)
        for rows in groups.values():
            self.group(rows)


def memory_used():
    """Bytes that the kernel's allocators hold, by their own accounts."""
    used = 0
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, value = line.split()[:2]
            if name in ("Slab:", "VmallocUsed:", "Percpu:"):
                used += int(value) * 1024
    return used


def objects():
    with open("/proc/slabinfo", encoding="ascii") as file:
        return {words[0]: (int(words[1]), int(words[3]))
                for words in (line.split() for line in list(file)[2:])}


def memory(bench, name, family):
    """What flows take: the slabs that grew by one object a flow, and all that grew."""
    paths.set_up()
    paths.PATHS[name].setup(1)
    time.sleep(15)
    paths.run(f"sysctl -qw net.netfilter.nf_conntrack_max={4 * FLOWS_FOR_MEMORY}")
    row = Row(name.replace("-nat", "").replace("-dnat", "") + "-new", family)
    before, used = objects(), memory_used()
    COUNT["new"] = FLOWS_FOR_MEMORY // 2
    bench.flood(row, paths.PATHS[row.path])
    grown = {slab: size for slab, (active, size) in objects().items()
             if active - before.get(slab, (0, 0))[0] > FLOWS_FOR_MEMORY * 0.9}
    report = {"path": name, "family": family, "slabs": grown, "bytes": sum(grown.values()),
              "all": round((memory_used() - used) / FLOWS_FOR_MEMORY)}
    if name.startswith("slr"):
        settings = json.loads(paths.run(f"{os.environ['SLR']} -j settings show", ns="gw"))
        settings = settings[0] if isinstance(settings, list) else settings
        report["module"] = settings[f"flow-bytes-v{family}"]
    print("MEMORY", json.dumps(report), flush=True)
    paths.tear_down()


def main():
    rows = [Row(**json.loads(word)) for word in sys.argv[2:]]
    subprocess.run(["modprobe", "-qa", *paths.MODULES.split()], check=False)
    if any(row.path.startswith("slr") for row in rows):
        loaded = subprocess.run(["insmod", os.environ["SLR_KO"]], check=False)
        print("# slr is loaded" if loaded.returncode == 0 else "# slr cannot be loaded", flush=True)
    bench = Bench(rows)
    bench.all()
    if "SLR_BENCH_TIMED" in os.environ:
        shutil.copyfile("/proc/kallsyms", "build/bench/kallsyms")
    for name in sys.argv[1].split(","):
        for family in (4, 6):
            try:
                if name:
                    memory(bench, name, family)
            except RuntimeError as why:
                print(f"# memory of {name}: {why}", flush=True)
                paths.tear_down()


if __name__ == "__main__":
    main()
