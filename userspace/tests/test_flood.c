// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simnet.h"
#include "swd/record_octets.h"
#include "test.h"

static void nodes(struct sim *sim, __u32 count)
{
	while (count--)
		sim_node(sim);
}

static void ring(struct sim *sim, __u32 count)
{
	__u32 i;

	nodes(sim, count);
	for (i = 0; i < count; i++)
		sim_link(sim->nodes[i], sim->nodes[(i + 1) % count], 5000);
}

static void grid(struct sim *sim, __u32 side)
{
	__u32 i, count = side * side;

	nodes(sim, count);
	for (i = 0; i < count; i++) {
		if (i % side)
			sim_link(sim->nodes[i], sim->nodes[i - 1], 5000);
		if (i >= side)
			sim_link(sim->nodes[i], sim->nodes[i - side], 5000);
	}
}

static void tree(struct sim *sim, __u32 count)
{
	__u32 i;

	nodes(sim, count);
	for (i = 1; i < count; i++)
		sim_link(sim->nodes[i], sim->nodes[(i - 1) / 2], 5000);
}

static __u32 honest_ends(const struct sim_node *node)
{
	__u32 i, count = 0;

	for (i = 0; i < node->end_count; i++)
		count += !node->ends[i].to->receive;
	return count;
}

/* Does every map have all links, both ends agreed? */
static void assert_complete(const struct sim *sim)
{
	__u32 i, j, k, links;

	for (i = 0; i < sim->count; i++) {
		if (sim->nodes[i]->receive)
			continue;
		for (j = 0; j < sim->count; j++) {
			struct map_origin *origin = map_find(sim->nodes[i]->map,
							     sim->nodes[j]->key);

			if (sim->nodes[j]->receive)
				continue;
			assert_non_null(origin);
			assert_true(origin->connected);
			for (k = links = 0; k < origin->vertex.count; k++)
				links += graph_is_linked(&origin->vertex.arcs[k]);
			assert_int_equal(links, honest_ends(sim->nodes[j]));
		}
	}
}

static void settles(struct sim *sim, const char *what, unsigned int most)
{
	__u64 begin = sim->messages, bytes = sim->bytes, took;

	took = sim_settle(sim, most * MAP_SECOND);
	if (took == MAP_NEVER)
		fail_msg("%s: not settled after %u s", what, most);
	assert_complete(sim);
	printf("# %s: %u nodes settled in %.2f s, %llu messages, %llu bytes\n", what,
	       sim->count, took / 1e9, sim->messages - begin, sim->bytes - bytes);
}

static void cold_start(void **state)
{
	struct sim *sim = sim_new(1);

	(void)state;
	ring(sim, 24);
	settles(sim, "ring", 5);
	sim_free(sim);
	sim = sim_new(2);
	grid(sim, 6);
	settles(sim, "grid", 5);
	sim_free(sim);
	sim = sim_new(3);
	tree(sim, 31);
	settles(sim, "tree", 5);
	sim_free(sim);
}

static void link_fails(void **state)
{
	struct sim *sim = sim_new(4);

	(void)state;
	grid(sim, 6);
	settles(sim, "grid", 5);
	sim_run(sim, 60 * MAP_SECOND);
	sim_unlink(sim->nodes[0], sim->nodes[1]);
	sim_run(sim, MAP_SECOND / 4);
	settles(sim, "a link less", 2);
	sim_link(sim->nodes[0], sim->nodes[1], 5000);
	sim_run(sim, MAP_SECOND / 4);
	settles(sim, "a link more", 2);
	sim_free(sim);
}

static void messages_get_lost(void **state)
{
	struct sim *sim = sim_new(5);

	(void)state;
	sim->loss = 20;
	grid(sim, 6);
	settles(sim, "grid, a fifth of all messages lost", 60);
	sim_free(sim);
}

