#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two customers with the same addresses on leased lines, without VRFs: routes of
# their own say which port leads where. A second site of acme is behind a tunnel.
#
#   +----+ .2     10.0.0.1/24 +--------+ 10.0.1.1/24   .10 +----+
#   | ca |c0 -------------- a0|        |a1 ------------- s0| sa | lo 10.7.0.1 ...   acme
#   +----+                    |   gw   |                   +----+
#   +----+ .2     10.0.0.1/24 |        | 10.0.1.1/24   .10 +----+
#   | cb |c0 -------------- b0|        |b1 ------------- s0| sb | lo 10.7.0.1 ...   bell
#   +----+                    +--------+                   +----+
#                               p0 | 198.51.100.1/24
#                                +----+
#                                | pu |   the Internet; and acme's site 10.9.0.0/16, t0
#                                +----+

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES="ca cb gw sa sb pu"
V=10.0.0.10
V6='[2001:db8:a::10]'

lines_up() {
	local n
	for n in $NAMESPACES; do new_ns "$n"; done
	# The host has the same network on two devices.
	gw sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	line ca sa a
	line cb sb b
	for n in sa sb; do addr "$n" lo 10.7.0.1/32 10.7.1.1/32 10.7.2.1/32 2001:db8:7::1/128; done
	public_up
	ip -n pu link add t0 type gre local 198.51.100.2 remote 198.51.100.1 key 7 ttl 64
	ip -n pu link set t0 up
	addr pu t0 10.9.0.1/16 2001:db8:9::1/64
	ip -n pu route add 10.0.0.0/8 dev t0
	ip -n pu -6 route add 2001:db8::/32 dev t0
}

# tenant NAME LETTER
tenant() {
	local c=$1 x=$2
	ok customer slr customer add "$c"
	ok port slr port add "${x}0" customer "$c" announce on
	ok port slr port add "${x}1" customer "$c"
	ok route slr route add 10.0.0.0/24 customer "$c" dev "${x}0"
	ok route slr route add 10.0.1.0/24 customer "$c" dev "${x}1"
	ok route slr route add 2001:db8:a::/64 customer "$c" dev "${x}0"
	ok route slr route add 2001:db8:b::/64 customer "$c" dev "${x}1"
	ok service slr service add "$V:80" customer "$c"
	ok server slr server add 10.0.1.10:8080 customer "$c" service "$V:80"
	ok service slr service add "$V6:80" customer "$c"
	ok server slr server add '[2001:db8:b::10]:8080' customer "$c" service "$V6:80"
}

second_site() {
	ok port slr port add p0
	ok tunnel slr tunnel add site2 type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 7
	ok route slr route add 10.9.0.0/16 customer acme via tunnel site2
	ok route slr route add 2001:db8:9::/64 customer acme via tunnel site2
}

# What lib.sh pings for packets to settle.
SETTLE_NS=pu

# counter CUSTOMER NAME
counter() { slr -j -s customer show "$1" | jq ".[0].counters[\"$2\"]"; }

own_tables() {
	NAME="equal destinations follow each customer's own table"
	local before
	before=$(counter acme packets-in)
	capture sb s0 'tcp or udp or icmp'
	want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
	want "page of acme over IPv6" "$(get_in ca "http://$V6/")" "sa:8080 2001:db8:a::2"
	ok "ping of acme" in_ns ca ping -c 2 -W 4 10.0.1.10
	ok "ping of acme over IPv6" in_ns ca ping -c 2 -W 4 2001:db8:b::10
	ok "ping by the server" in_ns sa ping -c 2 -W 4 10.0.0.2
	capture_stop
	want "packets at the server of bell" "$(captured "ip or ip6")" 0
	want "page of bell" "$(get_in cb "http://$V/")" "sb:8080 10.0.0.2"
	want "page of bell over IPv6" "$(get_in cb "http://$V6/")" "sb:8080 2001:db8:a::2"
	want_between "counted at acme" "$(($(counter acme packets-in) - before))" 10 200
}

