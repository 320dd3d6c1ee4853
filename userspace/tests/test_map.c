// SPDX-License-Identifier: GPL-2.0
/* The map alone, fed with records by hand. Signatures are one byte. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "swd/map.h"
#include "test.h"

enum {
	GOOD	= 1,	/* first byte of a signature */
	BAD	= 2,
};

static unsigned int events[MAP_EVENT_MUTED + 1];
static struct map *map;
static __u64 now;
static struct record_link links[RECORD_LINKS_MAX];

static bool verify(void *context, const __u8 *bytes, size_t len)
{
	(void)context;
	return bytes[len - RECORD_SIGNATURE_LEN] == GOOD;
}

static void sign(void *context, __u8 *bytes, size_t len)
{
	(void)context;
	bytes[len - RECORD_SIGNATURE_LEN] = GOOD;
}

static __u32 draw(void *context)
{
	(void)context;
	return 0;
}

static void event(void *context, enum map_event what, const __u8 key[SW_KEY_LEN])
{
	(void)context;
	(void)key;
	events[what]++;
}

static const struct map_ops ops = {
	.verify = verify, .sign = sign, .random = draw, .event = event,
};

/* Keys are numbers; 0 is ours. */
static const __u8 *key_of(__u32 number)
{
	static __u8 keys[4][SW_KEY_LEN];
	static unsigned int next;
	__u8 *key = keys[next++ % 4];

	memset(key, 0, SW_KEY_LEN);
	memcpy(key, &number, sizeof(number));
	return key;
}

static void begin(__u32 origins_max, __u64 bytes_max)
{
	struct map_config config = { .origins_max = origins_max, .bytes_max = bytes_max };

	memset(events, 0, sizeof(events));
	now = 1000 * MAP_SECOND;
	map = map_new(&ops, NULL, key_of(0), &config, now);
	assert_non_null(map);
}

static void link_to(__u32 number, __u32 latency)
{
	struct record_link link = {
		.label = (__u16)number, .mtu = 1420, .latency = latency,
	};

	memcpy(link.key, key_of(number), SW_KEY_LEN);
	assert_int_equal(map_link_set(map, now, &link), 0);
}

static void pass(__u64 seconds)
{
	__u64 until = now + seconds * MAP_SECOND, due;

	while ((due = map_tick(map, now)) <= until)
		now = due > now ? due : now + 1;
	now = until;
	map_tick(map, now);
}

static void add_link(struct record_head *head, __u32 to)
{
	links[head->count] = (struct record_link) { .label = head->count + 1, .mtu = 1420 };
	memcpy(links[head->count++].key, key_of(to), SW_KEY_LEN);
}

static enum map_verdict take(struct record_head *head, __u32 number, __u64 sequence,
			     __u8 signature, __u32 age, struct map_bringer *from)
{
	static __u8 bytes[RECORD_MAX];
	int len;

	memcpy(head->key, key_of(number), SW_KEY_LEN);
	head->sequence = sequence;
	len = record_write(bytes, head, links);
	assert_true(len > 0);
	bytes[len - RECORD_SIGNATURE_LEN] = signature;
	return map_take(map, now, bytes, len, age, from);
}

/* A record with links to two nodes, or to one */
static enum map_verdict take_simple(__u32 number, __u64 sequence, __u32 a, __u32 b,
				    struct map_bringer *from)
{
	struct record_head head = { 0 };

	add_link(&head, a);
	if (b)
		add_link(&head, b);
	return take(&head, number, sequence, GOOD, 0, from);
}

static struct map_bringer *bringer(__u32 number)
{
	struct map_bringer *from = map_bringer_hold(map, key_of(number));

	assert_non_null(from);
	return from;
}

