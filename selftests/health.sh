#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers that do not answer, drain, fail over and come back.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
S=$V:80/tcp
cond() { slr -j server show "$1" | jq -r '.[0].condition'; }
is() { [[ $(cond "$1") == "$2" ]]; }
fresh() {
	slr_reset
	ports_up
	slr service add $S scheduler rr timeout syn 1 "$@"
}
# silent NS: like a server whose cable was pulled
silent() {
	ip -n "$1" link set eth0 down
	defer "ip -n $1 link set eth0 up; ip -n $1 route replace default via 10.2.0.1"
	ip -n gw neigh replace "10.2.0.1${1#h}" lladdr 02:00:00:00:00:99 dev g1 nud permanent
	defer "ip -n gw neigh del 10.2.0.1${1#h} dev g1"
}

refusals() {
	NAME="a server that refuses connections is failed at its threshold; and left out"
	fresh
	slr server add 10.2.0.11:9 threshold 3 hold 0 service $S
	local i
	for i in 1 2; do want "refusal $i" "$(get http://$V/)" "[7]"; done
	want "below the threshold" "$(cond 10.2.0.11:9)" up
	want "failures" "$(slr -j server show 10.2.0.11:9 | jq '.[0].failures')" 2
	want "refusal 3" "$(get http://$V/)" "[7]"
	want "at the threshold" "$(cond 10.2.0.11:9)" failed
	slr server add 10.2.0.12:8001 service $S
	want "the other one" "$(spread 4 http://$V/ | jq -c .)" '{"h2:8001":4}'
}

success_resets_the_run() {
	NAME="an answer in between starts the count of failures anew"
	fresh
	slr server add 10.2.0.13:8009 threshold 3 hold 0 service $S
	get http://$V/ >/dev/null; get http://$V/ >/dev/null
	want failures "$(slr -j server show 10.2.0.13:8009 | jq '.[0].failures')" 2
	web h3 8009
	want answered "$(server_of http://$V/)" h3:8009
	want failures "$(slr -j server show 10.2.0.13:8009 | jq '.[0].failures')" 0
	want "failures in all" "$(slr -j server show 10.2.0.13:8009 | jq '.[0]."failures-total"')" 2
}

silence() {
	NAME="unanswered SYNs count as ditched connections; at the threshold an event is sent"
	fresh
	silent h1
	slr server add 10.2.0.11:8001 threshold 3 hold 0 service $S
	monitor_up "$TMP/events" -j monitor health
	local i
	for i in 1 2 3; do get -m 0.5 http://$V/ >/dev/null; done
	until_ok 15 is 10.2.0.11:8001 failed || fail "condition $(cond 10.2.0.11:8001)"
	want failures "$(slr -j server show 10.2.0.11:8001 | jq '.[0].failures')" 3
	until_ok 10 grep -q failed "$TMP/events" || fail "no event: $(cat "$TMP/events")"
	want_match event "$(cat "$TMP/events")" '10.2.0.11:8001'
}

backup_server() {
	NAME="a failed server is replaced by its backup; at the mapped port"
	fresh
	slr server add 10.2.0.12:8001
	slr server add 10.2.0.11:9 threshold 1 hold 0 backup 10.2.0.12:8001 service $S
	get http://$V/ >/dev/null
	want failed "$(cond 10.2.0.11:9)" failed
	want backup "$(spread 3 http://$V/ | jq -c .)" '{"h2:8001":3}'
}

backup_service() {
	NAME="a virtual host that cannot be served is served by its backup; under its own address"
	fresh
	slr service add 203.0.113.2:80/tcp
	slr server add 10.2.0.13:8001 service 203.0.113.2:80/tcp
	slr service set $S backup 203.0.113.2:80/tcp
	slr server add 10.2.0.11:9 threshold 1 hold 0 service $S
	get http://$V/ >/dev/null
	capture cl c0 tcp
	want "by the backup" "$(server_of http://$V/)" h3:8001
	capture_stop
	want "address of the backup at the client" "$(captured host 203.0.113.2)" 0
	ok "state down" slr service set 203.0.113.2:80/tcp state down
	want "nobody left" "$(get http://$V/)" "[7]"
	want_between "no-server" "$(stat no-server)" 1 99
}

