# SPDX-License-Identifier: GPL-2.0
"""The paths that are measured: how the gateway is set up, what the server must see.

       10.1.0.0/24 fd00:1::/64              10.2.0.0/24 fd00:2::/64
    +-----+                 +----+                 +-----+
    | cli |c0 ----------- g0| gw |g1 ----------- s0| srv |
    +-----+ .2           .1 +----+ .1           .2 +-----+

Clients are 10.64.0.0/10 and fd00:64::/64 behind cli, the virtual address is
203.0.113.10 or 2001:db8:cafe::10, port 80; the server's port is 8080.
"""

import os
import subprocess

MAC = {"c0": "02:00:00:00:00:01", "g0": "02:00:00:00:00:02",
       "g1": "02:00:00:00:00:03", "s0": "02:00:00:00:00:04"}
VIRTUAL = {4: "203.0.113.10", 6: "2001:db8:cafe::10"}
SERVER = {4: "10.2.0.2", 6: "fd00:2::2"}
GATE = {4: "10.2.0.1", 6: "fd00:2::1"}
# The ends of tunnels from the client's side.
SITE = {4: "10.1.0.2", 6: "fd00:1::2"}
NEAR = {4: "10.1.0.1", 6: "fd00:1::1"}
CLIENTS = {4: "10.64.0.2", 6: "fd00:64::2"}
POOL = {4: ("10.2.0.16", "10.2.0.31"), 6: ("fd00:2::10", "fd00:2::1f")}
# Added to the names of namespaces, where several gateways stand side by side.
PLACE = ""
DROP = "filter add dev {} ingress matchall action drop"
MIRROR = "filter add dev {} ingress matchall action mirred egress redirect dev {}"


def in_place(ns):
    """The namespace that stands for cli, gw or srv."""
    return ns + PLACE


def run(command, text=None, ns=None):
    words = (["ip", "netns", "exec", in_place(ns)] if ns else []) + command.split()
    done = subprocess.run(words, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        why = (done.stderr or done.stdout).strip()
        raise RuntimeError(f"{' '.join(words)} failed: {why.splitlines()[0] if why else done.returncode}")
    return done.stdout


def ip(ns, text):
    run(f"ip -n {in_place(ns)} -batch -", text)


def tc(ns, *lines):
    run(f"tc -n {in_place(ns)} -batch -", "\n".join(lines) + "\n")


def bracket(family, address):
    return f"[{address}]" if family == 6 else address


def set_up(headroom=False):
    """Three namespaces and static neighbours; the ends have no addresses, only packet sockets.

    With headroom frames from the client have room before them, as those of a
    network card's driver have. A veth leaves it if a bridge asks for it, for
    the sake of a tunnel that might be behind it. It asks it of both ends, and
    frames from the server, having none, would be copied. The link to the server
    takes what an outer header makes longer.
    """
    for ns in ("cli", "gw", "srv"):
        run(f"ip netns add {in_place(ns)}")
    for ns in ("cli", "srv"):
        run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1", ns=ns)
    run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1"
        " net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0", ns="gw")
    for a, ns, b in (("c0", "cli", "g0"), ("s0", "srv", "g1")):
        ip(ns, f"link add {a} address {MAC[a]} type veth peer name {b} address {MAC[b]} netns {in_place('gw')}\n")
    if headroom:
        ip("cli", "link add br0 type bridge\nlink add t0 type gretap local 192.0.2.1 remote 192.0.2.2\n"
           "link set t0 master br0\nlink set c0 master br0\n")
        ip("gw", "link set g1 mtu 1600\n")
    ip("cli", "link set c0 up\n")
    ip("srv", "link set s0 up\n")
    ip("gw", f"""
link set lo up
addr add 10.1.0.1/24 dev g0
addr add fd00:1::1/64 dev g0 nodad
addr add 10.2.0.1/24 dev g1
addr add fd00:2::1/64 dev g1 nodad
link set g0 up
link set g1 up
neigh add 10.1.0.2 lladdr {MAC['c0']} dev g0 nud permanent
neigh add fd00:1::2 lladdr {MAC['c0']} dev g0 nud permanent
neigh add 10.2.0.2 lladdr {MAC['s0']} dev g1 nud permanent
neigh add fd00:2::2 lladdr {MAC['s0']} dev g1 nud permanent
route add 10.64.0.0/10 via 10.1.0.2
route add fd00:64::/64 via fd00:1::2
""")
    tc("cli", "qdisc add dev c0 clsact", DROP.format("c0"))
    tc("srv", "qdisc add dev s0 clsact", DROP.format("s0"))


