# SPDX-License-Identifier: GPL-2.0
"""What is made of the measured rows: table, JSON, chart, comparison with the reference."""

import dataclasses
import json
import pathlib

from paths import PATHS
from rows import SUPER, Row

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE / "reference.json"
CHART = HERE.parents[1] / "Documentation" / "bench.svg"
TOLERANCE = 0.02
# Instructions that a row may differ though nothing changed: a timer's tick more or less.
NOISE = 15
BRIEF = {"nft-flowtable": "flowtable", "nft-dnat": "nft", "ipvs-nat": "ipvs"}
RENEW = "if that is meant, renew the reference (make bench-reference, ROWS= for a few) and say why in the commit"


def net(found):
    """Subtracts generator and drop; returns results by row, and what failed."""
    results, failed = {}, []
    for row, values in found.items():
        if "failed" in values:
            failed.append((row, values["failed"]))
        elif not row.path.startswith("drop-"):
            base = found.get(row.base, {}).get("instructions")
            if base is None:
                failed.append((row, "its baseline failed"))
            else:
                results[row] = {"insn": round(values["instructions"]), "net": round(values["instructions"] - base)}
    for row in list(results):
        floor = results.get(row.floor)
        if floor:
            results[row]["floor_ratio"] = round(results[row]["net"] / floor["net"], 3)
        else:
            del results[row]
            failed.append((row, "its floor failed"))
    return results, failed


def as_json(results):
    lines = [json.dumps({**vars(row), **values}) for row, values in results.items()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def load():
    """The reference: rows and what is known of memory; nothing if there is none."""
    if not REFERENCE.exists():
        return {}, {}
    stored, names = json.loads(REFERENCE.read_text(encoding="ascii")), list(vars(Row()))
    return ({Row(**{n: entry.pop(n) for n in names}): entry for entry in stored["rows"]},
            {memory_name(entry): entry for entry in stored["memory"]})


def store(results, memory):
    """Puts what was measured into the reference; rows that are no more leave it."""
    rows, said = load()
    rows = {row: values for row, values in {**rows, **results}.items() if row.path in PATHS}
    said = {**said, **{memory_name(entry): entry for entry in memory}}
    lines = ",\n".join(json.dumps({**vars(row), **rows[row]}) for row in sorted(rows, key=str))
    more = ",\n".join(json.dumps(said[name]) for name in sorted(said))
    REFERENCE.write_text(f'{{"rows": [\n{lines}\n], "memory": [\n{more}\n]}}\n', encoding="ascii")
    chart(rows, CHART)


def memory_name(entry):
    return f"{entry['path']}/{entry['family'] or 'all'}/bytes a {entry['of']}"


def compare(results, memory):
    """What was looked at, and why it is bad if it is: a row is there only if all of it arrived."""
    verdicts = {}
    rows, said = load()
    for row, values in results.items():
        name, old = f"bench: {row}", rows.get(row)
        if not row.path.startswith("slr"):
            verdicts[f"{name} arrives as it must"] = None
        elif old is None:
            verdicts[name] = "has no reference: store one (make bench-reference)"
        else:
            noise = NOISE * values["floor_ratio"] / values["net"]
            bad = values["floor_ratio"] > old["floor_ratio"] * (1 + TOLERANCE) + noise
            verdicts[name] = f"{values['floor_ratio']} x floor, the reference has {old['floor_ratio']}: {RENEW}" if bad else None
    for entry in memory:
        name = memory_name(entry)
        if entry["path"].startswith("slr"):
            old = said.get(name, {}).get("bytes", 0)
            bad = entry["bytes"] > old * (1 + TOLERANCE)
            verdicts[f"bench: {name}"] = f"{entry['bytes']}, the reference has {old}: {RENEW}" if bad else None
    return verdicts


def size_name(size):
    return "super" if size == SUPER else str(size)


def ratios(row, results):
    """What a row costs as a share of each rival in the same traffic."""
    for rival in PATHS[row.path].rivals:
        other = results.get(dataclasses.replace(row, path=rival))
        if other:
            name = rival.removesuffix(f"-{row.mode}")
            yield f"{BRIEF.get(name, name)} {results[row]['net'] / other['net']:.2f}"


def table(results, memory):
    """At most 100 columns wide."""
    print(f"{'path':21}{'ip':>2}{'proto':>6}{'size':>6}{'flows':>8}{'svcs':>6}{'net':>7}{'x floor':>8}  x rivals")
    for row, values in results.items():
        print(f"{row.path:21}{row.family:>2}{row.proto:>6}{size_name(row.size):>6}{row.flows:>8}{row.services:>6}"
              f"{values['net']:>7}{values['floor_ratio']:>8.2f}  {', '.join(ratios(row, results))}".rstrip())
    if memory:
        print(f"\n{'memory':21}{'ip':>2}{'of a':>9}{'bytes':>7}{'all':>7}  objects")
    for entry in memory:
        print(f"{entry['path']:21}{entry['family'] or '':>2}{entry['of']:>9}{entry['bytes']:>7}{entry['all']:>7}"
              f"  {', '.join(f'{name} {size}' for name, size in entry['slabs'].items())}".rstrip())


def chart(results, path):
    """Bars of what a packet of 60 bytes costs, UDP over IPv4 and IPv6."""
    import matplotlib  # takes a second to load
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "slr", "svg.fonttype": "none"})
    from matplotlib import pyplot

    names = [row.path for row in results if (row.family, row.proto, row.size, row.flows, row.services)
             == (4, "udp", 60, 64, 1) and row.mode in ("flow", "new")]
    names.sort(key=lambda name: results[Row(name)]["net"])
    if not names:
        return
    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 0.36 * len(names)))
    for offset, family, shade in ((-0.2, 4, 1.0), (0.2, 6, 0.55)):
        for i, name in enumerate(names):
            values = results.get(Row(name, family))
            if not values:
                continue
            color = "#b5402b" if name.startswith("slr") else "#7a7a7a" if name.startswith("tc-") else "#3b6ea5"
            axes.barh(i + offset, values["net"], height=0.38, color=color, alpha=shade)
            axes.text(values["net"] + 40, i + offset, f"{values['net']:,} (IPv{family})", va="center", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel("instructions per packet, UDP, 60 bytes, without generator and drop", fontsize=9)
    axes.margins(x=0.12)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
