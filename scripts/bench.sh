#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh [-p PART,...] [-c CONTENDER,...] [-z SIZE,...] [-b BURST,...] [-r RUNS]:
# what a relay costs, skywire's and WireGuard's, plain forwarding's beside them. Runs
# selftests/bench.sh in a guest whose clock counts instructions. Prints tables, and
# leaves all figures in build/bench.json; where options leave something out, in
# build/bench-part.json.
#
#   -p  relay, rate, latency, tcp, scale, memory, aead
#   -c  plain, wireguard, chacha, aes256, chacha-header, aes256-header
#   -z  bytes of the inner packets (64,512,1400)
#   -b  packets that come in at a time (1,32)
#   -r  how often each figure is taken (3)
#
# bench.sh -P [-c CONTENDER,...] [-z SIZE,...]: profiles of a relay, by function.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	die "usage: bench.sh [-P] [-p PART,...] [-c CONTENDER,...] [-z SIZE,...] [-b BURST,...] [-r RUNS]"
}

json=build/bench.json options=() profile=''
while getopts Pp:c:z:b:r: opt; do
	case $opt in
	P) profile=1 ;;
	p) options+=("PARTS=${OPTARG//,/ }") ;;
	c) options+=("CONTENDERS=${OPTARG//,/ }") ;;
	z) options+=("SIZES=${OPTARG//,/ }") ;;
	b) options+=("BURSTS=${OPTARG//,/ }") ;;
	r) options+=("RUNS=$OPTARG") ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 0 ] || usage
[ ${#options[@]} = 0 ] || json=build/bench-part.json

# The module that measures AEADs is built beside the tests.
build_aead() {
	local dir=$TOP/build/selftests/aead
	mkdir -p "$dir"
	cp -rsf "$TOP/selftests/aead/." "$dir"
	make -s -C "$KDIR" M="$dir" SKYWIRE="$TOP" modules >&2
}

cd "$TOP"
bench_build
build_aead
out=build/bench
mkdir -p $out
rm -f $out/measured $out/profile
if [ -n "$profile" ]; then
	bench_guest -o $out -i -m 2048 -t 7200 -- env CONTENDERS="wireguard chacha" SIZES=1400 \
		${options[@]+"${options[@]}"} PARTS=profile selftests/bench.sh /out/profile
	exit
fi

# All figures with median and spread; then the ratios to WireGuard. A relay's are
# those of packets that come in 32 at a time, where WireGuard's queues cost least.
# shellcheck disable=SC2016 # jq's
report='
def median: sort | .[length / 2 | floor];
def spread: if length < 2 then null elif median == 0 then 0 else (max - min) / median * 1000 | round / 10 end;
map(.median = (.values | median) | .spread = (.values | spread)) as $all |
def of($what; $contender; $size; $burst): first($all[] |
	select(.what == $what and .contender == $contender and
	       (.size == $size) and (.burst == $burst)) | .median) // null;
def over($a; $b): if $a != null and $b != null and $b != 0 then $a / $b * 1000 | round / 1000 else null end;
def relay($contender; $size):
	over(of("relay"; "wireguard"; $size; 32); of("relay"; $contender; $size; 32));
def scale($links): first($all[] | select(.what == "scale" and .links == $links) | .median) // null;
def latency: [$all[] | select(.what == "latency" and .contender == "chacha") | .size as $size |
	over(.median; of("latency"; "wireguard"; $size; null))] | max;
{
	clock: "instructions of one emulated CPU, without caches; 500 a microsecond",
	figures: $all,
	ratios: {
		relay_full_chacha_1400: relay("chacha"; 1400),
		relay_full_aes256_1400: relay("aes256"; 1400),
		relay_full_chacha_64: relay("chacha"; 64),
		relay_header_1400: relay("aes256-header"; 1400),
		relay_latency: latency,
		tcp_direct: over(of("tcp-direct"; "chacha"; null; null); of("tcp-direct"; "wireguard"; null; null)),
		tcp_relay: over(of("tcp-relay"; "chacha"; null; null); of("tcp-relay"; "wireguard"; null; null)),
		scale_10000: over(scale(10000); scale(10))
	}
}'
# shellcheck disable=SC2016
table='
def unit: {relay: "instructions a packet", aead: "instructions a packet", rate: "packets/s",
	latency: "ns", "tcp-direct": "bit/s", "tcp-relay": "bit/s",
	scale: "instructions a packet", background: "of 1000",
	"memory-link": "bytes", "memory-peer": "bytes"}[.];
["what", "contender", "bytes", "burst", "links", "median", "spread %", "unit"],
(.figures[] | [.what, .contender, .size // "-", .burst // "-", .links // "-", .median, .spread // "-",
	(.what | unit)]) | @tsv'
# shellcheck disable=SC2016
demands='
{relay_full_chacha_1400: [">=", 1.3], relay_full_aes256_1400: [">=", 2],
 relay_full_chacha_64: [">=", 2.5], relay_header_1400: [">=", 4], relay_latency: ["<=", 0.6],
 tcp_direct: [">=", 1.1], tcp_relay: [">=", 0.97], scale_10000: ["<=", 1.05]} as $want |
["ratio", "measured", "wanted", "?"],
(.ratios | to_entries[] | $want[.key] as [$than, $bound] | [.key, .value // "-", "\($than) \($bound)",
	(if .value == null then "-"
	 elif ($than == ">=" and .value >= $bound) or ($than == "<=" and .value <= $bound)
	 then "met" else "MISSED" end)]) | @tsv'

rc=0
bench_guest -o $out -i -m 2048 -t 7200 -- env ${options[@]+"${options[@]}"} \
	selftests/bench.sh /out/measured || rc=$?
[ -s $out/measured ] || die "nothing was measured"
jq -s "$report" $out/measured > $json
echo "The clock counts instructions of one emulated CPU, 500 a microsecond. It knows no"
echo "caches and no pipelines, and a vector instruction counts as one."
jq -r "$table" $json | column -t -s $'\t'
echo
echo "Beside WireGuard; above 1 is better, but for latency and scale:"
jq -r "$demands" $json | column -t -s $'\t'
exit $rc
