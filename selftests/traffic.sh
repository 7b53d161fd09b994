#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Traffic as networks have it: iperf3 both ways, connection tracking beside slr,
# a router between the gateway and the server.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
V6=2001:db8:cafe::1
fresh() { slr_reset; ports_up; }
# serve SERVICE:PORT/PROTO SERVER_PORT [BINDING OPTIONS]: on h1, by both addresses
serve() {
	local what=$1 port=$2
	shift 2
	ok s slr service add "$V:$what"
	ok m slr server add "10.2.0.11:$port" service "$V:$what" "$@"
	ok s slr service add "[$V6]:$what"
	ok m slr server add "[2001:db8:2::11]:$port" service "[$V6]:$what" "$@"
}

# iperf ADDRESS [OPTIONS]: [bytes there, bytes back, per cent lost] of two seconds
# both ways.
iperf() {
	local to=$1
	shift
	cl timeout 60 iperf3 -J -p 5201 -c "$to" -t 2 --bidir "$@" >"$TMP/iperf" 2>&1
	jq -c '.end|[.sum_sent.bytes, (.sum_received_bidir_reverse // .sum_received).bytes // 0, (.sum.lost_percent // 0)]' \
		"$TMP/iperf" 2>/dev/null || tail -c 300 "$TMP/iperf"
}

throughput() {
	NAME="iperf3 runs both ways at once; TCP and UDP; both families; with and without snat"
	fresh
	in_ns h1 iperf3 -s -p 5301 >/dev/null 2>&1 &
	defer "reap $!"
	until_ok 15 listening h1 tcp 5301 || fail "no iperf3 in h1"
	serve 5201/tcp 5301
	serve 5201/udp 5301
	local to got snat
	for snat in none auto; do
		for to in tcp udp; do
			ok snat slr binding set "$V:5201/$to" 10.2.0.11:5301 snat $snat
			ok snat slr binding set "[$V6]:5201/$to" '[2001:db8:2::11]:5301' snat $snat
		done
		for to in $V $V6; do
			got=$(iperf $to)
			want_match "TCP to $to, snat $snat: $got" "$got" '^\[[1-9][0-9]{5,},[1-9][0-9]{5,},'
			got=$(iperf $to -u -b 2M -l 1000)
			want_match "UDP to $to, snat $snat: $got" "$got" '^\[[1-9][0-9]{4,},[1-9][0-9]{4,},'
			want "per cent lost under 20: $got" "$(jq '.[2] < 20' <<<"$got")" true
		done
	done
}

untracked() {
	NAME="conntrack in the same namespace is not paid for by flows; through; to and from the gateway"
	gw modprobe -q nf_conntrack || { skip "kernel has no conntrack"; return; }
	fresh
	gw nft add table inet track || fail "nft"
	defer "ip netns exec gw nft delete table inet track"
	gw nft 'add chain inet track pre { type filter hook prerouting priority 0; }'
	gw nft 'add chain inet track out { type filter hook output priority 0; }'
	gw nft 'add rule inet track pre ct state new counter'
	gw nft 'add rule inet track out ct state new counter'
	tracked() { gw cat /proc/sys/net/netfilter/nf_conntrack_count; }
	gw sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=1 2>/dev/null
	want "before" "$(tracked)" 0
	serve 80/tcp 8001
	serve 53/udp 5300
	web gw 8080
	ok s slr service add $V:81/tcp
	ok m slr server add 10.2.0.1:8080 service $V:81/tcp
	ok s slr service add "[$V6]:81/tcp"
	ok m slr server add '[2001:db8:2::1]:8080' service "[$V6]:81/tcp"
	ip -n gw route add $V/32 via 10.2.0.13
	ip -n gw -6 route add $V6/128 via 2001:db8:2::13
	defer "ip -n gw route del $V/32; ip -n gw -6 route del $V6/128"
	want "through" "$(server_of http://$V/)" h1:8001
	want "through v6" "$(server_of "http://[$V6]/")" h1:8001
	head -c 3000 /dev/zero | cl socat -u -b 3000 - "UDP:$V:53" # in fragments
	ok "refused" eval '[[ $(get http://'$V':82/) == "[7]" ]]'
	want "after translation" "$(tracked)" 0
	want "to the gateway" "$(server_of http://$V:81/)" gw:8080
	want "to the gateway v6" "$(server_of "http://[$V6]:81/")" gw:8080
	want "after flows to the gateway" "$(tracked)" 0
	want "from the gateway" "$(gw curl -s -m 5 http://$V/ | cut -d' ' -f1)" h1:8001
	want "from the gateway v6" "$(gw curl -s -m 5 "http://[$V6]/" | cut -d' ' -f1)" h1:8001
	want "after flows from the gateway" "$(tracked)" 0
	want "what slr leaves alone" "$(server_of http://10.2.0.12:80/)" h2:80
	want_between "is tracked" "$(tracked)" 1 9
}

