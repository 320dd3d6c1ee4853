// SPDX-License-Identifier: GPL-2.0
/* Links of several nodes */
#include <arpa/inet.h>
#include <string.h>

#include <sodium.h>

#include "nodes.h"
#include "test.h"

/* The node whose key is the lower one, of two */
static struct node *lower(struct node *a, struct node *b)
{
	return memcmp(a->self->key, b->self->key, SW_KEY_LEN) < 0 ? a : b;
}

static struct node *other(struct node *a)
{
	return a == &node[0] ? &node[1] : &node[0];
}

/* One knows the other's address, which knows nothing. */
static void one_sided(void **state)
{
	(void)state;
	configure(&node[0], &node[1], 77, NULL);
	pass(1);
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(node[0].kernel->link[0].label, 77);
	assert_int_equal(node[0].kernel->offers_out, 1);
	assert_int_equal(node[0].ups, 1);
	assert_int_equal(node[1].ups, 1);
	assert_true(is_peer(&node[0], &node[1]));
	assert_true(is_peer(&node[1], &node[0]));
	assert_int_equal(node[1].kernel->path[0].count, 0);
}

static void both_at_once(void **state)
{
	struct node *low = lower(&node[0], &node[1]);

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[1], &node[0], 0, NULL);
	run_all();
	assert_int_equal(mock_waiting(), 2);
	mock_deliver();
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(node[0].kernel->keys, 1);
	assert_int_equal(mock_key_of(low->kernel, low->kernel->link[0].label, NULL)->key.role,
			 SKYWIRE_ROLE_INITIATOR);
}

/* What the network doubles does not ask again. */
static void both_at_once_twice(void **state)
{
	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[1], &node[0], 0, NULL);
	run_all();
	mock_repeat();
	mock_deliver();
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(node[0].kernel->keys, 1);
	assert_int_equal(node[1].kernel->keys, 1);
}

/* Where the lower key's offers are lost, the other's must be answered. */
static void one_way_at_first(void **state)
{
	struct node *low = lower(&node[0], &node[1]);
	unsigned int i;

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[1], &node[0], 0, NULL);
	for (i = 0; i < 20 && !linked(&node[0], &node[1]); i++, now += 100) {
		neighbours_run(low->neighbours, now);
		mock_lose();
		neighbours_run(other(low)->neighbours, now);
		mock_deliver();
	}
	assert_true(linked(&node[0], &node[1]));
}

/* Where it is answered, an offer of the lower key may be on its way still. */
static void both_answer(void **state)
{
	struct node *low = lower(&node[0], &node[1]);

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[1], &node[0], 0, NULL);
	neighbours_run(low->neighbours, now);
	mock_lose();
	neighbours_run(other(low)->neighbours, now);
	mock_deliver();
	assert_false(linked(&node[0], &node[1]));
	now += 1300;
	run_all();
	assert_int_equal(mock_waiting(), 2);
	mock_deliver();
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(node[0].ups, 1);
	assert_int_equal(node[1].ups, 1);
}

static void losses(void **state)
{
	unsigned int i;

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	for (i = 0; i < 6; i++) {
		run_all();
		mock_lose();
		now += 10000;
	}
	assert_false(linked(&node[0], &node[1]));
	assert_in_range(node[0].kernel->offers_out, 4, 6);
	pass(90);
	assert_true(linked(&node[0], &node[1]));
}

/* The answer is lost: the next offer must be answered as well. */
static void lost_answer(void **state)
{
	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	run_all();
	mock_deliver_one();
	assert_int_equal(node[1].kernel->keys, 1);
	mock_lose();
	assert_false(linked(&node[0], &node[1]));
	pass(10);
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(node[1].kernel->links, 1);
}

