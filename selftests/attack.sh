#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A hostile site and a hostile private server of one customer against another customer: each attack
# has a counter that moves, and the other customer's site and server, which see nothing of it.
#
#   hostile                     +------+
#   +----+ 198.51.100.2   .1    |      |  pvs0   +----+ 10.0.0.10
#   | ca |c0 ------------- a0 --|      |---------| sa |  acme, hostile
#   +----+ gre, key 7           |  gw  |         +----+
#   +----+ 198.51.100.6   .5    |      |  pvs1   +----+ 10.0.0.10
#   | cb |c0 ------------- b0 --|      |---------| sb |  bell
#   +----+ gre, key 9           +------+         +----+
#
# Everything is there over both families: outer 2001:db8:1::2 and 2001:db8:2::2, inner
# 2001:db8:a::2 and 2001:db8:a::10, in tunnels acme6 and bell6.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES="ca cb gw sa sb"
SETTLE_NS=ca
FORGE=$(dirname "$0")/forge.py

# site NS DEV NAME KEY NUMBER GATEWAY ADDRESS
site() {
	local ns=$1 dev=$2 name=$3 key=$4 six=2001:db8:$5
	wire "$ns" c0 gw "$dev"
	addr gw "$dev" "$6/30" "$six::1/64"
	addr "$ns" c0 "$7/30" "$six::2/64"
	ip -n "$ns" link add t0 type gre local "$7" remote "$6" key "$key" ttl 64
	ip -n "$ns" link add t6 type ip6gre local "$six::2" remote "$six::1" key "$key"
	ip -n "$ns" link set t0 up
	ip -n "$ns" link set t6 up
	addr "$ns" t0 10.0.0.2/24
	addr "$ns" t6 2001:db8:a::2/64
	ok "port" slr port add "$dev"
	ok "customer" slr customer add "$name" guard strict
	ok "tunnel" slr tunnel add "${name}4" type gre customer "$name" local "$6" remote "$7" key "$key" allowed 10.0.0.0/24
	ok "tunnel" slr tunnel add "${name}6" type gre customer "$name" local "$six::1" remote "$six::2" key "$key" allowed 2001:db8:a::/64
	ok "route" slr route add 10.0.0.0/24 customer "$name" via tunnel "${name}4"
	ok "route" slr route add 2001:db8:a::/64 customer "$name" via tunnel "${name}6"
}

# container NAME CUSTOMER NS
container() {
	ok "device" slr device add "$1" customer "$2" netns "$3"
	ip -n "$3" link set "$1" name eth0
	ip -n "$3" link set eth0 up
	addr "$3" eth0 10.0.0.10/32 2001:db8:a::10/128
	ip -n "$3" route add default dev eth0
	ip -n "$3" -6 route add default dev eth0
	ok "route" slr route add 10.0.0.10/32 customer "$2" device "$1"
	ok "route" slr route add 2001:db8:a::10/128 customer "$2" device "$1"
}

sites_up() {
	local n
	for n in $NAMESPACES; do new_ns "$n"; done
	site ca a0 acme 7 1 198.51.100.1 198.51.100.2
	site cb b0 bell 9 2 198.51.100.5 198.51.100.6
	container pvs0 acme sa
	container pvs1 bell sb
	GATEWAY=$(ip -n gw -j link show a0 | jq -r '.[0].address')
}

# What the other customer's site and server have received.
victims() {
	{
		ip -n sb -s -j link show eth0
		ip -n cb -s -j link show
	} | jq -s -c '[.[][] | select(.ifname | IN("eth0", "t0", "t6")) | .stats64.rx.packets]'
}

# What the hostile customer's own server has received.
received() { ip -n sa -s -j link show eth0 | jq '.[0].stats64.rx.packets'; }

# counted REASON...: the sum of these counters.
counted() {
	slr -j stats show | jq --arg names "$*" '[.[] | select(.name | IN($names | split(" ")[])) | .value] | add // 0'
}
is_counted() { (($(counted $1) >= $2)); }

