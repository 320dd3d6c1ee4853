// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

static struct map_origin *origin_of(struct graph_vertex *vertex)
{
	return (struct map_origin *)vertex;
}

struct map_origin *map_find(struct map *map, const __u8 key[SW_KEY_LEN])
{
	return origin_of(graph_find(&map->graph, key));
}

static void tell(struct map *map, enum map_event event, const __u8 *key)
{
	map->ops->event(map->context, event, key);
}

__u64 map_bytes(const struct map *map)
{
	return map->graph.bytes + map->record_bytes;
}

bool map_is_newer(const struct map_origin *origin, __u64 sequence, __u64 digest)
{
	if (!origin->record)
		return true;
	if (sequence != origin->sequence)
		return sequence > origin->sequence;
	return digest > origin->digest;
}

bool map_may_change(const struct map_origin *origin, __u64 now)
{
	return !map_pace_wait(origin->pace, now, MAP_ORIGIN_INTERVAL * MAP_SECOND,
			      MAP_ORIGIN_BURST);
}

__u32 map_age(const struct map_origin *origin, __u64 now)
{
	__u64 left = origin->expires > now ? (origin->expires - now) / MAP_SECOND : 0;

	return left < MAP_EXPIRY ? MAP_EXPIRY - left : 0;
}

static __u64 expiry(__u64 now, __u32 age)
{
	return now + (MAP_EXPIRY - age) * MAP_SECOND;
}

void map_is_younger(struct map *map, struct map_origin *origin, __u64 now, __u32 age)
{
	if (origin == map->self || age >= MAP_EXPIRY)
		return;
	if (expiry(now, age) > origin->expires)
		origin->expires = expiry(now, age);
}

/* Bringers */

struct map_bringer *map_bringer_hold(struct map *map, const __u8 key[SW_KEY_LEN])
{
	struct map_bringer *bringer;

	LIST_FOREACH(bringer, &map->bringers, entry)
		if (!memcmp(bringer->key, key, SW_KEY_LEN))
			break;
	if (!bringer) {
		bringer = calloc(1, sizeof(*bringer));
		if (!bringer)
			return NULL;
		memcpy(bringer->key, key, SW_KEY_LEN);
		TAILQ_INIT(&bringer->origins);
		LIST_INSERT_HEAD(&map->bringers, bringer, entry);
	}
	bringer->holds++;
	return bringer;
}

static void drop_unused(struct map_bringer *bringer)
{
	if (bringer->holds || !TAILQ_EMPTY(&bringer->origins))
		return;
	LIST_REMOVE(bringer, entry);
	free(bringer);
}

void map_bringer_put(struct map *map, struct map_bringer *bringer)
{
	(void)map;
	bringer->holds--;
	drop_unused(bringer);
}

static struct map_bringer *biggest(const struct map *map)
{
	struct map_bringer *bringer, *most = NULL;

	LIST_FOREACH(bringer, &map->bringers, entry)
		if (!most || bringer->bytes > most->bytes)
			most = bringer;
	return most;
}

static void charge(struct map_origin *origin, __u64 bytes)
{
	if (origin->bringer)
		origin->bringer->bytes += bytes - origin->charge;
	origin->charge = bytes;
}

/* Moves it to the end of the changes, for the flood to see. */
static void touch(struct map *map, struct map_origin *origin)
{
	if (origin->change)
		TAILQ_REMOVE(&map->by_change, origin, by_change);
	origin->change = ++map->changes;
	TAILQ_INSERT_TAIL(&map->by_change, origin, by_change);
}

/* Who is connected to us */

void map_walk_soon(struct map *map, __u64 now)
{
	if (map->walk_due == MAP_NEVER)
		map->walk_due = now + MAP_SECOND;
}

/* The next vertex with a link with @origin that is not connected; it has a record. */
static struct map_origin *next_lost(const struct map *map, struct map_origin *origin)
{
	while (origin->next_arc < origin->vertex.count) {
		const struct graph_arc *arc = &origin->vertex.arcs[origin->next_arc++];
		struct map_origin *to = origin_of(graph_at(&map->graph, arc->to));

		if (graph_is_linked(arc) && !to->connected)
			return to;
	}
	return NULL;
}

