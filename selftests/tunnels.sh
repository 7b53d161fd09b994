#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tunnels and routes of customers by the command and the configuration file, in
# the network of lib.sh.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

example() {
	cat <<-X
		customer acme id 1
		customer bell id 2
		port g0
		port g1
		tunnel acme-host type vxlan customer acme local 10.2.0.1 remote 10.2.0.11 vni 7
		tunnel acme-site type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 7 allowed 10.1.0.0/16
		tunnel bell-a type gre customer bell local 198.51.100.1 remote 198.51.100.2 key 8 to bell-b
		tunnel bell-b type ipip customer bell local 2001:db8:2::1 remote 2001:db8:2::11 to bell-a
		route 10.0.0.10/32 customer acme via tunnel acme-host
		route 10.1.0.0/16 customer acme via tunnel acme-site
		route ::/0 customer acme unreachable
	X
}

fixed_point() {
	NAME="conf show and load are a fixed point; with tunnels that lead to each other"
	ok load eval "example | slr conf load -"
	slr conf show >"$TMP/a"
	want_match "what it shows" "$(cat "$TMP/a")" 'tunnel bell-a .*customer bell.* key 8 to bell-b'
	want_match "what it shows" "$(cat "$TMP/a")" 'route 10.1.0.0/16 customer acme via tunnel acme-site'
	slr_reset
	want "emptied" "$(slr -j tunnel show | jq length)$(slr -j route show | jq length)" 00
	ok again slr conf load "$TMP/a"
	slr conf show >"$TMP/b"
	ok same cmp "$TMP/a" "$TMP/b"
	ok "nothing to do" slr conf sync "$TMP/a"
}

another_type() {
	NAME="a tunnel of another type is the same to the routes that lead to it"
	slr conf show | sed -E 's/(tunnel acme-host type) vxlan (.*) vni 7/\1 geneve \2 vni 9/' >"$TMP/new"
	want "changed" "$(grep -c 'geneve.*vni 9' "$TMP/new")" 1
	ok sync slr conf sync "$TMP/new"
	slr conf show >"$TMP/b"
	ok same cmp "$TMP/new" "$TMP/b"
	want "route" "$(slr -j route show customer acme | jq -r '.[]|select(.prefix=="10.0.0.10/32").tunnel')" acme-host
	ok back slr conf sync "$TMP/a"
}

refusals() {
	NAME="what cannot be is refused by name"
	refused "another customer's" 1 "tunnel acme-site is another customer's" slr route add 10.9.0.0/16 customer bell via tunnel acme-site
	refused "crossing" 1 "tunnel acme-site is another customer's than bell-a" slr tunnel set bell-a to acme-site
	refused "moved away" 1 "another customer's" slr tunnel set acme-site customer bell
	refused "in use by a route" 1 'a tunnel that goes still has route 10.1.0.0/16 of customer 1' slr tunnel del acme-site
	refused "in use by a tunnel" 1 'a tunnel that goes still has tunnel bell-a lead to it' slr tunnel del bell-b
	refused "same packets" 1 'packets of tunnel other are those of acme-site' slr tunnel add other type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 7
	refused "two families" 1 'two families' slr tunnel add other type gre local 198.51.100.1 remote 2001:db8::1
	refused "no such tunnel" 1 'tunnel none-such is unknown' slr route add 10.9.0.0/16 customer acme via tunnel none-such
	refused "public" 1 "system's own tables" slr route add 10.9.0.0/16 customer public blackhole
	refused "bits" 2 'bits behind its length' slr route add 10.9.0.1/16 customer acme blackhole
	refused "customer in use" 1 'customer 2 still has tunnels' slr customer del bell
	want "nothing changed" "$(slr conf show)" "$(cat "$TMP/a")"
}

news() {
	NAME="monitor tells of tunnels and routes in the words of conf"
	monitor_up "$TMP/news" monitor
	ok "add" slr tunnel add t9 type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 99
	ok "set" slr tunnel set t9 mtu 1400
	ok "route" slr route add 10.99.0.0/16 customer acme via tunnel t9
	ok "route" slr route set 10.99.0.0/16 customer acme blackhole
	ok "route" slr route del 10.99.0.0/16 customer acme
	ok "del" slr tunnel del t9
	until_ok 10 grep -q 'del.*tunnel t9' "$TMP/news" || fail "$(cat "$TMP/news")"
	want "lines" "$(grep -c . "$TMP/news")" 6
	want_match "mtu" "$(cat "$TMP/news")" 'tunnel t9 .*mtu 1400'
	want_match "route" "$(cat "$TMP/news")" 'route 10.99.0.0/16 .*via tunnel t9'
	want_match "route" "$(cat "$TMP/news")" 'route 10.99.0.0/16 .*blackhole'
}

counters() {
	NAME="packets by a tunnel count at it and at its customer"
	ip -n cl link add t0 type gre local 198.51.100.2 remote 198.51.100.1 key 7
	defer ip -n cl link del t0
	cl sysctl -qw net.ipv6.conf.t0.disable_ipv6=1
	ip -n cl link set t0 up
	addr cl t0 10.1.0.1/32
	ip -n cl route add 10.0.0.10/32 dev t0 src 10.1.0.1
	cl ping -q -c 3 -i 0.1 -W 1 10.0.0.10 >/dev/null
	settle
	want "in" "$(slr -j -s tunnel show acme-site | jq '.[0].counters["packets-in"]')" 3
	want "out" "$(slr -j -s tunnel show acme-host | jq '.[0].counters["packets-out"]')" 3
	want "customer" "$(slr -j -s customer show acme | jq '.[0].counters["packets-in"]')" 3
	want "other" "$(slr -j -s customer show bell | jq '.[0].counters["packets-in"]')" 0
}

explained() {
	NAME="explain follows a packet out of a tunnel: into the next or along the customer's routes"
	local got
	ok load eval "example | slr conf load -"
	got=$(slr explain from 10.1.0.2:5 to 10.0.0.10:80 tunnel acme-site)
	want_match "to the end" "$got" 'customer +acme.*out of acme-site type gre.*10.0.0.10/32 of the customer.*acme-host type vxlan.*to 10.2.0.11 by g1.*verdict +forward'
	want_match "a foreign source" "$(slr explain from 10.3.0.2:5 to 10.0.0.10:80 tunnel acme-site)" 'not allowed.*drop \(spoof\)'
	want_match "nowhere" "$(slr explain from 10.1.0.2:5 to 192.0.2.1:80 tunnel acme-site)" 'unreachable \(no-route-customer\)'
	got=$(slr explain to 192.0.2.1:80 tunnel bell-a)
	want_match "across" "$got" 'out of bell-a.*into the next without a look inside.*bell-b type ipip.*to 2001:db8:2::11 by g1.*forward'
	want "stages" "$(slr -j explain to 192.0.2.1:80 tunnel bell-a | jq -c '[.step[].stage,.verdict]')" '["customer","tunnel","switch","tunnel","route","forward"]'
	refused "unknown" 1 'tunnel none-such is unknown' slr explain to 192.0.2.1:80 tunnel none-such
	refused "both" 2 'by a tunnel' slr explain to 192.0.2.1:80 tunnel bell-a dev g0
}

net_up
run_tests fixed_point another_type refusals news counters explained