# beyond: a router r behind the servers' network, and a server s behind it, over a
# link of 1300 bytes.
beyond() {
	new_ns r
	new_ns s
	defer "ip netns del r; ip netns del s"
	wire lan lr r r0
	ip -n lan link set lr master br0
	wire r r1 s s0
	addr r r0 10.2.0.50/24 2001:db8:2::50/64
	addr r r1 10.3.0.1/24 2001:db8:3::1/64
	addr s s0 10.3.0.2/24 2001:db8:3::2/64
	ip -n r link set r1 mtu 1300
	ip -n s link set s0 mtu 1300
	in_ns r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n r route add default via 10.2.0.1
	ip -n r -6 route add default via 2001:db8:2::1
	ip -n s route add default via 10.3.0.1
	ip -n s -6 route add default via 2001:db8:3::1
	ip -n gw route add 10.3.0.0/24 via 10.2.0.50
	ip -n gw -6 route add 2001:db8:3::/64 via 2001:db8:2::50
	defer "ip -n gw route del 10.3.0.0/24; ip -n gw -6 route del 2001:db8:3::/64"
	in_ns r nft add table inet wall
	in_ns r nft 'add chain inet wall forward { type filter hook forward priority 0; }'
	in_ns r nft 'add rule inet wall forward udp dport 5400 reject with icmpx port-unreachable'
}

# said BY FILTER...: of what the client was told, as tcpdump writes it with the
# packet quoted.
said() { tcpdump -nvv -r "$CAP" "$@" 2>/dev/null | tr -s '\n\t ' ' '; }

inner_errors() {
	NAME="errors of a router behind the gateway reach the client as the virtual host's; about its own packet"
	fresh
	beyond
	local v port
	for port in 53 54; do
		ok s slr service add $V:$port/udp
		ok m slr server add 10.3.0.2:$((port * 100)) service $V:$port/udp
		ok s slr service add "[$V6]:$port/udp"
		ok m slr server add "[2001:db8:3::2]:$((port * 100))" service "[$V6]:$port/udp"
	done
	capture cl c0 'icmp[icmptype] == icmp-unreach or (icmp6 and ip6[40] < 128)'
	for v in $V $V6; do
		packet udp c0 $v 4701 54
		packet udp c0 $v 4702 53 --len 1350 --df
	done
	until_ok 10 eval '[[ $(captured) == 4 ]]'
	capture_stop
	want errors "$(captured)" 4
	want "of others than the virtual host" "$(captured "not src host $V and not src host $V6")" 0
	want_match "unreachable" "$(said icmp)" "$V udp port 54 unreachable.* 198\.51\.100\.2\.4701 > $V\.54:"
	want_match "too big" "$(said icmp)" "$V unreachable - need to frag \(mtu 1300\).* 198\.51\.100\.2\.4702 > $V\.53:"
	# Of IPv6 tcpdump does not write what is quoted: addresses and ports by their places.
	local quoted='ip6[56:4] == 0x20010db8 and ip6[60:4] == 0x01000000 and ip6[68:4] == 2'
	quoted+=' and ip6[72:4] == 0x20010db8 and ip6[76:4] == 0xcafe0000 and ip6[84:4] == 1'
	want "unreachable v6" "$(captured "ip6[40:2] == 0x0104 and $quoted and ip6[88:4] == 4701 << 16 | 54")" 1
	want "too big v6" "$(captured "ip6[40:2] == 0x0200 and ip6[44:4] == 1300 and $quoted and ip6[88:4] == 4702 << 16 | 53")" 1
	want "wrong checksums" "$(said | grep -ciE 'wrong icmp6? cksum|bad icmp6? cksum|bad cksum|bad udp cksum')" 0
	[[ $(said) == *10.[23].0.* || $(said) == *2001:db8:[23]::* ]] && fail "an inner address shows: $(said)"
	# And a client that asks properly finds the path MTU.
	web s 8001
	ok s slr service add $V:80/tcp
	ok m slr server add 10.3.0.2:8001 service $V:80/tcp
	head -c 100000 /dev/urandom >"$TMP/www/some"
	want "POST of more than the path MTU" "$(cl curl -s -m 20 -o /dev/null -w '%{http_code}' --data-binary "@$TMP/www/some" http://$V/some)" 405
}

net_up
mkdir -p "$TMP/www"
web h1 8001
web h2 80
run_tests throughput untracked inner_errors
