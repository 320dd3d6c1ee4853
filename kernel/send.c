// SPDX-License-Identifier: GPL-2.0
/*
 * From the IP stack to a transport: choose peer and path, segment, seal for
 * the session, write the source-route header, seal for the link.
 */
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <skywire/postage.h>
#include "compat.h"
#include "skywire.h"

/*
 * How deep transmissions of devices without a queue may nest, skywire devices
 * being such ones, before the stack gets short. Where an asynchronous driver
 * takes the packet off the stack, a loop ends when the packet, which grows by
 * each turn, is too big.
 */
#define SW_NESTING_MAX	3

static void link_sealed(struct sk_buff *skb, struct sw_key *key, int err)
{
	struct sw_link *link = key->link;
	u8 kind = sw_cb(skb)->kind;
	struct sw_endpoint *ep;

	if (unlikely(err)) {
		sw_drop(link->sw, skb,
			sw_crypt_reason(err, SKYWIRE_DROP_CRYPTO));
		return;
	}
	ep = rcu_dereference(link->endpoint);
	if (unlikely(kind == SW_SEND_CANDIDATE))
		ep = rcu_dereference(link->roam.candidate);
	if (unlikely(!ep)) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_NO_ROUTE);
		return;
	}
	sw_traffic_tx(link->traffic, skb->len - SW_LINK_OVERHEAD,
		      sw_cb(skb)->postage, sw_cb(skb)->fee);
	/* The DSCP stays inside; ECN must be where queues can mark it. */
	if (unlikely(!link->transport->xmit(link->sw, ep, skb,
					    sw_cb(skb)->class & INET_ECN_MASK)))
		return;
	sw_count(link->sw, SKYWIRE_COUNTER_TX_FRAMES);
	if (kind == SW_SEND_FORWARDED)
		sw_count(link->sw, SKYWIRE_COUNTER_FORWARDED);
}

/* Seal the header alone? Both ends must allow it, and the payload be sealed. */
static bool seals_header(const struct sw_link *link, const struct sw_key *key,
			 const struct sk_buff *skb)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;

	return unlikely(key->seal == SKYWIRE_SEAL_HEADER) &&
	       sw_route_type(r) == SW_PACKET_DATA &&
	       !READ_ONCE(link->live.wants_full) &&
	       skb->len >= sw_route_len(r->count) + SW_SESSION_OVERHEAD;
}

/* Make room for the tag, behind the header or behind all; what is sealed. */
static unsigned int make_tag_room(struct sk_buff *skb, bool header)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	unsigned int len = sw_route_len(r->count);

	if (!header) {
		__skb_put(skb, SW_TAG_LEN);
		return skb->len;
	}
	__skb_push(skb, SW_TAG_LEN);
	memmove(skb->data, skb->data + SW_TAG_LEN, len);
	return len + SW_TAG_LEN;
}

/**
 * sw_link_send - seal a source-routed packet and hand it to the transport
 * @link: egress link
 * @skb: owned, reset, from the source-route header on, with SW_LINK_ROOM in front
 *	and a tag's room behind; consumed
 * @kind: whose it is
 * @fee: what was kept of its postage for that
 *
 * Under RCU with bottom halves off.
 */
void sw_link_send(struct sw_link *link, struct sk_buff *skb, enum sw_send kind,
		  u32 fee)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	struct sw_frame *frame;
	struct sw_key *key;
	unsigned int len;
	bool header;
	u64 counter;

	if (unlikely(skb->len > READ_ONCE(link->mtu))) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_TOO_BIG);
		return;
	}
	key = rcu_dereference(link->keys.slot[SKYWIRE_KEY_SLOT_CURRENT]);
	if (unlikely(!key || sw_key_take_counter(key, &counter))) {
		sw_drop(link->sw, skb, SKYWIRE_DROP_NO_KEY);
		return;
	}
	if (sw_route_type(r) != SW_PACKET_ECHO)
		sw_live_used(link);
	sw_cb(skb)->postage = be32_to_cpu(r->postage);
	sw_cb(skb)->fee = fee;
	sw_cb(skb)->kind = kind;
	sw_cb(skb)->class = r->class;
	sw_cb(skb)->counter = counter;

	header = seals_header(link, key, skb);
	len = make_tag_room(skb, header);
	if (header)
		sw_count(link->sw, SKYWIRE_COUNTER_HEADER_SEALED);
	frame = __skb_push(skb, sizeof(*frame));
	frame->type = header ? SW_FRAME_DATA_HEADER : SW_FRAME_DATA;
	frame->sealed = header ? (len - SW_TAG_LEN) / 4 : 0;
	frame->len = cpu_to_be16(skb->len);
	frame->index = cpu_to_be32(key->tx_index);
	frame->counter = cpu_to_be64(counter);
	sw_seal(skb, key, 0, sizeof(*frame), len, link_sealed);
}

