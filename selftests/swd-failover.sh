#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Twenty nodes with daemons, in a grid, and traffic, while wires at random fall
# silent: packets are on another path as soon as the kernel's own test has it, and the
# daemons see to it that there is another one, the next time as well.
# Counts instructions: it measures how long no packet arrives.
# Runs alone: 30 ms without a sign are a link's death.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
CUTS=24
# Packets a second; and milliseconds without one: in 99 of 100 cuts, and in all, and
# for the two packets that are needed more, one that a relay answers by an ERROR, and
# the first that goes another way. That answer takes a round trip besides.
RATE=250 P99=35 MAX=100 MORE=$((2 * 1000 / 250))
WIDTH=5 COUNT=20
all=()
for ((i = 0; i < COUNT; i++)); do all+=("N$i"); done
name_node "${all[@]}"
netns "${all[@]}"

# A wire has a valve at its one end: one word stops both directions, and no
# interface knows.
cables=()
valve_wire() {
	wire "N$1" "N$2" ether
	cables+=("N$1 N$2")
	at "N$1" tc -batch - <<-END || die "no valve"
		qdisc add dev to-N$2 clsact
		filter add dev to-N$2 ingress matchall action gact pass index $(($2 + 1))
		filter add dev to-N$2 egress matchall action gact index $(($2 + 1))
	END
}
for ((i = 0; i < COUNT; i++)); do
	(((i + 1) % WIDTH == 0)) || valve_wire $i $((i + 1))
	((i + WIDTH >= COUNT)) || valve_wire $i $((i + WIDTH))
done

# valve WIRE pass|drop
valve() {
	local ends
	read -ra ends <<< "$1"
	at "${ends[0]}" tc actions replace action gact "$2" index $((${ends[1]#N} + 1))
}

# Each daemon would have a machine of its own.
for node in "${all[@]}"; do
	swd_config "$node" < /dev/null
	spawn_in "$node" nice -n 10 "$SWD" -v -c "$TMP/$node.conf" sw0 2> "$TMP/$node.log"
	DAEMON[$node]=$!
done
# converged SECONDS
converged() {
	/usr/bin/python3 -B "$SELFTESTS/topology.py" $(($1 * SCALE)) "${all[@]/*/$TMP/&.sock}"
}
check "each knows all, and a path" converged 120
diag "$(cat "$TMP/check")"

# Those that are not at the edge: any of them has two ways to each other, whatever
# wire is cut. The last two are neighbours.
sources=(N6 N7 N8 N11 N13 N12) sinks=(N13 N11 N12 N8 N6 N7)
for i in "${!sources[@]}"; do
	check "${sources[i]} reaches ${sinks[i]}" wait_for 30 pings "${sources[i]}" "${sinks[i]}" 1
done

# first_links NODE OTHER: how many links the paths begin with that the kernel has
first_links() {
	sw "$1" -j path show peer "${KEY[$2]}" | jq '[.[].link] | unique | length'
}
two_ways() {
	local i
	for i in "${!sources[@]}"; do
		[ "$(first_links "${sources[i]}" "${sinks[i]}")" -ge 2 ] || return
	done
}
check "each has two ways, that part at once" wait_for 30 two_ways

# changes: of paths, that the sources have seen
changes() { cat "$TMP"/N*.changes | grep -c '"object": *"path"'; }
for node in "${sources[@]}"; do
	spawn "$SWCTL" -n "$P$node" -j monitor > "$TMP/$node.changes"
done
nap 5
before=$(changes)
nap 20
is "no path comes or goes while nothing happens" "$(changes)" "$before"

# flows: from each source to its sink, cut in the midst; adds to GAPS. A flow of which
# nothing is lost was not cut.
GAPS=() LOST=0
flows() {
	local i pid=() words place=$1
	for i in "${!sources[@]}"; do
		at "${sources[i]}" "$OUTPUT/flow" $RATE 1 0 "/run/netns/$P${sinks[i]}" \
			"${ADDR[${sinks[i]}]}" > "$TMP/flow.$i" &
		pid+=($!)
	done
	nap 0.$((3 + RANDOM % 4))
	valve "$place" drop
	wait "${pid[@]}"
	for i in "${!sources[@]}"; do
		read -ra words < "$TMP/flow.$i"
		[ "${words[1]}" != "${words[3]}" ] || continue
		GAPS+=("$((words[7] / 1000))")
		diag "$place was cut: ${sources[i]} to ${sinks[i]}: ${words[*]}"
		((words[9] < 50000)) || LOST=$((LOST + 1))
	done
}

# alive WIRE: at both ends
alive() {
	local ends
	read -ra ends <<< "$1"
	daemon_alive "${ends[0]}" "${ends[1]}" && daemon_alive "${ends[1]}" "${ends[0]}"
}
all_alive() {
	local wire
	for wire in "${cables[@]}"; do alive "$wire" || return; done
}

# round_trip: the longest of the paths that are used, in milliseconds, rounded up
round_trip() {
	local node
	for node in "${sources[@]}"; do sw "$node" -j path show; done |
		jq -s '[.[][] | select(.packets > 0) | .rtt] | max / 1000000 | ceil'
}

RANDOM=1 short=0 rtt=0
for ((i = 0; i < CUTS; i++)); do
	place=
	until [ "$place" ] && alive "$place" > /dev/null; do
		place=${cables[RANDOM % ${#cables[@]}]}
	done
	flows "$place"
	wait_for 10 two_ways || { short=$((short + 1)); diag "after a cut of $place: one way"; }
	valve "$place" pass
	now=$(round_trip)
	((now <= rtt)) || rtt=$now
done
mapfile -t sorted < <(printf '%s\n' "${GAPS[@]}" | sort -n)
n=${#sorted[@]}
diag "$CUTS cuts, seed 1: $n flows were hit; ms without a packet: ${sorted[*]}"
diag "the longest round trip: $rtt ms"
holds "some flows were hit" "n > 0"
is "all of them went on" "$LOST" 0
holds "99 of 100 within $P99 ms" "sorted[(n * 99 + 99) / 100 - 1] <= P99 + $MORE + rtt"
holds "all within $MAX ms" "sorted[n - 1] <= MAX + $MORE + rtt"
is "cuts after which a source had no second way" "$short" 0
check "all links come back" wait_for 60 all_alive
check "and packets go" pings "${sources[0]}" "${sinks[0]}"
