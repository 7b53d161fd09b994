#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tunnels on a link, in the network of lib.sh: VLANs, QinQ and MPLS labels of the
# gateway's ports, with the kernel's own devices and routes at the other end.
#
#   h1 site of acme   g1 VLAN 10       10.1.0.2     10.0.0.10   g1 100.30 h3 host of acme
#   h2 site of bell   g1 VLAN 20       10.1.0.2     10.0.0.10   g0 10     cl host of bell
#
# Gateway and router of a VLAN have 10.9.0.1 and 10.9.0.2 in it.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# circuit NS DEV OWN PREFIX VID [INNER]: the other end of a circuit, DEV.VID, and the way by it.
circuit() {
	local ns=$1 dev=$2 own=$3 far=$4 vid=$5 inner=${6:-} up=$2.$5
	if [[ $inner ]]; then
		# A veth has room for one tag; frames with two that are as long as they can be are lost.
		ip -n "$ns" link add link "$dev" name "$up" mtu 1496 type vlan proto 802.1ad id "$vid"
		ip -n "$ns" link set "$up" up
		ip -n "$ns" link add link "$up" name "$up.$inner" type vlan id "$inner"
		up+=.$inner
	else
		ip -n "$ns" link add link "$dev" name "$up" type vlan id "$vid"
	fi
	ip -n "$ns" link set "$up" up
	addr "$ns" "$up" 10.9.0.2/30
	addr "$ns" lo "10.$own/32" "2001:db8:${own%%.*}::${own##*.}/128"
	ip -n "$ns" route add "10.$far.0.0/16" via 10.9.0.1 dev "$up" src "10.$own"
	ip -n "$ns" -6 route add "2001:db8:$far::/64" via "$(link_local)" dev "$up" src "2001:db8:${own%%.*}::${own##*.}"
}

# Link-local address of the port that a namespace is behind.
link_local() {
	local port=g1
	[[ $ns == cl ]] && port=g0
	until_ok 10 eval "ip -n gw -6 addr show dev $port scope link | grep -q fe80" || diag "$port has no link-local address"
	ip -n gw -6 -o addr show dev $port scope link | grep -o 'fe80[^/]*'
}

configure() {
	ok "conf" slr conf load - <<-X
		port g0
		port g1
		customer acme id 1
		customer bell id 2
		tunnel acme-site type vlan customer acme dev g1 local 10.9.0.1 remote 10.9.0.2 vid 10
		tunnel acme-host type qinq customer acme dev g1 local 10.9.0.1 remote 10.9.0.2 vid 100.30
		tunnel bell-site type vlan customer bell dev g1 local 10.9.0.1 vid 20
		tunnel bell-host type vlan customer bell dev g0 local 10.9.0.1 remote 10.9.0.2 vid 10
		route 10.1.0.0/16 customer acme via tunnel acme-site
		route 10.0.0.0/16 customer acme via tunnel acme-host
		route 10.1.0.0/16 customer bell via tunnel bell-site
		route 10.0.0.0/16 customer bell via tunnel bell-host
		route 2001:db8:1::/64 customer acme via tunnel acme-site
		route 2001:db8:0::/64 customer acme via tunnel acme-host
		route 2001:db8:1::/64 customer bell via tunnel bell-site
		route 2001:db8:0::/64 customer bell via tunnel bell-host
	X
}

pages() {
	NAME="circuits of two customers with the same addresses; an id is a port's own"
	want "acme" "$(get_in h1 http://10.0.0.10/)" "h3:80 10.1.0.2"
	want "bell" "$(get_in h2 http://10.0.0.10/)" "cl:80 10.1.0.2"
	want "acme over IPv6" "$(get_in h1 'http://[2001:db8::10]/')" "h3:80 2001:db8:1::2"
	want "bell over IPv6" "$(get_in h2 'http://[2001:db8::10]/')" "cl:80 2001:db8:1::2"
	want_between "counted" "$(slr -j -s tunnel show acme-host | jq '.[0].counters["packets-out"]')" 8 100
}

