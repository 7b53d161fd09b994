#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The isolation of addresses and of faults: fifty customers whose private servers all have one address,
# and a customer that keeps its traffic while everything of another one dies.
#
#   +----+ 198.51.100.2       .1 +------+ pvs1 +----+ 10.0.0.2, 2001:db8:a::2
#   | cs |c0 ----------------- g0|  gw  |------| s1 |
#   +----+ t1 ... t50, GRE keys  |      | ...  | .. |
#                                +------+ pvs50| s50|
#                                              +----+
#
# All fifty sites are 10.0.0.1 and 2001:db8:a::1.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

CUSTOMERS=50
NAMESPACES="cs gw"
SETTLE_NS=cs

setup() {
	local n
	for n in $NAMESPACES; do new_ns "$n"; done
	wire cs c0 gw g0
	addr gw g0 198.51.100.1/24
	addr cs c0 198.51.100.2/24
	in_ns cs sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	addr cs lo 10.0.0.1/32 2001:db8:a::1/128
	ok "port" slr port add g0
	for ((n = 1; n <= CUSTOMERS; n++)); do
		echo "link add t$n type gre local 198.51.100.2 remote 198.51.100.1 key $n ttl 64"
		echo "link set t$n up"
		echo "route add 10.0.0.2/32 dev t$n src 10.0.0.1 metric $n"
		echo "-6 route add 2001:db8:a::2/128 dev t$n src 2001:db8:a::1 metric $n"
	done >"$TMP/site"
	grep -v '^-6' "$TMP/site" | ok "sites" ip -n cs -b -
	grep '^-6' "$TMP/site" | sed 's/^-6 //' | ok "sites over IPv6" ip -n cs -6 -b -
	for ((n = 1; n <= CUSTOMERS; n++)); do
		server "$n"
	done
}

# server N: its namespace, device, tunnel and routes.
server() {
	local n=$1
	MORE_NAMESPACES="${MORE_NAMESPACES:-} s$n"
	ip netns add "s$n"
	ok "tables of $n" slr -b - <<-END
		customer add c$n guard strict
		tunnel add site$n type gre customer c$n local 198.51.100.1 remote 198.51.100.2 key $n
		route add 0.0.0.0/0 customer c$n via tunnel site$n
		route add ::/0 customer c$n via tunnel site$n
		route add 10.0.0.2/32 customer c$n device pvs$n
		route add 2001:db8:a::2/128 customer c$n device pvs$n
		device add pvs$n customer c$n netns s$n
	END
	ip -n "s$n" -b - <<-END
		link set lo up
		link set pvs$n name eth0
		link set eth0 up
		addr add 10.0.0.2/32 dev eth0
		addr add 2001:db8:a::2/128 dev eth0 nodad
		route add default dev eth0
	END
	ip -n "s$n" -6 route add default dev eth0
}

# answers ROUNDS: asks every server by every tunnel, in both families; a line for each that answers, of
# the tunnel and of who answered.
cat >"$TMP/answers.py" <<'END'
import ctypes, os, select, socket, sys
rounds, customers = int(sys.argv[1]), int(sys.argv[2])
LIBC = ctypes.CDLL(None, use_errno=True)
def inside(ns, family):
    with open(f"/run/netns/{ns}", encoding="ascii") as file:
        assert LIBC.setns(file.fileno(), 0x40000000) == 0
    return socket.socket(family, socket.SOCK_DGRAM)
poll, servers, clients = select.epoll(), {}, {}
for family, own, to in ((socket.AF_INET, "10.0.0.1", "10.0.0.2"),
                        (socket.AF_INET6, "2001:db8:a::1", "2001:db8:a::2")):
    for number in range(1, customers + 1):
        server = inside(f"s{number}", family)
        server.bind((to, 7))
        servers[server.fileno()] = server, number
        client = inside("cs", family)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"t{number}\0".encode())
        # All clients have the same address and port too.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind((own, 4000))
        clients[client.fileno()] = client, number, to
for fd in (*servers, *clients):
    poll.register(fd, select.EPOLLIN)
for turn in range(rounds):
    left = set(clients)
    for client, number, to in clients.values():
        client.sendto(b"%d %d" % (turn, number), (to, 7))
    while left and (events := poll.poll(10)):
        for fd, _ in events:
            if fd in servers:
                server, number = servers[fd]
                data, peer = server.recvfrom(99)
                server.sendto(data + b" %d" % number, peer)
            else:
                client, number, _ = clients[fd]
                heard, asked, answered = client.recv(99).split()
                print("family", 6 if client.family == socket.AF_INET6 else 4,
                      "right" if int(heard) == turn and number == int(asked) == int(answered) else "WRONG",
                      number)
                left.discard(fd)
    print("silent", len(left))
