# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# What the scripts here share. To be sourced, after "set -euo pipefail".

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${SKYWIRE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/skywire}

note() { printf '%s\n' "$*" >&2; }
die() { note "${0##*/}: $*"; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Only one process at a time may fill a part of the cache; the others wait and
# find it filled. The lock goes with unlock, or when the script ends.
lock() {
	mkdir -p "$CACHE"
	exec {LOCK}>"$CACHE/$1.lock"
	flock "$LOCK"
}
unlock() { exec {LOCK}>&-; }

# bench_build: what a benchmark needs, for the kernel that the guest runs
bench_build() {
	local vars
	"$TOP/scripts/setup.sh" bench
	"$TOP/scripts/build.sh" -t stock
	vars=$("$TOP/scripts/kernel.sh" stock)
	eval "$vars"
}

# bench_guest OPTION... -- COMMAND...: in a guest, with the module; at $TOP. The clock
# runs while the guest waits for its files, and who asks for a cipher that has to be
# loaded first may give up: so all is loaded before.
bench_guest() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	# shellcheck disable=SC2016 # for the guest
	scripts/guest.sh "${options[@]}" bash -c '
		modprobe -a -q udp_tunnel ip6_udp_tunnel libchacha20poly1305 libblake2b || :
		insmod "build/$(uname -r)/kernel/skywire.ko"
		exec "$@"' - "$@"
}
