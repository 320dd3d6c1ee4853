#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module and its devices come and go, and what can be seen of them: drivers,
# tracepoints, drops. What happens under traffic is churn.sh's.
# Runs alone: it loads and unloads the module.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# Whatever becomes of the tests, those after this one find the module loaded.
cleanup() { [ -d /sys/module/skywire ] || load_module numdevs=1; }

has() { grep -qF -- "$1" "$2" || { cat "$2"; return 1; }; }

# --- the module -------------------------------------------------------------

devices() { ip -o link show type skywire | wc -l; }

for n in 0 1 3; do
	check "unload" unload_module
	check "load with numdevs=$n" load_module "numdevs=$n"
	is "numdevs=$n makes as many devices" "$(devices)" "$n"
done
is "they have names in order" \
	"$(ip -o link show type skywire | awk -F': ' '{printf "%s ", $2}')" "sw0 sw1 sw2 "
unload_module
refuse "numdevs is a number" load_module numdevs=many
refuse "numdevs has a limit" load_module numdevs=257
check "which the kernel names" grep -q 'skywire: numdevs=257: at most 256' <(dmesg | tail -n 5)
refuse "a huge one too" load_module numdevs=4294967295
check "load with no parameter" load_module
is "the default is one device" "$(devices)" 1

info() { if [ -e "$KO" ]; then modinfo "$@" "$KO"; else modinfo "$@" skywire; fi; }
info -F alias > "$TMP/alias"
check "the netlink family loads the module" has net-pf-16-proto-16-family-skywire "$TMP/alias"
refuse "a device's name does not" has rtnl-link "$TMP/alias"
info -F softdep > "$TMP/softdep"
for dep in gcm udp_tunnel ip6_udp_tunnel; do
	check "modprobe loads $dep first" has "$dep" "$TMP/softdep"
done
info -F parm > "$TMP/parm"
check "modinfo explains numdevs" has numdevs: "$TMP/parm"

# --- the device -------------------------------------------------------------

ip -d link show sw0 > "$TMP/link"
check "ip -d link names the kind" has " skywire" "$TMP/link"
check "ip -d link: no link layer" has "link/none" "$TMP/link"
check "ip -d link: the MTU for an underlay of 1500" has "mtu 1332" "$TMP/link"
check "ip -d link: the least MTU" has "minmtu 1280" "$TMP/link"
refuse "a smaller MTU is refused" ip link set sw0 mtu 1279
check "a larger one is not" ip link set sw0 mtu 9000
ethtool -i sw0 > "$TMP/ethtool"
check "ethtool -i names the driver" has "driver: skywire" "$TMP/ethtool"
check "ethtool -i has a version" grep -q '^version: [0-9]' "$TMP/ethtool"
check "a second device" ip link add swx type skywire
refuse "not twice the same name" ip link add swx type skywire
"$SWCTL" dev set dev sw0 port 4321
"$SWCTL" dev set dev swx port 4321
check "the first one gets the port" ip link set sw0 up
refuse "the second one does not" ip link set swx up
"$SWCTL" dev set dev swx port 4322
check "with another port it comes up" ip link set swx up
check "it can be deleted while up" ip link del swx
ip link set sw0 down
check "the first one can be renamed" ip link set sw0 name swy
check "and is found by that name" "$SWCTL" dev show dev swy
ip link set swy name sw0

# --- a network --------------------------------------------------------------

node a r b
wire a r
wire r b 6
link a r
link r b
session a b r
check "a packet gets through" pings a b

# --- tracepoints and drops --------------------------------------------------

trace=/sys/kernel/tracing
[ -e $trace/events ] || mount -t tracefs tracefs $trace 2>/dev/null
if [ -e $trace/events/skywire ]; then
	echo > $trace/trace
	echo 1 > $trace/events/skywire/enable
	pings a b 1 > /dev/null
	at a ping -q -c 1 -W 1 fc00::1 > /dev/null 2>&1
	echo 0 > $trace/events/skywire/enable
	cp $trace/trace "$TMP/trace"
	for event in 'receive: ifindex=[0-9]+ link=[0-9]+ len=[0-9]+ type=0 next=0 count=1' \
		'forward: ifindex=[0-9]+ ingress=201 egress=203 len=[0-9]+ postage=0' \
		'deliver: ifindex=[0-9]+ peer=fc[0-9a-f:]+ len=[0-9]+' \
		'drop: ifindex=[0-9]+ skbaddr=[0-9a-fx]+ len=[0-9]+ reason=[0-9]+'; do
		check "tracepoint skywire:${event%%:*}" grep -qE "$event" "$TMP/trace" ||
			diag "$(grep -v '^#' "$TMP/trace" | head)"
	done
