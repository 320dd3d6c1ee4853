#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The logic that needs no devices, as the kernel itself runs it (kernel/test/): what
# KUnit has to say of that in the kernel's log, as results of this test.
# shellcheck source=selftests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TEST_KO=${KO%/*}/test/skywire_test.ko

[ -d /sys/kernel/debug/kunit ] || skip_all "the kernel has no KUnit (CONFIG_KUNIT)"
[ -e "$TEST_KO" ] || skip_all "no ${TEST_KO##*/}, which needs a kernel with KUnit"

# kunit_report FILE SUITES: a result for each case, and whether each suite ran to its end;
# under those that fail, what KUnit said before. Others' messages are in the log as
# well, also between those of one case.
kunit_report() {
	awk -F ';' -v suites="$2" '
		BEGIN { left = split(suites, names, " ") }
		{ text = substr($0, length($1) + 2) }
		text ~ /^    # Subtest: skywire_/ {
			suite = substr(text, 16)
			planned = done = 0
			said = ""
		}
		suite == "" { next }
		text ~ /^    1\.\.[0-9]+$/ { planned = substr(text, 8) }
		text ~ /^    # [a-z0-9_]+: / {
			gsub(/\\x0a/, "\n", text)
			said = said substr(text, 7) "\n"
		}
		text ~ /^    (not )?ok [0-9]+ / {
			done++
			sub(/^    /, "", text)
			sub(/ok [0-9]+ (- )?/, "ok " suite ": ", text)
			print text
			if (text ~ /^not/)
				printf "%s", said
			said = ""
		}
		text ~ ("^(not )?ok [0-9]+ " suite) {
			if (done != planned || !done)
				print "not ok " suite ": " done " of " planned " cases"
			suite = ""
			left--
		}
		END {
			if (suite != "" || left)
				print "not ok " suite " has no end, " left " of " suites " left"
		}' "$1"
}

watch_log "$TMP/log" || die "the kernel's log cannot be followed"
check "the tests are loaded" insmod "$TEST_KO" || exit
# What is registered, whether it has run or not
suites=$(cd /sys/kernel/debug/kunit && echo skywire_*)
check "and unloaded" rmmod skywire_test
check "the log is whole" unwatch_log "$TMP/log"
results_of kunit_report "$TMP/log" "$suites"
