#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tap-sum.sh [FILE]...: adds up TAP reports that follow one another, names what
# failed, and ends with "N passed, N failed, N skipped". A report that breaks
# off, or runs other than the planned tests, is a failure; so is nothing at all.

exec awk '
function fail(what) { failed++; print "FAILED: " what }

# A report ends where the next one starts: with a version, with a second plan,
# or with a result after the plan that closed it.
function close_report() {
	if (plan == "" && results)
		fail("no plan after " results " results, last: " last)
	else if (plan != "" && plan != results && !bailed)
		fail("planned " plan ", ran " results ", last: " last)
	plan = ""
	last = "none"
	results = closed = bailed = 0
}

BEGIN { last = "none" }

{ sub(/\r$/, "") }

/^TAP version/ { close_report() }

/^1\.\.[0-9]+/ {
	if (plan != "")
		close_report()
	plan = substr($1, 4) + 0
	closed = results > 0
	if (plan == 0)
		skipped++
}

/^(not )?ok( |$)/ {
	if (closed && results >= plan)
		close_report()
	results++
	last = $0
	if (toupper($0) ~ /# *(SKIP|TODO|XFAIL)/)
		skipped++
	else if ($1 == "ok")
		passed++
	else
		fail($0)
}

/^Bail out!/ {
	bailed = 1
	fail($0)
}

END {
	close_report()
	if (!passed && !failed && !skipped)
		fail("no test ran")
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0
}
' "$@"
