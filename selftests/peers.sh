#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every type of tunnel with the kernel's own at the other end, over both families,
# in the network of lib.sh: a site, cl, by the type under test, and a server, h1,
# by GRE.
#
#   cl t0 10.1.0.2 --- g0 gw g1 --- GRE 8 --- h1 10.0.0.10
#         2001:db8:1::2                          2001:db8:a::10

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

OWN4=198.51.100.2 GW4=198.51.100.1 OWN6=2001:db8:100::2 GW6=2001:db8:100::1
MAC=02:00:00:00:0a:01

server_up() {
	ip -n h1 link add t0 type gre local 10.2.0.11 remote 10.2.0.1 key 8
	ip -n h1 link set t0 up
	addr h1 t0 10.0.0.10/32 2001:db8:a::10/128
	ip -n h1 route add 10.1.0.0/16 dev t0 src 10.0.0.10
	ip -n h1 -6 route add 2001:db8:1::/64 dev t0 src 2001:db8:a::10
	web h1 80
	DEFER=()
	slr conf load - <<-X
		port g0
		port g1
		customer acme id 1
		tunnel host type gre customer acme local 10.2.0.1 remote 10.2.0.11 key 8
		tunnel site type gre customer acme local $GW4 remote $OWN4 key 7
		route 10.0.0.0/16 customer acme via tunnel host
		route 2001:db8:a::/64 customer acme via tunnel host
		route 10.1.0.0/16 customer acme via tunnel site
		route 2001:db8:1::/64 customer acme via tunnel site
	X
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=16 2>/dev/null
}

# gateway TYPE 4|6 [OPTION]...: the tunnel to the site, over that family.
gateway() {
	local type=$1 own=OWN$2 gw=GW$2
	shift 2
	slr conf show | grep -v '^tunnel site ' >"$TMP/conf"
	echo "tunnel site type $type customer acme local ${!gw} remote ${!own} $*" >>"$TMP/conf"
	ok "conf" slr conf sync "$TMP/conf"
}

# site DEVICE WORDS...: the kernel's end, a device in cl, and the ways by it.
site() {
	local dev=$1
	shift
	ok "device" ip -n cl link add "$dev" "$@"
	defer ip -n cl link del "$dev"
	ways "$dev"
}

# ways DEVICE [MAC]: what is behind the gateway goes by it; to that station if it carries frames.
ways() {
	local dev=$1 via4=() via6=()
	ip -n cl link set "$dev" up
	addr cl "$dev" 10.1.0.2/32 2001:db8:1::2/128
	if [[ ${2-} ]]; then
		ip -n cl neigh add 10.9.9.9 lladdr "$2" dev "$dev"
		ip -n cl neigh add fe80::99 lladdr "$2" dev "$dev"
		via4=(via 10.9.9.9 onlink) via6=(via fe80::99)
	fi
	ip -n cl route add 10.0.0.0/16 "${via4[@]}" dev "$dev" src 10.1.0.2
	ip -n cl -6 route add 2001:db8:a::/64 "${via6[@]}" dev "$dev" src 2001:db8:1::2
}

# carries 4|6...: the inner families.
carries() {
	local family host
	for family in "$@"; do
		host=10.0.0.10
		[[ $family == 6 ]] && host='[2001:db8:a::10]'
		want "page over IPv$family" "$(get "http://$host/" | cut -d' ' -f1)" "h1:80"
		want "large page over IPv$family" "$(fetch "http://$host/big" | cksum)" "$(cksum <"$TMP/www/big")"
	done
}

ipip4() {
	NAME="ipip over IPv4"
	gateway ipip 4
	site t0 type ipip local $OWN4 remote $GW4
	carries 4
	ip -n cl link del t0
	site t0 type sit local $OWN4 remote $GW4
	carries 6
}

ipip6() {
	NAME="ipip over IPv6"
	gateway ipip 6
	site t0 type ip6tnl mode any local $OWN6 remote $GW6
	carries 4 6
}