large() {
	NAME="large pages; tags in the packets' bytes or beside them"
	local offload
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=32 2>/dev/null
	for offload in on off; do
		ok "offload $offload" gw ethtool -K g1 txvlan "$offload" rxvlan "$offload" tx-vlan-stag-hw-insert "$offload"
		in_ns h1 ethtool -K eth0 txvlan "$offload" >/dev/null
		in_ns h3 ethtool -K eth0 txvlan "$offload" tx-vlan-stag-hw-insert "$offload" >/dev/null
		ok "alone and full, $offload" in_ns h3 ping -q -c 2 -i 0.3 -W 4 -M 'do' -s 1468 10.1.0.2
		want "QinQ, $offload" "$(in_ns h1 curl -s -m $((120 * SLOW)) http://10.0.0.10/big | cksum)" "$(cksum <"$TMP/www/big")"
		want "other port, $offload" "$(in_ns h2 curl -s -m $((120 * SLOW)) http://10.0.0.10/big | cksum)" "$(cksum <"$TMP/www/big")"
	done
}

neighbours() {
	NAME="the station of a circuit is asked for; learned; and followed"
	ip -n h1 neigh flush dev eth0.10
	ok "from the far side first" in_ns h3 ping -q -c 3 -i 0.3 -W 4 10.1.0.2
	ok "tunnel anew" slr tunnel set acme-site vid 11
	ok "tunnel back" slr tunnel set acme-site vid 10
	ip -n h1 link set eth0.10 address 02:00:00:00:aa:01
	ip -n h1 neigh flush dev eth0.10
	ok "another station" in_ns h1 ping -q -c 2 -i 0.3 -W 4 10.0.0.10
	ok "fixed and wrong" slr tunnel set acme-site peer-mac 02:00:00:00:aa:02
	in_ns h1 ping -q -c 1 -W 1 10.0.0.10 >/dev/null && fail "a wrong address was answered"
	ok "found again" slr tunnel set acme-site peer-mac auto
	ok "ping" in_ns h1 ping -q -c 1 -W 4 10.0.0.10
	ok "nobody there" slr tunnel add nobody type vlan customer acme dev g1 vid 66 local 10.9.0.1 remote 10.9.0.2
	defer slr tunnel del nobody
	ok "route" slr route add 10.0.66.0/24 customer acme via tunnel nobody
	defer slr route del 10.0.66.0/24 customer acme
	in_ns h1 ping -q -c 1 -W 1 10.0.66.1 >/dev/null && fail "nobody answered"
	want_between "counted" "$(stat neighbour-failed)" 1 100
}

errors() {
	NAME="traceroute and path MTU in a circuit are told by the gateway"
	want_match "no hop left" "$(in_ns h1 ping -c 1 -W 4 -t 1 10.0.0.10)" 'From 10.9.0.1 .*Time to live exceeded'
	ok "mtu" slr tunnel set acme-host mtu 1400
	defer slr tunnel set acme-host mtu auto
	want_match "too big" "$(in_ns h1 ping -c 1 -W 4 -M 'do' -s 1450 10.0.0.10 2>&1)" 'mtu ?= ?1400'
	want_match "too big in IPv6" "$(in_ns h1 ping -6 -c 2 -i 0.3 -W 4 -M 'do' -s 1420 2001:db8::10 2>&1)" 'mtu ?= ?1400'
	in_ns h1 ip route flush cache
	in_ns h1 ip -6 route flush cache
}

pieces() {
	NAME="on a link what is too long and may be split goes in fragments; what came in fragments too"
	local v=10.0.0.99 v6=2001:db8::99
	ok "mtu" slr tunnel set acme-host mtu 1400
	defer slr tunnel set acme-host mtu auto
	capture h3 eth0
	ok "a packet" in_ns h1 ping -q -c 2 -i 0.3 -W 4 -M dont -s 1450 10.0.0.10
	ok "fragments" in_ns h1 ping -q -c 2 -i 0.3 -W 4 -M dont -s 2972 10.0.0.10
	ok "options" in_ns h1 ping -q -c 2 -i 0.3 -W 4 -M dont -R -s 1430 10.0.0.10
	capture_stop
	# Behind the tags: 1400 bytes of IP and 22 of Ethernet.
	want "longer than the circuit" "$(captured 'greater 1423 and vlan 100 and src 10.1.0.2')" 0
	want "fragments" "$(tcpdump -v -n -r "$CAP" 2>/dev/null | grep -A1 'flags \[' | grep -A1 'offset [1-9]\|flags \[+\]' | grep -c '10.1.0.2 > 10.0.0.10')" 18
	udp_len h3
	ok "service" slr service add $v:53/udp customer acme
	defer slr service del $v:53/udp customer acme
	ok "server" slr server add 10.0.0.10:5300 customer acme service $v:53/udp
	defer slr server del 10.0.0.10:5300 customer acme
	defer slr binding del $v:53/udp 10.0.0.10:5300 customer acme
	ok "service" slr service add "[$v6]:53/udp" customer acme
	defer slr service del "[$v6]:53/udp" customer acme
	ok "server" slr server add '[2001:db8::10]:5300' customer acme service "[$v6]:53/udp"
	defer slr server del '[2001:db8::10]:5300' customer acme
	defer slr binding del "[$v6]:53/udp" '[2001:db8::10]:5300' customer acme
	want "9000 bytes to a service" "$(ask_big h1 $v 9000)" same
	want "9000 bytes to a service over IPv6" "$(ask_big h1 $v6 9000)" same
}

