#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Daemons that make links: from nothing but keys and addresses to packets.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A B
netns A B
ipn A link set lo up
wire A B

# A knows B's address, and B knows nobody. No beacon tells more.
swd_config A <<-EOF
	RekeyAfter = 2
	$NO_BEACONS
	$(swd_peer A B)
EOF
swd_config B <<-EOF
	RekeyAfter = 2
	$NO_BEACONS
EOF
check "a configuration is good" "$SWD" --check -c "$TMP/A.conf"
swd_start A
swd_start B

check "a link comes up at A" wait_for 10 daemon_alive A B
check "and at B" wait_for 10 daemon_alive B A
calm A
calm B
check "B has made its device, with the address of its key" \
	ipn B -6 addr show dev sw0 to "${ADDR[B]}/128"
check "packets go by the address of a key" pings A B
check "and back" pings B A

# newest NODE: index of the current key of a link of the node's
newest() {
	sw "$1" -j key show | jq '[.[] | select(.slot == "current" and .link)][0].rx_index'
}

# another NODE INDEX: is the current key another one?
another() { [ "$(newest "$1")" != "$2" ]; }

spawn_in A ping -n -i 0.05 "${ADDR[B]}" > "$TMP/long" 2>&1
long=$!
for i in 1 2 3; do
	old=$(newest A)
	check "new keys, $i" wait_for 8 another A "$old"
done
stop $long INT
check "no packet was lost meanwhile" no_gaps "$TMP/long"

[ $failures = 0 ] || swd_log A B
