#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are not plain: fragments, options, padding, wrong checksums, TTL,
# ICMP errors, MTU, super-packets, VLAN.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
V6=2001:db8:cafe::1
udp() { packet udp c0 "$@"; }
fresh() {
	slr_reset
	ports_up
	slr service add $V:53/udp
	slr server add 10.2.0.11:5300 service $V:53/udp
	slr service add "[$V6]:53/udp"
	slr server add '[2001:db8:2::11]:5300' service "[$V6]:53/udp"
	slr service add $V:80/tcp
	slr server add 10.2.0.11:8001 service $V:80/tcp
	slr service add "[$V6]:80/tcp"
	slr server add '[2001:db8:2::11]:8001' service "[$V6]:80/tcp"
}

fragments() {
	NAME="fragmented datagrams pass both ways; in order and reversed; both families"
	fresh
	udp_len h1
	want "9000 bytes" "$(ask_big cl $V 9000)" same
	want "60000 bytes" "$(ask_big cl $V 60000)" same
	want "9000 bytes IPv6" "$(ask_big cl $V6 9000)" same
	capture lan br0 'dst host 10.2.0.11 and udp'
	udp $V 4100 53 --len 3000 --frag 800 --reverse
	capture_stop
	want_between "pieces at the server" "$(captured)" 1 8
	want "flow of the first piece" "$(flows client-port 4100)" 1
}

options_and_padding() {
	NAME="IP options; IPv6 extension headers and Ethernet padding are kept or trimmed rightly"
	fresh
	capture lan br0 'dst host 10.2.0.11 or dst host 2001:db8:2::11'
	udp $V 4200 53 --opts
	udp $V6 4201 53 --opts
	udp $V 4202 53 --len 1 --pad 20
	capture_stop
	want "with options" "$(captured 'ip[0] & 0xf > 5 and udp')" 1
	want "with an extension header" "$(captured 'ip6[6] == 60')" 1
	want "bytes of the padded one" "$(captured 'udp src port 4202 and ip[2:2] == 29')" 1
}

wrong_checksums() {
	NAME="a wrong checksum stays wrong; a right one stays right; offload on or off"
	fresh
	local feature v
	for feature in on off; do
		for v in "cl c0" "gw g0" "gw g1" "h1 eth0"; do
			# shellcheck disable=SC2086
			set -- $v
			in_ns "$1" ethtool -K "$2" tx $feature rx $feature gso $feature gro $feature tso $feature >/dev/null 2>&1
		done
		capture h1 eth0 "dst host 10.2.0.11 or dst host 2001:db8:2::11"
		udp $V 4300 53 --badsum
		want "tcp v4, offload $feature" "$(server_of http://$V/)" h1:8001
		want "tcp v6, offload $feature" "$(server_of "http://[$V6]/")" h1:8001
		capture_stop
		want "wrong UDP sums, offload $feature" "$(tcpdump -nvv -r "$CAP" udp 2>/dev/null | grep -c 'bad udp cksum')" 1
		[[ $feature == off ]] && want "wrong TCP sums" "$(tcpdump -nvv -r "$CAP" tcp 2>/dev/null | grep -c 'incorrect')" 0
	done
	for v in "cl c0" "gw g0" "gw g1" "h1 eth0"; do
		# shellcheck disable=SC2086
		set -- $v
		in_ns "$1" ethtool -K "$2" tx on rx on gso on gro off tso on >/dev/null 2>&1
	done
}

traceroute_through() {
	NAME="traceroute shows the gateway and then the virtual host; never the server"
	fresh
	local out
	out=$(cl traceroute -n -q 1 -w 2 -U -p 53 $V 2>&1)
	want_match "first hop" "$out" '1 +198\.51\.100\.1'
	[[ $out == *10.2.0.* ]] && fail "the server shows: $out"
	out=$(cl traceroute -n -q 1 -w 2 -T -p 80 $V 2>&1)
	want_match "last hop" "$out" "2 +$V"
	out=$(cl traceroute -6 -n -q 1 -w 2 -T -p 80 $V6 2>&1)
	want_match "first hop v6" "$out" '1 +2001:db8:100::1'
	want_match "last hop v6" "$out" "2 +$V6"
}

