#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two customers with the same addresses everywhere, on leased lines of their own.
#
#   site    10.0.0.0/24, 2001:db8:a::/64       servers 10.0.1.0/24, 2001:db8:b::/64
#
#   +----+ .2            .1 +--------+ .1           .10 +----+
#   | ca |c0 ------------ a0|        |a1 ------------ s0| sa |   acme, VRF red
#   +----+                  |   gw   |                  +----+
#   +----+ .2            .1 |        | .1           .10 +----+
#   | cb |c0 ------------ b0|        |b1 ------------ s0| sb |   bell, VRF blue
#   +----+                  +--------+                  +----+
#                             p0 | 198.51.100.1
#                              +----+
#                              | pu |  public: the main table's default route
#                              +----+
#
# The virtual address 10.0.0.10 is in the sites' own network, as if the server
# stood in the office. The VRFs lack the usual last route, so that what they do
# not know falls through to the main table: slr must not follow.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES="ca cb gw sa sb pu"
V=10.0.0.10
V6='[2001:db8:a::10]'

lines_up() {
	local n
	for n in $NAMESPACES; do new_ns "$n"; done
	line ca sa a red 101
	line cb sb b blue 102
	public_up
	ip -n pu route add default via 198.51.100.1
}

configure() {
	local c
	ok "customer" slr customer add acme vrf red
	ok "customer" slr customer add bell vrf blue
	ok "port" slr port add a0 customer acme announce on
	ok "port" slr port add a1 customer acme
	ok "port" slr port add b0 customer bell announce on
	ok "port" slr port add b1 customer bell
	ok "port" slr port add p0
	for c in acme bell; do
		ok "service" slr service add "$V:80" customer "$c"
		ok "server" slr server add 10.0.1.10:8080 customer "$c" service "$V:80"
		ok "service" slr service add "$V/icmp" customer "$c"
		ok "server" slr server add 10.0.1.10 customer "$c" service "$V/icmp"
		ok "service" slr service add "$V6:80" customer "$c"
		ok "server" slr server add '[2001:db8:b::10]:8080' customer "$c" service "$V6:80"
	done
}

# Who pings to let packets settle, and what of a capture of the public side is
# not that.
SETTLE_NS=pu
SETTLE_NO="not (icmp and host 198.51.100.1 and host 198.51.100.2)"

# counter CUSTOMER NAME
counter() { slr -j -s customer show "$1" | jq ".[0].counters[\"$2\"]"; }

same_addresses() {
	NAME="two customers with the same addresses; each gets its own server's page"
	local i
	for i in 1 2 3; do
		want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
		want "page of bell" "$(get_in cb "http://$V/")" "sb:8080 10.0.0.2"
		want "page of acme over IPv6" "$(get_in ca "http://$V6/")" "sa:8080 2001:db8:a::2"
		want "page of bell over IPv6" "$(get_in cb "http://$V6/")" "sb:8080 2001:db8:a::2"
	done
}

witness() {
	NAME="the other customer's server sees no packet"
	capture sb s0 'tcp or udp or icmp or (icmp6 and ip6[40] < 130)'
	want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
	want "page of acme over IPv6" "$(get_in ca "http://$V6/")" "sa:8080 2001:db8:a::2"
	ok "ping of acme" in_ns ca ping -c 2 -W 4 "$V"
	get_in ca http://10.0.1.10:81/ >/dev/null
	capture_stop
	want "packets at the server of bell" "$(captured "ip or ip6")" 0
	capture sa s0 'tcp or udp or icmp or (icmp6 and ip6[40] < 130)'
	want "page of bell" "$(get_in cb "http://$V/")" "sb:8080 10.0.0.2"
	ok "ping of bell" in_ns cb ping -c 2 -W 4 "$V"
	capture_stop
	want "packets at the server of acme" "$(captured "ip or ip6")" 0
}