/*
 * Depth first; the way back is in the vertices themselves. What was lost and is
 * found again is as good as new to the neighbours.
 */
void map_connect(struct map *map, struct map_origin *origin)
{
	struct map_origin *next;

	origin->back = NULL;
	origin->next_arc = 0;
	while (origin) {
		next = next_lost(map, origin);
		if (!next) {
			origin = origin->back;
			continue;
		}
		next->back = origin;
		next->next_arc = 0;
		next->connected = true;
		if (!next->was_connected)
			touch(map, next);
		next->was_connected = true;
		origin = next;
	}
}

/* Who is not connected any more, and may come back */
static void walk(struct map *map, __u64 now)
{
	struct map_origin *origin;

	TAILQ_FOREACH(origin, &map->by_change, by_change)
		origin->connected = false;
	map->self->connected = true;
	map_connect(map, map->self);
	TAILQ_FOREACH(origin, &map->by_change, by_change) {
		if (origin->was_connected && !origin->connected)
			origin->lost = now;
		origin->was_connected = origin->connected;
	}
	map->walk_due = MAP_NEVER;
}

/* Records */

static struct map_bucket *bucket_of(struct map *map, const struct map_origin *origin)
{
	return &map->buckets[origin->vertex.key[0]];
}

static void add_digest(struct map *map, const struct map_origin *origin)
{
	bucket_of(map, origin)->sum ^= origin->digest;
	map->sum ^= origin->digest;
}

/* The vertices that a record names, held; and its links in the graph's terms. */
struct names {
	struct graph_claim	claims[RECORD_LINKS_MAX];
	struct graph_vertex	*held[RECORD_LINKS_MAX];
	bool			is_new[RECORD_LINKS_MAX];
	unsigned int		count;
};

static void put_names(struct map *map, struct names *names)
{
	while (names->count)
		graph_put(&map->graph, names->held[--names->count]);
}

static int hold_names(struct map *map, const struct map_origin *origin,
		      const __u8 *bytes, struct names *names)
{
	struct record_head head;
	struct record_link link;

	record_read_head(bytes, &head);
	for (names->count = 0; names->count < head.count; names->count++) {
		struct graph_vertex *to;

		record_read_link(bytes, names->count, &link);
		to = graph_hold(&map->graph, link.key);
		if (!to) {
			put_names(map, names);
			return -ENOMEM;
		}
		names->held[names->count] = to;
		names->is_new[names->count] = !origin_of(to)->record &&
			!graph_claims(&map->graph, &origin->vertex, link.key);
		names->claims[names->count] = (struct graph_claim) {
			.to = to->number,
			.label = link.label,
			.mtu = link.mtu,
			.latency = link.latency,
			.loss = link.loss,
			.capacity = link.capacity,
			.price_base = link.price_base,
			.price_rate = link.price_rate,
		};
	}
	return 0;
}

/* Were links added or removed? */
static bool has_other_links(const struct graph_vertex *vertex, const struct names *names)
{
	unsigned int i;

	if (vertex->count != names->count)
		return true;
	for (i = 0; i < names->count; i++)
		if (vertex->claims[i].to != names->claims[i].to)
			return true;
	return false;
}

static void name_all(struct map *map, struct names *names, struct map_bringer *from)
{
	unsigned int i;

	if (!map->named)
		return;
	for (i = 0; i < names->count; i++)
		if (names->is_new[i])
			map->named(map->named_context, origin_of(names->held[i]), from);
}

/* Puts the links of a record into the graph. */
static int claim_links(struct map *map, struct map_origin *origin, const __u8 *bytes,
		       __u64 now, struct map_bringer *from)
{
	struct names names;
	int rc;

	rc = hold_names(map, origin, bytes, &names);
	if (rc)
		return rc;
	if (has_other_links(&origin->vertex, &names))
		map_walk_soon(map, now);
	rc = graph_claim(&map->graph, &origin->vertex, names.claims, names.count);
	if (!rc)
		name_all(map, &names, from);
	put_names(map, &names);
	return rc;
}

static void insert(struct map *map, struct map_origin *origin)
{
	origin->vertex.holds++;
	map->count++;
	TAILQ_INSERT_TAIL(&bucket_of(map, origin)->origins, origin, by_bucket);
}

