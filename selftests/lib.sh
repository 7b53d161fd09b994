# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What every test uses: results in KTAP, undo beside do, namespaces wired as
# below, real servers and clients in them. Sourced, never run.
#
#        198.51.100.0/24                  10.2.0.0/24
#        2001:db8:100::/64                2001:db8:2::/64
#   +----+               +----+               +-----+--- h1 .11
#   | cl |c0 --------- g0| gw |g1 ----------- | lan |--- h2 .12
#   +----+ .2         .1 +----+ .1            +-----+--- h3 .13
#
# cl, gw, h1, h2, h3 are namespaces; lan is a bridge of its own namespace. The
# module's tables that matter are those of gw. Virtual hosts are 203.0.113.N and
# 2001:db8:cafe::N, which cl reaches over gw and no host owns.

SLR=${SLR:-slr}
# How many times slower than usual the machine is: deadlines are so much longer.
SLOW=${SLR_SLOW:-1}
TMP=$(mktemp -d /tmp/slr-test.XXXXXX)
SCRIPT=$(basename "$0" .sh)
TESTS_RUN=0
TESTS_FAILED=0
DEFER=()

# --- results ---------------------------------------------------------------

# Undo of what was just done; run in reverse order at the end of the test.
defer() { DEFER+=("$*"); }

