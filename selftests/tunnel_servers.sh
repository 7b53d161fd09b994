#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers behind tunnels that have the virtual address and answer the client
# directly: the network of lib.sh with a second way from the servers to the
# client. The hosts are plain Linux with the kernel's own tunnel devices.
#
#   cl --c0------g0 gw g1------ lan ---- h1 (ipip, sit), h2 (GRE), h3 (method nat)
#   cl --c1---------------------+        10.2.0.2, 2001:db8:2::2
#
# What h1 and h2 send goes by c1 and never passes the gateway.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
V6=2001:db8:cafe::1

hosts_up() {
	local h
	second_way h1 h2
	for h in h1 h2; do
		addr "$h" lo "$V/32" "$V6/128"
	done
	ip -n h1 link add t0 type sit mode any local 10.2.0.11 remote 10.2.0.1
	ip -n h1 link set t0 up
	ip -n h2 link add t0 type ip6gre local 2001:db8:2::12 remote 2001:db8:2::1 key 5
	ip -n h2 link set t0 up
}

configure() {
	ports_up
	ok tunnel slr tunnel add far1 type ipip local 10.2.0.1 remote 10.2.0.11
	ok tunnel slr tunnel add far2 type gre local 2001:db8:2::1 remote 2001:db8:2::12 key 5
	ok service slr service add "$V:80" scheduler rr
	ok service slr service add "[$V6]:80" scheduler rr
	ok server slr server add 10.9.0.11:80 service "$V:80" method tunnel far1
	ok server slr server add '[2001:db8:9::11]:80' service "[$V6]:80" method tunnel far1
}

pages() {
	NAME="a plain host behind a tunnel answers the client directly"
	capture gw g1
	want "page" "$(get "http://$V/")" "h1:80 198.51.100.2"
	want "page over IPv6" "$(get "http://[$V6]/")" "h1:80 2001:db8:100::2"
	capture_stop
	want "answers that pass the gateway" "$(captured "src host $V or (src host $V6 and tcp)")" 0
	want "packets without an outer header" "$(captured "tcp")" 0
	want_between "in tunnels" "$(captured "src host 10.2.0.1 and dst host 10.2.0.11 and (ip proto 4 or ip proto 41)")" 8 60
	want_between "counted" "$(slr -j -s tunnel show far1 | jq '.[0].counters["packets-out"]')" 8 60
}

pinned() {
	NAME="a connection keeps its tunnel; and is followed by what the client sends"
	local p
	ok h2 slr server add 10.9.0.12:80 service "$V:80" method tunnel far2
	defer slr server del 10.9.0.12:80
	defer slr binding del "$V:80" 10.9.0.12:80
	slr flow del >/dev/null
	cl socat -u "TCP4:$V:80,sourceport=41000" - >/dev/null &
	p=$!
	defer reap "$p"
	until_ok 10 eval '[ "$(flows client-port 41000 state established)" = 1 ]' || fail "not established: $(live)"
	want "failures" "$(slr -j server show | jq 'map(.failures)|add')" 0
	want "pages of both" "$(spread 8 "http://$V/" | jq -c .)" '{"h1:80":4,"h2:80":4}'
	want "still established" "$(flows client-port 41000 state established)" 1
	reap "$p"
	until_ok 10 eval '[ "$(flows client-port 41000 state established)" = 0 ]' || fail "still established: $(live)"
}

transfers() {
	NAME="large transfers go both ways; in segments that fit the tunnel"
	large_both_ways "$V" "[$V6]"
}

mixed() {
	NAME="servers of all methods serve one service"
	ok h2 slr server add 10.2.0.12 service "$V:80" method direct
	defer slr server del 10.2.0.12
	defer slr binding del "$V:80" 10.2.0.12
	ok h3 slr server add 10.2.0.13:8080 service "$V:80"
	defer slr server del 10.2.0.13:8080
	defer slr binding del "$V:80" 10.2.0.13:8080
	want "shares" "$(spread 9 "http://$V/" | jq -c .)" '{"h1:80":3,"h2:80":3,"h3:8080":3}'
	want "methods" "$(slr -j binding show "$V:80" | jq -c 'map(.method)|sort')" '["direct","nat","tunnel"]'
	want "tunnel" "$(slr -j binding show "$V:80" | jq -r '.[]|select(.method=="tunnel").tunnel')" far1
	shows_what_it_loads "binding $V:80/tcp 10.9.0.11:80 method tunnel far1"
}

