#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Paths from a file, and from a program: a node whose ways are nobody's business
# but its administrator's.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

need_daemon
name_node A R B
netns A R B
for node in A R B; do ipn $node link set lo up; done
wire A R
wire R B

# peer NODE OTHER LABEL
peer() {
	swd_peer "$1" "$2"
	echo "Label = $3"
}

{ echo "$NO_BEACONS"; peer R A 21; peer R B 23; } | swd_config R
{
	printf '%s\n[Routing]\nAlgorithm = static\nPaths = %s\n' "$NO_BEACONS" "$TMP/paths"
	peer A R 12
} | swd_config A
{
	printf '%s\n[Routing]\nAlgorithm = exec\nPaths = %s\n' "$NO_BEACONS" "$TMP/program"
	peer B R 32
} | swd_config B
# One relay at most, and the first that does
cat > "$TMP/program" <<-"EOF"
	#!/bin/sh
	exec jq -c '. as $map | {paths: (.targets | map({(.): (. as $to |
		[$map.nodes[] | select(.key == $map.self).links[] as $first |
		 $map.nodes[] | select(.key == $first.to).links[] |
		 select(.to == $to) | {link: $first.label, labels: [.label]}][:1])}) |
		add // {})}'
EOF
chmod +x "$TMP/program"
echo "path ${KEY[B]} link 12 labels 23" > "$TMP/paths"
for node in A R B; do swd_start $node; done

routes() { sw "$1" -j route "${KEY[$2]}" socket "$TMP/$1.sock" | jq -c '[.[] | [.link] + .labels]'; }
has_routes() { [ "$(routes "$1" "$2")" = "$3" ]; }
check "links come up" wait_for 15 daemon_alive A R
check "both" wait_for 15 daemon_alive B R
for node in A R B; do calm $node; done
knows_all() { [ "$(sw "$1" -j status socket "$TMP/$1.sock" | jq .nodes)" = 3 ]; }
check "B knows all nodes" wait_for 20 knows_all B
nap 2
check "the first packet waits until a program has found the way" pings B A 1
is "which is that" "$(routes B A)" '[[32,21]]'
echo "path ${KEY[B]} link 12 labels 99" > "$TMP/paths"
check "another file" sw A reload socket "$TMP/A.sock"
is "a file's path is taken as it is" "$(routes A B)" '[[12,99]]'
refuse "and packets take it, to nowhere" pings A B 1

echo "path ${KEY[B]} link" > "$TMP/paths"
refuse_with "a mistake in the file" "$TMP/paths" sw A reload socket "$TMP/A.sock"
is "the old paths stay" "$(routes A B)" '[[12,99]]'
echo "path ${KEY[B]} link 12 labels 23" > "$TMP/paths"
check "the file is read anew" sw A reload socket "$TMP/A.sock"
is "its paths are in force" "$(routes A B)" '[[12,23]]'
check "packets go by them" wait_for 20 pings A B 1
check "and back by the program's" pings B A

[ $failures = 0 ] || swd_log A R B
