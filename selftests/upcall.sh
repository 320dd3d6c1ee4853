#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Messages to a daemon, and from it: upcall.py plays the daemons of A, R and B,
# R's neighbours X and Y, and who floods R. Then all goes while queues are full.
# Runs alone: it unloads the module.
#
# UPCALL_TESTS names some of upcall.py's tests, and "end" what comes after them.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python
[ -x "$OUTPUT/flood" ] || skip_all "no flood"

node A R B
netns L
name_node X Y
wire A R
wire R B 6
wire A B ether
wire L R
link A R
link R B
session A B R
played_link R L 50 5000 "${KEY[X]}"
played_link R L 60 5001 "${KEY[Y]}"
# A crowd, who together have more messages under way than R has room for
for ((i = 300; i < 365; i++)); do played_link R L $i 5002 "${KEY[Y]}"; done

# What floods come from, and what can be reached behind B
ipn R route add 198.18.0.0/15 via "${UL[L,R]}"
SW_UP="ip link set sw0 up
ip addr replace ${ADDR[A]}/128 dev sw0
ip addr replace 10.78.0.1/32 dev sw0
ip route replace fc00::/8 dev sw0
ip route replace 10.77.0.0/24 dev sw0 src 10.78.0.1"
at A sh -c "$SW_UP"
ipn B addr add 10.77.0.1/32 dev sw0
sw B prefix add 10.78.0.0/24 peer "${KEY[A]}"

export PREFIX=$P PORT SWCTL SCALE OUTPUT SW_UP
for name in A R B X; do
	export "KEY_$name=${KEY[$name]}" "ADDR_$name=${ADDR[$name]}"
done
for pair in A,R R,A R,B B,R; do
	export "LABEL_${pair/,/_}=${LABEL[$pair]}"
done
for pair in "${!UL[@]}"; do
	export "UL_${pair/,/_}=${UL[$pair]}"
done

# shellcheck disable=SC2086 # names of tests
results_of at L /usr/bin/python3 -B "$SELFTESTS/upcall.py" ${UPCALL_TESTS:-}
adds_up A R B
case ${UPCALL_TESTS:-end} in *end*) ;; *) exit ;; esac

# --- the end, with queues full ----------------------------------------------

# Whatever becomes of the tests, those after this one find the module loaded.
cleanup() { [ -d /sys/module/skywire ] || load_module numdevs=1; }

# held NODE CLASS...: bound by a process that never reads; sets HELD
held() {
	: > "$TMP/held"
	/usr/bin/python3 -B "$SELFTESTS/upcall.py" hold "$@" > "$TMP/held" &
	HELD=$!
	spawned+=("$HELD")
	wait_for 20 grep -q bound "$TMP/held" || die "nobody is bound"
}

# grows NODE NAME: has it risen since the mark?
grows() {
	stats "$1"
	risen "$1" "$2"
	[ "$RISEN" -gt 0 ]
}

# full NODE: packets wait for as many destinations as may
full() {
	mark "$1"
	at "$1" "$OUTPUT/flood" miss 300 > /dev/null
	grows "$1" miss-full
}

# sw_up NODE: with the address that its identity has, and the route
sw_up() {
	ipn "$1" -batch - <<-EOF
		addr replace ${ADDR[$1]}/128 dev sw0
		link set sw0 up
		route replace fc00::/8 dev sw0
	EOF
}

name_node C
netns C
ipn C link set lo up
ipn C link add sw0 type skywire
sw_up C
held C MISS
check "packets wait" full C
check "the device goes down under them" ipn C link set sw0 down
stats C
risen C miss-timeout	# on a slow kernel
late=$RISEN
risen C device-down
holds "none of them is forgotten" "RISEN + late >= 60" "$RISEN, $late"
sw_up C
nap 1
check "packets wait again" full C
check "the device is deleted under them" timeout $((20 * SCALE)) ip -n "${P}C" link del sw0
stop "$HELD"

ipn C link add sw0 type skywire
sw_up C
held C MISS
check "packets wait once more" full C
# The socket would keep the namespace.
stop "$HELD" KILL
check "the namespace goes under them" ip netns del "${P}C"
unset 'namespaces[-1]'

held A MISS
busy=("$HELD")
held R HANDSHAKE CONTROL
busy+=("$HELD")
spawn_in L /usr/bin/python3 -B "$SELFTESTS/upcall.py" endless
busy+=($!)
mac1=$(/usr/bin/python3 -B "$SELFTESTS/upcall.py" mac1 R)
spawn_in L "$OUTPUT/flood" marked "${UL[R,L]}" $PORT 10000000 "$mac1" > /dev/null
busy+=($!)
mark R
check "fragments wait at R" wait_for 20 grows R control-full
check "packets wait at A" full A
check "the module is unloaded under all that" unload_module
for pid in "${busy[@]}"; do stop "$pid" KILL; done
check "and loaded again" load_module
