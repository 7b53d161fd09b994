#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tests that the module has within itself, of changes, look-ups, schedulers
# and flows: a build with SLR_SELFTEST=1 runs them when it is loaded, prints
# results to the kernel log, and does not load if one of them fails.

ko=$(dirname "$SLR_KO")/../selftest/slr.ko
if [[ ! -f $ko ]]; then
	echo "ok 1 - tables # SKIP no build with SLR_SELFTEST=1 SLR_OUT=selftest"
	exit 0
fi

rmmod slr
insmod "$ko"
loaded=$?
dmesg | sed -nE 's/.*slr: (ok|not ok) ([0-9]+) table: /\1 \2 - tables: /p; s/.*slr: (# .*)/\1/p'
if ((loaded == 0)); then
	echo "ok 1000 - tables: a module with its tests loads"
	rmmod slr
else
	echo "not ok 1000 - tables: a module with its tests loads"
fi
insmod "$SLR_KO"
