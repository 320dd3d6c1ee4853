// SPDX-License-Identifier: GPL-2.0
/* Which path a flow takes, beside a line on which each weight is laid out. */
#include <skywire/choice.h>

#include "fuzz.h"

enum { PATHS = 8 };

/* On the line of those of the preference, who holds the hash's place? */
static int oracle_among(const struct sw_candidate *c, int n, __u32 preference,
			bool all, __u32 hash)
{
	unsigned __int128 place, from = 0, to;
	__u64 total = 0;
	int i;

	for (i = 0; i < n; i++)
		if (c[i].preference == preference && (all || c[i].usable))
			total += c[i].weight;
	place = (unsigned __int128)hash * total;
	for (i = 0; i < n; i++) {
		if (c[i].preference != preference || !(all || c[i].usable))
			continue;
		to = from + ((unsigned __int128)c[i].weight << 32);
		if (place >= from && place < to)
			return i;
		from = to;
	}
	return -1;
}

static bool any_better(const struct sw_candidate *c, int n, __u32 preference)
{
	while (n--)
		if (c[n].usable && c[n].weight && c[n].preference < preference)
			return true;
	return false;
}

static bool any_usable(const struct sw_candidate *c, int n)
{
	while (n--)
		if (c[n].usable && c[n].weight)
			return true;
	return false;
}

/* Whoever else goes away, or comes back: this flow stays. */
static void stays(struct sw_candidate *c, int n, __u32 hash, int pick)
{
	int i;

	if (oracle_among(c, n, c[pick].preference, true, hash) != pick)
		return;
	for (i = 0; i < n; i++) {
		if (i == pick || c[i].preference < c[pick].preference)
			continue;
		c[i].usable = !c[i].usable;
		require(sw_choose(c, n, hash) == pick);
		c[i].usable = !c[i].usable;
	}
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct sw_candidate c[PATHS], *exact;
	struct input in = { data, len };
	int i, n, pick, first;
	__u32 hash;
	__u8 flags;

	n = take_u8(&in) % (PATHS + 1);
	for (i = 0; i < n; i++) {
		flags = take_u8(&in);
		c[i].usable = flags & 1;
		c[i].preference = flags & 2 ? take_u32(&in) : flags >> 6;
		c[i].weight = flags & 4 ? take_u16(&in) : flags >> 3 & 7;
	}
	exact = copy_of(c, n * sizeof(*c));
	do {
		hash = take_u32(&in);
		pick = sw_choose(exact, n, hash);
		require((pick >= 0) == any_usable(c, n));
		if (pick < 0)
			continue;
		require(pick < n && c[pick].usable && c[pick].weight);
		require(!any_better(c, n, c[pick].preference));
		first = oracle_among(c, n, c[pick].preference, true, hash);
		if (c[first].usable)
			require(pick == first);
		else
			require(pick == oracle_among(c, n, c[pick].preference, false,
						     hash * 0x9e3779b1u));
		stays(exact, n, hash, pick);
	} while (in.left);
	free(exact);
	return 0;
}
