#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# corpora.sh DIRECTORY: each fuzz target there, with the inputs that are kept for it,
# among them all that ever broke it. Prints TAP.
fuzz=$(dirname "$0")/../fuzz
tests=0 rc=0
echo "TAP version 13"
for source in "$fuzz"/*.c; do
	name=$(basename "$source" .c)
	tests=$((tests + 1))
	if out=$("$1/$name" "$fuzz/corpus/$name"/* 2>&1); then
		echo "ok $tests - fuzz target $name"
	else
		echo "not ok $tests - fuzz target $name"
		echo "$out" | sed 's/^/# /'
		rc=1
	fi
done
echo "1..$tests"
exit $rc
