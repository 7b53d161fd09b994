#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The three kinds of binding, port ranges, and what a definition refuses.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

V=203.0.113

whole_to_whole() {
	NAME="a whole virtual host to a whole server keeps the ports"
	slr_reset; ports_up
	ok service slr service add $V.1
	ok server slr server add 10.2.0.11
	ok bind slr binding add $V.1 10.2.0.11
	want "port 80" "$(server_of http://$V.1/)" h1:80
	want "port 2222" "$(server_of http://$V.1:2222/)" h1:2222
	ok "echo" cl ping -c 2 -W 2 $V.1
	want "udp" "$(udp_ask $V.1 5353)" "h1 5353"
}

whole_to_port() {
	NAME="a whole virtual host to one server port"
	slr_reset; ports_up
	ok service slr service add $V.1/tcp
	ok service slr service add $V.2/tcp
	ok server slr server add 10.2.0.11:8001 service $V.1/tcp
	ok server slr server add 10.2.0.11:8002 service $V.2/tcp
	want "port 80" "$(server_of http://$V.1/)" h1:8001
	want "port 4711" "$(server_of http://$V.1:4711/)" h1:8001
	want "port by address alone" "$(server_of http://$V.2/)" h1:8002
}

port_by_port() {
	NAME="each virtual port to a port of its own"
	slr_reset; ports_up
	ok s slr service add $V.1:80/tcp
	ok s slr service add $V.1:21/tcp
	ok m slr server add 10.2.0.11:8001 service $V.1:80/tcp
	ok m slr server add 10.2.0.12:2121 service $V.1:21/tcp
	want "port 80" "$(server_of http://$V.1/)" h1:8001
	want "port 21" "$(server_of http://$V.1:21/)" h2:2121
	want "port 22" "$(get http://$V.1:22/)" "[7]"
}

whole_machine_object() {
	NAME="a whole machine takes mapped ports; a port object only its own"
	slr_reset; ports_up
	ok s slr service add $V.1:80/tcp
	ok s slr service add $V.1:23/tcp
	ok m slr server add 10.2.0.11
	ok m slr server add 10.2.0.12:8080
	ok b slr binding add $V.1:80/tcp 10.2.0.11 port 8001
	ok b slr binding add $V.1:23/tcp 10.2.0.11 port 8002
	want "80" "$(server_of http://$V.1/)" h1:8001
	want "23" "$(server_of http://$V.1:23/)" h1:8002
	refused "another port of a port object" 1 'port' slr binding add $V.1:80/tcp 10.2.0.12:8080 port 81
	ok b slr binding add $V.1:80/tcp 10.2.0.12:8080
}

ranges() {
	NAME="port ranges; kept and shifted; and their overlaps refused"
	slr_reset; ports_up
	ok s slr service add $V.1:8001-8003/tcp
	ok m slr server add 10.2.0.11 service $V.1:8001-8003/tcp
	want "kept" "$(server_of http://$V.1:8002/)" h1:8002
	ok s slr service add $V.2:1-3/tcp
	ok b slr binding add $V.2:1-3/tcp 10.2.0.11 port 8001-8003
	want "shifted" "$(server_of http://$V.2:3/)" h1:8003
	refused "overlap" 1 '8001-8003' slr service add $V.1:8003-9000/tcp
	refused "overlap" 1 'overlap|exists' slr service add $V.1:8002/tcp
	refused "length" 1 'range|long|length' slr binding set $V.2:1-3/tcp 10.2.0.11 port 8001-8002
	want "after the refusals" "$(server_of http://$V.2:1/)" h1:8001
}

any_port_number() {
	NAME="any port the operator defines; up to 65535"
	slr_reset; ports_up
	ok s slr service add $V.1:65535/tcp
	ok m slr server add 10.2.0.11:8001 service $V.1:65535/tcp
	ok s slr service add $V.1:5555/tcp
	ok m slr binding add $V.1:5555/tcp 10.2.0.11:8001
	want 65535 "$(server_of http://$V.1:65535/)" h1:8001
	want 5555 "$(server_of http://$V.1:5555/)" h1:8001
	refused 65536 2 '65536' slr service add $V.1:65536/tcp
}

