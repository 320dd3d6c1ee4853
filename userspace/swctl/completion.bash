# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of swctl(8).

_swctl_devices() {
	swctl -j dev show 2>/dev/null | grep -o '"ifname":"[^"]*"' | cut -d '"' -f 4
}

_swctl_labels() {
	swctl -j link show 2>/dev/null | grep -o '"label":[0-9]*' | cut -d : -f 2
}

_swctl_peers() {
	swctl -j peer show 2>/dev/null | grep -o '"public_key":"[^"]*"' | cut -d '"' -f 4
}

_swctl_indices() {
	swctl -j key show 2>/dev/null | grep -o '"rx_index":[0-9]*' | cut -d : -f 2
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
	show | monitor) echo dev help ;;
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
	"key add") echo link peer cipher role rx-index tx-index rx-key tx-key \
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
	rx-index) _swctl_indices ;;
	state) echo up down ;;
	transport) echo udp ethernet ;;
	role) echo initiator responder ;;
	cipher) echo chacha20-poly1305 aes-256-gcm aes-128-gcm ;;
	labels) echo none ;;
	oif | interface) ls /sys/class/net 2>/dev/null ;;
	esac
}

_swctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i=1 object command words

	# The object is the first word that is no option, nor an option's value.
	while [ "$i" -lt "$COMP_CWORD" ]; do
		case ${COMP_WORDS[i]} in
		-d | --dev | -n | --netns) i=$((i + 2)) ;;
		-*) i=$((i + 1)) ;;
		*) break ;;
		esac
	done
	object=
	[ "$i" -ge "$COMP_CWORD" ] || object=${COMP_WORDS[i]}
	command=
	[ $((i + 1)) -ge "$COMP_CWORD" ] || command=${COMP_WORDS[i + 1]}

	if [ -z "$object" ]; then
		case $prev in
		-d | --dev | -n | --netns) words=$(_swctl_values "$prev") ;;
		*) words="show dev link peer path prefix key stats monitor help
			-d -n -j -p -a -h -V --dev --netns --json --pretty --all --help --version" ;;
		esac
		# Options only for one who asks for them
		[[ $cur == -* ]] || words=${words%%-*}
		[[ $prev != -[dn] && $prev != --dev && $prev != --netns ]] || words=$(_swctl_values "$prev")
	elif [ -z "$command" ]; then
		words=$(_swctl_commands "$object")
	else
		case $prev in
		identity-file | rx-key | tx-key | gen | pub)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		esac
		# "link add" takes a label that is free, which nobody can list.
		if [ "$object $command $prev" = "link add label" ]; then
			words=
		elif [ "$object $prev" = "peer del" ] || [ "$object $prev" = "peer show" ]; then
			words="$(_swctl_peers) dev"
		else
			words=$(_swctl_values "$prev")
			[ -n "$words" ] || words=$(_swctl_keywords "$object $command")
		fi
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _swctl swctl
