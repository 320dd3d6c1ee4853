/* SPDX-License-Identifier: GPL-2.0 */
/* Token buckets that are one number: the time at which the bucket is full. */
#ifndef _SKYWIRE_BUCKET_H
#define _SKYWIRE_BUCKET_H

#include <skywire/types.h>

/**
 * struct sw_rate - how much a bucket lets through
 * @per_second: tokens that it gains; 1 to 10^9
 * @burst: tokens that it holds; not 0
 */
struct sw_rate {
	__u32	per_second;
	__u32	burst;
};

/**
 * sw_bucket_take - take a token
 * @full: when the bucket is full, in ns; 0 for one that has not been used
 * @now: time in ns, which does not run backwards
 * @rate: of the bucket
 *
 * Return: false, with nothing changed, where there is no token.
 */
static inline bool sw_bucket_take(__u64 *full, __u64 now,
				  const struct sw_rate *rate)
{
	__u32 interval = 1000000000u / rate->per_second;
	__u64 from = *full > now ? *full : now;

	if (from - now > (__u64)interval * (rate->burst - 1))
		return false;
	*full = from + interval;
	return true;
}

#endif /* _SKYWIRE_BUCKET_H */
