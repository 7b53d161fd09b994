#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Private servers of two customers with the same address, in containers of one
# host, behind the customers' tunnels; the sites are plain Linux.
#
#   +----+ 198.51.100.2   .1 +------+  pvs0   +----+ 10.0.0.10
#   | ca |c0 ------------- a0|      |---------| sa |  acme
#   +----+ gre, key 7        |      |         +----+
#                            |  gw  |
#   +----+ 198.51.100.6   .5 |      |  pvs1   +----+ 10.0.0.10
#   | cb |c0 ------------- b0|      |---------| sb |  bell
#   +----+ vxlan, vni 9      +------+         +----+
#
# Both sites are 10.0.0.0/24 and 2001:db8:a::/64. In the containers the devices
# are called eth0.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES="ca cb gw sa sb"
V=10.0.0.10
V6='[2001:db8:a::10]'

# site NS DEV GATEWAY ADDRESS
site() {
	wire "$1" c0 gw "$2"
	addr gw "$2" "$3/30"
	addr "$1" c0 "$4/30"
}

# container NAME CUSTOMER NS
container() {
	ok "device" slr device add "$1" customer "$2" netns "$3"
	ip -n "$3" link set "$1" name eth0
	ip -n "$3" link set eth0 up
	addr "$3" eth0 "$V/32" 2001:db8:a::10/128
	ip -n "$3" route add default dev eth0
	ip -n "$3" -6 route add default dev eth0
	ok "route" slr route set "$V/32" customer "$2" device "$1"
	ok "route" slr route set 2001:db8:a::10/128 customer "$2" device "$1"
}

sites_up() {
	local n
	for n in $NAMESPACES; do new_ns "$n"; done
	site ca a0 198.51.100.1 198.51.100.2
	site cb b0 198.51.100.5 198.51.100.6
	ip -n ca link add t0 type gre local 198.51.100.2 remote 198.51.100.1 key 7 ttl 64
	ip -n cb link add t0 type vxlan id 9 local 198.51.100.6 remote 198.51.100.5 dstport 4789 nolearning
	ip -n cb link set t0 address 02:00:00:00:00:02
	for n in ca cb; do
		ip -n "$n" link set t0 up
		addr "$n" t0 10.0.0.2/24 2001:db8:a::2/64
	done
	ip -n cb neigh add "$V" lladdr 02:00:00:00:00:01 dev t0
	ip -n cb neigh add 2001:db8:a::10 lladdr 02:00:00:00:00:01 dev t0
	ok "port" slr port add a0
	ok "port" slr port add b0
	ok "customer" slr customer add acme
	ok "customer" slr customer add bell
	ok "tunnel" slr tunnel add acme-site type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 7
	ok "tunnel" slr tunnel add bell-site type vxlan customer bell local 198.51.100.5 remote 198.51.100.6 vni 9 mac 02:00:00:00:00:01 peer-mac 02:00:00:00:00:02
	for n in acme bell; do
		ok "route" slr route add 10.0.0.0/24 customer "$n" via tunnel "$n-site"
		ok "route" slr route add 2001:db8:a::/64 customer "$n" via tunnel "$n-site"
	done
	container pvs0 acme sa
	container pvs1 bell sb
}

# What lib.sh pings for packets to settle.
SETTLE_NS=ca

pages() {
	NAME="each site gets only its own private server; of the same address on one host"
	local i
	for i in 1 2; do
		want "page of acme" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
		want "page of bell" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
		want "page of acme over IPv6" "$(get_in ca "http://$V6/")" "sa:80 2001:db8:a::2"
		want "page of bell over IPv6" "$(get_in cb "http://$V6/")" "sb:80 2001:db8:a::2"
	done
	ok "ping" in_ns ca ping -c 2 -W 8 "$V"
	ok "ping" in_ns cb ping -c 2 -W 8 "$V"
	ok "ping from the server" in_ns sa ping -c 2 -W 8 10.0.0.2
	ok "ping over IPv6" in_ns sb ping -c 2 -W 8 2001:db8:a::2
}

