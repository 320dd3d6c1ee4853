#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A daemon that reads its configuration anew, under traffic; and events, which a
# monitor shows that is there before the daemon and after it.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A B C
netns A B C
for node in A B C; do ipn $node link set lo up; done
wire A B
wire A C

# configure NODE [LINE]...: of [Interface]; the rest is standard input
configure() { { printf '%s\n' "${@:2}" "$NO_BEACONS"; cat; } | swd_config "$1"; }
reload() { sw "$1" -j reload socket "$TMP/$1.sock"; }

swd_peer A B | configure A
for node in B C; do configure $node < /dev/null; done

# told FILTER: has B's monitor printed such an event?
told() { jq -se "any(.[]; $1)" "$TMP/events"; }
spawn_in B "$SWCTL" -j monitor socket "$TMP/B.sock" > "$TMP/events"
monitor=$!
for node in A B C; do swd_start $node; done
check "a monitor sees a daemon that comes" \
	wait_for 5 told '.object == "daemon" and .event == "up"'
check "a link comes up" wait_for 15 daemon_alive A B
calm A
calm B
spawn_in A ping -n -i 0.05 "${ADDR[B]}" > "$TMP/long" 2>&1
long=$!
links=$(sw A -j link show | jq -c '[.[].label]')

{ swd_peer A B; swd_peer A C; } | configure A "FwMark = 7"
check "a peer and a mark more" test \
	"$(reload A | jq -c '.changed, .kept')" = '["Interface.FwMark","Peer"]
[]'
check "the peer's link comes up" wait_for 15 daemon_alive A C
is "the mark is in force" "$(sw A -j dev show | jq '.[0].fwmark')" 7
calm A
calm C

# A mistake, behind a change that is none
cp "$TMP/A.conf" "$TMP/A.good"
printf '[Interface]\nFwMark = 8\nNonsense = 1\n' >> "$TMP/A.conf"
line=$(wc -l < "$TMP/A.conf")
refuse_with "a mistake" "$TMP/A.conf:$line: 'Nonsense' is not known" reload A
kill -HUP "${DAEMON[A]}"
check "by a signal as well" \
	wait_for 5 grep -q 'the configuration stays as it was' "$TMP/A.log"
is "and nothing has changed" "$(sw A -j dev show | jq '.[0].fwmark')" 7
sed 's/^FwMark.*/FwMark = 9/; s/^Identity.*/Identity = \/nowhere/' "$TMP/A.good" \
	> "$TMP/A.conf"
is "what takes a restart is named" "$(reload A | jq -c '.kept')" '["Interface.Identity"]'
is "the rest is done" "$(sw A -j dev show | jq '.[0].fwmark')" 9
cp "$TMP/A.good" "$TMP/A.conf"
kill -HUP "${DAEMON[A]}"
marked() { [ "$(sw A -j dev show | jq '.[0].fwmark')" = 7 ]; }
check "a signal does the same" wait_for 5 marked

check "packets go over the node that was read anew" wait_for 20 pings B C 1
stop $long INT
check "no packet was lost meanwhile" no_gaps "$TMP/long"
is "the first link is what it was" \
	"$(sw A -j link show | jq -c '[.[].label]' | cut -c "1-$((${#links} - 1))")" "${links%]}"

of_c="(.key == \"${KEY[C]}\")"
check "events: the link is up" told '.object == "neighbour" and .event == "up"'
check "a node has appeared" told "$of_c and .object == \"node\" and .event == \"appeared\""
check "a route to it was found" told "$of_c and .object == \"route\" and .event == \"changed\""
check "a session was made" told "$of_c and .object == \"session\" and .event == \"made\""
check "the kernel's own are among them" told '.object == "link" and .event == "changed"'
swd_stop B KILL
check "a monitor sees a daemon that goes" \
	wait_for 5 told '.object == "daemon" and .event == "gone"'
swd_start B
ups() { [ "$(jq -s 'map(select(.object == "daemon" and .event == "up")) | length' "$TMP/events")" = 2 ]; }
check "and the next one" wait_for 5 ups
stop $monitor

[ $failures = 0 ] || swd_log A B C