static void rekeying(void **state)
{
	unsigned int i;

	(void)state;
	node[0].config.rekey_after = 10;
	node[1].config.rekey_after = 10;
	configure(&node[0], &node[1], 0, NULL);
	pass(1);
	for (i = 0; i < 20; i++) {
		assert_int_equal(node[0].kernel->keys, i + 1);
		assert_true(linked(&node[0], &node[1]));
		pass(10);
	}
	/* One end asks, as long as it is there. */
	assert_int_equal(node[1].kernel->offers_out, 0);
	assert_int_equal(node[0].kernel->links, 1);
	assert_int_equal(node[0].ups, 1);
	assert_int_equal(node[1].ups, 1);
	assert_int_equal(node[0].downs + node[1].downs, 0);
}

/* A daemon that is killed, and another that finds what it has left. */
static void adoption(void **state)
{
	struct node *n = &node[0];

	(void)state;
	configure(n, &node[1], 0, NULL);
	pass(1);
	node_stop(n);
	node_make_parts(n);
	configure(n, &node[1], 0, NULL);
	assert_int_equal(n->ups, 2);
	pass(60);
	/* It is for the same link, and not before its time. */
	assert_int_equal(n->kernel->keys, 1);
	assert_int_equal(n->kernel->links, 1);
	assert_int_equal(n->kernel->paths, 1);
	n->kernel->key[0].key.age = 0;
	pass(70);
	assert_int_equal(n->kernel->keys, 2);
	assert_int_equal(n->kernel->links, 1);
	assert_int_equal(node[1].kernel->links, 1);
	assert_true(linked(&node[0], &node[1]));
}

/* Without the device a daemon knows no neighbours, and starts anew. */
static void nobody_is_pinned(void **state)
{
	struct node *n = &node[1];
	__u8 key[SW_KEY_LEN];
	bool forgotten;
	unsigned int i;

	(void)state;
	configure(&node[0], n, 0, NULL);
	pass(1);
	configure(n, &node[0], 0, NULL);
	assert_true(linked(&node[0], n));
	assert_int_equal(n->kernel->offers_out, 0);
	node_stop(n);
	for (i = 0; i < TIMES_MAX + 1; i++) {
		randombytes_buf(key, sizeof(key));
		times_take(n->times, SW_LAYER_LINK, key, 5);
	}
	forgotten = times_take(n->times, SW_LAYER_LINK, node[0].self->key, 5);
	node_make_parts(n);
	assert_true(forgotten);
}

static void pre_shared(void **state)
{
	static const __u8 psk[SW_NOISE_KEY] = "one", wrong[SW_NOISE_KEY] = "two";

	(void)state;
	configure(&node[0], &node[1], 0, psk);
	configure(&node[1], &node[0], 0, wrong);
	pass(20);
	assert_false(linked(&node[0], &node[1]));
	nodes_tear_down(NULL);
	nodes_set_up(NULL);
	configure(&node[0], &node[1], 0, psk);
	configure(&node[1], &node[0], 0, psk);
	pass(1);
	assert_true(linked(&node[0], &node[1]));
}

static void cookies(void **state)
{
	(void)state;
	node[1].kernel->asks_cookie = true;
	node[0].kernel->asks_cookie = true;
	node[0].config.rekey_after = 60;
	configure(&node[0], &node[1], 0, NULL);
	run_all();
	mock_deliver();
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(node[0].kernel->offers_out, 2);
	/* The next one brings it along. */
	pass(61);
	assert_int_equal(node[0].kernel->offers_out, 3);
}

/* An offer that was answered is not answered again. */
static void replays(void **state)
{
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], msg[SW_EXCHANGE_MAX];
	struct sw_terms own = { .lanes = 1, .ciphers = 2, .index = { 9 }, .time = 5 };
	struct sw_exchange *x = sw_exchange_new(node[0].self, SW_LAYER_LINK,
						node[1].self->key);
	size_t len = sw_exchange_offer(x, &own, msg);

	(void)state;
	len = sw_frame_build(frame, SW_FRAME_INITIATION, 9, msg, len,
			     node[1].self->key);
	neighbours_frame(node[1].neighbours, &node[0].kernel->at, frame, len, now);
	assert_int_equal(node[1].kernel->keys, 1);
	neighbours_frame(node[1].neighbours, &node[0].kernel->at, frame, len, now);
	assert_int_equal(node[1].kernel->keys, 1);
	sw_exchange_free(x);
}

