# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the module's objects leave in the kernel's log. To be sourced by who loads the
# module with dyndbg=+p; a build with DEBUG needs no such parameter.

spawned=()

# mark_log TEXT FILE: a line of it in the log, and so in FILE, which follows that
mark_log() {
	local i
	echo "skywire: log $1 $$" > /dev/kmsg
	for ((i = 0; i < 200 * ${SCALE:-1}; i++)); do
		! grep -q "skywire: log $1 $$" "$2" || return 0
		sleep 0.05
	done
	return 1
}

# watch_log FILE: follow the log. Where that is written faster than it can be read,
# this ends, which unwatch_log finds.
watch_log() {
	cat /dev/kmsg > "$1" 2> /dev/null &
	LOG_WATCH=$!
	spawned+=($!)
	# No job: who waits for all of those does not wait for this.
	disown
	mark_log begin "$1"
}

# unwatch_log FILE: what came meanwhile, and all of it, is in FILE now
unwatch_log() {
	mark_log end "$1" || { echo "the log was not followed to its end"; return 1; }
	kill "$LOG_WATCH"
	sed -i "/skywire: log begin $$/,/skywire: log end $$/!d" "$1"
}

# all_destroyed FILE KIND...: of each kind objects were created; and what was created
# was destroyed, once, before anything else had its place
all_destroyed() {
	awk -v kinds="${*:2}" '
		match($0, /skywire: [a-z]+ [0-9a-fx]+ (created|destroyed)/) {
			split(substr($0, RSTART, RLENGTH), word, " ")
			object = word[2] " " word[3]
			made = word[4] == "created"
			if (made == live[object] + 0) {
				print object " " word[4] " twice"
				bad = 1
			}
			live[object] = made
			count[word[2]] += made
		}
		END {
			for (object in live)
				if (live[object]) {
					print object " is left"
					bad = 1
				}
			n = split(kinds, kind, " ")
			for (i = 1; i <= n; i++) {
				printf "%d of kind %s\n", count[kind[i]], kind[i]
				bad += !count[kind[i]]
			}
			exit bad > 0
		}' "$1"
}
