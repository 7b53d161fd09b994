#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Secure tunnels: IPsec of the kernel (ESP in transport mode) between a site and the gateway, and a
# second site whose own associations vouch for nobody else.
#
#   +----+ 198.51.100.2   .1 +------+  pvs0   +----+ 10.0.0.10
#   | ca |c0 ------------- a0|  gw  |---------| sa |
#   +----+ gre, key 7        |      |         +----+ 2001:db8:a::10
#   +----+ 198.51.100.6   .5 |      |
#   | cb |c0 ------------- b0|      |
#   +----+                   +------+
#
# The same over IPv6: 2001:db8:1::2 and 2001:db8:2::2, in tunnel acme6.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES="ca cb gw sa"
SETTLE_NS=ca
FORGE=$(dirname "$0")/forge.py
OWN4=198.51.100.2 GW4=198.51.100.1 OWN6=2001:db8:1::2 GW6=2001:db8:1::1
KEY="aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"

# associate NS FROM TO SPI
associate() {
	# shellcheck disable=SC2086
	ok "association" ip -n "$1" xfrm state add src "$2" dst "$3" proto esp spi "$4" mode transport $KEY
}

# policy NS DIR FROM TO
policy() {
	ok "policy" ip -n "$1" xfrm policy add dir "$2" src "$3" dst "$4" proto gre tmpl src "$3" dst "$4" proto esp mode transport
}

# Associations and policies between site and gateway, of both families.
protect() {
	local own=$OWN4 gate=$GW4 spi=1000
	for _ in 4 6; do
		for ns in ca gw; do
			associate "$ns" "$own" "$gate" $((spi + 1))
			associate "$ns" "$gate" "$own" $((spi + 2))
		done
		policy ca out "$own" "$gate"
		policy ca in "$gate" "$own"
		policy gw out "$gate" "$own"
		policy gw in "$own" "$gate"
		own=$OWN6 gate=$GW6 spi=2000
	done
	local n
	for n in ca cb gw; do
		defer ip -n "$n" xfrm policy flush
		defer ip -n "$n" xfrm state flush
	done
}

setup() {
	local n
	modprobe -a esp4 esp6 xfrm_user
	for n in $NAMESPACES; do new_ns "$n"; done
	wire ca c0 gw a0
	addr gw a0 $GW4/30 $GW6/64
	addr ca c0 $OWN4/30 $OWN6/64
	wire cb c0 gw b0
	addr gw b0 198.51.100.5/30 2001:db8:2::1/64
	addr cb c0 198.51.100.6/30 2001:db8:2::2/64
	ip -n cb route add default via 198.51.100.5
	ip -n cb -6 route add default via 2001:db8:2::1
	ip -n ca link add t0 type gre local $OWN4 remote $GW4 key 7 ttl 64
	ip -n ca link add t6 type ip6gre local $OWN6 remote $GW6 key 7
	ip -n ca link set t0 up mtu 1400
	ip -n ca link set t6 up mtu 1380
	addr ca t0 10.0.0.2/24
	addr ca t6 2001:db8:a::2/64
	ok "ports" slr -b - <<-END
		port add a0
		port add b0
		customer add acme
		tunnel add acme4 type gre customer acme local $GW4 remote $OWN4 key 7 secure on
		tunnel add acme6 type gre customer acme local $GW6 remote $OWN6 key 7 secure on
		route add 10.0.0.0/24 customer acme via tunnel acme4
		route add 2001:db8:a::/64 customer acme via tunnel acme6
	END
	ok "device" slr device add pvs0 customer acme netns sa
	ip -n sa link set pvs0 name eth0
	ip -n sa link set eth0 up
	addr sa eth0 10.0.0.10/32 2001:db8:a::10/128
	ip -n sa route add default dev eth0
	ip -n sa -6 route add default dev eth0
	ok "route" slr route add 10.0.0.10/32 customer acme device pvs0
	ok "route" slr route add 2001:db8:a::10/128 customer acme device pvs0
	GATEWAY=$(ip -n gw -j link show a0 | jq -r '.[0].address')
}

is_unprotected() { (($(stat unprotected) >= $1)); }
# unprotected WHAT BEFORE LOW HIGH
unprotected() {
	until_ok 10 is_unprotected $(($2 + $3))
	want_between "$1" $(($(stat unprotected) - $2)) "$3" "$4"
}

