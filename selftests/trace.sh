#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Live packets, followed from where they arrive to where they leave or end, in
# the network of lib.sh. Customer acme has a site behind cl and a server on h1,
# both by tunnels of the kernel's; customer bell has nothing but a name.
#
#   cl site 10.1.0.2, 2001:db8:a1::2                     h1 far 10.9.0.11, 2001:db8:a9::11
#   cl --c0------g0 gw g1------ lan ---- h1
#       GRE key 7            GRE key 9

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
V6='[2001:db8:cafe::1]'
S=10.0.0.10
S6='[2001:db8:a0::10]'

sites_up() {
	ip -n cl link add site type gre local 198.51.100.2 remote 198.51.100.1 key 7
	ip -n cl link set site up
	addr cl site 10.1.0.2/24 2001:db8:a1::2/64
	ip -n cl route add 10.0.0.0/24 dev site src 10.1.0.2
	ip -n cl -6 route add 2001:db8:a0::/64 dev site src 2001:db8:a1::2
	ip -n h1 link add far type gre local 10.2.0.11 remote 10.2.0.1 key 9
	ip -n h1 link set far up
	addr h1 far 10.9.0.11/24 2001:db8:a9::11/64
	ip -n h1 route add 10.1.0.0/24 dev far
	ip -n h1 -6 route add 2001:db8:a1::/64 dev far
}

configure() {
	ports_up
	slr conf load - <<-X
		customer acme id 1
		customer bell id 2
		port g0
		port g1
		tunnel site type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 7 allowed 10.1.0.0/24,2001:db8:a1::/64
		tunnel far type gre customer acme local 10.2.0.1 remote 10.2.0.11 key 9
		route 10.1.0.0/24 customer acme via tunnel site
		route 2001:db8:a1::/64 customer acme via tunnel site
		route 10.9.0.0/24 customer acme via tunnel far
		route 2001:db8:a9::/64 customer acme via tunnel far
	X
	ok "service" slr service add "$V:80"
	ok "server" slr server add 10.2.0.11:8001 service "$V:80"
	ok "service" slr service add "$V6:80"
	ok "server" slr server add '[2001:db8:2::11]:8001' service "$V6:80"
	ok "service" slr service add "$S:80" customer acme
	ok "server" slr server add 10.9.0.11:8001 customer acme service "$S:80"
	ok "service" slr service add "$S6:80" customer acme
	ok "server" slr server add '[2001:db8:a9::11]:8001' customer acme service "$S6:80"
}

# followed FILE COMMAND -- FILTER...: does the command until a packet was traced,
# which is in FILE. Whether slr has begun nobody can see, so it may be done often.
followed() {
	local file=$1 command=$2 p
	shift 3
	ip netns exec gw "$SLR" -j trace "$@" count 1 >"$file" &
	p=$!
	until_ok 20 eval "$command >/dev/null 2>&1; ! kill -0 $p" || fail "no packet for: $*"
	reap "$p"
}

stages() { jq -r '.step|map(.stage)|join(" ")' "$1"; }

nat() {
	NAME="a packet to a virtual host; from its port to its server; both families"
	local t=$TMP/t
	slr flow del >/dev/null
	followed "$t" "get http://$V/ -m 1" -- dst "$V" dport 80 dev g0
	want_match "stages" "$(stages "$t")" '^arrived packet (opened|flow) rewritten sent$'
	want "device" "$(jq -r '.step[0].dev + .step[-1].dev' "$t")" g0g1
	want "what came" "$(jq -r '.step[1]|.protocol+" "+.destination+" "+(."destination-port"|tostring)' "$t")" "tcp $V 80"
	want "what left" "$(jq -r '.step[3]|.destination+" "+(."destination-port"|tostring)' "$t")" "10.2.0.11 8001"
	followed "$t" "get http://$V6/ -m 1" -- host 2001:db8:cafe::/64 proto tcp sport 80
	want_match "stages of an answer" "$(stages "$t")" '^arrived packet flow rewritten sent$'
	want "devices of an answer" "$(jq -r '.step[0].dev + .step[-1].dev' "$t")" g1g0
	want "times go on" "$(jq '[.step[].after]|. == sort' "$t")" true
}