static void verdicts(void **state)
{
	struct record_head head = { 0 };
	struct map_bringer *from;
	__u64 verified;

	(void)state;
	begin(0, 0);
	link_to(1, 1000);
	from = bringer(1);
	/* 2 is not connected before 1 says so. */
	assert_int_equal(take_simple(2, 5, 1, 0, from), MAP_STRANGE);
	assert_int_equal(take_simple(1, 5, 0, 2, from), MAP_TAKEN);
	assert_int_equal(take_simple(2, 5, 1, 3, from), MAP_TAKEN);
	/* 3 does not say so itself. */
	assert_int_equal(take_simple(3, 5, 1, 0, from), MAP_STRANGE);
	verified = map->stats.verified;
	assert_int_equal(verified, 2);
	/* What is known, older, too old or in vain is not verified. */
	assert_int_equal(take_simple(2, 5, 1, 3, from), MAP_KNOWN);
	assert_int_equal(take_simple(2, 4, 1, 0, from), MAP_KNOWN);
	add_link(&head, 1);
	assert_int_equal(take(&head, 2, 6, GOOD, MAP_EXPIRY, from), MAP_EXPIRED);
	assert_int_equal(take(&head, 4, 6, BAD, 0, from), MAP_STRANGE);
	assert_int_equal(map_take(map, now, (const __u8 *)"x", 1, 0, from), MAP_MALFORMED);
	assert_int_equal(map->stats.verified, verified);
	assert_int_equal(take(&head, 2, 6, BAD, 0, from), MAP_FORGED);
	assert_int_equal(map_find(map, key_of(2))->sequence, 5);
	map_bringer_put(map, from);
	map_free(map);
}

/* One origin signs two records of one sequence: all keep the same one, and tell. */
static void conflict(void **state)
{
	struct map_bringer *from;
	__u64 digest[2];

	(void)state;
	begin(0, 0);
	link_to(1, 1000);
	from = bringer(1);
	assert_int_equal(take_simple(1, 5, 0, 2, from), MAP_TAKEN);
	digest[0] = map_find(map, key_of(1))->digest;
	take_simple(1, 5, 0, 3, from);
	digest[1] = map_find(map, key_of(1))->digest;
	take_simple(1, 5, 0, 2, from);
	assert_true(map_find(map, key_of(1))->digest == digest[1]);
	assert_true(digest[1] >= digest[0]);
	assert_int_equal(events[MAP_EVENT_CONFLICT], digest[1] > digest[0]);
	map_bringer_put(map, from);
	map_free(map);
	/* The other way round */
	begin(0, 0);
	link_to(1, 1000);
	from = bringer(1);
	assert_int_equal(take_simple(1, 5, 0, 3, from), MAP_TAKEN);
	take_simple(1, 5, 0, 2, from);
	assert_true(map_find(map, key_of(1))->digest == digest[1]);
	map_bringer_put(map, from);
	map_free(map);
}

/* What comes back is connected at once, with all behind it, and offered anew. */
static void comes_back(void **state)
{
	struct map_origin *origin;
	struct map_bringer *from;
	unsigned int i;
	__u64 change;

	(void)state;
	begin(0, 0);
	link_to(1, 1000);
	from = bringer(1);
	assert_int_equal(take_simple(1, 1, 0, 2, from), MAP_TAKEN);
	assert_int_equal(take_simple(2, 1, 1, 3, from), MAP_TAKEN);
	assert_int_equal(take_simple(3, 1, 2, 0, from), MAP_TAKEN);
	assert_int_equal(take_simple(1, 2, 0, 0, from), MAP_TAKEN);
	assert_true(map_find(map, key_of(3))->connected);
	pass(2);
	change = map->changes;
	assert_int_equal(take_simple(1, 3, 0, 2, from), MAP_TAKEN);
	for (i = 2; i <= 3; i++) {
		origin = map_find(map, key_of(i));
		assert_true(origin->connected);
		assert_true(origin->change > change);
	}
	map_bringer_put(map, from);
	map_free(map);
}

/* Another record of our own key: we are to have the last word. */
static void own_key_elsewhere(void **state)
{
	struct record_head head = { .instance = 7 };
	struct map_bringer *from;
	unsigned int i, same = 0;

	(void)state;
	for (i = 1; i <= 16; i++) {
		begin(0, 0);
		link_to(1, 1000);
		pass(1);
		from = bringer(1);
		head.count = 0;
		add_link(&head, 1);
		links[0].latency = i;
		/* Of the same sequence as ours, ours counts if its digest is higher. */
		assert_int_equal(take(&head, 0, 1, GOOD, 0, from), MAP_KNOWN);
		pass(1);
		same += map->own.sequence == 1;
		assert_int_equal(take(&head, 0, 10, BAD, 0, from), MAP_FORGED);
		assert_int_equal(take(&head, 0, 10, GOOD, 0, from), MAP_KNOWN);
		pass(1);
		assert_int_equal(map->own.sequence, 11);
		assert_int_equal(map->self->sequence, 11);
		map_bringer_put(map, from);
		map_free(map);
	}
	assert_in_range(same, 1, 15);
	assert_int_equal(events[MAP_EVENT_TWIN], 0);
}

