#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# compile.sh [KERNEL...]: compiles the module for each supported kernel, or those
# named (see kernel.sh), with gcc and with clang; every warning there is, is an
# error. Silent about what is in order.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

CLANG=clang-19
dir=$TOP/build/compile
failed=0

# Headers have been configured for the gcc that has compiled their kernel. Makes a
# copy of them that says what clang is, and what it does not know:
# -mrecord-mcount, -fmin-function-alignment, bounds-strict, address spaces of
# x86 segments. $1 is where they are, $2 where they are for who uses them, $3 the copy.
clang_headers() {
	local link gcc_only
	gcc_only='CC_IS_GCC|FTRACE_MCOUNT_USE_CC|CC_HAS_MIN_FUNCTION_ALIGNMENT|UBSAN_BOUNDS_STRICT|CC_HAS_NAMED_AS\w*|USE_X86_SEG_SUPPORT'
	rm -rf "$3"
	mkdir -p "$3"
	cp -a "$1/." "$3"
	sed -i "s|=$2\$|=$3|" "$3/Makefile"
	sed -i -E -e "/^CONFIG_($gcc_only)=/d" -e 's/^(CONFIG_GCC_VERSION=).*/\10/' \
		-e 's/^(CONFIG_CLANG_VERSION=).*/\1190000/' -e 's/-fallthrough=5/-fallthrough/' \
		-e "\$aCONFIG_CC_IS_CLANG=y" "$3/include/config/auto.conf"
	sed -i -E -e "/^#define CONFIG_($gcc_only) /d" -e 's/^(#define CONFIG_GCC_VERSION) .*/\1 0/' \
		-e 's/^(#define CONFIG_CLANG_VERSION) .*/\1 190000/' \
		-e "\$a#define CONFIG_CC_IS_CLANG 1" "$3/include/generated/autoconf.h"
	for link in scripts tools; do
		ln -sfn "/usr/lib/$(readlink "$1/$link" | sed 's|.*/lib/||')" "$3/$link"
	done
}

# compile NAME ARGUMENT...: for the kernel whose variables are set
compile() {
	local name=$1 log=$dir/$1.log rc=0
	shift
	rm -rf "${dir:?}/$name"
	"${MODULE[@]}" -s -j"$(nproc)" module BUILD="build/compile/$name" W=1 \
		KCFLAGS=-Werror "$@" > "$log" 2>&1 || rc=$?
	if [ $rc = 0 ]; then
		echo "compile: $name: clean"
	else
		cat "$log"
		echo "compile: $name: FAILED"
		failed=1
	fi
}

cd "$TOP"
mkdir -p "$dir"
scripts/setup.sh build compile
[ $# -gt 0 ] || set -- stock 6.12 newest arm64
for kernel; do
	vars=$(scripts/kernel.sh "$kernel")
	eval "$vars"
	cc=$CLANG
	[ -z "$ROOT" ] || cc+=" --target=aarch64-linux-gnu"
	compile "$kernel-gcc"
	copy=$dir/$kernel-headers
	clang_headers "$HEADERS" "$KDIR" "$copy"
	compile "$kernel-clang" KDIR="$copy" CC="$cc"
	rm -rf "$copy"
done
exit $failed
