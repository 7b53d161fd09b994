#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Rates of customers and tunnels: two sites, in the network of lib.sh, of which
# one sends far more than it may. Counted is what comes out at the other end.
#
#   cl (Internet) --c0--g0 gw g1--- lan --- h1 site of acme  GRE 7  10.0.0.2
#   198.51.100.2                        --- h2 site of bell  GRE 8  10.0.0.2
#                                       --- h3 plain host,   ipip  10.0.0.10

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

sites_up() {
	gre_site h1 1 7
	gre_site h2 2 8
	ipip_host
}

configure() {
	ok "conf" slr conf load - <<-X
		port g0
		port g1
		$(two_sites)
		$(acme_host)
		$(ways_out)
	X
	slr conf show >"$TMP/before"
}

# packets_in KIND NAME: packets that have come in from a customer or by a tunnel.
packets_in() { slr -j -s "$1" show "$2" | jq '.[0].counters["packets-in"]'; }
counter() { slr -j -s customer show "$1" | jq ".[0].counters[\"$2\"]"; }

# flood NS TO PACKETS SIZE MS: so many datagrams, evenly over the time at the
# least, from one port; prints the milliseconds that it took.
flood() {
	in_ns "$1" python3 - "$2" "$3" "$4" "$5" <<-'X'
		import socket, sys, time
		to, packets, size, ms = sys.argv[1], *map(int, sys.argv[2:])
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("10.0.0.2", 40000))
		start = time.monotonic()
		for i in range(packets):
		    s.sendto(bytes(size), (to, 9))
		    ahead = start + (i + 1) * ms / 1000 / packets - time.monotonic()
		    if ahead > 0:
		        time.sleep(ahead)
		print(int((time.monotonic() - start) * 1000))
	X
}

# Every packet sent is either counted in or dropped, with those that the sender's
# stack sends by itself: waits for that; LOST is how many were dropped. handled REASON DROPPED_BEFORE PASSED_BEFORE SENT KIND NAME
handled() {
	local is_all="((\$(stat $1) - $2 + \$(packets_in $5 $6) - $3 >= $4))"
	until_ok 20 eval "$is_all" || fail "of $4 packets $(($(packets_in "$5" "$6") - $3)) passed"
	LOST=$(($(stat "$1") - $2))
}

packets() {
	NAME="packets of a customer beyond its rate are dropped; counted; the other's pass"
	local d p took passed
	defer "slr conf load $TMP/before"
	ok "set" slr customer set acme packets 100/s
	d=$(stat customer-rate) p=$(packets_in customer acme)
	took=$(flood h1 198.51.100.2 1200 20 3000)
	handled customer-rate "$d" "$p" 1200 customer acme
	passed=$((1200 - LOST))
	# A hundred a second, and at once those of a burst and what processors keep; fewer where a busy
	# machine keeps the sender waiting for longer than a bucket takes to fill.
	want_between "passed in $took ms" $passed $((took / 20)) $((took / 10 + 40))
	d=$(stat customer-rate) p=$(packets_in customer bell)
	flood h2 198.51.100.2 600 20 500 >/dev/null
	handled customer-rate "$d" "$p" 600 customer bell
	want "lost of bell" "$LOST" 0
}

bytes() {
	NAME="bytes of a customer are held to their rate; more takes effect at once and flows stay"
	local d p took flow
	defer "slr conf load $TMP/before"
	ok "set" slr customer set acme bytes 800kbit
	want_match "show" "$(slr customer show acme)" 'bytes 800kbit'
	flood h1 198.51.100.2 1 20 1 >/dev/null
	flow=$(live customer acme | jq -c 'map(.age // 0) | length')
	d=$(stat customer-rate) p=$(packets_in customer acme)
	took=$(flood h1 198.51.100.2 600 972 3000)
	handled customer-rate "$d" "$p" 600 customer acme
	# A hundred packets of a thousand bytes a second, and a burst of 16 KiB.
	want_between "passed in $took ms" $((600 - LOST)) $((took / 20)) $((took / 10 + 40))
	ok "more" slr customer set acme bytes none
	d=$(stat customer-rate) p=$(packets_in customer acme)
	flood h1 198.51.100.2 300 972 300 >/dev/null
	handled customer-rate "$d" "$p" 300 customer acme
	want "lost without a limit" "$LOST" 0
	want "flows" "$(flows customer acme)" "$flow"
}

new_flows() {
	NAME="flows that open faster than they may are dropped; counted; those that live go on"
	local d f r i
	defer "slr conf load $TMP/before"
	slr flow del >/dev/null
	flood h1 198.51.100.2 1 20 1 >/dev/null
	ok "set" slr customer set acme new-flows 5/s
	d=$(stat customer-new-flows) f=$(counter acme flows-total) r=$(counter acme refused)
	for i in h1 h2; do
		in_ns $i python3 - <<-'X'
			import socket
			for port in range(42001, 42061):
			    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
			    s.bind(("10.0.0.2", port))
			    s.sendto(b"x", ("198.51.100.2", 9))
			    s.close()
		X
	done
	settle
	want_between "dropped" $(($(stat customer-new-flows) - d)) 30 55
	# The first flow was opened before.
	want "all are accounted for" $(($(counter acme flows-total) - f + $(counter acme refused) - r)) 60
	want "refused of bell" "$(counter bell refused)" 0
	d=$(stat customer-new-flows)
	flood h1 198.51.100.2 50 20 1 >/dev/null
	settle
	want "of a flow that lives" "$(stat customer-new-flows)" "$d"
}