same_ends() {
	NAME="flows with equal ends are told apart by customer"
	slr flow del >/dev/null
	want "page of acme" "$(get_in ca "http://$V/" --local-port 40000)" "sa:8080 10.0.0.2"
	want "page of bell" "$(get_in cb "http://$V/" --local-port 40000)" "sb:8080 10.0.0.2"
	want "flows" "$(flows client 10.0.0.2:40000)" 2
	want "flows of acme" "$(flows client 10.0.0.2:40000 customer acme)" 1
	want "customers" "$(live client 10.0.0.2:40000 | jq -c 'map(.customer)|sort')" '[1,2]'
	want "flows of public" "$(flows customer public)" 0
	want_match "text" "$(slr flow show customer bell client-port 40000)" '^customer bell proto tcp '
}

fragments() {
	NAME="fragments of two customers at once; with equal ends"
	local p
	in_ns ca ping -c 5 -i 0.2 -W 4 -s 4000 "$V" >"$TMP/ping" &
	p=$!
	ok "ping of bell" in_ns cb ping -c 5 -i 0.2 -W 4 -s 4000 "$V"
	wait "$p" || fail "ping of acme: $(tail -2 "$TMP/ping")"
}

counters() {
	NAME="each customer counts its own"
	local a b
	a=$(counter acme flows-total)
	b=$(counter bell flows-total)
	get_in ca "http://$V/" >/dev/null
	get_in ca "http://$V/" >/dev/null
	want "flows of acme" $(($(counter acme flows-total) - a)) 2
	want "flows of bell" $(($(counter bell flows-total) - b)) 0
	want_between "packets to clients of acme" "$(counter acme packets-out)" 8 10000
}

in_context_refused() {
	NAME="what is not served is refused within the context"
	local before
	before=$(stat port-not-served)
	capture sb s0 'tcp or icmp'
	want "port that nobody serves" "$(get_in ca "http://$V:81/")" "[7]"
	ok "a service of bell alone" slr service add 10.0.0.11:80 customer bell
	defer slr service del 10.0.0.11:80 customer bell
	ok "bound" slr binding add 10.0.0.11:80 10.0.1.10:8080 customer bell
	defer slr binding del 10.0.0.11:80 10.0.1.10:8080 customer bell
	want_match "acme" "$(get_in ca http://10.0.0.11/)" '\[(7|28)\]'
	capture_stop
	want "packets at the server of bell" "$(captured "ip or ip6")" 0
	want "bell" "$(get_in cb http://10.0.0.11/)" "sb:8080 10.0.0.2"
	want "port-not-served" $(($(stat port-not-served) - before)) 1
}

# dropped CUSTOMER REASON
dropped() { slr -j stats drops customer "$1" | jq ".[0].drops[\"$2\"] // 0"; }

# lost CUSTOMER: all that was dropped of it
lost() { slr -j stats drops customer "$1" | jq '[.[0].drops[]]|add // 0'; }

drops_apart() {
	NAME="what one customer loses is counted at it; by its reasons; and at no other"
	local total acme bell public reason
	total=$(stat port-not-served)
	acme=$(dropped acme port-not-served)
	bell=$(lost bell)
	public=$(lost public)
	want "port that nobody serves" "$(get_in ca "http://$V:81/")" "[7]"
	want "the same over IPv6" "$(get_in ca "http://$V6:81/")" "[7]"
	want "at acme" $(($(dropped acme port-not-served) - acme)) 2
	want "in the namespace" $(($(stat port-not-served) - total)) 2
	want "at bell" $(($(lost bell) - bell)) 0
	want "at public" $(($(lost public) - public)) 0
	want_match "an address of the Internet" "$(in_ns cb ping -c 2 -W 4 192.0.2.99)" 'Unreachable'
	want_between "at bell" $(($(lost bell) - bell)) 2 2
	want_match "text" "$(slr stats drops customer bell)" '^customer bell.*no-route-customer +[0-9]'
	for reason in port-not-served spoof no-memory; do
		want_match "explained" "$(slr -d stats drops customer acme)" "$reason +[0-9]+ +[a-z]"
	done
	want "all" "$(slr -j stats drops | jq -c 'map(.customer)-[0]')" '[1,2]'
	refused "unknown" 1 'customer 99 is unknown' slr stats drops customer 99
	ok "a customer that comes and goes" slr customer add third id 3
	want "has lost nothing" "$(slr -j stats drops customer third | jq -c .)" '[{"customer":3,"drops":{}}]'
	ok "gone" slr customer del third
}

