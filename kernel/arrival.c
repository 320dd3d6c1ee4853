// SPDX-License-Identifier: GPL-2.0
/*
 * What has arrived from a peer by which way. A way is known by what its packets
 * have in their headers when they are here: the labels back, and the link that
 * they came in on.
 */
#include <linux/jhash.h>
#include "skywire.h"

static u32 route_hash(const struct sw_route *r, u16 ingress)
{
	return jhash(r->labels, r->count * sizeof(r->labels[0]), ingress);
}

static struct sw_arrival *find(struct sw_arrivals *a, u32 route)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(a->way); i++)
		if (a->way[i].route == route && a->way[i].epoch)
			return &a->way[i];
	return NULL;
}

static struct sw_arrival *begin(struct sw_arrivals *a, u32 route)
{
	struct sw_arrival *oldest = &a->way[0];
	int i;

	for (i = 0; i < ARRAY_SIZE(a->way) && oldest->epoch; i++)
		if (!a->way[i].epoch ||
		    time_before(a->way[i].last, oldest->last))
			oldest = &a->way[i];
	memset(oldest, 0, sizeof(*oldest));
	oldest->route = route;
	oldest->epoch = get_random_u32() | 1;
	return oldest;
}

void sw_arrivals_init(struct sw_arrivals *a)
{
	spin_lock_init(&a->lock);
}

/**
 * sw_arrived - count an inner packet
 * @peer: that it is from
 * @r: header that it came with
 * @ingress: label of the link that it came in on
 * @len: its bytes
 *
 * With bottom halves off.
 */
void sw_arrived(struct sw_peer *peer, const struct sw_route *r, u16 ingress,
		unsigned int len)
{
	struct sw_arrivals *a = &peer->arrivals;
	u32 route = route_hash(r, ingress);
	struct sw_arrival *way;

	spin_lock(&a->lock);
	way = find(a, route) ?: begin(a, route);
	way->last = jiffies;
	way->tally.packets++;
	way->tally.bytes += len;
	way->tally.postage += be32_to_cpu(r->postage);
	spin_unlock(&a->lock);
}

/**
 * sw_arrived_by - what has arrived by the way that a packet came
 * @peer: that it is from
 * @r: header that it came with
 * @ingress: label of the link that it came in on
 * @tally: result
 *
 * With bottom halves off.
 *
 * Return: the epoch of the count.
 */
u32 sw_arrived_by(struct sw_peer *peer, const struct sw_route *r, u16 ingress,
		  struct sw_tally *tally)
{
	struct sw_arrivals *a = &peer->arrivals;
	u32 route = route_hash(r, ingress);
	struct sw_arrival *way;
	u32 epoch;

	spin_lock(&a->lock);
	way = find(a, route) ?: begin(a, route);
	way->last = jiffies;
	*tally = way->tally;
	epoch = way->epoch;
	spin_unlock(&a->lock);
	return epoch;
}
