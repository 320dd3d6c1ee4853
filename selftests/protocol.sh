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

# one_way NODE rx|tx EXAMPLE OWNER...: the example's key for one direction, and
# one that nobody uses for the other
one_way() {
	local node=$1 way=$2 example=$3 file=$TMP/$3 other=tx other_file=$TMP/other
	local cipher=${DOC[$3,cipher]} index=${DOC[$3,receiver-index]}
	[ "$way" = rx ] || other=rx
	[ "$cipher" != aes-128-gcm ] || other_file=$TMP/other-16
	(umask 077; echo "${DOC[$example,key]}" > "$file")
	[ "$way" = rx ] && set -- "${@:4}" rx-index "$index" tx-index 1
	[ "$way" = tx ] && set -- "${@:4}" tx-index "$index"
	sw "$node" key add "$@" cipher "$cipher" "$way-key" "$file" \
		"$other-key" "$other_file" > /dev/null || die "no key of $example"
}

# relay NODE FROM TO EXAMPLE-IN EXAMPLE-OUT
relay() {
	local in=${DOC[$5,ingress-label]} out=${DOC[$5,egress-label]}
	far_link "$1" "$in" "$2" 5001
	far_link "$1" "$out" "$3" 5002 price-base "${DOC[$5,price-base]}" \
		price-rate "${DOC[$5,price-rate]}"
	one_way "$1" rx "$4" link "$in"
	one_way "$1" tx "$5" link "$out"
}

far_link client 0x0101 relay1 5001
one_way client tx frame-origin link 0x0101
sw client peer add "${KEY[server]}" probe-interval 0
sw client path add peer "${KEY[server]}" link 0x0101 \
	labels "${DOC[frame-origin,labels]// /,}" \
	postage-base "${DOC[frame-origin,postage-base]}" \
	postage-rate "${DOC[frame-origin,postage-rate]}" > /dev/null
one_way client tx frame-session peer "${KEY[server]}"

relay relay1 client relay2 frame-origin frame-relay1
sw relay1 peer add "${KEY[client]}"
relay relay2 relay1 server frame-relay1 frame-relay2

far_link server 0x3333 relay2 5001
one_way server rx frame-relay2 link 0x3333
sw server peer add "${KEY[client]}"
one_way server rx frame-session peer "${KEY[client]}"

export PORT SCALE NETNS=/run/netns/$P
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

ip link add ether address "${DOC[frame-ethernet,destination]}" netns "${P}relay1" \
	type veth peer name ether address "${DOC[frame-ethernet,source]}" netns "${P}lab"
bare_up relay1 ether
bare_up lab ether
sw relay1 link add label 0x1113 neighbour "${KEY[client]}" transport ethernet \
	remote "${DOC[frame-ethernet,source]}" interface ether
one_way relay1 rx frame-ethernet link 0x1113
results_of at lab /usr/bin/python3 -B "$SELFTESTS/protocol.py" ethernet "$RST"
