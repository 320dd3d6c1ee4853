#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints a directory with the kernel's lib.mk and test harness: that of the
# packaged source where it is unpacked, or those files alone, unpacked now.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"

tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-[0-9]*.tar.xz' | sort -V | tail -n 1)
[ -n "$tarball" ] || die "no packaged kernel source: run scripts/setup.sh test"
pkg=$(basename "$tarball" .tar.xz)
version=${pkg}_$(dpkg-query -W -f '${Version}' "$pkg")
whole=$CACHE/src/$version
dir=$CACHE/kselftest/$version

if [ -e "$whole/Kconfig" ]; then
	echo "$whole/tools/testing/selftests"
	exit 0
fi
lock kselftest
if [ ! -e "$dir/tools/testing/selftests/lib.mk" ]; then
	note "unpacking the kernel's test harness"
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	tar -C "$dir.new" --strip-components=1 -xJf "$tarball" --wildcards \
		'*/tools/testing/selftests/lib.mk' \
		'*/tools/testing/selftests/kselftest*'
	rm -rf "$dir"
	mv "$dir.new" "$dir"
fi
echo "$dir/tools/testing/selftests"