order_of_definition() {
	NAME="virtual host; ports; machine; binding; anything else is refused"
	slr_reset; ports_up
	refused "unknown service" 1 "$V.1:80/tcp" slr binding add $V.1:80/tcp 10.2.0.11
	ok s slr service add $V.1:80/tcp
	refused "duplicate" 1 'exists' slr service add $V.1:80/tcp
	refused "unknown server" 1 '10.2.0.11' slr binding add $V.1:80/tcp 10.2.0.11
	ok m slr server add 10.2.0.11
	ok b slr binding add $V.1:80/tcp 10.2.0.11 port 8001
	refused "duplicate binding" 1 'exists|bound' slr binding add $V.1:80/tcp 10.2.0.11 port 8001
	refused "bound service" 1 'bound|binding' slr service del $V.1:80/tcp
	refused "bound server" 1 'bound|binding' slr server del 10.2.0.11
	refused "mixed families" 1 'famil|IPv' slr server add '[2001:db8:2::11]:80' service $V.1:80/tcp
	want "still served" "$(server_of http://$V.1/)" h1:8001
	ok u slr binding del $V.1:80/tcp 10.2.0.11 port 8001
	want "the machine survives" "$(slr -j server show 10.2.0.11 | jq length)" 1
	ok d slr service del $V.1:80/tcp
	ok d slr server del 10.2.0.11
}

unlink_keeps_others() {
	NAME="unlinking a server stops new flows to it at once and keeps the others"
	slr_reset; ports_up
	ok s slr service add $V.1:80/tcp scheduler rr
	ok m slr server add 10.2.0.11:8001 service $V.1:80/tcp
	ok m slr server add 10.2.0.12:2121 service $V.1:80/tcp
	want both "$(spread 4 http://$V.1/ | jq -c keys)" '["h1:8001","h2:2121"]'
	ok u slr binding del $V.1:80/tcp 10.2.0.11:8001
	want one "$(spread 4 http://$V.1/ | jq -c keys)" '["h2:2121"]'
	want "server object" "$(slr -j server show 10.2.0.11:8001 | jq -r '.[0].server')" 10.2.0.11:8001
}

objects_show_their_fields() {
	NAME="objects show every field"
	slr_reset; ports_up
	ok s slr service add $V.9:80/tcp
	ok s slr service add $V.1:80/tcp scheduler wrr persist 60 persist-mask 24 timeout syn 7 unknown ack reset backup $V.9:80/tcp
	ok m slr server add 10.2.0.12:2121
	ok m slr server add 10.2.0.11:8001 weight 5 limit 9 threshold 4 hold 11 backup 10.2.0.12:2121 drain-timeout 33
	ok b slr binding add $V.1:80/tcp 10.2.0.11:8001
	want service "$(slr -j service show $V.1:80/tcp | jq -c '.[0]|[.service,.scheduler,.persist,."persist-mask",.timeouts.syn,.unknown.ack,.backup,.state,.condition]')" \
		"[\"$V.1:80/tcp\",\"wrr\",60,24,7,\"reset\",\"$V.9:80/tcp\",\"up\",\"up\"]"
	want server "$(slr -j server show 10.2.0.11:8001 | jq -c '.[0]|[.server,.weight,.limit,.threshold,.hold,.backup,."drain-timeout",.state,.condition,.failures,.bindings]')" \
		'["10.2.0.11:8001",5,9,4,11,"10.2.0.12:2121",33,"up","up",0,1]'
	want binding "$(slr -j binding show $V.1:80/tcp | jq -c '.[0]|[.service,.server,.method]')" "[\"$V.1:80/tcp\",\"10.2.0.11:8001\",\"nat\"]"
}

# udp_ask ADDRESS PORT: what a UDP server that tells its name answers.
udp_ask() { echo hi | cl socat -t 4 - "UDP:$1:$2" 2>&1; }

net_up
web h1 80 2222 8001 8002 8003
web h2 2121
in_ns h1 socat UDP-RECVFROM:5353,fork SYSTEM:'echo h1 5353' &
defer_pid=$!
until_ok 15 listening h1 udp 5353 || fail "no UDP server in h1"
run_tests whole_to_whole whole_to_port port_by_port whole_machine_object ranges any_port_number \
	order_of_definition unlink_keeps_others objects_show_their_fields
rc=$?
kill $defer_pid 2>/dev/null
exit $rc
