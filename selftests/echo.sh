#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a node makes of ECHO, ERROR and sessions' own echo, true and forged:
# echo.py plays its neighbours X, Y and W, and E behind X and Y.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_python

netns X
node R
name_node X Y W E
wire X R
played_link R X 10 5000 "${KEY[X]}"
played_link R X 20 5001 "${KEY[Y]}"
played_link R X 40 5002 "${KEY[W]}"
# With probes their number depends on time.
sw R peer add "${KEY[E]}" probe-interval 0
sw R path add peer "${KEY[E]}" link 10 labels 7 postage-base 1000 > /dev/null
sw R path add peer "${KEY[E]}" link 20 labels 8,9 preference 1 > /dev/null
add_key R peer "${KEY[E]}" 601 602

export R_ADDR=${ADDR[R]} E_ADDR=${ADDR[E]} E_KEY=${KEY[E]}
play R X echo.py
adds_up R
