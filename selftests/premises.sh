#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The box on the customer's premises runs slr: it maps a LAN to a tunnel, and splits what is
# longer than the network between (PVS, Fig. 11). That network knows
# global addresses only. At its other end a plain kernel tunnel leads to the private server.
#
#   +----+.2   10.0.0.1/24 +----+ 192.0.2.1   +----+ 198.51.100.1   +----+
#   | ca |c0 ----------- a0| gw |p0 ------- x0| tr |x1 ----------- u0| pv | t0, lo 10.0.1.10
#   +----+    MTU 9000     +----+   MTU 1500  +----+    MTU 1500    +----+

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES="ca gw tr pv"
SETTLE_NS=pv
PS=10.0.1.10
PS6=2001:db8:b::10

premises_up() {
	local n
	for n in $NAMESPACES; do new_ns "$n"; done
	wire ca c0 gw a0
	wire gw p0 tr x0
	wire tr x1 pv u0
	ip -n ca link set c0 mtu 9000
	ip -n gw link set a0 mtu 9000
	addr ca c0 10.0.0.2/24 2001:db8:a::2/64
	addr gw a0 10.0.0.1/24 2001:db8:a::1/64
	ip -n ca route add default via 10.0.0.1
	ip -n ca -6 route add default via 2001:db8:a::1
	addr gw p0 192.0.2.1/24
	addr tr x0 192.0.2.2/24
	addr tr x1 198.51.100.2/24
	addr pv u0 198.51.100.1/24
	ip -n gw route add 198.51.100.0/24 via 192.0.2.2
	ip -n pv route add 192.0.2.0/24 via 198.51.100.2
	for n in gw tr; do in_ns "$n" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; done
	ip -n tr route add unreachable 10.0.0.0/8
	ip -n pv link add t0 type gre local 198.51.100.1 remote 192.0.2.1 key 7 ttl 64 nopmtudisc
	ip -n pv link set t0 up
	addr pv lo $PS/32 $PS6/128
	ip -n pv route add 10.0.0.0/24 dev t0
	ip -n pv -6 route add 2001:db8:a::/64 dev t0
}

mapped() {
	# What the LAN learned of the way before is no part of the test.
	in_ns ca ip route flush cache
	in_ns ca ip -6 route flush cache
	ok customer slr customer add acme
	ok lan slr port add a0 customer acme
	ok uplink slr port add p0
	ok tunnel slr tunnel add office type gre customer acme local 192.0.2.1 remote 198.51.100.1 key 7 "$@"
	ok "the LAN" slr route add 10.0.0.0/24 customer acme dev a0
	ok "the LAN over IPv6" slr route add 2001:db8:a::/64 customer acme dev a0
	ok "all else" slr route add 0.0.0.0/0 customer acme via tunnel office
	ok "all else over IPv6" slr route add ::/0 customer acme via tunnel office
}

# Nothing that the network between should not see: it routes the two ends of the tunnel.
ASTRAY='(ip and not proto gre and not icmp) or net 10.0.0.0/8 or net 2001:db8::/32'

# Every packet on the wire is GRE of the circuit's id, or a further fragment of one.
only_the_circuit() {
	want "$1: astray" "$(captured "$ASTRAY")" 0
	want "$1: packets without the id" "$(captured 'proto gre and ip[6:2] & 0x1fff == 0 and ip[24:4] != 7')" 0
	want "$1: packets longer than the wire" "$(captured 'greater 1515')" 0
}

pieces() {
	NAME="3000 bytes cross a network of 1500 in pieces with the circuit's id; and arrive whole"
	mapped
	capture tr x0
	ok "3000 bytes" in_ns ca ping -c 3 -W 4 -M dont -s 2972 $PS
	capture_stop
	want_between "pieces" "$(captured src 192.0.2.1 and proto gre)" 6 12
	only_the_circuit "IPv4"
	capture tr x0
	ok "8000 bytes over IPv6, that the sender splits" in_ns ca ping -c 3 -W 4 -s 7952 $PS6
	capture_stop
	only_the_circuit "IPv6"
	slr_reset
}

outer_pieces() {
	NAME="where the tunnel says so the outer packet is split; whatever is inside"
	mapped df unset mtu 9000
	capture tr x0
	ok "3000 bytes that must not be split" in_ns ca ping -c 3 -W 4 -M "do" -s 2972 $PS
	ok "3000 bytes over IPv6" in_ns ca ping -c 3 -W 4 -M "do" -s 2952 $PS6
	capture_stop
	want_between "fragments" "$(captured 'src 192.0.2.1 and ip[6:2] & 0x3fff != 0')" 12 18
	only_the_circuit "outer"
	slr_reset
}

inner_pieces() {
	NAME="where the tunnel says so the packet is split before it goes in; the outer one never"
	mapped df set
	capture tr x0
	ok "3000 bytes" in_ns ca ping -c 3 -W 4 -M dont -s 2972 $PS
	capture_stop
	want "outer fragments" "$(captured 'src 192.0.2.1 and ip[6:2] & 0x3fff != 0')" 0
	want "packets in pieces" "$(captured 'src 192.0.2.1 and proto gre')" 9
	only_the_circuit "inner"
	want_match "too long" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 2972 $PS 2>&1)" 'From 10.0.0.1 .*mtu = 14[0-9][0-9]'
	slr_reset
}

path_mtu() {
	NAME="who must not have packets split is told what fits; on the LAN's own terms"
	mapped
	want_match "too long" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 2972 $PS 2>&1)" 'From 10.0.0.1 .*mtu = 14[0-9][0-9]'
	want_match "too long over IPv6" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 2952 $PS6 2>&1)" 'From 2001:db8:a::1 .*mtu=14[0-9][0-9]'
	slr_reset
}

pages() {
	NAME="large pages and uploads pass between a LAN of 9000 and a network of 1500"
	mapped
	web pv 80
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=32 2>/dev/null
	head -c 1000000 "$TMP/www/big" >"$TMP/up"
	local host
	for host in $PS "[$PS6]"; do
		capture tr x0 "$ASTRAY"
		want "down from $host" "$(in_ns ca curl -s -m $((30 * SLOW)) "http://$host/big" | cksum)" "$(cksum <"$TMP/www/big")"
		want "up to $host" "$(get_in ca "http://$host/" -o /dev/null -w '%{http_code}' --data-binary "@$TMP/up")" 200
		capture_stop
		want "$host: astray" "$(captured)" 0
	done
	slr_reset
}

premises_up
mkdir -p "$TMP/www"
run_tests pieces outer_pieces inner_pieces path_mtu pages
