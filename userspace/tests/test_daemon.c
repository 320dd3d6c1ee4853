// SPDX-License-Identifier: GPL-2.0
/* What all parts of a daemon make together, of the map and of hearsay */
#include <string.h>

#include <ev.h>
#include <sodium.h>

#include "nodes.h"
#include "test.h"

static void no_prefixes(void *arg, const __u8 key[SW_KEY_LEN])
{
	(void)arg;
	(void)key;
}

static void all_alive(void)
{
	unsigned int i, j;

	for (i = 0; i < NODES; i++)
		for (j = 0; j < node[i].kernel->links; j++)
			mock_liveness(node[i].kernel, node[i].kernel->link[j].label,
				      SKYWIRE_LIVENESS_ALIVE);
}

/* Two nodes that know a third one. */
static void make_acquaintance(__u8 net)
{
	unsigned int i;

	for (i = 0; i < NODES; i++)
		node[i].kernel->at.addr.bytes[0] = net;
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[2], &node[1], 0, NULL);
	pass(1);
	all_alive();
	pass(30);
}

static void allow_exchange(unsigned int nodes)
{
	while (nodes--)
		node[nodes].config.peer_exchange = true;
}

static void told_of_another(void **state)
{
	(void)state;
	allow_exchange(NODES);
	make_acquaintance(9);
	assert_true(node[0].kernel->links == 2 && node[2].kernel->links == 2);
	assert_true(is_peer(&node[0], &node[2]));
}

/* Who does not take part is not told of. */
static void not_told_of_others(void **state)
{
	(void)state;
	allow_exchange(2);
	make_acquaintance(9);
	assert_int_equal(node[0].kernel->links, 1);
}

static void nobody_is_told(void **state)
{
	(void)state;
	make_acquaintance(9);
	assert_int_equal(node[0].kernel->links, 1);
}

/* An address that is nobody's elsewhere: 192.0.2.0/24 */
static void not_told_of_private_ones(void **state)
{
	(void)state;
	allow_exchange(NODES);
	make_acquaintance(192);
	assert_int_equal(node[0].kernel->links, 1);
}

/* What was not asked for is not tried, and more than a few are not. */
static void told_too_much(void **state)
{
	struct hearsay_entry entry[HEARSAY_TOLD_MAX] = { 0 };
	__u8 bytes[HEARSAY_LEN_MAX];
	struct kernel_message m = { .payload = bytes };
	struct neighbour *l = NULL;
	unsigned int i, tries = 0;

	(void)state;
	allow_exchange(2);
	make_acquaintance(9);
	pass(200);
	m.link = label_to(&node[0], &node[1]);
	l = neighbours_by_label(node[0].neighbours, m.link);
	for (i = 0; i < HEARSAY_TOLD_MAX; i++) {
		randombytes_buf(entry[i].key, SW_KEY_LEN);
		entry[i].at = (struct sw_endpoint) {
			.addr = { .len = 4, .bytes = { 9, 9, 9, i } }, .port = 7,
		};
	}
	m.len = hearsay_write(bytes, entry, HEARSAY_TOLD_MAX);
	l->heard = true;
	assert_true(hearsay_message(node[0].hearsay, &m, now));
	assert_int_equal(node[0].kernel->links, 1);
	assert_null(neighbours_next(node[0].neighbours, l));
	l->heard = false;
	l->asked = now;
	for (i = 0; i < 3; i++)
		assert_true(hearsay_message(node[0].hearsay, &m, now));
	while ((l = neighbours_next(node[0].neighbours, l)))
		tries += !l->installed;
	assert_int_equal(tries, 8);
}

static void make_networks(void)
{
	struct sw_error err;
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		struct node *n = &node[i];

		n->network = network_new(ev_default_loop(0), &n->config, n->self,
					 n->kernel, n->times, now, &err);
		assert_non_null(n->network);
		network_join(n->network, n->neighbours);
		n->routes = (struct sessions_routes) {
			network_owner, network_paths, no_prefixes, n->network
		};
	}
}

/* The last node gets the first one's key. */
static struct node *make_copy(void)
{
	__u8 seed[SW_SEED_LEN] = { 1 };
	struct node *n = &node[NODES - 1];

	node_stop(n);
	sw_identity_free(n->self);
	n->self = sw_identity_new(seed);
	node_make_parts(n);
	return n;
}

