#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Customers' way to the Internet, in the network of lib.sh: two sites with the
# same addresses send all by a tunnel each; the gateway separates it.
#
#   cl (Internet) --c0--g0 gw g1--- lan --- h1 site of acme  GRE 7  10.0.0.2
#   198.51.100.2                        --- h2 site of bell  GRE 8  10.0.0.2
#                                       --- h3 server of acme ipip  10.0.0.10

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

WEB=http://198.51.100.2/
WEB6='http://[2001:db8:100::2]/'

# site NS NUMBER KEY
site() {
	ip -n "$1" link add t0 type gre local "10.2.0.1$2" remote 10.2.0.1 key "$3"
	ip -n "$1" link set t0 up
	addr "$1" t0 10.0.0.2/32 2001:db8:a::2/128
	ip -n "$1" route replace default dev t0 src 10.0.0.2
	ip -n "$1" -6 route replace default dev t0 src 2001:db8:a::2
}

sites_up() {
	site h1 1 7
	site h2 2 8
	ip -n h3 link add t0 type ipip local 10.2.0.13 remote 10.2.0.1
	ip -n h3 link set t0 up
	addr h3 t0 10.0.0.10/32
	ip -n h3 route add 10.0.0.0/24 dev t0 src 10.0.0.10
	in_ns h3 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.t0.rp_filter=0
}

configure() {
	ok "conf" slr conf load - <<-X
		port g0 side client
		port g1
		customer acme id 1
		customer bell id 2
		tunnel acme-site type gre customer acme local 10.2.0.1 remote 10.2.0.11 key 7
		tunnel bell-site type gre customer bell local 10.2.0.1 remote 10.2.0.12 key 8
		tunnel acme-host type ipip customer acme local 10.2.0.1 remote 10.2.0.13
		route 10.0.0.2/32 customer acme via tunnel acme-site
		route 10.0.0.10/32 customer acme via tunnel acme-host
		route 10.0.0.2/32 customer bell via tunnel bell-site
		route 2001:db8:a::2/128 customer acme via tunnel acme-site
		route 2001:db8:a::2/128 customer bell via tunnel bell-site
		route 0.0.0.0/0 customer acme public
		route ::/0 customer acme public
		route 0.0.0.0/0 customer bell public snat 203.0.113.64-203.0.113.65
		route ::/0 customer bell public
	X
}

same_sources() {
	NAME="equal private sources of two customers get their own answers"
	local a b p
	in_ns cl socat TCP-LISTEN:7,fork,reuseaddr EXEC:cat &
	p=$!
	defer reap "$p"
	until_ok 10 listening cl tcp 7 || fail "no server"
	capture cl c0 'tcp or icmp'
	(echo acme; sleep $((4 * SLOW))) | in_ns h1 socat -t 3 - TCP:198.51.100.2:7,sourceport=41000 >"$TMP/acme" &
	a=$!
	(echo bell; sleep $((4 * SLOW))) | in_ns h2 socat -t 3 - TCP:198.51.100.2:7,sourceport=41000 >"$TMP/bell" &
	b=$!
	until_ok 10 eval '[ "$(slr -j flow show client-port 41000 | jq -c "map(.customer)|sort")" = "[1,2]" ]' ||
		fail "flows: $(slr -j flow show client-port 41000)"
	wait "$a" "$b"
	want "answer of acme" "$(cat "$TMP/acme")" acme
	want "answer of bell" "$(cat "$TMP/bell")" bell
	ok "ping of acme" in_ns h1 ping -q -c 2 -i 0.2 -W 4 198.51.100.2
	ok "ping of bell" in_ns h2 ping -q -c 2 -i 0.2 -W 4 198.51.100.2
	capture_stop
	want "private addresses on the public side" "$(captured "net 10.0.0.0/8")" 0
}

pages() {
	NAME="pages of both families; from the gateway's own address or one of a pool"
	want "acme" "$(get_in h1 "$WEB")" "cl:80 198.51.100.1"
	want_match "bell" "$(get_in h2 "$WEB")" '^cl:80 203.0.113.6[45]$'
	want "acme over IPv6" "$(get_in h1 "$WEB6")" "cl:80 2001:db8:100::1"
	want "bell over IPv6" "$(get_in h2 "$WEB6")" "cl:80 2001:db8:100::1"
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=32 2>/dev/null
	want "a large file" "$(in_ns h1 curl -s -m $((30 * SLOW)) "${WEB}big" | cksum)" "$(cksum <"$TMP/www/big")"
	want_between "counted at the customer" "$(slr -j -s customer show acme | jq '.[0].counters["packets-in"]')" 10 100000
}

private() {
	NAME="what is private goes by the internal tunnel"
	local before
	web h3 8080
	before=$(slr -j -s tunnel show acme-host | jq '.[0].counters["packets-out"]')
	capture cl c0 'host 10.0.0.10'
	want "page of the private server" "$(get_in h1 http://10.0.0.10:8080/)" "h3:8080 10.0.0.2"
	want "bell has no such server" "$(get_in h2 http://10.0.0.10:8080/ -m 2)" "[7]"
	capture_stop
	want "on the public side" "$(captured)" 0
	want_between "by its tunnel" "$(($(slr -j -s tunnel show acme-host | jq '.[0].counters["packets-out"]') - before))" 4 40
}

unasked() {
	NAME="what nobody asked for does not come in"
	capture h1 t0
	get "http://198.51.100.1:41000/" -m 1 >/dev/null
	get "http://203.0.113.64/" -m 1 >/dev/null
	get "http://10.0.0.2/" -m 1 >/dev/null
	capture_stop
	want "packets at the site" "$(captured "ip")" 0
}

errors() {
	NAME="errors come back to who caused them"
	want_match "no hop left" "$(in_ns h1 ping -c 1 -W 4 -t 1 198.51.100.2)" 'Time to live exceeded'
	want_match "the port is closed" "$( (echo a; sleep 1; echo b; sleep 1) | in_ns h1 socat - UDP:198.51.100.2:9 2>&1)" 'refused'
	want_match "of bell" "$( (echo a; sleep 1; echo b; sleep 1) | in_ns h2 socat - UDP:198.51.100.2:9 2>&1)" 'refused'
}

words() {
	NAME="conf is a fixed point; and explain tells the way out and in"
	local got
	slr conf show >"$TMP/a"
	want_match "conf" "$(cat "$TMP/a")" 'route 0.0.0.0/0 customer bell public snat 203.0.113.64-203.0.113.65'
	ok load slr conf load "$TMP/a"
	slr conf show >"$TMP/b"
	ok same cmp "$TMP/a" "$TMP/b"
	got=$(slr explain customer acme from 10.0.0.2:5 to 198.51.100.2:80)
	want_match "route" "$got" '0.0.0.0/0 leads to the public context'
	want_match "source" "$got" 'source to 198.51.100.1'
	want_match "way" "$got" 'to 198.51.100.2 by g0'
	refused "snat elsewhere" 2 'snat' slr route add 10.8.0.0/16 customer acme blackhole snat auto
	refused "family" 1 'another address family' slr route add 10.8.0.0/16 customer acme public snat 2001:db8::1
}

net_up
web cl 80
sites_up
configure
run_tests same_sources pages private unasked errors words
