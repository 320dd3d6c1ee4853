# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What the tests here share. To be sourced by a test, which then makes its
# network of "node", "wire", "link" and "session", and reports with "check",
# "is", "ok", "fail" and "skip". Plan and clean-up follow at its exit.
#
# Keys are made of their index (key_bytes), so that a test can seal and open
# what nodes send each other. Every namespace is this test's own.

set -u

SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$SELFTESTS/.." && pwd)
# What the Makefile builds; run.sh says where.
OUTPUT=${OUTPUT:-$TOP/build/selftests}
# How many times slower than a stock kernel this one is
SCALE=${SCALE:-1}
# shellcheck source=selftests/log.sh
. "$SELFTESTS/log.sh"
if [ -z "${SWCTL:-}" ]; then
	SWCTL=$TOP/build/swctl
	[ -x "$SWCTL" ] || SWCTL=swctl
fi

# Prefix of the namespaces' names: a node is addressed without it.
P=swt$$-
TMP=$(mktemp -d "${TMPDIR:-/tmp}/skywire.XXXXXX")

# --- results --------------------------------------------------------------

tests=0 failures=0 planned=

# ok NAME
ok() { echo "ok $((++tests)) $*"; }

# diag TEXT...: shown with the results
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# fail NAME [TEXT...]: with what was seen
fail() {
	failures=$((failures + 1))
	echo "not ok $((++tests)) $1"
	shift
	[ $# = 0 ] || diag "$*"
}

# skip NAME REASON
skip() { echo "ok $((++tests)) $1 # SKIP $2"; }

# skip_all REASON: ends the test
skip_all() {
	planned=1
	echo "1..0 # SKIP $*"
	exit 0
}

# die TEXT: the test cannot go on, not even from within a check
exec {report}>&1
die() {
	planned=1
	echo "Bail out! ${0##*/}: $*" >&"$report"
	exit 1
}

# check NAME COMMAND...: the command succeeds
check() {
	local name=$1 rc=0
	shift
	"$@" > "$TMP/check" 2>&1 || rc=$?
	if [ $rc = 0 ]; then
		ok "$name"
	else
		fail "$name" "$* failed, status $rc:"
		sed 's/^/# /' "$TMP/check"
	fi
	return $rc
}

# refuse NAME COMMAND...: the command fails
refuse() {
	local name=$1
	shift
	if "$@" > "$TMP/check" 2>&1; then
		fail "$name" "$* succeeded:"
		sed 's/^/# /' "$TMP/check"
		return 1
	fi
	ok "$name"
}

# fails_saying TEXT COMMAND...
fails_saying() {
	local text=$1 rc=0
	shift
	"$@" > "$TMP/said" 2>&1 || rc=$?
	cat "$TMP/said"
	[ $rc != 0 ] && grep -qF -- "$text" "$TMP/said"
}

# refuse_with NAME TEXT COMMAND...: the command fails, and says why
refuse_with() { check "$1 is refused, with the reason" fails_saying "${@:2}"; }

# is NAME GOT WANTED [TEXT...]
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
		return
	fi
	fail "$1" "got '$2', want '$3' ${*:4}"
	return 1
}

# holds NAME EXPRESSION [TEXT...]: arithmetic, true
holds() {
	if (($2)); then
		ok "$1"
		return
	fi
	fail "$1" "false: $2 ${*:3}"
	return 1
}

# results_of COMMAND...: takes over the results that a program prints as
# "ok NAME" and "not ok NAME"; one that fails without saying so is a failure.
results_of() {
	local line rc bad=$failures
	"$@" > "$TMP/results" 2>&1
	rc=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*) fail "${line#not ok }" ;;
		*) diag "$line" ;;
		esac
	done < "$TMP/results"
	[ $rc = 0 ] || [ $failures -gt "$bad" ] || fail "$*" "status $rc"
}

# --- time -----------------------------------------------------------------

# nap SECONDS: a sleep that starts no process
exec {silence}<> <(:)
nap() { read -rt "$1" -u "$silence" || :; }

