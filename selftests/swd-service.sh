#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a daemon may, who may ask it, and what it tells whoever has started it.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A
netns A
ipn A link set lo up
swd_config A <<< "$NO_BEACONS"

# capabilities PID WHICH: as a number
capabilities() { echo $((16#$(sed -n "s/^$2:\\t//p" "/proc/$1/status"))); }
NET_ADMIN=$((1 << 12))

# Ready is what it says when it is.
spawn socat -u "UNIX-RECV:$TMP/notify" "CREATE:$TMP/told"
wait_for 5 test -S "$TMP/notify"
export NOTIFY_SOCKET=$TMP/notify
swd_start A
unset NOTIFY_SOCKET
check "it tells that it is ready" wait_for 5 grep -q READY=1 "$TMP/told"
pid=${DAEMON[A]}
is "it keeps CAP_NET_ADMIN" "$(capabilities "$pid" CapEff)" $NET_ADMIN
is "and can get no other" "$(capabilities "$pid" CapPrm)" $NET_ADMIN
is "nor can what it starts" "$(capabilities "$pid" CapBnd)" 0
is "only root may ask it" "$(stat -c '%a %U' "$TMP/A.sock")" "600 root"
refuse "a second one does not take the device" timeout 20 nsenter --net="/run/netns/${P}A" -- \
	"$SWD" -c "$TMP/A.conf" sw0
check "nor the socket" sw A status socket "$TMP/A.sock"
swd_stop A

# With a group of that name, in a file of this test's own
printf 'root:x:0:\nskywire:x:4711:\n' > "$TMP/group"
# shellcheck disable=SC2016 # for that one
spawn_in A unshare -m bash -c 'mount --bind "$1" /etc/group && exec "${@:2}"' - \
	"$TMP/group" "$SWD" -c "$TMP/A.conf" -v sw0 2>> "$TMP/A.log"
DAEMON[A]=$!
check "it starts" wait_for 20 grep -q 'running$' "$TMP/A.log"
is "the group may ask as well" "$(stat -c '%a %u %g' "$TMP/A.sock")" "660 0 4711"
asks() { setpriv --reuid 65534 --regid "$1" --clear-groups "$SWCTL" status socket "$TMP/A.sock"; }
chmod 755 "$TMP"
check "who is in it is answered" asks 4711
refuse "who is not is not" asks 65534
swd_stop A

# Not root, with what it needs and no more
mkdir "$TMP/own"
cp "$TMP/A.key" "$TMP/own/key"
cat > "$TMP/own/conf" <<-EOF
	[Interface]
	Identity = $TMP/own/key
	State = $TMP/own/state
	Control = $TMP/own/sock
EOF
chown -R 65534:65534 "$TMP/own"
spawn_in A setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=+net_admin,+net_raw \
	--ambient-caps=+net_admin,+net_raw --bounding-set=-all,+net_admin,+net_raw \
	"$SWD" -c "$TMP/own/conf" -v sw0 2> "$TMP/A.log"
DAEMON[A]=$!
check "it starts without root" wait_for 20 grep -q 'running$' "$TMP/A.log"
pid=${DAEMON[A]}
is "as who it was" "$(stat -c %u "/proc/$pid")" 65534
is "with CAP_NET_ADMIN alone" "$(capabilities "$pid" CapPrm)" $NET_ADMIN
is "and nothing for what it starts" "$(capabilities "$pid" CapAmb)" 0
refuse "it complains of no capabilities" grep -q capabilities "$TMP/A.log"
check "it answers" sw A status socket "$TMP/own/sock"

# Files that are there and cannot be read are not none.
mkdir -m 700 "$TMP/closed"
: > "$TMP/closed/conf"
refuse_with "a configuration that may not be read" "Permission denied" setpriv --reuid 65534 \
	--regid 65534 --clear-groups "$SWD" --check -c "$TMP/closed/conf"
printf '[Peer]\nPublicKey = %s\nPresharedKeyFile = /none\n' "${KEY[A]}" > "$TMP/bad"
refuse_with "a secret that is not there" "/none" "$SWD" --check -c "$TMP/bad"

[ $failures = 0 ] || swd_log A
