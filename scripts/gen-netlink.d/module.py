# SPDX-License-Identifier: GPL-2.0
"""For the module: numbers, and what each operation accepts."""

from spec import SpecError
from words import BANNER, WIDTH, comment, header, limits, rust_str, snake, upper


def uapi(spec):
    out = header([
        "The numbers of the control interface.", "", BANNER,
    ], "dead_code")
    out += ["/// Name of the generic netlink family.",
            f'pub(crate) const FAMILY: &str = "{spec.name}";', "",
            "/// Version of the family.", "pub(crate) const VERSION: u8 = 1;", "",
            "/// Operations and notifications.", "pub(crate) mod cmd {"]
    for op in spec.ops:
        out += comment(op.doc, 4)
        out.append(f"    pub(crate) const {upper(op.name)}: u8 = {op.number};")
    out += ["}", "", "/// Multicast groups, by their place in the family's list.",
            "pub(crate) mod group {"]
    for i, g in enumerate(spec.groups):
        out.append(f"    /// Place of `{g}`.")
        out.append(f"    pub(crate) const {upper(g)}: u32 = {i};")
        out.append("    /// What clients call it.")
        out.append(f"    pub(crate) const {upper(g)}_NAME: &str = {rust_str(g)};")
    out += ["}", "", "/// Attributes, a module a set.", "pub(crate) mod attr {"]
    for i, (name, attrs) in enumerate(spec.sets.items()):
        out += [""] if i else []
        out += comment(spec.set_docs[name], 4)
        out.append(f"    pub(crate) mod {snake(name)} {{")
        for a in attrs.values():
            out += comment(a.doc, 8)
            out.append(f"        pub(crate) const {upper(a.name)}: u16 = {a.number};")
        out += ["        /// The greatest of them.",
                f"        pub(crate) const MAX: u16 = {max(a.number for a in attrs.values())};"]
        out.append("    }")
    out += ["}", "", "/// Enumerations, a module each.", "pub(crate) mod value {"]
    for i, (name, enum) in enumerate(spec.enums.items()):
        out += [""] if i else []
        out += comment(enum["doc"], 4)
        out.append(f"    pub(crate) mod {snake(name)} {{")
        for e in enum["entries"]:
            out += comment(e["doc"], 8)
            out.append(f"        pub(crate) const {upper(e['name'])}: u32 = {e['value']};")
        out.append("    }")
    return out + ["}"]


def policy_of(a, spec):
    """The policy of one attribute, as kern::net::genetlink spells it."""
    low, high = limits(a, spec)
    if a.nested:
        return f"AttrPolicy::nested(&{upper(a.nested)})"
    if a.type == "flag":
        return "AttrPolicy::flag()"
    if a.type == "string":
        if high is None:
            raise SpecError(f"string {a.name} is accepted without a max-len")
        return f"AttrPolicy::string({high})"
    if a.type == "binary":
        return f"AttrPolicy::binary({low}, {high})"
    text = f"AttrPolicy::{a.type}()"
    if low is not None and high is not None:
        return f"{text}.range::<{low}, {high}>()"
    if low is not None:
        return f"{text}.min::<{low}>()"
    return text if high is None else f"{text}.max::<{high}>()"


def policy_table(name, doc, set_name, attrs, spec):
    """One static table, laid out as rustfmt would: a pair of up to 60 columns takes a line."""
    size = max(a.number for a in attrs) + 1
    rows = [f"(attr::{snake(set_name)}::{upper(a.name)}, {policy_of(a, spec)})" for a in attrs]
    head = f"pub(super) static {name}: [AttrPolicy; {size}] = policy(&["
    out = [f"/// {doc}"]
    if len(rows) == 1 and len(rows[0]) <= 62:
        flat = f"policy(&[{rows[0]}]);"
        line = f"{head[:head.index('policy(')]}{flat}"
        return out + ([line] if len(line) <= WIDTH else [head[:head.index(' policy(')],
                                                         "    " + flat]) + [""]
    out.append(head)
    for row in rows:
        if len(row) <= 62:
            out.append(f"    {row},")
        else:
            parts = row[1:-1].split(", ", 1)
            out += ["    (", f"        {parts[0]},", f"        {parts[1]},", "    ),"]
    return out + ["]);", ""]


def policy(spec):
    out = header([
        "What the requests of each operation may hold.", "",
        "The kernel enforces these tables, strictly, before an operation sees a request.", "",
        BANNER,
    ], None)
    out += ["use super::uapi::attr;", "use crate::kern::net::genetlink::{policy, AttrPolicy};", ""]
    for name in spec.requested_nests():
        out += policy_table(upper(name), f"Nests of `{name}`.", name,
                            list(spec.sets[name].values()), spec)
    for op in spec.ops:
        for mode in op.modes:
            taken = op.attrs(mode, "request")
            # A dump that takes what the do takes shares its policy.
            if not taken or mode == "dump" and "do" in op.modes and \
                    taken == op.attrs("do", "request"):
                continue
            name = upper(op.name) + ("_DUMP" if mode == "dump" else "")
            doc = f"Requests of `{op.name}`" + (", as a dump." if mode == "dump" else ".")
            attrs = sorted((spec.sets[op.set][n] for n in taken), key=lambda a: a.number)
            out += policy_table(name, doc, op.set, attrs, spec)
    return out[:-1]
