// SPDX-License-Identifier: GPL-2.0
/*
 * Our own record: what it says, and when there is a new one.
 *
 * The graph has our links as they are. The record follows: at once where a link
 * came or went, as far as there have not been too many such changes lately, and
 * at most once a minute where only metrics changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* What is coming is worth waiting for: links come and go several at once. */
#define GATHER		(MAP_SECOND / 10)

/* Whose record overtakes ours more often than 3 times an hour is no memory of ours. */
#define OVERTAKE_INTERVAL	(20 * 60 * MAP_SECOND)
#define OVERTAKE_BURST		3

static void publish_by(struct map *map, __u64 when)
{
	if (when < map->own.due)
		map->own.due = when;
}

static void publish_soon(struct map *map, __u64 now)
{
	struct map_own *own = &map->own;

	publish_by(map, now + GATHER + map_pace_wait(own->pace, now,
						     MAP_OWN_INTERVAL * MAP_SECOND,
						     MAP_OWN_BURST));
}

static void publish_later(struct map *map, __u64 now)
{
	__u64 when = map->own.published + MAP_METRIC_INTERVAL * MAP_SECOND;

	publish_by(map, when > now + GATHER ? when : now + GATHER);
}

static int by_key_and_label(const void *a, const void *b)
{
	const struct record_link *x = &((const struct map_link *)a)->live;
	const struct record_link *y = &((const struct map_link *)b)->live;
	int order = memcmp(x->key, y->key, SW_KEY_LEN);

	return order ?: (x->label > y->label) - (x->label < y->label);
}

static int update_graph(struct map *map)
{
	struct graph_vertex *held[RECORD_LINKS_MAX];
	struct graph_claim claims[RECORD_LINKS_MAX];
	struct graph *graph = &map->graph;
	struct map_own *own = &map->own;
	unsigned int i;
	int rc = -ENOMEM;

	if (own->count)
		qsort(own->links, own->count, sizeof(own->links[0]), by_key_and_label);
	for (i = 0; i < own->count; i++) {
		const struct record_link *link = &own->links[i].live;

		held[i] = graph_hold(graph, link->key);
		if (!held[i])
			goto out;
		claims[i] = (struct graph_claim) {
			.to = held[i]->number,
			.label = link->label,
			.mtu = link->mtu,
			.latency = link->latency,
			.loss = link->loss,
			.capacity = link->capacity,
			.price_base = link->price_base,
			.price_rate = link->price_rate,
		};
	}
	rc = graph_claim(graph, &map->self->vertex, claims, own->count);
	map_connect(map, map->self);
out:
	while (i--)
		graph_put(graph, held[i]);
	return rc;
}

static struct map_link *find_link(struct map_own *own, __u16 label)
{
	unsigned int i;

	for (i = 0; i < own->count; i++)
		if (own->links[i].live.label == label)
			return &own->links[i];
	return NULL;
}

static bool can_be_said(const struct map *map, const struct record_link *link)
{
	return link->label && memcmp(link->key, map->self->vertex.key, SW_KEY_LEN) &&
	       link->mtu >= RECORD_MTU_MIN && link->mtu <= SKYWIRE_LINK_MTU_MAX &&
	       link->loss <= RECORD_LOSS_MAX;
}

static int add_link(struct map *map, __u64 now, const struct record_link *link)
{
	struct map_own *own = &map->own;
	struct map_origin *to;
	int rc;

	if (own->count == RECORD_LINKS_MAX)
		return -ENOSPC;
	own->links[own->count++] = (struct map_link) { .live = *link, .latest = *link };
	rc = update_graph(map);
	if (rc) {
		/* Not sorted again: the new one is the one with this label. */
		map_link_del(map, now, link->label);
		return rc;
	}
	map_walk_soon(map, now);
	publish_soon(map, now);
	to = (struct map_origin *)graph_find(&map->graph, link->key);
	if (map->named && !to->record)
		map->named(map->named_context, to, NULL);
	return 0;
}

