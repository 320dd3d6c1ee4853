#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# cli.sh SWCTL MOCK: what swctl does with its words, and, with a kernel that is
# made up (tests/mock_netlink.c), what it asks and how it shows the answers.

swctl=$1
mock=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0
failed=0
umask 022
echo "TAP version 13"

# Base32 of 00 01 02 ... 1f, and of all zeros
KEY=aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq
ZERO=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

ok() {
	set -- "$1" "${2%%$'\n'*}"
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$dir/out" "$dir/err"
		failed=1
	fi
}

# exits STATUS TEXT WORD...: swctl WORD... ends with STATUS, and its standard
# error has TEXT in it.
exits() {
	local want=$1 text=$2 rc
	shift 2
	"$swctl" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	rc=$?
	[ $rc = "$want" ] && grep -qF -- "$text" "$dir/err"
	ok $? "swctl $* ($want)"
}

# The same, and usage is shown.
refused() {
	exits 1 "$@"
	grep -q '^Usage: ' "$dir/err"
	ok $? "usage"
}

# asks REQUEST WORD...: the last request is REQUEST
asks() {
	local want=$1
	shift
	rm -f "$dir/log"
	SWCTL_MOCK_LOG=$dir/log "$mock" "$@" >"$dir/out" 2>"$dir/err" </dev/null &&
		[ "$(tail -n 1 "$dir/log")" = "$want" ]
	ok $? "swctl $*"
	[ ! -e "$dir/log" ] || tail -n 1 "$dir/log" >>"$dir/err"
}

# shows FILTER WORD...: jq finds FILTER true of the JSON
shows() {
	local filter=$1
	shift
	"$mock" -j "$@" >"$dir/out" 2>"$dir/err" && jq -e "$filter" "$dir/out" >/dev/null 2>>"$dir/err"
	ok $? "swctl -j $*: $filter"
}

narrow() {
	"$mock" "$@" >"$dir/out" 2>"$dir/err" && [ -s "$dir/out" ] && ! grep -nE '.{81}' "$dir/out" >>"$dir/err"
	ok $? "swctl $*: 80 columns"
}

### words

refused "an object is missing"
refused "'nonsense' is not an object" nonsense
refused "'p' is the beginning of several objects" p
refused "'' is not an object" ''
refused "not a command" link nonsense
refused "'s' is the beginning of several commands" link s
refused "'change' is not a command" prefix change
refused "'c' is not a command" prefix c
refused "'' is not a command" link ''
refused "unrecognized option" --nonsense
refused "option requires an argument" -d
refused "'neighbour' is missing" link add
refused "'neighbour' needs a value" link add neighbour
refused "'nonsense' is not expected here" link add nonsense 1
refused "'l' may mean several keywords" link add l 1
refused "'label' is there twice" link add label 1 label 2
refused "'abc' is not a public key" link add neighbour abc
refused "names are not looked up" link add neighbour "$KEY" remote localhost:1
refused "[ADDR6]:PORT" link add neighbour "$KEY" remote ::1:1
refused "brackets" link add neighbour "$KEY" remote '[127.0.0.1]:1'
refused "65535" link add neighbour "$KEY" remote 127.0.0.1:0
refused "nor an Ethernet address" link add neighbour "$KEY" remote 02:00:00:00:00:001
refused "no name of an interface" link add neighbour "$KEY" interface sixteen-letters!
refused "65535" link add label 0
refused "65535" link del label 65536
refused "'1291' is not a number from 1292 to 65475" link add mtu 1291
refused "from 1292 to 65475" link set mtu 65476
refused "'1279' is not a number from 1280 to 65475" path add mtu 1279
refused "from 1280 to 65475" path set mtu 65476
refused "from 1 to 65535" path add weight 0
refused "from 1 to 604800" key add hard-time 0
refused "from 1 to 604800" key add hard-time 604801
refused "none of: udp, ethernet" link add transport tcp
refused "none of: up, down" link add state upp
refused "'label' is missing" link set
refused "'label' is missing" link del
refused "KEY is missing" peer add
refused "not a public key" peer add dev
refused "not a public key" peer del "${KEY}a"
refused "'x' is not expected here" peer add "$KEY" x y
refused "'peer' is missing" path add link 1
refused "'link' is missing" path add peer "$KEY"
refused "'id' is missing" path set peer "$KEY"
refused "'id' is missing" path del peer "$KEY"
refused "1 to 8" path del peer "$KEY" id 9
refused "more than 24 labels" path add labels 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
refused "'id' goes with 'peer'" path show id 1
refused "PREFIX is missing" prefix add
refused "bits set beyond" prefix add 10.0.0.1/8 peer "$KEY"
refused "'peer' is missing" prefix add 10.0.0.0/8
refused "not an IPv4 or IPv6 address" prefix get 10.0.0.0/8
refused "nothing to set" dev set
refused "nothing to set" dev set dev sw0
refused "nothing to set" link set label 1
refused "nothing to set" link set dev sw0 label 1
refused "nothing to set" path set peer "$KEY" id 1
refused "'dev' needs a value" link show dev
refused "'dev' needs a value" peer show dev
refused "'x' is not expected here" show x
refused "'x' is not expected here" monitor x
refused "not a public key" dev set identity "$dir/none"
refused "4294967295" dev set fwmark 4294967296
refused "'rx-index' is missing" key del
refused "chacha20-poly1305, aes-256-gcm, aes-128-gcm" key add cipher des
exits 1 "no interface 'nonsense'" link add oif nonsense
exits 1 "network namespace 'nonsense'" -n nonsense show
exits 1 "no name of a network namespace" -n ../nonsense show