# attack WHAT REASONS NS LAYER...: sends 8 packets, which must all be counted under one of these
# reasons; the victims get none of them. A few more may come from the kernels' own announcements.
attack() {
	local what=$1 reasons=$2 ns=$3 before quiet dev=c0 mac=$GATEWAY
	shift 3
	[[ $ns == sa ]] && dev=eth0 mac=none
	before=$(counted $reasons) quiet=$(victims)
	ok "$what: sent" in_ns "$ns" python3 "$FORGE" -n 8 "$dev" "$mac" "$@"
	until_ok 10 is_counted "$reasons" $((before + 8))
	want_between "$what: counted as $reasons" $(($(counted $reasons) - before)) 8 14
	want "$what: packets at the victims" "$(victims)" "$quiet"
}

works() {
	NAME="both customers reach their own servers; and the victims' counters count"
	local ns to before
	for ns in ca cb; do
		for to in 10.0.0.10 2001:db8:a::10; do
			ok "$ns to $to" in_ns "$ns" ping -q -c 2 -W 8 "$to"
		done
	done
	before=$(victims)
	ok "ping" in_ns sb ping -q -c 3 -W 8 10.0.0.2
	want_between "seen at the server" $(($(victims | jq '.[0]') - $(jq '.[0]' <<<"$before"))) 3 5
}

outer_source() {
	NAME="a forged outer source is nobody's; or comes by another port than it should"
	local inner=ip:10.0.0.2,10.0.0.10 six=ip:2001:db8:a::2,2001:db8:a::10
	attack "unknown" unknown-tunnel ca ip:198.51.100.3,198.51.100.1 gre:7 $inner echo
	attack "unknown over IPv6" unknown-tunnel ca ip:2001:db8:1::3,2001:db8:1::1 gre:7 $six echo
	attack "the other site's" wrong-way ca ip:198.51.100.6,198.51.100.5 gre:9 $inner echo
	attack "the other site's over IPv6" wrong-way ca ip:2001:db8:2::2,2001:db8:2::1 gre:9 $six echo
	ok "tunnel" slr tunnel add any4 type gre customer bell local 198.51.100.5 remote 198.51.100.6 key 99 anywhere on peers 198.51.100.4/30,192.0.2.0/24
	defer slr tunnel del any4
	ok "tunnel" slr tunnel add any6 type gre customer bell local 2001:db8:2::1 remote 2001:db8:2::2 key 99 anywhere on peers 2001:db8:2::/64
	defer slr tunnel del any6
	attack "no peer" foreign-peer ca ip:198.51.100.2,198.51.100.5 gre:99 $inner echo
	attack "no peer over IPv6" foreign-peer ca ip:2001:db8:1::2,2001:db8:2::1 gre:99 $six echo
	attack "a peer's address" wrong-way ca ip:198.51.100.6,198.51.100.5 gre:99 $inner echo
	refused "of another family" 1 'any4.*2001:db8' slr tunnel set any4 peers 2001:db8:2::/64
}

