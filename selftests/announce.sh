#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The gateway answers for virtual addresses on the link, and says so unasked.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=198.51.100.80
V6=2001:db8:100::80

answers() {
	NAME="ARP and neighbour solicitations for virtual addresses are answered where told to"
	slr_reset
	ok p slr port add g0 announce on
	ok p slr port add g1
	ok s slr service add $V:80/tcp
	ok m slr server add 10.2.0.11:8001 service $V:80/tcp
	ok s slr service add "[$V6]:80/tcp"
	ok m slr server add '[2001:db8:2::11]:8001' service "[$V6]:80/tcp"
	want_match arping "$(cl arping -c 2 -w 4 -I c0 $V)" 'Received [12] '
	want v4 "$(server_of http://$V/)" h1:8001
	want v6 "$(server_of "http://[$V6]/")" h1:8001
	want "mac" "$(ip -n cl -j neigh show $V | jq -r '.[0].lladdr')" "$(gw cat /sys/class/net/g0/address)"
	want_match "beside it" "$(cl arping -c 1 -w 1 -I c0 198.51.100.81)" 'Received 0 '
	ip -n h1 addr add 198.51.100.11/24 dev eth0
	defer "ip -n h1 addr del 198.51.100.11/24 dev eth0"
	want_match "on a port not told to" "$(in_ns h1 arping -c 1 -w 1 -I eth0 $V)" 'Received 0 '
	ok off slr port set g0 announce off
	want_match "told not to" "$(cl arping -c 1 -w 1 -I c0 $V)" 'Received 0 '
}

unasked() {
	NAME="an address is announced when it becomes served"
	slr_reset
	ok p slr port add g0 announce on
	capture cl c0 'arp or icmp6'
	ok s slr service add $V:80/tcp
	ok m slr server add 10.2.0.11:8001 service $V:80/tcp
	ok s slr service add "[$V6]:80/tcp"
	until_ok 10 eval '[[ $(captured "arp and arp[14:4] == 0xc6336450") != 0 && $(captured "icmp6[icmp6type] == 136") != 0 ]]'
	capture_stop
	want_between "gratuitous ARP" "$(captured "arp and arp[14:4] == 0xc6336450 and arp[24:4] == 0xc6336450")" 1 5
	want_between "unsolicited advertisement" "$(captured 'icmp6 and ip6[40] == 136 and dst host ff02::1')" 1 5
}

groups() {
	NAME="a port listens to the groups of virtual addresses; and no more without the module"
	slr_reset
	ok p slr port add g0 announce on
	ok s slr service add "[$V6]:80/tcp"
	listens() { gw ip maddr show dev g0 | grep -q 33:33:ff:00:00:80; }
	until_ok 10 listens || fail "did not join the group"
	ok off slr port set g0 announce off
	until_ok 10 eval '! listens' || fail "did not leave the group when told not to announce"
	ok on slr port set g0 announce on
	until_ok 10 listens || fail "did not join the group again"
	ok unload rmmod slr
	listens && fail "the group stayed when the module went"
	ok load insmod "$SLR_KO"
}

net_up
web h1 8001
run_tests answers unasked groups
