#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two customers on a shaped link, as sites with tunnels in the network of lib.sh.
# The link is slow, so that the test machine is never what limits them; what each
# gets is counted by the packet scheduler over a window of time.
#
#   cl (Internet) --c0--g0 gw g1--- lan --- h1 site of acme  GRE 7  10.0.0.2
#   198.51.100.2          5 Mbit/s      --- h2 site of bell  GRE 8  10.0.0.2

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

RATE=5000000

# site NS NUMBER KEY
site() {
	gre_site "$@"
	# A super-packet would be a tenth of a second of this link.
	in_ns "$1" ethtool -K t0 tso off gso off >/dev/null 2>&1
	in_ns "$1" ethtool -K eth0 tso off gso off gro off >/dev/null 2>&1
}

sites_up() {
	site h1 1 7
	site h2 2 8
	cl ethtool -K c0 tso off gso off gro off >/dev/null 2>&1
	gw ethtool -K g0 gro off >/dev/null 2>&1
	gw ethtool -K g1 gro off >/dev/null 2>&1
}

configure() {
	ok "conf" slr conf load - <<-X
		port g0
		port g1
		$(two_sites)
		customer idle id 3
		$(ways_out)
	X
	slr conf show >"$TMP/before"
}

# sent DEV NAME: bytes that a customer's queue has sent.
sent() { slr -j shape show "$1" | jq ".[0].queues[\"$2\"].bytes // 0"; }

# reading DEV: microseconds, and what acme and bell have sent by then. All of one
# listing, since on a slow machine a second one would be a good part of a window later.
reading() {
	slr -j shape show "$1" |
		jq -r '.[0].queues as $q | [now * 1000000, $q.acme.bytes // 0, $q.bell.bytes // 0] | map(floor) | @tsv'
}

# window DEV SECONDS: what acme and bell send in that time, or a little more: ACME and
# BELL, in bits a second.
window() {
	local at acme bell start a b
	read -r start a b < <(reading "$1")
	sleep "$2"
	read -r at acme bell < <(reading "$1")
	ACME=$(((acme - a) * 8000000 / (at - start)))
	BELL=$(((bell - b) * 8000000 / (at - start)))
}

# shares WHAT DEV LOW HIGH: what acme gets of both, in thousandths, while both take all they can.
shares() {
	sleep 2
	window "$2" 6
	want_between "$1: acme $ACME bell $BELL, of a thousand" $((ACME * 1000 / (ACME + BELL + 1))) "$3" "$4"
	BOTH=$((ACME + BELL))
}

# bulk NS: sends without an end.
bulk() {
	in_ns "$1" socat -u OPEN:/dev/zero TCP:198.51.100.2:9 &
	defer "reap $!"
}

# datagrams NS SIZE RATE SOCKETS: sends RATE of them a second without an end. It goes by
# the clock, so that what a busy machine delays is made up for and a queue stays filled.
datagrams() {
	in_ns "$1" python3 - "${@:2}" <<-'X' &
		import itertools, socket, sys, time
		size, rate, count = map(int, sys.argv[1:])
		sockets = itertools.cycle([socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(count)])
		start, sent = time.monotonic(), 0
		while True:
		    due = int((time.monotonic() - start) * rate)
		    for i in range(due - sent):
		        next(sockets).sendto(bytes(size), ("198.51.100.2", 7))
		    sent = due
		    time.sleep(0.01)
	X
	defer "reap $!"
}

# saturate NS: the same as bulk, and datagrams that keep its queue filled whatever the
# connection does: more than the link takes.
saturate() {
	bulk "$1"
	datagrams "$1" 1400 600 1
}

# download NS: takes without an end.
download() {
	local i
	for i in 1 2 3 4 5; do
		in_ns "$1" socat -u TCP:198.51.100.2:8 OPEN:/dev/null &
		defer "reap $!"
	done
}

shaped() {
	ok "weights" slr customer set acme weight 70
	ok "weights" slr customer set bell weight 30
	ok "shape" slr shape add "$1" rate 5mbit
	defer "slr shape del $1"
}