int map_store(struct map *map, struct map_origin *origin, const __u8 *bytes, size_t len,
	      __u64 expires)
{
	__u8 *copy = malloc(len);
	struct record_head head;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, len);
	if (origin->record) {
		add_digest(map, origin);	/* twice is not at all */
		map->record_bytes -= origin->len;
		free(origin->record);
	} else {
		insert(map, origin);
	}
	record_read_head(bytes, &head);
	origin->record = copy;
	origin->len = len;
	origin->sequence = head.sequence;
	origin->digest = record_digest(bytes, len);
	origin->expires = expires;
	memset(&origin->has, 0, sizeof(origin->has));
	map->record_bytes += len;
	add_digest(map, origin);
	touch(map, origin);
	tell(map, MAP_EVENT_CHANGED, origin->vertex.key);
	return 0;
}

static void drop(struct map *map, struct map_origin *origin, __u64 now)
{
	struct map_bringer *bringer = origin->bringer;
	__u8 key[SW_KEY_LEN];

	memcpy(key, origin->vertex.key, sizeof(key));
	map_walk_soon(map, now);
	add_digest(map, origin);
	map->record_bytes -= origin->len;
	map->count--;
	free(origin->record);
	origin->record = NULL;
	TAILQ_REMOVE(&bucket_of(map, origin)->origins, origin, by_bucket);
	TAILQ_REMOVE(&map->by_change, origin, by_change);
	origin->change = 0;
	origin->connected = false;
	origin->was_connected = false;
	charge(origin, 0);
	TAILQ_REMOVE(&bringer->origins, origin, by_bringer);
	origin->bringer = NULL;
	drop_unused(bringer);
	/* Cannot fail, for it allocates nothing. */
	graph_claim(&map->graph, &origin->vertex, NULL, 0);
	graph_put(&map->graph, &origin->vertex);
	tell(map, MAP_EVENT_CHANGED, key);
}

/* Room */

/* What a record would take, at most; names without a record take room as well. */
static __u64 cost(struct map *map, const __u8 *bytes, size_t len)
{
	__u64 sum = sizeof(struct map_origin) + len;
	struct record_head head;
	struct record_link link;
	unsigned int i;

	record_read_head(bytes, &head);
	for (i = 0; i < head.count; i++) {
		const struct map_origin *to;

		record_read_link(bytes, i, &link);
		to = map_find(map, link.key);
		sum += sizeof(struct graph_claim) + sizeof(struct graph_arc);
		if (!to || !to->record)
			sum += sizeof(struct map_origin);
	}
	return sum;
}

static bool fits(const struct map *map, unsigned int count, __u64 bytes)
{
	return map->count + count <= map->config.origins_max &&
	       map_bytes(map) + bytes <= map->config.bytes_max;
}

bool map_has_room(const struct map *map, const struct map_bringer *from)
{
	__u64 least = sizeof(struct map_origin) + RECORD_MIN;

	return fits(map, 1, least) || from->bytes + least <= biggest(map)->bytes;
}

/*
 * Evicts until there is room for @count origins more and @bytes that are
 * charged to @from. Return: false where @from brought most itself, or where
 * @spared would have to go.
 */
static bool make_room(struct map *map, unsigned int count, __u64 bytes,
		      const struct map_bringer *from, const struct map_origin *spared,
		      __u64 now)
{
	while (!fits(map, count, bytes)) {
		struct map_bringer *most = biggest(map);
		struct map_origin *victim = TAILQ_LAST(&most->origins, map_list);

		if (!victim || victim == spared || (!spared && most == from) ||
		    (most != from && from->bytes + bytes > most->bytes))
			return false;
		map->stats.evicted++;
		tell(map, MAP_EVENT_FULL, victim->vertex.key);
		drop(map, victim, now);
	}
	return true;
}

/* Does a node that we are connected to confirm one of the links? */
static bool is_connectable(struct map *map, const struct record_head *head,
			   const __u8 *bytes)
{
	struct record_link link;
	unsigned int i;

	for (i = 0; i < head->count; i++) {
		struct map_origin *to;

		record_read_link(bytes, i, &link);
		to = map_find(map, link.key);
		if (to && to->connected &&
		    graph_claims(&map->graph, &to->vertex, head->key))
			return true;
	}
	return false;
}