END

addresses() {
	NAME="fifty customers whose servers have one address get fifty different answers; none of another's"
	python3 "$TMP/answers.py" 3 $CUSTOMERS >"$TMP/answers"
	want "wrong ones" "$(grep -c WRONG "$TMP/answers")" 0
	want "right ones" "$(grep -c 'family 4 right' "$TMP/answers")" $((3 * CUSTOMERS))
	want "right ones over IPv6" "$(grep -c 'family 6 right' "$TMP/answers")" $((3 * CUSTOMERS))
	want "different ones" "$(grep 'family 4 right' "$TMP/answers" | sort -u | wc -l)" $CUSTOMERS
	want "without an answer" "$(grep -c 'silent 0' "$TMP/answers")" 3
}

# Customer 2 is pinged through its tunnel while something of customer 1 dies.
witness_begin() {
	in_ns cs ping -q -i 0.01 -c $((3000 * SLOW)) -W 20 -I t2 10.0.0.2 >"$TMP/four" 2>/dev/null &
	FOUR=$!
	in_ns cs ping -q -i 0.01 -c $((3000 * SLOW)) -W 20 -I t2 2001:db8:a::2 >"$TMP/six" 2>/dev/null &
	SIX=$!
	defer "reap $FOUR $SIX"
	# And customer 1's traffic, to have something there to break.
	in_ns cs ping -q -i 0.01 -c 1000000 -W 1 -I t1 10.0.0.2 >/dev/null 2>&1 &
	VICTIM=$!
	defer "reap $VICTIM"
	sleep 1
}

witness_end() {
	local file line
	kill -0 "$FOUR" "$SIX" 2>/dev/null || fail "the pings were over before all had happened"
	wait "$FOUR" "$SIX"
	for file in four six; do
		line=$(grep 'packets transmitted' "$TMP/$file")
		want_match "$file" "$line" "^$((3000 * SLOW)) packets transmitted, $((3000 * SLOW)) received, 0% packet loss"
	done
	reap "$VICTIM"
}

faults() {
	NAME="whatever of a customer dies under traffic; another one loses nothing"
	web s1 80
	witness_begin
	want "page" "$(get_in cs -g --interface t1 http://10.0.0.2/)" "s1:80 10.0.0.1"
	# A process, the device, the namespace, the routes, the tunnel, the customer.
	ip netns pids s1 | xargs kill -9
	want "no page" "$(get_in cs -m 3 --interface t1 http://10.0.0.2/)" "[7]"
	ok "device down" ip -n s1 link set eth0 down
	ok "device up" ip -n s1 link set eth0 up
	ok "device" ip -n s1 link del eth0
	ok "namespace" ip netns del s1
	local route
	for route in 0.0.0.0/0 ::/0 10.0.0.2/32 2001:db8:a::2/128; do
		ok "route" slr route del "$route" customer c1
	done
	ok "tunnel" slr tunnel del site1
	ok "customer" slr customer del c1
	ok "site" ip -n cs link del t1
	witness_end
	# All of it comes again beside the others.
	ip -n cs link add t1 type gre local 198.51.100.2 remote 198.51.100.1 key 1 ttl 64
	ip -n cs link set t1 up
	ip -n cs route add 10.0.0.2/32 dev t1 src 10.0.0.1 metric 1
	ip -n cs -6 route add 2001:db8:a::2/128 dev t1 src 2001:db8:a::1 metric 1
	server 1
	ok "again" in_ns cs ping -q -c 2 -W 8 -I t1 10.0.0.2
}

namespace_dies() {
	NAME="a namespace goes with its device and processes under traffic; another customer loses nothing"
	web s1 80
	witness_begin
	ip netns pids s1 | xargs kill -9
	ok "namespace" ip netns del s1
	until_ok 10 eval '[[ $(slr -j device show customer c1 | jq length) == 0 ]]' || fail "the device stays"
	witness_end
	ok "its tables" slr -b - <<-END
		route del 0.0.0.0/0 customer c1
		route del ::/0 customer c1
		route del 10.0.0.2/32 customer c1
		route del 2001:db8:a::2/128 customer c1
		tunnel del site1
		customer del c1
	END
	server 1
	ok "again" in_ns cs ping -q -c 2 -W 8 -I t1 10.0.0.2
}

