#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh FILE: what a relay costs, skywire's and WireGuard's. To be run by
# scripts/bench.sh, under a clock that counts instructions. FILE gets a line of JSON
# for each measurement; or with PARTS=profile, what a relay spends in each function.
#
# From A to B by the relay R, all in one guest with one CPU. The packets are pktgen's,
# as if they came in by a veth of A's. Its thread runs when nothing else wants to: so
# nothing is lost, the CPU is never idle, and the time that a trial takes says how many
# instructions all of it took, in A, R and B, in softirqs and in threads.
#
# What the relay takes is the difference of two trials: in one the packets are dropped
# where they enter B, in the other where they enter R, by the same kind of filter.
#
# From the environment: PARTS, CONTENDERS, SIZES (of inner packets), BURSTS (packets
# that come in at once) and RUNS.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

file=$1
PARTS=${PARTS:-relay rate latency tcp scale memory aead}
CONTENDERS=${CONTENDERS:-plain wireguard chacha aes256 chacha-header aes256-header}
SIZES=${SIZES:-64 512 1400}
BURSTS=${BURSTS:-1 32}
RUNS=${RUNS:-3}
# Packets of a trial; of one that looks for a rate, or takes a profile
PACKETS=1600 TRIAL=20000
# Links and paths are probed as they are by default.
PROBES=
MTU=1420

# record WHAT [NAME JSON]...: a line of JSON
record() {
	local line="{\"what\":\"$1\",\"contender\":\"$CONTENDER\""
	shift
	while [ $# -gt 0 ]; do
		line+=",\"$1\":$2"
		shift 2
	done
	echo "$line}" | tee -a "$file"
}

# --- the network ---

WIRES="A:R R:B R:S S:B A:B"
declare -A UL6 PLAIN WG_KEY WG_ADDR

# Skywire, WireGuard and plain IPv6 side by side, over the same wires
set_up() {
	local n w a b
	node A R S B
	for n in A R S B; do
		at "$n" sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
		ipn "$n" link set sw0 mtu $MTU
		WG_ADDR[$n]=fd0c::${NUM[$n]}
		PLAIN[$n]=fd0d::${NUM[$n]}
		ipn "$n" addr add "${PLAIN[$n]}/128" dev lo nodad
		set_up_wireguard "$n"
	done
	for w in $WIRES; do
		a=${w%:*} b=${w#*:}
		wire "$a" "$b" 4 1600
		UL6[$a,$b]=fd0d:$wires::1 UL6[$b,$a]=fd0d:$wires::2
		ipn "$a" addr add "${UL6[$a,$b]}/64" dev "to-$b" nodad
		ipn "$b" addr add "${UL6[$b,$a]}/64" dev "to-$a" nodad
		link "$a" "$b" mtu 1520
	done
	session A B R
	way A R B
	ipn A link add gate type veth peer name street
	ipn A link set gate up
	ipn A link set street up
	GATE=$(ipn A -j link show gate | jq -r '.[].address')
}

set_up_wireguard() {
	(umask 077; wg genkey > "$TMP/wg-$1")
	WG_KEY[$1]=$(wg pubkey < "$TMP/wg-$1")
	ipn "$1" link add wg0 mtu $MTU type wireguard
	at "$1" wg set wg0 private-key "$TMP/wg-$1" listen-port 51820
	ipn "$1" addr add "${WG_ADDR[$1]}/128" dev wg0 nodad
	ipn "$1" link set wg0 up
	ipn "$1" route add fd0c::/64 dev wg0
}

# hop NODE NEXT END: to get to END, NODE sends to NEXT, by WireGuard and plainly
hop() {
	ipn "$1" route replace "${PLAIN[$3]}/128" via "${UL6[$2,$1]}"
	at "$1" wg set wg0 peer "${WG_KEY[$2]}" endpoint "${UL[$2,$1]}:51820" \
		allowed-ips "${WG_ADDR[$3]}/128"
}

# one_way NODE...: packets from the first to the last take this way
one_way() {
	local first=$1 last=${!#}
	route_of "$@"
	# shellcheck disable=SC2086 # several arguments
	sw "$first" path set peer "${KEY[$last]}" id 1 $ROUTE > /dev/null ||
		die "no way $*"
	while [ $# -gt 1 ]; do
		hop "$1" "$2" "$last"
		shift
	done
}

# way NODE...: both ways
way() {
	local back=() node
	for node; do back=("$node" ${back[@]+"${back[@]}"}); done
	one_way "$@"
	one_way "${back[@]}"
}

# use CONTENDER: sets DEV, where packets come out at B, and their addresses
use() {
	local w how=full
	case $1 in
	plain) DEV=to-R FROM=${PLAIN[A]} TO=${PLAIN[B]} ;;
	wireguard) DEV=wg0 FROM=${WG_ADDR[A]} TO=${WG_ADDR[B]} ;;
	*)
		DEV=sw0 FROM=${ADDR[A]} TO=${ADDR[B]}
		case $1 in
		chacha*) CIPHER=chacha20-poly1305 ;;
		aes256*) CIPHER=aes-256-gcm ;;
		esac
		case $1 in *-header) how=header ;; esac
		for w in $WIRES; do key_link "${w%:*}" "${w#*:}" seal $how; done
		key_session A B ;;
	esac
	wait_for 5 pings A "$TO" 3 -I "$FROM" || die "$1: no way: $(cat "$TMP/ping")"
}

