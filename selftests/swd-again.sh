#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The device is deleted under the daemon, and the module unloaded and loaded: the
# same process makes all of it anew.
# Runs alone: it unloads the module.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A B
netns A B
for node in A B; do ipn $node link set lo up; done
wire A B
ipn A route add default via "${UL[B,A]}"
swd_config A <<-EOF
	$NO_BEACONS
	$(swd_peer A B)
	AllowedIPs = 192.0.2.0/24
EOF
swd_config B <<< "$NO_BEACONS"
swd_start A
swd_start B
check "packets go" wait_for 20 pings A B 1

# way_to_b: of what is routed to B
way_to_b() { ipn A route get 192.0.2.1 2>&1; }
via_device() { way_to_b | grep -q 'dev sw0'; }
nowhere() { way_to_b | grep -q 'No route to host'; }
runs() { kill -0 "${DAEMON[$1]}"; }

check "what is routed to B goes into the device" via_device
ipn A link del sw0
check "a device that was deleted is made again" wait_for 10 via_device
check "packets go again" wait_for 20 pings A B 1
check "by the same process" runs A

check "the module goes under two daemons" unload_module
check "without a device, packets do not leave by another" nowhere
nap 2
for node in A B; do check "$node's daemon is still there" runs $node; done
refuse_with "a question meanwhile" "the device is gone" \
	sw A status socket "$TMP/A.sock"
check "the module is back" load_module
check "and so are devices and routes" wait_for 10 via_device
check "and links" wait_for 30 pings A B 1
check "and daemons answer" sw A status socket "$TMP/A.sock"

[ $failures = 0 ] || swd_log A B
