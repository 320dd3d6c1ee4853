#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three daemons in a line that know nobody: beacons on bare Ethernet make links,
# records make a map, and packets go two hops by a key. Then daemons are killed
# under traffic.
# Runs alone: it takes long, and the two guests of a check are to end together.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A R B
netns A R B
for node in A R B; do ipn $node link set lo up; done
wire A R ether
wire R B ether
for node in A R B; do
	swd_config $node <<< 'RekeyAfter = 5'
	swd_start $node
done

check "beacons make a link from A to R" wait_for 15 daemon_alive A R
check "and from B to R" wait_for 15 daemon_alive B R
for node in A R B; do calm $node; done
check "packets go to the neighbour" pings A R

# At first the map may not have been told.
check "packets go two hops by a key" wait_for 15 pings A B 1
check "and back" pings B A
check "a file goes through" transfer A B 7000

is "A's daemon knows all nodes" \
	"$(sw A -j status socket "$TMP/A.sock" | jq .nodes)" 3
is "in a table, with a line of names" \
	"$(sw A node socket "$TMP/A.sock" | awk '{ print $1 == "key", NF }' | sort -u | wc -l)" 2
is "A's key is nowhere else" "$(sw A -j status socket "$TMP/A.sock" | jq .key_elsewhere)" null
is "and a path to B" \
	"$(sw A -j route "${KEY[B]}" socket "$TMP/A.sock" | jq -c '[.[].labels | length]')" "[1]"

# told_unreachable FILE: by ICMPv6
told_unreachable() { grep -q 'Destination unreachable' "$1"; }

# The question of the kernel, the daemon's answer and the ICMPv6, without what it
# takes to start a process
spawn_in A ping -n -D -i 1 -c 3 -W 1 fc00:1:2:3:4:5:6:7 > "$TMP/refused" 2>&1
check "a key that nobody has is refused" wait_for 5 told_unreachable "$TMP/refused"
# ping ends with the first error.
began=${EPOCHREALTIME/.}
refuse "once more" at A ping -n -c 1 -W 5 fc00:1:2:3:4:5:6:8
took=$((${EPOCHREALTIME/.} - began))
holds "within a second" "took < SCALE * 1000000" "$took us"
# What the relay takes from now on, the paths that are there are to pay.
postage() { sw A -j path show peer "${KEY[B]}" | jq -e ".[0].postage_base == $1"; }
label=$(sw R -j link show | jq ".[] | select(.neighbour == \"${KEY[B]}\").label")
check "a price at R" sw R link set label "$label" price-base 100
check "A's path has the postage" wait_for 90 postage 100
check "and packets go" pings A B

links=$(sw R -j link show | jq -c '[.[].label] | sort')
check "a daemon killed at R, and another: no packet lost" swd_killed R A B
is "R's links are what they were" \
	"$(sw R -j link show | jq -c '[.[].label] | sort')" "$links"
check "a daemon killed at A, and another: no packet lost" swd_killed A A B
check "packets still go" pings A B

# A, which has a session with it, is not told, and keys last two minutes.
swd_stop B
ipn B link del sw0
swd_start B
check "a node that has forgotten all, as after a reboot, is reached" wait_for 30 pings A B 1

[ $failures = 0 ] || swd_log A R B