inner_source() {
	NAME="a forged inner source is not allowed; or is not where it comes from"
	local out=ip:198.51.100.2,198.51.100.1 out6=ip:2001:db8:1::2,2001:db8:1::1
	attack "not allowed" spoof ca $out gre:7 ip:10.9.0.1,10.0.0.10 echo
	attack "not allowed over IPv6" spoof ca $out6 gre:7 ip:2001:db8:b::1,2001:db8:a::10 echo
	attack "the server's own" wrong-way ca $out gre:7 ip:10.0.0.10,10.0.0.10 echo
	attack "the server's own over IPv6" wrong-way ca $out6 gre:7 ip:2001:db8:a::10,2001:db8:a::2 echo
	# The family of the other tunnel.
	ok "all allowed" slr tunnel set acme4 allowed 0.0.0.0/0,::/0
	defer slr tunnel set acme4 allowed 10.0.0.0/24
	attack "by the other tunnel" wrong-way ca $out gre:7 ip:2001:db8:a::2,2001:db8:a::10 echo
	attack "from nowhere" wrong-way ca $out gre:7 ip:10.9.0.1,10.0.0.10 echo
	want_match "explained" "$(slr explain tunnel acme4 from 10.9.0.1:5 to 10.0.0.10:80)" 'wrong-way'
	want_match "explained" "$(slr explain tunnel acme4 from 10.0.0.2:5 to 10.0.0.10:80)" 'pvs0'
	ok "loose" slr customer set acme guard loose
	defer slr customer set acme guard strict
	attack "from nowhere; loose" wrong-way ca $out gre:7 ip:10.9.0.1,10.0.0.10 echo
	local before
	before=$(received)
	in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" $out gre:7 ip:2001:db8:a::2,2001:db8:a::10 echo
	until_ok 10 eval "((\$(received) >= $before + 8))" || fail "loose refuses what is routed at all"
}

keys() {
	NAME="a wrong or missing key is nobody's; nor is another customer's"
	local inner=ip:10.0.0.2,10.0.0.10 six=ip:2001:db8:a::2,2001:db8:a::10
	local out=ip:198.51.100.2,198.51.100.1 out6=ip:2001:db8:1::2,2001:db8:1::1
	attack "wrong" unknown-tunnel ca $out gre:999 $inner echo
	attack "missing" unknown-tunnel ca $out gre $inner echo
	attack "another customer's" unknown-tunnel ca $out gre:9 $inner echo
	attack "wrong over IPv6" unknown-tunnel ca $out6 gre:999 $six echo
	attack "missing over IPv6" unknown-tunnel ca $out6 gre $six echo
	attack "another customer's over IPv6" unknown-tunnel ca ip:2001:db8:1::2,2001:db8:2::1 gre:9 $six echo
}

truncated() {
	NAME="truncated headers are dropped and counted; outer and inner"
	local out=ip:198.51.100.2,198.51.100.1 out6=ip:2001:db8:1::2,2001:db8:1::1
	local short="too-short malformed tunnel-header tunnel-content"
	attack "GRE" "$short" ca $out,proto=47 zeros:2
	attack "GRE over IPv6" "$short" ca $out6,proto=47 zeros:3
	attack "IPv4 inside" "$short" ca $out gre:7 ip:10.0.0.2,10.0.0.10,cut=18 echo
	attack "its end" "$short" ca $out gre:7 ip:10.0.0.2,10.0.0.10,cut=23 udp:5,6 zeros:20
	attack "IPv6 inside" "$short" ca $out6 gre:7 ip:2001:db8:a::2,2001:db8:a::10,cut=38 echo
	attack "its end" "$short" ca $out6 gre:7 ip:2001:db8:a::2,2001:db8:a::10,cut=44 udp:5,6 zeros:20
}

nested() {
	NAME="a tunnel's header inside another one's opens no tunnel"
	local out=ip:198.51.100.2,198.51.100.1 out6=ip:2001:db8:1::2,2001:db8:1::1
	local deep=()
	for _ in 1 2 3 4 5 6 7 8 9; do deep+=("ip:10.0.0.2,198.51.100.1" gre:7); done
	ok "all allowed" slr tunnel set acme4 allowed 0.0.0.0/0
	defer slr tunnel set acme4 allowed 10.0.0.0/24
	attack "into bell's" no-route-customer ca $out gre:7 ip:10.0.0.2,198.51.100.5 gre:9 ip:10.0.0.2,10.0.0.10 echo
	attack "as bell's site" wrong-way ca $out gre:7 ip:198.51.100.6,198.51.100.5 gre:9 ip:10.0.0.2,10.0.0.10 echo
	attack "into bell's over IPv6" no-route-customer ca $out6 gre:7 ip:2001:db8:a::2,2001:db8:2::1 gre:9 ip:2001:db8:a::2,2001:db8:a::10 echo
	attack "ten deep" no-route-customer ca $out gre:7 "${deep[@]}" ip:10.0.0.2,10.0.0.10 echo
	# Encapsulated once more by the server's own stack.
	attack "by a server" no-route-customer sa ip:10.0.0.10,198.51.100.5 gre:9 ip:10.0.0.2,10.0.0.10 echo
}