tunnels() {
	NAME="a packet out of a tunnel; to a service of its customer; into another tunnel"
	local t=$TMP/t url
	for url in "$S" "$S6"; do
		want "page" "$(get "http://$url/" | cut -d' ' -f1)" h1:8001
		followed "$t" "get http://$url/ -m 1" -- customer acme tunnel site dport 80
		want_match "stages" "$(stages "$t")" '^arrived packet tunnel packet (opened|flow) rewritten encapsulated sent$'
		want "tunnels" "$(jq -c '[.step[].tunnel]-[null]' "$t")" '["site","far"]'
		want "customers" "$(jq -c '[.step[].customer]' "$t")" '[0,0,1,1,1,1,1,1]'
	done
}

spoofed() {
	NAME="a packet that a tunnel may not bring; with the reason"
	local t=$TMP/t
	addr cl site 10.5.0.5/32 2001:db8:a5::5/128
	defer ip -n cl addr del 10.5.0.5/32 dev site
	defer ip -n cl addr del 2001:db8:a5::5/128 dev site
	followed "$t" "cl ping -c 1 -W 1 -I 10.5.0.5 $S" -- customer acme drops src 10.5.0.5
	want "stages" "$(stages "$t")" "arrived packet tunnel packet dropped"
	want "reason" "$(jq -r '.step[-1].reason' "$t")" spoof
	followed "$t" "cl ping -c 1 -W 1 -I 2001:db8:a5::5 2001:db8:a0::10" -- reason spoof src 2001:db8:a5::/64
	want "reason over IPv6" "$(jq -r '.step[-1].reason' "$t")" spoof
}

unmatched() {
	NAME="packets that are for nobody here; left to the host"
	local t=$TMP/t
	followed "$t" "cl ping -c 1 -W 1 10.2.0.12" -- dst 10.2.0.12 proto icmp dev g0
	want "stages" "$(stages "$t")" "arrived packet passed"
	want "reason" "$(jq -r '.step[-1].reason' "$t")" not-for-us
	followed "$t" "cl ping -c 1 -W 1 2001:db8:2::12" -- reason not-for-us src 2001:db8:100::/64
	want "stages over IPv6" "$(stages "$t")" "arrived packet passed"
	ip -n cl neigh flush dev c0
	followed "$t" "ip -n cl neigh flush dev c0; cl ping -c 1 -W 1 198.51.100.1" -- reason not-ip
	want "what is not IP" "$(stages "$t")" "arrived passed"
}

in_words() {
	NAME="one line a step; with the names of customer and devices"
	local p
	ip netns exec gw "$SLR" trace tunnel site dport 80 count 1 >"$TMP/t" &
	p=$!
	until_ok 20 eval "get http://$S/ -m 1; ! kill -0 $p" || fail "no packet"
	reap "$p"
	want_match "head" "$(head -1 "$TMP/t")" '^[0-9]+\.[0-9]{6} [a-z]+ .* > '
	want_match "tunnel" "$(cat "$TMP/t")" $'\n +[0-9]+\.[0-9] tunnel customer acme tunnel site'
	want_match "inner" "$(cat "$TMP/t")" 'packet customer acme tcp 10\.1\.0\.2:[0-9]+ > 10\.0\.0\.10:80'
	want_match "end" "$(tail -1 "$TMP/t")" '^ +[0-9]+\.[0-9] sent customer acme dev g1$'
}