/* Throwaway keys cannot make a node forget what it has answered to a neighbour. */
static void replays_after_a_flood(void **state)
{
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], msg[SW_EXCHANGE_MAX], key[SW_KEY_LEN];
	struct sw_terms own = { .lanes = 1, .ciphers = 2, .index = { 9 }, .time = 5 };
	struct sw_exchange *x = sw_exchange_new(node[0].self, SW_LAYER_LINK,
						node[1].self->key);
	size_t len = sw_exchange_offer(x, &own, msg);
	unsigned int i;

	(void)state;
	len = sw_frame_build(frame, SW_FRAME_INITIATION, 9, msg, len,
			     node[1].self->key);
	neighbours_frame(node[1].neighbours, &node[0].kernel->at, frame, len, now);
	assert_int_equal(node[1].kernel->keys, 1);
	for (i = 0; i < TIMES_MAX + 1; i++) {
		randombytes_buf(key, sizeof(key));
		times_take(node[1].times, SW_LAYER_LINK, key, 5);
	}
	neighbours_frame(node[1].neighbours, &node[0].kernel->at, frame, len, now);
	assert_int_equal(node[1].kernel->keys, 1);
	sw_exchange_free(x);
}

static void not_accepted(void **state)
{
	(void)state;
	node[1].config.accept_any = false;
	configure(&node[0], &node[1], 0, NULL);
	pass(5);
	assert_int_equal(node[1].kernel->links, 0);
	configure(&node[1], &node[0], 0, NULL);
	pass(20);
	assert_true(linked(&node[0], &node[1]));
}

/* Who is configured is tried elsewhere as well, where only peers are accepted. */
static void peer_elsewhere(void **state)
{
	struct sw_endpoint at = node[1].kernel->at;
	__u8 key[SW_KEY_LEN] = { 1 };

	(void)state;
	node[0].config.accept_any = false;
	node[1].kernel->at.port++;
	configure(&node[0], &node[1], 0, NULL);
	node[1].kernel->at = at;
	pass(1);
	assert_int_equal(node[0].kernel->links, 0);
	assert_false(neighbours_discovered(node[0].neighbours, key, &at, now));
	assert_true(neighbours_discovered(node[0].neighbours, node[1].self->key, &at,
					  now));
	pass(10);
	assert_true(linked(&node[0], &node[1]));
}

/* What was only heard of is tried by one end, and goes when it is silent. */
static void discovered(void **state)
{
	struct node *low = lower(&node[0], &node[1]), *high = other(low);

	(void)state;
	neighbours_discovered(high->neighbours, low->self->key, &low->kernel->at, now);
	run_all();
	assert_int_equal(mock_waiting(), 0);
	neighbours_discovered(low->neighbours, high->self->key, &high->kernel->at, now);
	run_all();
	mock_deliver();
	assert_true(linked(&node[0], &node[1]));
	mock_liveness(low->kernel, low->kernel->link[0].label, SKYWIRE_LIVENESS_ALIVE);
	mock_liveness(low->kernel, low->kernel->link[0].label, SKYWIRE_LIVENESS_DEAD);
	high->kernel->at.port++;
	pass(150);
	assert_int_equal(low->kernel->links, 1);
	pass(200);
	assert_int_equal(low->kernel->links, 0);
	assert_int_equal(low->kernel->peers, 0);
	assert_int_equal(low->downs, 1);
}

/* An address of documentation, one of many */
static struct sw_endpoint somewhere(unsigned int number)
{
	__be32 addr = htonl(0xc6336400 + number);
	struct sw_endpoint ep = { .addr.len = 4, .port = 1000 };

	memcpy(ep.addr.bytes, &addr, sizeof(addr));
	return ep;
}

static unsigned int count_tries(const struct node *n)
{
	struct neighbour *l = NULL;
	unsigned int count = 0;

	while ((l = neighbours_next(n->neighbours, l)))
		count++;
	return count;
}

