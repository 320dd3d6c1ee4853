#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Keys are replaced, devices deleted, namespaces ended, and the module unloaded, in
# the middle of all the traffic that there can be, again and again. After each the
# counters add up; and of what was created meanwhile nothing is left, as the kernel's
# own log shows.
# Runs alone: it unloads the module.
#
# ROUNDS  of each
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

ROUNDS=${ROUNDS:-$((SCALE > 1 ? 5 : 20))}
# Whatever becomes of the tests, those after this one find the module loaded.
cleanup() { [ -d /sys/module/skywire ] || load_module numdevs=1; }

[ -e "$KO" ] || KO=$(modinfo -n skywire)
check "unload" unload_module
check "the log can be followed" watch_log "$TMP/log"
check "load" load_module numdevs=0
# Keys of links are AES's: what is sealed with them is in somebody's hands meanwhile.
modprobe -q aesni_intel
driver=$(awk '$1 == "name" { wanted = $3 == "gcm(aes)" } $1 == "driver" { driver = $3 }
	wanted && $1 == "priority" && $3 > most { most = $3; best = driver }
	END { print best }' /proc/crypto)
# What makes it one takes two locks of a class at once, which lockdep does not like.
WRAPPER=
[ -e /proc/lockdep ] || wrap "${driver:-gcm(aes)}" || diag "no asynchronous driver"
mkdir -p /run/netns
# NODE is NAMESPACE/DEVICE
sw() { "$SWCTL" -n "$P${1%/*}" "${@:2}" dev "${1#*/}"; }
for kind in keys devices netns module; do
	namespaces=("${P}here" "${P}there")
	results_of "$OUTPUT/turmoil" $kind "$ROUNDS" "$KO" $((10 * SCALE)) "/run/netns/$P"
	adds_up here/sw0 there/sw1 there/sw2
	printf "netns del $P%s\n" here there | ip -batch -
	namespaces=()
done
check "unload again" unload_module
is "no device is left" "$(grep -c '^ *sw' /proc/net/dev)" 0
check "the log is complete" unwatch_log "$TMP/log"
check "what was created was destroyed" all_destroyed "$TMP/log" \
	module device link peer path prefix key
sed 's/^/# /' "$TMP/check"
[ -z "$WRAPPER" ] || check "nothing holds a driver" unwrap
check "load again" load_module
refuse "no device was waited for" grep 'unregister_netdevice: waiting' "$TMP/log"
refuse "no warning in the log" grep -E 'WARNING:|BUG:|Oops|refcount_t' "$TMP/log"