path_mtu() {
	NAME="path MTU discovery works through the translator; both directions; both families"
	fresh
	head -c 200000 /dev/urandom >"$TMP/www/file"
	# The narrow link is beyond the gateway for answers, then for requests.
	ip -n gw link set g0 mtu 1300
	ip -n cl link set c0 mtu 1300
	defer "ip -n gw link set g0 mtu 1500; ip -n cl link set c0 mtu 1500"
	want "download" "$(fetch http://$V/file | sha256sum)" "$(sha256sum <"$TMP/www/file")"
	want "download v6" "$(fetch "http://[$V6]/file" | sha256sum)" "$(sha256sum <"$TMP/www/file")"
	ip -n h1 route flush cache
	ip -n gw link set g1 mtu 1280
	defer "ip -n gw link set g1 mtu 1500"
	capture cl c0 'icmp[icmptype] == icmp-unreach or icmp6'
	want "a datagram that may not be cut" "$(cl ping -M "do" -s 1250 -c 1 -W 1 $V 2>&1 | grep -ci 'mtu\|too long\|received' | sed 's/[1-9].*/some/')" some
	capture_stop
}

icmp_errors() {
	NAME="ICMP errors are translated with their quoted headers; in both directions"
	fresh
	ok s slr service add $V:54/udp
	ok m slr server add 10.2.0.12:5400 service $V:54/udp
	# h2 has nobody on 5400: its unreachable must reach the client as the virtual host's.
	capture cl c0 'icmp[icmptype] == icmp-unreach'
	want_match "connection refused" "$(cl python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3)
s.connect(("'$V'", 54)); s.send(b"x")
try: s.recv(10)
except ConnectionRefusedError: print("refused")
' 2>&1)" refused
	capture_stop
	want "errors from the virtual host" "$(captured "icmp and src host $V")" 1
	want "errors from elsewhere" "$(captured "icmp and not src host $V")" 0
	want "checksums" "$(tcpdump -nvv -r "$CAP" 2>/dev/null | grep -c 'wrong icmp cksum\|bad cksum')" 0
	# And back: the client's own unreachable reaches the server about its own packet.
	capture lan br0 'icmp[icmptype] == icmp-unreach and dst host 10.2.0.11'
	in_ns h1 python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", 5300)); s.settimeout(3)
d, a = s.recvfrom(100)
import time; time.sleep(2)
s.sendto(b"late", a)' &
	local pid=$!
	until_ok 15 listening h1 udp 5300 || fail "no UDP server in h1"
	echo hi | cl socat -t 0.1 - "UDP:$V:53"
	wait $pid
	capture_stop
	want_match "quoted is the server's own packet" "$(tcpdump -nv -r "$CAP" 2>/dev/null)" '10\.2\.0\.11\.5300 >'
}

ttl_one() {
	NAME="a packet at the end of its TTL is answered by the gateway and counted"
	fresh
	local before
	before=$(stat ttl-exceeded)
	capture cl c0 'icmp[icmptype] == icmp-timxceed'
	udp $V 4400 53 --ttl 1
	capture_stop
	want "time exceeded" "$(captured)" 1
	want counted $(($(stat ttl-exceeded) - before)) 1
}

download() {
	NAME="a 100 MB download arrives with the right hash: super-packets on and off; with loss"
	fresh
	dd if=/dev/urandom of="$TMP/www/100M" bs=1M count=100 status=none
	local sum mode
	sum=$(sha256sum <"$TMP/www/100M")
	for mode in on off; do
		in_ns h1 ethtool -K eth0 gso $mode tso $mode >/dev/null 2>&1
		in_ns gw ethtool -K g1 gro $mode >/dev/null 2>&1
		want "gso $mode" "$(fetch -m 120 http://$V/100M | sha256sum)" "$sum"
	done
	in_ns h1 ethtool -K eth0 gso on tso on >/dev/null 2>&1
	head -c 5000000 "$TMP/www/100M" >"$TMP/www/5M"
	ok loss tc -n gw qdisc add dev g0 root netem loss 1% delay 1ms
	defer "tc -n gw qdisc del dev g0 root"
	want "1 % loss" "$(fetch -m 120 http://$V/5M | sha256sum)" "$(sha256sum <"$TMP/www/5M")"
	want "upload v6" "$(cl curl -s -m 60 -o /dev/null -w '%{http_code}' --data-binary "@$TMP/www/5M" "http://[$V6]/nothing")" 413
}