# wait_for SECONDS COMMAND...: until it succeeds; SECONDS are scaled
wait_for() {
	local end=$((SECONDS + $1 * SCALE + 1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || return 1
		nap 0.05
	done
}

# --- namespaces -----------------------------------------------------------

# at NODE COMMAND...
at() {
	local node=$1
	shift
	nsenter --net="/run/netns/$P$node" -- "$@"
}

# sw NODE ARGUMENT...: swctl there
sw() {
	local node=$1
	shift
	"$SWCTL" -n "$P$node" "$@"
}

# ipn NODE ARGUMENT...: ip there
ipn() {
	local node=$1
	shift
	ip -n "$P$node" "$@"
}

# spawn COMMAND...: in the background, ended with the test at the latest
spawn() {
	"$@" &
	spawned+=($!)
}

# spawn_in NODE COMMAND...: the same in a node; $! is the command's
spawn_in() {
	local node=$1
	shift
	nsenter --net="/run/netns/$P$node" -- "$@" &
	spawned+=($!)
}

# stop PID [SIGNAL]: and wait for it
stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null || :
}

namespaces=()

# netns NAME...: bare ones
netns() {
	local name
	for name; do namespaces+=("$P$name"); done
	printf "netns add $P%s\n" "$@" | ip -batch - || die "no namespaces"
}

# Runs at the end of the test's own.
cleanup() { :; }

finish() {
	local rc=$? pid name
	trap - EXIT
	# A child that was stopped before it became another program
	[ $BASHPID = $$ ] || exit $rc
	[ $rc != 0 ] || [ ${#DAEMON[@]} = 0 ] || check "daemons end when they are told to" daemons_end
	[ $rc = 0 ] || [ "$failures" != 0 ] || [ -n "$planned" ] ||
		fail "the test comes to its end" "status $rc after $tests results"
	cleanup
	for pid in ${spawned[@]+"${spawned[@]}"}; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait
	[ ${#namespaces[@]} = 0 ] ||
		printf 'netns del %s\n' "${namespaces[@]}" | ip -force -batch -
	rm -rf "$TMP"
	if [ -z "$planned" ]; then
		echo "1..$tests"
	fi
	[ "$failures" = 0 ] || rc=1
	exit $rc
}

# --- nodes ----------------------------------------------------------------

# Public keys of the identities whose secrets are 1 to 20, and their addresses
keys=(
	js22x5vnph57lk54zl6me2oyltjgkhwuxcc3lbu7eqno34ffxiuq
	oqrltcdvtadi4mweisfjjgw3fegq6trvxhqbwdxf6gq6mah6ez2a
	6oawe3sb44bh5jbrx7rqbhuuxxjfu5dl53cgrfennq6hyxojuvfq
	7vilry5ritvcit57o437kuf4rximezilxqnk3kbtzil77dn7gknq
	7xspxibqvuac67bppvgdgh2j2e73b3dup3hox3ddj4p7js6ktxxq
	wtesv6z3uv7tvokz77tnggojqsckefk2b5gglmwdoai77umxwb2q
	h3rkrjzihszp24ujipnkcj7pbhsigby2rnf4ngn2iurpbgyuz7pa
	xy5u7for3b25ohos7lhwyxsnuv6buldz32wz4h6fyo24dxsuyara
	3v7ijuaqv3jiuqloskhvbrgatlapssuplm2gksawrpo3mhg3ojrq
	kjzfaca33toc5aib5s6u63rvg3tq2ff6sh2fcutte24x2dpcbziq
	iovor2555w4wsqk5aifqciirqarheksxo5mml6ui3tm5riqrmuzq
	cjrly3kubcr4jybfvigblzspnemxzwzysen6lljujkkjo6o7hwta
	hk44yjxc4qkc5aanmkkcgzbpjfyiwihy6tvtnamvxbhpyzesrjtq
	sa252e6ezhvt3d3rvx447vrjvo6lnbe2jwhmt3lxfglkv2vy7jsq
	m5kagbbsrdghzuiqy2skodwkcn5w5os3xdh4acfebtp3hzctykpa
	xevku7enwiittkt5p3anvkgx4ysrtvxoi2sfgtqhmrggqoqaqoiq
	j4vft3oigz66wqaeptud5z7vzzyruv6zhk55vhi45bmiyvvdz2ea
	njni7osiirpn2nce6zkpqif5ohyx43bzizuthhekaaclutwsypga
	3ag7wpbyurwnagjdan62mdfvjfgqgem7evmdcldycuabqlidn22q
	ajiijoodfi44woiwkugqifxiupjfovjn7su4jvijy3dajzz5bn2a
)
addresses=(
	fc80:570d:efa4:947c:5710:f993:b2a7:7e27
	fc50:c97a:d01e:c49:f498:8ca3:3617:ffe1
	fcac:8085:cce7:17bb:68ba:3551:baff:db2f
	fc83:f5cc:17d7:18e8:16c4:629:2b73:533b
	fc2c:c531:1884:70c3:9f6c:f3b4:1dd:a890
	fcb1:bcca:2f58:252:3e04:2c73:177a:b2a1
	fc7b:3622:a75c:c1fd:ef89:b473:560a:3643
	fc71:4477:5386:9455:3840:47d2:52f1:c973
	fcc0:221a:b941:5ec8:6661:ea2f:8ce5:f984
	fc02:632f:7e8a:f1c:d02f:e03:756b:8cef
	fc6c:ae42:aa10:ab30:22cb:507d:9270:5459
	fc2e:6d91:ca5:6af3:6ad4:668f:a59b:e8a8
	fc04:4659:7105:56d6:eaca:afdb:430e:fca4
	fc90:3793:ce9e:f6d1:c81:1c8e:6afc:6cb0
	fc8c:c788:7e9a:bd36:8929:91af:52c1:f2f8
	fc1c:4283:8280:6058:323d:6b93:df8:8a28
	fcce:8ecc:3de7:c14f:fdc6:a21e:b8d1:83bc
	fca0:1ba2:9e92:ce7d:d0e5:f5f3:dd61:81b
	fcc2:29b6:2439:57c5:821e:2181:dc96:6d77
	fc23:c51c:5728:d2f3:f437:2b88:a6a2:30de
)

# By node: number (from 1), public key, overlay address
declare -A NUM KEY ADDR
nodes=0
PORT=5000

# name_node NODE...: gives each the next identity, and makes nothing
name_node() {
	local node
	for node; do
		[ $nodes -lt ${#keys[@]} ] || die "no identity for $node"
		KEY[$node]=${keys[nodes]} ADDR[$node]=${addresses[nodes]}
		NUM[$node]=$((++nodes))
	done
}

# device NODE...: an sw0 that is up, with the node's identity and address
device() {
	local node
	for node; do
		ipn "$node" -batch - <<-EOF || die "no device in $node"
			link set lo up
			link add sw0 type skywire
			addr add ${ADDR[$node]}/128 dev sw0
			link set sw0 up
			route add fc00::/8 dev sw0
		EOF
		sw "$node" dev set port $PORT identity "${KEY[$node]}" ||
			die "no identity for $node"
	done
}

# node NODE...: a namespace with such a device
node() {
	name_node "$@"
	netns "$@"
	device "$@"
}

# Underlay addresses: UL[A,B] is A's on its wire to B. Wires are numbered.
declare -A UL
wires=0

# ether_wire A B MTU: without IP, of any version. A second time it makes the same
# again.
ether_wire() {
	local a=$1 b=$2
	if [ -z "${UL[$a,$b]:-}" ]; then
		printf -v "UL[$a,$b]" '02:00:00:00:%02x:01' $((++wires))
		printf -v "UL[$b,$a]" '02:00:00:00:%02x:02' $wires
	fi
	ip link add "to-$b" address "${UL[$a,$b]}" mtu "$3" netns "$P$a" type veth \
		peer name "to-$a" address "${UL[$b,$a]}" mtu "$3" netns "$P$b" ||
		die "no wire $a-$b"
	bare_up "$a" "to-$b"
	bare_up "$b" "to-$a"
}

# bare_up NODE DEVICE: up, without IPv6, which would speak of itself
bare_up() {
	at "$1" tee "/proc/sys/net/ipv6/conf/$2/disable_ipv6" <<< 1 > /dev/null ||
		die "IPv6 stays on $2 at $1"
	ipn "$1" link set "$2" up || die "$2 at $1 does not come up"
}

# wire A B [4|6|ll|ether] [MTU]: a veth pair, "to-B" in A and "to-A" in B, with
# addresses of IPv4, IPv6 or link-local IPv6, or with those of Ethernet alone
wire() {
	if [ "${3:-}" = ether ]; then
		ether_wire "$1" "$2" "${4:-1500}"
		return
	fi
	local a=$1 b=$2 mtu=${4:-1500} w=$((++wires)) len=64 flags=nodad
	case ${3:-4} in
	4) UL[$a,$b]=10.9.$w.1 UL[$b,$a]=10.9.$w.2 len=24 flags= ;;
	6) UL[$a,$b]=fd09:$w::1 UL[$b,$a]=fd09:$w::2 ;;
	ll) UL[$a,$b]=fe80::$w:1 UL[$b,$a]=fe80::$w:2 ;;
	esac
	ip link add "to-$b" mtu "$mtu" netns "$P$a" type veth \
		peer name "to-$a" mtu "$mtu" netns "$P$b" || die "no wire $a-$b"
	ipn "$a" -batch - <<-EOF || die "no addresses on wire $a-$b"
		addr add ${UL[$a,$b]}/$len dev to-$b $flags
		link set to-$b up
	EOF
	ipn "$b" -batch - <<-EOF || die "no addresses on wire $b-$a"
		addr add ${UL[$b,$a]}/$len dev to-$a $flags
		link set to-$a up
	EOF
}

# endpoint ADDRESS [PORT] [DEVICE]: as swctl wants it; an Ethernet link needs
# "interface DEVICE" as well, and "transport ethernet" when it is made
endpoint() {
	case $1 in
	fe80:*) echo "[$1%$3]:${2:-$PORT}" ;;
	02:00:*) echo "$1" ;;
	*:*) echo "[$1]:${2:-$PORT}" ;;
	*) echo "$1:${2:-$PORT}" ;;
	esac
}

