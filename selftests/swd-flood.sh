#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three neighbours flood a relay as fast as they can: with handshakes, with CONTROL
# messages that nobody can read, with records that are forged. What honest nodes have of
# it is compared with the same flood to a port that nobody listens at. Floods have the
# CPU when nobody else wants it, for they stand for other machines; honest traffic is
# 80 % of what goes without them.
# Runs alone: another test would take its share of what packets get.
# Counts instructions: it compares what gets through.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
LIAR=$OUTPUT/liar
[ -x "$LIAR" ] || skip_all "no liar"
CLOSED=9		# a port

# Honest ones: A, B, and those that come later. H, M and L flood R with handshakes,
# messages and lies.
late=(C0 C1 C2)
name_node R A B M L "${late[@]}"
netns R A B M L H "${late[@]}"
for node in A B M L H "${late[@]}"; do wire "$node" R; done
swd_config R <<< "$NO_BEACONS"
swd_start R
# begin NODE: one that knows R, by its address alone
begin() {
	{ echo "$NO_BEACONS"; swd_peer "$1" R; } | swd_config "$1"
	swd_start "$1"
}
begin A
begin B
check "packets go by a key" wait_for 30 pings A B 1
for node in A B R; do calm $node; done

# Its links are theirs, whatever comes back: they flood on.
declare -A LABEL_OF
aim() {
	sw "$1" link set label "${LABEL_OF[$1]}" probe-busy 0 probe-idle 0 \
		remote "$(endpoint "${UL[R,$1]}" "$2")"
}
right=$SWD SWD=$LIAR
for node in M L; do
	LIE=$([ $node = M ] && echo long || echo forged)
	export LIE
	begin $node
	check "$node has a link" wait_for 30 daemon_alive $node R
	LABEL_OF[$node]=$(sw $node -j link show | jq '.[0].label')
	chrt -i -p 0 "${DAEMON[$node]}"
	kill -STOP "${DAEMON[$node]}"
done
SWD=$right

# What mac1 of frames to R is keyed with
mac1=$(cd "$SELFTESTS" && /usr/bin/python3 -B -c '
import base64, handshake, sys
print(handshake.mac1_key(base64.b32decode(sys.argv[1].upper() + "=" * 4)).hex())' "${KEY[R]}")

spawn_in B iperf3 -s > /dev/null
wait_for 10 listens $! 5201 || die "iperf3 does not listen"

# goodput [RATE]: kbit/s of TCP from A to B, of as many at the most
goodput() {
	at A iperf3 -J -t 5 ${1:+-b ${1}k} -c "${ADDR[B]}" | jq '.end.sum_received.bits_per_second / 1000 | floor'
}

# arrival: milliseconds until another node, that nobody has known, is reached from A
arrival() {
	local start node=${late[0]}
	late=("${late[@]:1}")
	start=$(date +%s%N)
	begin "$node"
	wait_for 60 daemon_alive "$node" R || die "$node has no link"
	calm "$node"
	calm R
	wait_for 60 pings A "$node" 1 || die "$node is not reached"
	ARRIVAL=$((($(date +%s%N) - start) / 1000000))
}

# cpu: seconds that R's daemon has had
cpu() { awk '{ print ($14 + $15) / 100 }' "/proc/${DAEMON[R]}/stat"; }

# under_flood PORT: sets GOODPUT and ARRIVAL
under_flood() {
	local node flood before
	for node in M L; do
		aim $node "$1"
		kill -CONT "${DAEMON[$node]}"
	done
	spawn_in H chrt -i 0 "$OUTPUT/flood" marked "${UL[R,H]}" "$1" 100000000 "$mac1" > /dev/null
	flood=$!
	nap 1
	before=$(cpu)
	GOODPUT=$(goodput $LOAD)
	diag "R's daemon: from $before to $(cpu) s of the CPU meanwhile"
	arrival
	stop $flood
	for node in M L; do
		kill -STOP "${DAEMON[$node]}"
		diag "$node: $(sw $node -a stats | awk '$1 == "control-sent" { print $2 }') messages"
	done
}

GOODPUT=$(goodput)
arrival
diag "no flood: $GOODPUT kbit/s, another node is reached after $ARRIVAL ms"
LOAD=$((GOODPUT * 8 / 10))
under_flood $CLOSED
diag "flood to a closed port: $GOODPUT kbit/s, another node is reached after $ARRIVAL ms"
closed=$GOODPUT closed_arrival=$ARRIVAL
under_flood $PORT
diag "flood: $GOODPUT kbit/s, another node is reached after $ARRIVAL ms"
holds "TCP keeps 95 of 100" "GOODPUT * 100 >= $closed * 95"
holds "a node that comes is reached within twice the time" "ARRIVAL <= 2 * $closed_arrival"
[ $failures = 0 ] || swd_log R A B
