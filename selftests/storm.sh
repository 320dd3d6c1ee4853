#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Neighbours that send ECHO, ERROR and sessions' echo as fast as one CPU makes them:
# storm.py plays X and Y, neighbours of R, and E behind both. A and B talk over R
# meanwhile, and links are probed.
#
# Runs alone: it leaves no CPU to others.
#
# FLOOD is the number of packets in the largest storms.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python

# CPUs that have something else to do must not look like dead links.
PROBES=500000
# Those of links that are played are below.
indices=1000

netns X
node A R B
name_node X Y E
for node in A B; do
	wire $node R
	link $node R
done
session A B R
wire X R
played_link R X 10 5000 "${KEY[X]}"
played_link R X 20 5001 "${KEY[Y]}"
sw R peer add "${KEY[E]}" probe-interval 0
add_key R peer "${KEY[E]}" 601 602

alive() { link_is "$1" "$2" '.liveness == "alive" and .deaths == 0'; }
# Both ends of a link
all_alive() {
	local node
	for node in A B; do alive $node R && alive R $node || return; done
}
check "links are alive" wait_for 10 all_alive
check "and pass packets on" pings A B 3

export R_ADDR=${ADDR[R]} B_ADDR=${ADDR[B]} E_ADDR=${ADDR[E]} E_KEY=${KEY[E]}
export PREFIX=$P TO_B=${LABEL[R,B]} FLOOD=${FLOOD:-$((100000 / SCALE))} OUTPUT
play R X storm.py

check "no link has died" all_alive
check "packets are passed on" pings A B 10
check "a file goes there" transfer A B 7000 100000
# Whatever is asked by a path has been answered by now.
adds_up A R B
