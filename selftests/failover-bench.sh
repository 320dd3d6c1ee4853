#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# failover-bench.sh CUTS FILE LINKS...: how fast do packets leave a path that is
# cut? To be run by scripts/bench-failover.sh, under a clock that counts
# instructions. FILE gets a line of JSON for each number of links and kind of cut.
#
# A has two ways to B, over R1 and over R2, and other links that carry traffic:
# LINKS in all, but for the one to R2, which stands by. A flow to B takes 80 % of what
# the way over R1 is found to carry. Then all frames between A and R1 vanish (a
# local cut), or those between R1 and B (a remote one), CUTS times each. What is
# measured is for how long nothing arrives: from the last packet that came over R1
# to the first one over R2.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

cuts=$1 file=$2
shift 2
PROBES=
SHARE=80
# Seconds of a trial; of a flow before it is cut, and with what follows. The other
# links have their first packets within a quarter of a second.
TRIAL=0.4 BEFORE=0.3 ALL=0.6

node A R1 R2 B C
for relay in R1 R2; do
	wire A $relay
	wire $relay B
	link A $relay
	link $relay B
done
session A B R1
# second_way A B
second_way() {
	route_of "$1" R2 "$2"
	# shellcheck disable=SC2086 # several arguments
	sw "$1" path add peer "${KEY[$2]}" $ROUTE preference 1 > /dev/null
}
second_way A B
second_way B A

# The other links all go to C, which answers probes and sends none: it is A that
# has many links. The pace of probes depends on how many the kernel has, those of
# all devices. Eight ends belong to the two ways, and six of them to nodes that would
# have a kernel of their own: 92 others make it count 100.
OTHERS_MAX=92
wire A C
others=()
# links N: as many of A's carry traffic, with that to R1
links() {
	local first=1000 n=$(($1 - 1)) more
	[ $n -le $OTHERS_MAX ] || n=$OTHERS_MAX
	mapfile -t more < <("$OUTPUT/links" $((first + ${#others[@]})) $((first + n)) \
		"/run/netns/${P}A" "${UL[A,C]}" "/run/netns/${P}C" "${UL[C,A]}")
	others+=(${more[@]+"${more[@]}"})
	[ ${#others[@]} = $n ] || die "no $1 links"
}

# --- cuts ---

# By end of R1's wires, what a tc that waits there reads
declare -A VALVE

# install_valve OTHER: all that passes R1's end goes through one action, so that
# one word to tc stops both directions at once, and no interface knows.
install_valve() {
	at R1 tc -batch - <<-END || die "no valve"
		qdisc add dev to-$1 clsact
		filter add dev to-$1 ingress matchall action gact pass index ${NUM[$1]}
		filter add dev to-$1 egress matchall action gact index ${NUM[$1]}
	END
	exec {fd}> >(at R1 tc -batch -)
	VALVE[$1]=$fd
	valve "$1" pass >&"$fd"
}

# valve OTHER pass|drop: what tc is told
valve() { echo "action replace action gact $2 index ${NUM[$1]}"; }

cleanup() {
	for fd in "${VALVE[@]}"; do exec {fd}>&-; done
}

# --- flows ---

# flow RATE SECONDS [CUT]: sets FLOW[sent] and so on. The source stands for another
# machine, so it gets the time that the nodes leave.
declare -A FLOW
flow() {
	local words i
	read -ra words < <(at A nice -n 19 "$OUTPUT/flow" "$1" "$2" "${3:-0}" \
		"/run/netns/${P}B" "${ADDR[B]}" ${others[@]+"${others[@]}"})
	[ ${#words[@]} -gt 0 ] || die "no flow"
	for ((i = 0; i < ${#words[@]}; i += 2)); do
		FLOW[${words[i]}]=${words[i + 1]}
	done
}

# measure_capacity: sets CAPACITY, packets a second. The source waits for what it
# sent to be worked off, so nothing may be lost.
measure_capacity() {
	flow 0 $TRIAL
	flow 0 $TRIAL
	[ "${FLOW[received]}" = "${FLOW[sent]}" ] || die "lost without a cut: ${FLOW[*]}"
	CAPACITY=$((FLOW[received] * 1000000 / FLOW[time]))
}

# shown NODE NAME SHOW...: sets FIELD
shown() {
	local words
	# shellcheck disable=SC2207 # words are what is wanted
	words=($(sw "$1" "${@:3}")) && word_after "$2" "${words[@]}"
}
is_usable() {
	shown A state path show peer "${KEY[B]}" id "$1" && [ "$FIELD" = usable ]
}
is_alive() {
	shown "$1" liveness link show label "${LABEL[$1,$2]}" && [ "$FIELD" = alive ]
}
lives_again() { is_alive R1 "$1" && is_alive "$1" R1; }

# renew OTHER: opens the valve. What failed often is trusted late, for which
# there is no time: who begins to watch anew forgets what was.
renew() {
	local usec
	valve "$1" pass >&"${VALVE[$1]}"
	for usec in 0 10000; do
		set_link R1 "$1" probe-busy $usec
		set_link "$1" R1 probe-busy $usec
	done
	wait_for 5 lives_again "$1" || die "the link of R1 and $1 stays dead"
	for usec in 0 250000; do
		sw A peer set "${KEY[B]}" probe-interval $usec
	done
	if ! is_usable 1 || ! is_usable 2; then
		die "a path is $FIELD"
	fi
}

# cut OTHER RATE: sets GAP, null where nothing arrived any more; or returns 1 where
# the flow had left the path before: for no reason
cut() {
	local rc=0
	flow "$2" $ALL "$BEFORE$((RANDOM % 10))" \
		< <(valve "$1" drop) 3>&"${VALVE[$1]}"
	[ "${FLOW[received]}" != "${FLOW[sent]}" ] || rc=1
	GAP=${FLOW[gap]}
	[ "${FLOW[rest]}" -lt 20000 ] || GAP=null
	renew "$1"
	return $rc
}

# cut_often KIND OTHER RATE
cut_often() {
	local gaps='' i rtt alarms=0
	for ((i = 0; i < cuts; i++)); do
		until cut "$2" "$3"; do
			[ $((++alarms)) -le "$cuts" ] || die "$alarms false alarms"
		done
		gaps+=${gaps:+,}$GAP
	done
	shown A rtt path show peer "${KEY[B]}" id 1
	rtt=$FIELD
	printf '{"kind":"%s","links":%d,"capacity":%d,"rate":%d,"rtt":%d,"alarms":%d,"gaps":[%s]}\n' \
		"$1" "$n" "$CAPACITY" "$3" "$rtt" "$alarms" "$gaps" | tee -a "$file"
	case $gaps in
	*null*) fail "$1 cuts with $n links: all of them switched" "$gaps" ;;
	*) ok "$1 cuts with $n links: all of them switched" ;;
	esac
}

install_valve A
install_valve B
for n; do
	links "$n"
	measure_capacity
	diag "$n links: $CAPACITY packets a second"
	cut_often local A $((CAPACITY * SHARE / 100))
	cut_often remote B $((CAPACITY * SHARE / 100))
done
