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

traced() {
	NAME="slr trace tells by which device a private server's packets come and go; under the name it was made with"
	local p
	ip netns exec gw "$SLR" -j trace customer acme proto tcp >"$TMP/traced" &
	p=$!
	defer "reap $p"
	until_ok 20 eval 'get_in ca "http://$V/" >/dev/null; jq -se "any(.[].step[]; .stage == \"arrived\" and .device == \"pvs0\")" "$TMP/traced"' ||
		fail "no device: $(tail -1 "$TMP/traced")"
	reap "$p"
	want "received by" "$(jq -rs '[.[].step[] | select(.stage == "received") | .device] | unique | join(" ")' "$TMP/traced")" pvs0
	want "numbers of other namespaces" "$(jq -rs '[.[].step[] | select(.device) | .ifindex] | unique | join(" ")' "$TMP/traced")" ""
}

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

strangers() {
	NAME="an address that only the other customer has is reached by nobody else; whatever the tunnel"
	addr sb eth0 10.5.0.12/32
	defer ip -n sb addr del 10.5.0.12/32 dev eth0
	ok "route" slr route add 10.5.0.12/32 customer bell device pvs1
	defer slr route del 10.5.0.12/32 customer bell
	ip -n cb route add 10.5.0.12 via "$V" dev t0 onlink
	ip -n ca route add 10.5.0.12 dev t0
	ok "its own customer" in_ns cb ping -c 2 -W 8 10.5.0.12
	capture sb eth0 icmp
	want_match "the other one" "$(in_ns ca ping -c 2 -W 8 10.5.0.12)" 'Unreachable'
	capture_stop
	want "packets at bell's server" "$(captured "ip or ip6")" 0
}

transit() {
	NAME="the network between knows outer addresses only"
	capture ca c0 ip or ip6
	want "page" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
	want "page over IPv6" "$(get_in ca "http://$V6/")" "sa:80 2001:db8:a::2"
	capture_stop
	want "private packets" "$(captured "net 10.0.0.0/8 or net 2001:db8:a::/64")" 0
	want_between "tunnelled packets" "$(captured "ip proto 47 and net 198.51.100.0/30")" 10 200
}