# --- keys -----------------------------------------------------------------

CIPHER=chacha20-poly1305
indices=100

# key_file INDEX CIPHER: a file with the key that frames to INDEX are sealed
# with: the index, as a number as long as the key. Sets FILE.
key_file() {
	local digits=64
	[ "$2" != aes-128-gcm ] || digits=32
	FILE=$TMP/key-$1-$digits
	[ -e "$FILE" ] || (umask 077; printf "%0${digits}x" "$1" > "$FILE")
}

# add_key NODE OWNER... RX TX [ARGUMENT...]: OWNER is "link LABEL" or "peer
# KEY"; frames to this node carry index RX, from it TX
add_key() {
	local node=$1 kind=$2 owner=$3 rx=$4 tx=$5 rx_file
	shift 5
	key_file "$rx" "$CIPHER"
	rx_file=$FILE
	key_file "$tx" "$CIPHER"
	sw "$node" key add "$kind" "$owner" cipher "$CIPHER" rx-index "$rx" \
		tx-index "$tx" rx-key "$rx_file" tx-key "$FILE" "$@" > /dev/null ||
		die "no key $rx at $node"
}

# --- links and sessions ---------------------------------------------------

# LABEL[A,B] is A's label of its link to B. INDEX[A,B] is the receiver index of
# what A sends to B over the link, SESSION[A,B] that of the session.
declare -A LABEL INDEX SESSION

