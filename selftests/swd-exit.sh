#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A network as a VPN: a client, a relay, an exit, and a host behind it that knows
# nothing of all this. The client's links go by the default route of before, to its
# gateway, while everything else goes to the exit.
# Runs alone: it takes long, and the two guests of a check are to end together.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
# The kernel would load these one by one while the daemon waits, slowly in a guest.
modprobe -a -q nft_chain_nat nft_ct nft_fib_inet nft_masq nft_reject_inet
name_node C R E
netns C G R E I
for node in C G R E I; do ipn "$node" link set lo up; done
wire C G
wire G R
wire R E
wire E I
I4=${UL[I,E]} E4=${UL[E,I]} I6=2001:db8:1::2 E6=2001:db8:1::1
printf 'addr add %s/64 dev to-%s nodad\n' "$E6" I | ipn E -batch -
printf 'addr add %s/64 dev to-%s nodad\n' "$I6" E | ipn I -batch -
ipn C route add default via "${UL[G,C]}"
ipn R route add "${UL[C,G]}" via "${UL[G,R]}"
at G tee /proc/sys/net/ipv4/ip_forward <<< 1 > /dev/null
# The client is wary of what comes from where it would not send to.
for conf in all default to-G; do
	at C tee /proc/sys/net/ipv4/conf/$conf/rp_filter <<< 1 > /dev/null
done

swd_config C <<-EOF
	Address = 10.7.0.2/24
	$NO_BEACONS
	[Peer]
	PublicKey = ${KEY[R]}
	Endpoint = $(endpoint "${UL[R,G]}")
	[Peer]
	PublicKey = ${KEY[E]}
	AllowedIPs = 0.0.0.0/0, ::/0
EOF
swd_config R <<-EOF
	$NO_BEACONS
	$(swd_peer R E)
	AllowedIPs = 2001:db8:1::/64
EOF
swd_config E <<-EOF
	$NO_BEACONS
	[Node]
	Prefixes = 0.0.0.0/0, ::/0
	[Peer]
	PublicKey = ${KEY[C]}
	AllowedIPs = 10.7.0.2/32
EOF

# made NODE: all that is there of routes, rules, tables, addresses and switches
made() {
	{
		ipn "$1" rule show
		ipn "$1" -6 rule show
		ipn "$1" route show table all proto 83
		ipn "$1" -6 route show table all proto 83
		ipn "$1" -br addr show dev sw0
		at "$1" nft list ruleset
		at "$1" cat /proc/sys/net/ipv4/ip_forward \
			/proc/sys/net/ipv6/conf/all/forwarding \
			/proc/sys/net/ipv4/conf/all/src_valid_mark
		sw "$1" -j prefix show | jq -c '[.[] | select(.own | not)]'
	} 2>&1
}

# Devices and addresses of nodes stay when a daemon ends.
for node in C E; do
	swd_start "$node"
	swd_stop "$node"
	made "$node" > "$TMP/$node.before"
done
for node in C R E; do swd_start "$node"; done

check "links come up by the default route" wait_for 15 daemon_alive C R
check "and between relay and exit" wait_for 15 daemon_alive E R
for node in C R E; do calm "$node"; done
check "packets go to the host behind the exit" wait_for 20 pings C "$I4" 1
check "by IPv6 as well" wait_for 5 pings C "$I6" 1
check "links are still alive" daemon_alive C R

# asked FROM VERSION ADDRESS: as whom is FROM seen there?
asked() { at "$1" timeout $((10 * SCALE)) socat -u "TCP$2:$3:700$2" -; }
for version in 4 6; do
	spawn_in I socat TCP$version-LISTEN:700$version,reuseaddr \
		"SYSTEM:echo \$SOCAT_PEERADDR"
	wait_for 5 listens $! 700$version
done
is "the host sees the exit's address" "$(asked C 4 "$I4")" "$E4"
is "by IPv6 as well" "$(asked C 6 "[$I6]")" "[2001:0db8:0001:0000:0000:0000:0000:0001]"

# moves ADDRESS: TCP, both ways
moves() {
	at C timeout $((30 * SCALE)) iperf3 -c "$1" -n 100K -J |
		jq -e '.end.sum_sent.bytes >= 100000 and .end.sum_received.bytes > 0'
}
spawn_in I iperf3 -s
wait_for 10 listens $! 5201
check "iperf3 through the exit" moves "$I4"
check "by IPv6 as well" moves "$I6"

# R is a neighbour of the exit, and not one of its peers.
prohibited() { at R ping -n -c 1 -W 2 "$I6" | grep -q 'prohibited'; }
check "whoever is no peer of the exit is not served" wait_for 10 prohibited

for node in E C; do
	made "$node" > "$TMP/$node.made"
	check "a daemon killed at $node, and another: no packet lost" \
		swd_killed "$node" C "$I4"
	is "and all that it has made is as before" \
		"$(made "$node" | diff "$TMP/$node.made" -)" ""
done
check "packets still go" pings C "$I6"

# So does each start of a firewall.
at E nft flush ruleset
table_is_there() { at E nft list table inet skywire-sw0; }
check "a table that was deleted comes back" wait_for 5 table_is_there
check "and packets go as before" wait_for 5 pings C "$I4" 1
check "whoever is no peer is still not served" prohibited

# Whoever sets a device down takes its routes and IPv6 addresses away.
ipn C link set sw0 down
ipn C link set sw0 up
as_before() {
	made C | diff "$TMP/C.made" - && ipn C -6 route show fc00::/8 | grep -q 'dev sw0'
}
check "a device that was down gets back what it had" wait_for 5 as_before
check "and packets go again" wait_for 20 pings C "$I6" 1

# One that ends for another leaves all in place.
swd_stop C USR1
is "a daemon that hands over leaves all as it is" \
	"$(made C | diff "$TMP/C.made" -)" ""
swd_start C
for node in C E; do
	swd_stop "$node"
	is "nothing is left at $node when its daemon has ended" \
		"$(made "$node" | diff "$TMP/$node.before" -)" ""
done

[ $failures = 0 ] || swd_log C R E