limits() {
	NAME="method tunnel needs a tunnel of the customer; and keeps ports and source"
	ok server slr server add 10.9.0.12
	defer slr server del 10.9.0.12
	ok customer slr customer add other id 9
	defer slr customer del other
	ok tunnel slr tunnel add theirs type gre customer other local 10.2.0.1 remote 10.2.0.12 key 9
	defer slr tunnel del theirs
	refused "none" 2 'tunnel' slr binding add "$V:80" 10.9.0.12 method tunnel
	refused "unknown" 1 'tunnel none-such is unknown' slr binding add "$V:80" 10.9.0.12 method tunnel none-such
	refused "another's" 1 "tunnel theirs is another customer's" slr binding add "$V:80" 10.9.0.12 method tunnel theirs
	refused "port" 1 'method tunnel keeps ports' slr binding add "$V:80" 10.9.0.12 port 81 method tunnel far1
	refused "snat" 1 'method tunnel keeps the source' slr binding add "$V:80" 10.9.0.12 snat auto method tunnel far1
	refused "in use" 1 'a tunnel that goes still has' slr tunnel del far1
	refused "moved" 1 "tunnel far1 is another customer's" slr tunnel set far1 customer other
}

moved() {
	NAME="method and tunnel of a server can be changed; old connections stay where they were"
	ok "other tunnel" slr binding set "$V:80" 10.9.0.11:80 method tunnel far2
	want "page" "$(get "http://$V/")" "h2:80 198.51.100.2"
	ok "back" slr binding set "$V:80" 10.9.0.11:80 method tunnel far1
	want "page" "$(get "http://$V/")" "h1:80 198.51.100.2"
}

explained() {
	NAME="explain tells of the tunnel and its way"
	local got
	got=$(slr explain from 198.51.100.2:5 to "$V:80" dev g0)
	want_match "nothing is translated" "$got" 'nothing; by tunnel to 10.9.0.11'
	want_match "tunnel" "$got" 'far1 type ipip'
	want_match "way" "$got" 'to 10.2.0.11 by g1'
}

two_levels() {
	NAME="a server behind a tunnel may be a router that chooses again"
	local lower="ip netns exec h2 $SLR"
	ip -n h1 link add t1 type sit mode any local 10.2.0.11 remote 10.2.0.12
	defer ip -n h1 link del t1
	ip -n h1 link set t1 up
	defer "printf '' | $lower conf load -"
	$lower conf load - <<-X || fail "conf of the lower level"
		port eth0
		tunnel above type ipip local 10.2.0.12 remote 10.2.0.1
		tunnel below type ipip local 10.2.0.12 remote 10.2.0.11
		service $V:80
		server 10.9.1.11:80
		binding $V:80 10.9.1.11:80 method tunnel below
	X
	ok "tunnel" slr tunnel add site type ipip local 10.2.0.1 remote 10.2.0.12
	defer slr tunnel del site
	ok "binding" slr binding set "$V:80" 10.9.0.11:80 method tunnel site
	defer slr binding set "$V:80" 10.9.0.11:80 method tunnel far1
	capture h1 eth0 tcp or ip proto 4
	want "page" "$(get "http://$V/")" "h1:80 198.51.100.2"
	capture_stop
	want_between "by the lower level's tunnel" "$(captured "src host 10.2.0.12 and ip proto 4")" 4 30
	want "with one outer header" "$(captured "ip proto 4 and ip[29] = 6")" "$(captured "ip proto 4")"
	want "from the upper level" "$(captured "src host 10.2.0.1")" 0
	want "server of the lower level" "$($lower -j flow show | jq -r '.[0].server')" 10.9.1.11:80
}

silent() {
	NAME="a server behind a tunnel that does not answer fails"
	ok "set" slr server set 10.9.0.11:80 threshold 2 hold 5m
	defer slr server set 10.9.0.11:80 threshold 8 hold 60 state up
	ok "timeouts" slr service set "$V:80" timeout syn 2
	defer slr service set "$V:80" timeout syn 60
	ip -n h1 link set t0 down
	defer ip -n h1 link set t0 up
	get -m 2 "http://$V/" >/dev/null
	get -m 2 "http://$V/" >/dev/null
	get -m 2 "http://$V/" >/dev/null
	until_ok 20 eval '[ "$(slr -j server show 10.9.0.11:80 | jq -r .[0].condition)" = failed ]' ||
		fail "condition $(slr -j server show 10.9.0.11:80)"
}

net_up
hosts_up
web h1 80
web h2 80
web h3 8080
configure
run_tests pages pinned transfers mixed limits moved two_levels explained silent
