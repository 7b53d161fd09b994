#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The command and the configuration file.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113
example() {
	cat <<-X
		port g0 side client
		port g1 side server
		service $V.1:80/tcp scheduler wrr persist 30
		service $V.2:8000-8099/udp
		service [2001:db8:cafe::1]:80/tcp scheduler maglev
		server 10.2.0.11:8001 weight 3 threshold 2
		server 10.2.0.12
		server [2001:db8:2::11]:80
		binding $V.1:80/tcp 10.2.0.11:8001
		binding $V.1:80/tcp 10.2.0.12 port 8002 weight 7 snat auto
		binding $V.2:8000-8099/udp 10.2.0.12 port 9000-9099
		binding [2001:db8:cafe::1]:80/tcp [2001:db8:2::11]:80
	X
}

fixed_point() {
	NAME="conf show and load are a fixed point; and restore what was there"
	slr_reset
	ok load eval "example | slr conf load -"
	slr conf show >"$TMP/a"
	want_match "what it shows" "$(cat "$TMP/a")" 'binding 203.0.113.1:80/tcp 10.2.0.12 port 8002'
	slr_reset
	want "emptied" "$(slr conf show | grep -cE '^(service|server|binding|port)')" 0
	ok again slr conf load "$TMP/a"
	slr conf show >"$TMP/b"
	ok same cmp "$TMP/a" "$TMP/b"
}

in_order() {
	NAME="lists come in the order of their names; text and JSON"
	slr_reset
	ports_up
	local n wanted list
	for n in 9 100 10 2 33; do
		ok service slr service add $V.$n:80/tcp
		ok server slr server add 10.2.0.$n:8001 service $V.$n:80/tcp
	done
	ok service slr service add $V.10:79/tcp
	wanted="$V.2:80/tcp $V.9:80/tcp $V.10:79/tcp $V.10:80/tcp $V.33:80/tcp $V.100:80/tcp"
	list=$(slr service show | grep -oE '^203[^ ]*')
	want services "$(xargs <<<"$list")" "$wanted"
	want "services; JSON" "$(slr -j service show | jq -r 'map(.service)|join(" ")')" "$wanted"
	want servers "$(slr -j server show | jq -r 'map(.server|split("[.:]";"")[3])|join(" ")')" "2 9 10 33 100"
	want bindings "$(slr -j binding show | jq -r 'map(.server|split("[.:]";"")[3])|join(" ")')" "2 9 10 33 100"
	want ports "$(slr -j port show | jq -r 'map(.port)|join(" ")')" "g0 g1"
	want "conf show" "$(slr conf show | awk '/^service/ {print $2}' | xargs)" "$wanted"
	slr conf show >"$TMP/a"
	tac "$TMP/a" | sort -rs -k1,1.4 >"$TMP/other" # another order within each kind
	ok load slr conf load "$TMP/other"
	slr conf show >"$TMP/b"
	ok "the same from another order" cmp "$TMP/a" "$TMP/b"
}

all_or_nothing() {
	NAME="a file with an error changes nothing; and every error names file; line and column"
	slr_reset
	example | slr conf load -
	slr conf show >"$TMP/a"
	printf 'service %s.7:80/tcp\nservice %s.7:80/tcp\nserver 10.2.0.300\nbinding %s.7:80/tcp 10.9.9.9\n' $V $V $V >"$TMP/bad"
	local out
	out=$(slr conf load "$TMP/bad" 2>&1)
	want status $? 1
	want_match "line 2" "$out" "bad:2:[0-9]+"
	want_match "line 3" "$out" "bad:3:[0-9]+"
	want_match "line 4" "$out" "bad:4:[0-9]+"
	slr conf show >"$TMP/b"
	ok unchanged cmp "$TMP/a" "$TMP/b"
	ok "check a good one" slr conf check "$TMP/a"
	slr conf check "$TMP/bad" >/dev/null 2>&1 && fail "conf check took a bad file"
	printf 'port nosuch0\n' >"$TMP/nodev"
	refused "device that is not there" 1 'nosuch0' slr conf load "$TMP/nodev"
	slr conf show >"$TMP/b"
	ok "still unchanged" cmp "$TMP/a" "$TMP/b"
}

