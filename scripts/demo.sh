#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh: four Skywire nodes in network namespaces of this machine, and what
# they can do. "make demo" runs it in a guest; as root it runs on any machine
# that has the module. Everything it makes is gone at its end.
#
#     client ---- relay1 ==== relay2 ---- server
#        \   UDP/IPv4    UDP/IPv6   /  UDP/IPv4
#         '------- Ethernet -------'
#
# Read from "The network" on, it is also a guide to setting up nodes by hand.
set -euo pipefail
cd "$(dirname "$0")/.."

NODES=(client relay1 relay2 server)
PREFIX=swdemo-		# of the namespaces' names
PORT=51820		# UDP, of every node
MARKER='The quick brown fox jumps over the lazy dog.'

# --- telling ---------------------------------------------------------------

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
indent() { sed 's/^/   /'; }
die() { printf 'demo.sh: %s\n' "$*" >&2; exit 1; }

table=() failed=0

# shown WHAT SEEN CONDITION: a row of the table at the end, ok if the arithmetic
# CONDITION is true
shown() {
	local verdict=ok
	(($3)) || { verdict=FAILED; failed=$((failed + 1)); }
	table+=("$(printf '%-42s %-30s %s' "$1" "$2" "$verdict")")
}

# --- doing -----------------------------------------------------------------

at() { ip netns exec "$PREFIX$1" "${@:2}"; }		# at NODE COMMAND...
ipn() { ip -n "$PREFIX$1" "${@:2}"; }			# ipn NODE ARGUMENT...
sw() { "$SWCTL" -n "$PREFIX$1" "${@:2}"; }		# sw NODE ARGUMENT...

# counter NODE NAME
counter() {
	sw "$1" -a stats | awk -v name="$2" '$1 == name { n = $2 } END { print n + 0 }'
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	until "${@:2}" > /dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.1
	done
}

jobs=()

# spawn NODE COMMAND...: in the background; its process is what end_jobs ends
spawn() {
	ip netns exec "$PREFIX$1" "${@:2}" &
	jobs+=($!)
}

# capture NODE DEVICE FILTER: into $TMP/NODE.pcap, in force on return
capture() {
	spawn "$1" tcpdump -i "$2" -n -U --immediate-mode -w "$TMP/$1.pcap" "$3" \
		2> "$TMP/$1.log"
	wait_for 60 grep -q 'listening on' "$TMP/$1.log" || die "no capture at $1"
}

packets() { tcpdump -n -r "$TMP/$1.pcap" 2> /dev/null | wc -l; }
markers() { { grep -aoF "$MARKER" "$TMP/$1.pcap" || :; } | wc -l; }

end_jobs() {
	local pid
	for pid in ${jobs[@]+"${jobs[@]}"}; do
		kill "$pid" 2> /dev/null || :
		wait "$pid" 2> /dev/null || :
	done
	jobs=()
}

made=() loaded=

cleanup() {
	local node
	end_jobs
	for node in ${made[@]+"${made[@]}"}; do
		ip netns del "$PREFIX$node" || :
	done
	rm -rf "$TMP"
	[ -z "$loaded" ] || rmmod skywire || :
}

# --- what must be there ----------------------------------------------------

[ "$(id -u)" = 0 ] || die "must be run by root"
SWCTL=$PWD/build/swctl
[ -x "$SWCTL" ] || SWCTL=swctl
for tool in "$SWCTL" ip ping iperf3 tcpdump; do
	type "$tool" > /dev/null 2>&1 || die "needs $tool"
done
TMP=$(mktemp -d)	# of mode 700: keys will be here
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

say "The module"
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
note "Linux $(uname -r), skywire $(cat /sys/module/skywire/version)"

# --- The network -----------------------------------------------------------

declare -A KEY ADDR	# by node: public key, overlay address

# node NAME: a namespace for a machine, and the node that runs on it
node() {
	ip netns add "$PREFIX$1" || die "is another demo running?"
	made+=("$1")
	ipn "$1" link set lo up

	# An identity is a secret, which stays in its file. Its public key is
	# the node, and the node's address follows from that.
	"$SWCTL" key gen "$TMP/$1.secret"
	KEY[$1]=$("$SWCTL" key pub "$TMP/$1.secret")
	ADDR[$1]=$("$SWCTL" key addr "${KEY[$1]}")

	# The device. The module made one when it was loaded, in the first
	# namespace; others are added like this.
	ipn "$1" link add sw0 type skywire
	sw "$1" dev set identity-file "$TMP/$1.secret" port $PORT
	ipn "$1" address add "${ADDR[$1]}/128" dev sw0
	ipn "$1" link set sw0 up
	ipn "$1" route add fc00::/8 dev sw0
}

# wire A ADDRESS B ADDRESS: what joins the machines of two nodes before Skywire
wire() {
	ip link add "to-$3" netns "$PREFIX$1" type veth peer name "to-$1" netns "$PREFIX$3"
	# IPv6 would first look for others with the address, for a second.
	local flags=
	case $2 in *:*) flags=nodad ;; esac
	ipn "$1" address add "$2" dev "to-$3" $flags
	ipn "$3" address add "$4" dev "to-$1" $flags
	ipn "$1" link set "to-$3" up
	ipn "$3" link set "to-$1" up
}