encrypted() {
	NAME="a secure tunnel carries both ways; in transit there is ESP only"
	protect
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=2 2>/dev/null
	capture ca c0 "ip or ip6"
	ok "ping" in_ns ca ping -q -c 3 -i 0.3 -W 8 10.0.0.10
	ok "ping over IPv6" in_ns ca ping -q -c 3 -i 0.3 -W 8 2001:db8:a::10
	ok "from the server" in_ns sa ping -q -c 2 -W 8 10.0.0.2
	want "page" "$(get_in ca http://10.0.0.10/)" "sa:80 10.0.0.2"
	want "page over IPv6" "$(get_in ca 'http://[2001:db8:a::10]/')" "sa:80 2001:db8:a::2"
	capture_stop
	want "GRE in transit" "$(captured 'ip proto 47 or ip6 proto 47')" 0
	want "inner addresses in transit" "$(captured 'net 10.0.0.0/24 or net 2001:db8:a::/64')" 0
	want_between "ESP" "$(captured 'ip proto 50')" 16 1000
	# The site's own have an option header before: only the gateway's are counted.
	want_between "ESP over IPv6" "$(captured 'ip6 proto 50')" 6 1000
	want "down" "$(in_ns ca curl -s -m 60 http://10.0.0.10/big | cksum)" "$(cksum <"$TMP/www/big")"
	want "down over IPv6" "$(in_ns ca curl -s -m 60 'http://[2001:db8:a::10]/big' | cksum)" "$(cksum <"$TMP/www/big")"
}

no_policy_out() {
	NAME="without the policy nothing leaves in the clear; and what would is counted"
	protect
	ok "ping" in_ns ca ping -q -c 2 -W 8 10.0.0.10
	ok "ping over IPv6" in_ns ca ping -q -c 2 -W 8 2001:db8:a::10
	capture ca c0 "ip or ip6"
	local before
	ok "policy" ip -n gw xfrm policy del dir out src $GW4 dst $OWN4 proto gre
	ok "policy" ip -n gw xfrm policy del dir out src $GW6 dst $OWN6 proto gre
	before=$(stat unprotected)
	in_ns sa ping -q -c 4 -i 0.2 -W 1 10.0.0.2 >/dev/null && fail "it gets through"
	unprotected "dropped" "$before" 4 10
	before=$(stat unprotected)
	in_ns sa ping -q -c 4 -i 0.2 -W 1 2001:db8:a::2 >/dev/null && fail "it gets through over IPv6"
	unprotected "dropped over IPv6" "$before" 4 10
	capture_stop
	want "in the clear" "$(captured 'ip proto 47 or ip6 proto 47')" 0
	policy gw out $GW4 $OWN4
	policy gw out $GW6 $OWN6
	ok "again" in_ns sa ping -q -c 2 -W 8 10.0.0.2
	ok "again over IPv6" in_ns sa ping -q -c 2 -W 8 2001:db8:a::2
}

no_association() {
	NAME="without an association nothing leaves in the clear either; and what would is counted"
	protect
	ok "ping" in_ns ca ping -q -c 2 -W 8 10.0.0.10
	capture ca c0 "ip or ip6"
	ip -n gw xfrm state flush
	local before
	before=$(stat no-route)
	in_ns sa ping -q -c 3 -i 0.2 -W 1 10.0.0.2 >/dev/null && fail "it gets through"
	in_ns sa ping -q -c 3 -i 0.2 -W 1 2001:db8:a::2 >/dev/null && fail "it gets through over IPv6"
	until_ok 10 eval "((\$(stat no-route) >= $before + 6))"
	want_between "counted" $(($(stat no-route) - before)) 6 12
	capture_stop
	want "in the clear" "$(captured 'ip proto 47 or ip6 proto 47')" 0
}

in_the_clear() {
	NAME="what comes in the clear is dropped and counted; with policies or without any"
	local round before rx
	rx() { ip -n sa -s -j link show eth0 | jq '.[0].stats64.rx.packets'; }
	for round in bare policies; do
		[[ $round == policies ]] && protect
		before=$(stat unprotected) rx=$(rx)
		in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" ip:$OWN4,$GW4 gre:7 ip:10.0.0.2,10.0.0.10 echo
		unprotected "$round" "$before" 8 14
		before=$(stat unprotected)
		in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" ip:$OWN6,$GW6 gre:7 ip:2001:db8:a::2,2001:db8:a::10 echo
		unprotected "$round over IPv6" "$before" 8 14
		settle
		want "$round: at the server" "$(rx)" "$rx"
	done
	# A tunnel that is not secure takes them, unless a policy of the kernel forbids it.
	ok "not secure" slr tunnel set acme4 secure off
	before=$(stat unprotected)
	in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" ip:$OWN4,$GW4 gre:7 ip:10.0.0.2,10.0.0.10 echo
	unprotected "by the policy" "$before" 8 14
	ip -n gw xfrm policy flush
	rx=$(rx)
	in_ns ca python3 "$FORGE" -n 8 c0 "$GATEWAY" ip:$OWN4,$GW4 gre:7 ip:10.0.0.2,10.0.0.10 echo
	until_ok 10 eval "((\$(rx) >= $((rx + 8))))" || fail "an open tunnel without a policy takes nothing"
	ok "secure" slr tunnel set acme4 secure on
}

