#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Networks of several shapes that start cold: daemons that know nobody, with beacons
# on bare Ethernet. How long it takes until each knows all others and a path there.
# Then one that falls in two parts, and becomes one again.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
count=${NODES:-6}
patience=$((count * 8))
all=()
for ((i = 0; i < count; i++)); do all+=("N$i"); done
name_node "${all[@]}"

# Wires, by number of the nodes at their ends
ring() {
	local i
	for ((i = 0; i < count; i++)); do echo "$i $(((i + 1) % count))"; done
}
grid() {
	local i width=$((count > 9 ? 5 : 3))
	for ((i = 0; i < count; i++)); do
		(((i + 1) % width == 0 || i + 1 >= count)) || echo "$i $((i + 1))"
		((i + width >= count)) || echo "$i $((i + width))"
	done
}
tree() {
	local i
	for ((i = 1; i < count; i++)); do echo "$(((i - 1) / 3)) $i"; done
}

# start SHAPE: all of it at once
start() {
	local a b node
	netns "${all[@]}"
	while read -r a b; do wire "N$a" "N$b" ether; done < <("$1")
	for node in "${all[@]}"; do
		swd_config "$node" < /dev/null
		spawn_in "$node" "$SWD" -v -c "$TMP/$node.conf" sw0 2> "$TMP/$node.log"
		DAEMON[$node]=$!
	done
}

# end: nothing of it is left but the keys
end() {
	local node
	for node in "${all[@]}"; do swd_stop "$node"; done
	for node in "${all[@]}"; do echo "netns del $P$node"; done | ip -batch -
	namespaces=()
	rm -rf "$TMP"/*.state
	UL=()
}

# converged WHAT: says how long it took
converged() {
	local what=$1
	check "$what: each knows all, and a path" /usr/bin/python3 -B "$SELFTESTS/topology.py" \
		$((patience * SCALE)) "${all[@]/*/$TMP/&.sock}" || swd_log "${all[@]}"
	diag "$what, $(tail -n 1 "$TMP/check")"
}

# Each to the one that is half of them away
pings_across() {
	local i
	for ((i = 0; i < count; i++)); do
		wait_for 5 pings "N$i" "N$(((i + count / 2) % count))" 1 || return
	done
}

for shape in grid tree ring; do
	start $shape
	converged "$shape of $count"
	check "$shape of $count: packets go, from each" pings_across
	[ $shape = ring ] || end
done

# paths A B: how many A's daemon knows to B
paths() { sw "$1" -j route "${KEY[$2]}" socket "$TMP/$1.sock" | jq length; }
no_path() { [ "$(paths "$@")" = 0 ]; }

half=$((count / 2)) last=N$((count - 1))
ends=("N$((half - 1)) to-N$half" "$last to-N0")
for place in "${ends[@]}"; do ipn "${place% *}" link set "${place#* }" down; done
check "a ring that is cut twice: no path to the other half" wait_for 30 no_path N0 N$half
check "nor from there" wait_for 30 no_path N$half N0
check "packets go within a half" pings N0 N$((half - 1))
check "and in the other" pings N$half "$last"
refuse "but not from one to the other" one_ping N0 N$half
for place in "${ends[@]}"; do ipn "${place% *}" link set "${place#* }" up; done
converged "the halves, together again"
check "packets go from each, as before" pings_across
