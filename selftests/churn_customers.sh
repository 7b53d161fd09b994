#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything of customers changes at once, under traffic whose every byte is looked
# at: tunnels of all types, circuits, routes, private servers, guards, quotas,
# shapers, the network between, the module itself, while all is listed and traced.
#
#   cl (Internet) --- g0 gw g1 --- lan --- h1 site of acme  GRE 7  10.0.0.2
#                       |  |           --- h2 site of bell  GRE 8  10.0.0.2
#                      sa  sb private servers of acme and bell     10.0.0.10
#
# Each customer's server has another port, so what reaches the other's is refused.

# shellcheck source=selftests/churning.sh
. "$(dirname "$0")/churning.sh"

NAMESPACES="$NAMESPACES sa sb"
TRAFFIC="h1 10.0.0.10 7
h2 2001:db8:a::10 8
h1 2001:db8:100::2 9
h2 198.51.100.2 9"
GENTLE=(turn_tunnels turn_circuits turn_customers turn_routes turn_transactions turn_devices turn_limits turn_shapers turn_listings turn_traces turn_underlay)
ROUGH=(turn_module turn_cables turn_own)
TYPES=(ipip gre vxlan geneve gue fou mpls-gre mpls-udp l2tpv3 l2tpv3-udp)

# --- what is served --------------------------------------------------------------

# private NAME CUSTOMER NS: a private server's device, unless it is there.
private() {
	ip -n "$3" link show eth0 >/dev/null 2>&1 && return
	slr device add "$1" customer "$2" netns "$3"
	ip -n "$3" link set "$1" name eth0
	ip -n "$3" link set eth0 up
	addr "$3" eth0 10.0.0.10/32 2001:db8:a::10/128
	ip -n "$3" route add default dev eth0
	ip -n "$3" -6 route add default dev eth0
}

configure() {
	slr customer add acme id 1 2>/dev/null
	slr customer add bell id 2 2>/dev/null
	private pvs0 acme sa
	private pvs1 bell sb
	slr conf sync - <<-END
		port g0
		port g1
		$(two_sites)
		customer chip id 3
		$(ways_out)
		$(for who in acme bell; do
			echo "route 2001:db8:a::2/128 customer $who via tunnel $who-site"
			echo "route ::/0 customer $who public"
		done)
		route 10.0.0.10/32 customer acme device pvs0
		route 10.0.0.10/32 customer bell device pvs1
		route 2001:db8:a::10/128 customer acme device pvs0
		route 2001:db8:a::10/128 customer bell device pvs1
	END
}

# stranger NS LAYER...: packets that are not what they seem, until the script ends.
stranger() {
	ip netns exec "$1" python3 "$here/forge.py" -n 1000000000 -i 0.1 eth0 "$GW_MAC" "${@:2}" >/dev/null 2>&1 &
	disown
}

# A customer's key from elsewhere; a foreign source in its tunnel, first fragments without an end, and
# tunnels that come and go.
strangers() {
	stranger h3 ip:10.2.0.13,10.2.0.1 gre:7 ip:10.0.0.2,10.0.0.10 udp:7,7 data:x
	stranger h1 ip:10.2.0.11,10.2.0.1 gre:7 ip:10.0.9.9,10.0.0.10 udp:7,7 data:x
	stranger h1 ip:10.2.0.11,10.2.0.1 gre:7 ip:10.0.0.2,10.0.0.10,more udp:7,7 zeros:1000
	stranger h3 ip:10.2.0.13,10.2.0.1 gre:5 ip:10.77.0.2,10.77.0.1 udp:7,7 data:x
	stranger h3 ip:10.2.0.13,10.2.0.1 vxlan:5 eth:020000000001,020000000002 ip:10.77.0.2,10.77.0.1 udp:7,7 data:x
}

# --- what changes -----------------------------------------------------------------
# Each function is one turn.

turn_tunnels() {
	local type
	for type in "${TYPES[@]}"; do
		echo "tunnel add x-$type type $type customer chip local 10.2.0.1 remote 10.2.0.13$([[ $type == ipip ]] || echo " key 5")"
	done | slr -b -
	slr -b - <<-END
		tunnel set x-vxlan to x-geneve
		tunnel set x-gre to x-ipip
		tunnel set x-gre ttl 9 mtu 1400 allowed 10.0.0.0/8,2001:db8::/32
		tunnel set x-gre key $RANDOM
		route add 10.77.0.0/16 customer chip via tunnel x-gue
		route set 10.77.0.0/16 customer chip via tunnel x-fou
		route del 10.77.0.0/16 customer chip
	END
	{
		echo "tunnel set x-gre to none"
		echo "tunnel set x-vxlan to none"
		printf 'tunnel del x-%s\n' "${TYPES[@]}"
	} | slr -b -
}

