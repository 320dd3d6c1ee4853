#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets whose labels lead through the same relays again and again, and those that
# turn back where they came from: loops.py plays X and Y, neighbours of R1, which has
# two links to X. Three relays have two links to each other, and fees on one pair.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python

# Those of links that are played are below.
indices=1000

netns X
relays=(R1 R2 R3)
node "${relays[@]}"
name_node X Y
wire X R1
played_link R1 X 10 5000 "${KEY[X]}"
played_link R1 X 20 5001 "${KEY[Y]}"
played_link R1 X 30 5002 "${KEY[X]}"

# second_link A B: one more, over the same wire; labels are those of the first
# and 5000
second_link() {
	local a b label
	new_indices "$1" "$2"
	for a in "$1" "$2"; do
		b=$2
		[ "$a" = "$1" ] || b=$1
		label=$((LABEL[$a,$b] + 5000))
		sw "$a" link add label $label neighbour "${KEY[$b]}" \
			remote "$(endpoint "${UL[$b,$a]}")" probe-busy 0 > /dev/null ||
			die "no second link $a-$b"
		add_key "$a" link $label "${INDEX[$b,$a]}" "${INDEX[$a,$b]}"
		MESH+="$a,$label,$b,$((LABEL[$b,$a] + 5000)) "
	done
}

# What loops.py has to know: "A,LABEL,B,LABEL ..."
MESH=
for pair in R1,R2 R2,R3 R3,R1; do
	a=${pair%,*} b=${pair#*,}
	wire "$a" "$b"
	link "$a" "$b"
	MESH+="$a,${LABEL[$a,$b]},$b,${LABEL[$b,$a]} "
	MESH+="$b,${LABEL[$b,$a]},$a,${LABEL[$a,$b]} "
	second_link "$a" "$b"
done
export MESH PREFIX=$P
play R1 X loops.py

session R1 R3 R2
check "and packets of the relays' own go through them" pings R1 R3 3
adds_up "${relays[@]}"