# --- trials ---

# How a filter knows packets of one size: where they come out; on the wire, where
# they are longer by what the contender adds.
inside() { MATCH="match u8 17 0xff at 6 match u16 $(($1 - 40)) 0xffff at 4"; }
on_wire() {
	case $DEV in
	to-R) inside "$1" ;;
	wg0) MATCH="match u16 $((($1 + 15) / 16 * 16 + 60)) 0xffff at 2" ;;
	sw0) MATCH="match u16 $(($1 + 104)) 0xffff at 2" ;;
	esac
}

# filter NODE DEVICE pass|drop: what comes in there and matches
filter() {
	at "$1" tc -force -batch - 2> /dev/null <<-END
		qdisc del dev $2 clsact
		qdisc add dev $2 clsact
		filter add dev $2 ingress protocol all u32 $MATCH action gact $3
	END
}

# What a trial leaves would drop what others send.
no_filters() {
	local place
	for place in R:to-A B:to-R "B:$DEV"; do
		at "${place%:*}" tc qdisc del dev "${place#*:}" clsact 2> /dev/null || :
	done
}

# all_at NODE DEVICE COUNT: did all of them match?
all_at() {
	local n
	n=$(at "$1" tc -s -j filter show dev "$2" ingress |
		jq '[.[].options.actions[]?.stats.packets] | add')
	[ "$n" = "$3" ] || {
		diag "$CONTENDER: $n of $3 packets came to $1"
		return 1
	}
}

# What the pktgen of A is told, line by line; then it runs.
# shellcheck disable=SC2016 # for the shell there
write_pktgen='cd /proc/net/pktgen
	echo rem_device_all > kpktgend_0
	echo add_device gate > kpktgend_0
	while read -r line; do echo "$line" > gate || exit; done
	echo start > pgctrl
	cat gate'

# pktgen SIZE PACKETS BURST PAUSE [COMMAND...]: sets TIME, in us; the pause is in ns
pktgen() {
	at A "${@:5}" sh -c "$write_pktgen" > "$TMP/pktgen" <<-END
		xmit_mode netif_receive
		count $2
		pkt_size $(($1 + 14))
		burst $3
		delay $4
		dst_mac $GATE
		src6 $FROM
		dst6 $TO
	END
	TIME=$(sed -n 's/^Result: OK: \([0-9]*\)(.*/\1/p' "$TMP/pktgen")
	[ -n "$TIME" ] || die "pktgen: $(cat "$TMP/pktgen")"
}

# passage SIZE BURST pass|drop PACKETS [COMMAND...]: packets come to R, and then to B,
# unless they are dropped at R
passage() {
	on_wire "$1"
	filter R to-A "$3"
	filter B to-R drop
	pktgen "$1" "$4" "$2" 0 "${@:5}"
	all_at R to-A "$4" || die "pktgen says: $(cat "$TMP/pktgen")"
	[ "$3" = drop ] || all_at B to-R "$4" || die "the relay lost some"
}

# cost SIZE BURST: sets COST, the relay's own instructions a packet; a microsecond
# is 500.
cost() {
	local with
	passage "$1" "$2" pass $PACKETS
	with=$TIME
	passage "$1" "$2" drop $PACKETS
	COST=$(((with - TIME) * 500 / PACKETS))
}

part_relay() {
	local size burst i values
	for size in $SIZES; do
		for burst in $BURSTS; do
			passage "$size" "$burst" pass $PACKETS
			values=
			for ((i = 0; i < RUNS; i++)); do
				cost "$size" "$burst"
				values+=${values:+,}$COST
			done
			record relay size "$size" burst "$burst" values "[$values]"
		done
	done
}

# --- the highest rate without loss ---

