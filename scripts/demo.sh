#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh: four machines, and a network that makes itself. Each has a key and runs
# swd; nobody says who is whose neighbour, what has which address, or what goes
# where. "make demo" runs it in a guest; as root it runs on any machine that has the
# module. Everything it makes is gone at its end.
#
#              ,-- relay1 --.
#        client              server
#              '-- relay2 --'
#
# The wire between relay2 and the server has no IP at all, the others have IPv6 with
# the addresses that Linux gives each interface by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

MACHINES=(client relay1 relay2 server)
PREFIX=swdemo-		# of the namespaces' names
MARKER='The quick brown fox jumps over the lazy dog.'

# --- telling ---------------------------------------------------------------

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
indent() { sed 's/^/   /'; }
die() { printf 'demo.sh: %s\n' "$*" >&2; exit 1; }

# run MACHINE COMMAND...: shows the command, as one types it there, and what it says
run() {
	note "$1# $(printf '%s ' "${@:2}" | sed "s,$PWD/build/,,g")"
	at "$@" 2>&1 | indent
}

table=() failed=0

# shown WHAT SEEN CONDITION: a row of the table at the end, ok if the arithmetic
# CONDITION is true
shown() {
	local verdict=ok
	(($3)) || { verdict=FAILED; failed=$((failed + 1)); }
	table+=("$(printf '%-38s %-36s %s' "$1" "$2" "$verdict")")
}

# --- machines --------------------------------------------------------------

declare -A INIT		# by machine: the process that holds its namespaces
jobs=()

# at MACHINE COMMAND...
at() { nsenter -t "${INIT[$1]}" -n -m --wd=/ -- "${@:2}"; }

# spawn MACHINE COMMAND...: in the background
spawn() {
	nsenter -t "${INIT[$1]}" -n -m --wd=/ -- "${@:2}" &
	jobs+=($!)
}

# machine NAME: namespaces with interfaces, files and sockets of their own
machine() {
	ip netns add "$PREFIX$1" || die "is another demo running?"
	nsenter --net="/run/netns/$PREFIX$1" unshare --mount bash -c '
		mount -t tmpfs -o mode=755 run /run
		mount -t tmpfs -o mode=755 lib /var/lib
		mount -t tmpfs -o mode=700 etc /etc/skywire
		ip link set lo up
		touch /run/ready
		exec sleep infinity' &
	INIT[$1]=$!
	wait_for 30 at "$1" test -e /run/ready || die "no machine $1"
}

# wire A INTERFACE B INTERFACE: as one plugs in a cable; "bare" ones do without IP
wire() {
	ip link add "$2" netns "$PREFIX$1" type veth peer name "$4" netns "$PREFIX$3"
	plug_in "$1" "$2"
	plug_in "$3" "$4"
}

plug_in() {
	case $2 in bare*) at "$1" sysctl -q "net.ipv6.conf.$2.disable_ipv6=1" ;; esac
	ip -n "$PREFIX$1" link set "$2" up
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	until "${@:2}" > /dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.1
	done
}

end() { kill "$1" 2> /dev/null || :; wait "$1" 2> /dev/null || :; }

loaded='' made_etc=''

cleanup() {
	local pid name
	for pid in ${jobs[@]+"${jobs[@]}"} ${INIT[@]+"${INIT[@]}"}; do end "$pid"; done
	for name in "${!INIT[@]}"; do ip netns del "$PREFIX$name" || :; done
	rm -rf "$TMP"
	[ -z "$made_etc" ] || rmdir /etc/skywire || :
	[ -z "$loaded" ] || rmmod skywire || :
}

# --- what must be there ----------------------------------------------------

[ "$(id -u)" = 0 ] || die "must be run by root"
SWCTL=$PWD/build/swctl SWD=$PWD/build/swd
[ -x "$SWD" ] || SWCTL=swctl SWD=swd
for tool in "$SWCTL" "$SWD" ip ss jq nsenter ping iperf3 tcpdump; do
	type "$tool" > /dev/null 2>&1 || die "needs $tool"
done
TMP=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
[ -d /etc/skywire ] || { mkdir /etc/skywire; made_etc=1; }

