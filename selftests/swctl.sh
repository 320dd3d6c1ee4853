#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# swctl against the kernel: each object's commands, what they print, what they
# refuse, and how they end.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# ends STATUS TEXT NODE ARGUMENT...: swctl ends with STATUS and says TEXT
ends() {
	local status=$1 text=$2 node=$3 rc=0
	shift 3
	sw "$node" "$@" > "$TMP/out" 2> "$TMP/err" < /dev/null || rc=$?
	if [ $rc = "$status" ] && grep -qF -- "$text" "$TMP/out" "$TMP/err"; then
		ok "swctl $*: $status"
	else
		fail "swctl $*: $status" "status $rc, looking for '$text' in:"
		sed 's/^/# /' "$TMP/out" "$TMP/err"
	fi
}

# does NODE ARGUMENT...: it succeeds, without a word on standard error
does() {
	local rc=0
	sw "$@" > "$TMP/out" 2> "$TMP/err" < /dev/null || rc=$?
	if [ $rc = 0 ] && [ ! -s "$TMP/err" ]; then
		ok "swctl ${*:2}"
	else
		fail "swctl ${*:2}" "status $rc:"
		sed 's/^/# /' "$TMP/out" "$TMP/err"
	fi
}

# json FILTER NODE ARGUMENT...: jq finds FILTER true of what swctl -j prints
json() {
	local filter=$1 node=$2
	shift 2
	if sw "$node" -j "$@" > "$TMP/out" 2> "$TMP/err" < /dev/null &&
	   jq -e "$filter" "$TMP/out" > "$TMP/jq" 2>> "$TMP/err"; then
		ok "swctl -j $*: $filter"
	else
		fail "swctl -j $*: $filter"
		cat "$TMP/err" "$TMP/out" | head -c 3000 | sed 's/^/# /'
	fi
}

# narrow NODE ARGUMENT...: prints something that a terminal has room for
narrow() {
	local node=$1
	shift
	if sw "$node" "$@" > "$TMP/out" 2> "$TMP/err" && [ -s "$TMP/out" ] &&
	   ! grep -nE '.{81}' "$TMP/out" >> "$TMP/err"; then
		ok "swctl $* fits 80 columns"
	else
		fail "swctl $* fits 80 columns"
		sed 's/^/# /' "$TMP/err" "$TMP/out"
	fi
}

node a r b
name_node c d
wire a r
wire r b 6
link a r
link r b
session a b r
check "a packet gets through" pings a b 2

# --- help and exit codes ------------------------------------------------------

for object in show dev link peer path prefix key stats monitor; do
	ends 0 "Usage: swctl" a $object help
	narrow a $object help
done
ends 0 "Usage: swctl" a help
ends 0 "" a -V
ends 1 "Usage:" a nonsense
ends 1 "Usage:" a link nonsense
ends 1 "'label' is missing" a link del
ends 2 "no such link" a link del label 4242
ends 2 "no such skywire device" a -d nonsense dev show
ends 2 "no such skywire device" a link show dev nonsense
ends 1 "nonsense" a -n nonsense show

# --- devices ------------------------------------------------------------------

narrow a dev
json '.[0] | .ifname == "sw0" and .port == 5000 and .links == 1 and .peers == 1' a dev
json ".[0].identity == \"${KEY[a]}\" and .[0].address == \"${ADDR[a]}\"" a dev show
does a dev set fwmark 0x10 port 5000
json '.[0].fwmark == 16' a dev
does a dev set fwmark 0
ends 2 "peer" a dev set identity "${KEY[b]}"
json ".[0].identity == \"${KEY[a]}\"" a dev
ipn a link add sw1 type skywire
ends 1 "several skywire devices" a link add neighbour "${KEY[c]}" remote 10.0.0.1:1
json 'length == 2' a dev show
json 'length == 1 and .[0].ifname == "sw1"' a dev show dev sw1
json 'length == 1 and .[0].ifname == "sw1"' a -d sw1 dev
json 'length == 2' a show
narrow a show
ipn a link del sw1

# --- links --------------------------------------------------------------------

narrow a link
json ".[0] | .label == ${LABEL[a,r]} and .neighbour == \"${KEY[r]}\" and .state == \"up\"" a link
json '.[0].remote == "10.9.1.2" and .[0].remote_port == 5000' a link show label "${LABEL[a,r]}"
json '.[0].rx_packets >= 2 and .[0].tx_bytes > 0' a link
json '.[] | select(.remote == "fd09:2::2")' r link
does a link add label 9 neighbour "${KEY[c]}" remote '[fe80::1%to-r]:7' \
	local fe80::2 mtu 1300 state down price-base 3 price-rate 4
