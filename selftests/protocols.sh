#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Protocols other than TCP, and addresses of both families.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
V6=2001:db8:cafe::1
fresh() { slr_reset; ports_up; }
udp_server() {
	in_ns "$1" socat "UDP6-RECVFROM:$2,ipv6-v6only=0,fork" "SYSTEM:echo $1 \$SOCAT_PEERADDR" &
	defer "reap $!"
	until_ok 15 listening "$1" udp "$2" || fail "no UDP server in $1"
}
udp_ask() { echo hi | cl socat -t 4 - "UDP:$1:$2"; }

udp() {
	NAME="UDP both families: the answer comes from the virtual address and port"
	fresh
	udp_server h1 5300
	for v in $V "[$V6]"; do
		ok s slr service add "$v:53/udp"
	done
	ok m slr server add 10.2.0.11:5300 service $V:53/udp
	ok m slr server add '[2001:db8:2::11]:5300' service "[$V6]:53/udp"
	want_match v4 "$(udp_ask $V 53)" '^h1 .*c633:6402'
	want_match v6 "$(udp_ask "[$V6]" 53)" '^h1 .*2001.*'
	want state "$(live proto udp virtual $V | jq -r '.[0].state')" replied
}

udp_refused() {
	NAME="a UDP port not served is answered by port unreachable from the virtual address"
	fresh
	ok s slr service add $V:53/udp
	capture cl c0 "icmp[icmptype] == icmp-unreach and src host $V"
	udp_ask $V 54 >/dev/null 2>&1
	capture_stop
	want_between unreachable "$(captured)" 1 3
	ok s slr service add "[$V6]:53/udp"
	capture cl c0 "icmp6 and src host $V6"
	udp_ask "[$V6]" 54 >/dev/null 2>&1
	capture_stop
	want_between "unreachable v6" "$(captured)" 1 3
}

udp_zero_checksum() {
	NAME="UDP without a checksum stays without; a wrong one stays wrong"
	fresh
	ok s slr service add $V:53/udp
	ok m slr server add 10.2.0.11:5300 service $V:53/udp
	capture lan br0 'udp dst port 5300'
	packet udp c0 $V 4001 53 --zerosum
	packet udp c0 $V 4002 53 --badsum
	packet udp c0 $V 4003 53
	capture_stop
	local out
	out=$(tcpdump -nvv -r "$CAP" 2>/dev/null)
	want arrived "$(captured)" 3
	want_match none "$(grep -A1 'no cksum' <<<"$out" | wc -l)" '[1-9]'
	want wrong "$(grep -c 'bad udp cksum' <<<"$out")" 1
	want right "$(grep -c 'udp sum ok' <<<"$out")" 1
}

sctp() {
	NAME="SCTP both families; with ports mapped"
	fresh
	if ! in_ns h1 modprobe -q sctp && ! grep -q '^sctp' /proc/modules; then skip "kernel has no SCTP"; return; fi
	in_ns h1 socat SCTP6-LISTEN:7001,ipv6-v6only=0,fork,reuseaddr "SYSTEM:echo h1" &
	defer "reap $!"
	until_ok 15 listening h1 sctp 7001 || fail "no SCTP server in h1"
	ok s slr service add $V:7000/sctp
	ok m slr server add 10.2.0.11:7001 service $V:7000/sctp
	ok s slr service add "[$V6]:7000/sctp"
	ok m slr server add '[2001:db8:2::11]:7001' service "[$V6]:7000/sctp"
	want v4 "$(cl timeout 10 socat -u SCTP:$V:7000 -)" h1
	want v6 "$(cl timeout 10 socat -u "SCTP:[$V6]:7000" -)" h1
	refused_sctp=$(cl timeout 5 socat -u SCTP:$V:7009 - 2>&1)
	want_match "port not served" "$refused_sctp" 'refused'
}

any_protocol() {
	NAME="any protocol by address alone; GRE as the example"
	fresh
	ok s slr service add $V
	ok m slr server add 10.2.0.11 service $V
	capture lan br0 'proto 47 and dst host 10.2.0.11'
	packet raw c0 $V 47
	capture_stop
	want arrived "$(captured)" 1
	want flow "$(flows virtual $V proto 47)" 1
}

ping_whole_host() {
	NAME="echo requests to a whole virtual host reach the server; replies carry the virtual address"
	fresh
	ok s slr service add $V
	ok m slr server add 10.2.0.11 service $V
	ok s slr service add $V6
	ok m slr server add 2001:db8:2::11 service $V6
	capture lan br0 'icmp[icmptype] == icmp-echo and dst host 10.2.0.11'
	want_match v4 "$(cl ping -c 3 -i 0.2 -W 2 $V)" ' 3 received'
	capture_stop
	want "at the server" "$(captured)" 3
	want_match v6 "$(cl ping -c 3 -i 0.2 -W 2 $V6)" ' 3 received'
}

ping_ported_host() {
	NAME="a virtual host with ports only answers echo requests itself"
	fresh
	ok s slr service add $V:80/tcp
	ok m slr server add 10.2.0.11:80 service $V:80/tcp
	capture lan br0 icmp
	want_match answer "$(cl ping -c 2 -i 0.2 -W 2 $V)" ' 2 received'
	capture_stop
	want "at servers" "$(captured 'icmp[icmptype] == icmp-echo')" 0
}

net_up
run_tests udp udp_refused udp_zero_checksum sctp any_protocol ping_whole_host ping_ported_host