witness() {
	NAME="what leaves a private server reaches its own customer's context only"
	capture sb eth0 'tcp or icmp'
	want "page of acme" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
	ok "ping" in_ns sa ping -c 2 -W 8 10.0.0.2
	capture_stop
	want "packets at bell's server" "$(captured 'tcp or icmp')" 0
	local before
	before=$(stat no-route-customer)
	# To the other site's outer address, to the host, and to where nobody is.
	want "outer address" "$(get_in sa -m 2 http://198.51.100.6/)" "[7]"
	want "the host" "$(get_in sa -m 2 http://198.51.100.5/)" "[7]"
	want_between "dropped" "$(($(stat no-route-customer) - before))" 2 100
}

downloads() {
	NAME="ten megabytes come down and a megabyte goes up; in segments that fit the tunnel"
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=160 2>/dev/null
	local sum ns
	sum=$(cksum <"$TMP/www/big")
	for ns in ca cb; do
		want "down at $ns" "$(in_ns "$ns" curl -s -m 60 "http://$V/big" | cksum)" "$sum"
		want "down at $ns over IPv6" "$(in_ns "$ns" curl -s -m 60 "http://$V6/big" | cksum)" "$sum"
		head -c 1000000 "$TMP/www/big" >"$TMP/up"
		want "up from $ns" "$(get_in "$ns" -o /dev/null -w '%{http_code}' --data-binary "@$TMP/up" "http://$V/")" 200
	done
	want_between "sent by super-packets too" "$(ip -n sa -s -j link show eth0 | jq '.[0].stats64.tx.bytes')" 20000000 60000000
}

path_mtu() {
	NAME="a private server learns the MTU of the way"
	in_ns sa ip route flush cache
	want_match "too big" "$(in_ns sa ping -c 1 -W 4 -M "do" -s 1472 10.0.0.2 2>&1)" 'mtu = 14[0-9][0-9]'
	want_match "learnt" "$(in_ns sa ip route get 10.0.0.2)" 'mtu 14[0-9][0-9]'
	ok "fits" in_ns sa ping -c 1 -W 8 -M "do" -s 1400 10.0.0.2
}

seen() {
	NAME="a device is a device: shown; counted; captured; with an MTU"
	local json
	json=$(slr -j device show customer acme)
	want "made as" "$(jq -r '.[0].name' <<<"$json")" pvs0
	want "called" "$(jq -r '.[0].ifname' <<<"$json")" eth0
	want "elsewhere" "$(jq -r '.[0].elsewhere' <<<"$json")" true
	want "kind" "$(ip -n sa -d -j link show eth0 | jq -r '.[0].linkinfo.info_kind')" slr
	want_match "text" "$(slr device show)" 'pvs0 customer acme now eth0 elsewhere'
	want_between "received" "$(ip -n sa -s -j link show eth0 | jq '.[0].stats64.rx.packets')" 1 1000000
	ok "mtu" ip -n sa link set eth0 mtu 1400
	want "page" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
	ok "mtu" ip -n sa link set eth0 mtu 1500
	want_match "explained" "$(slr explain from 10.0.0.2:5 to "$V:80" customer acme)" 'slr device pvs0'
	slr conf show >"$TMP/a"
	want_match "in the configuration" "$(cat "$TMP/a")" "route $V/32 customer acme device pvs0"
	ok "load" slr conf load "$TMP/a"
	slr conf show | ok "fixed point" cmp "$TMP/a" -
	want "page after the load" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
}

refusals() {
	NAME="refusals say what to do; a customer with a device stays"
	refused "plain" 2 'slr device add' gw ip link add x0 type slr
	refused "public" 1 'public' slr device add x0 customer public
	refused "unknown" 1 'customer 99' slr device add x0 customer 99
	refused "made as" 1 'pvs0' slr device add pvs0 customer bell
	refused "elsewhere" 1 'another network namespace' slr device del pvs0
	printf '' | refused "in use" 1 'pvs0|pvs1' slr conf load -
	want "devices left" "$(gw ip -j link show | jq '[.[]|select(.ifname=="x0" or .ifname=="pvs0")]|length')" 0
}