json ".[0] | .oif == $(ipn a -j link show to-r | jq '.[0].ifindex') and .remote == \"fe80::1\"" \
	a link show label 9
json '.[0] | .mtu == 1300 and .state == "down" and .price_base == 3 and .price_rate == 4' \
	a link show label 9
narrow a link show label 9
does a link set label 9 remote 10.0.0.1:65535 oif any state up
json '.[0] | .remote == "10.0.0.1" and .remote_port == 65535 and .state == "up"' a link show label 9
ends 2 "in use" a link add label 9 neighbour "${KEY[d]}" remote 10.0.0.1:1
ends 2 "" a link add neighbour "${KEY[d]}" remote 224.0.0.1:1
ends 2 "own key" a link add neighbour "${KEY[a]}" remote 10.0.0.1:1
ends 1 "1292" a link set label 9 mtu 1291
ends 1 "Usage:" a link add neighbour "${KEY[d]}" remote 10.0.0.1
does a link del label 9
ends 2 "within the hour" a link add label 9 neighbour "${KEY[d]}" remote 10.0.0.1:1
does a link add label 9 neighbour "${KEY[c]}" remote 10.0.0.1:1
sw a link add neighbour "${KEY[d]}" remote 10.0.0.1:1 > "$TMP/out"
check "a label that was drawn is printed" grep -qE '[0-9]' "$TMP/out"

# A name is that of an interface where the links are, not where the device is.
netns m
ipn a link add swm type skywire
ipn a link set swm netns "${P}m"
ipn m link property add dev swm altname a-long-name-of-the-device
ipn m link add to-r index 4711 type dummy
check "ip link tells of the links' namespace" grep -q link-netns <(ipn m -d link show swm)
ends 1 "another network namespace" m link add label 1 neighbour "${KEY[c]}" remote '[fe80::1%to-r]:7'
ends 1 "another network namespace" m link add label 1 neighbour "${KEY[c]}" remote 10.0.0.1:7 oif to-r
index=$(ipn a -j link show to-r | jq '.[0].ifindex')
does m link add label 1 neighbour "${KEY[c]}" remote 10.0.0.1:7 oif "if$index"
ends 0 " oif if$index" m link show label 1
ends 0 " by if$index" m show
json ".[0].label == 1 and .[0].oif == $index" m -d a-long-name-of-the-device link show label 1
does a link add label 8 neighbour "${KEY[c]}" remote 10.0.0.1:7 oif "if$index"
ends 0 " oif to-r" a link show label 8
does a link del label 8
ipn m link del swm

# --- peers, paths -------------------------------------------------------------

narrow a peer
json ".[0] | .public_key == \"${KEY[b]}\" and .address == \"${ADDR[b]}\" and .paths == 1" a peer
json 'length == 1 and .[0].tx_packets >= 2' a peer show "${KEY[b]}"
does a peer add "${KEY[c]}"
ends 2 "in use" a peer add "${KEY[c]}"
ends 2 "own key" a peer add "${KEY[a]}"
ends 2 "no such peer" a peer del "${KEY[d]}"
hex=$(printf '%064x' 7)
does a peer add "$hex"
json 'length == 1' a peer show "$hex"
does a peer del "$hex"

all24=$(seq -s, 65512 65535)
narrow a path
json '.[0] | .id == 1 and .state == "usable" and .weight == 1' a path
json ".[0].labels == [${LABEL[r,b]}]" a path show peer "${KEY[b]}" id 1
does a path add peer "${KEY[c]}" id 8 link 9 labels "$all24" preference 4294967295 \
	weight 65535 mtu 1280 postage-base 1 postage-rate 4294967295
json "(.[0].labels | length) == 24 and .[0].labels[23] == 65535 and .[0].state == \"no-key\"" \
	a path show peer "${KEY[c]}"
json '.[0] | .preference == 4294967295 and .weight == 65535 and .mtu == 1280' \
	a path show peer "${KEY[c]}" id 8
narrow a path show peer "${KEY[c]}"
does a path set peer "${KEY[c]}" id 8 labels none weight 2
json '.[0].labels == [] and .[0].weight == 2' a path show peer "${KEY[c]}"
ends 2 "exists" a path add peer "${KEY[c]}" id 8 link 9
ends 2 "no such link" a path add peer "${KEY[c]}" link 4242
ends 2 "no such path" a path del peer "${KEY[c]}" id 7
for i in 1 2 3 4 5 6 7; do
	sw a path add peer "${KEY[c]}" link 9 labels "$i,$i" > /dev/null
done
ends 2 "as many paths" a path add peer "${KEY[c]}" link 9
json 'length == 8' a path show peer "${KEY[c]}"
does a path del peer "${KEY[c]}" id 8
ends 2 "no such peer" a path show peer "${KEY[d]}"
does a peer add "${KEY[d]}"
does a path show peer "${KEY[d]}"
does a peer del "${KEY[d]}"

