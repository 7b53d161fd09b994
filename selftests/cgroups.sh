#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Processor shares of private servers: each in a cgroup of its own, as
# Documentation/quotas.md says. Needs no network.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES=
ROOT=/sys/fs/cgroup
[[ -f $ROOT/cgroup.controllers ]] || ROOT=$TMP/cgroup

# server NAME QUOTA: a busy process that may use so many microseconds of 100,000.
server() {
	mkdir "$ROOT/$1"
	defer "rmdir $ROOT/$1"
	echo "$2 100000" >"$ROOT/$1/cpu.max"
	bash -c "echo \$\$ >$ROOT/$1/cgroup.procs; while :; do :; done" &
	defer "reap $!"
}

# used NAME: USED is what it has used, in microseconds. Takes no time by itself, as a command would.
used() {
	local key value
	while read -r key value; do
		[[ $key == usage_usec ]] && USED=$value
	done <"$ROOT/$1/cpu.stat"
}

# window SECONDS: what both use of that time, in thousandths of a processor.
window() {
	local a b start
	used acme; a=$USED
	used bell; b=$USED
	start=${EPOCHREALTIME/./}
	sleep "$1"
	start=$((${EPOCHREALTIME/./} - start))
	used acme; ACME=$(((USED - a) * 1000 / start))
	used bell; BELL=$(((USED - b) * 1000 / start))
}

cpu_max() {
	NAME="a private server's cpu.max can be changed while it runs; the other's share stays"
	if [[ ! -f $ROOT/cgroup.controllers ]]; then
		mkdir -p "$ROOT"
		mount -t cgroup2 none "$ROOT" || { skip "there is no cgroup v2"; return; }
		defer "umount $ROOT"
	fi
	grep -qw cpu "$ROOT/cgroup.controllers" || { skip "no cpu controller in cgroup v2"; return; }
	echo +cpu >"$ROOT/cgroup.subtree_control"
	server acme 40000
	server bell 20000
	sleep 1
	window 5
	want_between "acme at 40 of a hundred" $ACME 330 470
	want_between "bell at 20 of a hundred" $BELL 160 240
	echo "10000 100000" >"$ROOT/acme/cpu.max"
	window 5
	want_between "acme at 10 of a hundred" $ACME 80 130
	want_between "bell still" $BELL 160 240
	echo "max 100000" >"$ROOT/acme/cpu.max"
	window 5
	want_between "acme without a limit" $ACME 500 1100
	want_between "bell still" $BELL 160 240
}

run_tests cpu_max
