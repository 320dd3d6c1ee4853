/* SPDX-License-Identifier: GPL-2.0 */
/* The same numbers in every run, so that a failure can be had again. */
#ifndef _SKYWIRE_TEST_DRAW_H
#define _SKYWIRE_TEST_DRAW_H

#include <skywire/types.h>

/* 64 bits, any of them */
static inline __u64 draw(void)
{
	static __u64 seed = 0x5eed5eed5eed5eedull;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static inline __u32 below(__u32 n)
{
	return (draw() >> 32) * n >> 32;
}

#endif /* _SKYWIRE_TEST_DRAW_H */
