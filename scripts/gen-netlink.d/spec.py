# SPDX-License-Identifier: GPL-2.0
"""The specification, numbered and cross-checked."""

import yaml


class SpecError(Exception):
    """The spec says something that this generator or the kernel cannot express."""


class Attr:
    """One attribute of a set."""

    def __init__(self, set_name, number, raw):
        self.name = raw["name"]
        self.number = number
        self.type = raw["type"]
        self.doc = raw.get("doc", "")
        self.nested = raw.get("nested-attributes")
        self.enum = raw.get("enum")
        self.checks = raw.get("checks", {})
        self.hint = raw.get("display-hint")
        self.multi = raw.get("multi-attr", False)
        where = f"{set_name}.{self.name}"
        if not self.doc:
            raise SpecError(f"{where} has no doc")
        if self.type not in ("flag", "u8", "u16", "u32", "u64", "string", "binary", "nest"):
            raise SpecError(f"{where}: type {self.type} is not supported")
        if self.type == "binary" and self.hint not in ("ipv4-or-v6", "mac", "hex"):
            raise SpecError(f"{where}: a binary is an address, mac or hex")


class Op:
    """One operation or notification."""

    def __init__(self, number, raw):
        self.name = raw["name"]
        self.number = number
        self.doc = raw["doc"]
        self.set = raw["attribute-set"]
        self.flags = raw.get("flags", [])
        self.group = raw.get("mcgrp")
        self.event = raw.get("event", {}).get("attributes")
        self.modes = {m: raw[m] or {} for m in ("do", "dump") if m in raw}

    def attrs(self, mode, half):
        """Names of the attributes of one half ("request" or "reply") of a mode."""
        return self.modes[mode].get(half, {}).get("attributes", [])


class Spec:
    """The file, numbered and cross-checked."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            raw = yaml.safe_load(f)
        self.name, self.doc = raw["name"], raw["doc"]
        self.enums = {d["name"]: d for d in raw["definitions"]}
        for enum in self.enums.values():
            number(enum["entries"], 0)
        self.sets, self.set_docs = {}, {}
        for s in raw["attribute-sets"]:
            number(s["attributes"], 1)
            attrs = [Attr(s["name"], a["value"], a) for a in s["attributes"]]
            self.sets[s["name"]] = {a.name: a for a in attrs}
            self.set_docs[s["name"]] = s["doc"]
        number(raw["operations"]["list"], 1)
        self.ops = [Op(o["value"], o) for o in raw["operations"]["list"]]
        self.groups = [g["name"] for g in raw["mcast-groups"]["list"]]
        self.check()

    def check(self):
        """Every name that is used is defined."""
        for set_name, attrs in self.sets.items():
            for a in attrs.values():
                if a.nested and a.nested not in self.sets or a.enum and a.enum not in self.enums:
                    raise SpecError(f"{set_name}.{a.name} refers to what is not defined")
        for op in self.ops:
            used = list(op.event or [])
            for mode in op.modes:
                used += op.attrs(mode, "request") + op.attrs(mode, "reply")
            for name in used:
                if name not in self.sets[op.set]:
                    raise SpecError(f"{op.name} uses {name}, which is not in {op.set}")
            if op.group and op.group not in self.groups:
                raise SpecError(f"{op.name} goes to an unknown group")

    def requested_nests(self):
        """Attribute sets that appear nested in a request, in the order of the file."""
        todo = [self.sets[op.set][n] for op in self.ops for m in op.modes
                for n in op.attrs(m, "request")]
        found = set()
        while todo:
            a = todo.pop()
            if a.nested and a.nested not in found:
                found.add(a.nested)
                todo += self.sets[a.nested].values()
        return [s for s in self.sets if s in found]


def number(entries, start):
    """Fills in the implicit "value"s."""
    value = start
    for e in entries:
        value = e.setdefault("value", value) + 1
