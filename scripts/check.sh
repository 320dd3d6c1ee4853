#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh KERNEL [TEST]...: builds all, and runs the tests in a guest with that
# kernel (see kernel.sh): all of them, or those named. Ends with the sum.
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
	if scripts/log-check.sh "$out/console.log" | sed 's/^/# /'; then
		echo "ok 1 - kernel log"
	else
		echo "not ok 1 - kernel log"
	fi
}

scripts/setup.sh build guest test
vars=$(scripts/kernel.sh "$kernel")
eval "$vars"
make -s -j"$(nproc)" all KDIR="$KDIR" >&2
make -s -C selftests >&2

if [ "$kernel" = debug ]; then
	# A leak shows when two scans have found the same memory unreferenced.
	# shellcheck disable=SC2016 # for the guest
	tap selftests scripts/guest.sh -k debug -t 1200 -o "$out" bash -c '
		selftests/run.sh -s 5 -j 2 "$@"; rc=$?
		leak=/sys/kernel/debug/kmemleak
		sleep 5; echo scan >$leak; echo scan >$leak; cat $leak >/out/kmemleak
		exit $rc' - "$@"
else
	tap unit make -s -C userspace check
	tap selftests scripts/guest.sh -k "$kernel" -t 1500 -o "$out" selftests/run.sh -j "$(nproc)" "$@"
fi
tap log kernel_log
scripts/tap-sum.sh "$out"/*.tap