def spread_neighbours():
    """Has the kernel's tables of neighbours grow, once, as they do not shrink again.

    They begin with eight places, so that by chance, and differently each time, the few
    neighbours that there are would share one and be looked for behind each other.
    """
    run(f"ip netns add {in_place('many')}")
    ip("many", "link add d0 type dummy\nlink set d0 up\n" + "".join(
        f"neigh add {a} lladdr {MAC['s0']} dev d0 nud permanent\n"
        for i in range(600) for a in (f"10.9.{i >> 8}.{i & 255}", f"fd00:9::{i + 1:x}")))
    run(f"ip netns del {in_place('many')}")


def tear_down():
    there = run("ip netns list").split()
    for ns in ("cli", "gw", "srv"):
        if in_place(ns) in there:
            run(f"ip netns del {in_place(ns)}")


def own_virtual():
    """IPVS and the VRFs take what is addressed to the gateway itself."""
    ip("gw", "".join(f"addr add {VIRTUAL[f]}/{32 if f == 4 else 128} dev lo\n" for f in (4, 6)))


# --- set-ups ----------------------------------------------------------------


def drop(_):
    tc("gw", "qdisc add dev g0 clsact", "qdisc add dev g1 clsact", DROP.format("g0"), DROP.format("g1"))


def mirred(_):
    tc("gw", "qdisc add dev g0 clsact", "qdisc add dev g1 clsact",
       MIRROR.format("g0", "g1"), MIRROR.format("g1", "g0"))


def forward(_):
    ip("gw", "".join(f"route add {VIRTUAL[f]} via {SERVER[f]}\n" for f in (4, 6)))


def others(services):
    """The addresses of services that are there but get no traffic."""
    for i in range(services - 1):
        yield {4: f"203.1.{i // 250}.{i % 250}", 6: f"2001:db8:cafe:1::{i:x}"}


def nft(services, table=""):
    rules, maps = "", ""
    for f, name in ((4, "ip"), (6, "ip6")):
        if services == 1:
            for proto in ("udp", "tcp"):
                rules += (f"  {name} daddr {VIRTUAL[f]} {proto} dport 80"
                          f" dnat {name} to {bracket(f, SERVER[f])}:8080\n")
            continue
        hosts = [VIRTUAL[f]] + [o[f] for o in others(services)]
        elements = ", ".join(f"{h} . {p} . 80 : {SERVER[f]} . 8080" for h in hosts for p in ("udp", "tcp"))
        maps += (f" map m{f} {{ type ipv{f}_addr . inet_proto . inet_service :"
                 f" ipv{f}_addr . inet_service; elements = {{ {elements} }} }}\n")
        rules += f"  dnat {name} to {name} daddr . meta l4proto . th dport map @m{f}\n"
    run("nft -f -", f"table inet t {{\n{maps}{table}"
        f" chain pre {{ type nat hook prerouting priority dstnat;\n{rules} }}\n}}\n", ns="gw")
    # A network card has checked the checksums before; these packets come without its mark.
    run("sysctl -qw net.netfilter.nf_conntrack_checksum=0 net.netfilter.nf_conntrack_udp_timeout=3600"
        " net.netfilter.nf_conntrack_udp_timeout_stream=3600", ns="gw")


def flowtable(services):
    nft(services, " flowtable f { hook ingress priority 0; devices = { g0, g1 }; }\n"
        " chain established { type filter hook forward priority 0; meta l4proto { tcp, udp } flow add @f; }\n")


def ipvs(services, how="-m", port=8080):
    own_virtual()
    lines = []
    for f in (4, 6):
        for host in [VIRTUAL[f]] + [o[f] for o in others(services)]:
            for proto in ("-u", "-t"):
                service = f"{proto} {bracket(f, host)}:80"
                lines += [f"-A {service} -s rr", f"-a {service} -r {bracket(f, SERVER[f])}:{port} {how}"]
    run("ipvsadm -R", "\n".join(lines) + "\n", ns="gw")
    run("ipvsadm --set 0 0 3600", ns="gw")


# A million flows take longer to open than flows of UDP live: none is to run out while others are measured.
LASTING = "timeout udp 1h timeout udp-replied 1h"