static void partitions_merge(void **state)
{
	struct sim *sim = sim_new(6);
	__u32 i;

	(void)state;
	ring(sim, 20);
	settles(sim, "ring", 5);
	sim_unlink(sim->nodes[0], sim->nodes[19]);
	sim_unlink(sim->nodes[9], sim->nodes[10]);
	sim_run(sim, 20 * MAP_SECOND);
	/* Within the grace, the other half is still there, but not connected. */
	assert_int_equal(sim->nodes[0]->map->count, 20);
	assert_false(map_find(sim->nodes[0]->map, sim->nodes[15]->key)->connected);
	sim_run(sim, 100 * MAP_SECOND);
	for (i = 0; i < 20; i++)
		assert_int_equal(sim->nodes[i]->map->count, 10);
	/* Each half changes while it is alone. */
	sim_link(sim->nodes[0], sim->nodes[5], 7000);
	sim_link(sim->nodes[10], sim->nodes[15], 7000);
	sim_run(sim, 10 * MAP_SECOND);
	sim_link(sim->nodes[4], sim->nodes[14], 9000);
	settles(sim, "two halves", 5);
	sim_free(sim);
}

/* Halves that merge within the grace know each other, as they were. */
static void partitions_merge_soon(void **state)
{
	struct sim *sim = sim_new(7);

	(void)state;
	ring(sim, 20);
	settles(sim, "ring", 5);
	sim_unlink(sim->nodes[0], sim->nodes[19]);
	sim_unlink(sim->nodes[9], sim->nodes[10]);
	sim_run(sim, 5 * MAP_SECOND);
	sim_link(sim->nodes[0], sim->nodes[5], 7000);
	sim_link(sim->nodes[10], sim->nodes[15], 7000);
	sim_run(sim, 5 * MAP_SECOND);
	sim_link(sim->nodes[4], sim->nodes[14], 9000);
	settles(sim, "two halves that know each other", 10);
	sim_free(sim);
}

static void node_starts_anew(void **state)
{
	struct sim *sim = sim_new(8);
	struct sim_node *node;
	__u64 sequence;

	(void)state;
	grid(sim, 4);
	settles(sim, "grid", 5);
	node = sim->nodes[5];
	sim_run(sim, 100 * MAP_SECOND);
	sim_link(node, sim->nodes[15], 3000);
	sim_run(sim, 100 * MAP_SECOND);
	sequence = node->map->own.sequence;
	sim_restart(node);
	sim_run(sim, MAP_SECOND / 2);
	settles(sim, "a node that forgot its sequence", 5);
	assert_true(node->map->own.sequence > sequence);
	assert_int_equal(node->events[MAP_EVENT_TWIN], 0);
	sim_free(sim);
}

static void two_nodes_with_one_key(void **state)
{
	struct sim *sim = sim_new(9);
	struct sim_node *twin;
	__u64 published;

	(void)state;
	ring(sim, 12);
	settles(sim, "ring", 5);
	twin = sim_twin(sim->nodes[0]);
	sim_link(twin, sim->nodes[6], 5000);
	sim_run(sim, 300 * MAP_SECOND);
	assert_true(twin->events[MAP_EVENT_TWIN]);
	assert_true(sim->nodes[0]->events[MAP_EVENT_TWIN]);
	/* They quarrel no faster than records may change. */
	published = twin->map->stats.published;
	sim_run(sim, 600 * MAP_SECOND);
	assert_in_range(twin->map->stats.published - published, 1, 600 / MAP_OWN_INTERVAL + 1);
	sim_free(sim);
}

/* Days go by, and no record is lost or sent for nothing. */
static void records_are_refreshed(void **state)
{
	struct sim *sim = sim_new(10);
	__u32 i;

	(void)state;
	sim->cheap = true;
	ring(sim, 6);
	settles(sim, "ring", 5);
	for (i = 0; i < 6; i++) {
		sim_run(sim, 10 * 3600 * MAP_SECOND);
		settles(sim, "ten hours later", 5);
	}
	for (i = 0; i < 6; i++) {
		assert_int_equal(sim->nodes[i]->map->stats.expired, 0);
		assert_in_range(sim->nodes[i]->map->stats.published, 7, 12);
	}
	sim_free(sim);
}