# Microseconds between probes of links, and of paths; empty is the default. Tests
# that count frames can do without.
PROBES=0

# half_link A B [ARGUMENT...]: A's end of a link over the wire to B
half_link() {
	local a=$1 b=$2
	shift 2
	LABEL[$a,$b]=$((NUM[$a] * 100 + NUM[$b]))
	case ${UL[$b,$a]} in
	02:00:*) set -- transport ethernet interface "to-$b" "$@" ;;
	esac
	sw "$a" link add label "${LABEL[$a,$b]}" neighbour "${KEY[$b]}" \
		remote "$(endpoint "${UL[$b,$a]}" $PORT "to-$b")" \
		${PROBES:+probe-busy} $PROBES "$@" > /dev/null ||
		die "no link $a-$b"
}

# set_link A B ARGUMENT...: A's end of its link to B
set_link() { sw "$1" link set label "${LABEL[$1,$2]}" "${@:3}"; }

# link_is A B FILTER: jq finds it true of A's end
link_is() {
	sw "$1" -j link show label "${LABEL[$1,$2]}" | jq -e ".[0] | $3"
}

# new_indices A B: for new keys of their link
new_indices() { INDEX[$1,$2]=$((++indices)) INDEX[$2,$1]=$((++indices)); }

# key_link A B [ARGUMENT...]: new keys at both ends
key_link() {
	local a=$1 b=$2
	shift 2
	new_indices "$a" "$b"
	add_key "$a" link "${LABEL[$a,$b]}" "${INDEX[$b,$a]}" "${INDEX[$a,$b]}" "$@"
	add_key "$b" link "${LABEL[$b,$a]}" "${INDEX[$a,$b]}" "${INDEX[$b,$a]}" "$@"
}