own_routes() {
	NAME="packets for no service go along the customer's own routes; errors come from its own gateway"
	ok "ping of the server itself" in_ns ca ping -c 2 -W 4 10.0.1.10
	ok "the same over IPv6" in_ns ca ping -c 2 -W 4 2001:db8:b::10
	ok "the server opens as well" in_ns sa ping -c 2 -W 4 10.0.0.2
	ok "ping of the gateway" in_ns ca ping -c 2 -W 4 10.0.0.1
	want_match "traceroute" "$(in_ns ca ping -c 1 -W 4 -t 1 10.0.1.10)" 'From 10.0.0.1 .*Time to live exceeded'
	want_match "traceroute over IPv6" "$(in_ns ca ping -c 1 -W 4 -t 1 2001:db8:b::10)" 'From 2001:db8:a::1 .*Hop limit'
	ip -n gw link set a1 mtu 1400
	defer ip -n gw link set a1 mtu 1500
	defer ip -n ca route flush cache
	want_match "path MTU" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 1450 10.0.1.10 2>&1)" 'mtu ?= ?1400'
	want_match "path MTU of a service" "$(in_ns ca ping -c 1 -W 4 -M "do" -s 1450 "$V" 2>&1)" 'mtu ?= ?1400'
	capture sb s0 icmp
	ok "ping of the server once more" in_ns ca ping -c 2 -W 4 10.0.1.10
	capture_stop
	want "packets at the server of bell" "$(captured "ip or ip6")" 0
}

# What the tables said of a packet is kept for the next one.
changed_routes() {
	NAME="a change of the VRF's routes and rules is obeyed by the next packet"
	local to via longer rule
	for to in 10.7.0.1 2001:db8:7::1; do
		case $to in
		*:*) via=2001:db8:b::10 longer=2001:db8:7::/64 rule="-6 rule" ;;
		*) via=10.0.1.10 longer=10.7.0.0/24 rule=rule ;;
		esac
		addr sa lo "$to"
		defer ip -n sa addr del "$to" dev lo
		ok "route" ip -n gw route add "$longer" via "$via" vrf red
		ok "by the route; $to" in_ns ca ping -c 2 -W 4 "$to"
		ok "longer one" ip -n gw route add unreachable "$to" metric 10 vrf red
		want_match "by the longer one; $to" "$(in_ns ca ping -c 1 -W 2 "$to")" '100% packet loss'
		ok "it goes" ip -n gw route del unreachable "$to" metric 10 vrf red
		ok "by the route again; $to" in_ns ca ping -c 2 -W 4 "$to"
		# shellcheck disable=SC2086
		ok "rule" ip -n gw $rule add pref 10 to "$to" prohibit
		want_match "by the rule; $to" "$(in_ns ca ping -c 1 -W 2 "$to")" '100% packet loss'
		# shellcheck disable=SC2086
		ok "it goes" ip -n gw $rule del pref 10 to "$to" prohibit
		ok "by the route once more; $to" in_ns ca ping -c 2 -W 4 "$to"
		ok "to another" ip -n gw route replace "$longer" via "${via%10}66" vrf red
		want_match "no neighbour; $to" "$(in_ns ca ping -c 1 -W 2 "$to")" '100% packet loss'
		ok "to the same" ip -n gw route replace "$longer" via "$via" vrf red
		ok "back; $to" in_ns ca ping -c 2 -W 4 "$to"
		ok "gone" ip -n gw route del "$longer" via "$via" vrf red
		want_match "no route; $to" "$(in_ns ca ping -c 1 -W 2 "$to")" '100% packet loss'
	done
	ok "the port is another customer's" slr port set a1 customer bell
	want_match "no port of acme" "$(in_ns ca ping -c 1 -W 2 10.0.1.10)" '100% packet loss'
	ok "and again its own" slr port set a1 customer acme
	ok "by its port" in_ns ca ping -c 2 -W 4 10.0.1.10
}

