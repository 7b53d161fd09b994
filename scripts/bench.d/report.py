# SPDX-License-Identifier: GPL-2.0
"""What is made of the measured rows: table, JSON, chart, comparison with the reference."""

import json
import pathlib

from rows import SUPER, Row

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE / "reference.json"
CHART = HERE.parents[1] / "Documentation" / "bench.svg"
TOLERANCE = 0.02
# Instructions that a row may differ though nothing changed: a timer's tick more or less.
NOISE = 15
RIVALS = {"flow": ("nft-flowtable", "nft-dnat", "ipvs-nat"),
          "reply": ("nft-flowtable-reply", "nft-reply", "ipvs-reply"),
          "new": ("nft-new", "ipvs-new"),
          "connect": ("nft-flowtable-connect", "nft-connect", "ipvs-connect")}


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
    for row, values in results.items():
        floor = results.get(row.floor)
        values["floor_ratio"] = round(values["net"] / floor["net"], 3) if floor else None
    return results, failed


def as_json(results):
    lines = [json.dumps({**vars(row), **values}) for row, values in results.items()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def load(path):
    names = list(vars(Row()))
    return {Row(**{n: entry[n] for n in names}): entry for entry in json.loads(path.read_text(encoding="ascii"))["rows"]}


def store(results, memory):
    lines = ",\n".join(json.dumps({**vars(row), **values}) for row, values in results.items())
    said = ",\n".join(json.dumps(entry) for entry in memory)
    REFERENCE.write_text(f'{{"rows": [\n{lines}\n], "memory": [\n{said}\n]}}\n', encoding="ascii")
    chart(results, CHART)


def compare(results, memory):
    """Lines about slr's rows that cost more than the reference, beyond the tolerance."""
    if not REFERENCE.exists():
        return ["there is no reference: make one with scripts/bench --store"]
    reference, worse = load(REFERENCE), []
    for row, values in results.items():
        old = reference.get(row)
        if old and row.path.startswith("slr") and values["net"] > old["net"] * (1 + TOLERANCE) + NOISE:
            worse.append(f"{row}: {values['net']} instructions, the reference has {old['net']}")
    old = {(e["path"], e["family"]): e for e in json.loads(REFERENCE.read_text(encoding="ascii"))["memory"]}
    for entry in memory:
        was = old.get((entry["path"], entry["family"]))
        if was and entry["path"].startswith("slr") and entry["bytes"] > was["bytes"]:
            worse.append(f"{entry['path']}/{entry['family']}: {entry['bytes']} bytes a flow, the reference has {was['bytes']}")
    return worse


def size_name(size):
    return "super" if size == SUPER else str(size)


def table(results, memory):
    print(f"{'path':22}{'ip':>3}{'proto':>6}{'size':>7}{'flows':>9}{'svcs':>7}{'net':>8}{'x floor':>9}   ratio to rivals")
    for row, values in results.items():
        ratios = ""
        for rival in RIVALS[row.mode] if row.path.startswith("slr") else ():
            other = results.get(Row(rival, row.family, row.proto, row.size, row.flows, row.services))
            if other:
                ratios += f"  {rival} {values['net'] / other['net']:.2f}"
        floor = f"{values['floor_ratio']:.2f}" if values["floor_ratio"] else "-"
        print(f"{row.path:22}{row.family:>3}{row.proto:>6}{size_name(row.size):>7}{row.flows:>9}{row.services:>7}"
              f"{values['net']:>8}{floor:>9} {ratios}")
    for entry in memory:
        print(f"memory of a flow, {entry['path']}, IPv{entry['family']}: {entry['bytes']} bytes"
              f" ({', '.join(f'{k} {v}' for k, v in entry['slabs'].items()) or 'no slab of its own'};"
              f" {entry['all']} with index and all){', the module says %d' % entry['module'] if 'module' in entry else ''}")


def chart(results, path):
    """Bars of what a packet of 60 bytes costs, UDP over IPv4 and IPv6."""
    import matplotlib  # takes a second to load
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "slr"
    from matplotlib import pyplot

    names = [row.path for row in results if (row.family, row.proto, row.size, row.flows, row.services)
             == (4, "udp", 60, 64, 1) and row.mode in ("flow", "new")]
    names.sort(key=lambda name: results[Row(name)]["net"])
    if not names:
        return
    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 0.36 * len(names)))
    for offset, family, shade in ((0.2, 4, 1.0), (-0.2, 6, 0.55)):
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
