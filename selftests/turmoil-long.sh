#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# turmoil.sh, a hundred times each.
# Runs alone: it unloads the module.
ROUNDS=100 exec "$(dirname "$0")/turmoil.sh"
