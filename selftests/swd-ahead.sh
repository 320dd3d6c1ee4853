#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two neighbours and a relay beside their link: what they send each other goes on
# when the link is cut, also where no daemon is there to see to it.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A R B
netns A R B
for node in A R B; do ipn $node link set lo up; done
wire A R ether
wire R B ether
wire A B ether
for node in A R B; do
	swd_config $node < /dev/null
	swd_start $node
done
check "all are neighbours" wait_for 15 daemon_alive A B
check "of all" wait_for 15 daemon_alive R A
check "all" wait_for 15 daemon_alive B R
for node in A R B; do calm $node; done

# ways NODE OTHER: over relays
ways() { sw "$1" -j path show peer "${KEY[$2]}" | jq '[.[] | select(.labels | length > 0)] | length'; }
# keyed NODE OTHER: have they a session?
keyed() { sw "$1" -j key show | jq -e --arg key "${KEY[$2]}" 'any(.[]; .peer == $key)'; }

is "the link alone is enough for who sends nothing" "$(ways A B)" 0
check "packets go" pings A B
check "and soon there is a session beside the link" wait_for 15 keyed A B
check "at both ends" wait_for 5 keyed B A
holds "by the relay" "$(ways A B) == 1"

for node in A R B; do kill -STOP "${DAEMON[$node]}"; done
ipn A link set to-B down
check "the link is cut, and packets go" wait_for 10 pings A B 1
check "without loss, after that" pings A B 20
check "and back" pings B A 20
for node in A R B; do kill -CONT "${DAEMON[$node]}"; done

[ $failures = 0 ] || swd_log A R B
