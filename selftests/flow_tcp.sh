#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What opens a flow, what belongs to it, and what becomes of packets without one.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
S=$V:80/tcp
# Packets as they come, from a client that never sends a reset of its own.
tcp() { packet tcp c0 "$@"; }
mute() {
	cl nft add table ip mute
	cl nft 'add chain ip mute out { type filter hook output priority 0; }'
	cl nft 'add rule ip mute out tcp flags & rst == rst drop'
	defer "ip netns exec cl nft delete table ip mute"
}
deaf() { # deaf NS: its answers are lost
	in_ns "$1" nft add table ip deaf
	in_ns "$1" nft 'add chain ip deaf out { type filter hook output priority 0; }'
	in_ns "$1" nft 'add rule ip deaf out drop'
	defer "ip netns exec $1 nft delete table ip deaf"
}

fresh() {
	slr_reset
	ports_up
	slr service add $S scheduler rr "$@"
	slr server add 10.2.0.11:8001 threshold 0 service $S
	slr server add 10.2.0.12:8001 threshold 0 service $S
}

one_syn_one_flow() {
	NAME="one SYN makes one flow and arrives once at one server"
	fresh; mute
	capture lan br0 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn and src port 40001'
	tcp $V 40001 80 S
	capture_stop
	want "SYNs at servers" "$(captured)" 1
	want "flows" "$(flows virtual $V)" 1
	want "fields" "$(live virtual $V | jq -c '.[0]|[.protocol,.client,.virtual,.server,."syn-repeats"]')" \
		'["tcp","198.51.100.2:40001","203.0.113.1:80","10.2.0.11:8001",0]'
}

repeated_syn() {
	NAME="a repeated SYN finds its flow; goes to the same server and is counted"
	fresh; deaf h1
	capture lan br0 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn and src port 40002'
	tcp $V 40002 80 S S S
	capture_stop
	want "SYNs to h1" "$(captured dst host 10.2.0.11)" 3
	want "SYNs to h2" "$(captured dst host 10.2.0.12)" 0
	want "flows" "$(flows virtual $V)" 1
	want "repeats" "$(live virtual $V | jq '.[0]."syn-repeats"')" 2
}

reconnect_same_port() {
	NAME="a connection broken and opened again with the same ports has one flow"
	fresh
	cl timeout 20 socat -u "TCP:$V:80,sourceport=40003,bind=198.51.100.2,reuseaddr" /dev/null &
	until_ok 15 flow_is established || fail "not established"
	# The client dies without a word, then comes back.
	mute
	reap $!
	tcp $V 40003 80 S
	want "flows of that client port" "$(flows client-port 40003)" 1
}
flow_is() { [[ $(live virtual $V | jq -r '.[0].state') == "$1" ]]; }

states_and_counts() {
	NAME="flows are as many as connections; and show their state"
	fresh
	local i
	for i in 1 2 3 4 5; do # five of them
		cl timeout 20 socat -u "TCP:$V:80" /dev/null &
		defer "reap $!"
	done
	until_ok 15 eval '[[ $(flows state established) == 5 ]]' || fail "established: $(flows state established)"
	want "shares" "$(slr -j server show | jq -c '[.[].flows]|sort')" '[2,3]'
}

wrong_port_is_no_part() {
	NAME="a packet with the right addresses and a wrong port belongs to no flow"
	fresh; mute
	tcp $V 40005 80 S
	local before
	before=$(stat no-flow)
	capture lan br0 'tcp dst port 8001 and src port 40006'
	tcp $V 40006 80 A
	capture_stop
	want "packets at servers" "$(captured)" 0
	want "no-flow" $(($(stat no-flow) - before)) 1
}

without_a_flow() {
	NAME="any packet but an opening one is rejected without a flow"
	fresh; mute
	local kind before
	before=$(stat no-flow)
	capture lan br0 'tcp dst port 8001 and src port 40007'
	for kind in A PA R FA SA; do tcp $V 40007 80 $kind; done
	capture_stop
	want "packets at servers" "$(captured)" 0
	want "no-flow" $(($(stat no-flow) - before)) 5
	want "flows" "$(flows client-port 40007)" 0
}

