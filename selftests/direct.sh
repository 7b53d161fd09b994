#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers that have the virtual address and answer the client directly: the
# network of lib.sh with a second way from the servers to the client.
#
#   cl --c0------g0 gw g1------ lan ---- h1, h2 (method direct), h3 (method nat)
#   cl --c1---------------------+        10.2.0.2, 2001:db8:2::2
#
# Answers of h1 and h2 go by c1 and never pass the gateway; h3's do.

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
}

configure() {
	local a
	ports_up
	ok service slr service add "$V:80" scheduler rr
	ok service slr service add "[$V6]:80" scheduler rr
	ok server slr server add 10.2.0.11:80
	ok server slr server add '[2001:db8:2::11]:80'
	ok bind slr binding add "$V:80" 10.2.0.11:80 method direct
	ok bind slr binding add "[$V6]:80" '[2001:db8:2::11]:80' method direct
}

pages() {
	NAME="a server that has the virtual address answers the client directly"
	capture gw g1
	want "page" "$(get "http://$V/")" "h1:80 198.51.100.2"
	want "page over IPv6" "$(get "http://[$V6]/")" "h1:80 2001:db8:100::2"
	capture_stop
	want "answers that pass the gateway" "$(captured "src host $V or (src host $V6 and tcp)")" 0
	want_between "packets as the client sent them" "$(captured "src host 198.51.100.2 and dst host $V")" 4 30
	want "packets with another destination" "$(captured "tcp and not dst host $V and not dst host $V6")" 0
	want_between "to the link-layer address of the server" \
		"$(captured "tcp and ether dst $(ip -n h1 -j link show eth0 | jq -r '.[0].address')")" 8 60
}

states() {
	NAME="a connection is followed by what the client sends"
	local p
	slr flow del >/dev/null
	cl socat -u "TCP4:$V:80,sourceport=41000" - >/dev/null &
	p=$!
	defer reap "$p"
	until_ok 10 eval '[ "$(flows client-port 41000 state established)" = 1 ]' || fail "not established: $(live)"
	want "server" "$(live client-port 41000 | jq -r '.[0].server')" "10.2.0.11:80"
	want "found by its server" "$(flows server 10.2.0.11:80)" 1
	want "failures" "$(slr -j server show 10.2.0.11:80 | jq '.[0].failures')" 0
	reap "$p"
	until_ok 10 eval '[ "$(flows client-port 41000 state established)" = 0 ]' || fail "still established: $(live)"
}

transfers() {
	NAME="large transfers go both ways; in segments of the path"
	large_both_ways "$V" "[$V6]"
}

mixed() {
	NAME="servers of both methods serve one service"
	ok h2 slr server add 10.2.0.12 service "$V:80" method direct
	defer slr server del 10.2.0.12
	defer slr binding del "$V:80" 10.2.0.12
	ok h3 slr server add 10.2.0.13:8080 service "$V:80"
	defer slr server del 10.2.0.13:8080
	defer slr binding del "$V:80" 10.2.0.13:8080
	want "shares" "$(spread 9 "http://$V/" | jq -c .)" '{"h1:80":3,"h2:80":3,"h3:8080":3}'
	want "methods" "$(slr -j binding show "$V:80" | jq -c 'map(.method)|sort')" '["direct","direct","nat"]'
	want_match "conf" "$(slr conf show)" "binding $V:80/tcp 10.2.0.12 method direct"
}

silent() {
	NAME="a server that does not answer fails"
	ok "set" slr server set 10.2.0.11:80 threshold 2 hold 5m
	defer slr server set 10.2.0.11:80 threshold 8 hold 60 state up
	ok "timeouts" slr service set "$V:80" timeout syn 2
	defer slr service set "$V:80" timeout syn 60
	ip -n h1 addr del "$V/32" dev lo
	in_ns h1 sysctl -qw net.ipv4.ip_forward=0
	defer ip -n h1 addr add "$V/32" dev lo
	get -m 2 "http://$V/" >/dev/null
	get -m 2 "http://$V/" >/dev/null
	get -m 2 "http://$V/" >/dev/null
	until_ok 20 eval '[ "$(slr -j server show 10.2.0.11:80 | jq -r .[0].condition)" = failed ]' ||
		fail "condition $(slr -j server show 10.2.0.11:80)"
}

limits() {
	NAME="method direct keeps ports and source"
	ok server slr server add 10.2.0.12
	defer slr server del 10.2.0.12
	refused "port" 1 'method direct keeps ports' slr binding add "$V:80" 10.2.0.12 port 81 method direct
	refused "snat" 1 'method direct keeps the source' slr binding add "$V:80" 10.2.0.12 snat auto method direct
	ok bind slr binding add "$V:80" 10.2.0.12 snat auto
	defer slr binding del "$V:80" 10.2.0.12
	refused "later" 1 'method direct keeps the source' slr binding set "$V:80" 10.2.0.12 method direct
}

explained() {
	NAME="explain tells of the link"
	local got
	got=$(slr explain from 198.51.100.2:5 to "$V:80" dev g0)
	want_match "nothing is translated" "$got" 'nothing; to the link of 10.2.0.11'
	want_match "way" "$got" 'to 10.2.0.11 by g1'
}

net_up
hosts_up
web h1 80
web h2 80
web h3 8080
configure
run_tests pages states transfers mixed limits explained silent