/**
 * sw_skb_alloc - a packet of our own making
 * @len: bytes that will be put into it
 * @gfp: flags
 *
 * Return: an empty packet with room in front for all headers, and for all tags
 * behind; or NULL.
 */
struct sk_buff *sw_skb_alloc(unsigned int len, gfp_t gfp)
{
	struct sk_buff *skb;

	skb = alloc_skb(SW_HEADROOM + len + SW_TAILROOM, gfp | __GFP_NOWARN);
	if (skb)
		skb_reserve(skb, SW_HEADROOM);
	return skb;
}

static void push_route(struct sk_buff *skb, const struct sw_way *way,
		       enum sw_packet_type type, u8 class, u32 flow)
{
	sw_route_build(__skb_push(skb, sw_route_len(way->count)), type, class,
		       way->postage, flow, way->labels, way->count);
}

/* How a packet of so many layer-2 bytes goes by a path */
static struct sw_way way_of(const struct sw_path *path, unsigned int len)
{
	return (struct sw_way) {
		.link = path->link,
		.labels = path->labels,
		.count = path->count,
		.postage = sw_fee(path->postage_base, path->postage_rate, len),
	};
}

/*
 * The same session frame by another path. The other end takes the one that is
 * there first; what cannot be copied has gone by the first path.
 */
