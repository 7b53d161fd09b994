#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three kernels on virtual wires: client -- gateway -- server. Only the gateway
# has the module. Run on the host: it boots the three machines.
#
#   client (wan .2) ------- (wan .1) gateway (lan .1) ------- (lan .11) server
#          198.51.100.0/24                    10.2.0.0/24

exec "$(dirname "$0")/machines/three" multi_vm client gateway server
