/* SPDX-License-Identifier: GPL-2.0 */
/* Was a frame with this counter sent lately? */
#ifndef _SKYWIRE_RECENT_H
#define _SKYWIRE_RECENT_H

#include <skywire/types.h>

enum {
	SW_RECENT_SLOTS	= 3,
};

/**
 * struct sw_recent - which counter each of the last slots of time began with
 * @slot: number of the slot, by its remainder; 0 for none
 * @first: first counter that was used in it
 *
 * Slots take a second or so and are numbered from 1.
 */
struct sw_recent {
	__u32	slot[SW_RECENT_SLOTS];
	__u64	first[SW_RECENT_SLOTS];
};

/* Has the slot no counter yet? */
static inline bool sw_recent_is_new(const struct sw_recent *r, __u32 now)
{
	return r->slot[now % SW_RECENT_SLOTS] != now;
}

static inline void sw_recent_note(struct sw_recent *r, __u32 now, __u64 counter)
{
	r->slot[now % SW_RECENT_SLOTS] = now;
	r->first[now % SW_RECENT_SLOTS] = counter;
}

/**
 * sw_recent_has - was the counter used in this slot or the two before?
 * @r: what was noted
 * @now: number of this slot
 * @counter: counter, less than the next one
 */
static inline bool sw_recent_has(const struct sw_recent *r, __u32 now,
				 __u64 counter)
{
	unsigned int i;

	for (i = 0; i < SW_RECENT_SLOTS; i++)
		if (r->slot[i] && now - r->slot[i] < SW_RECENT_SLOTS &&
		    counter >= r->first[i])
			return true;
	return false;
}

#endif /* _SKYWIRE_RECENT_H */