vlan() {
	NAME="a VLAN device and a bridge port serve as ports"
	slr_reset
	ip -n cl link add link c0 name c0.7 type vlan id 7
	ip -n gw link add link g0 name g0.7 type vlan id 7
	defer "ip -n cl link del c0.7; ip -n gw link del g0.7"
	ip -n cl link set c0.7 up
	ip -n gw link set g0.7 up
	addr cl c0.7 198.18.7.2/24
	addr gw g0.7 198.18.7.1/24
	ip -n cl route add 203.0.113.7/32 via 198.18.7.1
	ok port slr port add g0.7 side client
	ok port slr port add g1 side server
	ok s slr service add 203.0.113.7:80/tcp
	ok m slr server add 10.2.0.11:8001 service 203.0.113.7:80/tcp
	want "through VLAN 7" "$(server_of http://203.0.113.7/)" h1:8001
	want "untagged on the same cable is left to the host" "$(get -m 4 --interface c0 http://203.0.113.7/)" "[7]"
	# The server side as a port of a bridge on the gateway.
	ip -n gw link add br1 type bridge
	defer "ip -n gw link set g1 nomaster; ip -n gw link del br1; ip -n gw addr add 10.2.0.1/24 dev g1; ip -n gw -6 addr add 2001:db8:2::1/64 dev g1 nodad"
	ip -n gw addr flush dev g1 scope global
	ip -n gw link set g1 master br1
	ip -n gw link set br1 up
	addr gw br1 10.2.0.1/24
	ok detach slr port del g1
	ok attach slr port add br1 side server
	want "server behind a bridge" "$(server_of http://203.0.113.7/)" h1:8001
}

vlan_tags() {
	NAME="ports with one and two VLAN tags; beside the packet or in its bytes; both families"
	slr_reset
	head -c 300000 /dev/urandom >"$TMP/www/file"
	local sum ns dev tag accel
	sum=$(sha256sum <"$TMP/www/file")
	for ns in "cl c0 2" "gw g0 1"; do
		# shellcheck disable=SC2086
		set -- $ns
		ip -n "$1" link add link "$2" name "$2.8" type vlan id 8
		ip -n "$1" link add link "$2" name "$2.s" type vlan proto 802.1ad id 100
		# A veth takes one tag in the bytes of a full frame, not two.
		ip -n "$1" link add link "$2.s" name "$2.s.9" mtu 1496 type vlan id 9
		defer "ip -n $1 link del $2.8; ip -n $1 link del $2.s; ip netns exec $1 ethtool -K $2 txvlan on rxvlan on"
		ip -n "$1" link set "$2.8" up
		ip -n "$1" link set "$2.s" up
		ip -n "$1" link set "$2.s.9" up
		addr "$1" "$2.8" "198.18.8.$3/24" "2001:db8:108::$3/64"
		addr "$1" "$2.s.9" "198.18.9.$3/24" "2001:db8:109::$3/64"
	done
	ok port slr port add g0.8 side client
	ok port slr port add g0.s.9 side client
	ok port slr port add g1 side server
	for tag in 8 9; do
		ok s slr service add 203.0.113.$tag:80/tcp
		ok m slr server add 10.2.0.11:8001 service 203.0.113.$tag:80/tcp
		ok s slr service add "[2001:db8:cafe::$tag]:80/tcp"
		ok m slr server add '[2001:db8:2::11]:8001' service "[2001:db8:cafe::$tag]:80/tcp"
		ip -n cl route add 203.0.113.$tag/32 via 198.18.$tag.1
		ip -n cl -6 route add 2001:db8:cafe::$tag/128 via 2001:db8:10$tag::1
	done
	for accel in on off; do
		for dev in "cl c0" "gw g0"; do
			# shellcheck disable=SC2086
			set -- $dev
			ok "acceleration $accel" in_ns "$1" ethtool -K "$2" txvlan $accel rxvlan $accel \
				tx-vlan-stag-hw-insert $accel rx-vlan-stag-hw-parse $accel
		done
		for tag in 8 9; do
			want "tag $tag, acceleration $accel" "$(fetch http://203.0.113.$tag/file | sha256sum)" "$sum"
			want "tag $tag v6, acceleration $accel" "$(fetch "http://[2001:db8:cafe::$tag]/file" | sha256sum)" "$sum"
			want "up, tag $tag, acceleration $accel" "$(cl curl -s -m 30 -o /dev/null -w '%{http_code}' \
				--data-binary "@$TMP/www/file" http://203.0.113.$tag/file)" 405
		done
	done
	want_between "packets of g0.8" "$(slr -j -s port show g0.8 | jq '.[0].packets')" 50 10000
	want_between "packets of g0.s.9" "$(slr -j -s port show g0.s.9 | jq '.[0].packets')" 50 10000
}