/* Is the difference large enough to be told? @least: below which nothing is */
static bool differs(__u32 a, __u32 b, __u32 least)
{
	__u64 low = a < b ? a : b, high = a < b ? b : a;

	return high - low >= least && (high - low) * 100 > low * MAP_METRIC_CHANGE;
}

static bool metrics_differ(const struct record_link *a, const struct record_link *b)
{
	return differs(a->latency, b->latency, 100) || differs(a->loss, b->loss, 1000) ||
	       differs(a->capacity, b->capacity, 1);
}

static bool terms_differ(const struct record_link *a, const struct record_link *b)
{
	return a->mtu != b->mtu || a->price_base != b->price_base ||
	       a->price_rate != b->price_rate;
}

static int update_link(struct map *map, __u64 now, struct map_link *own,
		       const struct record_link *link)
{
	bool terms = terms_differ(&own->live, link);
	int rc;

	own->latest = *link;
	if (!terms && !metrics_differ(&own->live, link))
		return 0;
	own->live = *link;
	rc = update_graph(map);
	if (rc)
		return rc;
	if (terms)
		publish_soon(map, now);
	else
		publish_later(map, now);
	return 0;
}

int map_link_set(struct map *map, __u64 now, const struct record_link *link)
{
	struct map_link *own;

	if (!can_be_said(map, link))
		return -EINVAL;
	own = find_link(&map->own, link->label);
	if (own && !memcmp(own->live.key, link->key, SW_KEY_LEN))
		return update_link(map, now, own, link);
	if (own)
		map_link_del(map, now, link->label);
	return add_link(map, now, link);
}

void map_link_del(struct map *map, __u64 now, __u16 label)
{
	struct map_own *own = &map->own;
	struct map_link *link = find_link(own, label);

	if (!link)
		return;
	*link = own->links[--own->count];
	update_graph(map);
	map_walk_soon(map, now);
	publish_soon(map, now);
}

static void publish(struct map *map, __u64 now)
{
	struct record_link links[RECORD_LINKS_MAX];
	struct map_own *own = &map->own;
	struct record_head head = {
		.sequence = own->sequence + 1,
		.instance = own->instance,
		.count = own->count,
	};
	__u8 bytes[RECORD_MAX];
	unsigned int i;
	int len;

	own->due = MAP_NEVER;
	/* Whoever made us believe in the last number has our key. */
	if (!head.sequence)
		return;
	memcpy(head.key, map->self->vertex.key, SW_KEY_LEN);
	for (i = 0; i < own->count; i++) {
		own->links[i].live = own->links[i].latest;
		links[i] = own->links[i].live;
	}
	len = record_write(bytes, &head, links);
	if (len < 0)
		return;
	map->ops->sign(map->context, bytes, len);
	if (update_graph(map) || map_store(map, map->self, bytes, len, MAP_NEVER)) {
		own->due = now + MAP_SECOND;
		return;
	}
	own->sequence++;
	own->published = now;
	map->stats.published++;
	map_pace_take(&own->pace, now, MAP_OWN_INTERVAL * MAP_SECOND, MAP_OWN_BURST);
	/* Not all that were started together refresh together. */
	publish_by(map, now + (MAP_REFRESH - map->ops->random(map->context) %
			       (MAP_REFRESH / 8)) * MAP_SECOND);
}

__u64 map_own_tick(struct map *map, __u64 now)
{
	if (map->own.due <= now)
		publish(map, now);
	return map->own.due;
}

void map_own_overtaken(struct map *map, __u64 now, __u64 sequence, __u32 instance)
{
	struct map_own *own = &map->own;

	if (sequence > own->sequence)
		own->sequence = sequence;
	publish_soon(map, now);
	if (instance != own->instance &&
	    !map_pace_take(&own->overtaken, now, OVERTAKE_INTERVAL, OVERTAKE_BURST))
		map->ops->event(map->context, MAP_EVENT_TWIN, map->self->vertex.key);
}
