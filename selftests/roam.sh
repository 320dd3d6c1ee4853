#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Neighbours whose address changes: nodes A and R, by UDP and Ethernet; and
# (roam.py) one that is not where it seems to be.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python

node A R
name_node X Y
netns X
wire A R
wire X R
PROBES=
link A R
session A R

# at_r FILTER: of R's end of its link to A
at_r() { link_is R A "$1"; }
alive() { at_r '.liveness == "alive"' && link_is A R '.liveness == "alive"'; }

# moves NAME FILTER ADDRESS: R's end gets there, and packets go both ways
moves() {
	check "$1: R follows" wait_for 5 at_r "$2" ||
		diag "$(sw A link show; sw R link show)"
	check "$1: packets go on" pings A R 5
	check "$1: both ways" pings R A 5
	check "$1: the link is alive" wait_for 5 alive
}

check "alive" wait_for 5 alive
check "before" pings A R
mark R A
PORT=5050
sw A dev set port $PORT
moves "another port" '.remote_port == 5050'
check "R counts that it moved" rises R roamed 1
check "A's neighbour did not move" rises A roamed 0

ipn A addr add 10.9.1.7/24 dev to-R
sw A link set label "${LABEL[A,R]}" local 10.9.1.7
moves "another address" '.remote == "10.9.1.7"'
ipn A addr del 10.9.1.7/24 dev to-R
sw A link set label "${LABEL[A,R]}" local 0.0.0.0
moves "an address that goes" '.remote == "10.9.1.1"'

ipn A addr add fd09:99::1/64 dev to-R nodad
ipn R addr add fd09:99::2/64 dev to-A nodad
sw A link set label "${LABEL[A,R]}" remote "[fd09:99::2]:5000"
moves "from IPv4 to IPv6" '.remote == "fd09:99::1"'
is "it answers from where it was asked" \
	"$(sw R -j link show label "${LABEL[R,A]}" | jq -r '.[0].local')" fd09:99::2

read -r scoped < <(ipn R -6 -o addr show dev to-A scope link | sed -n 's/.* inet6 \([^/]*\).*/\1/p')
sw A link set label "${LABEL[A,R]}" remote "[$scoped%to-R]:5000"
moves "to a link-local address" '.remote | startswith("fe80:")'

ipn A -batch - <<-EOF
	addr add 10.9.1.8/24 dev to-R
EOF
sw A link set label "${LABEL[A,R]}" remote 10.9.1.2:5000
moves "and back" '.remote == "10.9.1.1"'

# TCP goes on while the address changes again and again.
travels() {
	local i pid
	transfer A R 7000 3000000 &
	pid=$!
	for i in 1 2 3 4 5 6; do
		nap 0.5
		sw A link set label "${LABEL[A,R]}" local 10.9.1.$((i % 2 ? 8 : 1))
	done
	wait $pid
}
check "a transfer while A travels" travels

# --- Ethernet ---

node B
wire B R ether
link B R
session B R
at_b() { link_is R B "$1"; }
follows() {
	check "$1: R follows" wait_for 5 at_b "$2"
	check "$1: packets go on" pings B R 5
	check "$1: both ways" pings R B 5
}
check "over Ethernet" pings B R
ipn B link set to-R down
ipn B link set to-R address 02:00:00:00:77:77
ipn B link set to-R up
follows "another MAC" '.remote == "02:00:00:00:77:77"'

ip link add more address 02:00:00:00:78:01 netns "${P}B" type veth \
	peer name more address 02:00:00:00:78:02 netns "${P}R"
bare_up B more
bare_up R more
sw B link set label "${LABEL[B,R]}" interface more remote 02:00:00:00:78:02
follows "another interface" '.interface == "more"'
ipn B link del more
check "the interface goes" wait_for 5 at_b '.oif == 0'
sw B link set label "${LABEL[B,R]}" interface to-R remote "${UL[R,B]}"
follows "and the link is on the other again" '.interface == "to-B"'

# --- who is not where it seems to be ---

PORT=5000
played_link R X 70 5000 "${KEY[X]}"
sw R link add label 700 neighbour "${KEY[Y]}" probe-busy 0 > /dev/null
add_key R link 700 7001 7002
sw R peer add "${KEY[X]}" > /dev/null
sw R path add peer "${KEY[X]}" link 70 > /dev/null
export R_ADDR=${ADDR[R]} X_ADDR=${ADDR[X]} X_UNDERLAY=${UL[X,R]}
# Links of others would move its counters.
for pair in R,A A,R R,B B,R; do sw "${pair%,*}" link del label "${LABEL[$pair]}"; done
play R X roam.py
adds_up A R B