martians() {
	NAME="groups and martians inside go nowhere; guarded or not"
	local out=ip:198.51.100.2,198.51.100.1 out6=ip:2001:db8:1::2,2001:db8:1::1 addr
	for addr in 224.0.0.5 239.1.1.1 255.255.255.255 127.0.0.1 0.0.0.0; do
		attack "to $addr" "no-route-customer bad-source" ca $out gre:7 "ip:10.0.0.2,$addr" echo
		attack "from $addr" spoof ca $out gre:7 "ip:$addr,10.0.0.10" echo
	done
	for addr in ff02::5 ff0e::1 ::1; do
		attack "to $addr" "no-route-customer bad-source" ca $out6 gre:7 "ip:2001:db8:a::2,$addr" echo
		attack "from $addr" spoof ca $out6 gre:7 "ip:$addr,2001:db8:a::10" echo
	done
	ok "no guard" slr -b - <<-END
		customer set acme guard off
		tunnel set acme4 allowed 0.0.0.0/0
		tunnel set acme6 allowed ::/0
	END
	defer slr customer set acme guard strict
	defer slr tunnel set acme4 allowed 10.0.0.0/24
	defer slr tunnel set acme6 allowed 2001:db8:a::/64
	for addr in 224.0.0.5 255.255.255.255 127.0.0.1 0.0.0.0; do
		attack "from $addr unguarded" bad-source ca $out gre:7 "ip:$addr,10.0.0.10" echo
	done
	for addr in ff0e::1 ::1; do
		attack "from $addr unguarded" bad-source ca $out6 gre:7 "ip:$addr,2001:db8:a::10" echo
	done
}

server() {
	NAME="a private server has its own address only; and speaks for no neighbour"
	local src
	for src in 10.0.0.11 10.0.0.2 198.51.100.6; do
		attack "as $src" wrong-way sa "ip:$src,10.0.0.2" echo
	done
	for src in 2001:db8:a::11 2001:db8:a::2 2001:db8:2::2; do
		attack "as $src" wrong-way sa "ip:$src,2001:db8:a::2" echo
	done
	attack "ARP" tunnel-content sa arp:10.0.0.2,020000000066
	attack "advertisement" no-route-customer sa ip:2001:db8:a::10,2001:db8:a::2,ttl=255 na:2001:db8:a::2,020000000066
	attack "advertisement for the other" "no-route-customer wrong-way" sa ip:2001:db8:a::2,2001:db8:a::10,ttl=255 na:2001:db8:a::2,020000000066
	attack "advertisement by tunnel" tunnel-content ca ip:2001:db8:1::2,2001:db8:1::1 gre:7 ip:2001:db8:a::2,2001:db8:a::10,ttl=255 na:2001:db8:a::10,020000000066
	ok "its own" in_ns sa ping -q -c 2 -W 8 10.0.0.2
}

# through WHAT NS DEV MAC LAYER...: sends 8 packets, which all get to the hostile customer's own
# server, or with VICTIM=1 to the other customer's.
through() {
	local what=$1 ns=$2 dev=$3 mac=$4 before
	shift 4
	before=$(got_there)
	ok "$what: sent" in_ns "$ns" python3 "$FORGE" -n 8 "$dev" "$mac" "$@"
	until_ok 10 eval "((\$(got_there) >= $before + 8))" || fail "$what: does not get through"
}
got_there() {
	case ${VICTIM:-} in
	1) ip -n sb -s -j link show eth0 | jq '.[0].stats64.rx.packets' ;;
	*) received ;;
	esac
}

