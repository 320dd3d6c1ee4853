#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh [OPTION]... COMMAND [ARG]...: runs COMMAND as root in a virtual
# machine whose root file system is this machine's, in the same directory, with
# the system's own PATH. For another architecture the root file system is one that
# kernel.sh makes, in which this tree has the same place. What the guest writes is
# lost, but for what it writes to /out.
#
#   -k KERNEL   stock (default), debug, newest, arm64, or a packaged release; see
#               kernel.sh
#   -t SECONDS  limit (default 600)
#   -m MB       memory (default 1024)
#   -s CPUS     (default 2)
#   -i          one CPU, whose clock counts instructions: for benchmarks
#   -o OUTDIR   /out in the guest (default build/guest); one for each guest that
#               runs at a time. The kernel's log goes to OUTDIR/console.log.
#
# Standard output is that of COMMAND, both streams; the exit status is
# COMMAND's, 124 when the time is over, 125 when the guest died or never ran it.
# SKYWIRE_ACCEL=kvm|tcg overrides the choice of QEMU's accelerator.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup.sh
. "$TOP/scripts/setup.sh"

usage() {
	die "usage: guest.sh [-k KERNEL] [-t SECONDS] [-m MB] [-s CPUS] [-i] [-o OUTDIR] COMMAND [ARG]..."
}

kernel=stock limit=600 mem=1024 cpus=2 icount='' out=$TOP/build/guest
while getopts k:t:m:s:io: opt; do
	case $opt in
	k) kernel=$OPTARG ;;
	t) limit=$OPTARG ;;
	m) mem=$OPTARG ;;
	s) cpus=$OPTARG ;;
	i) icount=1 cpus=1 ;;
	o) out=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

"$TOP/scripts/setup.sh" guest
vars=$("$TOP/scripts/kernel.sh" "$kernel")
eval "$vars"
mkdir -p "$out"
out=$(cd "$out" && pwd)
exec {lock}> "$out/lock"
flock -n "$lock" || die "another guest runs in $out"
rm -f "$out/console.log" "$out/status"

# The modules named and what they need, in the order in which they load. A
# kernel that has one built in does not list it.
modules() {
	local name file needs
	for name; do
		{ grep -E "/$name\.ko[^:]*:" "$MODDIR/modules.dep" || :; } | while read -r file needs; do
			printf '%s\n' "${file%:}"
			# shellcheck disable=SC2086
			[ -z "$needs" ] || printf '%s\n' $needs
		done | tac
	done | awk '!seen[$0]++'
}

# The named packages and all that they depend on, as far as they are installed
closure() {
	local all=" $* " new="$*"
	while [ -n "$new" ]; do
		# shellcheck disable=SC2086 # a list
		new=$({ dpkg-query -W -f '${Pre-Depends}, ${Depends}\n' $new 2>/dev/null || :; } |
			tr ',' '\n' | tr '|' '\n' | sed 's/[(:].*//; s/ //g' | sort -u |
			while read -r dep; do
				case "$all" in *" $dep "*) ;; *) printf '%s ' "$dep" ;; esac
			done)
		all+=$new
	done
	echo "$all"
}

# What processes in the guest open: their programs, libraries and modules (those of
# Python in both forms), settings, and what this tree has built; as far as this user
# may read them
hot_files() {
	local list file tag
	# shellcheck disable=SC2046 # a list
	list=$(closure $(hot_packages))
	tag=$(/usr/bin/python3 -c 'import sys; print(sys.implementation.cache_tag)')
	# shellcheck disable=SC2086
	{ dpkg-query -L $list 2>/dev/null || :; } |
		sed -nE -e 's,^(/usr)?/(s?bin|lib|lib64)/,/usr/\2/,p' -e '\,^/etc/,p' |
		sed -E "p; s,/([^/]*)\.py\$,/__pycache__/\1.$tag.pyc," | sort -u |
		while read -r file; do
			[ ! -r "$file" ] || [ -d "$file" ] || printf '%s\n' "$file"
		done
	for file in /bin /sbin /lib /lib64; do
		[ ! -L "$file" ] || echo "$file"
	done
	echo /etc/ld.so.cache
	find "$TOP/selftests" "$TOP/build/swctl" "$TOP/build/swd" "$TOP/build/selftests" \
		-type f 2>/dev/null || :
}

