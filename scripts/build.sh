#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh [-t] KERNEL: builds module and tools for a kernel (see kernel.sh) and
# its guest; with -t the tests as well.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage() { die "usage: build.sh [-t] KERNEL"; }

tests=
while getopts t opt; do
	case $opt in
	t) tests=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || usage

cd "$TOP"
"$TOP/scripts/setup.sh" build ${tests:+test}
vars=$(scripts/kernel.sh "$1")
eval "$vars"
"${MODULE[@]}" -s -j"$(nproc)" module >&2
"${TOOLS[@]}" -s -j"$(nproc)" tools >&2
[ -z "$tests" ] || "${TOOLS[@]}" -s -C selftests >&2