apart() {
	NAME="neither another customer nor another namespace sees a packet"
	local t=$TMP/t
	ip netns exec gw "$SLR" -j trace customer bell >"$TMP/bell" &
	defer "reap $!"
	ip netns exec h2 "$SLR" -j trace >"$TMP/h2" &
	defer "reap $!"
	sleep 1
	followed "$t" "get http://$S/ -m 1" -- customer acme dport 80
	want "page" "$(get "http://$S/" | cut -d' ' -f1)" h1:8001
	settle
	want "seen by bell" "$(cat "$TMP/bell")" ""
	want "seen elsewhere" "$(cat "$TMP/h2")" ""
}

# What turns the jumps to the recording stages on and off, by turns of readers.
PROBES=/sys/kernel/tracing/kprobe_events
turns() { awk -v probe="slr_$1" '$1 == probe { print $2 }' /sys/kernel/tracing/kprobe_profile; }

killed() {
	NAME="off is off; when the readers were killed too; and their places are free again"
	local i p turn
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	[[ -w $PROBES ]] || { skip "no kprobes"; return; }
	for turn in inc dec; do
		echo "p:slr_$turn slr_helper_static_key_slow_$turn" >>"$PROBES" || fail "no probe"
		defer "echo 0 >/sys/kernel/tracing/events/kprobes/slr_$turn/enable; echo -:slr_$turn >>$PROBES"
		echo 1 >"/sys/kernel/tracing/events/kprobes/slr_$turn/enable"
	done
	for ((i = 0; i < 10; i++)); do
		ip netns exec gw "$SLR" -j trace proto icmp >"$TMP/killed" &
		p=$!
		until_ok 20 eval "cl ping -c 1 -W 1 198.51.100.1; [ -s $TMP/killed ]" || fail "reader $i sees nothing"
		reap "$p"
	done
	want "turned on" "$(turns inc)" 10
	soon "turned off" 10 turns dec
}

# events NAME...: turns these tracepoints on, for acme or all, in a buffer of the test's own.
EVENTS=/sys/kernel/tracing/instances/slr_test
events() {
	local name
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	mkdir "$EVENTS" || return
	defer "rmdir $EVENTS"
	for name; do
		defer "echo 0 >$EVENTS/events/slr/$name/enable"
		echo 1 >"$EVENTS/events/slr/$name/enable" || return
	done
}

# event NAME TEXT: whether a tracepoint has told that.
event() { grep -E " $1: " "$EVENTS/trace" | grep -qE -- "$2"; }

ifindex() { ip -n gw -j link show "$1" | jq '.[0].ifindex'; }

tracepoints() {
	NAME="the kernel's own tools see steps; drops and flows; while they ask for them"
	local url name
	events slr_drop slr_stage slr_flow_new slr_flow_end || { fail "no tracepoints"; return; }
	slr flow del >/dev/null
	for url in "$S" "$S6"; do
		get "http://$url/" >/dev/null || fail "page of $url"
	done
	until_ok 10 event slr_stage "stage=tunnel customer=1 tunnel=[1-9][0-9]* " || fail "no tunnel"
	event slr_stage "stage=opened customer=1 .*protocol=6 saddr=::ffff:10.1.0.2 .*dport=8001" || fail "not opened"
	event slr_stage "stage=sent customer=1 .*ifindex=$(ifindex g1) " || fail "not sent"
	event slr_flow_new "customer=1 protocol=6 client=::ffff:10.1.0.2 .*service=::ffff:$S service_port=80 server=::ffff:10.9.0.11 server_port=8001" || fail "no flow"
	event slr_flow_new "client=2001:db8:a1::2 .*server=2001:db8:a9::11 " || fail "no flow over IPv6"
	until_ok 10 event slr_flow_end "state=closed customer=1 .*client=::ffff:10.1.0.2 " || fail "no end"
	addr cl site 10.5.0.5/32
	defer ip -n cl addr del 10.5.0.5/32 dev site
	cl ping -c 1 -W 1 -s 100 -I 10.5.0.5 "$S" >/dev/null
	until_ok 10 event slr_drop "reason=spoof customer=1 ifindex=$(ifindex g0) len=128 protocol=0x0800 " || fail "no drop"
	event slr_stage "stage=dropped customer=1 .*reason=spoof " || fail "no last step"
	((RET == 0)) || grep ' slr_' "$EVENTS/trace" | sed 's/^/# /'
	for name in slr_drop slr_stage slr_flow_new slr_flow_end; do
		echo 0 >"$EVENTS/events/slr/$name/enable"
	done
	echo >"$EVENTS/trace"
	get "http://$S/" >/dev/null || fail "page"
	settle
	want "told to nobody" "$(grep -c ' slr_' "$EVENTS/trace")" 0
}