vouching() {
	NAME="an association with one site vouches for no packet of another"
	local before
	protect
	# vouch OWN CLAIMED GATEWAY TYPE INNER TO: the association that cb has with the gateway is used for
	# packets in the name of the other site.
	vouch() {
		associate gw "$1" "$3" 3001
		associate cb "$2" "$3" 3001
		policy cb out "$2" "$3"
		addr cb c0 "$2/$7"
		defer ip -n cb addr del "$2/$7" dev c0
		ip -n cb link add f0 type "$4" local "$2" remote "$3" key 7
		ip -n cb link set f0 up
		addr cb f0 "$5"
		before=$(stat unprotected)
		in_ns cb ping -q -c 4 -i 0.2 -W 1 "$6" >/dev/null && fail "it gets through to $6"
		unprotected "in the name of $2" "$before" 4 12
		ip -n cb link del f0
	}
	local rx
	rx=$(ip -n sa -s -j link show eth0 | jq '.[0].stats64.rx.packets')
	vouch 198.51.100.6 $OWN4 $GW4 gre 10.0.0.2/24 10.0.0.10 32
	vouch 2001:db8:2::2 $OWN6 $GW6 ip6gre 2001:db8:a::2/64 2001:db8:a::10 128
	want "at the server" "$(ip -n sa -s -j link show eth0 | jq '.[0].stats64.rx.packets')" "$rx"
}

configured() {
	NAME="secure and peers are shown; kept in the configuration; and refused where they mean nothing"
	want "shown" "$(slr -j tunnel show acme4 | jq '.[0].secure')" true
	want_match "text" "$(slr tunnel show acme4)" ' secure on'
	ok "peers" slr tunnel set acme4 peers 198.51.100.0/30,203.0.113.0/24
	slr conf show >"$TMP/a"
	want_match "conf" "$(cat "$TMP/a")" 'acme4 .*secure on peers 198.51.100.0/30,203.0.113.0/24'
	ok "load" slr conf load "$TMP/a"
	slr conf show | ok "fixed point" cmp "$TMP/a" -
	want "json" "$(slr -j conf show | jq -c '.tunnel[0].peers')" '["198.51.100.0/30","203.0.113.0/24"]'
	sed -i 's/ peers [^ ]*//' "$TMP/a"
	ok "without" slr conf load "$TMP/a"
	want "peers" "$(slr -j tunnel show acme4 | jq -c '.[0].peers // []')" '[]'
	refused "on a link" 1 'link' slr tunnel add v type vlan dev a0 vid 7 customer acme secure on
	refused "peers on a link" 1 'link' slr tunnel add v type vlan dev a0 vid 7 customer acme peers 10.0.0.0/8
}

required() {
	local gre="type gre customer acme local $GW4 remote 198.51.100.6"
	NAME="where tunnels must be secure those in the clear are refused; unless they are meant so"
	ok "open" slr tunnel add open $gre key 9
	refused "the rule with an open one" 1 'tunnel open is not secure: say secure on or clear on' \
		slr settings set require-secure on
	want "not half" "$(slr -j settings show | jq '."require-secure"')" false
	slr conf show | sed '/^tunnel open /s/$/ clear on/; $asettings require-secure on' >"$TMP/a"
	ok "both at once" slr conf load "$TMP/a"
	defer slr settings set require-secure off
	want "shown" "$(slr -j settings show | jq '."require-secure"')" true
	want_match "text" "$(slr tunnel show open)" ' clear on'
	refused "another" 1 'tunnel more is not secure: say secure on or clear on' \
		slr tunnel add more $gre key 10
	ok "meant so" slr tunnel add more $gre key 10 clear on
	refused "no more secure" 1 'tunnel acme4 is not secure' slr tunnel set acme4 secure off
	refused "both" 1 'secure or clear, not both' slr tunnel set acme4 clear on
	ok "port" slr tunnel add v type vlan dev b0 vid 7 customer acme
	refused "clear on a link" 1 'link' slr tunnel set v clear on
	slr conf show >"$TMP/a"
	want_match "conf" "$(cat "$TMP/a")" 'settings .*require-secure on'
	ok "load" slr conf load "$TMP/a"
	slr conf show | ok "fixed point" cmp "$TMP/a" -
	sed 's/ clear on//' "$TMP/a" >"$TMP/b"
	refused "a file with an open one" 1 'is not secure' slr conf load "$TMP/b"
	slr conf show | ok "nothing is changed" cmp "$TMP/a" -
	sed '/^settings/d; s/ clear on//' "$TMP/a" >"$TMP/b"
	ok "a file without the rule" slr conf sync "$TMP/b"
	want "rule" "$(slr -j settings show | jq '."require-secure"')" false
	ok "undo" slr -b - <<-END
		tunnel del open
		tunnel del more
		tunnel del v
	END
}

setup
web sa 80
run_tests configured required encrypted no_policy_out no_association in_the_clear vouching
