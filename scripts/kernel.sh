#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # the variables are printed by name
#
# kernel.sh stock|debug|RELEASE|newest|arm64|source: makes a kernel available,
# nothing of it installed but the stock one's headers, and prints where it is as
# shell assignments:
#   REL      its release, as uname -r says
#   VMLINUZ  what QEMU boots
#   MODDIR   its modules, what is to be at /lib/modules/REL
#   KDIR     what modules are built against, where MODULE runs
#   HEADERS  the same, where it is for others
#   MODULE   (an array) make, with what it takes to build the module for it
#   TOOLS    (an array) make, with what it takes to build tools for its guest
#   ROOT     the guest's root file system; empty for this machine's
#   SRC      (debug, source) the unpacked packaged source
#
# stock: the distribution's current kernel. RELEASE: another one it packages,
# backports included; the start of a version will do (6.12). newest: the newest
# that Debian backports to any release. arm64: the distribution's current kernel
# for another architecture. debug: built from linux-source with debug.config. Kept
# in the cache, by version and how it is built; newest and arm64 until removed from there.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup.sh
. "$TOP/scripts/setup.sh"

usage() { die "usage: kernel.sh stock|debug|RELEASE|newest|arm64|source"; }

NEWEST=trixie-backports
# What the module is built with in a root file system, beside the kernel's own gcc
COMPILERS=(make clang-19)
# What guest, tests and linker need in arm64's
ARM64_PACKAGES=(busybox-static kmod procps iproute2 iputils-ping iperf3 tcpdump
	ethtool nftables jq socat python3 python3-cryptography
	libc6-dev libmnl-dev libsodium-dev libjansson-dev uthash-dev libev-dev libinih-dev
	libcap-ng-dev libsystemd-dev libnftables-dev
	libnl-3-dev libnl-genl-3-dev libnl-route-3-dev)

HEADERS='' ROOT='' MODULE=(make) TOOLS=(make)

# Prints what all kernels have, and the variables named, as assignments
assign() {
	local name
	: "${HEADERS:=$KDIR}"
	for name in REL VMLINUZ MODDIR KDIR HEADERS ROOT "$@"; do
		printf '%s=%q\n' "$name" "${!name}"
	done
	printf 'MODULE=( %s)\n' "$(printf '%q ' "${MODULE[@]}" "KDIR=$KDIR")"
	printf 'TOOLS=( %s)\n' "$(printf '%q ' "${TOOLS[@]}")"
}

depends_of() { dpkg-query -W -f '${Depends}\n' "$1" | tr -s ', ' '\n'; }

stock_release() {
	depends_of "linux-headers-$(dpkg --print-architecture)" |
		sed -n 's/^linux-headers-//p'
}

# The newest packaged release that starts with $1
find_release() {
	local arch
	arch=$(dpkg --print-architecture)
	apt-cache pkgnames "linux-headers-$1" | sed 's/^linux-headers-//' |
		grep -E -- "[0-9]-$arch\$|deb[0-9]+-$arch\$" | sort -V | tail -n 1
}