# --- prefixes -----------------------------------------------------------------

does a prefix add 10.0.0.0/8 peer "${KEY[c]}"
does a prefix add 2001:db8:1111:2222:3333:4444:5555:6666/128 peer "${KEY[c]}"
does a prefix add 10.1.0.0/16 peer "${KEY[b]}"
narrow a prefix
json "length == 5" a prefix
json ".[0].peer == \"${KEY[b]}\" and .[0].length == 16" a prefix get 10.1.2.3
json ".[0].peer == \"${KEY[c]}\" and .[0].prefix == \"10.0.0.0\"" a prefix get 10.2.2.3
json '.[0].own == true' a prefix get "${ADDR[c]}"
json 'length == 1' a prefix show 10.0.0.0/8
does a prefix add 10.0.0.0/8 peer "${KEY[b]}"
json ".[0].peer == \"${KEY[b]}\"" a prefix get 10.2.2.3
ends 2 "" a prefix get 192.0.2.1
ends 2 "goes with its peer" a prefix del "${ADDR[b]}/128"
ends 1 "" a prefix add 10.0.0.1/8 peer "${KEY[b]}"
ends 2 "no such prefix" a prefix del 11.0.0.0/8
does a prefix del 10.0.0.0/8
ends 2 "no such prefix" a prefix show 10.0.0.0/8

# --- keys ---------------------------------------------------------------------

narrow a key
json 'length == 2 and all(.slot == "current")' a key
json "map(select(.link == ${LABEL[a,r]})) | length == 1" a key show
json ".[0].peer == \"${KEY[b]}\" and .[0].rx_frames >= 2" a key show rx-index "${SESSION[b,a]}"
json '.[0] | has("rx_key") or has("tx_key") | not' a key
key_file 700 aes-128-gcm
key_16=$FILE
key_file 701 aes-128-gcm
does a key add link 9 cipher aes-128-gcm rx-index 700 tx-index 701 role responder \
	rx-key "$key_16" tx-key "$FILE" soft-time 500 hard-time 600 soft-frames 7 hard-frames 8
json '.[0] | .slot == "next" and .role == "responder" and .cipher == "aes-128-gcm"' \
	a key show rx-index 700
json '.[0] | [.soft_time, .hard_time, .soft_frames, .hard_frames] == [500, 600, 7, 8]' \
	a key show rx-index 700
ends 2 "in use" a key add link 9 cipher aes-128-gcm rx-index 700 tx-index 701 \
	rx-key "$key_16" tx-key "$FILE"
does a key del rx-index 700
ends 2 "no such key" a key del rx-index 700
ends 2 "differ" a key add link 9 cipher aes-128-gcm tx-index 701 rx-key "$FILE" tx-key "$FILE"
ends 1 "aes-256-gcm takes 32" a key add link 9 cipher aes-256-gcm tx-index 701 \
	rx-key "$key_16" tx-key "$FILE"
add=(key add link 9 cipher aes-128-gcm rx-index 700 tx-index 701)
ends 1 "everyone can read the command line" a "${add[@]}" \
	rx-key 00112233445566778899aabbccddeeff tx-key "$FILE"
ends 1 "No such file" a "${add[@]}" rx-key "$TMP/none" tx-key "$FILE"
for mode in 0644 0640 0604 0660; do
	cp "$key_16" "$TMP/open"
	chmod $mode "$TMP/open"
	ends 1 "mode $mode" a "${add[@]}" rx-key "$TMP/open" tx-key "$FILE"
done
echo nonsense > "$TMP/open"
chmod 600 "$TMP/open"
ends 1 "not a key" a "${add[@]}" rx-key "$TMP/open" tx-key "$FILE"
ends 1 "" a "${add[@]}" rx-key "$TMP" tx-key "$FILE"
json 'map(.rx_index) | index(700) | not' a key
# shellcheck disable=SC2002 # a pipe is what is tried
cat "$key_16" | sw a "${add[@]}" rx-key - tx-key "$FILE" > /dev/null
is "a key from standard input" "$?" 0
json '.[0].rx_index == 700' a key show rx-index 700

check "key gen" "$SWCTL" key gen "$TMP/id"
is "makes a file for nobody else" "$(stat -c %a "$TMP/id")" 600
refuse "and does not overwrite it" "$SWCTL" key gen "$TMP/id"
pub=$("$SWCTL" key pub "$TMP/id")
is "a public key has 52 characters" "${#pub}" 52
is "key pub reads standard input" "$("$SWCTL" key pub < "$TMP/id")" "$pub"
addr=$("$SWCTL" key addr "$pub")
does a dev set identity-file "$TMP/id"
json ".[0].identity == \"$pub\" and .[0].address == \"$addr\"" a dev
is "key addr is what the kernel derives" "$("$SWCTL" key addr "${KEY[b]}")" "${ADDR[b]}"
chmod 644 "$TMP/id"
ends 1 "mode 0644" a dev set identity-file "$TMP/id"
does a dev set identity "${KEY[a]}"