else
	skip "tracepoints" "no tracefs"
fi
mark a
at a ping -q -c 2 -i 0.1 -W 1 fc00::1 > "$TMP/ping" 2>&1
check "what no peer has is counted" rises a no-peer 2
check "and told to the sender" grep -qE 'errors|nreachable' "$TMP/ping"
dropped=$(ipn a -s -j link show sw0 | jq '.[0].stats64.tx.dropped')
holds "ip -s link shows drops" "$dropped >= 2"

# --- firewall mark ----------------------------------------------------------

at a nft -f - <<-EOF
	table inet t {
		counter marked { }
		chain out {
			type filter hook output priority 0;
			meta mark 42 udp dport $PORT counter name marked
		}
	}
EOF
marked() {
	at a nft -j list counters | jq '.nftables[] | select(.counter) | .counter.packets'
}
pings a b > /dev/null
is "no mark without one" "$(marked)" 0
sw a dev set fwmark 42
pings a b > /dev/null
holds "outer packets have the mark" "$(marked) >= 2"
at a nft delete table inet t
# Only marked packets find the relay now.
ipn a -batch - <<-EOF
	rule add fwmark 42 table 42
	route add ${UL[r,a]}/32 dev to-r table 42
	route del 10.9.1.0/24 dev to-r
EOF
check "the mark selects the route" pings a b
mark a
sw a dev set fwmark 0
refuse "and without it there is none" pings a b 1
stats a
risen a no-route
holds "which is counted" "$RISEN > 0"
ipn a route add 10.9.1.0/24 dev to-r
check "a new route is found" pings a b

# --- a device in a device ---------------------------------------------------

# inner NODE ME YOU ADDRESS OTHER REMOTE RX TX: sw1, whose link to YOU goes to
# REMOTE, which is an address of the other node's sw0
inner() {
	local rx
	ipn "$1" -batch - <<-EOF
		link add sw1 type skywire
		addr add $4/128 dev sw1
	EOF
	key_file "$7" "$CIPHER"
	rx=$FILE
	key_file "$8" "$CIPHER"
	sw "$1" -d sw1 dev set port 5100 identity "${KEY[$2]}" &&
		sw "$1" -d sw1 link add label 1 neighbour "${KEY[$3]}" \
			remote "[$6]:5100" mtu 1292 probe-busy 0 &&
		sw "$1" -d sw1 key add link 1 cipher "$CIPHER" rx-index "$7" \
			tx-index "$8" rx-key "$rx" tx-key "$FILE" &&
		sw "$1" -d sw1 peer add "${KEY[$3]}" &&
		sw "$1" -d sw1 path add peer "${KEY[$3]}" link 1 &&
		sw "$1" -d sw1 prefix add "$5/128" peer "${KEY[$3]}" &&
		ipn "$1" link set sw1 up && ipn "$1" route add "$5/128" dev sw1
}
name_node a1 b1
check "sw1 over sw0, one end" inner a a1 b1 fd77::1 fd77::2 "${ADDR[b]}" 901 902
check "sw1 over sw0, other end" inner b b1 a1 fd77::2 fd77::1 "${ADDR[a]}" 902 901
check "a packet gets through both" at a ping -q -c 2 -i 0.1 -w $((5 * SCALE)) fd77::2
loops() { sw a -d "$1" -j stats | jq '.[0].drops.loop'; }
# A link's frames that are routed into its own device
sw a -d sw1 link set label 1 remote '[fd77::2]:5100'
at a ping -q -c 1 -W 1 fd77::2 > /dev/null 2>&1
is "frames into their own device are dropped" "$(loops sw1)" 1
# Into each other: as deep as it may be, and no deeper
sw a -d sw1 link set label 1 remote "[${ADDR[b]}]:5100"
sw a -d sw0 link set label "${LABEL[a,r]}" remote '[fd77::2]:5000'
at a ping -q -c 1 -W 1 fd77::2 > /dev/null 2>&1
holds "devices in a circle end somewhere" "$(loops sw0) + $(loops sw1) >= 2" \
	"sw0: $(loops sw0), sw1: $(loops sw1)"
sw a -d sw0 link set label "${LABEL[a,r]}" remote "$(endpoint "${UL[r,a]}")"
ipn a link del sw1
ipn b link del sw1
check "and all is well without them" pings a b
