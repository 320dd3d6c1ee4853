#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations that fail: each one that a request makes, one at a time; and those of
# the module alone, now and then, under traffic and random requests. The kernel must
# be one that can inject faults.
# Runs alone: it unloads the module, and others' allocations would fail.
#
# SEED  of the random requests
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

fail=/sys/kernel/debug/failslab
[ -e $fail ] || mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null
if ! [ -e $fail/require-start ] || ! [ -e /proc/self/fail-nth ]; then
	skip_all "the kernel cannot inject faults into the module"
fi
pages=/sys/kernel/debug/fail_page_alloc

set_fault() {
	local dir
	for dir in $fail $pages; do echo "$2" > "$dir/$1" || return; done
}
no_faults() { set_fault probability 0; }
cleanup() { no_faults; [ -d /sys/module/skywire ] || load_module numdevs=1; }

# What a mere wait would mend does not fail by itself; here it does.
echo N > $fail/ignore-gfp-wait
echo N > $pages/ignore-gfp-wait
echo N > $pages/ignore-gfp-highmem
echo 0 > $pages/min-order
check "faults can be set" set_fault verbose 0

check "unload" unload_module
check "the log can be followed" watch_log "$TMP/log"
check "load" load_module numdevs=0
results_of "$OUTPUT/faults"

node a r b
for peer in a b; do
	wire $peer r
	link $peer r
done
session a b r
check "packets are passed on" pings a b
netns n
printf 'link add sw%d type skywire\n' 0 1 | ipn n -batch -
ipn n link set sw0 up

# Where the module's text is in the stack, one in twenty fails.
read -r _ size _ _ _ start _ < <(grep '^skywire ' /proc/modules)
check "as many as there can be" set_fault times 1000000000
check "deep in the stack" set_fault stacktrace-depth 32
check "from where the module begins" set_fault require-start "$start"
check "to where it ends" set_fault require-end "$(printf %#x $((start + size)))"
check "the module's allocations fail" set_fault probability 5
SEED=${SEED:-$RANDOM}
diag "seed $SEED"
spawn_in a ping -q -i 0.02 "${ADDR[b]}" > /dev/null 2>&1
flooder=$!
# What it finds now may be wrong: what it asks may fail.
"$OUTPUT/noise" "$SEED" $((20000 / SCALE)) "/run/netns/${P}n" > "$TMP/noise" 2>&1
seen=$(($(cat $fail/times) + $(cat $pages/times)))
no_faults
stop $flooder
holds "and there were many" "2000000000 - $seen > 100" "$((2000000000 - seen))"
starved=$(sed -n 's/ failed for want of memory$//p' "$TMP/noise")
holds "which who asked was told of" "${starved:-0} > 20" "$(cat "$TMP/noise")"
results_of "$OUTPUT/noise" "$SEED" 0 "/run/netns/${P}n"
check "packets are passed on after all" wait_for 10 pings a b
adds_up a r b
check "unload again" unload_module
check "the log is complete" unwatch_log "$TMP/log"
check "what was created was destroyed" all_destroyed "$TMP/log" \
	module device link peer path prefix key
sed 's/^/# /' "$TMP/check"
