#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which path a flow takes, and which peer an address belongs to: paths.py plays
# three first relays of R, and the peers E and F behind them.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python

netns X
node R
name_node X Y Z E F
wire X R
played_link R X 10 5000 "${KEY[X]}"
played_link R X 20 5001 "${KEY[Y]}"
played_link R X 30 5002 "${KEY[Z]}"
for peer in E F; do sw R peer add "${KEY[$peer]}" probe-interval 0; done
sw R path add peer "${KEY[E]}" link 10 labels 7 weight 1 > /dev/null
sw R path add peer "${KEY[E]}" link 20 labels 8 weight 3 > /dev/null
sw R path add peer "${KEY[F]}" link 30 labels 9 > /dev/null
add_key R peer "${KEY[E]}" 401 402
add_key R peer "${KEY[F]}" 501 502
ipn R -batch - <<-EOF
	route add 198.18.0.0/15 dev sw0
	route add 2001:db8::/32 dev sw0
	addr add 198.51.100.1/32 dev sw0
EOF

export R_ADDR=${ADDR[R]} E_ADDR=${ADDR[E]} F_ADDR=${ADDR[F]}
export E_KEY=${KEY[E]} F_KEY=${KEY[F]}
play R X paths.py
