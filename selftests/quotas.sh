#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a customer may have: two sites, whose addresses are the same, in the
# network of lib.sh. Whatever one runs into, the other goes on.
#
#   cl (Internet) --c0--g0 gw g1--- lan --- h1 site of acme  GRE 7  10.0.0.2
#   198.51.100.2                        --- h2 site of bell  GRE 8  10.0.0.2
#                                       --- h3 server of acme, ipip  10.0.0.10

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=10.0.0.80

sites_up() {
	gre_site h1 1 7
	gre_site h2 2 8
	ipip_server
}

configure() {
	ok "conf" slr conf load - <<-X
		port g0
		port g1
		$(two_sites)
		$(acme_host)
		$(ways_out)
	X
}

# customer NAME FIELD: what is known of a customer.
customer() { slr -j -s customer show "$1" | jq -r ".[0].$2"; }

# datagrams NS FIRST LAST: one each to the echo server of cl from these source ports.
datagrams() {
	in_ns "$1" python3 - "$2" "$3" <<-'X'
		import socket, sys
		for port in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    s.bind(("10.0.0.2", port))
		    s.sendto(b"x", ("198.51.100.2", 7))
		    s.close()
	X
}

# counted NAME FIELD N: the count comes to be N.
counted() { soon "$1 of $2" "$3" customer "$1" "$2"; }

flows_of_one() {
	NAME="max-flows drops the customer's next flow; counted; the other opens more"
	local before
	slr flow del >/dev/null
	counted acme flows 0
	ok "set" slr customer set acme max-flows 5
	before=$(stat customer-flows)
	datagrams h1 41001 41008
	soon "customer-flows" $((before + 3)) stat customer-flows
	counted acme flows 5
	want "refused at acme" "$(customer acme counters.refused)" 3
	datagrams h2 41001 41020
	counted bell flows 20
	want "refused at bell" "$(customer bell counters.refused)" 0
	want "customer-flows" "$(stat customer-flows)" $((before + 3))
	want_match "show" "$(slr customer show acme)" 'max-flows 5'
	want_match "use" "$(slr customer show acme)" 'flows 5 of 5'
	want_match "explained" "$(slr explain customer acme from 10.0.0.2:9 to 198.51.100.2:80)" \
		"5 of the customer's 5 flows"
	want_match "verdict" "$(slr explain customer acme from 10.0.0.2:9 to 198.51.100.2:80)" 'customer-flows'
	# More take effect at once, and what lives is not touched by less.
	ok "more" slr customer set acme max-flows 7
	datagrams h1 41009 41012
	counted acme flows 7
	ok "less" slr customer set acme max-flows 2
	want "flows" "$(customer acme flows)" 7
	datagrams h1 41001 41005
	settle
	want "those that live" "$(customer acme flows)" 7
	ok "none" slr customer set acme max-flows none
	datagrams h1 41013 41022
	counted acme flows 17
	ok "end" slr flow del customer acme
	counted acme flows 0
	want "refused at bell" "$(customer bell counters.refused)" 0
}

flows_of_services() {
	NAME="flows for services count as well; and give their place back"
	local before
	slr flow del >/dev/null
	slr conf show >"$TMP/before"
	defer "slr conf load $TMP/before"
	web h3 8080
	ok "service" slr service add $V:80/tcp customer acme
	ok "server" slr server add 10.0.0.10:8080 customer acme service $V:80/tcp
	ok "set" slr customer set acme max-flows 1
	before=$(stat customer-flows)
	want "page" "$(get_in h1 "http://$V/")" "h3:8080 10.0.0.2"
	counted acme flows 0
	want "page again" "$(get_in h1 "http://$V/")" "h3:8080 10.0.0.2"
	counted acme flows 0
	want "customer-flows" "$(stat customer-flows)" "$before"
	in_ns h1 socat -u "TCP:$V:80" OPEN:/dev/null &
	defer reap $!
	counted acme flows 1
	want "a second at once" "$(get_in h1 "http://$V/" -m 2)" "[28]"
	want_between "customer-flows" $(($(stat customer-flows) - before)) 1 5
}

configuration() {
	NAME="max-routes and max-tunnels refuse with a sentence; what was there stays"
	slr conf show >"$TMP/before"
	defer "slr conf load $TMP/before"
	ok "set" slr customer set acme max-routes 4 max-tunnels 2
	want_match "use" "$(slr customer show acme)" 'routes 3 of 4 tunnels 2 of 2'
	ok "the last" slr route add 10.7.0.0/16 customer acme blackhole
	slr conf show >"$TMP/full"
	refused "a route more" 1 'customer acme: 5 routes, max-routes is 4' slr route add 10.8.0.0/16 customer acme blackhole
	refused "a tunnel more" 1 'customer acme: 3 tunnels, max-tunnels is 2' \
		slr tunnel add acme-more type gre customer acme local 10.2.0.1 remote 10.2.0.13 key 9
	refused "less than there is" 1 'customer acme: 4 routes, max-routes is 3' slr customer set acme max-routes 3
	{ cat "$TMP/full"; echo "route 10.8.0.0/16 customer acme blackhole"; } >"$TMP/more"
	refused "a file" 1 'customer acme: 5 routes, max-routes is 4' slr conf load "$TMP/more"
	refused "the same in steps" 1 'customer acme: 5 routes, max-routes is 4' slr conf sync "$TMP/more"
	slr conf show >"$TMP/after"
	ok "nothing has changed" cmp "$TMP/full" "$TMP/after"
	ok "the other" slr route add 10.8.0.0/16 customer bell blackhole
	ok "and its tunnels" slr tunnel add bell-more type gre customer bell local 10.2.0.1 remote 10.2.0.13 key 9
	refused "another's tunnel" 1 'customer acme: 3 tunnels, max-tunnels is 2' slr tunnel set bell-more customer acme
	ok "one goes" slr route del 10.7.0.0/16 customer acme
	ok "one comes" slr route add 10.8.0.0/16 customer acme blackhole
	ok "led elsewhere" slr route set 10.8.0.0/16 customer acme unreachable
	want "routes" "$(customer acme routes)" 4
	want "tunnels" "$(customer acme tunnels)" 2
	want "tunnels of bell" "$(customer bell tunnels)" 2
	ok "load" slr conf load "$TMP/full"
	want "tunnels of bell after load" "$(customer bell tunnels)" 1
}

words() {
	NAME="quotas in conf; in steps; and told to who listens"
	slr conf show >"$TMP/before"
	defer "slr conf load $TMP/before"
	monitor_up "$TMP/told" monitor config
	ok "set" slr customer set bell max-flows 9 max-routes 8 max-tunnels 7
	until_ok 10 grep -q 'bell.*max-flows 9 max-routes 8 max-tunnels 7' "$TMP/told" || fail "told: $(cat "$TMP/told")"
	slr conf show >"$TMP/a"
	want_match "conf" "$(cat "$TMP/a")" 'customer bell id 2 max-flows 9 max-routes 8 max-tunnels 7'
	ok "load" slr conf load "$TMP/a"
	slr conf show >"$TMP/b"
	ok "a fixed point" cmp "$TMP/a" "$TMP/b"
	ok "sync" slr conf sync "$TMP/before"
	slr conf show >"$TMP/c"
	ok "taken away" cmp "$TMP/before" "$TMP/c"
	refused "no number" 2 'not a number' slr customer set bell max-flows many
}

net_up
sites_up
configure
# An echo server that need not answer: a socket that takes what comes.
in_ns cl socat -u UDP-RECV:7 OPEN:/dev/null &
defer reap $!
run_tests flows_of_one flows_of_services configuration words
