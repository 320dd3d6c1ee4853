#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # the variables are printed by name
#
# kernel.sh stock|debug|RELEASE|source: makes a kernel available, nothing of it
# installed but headers, and prints where it is as shell assignments:
#   REL      its release, as uname -r says
#   VMLINUZ  what QEMU boots
#   MODDIR   its modules, what is to be at /lib/modules/REL
#   KDIR     what modules are built against
#   SRC      (debug, source) the unpacked packaged source
#
# stock: the distribution's current kernel. RELEASE: another one it packages,
# backports included; the start of a version will do (6.12). debug: built from
# linux-source with debug.config. Kept in the cache, by version and config.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup.sh
. "$TOP/scripts/setup.sh"

usage() { die "usage: kernel.sh stock|debug|RELEASE|source"; }

# Prints its arguments, names of variables, as assignments
assign() {
	local name
	for name; do printf '%s=%q\n' "$name" "${!name}"; done
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

# From 7.0 on Debian keeps kernel and modules in packages of their own.
image_packages() {
	apt-cache depends "linux-image-$1" | awk -v rel="$1" '
		$1 == "Depends:" && $2 ~ "^linux-(binary|modules)-" && index($2, rel) { print $2 }'
	echo "linux-image-$1"
}

# Unpacks the image of release $1 into $CACHE/kernels/$1
fetch_image() {
	local rel=$1 dir=$CACHE/kernels/$1 tmp pkgs
	[ ! -e "$dir/vmlinuz" ] || return 0
	mapfile -t pkgs < <(image_packages "$rel")
	note "getting ${pkgs[*]}"
	tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
	(cd "$tmp" && download "${pkgs[@]}") || { rm -rf "$tmp"; return 1; }
	for deb in "$tmp"/*.deb; do dpkg -x "$deb" "$tmp"; done
	rm -rf "$dir"
	mkdir -p "$dir/lib/modules" "$dir/usr"
	ln -s ../lib "$dir/usr/lib"	# where depmod looks depends on its version
	for lib in "$tmp/lib" "$tmp/usr/lib"; do
		[ ! -d "$lib/modules/$rel" ] || cp -a "$lib/modules/$rel" "$dir/lib/modules/"
	done
	depmod -b "$dir" "$rel"
	ln -s "$(readlink -f "/lib/modules/$rel/build")" "$dir/lib/modules/$rel/build"
	for boot in "$tmp/boot/vmlinuz-$rel" "$dir/lib/modules/$rel/vmlinuz"; do
		[ ! -e "$boot" ] || cp "$boot" "$dir/vmlinuz.new"
	done
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
	assign REL VMLINUZ MODDIR KDIR
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

release() {
	local rel
	rel=$(find_release "$1" || :)
	if [ -z "$rel" ]; then
		backports
		rel=$(find_release "$1") || die "no packaged kernel $1"
	fi
	packaged "$rel"
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
	make=(make -s -C "$SRC" "O=$KDIR" "-j$(nproc)")
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
	sum=$(sha256sum < "$TOP/scripts/debug.config")
	if [ "$(cat "$dir/done" 2>/dev/null)" != "$sum" ]; then
		rm -f "$dir/done"
		debug_build "$dir"
		echo "$sum" > "$dir/done"
	fi
	REL=$(cat "$KDIR/include/config/kernel.release")
	MODDIR=$dir/lib/modules/$REL
	assign REL VMLINUZ MODDIR KDIR SRC
}

[ $# = 1 ] || usage
case $1 in
stock) lock stock; stock ;;
debug) lock debug; debug ;;
source) unpack_source; assign SRC ;;
[0-9]*) lock stock; release "$1" ;;
*) usage ;;
esac
