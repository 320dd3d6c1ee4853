/* SPDX-License-Identifier: GPL-2.0 */
/* Which of a peer's paths a flow takes. */
#ifndef _SKYWIRE_CHOICE_H
#define _SKYWIRE_CHOICE_H

#include <skywire/types.h>

struct sw_candidate {
	__u32	preference;
	__u16	weight;		/* 0: there is no such path */
	bool	usable;
};

/* The weighted one of the paths of @preference that @hash falls to. */
static inline int sw_choose_among(const struct sw_candidate *c, int n,
				  __u32 preference, bool all, __u32 hash)
{
	__u32 total = 0, point;
	int i;

	for (i = 0; i < n; i++)
		if (c[i].preference == preference && (all || c[i].usable))
			total += c[i].weight;
	point = (__u64)hash * total >> 32;
	for (i = 0; i < n; i++) {
		if (c[i].preference != preference || !(all || c[i].usable))
			continue;
		if (point < c[i].weight)
			return i;
		point -= c[i].weight;
	}
	return -1;
}

/**
 * sw_choose - spread flows over the best usable paths, by weight
 * @c: candidates
 * @n: number of them
 * @hash: of the flow, uniform in 32 bits
 *
 * Paths that are down keep their share of the hash space while there is a
 * usable one beside them, so that their loss and return move only their own
 * flows.
 *
 * Return: the index of the path, or -1 where none is usable.
 */
static inline int sw_choose(const struct sw_candidate *c, int n, __u32 hash)
{
	__u32 best = 0;
	int i, pick = -1;

	for (i = 0; i < n; i++) {
		if (!c[i].usable || !c[i].weight)
			continue;
		if (pick < 0 || c[i].preference < best) {
			best = c[i].preference;
			pick = i;
		}
	}
	if (pick < 0)
		return -1;
	pick = sw_choose_among(c, n, best, true, hash);
	if (c[pick].usable)
		return pick;
	/* Other bits of the hash: the upper ones are what led here. */
	return sw_choose_among(c, n, best, false, hash * 0x9e3779b1u);
}

#endif /* _SKYWIRE_CHOICE_H */