own_tunnel() {
	NAME="a tunnel's own guard wins over its customer's; strict and off; and is shown and loaded"
	local out=ip:198.51.100.2,198.51.100.1 out6=ip:2001:db8:1::2,2001:db8:1::1 VICTIM
	local four=ip:10.9.0.1,10.0.0.10 six=ip:2001:db8:9::1,2001:db8:a::10
	ok "all allowed" slr -b - <<-END
		tunnel set acme4 allowed 0.0.0.0/0,::/0
		tunnel set acme6 allowed 0.0.0.0/0,::/0
		customer set acme guard off
		customer set bell guard off
	END
	defer slr tunnel set acme4 allowed 10.0.0.0/24 guard inherit
	defer slr tunnel set acme6 allowed 2001:db8:a::/64 guard inherit
	defer slr tunnel set bell4 guard inherit
	defer slr customer set acme guard strict
	defer slr customer set bell guard strict
	through "no guard at all" ca c0 "$GATEWAY" $out gre:7 $four echo
	ok "strict" slr tunnel set acme4 guard strict
	attack "strict" wrong-way ca $out gre:7 $four echo
	attack "strict; IPv6 inside" wrong-way ca $out gre:7 $six echo
	through "the tunnel beside it" ca c0 "$GATEWAY" $out6 gre:7 $four echo
	through "the tunnel beside it; IPv6 inside" ca c0 "$GATEWAY" $out6 gre:7 $six echo
	through "its own source" ca c0 "$GATEWAY" $out gre:7 ip:10.0.0.2,10.0.0.10 echo
	want_match "explained" "$(slr explain tunnel acme4 from 10.9.0.1:5 to 10.0.0.10:80)" 'strict of tunnel acme4.*wrong-way'
	want_match "explained" "$(slr explain tunnel acme6 from 10.9.0.1:5 to 10.0.0.10:80)" 'pvs0'
	# 2001:db8:a::2 is behind the other tunnel.
	attack "strict; by the other tunnel" wrong-way ca $out gre:7 ip:2001:db8:a::2,2001:db8:a::10 echo
	ok "loose" slr tunnel set acme4 guard loose
	attack "loose" wrong-way ca $out gre:7 $four echo
	through "loose; by the other tunnel" ca c0 "$GATEWAY" $out gre:7 ip:2001:db8:a::2,2001:db8:a::10 echo
	want_match "shown" "$(slr tunnel show acme4)" 'guard loose'
	want "shown in JSON" "$(slr -j tunnel show | jq -c 'map(select(.guard)|[.tunnel,.guard])')" '[["acme4","loose"]]'
	shows_what_it_loads 'tunnel acme4 .* guard loose'
	attack "loaded" wrong-way ca $out gre:7 $four echo
	ok "inherits" slr tunnel set acme4 guard inherit
	through "as the customer" ca c0 "$GATEWAY" $out gre:7 $four echo
	# The other way round.
	ok "off" slr -b - <<-END
		customer set acme guard strict
		tunnel set acme4 guard off
	END
	through "off" ca c0 "$GATEWAY" $out gre:7 $four echo
	attack "the tunnel beside it" wrong-way ca $out6 gre:7 $four echo
	want_match "explained" "$(slr explain tunnel acme6 from 10.9.0.1:5 to 10.0.0.10:80)" 'strict of the customer.*wrong-way'
	# Outer sources, which only strict asks for: those of the other customer's site by the wrong port.
	local forged=ip:198.51.100.6,198.51.100.5
	ok "strict" slr tunnel set bell4 guard strict
	attack "outer; strict" wrong-way ca $forged gre:9 ip:10.0.0.2,10.0.0.10 echo
	ok "strict; but off" slr -b - <<-END
		customer set bell guard strict
		tunnel set bell4 guard off
	END
	VICTIM=1
	through "outer; off" ca c0 "$GATEWAY" $forged gre:9 ip:10.0.0.2,10.0.0.10 echo
	refused "no such guard" 2 'tight.* is none of: off, loose, strict, inherit' slr tunnel set bell4 guard tight
	refused "no customer" 1 'tunnel nobodys is of public' slr tunnel add nobodys type gre local 198.51.100.1 remote 198.51.100.2 key 11 guard strict
	refused "no longer one" 1 'tunnel bell4 is of public' slr tunnel set bell4 customer public guard loose
}