ids() {
	NAME="leaving packets have an id of their own; and the class of what is inside"
	ok "okey" slr tunnel set acme-host okey 101.31
	defer slr tunnel set acme-host vid 100.30
	capture h3 eth0 -e
	in_ns h1 ping -q -c 2 -i 0.2 -W 1 -Q 0xb8 10.0.0.10 >/dev/null
	capture_stop
	want_match "tags" "$(tcpdump -e -n -r "$CAP" 2>/dev/null)" 'vlan 101, p 5, .*vlan 31, p 5, .*10.1.0.2 > 10.0.0.10'
	want_match "shown" "$(slr tunnel show acme-host)" 'vid 100.30 okey 101.31'
}

wire_modules() { modprobe mpls_router && modprobe mpls_iptunnel; }

# labels NS DEV GATEWAY: label switching in NS, whose packets of 10.7/16 go out by label 200 and 300 is for itself.
labels() {
	in_ns "$1" sysctl -qw net.mpls.platform_labels=1000 "net.mpls.conf.$2.input=1" net.mpls.conf.lo.input=1
	in_ns "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 "net.ipv4.conf.$2.rp_filter=0"
}

mpls() {
	NAME="a label on a port; TTL and class; path MTU"
	wire_modules || { skip "no MPLS"; return; }
	labels cl c0
	ip -n cl rule add from 10.7.0.2 lookup 7
	defer ip -n cl rule del from 10.7.0.2 lookup 7
	ip -n cl route add default table 7 encap mpls 200 via inet 198.51.100.1 dev c0
	defer ip -n cl route flush table 7
	ip -n cl -f mpls route add 300 dev lo
	defer ip -n cl -f mpls route del 300
	addr cl lo 10.7.0.2/32
	defer ip -n cl addr del 10.7.0.2/32 dev lo
	ip -n h1 route add 10.7.0.0/16 via 10.9.0.1 dev eth0.10 src 10.1.0.2
	defer ip -n h1 route del 10.7.0.0/16
	ok "tunnel" slr tunnel add acme-far type mpls customer acme dev g0 remote 198.51.100.2 label 200 okey 300
	defer slr tunnel del acme-far
	ok "route" slr route add 10.7.0.0/16 customer acme via tunnel acme-far
	defer slr route del 10.7.0.0/16 customer acme
	capture cl c0 mpls
	ok "ping" in_ns h1 ping -q -c 3 -i 0.3 -W 4 -Q 0xb8 10.7.0.2
	want "page" "$(get_in h1 http://10.7.0.2/)" "cl:80 10.1.0.2"
	want "large page" "$(in_ns h1 curl -s -m $((30 * SLOW)) http://10.7.0.2/big | cksum)" "$(cksum <"$TMP/www/big")"
	capture_stop
	# Not read to its end: the page is in it.
	want_match "label" "$(tcpdump -v -n -c 2 -r "$CAP" 2>/dev/null)" 'label 300, tc 5, \[S\], ttl 63'
	want_match "too big" "$(in_ns h1 ping -c 2 -i 0.3 -W 4 -M 'do' -s 1470 10.7.0.2 2>&1)" 'mtu ?= ?1496'
	in_ns h1 ip route flush cache
	want_match "refused" "$(slr tunnel add other type mpls customer bell dev g0 remote 198.51.100.9 label 200 2>&1)" 'packets of tunnel other are those of acme-far'
}

