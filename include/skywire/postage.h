/* SPDX-License-Identifier: GPL-2.0 */
/* Fee arithmetic. Amounts are nano coin-hours. */
#ifndef _SKYWIRE_POSTAGE_H
#define _SKYWIRE_POSTAGE_H

#include <skywire/types.h>

/**
 * sw_fee - the price of passing a packet on
 * @base: for each packet
 * @per_mib: for each MiB besides
 * @bytes: layer-2 payload length, which no hop changes; at most 65535
 *
 * Return: base + ceil(bytes * per_mib / 2^20); 64 bits hold it.
 */
static inline __u64 sw_fee(__u32 base, __u32 per_mib, __u32 bytes)
{
	return base + (((__u64)bytes * per_mib + (1u << 20) - 1) >> 20);
}

/**
 * sw_fee_bytes - what the bytes of many packets cost
 * @bytes: of all of them
 * @per_mib: for each MiB
 *
 * Return: floor(bytes * per_mib / 2^20), where that has 64 bits.
 */
static inline __u64 sw_fee_bytes(__u64 bytes, __u32 per_mib)
{
	__u64 rest = bytes & ((1u << 20) - 1);

	return (bytes >> 20) * per_mib + (rest * per_mib >> 20);
}

#endif /* _SKYWIRE_POSTAGE_H */
