#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three kernels on virtual wires: client -- gateway -- server. Only the gateway
# has the module. Run on the host: it boots the three machines.
#
#   client (wan .2) ------- (wan .1) gateway (lan .1) ------- (lan .11) server
#          198.51.100.0/24                    10.2.0.0/24

set -u
here=$(cd "$(dirname "$0")/machines" && pwd)
vm=$here/../../scripts/vm
dir=$(mktemp -d /tmp/slr-multi.XXXXXX)
mkdir "$dir/share"
pids=()
stop() {
	touch "$dir/share/done"
	((${#pids[@]} == 0)) || wait "${pids[@]}"
	rm -rf "$dir"
}
trap stop EXIT
export SLR_VM_CPUS=1 SLR_VM_MEMORY=1G SHARE=$dir/share

"$vm" --name server --net "lan=listen:$dir/lan" --share "$dir/share" \
	-- "$here/server" "$dir/share" >"$dir/server.log" 2>&1 &
pids+=($!)
"$vm" --name gateway --net "wan=listen:$dir/wan" --net "lan=$dir/lan" --share "$dir/share" \
	-- "$here/gateway" "$dir/share" >"$dir/gateway.log" 2>&1 &
pids+=($!)
"$vm" --name client --net "wan=$dir/wan" --share "$dir/share" -- "$here/client" "$dir/share" 2>&1 | tee "$dir/client.log"
rc=${PIPESTATUS[0]}
touch "$dir/share/done"
n=$(grep -cE '^(ok|not ok) ' "$dir/client.log")
for m in "${pids[@]}"; do wait "$m" || rc=1; done
pids=()
if ((rc != 0 || n == 0)); then
	sed 's/^/# server: /' "$dir/server.log" | tail -20
	sed 's/^/# gateway: /' "$dir/gateway.log" | tail -30
	echo "not ok - multi_vm: the three machines ended well"
	exit 1
fi
echo "ok - multi_vm: the three machines ended well"
