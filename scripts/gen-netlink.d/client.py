# SPDX-License-Identifier: GPL-2.0
"""For the client library: numbers, and tables that describe the interface."""

import os

from words import BANNER, camel, comment, header, limits, rust_str, snake, upper

TYPES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "types.rs")


def option(value):
    return "None" if value is None else f"Some({value})"


def kind(a):
    if a.nested:
        return f"Kind::Nest(&{upper(a.nested)})"
    if a.enum:
        return f"Kind::Enum(&{upper(a.enum)}_ENUM)"
    plain = {"flag": "Flag", "string": "String"}
    if a.type == "binary":
        return "Kind::Address" if a.hint == "ipv4-or-v6" else "Kind::Bytes"
    return "Kind::" + plain.get(a.type, a.type.upper())


def enumeration(name, enum):
    """A Rust enumeration with conversions."""
    ty = camel(name)
    entries = enum["entries"]
    out = comment(enum["doc"], 0)
    out += ["#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]",
            "#[repr(u32)]", f"pub enum {ty} {{"]
    for e in entries:
        out += comment(e["doc"], 4)
        out.append(f"    {camel(e['name'])} = {e['value']},")
    out += ["}", "", f"impl {ty} {{",
            "    /// All of them, in ascending order.",
            "    #[rustfmt::skip]",
            f"    pub const ALL: &'static [{ty}] = &["]
    out += [f"        {ty}::{camel(e['name'])}," for e in entries]
    out += ["    ];", "",
            "    /// The one of that number.",
            "    pub fn from_value(value: u32) -> Option<Self> {",
            "        Self::ALL.iter().copied().find(|e| e.value() == value)",
            "    }", "",
            "    /// The one of that name.",
            "    pub fn from_name(name: &str) -> Option<Self> {",
            "        Self::ALL.iter().copied().find(|e| e.name() == name)",
            "    }", "",
            "    /// Its number on the wire.",
            "    pub fn value(self) -> u32 {",
            "        self as u32",
            "    }", "",
            "    /// Its name.",
            "    pub fn name(self) -> &'static str {",
            "        match self {"]
    out += [f"            {ty}::{camel(e['name'])} => {rust_str(e['name'])}," for e in entries]
    out += ["        }", "    }", "}", ""]
    out += [f"/// [`{ty}`] as a table.", "#[rustfmt::skip]",
            f"pub static {upper(name)}_ENUM: Enum = Enum {{ name: {rust_str(name)}, entries: &["]
    out += [f"    Entry {{ value: {e['value']}, name: {rust_str(e['name'])}, "
            f"doc: {rust_str(e['doc'])} }}," for e in entries]
    return out + ["] };", ""]


def call(spec, op, mode):
    if mode not in op.modes:
        return "None"
    ids = [", ".join(str(spec.sets[op.set][n].number) for n in op.attrs(mode, half))
           for half in ("request", "reply")]
    return f"Some(Call {{ request: &[{ids[0]}], reply: &[{ids[1]}] }})"


def uapi(spec):
    out = header([
        "The numbers of the control interface, and tables that describe it.", "", BANNER,
    ], None)
    out += ["/// Name of the generic netlink family.",
            f"pub const FAMILY: &str = {rust_str(spec.name)};", "",
            "/// Version of the family.", "pub const VERSION: u8 = 1;", ""]
    with open(TYPES, encoding="utf-8") as f:
        out += f.read().splitlines()[2:] + [""]  # without its own license line
    out += ["/// Multicast groups.", "pub mod group {"]
    for g in spec.groups:
        out.append(f"    /// Name of the group `{g}`.")
        out.append(f"    pub const {upper(g)}: &str = {rust_str(g)};")
    out += ["}", "", "/// Operations and notifications.", "pub mod cmd {"]
    for op in spec.ops:
        out += comment(op.doc, 4)
        out.append(f"    pub const {upper(op.name)}: u8 = {op.number};")
    out += ["}", "", "/// Numbers of attributes, a module a set.", "pub mod attr {"]
    for i, (name, attrs) in enumerate(spec.sets.items()):
        out += [""] if i else []
        out += comment(spec.set_docs[name], 4)
        out.append(f"    pub mod {snake(name)} {{")
        for a in attrs.values():
            out += comment(a.doc, 8)
            out.append(f"        pub const {upper(a.name)}: u16 = {a.number};")
        out.append("    }")
    out += ["}", ""]
    for name, enum in spec.enums.items():
        out += enumeration(name, enum)
    for name, attrs in spec.sets.items():
        out += comment(spec.set_docs[name], 0)
        out += ["#[rustfmt::skip]",
                f"pub static {upper(name)}: AttrSet = "
                f"AttrSet {{ name: {rust_str(name)}, attrs: &["]
        for a in attrs.values():
            low, high = (None, None) if a.enum else limits(a, spec)
            out.append(f"    Attr {{ id: {a.number}, name: {rust_str(a.name)}, "
                       f"kind: {kind(a)}, min: {option(low)}, max: {option(high)}, "
                       f"multi: {str(a.multi).lower()}, doc: {rust_str(a.doc)} }},")
        out += ["] };", ""]
    out += ["/// Every operation and notification, in the order of their numbers.",
            "#[rustfmt::skip]", "pub static OPS: &[Op] = &["]
    for op in spec.ops:
        group = option(rust_str(op.group) if op.group else None)
        out.append(f"    Op {{ id: {op.number}, name: {rust_str(op.name)}, set: &{upper(op.set)}, "
                   f"doit: {call(spec, op, 'do')}, dump: {call(spec, op, 'dump')}, "
                   f"group: {group}, doc: {rust_str(op.doc)} }},")
    return out + ["];"]
