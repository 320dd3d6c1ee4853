#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random netlink requests: as root, to a relay, which works again afterwards; as
# an unprivileged user who is root in a user namespace of its own; and as one who
# is not.
#
# SEED  of the requests, which are the same for the same seed
# NOISE number of requests of each of the first two kinds
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

SEED=${SEED:-$RANDOM$RANDOM}
NOISE=${NOISE:-$((SCALE > 1 ? 10000 : 100000))}
diag "seed $SEED"

node a r b
for peer in a b; do
	wire $peer r
	link $peer r
done
session a b r
check "packets are passed on" pings a b

netns=/run/netns/${P}r
ipn r link add sw1 type skywire
results_of "$OUTPUT/noise" "$SEED" "$NOISE" "$netns"
results_of "$OUTPUT/noise" "$SEED" 1000 "+$netns"

ipn r link del sw1
# Whatever has become of its identity, port and mark
sw r dev set identity "${KEY[r]}" port $PORT fwmark 0
for peer in a b; do
	half_link r $peer
	key_link $peer r
done
check "the relay works again" pings a b
results_of "$OUTPUT/noise" $((SEED + 1)) "$NOISE" -
check "and goes on" pings a b
adds_up a r b