# sustains SIZE PAUSE: does every packet get through, and the pace hold?
sustains() {
	inside "$1"
	filter B "$DEV" drop
	pktgen "$1" $TRIAL 1 "$2"
	all_at B "$DEV" $TRIAL && ((TIME * 1000 <= TRIAL * $2 * 201 / 200))
}

# find_rate SIZE: sets RATE, from a little below what the way carries without a pause
find_rate() {
	local least pause step
	inside "$1"
	filter B "$DEV" drop
	pktgen "$1" $PACKETS 1 0
	least=$((TIME * 1000 / PACKETS))
	for step in 2 4 6 8 12 16 24 32; do
		pause=$((least * (100 + step) / 100))
		RATE=$((1000000000 / pause))
		! sustains "$1" $pause || return 0
	done
	fail "$CONTENDER: a rate for $1 bytes"
}

part_rate() {
	local size i values
	for size in $SIZES; do
		values=
		for ((i = 0; i < RUNS; i++)); do
			find_rate "$size" || continue 2
			values+=${values:+,}$RATE
		done
		record rate size "$size" values "[$values]"
	done
}

# --- latency, and TCP ---

# round_trip SIZE: sets RTT, in ns, the mean of 500. WireGuard may have to shake
# hands before.
round_trip() {
	wait_for 10 pings A "$TO" 3 -I "$FROM" || die "$CONTENDER: no way"
	at A ping -q -n -I "$FROM" -c 500 -i 0.002 -s $(($1 - 48)) "$TO" > "$TMP/ping"
	RTT=$(awk -F '[/ ]' '/^rtt/ { printf "%d", $8 * 1000000 }' "$TMP/ping")
	grep -q ' 500 received' "$TMP/ping" || die "$CONTENDER: $(cat "$TMP/ping")"
}

# What another relay adds to a packet's way
part_latency() {
	local size i one values
	for size in $SIZES; do
		values=
		for ((i = 0; i < RUNS; i++)); do
			way A R B
			round_trip "$size"
			one=$RTT
			way A R S B
			round_trip "$size"
			values+=${values:+,}$(((RTT - one) / 2))
		done
		record latency size "$size" values "[$values]"
	done
	way A R B
}

# bulk: sets BPS
bulk() {
	local server
	spawn_in B iperf3 -s -1 > /dev/null
	server=$!
	wait_for 5 listens $server 5201 || die "no iperf3"
	BPS=$(at A iperf3 -c "$TO" -B "$FROM" -t 1 -O 0.2 -J |
		jq '.end.sum_received.bits_per_second | floor')
	wait $server
	[ "${BPS:-0}" -gt 0 ] || die "$CONTENDER: no transfer"
}

# five_bulks WHAT
five_bulks() {
	local values='' i
	bulk
	for i in 1 2 3 4 5; do
		bulk
		values+=${values:+,}$BPS
	done
	record "$1" values "[$values]"
}

part_tcp() {
	way A B
	wait_for 10 pings A "$TO" 3 -I "$FROM" || die "$CONTENDER: no way"
	five_bulks tcp-direct
	way A R B
	wait_for 10 pings A "$TO" 3 -I "$FROM" || die "$CONTENDER: no way"
	five_bulks tcp-relay
}

# --- many links and peers ---

# memory: sets FREE, in bytes
memory() {
	local name value
	sync
	echo 3 > /proc/sys/vm/drop_caches
	nap 1
	while read -r name value _; do
		[ "$name" != MemFree: ] || FREE=$((value * 1024))
	done < /proc/meminfo
}

# more [-l | -p] FIRST END: links of R's to neighbours that S plays, each of them a
# peer; only links, or only peers
more() {
	"$OUTPUT/links" "$@" "/run/netns/${P}R" "${UL[R,S]}" \
		"/run/netns/${P}S" "${UL[S,R]}" > /dev/null || die "no links"
}

# idle: sets IDLE, in hundredths of a second
idle() {
	local words
	read -ra words < /proc/stat
	IDLE=${words[4]}
}

# background: sets BUSY, the thousandths of the CPU that go into probes while there
# is no traffic
background() {
	local before
	idle
	before=$IDLE
	nap 20
	idle
	BUSY=$(((2000 - IDLE + before) / 2))
	((BUSY >= 0)) || BUSY=0
}

# measure_scale LINKS: probes take their share of any time, and are not the packets'.
measure_scale() {
	local values='' shares='' i
	passage 64 32 pass $PACKETS
	for ((i = 0; i < RUNS; i++)); do
		background
		shares+=${shares:+,}$BUSY
		cost 64 32
		values+=${values:+,}$((COST * (1000 - BUSY) / 1000))
	done
	record scale links "$1" values "[$values]"
	record background links "$1" values "[$shares]"
}

