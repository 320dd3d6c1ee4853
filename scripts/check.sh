#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh KERNEL [TEST]...: builds all, and runs the tests in a guest with that
# kernel (see kernel.sh): all of them, or those named. Ends with the sum. Tests that
# run alone have a guest of their own, beside that of the others.
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

# The kernel's own complaints, as a test of its own
kernel_log() {
	printf 'TAP version 13\n1..1\n'
	if scripts/log-check.sh "$1" | sed 's/^/# /'; then
		echo "ok 1 - kernel log"
	else
		echo "not ok 1 - kernel log"
	fi
}

# A leak shows when two scans have found the same memory unreferenced.
# shellcheck disable=SC2016 # for the guest
leak_scan='selftests/run.sh -s 5 "$@"; rc=$?
leak=/sys/kernel/debug/kmemleak
sleep 5; echo scan >$leak; echo scan >$leak; cat $leak >/out/kmemleak
exit $rc'

# in_guest NAME JOBS [TEST]...: in a guest of that name
in_guest() {
	local name=$1 jobs=$2
	shift 2
	[ $# -gt 0 ] || return 0
	mkdir "$out/$name"
	if [ "$kernel" = debug ]; then
		tap "$name" scripts/guest.sh -k debug -t 1200 -o "$out/$name" \
			bash -c "$leak_scan" - -j "$jobs" "$@"
	else
		tap "$name" scripts/guest.sh -k "$kernel" -t 1500 -o "$out/$name" \
			selftests/run.sh -j "$jobs" "$@"
	fi
	tap "$name-log" kernel_log "$out/$name/console.log"
}

scripts/setup.sh build guest test
vars=$(scripts/kernel.sh "$kernel")
eval "$vars"
make -s -j"$(nproc)" all KDIR="$KDIR" >&2
make -s -C selftests >&2

[ $# -gt 0 ] || mapfile -t all < build/selftests/tests
together=() alone=()
for test in "${all[@]-$@}"; do
	if grep -qIs '^# Runs alone' "selftests/${test%.sh}.sh"; then
		alone+=("$test")
	else
		together+=("$test")
	fi
done

[ "$kernel" = debug ] || tap unit make -s -C userspace check
in_guest alone 1 ${alone[@]+"${alone[@]}"} > "$out/alone.out" 2>&1 &
in_guest together "$(nproc)" ${together[@]+"${together[@]}"}
wait
cat "$out/alone.out"
scripts/tap-sum.sh "$out"/*.tap