for object in '' show dev link peer path prefix key stats monitor; do
	# shellcheck disable=SC2086 # no word where there is no object
	"$swctl" $object help >"$dir/out" 2>"$dir/err" && grep -q '^Usage: ' "$dir/out" &&
		[ ! -s "$dir/err" ] && ! grep -qE '.{81}' "$dir/out"
	ok $? "swctl $object help"
done
# Options after the object: a file of that name would be made otherwise.
mkdir "$dir/cwd"
here=$PWD
swctl_is=$(realpath "$swctl")
for word in --help -h help; do
	for words in "key gen" "key pub" "key addr" "peer add" "link del label" "stats -a" monitor show; do
		# shellcheck disable=SC2086
		(cd "$dir/cwd" && "$swctl_is" $words $word >"$dir/out" 2>"$dir/err") &&
			grep -q '^Usage: ' "$dir/out" && [ ! -s "$dir/err" ]
		ok $? "swctl $words $word"
	done
done
cd "$dir/cwd" || exit 1
swctl=$swctl_is
refused "options come first, before 'key'" key gen -j
refused "options come first, before 'key'" key gen --file
refused "options come first, before 'key'" key pub --json
refused "options come first, before 'dev'" dev -j
refused "options come first, before 'peer'" peer show dev -a
refused "options come first, before 'key'" key add rx-key -x
exits 1 "a key where a file name belongs" key gen "$KEY"
exits 1 "a key where a file name belongs" key gen 000102030405060708090a0b0c0d0e0f
[ -z "$(ls -A)" ]
ok $? "and no file is made"
"$swctl" key gen - >"$dir/out" 2>"$dir/err" && grep -qxE '[a-z2-7]{52}' "$dir/out"
ok $? "swctl key gen -"
cd "$here" || exit 1
"$swctl" -V >"$dir/out" 2>"$dir/err"
ok $? "swctl -V"
[ ! -e ../kernel/main.c ] || grep -qF "MODULE_VERSION(\"$(cut -d ' ' -f 2 "$dir/out")\")" ../kernel/main.c
ok $? "is the module's version"
"$swctl" help >/dev/full 2>"$dir/err"
[ $? = 1 ]
ok $? "a full disk is noticed"

### keys