# --- counters -----------------------------------------------------------------

at a ping -q -c 1 -W 1 fc00::1 > /dev/null 2>&1
narrow a stats
narrow a -a stats
json '.[0].counters | .originated >= 2 and .rx_frames >= 2' a stats
json '[.[0].drops | to_entries[] | select(.value > 0)] | length >= 1' a stats
check "drops are shown" grep -qE 'no-peer +[1-9]' <(sw a stats)
json '.[0].counters.forwarded >= 4' r stats

# --- show ---------------------------------------------------------------------

narrow r show
narrow a show
lines=$(sw r show | wc -l)
holds "a relay with two links is one screen" "$lines <= 24" "$lines lines"
json '.[0] | (.links | length) == 2 and (.links[0].keys | length) == 1' r show
json ".[0] | .peers[0].paths[0].link == ${LABEL[a,r]} and (.peers[0].keys | length) == 1" a show
json '.[0].counters.forwarded >= 4 and (.[0].drops | type) == "object"' r show
sw a show > "$TMP/show"
for word in "device: sw0" "${KEY[a]}" "${ADDR[a]}" "${KEY[r]}" "${KEY[b]}" 10.9.1.2:5000 \
	chacha20-poly1305 usable no-peer; do
	check "show has $word" grep -qF -- "$word" "$TMP/show"
done
secret=$(cat "$FILE")
refuse "and no key" grep -qF "$secret" "$TMP/show"
sw a -p show > "$TMP/pretty"
check "-p is for eyes, and still JSON" jq -e '.[0].ifname == "sw0"' "$TMP/pretty"
# Many of them do not fill many screens, and are counted.
for ((i = 10; i < 40; i++)); do
	echo "peer add $(printf '%064x' $i)"
done > "$TMP/peers"
while read -r line; do
	# shellcheck disable=SC2086 # words
	sw b $line > /dev/null
done < "$TMP/peers"
narrow b show
check "many peers are counted" grep -q 'more' "$TMP/out"
json '.[0].peers | length == 31' b show

# --- monitor ------------------------------------------------------------------

spawn "$SWCTL" -n "${P}a" monitor > "$TMP/monitor"
human=$!
spawn "$SWCTL" -n "${P}a" -j monitor > "$TMP/monitor.json"
machine=$!
# It takes a moment to begin, and no change says when it has.
heard() { sw a dev set fwmark 1; grep -q dev "$TMP/monitor" && grep -q dev "$TMP/monitor.json"; }
check "monitor prints a change" wait_for 10 heard
sw a link set label 9 mtu 1400
sw a peer add "${KEY[d]}"
sw a prefix add 172.16.0.0/12 peer "${KEY[d]}" > /dev/null
sw a path add peer "${KEY[d]}" link 9 labels 1 > /dev/null
sw a peer del "${KEY[d]}"
ends_monitor() { grep -q 'peer deleted' "$TMP/monitor" && grep -q 'peer.*deleted' "$TMP/monitor.json"; }
check "monitor prints them all" wait_for 10 ends_monitor
stop "$human"
stop "$machine"
for word in 'link changed' 'peer changed' 'prefix changed' 'path changed' 'path deleted' \
	'prefix deleted' 'peer deleted'; do
	check "monitor: $word" grep -q "^$word" "$TMP/monitor"
done
check "monitor -j is JSON, line by line" \
	jq -es 'all(has("object") and has("event") and .ifname == "sw0")' "$TMP/monitor.json"
check "in the order of the changes" \
	jq -es '[.[] | .object + "-" + .event] | index("link-changed") < index("path-changed") and
		index("path-changed") < index("path-deleted") and
		index("path-deleted") < index("peer-deleted")' "$TMP/monitor.json"

# --- who may ------------------------------------------------------------------

as_nobody() { at a setpriv --reuid 65534 --clear-groups "$SWCTL" "$@"; }
as_nobody show > "$TMP/out" 2> "$TMP/err"
is "not everyone may look" "$?" 2
check "and is told what it takes" grep -q CAP_NET_ADMIN "$TMP/err"
as_nobody dev set fwmark 1 > "$TMP/out" 2> "$TMP/err"
is "let alone change anything" "$?" 2
is "anyone may make keys" "$(as_nobody key gen | wc -c)" 53
