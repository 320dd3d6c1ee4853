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