static void send_copy(struct sw_peer *peer, const struct sk_buff *skb, u8 id)
{
	const struct sw_route *r = (const struct sw_route *)skb->data;
	unsigned int skip = sw_route_len(r->count);
	struct sw_path *path;
	struct sk_buff *copy;
	struct sw_way way;

	path = rcu_dereference(peer->path[id - 1]);
	if (!path || skb->len - skip - SW_SESSION_OVERHEAD > sw_path_mtu(path))
		return;
	sw_count(peer->sw, SKYWIRE_COUNTER_DUPLICATED);
	copy = sw_skb_alloc(skb->len - skip, GFP_ATOMIC);
	if (!copy) {
		sw_count_drop(peer->sw, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	skb_put_data(copy, skb->data + skip, skb->len - skip);
	way = way_of(path, copy->len);
	push_route(copy, &way, SW_PACKET_DATA, r->class, be32_to_cpu(r->flow));
	sw_traffic_tx(path->traffic, copy->len - sw_route_len(way.count) -
		      SW_SESSION_OVERHEAD, way.postage, 0);
	sw_link_send(path->link, copy, SW_SEND_OWN, 0);
}

static void session_sealed(struct sk_buff *skb, struct sw_key *key, int err)
{
	struct sw_device *sw = key->peer->sw;
	struct sw_link *link;

	if (unlikely(err)) {
		sw_drop(sw, skb, sw_crypt_reason(err, SKYWIRE_DROP_CRYPTO));
		return;
	}
	if (unlikely(sw_cb(skb)->second))
		send_copy(key->peer, skb, sw_cb(skb)->second);
	/* An asynchronous driver may have had the packet for long. */
	link = sw_link_lookup(sw, sw_cb(skb)->label);
	if (unlikely(!link)) {
		sw_drop(sw, skb, SKYWIRE_DROP_LINK_DOWN);
		return;
	}
	sw_link_send(link, skb, SW_SEND_OWN, 0);
}

/**
 * sw_session_send - seal for the session and send
 * @peer: to whom
 * @skb: owned, reset, the inner packet or the session's own echo, with room for
 *	all headers in front and two tags behind; consumed
 * @way: by which way
 * @class: DS field
 * @flow: hash of the flow
 * @second: id of a path that a copy is to take, or 0
 *
 * Under RCU with bottom halves off.
 */
void sw_session_send(struct sw_peer *peer, struct sk_buff *skb,
		     const struct sw_way *way, u8 class, u32 flow, u8 second)
{
	struct sw_session *s;
	struct sw_key *key;
	u64 counter;

	key = rcu_dereference(peer->keys.slot[SKYWIRE_KEY_SLOT_CURRENT]);
	if (unlikely(!key || sw_key_take_counter(key, &counter))) {
		sw_drop(peer->sw, skb, SKYWIRE_DROP_NO_KEY);
		return;
	}
	sw_key_note_sent(key, counter);
	__skb_put(skb, SW_TAG_LEN);
	s = __skb_push(skb, sizeof(*s));
	s->index = cpu_to_be32(key->tx_index);
	s->counter = cpu_to_be64(counter);
	push_route(skb, way, SW_PACKET_DATA, class, flow);
	sw_cb(skb)->counter = counter;
	sw_cb(skb)->label = way->link->label;
	sw_cb(skb)->second = second;
	sw_seal(skb, key, sw_route_len(way->count), sizeof(*s),
		skb->len - sw_route_len(way->count) - sizeof(*s),
		session_sealed);
}

/* The path that a copy is to take besides; 0 for none */
static u8 second_path(const struct sw_path *first, const struct sw_choice *by)
{
	const struct sw_path *second;

	if (likely(READ_ONCE(first->peer->redundancy) < 2))
		return 0;
	second = sw_path_second(first->peer, by, first);
	return second ? second->id : 0;
}

/* One inner packet, no larger than the path takes, sets out. */
static void originate(struct sk_buff *skb, const struct sw_path *path,
		      const struct sw_choice *by)
{
	struct sw_peer *peer = path->peer;
	struct sw_device *sw = peer->sw;
	unsigned int head = SW_HEADROOM - SW_ROUTE_LEN_MAX +
			    sw_route_len(path->count);
	unsigned int len = skb->len;
	struct sw_way way;
	u8 class;

	sw_count(sw, SKYWIRE_COUNTER_ORIGINATED);
	if (unlikely(sw_skb_own(sw, skb, head, SW_TAILROOM,
				SKYWIRE_COUNTER_SEAL_COPIES))) {
		sw_drop(sw, skb, SKYWIRE_DROP_NO_MEMORY);
		return;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		sw_drop(sw, skb, SKYWIRE_DROP_SEGMENT);
		return;
	}
	class = ip_tunnel_get_dsfield(ip_hdr(skb), skb);
	/* IPv6 takes a socket for one of its own: see ip6_skb_dst_mtu(). */
	if (skb->sk && !sk_is_inet(skb->sk))
		skb_orphan(skb);
	sw_skb_reset(skb);
	way = way_of(path, path->count ? len + SW_SESSION_OVERHEAD : len);
	sw_traffic_tx(peer->traffic, len, 0, 0);
	sw_traffic_tx(path->traffic, len, way.postage, 0);
	dev_sw_netstats_tx_add(sw->dev, 1, len);
	if (path->count) {
		sw_prober_used(peer);
		sw_session_send(peer, skb, &way, class, by->flow,
				second_path(path, by));
	} else {
		push_route(skb, &way, SW_PACKET_DIRECT, class, by->flow);
		sw_link_send(path->link, skb, SW_SEND_OWN, 0);
	}
}

/* A packet of the IP stack's goes nowhere. */
static void count_refused(struct sw_device *sw)
{
	dev_core_stats_tx_dropped_inc(sw->dev);
	sw_count(sw, SKYWIRE_COUNTER_REFUSED);
}

/**
 * sw_xmit_drop - drop a packet that the IP stack wanted sent
 * @sw: device
 * @skb: the packet, consumed
 * @reason: why
 */
void sw_xmit_drop(struct sw_device *sw, struct sk_buff *skb,
		  enum skywire_drop reason)
{
	count_refused(sw);
	sw_drop(sw, skb, reason);
}

/**
 * sw_unreachable - drop a packet for which there is no way, and tell its sender
 * @sw: device
 * @skb: the packet as it came from the IP stack, consumed
 * @reason: why
 *
 * With bottom halves off.
 */
void sw_unreachable(struct sw_device *sw, struct sk_buff *skb,
		    enum skywire_drop reason)
{
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	else
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH,
				ICMPV6_ADDR_UNREACH, 0);
	sw_xmit_drop(sw, skb, reason);
}

static void too_big(struct sw_device *sw, struct sk_buff *skb, u32 mtu)
{
	if (skb_valid_dst(skb))
		skb_dst_update_pmtu_no_confirm(skb, mtu);
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			      htonl(mtu));
	else
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	sw_xmit_drop(sw, skb, SKYWIRE_DROP_TOO_BIG);
}

/* There is no way: the packet waits for one, unless nobody could find it. */
static void no_way(struct sw_device *sw, struct sk_buff *skb,
		   const struct sw_peer *peer, bool may_wait)
{
	if (may_wait && sw_miss_wait(sw, skb, peer))
		return;
	sw_unreachable(sw, skb, peer ? SKYWIRE_DROP_NO_PATH :
		       SKYWIRE_DROP_NO_PEER);
}

/* Where does the packet go? NULL, with the packet consumed, if nowhere yet. */
static struct sw_path *route(struct sw_device *sw, struct sk_buff *skb,
			     struct sw_choice *by, bool may_wait)
{
	struct sw_path *path;
	struct sw_peer *peer;