sites() {
	NAME="a site on a line and a site behind a tunnel reach each other; and the servers on lines"
	capture cb c0 'icmp or tcp'
	ok "site to site" in_ns ca ping -c 2 -W 4 10.9.0.1
	ok "the other way" in_ns pu ping -c 2 -W 4 -I 10.9.0.1 10.0.0.2
	ok "over IPv6" in_ns ca ping -c 2 -W 4 2001:db8:9::1
	ok "the other way over IPv6" in_ns pu ping -c 2 -W 4 -I 2001:db8:9::1 2001:db8:a::2
	want "the server" "$(get_in pu http://10.0.1.10:8080/)" "sa:8080 10.9.0.1"
	want "the service" "$(get_in pu "http://$V/")" "sa:8080 10.9.0.1"
	want "the service over IPv6" "$(get_in pu "http://$V6/")" "sa:8080 2001:db8:9::1"
	capture_stop
	want "packets at the site of bell" "$(captured "ip or ip6")" 0
	want_match "bell has no such site" "$(in_ns cb ping -c 1 -W 4 10.9.0.1)" 'Unreachable'
}

errors() {
	NAME="traceroute and path MTU discovery work in the customer's context"
	want_match "hop" "$(in_ns ca ping -c 1 -W 4 -t 1 10.0.1.10)" 'From 10.0.0.1 .*Time to live exceeded'
	want_match "hop over IPv6" "$(in_ns ca ping -c 1 -W 4 -t 1 2001:db8:b::10)" 'From 2001:db8:a::1 .*Hop limit'
	want_match "hop to the other site" "$(in_ns ca ping -c 1 -W 4 -t 1 10.9.0.1)" 'From 10.0.0.1 .*Time to live exceeded'
	want_match "hop from there" "$(in_ns pu ping -c 1 -W 4 -t 1 -I 10.9.0.1 10.0.0.2)" 'From 198.51.100.1 .*Time to live exceeded'
	want_match "into the tunnel" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 1472 10.9.0.1 2>&1)" 'From 10.0.0.1 .*mtu = 14[0-9][0-9]'
	ip -n gw link set a1 mtu 1400
	defer ip -n gw link set a1 mtu 1500
	want_match "onto the line" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 1472 10.0.1.10 2>&1)" 'From 10.0.0.1 .*mtu = 1400'
	want_match "onto the line over IPv6" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 1452 2001:db8:b::10 2>&1)" 'From 2001:db8:a::1 .*mtu=1400'
	want_match "from the other site" "$(in_ns pu ping -c 1 -W 4 -M "do" -s 1420 -I 10.9.0.1 10.0.1.10 2>&1)" 'mtu = 1400'
	in_ns ca ip route flush cache
	in_ns ca ip -6 route flush cache
	ok "smaller" in_ns ca ping -c 1 -W 4 -M "do" -s 1300 10.0.1.10
}

gateways() {
	NAME="a route leads to a gateway on the line; for services too"
	ok route slr route add 10.7.0.0/16 customer acme dev a1 via 10.0.1.10
	defer slr route del 10.7.0.0/16 customer acme
	ok route slr route add 2001:db8:7::/48 customer acme dev a1 via 2001:db8:b::10
	defer slr route del 2001:db8:7::/48 customer acme
	ok "ping" in_ns ca ping -c 2 -W 4 10.7.0.1
	ok "ping over IPv6" in_ns ca ping -c 2 -W 4 2001:db8:7::1
	ok "from behind the tunnel" in_ns pu ping -c 2 -W 4 -I 10.9.0.1 10.7.0.1
	want_match "bell has no such route" "$(in_ns cb ping -c 1 -W 4 10.7.0.1)" 'Unreachable'
	ok service slr service add 10.0.0.11:80 customer acme
	defer slr service del 10.0.0.11:80 customer acme
	ok server slr server add 10.7.0.1:8080 customer acme service 10.0.0.11:80
	defer slr server del 10.7.0.1:8080 customer acme
	defer slr binding del 10.0.0.11:80 10.7.0.1:8080 customer acme
	want "a server behind the gateway" "$(get_in ca http://10.0.0.11/)" "sa:8080 10.0.0.2"
	want_match "explained" "$(slr explain from 10.0.0.2:5 to 10.7.0.1:80 dev a0)" '10.7.0.0/16 by 10.0.1.10.*by a1.*forward'
	ok "to nobody's network" slr route set 10.7.0.0/16 customer acme dev a1 via 10.66.0.1
	want_match "no neighbour" "$(in_ns ca ping -c 1 -W 4 10.7.0.1)" 'Unreachable'
	want_match "explained" "$(slr explain from 10.0.0.2:5 to 10.7.0.1:80 dev a0)" 'unreachable \(no-route-customer\)'
}

