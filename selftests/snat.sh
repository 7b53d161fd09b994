#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Source translation, roles of the two sides, and traffic of the gateway itself.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
V6=2001:db8:cafe::1
S=$V:80/tcp
fresh() { slr_reset; ports_up; }
client_seen() { get "$@" | cut -d' ' -f2; }

server_route_elsewhere() {
	NAME="full NAT serves a server whose default route is elsewhere"
	fresh
	ip -n h1 route del default
	ip -n h1 -6 route del default
	defer "ip -n h1 route add default via 10.2.0.1; ip -n h1 -6 route add default via 2001:db8:2::1"
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001
	ok b slr binding add $S 10.2.0.11:8001 snat auto
	want "client at the server" "$(client_seen http://$V/)" 10.2.0.1
	ok s slr service add "[$V6]:80/tcp"
	ok m slr server add '[2001:db8:2::11]:8001'
	ok b slr binding add "[$V6]:80/tcp" '[2001:db8:2::11]:8001' snat auto
	want "client at the server, v6" "$(client_seen "http://[$V6]/")" 2001:db8:2::1
	ok set slr binding set $S 10.2.0.11:8001 snat none
	want "without" "$(get -m 2 http://$V/)" "[28]"
}

pool() {
	NAME="source ports never collide; spread over a pool of addresses; and exhaustion is reported"
	fresh
	ip -n lan route add 10.2.0.200/30 dev br0 2>/dev/null
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001
	ok b slr binding add $S 10.2.0.11:8001 snat 10.2.0.200-10.2.0.201:5000-5003
	ip -n h1 route add 10.2.0.200/31 via 10.2.0.1
	defer "ip -n h1 route del 10.2.0.200/31"
	local i before
	for i in 1 2 3 4 5 6 7 8; do
		cl socat -u "TCP:$V:80" /dev/null 2>/dev/null &
		defer "reap $!"
	done
	until_ok 10 eval '[[ $(flows state established) == 8 ]]' || fail "$(flows state established) of 8 established"
	want "distinct sources" "$(live virtual $V state established | jq '[.[].snat]|unique|length')" 8
	want "addresses used" "$(live virtual $V state established | jq -c '[.[].snat|split(":")[0]]|unique')" '["10.2.0.200","10.2.0.201"]'
	before=$(stat snat-exhausted)
	get -m 2 http://$V/ >/dev/null
	want_between "snat-exhausted" $(($(stat snat-exhausted) - before)) 1 5
}

