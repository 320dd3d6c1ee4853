#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Links over Ethernet whose interfaces vanish, return, move and are renamed; and
# all that under traffic, with devices, namespaces and the module.
# Runs alone: it unloads the module.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

cleanup() { [ -d /sys/module/skywire ] || load_module numdevs=1; }

node a r b
wire a r ether
wire r b
link a r
link r b
session a b r
session a r

# --- interfaces that come and go ----------------------------------------------------

ipn a link set to-r down
mark a
refuse "an interface that is down" one_ping a r
check "takes nothing" drops_only a no-route=1
ipn a link set to-r name eth7
ipn a link set eth7 up
check "a renamed interface is followed" pings a b
check "and shown by its name" link_is a r '.interface == "eth7"'
ipn a link set eth7 down
ipn a link set eth7 name to-r
ipn a link set to-r up

spawn "$SWCTL" -n "${P}a" monitor > "$TMP/monitor"
monitor=$!
heard() { sw a dev set fwmark 1; grep -q dev "$TMP/monitor"; }
wait_for 10 heard || diag "no monitor"
sw a dev set fwmark 0
ipn a link del to-r
told() { tr -s '\n ' ' ' < "$TMP/monitor" | grep -q 'link changed .* interface to-r'; }
check "an interface that vanishes is told of" wait_for 5 told
stop $monitor
check "and is shown not to be there" link_is a r '.interface == "to-r" and .oif == 0'
mark a
one_ping a r > /dev/null
check "the link sends nothing then" drops_only a no-route=1
check "and can be changed" set_link a r mtu 1400
ether_wire a r 1500
check "it uses one that returns, by itself" pings a b
check "at both ends" link_is r a '.interface == "to-a" and .oif > 0'

ipn a link del to-r
ipn a link add to-r type dummy
check "one of the same name that is Ethernet is taken" link_is a r '.oif > 0'
ipn a link del to-r
ipn a link add other type dummy
check "one of another name is not" link_is a r '.oif == 0'
ipn a link set other name to-r
check "until it is renamed" link_is a r '.oif > 0'
ipn a link del to-r
ipn a link add to-r type skywire
check "what is not Ethernet is not" link_is a r '.oif == 0'
ipn a link del to-r
ether_wire a r 1500

netns far
ipn a link set to-r netns "${P}far"
mark a
one_ping a r > /dev/null
check "one that moves to another namespace is gone" drops_only a no-route=1
check "and not used there" link_is a r '.oif == 0'
ipn far link set to-r netns "${P}a"
bare_up a to-r
check "until it moves back" pings a b

# --- under traffic ----------------------------------------------------------------------

steady=(ping -q -i 0.004 -s 1000)
spawn_in a "${steady[@]}" "${ADDR[b]}" > /dev/null 2>&1
flooder=$!
spawn_in b "${steady[@]}" "${ADDR[a]}" > /dev/null 2>&1
other_flooder=$!
rounds=$((SCALE > 1 ? 3 : 8))
vanish_all() {
	local i
	for ((i = 0; i < rounds; i++)); do
		ipn a link del to-r && ether_wire a r 1500 || return 1
	done
}
check "the interface vanishes under traffic, $rounds times" vanish_all
rename_all() {
	local i
	for ((i = 0; i < rounds; i++)); do
		ipn r link set to-a down && ipn r link set to-a name to-a2 &&
			ipn r link set to-a2 name to-a && ipn r link set to-a up || return 1
	done
}
check "it is renamed under traffic" rename_all
relink_all() {
	local i
	for ((i = 0; i < rounds; i++)); do
		sw r link del label "${LABEL[r,a]}" && half_link r a && key_link a r || return 1
		set_link r a remote "${UL[a,r]}" && set_link r a interface to-a || return 1
	done
}
check "its link is deleted and changed under traffic" relink_all
port_all() {
	local i
	for ((i = 0; i < rounds; i++)); do
		sw r dev set port 5555 && sw r dev set port $PORT || return 1
	done
}
check "the port changes, which is none of Ethernet's" port_all
stop $flooder
stop $other_flooder
check "traffic goes on" wait_for 10 pings a b

# The device moves away from where its interfaces are.
netns m
ipn a link set sw0 netns "${P}m"
ipn m -batch - <<-EOT
	addr add ${ADDR[a]}/128 dev sw0
	link set sw0 up
	route add fc00::/8 dev sw0
	link add here type dummy
EOT
LABEL[m,r]=${LABEL[a,r]} ADDR[m]=${ADDR[a]}
check "a device that moved works" pings m b
check "its interfaces are those of where it was made" set_link m r interface to-r
refuse_with "not those of where it is" "no such interface" set_link m r interface here
check "and it works on" pings m b
spawn_in m "${steady[@]}" "${ADDR[b]}" > /dev/null 2>&1
flooder=$!
check "the namespace of its interfaces ends under traffic" ip netns del "${P}a"
nap 1
stop $flooder
check "the link has lost its interface" wait_for 10 link_is m r '.oif == 0'

spawn_in b "${steady[@]}" "${ADDR[m]}" > /dev/null 2>&1
other_flooder=$!
check "a namespace ends with all that is in it" ip netns del "${P}r"
nap 0.5
stop $other_flooder

netns x y
name_node x y
reload_all() {
	local i pid
	for ((i = 0; i < 3; i++)); do
		device x y && ether_wire x y 1500 && link x y && session x y &&
			pings x y || return 1
		spawn_in x "${steady[@]}" "${ADDR[y]}" > /dev/null 2>&1
		pid=$!
		nap 0.1
		unload_module || return 1
		stop $pid
		load_module numdevs=1 && ipn x link del to-y || return 1
	done
}
check "the module is unloaded under traffic" reload_all
dmesg > "$TMP/dmesg"
refuse "no interface was waited for" grep 'unregister_netdevice: waiting' "$TMP/dmesg"
refuse "no warning in the log" grep -E 'WARNING:|BUG:|Oops|refcount_t' "$TMP/dmesg"
