#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Messages that no honest client sends: truncated and overlong attributes,
unknown ones, wrong lengths, deep nests, and random garbage from a seed that is
printed (SLR_SEED repeats it). None may change a table, and the kernel must
answer each.
"""

import errno
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import (SLOW, NlError, connect, defer, do, dump, empty, eq, fail,  # noqa: E402
                 own_namespace, run_tests)

E = errno
NETLINK_GENERIC = 16
NESTED = 0x8000
REQUEST, ACK, DUMP = 1, 4, 0x300
VIP = bytes([203, 0, 113, 10])
NL = None


def attr(number, payload, length=None):
    """One attribute; `length` lies about its length."""
    length = 4 + len(payload) if length is None else length
    return struct.pack("=HH", length & 0xffff, number) + payload + bytes(-len(payload) % 4)


def nest(number, *inner):
    return attr(number | NESTED, b"".join(inner))


class Raw:
    """A socket that sends any bytes as a message of the family."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.setsockopt(270, 11, 1)  # NETLINK_EXT_ACK
        self.sock.settimeout(5 * SLOW)
        self.family = NL.nlproto.family_id
        self.seq = 0

    def send(self, cmd, body, flags=REQUEST | ACK, version=1, length=None, genl=True):
        """The errno that the kernel answers with; 0 is success."""
        self.seq += 1
        head = struct.pack("=BBH", cmd, version, 0) if genl else b""
        size = 16 + len(head) + len(body)
        self.sock.send(struct.pack("=IHHII", length or size, self.family, flags, self.seq, 0)
                       + head + body)
        return self.answer()

    def answer(self):
        while True:
            data = self.sock.recv(1 << 20)
            at = 0
            while at + 16 <= len(data):
                size, kind, _, seq, _ = struct.unpack_from("=IHHII", data, at)
                if kind in (2, 3) and seq == self.seq:
                    return -struct.unpack_from("=i", data, at + 16)[0]
                at += (max(size, 16) + 3) & ~3


def number(set_name, name):
    return NL.attr_sets[set_name][name].value


def cmd(name):
    return NL.msgs[name].req_value


def key(*inner, set_name="service", name="key"):
    return nest(number(set_name, name), *inner)


def address(raw=VIP):
    return attr(number("endpoint", "address"), raw)


def generation():
    return do("settings-get")["generation"]


def changes_nothing(what, want, *args, **more):
    """The message is refused with that errno (or one of them) and changes nothing."""
    before = generation()
    raw = Raw()
    got = raw.send(*args, **more)
    raw.sock.close()
    if got not in (want if isinstance(want, tuple) else (want,)):
        fail(f"{what}: errno {errno.errorcode.get(got, got)}")
    eq(f"{what}: generation", generation(), before)


def attributes_of_a_wrong_shape():
    new = cmd("service-new")
    protocol = number("endpoint", "protocol")
    port = number("endpoint", "port")
    odd = (E.EINVAL, E.ERANGE)
    changes_nothing("nothing", E.EINVAL, new, b"")
    changes_nothing("key not a nest", E.EINVAL, new, attr(number("service", "key"), b"\0" * 8))
    changes_nothing("key flag missing", E.EINVAL, new,
                    attr(number("service", "key"), address()))
    changes_nothing("empty key", E.EINVAL, new, key())
    for size in (0, 1, 3, 5, 8, 15, 17, 64):
        changes_nothing(f"address of {size}", odd, new, key(address(bytes(range(size)))))
    for size in (0, 2, 4):
        changes_nothing(f"protocol of {size}", odd, new,
                        key(address(), attr(protocol, bytes(size))))
    for size in (0, 1, 3, 4, 8):
        changes_nothing(f"port of {size}", odd, new,
                        key(address(), attr(protocol, b"\6"), attr(port, bytes(size))))
    changes_nothing("unknown", E.EINVAL, new, key(address()) + attr(200, b"\0" * 4))
    changes_nothing("unknown in a nest", E.EINVAL, new, key(address(), attr(200, b"\0" * 4)))
    changes_nothing("number 0", E.EINVAL, new, key(address()) + attr(0, b"\0" * 4))
    changes_nothing("of a reply", E.EINVAL, new,
                    key(address()) + attr(number("service", "flows"), b"\0" * 4))
    changes_nothing("of another operation", E.EINVAL, cmd("service-del"),
                    key(address()) + attr(number("service", "persist"), b"\0" * 4))
    changes_nothing("enumeration beyond", E.ERANGE, new,
                    key(address()) + attr(number("service", "scheduler"), b"\xff" * 4))


