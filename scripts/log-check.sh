#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# log-check.sh LOG: fails, and shows it, if the kernel complained in LOG.
set -euo pipefail

patterns=(
	'BUG:' 'WARNING:' 'Oops' 'Kernel panic' 'general protection fault'
	'invalid opcode' 'kernel NULL pointer' 'Unable to handle kernel'
	'stack-protector:' 'detected buffer overflow' 'memcpy: detected'
	'KASAN:' 'UBSAN:' 'ODEBUG:' 'refcount_t:' 'ref_tracker:'
	'list_add corruption' 'list_del corruption' 'sleeping function called'
	'scheduling while atomic' 'bad unlock balance' 'held lock freed'
	'possible circular locking' 'possible recursive locking'
	'possible irq lock inversion' 'inconsistent lock state' 'lock held when returning'
	'suspicious RCU usage' 'detected stall' 'self-detected stall'
	'detected expedited stalls' 'blocked for more than' 'soft lockup' 'hard LOCKUP'
	'kmemleak: [1-9][0-9]* new suspected' 'kmemleak: .*disabled'
	'unregister_netdevice: waiting for' 'leaked reference'
	'Packet is corrupt' 'taints kernel because'
	'Unknown symbol' 'disagrees about version'
)

if [ $# != 1 ] || [ ! -s "$1" ]; then
	echo "usage: log-check.sh LOG"
	exit 2
fi

if found=$(grep -nE -m 20 -A 12 "$(IFS='|'; echo "${patterns[*]}")" "$1"); then
	printf '%s\n' "$found"
	exit 1
fi
