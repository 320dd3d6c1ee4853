#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything changes, moves and is deleted, and always under traffic; nothing of it
# is left. turmoil.sh does less, and does it more often.
# Runs alone: it unloads the module.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# Whatever becomes of the tests, those after this one find the module loaded.
cleanup() { [ -d /sys/module/skywire ] || load_module numdevs=1; }

check "unload" unload_module
check "the log can be followed" watch_log "$TMP/log"
check "load" load_module

PROBES=

node a r b
wire a r
wire r b 6
link a r
link r b
session a b r
check "a packet gets through" pings a b

# --- under traffic ----------------------------------------------------------

# Packets at all times, and yet a processor's time for those who meddle
steady=(ping -q -i 0.004)

flood=()
start_flood() {
	spawn_in a "${steady[@]}" -s 900 "${ADDR[b]}" > /dev/null 2>&1
	flood=($!)
	spawn_in b "${steady[@]}" -s 1300 "${ADDR[a]}" > /dev/null 2>&1
	flood+=($!)
	nap 0.1
}

stop_flood() {
	local pid
	for pid in ${flood[@]+"${flood[@]}"}; do stop "$pid"; done
	flood=()
}

rekey() { key_link a r && key_link r b && key_session a b; }

key_churn() {
	sw r key del rx-index "${INDEX[a,r]}" &&
		sw a key del rx-index "${SESSION[b,a]}" && rekey
}

path_churn() {
	route_of a r b
	# shellcheck disable=SC2086 # several arguments
	sw a path del peer "${KEY[b]}" id 1 &&
		sw a path add peer "${KEY[b]}" $ROUTE &&
		sw a path set peer "${KEY[b]}" id 1 weight 7 mtu 1300
}

peer_churn() {
	sw a peer del "${KEY[b]}" && half_session a b r && key_session a b
}

link_churn() {
	sw r link del label "${LABEL[r,b]}" && half_link r b && key_link r b
}

flap() {
	ipn r link set sw0 down && ipn r link set sw0 up &&
		ipn a link set sw0 down && ipn a -batch - <<-EOF
			link set sw0 up
			addr replace ${ADDR[a]}/128 dev sw0
			route replace fc00::/8 dev sw0
		EOF
}

port_churn() {
	sw r dev set port 5555 &&
		sw a link set label "${LABEL[a,r]}" remote "$(endpoint "${UL[r,a]}" 5555)" &&
		sw r dev set port $PORT &&
		sw a link set label "${LABEL[a,r]}" remote "$(endpoint "${UL[r,a]}")"
}

device_churn() {
	ipn r link del sw0 && device r && half_link r a && half_link r b &&
		key_link a r && key_link r b
}

for churn in rekey key_churn path_churn peer_churn link_churn flap port_churn \
	device_churn; do
	start_flood
	check "$churn under traffic" "$churn"
	check "$churn: traffic goes on" wait_for 10 pings a b
	stop_flood
	adds_up a r b
done

# --- namespaces -------------------------------------------------------------

# The device moves; its sockets stay where it was made, and so does the wire.
netns m
start_flood
check "a device moves while it is used" ipn a link set sw0 netns "${P}m"
stop_flood
ipn m -batch - <<-EOF
	addr add ${ADDR[a]}/128 dev sw0
	link set sw0 up
	route add fc00::/8 dev sw0
EOF
ADDR[m]=${ADDR[a]} LABEL[m,r]=${LABEL[a,r]}
# Moved, it was down: longer than a link may be silent, if the machine is busy. After
# so many deaths it takes long until it is trusted, but not until it is used.
returns() { link_is "$1" "$2" '.liveness != "dead"'; }
check "its link proves itself again" wait_for 5 returns m r
check "at the other end too" wait_for 5 returns r a
check "it works where it is now" pings m b
check "for the other side too" pings b m
refuse "swctl sees it no more where it was" sw a dev show dev sw0
check "swctl sees it where it is" sw m link show label "${LABEL[m,r]}"

key_moved() {
	INDEX[a,r]=$((++indices)) INDEX[r,a]=$((++indices))
	add_key m link "${LABEL[m,r]}" "${INDEX[r,a]}" "${INDEX[a,r]}" &&
		add_key r link "${LABEL[r,a]}" "${INDEX[a,r]}" "${INDEX[r,a]}"
}
check "it takes new keys there" key_moved
check "and works with them" pings m b
spawn_in m "${steady[@]}" "${ADDR[b]}" > /dev/null 2>&1
flooder=$!
check "the namespace of its sockets ends" ip netns del "${P}a"
nap 1
stop "$flooder"
refuse "then it has no underlay" pings m b 1
check "but is there" sw m show
ipn m link set sw0 down
refuse "and does not come up again" ipn m link set sw0 up
check "and can be deleted" ipn m link del sw0

# A namespace ends with all that is in it, and the other side goes on.
spawn_in b "${steady[@]}" "${ADDR[m]}" > /dev/null 2>&1
flooder=$!
check "a relay's namespace ends under traffic" ip netns del "${P}r"
nap 0.5
stop "$flooder"
check "others live" sw b show

# --- nothing is left --------------------------------------------------------

check "unload again" unload_module
is "no device is left" "$(grep -c '^ *sw' /proc/net/dev)" 0
check "the log is complete" unwatch_log "$TMP/log"
check "what was created was destroyed" all_destroyed "$TMP/log" \
	module device link peer path prefix key
check "it can be loaded again" load_module
refuse "no device was waited for" grep 'unregister_netdevice: waiting' "$TMP/log"
refuse "no warning in the log" grep -E 'WARNING:|BUG:|Oops|refcount_t' "$TMP/log"