"$swctl" key gen "$dir/secret" && [ "$(stat -c %a "$dir/secret")" = 600 ]
ok $? "key gen FILE"
exits 1 "File exists" key gen "$dir/secret"
[ "$("$swctl" key pub "$dir/secret" | "$swctl" key addr | cut -c 1-2)" = fc ]
ok $? "key pub | key addr"
"$swctl" key gen 2>"$dir/err" | "$swctl" key pub 2>>"$dir/err" | grep -qxE '[a-z2-7]{52}'
ok $? "key gen | key pub"
[ "$("$swctl" key addr "$ZERO")" = fc50:b7c8:5493:1592:672:5a08:144b:6b6e ]
ok $? "key addr KEY"
[ "$("$swctl" -j key addr "$ZERO" | jq -r '.[0].address')" = fc50:b7c8:5493:1592:672:5a08:144b:6b6e ]
ok $? "-j key addr KEY"
"$swctl" key gen >"$dir/open" 2>"$dir/err" && grep -q "0644" "$dir/err"
ok $? "key gen warns of a file that others can read"
"$swctl" -j key gen | jq -r '.[0].secret' 2>"$dir/err" | "$swctl" key pub >"$dir/out" 2>>"$dir/err"
ok $? "-j key gen"
exits 1 "must be 0600" key pub "$dir/open"
"$swctl" key pub <"$dir/open" >"$dir/out" 2>"$dir/err"
ok $? "key pub from standard input"
exits 1 "not a key" key pub
exits 1 "command line" key pub "$KEY"
exits 1 "not a key" key addr
refused "not a public key" key addr nonsense
refused "'b' is not expected here" key gen a b
refused "'b' is not expected here" key pub a b
refused "'b' is not expected here" key addr a b
head -c 16 /dev/zero | od -An -tx1 | tr -d ' ' >"$dir/short"
printf 'aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq\n' >"$dir/long"
chmod 600 "$dir/short" "$dir/long"
exits 1 "16 bytes, an identity has 32" key pub "$dir/short"
add=(key add link 1 tx-index 1)
exits 1 "rx-key: 16 bytes, aes-256-gcm takes 32" "${add[@]}" cipher aes-256-gcm rx-key "$dir/short" tx-key "$dir/long"
exits 1 "tx-key: 32 bytes, aes-128-gcm takes 16" "${add[@]}" cipher aes-128-gcm rx-key "$dir/short" tx-key "$dir/long"
exits 1 "command line" "${add[@]}" cipher aes-256-gcm rx-key "$KEY"
exits 1 "No such file" "${add[@]}" cipher aes-256-gcm rx-key "$dir/none"
refused "either 'link' or 'peer'" "${add[@]}" peer "$KEY" cipher aes-256-gcm rx-key "$dir/long" tx-key "$dir/long"
refused "either 'link' or 'peer'" key add tx-index 1 cipher aes-256-gcm rx-key "$dir/long" tx-key "$dir/long"
"$swctl" "${add[@]}" cipher aes-256-gcm rx-key - tx-key - <"$dir/long" >"$dir/out" 2>"$dir/err"
[ $? = 1 ] && grep -q "one key only" "$dir/err"
ok $? "standard input gives one key"

### requests

dev=ifindex=4000000
hex=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
asks "do 2 dev $dev identity=$KEY port=51820 fwmark=16" dev set identity $hex port 51820 fwmark 0x10
asks "do 2 dev $dev identity=$("$swctl" key pub "$dir/long")" dev set identity-file "$dir/long"
asks "do 2 dev ifname=sw1 port=1" -d sw1 dev set port 1
asks "do 2 dev ifname=sw1 port=1" dev set port 1 dev sw1
asks "do 1 dev ifname=sw1" dev show dev sw1
asks "dump 1 dev" dev
asks "do 6 link $dev neighbour=$KEY" link add neighbour "$KEY"
asks "do 6 link $dev neighbour=$KEY remote=192.0.2.1 remote-port=51820" \
	link add neighbour "$KEY" remote 192.0.2.1:51820
asks "do 6 link $dev label=7 neighbour=$KEY transport=udp remote=2001:db8::1 remote-port=1 local=2001:db8::2 oif=1 mtu=1400 state=down price-base=3 price-rate=4" \
	link add neigh "$KEY" lab 7 remote '[2001:db8::1]:1' local 2001:db8::2 oif lo mtu 1400 state down \
	transport udp price-base 3 price-rate 4
asks "do 6 link $dev neighbour=$KEY remote=fe80::1 remote-port=1 oif=1" link add neigh "$KEY" remote '[fe80::1%lo]:1'
asks "do 6 link $dev neighbour=$KEY remote=fe80::1 remote-port=1 oif=77" link add neigh "$KEY" remote '[fe80::1]:1' oif if77
asks "do 6 link $dev neighbour=$KEY transport=ethernet remote=02:00:5e:0a:00:ff interface=eth0.5" \
	link add neigh "$KEY" transport ethernet remote 2:0:5E:a:00:ff interface eth0.5
asks "do 7 link $dev label=7 interface=if1" link set label 7 interface if1
asks "do 6 link $dev neighbour=$KEY remote=fe80::1 remote-port=1 oif=78" link add neigh "$KEY" remote '[fe80::1%if78]:1'
SWCTL_MOCK_ELSEWHERE=1 asks "do 6 link $dev neighbour=$KEY remote=192.0.2.1 remote-port=1 oif=1" \
	link add neigh "$KEY" remote 192.0.2.1:1 oif if1
