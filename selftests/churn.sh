#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything changes at once, under traffic whose every byte is looked at: objects,
# devices, namespaces, neighbours, routes, the module itself, while tables are
# listed. SLR_CHURN_SECONDS is for each test; `make soak` gives many. How far it is
# goes to $SLR_PROGRESS every few seconds, if that is set.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(dirname "$(readlink -f "$0")")

V4=203.0.113.1
V6=2001:db8:cafe::1
PORT=7
ASKING=()
LASTS=${SLR_CHURN_SECONDS:-$((10 * SLOW))}

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

serve() {
	local h
	for h in h1 h2 h3; do
		in_ns $h python3 "$here/traffic.py" serve $PORT >/dev/null 2>&1 &
		disown
	done
	for h in 1 2 3; do
		until_ok 20 in_ns h$h ss -Hltn "sport = :$PORT" || fail "h$h does not listen"
	done
}

# ask PATIENCE: traffic of both families until the next call or the test's end.
ask() {
	local v
	hush
	for v in $V4 $V6; do
		rm -f "$TMP/ask-$v"
		cl python3 "$here/traffic.py" ask "$TMP/ask-$v" "$1" $v $PORT 2>"$TMP/ask-$v.err" &
		ASKING+=($!)
	done
	defer hush
}

hush() {
	reap "${ASKING[@]}"
	ASKING=()
}

# flowing N: whether both families have made more than so many connections and exchanges.
flowing() {
	jq -se "length == 2 and (map([.connections, .datagrams]|min)|min) > $1" "$TMP"/ask-"$V4" "$TMP"/ask-"$V6"
}

# asked FIELD: of both families together.
asked() { cat "$TMP"/ask-"$V4" "$TMP"/ask-"$V6" 2>/dev/null | jq -s "map(.$1)|add // 0"; }

# --- what changes -----------------------------------------------------------------
# Each function is one turn; all are repeated at once until the file "stop" is there.

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

# These break what is under way.
turn_module() {
	sleep $((RANDOM % 3 + 2))
	rmmod slr
	insmod "$SLR_KO"
	configure
}

turn_cables() {
	sleep $((RANDOM % 4 + 1))
	ip -n gw link set g1 down
	ip -n gw link set g1 up
	sleep 1
	slr port del g0
	slr port add g0
	ip -n gw link set g0 name g9
	ip -n gw link set g9 name g0
}

# repeat TURN: until told to stop; counts the turns.
repeat() {
	local n=0
	until [[ -e $TMP/stop ]]; do
		"$1" >/dev/null 2>&1
		n=$((n + 1))
		echo $n >"$TMP/turns-$1"
	done
}

turns() { cat "$TMP"/turns-* 2>/dev/null | paste -sd+ | bc; }

# --- the memory that is in use -------------------------------------------------------

# Without flows and without what the kernel would give back when asked.
memory_kb() {
	slr flow del >/dev/null 2>&1
	until_ok 20 eval '[[ $(flows) == 0 ]]'
	sleep 2
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^(SUnreclaim|Percpu|VmallocUsed|KernelStack|PageTables):/ { sum += $2 } END { print sum }' /proc/meminfo
}

progress() {
	[[ -n ${SLR_PROGRESS:-} ]] || return
	printf '# %4d s: %s; %s turns of churn; %s MB of kernel memory\n' "$1" \
		"$(cat "$TMP"/ask-"$V4" "$TMP"/ask-"$V6" 2>/dev/null | jq -sr '"\(map(.connections)|add) connections, \(map(.datagrams)|add) datagrams, \((map(.bytes)|add)/1e6|floor) MB, \(map(.lost)|add) lost, \(map(.failed)|add) failed, \(map(.corrupt)|add) corrupt"')" \
		"$(turns)" "$(awk '/^(Slab|Percpu|VmallocUsed):/ { s += $2 } END { print int(s / 1024) }' /proc/meminfo)" >>"$SLR_PROGRESS"
}

# churn SECONDS TURN...: all of them at once, for so long.
churn() {
	local lasts=$1 t pids=() start=$SECONDS
	shift
	rm -f "$TMP"/turns-* "$TMP/stop"
	for t in "$@"; do
		repeat "$t" &
		pids+=($!)
	done
	while ((SECONDS < start + lasts)); do
		sleep 5
		progress $((SECONDS - start))
	done
	touch "$TMP/stop"
	wait "${pids[@]}"
	for t in "$@"; do
		((1$(cat "$TMP/turns-$t" 2>/dev/null) > 10)) || fail "$t was never done"
	done
}

GENTLE="turn_objects turn_weights turn_transactions turn_devices turn_namespaces turn_listings turn_neighbours turn_flows"

gentle() {
	NAME="traffic does not notice what changes around it; and memory stays flat"
	local before after
	configure
	# What is made once and kept is made in the first turns.
	ask $((20 * SLOW))
	# shellcheck disable=SC2086
	churn $((10 * SLOW)) $GENTLE
	hush
	before=$(memory_kb)
	ask $((20 * SLOW))
	until_ok 30 flowing 10 || fail "no traffic: $(cat "$TMP"/ask-*)"
	# shellcheck disable=SC2086
	churn "$LASTS" $GENTLE
	diag "$(asked connections) connections, $(asked datagrams) datagrams, $(asked bytes) bytes, $(asked lost) lost, $(turns) turns"
	want "corrupt" "$(asked corrupt)" 0
	want "failed connections" "$(asked failed)" 0
	diag "$(cat "$TMP/ask-$V4" "$TMP/ask-$V6")"
	hush
	after=$(memory_kb)
	diag "kernel memory: $before kB before, $after kB after"
	want_between "growth of memory in kB" $((after - before)) -100000 $((2048 + before / 50))
}

rough() {
	NAME="the module; cables and ports come and go under traffic and churn; which goes on after it"
	configure
	ask 5
	until_ok 30 flowing 10 || fail "no traffic: $(cat "$TMP"/ask-*)"
	# shellcheck disable=SC2086
	churn "$LASTS" $GENTLE turn_module turn_cables
	want "corrupt" "$(asked corrupt)" 0
	diag "$(asked connections) connections, $(asked datagrams) datagrams, $(asked failed) failed, $(asked lost) lost, $(turns) turns"
	configure
	ask $((20 * SLOW))
	until_ok 60 flowing 5 || fail "no traffic afterwards: $(cat "$TMP"/ask-*)"
}

net_up
# Addresses of IPv6 would go with the cable.
gw sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1
serve
run_tests gentle rough
