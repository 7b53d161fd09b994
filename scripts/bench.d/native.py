# SPDX-License-Identifier: GPL-2.0
"""What instruction counts do not show: cache misses and a second CPU, in nanoseconds.

Runs the module in a kernel that is a process of this machine (scripts/native-kernel)
and prints medians over many rounds, with quartiles, net of generator and drop.
"""

import json
import os
import pathlib
import statistics
import subprocess

OUT = pathlib.Path("build/bench-native.json")
DROP = "drop"
FLOOR = "tc-mirred"
FEW, SOME, MANY = 1000, 100000, 1000000
# Machines: the paths that take turns in one, and cases of flows and CPUs. Many flows of one path have
# a machine of their own, for collecting them takes time of everybody's. IPVS would look for each of a
# million flows in a chain of hundreds, and take most of an hour to open them; flows that are few in
# such a table would be found as slowly as the many.
MACHINES = [
    ([FLOOR, "slr-nat", "nft-flowtable", "ipvs-nat"], [(FEW, 1), (FEW, 2)]),
    ([FLOOR, "slr-nat"], [(FEW, 1), (SOME, 1), (MANY, 1)]),
    ([FLOOR, "nft-flowtable"], [(FEW, 1), (SOME, 1), (MANY, 1)]),
    ([FLOOR, "ipvs-nat"], [(SOME, 1)]),
]
COUNT, ROUNDS = 100000, 11


def kernel():
    """Builds kernel and module unless they are there; returns the folder and the module."""
    subprocess.run(["scripts/native-kernel", "build"], check=True)
    folder, release = (subprocess.run(["scripts/native-kernel", word], check=True, text=True, capture_output=True)
                       .stdout.strip() for word in ("path", "release"))
    subprocess.run(["scripts/kbuild"], check=True, env={**os.environ, "KDIR": folder})
    return folder, f"{os.getcwd()}/build/{release}/slr.ko"


def measured(paths, cases, folder, module):
    """One machine; returns nanoseconds by (path or drop, flows, CPUs), nothing if it failed."""
    wish = {"paths": [DROP, *paths], "cases": cases, "count": COUNT, "rounds": ROUNDS}
    guest = subprocess.Popen(["scripts/vm", "--kernel", folder, "--log", "build/native-kernel.log", "--timeout", "3600",
                              "--", "scripts/bench.d/native_guest.py", json.dumps(wish)],
                             stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                             env={"SLR_VM_MEMORY": "5G", **os.environ, "SLR_KO": module})
    found = {}
    for line in guest.stdout:
        kind, _, rest = line.partition(" ")
        if kind == "CASE":
            case = json.loads(rest)
            found[case["path"], case["flows"], case["cpus"]] = case["ns"]
        else:
            print(line, end="", flush=True)
    if guest.wait():
        print(f"# failed with status {guest.returncode}; the kernel's log is build/native-kernel.log", flush=True)
        return {}
    return found


def net(found, few):
    """Subtracts the drop of the same round; returns medians and quartiles for each row.

    few holds for each path what it took with few flows, in this machine or an earlier one.
    """
    rows = []
    for (path, flows, cpus), spent in found.items():
        if path != DROP:
            low, median, high = statistics.quantiles(
                (ns - base for ns, base in zip(spent, found[DROP, flows, cpus])), n=4, method="inclusive")
            rows.append({"path": path, "family": 4, "proto": "udp", "size": 60, "flows": flows, "cpus": cpus,
                         "ns": round(median, 1), "quartiles": [round(low, 1), round(high, 1)]})
    # What is lost in the noise is no measure.
    by_case = {(row["path"], row["flows"], row["cpus"]): row["ns"] for row in rows if row["quartiles"][0] > 0}
    few.update({path: ns for (path, flows, cpus), ns in by_case.items() if (flows, cpus) == (FEW, 1)})
    for row in rows:
        row["floor_ratio"] = ratio(row["ns"], by_case.get((FLOOR, row["flows"], row["cpus"])))
        row["few_ratio"] = ratio(row["ns"], few.get(row["path"]))
    return sorted(rows, key=lambda row: (row["flows"], row["cpus"]))


def ratio(ns, base):
    return round(ns / base, 2) if base else None


def table(rows):
    """Prints what one machine found."""
    print(f"\n{'path':18}{'flows':>9}{'CPUs':>6}{'net ns':>9}{'quartiles':>18}{'x floor':>9}{f'x {FEW} flows':>14}")
    for row in rows:
        low, high = row["quartiles"]
        print(f"{row['path']:18}{row['flows']:>9}{row['cpus']:>6}{row['ns']:>9.0f}{f'{low:.0f} to {high:.0f}':>18}"
              f"{row['floor_ratio'] or '-':>9}{row['few_ratio'] or '-':>14}", flush=True)
    print()


def run():
    results, few = [], {}
    try:
        folder, module = kernel()
    except subprocess.CalledProcessError:
        return 1    # which has said why
    for number, (paths, cases) in enumerate(MACHINES, 1):
        print(f"# machine {number} of {len(MACHINES)}: {', '.join(paths)}", flush=True)
        rows = net(measured(paths, cases, folder, module), few)
        if not rows:
            return 1
        table(rows)
        results += [{"machine": number, **row} for row in rows]
        OUT.write_text("[\n" + ",\n".join(map(json.dumps, results)) + "\n]\n", encoding="ascii")
    return 0
