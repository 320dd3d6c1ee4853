#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# setup.sh GROUP...: installs the Debian packages that GROUP needs. Instant,
# and without the network, when they are there.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage() { die "usage: setup.sh build|guest|debug|lint|test|fuzz|bench|ynl|compile|cross ..."; }

# The running kernel's, where the archive has them
running_headers() {
	local pkg
	pkg=linux-headers-$(uname -r)
	! apt-cache show "$pkg" > /dev/null 2>&1 || echo "$pkg"
}

packages() {
	case $1 in
	build) echo make gcc libc6-dev pkgconf kmod \
		libmnl-dev libsodium-dev libjansson-dev uthash-dev \
		libev-dev libinih-dev libcap-ng-dev libsystemd-dev libnftables-dev \
		libnl-3-dev libnl-genl-3-dev libnl-route-3-dev \
		"linux-headers-$(dpkg --print-architecture)"
		running_headers ;;
	guest) echo qemu-system-x86 busybox-static cpio xz-utils kmod procps \
		iproute2 iputils-ping iperf3 tcpdump ethtool nftables jq python3 ;;
	debug) echo make gcc libc6-dev linux-source xz-utils lz4 flex bison bc \
		perl libelf-dev libssl-dev kmod ;;
	lint) echo linux-source xz-utils sparse shellcheck perl coccinelle mandoc groff ;;
	test) echo make gcc libc6-dev libcmocka-dev linux-source xz-utils python3 \
		python3-cryptography socat util-linux valgrind libfaketime \
		python3-yaml jq ;;
	fuzz) echo clang libclang-rt-dev ;;
	bench) echo wireguard-tools linux-perf util-linux procps iperf3 jq ;;
	ynl) echo xz-utils python3 python3-yaml python3-jsonschema ;;
	compile) echo clang-19 ;;
	cross) echo make gcc-aarch64-linux-gnu qemu-system-arm pkgconf ;;
	*) usage ;;
	esac
}

# Those whose programs processes in a guest are made of
hot_packages() {
	echo bash dash coreutils grep sed mawk findutils diffutils util-linux procps kmod \
		iproute2 iputils-ping iperf3 tcpdump ethtool nftables jq socat \
		libmnl0 libsodium23 libjansson4 libev4 libev4t64 libinih1 libcap-ng0 \
		libsystemd0 libnl-3-200 libnl-genl-3-200 libnl-route-3-200 \
		python3 python3-cryptography
}

# Those of the named packages that are not installed
missing() {
	local have
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || :)
	printf 'installed %s\n' "$@" | sort -u |
		grep -vxFf <(printf '%s\n' "$have") | sed 's/^installed //' || :
}

install() {
	local want
	mapfile -t want < <(missing "$@")
	[ ${#want[@]} -gt 0 ] || return 0
	note "installing ${want[*]}"
	apt_update
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=600 "${want[@]}" >/dev/null
}

# One source that cannot be reached must not stop what another can give.
apt_update() { as_root apt-get update -qq >&2 || note "apt-get update failed, going on"; }

# Into the current directory. apt would warn that its own user cannot read it.
download() { apt-get download -qq -o APT::Sandbox::User=root "$@" >&2; }

# apt_source RELEASE SUITE...: prints an apt source of the suites, in the form (and
# from the server) in which the machine names its own release. With FOLLOW, what
# it has beside that, as security updates, is printed for that release.
apt_source() {
	local code=$1 follow=${FOLLOW:-} file suite
	shift
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		awk -v RS= -v code="$code" -v suites="$*" -v follow="$follow" '
		function translate(line,	word, words, i, out) {
			words = split(line, word)
			for (i = 2; i <= words; i++) {
				if (word[i] == code)
					out = out " " suites
				else if (follow && index(word[i], code "-") == 1)
					out = out " " follow substr(word[i], length(code) + 1)
			}
			return out
		}
		{
			out = suite = ""; deb = 0; on = 1
			n = split($0, line, "\n")
			for (i = 1; i <= n; i++) {
				if (line[i] ~ /^#/) continue
				if (line[i] ~ /^Types:.*deb( |$)/) deb = 1
				if (line[i] ~ /^Enabled: *no/) on = 0
				if (line[i] ~ /^Suites:/) {
					suite = translate(line[i])
					line[i] = "Suites:" suite
				}
				out = out line[i] "\n"
			}
			if (deb && on && suite) print out
		}' "$file"
	done
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -e "$file" ] || continue
		for suite; do
			sed -nE "s/^deb( +\[[^]]*\])? +([^ ]+) +$code +(.*)/deb\1 \2 $suite \3/p" "$file"
		done
		[ -z "$follow" ] ||
			sed -nE "s/^deb( +\[[^]]*\])? +([^ ]+) +$code-([^ ]+) +(.*)/deb\1 \2 $follow-\3 \4/p" "$file"
	done
}

# Makes the backports of this release known to apt. They stay at a lower
# priority than the release: nothing is upgraded from them by itself.
backports() {
	local code text form=list
	code=$(. /etc/os-release && echo "$VERSION_CODENAME")
	if ! grep -rqsE "^[^#]*\b$code-backports\b" /etc/apt/sources.list /etc/apt/sources.list.d; then
		text=$(apt_source "$code" "$code-backports")
		[ -n "$text" ] || die "no apt source of $code to derive its backports from"
		case $text in
		deb*) text=$(head -n 1 <<<"$text") ;;
		*) form=sources ;;
		esac
		as_root tee "/etc/apt/sources.list.d/skywire-backports.$form" <<<"$text" >/dev/null
	fi
	apt_update
}

# Generators differ in what they write: one and the same for all.
YNL_SOURCE=linux-source-6.12

# The generator of netlink code and the schemas of its specifications, from the
# packaged kernel source: into $CACHE/ynl, laid out as in the kernel.
ynl() {
	local tmp pkg=$YNL_SOURCE
	[ ! -e "$CACHE/ynl/.done" ] || return 0
	lock ynl
	apt-cache show "$pkg" > /dev/null 2>&1 || backports
	note "getting tools/net/ynl from $pkg"
	tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
	(cd "$tmp" && download "$pkg" && dpkg -x "$pkg"_*.deb .)
	rm -rf "$CACHE/ynl"
	mkdir "$CACHE/ynl"
	tar -C "$CACHE/ynl" --strip-components=1 -xJf "$tmp/usr/src/$pkg.tar.xz" --wildcards \
		'*/tools/net/ynl' '*/Documentation/netlink'
	echo "$pkg" > "$CACHE/ynl/.done"
	rm -rf "$tmp"
	unlock
}

# sourced for its functions?
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

[ $# -gt 0 ] || usage
for group; do list+=" $(packages "$group")"; done
# shellcheck disable=SC2086
install $list
for group; do
	if [ "$group" = ynl ]; then ynl; fi
done
