#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loading, unloading, namespaces and devices that come and go, under traffic;
# many connections and flows.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
S=$V:80/tcp
configure() {
	ports_up
	slr service add $S scheduler rr
	slr server add 10.2.0.11:8001 service $S
	slr server add 10.2.0.12:8001 service $S
}
traffic() { # endless requests until stopped
	cl bash -c "while :; do curl -s -m 1 http://$V/ >/dev/null; done" &
	TRAFFIC=$!
	cl ping -q -i 0.01 $V >/dev/null 2>&1 &
	TRAFFIC="$TRAFFIC $!"
	defer "reap $TRAFFIC"
}

unload_under_traffic() {
	NAME="the module unloads and loads again cleanly under traffic"
	local i
	configure
	traffic
	for i in 1 2 3 4 5; do
		sleep 0.5
		ok unload rmmod slr
		ok load insmod "$SLR_KO"
		configure
	done
	until_ok 10 eval '[[ $(server_of http://'$V'/) == h?:8001 ]]' || fail "no service after reloading"
}

no_module() {
	NAME="without the module the command says what to do"
	rmmod slr
	refused "no module" 1 'module|modprobe|insmod' slr service show
	insmod "$SLR_KO"
	want "tables are empty" "$(slr -j service show | jq length)" 0
}

namespace_goes() {
	NAME="a namespace that goes under traffic takes its tables along; and nothing else"
	slr_reset
	configure
	local i
	for i in 1 2 3; do
		new_ns gone
		ip link add x0 netns gone type veth peer name x1 netns cl
		ip -n gone link set x0 up
		ip -n cl link set x1 up
		ip netns exec gone "$SLR" port add x0
		ip netns exec gone "$SLR" service add 203.0.113.77:80/tcp
		cl ping -q -c 50 -i 0.01 203.0.113.77 -I x1 >/dev/null 2>&1 &
		ip netns del gone
		wait $!
	done
	want "the others go on" "$(server_of http://$V/ | cut -d: -f2)" 8001
	until_ok 10 eval '! ip netns list | grep -q gone' || fail "namespace is still there"
}

device_goes() {
	NAME="a device that goes detaches its port; renamed; it stays attached"
	slr_reset
	configure
	ip -n gw link add d0 type dummy
	ip -n gw link set d0 up
	ok attach slr port add d0
	ok rename ip -n gw link set d0 name d1
	want "new name" "$(slr -j port show d1 | jq -r '.[0].port')" d1
	ok delete ip -n gw link del d1
	until_ok 15 eval '[[ $(slr -j port show | jq length) == 2 ]]' || fail "$(slr port show)"
	cl socat -u "TCP:$V:80" /dev/null &
	local pid=$!
	until_ok 15 eval '[[ $(flows state established) == 1 ]]'
	# The port of a living flow goes while the flow holds its route.
	ok "delete the server side" ip -n gw link del g1
	reap $pid
	want "gateway port" "$(slr -j port show | jq length)" 1
	wire lan l0 gw g1
	ip -n lan link set l0 master br0
	addr gw g1 10.2.0.1/24 2001:db8:2::1/64
	ok attach slr port add g1
	until_ok 15 eval '[[ $(server_of http://'$V'/) == h?:8001 ]]' || fail "not served after the new cable"
}

namespaces_are_apart() {
	NAME="tables of one namespace are not seen in another"
	slr_reset
	configure
	want "in cl" "$(cl "$SLR" -j service show | jq length)" 0
	want "in gw" "$(slr -j service show | jq length)" 1
	want "by -n" "$("$SLR" -n gw -j service show | jq length)" 1
}

route_changes() {
	NAME="living flows follow a change of route and of neighbour"
	slr_reset
	configure
	cl bash -c 'exec 3<>/dev/tcp/'$V'/80; printf "GET / HTTP/1.1\r\nHost: a\r\n\r\n" >&3; head -8 <&3 >/dev/null; sleep 4; printf "GET / HTTP/1.1\r\nHost: a\r\n\r\n" >&3; timeout 5 head -1 <&3' >"$TMP/out" &
	local pid=$! h
	until_ok 15 eval '[[ $(flows state established) == 1 ]]'
	# A new address for every cable end: neighbours and routes are made anew.
	ip -n gw link set g1 address 02:00:00:00:77:01
	ip -n gw link set g0 address 02:00:00:00:77:02
	for h in gw cl h1 h2; do ip -n $h neigh flush all; done
	ip -n gw route add 198.51.100.2/32 dev g0
	wait $pid
	ip -n gw route del 198.51.100.2/32 dev g0
	want_match "second answer on the same connection" "$(cat "$TMP/out")" '200 OK'
}