# Unpacks the image of release $1 into $CACHE/kernels/$1
fetch_image() {
	local rel=$1 dir=$CACHE/kernels/$1 tmp
	[ ! -e "$dir/vmlinuz" ] || return 0
	note "getting linux-image-$rel"
	tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
	(cd "$tmp" && download "linux-image-$rel") || { rm -rf "$tmp"; return 1; }
	dpkg -x "$tmp"/*.deb "$tmp"
	rm -rf "$dir"
	mkdir -p "$dir/lib/modules" "$dir/usr"
	ln -s ../lib "$dir/usr/lib"	# where depmod looks depends on its version
	for lib in "$tmp/lib" "$tmp/usr/lib"; do
		[ ! -d "$lib/modules/$rel" ] || cp -a "$lib/modules/$rel" "$dir/lib/modules/"
	done
	depmod -b "$dir" "$rel"
	ln -s "$(readlink -f "/lib/modules/$rel/build")" "$dir/lib/modules/$rel/build"
	cp "$tmp/boot/vmlinuz-$rel" "$dir/vmlinuz.new"
	rm -rf "$tmp"
	mv "$dir/vmlinuz.new" "$dir/vmlinuz"	# last: it says that all is there
}

packaged() {
	REL=$1
	install "linux-headers-$REL"
	fetch_image "$REL" || return 1
	VMLINUZ=$CACHE/kernels/$REL/vmlinuz
	MODDIR=$CACHE/kernels/$REL/lib/modules/$REL
	KDIR=$(readlink -f "/lib/modules/$REL/build")
	assign
}

stock() {
	"$TOP/scripts/setup.sh" build
	packaged "$(stock_release)" && return
	# The archive holds the current image only, and the headers are older.
	apt_update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
		--no-install-recommends "linux-headers-$(dpkg --print-architecture)" >&2
	packaged "$(stock_release)"
}

# The kernel in a root file system. From 7.0 on Debian keeps it with its modules.
in_root() {
	local root=$1 place
	REL=$(basename "$root"/usr/src/linux-headers-*[!n])
	REL=${REL#linux-headers-}
	MODDIR=$root/usr/lib/modules/$REL
	KDIR=/usr/src/linux-headers-$REL
	HEADERS=$root$KDIR
	for place in "$root/boot/vmlinuz-$REL" "$MODDIR/vmlinuz"; do
		[ ! -e "$place" ] || VMLINUZ=$place
	done
	[ -e "$MODDIR/modules.dep" ] || depmod -b "$root" "$REL"
}

# Built in the root file system, with its tools
foreign() {
	local root
	root=$("$TOP/scripts/root.sh" "$@" "${COMPILERS[@]}")
	in_root "$root"
	MODULE=("$TOP/scripts/in-root.sh" "$root" make)
	assign
}

codename() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

release() {
	local rel arch
	arch=$(dpkg --print-architecture)
	rel=$(find_release "$1" || :)
	if [ -z "$rel" ]; then
		backports
		rel=$(find_release "$1") || die "no packaged kernel $1"
	fi
	foreign "$rel" "$(codename)-backports" "$arch" "linux-image-$rel" "linux-headers-$rel"
}

newest() {
	local arch
	arch=$(dpkg --print-architecture)
	foreign newest "$NEWEST" "$arch" "linux-image-$arch" "linux-headers-$arch"
}

# Headers that work from outside of their root file system, with the programs that
# Debian has for this machine in the same version.
cross_headers() {
	local name kbuild
	kbuild=$(basename "$(dirname "$(readlink "$HEADERS/scripts")")")
	install "$kbuild"
	for name in scripts tools; do
		ln -sfn "/usr/lib/$kbuild/$name" "$HEADERS/$name"
	done
	sed -i "s|\([= ]\)/usr/src/|\1$ROOT/usr/src/|" "$HEADERS/Makefile"
	KDIR=$HEADERS
}

arm64() {
	local target=aarch64-linux-gnu
	"$TOP/scripts/setup.sh" cross
	ROOT=$("$TOP/scripts/root.sh" arm64 "$(codename)" arm64 \
		linux-image-arm64 linux-headers-arm64 "${ARM64_PACKAGES[@]}")
	in_root "$ROOT"
	cross_headers
	MODULE=(make ARCH=arm64 "CROSS_COMPILE=$target-")
	TOOLS=(env "PKG_CONFIG_LIBDIR=$ROOT/usr/lib/$target/pkgconfig:$ROOT/usr/share/pkgconfig"
		"PKG_CONFIG_SYSROOT_DIR=$ROOT" make "CC=$target-gcc --sysroot=$ROOT" "AR=$target-ar"
		"BUILD=$TOP/build/arm64/userspace" "OUTPUT=$TOP/build/arm64/selftests")
	assign
}

# Unpacks the packaged source; sets SRC.
unpack_source() {
	local pkg
	"$TOP/scripts/setup.sh" debug
	pkg=$(depends_of linux-source | grep -m1 '^linux-source-')
	SRC=$CACHE/src/${pkg}_$(dpkg-query -W -f '${Version}' "$pkg")
	[ ! -e "$SRC/Kconfig" ] || return 0
	(
		lock source
		[ ! -e "$SRC/Kconfig" ] || exit 0
		note "unpacking $pkg"
		rm -rf "$SRC.new"
		mkdir -p "$SRC.new"
		tar -C "$SRC.new" --strip-components=1 -xJf "/usr/src/$pkg.tar.xz"
		mv "$SRC.new" "$SRC"
	)
}

# Every line of the fragment has to be in effect: an option that depends on
# something else is otherwise lost without a word.
check_config() {
	local config=$1 line bad=
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF -- "$line" "$config" || bad+=$'\n'$line ;;
		'# CONFIG_'*' is not set')
			line=${line#\# }
			if grep -q "^${line%% *}=" "$config"; then bad+=$'\n'"# $line"; fi ;;
		esac
	done < "$TOP/scripts/debug.config"
	[ -z "$bad" ] || die "not in effect:$bad"
}

# 6.1 does not offer x86-64 faults that strike calls from some text alone, which
# with frame pointers work there all the same, and later kernels allow.
allow_stacktrace_filter() {
	sed -i '/^config FAULT_INJECTION_STACKTRACE_FILTER$/,/^$/{/depends on !X86_64$/d}' \
		"$SRC/lib/Kconfig.debug"
}

debug_build() {
	local dir=$1 make
	# The caller's are for the module alone.
	make=(env -u KCFLAGS make -s -C "$SRC" "O=$KDIR" "-j$(nproc)")
	note "building the debug kernel in $KDIR (log: $dir/log)"
	mkdir -p "$KDIR"
	allow_stacktrace_filter
	{
		"${make[@]}" tinyconfig
		(cd "$SRC" && scripts/kconfig/merge_config.sh -m -O "$KDIR" \
			"$KDIR/.config" "$TOP/scripts/debug.config")
		"${make[@]}" olddefconfig
	} > "$dir/log" 2>&1 || die "no debug config, see $dir/log"
	check_config "$KDIR/.config"
	nice "${make[@]}" bzImage modules >> "$dir/log" 2>&1 ||
		{ tail -n 20 "$dir/log" >&2; die "no debug kernel"; }
	"${make[@]}" INSTALL_MOD_PATH="$dir" modules_install >> "$dir/log" 2>&1
	cp "$KDIR/arch/x86/boot/bzImage" "$VMLINUZ"
}

# One place for all configurations: from one to the next little is built anew.
debug() {
	local dir sum
	unpack_source
	dir=$CACHE/kernels/debug-${SRC##*_}
	KDIR=$dir/build VMLINUZ=$dir/vmlinuz
	sum=$({ declare -f debug_build; cat "$TOP/scripts/debug.config"; } | sha256sum)
	if [ "$(cat "$dir/done" 2>/dev/null)" != "$sum" ]; then
		rm -f "$dir/done"
		debug_build "$dir"
		echo "$sum" > "$dir/done"
	fi
	REL=$(cat "$KDIR/include/config/kernel.release")
	MODDIR=$dir/lib/modules/$REL
	assign SRC
}

[ $# = 1 ] || usage
case $1 in
stock) lock stock; stock ;;
debug) lock debug; debug ;;
source) unpack_source; printf 'SRC=%q\n' "$SRC" ;;
[0-9]*) lock releases; release "$1" ;;
newest) lock releases; newest ;;
arm64) lock releases; arm64 ;;
*) usage ;;
esac
