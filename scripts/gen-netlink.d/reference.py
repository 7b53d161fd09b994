# SPDX-License-Identifier: GPL-2.0
"""The reference page."""

import textwrap

from words import BANNER, WIDTH, limits, sentence


def cell(text):
    return text.replace("|", "\\|")


def table(head, rows):
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return out + ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows] + [""]


def type_words(a):
    if a.nested:
        text = f"nest of [{a.nested}](#{a.nested}-attributes)"
        return text + (", may repeat" if a.multi else "")
    if a.enum:
        return f"u32, one of [{a.enum}](#{a.enum})"
    binary = {"ipv4-or-v6": "address, 4 or 16 bytes", "mac": "MAC address", "hex": "bytes"}
    return binary[a.hint] if a.type == "binary" else a.type


def range_words(a, spec):
    low, high = limits(a, spec)
    if a.enum or a.type == "binary" or (low, high) == (None, None):
        return ""
    if a.type == "string":
        return f"at most {high} bytes"
    return f"{low or 0}..={high}" if high is not None else f"at least {low}"


def names(attrs):
    return ", ".join(f"`{n}`" for n in attrs) or "nothing"


def reference(spec):
    out = [f"<!-- {BANNER} -->", "", f"# Generic netlink family `{spec.name}`", ""]
    out += textwrap.wrap(" ".join(spec.doc.split()), WIDTH)
    out += ["", "Numbers are host order, addresses network order. Attributes that an operation "
            "does not list are refused.",
            "The multicast groups are " + " and ".join(f"`{g}`" for g in spec.groups) + ".", "",
            "The same file drives the kernel tree's own client, for example:", "",
            "    tools/net/ynl/pyynl/cli.py --spec Documentation/netlink/specs/slr.yaml "
            "--dump service-get", "",
            "## Operations", ""]
    for op in (o for o in spec.ops if not o.group):
        out += [f"### {op.name}", "", f"{sentence(op.doc)} Number {op.number}, attributes of "
                f"[{op.set}](#{op.set}-attributes)."
                + (" Needs CAP_NET_ADMIN over the namespace." if op.flags else ""), ""]
        for mode in op.modes:
            reply = op.attrs(mode, "reply")
            out.append(f"- {mode}: takes {names(op.attrs(mode, 'request'))}; "
                       + (f"gives {names(reply)}" if reply else "gives an acknowledgement"))
        out.append("")
    out += ["## Notifications", ""]
    out += table(["name", "number", "group", "attributes of [event](#event-attributes)", "when"],
                 [[f"`{o.name}`", str(o.number), o.group, names(o.event), sentence(o.doc)]
                  for o in spec.ops if o.group])
    out += ["## Attributes", ""]
    for name, attrs in spec.sets.items():
        out += [f"### {name} attributes", "", sentence(spec.set_docs[name]), ""]
        out += table(["attribute", "number", "type", "range", "what"],
                     [[f"`{a.name}`", str(a.number), type_words(a), range_words(a, spec), a.doc]
                      for a in attrs.values()])
    out += ["## Enumerations", ""]
    for name, enum in spec.enums.items():
        out += [f"### {name}", "", sentence(enum["doc"]), ""]
        out += table(["name", "value", "what"],
                     [[f"`{e['name']}`", str(e["value"]), e["doc"]] for e in enum["entries"]])
    return out[:-1]