static bool verify(struct map *map, const __u8 *bytes, size_t len)
{
	map->stats.verified++;
	return map->ops->verify(map->context, bytes, len);
}

static enum map_verdict take_own(struct map *map, __u64 now, const __u8 *bytes,
				 size_t len, const struct record_head *head)
{
	/* Older than ours, or one that we are about to overtake. */
	if (head->sequence < map->own.sequence ||
	    (head->sequence == map->own.sequence &&
	     (map->self->sequence != map->own.sequence ||
	      !map_is_newer(map->self, head->sequence, record_digest(bytes, len)))))
		return MAP_KNOWN;
	if (!verify(map, bytes, len))
		return MAP_FORGED;
	map_own_overtaken(map, now, head->sequence, head->instance);
	return MAP_KNOWN;
}

static enum map_verdict take_new(struct map *map, __u64 now, const __u8 *bytes,
				 size_t len, __u32 age, struct map_bringer *from)
{
	__u64 bytes_needed = cost(map, bytes, len);
	struct map_origin *origin;
	struct record_head head;

	record_read_head(bytes, &head);
	if (!is_connectable(map, &head, bytes))
		return MAP_STRANGE;
	if (!map_has_room(map, from))
		return MAP_FULL;
	if (!verify(map, bytes, len))
		return MAP_FORGED;
	if (!make_room(map, 1, bytes_needed, from, NULL, now))
		return MAP_FULL;
	origin = origin_of(graph_hold(&map->graph, head.key));
	if (!origin)
		return MAP_NO_MEMORY;
	/* Eviction may have cut off what it is connected by: the walk will see. */
	map_walk_soon(map, now);
	if (map_store(map, origin, bytes, len, expiry(now, age)))
		goto out_put;
	origin->connected = true;
	origin->was_connected = true;
	origin->bringer = from;
	TAILQ_INSERT_TAIL(&from->origins, origin, by_bringer);
	charge(origin, bytes_needed);
	map_pace_take(&origin->pace, now, MAP_ORIGIN_INTERVAL * MAP_SECOND,
		      MAP_ORIGIN_BURST);
	if (claim_links(map, origin, bytes, now, from)) {
		drop(map, origin, now);
		goto out_put;
	}
	map_connect(map, origin);
	graph_put(&map->graph, &origin->vertex);
	return MAP_TAKEN;

out_put:
	graph_put(&map->graph, &origin->vertex);
	return MAP_NO_MEMORY;
}

/* Another link may have connected it, or others by it. */
static void reconnect(struct map *map, struct map_origin *origin)
{
	unsigned int i;

	for (i = 0; i < origin->vertex.count && !origin->connected; i++) {
		const struct graph_arc *arc = &origin->vertex.arcs[i];
		const struct map_origin *to = origin_of(graph_at(&map->graph, arc->to));

		origin->connected = graph_is_linked(arc) && to->connected;
	}
	origin->was_connected = origin->connected;
	if (origin->connected)
		map_connect(map, origin);
}

static enum map_verdict take_newer(struct map *map, __u64 now, struct map_origin *origin,
				   const __u8 *bytes, size_t len, __u32 age,
				   struct map_bringer *from)
{
	__u64 needed = cost(map, bytes, len);
	__u64 growth = needed > origin->charge ? needed - origin->charge : 0;

	if (!map_may_change(origin, now))
		return MAP_OFTEN;
	if (!verify(map, bytes, len))
		return MAP_FORGED;
	map_pace_take(&origin->pace, now, MAP_ORIGIN_INTERVAL * MAP_SECOND,
		      MAP_ORIGIN_BURST);
	if (!make_room(map, 0, growth, origin->bringer, origin, now))
		return MAP_FULL;
	if (claim_links(map, origin, bytes, now, from) ||
	    map_store(map, origin, bytes, len, expiry(now, age)))
		return MAP_NO_MEMORY;
	charge(origin, needed);
	reconnect(map, origin);
	return MAP_TAKEN;
}

static enum map_verdict take_known(struct map *map, __u64 now, struct map_origin *origin,
				   const __u8 *bytes, size_t len, __u32 age,
				   struct map_bringer *from)
{
	enum map_verdict verdict;
	struct record_head head;
	bool conflict;