if [ ! -d /sys/module/skywire ]; then
	ko=build/$(uname -r)/kernel/skywire.ko
	if [ -e "$ko" ]; then
		# insmod, unlike modprobe, loads nothing of what it needs
		modprobe -a -q udp_tunnel ip6_udp_tunnel libchacha20poly1305 libblake2b || :
		insmod "$ko"
	else
		modprobe skywire || die "no module: make && make install"
	fi
	loaded=1
fi
say "Linux $(uname -r), skywire $(cat /sys/module/skywire/version): four machines, four wires"
for name in "${MACHINES[@]}"; do machine "$name"; done
wire client eth0 relay1 eth0
wire client eth1 relay2 eth0
wire relay1 eth1 server eth0
wire relay2 bare0 server bare0
note "client eth0 ---- eth0 relay1 eth1 ---- eth0 server"
note "client eth1 ---- eth0 relay2 bare0 -- bare0 server    without IP between these two"

# --- what a user does --------------------------------------------------------

say "On each of them: draw a key, and start swd"
for name in "${MACHINES[@]}"; do
	run "$name" "$SWCTL" key gen /etc/skywire/sw0.key
	# Without this, all wires would have Ethernet beacons, and no IP would be used.
	at "$name" tee /etc/skywire/sw0.conf > /dev/null <<- END
		[Discovery]
		Ethernet = bare*
		Multicast = eth*
	END
	note "$name# swd &"
	spawn "$name" "$SWD" 2> "$TMP/$name.log"
done
start=$(date +%s%N)
KEY=$(at server "$SWCTL" key pub /etc/skywire/sw0.key)
ADDR=$("$SWCTL" key addr "$KEY")
note "The server's key is $KEY."
note "Its address follows from it: $ADDR."

say "The client asks for that address until it is reached"
reached() { at client ping -n -q -c 1 -W 1 "$ADDR"; }
wait_for 60 reached || die "the server cannot be reached: $(cat "$TMP"/*.log)"
took=$((($(date +%s%N) - start) / 1000000))
note "An answer $took ms after the last swd was started"
shown "from four keys to the first answer" "$took ms" 1

# The links that the client's ways begin with
ways() { at client "$SWCTL" -j route "$KEY" | jq 'map(.link) | unique | length'; }
two_ways() { [ "$(ways)" = 2 ]; }
wait_for 60 two_ways || :
found=$(ways)
shown "ways there that the client knows of" "$found" "$found == 2"

say "What the client's swd knows"
run client "$SWCTL" status
run client "$SWCTL" neighbour
run client "$SWCTL" route "$KEY"
run client "$SWCTL" session

say "The server is two hops away"
# Who has carried more, since the last time this was asked
declare -A CARRIED=([relay1]=0 [relay2]=0) SINCE
carriers() {
	local name now
	for name in relay1 relay2; do
		now=$(at $name "$SWCTL" -a stats | awk '$1 == "forwarded" { print $2 }')
		SINCE[$name]=$((now - CARRIED[$name])) CARRIED[$name]=$now
	done
	used=relay1 other=relay2
	[ "${SINCE[relay1]}" -ge "${SINCE[relay2]}" ] || used=relay2 other=relay1
}
carriers
run client ping -n -c 5 -i 0.2 -w 10 "$ADDR" | tee "$TMP/ping"
carriers
answered=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$TMP/ping")
shown "ping, over $used" "${answered:-0} of 5 answered" "${answered:-0} == 5"

say "What a relay sees. The client sends the server this, in three datagrams:"
note "$MARKER"
# capture MACHINE DEVICE FILTER: in force on return
capture() {
	spawn "$1" tcpdump -i "$2" -n -U --immediate-mode -w "$TMP/$1.pcap" "$3" \
		2> "$TMP/$1.cap"
	wait_for 60 grep -q 'listening on' "$TMP/$1.cap" || die "no capture at $1"
}
markers() { { grep -aoF "$MARKER" "$TMP/$1.pcap" || :; } | wc -l; }
arrived() { [ "$(markers server)" -ge 3 ]; }
# Longer than what neighbours tell each other. At both: to swd one way is as good as
# the other, and the ping need not have gone by the same. The server's refusals, which
# repeat the sentence, may come back by the other one.
for name in relay1 relay2; do capture $name eth0 "udp and greater 200"; done
capture server sw0 "udp port 7777"
for _ in 1 2 3; do
	# shellcheck disable=SC2016 # for the bash inside
	at client bash -c 'printf %s "$1" > "/dev/udp/$2/7777"' - "$MARKER" "$ADDR"