def slr(services, binding="", port=8080):
    lines = ["settings flows-max 2000000", "port g0", "port g1"]
    for f in (4, 6):
        server = f"{bracket(f, SERVER[f])}:{port}"
        lines.append(f"server {server}")
        for host in [VIRTUAL[f]] + [o[f] for o in others(services)]:
            for proto in ("udp", "tcp"):
                service = f"{bracket(f, host)}:80/{proto}"
                lines += [f"service {service} scheduler rr {LASTING}", f"binding {service} {server}{binding.format(*POOL[f])}"]
    run(f"{os.environ['SLR']} conf load -", "\n".join(lines) + "\n", ns="gw")


def vrf(kind4, kind6, more=""):
    def set_up_vrf(_):
        ip("gw", f"""
link add va type vrf table 10
link set va up
link set g0 master va
link add t4 type {kind4} local {GATE[4]} remote {SERVER[4]} {more} ttl 64
link add t6 type {kind6} local {GATE[6]} remote {SERVER[6]} {more} encaplimit none
link set t4 up
link set t6 up
link set t4 master va
link set t6 master va
route add {VIRTUAL[4]} dev t4 vrf va
route add {VIRTUAL[6]} dev t6 vrf va
""")
    return set_up_vrf


def customers(lines, services):
    """Loads what a customer has, and in each family as many more customers with tunnels of their own."""
    config = ["port g0", "port g1", "customer c0 id 1"]
    for i in range(1, services):
        config.append(f"customer c{i} id {i + 1}")
        for f in (4, 6):
            config.append(f"tunnel site{i}-{f} type gre customer c{i} local {GATE[f]} remote {SERVER[f]} key {1000 + i}")
            config.append(f"route {VIRTUAL[f]} customer c{i} via tunnel site{i}-{f}")
    for f in (4, 6):
        config += [line.format(f=f, site=SITE[f], near=NEAR[f], gate=GATE[f], server=SERVER[f], virtual=VIRTUAL[f],
                               ported=f"{bracket(f, VIRTUAL[f])}:80", real=f"{bracket(f, SERVER[f])}:80")
                   for line in lines]
    run(f"{os.environ['SLR']} conf load -", "\n".join(config) + "\n", ns="gw")


FROM_SITE = "tunnel in{f} type gre customer c0 local {near} remote {site} key 5"
TO_HOST = "tunnel out{f} type gre customer c0 local {gate} remote {server} key 7"


def slr_switch(services):
    customers([TO_HOST, FROM_SITE + " to out{f}"], services)


def slr_route(services):
    customers([FROM_SITE, TO_HOST, "route {virtual} customer c0 via tunnel out{f}"], services)


def slr_tunnel(services):
    customers(["tunnel host{f} type ipip customer public local {gate} remote {server}",
               "server {server}"] +
              [line for proto in ("udp", "tcp") for line in (
                  "service {ported}/" + proto + " scheduler rr " + LASTING,
                  "binding {ported}/" + proto + " {server} method tunnel host{f}")], services)


def slr_direct(services):
    slr(services, " method direct", 80)


def slr_decap(services):
    ip("gw", f"""
link add va type vrf table 10
link set va up
link set g1 master va
addr add fd00:2::1/64 dev g1 nodad
neigh add 10.2.0.2 lladdr {MAC['s0']} dev g1 nud permanent
neigh add fd00:2::2 lladdr {MAC['s0']} dev g1 nud permanent
route add {VIRTUAL[4]} via {SERVER[4]} vrf va
route add {VIRTUAL[6]} via {SERVER[6]} vrf va
""")
    customers([FROM_SITE], services)
    run(f"{os.environ['SLR']} customer set c0 vrf va", ns="gw")
    run(f"{os.environ['SLR']} port set g1 customer c0", ns="gw")


def load(line, count, *before):
    """Configuration with that many of a line, in each family if it names one."""
    config = list(before)
    for i in range(count):
        config += dict.fromkeys(line.format(i=i, f=f, key=1000 + i, gate=GATE[f], server=SERVER[f],
                                            prefix={4: f"10.{i // 250}.{i % 250}.0/24", 6: f"fd00:{i:x}::/64"}[f])
                                for f in (4, 6))
    run(f"{os.environ['SLR']} conf load -", "\n".join(config) + "\n", ns="gw")


# What there may be many of, by what is set up with it: how so many are made.
TUNNEL = "tunnel t{i}-{f} type gre customer c local {gate} remote {server} key {key}"
MEMORY = {
    ("nft-dnat", "service"): nft,
    ("ipvs-nat", "service"): ipvs,
    ("slr-nat", "service"): slr,
    ("slr", "customer"): lambda n: load("customer c{i}", n),
    ("slr", "tunnel"): lambda n: load(TUNNEL, n, "customer c"),
    ("slr", "route"): lambda n: load("route {prefix} customer c blackhole", n, "customer c"),
}