/* One that has records of his own making, and no flood of his own. */
struct forger {
	struct {
		__u8	bytes[RECORD_MIN + 2 * RECORD_LINK_LEN];
		int	len;
	} *records;
	unsigned int	count;
	unsigned int	asked;	/* how often he was asked for one of them */
	__u64		ahead;	/* added to the sequences that he offers */
	bool		silent;	/* he does not answer, ... */
	bool		denies;	/* ... or says that he has nothing */
};

static struct forger *forger_of(struct sim_node *node)
{
	return node->data;
}

/* "Nothing", for each of what he was asked for */
static void deny(struct sim_node *node, struct sim_node *from, const __u8 *bytes, size_t len)
{
	unsigned int i, count = get16(bytes + 2);
	__u8 message[FLOOD_MESSAGE_MAX];

	memcpy(message, bytes, len);
	message[0] = FLOOD_OFFER;
	for (i = 0; i < count; i++)
		memset(message + 4 + i * 52 + SW_KEY_LEN, 0, 52 - SW_KEY_LEN);
	forger_of(node)->asked += count;
	sim_send(node, from, message, len);
}

static void forger_answers(struct sim_node *node, struct sim_node *from,
			   const __u8 *bytes, size_t len)
{
	struct forger *forger = forger_of(node);
	unsigned int i, j, count = get16(bytes + 2);
	__u8 message[FLOOD_MESSAGE_MAX];
	size_t size = 4;

	if (bytes[0] != FLOOD_WANT)
		return;
	if (forger->denies) {
		deny(node, from, bytes, len);
		return;
	}
	memset(message, 0, 4);
	message[0] = FLOOD_RECORDS;
	for (i = 0; i < count; i++) {
		for (j = 0; j < forger->count; j++) {
			if (memcmp(forger->records[j].bytes + 16, bytes + 4 + i * 52, SW_KEY_LEN))
				continue;
			forger->asked++;
			put32(message + size, 1);
			memcpy(message + size + 4, forger->records[j].bytes,
			       forger->records[j].len);
			size += 4 + forger->records[j].len;
			put16(message + 2, get16(message + 2) + 1);
		}
	}
	if (size > 4 && !forger->silent)
		sim_send(node, from, message, size);
}

static struct forger *make_forger(struct sim_node *node, unsigned int room)
{
	struct forger *forger = calloc(1, sizeof(*forger));

	assert_non_null(forger);
	forger->records = calloc(room, sizeof(*forger->records));
	assert_non_null(forger->records);
	node->receive = forger_answers;
	node->data = forger;
	return forger;
}

static void free_forger(struct sim_node *node)
{
	free(forger_of(node)->records);
	free(node->data);
}

/* A record of a node with links to one neighbour or two */
static void forge(struct sim *sim, struct forger *forger, const __u8 *key,
		  const __u8 *secret, __u64 sequence, const __u8 *a, const __u8 *b)
{
	struct record_head head = { .sequence = sequence, .count = b ? 2 : 1 };
	struct record_link links[2] = {
		{ .label = 1, .mtu = 1420 }, { .label = 2, .mtu = 1420 },
	};
	__u8 *bytes = forger->records[forger->count].bytes;
	int len;

	memcpy(head.key, key, SW_KEY_LEN);
	memcpy(links[0].key, a, SW_KEY_LEN);
	if (b)
		memcpy(links[1].key, b, SW_KEY_LEN);
	len = record_write(bytes, &head, links);
	assert_true(len > 0);
	sim_sign(sim, bytes, len, secret);
	forger->records[forger->count++].len = len;
}

