#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ynl.sh [--check]: makes the netlink code anew from its specification, with the
# kernel's own generator; or only says what differs from what is there.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

SPEC=Documentation/netlink/specs/skywire.yaml
check=
[ "${1:-}" != --check ] || check=1

"$TOP/scripts/setup.sh" ynl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The generator looks for the schemas beside the specification, and for the top
# of a kernel tree by this name.
cp -r "$CACHE/ynl/." "$work"
touch "$work/MAINTAINERS"
mkdir -p "$work/Documentation/netlink/specs"
cp "$TOP/$SPEC" "$work/$SPEC"

generate() {
	local mode=$1 kind=$2 file=$3 out
	out=$work/${3##*/}
	(cd "$work" && /usr/bin/python3 tools/net/ynl/ynl-gen-c.py --mode "$mode" \
		"--$kind" --spec "$SPEC" -o "$out")
	# Groups are declared by hand: the generator has no word for who may listen.
	sed -i '/^static const struct genl_multicast_group/,/^};/d' "$out"
	sed -i -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$out"
	if [ -z "$check" ]; then
		cp "$out" "$TOP/$file"
	else
		diff -u --label "$file" --label "made from $SPEC" "$TOP/$file" "$out"
	fi
}

rc=0
generate uapi header include/uapi/linux/skywire.h || rc=1
generate kernel header kernel/netlink_gen.h || rc=1
generate kernel source kernel/netlink_gen.c || rc=1
exit $rc