own_ports() {
	NAME="snat auto leaves the gateway's own ports alone; in use or given out by the kernel"
	fresh
	gw sysctl -qw net.ipv4.ip_local_port_range="5000 5007"
	defer "gw bash -c 'echo 32768 60999 >/proc/sys/net/ipv4/ip_local_port_range; echo >/proc/sys/net/ipv4/ip_local_reserved_ports'"
	gw socat -u "TCP:10.2.0.11:8001,bind=10.2.0.1:5008" /dev/null &
	defer "reap $!"
	gw socat -u "TCP6:[2001:db8:2::11]:8001,bind=[2001:db8:2::1]:5008" /dev/null &
	defer "reap $!"
	gw socat -u "UDP:10.2.0.11:5300,bind=10.2.0.1:5008" /dev/null &
	defer "reap $!"
	until_ok 15 eval '[[ $(gw ss -Htn state established sport = :5008 | wc -l) == 2 ]]' || fail "gateway not connected"
	until_ok 15 eval '[[ $(gw ss -Hun sport = :5008 | wc -l) == 1 ]]' || fail "no UDP socket"
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001
	ok b slr binding add $S 10.2.0.11:8001 snat auto:5000-5010
	local i before
	for i in 1 2; do
		cl socat -u "TCP:$V:80" /dev/null 2>/dev/null &
		defer "reap $!"
	done
	until_ok 15 eval '[[ $(flows state established) == 2 ]]' || fail "$(flows state established) of 2 established"
	want "ports" "$(live virtual $V state established | jq -c '[.[].snat]|sort')" '["10.2.0.1:5009","10.2.0.1:5010"]'
	before=$(stat snat-exhausted)
	want "one more" "$(get -m 2 http://$V/)" "[28]"
	want_between "snat-exhausted" $(($(stat snat-exhausted) - before)) 1 5
	gw sysctl -qw net.ipv4.ip_local_reserved_ports=5003
	want "with a port that the kernel keeps for us" "$(client_seen http://$V/)" 10.2.0.1
	want "that port" "$(live virtual $V | jq -c '[.[].snat]|index("10.2.0.1:5003")!=null')" true
	ok s slr service add "[$V6]:80/tcp"
	ok m slr server add '[2001:db8:2::11]:8001'
	ok b slr binding add "[$V6]:80/tcp" '[2001:db8:2::11]:8001' snat auto:5008-5009
	cl socat -u "TCP6:[$V6]:80" /dev/null 2>/dev/null &
	defer "reap $!"
	soon "ports v6" '["[2001:db8:2::1]:5009"]' eval "live virtual $V6 state established | jq -c '[.[].snat]'"
	before=$(stat snat-exhausted)
	want "one more v6" "$(get -m 2 "http://[$V6]/")" "[28]"
	want_between "snat-exhausted v6" $(($(stat snat-exhausted) - before)) 1 5
	ok s slr service add $V:53/udp
	ok m slr server add 10.2.0.11:5300
	ok b slr binding add $V:53/udp 10.2.0.11:5300 snat auto:5008-5009
	for i in 1 2 3; do echo hi | cl socat -u - "UDP:$V:53"; done
	settle
	want "ports of UDP" "$(slr -j flow show proto udp | jq -c '[.[].snat]|unique')" '["10.2.0.1:5009"]'
	want "the gateway's own go on" "$(gw ss -Htn state established sport = :5008 | wc -l)" 2
}

reply_clash() {
	NAME="a reply that two flows could claim is refused; and counted as that"
	fresh
	ok s slr service add $S
	ok s slr service add 203.0.113.2:80/tcp
	ok m slr server add 10.2.0.11:8001 service $S
	ok b slr binding add 203.0.113.2:80/tcp 10.2.0.11:8001
	cl socat -u "TCP:$V:80,sourceport=42000,bind=198.51.100.2,reuseaddr" /dev/null &
	defer "reap $!"
	until_ok 15 eval '[[ $(flows state established) == 1 ]]' || fail "not established"
	local before exhausted
	before=$(stat reply-clash)
	exhausted=$(stat snat-exhausted)
	cl timeout 3 socat -u "TCP:203.0.113.2:80,sourceport=42000,bind=198.51.100.2,reuseaddr" /dev/null
	want_between "reply-clash" $(($(stat reply-clash) - before)) 1 5
	want "snat-exhausted" $(($(stat snat-exhausted) - exhausted)) 0
	ok snat slr binding set 203.0.113.2:80/tcp 10.2.0.11:8001 snat auto
	cl socat -u "TCP:203.0.113.2:80,sourceport=42000,bind=198.51.100.2,reuseaddr" /dev/null &
	defer "reap $!"
	until_ok 15 eval '[[ $(flows state established) == 2 ]]' || fail "not served with snat either"
}

one_subnet() {
	NAME="a client in the servers' subnet is served; by full NAT (one arm; hairpin)"
	fresh
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001
	ok b slr binding add $S 10.2.0.11:8001 snat auto
	want "h2 asks h1's site" "$(in_ns h2 curl -s -m 5 http://$V/ | cut -d' ' -f1)" h1:8001
	want "h1 asks its own site" "$(in_ns h1 curl -s -m 5 http://$V/ | cut -d' ' -f1)" h1:8001
}