line_up() {
	wire sa eth1 gw l0
	defer ip -n gw link del l0
	addr sa eth1 10.0.7.2/24 2001:db8:7::2/64
	addr gw l0 10.0.7.1/24 2001:db8:7::1/64
	ok "port" slr port add l0 customer acme
	defer slr port del l0
	ok "route" slr route add 10.0.7.0/24 customer acme dev l0
	defer slr route del 10.0.7.0/24 customer acme
	ok "route" slr route add 2001:db8:7::/64 customer acme dev l0
	defer slr route del 2001:db8:7::/64 customer acme
}

own_port() {
	NAME="a port's own guard wins over its customer's; strict and off"
	local four=ip:10.9.0.1,10.0.0.10 mac before
	line_up
	mac=$(ip -n gw -j link show l0 | jq -r '.[0].address')
	ok "off" slr port set l0 guard off
	through "off" sa eth1 "$mac" $four echo
	want_match "shown" "$(slr port show l0)" 'guard off'
	want "shown in JSON" "$(slr -j port show | jq -c 'map(select(.guard)|[.port,.guard])')" '[["l0","off"]]'
	shows_what_it_loads 'port l0 customer acme guard off'
	ok "strict" slr -b - <<-END
		tunnel set acme4 allowed 0.0.0.0/0
		customer set acme guard off
		customer set bell guard off
		port set l0 guard strict
	END
	defer slr tunnel set acme4 allowed 10.0.0.0/24
	defer slr customer set acme guard strict
	defer slr customer set bell guard strict
	before=$(stat wrong-way)
	ok "strict: sent" in_ns sa python3 "$FORGE" -n 8 eth1 "$mac" $four echo
	until_ok 10 is_counted wrong-way $((before + 8))
	want "strict" $(($(stat wrong-way) - before)) 8
	through "its own source" sa eth1 "$mac" ip:10.0.7.2,10.0.0.10 echo
	through "a tunnel of the same customer" ca c0 "$GATEWAY" ip:198.51.100.2,198.51.100.1 gre:7 $four echo
	want_match "explained" "$(slr explain dev l0 from 10.9.0.1:5 to 10.0.0.10:80)" 'strict of port l0.*wrong-way'
	ok "inherits" slr port set l0 guard inherit
	want "shown" "$(slr -j port show l0 | jq '.[0].guard')" null
	through "as the customer" sa eth1 "$mac" $four echo
	refused "no such guard" 2 'tight.* is none of: off, loose, strict, inherit' slr port set l0 guard tight
	refused "no customer" 1 'port a0 is of public' slr port set a0 guard strict
}

line() {
	NAME="a leased line of a customer has the sources that are routed there"
	line_up
	local mac before
	mac=$(ip -n gw -j link show l0 | jq -r '.[0].address')
	before=$(stat wrong-way)
	in_ns sa python3 "$FORGE" -n 8 eth1 "$mac" ip:10.0.0.10,10.0.0.2 echo
	in_ns sa python3 "$FORGE" -n 8 eth1 "$mac" ip:10.0.0.2,10.0.0.10 echo
	in_ns sa python3 "$FORGE" -n 8 eth1 "$mac" ip:2001:db8:a::10,2001:db8:a::2 echo
	until_ok 10 is_counted wrong-way $((before + 24))
	want "forged" $(($(stat wrong-way) - before)) 24
	want_match "explained" "$(slr explain dev l0 from 10.0.0.2:5 to 10.0.0.10:80)" 'wrong-way'
	before=$(ip -n ca -s -j link show t0 | jq '.[0].stats64.rx.packets')
	in_ns sa python3 "$FORGE" -n 8 eth1 "$mac" ip:10.0.7.2,10.0.0.2 echo
	until_ok 10 eval '(($(ip -n ca -s -j link show t0 | jq ".[0].stats64.rx.packets") >= '$((before + 8))'))' ||
		fail "its own source does not get through"
	# What is between neighbours has sources of the link.
	mac=$(ip -n gw -j addr show l0 | jq -r '[.[0].addr_info[] | select(.scope == "link").local][0]')
	in_ns sa ping -q -c 1 -W 1 "$mac%eth1" >/dev/null 2>&1
	want_match "the neighbour" "$(ip -n sa neigh show "$mac" dev eth1)" 'lladdr'
}

