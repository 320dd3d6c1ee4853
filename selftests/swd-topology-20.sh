#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# swd-topology.sh, with twenty nodes.
# Counts instructions: their machines are not one, and no node waits for others.
NODES=20 exec "$(dirname "$0")/swd-topology.sh"
