// SPDX-License-Identifier: GPL-2.0
/*
 * From a transport to the IP stack or to the relay's step. Nothing past the
 * frame header is looked at until the tag has verified.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <skywire/handshake.h>
#include "skywire.h"
#include "trace.h"

/**
 * sw_skb_reset - forget all that a packet's previous life left in the skb
 * @skb: packet that goes from one layer of encapsulation to another
 *
 * Checksum and GSO state, conntrack, secpath, mark, time stamp, hash, queue,
 * the dst and all offsets would be taken for those of the other layer. The
 * socket that it is charged to stays.
 */
void sw_skb_reset(struct sk_buff *skb)
{
	skb_scrub_packet(skb, true);
	memset(&skb->headers, 0, sizeof(skb->headers));
	skb->queue_mapping = 0;
	skb->nohdr = 0;
	skb->peeked = 0;
	skb->mac_len = 0;
	skb->dev = NULL;
#ifdef CONFIG_NET_SCHED
	skb->tc_index = 0;
#endif
	skb_reset_redirect(skb);
	skb_gso_reset(skb);
	skb->hdr_len = skb_headroom(skb);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_reset_transport_header(skb);
	skb_reset_inner_headers(skb);
}

/* Is this an IP packet, and all of it here? Sets protocol and length. */
static bool parse_inner(struct sk_buff *skb)
{
	unsigned int len;

	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_reset_transport_header(skb);
	skb->protocol = ip_tunnel_parse_protocol(skb);
	if (skb->protocol == htons(ETH_P_IP)) {
		len = ntohs(ip_hdr(skb)->tot_len);
		if (ip_hdr(skb)->ihl < 5 || len < ip_hdrlen(skb))
			return false;
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		len = sizeof(struct ipv6hdr) +
		      ntohs(ipv6_hdr(skb)->payload_len);
	} else {
		return false;
	}
	if (len > skb->len)
		return false;
	skb_trim(skb, len);
	return true;
}

static struct sw_peer *source_peer(struct sw_device *sw, struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return sw_prefix_peer(sw, AF_INET, &ip_hdr(skb)->saddr);
	return sw_prefix_peer(sw, AF_INET6, &ipv6_hdr(skb)->saddr);
}

/* Hand over the congestion mark; false where the packet cannot bear it. */
static bool decapsulate_ecn(struct sk_buff *skb)
{
	u8 outer = sw_cb(skb)->class;
	u8 inner = ip_tunnel_get_dsfield(ip_hdr(skb), skb);

	return INET_ECN_decapsulate(skb, outer, inner) <= 1;
}

static void deliver_drop(struct sw_device *sw, struct sk_buff *skb,
			 enum skywire_drop reason)
{
	dev_core_stats_rx_dropped_inc(sw->dev);
	sw_drop(sw, skb, reason);
}

/* An inner packet has arrived from the node with public key @sender. */
static void deliver(struct sw_device *sw, struct sk_buff *skb,
		    const u8 *sender)
{
	struct net_device *dev = sw->dev;
	struct sw_peer *peer;
	unsigned int len;
	u32 postage;

	if (unlikely(!parse_inner(skb))) {
		deliver_drop(sw, skb, SKYWIRE_DROP_INNER_HEADER);
		return;
	}
	peer = source_peer(sw, skb);
	if (unlikely(!peer || memcmp(peer->key, sender, sizeof(peer->key)))) {
		deliver_drop(sw, skb, SKYWIRE_DROP_INNER_SOURCE);
		return;
	}
	if (unlikely(!decapsulate_ecn(skb))) {
		deliver_drop(sw, skb, SKYWIRE_DROP_ECN);
		return;
	}
	if (unlikely(!(dev->flags & IFF_UP))) {
		deliver_drop(sw, skb, SKYWIRE_DROP_DEVICE_DOWN);
		return;
	}
	/* The tag vouches for every byte since the sender, whose own stack
	 * made the checksums, so there is nothing left to verify.
	 */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	skb->dev = dev;
	trace_deliver(peer, skb);
	postage = sw_cb(skb)->postage;
	len = skb->len;
	/* Its queue is bounded, and it counts for the device what it drops. */
	if (unlikely(gro_cells_receive(&sw->gro, skb) == NET_RX_DROP)) {
		sw_count_drop(sw, SKYWIRE_DROP_BACKLOG);
		return;
	}
	sw_count(sw, SKYWIRE_COUNTER_DELIVERED);
	sw_traffic_rx(peer->traffic, len, postage);
	dev_sw_netstats_rx_add(dev, len);
}

