#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh: what compiler, sparse, checkpatch, coccinelle, kernel-doc, mandoc, groff
# and shellcheck can say about the source. Silent about what is in order; there are
# no exceptions.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p "$TOP/build"
cd "$TOP"
scripts/setup.sh build lint test ynl
vars=$(scripts/kernel.sh stock && scripts/kernel.sh source)
eval "$vars"
failed=0

# What a check has to say has to be nothing.
verdict() {
	if [ -z "$2" ]; then
		echo "lint: $1: clean"
	else
		printf '%s\nlint: %s: FAILED\n' "$2" "$1"
		failed=1
	fi
}

# All of the module anew, with all the warnings there are, and its tests, which this
# kernel could not link. What sparse says of the kernel's own headers is not ours to
# mend.
compile() {
	local dir=$TOP/build/lint rc=0 options
	options=(W=1 C=2 CF=-D__CHECK_ENDIAN__ KCFLAGS=-Werror)
	rm -rf "$dir"
	{
		make -s module KDIR="$KDIR" BUILD=build/lint "${options[@]}" &&
		make -s -C "$KDIR" M="$dir" CONFIG_KUNIT=m "${options[@]}" kernel/test/
	} > "$TOP/build/lint.log" 2>&1 || rc=$?
	grep -E "^$dir/|: error:|\*\*\*" "$TOP/build/lint.log" || :
	return "$rc"
}

# Several files at a time: more processes than that, each reads the rules anew.
checkpatch() {
	find kernel include userspace selftests -name '*.[ch]' -print0 |
		xargs -0 -r -n 16 -P "$(nproc)" perl "$SRC/scripts/checkpatch.pl" --strict \
			--no-tree --no-summary --quiet --show-types -f
}

# The kernel's own rules about lifetimes, locks and loops
coccinelle() {
	find "$SRC"/scripts/coccinelle/{free,iterators,locks} -name '*.cocci' \
		-exec grep -qx 'virtual report' {} \; -print0 |
		xargs -0 -r -n 1 -P "$(nproc)" "$TOP/scripts/spatch.sh"
}

kernel_doc() {
	find kernel include selftests -name '*.[ch]' -print0 |
		xargs -0 perl "$SRC/scripts/kernel-doc" -none -Werror
}

manual_pages() {
	local page
	for page in Documentation/man/*; do
		grep -nHE '[^ ]\.(PP|TP|SH)' "$page" || :
		mandoc -T lint "$page" || :
		groff -ww -man -Tutf8 -z "$page"
	done
}

shell_scripts() {
	grep -rlE '^#!.*\b(ba)?sh\b' .ci scripts selftests userspace --exclude-dir=build
}

verdict "module, W=1 and sparse" "$(compile 2>&1 || echo "status $?")"
verdict "generated netlink code" "$(scripts/ynl.sh --check 2>&1 || echo "status $?")"
verdict checkpatch "$(checkpatch 2>&1 || echo "status $?")"
verdict coccinelle "$(coccinelle 2>&1 || echo "status $?")"
verdict kernel-doc "$(kernel_doc 2>&1 || echo "status $?")"
verdict "manual pages" "$(manual_pages 2>&1)"
# shellcheck disable=SC2046
verdict shellcheck "$(shellcheck -x $(shell_scripts) 2>&1)"
exit $failed
