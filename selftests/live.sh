#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Links and paths that live and die: probes, two-way hearing, failover by what
# is seen here, by what relays tell and by what the far end reports; return;
# copies over two paths; paths by mark and DSCP.
# Runs alone: 30 ms without a sign are a link's death, and a flood of another test's
# takes the CPU for longer.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# field_of NAME COMMAND...: sets FIELD to the word after NAME in its output
field_of() {
	local name=$1 words
	shift
	# shellcheck disable=SC2207 # words are what is wanted
	words=($("$@")) || return 1
	word_after "$name" "${words[@]}"
}

# shows NAME VALUE COMMAND...: does it print this value after the name?
shows() {
	local name=$1 value=$2
	shift 2
	field_of "$name" "$@"
	[ "$FIELD" = "$value" ] || { echo "$name is '$FIELD', not '$value': $*"; return 1; }
}

# is_live A B STATE: A's end of their link
is_live() { shows liveness "$3" sw "$1" link show label "${LABEL[$1,$2]}"; }

# path_is ID STATE: A's path to B
path_is() { shows state "$2" sw A path show peer "${KEY[B]}" id "$1"; }

PROBES=

# A has two ways to B, over R1 and over R2.
node A R1 R2 B
for relay in R1 R2; do
	wire A $relay
	wire $relay B	# IPv6 addresses go when an interface goes down
	link A $relay
	link $relay B
done
session A B R1
route_of A R2 B
# shellcheck disable=SC2086 # several arguments
sw A path add peer "${KEY[B]}" $ROUTE preference 1 > /dev/null
route_of B R2 A
# shellcheck disable=SC2086 # several arguments
sw B path add peer "${KEY[A]}" $ROUTE preference 1 > /dev/null

all_live() {
	local relay
	for relay in R1 R2; do
		is_live A $relay alive && is_live $relay A alive &&
			is_live $relay B alive && is_live B $relay alive || return
	done
}
check "links come to life at both ends" wait_for 5 all_live
check "a path is usable" path_is 1 usable
check "a packet gets through" pings A B

# --- what is measured ---

link_of() { sw A -j link show label "${LABEL[A,R1]}" | jq ".[0].$1"; }
holds "a round trip has been timed" "$(link_of rtt) > 0 && $(link_of rtt) < 1000000"
holds "the neighbour has just been heard" "$(link_of heard) < 2000 * SCALE"
is "it has never been dead" "$(link_of deaths)" 0

fast_probes() {
	local before
	before=$(link_of tx_packets)
	pings A B 20 || return
	# 20 pings take 400 ms; with a probe each second there would be 21 packets.
	[ $(($(link_of tx_packets) - before)) -ge 30 ]
}
check "a link that carries traffic is probed often" fast_probes
idle_probes() {
	local start=${EPOCHREALTIME/./} packets took
	packets=$(link_of tx_packets)
	nap 3
	packets=$(($(link_of tx_packets) - packets)) took=$((${EPOCHREALTIME/./} - start))
	echo "$packets packets in $took us"
	((packets >= 1 && packets * 3000000 <= 8 * took))
}
# The session asks by its paths for two and a half seconds, which is traffic for one more.
nap 4
check "one that carries none is probed seldom" idle_probes

# begins_anew: R1's end is watched no more, and again
begins_anew() {
	local deaths
	deaths=$(link_of deaths)
	set_link R1 A probe-busy 0
	nap 1
	set_link R1 A probe-busy 10000
	wait_for 5 is_live R1 A alive || return
	nap 0.2
	[ "$(link_of deaths)" = "$deaths" ]
}
check "an end that begins to probe anew does not make the other find the link dead" begins_anew

# --- a link goes ---

# flow: pings from A to B, 100 a second, until end_flow
flow() {
	rm -f "$TMP/flow"
	spawn_in A ping -n -i 0.01 -W 1 "${ADDR[B]}" > "$TMP/flow" 2>&1
	FLOW=$!
	wait_for 5 grep -q icmp_seq=20 "$TMP/flow"
}
end_flow() {
	nap 0.5
	stop $FLOW INT
	tail -n 3 "$TMP/flow"
}
# lost N: the flow lost at most so many
lost() {
	local sent got
	read -r sent _ _ got _ < <(grep 'packets transmitted' "$TMP/flow")
	[ $((sent - got)) -le "$1" ] || { tail -n 3 "$TMP/flow"; return 1; }
}

flow
ipn A link set to-R1 down
check "the link that is cut is found dead" wait_for 3 is_live A R1 dead
check "and the path with it" path_is 1 link-down
check "the other end sees it too" wait_for 3 is_live R1 A dead
end_flow > /dev/null
# 30 ms without a sign, at both ends, and the answers in flight
check "packets go the other way at once" lost $((20 * SCALE))
check "and arrive" pings A B 5
ipn A link set to-R1 up
check "the link comes back" wait_for 5 is_live A R1 alive
check "and the path" wait_for 5 path_is 1 usable
is "one death is counted" "$(link_of deaths)" 1
holds "probes of the dead link are no loss of the living one" "$(link_of loss) < 20000"
check "R1's end is alive again" wait_for 5 is_live R1 A alive

# --- a link that is used now and then ---