/* Is it a session's own echo, rather than an inner packet? */
static bool is_proof(const struct sk_buff *skb)
{
	return skb->len && !(*skb->data >> 4);
}

/* The packet is out of its session frame, in front of which the header is. */
static void note_arrival(struct sw_peer *peer, struct sk_buff *skb)
{
	const struct sw_route *r;

	r = (const void *)(skb->data - SW_SESSION_LEN -
			   sw_route_len(sw_cb(skb)->hops));
	sw_arrived(peer, r, sw_cb(skb)->label, skb->len);
}

/* Both ends of a session that uses two paths know what copies are. */
static void replayed(struct sw_peer *peer, struct sk_buff *skb)
{
	if (READ_ONCE(peer->redundancy) < 2) {
		sw_drop(peer->sw, skb, SKYWIRE_DROP_SESSION_REPLAY);
		return;
	}
	skb_trim(skb, skb->len - SW_TAG_LEN);
	__skb_pull(skb, SW_SESSION_LEN);
	if (!is_proof(skb))
		note_arrival(peer, skb);
	sw_drop(peer->sw, skb, SKYWIRE_DROP_DUPLICATE);
}

/* Somebody may have changed what the link has not sealed. */
static void note_forged(struct sw_device *sw, struct sk_buff *skb)
{
	struct sw_link *link = sw_link_lookup(sw, sw_cb(skb)->label);

	if (link)
		sw_live_forged(link);
}

static void session_opened(struct sk_buff *skb, struct sw_key *key, int err)
{
	struct sw_peer *peer = key->peer;

	if (unlikely(err)) {
		if (err == -EBADMSG && sw_cb(skb)->sealed)
			note_forged(peer->sw, skb);
		sw_drop(peer->sw, skb,
			sw_crypt_reason(err, SKYWIRE_DROP_SESSION_AUTH));
		return;
	}
	if (unlikely(sw_key_accept(key, sw_cb(skb)->counter))) {
		replayed(peer, skb);
		return;
	}
	skb_trim(skb, skb->len - SW_TAG_LEN);
	__skb_pull(skb, SW_SESSION_LEN);
	if (unlikely(is_proof(skb))) {
		sw_prove_receive(peer, skb);
		return;
	}
	note_arrival(peer, skb);
	deliver(peer->sw, skb, peer->key);
}

/* A session frame for this node. */
static void receive_session(struct sw_device *sw, struct sk_buff *skb)
{
	const struct sw_session *s = (const struct sw_session *)skb->data;
	struct sw_key *key;

	if (unlikely(skb->len < SW_SESSION_OVERHEAD)) {
		sw_drop(sw, skb, SKYWIRE_DROP_SESSION_SHORT);
		return;
	}
	key = sw_key_lookup(sw->cookie, be32_to_cpu(s->index));
	if (unlikely(!key || !key->peer || key->peer->sw != sw)) {
		sw_drop(sw, skb, SKYWIRE_DROP_SESSION_NO_INDEX);
		return;
	}
	sw_cb(skb)->counter = be64_to_cpu(s->counter);
	if (unlikely(!sw_key_may_open(key, sw_cb(skb)->counter))) {
		sw_drop(sw, skb, SKYWIRE_DROP_KEY_EXPIRED);
		return;
	}
	sw_open(skb, key, 0, sizeof(*s), skb->len - sizeof(*s), session_opened);
}

