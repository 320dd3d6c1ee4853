#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# spatch.sh RULE: what one of the kernel's semantic patches has to say of the module
cd "$(dirname "$0")/.." || exit 1
exec spatch -D report --no-show-diff --very-quiet --cocci-file "$1" \
	kernel/*.c kernel/test/*.c 2>&1