SWCTL_MOCK_ELSEWHERE=1 asks "do 7 link $dev label=7 oif=0" link set label 7 oif any
asks "do 1 dev $dev" -d another-name-of-the-first-device dev
asks "do 7 link $dev label=7 oif=1" -d another-name-of-the-first-device link set label 7 oif lo
asks "do 7 link $dev label=7 oif=0 state=up" link set label 7 oif any state up
asks "do 8 link $dev label=7" li d label 7
asks "do 8 link $dev label=7" link delete label 7
asks "do 8 link ifname=sw1 label=7" link dele lab 7 de sw1
asks "do 7 link $dev label=7 mtu=1400" link change label 7 mtu 1400
asks "do 18 path $dev peer=$KEY id=1 link=2" path ch peer "$KEY" id 1 link 2
asks "do 5 link $dev label=7" link show label 7
for word in list ls lst l li; do
	asks "do 5 link $dev label=7" link $word label 7
	asks "dump 22 prefix ifname=sw1" prefix $word d sw1
	asks "do 32 stats $dev" stats $word
done
asks "dump 5 link" link
asks "dump 5 link ifname=sw1" link show dev sw1
asks "do 12 peer $dev public-key=$KEY" peer add ${KEY^^}
asks "do 13 peer $dev public-key=$KEY" peer del "$KEY"
asks "do 11 peer $dev public-key=$KEY" peer show "$KEY"
asks "dump 11 peer ifname=sw1" peer show dev sw1
asks "do 17 path $dev peer=$KEY link=1" path add peer "$KEY" link 1
asks "do 17 path $dev peer=$KEY id=8 link=1 labels=2,3,65535 preference=5 weight=6 mtu=1400 postage-base=7 postage-rate=8" \
	path add peer "$KEY" id 8 link 1 labels 2,3,65535 preference 5 weight 6 mtu 1400 postage-base 7 postage-rate 8
asks "do 18 path $dev peer=$KEY id=1 mtu=0" path set peer "$KEY" id 1 mtu 0
asks "do 18 path $dev peer=$KEY id=1 labels=none" path set peer "$KEY" id 1 labels none
asks "do 19 path $dev peer=$KEY id=1" path del peer "$KEY" id 1
asks "do 16 path $dev peer=$KEY id=1" path show peer "$KEY" id 1
asks "dump 16 path" path show
asks "do 23 prefix $dev prefix=10.0.0.0 length=8 peer=$KEY" prefix add 10.0.0.0/8 peer "$KEY"
asks "do 24 prefix $dev prefix=fc00:: length=8" prefix del fc00::/8
asks "do 22 prefix $dev prefix=10.1.2.3 length=32" prefix get 10.1.2.3
asks "dump 22 prefix" prefix show
long=$hex
asks "do 28 key $dev link=1 cipher=aes-256-gcm tx-index=1 rx-key=$long tx-key=$long" \
	"${add[@]}" cipher aes-256-gcm rx-key "$dir/long" tx-key "$dir/long"
asks "do 28 key $dev peer=$KEY cipher=aes-128-gcm role=responder rx-index=4294967295 tx-index=1 rx-key=00000000000000000000000000000000 tx-key=00000000000000000000000000000000 soft-time=1 hard-time=2 soft-frames=3 hard-frames=1152921504606846976" \
	key add peer "$KEY" cipher aes-128-gcm role responder rx-index 0xffffffff tx-index 1 rx-key "$dir/short" \
	tx-key "$dir/short" soft-time 1 hard-time 2 soft-frames 3 hard-frames 0x1000000000000000
asks "do 29 key $dev rx-index=16" key del rx-index 0x10
asks "do 27 key $dev rx-index=16" key show rx-index 16
asks "dump 27 key" key
asks "do 32 stats $dev" stats
asks "do 32 stats $dev" stats dev sw0
asks "dump 5 link ifname=sw1" link dev sw1

### devices