/* A packet whose way ends here. */
static void receive_local(struct sw_link *link, struct sk_buff *skb)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	unsigned int type = sw_route_type(r);

	if (type == SW_PACKET_ECHO) {
		sw_echo_receive(link, skb);
		return;
	}
	if (type == SW_PACKET_ERROR) {
		sw_error_receive(link, skb);
		return;
	}
	sw_cb(skb)->class = r->class;
	sw_cb(skb)->postage = be32_to_cpu(r->postage);
	sw_cb(skb)->label = link->label;
	sw_cb(skb)->hops = r->count;
	__skb_pull(skb, sw_route_len(r->count));
	switch (type) {
	case SW_PACKET_DATA:
		receive_session(link->sw, skb);
		break;
	case SW_PACKET_DIRECT:
		deliver(link->sw, skb, link->neighbour);
		break;
	case SW_PACKET_CONTROL:
		sw_control_receive(link, r, skb);
		break;
	default:
		sw_drop(link->sw, skb, SKYWIRE_DROP_PACKET_TYPE);
	}
}

/* A source-routed packet is out of its link's AEAD. */
static void receive_packet(struct sw_link *link, struct sk_buff *skb)
{
	struct sw_route *r = (struct sw_route *)skb->data;
	enum skywire_drop reason;
	int class;

	reason = sw_route_check(r, skb->len);
	if (unlikely(reason)) {
		sw_drop(link->sw, skb, reason);
		return;
	}
	sw_traffic_rx(link->traffic, skb->len, be32_to_cpu(r->postage));
	if (sw_route_type(r) != SW_PACKET_ECHO)
		sw_live_used(link);
	class = sw_ecn_combine(sw_cb(skb)->outer.ds, r->class);
	if (unlikely(class < 0)) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_ECN);
		return;
	}
	r->class = class;
	trace_receive(link, skb, r);
	if (sw_route_is_local(r))
		receive_local(link, skb);
	else
		sw_forward(link, skb);
}

/*
 * Take frame header and tag off. Where the header alone was sealed, the tag is
 * behind that; and only a session's packet, which is sealed end to end, may come
 * so. False where it is none.
 */
static bool open_packet(struct sk_buff *skb)
{
	unsigned int sealed = sw_cb(skb)->sealed;
	const struct sw_route *r;

	if (likely(!sealed)) {
		skb_trim(skb, skb->len - SW_TAG_LEN);
		__skb_pull(skb, SW_FRAME_LEN);
		return true;
	}
	__skb_pull(skb, SW_FRAME_LEN + SW_TAG_LEN);
	memmove(skb->data, skb->data - SW_TAG_LEN, sealed);
	r = (const struct sw_route *)skb->data;
	return sw_route_type(r) == SW_PACKET_DATA &&
	       sw_route_len(r->count) == sealed;
}

static void link_opened(struct sk_buff *skb, struct sw_key *key, int err)
{
	struct sw_device *sw = key->link->sw;

	if (unlikely(err)) {
		sw_drop(sw, skb, sw_crypt_reason(err, SKYWIRE_DROP_AUTH));
		return;
	}
	if (unlikely(sw_key_accept(key, sw_cb(skb)->counter))) {
		sw_drop(sw, skb, SKYWIRE_DROP_REPLAY);
		return;
	}
	sw_live_heard(key->link);
	if (unlikely(!sw_roam_at_endpoint(key->link, sw_cb(skb)->outer.from)))
		sw_roam_heard(key->link, key, skb);
	if (unlikely(!open_packet(skb))) {
		sw_drop(sw, skb, SKYWIRE_DROP_HEADER);
		return;
	}
	receive_packet(key->link, skb);
}

/* Is it a frame of data, of either kind? Sets @sealed: bytes, or 0 for all. */
static bool parse_type(const struct sw_frame *frame, unsigned int len,
		       u8 *sealed)
{
	unsigned int bytes = frame->sealed * 4;

	*sealed = 0;
	if (frame->type == SW_FRAME_DATA)
		return !bytes;
	if (frame->type != SW_FRAME_DATA_HEADER ||
	    bytes < sizeof(struct sw_route) || bytes > SW_ROUTE_LEN_MAX ||
	    len < SW_FRAME_LEN + bytes + SW_TAG_LEN + SW_SESSION_OVERHEAD)
		return false;
	*sealed = bytes;
	return true;
}

