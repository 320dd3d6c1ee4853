#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# in-root.sh ROOT COMMAND [ARG]...: runs COMMAND, as this user, in a root file
# system that root.sh made, in the same directory of this tree. Whatever is
# mounted for it is gone with it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -gt 1 ] || die "usage: in-root.sh ROOT COMMAND [ARG]..."
root=$1
shift
mkdir -p "$root$TOP"
# shellcheck disable=SC2016 # for the other shells
as_root unshare -m bash -ec '
	root=$1 tree=$2 user=$3 dir=$4
	shift 4
	mount --rbind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	mount --bind "$tree" "$root$tree"
	exec chroot --userspec="$user" "$root" env -i PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 \
		bash -ec '\''cd "$0"; exec "$@"'\'' "$dir" "$@"
' - "$root" "$TOP" "$(id -u):$(id -g)" "$PWD" "$@"