# link A B [seal full | header] [ARGUMENT...]: over their wire, with keys
link() {
	local a=$1 b=$2 seal=()
	shift 2
	if [ "${1:-}" = seal ]; then
		seal=("$1" "$2")
		shift 2
	fi
	half_link "$a" "$b" "$@"
	half_link "$b" "$a" "$@"
	key_link "$a" "$b" ${seal[@]+"${seal[@]}"}
}

# route_of A NODE...: sets ROUTE to "link LABEL labels L,L..." along the nodes
route_of() {
	local from=$1 next=$2 labels=
	ROUTE="link ${LABEL[$from,$next]}"
	shift
	while [ $# -gt 1 ]; do
		labels+=${labels:+,}${LABEL[$1,$2]}
		shift
	done
	ROUTE+=" labels ${labels:-none}"
}

# half_session A B [RELAY...]: A's peer B, and its path along the relays
half_session() {
	local a=$1 b=$2
	shift 2
	sw "$a" peer add "${KEY[$b]}" ${PROBES:+probe-interval} $PROBES > /dev/null ||
		die "no peer $a-$b"
	route_of "$a" "$@" "$b"
	# shellcheck disable=SC2086 # several arguments
	sw "$a" path add peer "${KEY[$b]}" $ROUTE > /dev/null ||
		die "no path $a-$b"
}

# key_session A B [ARGUMENT...]: new session keys at both ends
key_session() {
	local a=$1 b=$2
	shift 2
	SESSION[$a,$b]=$((++indices)) SESSION[$b,$a]=$((++indices))
	add_key "$a" peer "${KEY[$b]}" "${SESSION[$b,$a]}" "${SESSION[$a,$b]}" "$@"
	add_key "$b" peer "${KEY[$a]}" "${SESSION[$a,$b]}" "${SESSION[$b,$a]}" "$@"
}

# session A B [RELAY...]: peers, paths both ways along the relays, and keys;
# without a relay, over their link
session() {
	local a=$1 b=$2 back=() relay
	shift 2
	for relay; do back=("$relay" ${back[@]+"${back[@]}"}); done
	half_session "$a" "$b" "$@"
	half_session "$b" "$a" ${back[@]+"${back[@]}"}
	[ $# = 0 ] || key_session "$a" "$b"
}

# --- neighbours that a program plays ---

need_python() {
	/usr/bin/python3 -c 'import cryptography' 2> /dev/null ||
		skip_all "no python3-cryptography"
}

# played_link NODE AT LABEL PORT KEY [ARGUMENT...]: a link to what a program plays
# at PORT in AT; the arguments are the key's. Frames to the node carry the label and
# 1 as index, those from it the label and 2.
played_link() {
	sw "$1" link add label "$3" neighbour "$5" \
		remote "$(endpoint "${UL[$2,$1]}" "$4")" \
		probe-busy 0 > /dev/null || die "no link $3 at $1"
	add_key "$1" link "$3" "${3}1" "${3}2" "${@:6}"
}

# play NODE AT PROGRAM: takes over the results of the program that plays NODE's
# neighbours in AT
play() {
	export SWCTL SCALE NETNS=$P$1 R_UNDERLAY=${UL[$1,$2]}
	results_of at "$2" /usr/bin/python3 -B "$SELFTESTS/$3"
}

# wrap DRIVER: the kernel prefers an asynchronous driver for gcm(aes), which is this one
# in a wrapper, until "unwrap"; sets WRAPPER
wrap() {
	WRAPPER=
	coproc /usr/bin/python3 -B "$SELFTESTS/wrapper.py" "$1" 'gcm(aes)'
	spawned+=("$COPROC_PID")
	read -r -u "${COPROC[0]}" -t $((20 * SCALE)) WRAPPER
	[ -n "$WRAPPER" ]
}

# unwrap: the wrapper goes, if no key uses it any more
unwrap() {
	local fd=${COPROC[1]} pid=$COPROC_PID
	exec {fd}>&-
	wait "$pid"
}

# --- counters -------------------------------------------------------------

# STAT[NODE,NAME]: counters and drops, as of the last "stats"; DROPS: the names
# of the drops
declare -A STAT MARK
DROPS=()

# stats NODE...
stats() {
	local node name value
	for node; do
		sw "$node" -a stats > "$TMP/stats" || die "no counters of $node"
		DROPS=()
		while read -r name value; do
			case $value in
			''|*[!0-9]*) DROPS=() ;;	# a heading; drops come last
			*) STAT[$node,$name]=$value DROPS+=("$name") ;;
			esac
		done < "$TMP/stats"
	done
}