static void offer_all(struct sim_node *node, struct sim_node *to)
{
	struct forger *forger = forger_of(node);
	__u8 message[4 + 78 * 52] = { FLOOD_OFFER };
	unsigned int i, count = 0;

	for (i = 0; i < forger->count; i++) {
		__u8 *at = message + 4 + count * 52;

		memcpy(at, forger->records[i].bytes + 16, SW_KEY_LEN);
		put64(at + 32, get64(forger->records[i].bytes + 8) + forger->ahead);
		put64(at + 40, record_digest(forger->records[i].bytes,
					     forger->records[i].len));
		put32(at + 48, 1);
		put16(message + 2, ++count);
		if (count < 78 && i + 1 < forger->count)
			continue;
		sim_send(node, to, message, 4 + count * 52);
		count = 0;
	}
}

/* A liar at node 0 of a grid, who announces his own record rightly. */
static struct sim_node *grid_with_liar(struct sim *sim, __u32 side, unsigned int room)
{
	struct sim_node *liar;

	grid(sim, side);
	sim_settle(sim, 5 * MAP_SECOND);
	liar = sim_node(sim);
	make_forger(liar, room);
	sim_link(liar, sim->nodes[0], 1000);
	return liar;
}

/* A node signs a new record, as this instance. */
static void sign_as(struct sim_node *node, __u32 instance)
{
	struct record_link link = node->map->own.links[0].latest;
	__u64 published = node->map->stats.published;

	node->map->own.instance = instance;
	link.price_base++;
	assert_int_equal(map_link_set(node->map, node->sim->now, &link), 0);
	sim_run(node->sim, 40 * MAP_SECOND);
	assert_true(node->map->stats.published > published);
}

/* Starting anew is one thing, coming back another: a neighbour sees the difference. */
static void instances(void **state)
{
	struct sim *sim = sim_new(17);
	struct sim_node *node, *neighbour, *far;
	unsigned int *seen;
	__u32 i;

	(void)state;
	nodes(sim, 3);
	node = sim->nodes[0];
	neighbour = sim->nodes[1];
	far = sim->nodes[2];
	sim_link(node, neighbour, 1000);
	sim_link(neighbour, far, 1000);
	settles(sim, "line", 5);
	seen = neighbour->events;
	for (i = 1; i <= 4; i++)
		sign_as(node, i);
	sign_as(node, 4);
	assert_int_equal(seen[MAP_EVENT_SHARED], 0);
	sign_as(node, 3);
	assert_int_equal(seen[MAP_EVENT_SHARED], 1);
	sign_as(node, 3);
	assert_int_equal(seen[MAP_EVENT_SHARED], 1);
	sign_as(node, 4);
	assert_int_equal(seen[MAP_EVENT_SHARED], 2);
	assert_int_equal(far->events[MAP_EVENT_SHARED], 0);
	sim_free(sim);
}

/*
 * A node has forgotten its sequence, and another one has kept a record from before
 * that counts as newer: it is overtaken, but nobody takes it for a second node.
 */
static void old_record_returns(void **state)
{
	struct sim *sim = sim_new(18);
	struct sim_node *node, *neighbour, *liar;
	const struct map_origin *origin;
	struct record_head head;
	struct forger *forger;
	__u64 sequence;
	__u32 i;

	(void)state;
	nodes(sim, 3);
	node = sim->nodes[0];
	neighbour = sim->nodes[1];
	liar = sim->nodes[2];
	forger = make_forger(liar, 1);
	sim_link(node, neighbour, 1000);
	for (i = 0; i < 5; i++)
		sign_as(node, 1);
	origin = map_find(neighbour->map, node->key);
	assert_true(origin->len <= sizeof(forger->records[0].bytes));
	memcpy(forger->records[0].bytes, origin->record, origin->len);
	forger->records[forger->count++].len = origin->len;
	sequence = origin->sequence;
	sim_unlink(node, neighbour);
	sim_run(sim, 2 * MAP_GRACE * MAP_SECOND);
	assert_int_equal(neighbour->map->count, 1);
	sim_restart(node);
	sim_link(node, neighbour, 1000);
	sim_run(sim, 5 * MAP_SECOND);
	origin = map_find(neighbour->map, node->key);
	assert_true(origin && origin->sequence < sequence);
	sim_link(liar, neighbour, 1000);
	offer_all(liar, neighbour);
	sim_run(sim, 40 * MAP_SECOND);
	assert_int_equal(forger->asked, 1);
	assert_true(origin->sequence > sequence);
	record_read_head(origin->record, &head);
	assert_int_equal(head.instance, node->map->own.instance);
	assert_int_equal(neighbour->events[MAP_EVENT_SHARED], 0);
	assert_int_equal(node->events[MAP_EVENT_TWIN], 0);
	free_forger(liar);
	sim_free(sim);
}

