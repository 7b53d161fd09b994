#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How the server of a new flow is chosen.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113.1
S=$V:80/tcp
fresh() { # fresh SCHEDULER W1 W2 W3 [SERVICE OPTIONS]
	local h sched=$1 w=("$2" "$3" "$4")
	shift 4
	slr_reset
	ports_up
	slr service add $S scheduler "$sched" "$@"
	for h in 1 2 3; do slr server add 10.2.0.1$h:80 weight "${w[h - 1]}" service $S; done
}
shares() { jq -c '[."h1:80" // 0, ."h2:80" // 0, ."h3:80" // 0]' <<<"$1"; }
# hold_open N: N connections that stay.
hold_open() {
	local i
	for ((i = 0; i < $1; i++)); do
		cl socat -u "TCP:$V:80" /dev/null &
		defer "reap $!"
	done
	until_ok 15 eval "[[ \$(flows state established) == $1 ]]" || fail "only $(flows state established) of $1"
}
# from ADDRESS URL: asks as a client with that address.
from() { get --interface "$1" "$2" | cut -d' ' -f1; }

round_robin() {
	NAME="rr gives each server its turn"
	fresh rr 1 5 1
	want shares "$(shares "$(spread 12 http://$V/)")" '[4,4,4]'
}

weighted_round_robin() {
	NAME="wrr gives each server its weight; and none to weight 0"
	fresh wrr 1 2 3
	want shares "$(shares "$(spread 12 http://$V/)")" '[2,4,6]'
	ok weight slr server set 10.2.0.13:80 weight 0
	want shares "$(shares "$(spread 6 http://$V/)")" '[2,4,0]'
}

least_connections() {
	NAME="lc fills the server with the fewest connections"
	fresh lc 1 1 1
	hold_open 6
	want flows "$(slr -j server show | jq -c 'sort_by(.server)|[.[].flows]')" '[2,2,2]'
}

weighted_least_connections() {
	NAME="wlc fills the servers in the ratio of their weights"
	fresh wlc 1 2 3
	hold_open 12
	want flows "$(slr -j server show | jq -c 'sort_by(.server)|[.[].flows]')" '[2,4,6]'
}

many_clients() {
	local i
	for ((i = 1; i <= $1; i++)); do ip -n cl addr add "198.51.100.$((100 + i))/32" dev c0 2>/dev/null; done
	defer "for i in \$(seq 1 $1); do ip -n cl addr del 198.51.100.\$((100+i))/32 dev c0; done"
}

source_hash() {
	NAME="source-hash keeps a client at its server"
	fresh source-hash 1 1 1
	many_clients 8
	local i first all=
	for i in $(seq 1 8); do
		first=$(from "198.51.100.$((100 + i))" http://$V/)
		want "second time" "$(from "198.51.100.$((100 + i))" http://$V/)" "$first"
		all+="$first "
	done
	want_between "servers used" "$(tr ' ' '\n' <<<"$all" | grep . | sort -u | wc -l)" 2 3
}

maglev() {
	NAME="maglev moves few clients when a server goes; and shares them evenly"
	fresh maglev 1 1 1 table-size 4093 persist 0
	many_clients 24
	local i before=() after moved=0 gone=0
	for i in $(seq 1 24); do before[i]=$(from "198.51.100.$((100 + i))" http://$V/); done
	want_between "share of h1" "$(printf '%s\n' "${before[@]}" | grep -c h1)" 2 17
	ok unbind slr binding del $S 10.2.0.13:80
	for i in $(seq 1 24); do
		after=$(from "198.51.100.$((100 + i))" http://$V/)
		if [[ ${before[i]} == h3:80 ]]; then gone=$((gone + 1)); elif [[ $after != "${before[i]}" ]]; then moved=$((moved + 1)); fi
	done
	want_between "clients that had h3" $gone 2 17
	want_between "clients moved without need (source ports differ per request)" $moved 0 24
	refused "a size that is no prime" 1 'prime' slr service set $S table-size 4094
	ok "another size" slr service set $S table-size 65537
	want_match "still served" "$(server_of http://$V/)" '^h[12]:80$'
}

fastest() {
	NAME="fastest prefers the server that answers soonest; and comes back when it is mended"
	fresh fastest 1 1 1
	ok delay tc -n h1 qdisc add dev eth0 root netem delay 60ms
	ok delay tc -n h3 qdisc add dev eth0 root netem delay 60ms
	spread 9 http://$V/ >/dev/null
	local got
	got=$(spread 14 http://$V/)
	want_between "share of the fast one" "$(jq '."h2:80" // 0' <<<"$got")" 9 14
	want_between "time of a slow one (us)" "$(slr -j server show 10.2.0.11:80 | jq '.[0].rtt')" 40000 400000
	tc -n h1 qdisc del dev eth0 root
	tc -n h3 qdisc del dev eth0 root
	spread 40 http://$V/ >/dev/null
	want_between "servers used again" "$(spread 16 http://$V/ | jq length)" 2 3
}

persistence() {
	NAME="a client keeps its server for the time set; under the mask set"
	fresh rr 1 1 1 persist 3 persist-mask 32
	want "one client" "$(spread 5 http://$V/ | jq length)" 1
	many_clients 3
	local a b
	a=$(from 198.51.100.101 http://$V/)
	b=$(from 198.51.100.102 http://$V/)
	[[ $a != "$b" ]] || fail "two clients were given one server by round robin"
	ok mask slr service set $S persist-mask 24
	slr flow del >/dev/null
	sleep 4
	a=$(from 198.51.100.101 http://$V/)
	want "under a /24" "$(from 198.51.100.102 http://$V/)" "$a"
	sleep 4
	want_between "after the time" "$(for _ in 1 2 3; do server_of http://$V/; sleep 4; done | sort -u | wc -l)" 2 3
}

persistence_is_bounded() {
	NAME="clients beyond flows-max are scheduled each time; those remembered keep their servers"
	fresh rr 1 1 1 persist 600
	many_clients 3
	defer "ip netns exec gw $SLR settings set flows-max 1048576"
	ok limit slr settings set flows-max 2
	local a b i
	# Flows are deleted, for the same limit is theirs.
	a=$(from 198.51.100.101 http://$V/) && slr flow del >/dev/null
	b=$(from 198.51.100.102 http://$V/) && slr flow del >/dev/null
	want "servers of the third" "$(for i in 1 2 3; do
		from 198.51.100.103 http://$V/
		slr flow del >/dev/null
	done | sort -u | wc -l)" 3
	want "the first" "$(from 198.51.100.101 http://$V/)" "$a"
	slr flow del >/dev/null
	want "the second" "$(from 198.51.100.102 http://$V/)" "$b"
}

net_up
for h in 1 2 3; do web h$h 80; done
run_tests round_robin weighted_round_robin least_connections weighted_least_connections source_hash maglev fastest persistence persistence_is_bounded