	record_read_head(bytes, &head);
	conflict = head.sequence == origin->sequence;
	if (!map_is_newer(origin, head.sequence,
			  conflict ? record_digest(bytes, len) : 0))
		return MAP_KNOWN;
	verdict = take_newer(map, now, origin, bytes, len, age, from);
	if (verdict == MAP_TAKEN && conflict) {
		map->stats.conflicts++;
		tell(map, MAP_EVENT_CONFLICT, origin->vertex.key);
	}
	return verdict;
}

enum map_verdict map_take(struct map *map, __u64 now, const __u8 *bytes, size_t len,
			  __u32 age, struct map_bringer *from)
{
	int rc = record_check(bytes, len);
	enum map_verdict verdict;
	struct map_origin *origin;
	struct record_head head;

	if (rc)
		return rc == -EPROTONOSUPPORT ? MAP_FOREIGN : MAP_MALFORMED;
	record_read_head(bytes, &head);
	origin = map_find(map, head.key);
	if (origin == map->self)
		return take_own(map, now, bytes, len, &head);
	if (age >= MAP_EXPIRY)
		return MAP_EXPIRED;
	if (origin && origin->record)
		verdict = take_known(map, now, origin, bytes, len, age, from);
	else
		verdict = take_new(map, now, bytes, len, age, from);
	if (verdict == MAP_TAKEN)
		map->stats.taken++;
	return verdict;
}

/* What expired, and what has been cut off for too long */
static void sweep(struct map *map, __u64 now)
{
	struct map_origin *origin, *next;

	for (origin = TAILQ_FIRST(&map->by_change); origin; origin = next) {
		next = TAILQ_NEXT(origin, by_change);
		if (origin == map->self)
			continue;
		if (origin->expires <= now)
			map->stats.expired++;
		else if (!origin->connected &&
			 now - origin->lost >= MAP_GRACE * MAP_SECOND)
			map->stats.cut_off++;
		else
			continue;
		drop(map, origin, now);
	}
	map->sweep_due = now + MAP_GRACE / 4 * MAP_SECOND;
}

__u64 map_tick(struct map *map, __u64 now)
{
	__u64 due = map_own_tick(map, now);

	if (map->walk_due <= now)
		walk(map, now);
	if (map->sweep_due <= now)
		sweep(map, now);
	if (map->walk_due < due)
		due = map->walk_due;
	return map->sweep_due < due ? map->sweep_due : due;
}

static void use_defaults(struct map_config *config)
{
	if (!config->origins_max)
		config->origins_max = MAP_ORIGINS_DEFAULT;
	if (!config->bytes_max)
		config->bytes_max = MAP_BYTES_DEFAULT;
}

struct map *map_new(const struct map_ops *ops, void *context, const __u8 key[SW_KEY_LEN],
		    const struct map_config *config, __u64 now)
{
	struct map *map = calloc(1, sizeof(*map));
	unsigned int i;

	if (!map)
		return NULL;
	map->ops = ops;
	map->context = context;
	map->config = *config;
	use_defaults(&map->config);
	TAILQ_INIT(&map->by_change);
	LIST_INIT(&map->bringers);
	for (i = 0; i < MAP_BUCKETS; i++)
		TAILQ_INIT(&map->buckets[i].origins);
	map->walk_due = MAP_NEVER;
	map->sweep_due = now + MAP_GRACE * MAP_SECOND;
	map->own.sequence = config->sequence;
	map->own.instance = ops->random(context);
	map->own.due = MAP_NEVER;
	graph_init(&map->graph, sizeof(struct map_origin));
	map->self = origin_of(graph_hold(&map->graph, key));
	if (!map->self) {
		graph_free(&map->graph);
		free(map);
		return NULL;
	}
	map->self->connected = true;
	map->self->was_connected = true;
	map->graph.self = map->self->vertex.number;
	return map;
}

void map_free(struct map *map)
{
	struct map_bringer *bringer;
	struct map_origin *origin;

	TAILQ_FOREACH(origin, &map->by_change, by_change)
		free(origin->record);
	while ((bringer = LIST_FIRST(&map->bringers))) {
		LIST_REMOVE(bringer, entry);
		free(bringer);
	}
	graph_free(&map->graph);
	free(map);
}
