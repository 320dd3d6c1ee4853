#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Keys are replaced, devices deleted, namespaces ended, and the module unloaded, in
# the middle of all the traffic that there can be, again and again; and of what was
# created meanwhile nothing is left, as the kernel's own log shows.
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
results_of "$OUTPUT/turmoil" "$ROUNDS" "$KO" $((10 * SCALE))
check "unload again" unload_module
is "no device is left" "$(grep -c '^ *sw' /proc/net/dev)" 0
check "the log is complete" unwatch_log "$TMP/log"
check "what was created was destroyed" all_destroyed "$TMP/log" \
	module device link peer path prefix key
sed 's/^/# /' "$TMP/check"
check "load again" load_module
refuse "no device was waited for" grep 'unregister_netdevice: waiting' "$TMP/log"
refuse "no warning in the log" grep -E 'WARNING:|BUG:|Oops|refcount_t' "$TMP/log"