no_way_out() {
	NAME="no packet leaves its customer by the main table's routes"
	local before
	before=$(stat no-route-customer)
	capture pu p0 'ip and not arp'
	want_match "an address of the Internet" "$(in_ns ca ping -c 2 -W 4 192.0.2.99)" 'From 10.0.0.1 .*Unreachable'
	want_match "a neighbour of the gateway" "$(in_ns ca ping -c 2 -W 4 198.51.100.2)" '100% packet loss'
	want_match "the gateway's public address" "$(in_ns ca ping -c 2 -W 4 198.51.100.1)" '100% packet loss'
	capture_stop
	want "packets on the public side" "$(captured "$SETTLE_NO")" 0
	want "no-route-customer" $(($(stat no-route-customer) - before)) 6
	before=$(stat no-route-customer)
	ok "public still works" in_ns pu ping -c 1 -W 4 198.51.100.1
	want_match "public to a customer" "$(in_ns pu ping -c 2 -W 2 10.0.1.10)" '100% packet loss'
	want "no-route-customer" $(($(stat no-route-customer) - before)) 0
}

source_translated() {
	NAME="source translation takes an address of the customer's gateway"
	ok "snat" slr binding set "$V:80" 10.0.1.10:8080 customer acme snat auto
	defer slr binding set "$V:80" 10.0.1.10:8080 customer acme snat none
	want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.1.1"
	want "page of bell" "$(get_in cb "http://$V/")" "sb:8080 10.0.0.2"
}

explained() {
	NAME="explain tells of the customer"
	local got
	got=$(slr explain from 10.0.0.2:5 to "$V:80" dev a0)
	want_match "customer" "$got" 'customer +acme'
	want_match "way" "$got" 'to 10.0.1.10 by a1'
	want "no way" "$(slr -j explain to 192.0.2.99:80 customer bell | jq -r '.verdict+" "+.reason')" \
		"unreachable no-route-customer"
	want "on its way" "$(slr -j explain from 10.0.0.2 to 10.0.1.10 dev b0 | jq -r .verdict)" "forward"
}

refusals() {
	NAME="refusals name the customer"
	refused "twice" 1 'customer acme exists already' slr customer add acme
	refused "number" 1 'customer 2 exists already' slr customer add other id 2
	refused "VRF" 1 'VRF red is that of customer 1' slr customer add other vrf red
	refused "no VRF" 1 'device a0 is no VRF' slr customer add other vrf a0
	refused "no device" 1 'there is no device nosuch' slr customer add other vrf nosuch
	refused "name" 2 'cannot be the name' slr customer add 7
	refused "in use" 1 'customer 1 still has' slr customer del acme
	refused "public" 2 'customer public' slr customer del public
	refused "unknown" 1 'customer nobody is unknown' slr customer del nobody
	refused "unknown" 1 'customer nobody is unknown' slr port set p0 customer nobody
	refused "unknown" 1 'customer 99 is unknown' slr port set p0 customer 99
	refused "unknown" 1 'customer 99 is unknown' slr service add 10.0.0.12:80 customer 99
	ok "server of public" slr server add 10.0.5.5
	defer slr server del 10.0.5.5
	refused "server of another" 1 'not defined' slr binding add "$V:80" 10.0.5.5 customer acme
}

conf() {
	NAME="conf shows names; loads what it shows; and keeps flows in a sync"
	local before
	shows_what_it_loads 'port a0 customer acme ' 'service 10.0.0.10:80/tcp customer bell'
	sed 's/^\(customer .*\) id [0-9]*/\1/; $a customer third' "$TMP/shown" >"$TMP/three"
	get_in ca "http://$V/" --local-port 40001 >/dev/null
	before=$(flows client-port 40001 state established) || true
	ok "sync" slr conf sync "$TMP/three"
	want "customers" "$(slr -j customer show | jq -c 'map([.customer,.id])|sort')" \
		'[["acme",1],["bell",2],["third",3]]'
	want "flows kept" "$(flows client-port 40001)" 1
	ok "sync back" slr conf sync "$TMP/shown"
	want "customers" "$(slr -j customer show | jq length)" 2
	printf 'port a0 customer nobody\n' >"$TMP/wrong"
	refused "a customer that the file lacks" 1 'wrong:1:18: customer: customer nobody is unknown' \
		bash -c "ip netns exec gw '$SLR' conf check '$TMP/wrong' 2>&1 | head -1; exit 1"
}