gre() {
	NAME="GRE over both families; with a key and without; packets and frames"
	gateway gre 4
	site t0 type gre local $OWN4 remote $GW4
	carries 4 6
	ip -n cl link del t0
	gateway gre 6 key 9
	site t0 type ip6gre local $OWN6 remote $GW6 key 9
	carries 4 6
	ip -n cl link del t0
	gateway gre 4 key 9 ethernet on peer-mac $MAC
	ip -n cl link add t0 address $MAC type gretap local $OWN4 remote $GW4 key 9
	ways t0 02:00:00:00:00:01
	carries 4 6
}

vxlan() {
	NAME="VXLAN over both families"
	local f own gw
	for f in 4 6; do
		own=OWN$f gw=GW$f
		gateway vxlan $f vni 5 peer-mac $MAC
		ip -n cl link add t0 address $MAC type vxlan id 5 dstport 4789 local ${!own} remote ${!gw}
		ways t0 02:00:00:00:00:01
		carries 4 6
		ip -n cl link del t0
	done
}

geneve() {
	NAME="Geneve over both families; packets and frames"
	local f own gw
	for f in 4 6; do
		own=OWN$f gw=GW$f
		gateway geneve $f vni 5
		ip -n cl link add t0 type geneve id 5 remote ${!gw} innerprotoinherit
		ways t0
		carries 4 6
		ip -n cl link del t0
		gateway geneve $f vni 6 ethernet on peer-mac $MAC
		ip -n cl link add t0 address $MAC type geneve id 6 remote ${!gw}
		ways t0 02:00:00:00:00:01
		carries 4 6
		ip -n cl link del t0
	done
}

# receiver FAMILY PORT WORDS...: the kernel's side of UDP encapsulation.
receiver() {
	local family=$1 port=$2
	shift 2
	modprobe fou
	[[ $family == 6 ]] && modprobe fou6
	ok "receiver" in_ns cl ip -"$family" fou add port "$port" "$@"
	defer in_ns cl ip -"$family" fou del port "$port"
}

gue() {
	NAME="GUE over both families"
	receiver 4 6080 gue
	gateway gue 4
	site t0 type ipip local $OWN4 remote $GW4 encap gue encap-sport auto encap-dport 6080
	carries 4
	ip -n cl link del t0
	site t0 type sit local $OWN4 remote $GW4 encap gue encap-sport auto encap-dport 6080
	carries 6
	ip -n cl link del t0
	receiver 6 6080 gue
	gateway gue 6
	site t0 type ip6tnl mode any local $OWN6 remote $GW6 encap gue encap-sport auto encap-dport 6080 encap-csum
	carries 4 6
}

fou() {
	NAME="foo over UDP over both families"
	receiver 4 5555 ipproto 4
	gateway fou 4 dport 5555
	site t0 type ipip local $OWN4 remote $GW4 encap fou encap-sport auto encap-dport 5555
	carries 4
	ip -n cl link del t0
	receiver 6 5556 ipproto 41
	gateway fou 6 dport 5556
	site t0 type ip6tnl mode ip6ip6 local $OWN6 remote $GW6 encap fou encap-sport auto encap-dport 5556 encap-csum
	carries 6
}

# labelled DEVICE: cl puts label 200 on what it sends by the device, and takes off 300.
labelled() {
	if ! modprobe -a mpls_router mpls_iptunnel; then
		skip "no MPLS"
		return 1
	fi
	ip -n cl link set "$1" up
	in_ns cl sysctl -qw net.mpls.platform_labels=1000 "net.mpls.conf.$1.input=1"
	addr cl "$1" 10.1.0.2/32
	ok "label out" ip -n cl route add 10.0.0.0/16 encap mpls 200 dev "$1" src 10.1.0.2
	ok "label in" ip -n cl -f mpls route add 300 dev lo
	defer ip -n cl -f mpls route del 300
}

mpls_gre() {
	NAME="MPLS in GRE over both families"
	gateway mpls-gre 4 label 200 okey 300
	ip -n cl link add t0 type gre local $OWN4 remote $GW4
	defer ip -n cl link del t0
	labelled t0 || return
	carries 4
	ip -n cl link del t0
	ip -n cl -f mpls route del 300
	gateway mpls-gre 6 label 200 okey 300
	ip -n cl link add t0 type ip6gre local $OWN6 remote $GW6
	labelled t0
	carries 4
}

