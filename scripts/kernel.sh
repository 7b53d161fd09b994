# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scripts/debug-kernel and scripts/native-kernel have in common: a kernel is
# made from the source of the environment's kernel and kept beside the
# environment, in a folder whose name changes with all that it was made from. A
# build that was killed goes on where it stopped.
#
# The script that reads this sets `kind`, the first word of that folder's name, and
# `patches` if the source needs any, and defines configure, make_kernel and kernel_dir.

: "${kind:?is for the script to set that reads this}"
[ -v patches ] || patches=()
cache=/var/cache/slr
version=${SLR_RELEASE%%+*}
series=${version%.*}

say() { printf '# %s-kernel: %s\n' "$kind" "$*"; }
die() { printf '%s-kernel: %s\n' "$kind" "$*" >&2; exit 1; }

unpack() { # DIR
	local patch
	rm -rf "$1.new"
	mkdir -p "$1.new"
	tar -xf "/usr/src/linux-source-$series.tar.xz" -C "$1.new" --strip-components=1 --wildcards \
		--exclude='*/drivers/gpu/drm/*.[ch]' --exclude='*/sound/*.[ch]' \
		--exclude='*/drivers/net/ethernet/*/*.[ch]' --exclude='*/drivers/net/wireless/*.[ch]' \
		--exclude='*/drivers/media/*.[ch]' --exclude='*/drivers/staging/*.[ch]' \
		--exclude='*/arch/*/boot/dts/*' --exclude='*/Documentation/translations/*'
	for patch in "${patches[@]}"; do patch -p1 -d "$1.new" <"$patch"; done
	mv "$1.new" "$1"
}

complete() { [ -e "$1/slr-complete" ]; }

# Runs a function with its output in the log and says every half minute how far it is.
stage() { # LOG WHAT FUNCTION [ARG]...
	local log=$1 what=$2 start=$SECONDS pid ticks=0
	shift 2
	say "$what ..."
	(set -e; "$@") >>"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		sleep 1
		ticks=$((ticks + 1))
		((ticks % 30)) || say "$what: $((SECONDS - start)) s, $(grep -cE '^  [A-Z]' "$log") steps, $(tail -n 1 "$log" | tr -s ' ' | cut -c1-60)"
	done
	if ! wait $pid; then
		grep -E 'error|Error|missing:|unwanted:' "$log" | tail -n 10 >&2
		tail -n 15 "$log" >&2
		die "$what failed: the last lines of its log are above (log: $log)"
	fi
	say "$what: $((SECONDS - start)) s"
}

build_kernel() { # DIR MEGABYTES
	local dir=$1 free
	complete "$dir" && return
	exec 9>"$cache/$kind.lock"
	flock -n 9 || { say "waiting for another build to finish"; flock 9; }
	complete "$dir" && return
	free=$(df -Pm "$cache" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] || [ -d "$dir" ] ||
		die "the cache has $free MB free and $2 MB are needed: free some, or set SLR_CACHE to a larger disk"
	[ -d "$dir" ] || { : >"$dir.log"; stage "$dir.log" "unpacking Linux $version" unpack "$dir"; }
	[ -e "$dir/slr-configured" ] || stage "$dir.log" "configuring" configure "$dir"
	touch "$dir/slr-configured"
	stage "$dir.log" "compiling" make_kernel "$dir"
	touch "$dir/slr-complete"
	exec 9>&-
}

prune() {
	local dir keep
	keep=$(kernel_dir)
	exec 9>"$cache/$kind.lock"
	flock -n 9 || die "a kernel is being built: wait for it"
	for dir in "$cache"/"$kind"-*-*; do
		case $dir in "$keep" | "$keep".log | *'*'*) continue ;; esac
		rm -rf --one-file-system "$dir"
	done
}