told() {
	NAME="monitor tells of customers"
	monitor_up "$TMP/monitor" monitor config
	ok "add" slr customer add guest id 77
	ok "del" slr customer del guest
	until_ok 10 grep -q "del customer guest id 77" "$TMP/monitor" || fail "not told: $(cat "$TMP/monitor")"
	want_match "new" "$(cat "$TMP/monitor")" 'new customer guest id 77'
}

# Of each object both customers and the public context have one, all in words of their own.
VIEWS='service: service show
servers: server show
bindings: binding show
tunnels: tunnel show
a tunnel by name: tunnel show va-tunnel
routes: route show
ports: port show
a port by name: port show a0
devices: device show
flows: flow show
drops: stats drops
shapes: -s shape show'

views() {
	NAME="what is shown of one customer shows nothing of others"
	local what words got who other events
	slr conf show >"$TMP/all"
	defer slr conf load "$TMP/all"
	ok "weights" slr -b - <<<$'customer set acme weight 7\ncustomer set bell weight 9'
	ok "shape" slr shape add p0 rate 1gbit
	defer slr shape del p0
	monitor_up "$TMP/acme" monitor customer acme
	monitor_up "$TMP/bell" -j monitor customer bell config
	for who in acme:1 bell:2; do
		other=${who#*:} who=${who%:*}
		ok "objects of $who" slr -b - <<-X
			tunnel add v${who:0:1}-tunnel type gre customer $who local 192.0.2.1 remote 192.0.2.2 key $other
			route add 172.16.$other.0/24 customer $who via tunnel v${who:0:1}-tunnel
			service add 10.66.0.$other:80 customer $who
			server add 10.77.0.$other:80 customer $who service 10.66.0.$other:80
			device add v${who:0:1}-dev customer $who
		X
		get_in "c${who:0:1}" "http://$V/" >/dev/null
		in_ns "c${who:0:1}" curl -s -m 2 "http://$V:9/" >/dev/null
	done
	defer "slr device del va-dev; slr device del vb-dev"
	while IFS=: read -r what words; do
		# shellcheck disable=SC2086
		got=$(slr -j $words customer acme)
		[[ $got == *acme* || $got == *'"customer":1'* || $got == *va-* ]] || fail "$what: nothing of acme: $got"
		[[ $got != *bell* && $got != *'"customer":2'* && $got != *vb-* && $got != *'"rest"'* ]] || fail "$what: $got"
		# shellcheck disable=SC2086
		got=$(slr -j $words customer bell)
		[[ $got != *acme* && $got != *'"customer":1'* && $got != *va-* ]] || fail "$what of bell: $got"
	done <<<"$VIEWS"
	ok "objects go" slr -b - <<-X
		route del 172.16.1.0/24 customer acme
		route del 172.16.2.0/24 customer bell
		tunnel del va-tunnel
		tunnel del vb-tunnel
	X
	for events in acme bell; do
		other=${events:0:1}
		until_ok 10 grep -q "del.*tunnel.*v$other-tunnel" "$TMP/$events" || fail "$events is not told: $(cat "$TMP/$events")"
		want_between "kinds told to $events" "$(grep -oE 'tunnel|route|service|server|binding|device' "$TMP/$events" | sort -u | wc -l)" 6 6
	done
	want "told to acme of bell" "$(grep -E 'bell|vb-|customer 2|\.66\.0\.2|\.77\.0\.2' "$TMP/acme")" ""
	want "told to bell of acme" "$(grep -E 'acme|va-|"customer":1|\.66\.0\.1|\.77\.0\.1' "$TMP/bell")" ""
}

nobody_left() {
	NAME="a number used again meets nothing of the customer before"
	local old
	slr conf show >"$TMP/all"
	defer slr conf load "$TMP/all"
	get_in cb "http://$V/" >/dev/null
	want_between "flows of bell" "$(flows customer bell)" 1 100
	grep -v 'bell' "$TMP/all" >"$TMP/without"
	ok "bell goes" slr conf sync "$TMP/without"
	ok "another of its number" slr customer add heir id 2 vrf blue
	want "flows of its number" "$(slr -j flow show customer heir | jq length)" 0
	want "counters" "$(counter heir flows-total)" 0
	want "acme still works" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
}

processes() {
	NAME="processes of the gateway in a VRF are clients and servers in that customer's context"
	local vrf host
	for vrf in red:sa blue:sb; do
		host=${vrf#*:} vrf=${vrf%:*}
		want "page in $vrf" "$(get_in gw "http://$V/" --interface "$vrf")" "$host:8080 10.0.0.1"
		want "page in $vrf over IPv6" "$(get_in gw "http://$V6/" --interface "$vrf")" "$host:8080 2001:db8:a::1"
		gw socat "TCP6-LISTEN:9000,fork,reuseaddr,so-bindtodevice=$vrf" "SYSTEM:echo in $vrf" &
		defer "reap $!"
	done
	for vrf in acme bell; do
		ok "service" slr service add "$V:81" customer "$vrf"
		ok "server" slr server add 10.0.1.1:9000 customer "$vrf" service "$V:81"
		ok "service" slr service add "$V6:81" customer "$vrf"
		ok "server" slr server add '[2001:db8:b::1]:9000' customer "$vrf" service "$V6:81"
		defer "slr service del $V:81 customer $vrf; slr server del 10.0.1.1:9000 customer $vrf"
		defer "slr service del $V6:81 customer $vrf; slr server del '[2001:db8:b::1]:9000' customer $vrf"
	done
	until_ok 10 eval '(($(gw ss -Hltn sport = 9000 | wc -l) == 2))' || fail "nobody listens"
	want "answer in acme" "$(in_ns ca socat -T 8 "TCP:$V:81" - </dev/null)" "in red"
	want "answer in acme over IPv6" "$(in_ns ca socat -T 8 "TCP:$V6:81" - </dev/null)" "in red"
	want "answer in bell" "$(in_ns cb socat -T 8 "TCP:$V:81" - </dev/null)" "in blue"
	want "answer in bell over IPv6" "$(in_ns cb socat -T 8 "TCP:$V6:81" - </dev/null)" "in blue"
}

vrf_goes() {
	NAME="a customer whose VRF goes is left without routes; not with others'"
	local before
	slr conf show >"$TMP/all"
	before=$(stat no-route-customer)
	ip -n gw link del blue
	want "VRF" "$(slr -j customer show bell | jq -r '.[0].vrf // "none"')" none
	capture pu p0 'ip and not arp'
	want_match "page of bell" "$(get_in cb "http://$V/" -m 3)" '\[(7|28)\]'
	want_match "ping of bell" "$(in_ns cb ping -c 2 -W 2 192.0.2.99)" '100% packet loss'
	want_match "the gateway itself" "$(in_ns cb ping -c 1 -W 2 198.51.100.1)" '100% packet loss'
	capture_stop
	want "packets on the public side" "$(captured "$SETTLE_NO")" 0
	want_between "no-route-customer" $(($(stat no-route-customer) - before)) 3 50
	want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
}

many() {
	NAME="ten thousand customers in one change; looked up by name"
	local i t
	slr conf show >"$TMP/all"
	{
		cat "$TMP/all"
		for ((i = 10; i < 10010; i++)); do echo "customer c$i id $i"; done
	} >"$TMP/many"
	t=$SECONDS
	ok "sync" slr conf sync "$TMP/many"
	want_between "seconds" $((SECONDS - t)) 0 60
	want "customers" "$(slr -j settings show | jq .customers)" 10002
	want "by name" "$(slr -j customer show c9999 | jq '.[0].id')" 9999
	want "page of acme" "$(get_in ca "http://$V/")" "sa:8080 10.0.0.2"
	ok "sync back" slr conf sync "$TMP/all"
	want "customers" "$(slr -j settings show | jq .customers)" 2
}

lines_up
web sa 8080
web sb 8080
configure
run_tests same_addresses witness same_ends fragments counters in_context_refused drops_apart own_routes changed_routes \
	no_way_out source_translated processes explained refusals conf told views nobody_left many vrf_goes