export SWCTL_MOCK=0
swctl=$mock
exits 1 "no skywire device" link add neighbour "$KEY" remote 192.0.2.1:1
exits 1 "no skywire device" link show label 1
shows '. == []' show
shows '. == []' dev
SWCTL_MOCK=2
exits 1 "several skywire devices: name one with -d (skywire00000000, skywire00000001)" peer add "$KEY"
shows 'length == 2' dev show
shows 'length == 2' show
SWCTL_MOCK=300
exits 1 "several skywire devices" peer add "$KEY"
SWCTL_MOCK=none
exits 2 "module not loaded" show
SWCTL_MOCK=refuse
exits 2 "label is in use (attribute label): File exists" link add neighbour "$KEY" remote 192.0.2.1:1
! grep -q '^Usage' "$dir/err"
ok $? "no usage where the kernel refuses"
exits 1 "is no name of a device" -d sixteen-letters! link show
exits 1 "is no name of a device" -d '' link show
unset SWCTL_MOCK
export SWCTL_MOCK_ELSEWHERE=1
exits 1 "'lo': the links of skywire00000000 are in another" link set label 7 oif lo
exits 1 "'lo': the links of skywire00000000 are in another" link add neighbour "$KEY" remote '[fe80::1%lo]:1'
unset SWCTL_MOCK_ELSEWHERE

### answers

for words in show "dev show" "link show" "peer show" "path show" "prefix show" "key show" "stats show" "-a stats"; do
	# shellcheck disable=SC2086
	narrow $words
done
export SWCTL_MOCK_SIZE=100
narrow show
grep -qx '... and 92 more: swctl link show' "$dir/out" && grep -qx '... and 92 more: swctl peer show' "$dir/out"
ok $? "show is cut"
shows '.[0] | (.links | length) == 100 and (.peers | length) == 100' show
SWCTL_MOCK_SIZE=2

"$mock" link add neighbour "$KEY" remote 192.0.2.1:1 >"$dir/out" && grep -qx 'label 65535' "$dir/out"
ok $? "link add prints the label that was chosen"
"$mock" link add neighbour "$KEY" label 7 remote 192.0.2.1:1 >"$dir/out" && [ ! -s "$dir/out" ]
ok $? "link add is silent where there was no choice"
"$mock" path add peer "$KEY" link 1 >"$dir/out" && grep -qx 'id 8' "$dir/out"
ok $? "path add prints the id that was chosen"
"$mock" "${add[@]}" cipher aes-256-gcm rx-key "$dir/long" tx-key "$dir/long" >"$dir/out" &&
	grep -qx 'rx-index 0xffffffff' "$dir/out"
ok $? "key add prints the index that was chosen"

max=9223372036854775807
big="(tostring | startswith(\"92233720368547\"))"
shows '.[0].label == 65535' link add neighbour "$KEY" label 7 remote 192.0.2.1:1
shows 'length == 2 and (.[0] | .label == 65535 and .remote_port == 65535 and .transport == "udp" and
	.state == "down" and .remote == "fcfc:fcfc:fcfc:fcfc:fcfc:fcfc:fcfc:0" and (.neighbour | length) == 52)' link show
shows ".[0] | .rx_bytes | $big" link show
shows '.[1] | .transport == "ethernet" and .remote == "02:00:5e:fe:dc:ba" and .interface == "fifteen-letters" and
	.oif == 0 and (has("remote_port") or has("local") | not)' link show
"$mock" link show >"$dir/out" && grep -qx '    remote 02:00:5e:fe:dc:ba' "$dir/out" &&
	grep -qx '    interface fifteen-letters (not there)' "$dir/out"
ok $? "link show has Ethernet's interface"
"$mock" show >"$dir/out" && grep -qx '  remote: 02:00:5e:fe:dc:ba by fifteen-letters (not there)' "$dir/out"
ok $? "show has Ethernet's interface"
shows '.[0].labels == [] and (.[1].labels | length == 24 and .[23] == 65535)' path show
shows '.[0] | .own == true and .length == 128' prefix show
shows '.[1] | .own == false and .prefix == "10.0.0.0" and .length == 8' prefix show
shows 'length == 2 and .[0].length == 8' prefix show 10.0.0.0/8
exits 2 "no such prefix" prefix show 10.0.0.0/9
exits 2 "no such peer" path show peer "$KEY"
shows '.[0] | .cipher == "chacha20-poly1305" and .role == "responder" and .slot == "previous" and
	.soft_expired == true and (.opaque | length) == 128 and .hard_frames == 1152921504606846976 and
	(has("rx_key") or has("tx_key") | not)' key show