# --- paths ------------------------------------------------------------------


def from_site(family):
    """The outer header of packets that a customer's site sends, in flood's words."""
    return f" --into-src {SITE[family]} --into-dst {NEAR[family]} --into-key 5"


class Path:
    """How a set-up is measured; what arrives is told to flood in its own words."""

    def __init__(self, setup, mode="flow", port=None, flags="", outer="none", pool=None, rivals=(),
                 site=False, **more):
        self.setup, self.mode, self.port, self.flags = setup, mode, port, flags
        self.outer, self.pool, self.rivals, self.site, self.more = outer, pool, rivals, site, more

    def arguments(self, family):
        real = f"{VIRTUAL[family]},80" if self.port is None else f"{SERVER[family]},{self.port}"
        words = f"--to {VIRTUAL[family]},80 --real {real} --base {CLIENTS[family]} --outer {self.outer}"
        words += f" --outer-src {GATE[family]} --outer-dst {SERVER[family]} --key 7 {self.flags}"
        if self.site:
            words += from_site(family)
        if self.pool:
            low, high = self.pool[family]
            words += f" --source-low {low},1024 --source-high {high},65535"
        for name, value in self.more.items():
            words += f" --{name} {value}"
        return words


def slr_pool(services):
    slr(services, " snat {0}-{1}")


def slr_auto(services):
    slr(services, " snat auto")


GATE_ONLY = {f: (GATE[f], GATE[f]) for f in (4, 6)}
NAT = ("nft-flowtable", "nft-dnat", "ipvs-nat")
PATHS = {
    "tc-mirred": Path(mirred, flags="--bridge"),
    "ip-forward": Path(forward),
    "nft-dnat": Path(nft, port=8080, open="both"),
    "nft-flowtable": Path(flowtable, port=8080, open="both"),
    "ipvs-nat": Path(ipvs, port=8080, open="both"),
    "ipvs-dr": Path(lambda n: ipvs(n, "-g", 80), flags="--one-way"),
    "ipvs-tun": Path(lambda n: ipvs(n, "-i", 80), flags="--one-way", outer="ipip"),
    "vrf-ipip": Path(vrf("ipip", "ip6tnl"), flags="--one-way", outer="ipip"),
    "vrf-gre-key": Path(vrf("gre", "ip6gre", "key 7"), flags="--one-way", outer="gre"),
    "slr-nat": Path(slr, port=8080, open="both", rivals=NAT),
    "slr-fullnat": Path(slr_pool, port=8080, open="both", pool=POOL, rivals=NAT),
    "slr-fullnat-auto": Path(slr_auto, port=8080, open="both", pool=GATE_ONLY, rivals=NAT),
    "slr-direct": Path(slr_direct, flags="--one-way", rivals=("ipvs-dr",)),
    "slr-tunnel": Path(slr_tunnel, flags="--one-way", outer="ipip", rivals=("ipvs-tun",)),
    "slr-switch": Path(slr_switch, flags="--one-way", outer="gre", site=True, hops=0, rivals=("vrf-gre-key",)),
    "slr-route": Path(slr_route, flags="--one-way", outer="gre", site=True, rivals=("vrf-gre-key",)),
    "slr-decap": Path(slr_decap, flags="--one-way", site=True),
}
# Paths that are measured in other modes too, by the name they have there.
SHORT = {"tc-mirred": "tc-mirred", "nft-dnat": "nft", "nft-flowtable": "nft-flowtable",
         "ipvs-nat": "ipvs", "slr-nat": "slr"}


def in_mode(path, mode):
    """The name of a path where it is measured in another mode."""
    return path if mode == "flow" else f"{SHORT.get(path, path)}-{mode}"


for _base in SHORT:
    for _mode in ("new", "connect", "reply"):
        _path = PATHS[_base]
        PATHS[in_mode(_base, _mode)] = Path(_path.setup, _mode, _path.port, _path.flags,
                                            rivals=[in_mode(rival, _mode) for rival in _path.rivals],
                                            **(_path.more if _mode == "reply" else {}))
MODULES = ("veth act_mirred act_gact cls_matchall sch_ingress ip_vs ip_vs_rr nf_tables nft_ct nft_nat"
           " nft_chain_nat nft_flow_offload nf_flow_table nf_flow_table_inet vrf ipip ip_gre ip6_tunnel ip6_gre bridge")
