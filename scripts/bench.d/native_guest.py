#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measures in turn, on the kernel of scripts/native-kernel, as native.py asks.

For each path, one of which is the drop, a gateway of its own stands ready with all
flows open; then the generators are let loose one after the other, again and
again, so that whatever else the machine does falls on all alike. Prints for each path
and case a line "CASE {...}" with nanoseconds that the kernel ran for a packet, one
for each round.
"""

import json
import os
import subprocess
import sys
import time

import paths

FLOOD = "build/bench/flood"
DROP = "drop"
TIMEOUTS = ("conntrack_udp_timeout", "conntrack_udp_timeout_stream", "flowtable_udp_timeout")
# More flows than that are opened by what the client sends alone: thrice as fast, and all but flow
# tables have enough of it.
BOTH_WAYS = 100000


def keep_flows(path):
    """Flows must not be forgotten while others are opened and while they wait for their turn."""
    if path.startswith("slr"):
        service = f"{paths.VIRTUAL[4]}:80/udp"
        paths.run(f"{os.environ['SLR']} service set {service} timeout udp 1h timeout udp-replied 1h", ns="gw")
    elif path.startswith("ipvs"):
        paths.run("ipvsadm --set 0 0 3600", ns="gw")
    else:
        paths.run("sysctl -qw " + " ".join(f"net.netfilter.nf_{timeout}=3600" for timeout in TIMEOUTS), ns="gw")


class Generator:
    """A flood that has checked its packets and waits to be let loose."""

    def __init__(self, name, cpu, first, flows, count):
        path = paths.PATHS.get(name)
        self.count = count
        words = f"--turns --cpu {cpu} --flows {flows} --first {first} --count 1000 --timed {count}"
        if path is None:
            words += f" --blind --to {paths.VIRTUAL[4]},80 --real {paths.SERVER[4]},8080 --base {paths.CLIENTS[4]}"
        else:
            words += f" {path.arguments(4)}"
            if flows > BOTH_WAYS and name != "nft-flowtable":
                words += " --open forward"
        self.flood = subprocess.Popen(
            [FLOOD, *words.split(), f"{paths.in_place('cli')}:c0", f"{paths.in_place('srv')}:s0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.flood.stdout.readline() != "ready\n":
            raise RuntimeError(f"{name}: not every packet arrived as it must")

    def start(self):
        self.flood.stdin.write("\n")
        self.flood.stdin.flush()

    def wait(self):
        if self.flood.stdout.readline() != "done\n":
            raise RuntimeError("a generator ended")


class Clock:
    """Shows how long CPUs have run the kernel's code, whatever else this machine is busy with."""

    def __init__(self):
        self.line = open(os.environ["SLR_CPU_TIME"], "r+b", buffering=0)

    def read(self, cpus):
        self.line.write(b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.line.read(64)
        return sum(int(word) for word in answer.split()[:cpus])


class Gateway:
    """A path that is set up, with its generators by what they are for."""

    def __init__(self, name, cases, count):
        self.name, self.place = name, "-" + name
        paths.PLACE = self.place
        paths.set_up()
        path = paths.PATHS.get(name)
        (path.setup if path else paths.drop)(1)
        keep_flows(name)
        self.generators, first = {}, 0
        for flows, cpus in cases:
            self.generators[flows, cpus] = []
            for cpu in range(cpus):
                self.generators[flows, cpus].append(Generator(name, cpu, first, flows, count))
                first += flows
        self.spent = {case: [] for case in self.generators}

    def arrived(self):
        shown = paths.run(f"ip -n srv{self.place} -s -j link show s0")
        return json.loads(shown)[0]["stats64"]["rx"]["packets"]

    def turn(self, case, clock):
        generators, before, started = self.generators[case], self.arrived(), clock.read(case[1])
        for generator in generators:
            generator.start()
        for generator in generators:
            generator.wait()
        self.spent[case].append((clock.read(case[1]) - started) / sum(generator.count for generator in generators))
        sent = 0 if self.name == DROP else sum(generator.count for generator in generators)
        if self.arrived() - before != sent:
            raise RuntimeError(f"{self.name}: {self.arrived() - before} of {sent} packets arrived")


def main():
    wish = json.loads(sys.argv[1])
    cases = [tuple(case) for case in wish["cases"]]
    subprocess.run(["insmod", os.environ["SLR_KO"]], check=True)
    paths.run("sysctl -qw net.netfilter.nf_conntrack_max=8000000")
    gateways, clock = [], Clock()
    for name in wish["paths"]:
        started = time.monotonic()
        gateways.append(Gateway(name, cases, wish["count"]))
        print(f"# {name} has its flows, {time.monotonic() - started:.0f} s", flush=True)
    for i in range(wish["rounds"]):
        for case in cases:
            for gateway in gateways:
                gateway.turn(case, clock)
        print(f"# round {i + 1} of {wish['rounds']}", flush=True)
    for gateway in gateways:
        for (flows, cpus), spent in gateway.spent.items():
            print("CASE", json.dumps({"path": gateway.name, "flows": flows, "cpus": cpus, "ns": spent}), flush=True)
    os._exit(0)  # the generators end with the machine


if __name__ == "__main__":
    main()
