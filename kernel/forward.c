// SPDX-License-Identifier: GPL-2.0
/* The relay's step: one array lookup, one fee, no state. */
#include <skywire/postage.h>
#include "skywire.h"
#include "trace.h"

/* Which link does the packet leave by? NULL, and @reason, where by none. */
static struct sw_link *egress_link(const struct sw_link *ingress,
				   const struct sw_route *r,
				   enum skywire_drop *reason)
{
	u16 label = be16_to_cpu(r->labels[r->next]);
	struct sw_link *egress;

	egress = label ? sw_link_lookup(ingress->sw, label) : NULL;
	if (!egress)
		*reason = SKYWIRE_DROP_NO_LABEL;
	else if (READ_ONCE(egress->state) != SKYWIRE_LINK_STATE_UP)
		*reason = SKYWIRE_DROP_LINK_DOWN;
	else if (!memcmp(egress->neighbour, ingress->neighbour,
			 SKYWIRE_PUBLIC_KEY_LEN))
		*reason = SKYWIRE_DROP_U_TURN;
	else
		return egress;
	return NULL;
}

/**
 * sw_forward - pass a packet on
 * @ingress: link that it came in on
 * @skb: owned, from a checked source-route header on that is not local
 *
 * Under RCU with bottom halves off. What came in is what goes out and the fee
 * together; a packet that cannot pay is refused and earns nothing.
 */
void sw_forward(struct sw_link *ingress, struct sk_buff *skb)
{
	struct sw_route *r = (struct sw_route *)skb->data;
	struct sw_device *sw = ingress->sw;
	enum skywire_drop reason;
	struct sw_link *egress;
	u32 postage;
	u64 fee;

	egress = egress_link(ingress, r, &reason);
	if (unlikely(!egress)) {
		sw_drop(sw, skb, reason);
		return;
	}
	postage = be32_to_cpu(r->postage);
	fee = sw_fee(READ_ONCE(egress->price_base),
		     READ_ONCE(egress->price_rate),
		     skb->len - sw_route_len(r->count));
	if (unlikely(fee > postage)) {
		sw_drop(sw, skb, SKYWIRE_DROP_POSTAGE);
		return;
	}
	if (unlikely(sw_skb_own(sw, skb, SW_FRAME_LEN, SW_TAG_LEN,
				SKYWIRE_COUNTER_SEAL_COPIES))) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	r = (struct sw_route *)skb->data;
	r->postage = cpu_to_be32(postage - fee);
	sw_route_advance(r, ingress->label);
	trace_forward(ingress, egress, skb, postage - fee);
	sw_link_send(egress, skb, true, fee);
}