/* Signatures that are wrong: one is verified, and then he is not listened to. */
static void forged_records(void **state)
{
	struct sim *sim = sim_new(11);
	struct sim_node *liar = grid_with_liar(sim, 4, 1000);
	struct map *map = sim->nodes[0]->map;
	__u64 verified = map->stats.verified;
	unsigned int i;

	(void)state;
	/* Newer records of nodes that there are, with another node's signature */
	for (i = 1; i < 16; i++)
		forge(sim, forger_of(liar), sim->nodes[i]->key, liar->secret, 1000,
		      sim->nodes[0]->key, NULL);
	for (i = 0; i < 1000; i++) {
		offer_all(liar, sim->nodes[0]);
		sim_run(sim, MAP_SECOND / 100);
	}
	assert_int_equal(map->stats.verified - verified, 1);
	assert_int_equal(sim->nodes[0]->events[MAP_EVENT_FORGED], 1);
	/* Honest news are not held up. */
	sim_link(sim->nodes[0], sim->nodes[15], 5000);
	for (i = 0; i < 100; i++) {
		offer_all(liar, sim->nodes[0]);
		sim_run(sim, MAP_SECOND / 100);
	}
	sim->strangers = 1;
	settles(sim, "beside a forger", 1);
	free_forger(liar);
	sim_free(sim);
}

/* Records that nobody asked for, as fast as can be */
static void unsolicited_records(void **state)
{
	struct sim *sim = sim_new(12);
	struct sim_node *liar = grid_with_liar(sim, 4, 16);
	struct map *map = sim->nodes[0]->map;
	__u64 verified = map->stats.verified;
	__u8 message[4 + 4 + sizeof(forger_of(liar)->records[0].bytes)] = {
		FLOOD_RECORDS, 0, 0, 1,
	};
	unsigned int i;

	(void)state;
	forge(sim, forger_of(liar), sim->nodes[3]->key, liar->secret, 1000,
	      sim->nodes[0]->key, NULL);
	memcpy(message + 8, forger_of(liar)->records[0].bytes, forger_of(liar)->records[0].len);
	for (i = 0; i < 20000; i++) {
		sim_send(liar, sim->nodes[0], message, 8 + forger_of(liar)->records[0].len);
		sim_run(sim, MAP_SECOND / 20000);
	}
	sim_run(sim, MAP_SECOND / 10);
	assert_int_equal(map->stats.verified, verified);
	/* And most were above what a neighbour may send at all. */
	assert_true(flood_stats(sim->nodes[0]->flood)->unsolicited +
		    flood_stats(sim->nodes[0]->flood)->limited == 20000);
	assert_true(flood_stats(sim->nodes[0]->flood)->limited > 5000);
	free_forger(liar);
	sim_free(sim);
}