weights() {
	NAME="two saturating customers get 70 to 30; then halves on the same connections; an idle third costs nothing"
	local flows
	defer "slr conf load $TMP/before"
	shaped g0
	saturate h1
	saturate h2
	until_ok 20 eval '[ "$(sent g0 acme)" -gt 400000 ] && [ "$(sent g0 bell)" -gt 200000 ]' || fail "nothing is sent"
	until_ok 20 eval '[ "$(slr -j flow show | jq length)" = 4 ]' || fail "not all of them send"
	flows=$(slr -j flow show | jq -c 'map([.customer, .client])|sort')
	shares "70 to 30" g0 665 735
	ok "halves" slr customer set acme weight 30
	shares "halves" g0 475 525
	ok "an idle third" slr customer set idle weight 100
	shares "with an idle third" g0 475 525
	want_between "of the link" $BOTH $((RATE * 85 / 100)) $((RATE * 115 / 100))
	want "connections" "$(slr -j flow show | jq -c 'map([.customer, .client])|sort')" "$flows"
}

tunnels() {
	NAME="what enters tunnels is shared by the same weights; of answers from the Internet too"
	defer "slr conf load $TMP/before"
	shaped g1
	download h1
	download h2
	until_ok 20 eval '[ "$(sent g1 acme)" -gt 800000 ] && [ "$(sent g1 bell)" -gt 400000 ]' || fail "nothing is sent"
	shares "70 to 30" g1 665 735
}

small_packets() {
	NAME="a flood of small packets by one costs the other no more than a tenth of its share"
	defer "slr conf load $TMP/before"
	ok "weights" slr customer set acme weight 50 packets 500/s
	ok "weights" slr customer set bell weight 50
	ok "shape" slr shape add g0 rate 10mbit
	defer "slr shape del g0"
	datagrams h1 1 2000 1
	bulk h2
	until_ok 20 eval '[ "$(sent g0 bell)" -gt 400000 ]' || fail "nothing is sent"
	sleep 2
	window g0 6
	want_between "of the link for bell" "$BELL" $((10000000 * 9 / 20)) 11000000
	want_between "packets of the flood dropped" "$(stat customer-rate)" 100 1000000
}

# p99: of the round trips of bell, of which one is in flight at a time, in microseconds.
p99() {
	in_ns h2 ping -i 0.02 -c 300 198.51.100.2 | sed -n 's/.*time=\([0-9.]*\) ms/\1/p' |
		sort -n | awk '{ t[NR] = $1 } END { print int(t[int(NR * 99 / 100)] * 1000) }'
}

# waiting CUSTOMER: bytes in its queue.
waiting() { slr -j -s shape show g0 customer "$1" | jq ".[0].queues[\"$1\"].backlog"; }

# What the flood may add is bounded by time, not by a tenth of what a round trip takes without: that
# is the machine's, some tens of microseconds. In a queue that both share it adds twice as much as is allowed here.
latency() {
	NAME="a flood of small packets by one lets the other's last round trips wait for none of its queue"
	local alone flooded shared
	defer "slr conf load $TMP/before"
	ok "weights" slr -b - <<<$'customer set acme weight 50\ncustomer set bell weight 50'
	ok "shape" slr shape add g0 rate 200kbit
	defer "slr shape del g0"
	alone=$(p99)
	# From so many ports that fair queueing of connections alone would not help, and twice
	# what the link takes: no more, as the slowest kernel has to forward it.
	datagrams h1 1 1200 900
	until_ok 30 eval '(($(waiting acme) > 20000))' || fail "no queue: $(waiting acme)"
	flooded=$(p99)
	want_between "bytes that wait of the flood" "$(waiting acme)" 10000 10000000
	diag "p99 of round trips: $alone us alone, $flooded us beside the flood"
	want_between "p99 beside the flood" "$flooded" 1 $((alone + 50000 * SLOW))
	# The same without queues of their own shows that the flood would be felt.
	ok "no weights" slr -b - <<<$'customer set acme weight 0\ncustomer set bell weight 0'
	until_ok 30 eval '(($(slr -j -s shape show g0 | jq ".[0].queues.rest.backlog") > 20000))' || fail "no queue"
	shared=$(p99)
	diag "p99 in one queue with it: $shared us"
	want_between "p99 in one queue with it" "$shared" $((alone + 50000)) 60000000
}

