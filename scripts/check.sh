#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh KERNEL [TEST]...: builds all, and runs the tests in a guest with that
# kernel (see kernel.sh): those named, or all of them, and those of userspace that need
# no guest. Ends with the sum. They run in two guests of one CPU each: emulated ones
# that share a core wait for each other's locks. It is the debug kernel that has two
# CPUs. Tests that say "Counts instructions" go to a third guest after them, whose clock
# does that. SWD is a daemon to test in the place of the one that is built, and half as
# fast.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=$1
shift
out=$TOP/build/check-$kernel
cd "$TOP"
rm -rf "$out"
mkdir -p "$out"

# Runs a command that prints TAP. One that fails and does not say so there is
# a failed test as well.
tap() {
	local file=$out/$1.tap rc=0
	shift
	"$@" | tee "$file" || rc=$?
	if [ $rc != 0 ] && ! grep -qE '^(not ok|Bail out!)' "$file"; then
		printf 'TAP version 13\n1..1\nnot ok 1 - %s: exit status %d\n' "$*" $rc |
			tee -a "$file"
	fi
}

# log NAME CONSOLE: the kernel's own complaints, as a test of its own
log() {
	printf 'TAP version 13\n1..1\n'
	if scripts/log-check.sh "$2" | sed 's/^/# /'; then
		echo "ok 1 - kernel log $1"
	else
		echo "not ok 1 - kernel log $1"
	fi
}

# A leak shows when two scans have found the same memory unreferenced.
# shellcheck disable=SC2016 # for the guest
leak_scan='
	selftests/run.sh -s 5 -j 2 "$@"; rc=$?
	leak=/sys/kernel/debug/kmemleak
	sleep 5; echo scan >$leak; echo scan >$leak; cat $leak >/out/kmemleak
	exit $rc'

# in_guest NAME COMMAND...: with a directory of that name for /out
in_guest() {
	local name=$1 options=(-s 1 -t 1500)
	shift
	[ "$name" != counted ] || options=(-i -t 3000)
	[ "$kernel" != debug ] || options=(-s 2 -t 1200)
	mkdir "$out/$name"
	tap "$name" scripts/guest.sh -k "$kernel" "${options[@]}" -o "$out/$name" "$@"
	tap "$name-log" log "$name" "$out/$name/console.log"
}

# run NAME [TEST]...: those tests, if there are any
run() {
	local name=$1
	shift
	[ $# = 0 ] || in_guest "$name" env ${SWD:+SWD="$SWD"} \
		selftests/run.sh -s $((${SWD:+1} + 1)) -j 2 "$@" > "$out/$name.out" 2>&1
}

# That kernel has no switch for what the module tells of its objects.
[ "$kernel" != debug ] || export KCFLAGS=-DDEBUG
scripts/build.sh -t "$kernel"

if [ "$kernel" = debug ]; then
	in_guest debug bash -c "$leak_scan" - "$@"
elif [ "$kernel" = arm64 ]; then
	# All that its processes open comes from the machine's file system.
	in_guest arm64 env OUTPUT="$TOP/build/arm64/selftests" SWCTL="$TOP/build/arm64/swctl" \
		selftests/run.sh -s 3 -j 2 "$@"
else
	whole=
	if [ $# = 0 ]; then
		mapfile -t all < build/selftests/tests
		set -- "${all[@]}"
		whole=1
	fi
	# Those that run alone take about as long as the others, two at a time.
	alone=() together=() counted=()
	for test; do
		if grep -qIs '^# Counts instructions' "selftests/${test%.sh}.sh"; then
			counted+=("$test")
		elif grep -qIs '^# Runs alone' "selftests/${test%.sh}.sh"; then
			alone+=("$test")
		else
			together+=("$test")
		fi
	done
	# A background job does not hear of an interrupt.
	trap 'kill 0' INT
	run alone ${alone[@]+"${alone[@]}"} &
	run together ${together[@]+"${together[@]}"} &
	[ -z "$whole" ] || tap unit make -s -C userspace check
	wait
	run counted ${counted[@]+"${counted[@]}"}
	for file in "$out"/*.out; do cat "$file"; done
fi
scripts/tap-sum.sh "$out"/*.tap
