#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All ciphers, by synchronous and asynchronous drivers; the lives of keys.
# Runs alone: it changes what driver the kernel prefers for a cipher.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

# What udev would have loaded for the CPU
modprobe -q aesni_intel

node A R B
wire A R 4
wire R B 6
link A R
link R B
session A B R
session A R

rekey() {
	key_link A R
	key_link R B
	key_session A B
}

is_word() { [ "$FIELD" = "$1" ] || { echo "'$FIELD', not '$1'"; return 1; }; }
driver_is() {
	key_field "$1" "$2" driver && is_word "$3"
}

works() {
	mark A R B
	pings A B 3 && transfer A B 7000 40000 && transfer B A 7001 40000 &&
		no_drops A R B
}

# cipher NAME: with whatever driver the kernel prefers
cipher() {
	CIPHER=$1
	rekey
	# shellcheck disable=SC2153 # of lib.sh
	key_field A "${INDEX[R,A]}" driver
	driver=$FIELD
	check "$CIPHER by $driver" works
}

# wrapped: the same cipher by an asynchronous driver, which is the plain one in a
# wrapper
wrapped() {
	if ! wrap "$driver"; then
		skip "$CIPHER, asynchronous" "no wrapper of $driver"
		return
	fi
	rekey
	check "$CIPHER by $WRAPPER" works
	check "$CIPHER: the driver of a link's key" driver_is R "${INDEX[A,R]}" "$WRAPPER"
	check "$CIPHER: and of a session's" driver_is B "${SESSION[A,B]}" "$WRAPPER"
	for node in A R B; do
		risen $node async-crypts
		holds "$CIPHER: asynchronous at $node" "RISEN > 10" "$RISEN"
	done
	delete_keys
	check "$CIPHER: nothing holds the driver" unwrap
}

# All of them: older ones are previous ones.
delete_keys() {
	local node word index
	for node in A R B; do
		while read -r word index _; do
			[ "$word" != key ] || sw $node key del rx-index "$index"
		done < <(sw $node key show)
	done
}

for name in chacha20-poly1305 aes-256-gcm aes-128-gcm; do
	cipher $name
	case $name in
	aes*) wrapped ;;
	esac
done
CIPHER=chacha20-poly1305

# --- the lives of keys ---

slot_is() { key_field "$1" "$2" slot && is_word "$3"; }
no_key() { ! sw "$1" key show rx-index "$2"; }
soft_expired() { sw "$1" key show rx-index "$2" | grep soft-expired; }
rx_frames_are() {
	key_field "$1" "$2" rx && is_word "$3"
}

# responder_first A B: new keys of their link, those of the responder B before
# those of the initiator A
responder_first() {
	local a=$1 b=$2
	OLD=${INDEX[$a,$b]} OLD_BACK=${INDEX[$b,$a]}
	new_indices "$a" "$b"
	add_key "$b" link "${LABEL[$b,$a]}" "${INDEX[$a,$b]}" "${INDEX[$b,$a]}" role responder
	add_key "$a" link "${LABEL[$a,$b]}" "${INDEX[$b,$a]}" "${INDEX[$a,$b]}" role initiator
}

delete_keys
rekey
mark A R B
pings A R 1 > /dev/null
responder_first A R
check "the responder's key is the next one" slot_is R "${INDEX[A,R]}" next
check "the responder's old key is in use" slot_is R "$OLD" current
check "the initiator's key is in use" slot_is A "${INDEX[R,A]}" current
check "the initiator's old key is the previous one" slot_is A "$OLD_BACK" previous
key_field A "$OLD_BACK" rx
before=$FIELD
# R's request goes under the old key, A's answer under the new one.
check "a ping under old and new key" pings R A 1
check "the previous key was accepted" rx_frames_are A "$OLD_BACK" $((before + 1))
check "the responder's key is in use" slot_is R "${INDEX[A,R]}" current
check "its old key is the previous one" slot_is R "$OLD" previous
responder_first A R
check "a third key" pings A R 1
check "the oldest key is gone" wait_for 3 no_key R "$OLD_BACK"
check "nothing dropped" no_drops A R B

# confirmed A B: new keys of their link, which a frame has confirmed at B
confirmed() {
	responder_first "$1" "$2"
	wait_for 5 slot_is "$2" "${INDEX[$1,$2]}" current
}

# A ping that is lost is a frame that nobody could open.
under_traffic() {
	spawn_in A ping -n -i 0.03 "${ADDR[B]}" > "$TMP/flood" 2>&1
	local ping=$!
	wait_for 5 grep -q icmp_seq=3 "$TMP/flood" || return
	for _ in 1 2 3; do
		confirmed A R || return
		confirmed B R || return
	done
	stop $ping INT
	tail -n 3 "$TMP/flood"
	no_gaps "$TMP/flood"
}

mark A R B
check "links rekeyed under traffic" under_traffic
check "and nothing dropped by that" no_drops A R B

mark A R
add_key R link "${LABEL[R,A]}" 9001 9002 hard-frames 4
add_key A link "${LABEL[A,R]}" 9002 9001 hard-frames 4 soft-frames 2
pings A R 1 > /dev/null
refuse "no soft limit yet" soft_expired A 9002
pings A R 6 > /dev/null
check "soft limit of frames" wait_for 3 soft_expired A 9002
check "hard limit of frames: four were sent" rises R rx-frames 4
check "and three were not: the key, and so the path, is of no use" drops_only A no-path=3

mark A R
add_key R link "${LABEL[R,A]}" 9003 9004
add_key A link "${LABEL[A,R]}" 9004 9003 hard-time $((5 * SCALE)) soft-time 1
check "a key for some seconds" pings A R 1
check "soft limit of time" wait_for 3 soft_expired A 9004
check "hard limit of time" wait_for 6 no_key A 9004
refuse "and no traffic after it" pings A R 1
check "for want of a key" rises A no-path 1
check "a successor" key_link A R
check "is enough" pings A R 2
