#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Interfaces and addresses that come, change and go while daemons run.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A B C
netns A B C
for node in A B C; do ipn $node link set lo up; done

# A has B configured, and no address to reach it from.
wire A B
printf 'addr del %s/24 dev to-B\n' "${UL[A,B]}" | ipn A -batch -
swd_config A <<-EOF
	[Discovery]
	Ethernet = to-C*
	Multicast = none
	$(swd_peer A B)
EOF
swd_config B <<< "$NO_BEACONS"
swd_config C < /dev/null
for node in A B C; do swd_start $node; done
# By now it tries only every half a minute.
nap $((20 * SCALE))
refuse "no link without an address" daemon_alive A B
ipn A addr add "${UL[A,B]}/24" dev to-B
check "an address comes, and soon a link" wait_for 8 daemon_alive A B

wire A C ether
check "an interface comes, and soon a link" wait_for 8 daemon_alive A C
calm A
calm C
check "packets go" pings A C
ipn A link set to-C address 02:00:00:00:77:01
check "another address of Ethernet" wait_for 5 pings A C
ipn A link set to-C down
ipn A link set to-C name to-C2
bare_up A to-C2
check "another name" wait_for 40 pings A C
ipn A link del to-C2
wire A C ether
check "it goes, and another one comes" wait_for 40 pings A C 1
check "with a link that is alive" wait_for 10 daemon_alive A C

# More at once than what tells of them can hold
before=$(sw A -j status socket "$TMP/A.sock" | jq .links_alive)
for ((i = 0; i < 200; i++)); do
	echo "link add d$i type dummy"
	echo "link set d$i up"
done > "$TMP/burst"
kill -STOP "${DAEMON[A]}"
ipn A -batch "$TMP/burst"
for ((i = 0; i < 200; i++)); do echo "link del d$i"; done | ipn A -batch -
kill -CONT "${DAEMON[A]}"
check "the daemon goes on" pings A C
is "with the links it had" "$(sw A -j status socket "$TMP/A.sock" | jq .links_alive)" "$before"

[ $failures = 0 ] || swd_log A B C
