#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# root.sh NAME SUITE ARCH PACKAGE...: prints a directory with the root file system
# of another Debian: the essential packages of SUITE for ARCH, those named, and
# what they need. Of trixie-backports, say, they come from the backports where
# these have them, otherwise from trixie. It is kept in the cache, under NAME, until
# other packages are named, or it is removed.
#
# The packages are unpacked and no more. So nothing of that architecture has to
# run here, and what a package only sets up when it is configured is missing.
# None of it, nor the other architecture, becomes known to this machine's apt.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup.sh
. "$TOP/scripts/setup.sh"

[ $# -gt 3 ] || die "usage: root.sh NAME SUITE ARCH PACKAGE..."
root=$CACHE/roots/$1 suite=$2 arch=$3
shift 3

# An apt for itself below $1, which thinks that nothing is installed. It has the
# machine's server, by way of its own configuration.
private_apt() {
	local dir=$1 code text form=list release=${suite%-backports}
	code=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2046 # both, or one
	text=$(FOLLOW=$release apt_source "$code" $(printf '%s\n' "$release" "$suite" | sort -u))
	[ -n "$text" ] || die "no apt source of $code to derive that of $suite from"
	case $text in deb*) ;; *) form=sources ;; esac
	mkdir -p "$dir/archives/partial" "$dir/lists/partial" "$dir/none"
	: > "$dir/status"
	printf '%s\n' "$text" > "$dir/$suite.$form"
	cat > "$dir/conf" <<-EOF
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Dir::Cache "$dir";
		Dir::State "$dir";
		Dir::State::status "$dir/status";
		Dir::Etc::sourcelist "$dir/$suite.$form";
		Dir::Etc::sourceparts "$dir/none";
		Dir::Etc::preferencesparts "$dir/none";
	EOF
}

# What base-files, base-passwd and the like would do when they are configured, and
# tcpdump, which is no more root once it listens. Those that the machine has as mounts
# are there to be mounted on.
configure() {
	local dir=$1
	mkdir -p "$dir"/{dev,etc,proc,root,run,sys,tmp}
	cp "$dir/usr/share/base-passwd/passwd.master" "$dir/etc/passwd"
	cp "$dir/usr/share/base-passwd/group.master" "$dir/etc/group"
	echo 'tcpdump:x:100:100::/:/usr/sbin/nologin' >> "$dir/etc/passwd"
	echo 'tcpdump:x:100:' >> "$dir/etc/group"
	ln -sf mawk "$dir/usr/bin/awk"
}

unpack() {
	local dir=$1 link deb
	for link in bin sbin lib lib64; do
		mkdir -p "$dir/usr/$link"
		ln -s "usr/$link" "$dir/$link"
	done
	# As dpkg -x does, which would put directories in the place of the links.
	for deb in "$2"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -C "$dir" -xp --keep-directory-symlink
	done
	configure "$dir"
}

make_root() {
	local tmp target=()
	[ "${suite%-backports}" = "$suite" ] || target=(-t "$suite")
	note "getting $suite for $arch: $*"
	tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
	private_apt "$tmp"
	export APT_CONFIG=$tmp/conf
	apt-get update -qq >&2 || note "apt-get update failed, going on"
	apt-get install -qq -y --download-only "${target[@]}" '?essential' "$@" >&2 ||
		{ rm -rf "$tmp"; die "cannot get them"; }
	unset APT_CONFIG
	mkdir "$tmp/root"
	unpack "$tmp/root" "$tmp/archives"
	echo "$suite $*" > "$tmp/root/.packages"
	rm -rf "$root"
	mv "$tmp/root" "$root"
	rm -rf "$tmp"
}

lock roots
mkdir -p "$CACHE/roots"
[ "$(cat "$root/.packages" 2>/dev/null)" = "$suite $*" ] || make_root "$@"
echo "$root"