/* The two ends of a line of four have the same key, and learn it by the map. */
static void same_key_far_away(void **state)
{
	struct node *n = make_copy();

	(void)state;
	make_networks();
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[1], &node[2], 0, NULL);
	pass(1);
	all_alive();
	pass(30);
	assert_int_equal(network_twin(node[0].network), 0);
	configure(n, &node[2], 0, NULL);
	pass(1);
	all_alive();
	pass(120);
	assert_true(network_twin(node[0].network));
	assert_true(network_twin(n->network));
	assert_int_equal(network_twin(node[1].network), 0);
}

/* Two that have nobody but the same relay learn it too, and are in nobody's way. */
static void same_key_at_one_relay(void **state)
{
	struct node *a = &node[0], *relay = &node[1], *other_one = &node[2];
	struct node *copy = make_copy();
	unsigned int i;

	(void)state;
	make_networks();
	configure(a, relay, 0, NULL);
	configure(other_one, relay, 0, NULL);
	configure(copy, relay, 0, NULL);
	pass(1);
	all_alive();
	pass(200);
	assert_true(network_twin(a->network));
	assert_true(network_twin(copy->network));
	assert_int_equal(network_twin(relay->network), 0);
	assert_int_equal(network_twin(other_one->network), 0);
	/* Their neighbour sees it as well, and of nobody else. */
	assert_true(network_shared(relay->network, a->self->key));
	assert_int_equal(network_shared(relay->network, other_one->self->key), 0);
	assert_int_equal(network_shared(other_one->network, relay->self->key), 0);
	for (i = 0; i < NODES; i++)
		assert_int_equal(network_nodes(node[i].network), 3);
	assert_int_equal(relay->kernel->links, 3);
	assert_int_equal(relay->ups, 3);
	assert_int_equal(relay->downs, 0);
}

/* The relay's link with one of two nodes becomes the other's. */
static void move_link(struct kernel *relay, struct kernel *from, struct kernel *to)
{
	unsigned int i;

	for (i = 0; i < relay->links; i++) {
		if (memcmp(&relay->link[i].endpoint, &from->at, sizeof(from->at)))
			continue;
		relay->link[i].endpoint = to->at;
		mock_liveness(relay, relay->link[i].label, SKYWIRE_LIVENESS_ALIVE);
	}
	mock_liveness(from, from->link[0].label, SKYWIRE_LIVENESS_DEAD);
	mock_liveness(to, to->link[0].label, SKYWIRE_LIVENESS_ALIVE);
}

/*
 * They even have the same label for their link: then it is one, and they take turns.
 * Whoever's turn it is has signed records meanwhile, so only the relay sees it.
 */
static void same_key_and_label(void **state)
{
	struct node *a = &node[0], *relay = &node[1], *other_one = &node[2];
	struct node *copy = make_copy();
	unsigned int i;

	(void)state;
	make_networks();
	configure(a, relay, 7, NULL);
	configure(other_one, relay, 0, NULL);
	pass(1);
	configure(copy, relay, 7, NULL);
	pass(1);
	all_alive();
	for (i = 0; i < 12; i++) {
		pass(30);
		if (i % 2)
			move_link(relay->kernel, copy->kernel, a->kernel);
		else
			move_link(relay->kernel, a->kernel, copy->kernel);
	}
	assert_int_equal(relay->kernel->links, 2);
	assert_int_equal(relay->downs, 0);
	assert_true(network_shared(relay->network, a->self->key));
	assert_int_equal(network_nodes(other_one->network), 3);
}

/* Records go along the links, and the paths come from them. */
static void by_the_map(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_networks();
	configure(a, &node[1], 0, NULL);
	configure(b, &node[1], 0, NULL);
	pass(1);
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->refused, 1);
	all_alive();
	pass(5);
	assert_int_equal(network_nodes(a->network), 3);
	sessions_miss(a->sessions, &addr, now);
	mock_deliver();
	assert_int_equal(a->kernel->released, 1);
	assert_true(in_session(a, b));
	/* The way is no longer one when its first link is dead. */
	mock_liveness(a->kernel, label_to(a, &node[1]), SKYWIRE_LIVENESS_DEAD);
	pass(1);
	assert_int_equal(network_paths(a->network, b->self->key, &a->to, 1), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, nodes_set_up, nodes_tear_down)

int main(void)
{
	const struct cm_unit_test tests[] = {
		TEST(told_of_another),
		TEST(not_told_of_others),
		TEST(nobody_is_told),
		TEST(not_told_of_private_ones),
		TEST(told_too_much),
		TEST(same_key_far_away),
		TEST(same_key_at_one_relay),
		TEST(same_key_and_label),
		TEST(by_the_map),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