turn_circuits() {
	slr -b - <<-END
		tunnel add line type vlan customer chip dev g1 vid $((RANDOM % 4000 + 2))
		tunnel add path type mpls customer chip dev g1 label $((RANDOM + 16)) remote 10.2.0.13
		tunnel set line to path
		tunnel set line packets-in 1000/s
		tunnel set line to none
		tunnel del path
		tunnel del line
	END
}

turn_customers() {
	slr -b - <<-END
		customer add dora guard strict max-flows 100 max-routes 10 max-tunnels 3 weight 5
		tunnel add d0 type geneve customer dora local 10.2.0.1 remote 10.2.0.13 vni 77
		route add 0.0.0.0/0 customer dora via tunnel d0
		route add ::/0 customer dora public
		customer set dora packets 1000/s bytes 1mbit new-flows 10/s guard loose
		route del 0.0.0.0/0 customer dora
		route del ::/0 customer dora
		tunnel del d0
		customer del dora
	END
}

# Of the customers in use, so that what flows keep of their ways is looked up again all the time.
turn_routes() {
	slr -b - <<-END
		route set 10.0.0.10/32 customer acme device pvs0
		route add 10.0.0.8/29 customer acme blackhole
		route add 198.51.100.0/24 customer bell public
		route add 0.0.0.0/0 from 10.0.0.3/32 customer bell unreachable
		route set 2001:db8:a::2/128 customer acme via tunnel acme-site
		route del 10.0.0.8/29 customer acme
		route del 198.51.100.0/24 customer bell
		route del 0.0.0.0/0 from 10.0.0.3/32 customer bell
	END
}

turn_transactions() {
	local n
	slr conf show >"$TMP/conf"
	{
		cat "$TMP/conf"
		for n in {1..50}; do
			echo "customer many$n id $((n + 100))"
			echo "tunnel many$n type gre customer many$n local 10.2.0.1 remote 10.2.0.13 key $((n + 100))"
			echo "route 10.0.0.0/8 customer many$n via tunnel many$n"
		done
	} | slr conf sync -
	grep -v many "$TMP/conf" | slr conf sync -
}

turn_devices() {
	ip netns add gone
	slr device add x0 customer chip netns gone
	ip -n gone -b - <<-END
		link set x0 up
		addr add 10.0.0.10/32 dev x0
		route add default dev x0
	END
	slr route add 10.0.0.10/32 customer chip device x0
	in_ns gone ping -q -c 2 -i 0.1 -W 0.2 10.0.0.2
	ip -n gone -b - <<-END
		link set x0 name x1
		link set x1 mtu 1400
	END
	slr route del 10.0.0.10/32 customer chip
	ip netns del gone
	slr device add x2 customer chip
	slr device del x2
}

turn_limits() {
	slr -b - <<-END
		customer set acme guard strict packets 1000000/s bytes 10gbit max-flows 100000
		customer set bell guard loose new-flows 100000/s max-routes 1000
		tunnel set acme-site guard off packets-in 1000000/s
		tunnel set bell-site rate-in 10gbit allowed 10.0.0.0/8,2001:db8::/32
		port set g0 side client
		port set g0 side both
		customer set acme guard off packets none bytes none max-flows none
		customer set bell guard off new-flows none max-routes none
		tunnel set acme-site guard inherit packets-in none
		tunnel set bell-site rate-in none
	END
}

turn_shapers() {
	slr shape add g1 rate 1gbit
	slr customer set acme weight $((RANDOM % 90 + 5))
	slr shape set g1 rate 2gbit
	slr customer set acme weight none
	slr shape del g1
}

turn_listings() {
	slr -b - <<-END
		tunnel show
		customer show
		route show
		device show
		flow show customer acme
		stats drops
		stats show
		conf show
		explain tcp 10.0.0.2:1024 to 10.0.0.10:7 tunnel acme-site
	END
}

turn_traces() { timeout 2 ip netns exec gw "$SLR" trace customer acme count 20; }

turn_underlay() {
	ip -n h1 neigh flush all
	ip -n gw -b - <<-END
		neigh flush all
		route replace 10.2.0.11/32 dev g1
		addr add 10.2.0.99/24 dev g1
	END
	sleep 0.5
	ip -n gw -b - <<-END
		route del 10.2.0.11/32
		addr del 10.2.0.99/24 dev g1
	END
	sleep 0.5
}

# A customer's own tunnel and private server go and come back: this breaks what is under way.
turn_own() {
	sleep 1
	slr -b - <<-END
		route del 10.0.0.2/32 customer acme
		route del 2001:db8:a::2/128 customer acme
		tunnel del acme-site
	END
	ip -n sa link del eth0
	sleep 1
	configure
}

net_up
# Addresses of IPv6 would go with the cable.
gw sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1
GW_MAC=$(ip -n gw -j link show g1 | jq -r '.[0].address')
dual_site h1 1 7
dual_site h2 2 8
configure
serve sa 7
serve sb 8
serve cl 9
strangers
run_tests gentle rough
