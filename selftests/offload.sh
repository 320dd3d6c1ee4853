#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Segmentation, checksums and shared buffers: every kind of sender, on a node
# and on a host behind one, with and without tcpdump, and with offloads off.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

node A R B
netns H I
wire A R 4
wire R B 6
wire H A 4
wire I B 4
link A R
link R B
session A B R

# behind NODE HOST NET6 PEER: a LAN, to which PEER has a route
behind() {
	local lan=${UL[$2,$1]%.*}.0/24
	ipn "$1" addr add "$3::1/64" dev "to-$2" nodad
	ipn "$2" -batch - <<-EOF
		addr add $3::2/64 dev to-$1 nodad
		route add default via ${UL[$1,$2]}
		route add default via $3::1
	EOF
	at "$1" sh -c 'echo 1 | tee /proc/sys/net/ipv[46]/conf/all/forwarding' > /dev/null
	sw "$4" prefix add "$lan" peer "${KEY[$1]}"
	sw "$4" prefix add "$3::/64" peer "${KEY[$1]}"
	ipn "$4" -batch - <<-EOF
		route add $lan dev sw0
		route add $3::/64 dev sw0
	EOF
}

behind A H fd0a B
behind B I fd0b A

export MARKER=4c2f0e71-a-word-that-is-nowhere-else SCALE

# send LABEL NODE ADDRESS NODE ADDRESS KIND...
send() {
	results_of env LABEL="$1" /usr/bin/python3 -B "$SELFTESTS/senders.py" \
		"$P$2" "$3" "$P$4" "${@:5}"
}

marked() { grep -aqF "$MARKER" "$1" || { echo "nothing there"; return 1; }; }
unmarked() {
	[ "$(stat -c %s "$1")" -gt 10000 ] || { echo "no capture"; return 1; }
	! grep -aqF "$MARKER" "$1"
}

# checksums FILE: of all packets that tcpdump can check; segments merged by GRO,
# and those not yet cut, have none yet
checksums() {
	tcpdump -nvvr "$1" > "$TMP/text" 2> /dev/null
	grep -E 'incorrect|bad udp cksum' "$TMP/text" | head -n 5
	! grep -qE 'incorrect|bad udp cksum' "$TMP/text" && grep -qE '\(correct\)|udp sum ok' "$TMP/text"
}

mark A R B
send 'node, IPv6: ' A "${ADDR[A]}" B "${ADDR[B]}"
send 'node, IPv4: ' A "${UL[A,H]}" B "${UL[B,I]}" tcp sendfile udp udp-fragments udp-gso \
	packet tx-ring
send 'host behind, IPv6: ' H fd0a::2 I fd0b::2 tcp sendfile udp udp-gso udp-fragments
send 'host behind, IPv4: ' H "${UL[H,A]}" I "${UL[I,B]}" tcp udp udp-gso udp-corked
check "nothing dropped" no_drops A R B

at B ethtool -K sw0 gro off
capture A sw0 "$TMP/sw0-a"
captures=("$CAPTURE")
capture A to-R "$TMP/wire"
captures+=("$CAPTURE")
capture B sw0 "$TMP/sw0-b" -Q in
captures+=("$CAPTURE")
mark A R B
send 'captured: ' A "${ADDR[A]}" B "${ADDR[B]}" tcp zerocopy udp udp-gso tx-ring
check "nothing dropped while captured" no_drops A R B
for pid in "${captures[@]}"; do stop "$pid" INT; done
check "sw0 of the sender shows the inner packets" marked "$TMP/sw0-a"
check "sw0 of the receiver shows the inner packets" marked "$TMP/sw0-b"
check "and their checksums are right" checksums "$TMP/sw0-b"
check "the wire shows nothing readable" unmarked "$TMP/wire"

mark A R B
# Without checksums in the device, there is no UDP_SEGMENT either.
at A ethtool -K sw0 tx off > /dev/null 2>&1
send "sender's tx off: " A "${ADDR[A]}" B "${ADDR[B]}" tcp udp
at A ethtool -K sw0 tx on > /dev/null 2>&1
at A ethtool -K sw0 tso off gso off > /dev/null 2>&1
send "sender's gso off: " A "${ADDR[A]}" B "${ADDR[B]}" tcp udp-gso
at A ethtool -K sw0 sg off > /dev/null 2>&1
send "sender's sg off: " A "${ADDR[A]}" B "${ADDR[B]}" tcp udp-gso
check "nothing dropped with offloads off" no_drops A R B
