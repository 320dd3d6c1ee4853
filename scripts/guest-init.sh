#!/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The guest's init. guest.sh makes an initramfs of it, with busybox and the
# modules needed to reach the host's files. Processes are slow to start under
# emulation, dynamically linked ones slower still: so all is busybox here. And as
# each file that is opened asks the host several times, those that most processes
# open are in the initramfs, and lie over the host's: four of five processes start
# in a quarter of the time.

b=/busybox

setup() {
	$b mkdir -p /dev /proc /host /rw /root
	$b mount -t devtmpfs dev /dev
	exec </dev/console >/dev/console 2>&1
	for mod in /*.ko; do
		[ ! -e "$mod" ] || $b insmod "$mod"
	done
	set -e
	$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose host /host
	$b mount -t tmpfs -o mode=755 rw /rw
	$b mkdir /rw/upper /rw/work
	$b mount -t overlay -o lowerdir=/hot:/host,upperdir=/rw/upper,workdir=/rw/work root /root
	cd /root
	$b mount -o move /dev dev
	$b mkdir -p out dev/pts dev/shm
	$b ln -sf /proc/self/fd dev/fd
	$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out out
	# shellcheck source=/dev/null
	. out/env
	[ -z "$TREE" ] || tree "./$TREE"
	$b mount -t proc proc proc
	$b mount -t sysfs sys sys
	$b mount -t debugfs debug sys/kernel/debug
	$b mount -t tracefs trace sys/kernel/tracing
	$b mount -t devpts -o ptmxmode=666 pts dev/pts
	$b mount -t tmpfs -o mode=1777 shm dev/shm
	$b mount -t tmpfs -o mode=755 run run
	$b mkdir -p run/lock run/modules/upper run/modules/work
	$b cp /busybox /init run
	$b ip link set lo up
	echo guest > proc/sys/kernel/hostname
	# As switch_root does, but that /hot stays.
	$b mount -o move . /
	exec $b chroot . /run/busybox sh /run/init job
}

# A root file system other than the host's has the tree as it is on the host.
tree() {
	$b mkdir -p "$1"
	$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose tree "$1"
}

# The modules are writable, so that modules_install can be tried.
modules() {
	rel=$($b uname -r)
	$b mkdir -p "/lib/modules/$rel"
	$b mount -t overlay -o \
		"lowerdir=$MODDIR,upperdir=/run/modules/upper,workdir=/run/modules/work" \
		modules "/lib/modules/$rel"
}

# Through a pipe, so that the job does not find itself on a terminal. Whatever
# it left running would keep the pipe open, and is killed.
job() {
	$b stty -F "/dev/$TTY" raw -echo
	$b mkfifo /run/output
	$b cat < /run/output > "/dev/$TTY" &
	cat=$!
	bash /out/job < /dev/null > /run/output 2>&1
	echo $? > /out/status
	for proc in /proc/[1-9]*; do
		pid=${proc#/proc/}
		[ "$pid" = 1 ] || [ "$pid" = "$cat" ] || kill -9 "$pid" 2>/dev/null
	done
	wait "$cat"
	$b rm /run/output
}

if [ "${1:-}" = job ]; then
	b=/run/busybox
	# shellcheck source=/dev/null
	. /out/env
	modules
	job
	echo b > /proc/sysrq-trigger
else
	setup
fi
