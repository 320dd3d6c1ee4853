/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The times in offers of keys: one's own rise for ever, others' are answered once.
 * Both hold beyond a restart, and whatever becomes of the clock: they are kept in
 * a file, as far as it can be written.
 *
 * Of others the longest unheard of are forgotten, when there are too many: so who
 * makes offers under throwaway keys makes this node forget times. It forgets those
 * of the same layer only, and never those of nodes that are pinned.
 */
#ifndef _SKYWIRE_SWD_TIMES_H
#define _SKYWIRE_SWD_TIMES_H

#include <stdbool.h>

#include "lib/exchange.h"

struct times;

enum {
	TIMES_MAX	= 4096,	/* nodes remembered, of each layer */
};

/* @path: of the file; NULL to keep nothing. Return: NULL without memory. */
struct times *times_open(const char *path);

/* Writes what is not written yet. */
void times_close(struct times *t);
void times_save(struct times *t);

/* Nanoseconds since 1970, by another clock than the system's; for tests. */
void times_set_clock(struct times *t, __u64 (*now)(void));

/* A node that this one has to do with, until this was taken back as often. */
void times_pin(struct times *t, const __u8 key[SW_KEY_LEN]);
void times_unpin(struct times *t, const __u8 key[SW_KEY_LEN]);
void times_unpin_all(struct times *t);

/* For an offer of our own. */
__u64 times_next(struct times *t);

/*
 * Is this offer later than all of this node's that were looked at on this layer?
 * Then it is remembered.
 */
bool times_take(struct times *t, enum sw_layer layer,
		const __u8 key[SW_KEY_LEN], __u64 time);

#endif /* _SKYWIRE_SWD_TIMES_H */
