#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Nodes that are not as they should be, beside some that are: one whose clock is
# wrong, one with the key of another, and one that lies of the map.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
LIAR=$OUTPUT/liar
[ -x "$LIAR" ] || skip_all "no liar"

# A - R - B - X, and L and W beside R; later X as well
name_node A R B W L
netns A R B W L X
KEY[X]=${KEY[A]} NUM[X]=${NUM[A]}
for node in A B W L; do wire $node R ether; done
wire X B ether
wire X R ether
ipn R link set to-X down
for node in A R B; do
	swd_config $node < /dev/null
	swd_start $node
done
check "packets go by a key" wait_for 30 pings A B 1

sockets=("$TMP/A.sock" "$TMP/R.sock" "$TMP/B.sock")
# all_well SECONDS SOCKET...: beside these, each knows all, and a path
all_well() { /usr/bin/python3 -B "$SELFTESTS/topology.py" $(($1 * SCALE)) "${sockets[@]}" "${@:2}"; }
check "all know each other" all_well 30

# --- a clock that is wrong -------------------------------------------------

faketime=$(echo /usr/lib/*/faketime/libfaketime.so.1)
if [ -e "$faketime" ]; then
	swd_config W < /dev/null
	right=$SWD
	# Clocks that go as the real one does, but for where they stand; the library may come
	# before that of a sanitizer
	for years in +10 -10; do
		SWD=$TMP/swd$years
		cat > "$SWD" <<-END
			#!/bin/sh
			export ASAN_OPTIONS=verify_asan_link_order=0
			export FAKETIME=${years}y FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=$faketime
			exec $right "\$@"
		END
		chmod +x "$SWD"
		swd_start W
		check "a clock $years years wrong: in the network" all_well 60 "$TMP/W.sock"
		check "and reached" wait_for 30 pings A W 1
		check "and reaching others" wait_for 30 pings W B 1
		swd_stop W
	done
	SWD=$right
	swd_start W
	check "set right after that: in the network" all_well 60 "$TMP/W.sock"
	check "and reached" wait_for 30 pings A W 1
	swd_stop W
else
	skip "a clock that is wrong" "no libfaketime"
fi
ipn W link del sw0
ipn R link set to-W down

# --- two nodes with a key ---------------------------------------------------

# told_of_twin: has any of the two said that there is another?
told_of_twin() { cat "$TMP/A.log" "$TMP/X.log" | grep -q "another node has this node's key"; }
swd_config X < /dev/null
swd_start X
check "two nodes with one key: it is told" wait_for 60 told_of_twin
check "and others are reached" wait_for 30 pings R B 1
swd_stop X
ipn X link del sw0
ipn B link set to-X down
check "and that node, when the other is gone" wait_for 60 pings B A 1

# sees_twin NODE SINCE: has it seen since then that another one has its key?
sees_twin() {
	sw "$1" -j status socket "$TMP/$1.sock" |
		jq -e --argjson most $(($(date +%s) - $2)) \
			'.key_elsewhere != null and .key_elsewhere < $most'
}
# sees_two NODE OTHER: has it seen that two of its neighbours have that key?
sees_two() {
	sw "$1" -j neighbour socket "$TMP/$1.sock" |
		jq -e --arg key "${KEY[$2]}" 'any(.[]; .key == $key and .key_shared != null)'
}
# Times of offers begin anew as well, or A's would be old for an hour.
rm -rf "$TMP/X.state"
ipn R link set to-X up
swd_start X
began=$(date +%s)
for node in A X; do
	check "two neighbours with one key: $node sees it" wait_for 180 sees_twin $node "$began"
done
check "and the neighbour of both" wait_for 60 sees_two R A
check "and others are reached" wait_for 30 pings R B 1
swd_stop X
ipn X link del sw0
ipn R link set to-X down
check "and that node, when the other is gone" wait_for 60 pings B A 1

# --- lies --------------------------------------------------------------------

# rss NODE: kilobytes that its daemon has
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${DAEMON[$1]}/status"; }

# Hops of A's paths to B, but for the first, as its map has them
path() { sw A -j route "${KEY[B]}" socket "$TMP/A.sock" | jq -c '[.[].labels | length]'; }
path_known() { [ "$(path)" = "[1]" ]; }

swd_config L < /dev/null
# It would have a machine of its own.
cat > "$TMP/liar" <<-END
	#!/bin/sh
	exec nice -n 19 "$LIAR" "\$@"
END
chmod +x "$TMP/liar"
right=$SWD before=$(rss R)
for LIE in links sequences origins long forged; do
	export LIE
	# After many changes R tells of one in 15 seconds: that its link with B, which the
	# round before has cut, is there again may be yet to come. Packets go meanwhile.
	check "$LIE: before, there is a path" wait_for 20 path_known
	SWD=$TMP/liar
	swd_start L
	check "$LIE: the liar has a link" wait_for 30 daemon_alive L R
	spawn_in A ping -n -i 0.1 "${ADDR[B]}" > "$TMP/ping.$LIE" 2>&1
	ping=$!
	nap $((8 * SCALE))
	stop $ping INT
	check "$LIE: no honest packet is lost" no_gaps "$TMP/ping.$LIE"
	is "$LIE: the path is what it was" "$(path)" "[1]"
	# One that is new becomes known, and is reached, meanwhile.
	SWD=$right
	swd_stop B KILL
	ipn B link del sw0
	rm -rf "$TMP/B.state"
	swd_start B
	check "$LIE: one that begins anew reaches others" wait_for 60 pings B A 1
	check "$LIE: and is reached" wait_for 10 pings A B 1
	diag "$LIE: R's daemon has $(rss R) kB and" \
		"$(sw R -j status socket "$TMP/R.sock" | jq .nodes) nodes;" \
		"$(sw L -j status socket "$TMP/L.sock" | jq .nodes) lies were told"
	holds "$LIE: memory is bounded" "$(rss R) < before + 100000" "$before before"
	swd_stop L
	ipn L link del sw0
done
check "all is as it was" all_well 90
check "packets go" pings A B
[ $failures = 0 ] || swd_log A R B W L X
