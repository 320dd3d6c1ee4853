#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Frames whose header alone is sealed: between nodes that both allow it, and as
# seal.py makes them, who plays the neighbours X and Y of R, and E behind X.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

# --- nodes ---

node A R B
wire A R
wire R B 6
link A R seal header
link R B seal header
session A B R

all_sealed_header() {
	mark A R
	pings A B 5 || return
	stats A R
	risen A header-sealed
	[ "$RISEN" = 5 ] || { echo "A: $RISEN"; return 1; }
	risen R header-sealed
	[ "$RISEN" = 10 ] || { echo "R: $RISEN"; return 1; }
}
check "sessions' packets have their headers sealed only" all_sealed_header
check "and arrive whole" transfer A B 7000 200000
check "the other way too" transfer B A 7001 200000
check "with nothing dropped" no_drops A R B
nothing_readable() {
	capture R to-A "$TMP/pcap" udp
	at A ping -c 2 -i 0.1 -p 5041594c4f4144 -s 100 "${ADDR[B]}" > /dev/null
	nap 0.3
	stop_capture
	[ "$(tcpdump -r "$TMP/pcap" 2> /dev/null | wc -l)" -ge 4 ] &&
		! grep -qa PAYLOAD "$TMP/pcap"
}
check "nothing can be read all the same" nothing_readable
session A R
mark A
check "what is no session's is sealed in full" pings A R 3
stats A
risen A header-sealed
is "as said" "$RISEN" 0

# One end alone does not allow it.
key_link A R
new_indices A R
add_key A link "${LABEL[A,R]}" "${INDEX[R,A]}" "${INDEX[A,R]}" seal header
add_key R link "${LABEL[R,A]}" "${INDEX[A,R]}" "${INDEX[R,A]}"
mark R
refuse "where one end does not allow it" pings A B 1
check "it drops such frames" drops_only R frame-type=1
refuse "a session has no header to seal" sw A key add peer "${KEY[B]}" \
	cipher chacha20-poly1305 tx-index 1 rx-key "$FILE" tx-key "$FILE" seal header

# --- neighbours that are not what they should be ---

need_python
netns X
node S
name_node X Y E
wire X S
played_link S X 10 5000 "${KEY[X]}" seal header
played_link S X 20 5001 "${KEY[Y]}" seal header
played_link S X 30 5002 "${KEY[Y]}"
sw S peer add "${KEY[E]}" probe-interval 0
sw S path add peer "${KEY[E]}" link 10 labels 7 > /dev/null
add_key S peer "${KEY[E]}" 601 602
export R_ADDR=${ADDR[S]} E_ADDR=${ADDR[E]}
play S X seal.py
adds_up A R B S
