#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What applications see of it all: two paths for each packet, transfers that
# survive cuts, and paths that they choose themselves.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

cuts=$((SCALE > 1 ? 5 : ${CUTS:-20}))
PROBES=

# An emulated CPU that stands still for 30 ms would kill links that nobody cut.
slow_probes=(probe-busy 50000)

# A has two ways to B, over R1 and over R2.
node A R1 R2 B
for relay in R1 R2; do
	wire A $relay
	wire $relay B
	link A $relay "${slow_probes[@]}"
	link $relay B "${slow_probes[@]}"
done
session A B R1
# second_way A B PREFERENCE [ARGUMENT...]: A's path over R2
second_way() {
	route_of "$1" R2 "$2"
	# shellcheck disable=SC2086 # several arguments
	sw "$1" path add peer "${KEY[$2]}" $ROUTE preference "$3" "${@:4}" > /dev/null
}
second_way A B 1
second_way B A 1

# state NODE OTHER ID
state() {
	local words
	# shellcheck disable=SC2207 # words are what is wanted
	words=($(sw "$1" path show peer "${KEY[$2]}" id "$3")) || return 1
	word_after state "${words[@]}"
}
usable() {
	local id
	for id in 1 2; do
		state A B $id && [ "$FIELD" = usable ] || return 1
		state B A $id && [ "$FIELD" = usable ] || return 1
	done
}
# The paths are proven while they are used.
well() { pings A B 1 > /dev/null; pings B A 1 > /dev/null; usable; }
check "two paths each way" wait_for 15 well

# packets_of NODE ID: sets PACKETS to what has gone by the path
packets_of() { PACKETS=$(sw "$1" -j path show peer "${KEY[B]}" id "$2" | jq '.[0].packets'); }

# --- paths by mark and DSCP ---

second_way A B 1 mark 77
second_way A B 1 dscp 46

# goes ID PING-ARGUMENT...: five pings take that path
goes() {
	local id=$1 before
	shift
	packets_of A "$id"
	before=$PACKETS
	pings A B 5 "$@" || return
	packets_of A "$id"
	[ $((PACKETS - before)) = 5 ] || { echo "$((PACKETS - before)) of 5"; return 1; }
}
check "packets without a mark take the first path" goes 1
check "those with the mark take theirs" goes 3 -m 77
check "another mark is none" goes 1 -m 78
check "those with the DSCP take theirs" goes 4 -Q 0xb8
check "ECN bits are no part of it" goes 4 -Q 0xba
check "another DSCP is none" goes 1 -Q 0x20
check "the mark comes first" goes 3 -m 77 -Q 0xb8
sw A path set peer "${KEY[B]}" id 4 dscp none
check "a path without its DSCP is one of the others" goes 1 -Q 0xb8
sw A path del peer "${KEY[B]}" id 4
# Who asks for a path gets no other.
sw A link set label "${LABEL[A,R2]}" state down
mark A
refuse "a marked packet does not go by another path" pings A B 1 -m 77
check "but is dropped" rises A no-path 1
check "packets without a mark do not care" goes 1
sw A link set label "${LABEL[A,R2]}" state up
sw A path del peer "${KEY[B]}" id 3
# A link that was down has to prove itself again, and so have the paths over it.
check "both paths are well again" wait_for 15 well

# cut NODE:OTHER down|up: takes an interface down, or up
cut() { ipn "${1%:*}" link set "to-${1#*:}" "$2"; }

# --- two paths for each packet ---

sw A peer set "${KEY[B]}" redundancy 2
sw B peer set "${KEY[A]}" redundancy 2
mark A B
check "packets go by both paths" pings A B 10
stats A B
risen A duplicated
is "a copy of each" "$RISEN" 10
risen B duplicate
holds "of which the other end drops one" "RISEN >= 9 && RISEN <= 10" "$RISEN"
check "nothing else is dropped" drops_only B "duplicate=$RISEN"

no_loss() {
	local ping place
	spawn_in A ping -n -i 0.01 -W 2 "${ADDR[B]}" > "$TMP/flow" 2>&1
	ping=$!
	wait_for 5 grep -q icmp_seq=20 "$TMP/flow" || return
	for place in A:R1 R1:B B:R1; do
		cut $place down
		nap 0.3
		cut $place up
		wait_for 30 usable || return
	done
	stop $ping INT
	tail -n 3 "$TMP/flow"
	no_gaps "$TMP/flow"
}
check "and no packet is lost at a cut" no_loss
sw A peer set "${KEY[B]}" redundancy 1
sw B peer set "${KEY[A]}" redundancy 1

# --- cuts ---

places=(A:R1 R1:B B:R1 R1:A A:R2 R2:B B:R2 R2:A)

# Sends a file over TCP at a pace that leaves time for cuts.
steadily='
import socket, sys, time
with socket.create_connection(sys.argv[1:3]) as conn, open(sys.argv[3], "rb") as file:
    while block := file.read(10000):
        conn.sendall(block)
        time.sleep(0.03)
'

transfer_in_background() {
	random_file "$TMP/big" 3000000
	spawn_in B socat -u -T $((60 * SCALE)) TCP6-LISTEN:7100,reuseaddr "CREATE:$TMP/arrived"
	SINK=$!
	wait_for 5 listens $SINK 7100 || return
	# At a pace that leaves time for the cuts
	spawn_in A /usr/bin/python3 -c "$steadily" "${ADDR[B]}" 7100 "$TMP/big"
	SOURCE=$!
}

cut_at_random() {
	local place
	for ((i = 0; i < cuts; i++)); do
		place=${places[RANDOM % ${#places[@]}]}
		cut "$place" down
		nap 0.$((RANDOM % 5 + 1))
		cut "$place" up
		nap 0.$((RANDOM % 5 + 1))
		kill -0 "$SOURCE" 2> /dev/null || transfer_done || return
	done
}
transfer_done() {
	wait "$SOURCE" && wait "$SINK" && cmp "$TMP/big" "$TMP/arrived" &&
		rm "$TMP/arrived" && transfer_in_background
}
RANDOM=1
diag "$cuts cuts, seed 1"
transfer_in_background
check "a TCP transfer survives the cuts" cut_at_random
check "and is complete" transfer_done
stop "$SOURCE"
stop "$SINK"
check "all paths are well after that" wait_for 60 well
adds_up A R1 R2 B