/* 16 changes at once, then one in 10 seconds; what is too often is not verified. */
static void changes_too_often(void **state)
{
	struct map_bringer *from;
	unsigned int i, taken = 0;

	(void)state;
	begin(0, 0);
	link_to(1, 1000);
	from = bringer(1);
	for (i = 1; i <= 1000; i++) {
		taken += take_simple(1, i, 0, 2 + i % 2, from) == MAP_TAKEN;
		pass(1);
	}
	assert_in_range(taken, 16 + 99, 16 + 101);
	assert_int_equal(map->stats.verified, taken);
	map_bringer_put(map, from);
	map_free(map);
}

static void expires(void **state)
{
	struct record_head head = { 0 };
	struct map_bringer *from;

	(void)state;
	begin(0, 0);
	link_to(1, 1000);
	from = bringer(1);
	add_link(&head, 0);
	add_link(&head, 2);
	assert_int_equal(take(&head, 1, 1, GOOD, 3600, from), MAP_TAKEN);
	assert_int_equal(map_age(map_find(map, key_of(1)), now), 3600);
	/* It is rounded up, never down. */
	now += MAP_SECOND / 1000;
	assert_int_equal(map_age(map_find(map, key_of(1)), now), 3601);
	pass(23 * 3600);
	assert_int_equal(map->count, 2);
	/* Somebody has a copy that its origin made later than we were told. */
	map_is_younger(map, map_find(map, key_of(1)), now, 3600);
	pass(23 * 3600);
	assert_int_equal(map->count, 2);
	pass(3600 + MAP_GRACE);
	assert_int_equal(map->count, 1);
	assert_int_equal(map->stats.expired, 1);
	map_bringer_put(map, from);
	map_free(map);
}

/* Small changes of metrics are no news, and large ones are not told at once. */
static void metrics_are_damped(void **state)
{
	struct map_origin *self;
	struct record_link link;
	unsigned int i;

	(void)state;
	begin(0, 0);
	link_to(1, 10000);
	pass(1);
	self = map->self;
	assert_int_equal(map->stats.published, 1);
	for (i = 0; i < 1000; i++) {
		link_to(1, 10000 + i % 2 * 2400);
		pass(1);
	}
	assert_int_equal(map->stats.published, 1);
	assert_int_equal(self->vertex.claims[0].latency, 10000);
	/* The graph has it at once, the record after a minute. */
	link_to(1, 13000);
	assert_int_equal(self->vertex.claims[0].latency, 13000);
	link_to(1, 10000);
	pass(1);
	assert_int_equal(map->stats.published, 2);
	for (i = 0; i < 600; i++) {
		link_to(1, i % 2 ? 20000 : 10000);
		pass(1);
	}
	assert_in_range(map->stats.published, 2 + 9, 2 + 11);
	record_read_link(self->record, 0, &link);
	assert_int_equal(link.mtu, 1420);
	map_free(map);
}

/* Links that come and go are told at once, but for too often. */
static void flapping_is_damped(void **state)
{
	unsigned int i;

	(void)state;
	begin(0, 0);
	link_to(1, 10000);
	for (i = 0; i < 600; i++) {
		link_to(2, 10000);
		pass(1);
		map_link_del(map, now, 2);
		pass(1);
	}
	assert_in_range(map->stats.published, 8 + 1200 / MAP_OWN_INTERVAL - 2,
			8 + 1200 / MAP_OWN_INTERVAL + 2);
	map_free(map);
}

