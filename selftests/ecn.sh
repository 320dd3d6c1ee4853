#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Congestion marked on the underlay reaches the receiver, and the DSCP stays
# what it was, and inside (RFC 6040).
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh" || exit 1

node A R B
wire A R
wire R B
link A R
link R B
session A B R

# A queue before R, that marks whatever A sends; and what B sees of it
at R nft -f - <<-EOF || skip_all "no nft"
	table ip t {
		chain c {
			type filter hook prerouting priority 0
			iifname to-A udp dport $PORT ip ecn set ce
		}
	}
EOF
at B nft -f - <<-EOF
	table inet t {
		counter outer { }
		counter inner { }
		chain c {
			type filter hook input priority 0
			iifname to-R udp dport $PORT ip ecn ce ip dscp cs0 counter name outer
			iifname sw0 ip6 ecn ce ip6 dscp ef counter name inner
		}
	}
EOF

counted() { at B nft list counter inet t "$1" | grep "packets $2 "; }

mark A R B
# Expedited forwarding, ECT(0). The answers are as much, and come unmarked.
check "marked packets arrive" pings A B 3 -Q 0xba
check "marked within, DSCP unchanged" counted inner 3
check "marked on the next wire, without the DSCP" counted outer 3
check "nothing dropped" no_drops A R B
refuse "what is not ECN capable does not" pings A B 2 -Q 0xb8
check "but is dropped where it was marked" drops_only R ecn=2
check "and nowhere else" no_drops A B