of_a_tunnel() {
	NAME="a tunnel has a receive budget of its own; its customer's other tunnel does not share it"
	local d p took
	defer "slr conf load $TMP/before"
	ok "set" slr tunnel set acme-site packets-in 100/s rate-in 10mbit
	want_match "show" "$(slr tunnel show acme-site)" 'rate-in 10mbit[[:space:]]+packets-in 100/s'
	d=$(stat tunnel-rate) p=$(packets_in tunnel acme-site)
	took=$(flood h1 198.51.100.2 1200 20 3000)
	handled tunnel-rate "$d" "$p" 1200 tunnel acme-site
	want_between "passed in $took ms" $((1200 - LOST)) $((took / 20)) $((took / 10 + 40))
	d=$(stat tunnel-rate) p=$(packets_in tunnel acme-host)
	in_ns h3 python3 - <<-'X'
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"t0")
		s.bind(("10.0.0.10", 40000))
		for i in range(400):
		    s.sendto(b"x", ("10.0.0.2", 9))
	X
	handled tunnel-rate "$d" "$p" 400 tunnel acme-host
	want "lost of the other tunnel" "$LOST" 0
}

switched() {
	NAME="what goes from tunnel to tunnel is charged to its customer as well"
	local d p took
	defer "slr conf load $TMP/before"
	ok "switch" slr tunnel set acme-site to acme-host
	ok "set" slr customer set acme packets 100/s
	d=$(stat customer-rate) p=$(packets_in tunnel acme-site)
	took=$(flood h1 198.51.100.2 600 20 2000)
	handled customer-rate "$d" "$p" 600 tunnel acme-site
	want_between "passed in $took ms" $((600 - LOST)) $((took / 20)) $((took / 10 + 40))
}

words() {
	NAME="rates in conf; in the units of tc; and refused beyond what can be counted"
	defer "slr conf load $TMP/before"
	ok "set" slr customer set bell new-flows 9/s packets 8000 bytes 2.5mbps
	ok "set" slr tunnel set bell-site rate-in 400gbit
	slr conf show >"$TMP/a"
	want_match "customer" "$(cat "$TMP/a")" 'customer bell id 2 new-flows 9/s packets 8000/s bytes 20mbit'
	want_match "tunnel" "$(cat "$TMP/a")" 'bell-site .* rate-in 400gbit'
	ok "load" slr conf load "$TMP/a"
	slr conf show >"$TMP/b"
	ok "a fixed point" cmp "$TMP/a" "$TMP/b"
	want "JSON" "$(slr -j customer show bell | jq -c '.[0]|[.bytes,.packets,.["new-flows"]]')" '[2500000,8000,9]'
	refused "too much" 2 'more than 1000gbit' slr customer set bell bytes 2tbit
	refused "no rate" 2 'is not a rate' slr tunnel set bell-site rate-in fast
}

explained() {
	NAME="explain tells rates; and which of them drops"
	local here=(tunnel acme-site from 10.0.0.2:5 to 198.51.100.2:80) got p
	defer "slr conf load $TMP/before"
	ok "set" slr customer set acme packets 1000/s bytes 80mbit new-flows 50/s
	ok "set" slr tunnel set acme-site packets-in 2000/s
	got=$(slr explain "${here[@]}")
	want_match "tunnel" "$got" "rate +the tunnel's 2000 packets a second"
	want_match "customer" "$got" "rate +the customer's 1000 packets a second"
	want_match "bytes" "$got" "rate +the customer's 10000000 bytes a second"
	want_match "flows" "$got" "rate +the customer's 50 new flows a second"
	want_match "other" "$(slr explain tunnel bell-site from 10.0.0.2:5 to 198.51.100.2:80 | grep -c ' rate ')" '^0$'
	in_ns h1 ping -q -i 0.002 10.0.0.10 >/dev/null &
	p=$!
	defer "reap $p"
	ok "set" slr customer set acme packets 1/s
	until_ok 20 drops customer-rate || fail "not the customer's: $(slr explain "${here[@]}")"
	ok "set" slr tunnel set acme-site packets-in 1/s
	until_ok 20 drops tunnel-rate || fail "not the tunnel's: $(slr explain "${here[@]}")"
	ok "set" slr tunnel set acme-site packets-in none
	ok "set" slr customer set acme packets none bytes none new-flows 1/s
	reap "$p"
	flood_flows h1 &
	defer "reap $!"
	until_ok 20 drops customer-new-flows || fail "not the flows': $(slr explain "${here[@]}")"
}

# drops REASON: whether a packet of acme's site would be dropped for that now.
drops() {
	slr -j explain tunnel acme-site from 10.0.0.2:5 to 198.51.100.2:80 |
		jq -e --arg reason "$1" '.verdict == "drop" and .reason == $reason'
}

# flood_flows NS: datagrams from one port after the other.
flood_flows() {
	in_ns "$1" python3 - <<-'X'
		import socket, time
		for port in range(20000, 60000):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.bind(("10.0.0.2", port))
		    s.sendto(b"x", ("198.51.100.2", 9))
		    s.close()
		    time.sleep(0.005)
	X
}

net_up
sites_up
configure
# Nobody need answer, and nobody is to be told so.
in_ns cl socat -u UDP-RECV:9 OPEN:/dev/null &
defer reap $!
run_tests packets bytes new_flows of_a_tunnel switched explained words