bridge_port() {
	NAME="a port of a bridge takes what is for the bridge; and leaves alone what is for others"
	fresh
	new_ns x
	defer "ip netns del x"
	wire x x0 gw g2
	addr x x0 10.2.0.40/24 203.0.113.9/32
	ip -n gw link add br1 address 02:00:00:00:00:b1 type bridge forward_delay 0
	ip -n gw addr flush dev g1 scope global
	defer "ip -n gw link set g1 nomaster; ip -n gw link del br1; ip -n gw addr add 10.2.0.1/24 dev g1; ip -n gw -6 addr add 2001:db8:2::1/64 dev g1 nodad"
	ip -n gw link set g1 master br1
	ip -n gw link set g2 master br1
	ip -n gw link set br1 up
	addr gw br1 10.2.0.1/24 2001:db8:2::1/64
	ip -n h1 neigh flush all
	want v4 "$(server_of http://$V/)" h1:8001
	want v6 "$(server_of "http://[$V6]/")" h1:8001
	want "to the bridge's address" "$(ip -n h1 -j neigh show 10.2.0.1 | jq -r '.[0].lladdr')" 02:00:00:00:00:b1
	# A virtual host for slr, but the frame is for x.
	ok s slr service add 203.0.113.9
	ok m slr server add 10.2.0.12 service 203.0.113.9
	ip -n h1 route add 203.0.113.9/32 via 10.2.0.40
	defer "ip -n h1 route del 203.0.113.9/32"
	capture x x0 icmp
	ok "frames for others" in_ns h1 ping -c 2 -i 0.2 -W 2 203.0.113.9
	capture_stop
	want "at their host" "$(captured 'icmp[icmptype] == icmp-echo and dst host 203.0.113.9')" 2
	want "flows of theirs" "$(flows virtual 203.0.113.9 proto icmp)" 0
}

raw_fragments() {
	NAME="fragments that a raw socket of the gateway sends are joined; and translated"
	fresh
	ip -n gw route add $V/32 via 10.2.0.13
	ip -n gw -6 route add $V6/128 via 2001:db8:2::13
	defer "ip -n gw route del $V/32; ip -n gw -6 route del $V6/128"
	udp_len h1
	capture lan br0 "udp or ip[6:2] & 0x1fff != 0 or ip6[6] == 44"
	gw python3 -c '
import socket, struct, sys
sys.path.insert(0, sys.argv[1])
import packet
class Raw(packet.Path):
    def __init__(self, src, dst):
        self.src, self.dst = packet.ipaddress.ip_address(src), packet.ipaddress.ip_address(dst)
        self.v6 = self.dst.version == 6
for src, dst in (("10.2.0.1", sys.argv[2]), ("2001:db8:2::1", sys.argv[3])):
    path = Raw(src, dst)
    body = packet.udp(path, 4600, 53, b"x" * 1200)
    s = socket.socket(socket.AF_INET6 if path.v6 else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for at in (0, 800):
        part = body[at:at + 800]
        s.sendto(path.wrap(17, part, ident=77, off=at, more=at == 0), (dst, 0))
' "$(dirname "$0")" $V $V6
	capture_stop
	want "fragments at h1" "$(captured 'dst host 10.2.0.11')" 2
	want "fragments at h1; v6" "$(captured 'dst host 2001:db8:2::11')" 2
	want "not translated" "$(captured "dst host $V or dst host $V6")" 0
	want "flows" "$(flows client-port 4600)" 2
	want_between "answers of both" "$(captured 'src host 10.2.0.11 or src host 2001:db8:2::11')" 2 8
}

net_up
mkdir -p "$TMP/www"
web h1 8001
run_tests fragments options_and_padding wrong_checksums traceroute_through path_mtu icmp_errors ttl_one download vlan vlan_tags bridge_port raw_fragments