policy_by_kind() {
	NAME="without a flow: drop; reset or pass; set by kind of packet"
	fresh unknown ack reset unknown data pass unknown fin drop; mute
	# Pass means the host's own stack routes it; give it somewhere to go.
	ok route ip -n gw route add $V/32 via 10.2.0.13
	defer "ip -n gw route del $V/32"
	capture cl c0 "src host $V and tcp[tcpflags] & tcp-rst != 0"
	tcp $V 40010 80 A
	capture_stop
	want "resets for an ACK" "$(captured)" 1
	capture lan br0 "dst host $V and tcp dst port 80"
	tcp $V 40011 80 PA
	tcp $V 40012 80 FA
	capture_stop
	want "data passed on" "$(captured src port 40011)" 1
	want "FIN dropped" "$(captured src port 40012)" 0
}

forged_reset() {
	NAME="a forged RST or SYN neither ends nor steals a flow"
	fresh
	cl socat -u "TCP:$V:80,sourceport=40020,bind=198.51.100.2" /dev/null &
	defer "reap $!"
	until_ok 15 flow_is established || fail "not established"
	mute
	local server
	server=$(live client-port 40020 | jq -r '.[0].server')
	tcp $V 40020 80 R S
	flow_is established || fail "state is $(slr flow show client-port 40020)"
	want "server" "$(live client-port 40020 | jq -r '.[0].server')" "$server"
}

idle_flows_go() {
	NAME="an idle flow is forgotten after its time; and its packets rejected"
	fresh timeout syn 1 timeout established 3 timeout closed 1 timeout fin 1; mute
	tcp $V 40030 80 S
	until_ok 6 eval '[[ $(flows client-port 40030) == 0 ]]' || fail "flow is still there"
	local before
	before=$(stat no-flow)
	tcp $V 40030 80 A
	want "no-flow" $(($(stat no-flow) - before)) 1
}

time_left() {
	NAME="the time that a flow has left runs as the kernel's clock does"
	fresh timeout syn 600; mute; deaf h1; deaf h2
	tcp $V 40031 80 S
	until_ok 6 eval '[[ $(flows client-port 40031) == 1 ]]' || fail "no flow"
	local before=() after=()
	read -ra before <<<"$(live client-port 40031 | jq '.[0].expires') $(cut -d. -f1 /proc/uptime)"
	want_between "left at first" "${before[0]}" 500 600
	sleep 6
	read -ra after <<<"$(live client-port 40031 | jq '.[0].expires') $(cut -d. -f1 /proc/uptime)"
	want_between "seconds more than the clock's" \
		$((before[0] - after[0] - (after[1] - before[1]))) -2 2
}

bad_source() {
	NAME="a source that can be no other host opens no flow; gets no answer and is counted"
	fresh; mute
	ok s slr service add '[2001:db8:cafe::1]:80/tcp'
	ok m slr server add '[2001:db8:2::11]:8001' service '[2001:db8:cafe::1]:80/tcp'
	local src before
	before=$(stat bad-source)
	capture lan br0 'tcp dst port 8001 and src port 40070'
	for src in 127.0.0.1 0.0.0.0 224.0.0.1 255.255.255.255 $V; do tcp $V 40070 80 S --src $src; done
	for src in ::1 :: ff02::5 2001:db8:cafe::1; do tcp 2001:db8:cafe::1 40070 80 S --src $src; done
	tcp $V 40070 81 S --src $V # not served either, and not answered to itself
	capture_stop
	want counted $(($(stat bad-source) - before)) 10
	want "at the servers" "$(captured)" 0
	want flows "$(flows client-port 40070)" 0
	want_match explained "$(slr explain from 127.0.0.1:40070 to $V:80 proto tcp dev g0)" bad-source
}