/*
 * The frame gate: what can be refused without crypto.
 * Returns the key, or NULL and @reason.
 */
static struct sw_key *gate(struct sw_device *sw,
			   const struct sw_transport *transport,
			   struct sk_buff *skb, enum skywire_drop *reason)
{
	const struct sw_frame *frame;
	struct sw_key *key;
	unsigned int len;

	*reason = SKYWIRE_DROP_FRAME_SHORT;
	if (skb->len < SW_FRAME_MIN || !pskb_may_pull(skb, sizeof(*frame)))
		return NULL;
	frame = (const struct sw_frame *)skb->data;
	len = be16_to_cpu(frame->len);
	if (len < SW_FRAME_MIN)
		return NULL;
	*reason = SKYWIRE_DROP_FRAME_LENGTH;
	if (len > skb->len)
		return NULL;
	*reason = SKYWIRE_DROP_FRAME_TYPE;
	if (!parse_type(frame, len, &sw_cb(skb)->sealed))
		return NULL;
	*reason = SKYWIRE_DROP_NO_INDEX;
	key = sw_key_lookup(sw->cookie, be32_to_cpu(frame->index));
	if (!key || !key->link || key->link->sw != sw ||
	    key->link->transport != transport)
		return NULL;
	*reason = SKYWIRE_DROP_FRAME_TYPE;
	if (sw_cb(skb)->sealed && key->seal != SKYWIRE_SEAL_HEADER)
		return NULL;
	*reason = SKYWIRE_DROP_LINK_DOWN;
	if (READ_ONCE(key->link->state) != SKYWIRE_LINK_STATE_UP)
		return NULL;
	*reason = SKYWIRE_DROP_KEY_EXPIRED;
	sw_cb(skb)->counter = be64_to_cpu(frame->counter);
	if (!sw_key_may_open(key, sw_cb(skb)->counter))
		return NULL;
	/* Transports may pad. */
	*reason = SKYWIRE_DROP_NO_MEMORY;
	return pskb_trim(skb, len) ? NULL : key;
}

static bool is_handshake(struct sk_buff *skb)
{
	return pskb_may_pull(skb, SW_FRAME_LEN) &&
	       sw_frame_is_handshake((const struct sw_frame *)skb->data);
}

/**
 * sw_receive - take a frame from a transport
 * @sw: device
 * @transport: what brought the frame, which must be the link's
 * @skb: frame, from its header on; consumed
 * @outer: where it came from
 *
 * Under RCU with bottom halves off.
 */
void sw_receive(struct sw_device *sw, const struct sw_transport *transport,
		struct sk_buff *skb, const struct sw_outer *outer)
{
	enum skywire_drop reason;
	struct sw_key *key;

	sw_count(sw, SKYWIRE_COUNTER_RX_FRAMES);
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		sw_count_drop(sw, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	sw_cb(skb)->outer = *outer;
	if (unlikely(is_handshake(skb))) {
		sw_handshake_receive(sw, transport, skb);
		return;
	}
	key = gate(sw, transport, skb, &reason);
	if (unlikely(!key)) {
		sw_drop(sw, skb, reason);
		return;
	}
	if (unlikely(sw_skb_own(sw, skb, 0, 0, SKYWIRE_COUNTER_OPEN_COPIES))) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	/* Now, because an asynchronous driver may have the packet for longer
	 * than its socket, device or route live.
	 */
	skb_orphan(skb);
	sw_skb_reset(skb);
	sw_open(skb, key, 0, SW_FRAME_LEN, sw_cb(skb)->sealed ?
		sw_cb(skb)->sealed + SW_TAG_LEN : skb->len - SW_FRAME_LEN,
		link_opened);
}