longest() {
	NAME="the longest prefix counts; unreachable tells the sender; blackhole nobody"
	local before
	ok route slr route add 10.7.0.0/16 customer acme dev a1 via 10.0.1.10
	defer slr route del 10.7.0.0/16 customer acme
	ok route slr route add 10.7.1.0/24 customer acme unreachable
	defer slr route del 10.7.1.0/24 customer acme
	ok route slr route add 10.7.2.0/24 customer acme blackhole
	defer slr route del 10.7.2.0/24 customer acme
	before=$(stat no-route-customer)
	ok "the short one" in_ns ca ping -c 1 -W 4 10.7.0.1
	want_match "unreachable" "$(in_ns ca ping -c 1 -W 4 10.7.1.1)" 'From 10.0.0.1 .*Unreachable'
	want_match "blackhole" "$(in_ns ca ping -c 1 -W 2 10.7.2.1)" '100% packet loss'
	ok set slr route set 10.7.1.0/24 customer acme dev a1 via 10.0.1.10
	ok "set" in_ns ca ping -c 1 -W 4 10.7.1.1
	want "no-route-customer" $(($(stat no-route-customer) - before)) 2
}

moved() {
	NAME="living flows follow a change of routes"
	in_ns ca socat -u "TCP4:$V:80,sourceport=42000" - >/dev/null &
	defer "reap $!"
	until_ok 10 eval '[ "$(flows client-port 42000 state established)" = 1 ]' || fail "$(live)"
	want "a flow that stays" "$(get_in ca "http://$V/" --local-port 42001)" "sa:8080 10.0.0.2"
	ok set slr route set 10.0.1.0/24 customer acme unreachable
	defer slr route set 10.0.1.0/24 customer acme dev a1
	want_match "no way" "$(get_in ca -m 2 "http://$V/")" '^\[(7|28)\]'
	want "bell" "$(get_in cb "http://$V/")" "sb:8080 10.0.0.2"
	ok "by the wrong line" slr route set 10.0.1.0/24 customer acme dev a0
	want_match "no server there" "$(get_in ca -m 2 "http://$V/")" '^\[(7|28)\]'
	ok set slr route set 10.0.1.0/24 customer acme dev a1
	want "back" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
	want "still there" "$(flows client-port 42000 state established)" 1
}

no_way_out() {
	NAME="what no route has is dropped; whatever the main table knows"
	local before
	before=$(stat no-route-customer)
	capture pu p0 'icmp and not host 198.51.100.1'
	want_match "an address of the Internet" "$(in_ns ca ping -c 2 -W 4 192.0.2.99)" 'Unreachable'
	want_match "the gateway's public address" "$(in_ns ca ping -c 1 -W 4 198.51.100.1)" 'Unreachable'
	capture_stop
	want "packets on the public side" "$(captured "ip or ip6")" 0
	want "no-route-customer" $(($(stat no-route-customer) - before)) 3
}

refusals() {
	NAME="refusals name the port and the route"
	refused "again" 1 'route 10.0.0.0/24 of customer 1 exists already' slr route add 10.0.0.0/24 customer acme dev a0
	refused "of another" 1 "another customer's" slr route add 10.8.0.0/16 customer acme dev b0
	refused "public" 1 "another customer's" slr route add 10.8.0.0/16 customer acme dev p0
	refused "no port" 1 'no port' slr route add 10.8.0.0/16 customer acme dev lo
	refused "no device" 1 'does not exist' slr route add 10.8.0.0/16 customer acme dev none-such
	refused "family" 1 'IPv6' slr route add 10.8.0.0/16 customer acme dev a1 via 2001:db8::1
	refused "in use" 1 'a port that goes still has route' slr port del a1
	refused "moved" 1 "port a1 is another customer's: route" slr port set a1 customer bell
	want "page" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
}

