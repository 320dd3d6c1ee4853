// SPDX-License-Identifier: GPL-2.0
/*
 * ECHO packets: probes of links, and requests that came over relays. A request
 * is turned into its answer where it is, and an answer is never answered.
 */
#include "skywire.h"

static struct sw_echo *push_echo(struct sk_buff *skb, u8 kind, u32 number)
{
	struct sw_echo *echo = __skb_put_zero(skb, sizeof(*echo));

	echo->kind = kind;
	echo->number = cpu_to_be32(number);
	return echo;
}

static void send_echo(struct sw_link *link, struct sk_buff *skb,
		      enum sw_send kind)
{
	/* Ahead of data that waits in the underlay's queue. */
	skb->priority = TC_PRIO_CONTROL;
	sw_link_send(link, skb, kind, 0);
}

static void probe(struct sw_link *link, u32 number, u64 time, u8 flags,
		  enum sw_send kind)
{
	struct sw_echo *echo;
	struct sk_buff *skb;

	sw_count(link->sw, SKYWIRE_COUNTER_ECHO_OUT);
	skb = sw_skb_alloc(sizeof(*echo), GFP_ATOMIC);
	if (!skb) {
		sw_count_drop(link->sw, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	echo = push_echo(skb, SW_ECHO_REQUEST, number);
	echo->flags = flags;
	echo->time = cpu_to_be64(time);
	sw_route_build(__skb_push(skb, sw_route_len(0)), SW_PACKET_ECHO, 0, 0,
		       0, NULL, 0);
	send_echo(link, skb, kind);
}

/**
 * sw_echo_probe - ask the neighbour for a sign
 * @link: link
 * @number: of the request
 * @time: to be returned
 * @flags: what to say of us
 *
 * Under RCU with bottom halves off.
 */
void sw_echo_probe(struct sw_link *link, u32 number, u64 time, u8 flags)
{
	probe(link, number, time, flags, SW_SEND_OWN);
}

/**
 * sw_echo_probe_candidate - ask the neighbour, at the link's candidate address
 * @link: link
 * @nonce: to be returned, in place of a time; the number is 0, which no other
 *	probe has
 * @flags: what to say of us
 *
 * Under RCU with bottom halves off.
 */
void sw_echo_probe_candidate(struct sw_link *link, u64 nonce, u8 flags)
{
	probe(link, 0, nonce, flags, SW_SEND_CANDIDATE);
}

/*
 * Send the request back as its answer: no longer than it was, by the way that
 * it came, and with what postage it has left.
 */
static void answer(struct sw_link *link, struct sk_buff *skb, u8 flags)
{
	struct sw_route *r = (struct sw_route *)skb->data;
	unsigned int len = sw_route_len(r->count);
	struct sw_echo *echo = (struct sw_echo *)(skb->data + len);
	__be16 labels[SKYWIRE_LABELS_MAX];
	unsigned int count;

	sw_count(link->sw, SKYWIRE_COUNTER_ECHO_OUT);
	echo->kind = SW_ECHO_REPLY;
	echo->flags = flags;
	skb_trim(skb, len + sizeof(*echo));
	count = sw_route_reverse(r, labels);
	sw_route_build(r, SW_PACKET_ECHO, r->class, be32_to_cpu(r->postage),
		       be32_to_cpu(r->flow), labels, count);
	if (unlikely(sw_skb_own(link->sw, skb, SW_LINK_ROOM, SW_TAG_LEN,
				SKYWIRE_COUNTER_SEAL_COPIES))) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	send_echo(link, skb, SW_SEND_OWN);
}

/* A request, well formed. Relayed ones say nothing of the link. */
static void receive_request(struct sw_link *link, struct sk_buff *skb,
			    struct sw_echo *echo, bool relayed)
{
	u8 flags = relayed ? 0 : sw_live_request(link, echo);

	if (unlikely(!sw_live_may_answer(link, relayed))) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_ECHO_RATE);
		return;
	}
	sw_count(link->sw, SKYWIRE_COUNTER_ECHO_IN);
	answer(link, skb, flags);
}

/**
 * sw_echo_receive - an ECHO packet whose way ends here
 * @link: link that it came in on
 * @skb: owned, from a checked source-route header on; consumed
 *
 * Under RCU with bottom halves off.
 */
void sw_echo_receive(struct sw_link *link, struct sk_buff *skb)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	unsigned int len = sw_route_len(r->count);
	bool relayed = r->count;
	struct sw_echo *echo;

	echo = (struct sw_echo *)(skb->data + len);
	if (unlikely(skb->len < len + sizeof(*echo) ||
		     echo->kind > SW_ECHO_REPLY)) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_ECHO);
		return;
	}
	if (echo->kind == SW_ECHO_REQUEST) {
		receive_request(link, skb, echo, relayed);
		return;
	}
	if (!relayed) {
		sw_live_reply(link, echo);
		sw_roam_answered(link, echo, sw_cb(skb)->outer.from);
	}
	sw_count(link->sw, SKYWIRE_COUNTER_ECHO_IN);
	consume_skb(skb);
}
