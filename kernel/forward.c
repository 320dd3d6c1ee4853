// SPDX-License-Identifier: GPL-2.0
/* The relay's step: one array lookup, one fee, no state. */
#include <skywire/postage.h>
#include "skywire.h"
#include "trace.h"

/* Why a packet goes no further, and what its sender is told. */
struct refusal {
	enum skywire_drop	reason;
	u8			code;
	u32			mtu;
};

/* A refusal with nothing to tell has code 0. */
static struct sw_link *refuse(struct refusal *why, enum skywire_drop reason,
			      u8 code)
{
	why->reason = reason;
	why->code = code;
	return NULL;
}

/* Which link does the packet leave by? NULL, and why, where by none. */
static struct sw_link *egress_link(const struct sw_link *ingress,
				   const struct sk_buff *skb,
				   struct refusal *why)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	u16 label = be16_to_cpu(r->labels[r->next]);
	struct sw_link *egress;

	egress = label ? sw_link_lookup(ingress->sw, label) : NULL;
	if (!egress)
		return refuse(why, SKYWIRE_DROP_NO_LABEL, SW_ERROR_NO_LABEL);
	if (!memcmp(egress->neighbour, ingress->neighbour,
		    SKYWIRE_PUBLIC_KEY_LEN))
		return refuse(why, SKYWIRE_DROP_U_TURN, 0);
	if (READ_ONCE(egress->state) != SKYWIRE_LINK_STATE_UP ||
	    sw_link_is_dead(egress))
		return refuse(why, SKYWIRE_DROP_LINK_DOWN, SW_ERROR_LINK_DOWN);
	if (!sw_keyring_usable(&egress->keys))
		return refuse(why, SKYWIRE_DROP_NO_KEY, SW_ERROR_LINK_DOWN);
	if (skb->len > READ_ONCE(egress->mtu)) {
		why->mtu = READ_ONCE(egress->mtu);
		return refuse(why, SKYWIRE_DROP_TOO_BIG, SW_ERROR_TOO_BIG);
	}
	return egress;
}

/* What this node keeps for sending the packet out of the link */
static u64 fee_of(const struct sw_link *egress, const struct sk_buff *skb)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;

	return sw_fee(READ_ONCE(egress->price_base),
		      READ_ONCE(egress->price_rate),
		      skb->len - sw_route_len(r->count));
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
	u32 postage = be32_to_cpu(r->postage);
	struct sw_device *sw = ingress->sw;
	struct refusal why = {};
	struct sw_link *egress;
	u64 fee = 0;

	egress = egress_link(ingress, skb, &why);
	if (likely(egress)) {
		fee = fee_of(egress, skb);
		if (unlikely(fee > postage))
			egress = refuse(&why, SKYWIRE_DROP_POSTAGE,
					SW_ERROR_NO_CREDIT);
	}
	if (unlikely(!egress)) {
		if (why.code)
			sw_error_send(ingress, skb, why.code, why.mtu);
		sw_drop(sw, skb, why.reason);
		return;
	}
	if (unlikely(sw_skb_own(sw, skb, SW_LINK_ROOM, SW_TAG_LEN,
				SKYWIRE_COUNTER_SEAL_COPIES))) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	r = (struct sw_route *)skb->data;
	r->postage = cpu_to_be32(postage - fee);
	sw_route_advance(r, ingress->label);
	trace_forward(ingress, egress, skb, postage - fee);
	sw_link_send(egress, skb, SW_SEND_FORWARDED, fee);
}