	if (skb->protocol == htons(ETH_P_IP))
		peer = sw_prefix_peer(sw, AF_INET, &ip_hdr(skb)->daddr);
	else
		peer = sw_prefix_peer(sw, AF_INET6, &ipv6_hdr(skb)->daddr);
	if (!peer) {
		no_way(sw, skb, NULL, may_wait);
		return NULL;
	}
	by->flow = skb_get_hash_perturb(skb, &sw->flow_key);
	by->mark = skb->mark;
	by->dscp = ip_tunnel_get_dsfield(ip_hdr(skb), skb) >> 2;
	path = sw_path_choose(peer, by);
	if (!path) {
		/* Its paths may be found to be well again. */
		sw_prober_used(peer);
		no_way(sw, skb, peer, may_wait);
	}
	return path;
}

static void transmit(struct sw_device *sw, struct sk_buff *skb, bool may_wait);

/*
 * A fragment of a packet that was too big. Without ports to tell flows by, it
 * may take another path, and be cut again for that one.
 */
static int send_fragment(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct sw_device *sw = netdev_priv(skb->dev);

	sw_count(sw, SKYWIRE_COUNTER_FRAGMENTED);
	transmit(sw, skb, false);
	return 0;
}

/* Does IPv4 let us, and can we, cut the packet to size? */
static bool may_fragment(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) && !skb_is_gso(skb) &&
	       !(ip_hdr(skb)->frag_off & htons(IP_DF)) && skb_valid_dst(skb);
}

static void fragment(struct sw_device *sw, struct sk_buff *skb, u32 mtu)
{
	skb->dev = sw->dev;
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->frag_max_size = mtu;
	if (ip_do_fragment(dev_net(sw->dev), skb->sk, skb, send_fragment)) {
		count_refused(sw);
		sw_count_drop(sw, SKYWIRE_DROP_SEGMENT);
	}
}

/* Send a large packet in segments. Most come linear, summed and unshared. */
static void segment(struct sw_device *sw, struct sk_buff *skb,
		    const struct sw_path *path, const struct sw_choice *by)
{
	struct sk_buff *segs, *next;

	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		sw_xmit_drop(sw, skb, SKYWIRE_DROP_SEGMENT);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		originate(skb, path, by);
	}
}

static bool too_long(const struct sk_buff *skb, u32 mtu)
{
	if (skb_is_gso(skb))
		return !skb_gso_validate_network_len(skb, mtu);
	return skb->len > mtu;
}

/*
 * Is it IPv4 or IPv6, and the header where it can be read? Packet sockets may
 * leave it in fragments, and the protocol to us.
 */
static bool parse_outgoing(struct sk_buff *skb)
{
	__be16 protocol;

	pskb_network_may_pull(skb, min_t(unsigned int, skb->len,
					 sizeof(struct ipv6hdr)));
	protocol = ip_tunnel_parse_protocol(skb);
	if (!skb->protocol || skb->protocol == htons(ETH_P_ALL))
		skb->protocol = protocol;
	return protocol && protocol == skb->protocol;
}

static void transmit(struct sw_device *sw, struct sk_buff *skb, bool may_wait)
{
	struct sw_choice by;
	struct sw_path *path;
	u32 mtu;

	if (unlikely(!parse_outgoing(skb))) {
		sw_xmit_drop(sw, skb, SKYWIRE_DROP_PROTOCOL);
		return;
	}
	if (unlikely(dev_recursion_level() > SW_NESTING_MAX)) {
		sw_xmit_drop(sw, skb, SKYWIRE_DROP_LOOP);
		return;
	}
	path = route(sw, skb, &by, may_wait);
	if (!path)
		return;
	mtu = sw_path_mtu(path);
	if (likely(!too_long(skb, mtu))) {
		if (skb_is_gso(skb))
			segment(sw, skb, path, &by);
		else
			originate(skb, path, &by);
	} else if (may_fragment(skb)) {
		fragment(sw, skb, mtu);
	} else {
		too_big(sw, skb, mtu);
	}
}

/**
 * sw_send_again - send a packet that has waited for a way
 * @sw: device
 * @skb: packet as sw_miss_wait() took it; consumed
 *
 * Under RCU with bottom halves off. It does not wait another time.
 */
void sw_send_again(struct sw_device *sw, struct sk_buff *skb)
{
	transmit(sw, skb, false);
}

/**
 * sw_xmit - ndo_start_xmit
 * @skb: IPv4 or IPv6 packet, consumed
 * @dev: skywire device
 *
 * Return: NETDEV_TX_OK; whoever sent the packet may hear of failure by ICMP.
 */
netdev_tx_t sw_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct sw_device *sw = netdev_priv(dev);

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		count_refused(sw);
		sw_count_drop(sw, SKYWIRE_DROP_NO_MEMORY);
		return NETDEV_TX_OK;
	}
	rcu_read_lock();
	transmit(sw, skb, true);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