service_state() {
	NAME="a virtual host set down is treated as failed; and set up again is served"
	fresh
	slr server add 10.2.0.11:8001 service $S
	want up "$(server_of http://$V/)" h1:8001
	ok down slr service set $S state down
	want down "$(get http://$V/)" "[7]"
	want condition "$(slr -j service show $S | jq -r '.[0].condition')" down
	ok up slr service set $S state up
	want up "$(server_of http://$V/)" h1:8001
}

retry_after_hold() {
	NAME="a failed server is tried again after its hold time"
	fresh
	slr server add 10.2.0.13:8010 threshold 1 hold 2 service $S
	get http://$V/ >/dev/null
	want failed "$(cond 10.2.0.13:8010)" failed
	web h3 8010
	until_ok 15 eval '[[ $(server_of http://'$V'/) == h3:8010 ]]' || fail "not tried again"
	want back "$(cond 10.2.0.13:8010)" up
}

retry_by_command() {
	NAME="with hold manual it comes back only by command"
	fresh
	slr server add 10.2.0.13:8011 threshold 1 hold manual service $S
	get http://$V/ >/dev/null
	web h3 8011
	sleep 3
	want "still failed" "$(cond 10.2.0.13:8011)" failed
	want "still refused" "$(get http://$V/)" "[7]"
	ok up slr server set 10.2.0.13:8011 state up
	want "by command" "$(server_of http://$V/)" h3:8011
}

drain() {
	NAME="a draining server keeps its flows; gets no new ones; and says when it is empty"
	fresh timeout closed 1 timeout fin 1
	slr server add 10.2.0.11:8001 service $S
	slr server add 10.2.0.12:8001 service $S
	head -c 2000000 /dev/urandom >"$TMP/www/big"
	fetch --limit-rate 400k -m 30 http://$V/big >"$TMP/got" &
	local pid=$! s
	until_ok 15 eval '[[ $(flows state established) == 1 ]]'
	s=$(live virtual $V state established | jq -r '.[0].server')
	monitor_up "$TMP/events" -j monitor health
	ok drain slr server set "$s" state drain
	want "what remains" "$(slr -j server show "$s" | jq '.[0].flows')" 1
	want "new flows" "$(spread 4 http://$V/ | jq length)" 1
	wait $pid
	want "the living one" "$(sha256sum <"$TMP/got")" "$(sha256sum <"$TMP/www/big")"
	until_ok 10 grep -q "\"$s\"" "$TMP/events" || fail "no event when empty: $(cat "$TMP/events")"
	want "empty" "$(slr -j server show "$s" | jq '.[0].flows')" 0
}

drain_deadline() {
	NAME="at the drain deadline the flows left are reset"
	fresh
	slr server add 10.2.0.11:8001 drain-timeout 10 service $S
	cl socat -u "TCP:$V:80" /dev/null &
	local pid=$!
	defer "reap $pid"
	until_ok 15 eval '[[ $(flows state established) == 1 ]]'
	ok drain slr server set 10.2.0.11:8001 state drain
	want_between "seconds left" "$(slr -j server show 10.2.0.11:8001 | jq '.[0]."drain-left"')" 1 10
	until_ok 25 eval '[[ $(flows state established) == 0 ]]' || fail "flow lives on"
}

limit() {
	NAME="beyond a server's limit new flows go to the next; and when all are full they are refused"
	fresh
	slr server add 10.2.0.11:8001 limit 2 service $S
	slr server add 10.2.0.12:8001 limit 1 service $S
	local i before
	for i in 1 2 3; do
		cl socat -u "TCP:$V:80" /dev/null &
		defer "reap $!"
	done
	until_ok 15 eval '[[ $(flows state established) == 3 ]]' || fail "$(slr flow show)"
	want shares "$(slr -j server show | jq -c 'sort_by(.server)|[.[].flows]')" '[2,1]'
	before=$(stat server-limit)
	want refused "$(get http://$V/)" "[7]"
	want_between "server-limit" $(($(stat server-limit) - before)) 1 3
}

net_up
mkdir -p "$TMP/www"
web h1 8001
web h2 8001
web h3 8001
run_tests refusals success_resets_the_run silence backup_server backup_service service_state \
	retry_after_hold retry_by_command drain drain_deadline limit
