// SPDX-License-Identifier: GPL-2.0
/*
 * Handshake frames, types 1 to 3. The daemon makes and reads them; the kernel
 * says how many of them it gets to see. A frame must show that its sender knows
 * whom it talks to (mac1), and, when more of them come than the daemon is let
 * see, that the sender hears what is sent to its address (mac2, by a cookie).
 *
 * Nothing here grows with what arrives: the counts that are kept by source are
 * a fixed array of buckets, and cookies are computed, not stored.
 */
#include <crypto/algapi.h>
#include <linux/siphash.h>
#include <skywire/handshake.h>
#include "nl.h"

#define SW_COOKIE_PERIOD	120	/* s between changes of the secret */

static const struct sw_rate trickle_rate = { 20, 100 };
static const struct sw_rate prefix_rate = { 10, 20 };
static const struct sw_rate cookie_rate = { 100, 100 };
static const struct sw_rate answer_rate = { 10000, 1000 };

/* A frame that has been checked, and who sent it. */
struct arrival {
	struct sw_device		*sw;
	const struct sw_transport	*transport;
	const struct sw_frame		*frame;
	unsigned int			len;
	struct sw_source		source;
};

/* Start to expect mac1 of another identity; sw_mutex held. */
void sw_handshake_identity(struct sw_device *sw, const siphash_key_t *mac1_key)
{
	WRITE_ONCE(sw->handshake.mac1_key.key[0], mac1_key->key[0]);
	WRITE_ONCE(sw->handshake.mac1_key.key[1], mac1_key->key[1]);
}

static bool mac_is(const u8 *mac, const void *data, unsigned int len,
		   const siphash_key_t *key)
{
	__le64 want = cpu_to_le64(siphash(data, len, key));

	return !crypto_memneq(mac, &want, sizeof(want));
}

static const struct sw_macs *macs(const struct arrival *a)
{
	return (const void *)a->frame + sw_macs_offset(a->frame);
}

static bool mac1_valid(const struct arrival *a)
{
	const struct sw_handshake *h = &a->sw->handshake;
	siphash_key_t key = {
		{ READ_ONCE(h->mac1_key.key[0]), READ_ONCE(h->mac1_key.key[1]) }
	};

	return !siphash_key_is_zero(&key) &&
	       mac_is(macs(a)->mac1, a->frame, sw_macs_offset(a->frame), &key);
}

/* The number of the secret in force; those of different devices differ. */
static u32 cookie_period(void)
{
	return div_u64(ktime_get_boottime_seconds(), SW_COOKIE_PERIOD);
}

/* A source's cookie in a period: nobody else can compute it. */
static siphash_key_t make_cookie(const struct arrival *a, u32 period)
{
	const siphash_key_t *secret = &a->sw->handshake.secret;
	struct {
		struct sw_source_name	name;
		u32			period;
		u32			half;
	} of = { .name = a->source.name, .period = period };
	siphash_key_t cookie;

	cookie.key[0] = siphash(&of, sizeof(of), secret);
	of.half = 1;
	cookie.key[1] = siphash(&of, sizeof(of), secret);
	return cookie;
}

/* Does the sender have a cookie of ours, of this period or the last? */
static bool mac2_valid(const struct arrival *a)
{
	static const u8 none[SW_MAC_LEN];
	unsigned int len = sw_macs_offset(a->frame) + SW_MAC_LEN;
	const u8 *mac2 = macs(a)->mac2;
	u32 period = cookie_period();
	siphash_key_t cookie;

	if (!memcmp(mac2, none, sizeof(none)))
		return false;
	cookie = make_cookie(a, period);
	if (mac_is(mac2, a->frame, len, &cookie))
		return true;
	cookie = make_cookie(a, period - 1);
	return mac_is(mac2, a->frame, len, &cookie);
}

static bool prefix_allows(const struct arrival *a)
{
	struct sw_handshake *h = &a->sw->handshake;
	u32 i = siphash(&a->source.prefix, sizeof(a->source.prefix),
			&h->secret) % SW_PREFIX_BUCKETS;

	return sw_rate_allows(&h->prefix[i], &prefix_rate);
}

/**
 * sw_handshake_send - send a handshake frame
 * @sw: device
 * @ep: where to
 * @skb: of sw_skb_alloc(), with the whole frame; consumed
 * @counter: what it is counted as
 *
 * Under RCU with bottom halves off.
 *
 * Return: false where it was dropped, and counted.
 */
bool sw_handshake_send(struct sw_device *sw, struct sw_endpoint *ep,
		       struct sk_buff *skb, enum skywire_counter counter)
{
	sw_count(sw, counter);
	if (!ep->transport->xmit(sw, ep, skb, 0))
		return false;
	sw_count(sw, SKYWIRE_COUNTER_TX_FRAMES);
	return true;
}

