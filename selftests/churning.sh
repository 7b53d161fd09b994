# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of churn use besides lib.sh: everything changes at once, under
# traffic whose every byte is looked at. Sourced, never run.
#
# The script that reads this sets
#
#   TRAFFIC   of each client a line "NAMESPACE ADDRESS PORT"
#   GENTLE    the functions whose turns traffic must not notice, an array
#   ROUGH     those that break what is under way
#
# and defines configure, which has all that is configured made anew.
# SLR_CHURN_SECONDS is for each test; `make soak` gives many. How far it is goes to
# $SLR_PROGRESS every few seconds, if that is set.

# shellcheck source=selftests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

ASKING=()
LASTS=${SLR_CHURN_SECONDS:-$((5 * SLOW))}

# --- the traffic -----------------------------------------------------------------

# serve NS PORT: an echo server, until the script ends.
serve() {
	in_ns "$1" python3 "$here/traffic.py" serve "$2" >/dev/null 2>&1 &
	disown
	until_ok 20 listening "$1" tcp "$2" || fail "$1 does not listen"
}

# ask PATIENCE: traffic of all clients until the next call or the test's end.
ask() {
	local n=0 ns address port
	hush
	rm -f "$TMP"/ask-*
	while read -r ns address port; do
		n=$((n + 1))
		ip netns exec "$ns" python3 "$here/traffic.py" ask "$TMP/ask-$n" "$1" "$address" "$port" 2>"$TMP/err-$n" &
		ASKING+=($!)
	done <<<"$TRAFFIC"
	defer hush
}

hush() {
	reap "${ASKING[@]}"
	ASKING=()
}

# flowing N: whether all clients have made more than so many connections and exchanges.
flowing() {
	cat "$TMP"/ask-? 2>/dev/null |
		jq -se "length == $(wc -l <<<"$TRAFFIC") and (map([.connections, .datagrams]|min)|min) > $1"
}

# asked FIELD: of all clients together.
asked() { cat "$TMP"/ask-? 2>/dev/null | jq -s "map(.$1)|add // 0"; }

# --- the churn -------------------------------------------------------------------

# Turns that are taken at once: enough for two processors, and few enough that a turn soon ends.
WORKERS=4

# work TURN...: one of them after the other, in an order of chance, none that is being taken already,
# until told to stop; counts them.
work() {
	local turn
	while :; do
		for turn in $(shuf -e "$@"); do
			[[ ! -e $TMP/stop ]] || return
			(
				flock -n 9 || exit
				"$turn"
				echo $((1 + $(cat "$TMP/turns-$turn" 2>/dev/null || echo 0))) >"$TMP/turns-$turn"
			) >/dev/null 2>&1 9>"$TMP/lock-$turn"
		done
	done
}

turns() { cat "$TMP"/turns-* 2>/dev/null | paste -sd+ | bc; }

# --- turns that break what is under way ----------------------------------------

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
	printf '# %4d s: %s; %s turns; %s MB\n' "$1" \
		"$(cat "$TMP"/ask-? 2>/dev/null | jq -sr 'def sum(f): map(f)|add; "\(sum(.connections)) connections, \(sum(.datagrams)) datagrams, \(sum(.bytes)/1e6|floor) MB; \(sum(.lost)) lost, \(sum(.failed)) failed, \(sum(.corrupt)) corrupt"')" \
		"$(turns)" "$(awk '/^(Slab|Percpu|VmallocUsed):/ { s += $2 } END { print int(s / 1024) }' /proc/meminfo)" >>"$SLR_PROGRESS"
}

# churn SECONDS TURN...: all of them, several at once, for so long and until each was taken.
churn() {
	local until=$((SECONDS + $1)) start=$SECONDS pids=() i
	shift
	rm -f "$TMP"/turns-* "$TMP/stop"
	for ((i = 0; i < WORKERS; i++)); do
		work "$@" &
		pids+=($!)
	done
	while ((SECONDS < until)) || { (($(untaken "$@") > 0)) && ((SECONDS < until + 300 * SLOW)); }; do
		sleep 2
		progress $((SECONDS - start))
	done
	touch "$TMP/stop"
	wait "${pids[@]}"
	want "never taken" "$(untaken "$@")" 0
}

# untaken TURN...: how many of them were never taken.
untaken() {
	local turn n=0
	for turn in "$@"; do [[ -e $TMP/turns-$turn ]] || n=$((n + 1)); done
	echo $n
}

gentle() {
	NAME="traffic does not notice what changes around it; and memory stays flat"
	local before after
	configure
	# What is made once and kept is made in the first turns.
	ask $((20 * SLOW))
	churn 0 "${GENTLE[@]}"
	hush
	before=$(memory_kb)
	ask $((20 * SLOW))
	until_ok 30 flowing 10 || fail "no traffic: $(cat "$TMP"/ask-*)"
	churn "$LASTS" "${GENTLE[@]}"
	diag "$(asked connections) connections, $(asked datagrams) datagrams, $(asked bytes) bytes, $(asked lost) lost, $(turns) turns"
	want "corrupt" "$(asked corrupt)" 0
	want "failed connections" "$(asked failed)" 0
	diag "$(cat "$TMP"/ask-?)"
	hush
	after=$(memory_kb)
	diag "kernel memory: $before kB before, $after kB after"
	# Debug kernels keep stacks, and what was freed for a while; they look for leaks at the end.
	want_between "growth of memory in kB" $((after - before)) -100000 $((2048 * SLOW + before / 50))
}

rough() {
	NAME="the module; cables and ports come and go under traffic and churn; which goes on after it"
	configure
	ask 5
	until_ok 30 flowing 10 || fail "no traffic: $(cat "$TMP"/ask-*)"
	churn "$LASTS" "${GENTLE[@]}" "${ROUGH[@]}"
	want "corrupt" "$(asked corrupt)" 0
	diag "$(asked connections) connections, $(asked datagrams) datagrams, $(asked failed) failed, $(asked lost) lost, $(turns) turns"
	configure
	ask $((20 * SLOW))
	until_ok 60 flowing 5 || fail "no traffic afterwards: $(cat "$TMP"/ask-*)"
}
