#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [-j JOBS] [-s SCALE] [TEST]...: runs the tests, all or those named
# (chain, chain.sh), and prints one TAP report after another. JOBS of them run at
# a time, but those that say "Runs alone". A kernel that is SCALE times slower
# than a stock one gives them as much more time.
#
# SKYWIRE_KO  the module, if it is not loaded (build/RELEASE/kernel/skywire.ko)
# OUTPUT      what the Makefile has built (build/selftests)
set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/log.sh
. ./log.sh
here=$PWD
top=$(cd .. && pwd)
export OUTPUT=${OUTPUT:-$top/build/selftests}
export SCALE=${SCALE:-1}

usage() {
	echo "usage: run.sh [-j JOBS] [-s SCALE] [TEST]..." >&2
	exit 2
}

jobs=1
while getopts j:s: opt; do
	case $opt in
	j) jobs=$OPTARG ;;
	s) SCALE=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
case $jobs,$SCALE in ,*|*,|*[!0-9,]*|0,*) usage ;; esac

report() { printf 'TAP version 13\n1..1\n%s\n' "$*"; }

# modprobe loads what the module needs, insmod does not.
load() {
	local ko=${SKYWIRE_KO:-$top/build/$(uname -r)/kernel/skywire.ko}
	[ ! -d /sys/module/skywire ] || return 0
	watch_log "$dir/log" || return
	watched=1
	if [ -e "$ko" ]; then
		modprobe -a -q udp_tunnel ip6_udp_tunnel libchacha20poly1305 libblake2b
		insmod "$ko" dyndbg=+p
	else
		modprobe skywire dyndbg=+p
	fi
}

# A module that was there before is left alone, and so is what others have made.
unload() {
	[ -n "$watched" ] || return 0
	echo "# selftests: skywire: unload"
	if rmmod skywire && unwatch_log "$dir/log" &&
	   all_destroyed "$dir/log" module device > "$dir/destroyed"; then
		report "ok 1 what was created was destroyed"
	else
		report "not ok 1 what was created was destroyed"
	fi
	sed 's/^/# /' "$dir/destroyed"
}

# The tests that the Makefile names; without it, those that are here
all_tests() {
	if [ -e "$OUTPUT/tests" ]; then
		cat "$OUTPUT/tests"
	else
		find . -maxdepth 1 -name '*.sh' ! -name lib.sh ! -name log.sh ! -name run.sh ! -name '*-bench.sh' \
			-printf '%f\n' | sort
	fi
}

find_test() {
	local file
	for file in "$here/$1" "$here/$1.sh" "$OUTPUT/$1"; do
		[ ! -f "$file" ] || [ ! -x "$file" ] || { echo "$file"; return 0; }
	done
	return 1
}

# Leaves the report in a file. A test that fails, or is killed, without a word of
# it is one more failure.
run() {
	local name=$1 tap=$2 file rc=0 start=$SECONDS
	file=$(find_test "$name") || { report "not ok 1 $name # no such test"; return; }
	echo "# selftests: skywire: $name"
	timeout -k 10 $((timeout * SCALE)) "$file" < /dev/null > "$tap"
	rc=$?
	cat "$tap"
	echo "# $name: status $rc, $((SECONDS - start)) s"
	if [ "$rc" = 124 ] || [ "$rc" = 137 ]; then
		report "not ok 1 $name # not done within $((timeout * SCALE)) s"
	elif ! grep -qE '^1\.\.[0-9]|^Bail out!' "$tap"; then
		report "not ok 1 $name # no report, status $rc"
	elif [ "$rc" = 4 ] && grep -qE '# SKIP' "$tap"; then
		:	# a program of the harness, all of which was skipped
	elif [ "$rc" != 0 ] && ! grep -qE '^not ok|^Bail out!' "$tap"; then
		report "not ok 1 $name # status $rc"
	fi
}

# run_all TEST...: so many at a time, each report whole
run_all() {
	local test
	for test; do
		[ "$(jobs -rp | wc -l)" -lt "$jobs" ] || wait -n
		{
			run "$test" "$dir/$test.tap" > "$dir/$test.report"
			flock "$dir" cat "$dir/$test.report"
		} &
	done
	wait
}

# Does it need the module, or the ciphers, for itself?
runs_alone() {
	local file
	file=$(find_test "$1") && grep -qI '^# Runs alone' "$file"
}

timeout=$(sed -n 's/^timeout=//p' settings)
dir=$(mktemp -d)
watched=
trap 'kill "${spawned[@]}" 2> /dev/null; rm -rf "$dir"' EXIT

if ! load; then
	report "not ok 1 load the module"
	exit 1
fi
[ $# -gt 0 ] || mapfile -t tests < <(all_tests)
together=() alone=()
for test in "${tests[@]-$@}"; do
	if runs_alone "$test"; then alone+=("$test"); else together+=("$test"); fi
done
run_all ${together[@]+"${together[@]}"}
jobs=1
run_all ${alone[@]+"${alone[@]}"}
unload | tee "$dir/unload.report"
! grep -qE '^(not ok|Bail out!)' "$dir"/*.report