make_initrd() {
	local tmp file n=10
	tmp=$(mktemp -d)
	cp "$ROOT/bin/busybox" "$tmp/busybox"
	cp "$TOP/scripts/guest-init.sh" "$tmp/init"
	mkdir "$tmp/hot"
	# What is installed here is no file of another architecture.
	[ -n "$ROOT" ] || hot_files | tar -C / -c -T - 2>/dev/null | tar -C "$tmp/hot" -x
	for file in $(modules virtio_pci 9pnet_virtio 9p overlay); do
		n=$((n + 1))
		case $file in
		*.xz) xz -dc "$MODDIR/$file" > "$tmp/$n.ko" ;;
		*) cp "$MODDIR/$file" "$tmp/$n.ko" ;;
		esac
	done
	(cd "$tmp" && find . | cpio -o -H newc -R 0:0 --quiet) > "$out/initrd"
	rm -rf "$tmp"
}

# What to run, and where. Nothing else of the caller's surroundings gets in, so
# that a result does not depend on them.
make_job() {
	printf '%s=%q\n' MODDIR "${MODDIR#"$ROOT"}" TTY "$tty" TREE "${ROOT:+$TOP}" > "$out/env"
	{
		echo export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		echo export HOME=/root LANG=C.UTF-8
		printf 'cd %q || exit 125\nexec ' "$PWD"
		printf '%q ' "$@"
		echo
	} > "$out/job"
}

# /dev/kvm may exist where guests hang: only the real modules count.
accel() {
	# A string instruction that goes byte by byte is slow to emulate, and counts
	# as one instruction for each byte.
	local cpu=max,-erms,-fsrm

	[ -z "$ROOT" ] || cpu=cortex-a72
	if [ -n "$icount" ]; then
		echo -accel tcg,thread=single -icount shift=1,sleep=off -cpu $cpu
	elif [ -n "$ROOT" ]; then
		echo -accel tcg,thread=multi -cpu $cpu
	elif [ "${SKYWIRE_ACCEL:-}" = kvm ] || { [ -z "${SKYWIRE_ACCEL:-}" ] && [ -w /dev/kvm ] &&
	     { [ -d /sys/module/kvm_intel ] || [ -d /sys/module/kvm_amd ]; }; }; then
		echo -accel kvm -cpu host
	else
		echo -accel tcg,thread=multi -cpu $cpu
	fi
}

# The machine, with two serial lines: the kernel's console, and the job's output.
# A vCPU that does not get to run fails checks of its timers: skip these.
append="panic=-1 oops=panic mitigations=off random.trust_cpu=on watchdog_thresh=60 log_buf_len=8M"
if [ -z "$ROOT" ]; then
	tty=ttyS1
	machine=(qemu-system-x86_64 -machine q35 -serial "file:$out/console.log" -serial chardev:tty
		-append "console=ttyS0 $append no_timer_check tsc=reliable")
else
	tty=ttyS0
	machine=(qemu-system-aarch64 -machine virt -serial "file:$out/console.log"
		-device "pci-serial,chardev=tty" -append "console=ttyAMA0 $append"
		-virtfs "local,path=$TOP,mount_tag=tree,security_model=none,readonly=on,multidevs=remap")
fi

make_initrd
make_job "$@"

args=(-smp "$cpus" -m "$mem" -no-reboot -nodefaults -display none
	-kernel "$VMLINUZ" -initrd "$out/initrd"
	-chardev "stdio,id=tty,signal=off"
	-virtfs "local,path=${ROOT:-/},mount_tag=host,security_model=none,readonly=on,multidevs=remap"
	-virtfs "local,path=$out,mount_tag=out,security_model=none,multidevs=remap")

# A stuck guest ignores every signal but KILL, and must not outlive this script.
# shellcheck disable=SC2046
setpriv --pdeathsig KILL timeout --foreground -s KILL "$limit" \
	setpriv --pdeathsig KILL "${machine[@]}" $(accel) "${args[@]}" </dev/null &
qemu=$!
trap 'kill -KILL $qemu 2>/dev/null; exit 130' INT TERM HUP
rc=0
wait $qemu || rc=$?

if [ -s "$out/status" ]; then
	exit "$(cat "$out/status")"
elif [ $rc = 137 ]; then
	note "guest.sh: no end within $limit s"
	rc=124
else
	note "guest.sh: the guest died"
	rc=125
fi
tail -n 40 "$out/console.log" >&2 || :
exit $rc
