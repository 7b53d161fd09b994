#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything of virtual hosts changes at once, under traffic whose every byte is
# looked at: objects, devices, namespaces, neighbours, routes, the module itself,
# while tables are listed.

# shellcheck source=selftests/churning.sh
. "$(dirname "$0")/churning.sh"

V4=203.0.113.1
V6=2001:db8:cafe::1
PORT=7
TRAFFIC="cl $V4 $PORT
cl $V6 $PORT"
GENTLE=(turn_objects turn_weights turn_transactions turn_devices turn_namespaces turn_listings turn_neighbours turn_flows)
ROUGH=(turn_module turn_cables)

# --- what is served --------------------------------------------------------------

configure() {
	slr conf sync - <<-END
		port g0
		port g1
		service $V4:$PORT/tcp scheduler rr
		service $V4:$PORT/udp scheduler rr
		service [$V6]:$PORT/tcp scheduler maglev
		service [$V6]:$PORT/udp scheduler wlc
		server 10.2.0.11
		server 10.2.0.12
		server 10.2.0.13
		server 2001:db8:2::11
		server 2001:db8:2::12
		$(for p in tcp udp; do
			for h in 1 2 3; do echo "binding $V4:$PORT/$p 10.2.0.1$h"; done
			for h in 1 2; do echo "binding [$V6]:$PORT/$p 2001:db8:2::1$h"; done
		done)
	END
}

# --- what changes -----------------------------------------------------------------
# Each function is one turn.

turn_objects() {
	slr service add 203.0.113.50:1000-1999/tcp
	slr server add 10.2.0.77 weight 3 service 203.0.113.50:1000-1999/tcp
	slr service set 203.0.113.50:1000-1999/tcp scheduler maglev
	slr server set 10.2.0.77 weight $((RANDOM % 9 + 1))
	slr binding del 203.0.113.50:1000-1999/tcp 10.2.0.77
	slr server del 10.2.0.77
	slr service del 203.0.113.50:1000-1999/tcp
}

# Of the servers in use, so that new flows are chosen anew all the time.
turn_weights() {
	slr server set 10.2.0.1$((RANDOM % 3 + 1)) weight $((RANDOM % 5 + 1))
	slr server set 2001:db8:2::11 state drain
	slr server set 2001:db8:2::11 state up
}

turn_transactions() {
	slr conf show >"$TMP/conf"
	{
		cat "$TMP/conf"
		for i in {1..50}; do echo "service 203.0.114.$i"; done
	} | slr conf sync -
	grep -v 203.0.114 "$TMP/conf" | slr conf sync -
}

turn_devices() {
	ip -n gw link add e0 type dummy
	slr port add e0
	ip -n gw link set e0 up
	ip -n gw link set e0 name e1
	slr port set e1 side client
	ip -n gw link set e1 down
	ip -n gw link set e1 mtu 1400
	ip -n gw link del e1
}

turn_namespaces() {
	ip netns add gone
	ip -n gone link add x0 type veth peer name x1
	ip -n gone link set x0 up
	ip netns exec gone "$SLR" port add x0
	ip netns exec gone "$SLR" service add 203.0.113.77:80/tcp
	ip netns exec gone "$SLR" server add 10.9.0.1 service 203.0.113.77:80/tcp
	ip netns del gone
}

turn_listings() {
	slr -s service show
	slr -s -j server show
	slr flow show
	slr flow count
	slr stats show
	slr conf show
	slr explain tcp 198.51.100.2:1024 to $V4:$PORT port g0
}

turn_neighbours() {
	ip -n gw neigh flush all
	ip -n h1 neigh flush all
	ip -n gw route replace 10.2.0.12/32 dev g1
	ip -n gw -6 route replace 2001:db8:2::12/128 dev g1
	sleep 0.5
	ip -n gw route del 10.2.0.12/32
	ip -n gw -6 route del 2001:db8:2::12/128
	sleep 0.5
}

turn_flows() {
	slr flow del server 10.2.0.13:$((RANDOM % 2 + 60000))
	cl ping -q -c 5 -i 0.02 $V4
	cl ping -q -c 5 -i 0.02 203.0.113.99
	cl hping3 -q -c 200 -i u200 -S -p 1024 --rand-source 203.0.113.50
}

net_up
# Addresses of IPv6 would go with the cable.
gw sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1
for h in h1 h2 h3; do serve $h $PORT; done
run_tests gentle rough
