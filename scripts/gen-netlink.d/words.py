# SPDX-License-Identifier: GPL-2.0
"""How names, sentences and limits are spelled in what is generated."""

import textwrap

SPEC = "Documentation/netlink/specs/slr.yaml"
BANNER = f"Generated from {SPEC} by scripts/gen-netlink; do not edit."
WIDTH = 100


def upper(name):
    return name.replace("-", "_").upper()


def snake(name):
    return name.replace("-", "_")


def camel(name):
    return "".join(part.capitalize() for part in name.split("-"))


def sentence(text):
    """A doc string as a sentence."""
    text = text.strip()
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def comment(text, indent, mark="///"):
    """A wrapped comment."""
    lead = " " * indent + mark + " "
    return textwrap.wrap(sentence(text), WIDTH - len(lead), initial_indent=lead,
                         subsequent_indent=lead, break_long_words=False)


def header(lines, allow):
    out = ["// SPDX-License-Identifier: GPL-2.0", ""]
    out += [f"//! {line}".rstrip() for line in lines]
    if allow:
        out += ["", f"#![allow({allow})]"]
    return out + [""]


def rust_str(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def limits(attr, spec):
    """(least, greatest) of a number's value or of a blob's length; None is no limit."""
    if attr.enum:
        values = [e["value"] for e in spec.enums[attr.enum]["entries"]]
        return (min(values) or None, max(values))
    c = attr.checks
    return (c.get("min", c.get("min-len")), c.get("max", c.get("max-len")))
