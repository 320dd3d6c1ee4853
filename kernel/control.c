// SPDX-License-Identifier: GPL-2.0
/*
 * CONTROL packets: the daemon's, on their way out and in. A neighbour's message
 * comes in fragments, which are collected here; one that has passed relays is
 * small, and whole.
 *
 * What has arrived in part is bounded by link (number), by device (bytes) and in
 * time. It points to its link and is in two places, the link's array and the
 * device's list by age, both under the device's control.lock. sw_control_close()
 * takes all of a link's out before the link can go, and lets no more in.
 */
#include <linux/slab.h>
#include "nl.h"

/* For each link: the neighbour's own messages, and what others sent through. */
enum { OWN, RELAYED };

static const struct sw_rate link_rate[] = {
	[OWN]		= { 200, 500 },
	[RELAYED]	= { 50, 100 },
};

/**
 * struct sw_reassembly - a message that has arrived in part
 * @node: in the device's list
 * @link: where it comes in
 * @slot: its place in the link's array
 * @id: its name
 * @born: boot time in ns of the first fragment
 * @total: bytes of the message
 * @have: which of them are there
 * @data: room for all of them
 */
struct sw_reassembly {
	struct list_head	node;
	struct sw_link		*link;
	unsigned int		slot;
	u32			id;
	u64			born;
	unsigned int		total;
	struct sw_fragments	have;
	u8			*data;
};

static void reassembly_free(struct sw_reassembly *r)
{
	kfree(r->data);
	kfree(r);
}

/* Take it out; the lock is held, and the caller frees. */
static void take_out(struct sw_control *c, struct sw_reassembly *r)
{
	list_del(&r->node);
	r->link->pending[r->slot] = NULL;
	c->memory -= r->total;
}

/* Its last fragment will not come. The lock is held. */
static void give_up(struct sw_device *sw, struct sw_reassembly *r)
{
	take_out(&sw->control, r);
	reassembly_free(r);
	sw_count_drop(sw, SKYWIRE_DROP_CONTROL_TIMEOUT);
}

/* Drop what is too old. The lock is held. */
static void expire(struct sw_device *sw, u64 now)
{
	struct sw_control *c = &sw->control;
	struct sw_reassembly *r, *next;

	list_for_each_entry_safe(r, next, &c->list, node) {
		if (now - r->born < SW_REASSEMBLY_TIME * (u64)NSEC_PER_SEC)
			return;
		give_up(sw, r);
	}
}

static void expire_work(struct work_struct *work)
{
	struct sw_device *sw = container_of(to_delayed_work(work),
					    struct sw_device, control.work);
	struct sw_control *c = &sw->control;

	spin_lock_bh(&c->lock);
	expire(sw, sw_now());
	if (!list_empty(&c->list))
		schedule_delayed_work(&c->work, HZ);
	spin_unlock_bh(&c->lock);
}

void sw_control_init(struct sw_device *sw)
{
	struct sw_control *c = &sw->control;

	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->list);
	INIT_DELAYED_WORK(&c->work, expire_work);
	get_random_bytes(&c->next_id, sizeof(c->next_id));
}

/* All links are closed, so that nothing is collected any more. */
void sw_control_exit(struct sw_device *sw)
{
	cancel_delayed_work_sync(&sw->control.work);
}

/* The link goes. Packets that found it before may still arrive. */
void sw_control_close(struct sw_link *link)
{
	struct sw_device *sw = link->sw;
	int i;

	spin_lock_bh(&sw->control.lock);
	link->closed = true;
	for (i = 0; i < SW_REASSEMBLIES; i++)
		if (link->pending[i])
			give_up(sw, link->pending[i]);
	spin_unlock_bh(&sw->control.lock);
}

static int fill_message(struct sk_buff *msg, void *object)
{
	const struct sw_message *m = object;

	if (nla_put_u32(msg, SKYWIRE_A_CONTROL_IFINDEX,
			m->link->sw->dev->ifindex) ||
	    nla_put_u16(msg, SKYWIRE_A_CONTROL_LINK, m->link->label) ||
	    nla_put_u32(msg, SKYWIRE_A_CONTROL_POSTAGE, m->postage))
		return -EMSGSIZE;
	if (m->count && nla_put(msg, SKYWIRE_A_CONTROL_LABELS,
				m->count * sizeof(m->labels[0]), m->labels))
		return -EMSGSIZE;
	return nla_put(msg, SKYWIRE_A_CONTROL_PAYLOAD, m->len, m->payload);
}