comes_and_goes() {
	NAME="a device goes under traffic; its route says so; and is led to the next of its name"
	local p before
	monitor_up "$TMP/news" monitor
	in_ns ca ping -f -q "$V" >/dev/null &
	p=$!
	defer "reap $p"
	before=$(stat no-device)
	ip -n sa link set eth0 down
	until_ok 10 eval '[ "$(stat no-device)" -gt '"$before"' ]' || fail "a device that is down is not counted"
	ip -n sa link del eth0
	want "device" "$(slr -j device show customer acme | jq length)" 0
	before=$(stat no-device)
	until_ok 10 eval '[ "$(stat no-device)" -gt '"$before"' ]' || fail "a device that is gone is not counted"
	want_match "unreachable" "$(in_ns ca ping -c 1 -W 4 "$V")" Unreachable
	container pvs0 acme sa
	want "page" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
	reap "$p"
	want_match "news" "$(cat "$TMP/news")" 'device.*pvs0'
}

in_vrf() {
	NAME="a process in a VRF of the host is a private server too"
	ok "device" slr device add pvs2 customer acme
	defer slr device del pvs2
	ip -n gw link add red type vrf table 101
	defer ip -n gw link del red
	ip -n gw link set red up
	ip -n gw link set pvs2 master red
	ip -n gw link set pvs2 up
	addr gw pvs2 10.0.0.11/32
	ip -n gw route add default dev pvs2 vrf red
	ok "route" slr route add 10.0.0.11/32 customer acme device pvs2
	defer slr route del 10.0.0.11/32 customer acme
	ok "ping" in_ns ca ping -c 2 -W 8 10.0.0.11
	gw ip vrf exec red socat -u "EXEC:echo of-vrf" TCP4-LISTEN:81,reuseaddr &
	defer "reap $!"
	until_ok 10 listening gw tcp 81 || fail "nobody listens"
	want "answer" "$(in_ns ca socat -u -T 8 TCP4:10.0.0.11:81 -)" of-vrf
	ok "between private servers" in_ns sa ping -c 2 -W 8 10.0.0.11
}

home_goes() {
	NAME="the namespace of the tables goes while its devices live elsewhere"
	new_ns hm
	MORE_NAMESPACES=hm
	ip netns exec hm "$SLR" customer add acme || fail "customer"
	ip netns exec hm "$SLR" device add pv9 customer acme netns sb || fail "device"
	defer ip -n sb link del pv9
	ip -n sb link set pv9 up
	addr sb pv9 10.9.0.1/24
	in_ns sb ping -f -q 10.9.0.2 >/dev/null &
	defer "reap $!"
	ip netns del hm
	until_ok 20 eval 'ip -n sb link show pv9 | grep -q NO-CARRIER' || fail "$(ip -n sb link show pv9)"
	want "page of acme" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
}

# busy NS DEV: it receives.
busy() {
	local was
	was=$(received "$@")
	sleep 0.2
	(($(received "$@") > was + 5))
}
received() { ip -n "$1" -s -j link show "$2" | jq '.[0].stats64.rx.packets'; }

unload() {
	NAME="the module is unloaded under traffic; and all devices go"
	local p
	in_ns ca ping -f -q "$V" >/dev/null &
	p=$!
	defer "reap $p"
	in_ns sb ping -f -q 10.0.0.2 >/dev/null &
	defer "reap $!"
	until_ok 20 busy ca t0 || fail "nothing comes to acme's site"
	until_ok 20 busy sb eth0 || fail "nothing comes to bell's server"
	ok "rmmod" rmmod slr
	want "devices" "$(ip -n sa -j link show | jq '[.[]|select(.ifname=="eth0")]|length')" 0
	ok "insmod" insmod "$SLR_KO"
}

sites_up
web sa 80
web sb 80
run_tests pages witness downloads path_mtu seen refusals comes_and_goes in_vrf home_goes unload