circles() {
	NAME="what cross-connects lead in a circle ends; IP or not; and is counted"
	new_ns g2
	MORE_NAMESPACES="${MORE_NAMESPACES:-} g2"
	wire gw g1 g2 g1
	addr gw g1 192.0.2.1/30 2001:db8:2::1/64
	addr g2 g1 192.0.2.2/30 2001:db8:2::2/64
	ok "port" slr port add g1
	ok "the other gateway" in_ns g2 "$SLR" -b - <<-END
		port add g1
		customer add c
		tunnel add x4 type gre customer c local 192.0.2.2 remote 192.0.2.1 key 50 ttl 255
		tunnel add x6 type vxlan customer c local 2001:db8:2::2 remote 2001:db8:2::1 vni 50 ttl 255
		tunnel set x4 to x4
		tunnel set x6 to x6
	END
	ok "this one" slr -b - <<-END
		tunnel add x4 type gre customer c2 local 192.0.2.1 remote 192.0.2.2 key 50 ttl 255
		tunnel add x6 type vxlan customer c2 local 2001:db8:2::1 remote 2001:db8:2::2 vni 50 ttl 255
		tunnel set x4 to x4
		tunnel set x6 to x6
		tunnel add in4 type gre customer c2 local 198.51.100.1 remote 198.51.100.2 key 51 to x4
		tunnel add in6 type vxlan customer c2 local 198.51.100.1 remote 198.51.100.2 vni 51 to x6
	END
	defer slr -b - <<<$'tunnel set x4 to none\ntunnel set x6 to none\ntunnel del in4\ntunnel del in6\ntunnel del x4\ntunnel del x6\nport del g1'
	local mac before what forge
	forge=$(dirname "$0")/forge.py
	mac=$(ip -n gw -j link show g0 | jq -r '.[0].address')
	both() { echo $(($(stat ttl-exceeded) + $(in_ns g2 "$SLR" -j stats show ttl-exceeded | jq -r '.[0].value // 0'))); }
	through() { slr -j -s tunnel show "$1" | jq '.[0].counters["packets-in"]'; }
	local entered
	for what in "x4 gre:51 ip:10.0.0.1,10.0.0.2" "x4 gre:51 ip:2001:db8:a::1,2001:db8:a::2" \
		"x4 gre:51" "x6 vxlan:51 eth:020000000001,020000000002"; do
		before=$(both) entered=$(through "${what%% *}")
		# shellcheck disable=SC2086
		ok "sent" in_ns cs python3 "$forge" c0 "$mac" ip:198.51.100.2,198.51.100.1,ttl=64 ${what#* } data:round
		soon "$what: ends" $((before + 1)) both
		# A hop less at each of two gateways: it came by here half of 62 times.
		want_between "$what: rounds" $(($(through "${what%% *}") - entered)) 30 32
	done
	ok "the gateway goes on" in_ns cs ping -q -c 2 -W 8 -I t2 10.0.0.2
}

vlan_circle() {
	NAME="a circle of VLANs goes on for as long as nothing is bounded; and ends by what a tunnel may bring"
	new_ns sw
	MORE_NAMESPACES="${MORE_NAMESPACES:-} sw"
	wire gw v1 sw v1
	local vid before
	in_ns sw sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	# A switch of the customer joins what the gateway has joined already.
	ip -n sw link add ring type bridge stp_state 0 mcast_snooping 0
	ip -n sw link set ring up
	for vid in 10 20; do
		ip -n sw link add link v1 name "v$vid" type vlan id "$vid"
		ip -n sw link set "v$vid" master ring up
	done
	ok "port" slr port add v1
	ok "tunnels" slr -b - <<-END
		tunnel add ring-out type vlan customer c3 dev v1 vid 20
		tunnel add ring-in type vlan customer c3 dev v1 vid 10 to ring-out
	END
	defer slr -b - <<<$'tunnel del ring-in\ntunnel del ring-out\nport del v1'
	through() { slr -j -s tunnel show ring-in | jq '.[0].counters["packets-in"]'; }
	still() {
		local n
		n=$(through)
		sleep 1
		[[ $(through) == "$n" ]]
	}
	ok "one frame" in_ns sw python3 -c 'import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("v10", 0))
s.send(bytes.fromhex("020000000099" "020000000098" "0800") + bytes(46))'
	until_ok 20 eval '(($(through) > 300))' || fail "no circle: $(through)"
	before=$(stat tunnel-rate)
	ok "bounded" slr tunnel set ring-in packets-in 100/s
	until_ok 20 still || fail "it goes on: $(through)"
	want "dropped" $(($(stat tunnel-rate) - before)) 1
	refused "itself" 1 'tunnel ring-out: frames of a VLAN cannot go back into it' slr tunnel set ring-out to ring-out
	ok "the gateway goes on" in_ns cs ping -q -c 2 -W 8 -I t2 10.0.0.2
}

setup
run_tests addresses faults namespace_dies circles vlan_circle