swap() {
	NAME="a cross-connect swaps labels and takes a hop off them"
	wire_modules || { skip "no MPLS"; return; }
	labels cl c0
	labels h1 eth0
	addr cl lo 10.8.0.2/32
	defer ip -n cl addr del 10.8.0.2/32 dev lo
	addr h1 lo 10.8.0.1/32
	defer ip -n h1 addr del 10.8.0.1/32 dev lo
	ip -n cl route add 10.8.0.1/32 encap mpls 400 ttl 9 via inet 198.51.100.1 dev c0 src 10.8.0.2
	defer ip -n cl route del 10.8.0.1/32 encap mpls 400 via inet 198.51.100.1
	ip -n h1 route add 10.8.0.2/32 encap mpls 501 via inet 10.2.0.1 dev eth0 src 10.8.0.1
	defer ip -n h1 route del 10.8.0.2/32 encap mpls 501 via inet 10.2.0.1
	ip -n cl -f mpls route add 401 dev lo
	defer ip -n cl -f mpls route del 401
	ip -n h1 -f mpls route add 500 dev lo
	defer ip -n h1 -f mpls route del 500
	ok "one end" slr tunnel add left type mpls customer acme dev g0 remote 198.51.100.2 label 400 okey 401
	defer slr tunnel del left
	ok "other end" slr tunnel add right type mpls customer acme dev g1 remote 10.2.0.11 label 501 okey 500 to left
	ok "crossed" slr tunnel set left to right
	defer slr tunnel del right
	defer slr tunnel set left to none
	capture h1 eth0 mpls
	ok "ping" in_ns cl ping -q -c 3 -i 0.3 -W 4 -I 10.8.0.2 10.8.0.1
	capture_stop
	want_match "label" "$(tcpdump -v -n -c 1 -r "$CAP" 2>/dev/null)" 'label 500, tc 0, \[S\], ttl 8'
}

transparent() {
	NAME="a cross-connect of VLANs passes frames as they are; into another id and port; IP or not"
	ip -n gw link set g0 promisc on
	ip -n gw link set g1 promisc on
	ip -n cl link add link c0 name c0.60 type vlan id 60
	defer ip -n cl link del c0.60
	ip -n h1 link add link eth0 name eth0.50 type vlan id 50
	defer ip -n h1 link del eth0.50
	ip -n cl link set c0.60 up
	ip -n h1 link set eth0.50 up
	addr cl c0.60 10.5.0.1/24 2001:db8:5::1/64
	addr h1 eth0.50 10.5.0.2/24 2001:db8:5::2/64
	ok "left" slr tunnel add left type vlan customer acme dev g0 vid 60
	defer slr tunnel del left
	ok "right" slr tunnel add right type vlan customer acme dev g1 vid 50 to left
	ok "crossed" slr tunnel set left to right
	defer slr tunnel del right
	defer slr tunnel set left to none
	ok "ping" in_ns cl ping -q -c 2 -i 0.2 -W 4 10.5.0.2
	ok "ping in IPv6" in_ns cl ping -q -c 2 -i 0.2 -W 4 2001:db8:5::2
	want "page" "$(get_in h1 http://10.5.0.1/)" "cl:80 10.5.0.2"
	want "large page" "$(in_ns h1 curl -s -m $((30 * SLOW)) http://10.5.0.1/big | cksum)" "$(cksum <"$TMP/www/big")"
	capture cl c0.60 'ether proto 0x8137 or ip proto 253'
	in_ns h1 python3 - <<-X
		import socket
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("eth0.50", 0))
		to = bytes.fromhex("ffffffffffff 020000000501".replace(" ", ""))
		s.send(to + b"\x81\x37" + b"IPX as it was" * 4)
		# A header of the wrong length, with a wrong checksum, longer than the packet.
		s.send(to + b"\x08\x00" + bytes.fromhex("43ff ffff 0001 0000 40fd dead 0a000001 0a000002".replace(" ", "")) + b"broken" * 8)
	X
	capture_stop
	want_match "not IP" "$(tcpdump -A -n -r "$CAP" 2>/dev/null | tr -d '\n')" 'IPX as it wasIPX'
	want_match "broken" "$(tcpdump -A -n -r "$CAP" 2>/dev/null | tr -d '\n')" 'brokenbroken'
	want "neighbour" "$(ip -n cl -j neigh show 10.5.0.2 dev c0.60 | jq -r '.[0].lladdr')" \
		"$(ip -n h1 -j link show eth0.50 | jq -r '.[0].address')"
}

