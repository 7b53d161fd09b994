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

sites_up() {
	dual_site h1 1 7
	dual_site h2 2 8
	ipip_server
}

configure() {
	ok "conf" slr conf load - <<-X
		port g0 side client
		port g1
		$(two_sites)
		$(acme_host)
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
	want_between "and its answers" "$(slr -j -s customer show acme | jq '.[0].counters["bytes-out"]')" 2097152 6000000
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

split() {
	NAME="a site may send into its tunnel what is private only"
	local before
	web h3 8080
	ip -n h1 route replace default via 10.2.0.1 dev eth0
	defer ip -n h1 route replace default dev t0 src 10.0.0.2
	ip -n h1 route add 10.0.0.10/32 dev t0 src 10.0.0.2
	defer ip -n h1 route del 10.0.0.10/32
	before=$(slr -j -s tunnel show acme-site | jq '.[0].counters["packets-in"]')
	want "page of the Internet" "$(get_in h1 "$WEB")" "cl:80 10.2.0.11"
	want "in the tunnel" "$(slr -j -s tunnel show acme-site | jq '.[0].counters["packets-in"]')" "$before"
	capture h1 eth0 'net 10.0.0.0/24 or ip proto 47'
	want "page of the private server" "$(get_in h1 http://10.0.0.10:8080/)" "h3:8080 10.0.0.2"
	capture_stop
	want "private packets on the plain uplink" "$(captured "net 10.0.0.0/24")" 0
	want_between "in the tunnel" "$(captured "ip proto 47")" 8 60
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

# halves NS LETTER: the first, and when a line comes the second fragment of a datagram of that letter.
halves() {
	in_ns "$1" python3 -c '
import socket, struct, sys
data = struct.pack("!HHHH", 5000, 7000, 2008, 0) + sys.argv[1].encode() * 2000
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for at, more in ((0, 0x2000), (1008, 0)):
    part = data[at:1008] if more else data[at:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), 0x1234, more | at // 8, 64, 17, 0,
                         socket.inet_aton("10.0.0.2"), socket.inet_aton("198.51.100.2"))
    s.sendto(header + part, ("198.51.100.2", 0))
    print("sent", flush=True)
    sys.stdin.readline()
' "$2"
}

fragments() {
	NAME="fragments with the same addresses and identification of two customers never mix"
	mixed
}

high_numbers() {
	NAME="fragments of customers with the largest numbers are joined as well; and never mix"
	ok "empty" slr conf load /dev/null
	ACME=65535 BELL=16777215 configure
	mixed
	ok "empty" slr conf load /dev/null
	configure
}

mixed() {
	local p before
	in_ns cl python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7000))
while True:
    data = s.recv(4000)
    print(len(data), "".join(sorted(set(data.decode()))), flush=True)
' >"$TMP/got" &
	p=$!
	defer reap "$p"
	until_ok 10 listening cl udp 7000 || fail "no server"
	rm -f "$TMP/go-a" "$TMP/go-b"
	mkfifo "$TMP/go-a" "$TMP/go-b"
	before=$(stat fragment-failed)
	halves h1 a <"$TMP/go-a" >"$TMP/sent-a" &
	halves h2 b <"$TMP/go-b" >"$TMP/sent-b" &
	exec 7>"$TMP/go-a" 8>"$TMP/go-b"
	until_ok 10 eval "grep -q sent $TMP/sent-a && grep -q sent $TMP/sent-b" || fail "first halves"
	settle
	# The second of bell first: it must find the first of bell.
	echo >&8
	until_ok 10 grep -q b "$TMP/got" || fail "nothing of bell"
	echo >&7
	until_ok 10 grep -q a "$TMP/got" || fail "nothing of acme"
	exec 7>&- 8>&-
	want "datagrams" "$(sort "$TMP/got")" $'2000 a\n2000 b'
	for p in h1 h2; do
		ok "long ping of $p" in_ns $p ping -q -c 3 -i 0.3 -W 4 -M 'dont' -s 4000 198.51.100.2
		ok "long ping of $p in IPv6" in_ns $p ping -6 -q -c 3 -i 0.3 -W 4 -s 4000 2001:db8:100::2
	done
	want "failed" "$(stat fragment-failed)" "$before"
}

words() {
	NAME="conf is a fixed point; and explain tells the way out and in"
	local got
	shows_what_it_loads 'route 0.0.0.0/0 customer bell public snat 203.0.113.64-203.0.113.65'
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
run_tests same_sources pages private split unasked errors fragments high_numbers words