# bare_wire A MAC B MAC: one without IP
bare_wire() {
	ip link add "to-$3" address "$2" netns "$PREFIX$1" type veth \
		peer name "to-$1" address "$4" netns "$PREFIX$3"
	ipn "$1" link set "to-$3" up
	ipn "$3" link set "to-$1" up
}

draw_index() { od -An -N4 -tu4 /dev/urandom | tr -d ' '; }

# keys CIPHER A OWNER B OWNER: keys for both directions between A and B. OWNER is
# what they are for: "link LABEL" or "peer KEY". The key that one end seals with
# is the one that the other end opens with, and is named by that end's index.
# A, as the initiator, sends at once; B begins when it has heard from A.
keys() {
	local cipher=$1 a=$2 b=$4 to_a to_b ab=$TMP/$2-$4.key ba=$TMP/$4-$2.key owner
	rm -f "$ab" "$ba"
	"$SWCTL" key gen "$ab"
	"$SWCTL" key gen "$ba"
	to_a=$(draw_index) to_b=$(draw_index)
	read -ra owner <<< "$3"
	sw "$a" key add "${owner[@]}" cipher "$cipher" role initiator \
		rx-index "$to_a" tx-index "$to_b" rx-key "$ba" tx-key "$ab"
	read -ra owner <<< "$5"
	sw "$b" key add "${owner[@]}" cipher "$cipher" role responder \
		rx-index "$to_b" tx-index "$to_a" rx-key "$ab" tx-key "$ba"
	rm -f "$ab" "$ba"
}

say "Four nodes: a key pair each, and an address that follows from the key"
for name in "${NODES[@]}"; do
	node "$name"
	note "$(printf '%-7s %s' "$name" "${KEY[$name]}")"
	note "        ${ADDR[$name]}"
done

say "Wires between neighbours: IPv4, IPv6, IPv4, and one with no IP at all"
wire client 10.1.0.1/24   relay1 10.1.0.2/24
wire relay1 fd00:2::1/64  relay2 fd00:2::2/64
wire relay2 10.3.0.1/24   server 10.3.0.2/24
bare_wire client 02:00:00:00:00:01 relay2 02:00:00:00:00:02

say "Links: each end names the neighbour's key and gives the link a label"
sw client link add label 1  neighbour "${KEY[relay1]}" remote 10.1.0.2:$PORT
sw relay1 link add label 11 neighbour "${KEY[client]}" remote 10.1.0.1:$PORT
sw relay1 link add label 12 neighbour "${KEY[relay2]}" remote "[fd00:2::2]:$PORT"
sw relay2 link add label 21 neighbour "${KEY[relay1]}" remote "[fd00:2::1]:$PORT"
sw relay2 link add label 22 neighbour "${KEY[server]}" remote 10.3.0.2:$PORT
sw server link add label 1  neighbour "${KEY[relay2]}" remote 10.3.0.1:$PORT
sw client link add label 2  neighbour "${KEY[relay2]}" transport ethernet \
	remote 02:00:00:00:00:02 interface to-relay2
sw relay2 link add label 23 neighbour "${KEY[client]}" transport ethernet \
	remote 02:00:00:00:00:01 interface to-client
note "client 1 -- 11 relay1 12 -- 21 relay2 22 -- 1 server"
note "client 2 ----- Ethernet ----- 23 relay2"

say "Keys of the links, fresh and random. Between the relays, another cipher."
keys chacha20-poly1305 client "link 1"  relay1 "link 11"
keys aes-256-gcm       relay1 "link 12" relay2 "link 21"
keys chacha20-poly1305 relay2 "link 22" server "link 1"
keys aes-256-gcm       client "link 2"  relay2 "link 23"

say "Peers, and the source routes that lead to them: the relays' labels in turn"
sw client peer add "${KEY[server]}"
sw client path add peer "${KEY[server]}" link 1 labels 12,22 > /dev/null
sw server peer add "${KEY[client]}"
sw server path add peer "${KEY[client]}" link 1 labels 21,11 > /dev/null
note "to the server: link 1, labels 12,22      to the client: link 1, labels 21,11"
sw client path add peer "${KEY[server]}" link 2 labels 22 preference 1 > /dev/null
sw server path add peer "${KEY[client]}" link 1 labels 23 preference 1 > /dev/null
note "and if these fail: link 2, label 22           and: link 1, label 23"

say "Keys of the session between client and server, which no relay has"
keys chacha20-poly1305 client "peer ${KEY[server]}" server "peer ${KEY[client]}"

# --- What it can do --------------------------------------------------------

to=${ADDR[server]}