# mark NODE...: what "risen" measures from
mark() {
	local entry
	stats "$@"
	for entry in "${!STAT[@]}"; do
		MARK[$entry]=${STAT[$entry]}
	done
}

# risen NODE NAME: sets RISEN; since the last mark, up to the last stats
risen() { RISEN=$((${STAT[$1,$2]} - ${MARK[$1,$2]:-0})); }

# rises NODE NAME COUNT: has it risen by as much? For "check" and "wait_for".
rises() {
	stats "$1"
	risen "$1" "$2"
	[ "$RISEN" = "$3" ] || {
		echo "$1: $2 rose by $RISEN, not $3"
		return 1
	}
}

# drops_only NODE [NAME=COUNT]...: since the mark, these and no others
drops_only() {
	local node=$1 name bad=0
	local -A want
	shift
	for name; do want[${name%=*}]=${name#*=}; done
	stats "$node"
	for name in "${DROPS[@]}"; do
		risen "$node" "$name"
		[ "$RISEN" = "${want[$name]:-0}" ] && continue
		echo "$node: $name rose by $RISEN, not ${want[$name]:-0}"
		bad=1
	done
	return $bad
}

# no_drops NODE...: nothing dropped since the mark
no_drops() {
	local node bad=0
	for node; do drops_only "$node" || bad=1; done
	return $bad
}

# Drops of packets that the IP stack sent, and of others that may be on their way
# in or out; all else has been received.
SENT_DROPS=' no-peer no-path protocol segment miss-full miss-refused miss-timeout '
ANY_DROPS=' key-expired link-down too-big no-key loop no-route no-memory crypto '
ANY_DROPS+='upcall-rate upcall-full device-down '

# Counters of packets that end here, and of those that begin
TAKEN='delivered echo-in error-in proof-in control-in handshake-upcalls'
MADE='originated refused duplicated echo-out error-out proof-out control-sent
	handshakes-sent cookies-sent'

# balanced NODE: did all that came or was made go on, in, or nowhere for a reason?
# Nothing may be on its way meanwhile. What came alone is known as well as the
# reasons tell.
balanced() {
	local node=$1 name came made gone received=0 any=0 drops=0
	stats "$node"
	for name in "${DROPS[@]}"; do
		# That is of messages, whose packets were taken.
		[ "$name" != control-timeout ] || continue
		drops=$((drops + ${STAT[$node,$name]}))
		case $SENT_DROPS$ANY_DROPS in
		*" $name "*"$ANY_DROPS") ;;
		*" $name "*) any=$((any + ${STAT[$node,$name]})) ;;
		*) received=$((received + ${STAT[$node,$name]})) ;;
		esac
	done
	came=${STAT[$node,rx-frames]}
	for name in forwarded $TAKEN; do
		received=$((received + ${STAT[$node,$name]}))
	done
	made=0
	for name in $MADE; do
		made=$((made + ${STAT[$node,$name]}))
	done
	gone=$((drops + ${STAT[$node,tx-frames]}))
	for name in $TAKEN; do
		gone=$((gone + ${STAT[$node,$name]}))
	done
	echo "$node: $came came in, of which $received to $((received + any)) ended;" \
		"$((came + made)) came in or were made, $gone ended"
	((came + made == gone && received <= came && came <= received + any))
}

# adds_up NODE...: the counters of each do, once it is at rest
adds_up() {
	local node
	for node; do
		if wait_for 3 balanced "$node"; then
			ok "$node: the counters add up"
		else
			fail "$node: the counters add up" "$(balanced "$node")"
		fi
	done
}