/* Sequences far ahead, of others' records: he has to deliver, or is not asked. */
static void sequences_far_ahead(void **state)
{
	struct sim *sim = sim_new(13);
	struct sim_node *liar = grid_with_liar(sim, 4, 16);
	unsigned int i, round;

	(void)state;
	for (i = 1; i < 16; i++)
		forge(sim, forger_of(liar), sim->nodes[i]->key, liar->secret, 1000,
		      sim->nodes[0]->key, NULL);
	forger_of(liar)->ahead = 1ULL << 62;
	forger_of(liar)->silent = true;
	for (round = 0; round < 30; round++) {
		for (i = 0; i < 10; i++) {
			offer_all(liar, sim->nodes[0]);
			sim_run(sim, MAP_SECOND / 10);
		}
	}
	assert_int_equal(sim->nodes[0]->events[MAP_EVENT_MUTED], 1);
	assert_in_range(forger_of(liar)->asked, 15, 15 * 10);
	/* News come by as if he were not there. */
	sim_link(sim->nodes[0], sim->nodes[15], 5000);
	for (i = 0; i < 10; i++) {
		offer_all(liar, sim->nodes[0]);
		sim_run(sim, MAP_SECOND / 10);
	}
	sim->strangers = 1;
	settles(sim, "beside sequences far ahead", 1);
	free_forger(liar);
	sim_free(sim);
}

/* Does it know of as many links of the other as that has? */
static bool knows_links(const struct sim_node *node, const struct sim_node *of)
{
	const struct map_origin *origin = map_find(node->map, of->key);
	unsigned int i, links = 0;

	for (i = 0; origin && i < origin->vertex.count; i++)
		links += graph_is_linked(&origin->vertex.arcs[i]);
	return links == of->end_count;
}

/* Lies go on for a while. Return: how long one waits for news of another meanwhile. */
static __u64 lie_to(struct sim_node *liar, const struct sim_node *of, unsigned int seconds)
{
	struct sim *sim = liar->sim;
	__u64 begin = sim->now, known = 0;
	unsigned int i;

	for (i = 0; i < seconds * 10; i++) {
		offer_all(liar, sim->nodes[0]);
		sim_run(sim, MAP_SECOND / 10);
		if (!known && knows_links(sim->nodes[0], of))
			known = sim->now;
	}
	return known ? known - begin : MAP_NEVER;
}

/*
 * Versions that there are not, offered again and again, and "nothing" in answer:
 * his first word may hold news up as long as his answer takes. Then what others
 * offer goes first.
 */
static void break_word(__u32 latency)
{
	struct sim *sim = sim_new(16);
	struct sim_node *liar = grid_with_liar(sim, 4, 16);
	__u64 took, worst = 0;
	unsigned int i;

	for (i = 1; i < 16; i++)
		forge(sim, forger_of(liar), sim->nodes[i]->key, liar->secret, 1000,
		      sim->nodes[0]->key, NULL);
	forger_of(liar)->ahead = 1ULL << 62;
	forger_of(liar)->denies = true;
	liar->ends[0].latency = latency;
	for (i = 0; i < 40; i++) {
		if (i % 2)
			sim_unlink(sim->nodes[10], sim->nodes[15]);
		else
			sim_link(sim->nodes[10], sim->nodes[15], 5000);
		took = lie_to(liar, sim->nodes[15], 20);
		worst = took > worst ? took : worst;
	}
	printf("# beside one that breaks his word: %.1f s at worst, asked %u times\n",
	       worst / 1e9, forger_of(liar)->asked);
	assert_in_range(worst, 0, MAP_SECOND / 2 + latency * 1000ULL);
	sim->strangers = 1;
	settles(sim, "in the end", 1);
	free_forger(liar);
	sim_free(sim);
}

static void breaks_his_word(void **state)
{
	(void)state;
	break_word(400000);
	/* So late that it all but counts as no answer */
	break_word(1900000);
}

/* A liar's keys, in a chain behind him: each names the one before and the next. */
static void forge_chain(struct sim *sim, struct sim_node *liar, struct sim_node *to,
			unsigned int count)
{
	__u8 before[SW_KEY_LEN], key[SW_KEY_LEN], next[SW_KEY_LEN];
	__u8 secret[RECORD_SECRET_LEN], next_secret[RECORD_SECRET_LEN];
	unsigned int i;

	sim_key(sim, next, next_secret);
	forge(sim, forger_of(liar), liar->key, liar->secret, 1000, to->key, next);
	memcpy(before, liar->key, SW_KEY_LEN);
	for (i = 1; i < count; i++) {
		memcpy(key, next, SW_KEY_LEN);
		memcpy(secret, next_secret, sizeof(secret));
		sim_key(sim, next, next_secret);
		forge(sim, forger_of(liar), key, secret, 1, before, next);
		memcpy(before, key, SW_KEY_LEN);
	}
}