say "ping, from the client to the address of the server's key"
at client timeout 30 ping -n -c 5 -i 0.2 -w 10 "$to" > "$TMP/ping" || :
indent < "$TMP/ping"
answered=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$TMP/ping")
shown "ping, over two relays" "${answered:-0} of 5 answered" "${answered:-0} == 5"

spawn server iperf3 -s --forceflush > "$TMP/iperf3.log" 2>&1
wait_for 60 grep -q listening "$TMP/iperf3.log" || die "iperf3 does not listen"

say "iperf3, TCP, and what the first relay shows meanwhile"
before=$(counter relay1 forwarded)
at client timeout 60 iperf3 -f m -i 0 -t 6 -c "$to" > "$TMP/tcp" 2>&1 &
client=$!
sleep 3
sw relay1 show | indent
during=$(($(counter relay1 forwarded) - before))
wait "$client" || :
say "The client's end of it"
indent < "$TMP/tcp"
# rate FILE: Mbit/s that arrived
rate() {
	awk '/receiver/ { for (i = 2; i <= NF; i++) if ($i == "Mbits/sec") r = $(i - 1) }
	     END { print r + 0 }' "$1"
}
tcp=$(rate "$TMP/tcp")
shown "iperf3 TCP" "$tcp Mbit/s" "$(awk -v r="$tcp" 'BEGIN { print (r > 0) }')"
shown "relay1 forwards meanwhile, and shows it" "$during packets" "$during > 20"

say "iperf3, UDP, 2 Mbit/s"
at client timeout 60 iperf3 -f m -i 0 -u -b 2M -l 1200 -t 4 -c "$to" > "$TMP/udp" 2>&1 || :
indent < "$TMP/udp"
read -r lost sent < <(sed -n 's/.* \([0-9]*\)\/\([0-9]*\) (.*receiver.*/\1 \2/p' "$TMP/udp") || :
shown "iperf3 UDP" "$(rate "$TMP/udp") Mbit/s, ${lost:-all} of ${sent:-all} lost" \
	"${sent:-0} > 0 && 20 * ${lost:-0} <= ${sent:-0}"
end_jobs

say "A look at the wire: the client sends the server this, in three datagrams:"
note "$MARKER"
capture client sw0 "udp port 7777"
# Longer than the probes that links exchange
capture relay1 to-relay2 "udp port $PORT and greater 160"
capture server sw0 "udp port 7777"
for _ in 1 2 3; do
	# shellcheck disable=SC2016 # for the bash inside
	at client bash -c 'printf %s "$1" > "/dev/udp/$2/7777"' - "$MARKER" "$to"
	sleep 0.2
done
arrived() { [ "$(markers server)" -ge 3 ]; }
wait_for 30 arrived || :
sleep 0.5
end_jobs

say "On the client's sw0, inside the tunnel, one packet, readable:"
tcpdump -n -r "$TMP/client.pcap" -c 1 -X 2> /dev/null | indent
say "On the wire between the relays, the same packet:"
tcpdump -n -r "$TMP/relay1.pcap" -c 1 -X 2> /dev/null | indent
note "After the UDP header come 16 bytes of frame header (04, length, receiver"
note "index, counter). All that follows, labels included, is ciphertext."

seen=$(markers client)
shown "marker on the client's sw0" "$seen times" "$seen >= 3"
seen=$(markers server)
shown "marker on the server's sw0" "$seen times" "$seen >= 3"
seen=$(markers relay1) frames=$(packets relay1)
shown "marker on the wire between the relays" "$seen times in $frames frames" \
	"$seen == 0 && $frames >= 3"

spawn server iperf3 -s --forceflush > "$TMP/iperf3.log" 2>&1
wait_for 60 grep -q listening "$TMP/iperf3.log" || die "iperf3 does not listen"

say "A transfer, and after 4 seconds the wire between the relays is cut"
at client timeout 60 iperf3 -f k -i 1 --forceflush -t 10 -c "$to" > "$TMP/cut" 2>&1 &
client=$!
wait_for 30 grep -qE -- '-[4-9]\.[0-9]+ +sec' "$TMP/cut" || :
before=$(sw client -j path show peer "${KEY[server]}" id 2 | tr , '\n' | sed -n 's/"packets"://p')
ipn relay1 link set to-relay2 down
sleep 1
sw client path show peer "${KEY[server]}" | grep -E '^path|state|labels' | indent
wait "$client" || :
after=$(sw client -j path show peer "${KEY[server]}" id 2 | tr , '\n' | sed -n 's/"packets"://p')
indent < "$TMP/cut"
# Seconds from the seventh on in which something was sent
rest=$(awk '$4 == "sec" && $3 + 0 >= 6 && $5 > 0 && !/sender|receiver/ { n++ }
	    END { print n + 0 }' "$TMP/cut")
shown "cut: the transfer goes on" "over Ethernet, $((after - before)) packets" \
	"$rest > 0 && $after - $before > 20"
end_jobs

say "What was shown"
printf '%s\n' "${table[@]}" | indent
if [ $failed -gt 0 ]; then
	note "$failed FAILED"
	exit 1
fi
