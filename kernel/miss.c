// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that wait while the daemon is asked for their destination.
 *
 * Number of destinations, packets for each, memory and time are bounded; what is
 * beyond is dropped. A packet that waits is as the IP stack sent it, and keeps
 * its socket and its dst, which it would keep in a neighbour's queue as well.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ipv6.h>
#include "nl.h"

#define SW_MISS_AGAIN	NSEC_PER_SEC	/* between questions for one destination */

/* A destination, and the peer that has it, if any. */
struct question {
	struct sw_device	*sw;
	const struct sw_peer	*peer;
	struct in6_addr		addr;
	u16			family;
};

/* May it be a node's? Of multicast and link-local ones nobody knows anything. */
static bool is_askable(const struct question *q)
{
	__be32 v4 = q->addr.s6_addr32[0];

	if (q->family == AF_INET)
		return !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4) &&
		       !ipv4_is_linklocal_169(v4);
	return !ipv6_addr_is_multicast(&q->addr) &&
	       !(ipv6_addr_type(&q->addr) & IPV6_ADDR_LINKLOCAL);
}

static void set_destination(struct question *q, const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		q->family = AF_INET;
		q->addr.s6_addr32[0] = ip_hdr(skb)->daddr;
	} else {
		q->family = AF_INET6;
		q->addr = ipv6_hdr(skb)->daddr;
	}
}

static int fill_question(struct sk_buff *msg, void *object)
{
	const struct question *q = object;

	if (nla_put_u32(msg, SKYWIRE_A_MISS_IFINDEX, q->sw->dev->ifindex) ||
	    nla_put(msg, SKYWIRE_A_MISS_ADDRESS, q->family == AF_INET ? 4 : 16,
		    &q->addr))
		return -EMSGSIZE;
	return q->peer ? nla_put(msg, SKYWIRE_A_MISS_PEER,
				 sizeof(q->peer->key), q->peer->key) : 0;
}

static enum skywire_drop ask(struct question *q)
{
	size_t size = nla_total_size(4) + nla_total_size(16) +
		      nla_total_size(SKYWIRE_PUBLIC_KEY_LEN);

	return sw_upcall(q->sw, SKYWIRE_UPCALL_MISS, SKYWIRE_CMD_MISS_UPCALL,
			 size, fill_question, q);
}

static struct sw_miss *find(struct sw_misses *all, u16 family,
			    const struct in6_addr *addr)
{
	int i;

	for (i = 0; i < SW_MISSES; i++)
		if (all->entry[i].family == family &&
		    ipv6_addr_equal(&all->entry[i].addr, addr))
			return &all->entry[i];
	return NULL;
}

/* Ask for a new destination, and give it an entry; or why not. */
static enum skywire_drop enter(struct question *q, u64 now, struct sw_miss **m)
{
	static const struct in6_addr none;
	struct sw_misses *all = &q->sw->miss;
	enum skywire_drop reason;

	*m = find(all, 0, &none);
	if (!*m)
		return SKYWIRE_DROP_MISS_FULL;
	reason = ask(q);
	if (reason)
		return reason;
	(*m)->addr = q->addr;
	(*m)->family = q->family;
	(*m)->born = now;
	(*m)->asked = now;
	schedule_delayed_work(&all->work, HZ * SW_MISS_TIME + 1);
	return 0;
}

/* Let the packet wait; or why not. The lock is held. */
static enum skywire_drop wait(struct question *q, struct sk_buff *skb)
{
	struct sw_misses *all = &q->sw->miss;
	enum skywire_drop reason;
	u64 now = sw_now();
	struct sw_miss *m;

	if (all->bytes + skb->truesize > SW_MISS_MEMORY)
		return SKYWIRE_DROP_MISS_FULL;
	m = find(all, q->family, &q->addr);
	if (!m) {
		reason = enter(q, now, &m);
		if (reason)
			return reason;
	} else if (now - m->asked >= SW_MISS_AGAIN) {
		/* The first question may have been lost, or forgotten. */
		m->asked = now;
		ask(q);
	}
	if (skb_queue_len(&m->packets) >= SW_MISS_PACKETS)
		return SKYWIRE_DROP_MISS_FULL;
	__skb_queue_tail(&m->packets, skb);
	all->bytes += skb->truesize;
	return 0;
}

/**
 * sw_miss_wait - let a packet wait for a peer, a path or a key
 * @sw: device
 * @skb: packet as it came from the IP stack, its IP header readable
 * @peer: the peer that has its destination and no usable path, or NULL
 *
 * Under RCU with bottom halves off.
 *
 * Return: false where there is nobody to ask, or nothing to ask for. Otherwise
 * the packet waits, or was dropped.
 */
