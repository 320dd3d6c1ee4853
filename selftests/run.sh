#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [-s SCALE] [TEST]...: runs the tests, all or those named (chain,
# chain.sh), and prints one TAP report after another. A kernel that is SCALE
# times slower than a stock one gives them as much more time.
#
# SKYWIRE_KO  the module, if it is not loaded (build/RELEASE/kernel/skywire.ko)
# OUTPUT      what the Makefile has built (build/selftests)
set -u
cd "$(dirname "$0")" || exit 1
here=$PWD
top=$(cd .. && pwd)
export OUTPUT=${OUTPUT:-$top/build/selftests}
export SCALE=${SCALE:-1}

usage() {
	echo "usage: run.sh [-s SCALE] [TEST]..." >&2
	exit 2
}

while getopts s: opt; do
	case $opt in
	s) SCALE=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
case $SCALE in ''|*[!0-9]*) usage ;; esac

report() { printf 'TAP version 13\n1..1\n%s\n' "$*"; }

# modprobe loads what the module needs, insmod does not.
load() {
	local ko=${SKYWIRE_KO:-$top/build/$(uname -r)/kernel/skywire.ko}
	[ ! -d /sys/module/skywire ] || return 0
	if [ -e "$ko" ]; then
		modprobe -a -q udp_tunnel ip6_udp_tunnel
		insmod "$ko"
	else
		modprobe skywire
	fi
}

# The tests that the Makefile names; without it, those that are here
all_tests() {
	if [ -e "$OUTPUT/tests" ]; then
		cat "$OUTPUT/tests"
	else
		find . -maxdepth 1 -name '*.sh' ! -name lib.sh ! -name run.sh \
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

# Passes the report on. A test that fails, or is killed, without a word of it
# is one more failure.
run() {
	local name=$1 file rc=0 start=$SECONDS
	file=$(find_test "$name") || { report "not ok 1 $name # no such test"; return 1; }
	echo "# selftests: skywire: $name"
	timeout -k 10 $((timeout * SCALE)) "$file" < /dev/null | tee "$log"
	rc=${PIPESTATUS[0]}
	echo "# $name: status $rc, $((SECONDS - start)) s"
	if [ "$rc" = 124 ] || [ "$rc" = 137 ]; then
		report "not ok 1 $name # not done within $((timeout * SCALE)) s"
	elif ! grep -qE '^1\.\.[0-9]|^Bail out!' "$log"; then
		report "not ok 1 $name # no report, status $rc"
	elif [ "$rc" != 0 ] && ! grep -qE '^not ok|^Bail out!|# SKIP' "$log"; then
		report "not ok 1 $name # status $rc"
	fi
}

timeout=$(sed -n 's/^timeout=//p' settings)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if ! load; then
	report "not ok 1 load the module"
	exit 1
fi
[ $# -gt 0 ] || mapfile -t tests < <(all_tests)
failed=0
for test in "${tests[@]-$@}"; do
	run "$test" | tee -a "$log.all"
done
! grep -q '^not ok\|^Bail out!' "$log.all" || failed=1
rm -f "$log.all"
exit $failed