def strings_without_end():
    new, name = cmd("port-new"), number("port", "ifname")
    odd = (E.EINVAL, E.ERANGE)
    changes_nothing("no zero", odd, new, attr(name, b"d0"))
    changes_nothing("empty", (E.EINVAL, E.ERANGE, E.ENODEV), new, attr(name, b""))
    changes_nothing("only a zero", (E.EINVAL, E.ENODEV), new, attr(name, b"\0"))
    changes_nothing("long", odd, new, attr(name, b"x" * 16 + b"\0"))
    changes_nothing("format", E.ENODEV, new, attr(name, b"%s%n%p\0"))
    changes_nothing("not text", E.ENODEV, new, attr(name, b"\xff\xfe\x01\n\0"))


def lengths_that_lie():
    new = cmd("service-new")
    inner = address()
    for length in (0, 1, 3):
        changes_nothing(f"length {length}", E.EINVAL, new,
                        attr(number("service", "key") | NESTED, inner, length))
    for length in (13, 100, 0xffff):
        changes_nothing(f"length {length}", E.EINVAL, new,
                        attr(number("service", "key") | NESTED, inner, length))
        changes_nothing(f"inner length {length}", E.EINVAL, new,
                        key(attr(number("endpoint", "address"), VIP, length)))
    for tail in (1, 2, 3):
        changes_nothing(f"{tail} bytes more", E.EINVAL, new, key(inner) + b"\1" * tail)
    changes_nothing("no genetlink header", E.EINVAL, new, b"", genl=False)


def nests_without_bottom():
    deep = address()
    for _ in range(2000):
        deep = nest(number("service", "key"), deep)
    changes_nothing("deep", E.EINVAL, cmd("service-new"), deep[:60000])
    deep = b""
    for level in range(40):
        deep = nest(1 + level % 5, deep)
    changes_nothing("40 levels", E.EINVAL, cmd("service-new"), deep)


def operations_that_are_not():
    for number_ in (0, 200, 255, cmd("service-new-ntf")):
        changes_nothing(f"operation {number_}", E.EOPNOTSUPP, number_, b"")
    changes_nothing("dump of a do", E.EOPNOTSUPP, cmd("service-new"), key(address()),
                    flags=REQUEST | ACK | DUMP)
    changes_nothing("do of a dump", E.EOPNOTSUPP, cmd("stats-get"), b"")
    changes_nothing("dump with junk", E.EINVAL, cmd("service-get"), attr(200, b"\0" * 4),
                    flags=REQUEST | ACK | DUMP)


def dumps_left_half_read():
    txn = do("txn-begin")["id"]
    for i in range(2000):
        do("service-new", key={"address": f"203.0.{i >> 8}.{i & 255}"}, txn=txn)
    do("txn-commit", id=txn)
    defer(empty)
    for _ in range(50):
        raw = Raw()
        raw.seq += 1
        raw.sock.send(struct.pack("=IHHII", 20, raw.family, REQUEST | ACK | DUMP, raw.seq, 0)
                      + struct.pack("=BBH", cmd("service-get"), 1, 0))
        raw.sock.recv(8192)
        raw.sock.close()
    eq("still whole", len(dump("service-get")), 2000)