undo() {
	local undone
	for ((undone = ${#DEFER[@]} - 1; undone >= 0; undone--)); do
		eval "${DEFER[undone]}" >/dev/null 2>&1
	done
	DEFER=()
}

# reap PID...: ends background commands. What runs in a namespace is a child of
# the shell that bash made for the function in_ns.
reap() {
	local p
	for p in "$@"; do
		pkill -KILL -P "$p"
		kill -KILL "$p"
		wait "$p"
	done 2>/dev/null
}

diag() { printf '# %s\n' "$*"; }

# The running test has failed; it goes on, so that one run shows all it can.
fail() {
	RET=1
	diag "FAIL ${FUNCNAME[1]}:${BASH_LINENO[0]}: $*"
}

skip() {
	RET=4
	SKIP_WHY=$*
}

# want WHAT GOT WANTED
want() {
	[[ "$2" == "$3" ]] && return 0
	fail "$1: got '$2', wanted '$3'"
}

# want_match WHAT GOT REGEX
want_match() {
	[[ "$2" =~ $3 ]] && return 0
	fail "$1: got '$2', wanted something like '$3'"
}

# want_between WHAT GOT LOW HIGH
want_between() {
	[[ "$2" =~ ^-?[0-9]+$ ]] && (($2 >= $3 && $2 <= $4)) && return 0
	fail "$1: got '$2', wanted $3..$4"
}

# ok WHAT COMMAND...: the command must succeed; its output is shown if not.
ok() {
	local what=$1 out
	shift
	out=$("$@" 2>&1) && return 0
	fail "$what: '$*' failed: ${out:0:600}"
}

# refused WHAT RC REGEX COMMAND...: must end with that status and say that.
refused() {
	local what=$1 rc=$2 re=$3 out got
	shift 3
	out=$("$@" 2>&1)
	got=$?
	[[ $got == "$rc" ]] || fail "$what: '$*' ended with $got, wanted $rc: $out"
	[[ "$out" =~ $re ]] || fail "$what: '$*' said '$out', wanted '$re'"
	[[ $(wc -l <<<"$out") == 1 || $rc == 2 ]] || fail "$what: more than one line: $out"
}

# until_ok SECONDS COMMAND...: waits until the command succeeds.
until_ok() {
	local end=$((SECONDS + $1 * SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

# soon WHAT WANTED COMMAND...: the command must come to print that within 10 s.
soon() {
	local what=$1 wanted=$2 got end=$((SECONDS + 10))
	shift 2
	until got=$("$@" 2>&1) && [[ $got == "$wanted" ]]; do
		((SECONDS < end)) || break
		sleep 0.1
	done
	want "$what" "$got" "$wanted"
}

# run_tests FUNCTION...: each sets NAME as its first act.
run_tests() {
	local t n=0
	# What was set up before the tests stays until the end: net_down ends it.
	DEFER=()
	echo "TAP version 13"
	echo "1..$#"
	for t in "$@"; do
		n=$((n + 1))
		if [[ -n "${ONLY:-}" && ! "$t" =~ $ONLY ]]; then
			echo "ok $n $SCRIPT: $t # SKIP not selected"
			continue
		fi
		RET=0
		NAME=$t
		SKIP_WHY=
		"$t"
		[[ $RET == 1 ]] && dump_state
		undo
		TESTS_RUN=$((TESTS_RUN + 1))
		case $RET in
		0) echo "ok $n $SCRIPT: $NAME" ;;
		4) echo "ok $n $SCRIPT: $NAME # SKIP $SKIP_WHY" ;;
		*)
			echo "not ok $n $SCRIPT: $NAME"
			TESTS_FAILED=$((TESTS_FAILED + 1))
			;;
		esac
	done
	((TESTS_FAILED == 0))
}

# After a failure: what the tables and the log say.
dump_state() {
	ip netns list 2>/dev/null | grep -qw gw || return
	{
		ip netns exec gw "$SLR" conf show
		ip netns exec gw "$SLR" flow show | head -20
		ip netns exec gw "$SLR" stats show | grep -v ' 0$'
		dmesg | tail -5
	} 2>&1 | sed 's/^/#   /'
}

cleanup() {
	undo
	net_down
	rm -rf "$TMP"
}
trap cleanup EXIT

# --- namespaces --------------------------------------------------------------

in_ns() {
	local ns=$1
	shift
	ip netns exec "$ns" "$@"
}
cl() { in_ns cl "$@"; }
gw() { in_ns gw "$@"; }
slr() { in_ns gw "$SLR" "$@"; }

new_ns() {
	ip netns add "$1"
	ip -n "$1" link set lo up
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
}

# wire NS1 DEV1 NS2 DEV2: a virtual cable, both ends up.
wire() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

addr() {
	local ns=$1 dev=$2 a
	shift 2
	for a in "$@"; do
		if [[ $a == *:* ]]; then
			ip -n "$ns" addr add "$a" dev "$dev" nodad
		else
			ip -n "$ns" addr add "$a" dev "$dev"
		fi
	done
}

NAMESPACES="cl gw lan h1 h2 h3"

net_up() {
	local n h
	for n in $NAMESPACES; do new_ns "$n"; done
	wire cl c0 gw g0
	wire lan l0 gw g1
	ip -n lan link add br0 type bridge forward_delay 0 mcast_snooping 0
	ip -n lan link set br0 up
	ip -n lan link set l0 master br0
	addr cl c0 198.51.100.2/24 2001:db8:100::2/64
	addr gw g0 198.51.100.1/24 2001:db8:100::1/64
	addr gw g1 10.2.0.1/24 2001:db8:2::1/64
	ip -n cl route add default via 198.51.100.1
	ip -n cl -6 route add default via 2001:db8:100::1
	for h in 1 2 3; do
		wire lan "l$h" "h$h" eth0
		ip -n lan link set "l$h" master br0
		addr "h$h" eth0 "10.2.0.1$h/24" "2001:db8:2::1$h/64"
		ip -n "h$h" route add default via 10.2.0.1
		ip -n "h$h" -6 route add default via 2001:db8:2::1
	done
	gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

net_down() {
	local n
	for n in $NAMESPACES ${MORE_NAMESPACES:-}; do
		ip netns list 2>/dev/null | grep -qw "$n" || continue
		ip netns pids "$n" 2>/dev/null | xargs -r kill -9 2>/dev/null
		ip netns del "$n"
	done
}

# Both ports attached, nothing else configured.
ports_up() {
	slr port add g0
	slr port add g1
}

# second_way HOST...: what these servers send to the client goes by its device c1 and never passes
# the gateway. They tell no neighbour of addresses that are not their device's.
second_way() {
	local h
	wire lan l9 cl c1
	ip -n lan link set l9 master br0
	addr cl c1 10.2.0.2/24 2001:db8:2::2/64
	cl sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.c0.rp_filter=0 net.ipv4.conf.c1.rp_filter=0
	for h in "$@"; do
		in_ns "$h" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
		ip -n "$h" route add 198.51.100.0/24 via 10.2.0.2
		ip -n "$h" -6 route add 2001:db8:100::/64 via 2001:db8:2::2
	done
}

# line SITE SERVER LETTER [VRF TABLE]: a customer's site and server, on two devices of the gateway
# that are called by the letter. All customers have the same addresses.
line() {
	local site=$1 server=$2 x=$3 vrf=${4-}
	wire "$site" c0 gw "${x}0"
	wire "$server" s0 gw "${x}1"
	if [[ $vrf ]]; then
		ip -n gw link add "$vrf" type vrf table "$5"
		ip -n gw link set "$vrf" up
		ip -n gw link set "${x}0" master "$vrf"
		ip -n gw link set "${x}1" master "$vrf"
	fi
	addr gw "${x}0" 10.0.0.1/24 2001:db8:a::1/64
	addr gw "${x}1" 10.0.1.1/24 2001:db8:b::1/64
	addr "$site" c0 10.0.0.2/24 2001:db8:a::2/64
	addr "$server" s0 10.0.1.10/24 2001:db8:b::10/64
	ip -n "$site" route add default via 10.0.0.1
	ip -n "$site" -6 route add default via 2001:db8:a::1
	ip -n "$server" route add default via 10.0.1.1
	ip -n "$server" -6 route add default via 2001:db8:b::1
}

# gre_site NS NUMBER KEY: a customer's site behind h1, h2 or h3 of net_up, whose number it is: plain
# Linux that sends everything by GRE to the gateway. All sites have the same address.
gre_site() {
	ip -n "$1" link add t0 type gre local "10.2.0.1$2" remote 10.2.0.1 key "$3"
	ip -n "$1" link set t0 up
	addr "$1" t0 10.0.0.2/32
	ip -n "$1" route replace default dev t0 src 10.0.0.2
}

# dual_site NS NUMBER KEY: the same with an address of IPv6 too, which goes the same way.
dual_site() {
	gre_site "$@"
	addr "$1" t0 2001:db8:a::2/128
	ip -n "$1" -6 route replace default dev t0 src 2001:db8:a::2
}

# ipip_host: h3 of net_up is a plain host behind a tunnel, with a customer's address.
ipip_host() {
	ip -n h3 link add t0 type ipip local 10.2.0.13 remote 10.2.0.1
	ip -n h3 link set t0 up
	addr h3 t0 10.0.0.10/32
}

# ipip_server: the same, which answers the sites by its tunnel.
ipip_server() {
	ipip_host
	ip -n h3 route add 10.0.0.0/24 dev t0 src 10.0.0.10
	in_ns h3 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.t0.rp_filter=0
}

# two_sites: what the gateway knows of them, acme's at h1 with key 7 and bell's at h2 with key 8.
# Their numbers are 1 and 2, or ACME and BELL.
two_sites() {
	cat <<-X
		customer acme id ${ACME:-1}
		customer bell id ${BELL:-2}
		tunnel acme-site type gre customer acme local 10.2.0.1 remote 10.2.0.11 key 7
		tunnel bell-site type gre customer bell local 10.2.0.1 remote 10.2.0.12 key 8
		route 10.0.0.2/32 customer acme via tunnel acme-site
		route 10.0.0.2/32 customer bell via tunnel bell-site
	X
}

# acme_host: and of h3, which is acme's.
acme_host() {
	cat <<-X
		tunnel acme-host type ipip customer acme local 10.2.0.1 remote 10.2.0.13
		route 10.0.0.10/32 customer acme via tunnel acme-host
	X
}

# ways_out: both customers', to the public context.
ways_out() {
	cat <<-X
		route 0.0.0.0/0 customer acme public
		route 0.0.0.0/0 customer bell public
	X
}

# public_up: the gateway's way out, to the namespace pu.
public_up() {
	wire pu p0 gw p0
	addr gw p0 198.51.100.1/24
	addr pu p0 198.51.100.2/24
	ip -n gw route add default via 198.51.100.2
	gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# An empty configuration and no flows, between tests that share namespaces.
slr_reset() {
	printf '' | slr conf load -
	slr flow del >/dev/null 2>&1
}

# Where the packets that settle waits for come from.
SETTLE_NS=cl

# settle: what was sent before has been handled. A packet that a sender has
# handed over may wait for long in a processor's backlog; echo requests sent from
# the same processor queue behind it. A few in a row, as each hop queues again.
settle() {
	local cpu
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		in_ns "$SETTLE_NS" taskset -c $cpu ping -q -c 4 -i 0.01 -w 20 198.51.100.1 >/dev/null || fail "the gateway does not answer"
	done
}

# packet ARGUMENTS OF packet.py...: sent by cl, and handled on return.
packet() {
	in_ns cl python3 "$(dirname "$0")/packet.py" "$@"
	settle
}

# --- real servers and clients -------------------------------------------------

# udp_len NS: a UDP server that answers with the number of bytes and their sum.
udp_len() {
	in_ns "$1" python3 -c '
import socket, zlib
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 5300))
while True:
    d, a = s.recvfrom(70000)
    s.sendto(b"%d %d " % (len(d), zlib.crc32(d)) + d, a)
' &
	defer "reap $!"
	until_ok 15 listening "$1" udp 5300 || fail "no UDP server in $1"
}
# ask_big NS ADDRESS BYTES: asks it at port 53; whether the answer has all that was sent.
ask_big() {
	in_ns "$1" python3 -c '
import os, socket, sys, zlib
h, n = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in h else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
d = os.urandom(n)
s.connect((h, 53))
s.send(d)
r = s.recv(70000)
head, body = b" ".join(r.split(b" ", 2)[:2]), r.split(b" ", 2)[2]
print("same" if head == b"%d %d" % (n, zlib.crc32(d)) and body == d else "differs")
' "$2" "$3"
}

# web NS PORT...: nginx; each port answers "NS:PORT CLIENT_ADDRESS" to /, and
# serves files of $TMP/www.
web() {
	local ns=$1 p dir=$TMP/web-$1
	shift
	mkdir -p "$dir" "$TMP/www"
	{
		echo "daemon on; pid $dir/pid; error_log $dir/error.log; worker_processes 1; user root;"
		echo "events { worker_connections 16384; } worker_rlimit_nofile 40000;"
		echo "http { access_log $dir/access.log; default_type text/plain; keepalive_requests 100000; client_header_timeout 900; keepalive_timeout 900;"
		echo " client_body_temp_path $dir; proxy_temp_path $dir; fastcgi_temp_path $dir; uwsgi_temp_path $dir; scgi_temp_path $dir;"
		for p in "$@"; do
			echo " server { listen $p backlog=8192; listen [::]:$p backlog=8192; root $TMP/www;"
			printf "  location = / { return 200 \"%s:%s \$remote_addr\\\\n\"; } }\\n" "$ns" "$p"
		done
		echo "}"
	} >"$dir/conf"
	in_ns "$ns" nginx -c "$dir/conf" -e "$dir/error.log" || fail "nginx in $ns"
	defer "kill \$(cat $dir/pid)"
}

# web_stop NS
web_stop() {
	kill "$(cat "$TMP/web-$1/pid")" 2>/dev/null
	until_ok 15 eval "! kill -0 $(cat "$TMP/web-$1/pid" 2>/dev/null || echo 0) 2>/dev/null"
}

# get URL [CURL OPTIONS]: body, or curl's exit status in brackets.
get() { get_in cl "$@"; }

# get_in NS URL [CURL OPTIONS]: the same from another namespace.
get_in() {
	local ns=$1 out rc
	shift
	out=$(in_ns "$ns" curl -s -m $((8 * SLOW)) "$@")
	rc=$?
	((rc == 0)) && printf '%s' "$out" || printf '[%d]' "$rc"
}

# fetch URL [CURL OPTIONS]: the body as it is, which may not be text.
fetch() { cl curl -s -m $((120 * SLOW)) "$@"; }

# shows_what_it_loads PATTERN...: what conf shows, which has such lines and stays in $TMP/shown,
# loads, and is shown again.
shows_what_it_loads() {
	local pattern
	slr conf show >"$TMP/shown"
	for pattern in "$@"; do
		want_match "conf" "$(cat "$TMP/shown")" "$pattern"
	done
	ok "load" slr conf load "$TMP/shown"
	slr conf show | ok "a fixed point" cmp "$TMP/shown" -
}

# large_both_ways HOST...: a large page comes from each whole, and as large a request is taken.
large_both_ways() {
	local host
	mkdir -p "$TMP/www"
	dd if=/dev/urandom of="$TMP/www/big" bs=64k count=32 2>/dev/null
	# As much as nginx takes without being told.
	head -c 1000000 "$TMP/www/big" >"$TMP/up"
	for host in "$@"; do
		want "down from $host" "$(fetch "http://$host/big" | cksum)" "$(cksum <"$TMP/www/big")"
		want "up to $host" "$(get -o /dev/null -w '%{http_code}' --data-binary "@$TMP/up" "http://$host/")" 200
	done
}

# server_of URL: the "NS:PORT" that answered.
server_of() { get "$@" | cut -d' ' -f1; }

# spread N URL: how many of N requests, each a connection of its own, each server
# answered, as JSON.
spread() {
	local n=$1 i urls=()
	for ((i = 0; i < n; i++)); do urls+=("$2"); done
	cl curl -s -m $((8 * SLOW)) -H 'Connection: close' "${urls[@]}" | cut -d' ' -f1 | grep . | sort | uniq -c |
		awk 'BEGIN{printf "{"} {printf "%s\"%s\":%s", s, $2, $1; s=","} END{print "}"}'
}

# capture NS DEV FILTER...: tcpdump into $TMP/NAME.pcap until capture_stop.
capture() {
	local ns=$1 dev=$2
	shift 2
	CAP=$TMP/$ns-$dev.pcap
	ip netns exec "$ns" tcpdump --immediate-mode -B 32768 -U -n -i "$dev" -w "$CAP" "$@" 2>"$TMP/tcpdump.err" &
	CAP_PID=$!
	until_ok 10 grep -q 'listening on' "$TMP/tcpdump.err" || fail "tcpdump on $ns/$dev"
	# What came in before it had its filter counts as received for good.
	CAP_EARLY=0
	until_ok 10 capture_counts || fail "tcpdump on $ns/$dev does not count"
	CAP_EARLY=$CAP_LEFT
}

# What was sent before is in the file: all of it was handled, and tcpdump has
# written as many packets as its filter took.
capture_stop() {
	settle
	until_ok 10 capture_is_written || fail "tcpdump has not written all: $(tail -1 "$TMP/tcpdump.err")"
	kill -INT "$CAP_PID"
	wait "$CAP_PID" 2>/dev/null
}
# How many packets were received and are not written.
capture_counts() {
	local counts='([0-9]+) packets? captured, ([0-9]+) packets? received'
	kill -USR1 "$CAP_PID"
	sleep 0.1
	[[ $(tail -n 1 "$TMP/tcpdump.err") =~ $counts ]] || return
	CAP_LEFT=$((BASH_REMATCH[2] - BASH_REMATCH[1] - CAP_EARLY))
}
capture_is_written() { capture_counts && ((CAP_LEFT <= 0)); }

# captured FILTER...: number of packets in the last capture that match.
captured() { tcpdump -n -r "$CAP" "$@" 2>/dev/null | wc -l; }

# listening NS PROTO PORT: somebody has that port there; PROTO is tcp, udp or sctp.
listening() {
	case $2 in
	sctp) in_ns "$1" grep -qwE "$3" /proc/net/sctp/eps ;;
	*) in_ns "$1" ss -Hln "--$2" "sport = :$3" | grep -q . ;;
	esac
}

# monitor_up FILE WORDS...: slr monitor into FILE, which has joined its groups on
# return; ended with the test.
monitor_up() {
	local file=$1
	shift
	ip netns exec gw "$SLR" "$@" >"$file" &
	defer "reap $!"
	until_ok 15 joined || fail "slr $* joined no group"
}
# Generic netlink (16) sockets of gw, of any process but the kernel, in a group.
joined() { gw awk '$2 == 16 && $3 != 0 && $4 !~ /^0+$/ { n++ } END { exit !n }' /proc/net/netlink; }

# stat NAME: value of a counter of gw.
stat() { slr -j stats show "$1" | jq -r '.[0].value // 0'; }

# live [FILTER]: the flows of gw as JSON, but for those that slr_reset ended: they
# stay for a while to tell whoever goes on.
live() { slr -j flow show "$@" | jq -c '[.[]|select(.state!="reset")]'; }

# flows [FILTER]: their number.
flows() { live "$@" | jq length; }
