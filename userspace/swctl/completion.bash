# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of swctl(8).

_swctl_loaded() { [ -d /sys/module/skywire ]; }

# swctl with the options of the line. Only where the module is there: asking
# would load it.
_swctl_ask() {
	_swctl_loaded || return
	swctl "${_swctl_options[@]}" -j "$@" 2>/dev/null
}

_swctl_devices() {
	local _swctl_options=("${_swctl_netns[@]}")
	_swctl_ask dev show | grep -o '"ifname":"[^"]*"' | cut -d '"' -f 4
}

_swctl_labels() {
	_swctl_ask link show | grep -o '"label":[0-9]*' | cut -d : -f 2
}

_swctl_peers() {
	_swctl_ask peer show | grep -o '"public_key":"[^"]*"' | cut -d '"' -f 4
}

# Of the peer that the line names
_swctl_paths() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = peer ] || continue
		_swctl_ask path show peer "${COMP_WORDS[i + 1]}" |
			grep -o '"id":[0-9]*' | cut -d : -f 2
	done
}

# Without those that live as long as their peers
_swctl_prefixes() {
	_swctl_ask prefix show | grep -o '"prefix":"[^"]*","length":[0-9]*,"peer":"[^"]*","own":false' |
		cut -d '"' -f 4,7 | sed -E 's/"?:([0-9]+),$/\/\1/' | sort -u
}

_swctl_indices() {
	_swctl_ask key show | grep -o '"rx_index":[0-9]*' | cut -d : -f 2
}

# The commands of an object
_swctl_commands() {
	case $1 in
	dev) echo show set help ;;
	link) echo show add set del help ;;
	peer) echo show add set del help ;;
	path) echo show add set del help ;;
	prefix) echo show get add del help ;;
	key) echo show add del gen pub addr help ;;
	stats) echo show help ;;
	show) echo dev help ;;
	monitor) echo dev socket help ;;
	status | neighbour | session | node | reload) echo dev socket help ;;
	esac
}

# What may follow a command, besides its values
_swctl_keywords() {
	case $1 in
	"dev set") echo identity identity-file port fwmark dev ;;
	"link show" | "link del") echo label dev ;;
	"link add") echo neighbour remote label transport local oif interface mtu state price-base price-rate \
		probe-busy probe-idle dev ;;
	"link set") echo label remote local oif interface mtu state price-base price-rate \
		probe-busy probe-idle dev ;;
	"path show" | "path del") echo peer id dev ;;
	"path add" | "path set") echo peer id link labels preference weight mtu postage-base postage-rate \
		fee-base fee-rate loss-admitted mark dscp dev ;;
	"peer add" | "peer set") echo redundancy probe-interval dev ;;
	"prefix add") echo peer dev ;;
	"key show" | "key del") echo rx-index dev ;;
	"key add") echo link peer cipher role seal rx-index tx-index rx-key tx-key \
		soft-time hard-time soft-frames hard-frames dev ;;
	"key "*) ;;
	*) echo dev ;;
	esac
}

# The values of a keyword; nothing where they cannot be guessed
_swctl_values() {
	case $1 in
	dev | -d | --dev) _swctl_devices ;;
	-n | --netns) ip netns list 2>/dev/null | cut -d ' ' -f 1 ;;
	label | link) _swctl_labels ;;
	peer) _swctl_peers ;;
	id) _swctl_paths ;;
	rx-index) _swctl_indices ;;
	state) echo up down ;;
	transport) echo udp ethernet ;;
	role) echo initiator responder ;;
	seal) echo full header ;;
	cipher) echo chacha20-poly1305 aes-256-gcm aes-128-gcm ;;
	labels) echo none ;;
	oif) echo any; ls /sys/class/net 2>/dev/null ;;
	interface) ls /sys/class/net 2>/dev/null ;;
	redundancy) echo 1 2 ;;
	dscp) echo none ;;
	esac
}

# What may stand behind OBJECT COMMAND, the number of words since then, and the
# last of them: values and keywords take turns.
_swctl_words() {
	local object=$1 command=$2 count=$3 prev=$4 first=none
	case "$object $command" in
	"peer del" | "peer show") first=$(_swctl_peers) ;;
	"prefix del" | "prefix show") first=$(_swctl_prefixes) ;;
	esac
	case "$object $command" in
	"peer "* | "prefix "*)
		if [ "$count" = 0 ]; then
			[ "$first" = none ] || echo "$first"
			[ "$command" != show ] || echo dev
			return
		fi
		# "show dev DEV" has no value of its own.
		[ "$command $prev $count" = "show dev 1" ] || count=$((count - 1)) ;;
	esac
	if [ $((count % 2)) = 0 ]; then
		_swctl_keywords "$object $command"
	elif [[ "$object $command $prev" != "link add label" && "$object $command $prev" != "path add id" &&
		"$object $command $prev" != "key add rx-index" ]]; then
		_swctl_values "$prev"
	fi
}

_swctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i=1 object='' command='' list=''
	local words=() _swctl_options=() _swctl_netns=()

	# Addresses have colons, at which readline breaks words.
	if declare -F _get_comp_words_by_ref >/dev/null; then
		local cword
		_get_comp_words_by_ref -n : cur prev words cword
		local COMP_WORDS=("${words[@]}") COMP_CWORD=$cword
	fi
	# The object is the first word that is no option, nor an option's value.
	while [ "$i" -lt "$COMP_CWORD" ]; do
		case ${COMP_WORDS[i]} in
		-n | --netns) _swctl_netns=(-n "${COMP_WORDS[i + 1]}"); i=$((i + 2)) ;;
		-d | --dev) _swctl_options=(-d "${COMP_WORDS[i + 1]}"); i=$((i + 2)) ;;
		-*) i=$((i + 1)) ;;
		*) break ;;
		esac
	done
	_swctl_options+=("${_swctl_netns[@]}")
	[ "$i" -ge "$COMP_CWORD" ] || object=${COMP_WORDS[i]}
	[ $((i + 1)) -ge "$COMP_CWORD" ] || command=${COMP_WORDS[i + 1]}

	if [ -z "$object" ]; then
		case $prev in
		-d | --dev | -n | --netns) list=$(_swctl_values "$prev") ;;
		*) list="show dev link peer path prefix key stats monitor status neighbour session node route reload help"
		   # Options only for one who asks for them
		   [[ $cur != -* ]] || list="-d -n -j -p -a -h -V --dev --netns --json
			--pretty --all --help --version" ;;
		esac
	elif [ -z "$command" ]; then
		list=$(_swctl_commands "$object")
	else
		case $object-$prev in
		*-identity-file | key-rx-key | key-tx-key | key-gen | key-pub)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		esac
		case $object in
		# The word after these is no command.
		show | monitor) list=$(_swctl_values "$prev") ;;
		*) list=$(_swctl_words "$object" "$command" $((COMP_CWORD - i - 2)) "$prev") ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$list" -- "$cur")
	if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}

complete -F _swctl swctl