# grow WHAT FIRST COUNT EACH COMMAND...: the memory of a link or a peer, of so many from
# this number on, and twice as many again. The numbers are put behind the command,
# which makes EACH of them for one.
grow() {
	local what=$1 first=$2 count=$3 each=$4 values='' none
	shift 4
	for _ in 1 2 3; do
		memory
		none=$FREE
		"$@" "$first" $((first + count)) || die "no more: $*"
		memory
		values+=${values:+,}$(((none - FREE) / count / each))
		first=$((first + count))
	done
	record "$what" values "[$values]"
}

# R has three links already. Of what comes after the first thousand the memory is
# measured, of both ends of the links and of R's peers.
part_scale() {
	more 2000 2007
	measure_scale 10
	more 2007 2997
	measure_scale 1000
	grow memory-link 2997 3000 2 more -l
	grow memory-peer 2997 3000 1 more -p
	measure_scale 10000
}

# more_wireguard FIRST END: peers, before their first handshake
more_wireguard() {
	local i
	for ((i = $1; i < $2; i++)); do
		printf '[Peer]\nPublicKey = %042dA=\nAllowedIPs = fd0b::%x/128\n' "$i" "$i"
	done > "$TMP/peers"
	at S wg addconf wg0 "$TMP/peers" && rm "$TMP/peers"
}

part_memory() { grow memory-peer 0 2000 1 more_wireguard; }

# --- where it goes ---

# samples SIZE pass|drop: sets SAMPLES, a file with a number and a name in each line
PERIOD=20011
samples() {
	passage "$1" 32 "$2" $TRIAL chrt -i 0 perf record -q -a -e cpu-clock -c $PERIOD -o "$TMP/perf"
	SAMPLES=$TMP/samples-$2
	perf report -q -i "$TMP/perf" --stdio -F sample,sym 2> /dev/null |
		awk '$1 + 0 && !/halt/ { print $1, $NF }' > "$SAMPLES"
}

# Instructions a packet and function, with the relay and without it, and what they
# differ by
part_profile() {
	local size
	echo 0 > /proc/sys/kernel/perf_cpu_time_max_percent
	for size in $SIZES; do
		passage "$size" 32 pass $PACKETS
		samples "$size" drop
		samples "$size" pass
		echo "$CONTENDER, $size bytes: instructions a packet, by function"
		awk -v each=$((PERIOD / 2)) -v packets=$TRIAL '
			NR == FNR { less[$2] += $1; next }
			{ more[$2] += $1 }
			END {
				for (f in less) more[f] += 0
				for (f in more) {
					n = (more[f] - less[f]) * each / packets
					sum += n
					if (n > 20 || n < -20) printf "%7d %s\n", n, f
				}
				printf "%7d all\n", sum
			}' "$TMP/samples-drop" "$TMP/samples-pass" | sort -rn
	done | tee -a "$file"
}

# --- the AEADs alone ---

# One opening and one sealing of what a relay opens and seals, by the same functions.
# The module says what it measured, and refuses to stay.
part_aead() {
	local CONTENDER size values rows=0
	insmod "$OUTPUT/aead/aead.ko" sizes="${SIZES// /,}" 2> /dev/null
	while read -r CONTENDER size values; do
		record aead size "$size" values "[$values]"
		rows=$((rows + 1))
	done < <(dmesg | sed -n 's/.*aead: \([a-z0-9]* [0-9]* [0-9,]*\)$/\1/p')
	[ $rows -gt 0 ] || die "the ciphers were not measured"
}

# measures PART CONTENDER: not all measure all
measures() {
	case $1:$2 in
	aead:*) return 1 ;;
	tcp:*-header | tcp:aes* | scale:[!c]* | scale:*-header | memory:[!w]*) return 1 ;;
	esac
}

modprobe -a pktgen wireguard cls_u32 act_gact sch_ingress || die "no pktgen"
# What udev loads where the CPU has it
modprobe -a -q aesni_intel chacha-x86_64 poly1305-x86_64
case " $PARTS " in *' aead '*) part_aead ;; esac
set_up
for pid in $(pgrep '^kpktgend_0$'); do chrt -i -p 0 "$pid"; done
for CONTENDER in $CONTENDERS; do
	use "$CONTENDER"
	for part in $PARTS; do
		if measures "$part" "$CONTENDER"; then
			"part_$part"
			no_filters
		fi
	done
done