order() {
	NAME="packets of a customer leave in their order while others wait"
	defer "slr conf load $TMP/before"
	shaped g0
	bulk h2
	until_ok 20 eval '[ "$(sent g0 bell)" -gt 400000 ]' || fail "nothing is sent"
	capture gw g0 'udp dst port 7'
	# From one processor: virtual cables have a queue on each.
	in_ns h1 taskset -c 0 python3 - <<-'X'
		import socket, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(2000):
		    s.sendto(b"%08d" % i + bytes(600), ("198.51.100.2", 7))
		    if i % 10 == 9:
		        time.sleep(0.02)
	X
	capture_stop
	want_match "seen and late" "$(python3 - "$CAP" <<-'X'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		at, last, seen, late = 24, -1, 0, 0
		while at < len(data):
		    length = struct.unpack_from("=I", data, at + 8)[0]
		    number = int(data[at + 16 + 42:at + 16 + 50])
		    late += number < last
		    last, seen = max(last, number), seen + 1
		    at += 16 + length
		print(seen, late)
	X
	)" '^(1[5-9][0-9][0-9]|2000) 0$'
}

words() {
	NAME="shape in conf; a foreign qdisc is left alone; and a reload brings all back"
	local classes
	defer "slr conf load $TMP/before"
	ok "of somebody else" gw tc qdisc add dev g1 root sfq
	refused "in the way" 1 "not slr's" slr shape add g1 rate 50mbit
	want_match "left alone" "$(gw tc qdisc show dev g1)" 'qdisc sfq'
	ok "forced" slr shape add g1 rate 50mbit force
	refused "twice" 1 'shaped already' slr shape add g1 rate 50mbit
	ok "del" slr shape del g1
	refused "not shaped" 1 'not shaped' slr shape del g1
	refused "no device" 1 'does not exist' slr shape add nope rate 50mbit
	refused "no rate" 2 'rate RATE is missing' slr shape add g1
	shaped g0
	classes=$(gw tc -j class show dev g0 | jq -c 'map([.handle,.rate,.ceil])|sort')
	want_match "class of acme" "$classes" '"736c:1"'
	want_match "show" "$(slr shape show)" 'g0 rate 5mbit.*customer acme weight 70.*customer bell weight 30.*rest weight 10'
	ok "other rate" slr shape set g0 rate 40mbit
	want "rate" "$(slr -j shape show g0 | jq '.[0].rate')" 5000000
	ok "and back" slr shape set g0 rate 5mbit
	slr conf show >"$TMP/a"
	want_match "conf" "$(cat "$TMP/a")" 'shape g0 rate 5mbit'
	ok "without" slr conf load "$TMP/before"
	want "left" "$(slr -j shape show)" '[]'
	ok "the module goes" rmmod slr
	ok "and comes" insmod "$SLR_KO"
	ok "with" slr conf load "$TMP/a"
	want "classes" "$(gw tc -j class show dev g0 | jq -c 'map([.handle,.rate,.ceil])|sort')" "$classes"
	slr conf show >"$TMP/b"
	ok "a fixed point" cmp "$TMP/a" "$TMP/b"
	ok "one goes" slr customer set bell weight none
	want "its class" "$(gw tc -j class show dev g0 | jq 'map(select(.handle=="736c:2"))|length')" 0
	ok "a customer goes with its weight" slr customer set idle weight 5
	ok "a customer goes" slr customer del idle
	want "its class" "$(gw tc -j class show dev g0 | jq 'map(select(.handle=="736c:3"))|length')" 0
	refused "beyond" 1 '0..=1000' slr customer set acme weight 1001
	refused "number" 1 'a number of at most 65533' slr customer add far id 70000 weight 1
}

net_up
sites_up
configure
cl socat -u TCP-LISTEN:9,fork,reuseaddr OPEN:/dev/null &
defer reap $!
cl socat -u OPEN:/dev/zero TCP-LISTEN:8,fork,reuseaddr &
defer reap $!
run_tests weights tunnels small_packets latency order words
