#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The network of Fig. 3 of the LocalDirector document with its port numbers:
# three virtual hosts on port 80, served by three machines.
#
#   virtual        h1 (312A)   h2 (312B)   h3 (312C)
#   203.0.113.1:80   :8001       :80         :8001
#   203.0.113.2:80   :8002        -          :8002
#   203.0.113.3:80   :8003        -          :8003

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113
V6=2001:db8:cafe:

configure() {
	local i f
	ports_up
	for i in 1 2 3; do
		ok "service $i" slr service add "$V.$i:80/tcp" scheduler rr
		ok "service6 $i" slr service add "[$V6:$i]:80/tcp" scheduler rr
		for f in 1 3; do
			ok "h$f" slr server add "10.2.0.1$f:800$i" service "$V.$i:80/tcp"
			ok "h$f" slr server add "[2001:db8:2::1$f]:800$i" service "[$V6:$i]:80/tcp"
		done
	done
	ok h2 slr server add 10.2.0.12:80 service "$V.1:80/tcp"
	ok h2 slr server add "[2001:db8:2::12]:80" service "[$V6:1]:80/tcp"
}

three_sites_one_server() {
	NAME="three virtual hosts on three ports of one server with one address"
	local i
	for i in 2 3; do
		ok unbind slr binding del "$V.$i:80/tcp" "10.2.0.13:800$i"
		defer slr binding add "$V.$i:80/tcp" "10.2.0.13:800$i"
	done
	ok unbind slr binding del "$V.1:80/tcp" 10.2.0.13:8001
	ok unbind slr binding del "$V.1:80/tcp" 10.2.0.12:80
	defer slr binding add "$V.1:80/tcp" 10.2.0.13:8001
	defer slr binding add "$V.1:80/tcp" 10.2.0.12:80
	for i in 1 2 3; do
		want "site $i" "$(server_of "http://$V.$i/")" "h1:800$i"
	done
	want "addresses of h1" "$(ip -n h1 -4 -j addr show eth0 | jq '.[0].addr_info | length')" 1
}

one_site_three_servers() {
	NAME="one virtual host on three servers; each with its own port"
	local got
	got=$(spread 9 "http://$V.1/")
	want "servers of site 1" "$(jq -c 'keys' <<<"$got")" '["h1:8001","h2:80","h3:8001"]'
	want "shares" "$(jq -c '[.[]]' <<<"$got")" '[3,3,3]'
}

mixed_roles() {
	NAME="a server of one site only; and servers of several; at once"
	want "site 2" "$(spread 6 "http://$V.2/" | jq -c keys)" '["h1:8002","h3:8002"]'
	want "site 3" "$(spread 6 "http://$V.3/" | jq -c keys)" '["h1:8003","h3:8003"]'
}

six() {
	NAME="the same over IPv6"
	want "site 1" "$(spread 9 "http://[$V6:1]/" | jq -c keys)" '["h1:8001","h2:80","h3:8001"]'
	want "site 3" "$(spread 4 "http://[$V6:3]/" | jq -c keys)" '["h1:8003","h3:8003"]'
}

client_sees_only_virtual() {
	NAME="the client sees the virtual address only; and the server the client"
	local name
	capture cl c0
	get "http://$V.1/" >/dev/null
	get "http://[$V6:2]/" >/dev/null
	want "what the server saw" "$(get "http://$V.2/" | cut -d' ' -f2)" 198.51.100.2
	capture_stop
	want_between "packets of the virtual hosts" "$(captured "net $V.0/24 or net $V6:0/112")" 20 500
	want "real IPv4 addresses at the client" "$(captured net 10.2.0.0/24)" 0
	want "real IPv6 addresses at the client" "$(captured 'net 2001:db8:2::/64 and (tcp or udp)')" 0
	want "packets from the virtual host not from port 80" "$(captured "src net $V.0/24 and not src port 80")" 0
	for name in h1 h2 h3; do
		want "virtual addresses on $name" "$(ip -n $name -j addr | grep -c "$V")" 0
	done
}

port_not_served() {
	NAME="a port that the virtual host does not serve is refused at once"
	local before after t
	before=$(stat port-not-served)
	capture gw g1
	t=$SECONDS
	want "curl to port 81" "$(get "http://$V.1:81/")" "[7]"
	want "curl to port 81 over IPv6" "$(get "http://[$V6:1]:81/")" "[7]"
	want_between "seconds that took" $((SECONDS - t)) 0 $((4 * SLOW))
	after=$(stat port-not-served)
	capture_stop
	want "port-not-served" $((after - before)) 2
	want "packets to servers" "$(captured port 81)" 0
	want "flows" "$(flows virtual-port 81)" 0
}

neighbours_untouched() {
	NAME="traffic for other addresses passes untouched"
	local before
	before=$(slr -j -s port show g0 | jq '.[0].packets')
	ok "ping a real server through the gateway" cl ping -c 2 -W 2 10.2.0.11
	want "real address and port" "$(get http://10.2.0.12:80/)" "h2:80 198.51.100.2"
	want "packets taken" "$(slr -j -s port show g0 | jq '.[0].packets')" "$before"
	ok "server to server" in_ns h1 ping -c 1 -W 2 10.2.0.12
	want "the host's own answer for an address beside the virtual ones" "$(get -m 4 http://203.0.113.99/)" "[7]"
}

net_up
web h1 8001 8002 8003
web h2 80
web h3 8001 8002 8003
configure
run_tests one_site_three_servers mixed_roles three_sites_one_server six \
	client_sees_only_virtual port_not_served neighbours_untouched