device_goes() {
	NAME="routes go with their device"
	monitor_up "$TMP/news" monitor
	ip -n gw link add d0 type dummy
	ip -n gw link set d0 up
	ok port slr port add d0 customer acme
	ok route slr route add 10.8.0.0/16 customer acme dev d0
	ok route slr route add 10.8.1.0/24 customer acme dev d0 via 10.8.0.1
	ip -n gw link set d0 down
	ip -n gw link set d0 name d9
	want_match "renamed" "$(slr route show customer acme)" '10.8.0.0/16 customer acme dev d9'
	ip -n gw link del d9
	want "routes" "$(slr -j route show customer acme | jq '[.[]|select(.prefix|startswith("10.8"))]|length')" 0
	want "others" "$(slr -j route show customer acme | jq length)" 6
	until_ok 10 grep -q 'del.*route.*10.8.1.0/24' "$TMP/news" || fail "news: $(cat "$TMP/news")"
}

gateway_goes() {
	NAME="a device goes at once though flows and routes lead to gateways on it"
	local v="[2001:db8:a::12]:80" s='[2001:db8:77::1]:8080'
	ip -n gw link add d0 type veth peer d1 netns sa
	addr gw d0 10.0.8.1/24 2001:db8:8::1/64
	addr sa d1 10.0.8.10/24 2001:db8:8::10/64
	addr sa lo 10.77.0.1/32 2001:db8:77::1/128
	ip -n gw link set d0 up
	ip -n sa link set d1 up
	ok port slr port add d0 customer acme
	ok route slr route add 10.77.0.0/16 customer acme dev d0 via 10.0.8.10
	ok route slr route add 2001:db8:77::/48 customer acme dev d0 via 2001:db8:8::10
	ok service slr service add "$v" customer acme
	defer slr service del "$v" customer acme
	ok server slr server add "$s" customer acme service "$v"
	defer slr server del "$s" customer acme
	defer slr binding del "$v" "$s" customer acme
	ok ping in_ns ca ping -c 1 -W 4 10.77.0.1
	ok "ping over IPv6" in_ns ca ping -c 1 -W 4 2001:db8:77::1
	in_ns ca socat -u "TCP6:$v,sourceport=42002" - >/dev/null &
	defer "reap $!"
	until_ok 10 eval '[ "$(flows client-port 42002 state established)" = 1 ]' || fail "$(live)"
	ok "the device goes" timeout 8 ip -n gw link del d0
	want "page of acme" "$(get_in ca "http://$V6/")" "sa:8080 2001:db8:a::2"
}

conf() {
	NAME="routes by ports are in files; 20000 of them load as one change"
	local i
	shows_what_it_loads 'route 10.0.1.0/24 customer acme dev a1'
	{
		cat "$TMP/shown"
		for ((i = 0; i < 20000; i++)); do
			echo "route 100.64.$((i >> 8 & 255)).$((i & 255)) customer bell dev b1 via 10.0.1.10"
		done
	} >"$TMP/many"
	ok sync slr conf sync "$TMP/many"
	want "page of bell" "$(get_in cb "http://$V/")" "sb:8080 10.0.0.2"
	ip -n sb addr add 100.64.2.3/32 dev lo
	ok "one of them" in_ns cb ping -c 1 -W 4 100.64.2.3
	ok "sync back" slr conf sync "$TMP/shown"
	slr conf show | ok "as before" cmp "$TMP/shown" -
	sed 's/dev a1/dev a0/; /^port a1/d' "$TMP/shown" | grep -v '10.0.1.0\|2001:db8:b' >"$TMP/less"
	ok "a port goes with its routes" slr conf sync "$TMP/less"
	ok "and comes back" slr conf sync "$TMP/shown"
	want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
	sed 's/\ba1\b/nope1/' "$TMP/shown" >"$TMP/none"
	refused "no device; told once" 1 'device "nope1" does not exist' slr conf load "$TMP/none"
}

lines_up
web sa 8080
web sb 8080
tenant acme a
tenant bell b
second_site
run_tests own_tables sites errors gateways longest moved no_way_out refusals device_goes gateway_goes conf
