#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Links over Ethernet: nodes, relays, what interfaces will do; and (ether.py) what
# else may be on a wire. Interfaces that come and go are ether-churn.sh's.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

node a r b
wire a r ether
wire r b
link a r
link r b
session a b r
session a r

# --- packets ------------------------------------------------------------------

is "there is no IP on the wire" "$(ipn a addr show dev to-r | grep -c inet)" 0
mark a r b
capture a to-r "$TMP/wire"
check "a neighbour answers" pings a r
check "Ethernet to UDP and back" pings a b
check "UDP to Ethernet and back" pings b a
check "TCP to the neighbour" transfer a r 7000
check "TCP over the relay" transfer a b 7001
check "TCP over the relay, the other way" transfer b a 7002
stop_capture
check "nothing dropped" no_drops a r b
frames() { tcpdump -r "$TMP/wire" -n "$@" 2> /dev/null | wc -l; }
holds "frames are seen on the wire" "$(frames ether proto 0x88b5) >= 100"
is "and nothing else" "$(frames not ether proto 0x88b5)" 0
check "the largest packet" pings a r 1 -M 'do' -s 1284

check "swctl shows address and interface" \
	grep -F "remote ${UL[r,a]}" <(sw a link show label "${LABEL[a,r]}")
check "and as JSON" link_is a r ".transport == \"ethernet\" and .interface == \"to-r\" and
	.remote == \"${UL[r,a]}\" and (has(\"remote_port\") | not)"
is "with the interface's index" "$(link_is a r .oif)" "$(ipn a -j link show to-r | jq '.[0].ifindex')"

# --- MTU ------------------------------------------------------------------------

refuse_with "an MTU larger than the interface's" "takes no frames" set_link a r mtu 1469
check "one that just fits" set_link a r mtu 1468
set_link a r mtu 1420
# 952 + 8 + 40 inside, a header of 12, the frame's 32
ipn a link set to-r mtu 1044
mark a
check "a frame as large as the interface's MTU" pings a r 1 -s 952
ipn a link set to-r mtu 1043
refuse "a larger one" one_ping a r -s 952
check "is dropped as too big" drops_only a too-big=1
ipn a link set to-r mtu 1500

# --- refusals -------------------------------------------------------------------

refuse_with "no such interface" "no such interface" set_link a r interface nonsense
refuse_with "loopback" "loopback" set_link a r interface lo
refuse_with "a skywire device" "not an Ethernet" set_link a r interface sw0
for mac in 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01 33:33:00:00:00:01; do
	refuse_with "remote $mac" "unicast" set_link a r remote $mac
done
refuse_with "the interface's own address" "own" set_link a r remote "${UL[a,r]}"
refuse_with "an IP address and port" "transport" set_link a r remote 10.9.2.2:5000
refuse_with "an Ethernet address on a UDP link" "4 or 16" set_link r b remote "${UL[a,r]}"
refuse_with "an interface for a UDP link" "transport" set_link r b interface to-b
refuse_with "an outgoing interface for an Ethernet link" "transport" set_link a r oif to-r
check "all is as it was" pings a b

# --- kinds of interfaces ----------------------------------------------------------

# ends_at R-INTERFACE: of the link between A and R, at R
ends_at() {
	set_link r a interface "$1" &&
		set_link a r remote "$(ipn r -j link show "$1" | jq -r '.[0].address')"
}

ipn a link add link to-r name to-r.5 type vlan id 5
ipn r link add link to-a name to-a.5 type vlan id 5
bare_up a to-r.5
bare_up r to-a.5
set_link a r interface to-r.5
set_link r a interface to-a.5
capture a to-r "$TMP/wire"
check "a VLAN" pings a b
stop_capture
holds "frames have its tag" "$(frames vlan 5 and ether proto 0x88b5) >= 4"
ipn r link del to-a.5
mark r
refuse "a VLAN that the neighbour has no interface for" one_ping a b
check "is not taken from the wire" rises r rx-frames 0
ipn a link del to-r.5
set_link a r interface to-r
set_link r a interface to-a
check "without a VLAN again" pings a b

ipn r link add br0 type bridge
bare_up r br0
ipn r link set to-a master br0
mark r
one_ping r a > /dev/null
check "an interface that became a bridge's port sends nothing" drops_only r no-route=1
refuse_with "a port of a bridge" "use the bridge" set_link r a interface to-a
ends_at br0
check "the bridge itself" wait_for 5 pings a b
ipn r link del br0
ends_at to-a
check "without the bridge again" pings a b

if ipn r link add macv0 link to-a type macvlan mode private 2> "$TMP/check"; then
	bare_up r macv0
	ends_at macv0
	check "a macvlan" pings a b
	ipn r link del macv0
	ends_at to-a
else
	skip "a macvlan" "$(cat "$TMP/check")"
fi

if ipn r link add bond0 type bond mode active-backup miimon 50 2> "$TMP/check"; then
	ipn r link set to-a down
	ipn r link set to-a master bond0
	bare_up r bond0
	ends_at bond0
	check "a bond" wait_for 5 pings a b
	refuse_with "a port of a bond" "bond or team" set_link r a interface to-a
	ipn r link set to-a nomaster
	ipn r link del bond0
	ipn r link set to-a up
	ends_at to-a
	check "without the bond again" pings a b
else
	skip "a bond" "$(cat "$TMP/check")"
fi

# --- hostile frames -------------------------------------------------------------------

if /usr/bin/python3 -c 'import cryptography' 2> /dev/null; then
	netns N
	node R
	name_node X Y
	wire N R ether
	ip link add udp netns "${P}N" type veth peer name udp netns "${P}R"
	ipn N addr add 10.8.0.1/24 dev udp
	ipn R addr add 10.8.0.2/24 dev udp
	ipn N link set udp up
	ipn R link set udp up
	# The other end of the wire has the same name.
	ipn N link set to-R down
	ipn N link set to-R name to-N
	ipn N link set to-N up
	sw R link add label 10 neighbour "${KEY[X]}" transport ethernet \
		remote "${UL[N,R]}" interface to-N probe-busy 0 > /dev/null
	sw R link add label 20 neighbour "${KEY[Y]}" remote 10.8.0.1:5001 \
		probe-busy 0 > /dev/null
	add_key R link 10 101 102
	add_key R link 20 201 202
	for name in X Y; do
		sw R peer add "${KEY[$name]}"
	done
	add_key R peer "${KEY[X]}" 401 402
	sw R path add peer "${KEY[X]}" link 10 > /dev/null
	UL[R,N]=10.8.0.2 R_MAC=$(ipn R -j link show to-N | jq -r '.[0].address')
	export R_MAC X_MAC=${UL[N,R]} X_WIRE=to-N
	export R_ADDR=${ADDR[R]} X_ADDR=${ADDR[X]} Y_ADDR=${ADDR[Y]}
	play R N ether.py
else
	skip "hostile frames" "no python3-cryptography"
fi