errors() {
	NAME="ICMP errors about another customer's flow change nothing for it"
	local port before
	web sb 80
	ok "service" slr service add 10.0.0.20:80 customer bell
	defer slr service del 10.0.0.20:80 customer bell
	ok "server" slr server add 10.0.0.10:80 customer bell service 10.0.0.20:80
	defer slr server del 10.0.0.10:80 customer bell
	defer slr binding del 10.0.0.20:80 10.0.0.10:80 customer bell
	want "page" "$(get_in cb http://10.0.0.20/)" "sb:80 10.0.0.2"
	port=$(slr -j flow show customer bell | jq -r '.[0].client | split(":") | last')
	want_between "client's port" "$port" 1024 65535
	before=$(victims)
	local entered
	entered=$(slr -j -s tunnel show acme4 | jq '.[0].counters["packets-in"]')
	local out=ip:198.51.100.2,198.51.100.1
	in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" $out gre:7 ip:10.0.0.2,10.0.0.10 error:3,4,576 ip:10.0.0.10,10.0.0.2 "tcp:80,$port" zeros:8
	in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" $out gre:7 ip:10.0.0.2,10.0.0.20 error:3,1 ip:10.0.0.20,10.0.0.2 "tcp:80,$port" zeros:8
	in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" ip:198.51.100.2,198.51.100.1 error:3,4,576 ip:10.0.0.20,10.0.0.2 "tcp:80,$port" zeros:8
	soon "they entered" $((entered + 16)) eval "slr -j -s tunnel show acme4 | jq '.[0].counters[\"packets-in\"]'"
	settle
	want "packets at the victims" "$(victims)" "$before"
	want_match "path MTU at bell's server" "$(in_ns sb ip route get 10.0.0.2)" '^[^m]*$'
	want "page" "$(get_in cb http://10.0.0.20/)" "sb:80 10.0.0.2"
}

# datagrams FIRST COUNT: from as many ports of acme's site, to the Internet.
datagrams() {
	in_ns ca python3 - "$1" "$2" <<-'END'
		import socket, sys
		first, count = map(int, sys.argv[1:])
		for port in range(first, first + count):
		    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
		        one.bind(("10.0.0.2", port))
		        one.sendto(b"x", ("198.51.100.6", 9))
	END
}

# Packets that bell has sent along what it has.
crossed() { slr -j -s customer show bell | jq '.[0].counters["packets-in"]'; }

