/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The replay window, after RFC 6479: a ring of words that is cleared as it
 * advances, never shifted. It takes one word more than the window, so that the
 * window is whole wherever in a word the highest counter falls; the next power
 * of two spares 32-bit machines a 64-bit division.
 */
#ifndef _SKYWIRE_REPLAY_H
#define _SKYWIRE_REPLAY_H

#include <skywire/types.h>

enum {
	SW_REPLAY_WINDOW = 8192,
	SW_REPLAY_WORDS	 = 2 * SW_REPLAY_WINDOW / 64,
};

/* All zeros is the empty window. The caller serialises access. */
struct sw_replay {
	__u64	top;		/* highest counter accepted, plus one */
	__u64	map[SW_REPLAY_WORDS];
};

/**
 * sw_replay_accept - accept a counter once
 * @r: window
 * @counter: of a frame that has authenticated; below 2^64 - 1
 *
 * Return: true the first time, false for a counter that was seen before or is
 * SW_REPLAY_WINDOW or more below the highest.
 */
static inline bool sw_replay_accept(struct sw_replay *r, __u64 counter)
{
	__u64 word = counter / 64, bit = 1ull << (counter % 64);
	__u64 *slot = &r->map[word % SW_REPLAY_WORDS];

	if (counter >= r->top) {
		__u64 old = r->top ? (r->top - 1) / 64 : 0;
		__u64 n = word - old;

		/* The caller may have been away for more than the window. */
		if (n > SW_REPLAY_WORDS)
			n = SW_REPLAY_WORDS;
		for (; n; n--)
			r->map[(word - n + 1) % SW_REPLAY_WORDS] = 0;
		r->top = counter + 1;
	} else if (r->top - counter > SW_REPLAY_WINDOW || *slot & bit) {
		return false;
	}
	*slot |= bit;
	return true;
}

#endif /* _SKYWIRE_REPLAY_H */