static enum skywire_drop pass_up(struct sw_message *m)
{
	size_t size = 3 * nla_total_size(4) +
		      nla_total_size(SKYWIRE_LABELS_LEN) +
		      nla_total_size(m->len);
	int kind = m->count ? RELAYED : OWN;

	if (!sw_rate_allows(&m->link->control[kind], &link_rate[kind]))
		return SKYWIRE_DROP_UPCALL_RATE;
	return sw_upcall(m->link->sw, SKYWIRE_UPCALL_CONTROL,
			 SKYWIRE_CMD_CONTROL_UPCALL, size, fill_message, m);
}

static struct sw_reassembly *reassembly_alloc(u32 id, unsigned int total)
{
	struct sw_reassembly *r;

	r = kzalloc(sizeof(*r), GFP_ATOMIC | __GFP_NOWARN);
	if (!r)
		return NULL;
	r->data = kmalloc(total, GFP_ATOMIC | __GFP_NOWARN);
	if (!r->data) {
		kfree(r);
		return NULL;
	}
	r->id = id;
	r->total = total;
	sw_fragments_init(&r->have, total);
	return r;
}

/* Begin to collect a message; NULL, and @reason, if not. The lock is held. */
static struct sw_reassembly *begin(struct sw_link *link, u32 id,
				   unsigned int total, u64 now,
				   enum skywire_drop *reason)
{
	struct sw_control *c = &link->sw->control;
	struct sw_reassembly *r;
	unsigned int slot;

	for (slot = 0; slot < SW_REASSEMBLIES; slot++)
		if (!link->pending[slot])
			break;
	*reason = SKYWIRE_DROP_CONTROL_FULL;
	if (slot == SW_REASSEMBLIES || link->closed)
		return NULL;
	/* What is sent in earnest is all here within a moment. What has waited for
	 * longest goes, lest many neighbours keep others out with what they begin.
	 */
	while (c->memory + total > SW_REASSEMBLY_MEMORY)
		give_up(link->sw, list_first_entry(&c->list, struct sw_reassembly,
						   node));
	*reason = SKYWIRE_DROP_NO_MEMORY;
	r = reassembly_alloc(id, total);
	if (!r)
		return NULL;
	r->link = link;
	r->slot = slot;
	r->born = now;
	link->pending[slot] = r;
	c->memory += total;
	if (list_empty(&c->list))
		schedule_delayed_work(&c->work, HZ * SW_REASSEMBLY_TIME + 1);
	list_add_tail(&r->node, &c->list);
	return r;
}

static struct sw_reassembly *find(struct sw_link *link, u32 id)
{
	int i;

	for (i = 0; i < SW_REASSEMBLIES; i++)
		if (link->pending[i] && link->pending[i]->id == id)
			return link->pending[i];
	return NULL;
}

/*
 * Put a checked fragment to the others of its message. If that is complete, it
 * is the caller's in @done. The lock is held.
 */
static enum skywire_drop collect(struct sw_link *link,
				 const struct sw_fragment *f, unsigned int len,
				 struct sw_reassembly **done)
{
	unsigned int offset = be16_to_cpu(f->offset);
	unsigned int total = be16_to_cpu(f->total);
	enum skywire_drop reason;
	struct sw_reassembly *r;
	u64 now = sw_now();

	expire(link->sw, now);
	r = find(link, be32_to_cpu(f->id));
	if (!r) {
		r = begin(link, be32_to_cpu(f->id), total, now, &reason);
		if (!r)
			return reason;
	}
	if (r->total != total)
		return SKYWIRE_DROP_CONTROL_FRAGMENT;
	memcpy(r->data + offset, f + 1, len);
	if (sw_fragments_add(&r->have, offset, len)) {
		take_out(&link->sw->control, r);
		*done = r;
	}
	return 0;
}

/* From the neighbour itself: a fragment, or all in one. */
static enum skywire_drop receive_own(struct sw_message *m)
{
	const struct sw_fragment *f = m->payload;
	struct sw_link *link = m->link;
	struct sw_reassembly *r = NULL;
	enum skywire_drop reason;