static void more_origins_than_fit(void **state)
{
	struct sim *sim = sim_new(14);
	struct sim_node *liar;
	unsigned int i, j;

	(void)state;
	sim->cheap = true;
	sim->config.origins_max = 200;
	liar = grid_with_liar(sim, 6, 10000);
	forge_chain(sim, liar, sim->nodes[0], 10000);
	for (i = 0; i < 200; i++) {
		offer_all(liar, sim->nodes[0]);
		sim_run(sim, MAP_SECOND);
	}
	for (i = 0; i < 36; i++) {
		struct map *map = sim->nodes[i]->map;

		assert_in_range(map->count, 150, 200);
		/* All that are honest are still there, and connected. */
		for (j = 0; j < 36; j++)
			assert_true(map_find(map, sim->nodes[j]->key)->connected);
		assert_true(map_bytes(map) < 200 * 2000);
	}
	assert_true(sim->nodes[0]->map->stats.verified < 10000);
	/* A new one that is honest gets in, by another neighbour than the liar's. */
	sim_link(sim_node(sim), sim->nodes[35], 5000);
	sim_run(sim, 60 * MAP_SECOND);
	for (i = 0; i < 36; i++)
		assert_true(map_find(sim->nodes[i]->map, sim->nodes[37]->key)->connected);
	printf("# full: %u records, %llu bytes, %llu verified, %llu evicted\n",
	       sim->nodes[0]->map->count, map_bytes(sim->nodes[0]->map),
	       sim->nodes[0]->map->stats.verified, sim->nodes[0]->map->stats.evicted);
	free_forger(liar);
	sim_free(sim);
}

/* What is no message, or not one that is asked for, changes nothing. */
static void garbage(void **state)
{
	struct sim *sim = sim_new(15);
	struct sim_node *liar = grid_with_liar(sim, 4, 1);
	__u8 message[FLOOD_MESSAGE_MAX + 1];
	__u64 sum, verified;
	unsigned int i, j;

	(void)state;
	sim_run(sim, 30 * MAP_SECOND);
	sum = sim->nodes[15]->map->sum;
	verified = sim->nodes[0]->map->stats.verified;
	for (i = 0; i < 20000; i++) {
		size_t len = 1 + sim_random(sim, i % 100 ? 200 : sizeof(message));

		for (j = 0; j < len; j++)
			message[j] = (__u8)sim_random(sim, 256);
		message[0] = FLOOD_SUMMARY + i % 6;
		sim_send(liar, sim->nodes[0], message, len);
		sim_run(sim, MAP_SECOND / 1000);
	}
	assert_true(sim->nodes[15]->map->sum == sum);
	assert_true(sim->nodes[0]->map->stats.verified == verified);
	free_forger(liar);
	sim_free(sim);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(cold_start),
		cmocka_unit_test(link_fails),
		cmocka_unit_test(messages_get_lost),
		cmocka_unit_test(partitions_merge),
		cmocka_unit_test(partitions_merge_soon),
		cmocka_unit_test(node_starts_anew),
		cmocka_unit_test(two_nodes_with_one_key),
		cmocka_unit_test(records_are_refreshed),
		cmocka_unit_test(instances),
		cmocka_unit_test(old_record_returns),
		cmocka_unit_test(forged_records),
		cmocka_unit_test(unsolicited_records),
		cmocka_unit_test(sequences_far_ahead),
		cmocka_unit_test(breaks_his_word),
		cmocka_unit_test(more_origins_than_fit),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