filtered() {
	NAME="a tracepoint's filter selects by customer; address; reason"
	events slr_stage || { fail "no tracepoints"; return; }
	echo 'customer == 1 && stage == "dropped"' >"$EVENTS/events/slr/slr_stage/filter"
	addr cl site 10.5.0.5/32
	defer ip -n cl addr del 10.5.0.5/32 dev site
	cl ping -c 1 -W 1 -I 10.5.0.5 "$S" >/dev/null
	get "http://$S/" >/dev/null
	until_ok 10 event slr_stage "stage=dropped customer=1 " || fail "no drop"
	want "others" "$(grep ' slr_stage: ' "$EVENTS/trace" | grep -vc stage=dropped)" 0
}

full() {
	NAME="a ninth reader is refused; until another one goes"
	local p i
	for ((i = 0; i < 8; i++)); do
		ip netns exec gw "$SLR" -j trace proto icmp >"$TMP/full$i" &
		p[i]=$!
	done
	until_ok 30 eval "cl ping -c 1 -W 1 198.51.100.1; [ -z \"\$(find $TMP -name 'full?' -empty)\" ]" ||
		fail "eight readers see nothing"
	refused "ninth" 1 '8 others follow packets' slr trace
	reap "${p[3]}"
	followed "$TMP/t" "cl ping -c 1 -W 1 198.51.100.1" -- proto icmp
	want_match "stages of the next" "$(stages "$TMP/t")" "^arrived packet"
	for i in 0 1 2 4 5 6 7; do reap "${p[i]}"; done
}

lost() {
	NAME="packets beyond the rate are counted and told; one in N is one in N"
	local t=$TMP/t p
	ip netns exec gw "$SLR" -j trace proto icmp dst 198.51.100.1 rate 1 >"$t" &
	p=$!
	until_ok 30 eval "cl ping -q -c 20 -i 0.01 -w 5 198.51.100.1; jq -se 'last.lost > 5' $t" || fail "lost: $(tail -1 "$t" | cut -c1-80)"
	reap "$p"
	ip netns exec gw "$SLR" -j trace proto icmp dst 198.51.100.1 sample 10 rate 10000 >"$t" &
	p=$!
	until_ok 20 eval "cl ping -q -c 10 -i 0.01 -w 5 198.51.100.1; [ -s $t ]" || fail "no sample"
	settle
	i=$(wc -l <"$t")
	cl ping -q -c 100 -i 0.01 -w 20 198.51.100.1 >/dev/null
	settle
	reap "$p"
	want_between "samples of a hundred and what settles" $(($(wc -l <"$t") - i)) 10 14
}

refusals() {
	NAME="what cannot be followed is refused by name"
	refused "tunnel" 1 'tunnel nowhere is unknown' slr trace tunnel nowhere
	refused "reason" 1 'there is no such reason' slr trace reason bad-luck
	refused "device" 1 'nosuch' slr trace dev nosuch
	refused "customer" 1 'customer nobody is unknown' slr trace customer nobody
	refused "count" 2 'number from 1 on' slr trace count 0
	refused "unprivileged" 1 'CAP_NET_ADMIN' in_ns gw setpriv --bounding-set -net_admin --inh-caps -net_admin -- "$SLR" trace
}

net_up
sites_up
web h1 8001
# What was set up before the tests stays until the end.
configure
run_tests nat tunnels spoofed unmatched in_words apart killed tracepoints filtered full lost refusals