sync_keeps_flows() {
	NAME="conf sync makes the least changes and keeps flows"
	slr_reset
	example | slr conf load -
	cl socat -u "TCP:$V.1:80" /dev/null &
	defer "reap $!"
	until_ok 15 eval '[[ $(flows state established) == 1 ]]' || fail "not established"
	local before
	before=$(slr -j settings show | jq .generation 2>/dev/null || slr -j settings show | jq '.[0].generation')
	example | sed 's/weight 3/weight 4/; /udp/d' >"$TMP/new"
	ok sync slr conf sync "$TMP/new"
	want "flow" "$(flows state established)" 1
	want "weight" "$(slr -j server show 10.2.0.11:8001 | jq '.[0].weight')" 4
	want "gone" "$(slr -j service show | jq length)" 2
	ok "sync again" slr conf sync "$TMP/new"
	ok "load keeps flows of what stays" slr conf load "$TMP/new"
	want "flow after load" "$(flows state established)" 1
	: "$before"
}

big_file() {
	NAME="10000 services load as one change"
	slr_reset
	local i
	{
		for ((i = 0; i < 10000; i++)); do echo "service 203.$((i / 62500 + 1)).$((i / 250 % 250)).$((i % 250)):80/tcp"; done
		echo "server 10.2.0.11:8001"
		for ((i = 0; i < 10000; i++)); do echo "binding 203.$((i / 62500 + 1)).$((i / 250 % 250)).$((i % 250)):80/tcp 10.2.0.11:8001"; done
		echo "port g0"
		echo "port g1"
	} >"$TMP/big"
	local t=$SECONDS
	ok load slr conf load "$TMP/big"
	diag "loaded in about $((SECONDS - t)) s under emulation"
	want services "$(slr -j service show | jq length)" 10000
	ip -n cl route add 203.1.0.0/16 via 198.51.100.1
	want "first" "$(server_of http://203.1.0.0/)" h1:8001
	want "last" "$(server_of http://203.1.39.249/)" h1:8001
	slr conf show >"$TMP/out"
	want lines "$(grep -c '^binding' "$TMP/out")" 10000
	ok empty eval "printf '' | slr conf load -"
	want "emptied" "$(slr -j service show | jq length)" 0
}

json_everywhere() {
	NAME="every show speaks JSON; with counters when asked"
	slr_reset
	example | slr conf load -
	get http://$V.1/ >/dev/null
	local o
	for o in "port show" "service show" "server show" "binding show" "flow show" "stats show" "settings show" "conf show"; do
		# shellcheck disable=SC2086
		slr -j $o | jq -e . >/dev/null || fail "$o: no JSON"
	done
	want_between "packets of the service" "$(slr -j -s service show $V.1:80/tcp | jq '.[0].counters."packets-in"')" 3 100
	want_match "text counters" "$(slr -s service show $V.1:80/tcp)" 'packets-in|[Pp]ackets'
}

wrong_words() {
	NAME="wrong words: one sentence; status 2; refusals: one sentence; status 1"
	slr_reset; ports_up
	refused "object" 2 'unknown|unrecognized' slr nothing
	refused "keyword" 2 'colour' slr service add $V.1:80/tcp colour red
	refused "address" 2 '300.1.1.1' slr service add 300.1.1.1:80/tcp
	refused "value missing" 2 'weight' slr server add 10.2.0.11 weight
	refused "number" 2 'weight' slr server add 10.2.0.11 weight many
	refused "too large" '1' 'weight|65535' slr server add 10.2.0.11 weight 70000
	refused "device" 1 'nosuch' slr port add nosuch
	refused "attached twice" 1 'g0|exists|attached' slr port add g0
	refused "not there" 1 "$V.9" slr service del $V.9:80/tcp
	refused "customer" 1 'customer' slr port set g0 customer 7
	refused "file" 1 'nosuchfile' slr conf load "$TMP/nosuchfile"
	want "nothing was made" "$(slr -j service show | jq length)" 0
	want "help" "$(slr help >/dev/null; echo $?)" 0
	want "help of an object" "$(slr service help >/dev/null; echo $?)" 0
}