frames() {
	NAME="a VLAN and VXLAN carry the same frames; a VLAN with an address and GRE the same packets"
	ip -n gw link set g0 promisc on
	ip -n cl link add link c0 name c0.61 type vlan id 61
	defer ip -n cl link del c0.61
	ip -n cl link set c0.61 up
	addr cl c0.61 10.6.0.1/24
	ip -n h1 link add v0 mtu 1450 type vxlan id 5 dstport 4789 local 10.2.0.11 remote 10.2.0.1
	defer ip -n h1 link del v0
	ip -n h1 link set v0 up
	addr h1 v0 10.6.0.2/24
	ok "left" slr tunnel add left type vlan customer acme dev g0 vid 61
	defer slr tunnel del left
	ok "right" slr tunnel add right type vxlan customer acme local 10.2.0.1 remote 10.2.0.11 vni 5 to left
	ok "crossed" slr tunnel set left to right
	defer slr tunnel del right
	defer slr tunnel set left to none
	ok "ping" in_ns cl ping -q -c 2 -i 0.2 -W 4 10.6.0.2
	want "large page" "$(in_ns h1 curl -s -m $((30 * SLOW)) http://10.6.0.1/big | cksum)" "$(cksum <"$TMP/www/big")"
	ip -n h1 link add t0 type gre local 10.2.0.11 remote 10.2.0.1 key 9
	defer ip -n h1 link del t0
	ip -n h1 link set t0 up
	addr h1 t0 10.6.1.2/32
	ip -n h1 route add 10.6.0.1/32 dev t0 src 10.6.1.2
	ip -n cl route add 10.6.1.2/32 via 10.6.0.9 dev c0.61 src 10.6.0.1
	ok "right" slr tunnel add packets type gre customer acme local 10.2.0.1 remote 10.2.0.11 key 9 to left
	defer slr tunnel del packets
	ok "with an address" slr tunnel set left local 10.6.0.9 remote 10.6.0.1 to packets
	ok "ping" in_ns cl ping -q -c 2 -i 0.2 -W 4 10.6.1.2
	want "large page" "$(in_ns h1 curl -s -m $((30 * SLOW)) http://10.6.0.1/big | cksum)" "$(cksum <"$TMP/www/big")"
}

waiting() {
	NAME="a tunnel waits for its port; and follows its name"
	ok "rename" eval "ip -n gw link set g1 down; ip -n gw link set g1 name g9"
	want_match "followed" "$(slr tunnel show acme-site)" 'dev g9'
	ok "port gone" slr port del g9
	want_match "waits" "$(slr tunnel show acme-site)" 'dev g9'
	ok "port again" slr port add g9
	ok "rename back" eval "ip -n gw link set g9 name g1; ip -n gw link set g1 up"
	addr gw g1 2001:db8:2::1/64
	want_match "followed" "$(slr tunnel show acme-site)" 'dev g1'
	soon "page" "h3:80 10.1.0.2" get_in h1 http://10.0.0.10/
	refused "no port" 1 'tunnel other: g7 is no port' slr tunnel add other type vlan customer acme dev g7 vid 9
	refused "no next hop" 1 'needs a next hop' slr tunnel add other type mpls customer acme dev g1 label 99
	refused "no such VLAN" 1 'no such vid' slr tunnel add other type vlan customer acme dev g1 vid 4095
	refused "another's" 1 'packets of tunnel other are those of bell-site' slr tunnel add other type vlan customer acme dev g1 vid 20
	shows_what_it_loads 'tunnel bell-site type vlan'
	ok "nothing to do" slr conf sync "$TMP/shown"
}

net_up
web cl 80
web h3 80
circuit h1 eth0 1.0.2 0 10
circuit h2 eth0 1.0.2 0 20
circuit h3 eth0 0.0.10 1 100 30
circuit cl c0 0.0.10 1 10
configure
run_tests pages large neighbours errors pieces ids mpls swap transparent frames waiting