	if (!sw_fragment_check(f, m->len))
		return SKYWIRE_DROP_CONTROL_FRAGMENT;
	m->len -= sizeof(*f);
	m->payload = f + 1;
	if (m->len == be16_to_cpu(f->total))
		return pass_up(m);
	spin_lock(&link->sw->control.lock);
	reason = collect(link, f, m->len, &r);
	spin_unlock(&link->sw->control.lock);
	if (!r)
		return reason;
	m->payload = r->data;
	m->len = r->total;
	reason = pass_up(m);
	reassembly_free(r);
	return reason;
}

/**
 * sw_control_receive - a CONTROL packet has arrived at its destination
 * @link: where it came in
 * @r: its checked header
 * @skb: linear, from the payload on; consumed
 *
 * Under RCU with bottom halves off.
 */
void sw_control_receive(struct sw_link *link, const struct sw_route *r,
			struct sk_buff *skb)
{
	struct sw_message m = {
		.link		= link,
		.postage	= sw_cb(skb)->postage,
		.payload	= skb->data,
		.len		= skb->len,
	};
	struct sw_device *sw = link->sw;
	enum skywire_drop reason;

	m.count = sw_route_reverse(r, m.labels);
	if (!sw_upcall_bound(sw, SKYWIRE_UPCALL_CONTROL))
		reason = SKYWIRE_DROP_NO_LISTENER;
	else
		reason = m.count ? pass_up(&m) : receive_own(&m);
	if (reason) {
		sw_drop(sw, skb, reason);
		return;
	}
	sw_count(sw, SKYWIRE_COUNTER_CONTROL_IN);
	consume_skb(skb);
}

/* A packet with @len bytes of a message, from @offset on; NULL, no memory. */
static struct sk_buff *make_packet(const struct sw_message *m,
				   unsigned int offset, unsigned int len)
{
	struct sw_fragment *f;
	struct sk_buff *skb;

	skb = sw_skb_alloc(sizeof(*f) + len, GFP_KERNEL_ACCOUNT);
	if (!skb)
		return NULL;
	if (!m->count) {
		f = skb_put(skb, sizeof(*f));
		f->id = cpu_to_be32(m->link->sw->control.next_id);
		f->total = cpu_to_be16(m->len);
		f->offset = cpu_to_be16(offset);
	}
	skb_put_data(skb, m->payload + offset, len);
	sw_route_build(skb_push(skb, sw_route_len(m->count)), SW_PACKET_CONTROL,
		       0, m->postage, 0, m->labels, m->count);
	return skb;
}

/* All packets of a message, or -ENOMEM and none. */
static int make_packets(const struct sw_message *m, struct sk_buff_head *packets)
{
	unsigned int room = m->count ? m->len :
			    sw_fragment_room(READ_ONCE(m->link->mtu));
	unsigned int offset, len;
	struct sk_buff *skb;

	for (offset = 0; offset < m->len; offset += len) {
		len = min(room, m->len - offset);
		skb = make_packet(m, offset, len);
		if (!skb) {
			__skb_queue_purge(packets);
			return -ENOMEM;
		}
		__skb_queue_tail(packets, skb);
	}
	return 0;
}

/**
 * sw_control_send - send a CONTROL message
 * @m: message, checked: not empty, and no larger than its count allows
 *
 * Under sw_mutex. What is dropped from here on is counted.
 *
 * Return: 0, or -ENOMEM with nothing sent.
 */
int sw_control_send(const struct sw_message *m)
{
	struct sw_device *sw = m->link->sw;
	struct sk_buff_head packets;
	struct sk_buff *skb;
	int err;

	__skb_queue_head_init(&packets);
	err = make_packets(m, &packets);
	if (err)
		return err;
	sw->control.next_id++;
	local_bh_disable();
	rcu_read_lock();
	while ((skb = __skb_dequeue(&packets))) {
		sw_count(sw, SKYWIRE_COUNTER_CONTROL_SENT);
		sw_link_send(m->link, skb, SW_SEND_OWN, 0);
	}
	rcu_read_unlock();
	local_bh_enable();
	return 0;
}
