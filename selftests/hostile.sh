#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A relay among neighbours that are not what they should be: hostile.py plays
# X and Y. It has a second link to X, and a session with E, behind X.
#
# SEED  of what is random, which is the same for the same seed
# Runs alone: its floods take the CPU from whoever measures time.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python

netns X
node R
name_node X Y E
wire X R
played_link R X 10 5000 "${KEY[X]}"
played_link R X 20 5001 "${KEY[Y]}"
played_link R X 30 5002 "${KEY[X]}"
sw R peer add "${KEY[X]}" probe-interval 0
sw R path add peer "${KEY[X]}" link 10 > /dev/null
sw R peer add "${KEY[E]}" probe-interval 0
sw R path add peer "${KEY[E]}" link 10 labels 7 postage-base 1000 > /dev/null
add_key R peer "${KEY[E]}" 401 402
sw R prefix add 192.0.2.0/24 peer "${KEY[E]}"

export OUTPUT SEED=${SEED:-$RANDOM}
export R_ADDR=${ADDR[R]} X_ADDR=${ADDR[X]} E_ADDR=${ADDR[E]}
play R X hostile.py
adds_up R
