# SPDX-License-Identifier: GPL-2.0
"""Which rows there are, in which set, and which of them were asked for."""

import dataclasses
import fnmatch

from paths import PATHS

SUPER = 65160  # a full super-packet, as receive offload makes it


@dataclasses.dataclass(frozen=True)
class Row:
    path: str = ""
    family: int = 4
    proto: str = "udp"
    size: int = 60
    flows: int = 64
    services: int = 1

    @property
    def mode(self):
        if self.path in PATHS:
            return PATHS[self.path].mode
        return "flow" if self.path == "drop-site" else self.path.removeprefix("drop-")

    @property
    def floor(self):
        """The row that this one is a multiple of."""
        return Row("tc-mirred-connect" if self.mode == "connect" else "tc-mirred", self.family, self.proto, self.size)

    @property
    def base(self):
        """The row that holds the cost of generator and drop, of the same packets."""
        site = self.path in PATHS and PATHS[self.path].site
        return Row("drop-site" if site else f"drop-{self.mode.replace('new', 'flow')}",
                   self.family, self.proto, self.size)

    def __str__(self):
        name = f"{self.path}/{self.family}/{self.proto}/{self.size}/{self.flows}"
        return name if self.services == 1 else f"{name}/{self.services}"


def traffic():
    return [(f, p, s) for f in (4, 6) for p in ("udp", "tcp") for s in (60, 1400)]


def full():
    rows = [Row(path, *t) for path in PATHS if PATHS[path].mode == "flow" for t in traffic()]
    for path in ("tc-mirred", "ip-forward", "nft-dnat", "nft-flowtable", "ipvs-nat", "slr-nat", "slr-fullnat",
                 "ipvs-dr", "slr-direct", "ipvs-tun", "slr-tunnel"):
        rows += [Row(path, f, "tcp", SUPER) for f in (4, 6)]
    # What leaves many flows behind comes last: they are collected while the next row is measured.
    for name in ("nft", "nft-flowtable", "ipvs", "slr"):
        rows += [Row(f"{name}-reply", f, p) for f in (4, 6) for p in ("udp", "tcp")]
        rows += [Row(f"{name}-connect", f, "tcp") for f in (4, 6)]
    for name in ("nft", "ipvs", "slr"):
        rows += [Row(f"{name}-new", f, p) for f in (4, 6) for p in ("udp", "tcp")]
    return rows


def short():
    """What continuous integration compares with the reference."""
    nat = ("tc-mirred", "nft-flowtable", "ipvs-nat", "slr-nat")
    rows = [Row(p, f) for f in (4, 6) for p in nat]
    rows += [Row(p, 4, "tcp", s) for s in (60, SUPER) for p in nat]
    rows += [Row(p, 4, "udp") for p in ("slr-fullnat", "slr-reply", "ipvs-tun", "slr-tunnel", "slr-switch")]
    rows += [Row(p, 4, "tcp") for p in ("ipvs-new", "slr-new", "ipvs-connect", "slr-connect")]
    return rows


def scale():
    rows = []
    for path in ("nft-dnat", "nft-flowtable", "ipvs-nat", "slr-nat"):
        rows += [Row(path, 4, "udp", 60, n) for n in (1, 10000, 1000000)]
        if path != "nft-flowtable":
            rows += [Row(path, 4, "udp", 60, 64, 10000)]
    # What many flows cost the generator, and senders that no cache of a device remembers.
    rows += [Row("tc-mirred", f, "udp", 60, 1000000) for f in (4, 6)]
    rows += [Row("slr-nat", 6, "udp", 60, n) for n in (1, 10000, 1000000)]
    rows += [Row("slr-tunnel", 4, "udp", 60, n) for n in (1, 10000, 1000000)]
    # Of customers, with tunnels of their own.
    rows += [Row(path, 4, "udp", 60, 64, n) for path in ("slr-switch", "slr-route", "slr-decap", "slr-tunnel")
             for n in (1, 1000, 10000)]
    rows += [Row(f"{name}-new", 4, "udp", 60, 64, 10000) for name in ("nft", "ipvs", "slr")]
    return rows


SETS = {"full": full, "short": short, "scale": scale}


def matching(sets, patterns):
    """The rows of the sets that match a pattern, by path or whole name; all if there is none."""
    rows = dict.fromkeys(row for name in sets for row in SETS[name]())
    return [row for row in rows if not patterns or
            any(fnmatch.fnmatch(row.path, p) or fnmatch.fnmatch(str(row), p) for p in patterns)]


def chosen(sets, patterns):
    """The same, with the floors and baselines they need before them."""
    rows = matching(sets, patterns)
    rows = dict.fromkeys([row.floor for row in rows] + rows)
    return dict.fromkeys([row.base for row in rows] + list(rows))