bool sw_miss_wait(struct sw_device *sw, struct sk_buff *skb,
		  const struct sw_peer *peer)
{
	struct question q = { .sw = sw, .peer = peer };
	enum skywire_drop reason;

	if (!sw_upcall_bound(sw, SKYWIRE_UPCALL_MISS) ||
	    (peer && !sw_peer_incomplete(peer)))
		return false;
	set_destination(&q, skb);
	if (!is_askable(&q))
		return false;
	skb_dst_force(skb);
	spin_lock(&sw->miss.lock);
	reason = wait(&q, skb);
	spin_unlock(&sw->miss.lock);
	if (reason)
		sw_xmit_drop(sw, skb, reason);
	return true;
}

/* Empty an entry into @packets, and free it. The lock is held. */
static void take_out(struct sw_misses *all, struct sw_miss *m,
		     struct sk_buff_head *packets)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&m->packets))) {
		all->bytes -= skb->truesize;
		__skb_queue_tail(packets, skb);
	}
	memset(&m->addr, 0, sizeof(m->addr));
	m->family = 0;
}

/* For all that has waited; in process context. */
static void refuse(struct sw_device *sw, struct sk_buff_head *packets,
		   enum skywire_drop reason)
{
	struct sk_buff *skb;

	local_bh_disable();
	rcu_read_lock();
	while ((skb = __skb_dequeue(packets)))
		sw_unreachable(sw, skb, reason);
	rcu_read_unlock();
	local_bh_enable();
}

static void release(struct sw_device *sw, struct sk_buff_head *packets)
{
	struct sk_buff *skb;

	local_bh_disable();
	rcu_read_lock();
	while ((skb = __skb_dequeue(packets))) {
		sw_count(sw, SKYWIRE_COUNTER_MISS_RELEASED);
		sw_send_again(sw, skb);
	}
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * sw_miss_answer - decide about the packets that wait for a destination
 * @sw: device
 * @family: AF_INET or AF_INET6
 * @addr: destination, 16 bytes, those beyond 4 of IPv4 zero
 * @verdict: what to do
 *
 * Under sw_mutex.
 *
 * Return: 0, or -ENOENT where none wait.
 */
int sw_miss_answer(struct sw_device *sw, u16 family, const void *addr,
		   enum skywire_verdict verdict)
{
	struct sw_misses *all = &sw->miss;
	struct sk_buff_head packets;
	struct sw_miss *m;

	__skb_queue_head_init(&packets);
	spin_lock_bh(&all->lock);
	m = find(all, family, addr);
	if (m)
		take_out(all, m, &packets);
	spin_unlock_bh(&all->lock);
	if (!m)
		return -ENOENT;
	if (verdict == SKYWIRE_VERDICT_RELEASE)
		release(sw, &packets);
	else
		refuse(sw, &packets, SKYWIRE_DROP_MISS_REFUSED);
	return 0;
}

/* Nobody has answered. */
static void expire_work(struct work_struct *work)
{
	struct sw_device *sw = container_of(to_delayed_work(work),
					    struct sw_device, miss.work);
	struct sw_misses *all = &sw->miss;
	struct sk_buff_head packets;
	bool more = false;
	u64 now;
	int i;

	__skb_queue_head_init(&packets);
	spin_lock_bh(&all->lock);
	now = sw_now();
	for (i = 0; i < SW_MISSES; i++) {
		struct sw_miss *m = &all->entry[i];

		if (!m->family)
			continue;
		if (now - m->born >= SW_MISS_TIME * (u64)NSEC_PER_SEC)
			take_out(all, m, &packets);
		else
			more = true;
	}
	if (more)
		schedule_delayed_work(&all->work, HZ / 4);
	spin_unlock_bh(&all->lock);
	refuse(sw, &packets, SKYWIRE_DROP_MISS_TIMEOUT);
}

void sw_miss_init(struct sw_device *sw)
{
	struct sw_misses *all = &sw->miss;
	int i;

	spin_lock_init(&all->lock);
	INIT_DELAYED_WORK(&all->work, expire_work);
	for (i = 0; i < SW_MISSES; i++)
		__skb_queue_head_init(&all->entry[i].packets);
}

/* The device goes down: nothing is sent any more, and nothing may wait. */
void sw_miss_flush(struct sw_device *sw)
{
	struct sw_misses *all = &sw->miss;
	struct sk_buff_head packets;
	struct sk_buff *skb;
	int i;

	__skb_queue_head_init(&packets);
	local_bh_disable();
	spin_lock(&all->lock);
	for (i = 0; i < SW_MISSES; i++)
		take_out(all, &all->entry[i], &packets);
	spin_unlock(&all->lock);
	while ((skb = __skb_dequeue(&packets)))
		sw_xmit_drop(sw, skb, SKYWIRE_DROP_DEVICE_DOWN);
	local_bh_enable();
}

/* Nobody sends any more: the device has been down for a grace period. */
void sw_miss_exit(struct sw_device *sw)
{
	cancel_delayed_work_sync(&sw->miss.work);
	sw_miss_flush(sw);
}
