// SPDX-License-Identifier: GPL-2.0
/*
 * ERROR packets: a relay tells the sender of a DATA packet why it went no
 * further. Nobody vouches for what it says, so it is taken for a hint: the
 * paths that it speaks of are not chosen where another one is usable, and are
 * probed.
 */
#include "skywire.h"

static struct sk_buff *make(struct sw_link *ingress, const struct sk_buff *skb,
			    u8 code, u32 mtu)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	__be16 labels[SKYWIRE_LABELS_MAX];
	struct sw_route_error *error;
	struct sk_buff *out;
	unsigned int count;

	out = sw_skb_alloc(sizeof(*error), GFP_ATOMIC);
	if (!out) {
		sw_count_drop(ingress->sw, SKYWIRE_DROP_NO_MEMORY);
		return NULL;
	}
	error = __skb_put_zero(out, sizeof(*error));
	error->code = code;
	error->label = r->labels[r->next];
	error->mtu = cpu_to_be32(mtu);
	memcpy(error->quote, skb->data + sw_route_len(r->count),
	       sizeof(error->quote));
	count = sw_route_reverse(r, labels);
	sw_route_build(__skb_push(out, sw_route_len(count)), SW_PACKET_ERROR,
		       0, be32_to_cpu(r->postage), be32_to_cpu(r->flow),
		       labels, count);
	return out;
}

/**
 * sw_error_send - tell the sender of a packet why it is dropped
 * @ingress: link that the packet came in on
 * @skb: the packet, from a checked source-route header on that is not local;
 *	the caller's still
 * @code: enum sw_error_code
 * @mtu: of too-big: the egress link's
 *
 * It goes back by the way that the packet came, with the postage that the
 * packet has left. Only about DATA, of which alone the sender can tell whether
 * it sent it. Under RCU with bottom halves off.
 */
void sw_error_send(struct sw_link *ingress, const struct sk_buff *skb, u8 code,
		   u32 mtu)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	struct sk_buff *out;

	if (sw_route_type(r) != SW_PACKET_DATA ||
	    skb->len < sw_route_len(r->count) + SW_SESSION_OVERHEAD)
		return;
	if (!sw_live_may_answer(ingress, true)) {
		sw_count(ingress->sw, SKYWIRE_COUNTER_ERROR_LIMITED);
		return;
	}
	sw_count(ingress->sw, SKYWIRE_COUNTER_ERROR_OUT);
	out = make(ingress, skb, code, mtu);
	if (out)
		sw_link_send(ingress, out, SW_SEND_OWN, 0);
}

/*
 * Does the path begin with the hops that the packet had passed, and is the next
 * one what failed? @labels are those of the ERROR, in the path's order.
 */
static bool is_about(const struct sw_path *path, const struct sw_link *link,
		     const __be16 *labels, unsigned int count,
		     const struct sw_route_error *error)
{
	return path && path->link == link && count < path->count &&
	       !memcmp(path->labels, labels, count * sizeof(labels[0])) &&
	       path->labels[count] == error->label;
}

static bool act_on(struct sw_peer *peer, struct sw_link *link,
		   const struct sw_route *r, const struct sw_route_error *error)
{
	__be16 labels[SKYWIRE_LABELS_MAX];
	struct sw_path *path;
	unsigned int count;
	bool any = false;
	int i;

	count = sw_route_reverse(r, labels);
	for (i = 0; i < SKYWIRE_PATHS_MAX; i++) {
		path = rcu_dereference(peer->path[i]);
		if (!is_about(path, link, labels, count, error))
			continue;
		any = true;
		if (error->code == SW_ERROR_TOO_BIG)
			sw_prove_mtu(path, be32_to_cpu(error->mtu));
		else
			sw_prove_suspect(path);
	}
	return any;
}

/**
 * sw_error_receive - an ERROR packet whose way ends here
 * @link: link that it came in on
 * @skb: owned, from a checked source-route header on; consumed
 *
 * Under RCU with bottom halves off.
 */
void sw_error_receive(struct sw_link *link, struct sk_buff *skb)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	unsigned int len = sw_route_len(r->count);
	const struct sw_route_error *error;
	const struct sw_session *s;
	struct sw_peer *peer;

	error = (const struct sw_route_error *)(skb->data + len);
	if (unlikely(skb->len < len + sizeof(*error) ||
		     error->code < SW_ERROR_LINK_DOWN ||
		     error->code > SW_ERROR_NO_LABEL)) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_ERROR);
		return;
	}
	BUILD_BUG_ON(sizeof(*s) != sizeof(error->quote));
	s = (const struct sw_session *)error->quote;
	peer = sw_key_sent(link->sw, be32_to_cpu(s->index),
			   be64_to_cpu(s->counter));
	if (!peer || !act_on(peer, link, r, error)) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_ERROR_FORGED);
		return;
	}
	sw_count(link->sw, SKYWIRE_COUNTER_ERROR_IN);
	consume_skb(skb);
}