one_way() {
	NAME="without the way back packets still come in; and their answers are dropped and counted"
	local before
	ok "route" slr route del 10.0.0.0/24 customer acme
	before=$(stat no-route-customer)
	capture sa eth0 'icmp'
	in_ns ca ping -q -c 3 -i 0.2 -W 1 "$V" >/dev/null && fail "it answers"
	capture_stop
	want "requests" "$(captured "icmp[0] = 8")" 3
	want_between "dropped" "$(($(stat no-route-customer) - before))" 3 6
	want "page of bell" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
	ok "route" slr route add 10.0.0.0/24 customer acme via tunnel acme-site
	ok "ping" in_ns ca ping -c 2 -W 8 "$V"
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
	shows_what_it_loads "route $V/32 customer acme device pvs0"
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

# What leads to acme's server and back, with a verb.
acme_routes() {
	slr -b - <<-X
		route $1 10.0.0.0/24 customer acme${2:+ via tunnel acme-site}
		route $1 2001:db8:a::/64 customer acme${2:+ via tunnel acme-site}
		route $1 $V/32 customer acme${2:+ device pvs0}
		route $1 2001:db8:a::10/128 customer acme${2:+ device pvs0}
	X
}

bound() {
	NAME="a tunnel and a device that are bound to each other need no table"
	local before other p
	ok "no routes" acme_routes del
	refused "to and device" 1 'not both' slr tunnel set acme-site device pvs0 to acme-site
	ok "bind" slr tunnel set acme-site device pvs0
	refused "twice" 1 'slr device pvs0 is bound to acme-site' \
		slr tunnel add more type gre customer acme local 198.51.100.1 remote 198.51.100.2 key 8 device pvs0
	refused "public" 1 'public' \
		slr tunnel add more type gre local 198.51.100.1 remote 198.51.100.2 key 8 device pvs1
	want "page" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
	want "page over IPv6" "$(get_in ca "http://$V6/")" "sa:80 2001:db8:a::2"
	want "page of bell" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
	ok "no hop is counted" in_ns ca ping -q -t 1 -c 2 -i 0.2 -W 8 "$V"
	ok "nor back" in_ns sa ping -q -t 1 -c 2 -i 0.2 -W 8 10.0.0.2
	ok "fragments" in_ns ca ping -q -s 4000 -c 2 -i 0.2 -W 8 "$V"
	ok "fragments over IPv6" in_ns ca ping -q -s 4000 -c 2 -i 0.2 -W 8 2001:db8:a::10
	in_ns sa ip route flush cache
	want_match "too big" "$(in_ns sa ping -c 1 -W 4 -M "do" -s 1472 10.0.0.2 2>&1)" 'mtu = 1472'
	want_match "the server knows the way's MTU" "$(in_ns sa ip route get 10.0.0.2)" 'mtu 1472'
	want_match "explain" "$(slr explain tunnel acme-site from 10.0.0.2:7 to "$V:80")" 'straight to slr device pvs0'
	slr conf show >"$TMP/a"
	want_match "conf" "$(cat "$TMP/a")" 'acme-site .* device pvs0'
	ok "load" slr conf load "$TMP/a"
	slr conf show | ok "fixed point" cmp "$TMP/a" -

	# The bounds of a customer hold.
	ok "allowed" slr tunnel set acme-site allowed 10.9.0.0/16
	before=$(stat spoof)
	in_ns ca ping -q -c 2 -i 0.2 -W 1 "$V" >/dev/null && fail "a source that is not allowed gets through"
	want_between "spoof" "$(($(stat spoof) - before))" 2 10
	ok "allowed" slr tunnel set acme-site allowed 0.0.0.0/0,::/0
	# Another customer's device is none.
	other=$(received sb eth0)
	ok "bind" slr tunnel set acme-site device pvs1
	before=$(stat no-device)
	in_ns ca ping -q -c 2 -i 0.2 -W 1 "$V" >/dev/null && fail "somebody answers"
	until_ok 10 eval '(($(stat no-device) >= '"$before"' + 2))' || fail "not counted"
	want "packets at bell's server" "$(received sb eth0)" "$other"
	want "page of bell" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
	ok "bind" slr tunnel set acme-site device pvs0

	# The server goes under traffic.
	# No faster: each ping of a namespace has to take what comes of errors for all of them.
	in_ns ca ping -q -i 0.002 "$V" >/dev/null &
	p=$!
	defer "reap $p"
	before=$(stat no-device)
	ip -n sa link del eth0
	until_ok 20 eval '(($(stat no-device) >= '"$before"' + 10))' || fail "not counted"
	want_match "told" "$(in_ns ca ping -c 1 -W 4 "$V")" 'Unreachable'
	want "page of bell" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
	ok "another" slr device add pvs0 customer acme netns sa
	ip -n sa link set pvs0 name eth0
	ip -n sa link set eth0 up
	addr sa eth0 "$V/32" 2001:db8:a::10/128
	ip -n sa route add default dev eth0
	ip -n sa -6 route add default dev eth0
	reap "$p"
	want "page again" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
	ok "unbind" slr tunnel set acme-site device none
	ok "routes" acme_routes add x
	want "page by routes" "$(get_in ca "http://$V/")" "sa:80 10.0.0.2"
}

comes_and_goes() {
	NAME="a device goes under traffic; its route says so; and is led to the next of its name"
	local p before
	monitor_up "$TMP/news" monitor
	in_ns ca ping -q -i 0.002 "$V" >/dev/null &
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

moves() {
	NAME="a device moves into another namespace and back under traffic; and works there"
	local p where
	new_ns sm
	MORE_NAMESPACES="${MORE_NAMESPACES:-} sm"
	web sm 80
	in_ns ca ping -f -q "$V" >/dev/null &
	p=$!
	defer "reap $p"
	in_ns sa ping -f -q 10.0.0.2 >/dev/null 2>&1 &
	defer "reap $!"
	for where in "sa sm" "sm sa" "sa sm" "sm sa"; do
		ok "move" ip -n "${where% *}" link set eth0 netns "${where#* }"
		want "elsewhere" "$(slr -j device show customer acme | jq -c 'map([.name,.ifname,.elsewhere])')" '[["pvs0","eth0",true]]'
		ip -n "${where#* }" link set eth0 up
		addr "${where#* }" eth0 "$V/32" 2001:db8:a::10/128
		ip -n "${where#* }" route replace default dev eth0
		ip -n "${where#* }" -6 route replace default dev eth0
		want "page" "$(get_in ca "http://$V/")" "${where#* }:80 10.0.0.2"
		want "page over IPv6" "$(get_in ca "http://$V6/")" "${where#* }:80 2001:db8:a::2"
	done
	want "page of bell" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
}

# send ARGUMENTS OF packet.py...: from acme's server.
send() { in_ns sa python3 "$(dirname "$0")/packet.py" "$@"; }
# entered TUNNEL: packets that came out of it.
entered() { slr -j -s tunnel show "$1" | jq '.[0].counters["packets-in"]'; }

forged() {
	NAME="forged packets of a private server stay in its customer's context; and are counted"
	local before acme bell src
	acme=$(entered acme-site) bell=$(entered bell-site)
	capture cb t0 'host 10.0.0.2'
	# In the name of another server, of the other customer's site, of the gateway.
	for src in 10.0.0.11 10.0.0.2 198.51.100.6 198.51.100.5; do
		send udp eth0 10.0.0.2 4000 4001 --src "$src"
	done
	# As the outer packet of either customer's tunnel.
	before=$(stat no-route-customer)
	addr sa eth0 198.51.100.6/32 198.51.100.2/32
	ip -n sa link add f0 type vxlan id 9 local 198.51.100.6 remote 198.51.100.5 dstport 4789 nolearning
	defer ip -n sa link del f0
	ip -n sa link add f1 type gre local 198.51.100.2 remote 198.51.100.1 key 7
	defer ip -n sa link del f1
	ip -n sa link set f0 up address 02:00:00:00:00:02
	ip -n sa link set f1 up
	addr sa f0 10.66.0.1/24
	addr sa f1 10.67.0.1/24
	ip -n sa neigh add 10.66.0.2 lladdr 02:00:00:00:00:01 dev f0
	in_ns sa ping -q -c 3 -i 0.2 -W 1 10.66.0.2 >/dev/null
	in_ns sa ping -q -c 3 -i 0.2 -W 1 10.67.0.2 >/dev/null
	want_between "counted" "$(($(stat no-route-customer) - before))" 6 30
	capture_stop
	want "packets at bell's site" "$(captured "ip or ip6")" 0
	# Each was sent three times at least; bell's site may have sent something of its own.
	want_between "out of bell's tunnel" "$(($(entered bell-site) - bell))" 0 2
	want_between "out of acme's" "$(($(entered acme-site) - acme))" 0 8
	# In the name of nobody, for a service.
	ok "service" slr service add 10.0.0.20:80 customer acme
	defer slr service del 10.0.0.20:80 customer acme
	ok "server" slr server add 10.0.0.2:80 customer acme service 10.0.0.20:80
	defer slr server del 10.0.0.2:80 customer acme
	defer slr binding del 10.0.0.20:80 10.0.0.2:80 customer acme
	before=$(stat bad-source)
	for src in 127.0.0.1 224.0.0.1 255.255.255.255 0.0.0.0; do
		send tcp eth0 10.0.0.20 4000 80 S --src "$src"
	done
	soon "bad sources" 4 eval "echo \$((\$(stat bad-source) - $before))"
	want "flows" "$(slr -j flow show customer acme | jq length)" 0
}

divisions() {
	NAME="two divisions behind one tunnel; and one address of a server; have each its own"
	MORE_NAMESPACES="${MORE_NAMESPACES:-} sd"
	new_ns sd
	ok "device" slr device add pvs3 customer acme netns sd
	defer ip -n sd link del eth0
	ip -n sd link set pvs3 name eth0
	ip -n sd link set eth0 up
	addr sd eth0 "$V/32" 10.0.0.11/32 2001:db8:a::10/128
	ip -n sd route add default dev eth0
	ip -n sd -6 route add default dev eth0
	web sd 80
	addr ca t0 10.0.0.130/25 2001:db8:a::8001/113
	defer "ip -n ca addr del 10.0.0.130/25 dev t0; ip -n ca addr del 2001:db8:a::8001/113 dev t0"
	ok "route" slr route add "$V/32" from 10.0.0.128/25 customer acme device pvs3
	defer slr route del "$V/32" from 10.0.0.128/25 customer acme
	ok "route" slr route add 2001:db8:a::10/128 from 2001:db8:a::8000/113 customer acme device pvs3
	defer slr route del 2001:db8:a::10/128 from 2001:db8:a::8000/113 customer acme
	ok "by destination" slr route add 10.0.0.11/32 customer acme device pvs3
	defer slr route del 10.0.0.11/32 customer acme
	want "one division" "$(get_in ca "http://$V/" --interface 10.0.0.2)" "sa:80 10.0.0.2"
	want "the other" "$(get_in ca "http://$V/" --interface 10.0.0.130)" "sd:80 10.0.0.130"
	want "one over IPv6" "$(get_in ca "http://$V6/" --interface 2001:db8:a::2)" "sa:80 2001:db8:a::2"
	want "the other over IPv6" "$(get_in ca "http://$V6/" --interface 2001:db8:a::8001)" "sd:80 2001:db8:a::8001"
	want "by destination" "$(get_in ca http://10.0.0.11/ --interface 10.0.0.2)" "sd:80 10.0.0.2"
	want "the other customer" "$(get_in cb "http://$V/")" "sb:80 10.0.0.2"
	want_match "explained" "$(slr explain from 10.0.0.130:5 to "$V:80" proto tcp tunnel acme-site)" "10.0.0.10/32 from 10.0.0.128/25"
	shows_what_it_loads 'route 10.0.0.10/32 from 10.0.0.128/25 customer acme device pvs3'
	ok "one of them" slr route add "$V/32" from 10.0.0.130/32 customer acme unreachable
	want_match "the longest source" "$(in_ns ca ping -c 1 -W 4 -I 10.0.0.130 "$V")" 'Unreachable'
	ok "del" slr route del "$V/32" from 10.0.0.130/32 customer acme
	ok "back" in_ns ca ping -c 1 -W 4 -I 10.0.0.130 "$V"
	refused "no such route" 1 'route 10.0.0.10/32 from 10.9.0.0/16 of customer 1 is unknown' slr route del "$V/32" from 10.9.0.0/16 customer acme
	refused "family" 1 'IPv6' slr route add "$V/32" from 2001:db8::/32 customer acme blackhole
	refused "bits" 2 'bits' slr route add "$V/32" from 10.0.0.1/24 customer acme blackhole
}

newcomers() {
	NAME="customers with tunnels and routes come and go; and disturb nobody"
	local i round got pings
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/long" bs=64k count=480 2>/dev/null
	for ((i = 1; i <= 50; i++)); do
		echo "customer add new$i"
		echo "tunnel add new$i type gre customer new$i local 198.51.100.1 remote 198.51.100.2 key $((100 + i))"
		echo "route add 10.0.0.0/24 customer new$i via tunnel new$i"
	done >"$TMP/come"
	tac "$TMP/come" | sed -E 's/^(customer|tunnel) add (new[0-9]+).*/\1 del \2/; s/^route add (.*) via .*/route del \1/' >"$TMP/go"
	in_ns ca curl -s -m $((120 * SLOW)) "http://$V/long" >"$TMP/got" &
	got=$!
	defer "reap $got"
	in_ns ca ping -q -c 50 -i 0.1 -W 20 "$V" >"$TMP/pings" &
	pings=$!
	defer "reap $pings"
	for round in 1 2 3 4; do
		ok "come $round" slr -b "$TMP/come"
		ok "go $round" slr -b "$TMP/go"
	done
	wait "$got" "$pings"
	want "download" "$(cksum <"$TMP/got")" "$(cksum <"$TMP/www/long")"
	want_match "pings" "$(cat "$TMP/pings")" ' 0% packet loss'
	want "customers left" "$(slr -j customer show | jq -c 'map(.customer)')" '["acme","bell"]'
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
	MORE_NAMESPACES="${MORE_NAMESPACES:-} hm"
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
run_tests pages traced witness strangers transit one_way downloads path_mtu seen refusals bound comes_and_goes moves forged divisions newcomers in_vrf home_goes unload