done
wait_for 30 arrived || :
sleep 0.5
for pid in "${jobs[@]: -3}"; do end "$pid"; done
note "At the server, where it comes out of the tunnel:"
tcpdump -n -r "$TMP/server.pcap" -c 1 -X 2> /dev/null | indent
frames() { tcpdump -n -r "$TMP/$1.pcap" 2> /dev/null | wc -l; }
used=relay1
[ "$(frames relay1)" -gt 0 ] || used=relay2
note "At $used: after IPv6 and UDP a header of 16 bytes, and the rest is ciphertext."
tcpdump -n -r "$TMP/$used.pcap" -c 1 -X 2> /dev/null | indent
frames=$(($(frames relay1) + $(frames relay2)))
inside=$(markers server) outside=$(($(markers relay1) + $(markers relay2)))
shown "that sentence at the server" "$inside times" "$inside >= 3"
shown "that sentence at the relays" "$outside times in $frames frames" "$outside == 0 && $frames >= 3"

say "A transfer over TCP"
spawn server iperf3 -s > "$TMP/iperf3.log" 2>&1
listens() { at server ss -Hltn 'sport = 5201' | grep -q .; }
wait_for 60 listens || die "iperf3 does not listen"
# rate FILE: kbit/s that arrived
rate() { awk '/receiver/ { for (i = 2; i <= NF; i++) if ($i ~ /^Kbit/) r = $(i - 1) }
	      END { print int(r) }' "$1"; }
run client timeout 60 iperf3 -f k -i 0 -t 5 -c "$ADDR" | tee "$TMP/tcp"
shown "TCP" "$(rate "$TMP/tcp") kbit/s" "$(rate "$TMP/tcp") > 0"

say "Another one, slower. In the midst of it, the relay that carries it loses the server."
carriers
at client timeout 60 iperf3 -b 1M -f k -i 1 --forceflush -t 14 -c "$ADDR" > "$TMP/cut" 2>&1 &
transfer=$!
wait_for 30 grep -qE -- '-[3-9]\.[0-9]+ +sec' "$TMP/cut" || :
carriers
cut=$used next=$other dev=eth1
[ $cut = relay1 ] || dev=bare0
ip -n "$PREFIX$cut" link set $dev down
at=$(awk '$4 == "sec" { sub(/.*-/, "", $3); s = $3 } END { print s + 0 }' "$TMP/cut")
before=("${SINCE[$cut]}" "${SINCE[$next]}")
carriers
wait "$transfer" || :
before=($((before[0] + SINCE[$cut])) $((before[1] + SINCE[$next])))
carriers
indent < "$TMP/cut"
note
note "After $at s of these:   $cut# ip link set $dev down"
note
note "$(printf '%-30s %8s %8s' 'Packets that they carried:' $cut $next)"
note "$(printf '%-30s %8d %8d' 'before the cut' "${before[@]}")"
note "$(printf '%-30s %8d %8d' 'after it' "${SINCE[$cut]}" "${SINCE[$next]}")"
# Seconds from the tenth on in which something was sent
rest=$(awk '$4 == "sec" && $3 + 0 >= 10 && $5 > 0 && !/sender|receiver/ { n++ }
	    END { print n + 0 }' "$TMP/cut")
shown "cut: the transfer goes on" "over $next, ${SINCE[$next]} packets" \
	"$rest > 0 && ${SINCE[$next]} > 100"

say "What was shown"
printf '%s\n' "${table[@]}" | indent
if [ $failed -gt 0 ]; then
	note "$failed FAILED"
	exit 1
fi
