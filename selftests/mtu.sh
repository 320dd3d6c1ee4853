#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Underlays of 1280 to 9000, the MTU of sw0, links and paths, and what a sender
# is told. H is a host behind A.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

node A R B
netns H
wire A R 4
wire R B 6
wire H A 4
link A R
link R B
session A B R
H4=${UL[H,A]} B4=198.51.100.2
ipn A -batch - <<-EOF
	addr add 198.51.100.1/32 dev sw0
	route add $B4/32 dev sw0 src 198.51.100.1
	addr add fd0a::1/64 dev to-H nodad
EOF
ipn B -batch - <<-EOF
	addr add $B4/32 dev sw0
	route add 198.51.100.1/32 dev sw0
	route add ${H4%.*}.0/24 dev sw0
	route add fd0a::/64 dev sw0
EOF
ipn H -batch - <<-EOF
	addr add fd0a::2/64 dev to-A nodad
	route add default via ${UL[A,H]}
	route add default via fd0a::1
EOF
at A sh -c 'echo 1 | tee /proc/sys/net/ipv[46]/conf/all/forwarding' > /dev/null
sw A prefix add $B4/32 peer "${KEY[B]}"
sw B prefix add 198.51.100.1/32 peer "${KEY[A]}"
sw B prefix add "${H4%.*}.0/24" peer "${KEY[A]}"
sw B prefix add fd0a::/64 peer "${KEY[A]}"

# big_ping NODE ADDRESS BYTES [do|dont]: one packet, as large as that with its
# IP header
big_ping() {
	local head=28
	case $2 in *:*) head=48 ;; esac
	pings "$1" "$2" 1 -M "${4:-do}" -s $(($3 - head))
}

# told NODE ADDRESS BYTES MTU: the packet does not pass, and the sender hears
# what would
told() {
	! big_ping "$1" "$2" "$3" && grep -E "mtu ?[=:] ?$4" "$TMP/ping"
}

path_mtu() {
	# shellcheck disable=SC2046 # words are what is wanted
	word_after mtu $(sw "$1" path show peer "${KEY[$2]}" id 1)
	[ "$FIELD" = "$3" ] || { echo "mtu $FIELD"; return 1; }
}

# set_mtu WIRE LINK DEVICE: of both wires, all links, and sw0
set_mtu() {
	local pair a b
	for pair in A,R R,A R,B B,R; do
		a=${pair%,*} b=${pair#*,}
		ipn "$a" link set "to-$b" mtu "$1"
		sw "$a" link set label "${LABEL[$pair]}" mtu "$2"
	done
	for a in A B; do
		ipn "$a" link set sw0 mtu "$3"
		ipn "$a" route flush cache
		ipn "$a" -6 route flush cache
	done
}

# A path takes the link's MTU less 12 + 4 of header and 28 of session.
check "default: path" path_mtu A B 1376
check "default: as large as sw0" big_ping A "${ADDR[B]}" 1332
ipn A link set sw0 mtu 1500
ipn B link set sw0 mtu 1500
mark A R B
check "default: as large as the path" big_ping A "${ADDR[B]}" 1376
check "IPv4, default: as large as the path" big_ping A $B4 1376
check "one more: IPv6 sender is told" told A "${ADDR[B]}" 1377 1376
check "one more: IPv4 sender is told" told A $B4 1377 1376
check "told by a drop each" drops_only A too-big=2
check "a host behind is told, IPv6" told H "${ADDR[B]}" 1377 1376
check "a host behind is told, IPv4" told H $B4 1377 1376
check "a host's packet as large as the path" big_ping H $B4 1376
check "relay and end dropped nothing" no_drops R B

# Or the host would cut it, who has been told.
ipn H route flush cache
mark A R B
check "IPv4 without DF is cut" big_ping H $B4 1500 dont
check "in two, before it is sealed" rises A fragmented 2
check "and dropped nowhere" no_drops A R B
ipn A link set sw0 mtu 4000
ipn B link set sw0 mtu 4000
ipn A route flush cache
mark A R B
check "IPv4 without DF, of our own" big_ping A $B4 3900 dont
check "in three" rises A fragmented 3
check "TCP over an sw0 larger than its path" transfer A B 7000 60000 $B4
check "TCP6 over an sw0 larger than its path" transfer A B 7001 60000

mark A R B
set_mtu 9000 8900 8856
check "underlay 9000: path" path_mtu A B 8856
check "underlay 9000: large packets" big_ping A "${ADDR[B]}" 8856
check "underlay 9000: TCP" transfer A B 7002 200000
check "underlay 9000: nothing dropped" no_drops A R B

# fragments NODE Ip|Ip6: made there, of outer packets
fragments() {
	# shellcheck disable=SC2046 # words are what is wanted
	word_after "$2FragCreates" $(at "$1" nstat -asz "$2FragCreates")
}

set_mtu 1280 1420 1376
fragments A Ip
before=$FIELD
check "underlay 1280: large packets" big_ping A "${ADDR[B]}" 1376
fragments A Ip
is "underlay 1280: IPv4 fragments" $((FIELD - before)) 2
check "underlay 1280: TCP there" transfer A B 7003 30000
check "underlay 1280: TCP back" transfer B A 7004 30000
fragments B Ip6
holds "underlay 1280: IPv6 fragments" "FIELD >= 20" "$FIELD"

set_mtu 1500 1420 1332
sw A path set peer "${KEY[B]}" id 1 mtu 1300
check "a path's own MTU" path_mtu A B 1300
check "is what a sender is told" told A "${ADDR[B]}" 1301 1300
check "and passes" big_ping A "${ADDR[B]}" 1300
sw A path set peer "${KEY[B]}" id 1 mtu 0
sw A link set label "${LABEL[A,R]}" mtu 1323
check "a path of 1279" path_mtu A B 1279
refuse "is not used" pings A B 1
sw A link set label "${LABEL[A,R]}" mtu 1324
check "one of 1280 is" big_ping A "${ADDR[B]}" 1280
refuse "sw0 takes no less than 1280" ipn A link set sw0 mtu 1279