exhaustion() {
	NAME="who uses up source ports or the flow table takes them from no connection that lives"
	ok "pools" slr -b - <<-END
		route add 198.51.100.4/30 customer acme public snat 203.0.113.1:40000-40003
		route add 198.51.100.0/30 customer bell public snat 203.0.113.2:40000-40003
	END
	defer slr route del 198.51.100.4/30 customer acme
	defer slr route del 198.51.100.0/30 customer bell
	local before
	ip -n ca route add 198.51.100.4/30 dev t0
	defer ip -n ca route del 198.51.100.4/30 dev t0
	before=$(stat snat-exhausted)
	datagrams 5001 10
	until_ok 10 is_counted snat-exhausted $((before + 6))
	want "refused" $(($(stat snat-exhausted) - before)) 6
	want "flows of acme" "$(slr -j flow show customer acme | jq 'map(select(.virtual | endswith(":9"))) | length')" 4
	in_ns sb python3 "$FORGE" eth0 none ip:10.0.0.10,198.51.100.2 udp:6000,9 data:x
	soon "bell's" 1 eval "slr -j flow show customer bell | jq 'map(select(.virtual | endswith(\":9\"))) | length'"
	# Now the table as a whole.
	slr settings set flows-max 256
	defer slr settings set flows-max 1048576
	ok "large pool" slr route set 198.51.100.4/30 customer acme public snat 203.0.113.1
	before=$(stat flow-table-full)
	datagrams 10000 600
	until_ok 10 is_counted flow-table-full $((before + 1)) || fail "the table does not fill"
	before=$(crossed)
	in_ns sb python3 "$FORGE" -n 8 eth0 none ip:10.0.0.10,198.51.100.2 udp:6000,9 data:x
	until_ok 10 eval "((\$(crossed) >= $before + 8))" || fail "what bell had does not go on"
	want "bell's flow lives" "$(slr -j flow show customer bell | jq 'map(select(.virtual | endswith(":9"))) | length')" 1
	slr flow del customer acme >/dev/null
}

views() {
	NAME="a private server sees nothing of others; by no interface of its kernel"
	local words="bell pvs1 198.51.100.6 198.51.100.5 2001:db8:2:" word seen=$TMP/seen
	in_ns sb ping -q -c 1 -W 8 10.0.0.2 >/dev/null
	{
		in_ns sa "$SLR" conf show
		in_ns sa "$SLR" -s customer show
		in_ns sa "$SLR" -s tunnel show
		in_ns sa "$SLR" flow show
		in_ns sa "$SLR" device show
		in_ns sa ip -d -s link
		in_ns sa ip addr
		in_ns sa ip neigh
		in_ns sa ip route show table all
		in_ns sa ss -anp
		in_ns sa sh -c 'cat /proc/net/arp /proc/net/dev /proc/net/route /proc/net/fib_trie /proc/net/ipv6_route /proc/net/if_inet6 /proc/net/netlink /proc/net/unix'
		in_ns sa cat /proc/net/tcp /proc/net/udp /proc/net/packet /proc/net/snmp
	} >"$seen" 2>&1
	for word in $words; do
		grep -qF "$word" "$seen" && fail "acme's server reads '$word': $(grep -F "$word" "$seen" | head -1)"
	done
	# The gateway sees them: the words are the right ones.
	want_match "the gateway" "$(slr conf show)" 'bell.*198.51.100.6'
	want "customers seen from there" "$(in_ns sa "$SLR" -j customer show)" "[]"
	want "counters seen from there" "$(in_ns sa "$SLR" -j stats show | jq '[.[]|select(.value != 0)]|length')" 0
	want "in a namespace of a user" "$(in_ns sa unshare -Urn "$SLR" -j customer show)" "[]"
	want "by nobody in a user's namespace; of the gateway" \
		"$(gw setpriv --reuid 65534 --regid 65534 --clear-groups unshare -U "$SLR" -j customer show 2>&1 | grep -c bell)" 0
	refused "nobody at the gateway" 1 'CAP_NET_ADMIN' gw setpriv --reuid 65534 --regid 65534 --clear-groups "$SLR" customer show
	# What is changed there is changed there only.
	ok "a customer there" in_ns sa "$SLR" customer add bell
	defer in_ns sa "$SLR" customer del bell
	want "routes of bell at the gateway" "$(slr -j route show customer bell | jq length)" 4
	ok "its own" in_ns cb ping -q -c 2 -W 8 10.0.0.10
}

sites_up
run_tests works outer_source inner_source keys truncated nested martians server line own_tunnel own_port errors exhaustion views
