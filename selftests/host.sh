#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers to which every address of a virtual subnet is local, in the network of
# lib.sh with a second way from the servers to the client:
#
#   cl --c0------g0 gw g1------ lan ---- h1 (slr ends the tunnel), h2 (plain Linux), h3
#   cl --c1---------------------+        10.2.0.2, 2001:db8:2::2
#
# What the servers send goes by c1 and never passes the gateway.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NET=203.0.113.0/24
NET6=2001:db8:cafe::/64

# on HOST WORDS...: the command in a host's namespace.
on() {
	local ns=$1
	shift
	in_ns "$ns" "$SLR" "$@"
}

hosts_up() {
	local h
	second_way h1 h2
	for h in h1 h2; do
		ok "accept" on "$h" host accept $NET
		ok "accept" on "$h" host accept $NET6
	done
	ip -n h2 link add t0 type sit mode any local 10.2.0.12 remote 10.2.0.1
	ip -n h2 link set t0 up
}

configure() {
	local n
	ports_up
	ok "port" on h1 port add eth0
	ok "tunnel" on h1 tunnel add up type ipip local 10.2.0.11 remote 10.2.0.1
	ok "tunnel" slr tunnel add far1 type ipip local 10.2.0.1 remote 10.2.0.11
	ok "tunnel" slr tunnel add far2 type ipip local 10.2.0.1 remote 10.2.0.12
	ok "server" slr server add 10.2.0.11:80
	ok "server" slr server add '[2001:db8:2::11]:80'
	for n in 1 77 254; do
		ok "service" slr service add "203.0.113.$n:80"
		ok "binding" slr binding add "203.0.113.$n:80" 10.2.0.11:80 method tunnel far1
		ok "service" slr service add "[2001:db8:cafe::$n]:80"
		ok "binding" slr binding add "[2001:db8:cafe::$n]:80" '[2001:db8:2::11]:80' method tunnel far1
	done
}

by_slr() {
	NAME="every address of a virtual subnet answers directly; behind a tunnel that slr ends"
	local n
	capture gw g1
	for n in 1 77 254; do
		want "page of $n" "$(get "http://203.0.113.$n/")" "h1:80 198.51.100.2"
		want "page of $n over IPv6" "$(get "http://[2001:db8:cafe::$n]/")" "h1:80 2001:db8:100::2"
	done
	capture_stop
	want "answers that pass the gateway" "$(captured "src net $NET or (src net $NET6 and tcp)")" 0
	want_between "in the tunnel" "$(captured "dst host 10.2.0.11 and (ip proto 4 or ip proto 41)")" 20 300
	want_between "taken by slr" "$(on h1 -j -s tunnel show up | jq '.[0].counters["packets-in"]')" 20 300
	want_match "no page before" "$(on h1 host del $NET; get -m 2 http://203.0.113.77/; on h1 host accept $NET)" '^\[(7|28)\]'
	want "page" "$(get http://203.0.113.77/)" "h1:80 198.51.100.2"
}

plain() {
	NAME="every address answers directly on plain Linux too; by tunnel or by link"
	ok "server" slr server add 10.2.0.12
	defer slr server del 10.2.0.12
	ok "service" slr service add 203.0.113.200:80
	defer slr service del 203.0.113.200:80
	ok "by tunnel" slr binding add 203.0.113.200:80 10.2.0.12 method tunnel far2
	want "page" "$(get http://203.0.113.200/)" "h2:80 198.51.100.2"
	ok "none" slr binding del 203.0.113.200:80 10.2.0.12
	ok "by link" slr binding add 203.0.113.200:80 10.2.0.12 method direct
	defer slr binding del 203.0.113.200:80 10.2.0.12
	capture gw g1
	want "page" "$(get http://203.0.113.200/)" "h2:80 198.51.100.2"
	capture_stop
	want "answers that pass the gateway" "$(captured "src net $NET")" 0
	want_between "as they came" "$(captured "tcp and dst host 203.0.113.200")" 3 30
}

transfers() {
	NAME="large transfers go both ways; by the tunnel and directly back"
	large_both_ways 203.0.113.77 '[2001:db8:cafe::77]'
}