table_full() {
	NAME="a full table refuses new flows with a counted reason and keeps the old ones"
	fresh; mute
	defer "ip netns exec gw $SLR settings set flows-max 1048576"
	ok limit slr settings set flows-max 3
	local before
	before=$(stat flow-table-full)
	local p
	for p in 1 2 3 4 5; do tcp $V 4010$p 80 S; done
	want "flows" "$(flows)" 3
	want "the old ones" "$(live | jq -c '[.[].client]|sort')" \
		'["198.51.100.2:40101","198.51.100.2:40102","198.51.100.2:40103"]'
	want "flow-table-full" $(($(stat flow-table-full) - before)) 2
}

pinned_whatever_changes() {
	NAME="a transfer goes on at its server while weights; servers and bindings change"
	fresh
	head -c 3000000 /dev/urandom >"$TMP/www/big"
	local sum
	sum=$(sha256sum <"$TMP/www/big")
	fetch --limit-rate 700k -m 30 http://$V/big | sha256sum >"$TMP/got" &
	local pid=$!
	until_ok 15 flow_is established || fail "not established"
	local server
	server=$(live virtual $V | jq -r '.[0].server')
	ok weight slr server set "$server" weight 0
	ok more slr server add 10.2.0.13:8001 weight 100 service $S
	sleep 1
	ok unbind slr binding del $S "$server"
	ok delete slr server del "$server"
	wait $pid
	want "content" "$(cat "$TMP/got")" "$sum"
}

reset_on_command() {
	NAME="flows keep or reset: what becomes of living flows is the operator's choice"
	fresh
	cl socat -u "TCP:$V:80,sourceport=40050,bind=198.51.100.2,reuseaddr" /dev/null 2>"$TMP/err" &
	local pid=$!
	defer "reap $pid"
	until_ok 15 eval '[[ $(flows client-port 40050 state established) == 1 ]]' || fail "not established"
	local server
	server=$(live client-port 40050 | jq -r '.[0].server')
	ok unbind slr binding del $S "$server" flows reset
	want "reset" "$(slr -j flow show client-port 40050 | jq -r '.[0].state')" reset
}

filters() {
	NAME="filters take prefixes; ranges of ports and several states; and count what they select"
	local p
	# They end long before all has been asked for, if the machine is slow.
	fresh timeout closed 300
	for p in 40061 40062 40063 40064; do get "http://$V/" --local-port $p >/dev/null; done
	want "range" "$(flows client-port 40062-40063)" 2
	want "range of an end" "$(flows client 198.51.100.2:40061-40063)" 3
	want "count" "$(slr -j flow count client-port 40061-40064 | jq .flows)" 4
	want "one server" "$(flows server 10.2.0.11 client-port 40061-40064)" 2
	want "servers of a network" "$(flows server 10.2.0.0/24 server-port 8000-8001 client-port 40061-40064)" 4
	want "of another" "$(flows server 10.3.0.0/24)" 0
	want "virtual network" "$(flows virtual 203.0.113.0/28 client-port 40061-40064)" 4
	want "several states" "$(flows state syn,syn-ack,established,fin,closed client-port 40061-40064)" 4
	want "other states" "$(flows state unreplied,replied)" 0
	want "summary" "$(slr -j flow summary client-port 40061-40064 | jq -c 'map([.customer,.proto,.flows,(.states|add)])')" '[[0,"tcp",4,4]]'
	want_match "summary in words" "$(slr flow summary)" '^customer public proto tcp flows [0-9]+'
	refused "empty range" 2 'ends before it begins' slr flow show client-port 9-1
	refused "no tunnel" 1 'tunnel nowhere is unknown' slr flow show tunnel nowhere
}

net_up
mkdir -p "$TMP/www"
web h1 8001
web h2 8001
web h3 8001
run_tests one_syn_one_flow repeated_syn reconnect_same_port states_and_counts wrong_port_is_no_part \
	without_a_flow policy_by_kind forged_reset idle_flows_go time_left bad_source table_full pinned_whatever_changes reset_on_command filters