/* One that nobody knows asks for a link, as if from there. Is there one then? */
static bool link_asked(struct node *n, unsigned int number, const struct sw_endpoint *from)
{
	struct sw_terms own = { .lanes = 1, .ciphers = 2, .label = 7, .time = now };
	__u8 msg[SW_EXCHANGE_MAX], frame[SW_HANDSHAKE_FRAME_MAX];
	struct sw_identity *identity;
	struct sw_exchange *x;
	bool is_there;
	size_t len;

	own.index[0] = number + 1;
	identity_of(&identity, number);
	x = sw_exchange_new(identity, SW_LAYER_LINK, n->self->key);
	len = sw_exchange_offer(x, &own, msg);
	len = sw_frame_build(frame, SW_FRAME_INITIATION, own.index[0], msg, len,
			     n->self->key);
	neighbours_frame(n->neighbours, from, frame, len, now);
	is_there = n->kernel->links && !memcmp(n->kernel->link[n->kernel->links - 1].neighbour,
					       identity->key, SW_KEY_LEN);
	sw_exchange_free(x);
	sw_identity_free(identity);
	return is_there;
}

/* Nobody can make a table grow without bounds. */
static void many_beacons(void **state)
{
	struct sw_endpoint ep = node[2].kernel->at;
	__u8 key[SW_KEY_LEN];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * NEIGHBOURS_MAX; i++) {
		randombytes_buf(key, sizeof(key));
		neighbours_discovered(node[0].neighbours, key, &ep, now);
	}
	assert_int_equal(count_tries(&node[0]), NEIGHBOURS_PLACE);
	/* Nobody is kept out by them. */
	assert_true(link_asked(&node[0], 0, &ep));
	assert_true(neighbours_discovered(node[0].neighbours, key, &node[1].kernel->at, now));
	for (i = 0; i < 3 * NEIGHBOURS_MAX; i++) {
		randombytes_buf(key, sizeof(key));
		ep = somewhere(i);
		neighbours_discovered(node[0].neighbours, key, &ep, now);
	}
	/* Beacons are anybody's: there is room left for who makes an offer. */
	assert_int_equal(count_tries(&node[0]), NEIGHBOURS_TRIES + 1);
	assert_true(neighbours_discovered(node[0].neighbours, node[1].self->key,
					  &node[1].kernel->at, now));
	for (i = 0; i < 200; i++, now += 1000) {
		neighbours_run(node[0].neighbours, now);
		mock_lose();
	}
	assert_int_equal(count_tries(&node[0]), 0);
}

/* Who could not be reached for long is tried when there may be a way, not later. */
static void reachable_at_last(void **state)
{
	struct sw_endpoint at = node[1].kernel->at;

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	node[1].kernel->at.port++;
	pass(200);
	node[1].kernel->at = at;
	pass(1);
	assert_int_equal(node[0].kernel->links, 0);
	neighbours_hurry(node[0].neighbours, now);
	pass(1);
	assert_true(linked(&node[0], &node[1]));
}

/* Somebody with a key for each link has no more of them than others leave, ... */
static void many_from_one_place(void **state)
{
	struct sw_endpoint near = node[1].kernel->at, far = somewhere(0);
	struct node *n = &node[0];
	unsigned int i;

	(void)state;
	for (i = 0; i <= NEIGHBOURS_PLACE; i++) {
		near.port = i + 1;
		/* The first is never shown to be there, and makes room for the last. */
		if (i > 1)
			mock_liveness(n->kernel, n->kernel->link[i - 1].label,
				      SKYWIRE_LIVENESS_ALIVE);
		assert_true(link_asked(n, i, &near));
	}
	mock_liveness(n->kernel, n->kernel->link[i - 2].label, SKYWIRE_LIVENESS_ALIVE);
	assert_int_equal(n->kernel->links, NEIGHBOURS_PLACE);
	assert_false(link_asked(n, i, &near));
	assert_true(link_asked(n, i + 1, &far));
	/* Whoever is named has a place. */
	configure(&node[1], n, 0, NULL);
	pass(3);
	assert_int_equal(node[1].kernel->links, 0);
	configure(n, &node[1], 0, NULL);
	pass(20);
	assert_int_equal(node[1].kernel->links, 1);
}

