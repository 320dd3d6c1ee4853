#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No relay to six, over IPv4, IPv6, link-local IPv6, and mixtures of them.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

n=8
all=(n1 n2 n3 n4 n5 n6 n7 n8)
node "${all[@]}"
families=(4 4 6 6 ll ll 4)
for ((i = 1; i < n; i++)); do
	wire n$i n$((i + 1)) "${families[i - 1]}"
	link n$i n$((i + 1))
done
relays=()
for ((i = 2; i <= n; i++)); do
	session n1 n$i ${relays[@]+"${relays[@]}"}
	relays+=("n$i")
done
session n3 n5 n4
session n5 n7 n6

mark "${all[@]}"
for ((i = 2; i <= n; i++)); do
	check "ping, $((i - 2)) relays" pings n1 n$i 3
done
check "ping, IPv6 underlay alone" pings n3 n5 3
check "ping, link-local underlay alone" pings n5 n7 3
check "nothing dropped" no_drops "${all[@]}"
# Three requests and three replies, through n2 to each of n3 to n8
check "n2 forwards what is for others" rises n2 forwarded 36
check "n7 forwards what is for n8" rises n7 forwarded 6

for ((i = 2; i <= n; i += 2)); do
	check "TCP there, $((i - 2)) relays" transfer n1 n$i 7000
	check "TCP back, $((i - 2)) relays" transfer n$i n1 7001
done

# iperf_to NODE ARGUMENT...
iperf_to() {
	local node=$1
	shift
	spawn_in "$node" iperf3 -s -1 > /dev/null
	wait_for 5 listens $! 5201 || return
	at n1 timeout $((15 * SCALE)) iperf3 -c "${ADDR[$node]}" "$@"
}

no_datagram_lost() {
	iperf_to "$@" -u -J > "$TMP/iperf" || return
	jq -e '.end.sum.packets > 50 and .end.sum.lost_packets == 0' "$TMP/iperf"
}

check "iperf3 TCP, 6 relays" iperf_to n8 -n 300K
check "iperf3 UDP, 6 relays" no_datagram_lost n8 -n 60K -l 1000 -b 1M
check "iperf3 TCP, no relay" iperf_to n2 -n 300K

# device_counts NODE: packets of sw0, received and sent
device_counts() {
	ipn "$1" -j -s link show dev sw0 |
		jq -r '.[0].stats64 | "\(.rx.packets) \(.tx.packets)"'
}

refuse "nobody has the address" at n1 ping -c 1 -W 1 fc00::dead
sw n4 link set label "${LABEL[n4,n5]}" state down
sw n2 link set label "${LABEL[n2,n3]}" price-base 5
mark n1 n2 n4
pings n1 n3 2 > /dev/null
sw n2 link set label "${LABEL[n2,n3]}" price-base 0
pings n1 n6 3 > /dev/null
sw n4 link set label "${LABEL[n4,n5]}" state up
check "without postage, nothing passes" drops_only n2 postage=2
check "out of a link that is down, nothing passes" drops_only n4 link-down=3
nap 0.5
stats "${all[@]}"
sent=0 received=0
adds_up "${all[@]}"
for name in "${all[@]}"; do
	sent=$((sent + ${STAT[$name,tx-frames]})) received=$((received + ${STAT[$name,rx-frames]}))
done
is "all frames sent were received" $received $sent
is "sw0 counts what the module counts" "$(device_counts n1)" \
	"${STAT[n1,delivered]} ${STAT[n1,originated]}"

# A source address of one's own choice, and an interface.
sees_source() {
	capture n2 to-n1 "$TMP/pcap" -c 1 udp and src host "$1"
	pings n1 n2 2 || return
	wait_for 3 test -s "$TMP/pcap"
	stop_capture
	tcpdump -r "$TMP/pcap" -n 2> /dev/null | grep -F "IP $1."
}

ipn n1 addr add 10.9.1.77/24 dev to-n2
sw n1 link set label "${LABEL[n1,n2]}" local 10.9.1.77
check "local address" sees_source 10.9.1.77
sw n1 link set label "${LABEL[n1,n2]}" local 0.0.0.0
check "local address of the route's choice" sees_source 10.9.1.1

ipn n1 -batch - <<-EOF
	link add dummy0 type dummy
	link set dummy0 up
	route add ${UL[n2,n1]}/32 dev dummy0
EOF
refuse "the route leads astray" pings n1 n2 1
sw n1 link set label "${LABEL[n1,n2]}" oif to-n2
check "oif overrides the route" pings n1 n2 2
sw n1 link set label "${LABEL[n1,n2]}" oif any
refuse "and no longer without" pings n1 n2 1
