/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An offer of this node's own that is under way, for a link or for a session, and what
 * becomes of it where the other end makes one as well: that of the lower key, compared
 * byte by byte, goes on.
 */
#ifndef _SKYWIRE_SWD_OFFER_H
#define _SKYWIRE_SWD_OFFER_H

#include <stdbool.h>

#include "lib/exchange.h"

struct offer {
	struct sw_exchange	*exchange;	/* NULL for none */
	__u32			index;		/* to receive by */
	__u64			sent;		/* milliseconds */
	bool			crossed;	/* one of theirs was left unanswered for it */
};

/* A receiver index, as likely as any other. */
__u32 offer_draw_index(void);

/* Is it the lower key of two? */
bool offer_is_lower(const __u8 key[SW_KEY_LEN], const __u8 other[SW_KEY_LEN]);

/*
 * Make one, in the place of the last. @own: but for the index, which is drawn. @msg:
 * SW_EXCHANGE_MAX bytes. Return: its length, or a negative number: then there is none.
 */
int offer_make(struct offer *o, const struct sw_identity *self, enum sw_layer layer,
	       const __u8 other[SW_KEY_LEN], struct sw_terms *own, __u8 *msg, __u64 now);

void offer_drop(struct offer *o);

/*
 * One of @other's has come. Is that to be left unanswered? Who has the lower key leaves
 * one within a second: the answer to its own is on its way if that has arrived. Whoever
 * asks again has not had it; the same offer that comes twice does not ask again, so its
 * time must have been taken.
 */
bool offer_counts(struct offer *o, const __u8 self[SW_KEY_LEN],
		  const __u8 other[SW_KEY_LEN], __u64 now);

/*
 * There is a key. @responder: by an answer of ours. Is the offer over, and dropped? Both
 * ends may have answered each other, and the higher key has dropped its own offer by
 * that. The lower one's goes on, or neither would have an answer.
 */
bool offer_is_over(struct offer *o, bool responder, const __u8 self[SW_KEY_LEN],
		   const __u8 other[SW_KEY_LEN]);

#endif /* _SKYWIRE_SWD_OFFER_H */
