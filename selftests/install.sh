#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `make install` leaves behind is found by modprobe, the shell and man. The
# machine's own folders are overlaid, so that nothing stays.

# shellcheck source=selftests/lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
NAMESPACES=
top=$(dirname "$(dirname "$(readlink -f "$0")")")

overlay() { # overlay DIR: writes to it are gone with the test.
	mkdir -p "$TMP/over"
	mountpoint -q "$TMP/over" || mount -t tmpfs over "$TMP/over"
	mkdir -p "$TMP/over$1/upper" "$TMP/over$1/work"
	ok "overlay of $1" mount -t overlay over -o "lowerdir=$1,upperdir=$TMP/over$1/upper,workdir=$TMP/over$1/work" "$1"
	defer "umount $1"
}

installed() {
	NAME="make install puts module; command and manual pages where the system finds them"
	rmmod slr 2>/dev/null
	defer "insmod '$SLR_KO'"
	# Undone in reverse: the overlays go before what they lie on.
	defer "umount $TMP/over"
	overlay "/usr/lib/modules/$(uname -r)"
	overlay /usr/sbin
	overlay /usr/share
	ok install make -s -C "$top" -o module -o cli install
	ok modprobe modprobe slr
	# Not modprobe -r: it would take along what insmod needs to find loaded.
	defer "rmmod slr"
	want "module in use" "$(cat /sys/module/slr/version)" "$("$SLR" -V | cut -d' ' -f2)"
	want "dependency" "$(modprobe --show-depends slr | grep -c nf_defrag_ipv6)" 1
	want "command" "$(PATH=/usr/sbin:/usr/bin type -P slr)" /usr/sbin/slr
	ok "it reaches the module" /usr/sbin/slr port show
	ok "manual page" test -s /usr/share/man/man8/slr.8
	ok "completion" bash -c '. /usr/share/bash-completion/completions/slr && complete -p slr'
}

run_tests installed
