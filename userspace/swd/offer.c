// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <sodium.h>

#include "offer.h"

enum { ALONE = 1000 };	/* milliseconds in which the lower key does not answer */

__u32 offer_draw_index(void)
{
	return 1 + randombytes_uniform(0xfffffffe);
}

bool offer_is_lower(const __u8 key[SW_KEY_LEN], const __u8 other[SW_KEY_LEN])
{
	return memcmp(key, other, SW_KEY_LEN) < 0;
}

void offer_drop(struct offer *o)
{
	sw_exchange_free(o->exchange);
	o->exchange = NULL;
}

int offer_make(struct offer *o, const struct sw_identity *self, enum sw_layer layer,
	       const __u8 other[SW_KEY_LEN], struct sw_terms *own, __u8 *msg, __u64 now)
{
	int len;

	offer_drop(o);
	o->exchange = sw_exchange_new(self, layer, other);
	if (!o->exchange)
		return -1;
	o->sent = now;
	o->index = offer_draw_index();
	own->index[0] = o->index;
	len = sw_exchange_offer(o->exchange, own, msg);
	if (len < 0)
		offer_drop(o);
	return len;
}

bool offer_counts(struct offer *o, const __u8 self[SW_KEY_LEN],
		  const __u8 other[SW_KEY_LEN], __u64 now)
{
	if (!o->exchange || o->crossed || now - o->sent >= ALONE ||
	    !offer_is_lower(self, other))
		return false;
	o->crossed = true;
	return true;
}

bool offer_is_over(struct offer *o, bool responder, const __u8 self[SW_KEY_LEN],
		   const __u8 other[SW_KEY_LEN])
{
	if (responder && o->exchange && offer_is_lower(self, other))
		return false;
	offer_drop(o);
	o->crossed = false;
	return true;
}