/* ... and who names addresses of others takes room only from who does the same. */
static void many_that_are_not_there(void **state)
{
	struct node *n = &node[0];
	struct sw_endpoint ep;
	unsigned int i;
	__u16 label;

	(void)state;
	ep = somewhere(0);
	assert_true(link_asked(n, 0, &ep));
	label = n->kernel->link[0].label;
	mock_liveness(n->kernel, label, SKYWIRE_LIVENESS_ALIVE);
	for (i = 1; i < 3 * NEIGHBOURS_DOUBTFUL; i++) {
		ep = somewhere(i);
		assert_true(link_asked(n, i, &ep));
	}
	assert_int_equal(n->kernel->links, NEIGHBOURS_DOUBTFUL + 1);
	assert_non_null(neighbours_by_label(n->neighbours, label));
}

static void dead_link(void **state)
{
	unsigned int before;

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	pass(1);
	before = node[0].kernel->offers_out;
	mock_liveness(node[0].kernel, node[0].kernel->link[0].label,
		      SKYWIRE_LIVENESS_DEAD);
	run_all();
	assert_int_equal(node[0].kernel->offers_out, before + 1);
	mock_deliver();
	assert_true(linked(&node[0], &node[1]));
}

static unsigned int count_links(const struct node *n)
{
	struct neighbour *l = NULL;
	unsigned int count = 0;

	while ((l = neighbours_next(n->neighbours, l)))
		count++;
	return count;
}

/* What is configured once more, and what is not any more */
static void configured_anew(void **state)
{
	struct node *a = &node[0], *b = &node[1], *c = &node[2];

	(void)state;
	configure(a, b, 0, NULL);
	configure(a, c, 0, NULL);
	pass(1);
	assert_int_equal(a->kernel->links, 2);
	/* One that has moved since is still the same. */
	a->kernel->link[0].endpoint.port++;
	mock_liveness(a->kernel, a->kernel->link[0].label, SKYWIRE_LIVENESS_ALIVE);
	neighbours_reconfigure(a->neighbours);
	configure(a, b, 0, NULL);
	configure(a, c, 0, NULL);
	neighbours_reconfigured(a->neighbours);
	assert_int_equal(count_links(a), 2);
	assert_int_equal(a->ups, 2);
	assert_int_equal(a->downs, 0);
	/* Anybody may be a neighbour. */
	neighbours_reconfigure(a->neighbours);
	configure(a, b, 0, NULL);
	neighbours_reconfigured(a->neighbours);
	assert_int_equal(a->kernel->links, 2);
	assert_int_equal(a->downs, 0);
	/* Peers alone may. */
	a->config.accept_any = false;
	neighbours_reconfigure(a->neighbours);
	configure(a, b, 0, NULL);
	neighbours_reconfigured(a->neighbours);
	assert_int_equal(a->kernel->links, 1);
	assert_memory_equal(a->kernel->link[0].neighbour, b->self->key, SW_KEY_LEN);
	assert_int_equal(a->downs, 1);
	assert_int_equal(count_links(a), 1);
}

static void deleted_link(void **state)
{
	struct kernel_link link;
	struct sw_error err;

	(void)state;
	configure(&node[0], &node[1], 0, NULL);
	pass(1);
	link = node[0].kernel->link[0];
	kernel_link_del(node[0].kernel, link.label, &err);
	neighbours_link(node[0].neighbours, &link, true, now);
	assert_int_equal(node[0].downs, 1);
	assert_false(is_peer(&node[0], &node[1]));
	pass(3);
	assert_int_equal(node[0].kernel->links, 1);
	assert_int_equal(node[0].ups, 2);
}

static __u64 made_up_time;

static __u64 made_up(void)
{
	return made_up_time;
}