many_connections() {
	NAME="10000 connections at once; none lost"
	slr_reset
	configure
	cl sysctl -qw net.ipv4.ip_local_port_range='1024 65000'
	local h
	for h in cl h1 h2; do in_ns $h sysctl -qw net.core.somaxconn=16384 net.ipv4.tcp_max_syn_backlog=16384 2>/dev/null; done
	ulimit -n 20000
	cl python3 -c '
import asyncio, os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
N, good = 10000, 0
gate = asyncio.Semaphore(200)
async def one(ready, go):
    global good
    async with gate:
        r, w = await asyncio.open_connection("'$V'", 80)
        ready()
    await go.wait()
    async with gate:
        w.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        d = await r.read()
        good += b" 200 OK" in d
        w.close()
async def main():
    go, n = asyncio.Event(), 0
    def ready():
        nonlocal n
        n += 1
        if n == N:
            print("open", flush=True)
    async def wait():
        while not os.path.exists("'"$TMP"'/go"):
            await asyncio.sleep(0.2)
        go.set()
    await asyncio.gather(wait(), *(one(ready, go) for _ in range(N)), return_exceptions=True)
    print("good", good)
asyncio.run(main())' >"$TMP/out" 2>"$TMP/err" &
	local pid=$!
	until_ok 300 grep -q open "$TMP/out" || fail "did not open them all: $(tail -3 "$TMP/err")"
	want "established flows" "$(slr -j flow count state established 2>/dev/null | jq -r 'if type=="object" then .flows else . end')" 10000
	want "a dump in the middle: distinct clients" "$(slr -j flow show state established | jq '[.[].client]|unique|length')" 10000
	touch "$TMP/go"
	wait $pid
	want_match "answers" "$(cat "$TMP/out")" 'good 10000'
}

one_client_many_flows() {
	NAME="100000 flows of one client address are found; listed and forgotten"
	slr_reset
	ports_up
	slr service add $V:53/udp timeout udp 900
	slr server add 10.2.0.11:53 service $V:53/udp
	slr service add $V:54/udp timeout udp 900
	slr server add 10.2.0.12:53 service $V:54/udp
	cl python3 -c '
import socket
for base in (53, 54, 53, 54):  # twice, as what overruns a queue is lost
    for p in range(10000, 60000):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("198.51.100.2", p)); s.sendto(b"x", ("'$V'", base)); s.close()
'
	settle
	local n
	n=$(slr -j settings show | jq '(if type=="array" then .[0] else . end).flows')
	want_between flows "$n" 99000 100200
	want_between "listed, each once" "$(slr -j flow show | jq '[.[]|[.client,.virtual]]|unique|length')" 99000 100200
	want "one of them" "$(flows client-port 34567 virtual-port 53)" 1
	# The same list while flows come and go, and packets keep being answered.
	slr service add $S scheduler rr
	slr server add 10.2.0.11:8001 service $S
	cl bash -c "while :; do curl -s -m 5 -w '%{time_total}\n' -o /dev/null http://$V/ || echo failed; done" >"$TMP/requests" &
	local traffic=$! before after
	defer "reap $traffic"
	until_ok 15 test -s "$TMP/requests" || fail "no traffic"
	before=$(wc -l <"$TMP/requests")
	want_between "each once under traffic" "$(slr -j flow show proto udp | jq '[.[]|[.client,.virtual]]|"\(length) \(unique|length)"' | tr -d '"' | awk '$1 == $2 {print $1}')" "$n" 100200
	after=$(wc -l <"$TMP/requests")
	reap $traffic
	want_between "requests meanwhile" $((after - before)) 3 100000
	want "failed or slow ones" "$(awk '$1 == "failed" || $1 > 4' "$TMP/requests" | wc -l)" 0
	ok "end them" slr flow del
	until_ok 20 eval '[[ $(slr -j settings show | jq "(if type==\"array\" then .[0] else . end).flows") -lt 10 ]]' || fail "not forgotten"
}

net_up
web h1 8001
web h2 8001
run_tests namespaces_are_apart namespace_goes device_goes route_changes many_connections one_client_many_flows unload_under_traffic no_module