static void links_that_cannot_be(void **state)
{
	struct record_link link = { .label = 0, .mtu = 1420 };
	unsigned int i;

	(void)state;
	begin(0, 0);
	memcpy(link.key, key_of(1), SW_KEY_LEN);
	assert_int_equal(map_link_set(map, now, &link), -EINVAL);
	link.label = 1;
	link.mtu = 1291;
	assert_int_equal(map_link_set(map, now, &link), -EINVAL);
	link.mtu = 1420;
	memcpy(link.key, key_of(0), SW_KEY_LEN);
	assert_int_equal(map_link_set(map, now, &link), -EINVAL);
	for (i = 1; i <= RECORD_LINKS_MAX; i++)
		link_to(i, 1000);
	memcpy(link.key, key_of(i), SW_KEY_LEN);
	link.label = (__u16)i;
	assert_int_equal(map_link_set(map, now, &link), -ENOSPC);
	pass(1);
	assert_int_equal(map->self->len, RECORD_MAX);
	map_free(map);
}

/* A node with a link to each of two neighbours' trees of 100 nodes */
static void fill_by(__u32 neighbour, __u32 from_number, __u32 count)
{
	struct map_bringer *from = bringer(neighbour);
	struct record_head head = { 0 };
	__u32 i;

	add_link(&head, 0);
	for (i = 0; i < count; i++)
		add_link(&head, from_number + i);
	assert_int_equal(take(&head, neighbour, 1, GOOD, 0, from), MAP_TAKEN);
	for (i = 0; i < count; i++)
		take_simple(from_number + i, 1, neighbour, 0, from);
	map_bringer_put(map, from);
}

static __u32 count_of(__u32 from, __u32 count)
{
	__u32 i, found = 0;

	for (i = 0; i < count; i++) {
		struct map_origin *origin = map_find(map, key_of(from + i));

		found += origin && origin->record;
	}
	return found;
}

/* Who brings more than fits gets no more than what others leave, or half. */
static void room_is_shared(void **state)
{
	(void)state;
	begin(100, 0);
	link_to(1, 1000);
	link_to(2, 1000);
	pass(1);
	fill_by(1, 1000, 30);
	fill_by(2, 2000, 200);
	assert_int_equal(map->count, 100);
	assert_int_equal(count_of(1000, 30), 30);
	assert_int_equal(count_of(2000, 200), 67);
	/* The oldest stay. */
	assert_int_equal(count_of(2000, 67), 67);
	map_free(map);
	/* Who came late gets his share all the same, from the newest. */
	begin(100, 0);
	link_to(1, 1000);
	link_to(2, 1000);
	pass(1);
	fill_by(2, 2000, 200);
	fill_by(1, 1000, 30);
	assert_int_equal(map->count, 100);
	assert_int_equal(count_of(1000, 30), 30);
	assert_int_equal(count_of(2000, 67), 67);
	assert_true(events[MAP_EVENT_FULL]);
	map_free(map);
}

/* Records as large as can be, of links that there are not: bytes are bounded. */
static void bytes_are_bounded(void **state)
{
	struct record_head head = { 0 };
	struct map_bringer *from;
	__u32 i, j, taken = 0;

	(void)state;
	begin(0, 2 << 20);
	link_to(1, 1000);
	link_to(2, 1000);
	pass(1);
	fill_by(2, 2000, 100);
	from = bringer(1);
	add_link(&head, 0);
	for (i = 0; i < 255; i++)
		add_link(&head, 3000 + i);
	assert_int_equal(take(&head, 1, 1, GOOD, 0, from), MAP_TAKEN);
	for (i = 0; i < 255; i++) {
		memset(&head, 0, sizeof(head));
		add_link(&head, 1);
		for (j = 0; j < 255; j++)
			add_link(&head, 10000 + i * 256 + j);
		taken += take(&head, 3000 + i, 1, GOOD, 0, from) == MAP_TAKEN;
		assert_true(map_bytes(map) <= 2 << 20);
	}
	assert_in_range(taken, 10, 60);
	assert_int_equal(count_of(2000, 100), 100);
	map_bringer_put(map, from);
	map_free(map);
}

static int init(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(conflict),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(own_key_elsewhere),
		cmocka_unit_test(changes_too_often),
		cmocka_unit_test(expires),
		cmocka_unit_test(metrics_are_damped),
		cmocka_unit_test(flapping_is_damped),
		cmocka_unit_test(links_that_cannot_be),
		cmocka_unit_test(room_is_shared),
		cmocka_unit_test(bytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