def dump_torn_by_a_change():
    """A change while a dump is under way is told by NLM_F_DUMP_INTR, or not seen at all."""
    txn = do("txn-begin")["id"]
    for i in range(2000):
        do("server-new", key={"address": f"10.3.{i >> 8}.{i & 255}"}, txn=txn)
    do("txn-commit", id=txn)
    defer(empty)
    raw = Raw()
    raw.sock.send(struct.pack("=IHHII", 20, raw.family, REQUEST | ACK | DUMP, 1, 0)
                  + struct.pack("=BBH", cmd("server-get"), 1, 0))
    flags, seen, done, first = 0, 0, False, True
    while not done:
        data = raw.sock.recv(8192)
        if first:
            do("server-del", key={"address": "10.3.0.1"})
            do("server-new", key={"address": "10.4.0.1"})
            first = False
        at = 0
        while at + 16 <= len(data):
            size, kind, flag, _, _ = struct.unpack_from("=IHHII", data, at)
            flags |= flag
            done |= kind == 3
            seen += kind not in (2, 3)
            at += (max(size, 16) + 3) & ~3
    raw.sock.close()
    if not flags & 0x10 and seen != 2000:
        fail(f"{seen} servers and no NLM_F_DUMP_INTR")


def garbage_from_a_seed():
    seed = int(os.environ.get("SLR_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    print(f"# SLR_SEED={seed}")
    rng = random.Random(seed)
    count = int(os.environ.get("SLR_GARBAGE", "4000"))
    ops = [o for o in NL.ops.values() if o.name not in ("flow-del",)]
    answers = {}
    raw = Raw()

    def random_attr(set_, depth, taken=()):
        # Mostly what the operation takes, to get behind the policy.
        a = rng.choice(list(set_.attrs.values()))
        if taken and rng.random() < 0.95:
            a = set_[rng.choice(taken)]
        size = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "flag": 0}.get(a.type)
        if rng.random() < 0.03:
            size = rng.randrange(40)
        if a.type == "nest" and depth < 4 and rng.random() < 0.9:
            inner = [random_attr(NL.attr_sets[a["nested-attributes"]], depth + 1)
                     for _ in range(rng.randrange(5))]
            return nest(a.value, *inner)
        if size is None:
            size = rng.choice((4, 4, 4, 4, 16, rng.randrange(30)))
        payload = bytes(rng.choice((0, 0, 1, 6, 255, rng.randrange(256))) for _ in range(size))
        wrong = rng.randrange(1, 9) if rng.random() < 0.03 else 0
        return attr(a.value if rng.random() < 0.99 else rng.randrange(1 << 16), payload,
                    4 + len(payload) + wrong)

    for _ in range(count):
        op = rng.choice(ops)
        mode = op.yaml.get("do") or op.yaml["dump"]
        taken = (mode.get("request") or {}).get("attributes", [])
        body = b"".join(random_attr(op.attr_set, 0, taken) for _ in range(rng.randrange(6)))
        if rng.random() < 0.05:
            body = bytes(rng.randrange(256) for _ in range(rng.randrange(100)))
        flags = REQUEST | ACK | (DUMP if "dump" in op.yaml and rng.random() < 0.3 else 0)
        got = raw.send(op.req_value, body, flags)
        answers[got] = answers.get(got, 0) + 1
    raw.sock.close()
    print("# answers:", {errno.errorcode.get(k, "ok"): v for k, v in sorted(answers.items())})
    known = {0, E.EINVAL, E.ERANGE, E.ENOENT, E.EEXIST, E.EBUSY, E.EOPNOTSUPP, E.ENODEV, E.ESTALE}
    eq("other answers", set(answers) - known, set())
    empty()
    try:
        eq("usable", len(dump("service-get")), 0)
    except NlError as e:
        fail(f"no longer usable: {e}")


class Model:
    """What is configured, as plain sets, and what the rules make of a change."""

    def __init__(self):
        self.services, self.servers, self.bindings, self.ports = {}, {}, {}, set()

    def copy(self):
        other = Model()
        other.services, other.servers = dict(self.services), dict(self.servers)
        other.bindings, other.ports = dict(self.bindings), set(self.ports)
        return other

    def listed(self):
        return [sorted(x) for x in (self.services.items(), self.servers.items(),
                                    self.bindings.items(), self.ports)]

    def service(self, verb, name, persist):
        if (name in self.services) != (verb != "new"):
            return E.EEXIST if verb == "new" else E.ENOENT
        if verb == "del":
            if any(service == name for service, _ in self.bindings):
                return E.EBUSY
            del self.services[name]
        else:
            self.services[name] = persist
        return 0

    def server(self, verb, name, weight):
        if (name in self.servers) != (verb != "new"):
            return E.EEXIST if verb == "new" else E.ENOENT
        if verb == "del":
            if any(server == name for _, server in self.bindings):
                return E.EBUSY
            del self.servers[name]
        else:
            self.servers[name] = weight
        return 0

    def binding(self, verb, service, server, weight):
        if service not in self.services or server not in self.servers:
            return E.ENOENT
        if ((service, server) in self.bindings) != (verb != "new"):
            return E.EEXIST if verb == "new" else E.ENOENT
        if verb == "del":
            del self.bindings[service, server]
        else:
            self.bindings[service, server] = weight
        return 0

    def port(self, verb, name):
        if (name in self.ports) != (verb == "del"):
            return E.EEXIST if verb == "new" else E.ENOENT
        (self.ports.remove if verb == "del" else self.ports.add)(name)
        return 0


def in_force():
    """The same lists from the kernel."""
    def name(end):
        return end["address"]
    return [
        sorted((name(o["key"]), o["persist"]) for o in dump("service-get")),
        sorted((name(o["key"]), o["weight"]) for o in dump("server-get")),
        sorted(((name(o["service"]), name(o["server"])), o["weight"])
               for o in dump("binding-get")),
        sorted(o["ifname"] for o in dump("port-get")),
    ]


def random_changes_do_what_a_model_does():
    """Changes that are valid in themselves, one by one and in transactions of any outcome."""
    seed = int(os.environ.get("SLR_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    print(f"# SLR_SEED={seed}")
    rng = random.Random(seed)
    defer(empty)
    model, counts = Model(), {}

    def step(target, txn):
        kind = rng.choice(("service", "server", "server", "binding", "binding", "binding", "port"))
        verb = rng.choice(("new", "new", "new", "set", "del"))
        service, server = f"203.0.113.{rng.randrange(4)}", f"10.2.0.{rng.randrange(4)}"
        value = rng.randrange(1, 100)
        if kind == "service":
            want = target.service(verb, service, value)
            attrs = {"key": {"address": service}}
            more = {"persist": value}
        elif kind == "server":
            want = target.server(verb, server, value)
            attrs = {"key": {"address": server}}
            more = {"weight": value}
        elif kind == "binding":
            want = target.binding(verb, service, server, value)
            attrs = {"service": {"address": service}, "server": {"address": server}}
            more = {"weight": value}
        else:
            verb = "del" if verb == "set" else verb
            want = target.port(verb, "d0")
            attrs, more = {"ifname": "d0"}, {}
        attrs |= txn | (more if verb != "del" else {})
        try:
            do(f"{kind}-{verb}", **attrs)
            got = 0
        except NlError as e:
            got = e.error
        counts[got] = counts.get(got, 0) + 1
        if got != want:
            fail(f"{kind}-{verb} {attrs}: {errno.errorcode.get(got, got)}, "
                 f"wanted {errno.errorcode.get(want, want)}")

    for turn in range(int(os.environ.get("SLR_TURNS", "300"))):
        if rng.random() < 0.5:
            step(model, {})
        else:
            replace = rng.random() < 0.1
            txn = {"txn": do("txn-begin", **({"replace": True} if replace else {}))["id"]}
            draft = Model() if replace else model.copy()
            for _ in range(rng.randrange(8)):
                step(draft, txn)
            end = rng.choice(("commit", "commit", "check", "abort"))
            if end == "abort":
                do("txn-abort", id=txn["txn"])
            else:
                do("txn-commit", id=txn["txn"], **({"check": True} if end == "check" else {}))
            if end == "commit":
                model = draft
        if turn % 10 == 0 and in_force() != model.listed():
            fail(f"after {turn} turns: {in_force()}, wanted {model.listed()}")
            return
    eq("in the end", in_force(), model.listed())
    print("# answers:", {errno.errorcode.get(k, "ok"): v for k, v in sorted(counts.items())})


def main():
    global NL
    own_namespace("d0")
    NL = connect()
    run_tests([
        attributes_of_a_wrong_shape, strings_without_end, lengths_that_lie, nests_without_bottom,
        operations_that_are_not, dumps_left_half_read, dump_torn_by_a_change, random_changes_do_what_a_model_does,
        garbage_from_a_seed,
    ])


if __name__ == "__main__":
    main()
