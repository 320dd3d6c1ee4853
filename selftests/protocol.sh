#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The examples of Documentation/protocol.rst: recomputed, and sent to nodes that
# have the documented keys and links, from neighbours that protocol.py plays.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python
RST=$TOP/Documentation/protocol.rst
[ -e "$RST" ] || RST=$SELFTESTS/protocol.rst
protocol() { /usr/bin/python3 -B "$SELFTESTS/protocol.py" "$1" "$RST"; }

results_of protocol check

# DOC[EXAMPLE,FIELD], with - for spaces in FIELD
declare -A DOC
while read -r example field value; do
	DOC[$example,$field]=$value
done < <(protocol values)

node client relay1 relay2 server
netns lab
wire client lab 4
wire relay1 lab 4
wire relay2 lab 6
wire server lab 4

(umask 077; echo 5ec2e7 | sha256sum | cut -c1-64 > "$TMP/other")
cut -c1-32 "$TMP/other" > "$TMP/other-16"
chmod 600 "$TMP/other-16"

# far_link NODE LABEL NEIGHBOUR PORT [ARGUMENT...]: to what is played at PORT
far_link() {
	sw "$1" link add label "$2" neighbour "${KEY[$3]}" \
		remote "$(endpoint "${UL[lab,$1]}" "$4")" probe-busy 0 \
		"${@:5}" > /dev/null ||
		die "no link $2 at $1"
}

# keys NODE RX TX OWNER...: the examples' keys; "-" is one that nobody uses
keys() {
	local node=$1 rx=$2 tx=$3 example other=$TMP/other cipher
	shift 3
	for example in "$rx" "$tx"; do
		[ "$example" != - ] || continue
		cipher=${DOC[$example,cipher]}
		(umask 077; echo "${DOC[$example,key]}" > "$TMP/$example")
	done
	[ "$cipher" != aes-128-gcm ] || other=$TMP/other-16
	if [ "$rx" = - ]; then
		set -- "$@" rx-key "$other"
	else
		set -- "$@" rx-key "$TMP/$rx" rx-index "${DOC[$rx,receiver-index]}"
	fi
	if [ "$tx" = - ]; then
		set -- "$@" tx-key "$other" tx-index 1
	else
		set -- "$@" tx-key "$TMP/$tx" tx-index "${DOC[$tx,receiver-index]}"
	fi
	sw "$node" key add "$@" cipher "$cipher" > /dev/null ||
		die "no key of $rx $tx"
}

# relay NODE FROM TO EXAMPLE-IN EXAMPLE-OUT BACK-IN BACK-OUT
relay() {
	local in=${DOC[$5,ingress-label]} out=${DOC[$5,egress-label]}
	far_link "$1" "$in" "$2" 5001
	far_link "$1" "$out" "$3" 5002 price-base "${DOC[$5,price-base]}" \
		price-rate "${DOC[$5,price-rate]}"
	keys "$1" "$4" "$7" link "$in"
	keys "$1" "$6" "$5" link "$out"
}

far_link client 0x0101 relay1 5001
keys client echo-answer frame-origin link 0x0101
sw client peer add "${KEY[server]}" probe-interval 0
sw client path add peer "${KEY[server]}" link 0x0101 \
	labels "${DOC[frame-origin,labels]// /,}" \
	postage-base "${DOC[frame-origin,postage-base]}" \
	postage-rate "${DOC[frame-origin,postage-rate]}" > /dev/null
keys client session-answer frame-session peer "${KEY[server]}"

relay relay1 client relay2 frame-origin frame-relay1 error-big-relay2 echo-answer
sw relay1 peer add "${KEY[client]}"
relay relay2 relay1 server frame-relay1 frame-relay2 - error-big-relay2

far_link server 0x3333 relay2 5001
keys server frame-relay2 session-answer-link link 0x3333
sw server peer add "${KEY[client]}"
keys server frame-session session-answer peer "${KEY[client]}"

export PORT SCALE SWCTL NETNS=/run/netns/$P
for name in client relay1 relay2 server; do
	export "${name^^}_KEY=${KEY[$name]}" "${name^^}_ADDR=${ADDR[$name]}"
	export "${name^^}_UNDERLAY=${UL[$name,lab]}" "${name^^}_NEIGHBOURS=${UL[lab,$name]}"
done
mark relay1 relay2 server
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" inject "$RST"
# Nobody listens at the ports of the inner packets, and the answers that say so
# have no path.
check "relay2 dropped nothing" no_drops relay2
check "relay1 dropped its answer only" drops_only relay1 no-path=1
check "server dropped its answer only" drops_only server no-path=1

# What relay2 refuses
mark client relay1 relay2
last=${DOC[frame-relay2,egress-label]}
sw relay2 link set label "$last" mtu "${DOC[error-big,MTU]}"
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" too-big "$RST"
sw relay2 link set label "$last" state down
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" link-down "$RST"
check "client heeded both errors" wait_for 5 rises client error-in 2
check "relay2 refused two packets" drops_only relay2 too-big=1 link-down=1
check "nothing else was dropped" no_drops client relay1

# What the client asks
mark client
sw client peer set "${KEY[server]}" probe-interval 250000
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" session "$RST"
check "client took the answer" wait_for 5 rises client proof-in 1
sw client peer set "${KEY[server]}" probe-interval 0
sw client link set label 0x0101 probe-busy 3000000 probe-idle 3000000
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" live "$RST"
check "client dropped no answer" no_drops client

# Headers alone are sealed.
mark relay1
keys relay1 sealed-origin - link "${DOC[frame-relay1,ingress-label]}" seal header
keys relay1 echo-full sealed-relay1 link "${DOC[frame-relay1,egress-label]}" seal header
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" sealed "$RST"
check "relay1 dropped nothing of it" no_drops relay1

ip link add ether address "${DOC[frame-ethernet,destination]}" netns "${P}relay1" \
	type veth peer name ether address "${DOC[frame-ethernet,source]}" netns "${P}lab"
bare_up relay1 ether
bare_up lab ether
sw relay1 link add label 0x1113 neighbour "${KEY[client]}" transport ethernet \
	remote "${DOC[frame-ethernet,source]}" interface ether
keys relay1 frame-ethernet - link 0x1113
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" ethernet "$RST"