slow_probes() { set_link A R1 probe-busy "$1" && set_link R1 A probe-busy "$1"; }
now_and_then() { at A ping -q -c 1 -W 1 "${ADDR[R1]}"; nap 0.3; is_live A R1 dead; }
# There is but one way to a neighbour.
sw A peer add "${KEY[R1]}" probe-interval 0 > /dev/null
sw A path add peer "${KEY[R1]}" link "${LABEL[A,R1]}" > /dev/null
check "probes are slow" slow_probes 500000
ipn A link set to-R1 down
check "what is sent now and then does not keep a dead link alive" wait_for 10 now_and_then
ipn A link set to-R1 up
sw A peer del "${KEY[R1]}"
check "it is quick again" slow_probes 10000
check "and alive" wait_for 5 is_live A R1 alive
check "at R1 as well" wait_for 5 is_live R1 A alive

# --- one way only ---

at R1 nft -f - <<-EOF
	table inet deaf {
		chain in {
			type filter hook input priority 0;
			iifname "to-A" udp dport $PORT drop
		}
	}
EOF
check "an end that is not heard knows it" wait_for 8 is_live A R1 dead
check "and the one that does not hear" wait_for 8 is_live R1 A dead
at R1 nft delete table inet deaf
check "hearing again, it lives" wait_for 8 is_live A R1 alive
check "and so does the other end" wait_for 8 is_live R1 A alive

# --- a link further on ---

paths_well() { path_is 1 usable && path_is 2 usable; }
check "all paths are well" wait_for 10 paths_well
flow
mark A R1
ipn R1 link set to-B down
check "A hears from R1 that the path has failed" wait_for 3 path_is 1 suspect
end_flow > /dev/null
stats A R1
risen R1 error-out
holds "R1 has told" "RISEN >= 1"
risen A error-in
holds "A was told" "RISEN >= 1"
check "packets go the other way" lost $((20 * SCALE))
ipn R1 link set to-B up
prove_by_use() { pings A B 1 > /dev/null; path_is 1 usable; }
check "a path that is well again is used" wait_for 15 prove_by_use
mark R1
pings A B 3 > /dev/null
stats R1
risen R1 forwarded
holds "indeed" "RISEN >= 3"

# --- a path that loses more than it says ---

# R1 loses some of what it sends to B. Probes of links and paths are smaller.
lose_some() {
	at R1 nft -f - <<-EOF
		table inet lossy {
			chain out {
				type filter hook output priority 0;
				oifname "to-B" meta length > 200 numgen random mod 10 < 3 drop
			}
		}
	EOF
}
lose_some
flood() { at A ping -q -f -c 3000 -s 100 "${ADDR[B]}" > /dev/null 2>&1; }
lossy() { flood; path_is 1 suspect; }
sw A path set peer "${KEY[B]}" id 1 loss-admitted 1000000
flood
pings A B 1 > /dev/null
check "loss that is admitted is no fault" path_is 1 usable
loss_seen() { [ "$(sw A -j path show peer "${KEY[B]}" id 1 | jq '.[0].loss')" -gt 50000 ]; }
check "but is measured" wait_for 20 loss_seen
sw A path set peer "${KEY[B]}" id 1 loss-admitted 50000
check "more than what is admitted is one" wait_for 20 lossy
at R1 nft delete table inet lossy
# Then the other one fails, which is preferred, so that both are in doubt.
sw A path set peer "${KEY[B]}" id 1 preference 2
flow
ipn R2 link set to-B down
check "the preferred path fails" wait_for 3 path_is 2 suspect
end_flow > /dev/null
check "of two in doubt, packets take the one that answers" lost $((20 * SCALE))
ipn R2 link set to-B up
sw A path set peer "${KEY[B]}" id 1 preference 0
check "and forgiven" wait_for 30 prove_by_use

# --- what is lost in an outage ---

# burst SECONDS: large packets from A to B, two thousand a second
burst() { at A "$OUTPUT/flow" 2000 "$1" 0 "/run/netns/${P}B" "${ADDR[B]}"; }
fails_in_use() { pings A B 1 > /dev/null; path_is 1 suspect; }
# There is no other way, so that packets go the one that has failed.
outage() {
	ipn A link set to-R2 down
	ipn R1 link set to-B down
	wait_for 5 fails_in_use || return
	burst 1
	ipn R1 link set to-B up
}
stays() { burst 1 && path_is 1 usable; }
check "a path fails that is the only one" outage
check "it is used when it is well again" wait_for 30 prove_by_use
check "and is not blamed for what it lost before" stays

# --- a path that takes longer than from one probe to the next ---

# Its link would be found dead.
set_link R1 B probe-busy 0
set_link B R1 probe-busy 0
check "a path is slow" at R1 tc qdisc add dev to-B root netem delay 120ms limit 10000
sw A peer set "${KEY[B]}" probe-interval 50000
slow_usable() { burst 1; path_is 1 usable; }
check "which is no fault" slow_usable
lose_some
slow_lossy() { burst 1; path_is 1 suspect; }
check "what it loses is one" wait_for 20 slow_lossy
at R1 nft delete table inet lossy
at R1 tc qdisc del dev to-B root
sw A peer set "${KEY[B]}" probe-interval 250000
set_link R1 B probe-busy 10000
set_link B R1 probe-busy 10000
check "and it is forgiven" wait_for 40 prove_by_use
