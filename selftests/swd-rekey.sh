#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# New keys, again and again, of links and of the session of their two ends, while
# packets go that way: none is lost.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

rekeys=${REKEYS:-100}
need_daemon
name_node A R B
netns A R B
for node in A R B; do ipn $node link set lo up; done
wire A R ether
wire R B ether
for node in A R B; do
	swd_config $node <<< 'RekeyAfter = 1'
	swd_start $node
done
check "links come up" wait_for 30 daemon_alive A R
check "and beyond" wait_for 30 daemon_alive B R
for node in A R B; do calm $node; done
check "packets go two hops by a key" wait_for 30 pings A B 1

# keys OF: how many A has had, of the link or the session; "monitor" tells of each
# change of one
keys() {
	jq -rs --arg of "$1" '[.[] | select(.object == "key" and has($of)) | .rx_index] |
		unique | length' "$TMP/monitor"
}
spawn "$SWCTL" -n "${P}A" -j monitor > "$TMP/monitor"

# Who makes the next offer changes with each key: the other end waits a quarter longer.
seconds=$((rekeys * 13 * SCALE / 10 + 5))
at A "$OUTPUT/flow" 50 $seconds 0 "/run/netns/${P}B" "${ADDR[B]}" > "$TMP/flow"
diag "$(cat "$TMP/flow")"
read -r _ sent _ received _ < "$TMP/flow"
is "of packets in $seconds s, none is lost" "$received" "$sent"
link=$(keys link) peer=$(keys peer)
diag "keys meanwhile: $link of the link, $peer of the session"
holds "the link has had $rekeys keys meanwhile" "link >= rekeys" "$link"
holds "and the session" "peer >= rekeys" "$peer"
left=$(sw A -j key show | jq length)
holds "of these no more are left than have a place" "left <= 6" "$left"
[ $failures = 0 ] || swd_log A R B