/* New keys come, and old offers are not taken, whatever a node's clock does. */
static void clock_jumps(void **state)
{
	static const __u64 jumps[] = { 1ull << 60, 1ull << 62, 5, 1ull << 61, 1 };
	unsigned int i, keys;

	(void)state;
	node[0].config.rekey_after = 10;
	node[1].config.rekey_after = 10;
	times_set_clock(node[0].times, made_up);
	made_up_time = 1ull << 59;
	configure(&node[0], &node[1], 0, NULL);
	pass(1);
	assert_true(linked(&node[0], &node[1]));
	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		keys = node[1].kernel->keys;
		made_up_time = jumps[i];
		pass(11);
		assert_int_equal(node[1].kernel->keys, keys + 1);
		assert_true(linked(&node[0], &node[1]));
	}
	assert_int_equal(node[0].downs + node[1].downs, 0);
}

/* Another node with the same key makes offers: it is not answered, and told of. */
static void same_key(void **state)
{
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], msg[8 + SW_EXCHANGE_MAX] = { 1 };
	struct sw_terms own = { .lanes = 1, .ciphers = 2, .index = { 9 }, .time = 5 };
	struct kernel_message m = { .count = 1, .payload = msg };
	struct sw_exchange *x;
	int len;

	(void)state;
	make_line();
	assert_int_equal(neighbours_twin(node[0].neighbours), 0);
	x = sw_exchange_new(node[0].self, SW_LAYER_LINK, node[0].self->key);
	len = sw_exchange_offer(x, &own, msg);
	len = sw_frame_build(frame, SW_FRAME_INITIATION, 9, msg, len, node[0].self->key);
	neighbours_frame(node[0].neighbours, &node[2].kernel->at, frame, len, now);
	assert_int_equal(neighbours_twin(node[0].neighbours), now);
	assert_int_equal(node[0].kernel->links, 1);
	sw_exchange_free(x);
	x = sw_exchange_new(node[0].self, SW_LAYER_SESSION, node[0].self->key);
	memset(msg, 0, 8);
	msg[0] = 1;
	m.len = 8 + sw_exchange_offer(x, &own, msg + 8);
	m.link = label_to(&node[0], &node[1]);
	assert_int_equal(sessions_twin(node[0].sessions), 0);
	sessions_message(node[0].sessions, &m, now);
	assert_int_equal(sessions_twin(node[0].sessions), now);
	assert_int_equal(node[0].kernel->peers, 1);
	sw_exchange_free(x);
}

static void odd_messages(void **state)
{
	__u8 bytes[512];
	struct kernel_message m = { .count = 1, .link = 1, .payload = bytes };
	unsigned int i;

	(void)state;
	make_line();
	for (i = 0; i < 2000; i++) {
		randombytes_buf(bytes, sizeof(bytes));
		bytes[0] = 1 + i % 2;
		m.len = i % (sizeof(bytes) + 1);
		sessions_message(node[0].sessions, &m, now);
		bytes[0] = 1 + i % 3;
		neighbours_frame(node[0].neighbours, &node[1].kernel->at, bytes,
				 m.len, now);
	}
	assert_int_equal(node[0].kernel->keys, 1);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, nodes_set_up, nodes_tear_down)

int main(void)
{
	const struct cm_unit_test tests[] = {
		TEST(one_sided),
		TEST(both_at_once),
		TEST(both_at_once_twice),
		TEST(one_way_at_first),
		TEST(both_answer),
		TEST(losses),
		TEST(lost_answer),
		TEST(rekeying),
		TEST(clock_jumps),
		TEST(same_key),
		TEST(adoption),
		TEST(nobody_is_pinned),
		TEST(pre_shared),
		TEST(cookies),
		TEST(replays),
		TEST(replays_after_a_flood),
		TEST(not_accepted),
		TEST(peer_elsewhere),
		TEST(discovered),
		TEST(many_beacons),
		TEST(reachable_at_last),
		TEST(many_from_one_place),
		TEST(many_that_are_not_there),
		TEST(dead_link),
		TEST(configured_anew),
		TEST(deleted_link),
		TEST(odd_messages),
	};

	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