mpls_udp() {
	NAME="MPLS in UDP over both families"
	modprobe ipip
	receiver 4 6635 ipproto 137
	gateway mpls-udp 4 label 200 okey 300
	ok "device" ip -n cl link add t0 type ipip mode mplsip local $OWN4 remote $GW4 encap fou encap-sport auto encap-dport 6635
	defer ip -n cl link del t0
	labelled t0 || return
	carries 4
	ip -n cl link del t0
	# Stock kernels have no device that puts labels into UDP over IPv6, so the site has slr as well.
	gateway mpls-udp 6 label 200 okey 300
	ok "an slr site" in_ns cl "$SLR" conf load - <<-X
		port c0
		customer acme
		tunnel site type mpls-udp customer acme local $OWN6 remote $GW6 label 300 okey 200 device t0
	X
	defer "in_ns cl $SLR conf load /dev/null"
	ok "device" in_ns cl "$SLR" device add t0 customer acme
	defer ip -n cl link del t0
	ways t0
	carries 4 6
}

# session FAMILY ENCAP WORDS...: the kernel's end of L2TPv3.
session() {
	local own=OWN$1 gw=GW$1 encap=$2
	shift 2
	modprobe -a l2tp_eth l2tp_ip l2tp_ip6 l2tp_netlink
	ok "tunnel" ip -n cl l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap "$encap" local "${!own}" remote "${!gw}" "$@"
	defer ip -n cl l2tp del tunnel tunnel_id 1
	ok "session" ip -n cl l2tp add session name t0 tunnel_id 1 session_id 21 peer_session_id 22
	ip -n cl link set t0 address $MAC mtu 1400
	ways t0 02:00:00:00:00:01
}

# sessions TYPE ENCAP WORDS...: L2TPv3 over one family after the other.
sessions() {
	local f type=$1
	shift
	for f in 4 6; do
		gateway "$type" $f session 22 okey 21 peer-mac $MAC
		session $f "$@"
		carries 4 6
		ip -n cl l2tp del tunnel tunnel_id 1
		until_ok 10 eval "! ip -n cl link show t0" || fail "the session stays"
	done
}

l2tp_ip() {
	NAME="L2TPv3 in IP over both families"
	sessions l2tpv3 ip
}

l2tp_udp() {
	NAME="L2TPv3 in UDP over both families"
	sessions l2tpv3-udp udp udp_sport 1701 udp_dport 1701
}

ipsec() {
	NAME="GRE that IPsec protects between site and gateway"
	local side
	modprobe -a esp4 xfrm_user
	gateway gre 4 key 7
	site t0 type gre local $OWN4 remote $GW4 key 7
	for side in "cl out in" "gw in out"; do
		# shellcheck disable=SC2086
		set -- $side
		ip -n "$1" xfrm state add src $OWN4 dst $GW4 proto esp spi 0x1001 mode transport \
			aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128
		ip -n "$1" xfrm state add src $GW4 dst $OWN4 proto esp spi 0x1002 mode transport \
			aead 'rfc4106(gcm(aes))' 0x101112131415161718191a1b1c1d1e1f20212223 128
		ok "policy" ip -n "$1" xfrm policy add src $OWN4 dst $GW4 proto gre dir "$2" tmpl src $OWN4 dst $GW4 proto esp mode transport
		ok "policy" ip -n "$1" xfrm policy add src $GW4 dst $OWN4 proto gre dir "$3" tmpl src $GW4 dst $OWN4 proto esp mode transport
		defer ip -n "$1" xfrm state flush
		defer ip -n "$1" xfrm policy flush
	done
	capture cl c0 "host $OWN4"
	ok "ping" cl ping -q -c 3 -i 0.3 -W 4 10.0.0.10
	want "page" "$(get http://10.0.0.10/ | cut -d' ' -f1)" "h1:80"
	capture_stop
	want "in clear" "$(captured gre)" 0
	want_between "encrypted" "$(captured esp)" 10 1000
	carries 4 6
}

net_up
server_up
run_tests ipip4 ipip6 gre vxlan geneve gue fou mpls_gre mpls_udp l2tp_ip l2tp_udp ipsec