# key_field NODE INDEX WORD: what follows WORD in "key show"; sets FIELD
key_field() {
	local words
	FIELD=
	# shellcheck disable=SC2207 # words are what is wanted
	words=($(sw "$1" key show rx-index "$2")) || return 1
	word_after "$3" "${words[@]}"
}

# word_after WORD TEXT...: sets FIELD to the word after WORD
word_after() {
	local word=$1
	FIELD=
	shift
	while [ $# -gt 1 ]; do
		[ "$1" != "$word" ] || { FIELD=$2; return 0; }
		shift
	done
	return 1
}

# --- daemons --------------------------------------------------------------

SWD=${SWD:-$(dirname "$(command -v "$SWCTL")")/swd}

# DAEMON[NODE]: process of its daemon
declare -A DAEMON=()

need_daemon() { [ -x "$SWD" ] || skip_all "no swd"; }

# swd_config NODE < TEXT: what is said beside identity, port and files; [Interface]
# has begun
swd_config() {
	local node=$1
	printf '%064x\n' "${NUM[$node]}" > "$TMP/$node.key"
	chmod 600 "$TMP/$node.key"
	{
		printf '[Interface]\nListenPort = %d\n' $PORT
		printf 'Identity = %s\nState = %s\n' "$TMP/$node.key" "$TMP/$node.state"
		printf 'Control = %s\n' "$TMP/$node.sock"
		cat
	} > "$TMP/$node.conf"
}

# What says that no beacon tells of anybody
# shellcheck disable=SC2034 # for tests
NO_BEACONS='[Discovery]
Ethernet = none
Multicast = none'

# swd_peer NODE OTHER: the section by which NODE has OTHER's key and address; more may
# follow
swd_peer() {
	printf '[Peer]\nPublicKey = %s\nEndpoint = %s\n' "${KEY[$2]}" \
		"$(endpoint "${UL[$2,$1]}")"
}

# swd_start NODE: in its namespace, by its configuration
swd_start() {
	spawn_in "$1" "$SWD" -v -c "$TMP/$1.conf" sw0 2>> "$TMP/$1.log"
	DAEMON[$1]=$!
	wait_for 30 grep -q 'running$' "$TMP/$1.log" ||
		die "no daemon at $1: $(cat "$TMP/$1.log")"
}

# daemon_alive NODE OTHER: has NODE a link with it that is alive?
daemon_alive() {
	sw "$1" -j link show | jq -e --arg key "${KEY[$2]}" \
		'[.[] | select(.neighbour == $key and .liveness == "alive")] | length > 0'
}

# calm NODE: its links are not found dead because a slow guest has paused
calm() {
	local label
	for label in $(sw "$1" -j link show | jq '.[].label'); do
		sw "$1" link set label "$label" probe-busy 250000 ||
			die "no slower probes at $1"
	done
}

# swd_stop NODE [SIGNAL]
swd_stop() {
	stop "${DAEMON[$1]}" "${2:-TERM}"
	unset "DAEMON[$1]"
	sed -i 's/running$/& before/' "$TMP/$1.log"
}

# daemons_end: those that run, with nothing lost, and nothing found by what may watch
# them
daemons_end() {
	local node pid rc=0
	for node in "${!DAEMON[@]}"; do
		pid=${DAEMON[$node]}
		kill -CONT "$pid"
		kill "$pid"
		wait_for 20 eval "! kill -0 $pid" || { echo "$node goes on"; rc=1; continue; }
		wait "$pid" || { echo "$node: status $?"; rc=1; }
	done
	! grep -hE -A 20 'Sanitizer|runtime error' "$TMP"/*.log && return $rc
}

# swd_killed NODE FROM TO: NODE's daemon is killed, and another one started; no
# packet of a ping is lost meanwhile
swd_killed() {
	local pid file=$TMP/$1.ping
	spawn_in "$2" ping -n -i 0.05 "${ADDR[$3]:-$3}" > "$file" 2>&1
	pid=$!
	wait_for 5 grep -q icmp_seq=5 "$file"
	swd_stop "$1" KILL
	nap 1
	swd_start "$1"
	nap $((7 * SCALE))
	stop $pid INT
	no_gaps "$file"
}

# swd_log NODE...: and what the nodes have, with the results
swd_log() {
	local node
	for node; do
		sed "s/^/# $node: /" "$TMP/$node.log"
		sw "$node" show | sed "s/^/# $node: /"
	done
}

# --- traffic --------------------------------------------------------------

# pings A B [COUNT] [ARGUMENT...]: every one is answered
pings() {
	local count=${3:-2}
	# All at once: for the last answer ping waits no longer than an interval, or
	# twice the longest round trip. With a deadline it would send more.
	at "$1" ping -n -c "$count" -l "$count" -i 1 -W $((2 * SCALE)) "${@:4}" \
		"${ADDR[$2]:-$2}" > "$TMP/ping" 2>&1
	cat "$TMP/ping"
	grep -q " $count received" "$TMP/ping"
}

# no_gaps FILE: what ping printed, from the first packet to when it was stopped, and
# the last answers may have been on their way: all others have come
no_gaps() {
	awk '/ bytes from .*icmp_seq=/ {
		sub(/.*icmp_seq=/, "")
		if (!seen[$1 + 0]++)
			count++
		if ($1 + 0 > last)
			last = $1 + 0
	}
	/ packets transmitted/ { sent = $1 }
	END {
		print sent " sent, " count " answered, the last one " last
		exit !count || last != count || sent - last > 5
	}' "$1"
}

# one_ping A B [ARGUMENT...]: does not wait for long
one_ping() { at "$1" ping -q -c 1 -W 1 "${@:3}" "${ADDR[$2]}"; }

# listens PID PORT: does anything in the process's namespace, TCP or UDP? By
# bash alone, because this is asked again and again.
listens() {
	local line port table
	printf -v port ':%04X ' "$2"
	for table in tcp tcp6 udp udp6; do
		while read -r line; do
			case $line in
			*"$port"*:0000\ 0A\ *|*"$port"*:0000\ 07\ *) return 0 ;;
			esac
		done < "/proc/$1/net/$table"
	done
	return 1
}

# random_file FILE BYTES
random_file() { head -c "$2" /dev/urandom > "$1"; }

# transfer A B PORT [BYTES] [ADDRESS]: a file over TCP, content compared
transfer() {
	local a=$1 b=$2 port=$3 size=${4:-100000} addr=${5:-${ADDR[$2]}} sink
	case $addr in *:*) addr="[$addr]" ;; esac
	random_file "$TMP/sent" "$size"
	rm -f "$TMP/got"
	spawn_in "$b" socat -u -T $((5 * SCALE)) \
		"TCP6-LISTEN:$port,ipv6only=0,reuseaddr" "CREATE:$TMP/got"
	sink=$!
	wait_for 5 listens $sink "$port" || { echo "nobody listens"; return 1; }
	at "$a" timeout $((10 * SCALE)) socat -u "OPEN:$TMP/sent" "TCP:$addr:$port" ||
		{ stop $sink; return 1; }
	wait $sink
	cmp "$TMP/sent" "$TMP/got"
}

# capture NODE DEVICE FILE [ARGUMENT...]: tcpdump, in force on return; sets
# CAPTURE for stop_capture
capture() {
	local log=$3.log
	spawn_in "$1" tcpdump -i "$2" -U -n --immediate-mode -w "$3" "${@:4}" 2> "$log"
	CAPTURE=$!
	wait_for 10 grep -q 'listening on' "$log" || die "no capture at $1"
}

stop_capture() { stop "$CAPTURE" INT; }

# --- the module, for tests that run alone -----------------------------------

KO=${SKYWIRE_KO:-$TOP/build/$(uname -r)/kernel/skywire.ko}

# load_module [PARAMETER]...: it tells of its objects in the kernel's log
load_module() {
	if [ -e "$KO" ]; then
		insmod "$KO" dyndbg=+p "$@"
	else
		modprobe skywire dyndbg=+p "$@"
	fi
}

# In time: what waits for a reference waits for ever.
unload_module() { timeout -k 1 $((30 * SCALE)) rmmod skywire; }

# --- start ----------------------------------------------------------------

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP not root"
	rm -rf "$TMP"
	exit 4
fi
trap finish EXIT
trap 'exit 143' INT TERM HUP
echo "TAP version 13"
[ -d /sys/module/skywire ] || skip_all "skywire is not loaded"