private() {
	NAME="a private server answers from every address of its customer's subnet"
	local n
	ok "customer" slr customer add acme
	defer slr customer del acme
	for n in 2 3; do
		ok "device" slr device add "pvs$n" customer acme netns "h$n"
		defer ip -n "h$n" link del "pvs$n"
		ip -n "h$n" link set "pvs$n" up
	done
	addr h2 pvs2 10.0.0.2/32
	ip -n h2 route add 10.7.0.0/16 dev pvs2 src 10.0.0.2
	ip -n h3 route add 10.0.0.2/32 dev pvs3
	ok "accept" on h3 host accept 10.7.0.0/16
	defer on h3 host del 10.7.0.0/16
	ok "route" slr route add 10.7.0.0/16 customer acme device pvs3
	defer slr route del 10.7.0.0/16 customer acme
	ok "route" slr route add 10.0.0.2/32 customer acme device pvs2
	defer slr route del 10.0.0.2/32 customer acme
	want "an address" "$(get_in h2 http://10.7.1.2:8080/)" "h3:8080 10.0.0.2"
	want "another" "$(get_in h2 http://10.7.200.9:8080/)" "h3:8080 10.0.0.2"
	want "shown there" "$(on h3 -j host show | jq -c .)" '[{"accept":"10.7.0.0/16"}]'
	want "not here" "$(slr -j host show | jq length)" 0
}

explained() {
	NAME="explain says that the host takes it"
	want_match "verdict" "$(on h1 explain from 198.51.100.2:5 to 203.0.113.9:80 dev eth0)" '203.0.113.9 is this host.*deliver'
	want_match "over IPv6" "$(on h1 explain from '[2001:db8:100::2]:5' to '[2001:db8:cafe::9]:80' dev eth0)" 'deliver'
	want "none of it" "$(on h1 -j explain from 198.51.100.2:5 to 203.0.114.9:80 dev eth0 | jq -r .verdict)" pass
}

conf() {
	NAME="accepted prefixes are in files; which take effect as a whole or not at all"
	on h1 conf show >"$TMP/a"
	want_match "shown" "$(cat "$TMP/a")" "host accept $NET"$'\n'"host accept $NET6"
	ok "load" on h1 conf load "$TMP/a"
	on h1 conf show | ok "fixed point" cmp "$TMP/a" -
	want "page" "$(get http://203.0.113.1/)" "h1:80 198.51.100.2"
	sed "s|host accept $NET6|host accept 10.99.0.0/16\nhost accept 10.2.0.11/32\ncustomer new|" "$TMP/a" >"$TMP/b"
	refused "its own address" 1 '10.2.0.11/32 is local to this host already' on h1 conf load "$TMP/b"
	refused "its own address" 1 '10.2.0.11/32 is local to this host already' on h1 conf sync "$TMP/b"
	on h1 conf show | ok "as before" cmp "$TMP/a" -
	sed "s|host accept $NET6|host accept 10.99.0.0/16\ncustomer new vrf none-such|" "$TMP/a" >"$TMP/b"
	refused "no VRF" 1 'none-such' on h1 conf load "$TMP/b"
	on h1 conf show | ok "as before" cmp "$TMP/a" -
	# Refused when it is to take effect, with the prefix accepted already.
	sed "s|host accept $NET6|host accept 10.99.0.0/16\nport lo|" "$TMP/a" >"$TMP/b"
	refused "no port" 1 'device lo cannot be a port' on h1 conf load "$TMP/b"
	refused "no port" 1 'device lo cannot be a port' on h1 conf sync "$TMP/b"
	on h1 conf show | ok "as before" cmp "$TMP/a" -
	sed "s|host accept $NET6|host accept 10.99.0.0/16|" "$TMP/a" >"$TMP/b"
	ok "sync" on h1 conf sync "$TMP/b"
	want "as the file says" "$(on h1 -j host show | jq -c 'map(.accept)')" "[\"10.99.0.0/16\",\"$NET\"]"
	ok "nothing to do" on h1 conf sync "$TMP/b"
	ok "back" on h1 conf sync "$TMP/a"
	on h1 conf show | ok "as before" cmp "$TMP/a" -
	want "json" "$(on h1 -j conf show | jq -c '.host|map(.accept)')" "[\"$NET\",\"$NET6\"]"
}

refusals() {
	NAME="refusals say what is local"
	refused "twice" 1 "$NET is local to this host already" on h1 host accept $NET
	refused "unknown" 1 '10.98.0.0/16 is not accepted' on h1 host del 10.98.0.0/16
	refused "of the kernel" 1 '10.2.0.11/32 is not accepted' on h1 host del 10.2.0.11/32
	refused "all" 2 'all addresses' on h1 host accept 0.0.0.0/0
	refused "bits" 2 'bits behind' on h1 host accept 10.98.0.1/16
	want "what is there" "$(on h1 host show)" "$NET"$'\n'"$NET6"
}

net_up
hosts_up
web h1 80
web h2 80
web h3 8080
configure
run_tests by_slr plain transfers private explained conf refusals