no_permission() {
	NAME="without permission; and without the module: one sentence that says what to do"
	refused "user" 1 'root|CAP_NET_ADMIN|ermi' gw setpriv --reuid 65534 --clear-groups "$SLR" service show
}

batch() {
	NAME="a batch runs line by line and names the line that fails"
	slr_reset
	printf 'port add g0\nport add g1\nservice add %s.1:80/tcp\nserver add 10.2.0.11:8001 service %s.1:80/tcp\n' $V $V >"$TMP/b"
	ok batch slr -b "$TMP/b"
	want served "$(server_of http://$V.1/)" h1:8001
	printf 'service add %s.2:80/tcp\nservice add %s.2:80/tcp\nservice add %s.3:80/tcp\n' $V $V $V >"$TMP/b"
	local out
	out=$(slr -b "$TMP/b" 2>&1)
	want status $? 1
	want_match "line" "$out" ':2'
	want "stopped there" "$(slr -j service show $V.3:80/tcp 2>/dev/null | jq length 2>/dev/null)" ""
}

monitor() {
	NAME="monitor shows changes as they happen"
	slr_reset
	monitor_up "$TMP/mon" monitor
	slr service add $V.1:80/tcp
	slr server add 10.2.0.11:8001 service $V.1:80/tcp
	slr binding del $V.1:80/tcp 10.2.0.11:8001
	until_ok 15 grep -q 'del.*binding\|binding.*del' "$TMP/mon" || fail "$(cat "$TMP/mon")"
	want_match service "$(cat "$TMP/mon")" 'service 203.0.113.1:80/tcp'
	want_match server "$(cat "$TMP/mon")" 'server 10.2.0.11:8001'
}

explain() {
	NAME="explain says what would happen; and it is what happens"
	slr_reset
	example | slr conf load -
	local out
	out=$(slr -j explain from 198.51.100.2:40000 to $V.1:80 proto tcp dev g0)
	want_match verdict "$out" '10\.2\.0\.1[12]'
	out=$(slr explain from 198.51.100.2:40000 to $V.1:81 proto tcp dev g0)
	want_match "port not served" "$out" 'port-not-served'
	out=$(slr explain from 198.51.100.2:40000 to 203.0.113.99:80 proto tcp dev g0)
	want_match "no virtual host" "$out" 'pass|host stack|not.*virtual'
	out=$(slr explain from 198.51.100.2:40000 to $V.1:80 proto tcp dev g0 flags ACK)
	want_match "no flow" "$out" 'no-flow'
	want "it made no flow" "$(flows client-port 40000)" 0
}

every_drop_is_named() {
	NAME="every counter has a name and a sentence"
	slr -j stats show >"$TMP/stats"
	want_between counters "$(jq length "$TMP/stats")" 10 200
	want "without a sentence" "$(jq '[.[]|select((.doc//"")|length < 5)]|length' "$TMP/stats")" 0
	want "names twice" "$(jq -r '.[].name' "$TMP/stats" | sort | uniq -d | wc -l)" 0
}

names_in_the_guide() {
	NAME="the documentation gives names to virtual addresses only"
	local zone
	zone=$(grep -hE 'IN (A|AAAA)' "$(dirname "$0")/../Documentation/guide/README.md")
	want_between "records" "$(wc -l <<<"$zone")" 2 20
	want "real addresses in it" "$(grep -cE ' 10\.|2001:db8:2:' <<<"$zone")" 0
}

net_up
web h1 8001
web h2 8002
run_tests names_in_the_guide fixed_point in_order all_or_nothing sync_keeps_flows big_file json_everywhere wrong_words no_permission batch monitor explain every_drop_is_named
