#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three kernels on virtual wires: site -- gateway -- host. Gateway and host have
# the module, the site has the kernel's own tunnels. Two customers have the same
# addresses in both places. Run on the host: it boots the three machines.
#
#   site (wan .2) ---------- (wan .1) gateway (lan .1) ---------- (lan .11) host
#          198.51.100.0/24                    10.2.0.0/24
#
#   acme 10.1.0.2  === GRE, key 7 ===         === VXLAN 7 ===  acme0 10.0.0.10
#   bell 10.1.0.2  === VLAN 20    ===         === GRE, key 8 === bell0 10.0.0.10

exec "$(dirname "$0")/machines/three" multi_vm_tunnels site switch host