shows ".[0] | .counters.tx_frames != 0 and .counters.rx_frames == 0 and (.drops.frame_short | $big) and
	.drops.frame_length == 0 and (.drops | has(\"unspec\") | not)" stats
shows '.[0] | (.links[0].keys | length) == 1 and (.peers[0].keys | length) == 1 and (.peers[0].paths | length) == 1 and
	(.peers[0].prefixes | length) == 13 and .port == 65535 and (.drops | has("auth"))' show
"$mock" stats >"$dir/out" && ! grep -q ' 0$' "$dir/out" && grep -q " frame-short .* $max$" "$dir/out"
ok $? "stats hides zeros"
"$mock" stats -a >"$dir/out" && grep -q ' frame-length .* 0$' "$dir/out"
ok $? "stats -a does not"
"$mock" -p link show >"$dir/out" && [ "$(wc -l <"$dir/out")" -gt 20 ] && jq -e . "$dir/out" >"$dir/err"
ok $? "swctl -p"

"$mock" monitor >"$dir/out" 2>"$dir/err"
[ $? = 2 ] && [ "$(grep -c '^[^ ]' "$dir/out")" = 2 ] && ! grep -nE '.{81}' "$dir/out" >>"$dir/err" && grep -q '^link changed ifname skywire00000000 label 65535$' "$dir/out" &&
	grep -q '^path deleted ' "$dir/out" && grep -q ' labels none' "$dir/out" && [ "$(grep -c 'were lost' "$dir/err")" = 2 ]
ok $? "monitor"
"$mock" -j monitor >"$dir/out" 2>"$dir/err"
jq -se 'length == 2 and .[0].object == "link" and .[0].event == "changed" and .[1].event == "deleted" and
	.[1].id == 8' "$dir/out" >/dev/null 2>>"$dir/err"
ok $? "monitor -j"
"$mock" monitor >/dev/full 2>"$dir/err"
[ $? = 1 ] && grep -q 'writing: No space' "$dir/err"
ok $? "monitor ends where nobody can read"
"$mock" -d another-name-of-the-first-device monitor 2>"$dir/err" | grep -q '^link changed'
ok $? "monitor of a device by another name"
"$mock" -d other monitor >"$dir/out" 2>"$dir/err"
[ ! -s "$dir/out" ]
ok $? "monitor of one device"

### completion

# shellcheck disable=SC2317 # functions that the completion calls
if [ -e swctl/completion.bash ]; then
	# complete_to LINE WANT: what the last word of LINE can become
	complete_to() {
		read -ra COMP_WORDS <<<"$1"
		[ "${1% }" = "$1" ] || COMP_WORDS+=('')
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		COMPREPLY=()
		_swctl
		[ "$(printf '%s\n' "${COMPREPLY[@]}" | sort | xargs)" = "$2" ]
	}
	# shellcheck source=/dev/null
	. swctl/completion.bash
	complete_to "swctl p" "path peer prefix" && complete_to "swctl -j link " "add del help set show" &&
		complete_to "swctl key add link 1 cipher aes" "aes-128-gcm aes-256-gcm" &&
		complete_to "swctl link add st" "state" && complete_to "swctl link add state " "down up" &&
		complete_to "swctl link add transport " "ethernet udp" && complete_to "swctl link set int" "interface"
	ok $? "completion"
	_swctl_loaded() { return 1; }
	swctl() { echo asked >"$dir/asked"; }
	complete_to "swctl link show label " "" && [ ! -e "$dir/asked" ]
	ok $? "completion does not load the module"
	_swctl_loaded() { return 0; }
	swctl() { echo "$*" >"$dir/asked"; "$mock" "$@"; }
	complete_to "swctl -n x -d y link show label " ""
	grep -qx -- '-d y -n x -j link show' "$dir/asked"
	ok $? "completion asks in the namespace, and for the device"
	swctl() { "$mock" "$@"; }
	complete_to "swctl link set label " "65534 65535" && complete_to "swctl link add label " "" &&
		complete_to "swctl link add mtu " "" && complete_to "swctl prefix del 10" "10.0.0.0/8" &&
		complete_to "swctl prefix add 10.0.0.0/8 p" "peer" && complete_to "swctl prefix show d" "dev" &&
		complete_to "swctl prefix get " "" && complete_to "swctl peer show dev sky" "skywire00000000" &&
		complete_to "swctl path set peer x i" "id" && complete_to "swctl path add peer x id " "" &&
		complete_to "swctl path set peer aaaaaaffuws2ljnfuws2ljnfuws2ljnfuws2ljnfuws2ljnfuwsq id " 8 &&
		complete_to "swctl show dev sky" "skywire00000000"
	ok $? "completion of values, where they can be guessed"
	unset -f swctl
fi

echo "1..$count"
exit $failed