/* Answer with a cookie: never more bytes than came, and not to everybody. */
static void send_cookie(struct arrival *a)
{
	siphash_key_t cookie = make_cookie(a, cookie_period());
	struct sw_device *sw = a->sw;
	struct sw_cookie *answer;
	struct sk_buff *skb;
	__le64 half[2];

	BUILD_BUG_ON(sizeof(*answer) > SKYWIRE_HANDSHAKE_MIN);
	if (!sw_rate_allows(&sw->handshake.answers, &answer_rate))
		return;
	skb = sw_skb_alloc(sizeof(*answer), GFP_ATOMIC);
	if (!skb)
		return;
	answer = skb_put_zero(skb, sizeof(*answer));
	answer->frame.type = SW_FRAME_COOKIE;
	answer->frame.len = cpu_to_be16(sizeof(*answer));
	answer->frame.index = a->frame->index;
	memcpy(answer->mac1, macs(a)->mac1, sizeof(answer->mac1));
	half[0] = cpu_to_le64(cookie.key[0]);
	half[1] = cpu_to_le64(cookie.key[1]);
	memcpy(answer->cookie, half, sizeof(answer->cookie));
	sw_handshake_send(sw, a->source.ep, skb, SKYWIRE_COUNTER_COOKIES_SENT);
}

static int fill_handshake(struct sk_buff *msg, void *object)
{
	struct arrival *a = object;

	if (nla_put_u32(msg, SKYWIRE_A_LINK_IFINDEX, a->sw->dev->ifindex) ||
	    nla_put_u8(msg, SKYWIRE_A_LINK_TRANSPORT, a->transport->id) ||
	    a->transport->fill(msg, a->source.ep) ||
	    nla_put(msg, SKYWIRE_A_LINK_FRAME, a->len, a->frame))
		return -EMSGSIZE;
	return 0;
}

static enum skywire_drop pass_up(struct arrival *a)
{
	/* All other attributes have 16 bytes at most. */
	size_t size = 8 * nla_total_size(16) + nla_total_size(a->len);

	return sw_upcall(a->sw, SKYWIRE_UPCALL_HANDSHAKE,
			 SKYWIRE_CMD_HANDSHAKE_UPCALL, size, fill_handshake, a);
}

static u64 *sent_mac1(struct sw_device *sw, const u8 *mac1)
{
	return &sw->handshake.sent[mac1[0] % SW_SENT_MACS];
}

/**
 * sw_handshake_note - expect a cookie as answer to a frame
 * @sw: device
 * @frame: a checked frame of the daemon's
 *
 * Under sw_mutex.
 */
void sw_handshake_note(struct sw_device *sw, const struct sw_frame *frame)
{
	const struct sw_macs *macs = (const void *)frame + sw_macs_offset(frame);
	u64 mac1;

	if (frame->type == SW_FRAME_COOKIE)
		return;
	memcpy(&mac1, macs->mac1, sizeof(mac1));
	WRITE_ONCE(*sent_mac1(sw, macs->mac1), mac1);
}

/* A cookie for the daemon, if it may be one for a frame that we sent lately. */
static enum skywire_drop receive_cookie(struct arrival *a)
{
	const struct sw_cookie *c = (const struct sw_cookie *)a->frame;
	u64 mac1;

	memcpy(&mac1, c->mac1, sizeof(mac1));
	/* All zeros is where none has been sent. */
	if (!mac1 || READ_ONCE(*sent_mac1(a->sw, c->mac1)) != mac1)
		return SKYWIRE_DROP_MAC1;
	if (!sw_rate_allows(&a->sw->handshake.cookies, &cookie_rate))
		return SKYWIRE_DROP_HANDSHAKE_RATE;
	return pass_up(a);
}

/* A frame of type 1 or 2. */
static enum skywire_drop receive_marked(struct arrival *a)
{
	enum skywire_drop reason = SKYWIRE_DROP_HANDSHAKE_LOAD;

	if (!mac1_valid(a))
		return SKYWIRE_DROP_MAC1;
	if (mac2_valid(a))
		return prefix_allows(a) ? pass_up(a) :
		       SKYWIRE_DROP_HANDSHAKE_RATE;
	if (sw_rate_allows(&a->sw->handshake.trickle, &trickle_rate))
		reason = pass_up(a);
	if (reason)
		send_cookie(a);
	return reason;
}

/* Look at the frame and its source; 0, or why not to go on. */
static enum skywire_drop parse(struct arrival *a, struct sk_buff *skb)
{
	const struct sw_frame *frame = (const struct sw_frame *)skb->data;
	enum skywire_drop reason;

	reason = sw_handshake_check(frame, skb->len);
	if (reason)
		return reason;
	if (!sw_upcall_bound(a->sw, SKYWIRE_UPCALL_HANDSHAKE))
		return SKYWIRE_DROP_NO_LISTENER;
	a->len = be16_to_cpu(frame->len);
	if (!pskb_may_pull(skb, a->len))
		return SKYWIRE_DROP_NO_MEMORY;
	a->frame = (const struct sw_frame *)skb->data;
	return a->transport->source(a->sw, a->frame, &sw_cb(skb)->outer,
				    &a->source) ? 0 : SKYWIRE_DROP_NO_ROUTE;
}

/**
 * sw_handshake_receive - take a frame of type 1 to 3 from a transport
 * @sw: device
 * @transport: which
 * @skb: frame, not shared, its header readable; consumed
 *
 * Under RCU with bottom halves off.
 */
void sw_handshake_receive(struct sw_device *sw,
			  const struct sw_transport *transport,
			  struct sk_buff *skb)
{
	struct arrival a = { .sw = sw, .transport = transport };
	enum skywire_drop reason;

	reason = parse(&a, skb);
	if (!reason)
		reason = a.frame->type == SW_FRAME_COOKIE ?
			 receive_cookie(&a) : receive_marked(&a);
	if (reason)
		sw_drop(sw, skb, reason);
	else
		consume_skb(skb);
}
