#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measures the rows named on its command line; runs in the virtual machine.

Prints a line "ROW {...}" for each row and "MEMORY {...}" for what flows and the like take.
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
MANY_FOR_MEMORY = 2500
# How many of them a step of a setup makes: UDP and TCP, IPv4 and IPv6.
EACH = {"service": 4, "tunnel": 2, "route": 2, "customer": 1}


class Bench:
    def __init__(self, rows):
        self.rows, self.done, self.started = rows, 0, time.monotonic()
        self.first = 0

    def flood(self, row, path):
        """One row on a gateway that is set up; each takes flows of its own."""
        count = timed = COUNT[row.mode]
        if row.size > 10000:
            # What takes long by itself; fewer would let the timer's ticks show.
            count, timed = 1000, 3000
        if row.flows > 100000:
            count = timed = MANY
        timed = int(os.environ.get("SLR_BENCH_TIMED", timed))
        words = f"--family {row.family} --proto {row.proto} --size {row.size} --flows {row.flows}"
        words += f" --count {count} --timed {timed} --first {self.first} --mode {row.mode}"
        if path is None:
            words += f" --blind --to {paths.VIRTUAL[row.family]},80 --real {paths.SERVER[row.family]},8080"
            words += f" --base {paths.CLIENTS[row.family]}"
            words += paths.from_site(row.family) if row.path == "drop-site" else ""
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
            paths.set_up(headroom=path is not None and path.outer != "none")
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


def at_rest():
    """Waits until what comes and goes has gone: work that was put off, names of files and the like."""
    time.sleep(15)
    paths.run("sysctl -qw vm.drop_caches=3 vm.stat_refresh=1")


def memory_used():
    """Bytes that the kernel's allocators hold, by their own accounts."""
    used = 0
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, value = line.split()[:2]
            if name in ("Slab:", "VmallocUsed:", "Percpu:"):
                used += int(value) * 1024
    return used


def slabs():
    """By name: objects in use, their size, bytes of all slabs."""
    with open("/proc/slabinfo", encoding="ascii") as file:
        return {words[0]: (int(words[1]), int(words[3]), int(words[5]) * int(words[14]) * 4096)
                for words in (line.split() for line in list(file)[2:])}


def memory_beside():
    """Bytes that are held beside slabs of objects: in large pieces, such as an index is."""
    return memory_used() - sum(size for _, _, size in slabs().values())


def memory_of_flows(bench, name, family):
    """What flows take: the slabs that grew by one object a flow, and the index beside them."""
    paths.set_up()
    paths.PATHS[name].setup(1)
    paths.run(f"sysctl -qw net.netfilter.nf_conntrack_max={4 * FLOWS_FOR_MEMORY}")
    row = Row(paths.in_mode(name, "new"), family)
    at_rest()
    # What the first packets make once is none of a flow's.
    COUNT["new"] = 50
    bench.flood(row, paths.PATHS[row.path])
    at_rest()
    before, beside = slabs(), memory_beside()
    COUNT["new"] = FLOWS_FOR_MEMORY // 2
    bench.flood(row, paths.PATHS[row.path])
    grown = {slab: size for slab, (active, size, _) in slabs().items()
             if active - before.get(slab, (0,))[0] > FLOWS_FOR_MEMORY * 0.9}
    paths.run("sysctl -qw vm.stat_refresh=1")
    size = sum(grown.values())
    say_memory(name, family, "flow", size, size + (memory_beside() - beside) / FLOWS_FOR_MEMORY, grown)


def memory_of_many(name, of):
    """What one more of them takes, by what many take more than one."""
    used = []
    for count in (1, MANY_FOR_MEMORY):
        paths.set_up()
        at_rest()
        before = memory_used()
        paths.MEMORY[name, of](count)
        at_rest()
        used.append(memory_used() - before)
        paths.tear_down()
    each = (used[1] - used[0]) / (MANY_FOR_MEMORY - 1) / EACH[of]
    say_memory(name, 0, of, round(each), each, {})


def say_memory(name, family, of, size, everything, slabs):
    print("MEMORY", json.dumps({"path": name, "family": family, "of": of, "bytes": size, "all": round(everything),
                                "slabs": slabs}), flush=True)
    print(f"# memory of a {of}, {name}: {size} bytes", flush=True)


def memory(bench, jobs):
    """Of flows of a path, or PATH:KIND of what there is many of."""
    for name in jobs:
        path, _, of = name.partition(":")
        try:
            if of:
                memory_of_many(path, of)
                continue
            for family in (4, 6):
                memory_of_flows(bench, path, family)
                paths.tear_down()
        except RuntimeError as why:
            print(f"# memory: {why}", flush=True)
            paths.tear_down()


def main():
    of_memory, *words = sys.argv[1:]
    rows = [Row(**json.loads(word)) for word in words]
    subprocess.run(["modprobe", "-qa", *paths.MODULES.split()], check=False)
    if "slr" in of_memory or any(row.path.startswith("slr") for row in rows):
        loaded = subprocess.run(["insmod", os.environ["SLR_KO"]], check=False)
        print("# slr is loaded" if loaded.returncode == 0 else "# slr cannot be loaded", flush=True)
    paths.spread_neighbours()
    bench = Bench(rows)
    bench.all()
    if "SLR_BENCH_TIMED" in os.environ:
        shutil.copyfile("/proc/kallsyms", "build/bench/kallsyms")
    memory(bench, of_memory.split(",") if of_memory else [])


if __name__ == "__main__":
    main()