gateway_is_server() {
	NAME="the gateway itself may be the server"
	fresh
	web gw 8080
	ok s slr service add $S
	ok m slr server add 10.2.0.1:8080 service $S
	ok s slr service add "[$V6]:80/tcp"
	ok m slr server add '[2001:db8:2::1]:8080' service "[$V6]:80/tcp"
	want v4 "$(get http://$V/)" "gw:8080 198.51.100.2"
	want v6 "$(get "http://[$V6]/")" "gw:8080 2001:db8:100::2"
	head -c 3000000 /dev/urandom >"$TMP/www/big"
	want "3 MB" "$(fetch http://$V/big | sha256sum)" "$(sha256sum <"$TMP/www/big")"
}

gateway_is_client() {
	NAME="a process on the gateway may be a client"
	fresh
	ip -n gw route add $V/32 via 10.2.0.13
	ip -n gw -6 route add $V6/128 via 2001:db8:2::13
	defer "ip -n gw route del $V/32; ip -n gw -6 route del $V6/128"
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001 service $S
	ok s slr service add "[$V6]:80/tcp"
	ok m slr server add '[2001:db8:2::11]:8001' service "[$V6]:80/tcp"
	want v4 "$(gw curl -s -m 5 http://$V/ | cut -d' ' -f1)" h1:8001
	want v6 "$(gw curl -s -m 5 "http://[$V6]/" | cut -d' ' -f1)" h1:8001
	web gw 8080
	ok m slr server add 10.2.0.1:8080
	ok b slr binding add $S 10.2.0.1:8080
	ok u slr binding del $S 10.2.0.11:8001
	want "client and server at once" "$(gw curl -s -m 5 http://$V/ | cut -d' ' -f1)" gw:8080
}

client_in_vrf() {
	NAME="snat auto for a process in a VRF takes an address of the VRF"
	fresh
	ip -n gw link add vrf1 type vrf table 77 || { skip "kernel has no VRF"; return; }
	defer "ip -n gw link set g1 nomaster; ip -n gw link del vrf1; ip -n gw -6 addr replace 2001:db8:2::1/64 dev g1 nodad"
	ip -n gw link set vrf1 up
	ip -n gw link set g1 master vrf1
	ip -n gw route add $V/32 vrf vrf1 via 10.2.0.13
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001
	ok b slr binding add $S 10.2.0.11:8001 snat auto
	gw curl -s -m $((5 * SLOW)) --interface vrf1 http://$V/ >/dev/null
	# Flows of earlier tests may not have run out yet; none of the gateway's own had its source translated.
	want source "$(live virtual $V | jq -r '.[]|select(.client|startswith("10.2.0.1:")).snat//empty|split(":")[0]')" 10.2.0.1
}

roles_swapped() {
	NAME="the group behind the device may be the clients and the far side the server"
	fresh
	web cl 9000
	ok s slr service add 203.0.113.50:80/tcp
	ok m slr server add 198.51.100.2:9000 service 203.0.113.50:80/tcp
	want "from inside" "$(in_ns h1 curl -s -m 5 http://203.0.113.50/)" "cl:9000 10.2.0.11"
}

sides() {
	NAME="a side given to a port decides which translation applies"
	slr_reset
	ok p slr port add g0 side client
	ok p slr port add g1 side server
	ok s slr service add $S
	ok m slr server add 10.2.0.11:8001 service $S
	want "from the client side" "$(server_of http://$V/)" h1:8001
	want "no new flow from the server side" "$(in_ns h2 curl -s -m 2 http://$V/; echo $?)" 28
	# A packet on the client side from a server's address is not translated back.
	local before
	cl socat -u "TCP:$V:80,sourceport=41000,bind=198.51.100.2" /dev/null &
	defer "reap $!"
	until_ok 15 eval '[[ $(flows state established) == 1 ]]'
	ok any slr port set g1 side any
	want "now from there too, but without source translation" "$(in_ns h2 curl -s -m 2 http://$V/; echo $?)" 28
}

net_up
mkdir -p "$TMP/www"
web h1 8001
run_tests server_route_elsewhere pool own_ports reply_clash one_subnet gateway_is_server gateway_is_client client_in_vrf roles_swapped sides
