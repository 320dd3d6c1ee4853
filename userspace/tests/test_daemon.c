// SPDX-License-Identifier: GPL-2.0
/* Links and sessions of several daemons, over a kernel that is made up. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>
#include <sodium.h>

#include "lib/compiler.h"
#include "mock_kernel.h"
#include "swd/event.h"
#include "swd/hearsay.h"
#include "swd/neighbours.h"
#include "swd/log.h"
#include "swd/network.h"
#include "swd/prefixes.h"
#include "swd/sessions.h"
#include "test.h"

enum { NODES = 4 };

struct node {
	struct config		config;
	struct sw_identity	*self;
	struct times		*times;
	struct kernel		*kernel;
	struct neighbours	*neighbours;
	struct kernel_path	to;		/* the only path over relays, ... */
	unsigned int		ways;		/* ... or so many like it, ... */
	bool			swapped;	/* ... the second before the first, or ... */
	unsigned int		asked;		/* for paths, so often */
	bool			undecided;	/* whether there are any */
	struct network		*network;	/* ... those that the map knows */
	struct sessions_routes	routes;
	struct sessions		*sessions;
	struct hearsay		*hearsay;
	unsigned int		ups;
	unsigned int		downs;
};

static struct node node[NODES];
static __u64 now;

static void on_handshake(void *arg, const struct sw_endpoint *from,
			 const __u8 *frame, size_t len)
{
	neighbours_frame(((struct node *)arg)->neighbours, from, frame, len, now);
}

static void on_message(void *arg, const struct kernel_message *m)
{
	struct node *n = arg;

	if (m->count)
		sessions_message(n->sessions, m, now);
	else if (!hearsay_message(n->hearsay, m, now) && n->network)
		network_message(n->network, m, now);
}

static void on_link(void *arg, const struct kernel_link *link, bool gone)
{
	neighbours_link(((struct node *)arg)->neighbours, link, gone, now);
}

static const struct kernel_events kernel_events = {
	.handshake = on_handshake, .message = on_message, .link = on_link,
};

static void on_up(void *arg, struct neighbour *link)
{
	struct node *n = arg;

	n->ups++;
	sessions_link_up(n->sessions, link);
}

static void on_down(void *arg, struct neighbour *link)
{
	struct node *n = arg;

	n->downs++;
	sessions_link_down(n->sessions, link);
}

static void on_changed(void *arg, struct neighbour *link)
{
	struct node *n = arg;

	if (n->network)
		network_link(n->network, link, now);
	if (link->liveness == SKYWIRE_LIVENESS_DEAD)
		sessions_link_dead(n->sessions, link);
}

static const struct neighbours_events events = { on_up, on_down, on_changed };

static bool owner(void *arg, const struct sw_addr *addr, __u8 key[SW_KEY_LEN])
{
	const struct node *n = arg;
	__u8 address[SKYWIRE_ADDRESS_LEN];

	if (prefixes_owner(&n->config, addr, key))
		return true;
	memcpy(key, n->to.peer, SW_KEY_LEN);
	sw_address(address, key);
	return addr->len == 16 && !memcmp(address, addr->bytes, addr->len);
}

static int paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
		 unsigned int max)
{
	struct node *n = arg;
	unsigned int i, count = n->ways ?: 1;

	n->asked++;
	if (n->undecided)
		return -EAGAIN;
	if (!n->to.count || memcmp(n->to.peer, key, SW_KEY_LEN))
		return 0;
	for (i = 0; i < count && i < max; i++) {
		path[i] = n->to;
		path[i].label[n->to.count - 1] += htons(n->swapped ? count - 1 - i : i);
		path[i].cost = n->to.cost * (i + 1);
	}
	return i;
}

static void peered(void *arg, const __u8 key[SW_KEY_LEN])
{
	struct node *n = arg;

	prefixes_give(&n->config, n->kernel, key);
}

static void make_parts(struct node *n)
{
	struct sw_error err;

	n->neighbours = neighbours_new(&n->config, n->self, n->kernel, n->times,
				       &events, n);
	n->routes = (struct sessions_routes) { owner, paths, peered, n };
	n->sessions = sessions_new(&n->config, n->self, n->kernel, n->times,
				   n->neighbours, &n->routes);
	n->hearsay = hearsay_new(&n->config, n->self, n->kernel, n->neighbours);
	assert_int_equal(sessions_adopt(n->sessions, now, &err), 0);
	assert_int_equal(neighbours_adopt(n->neighbours, now, &err), 0);
}

static void stop(struct node *n)
{
	hearsay_free(n->hearsay);
	sessions_free(n->sessions);
	neighbours_free(n->neighbours);
}

static int set_up(void **state)
{
	unsigned int i;

	(void)state;
	log_set(-1, "");
	now = 1000000;
	memset(node, 0, sizeof(node));
	for (i = 0; i < NODES; i++) {
		__u8 seed[SW_SEED_LEN] = { i + 1 };

		config_init(&node[i].config, "sw0");
		node[i].self = sw_identity_new(seed);
		node[i].times = times_open(NULL);
		node[i].kernel = mock_kernel(&kernel_events, &node[i], i + 1);
		make_parts(&node[i]);
	}
	return 0;
}

static int tear_down(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NODES; i++) {
		stop(&node[i]);
		config_free(&node[i].config);
		network_free(node[i].network);
		times_close(node[i].times);
		sw_identity_free(node[i].self);
	}
	mock_free();
	return 0;
}

static void run_all(void)
{
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		neighbours_run(node[i].neighbours, now);
		sessions_run(node[i].sessions, now);
		hearsay_run(node[i].hearsay, now);
		if (!node[i].network)
			continue;
		network_run(node[i].network, now);
		if (network_changed(node[i].network))
			sessions_reroute(node[i].sessions);
	}
}

/* Seconds pass, and what is sent arrives. */
static void pass(unsigned int seconds)
{
	__u64 end = now + 1000ull * seconds;

	for (; now < end; now += 100) {
		run_all();
		mock_deliver();
	}
}

/* The node whose key is the lower one, of two */
static struct node *lower(struct node *a, struct node *b)
{
	return memcmp(a->self->key, b->self->key, SW_KEY_LEN) < 0 ? a : b;
}

static struct node *other(struct node *a)
{
	return a == &node[0] ? &node[1] : &node[0];
}

static void configure(struct node *n, const struct node *to, __u16 label,
		      const __u8 *psk)
{
	struct config_peer peer = {
		.endpoint = { to->kernel->at }, .endpoints = 1, .label = label,
	};

	memcpy(peer.key, to->self->key, SW_KEY_LEN);
	assert_int_equal(neighbours_configure(n->neighbours, &peer, psk, now), 0);
}

/* Does @a have a link with @b, and both the same newest key for it? */
static bool linked(const struct node *a, const struct node *b)
{
	const struct mock_key *ka, *kb;

	if (!a->kernel->links || !b->kernel->links)
		return false;
	ka = mock_key_of(a->kernel, a->kernel->link[0].label, NULL);
	kb = mock_key_of(b->kernel, b->kernel->link[0].label, NULL);
	return ka && kb && !memcmp(ka->tx, kb->rx, 32) && !memcmp(ka->rx, kb->tx, 32) &&
	       ka->key.tx_index == kb->key.rx_index &&
	       ka->key.rx_index == kb->key.tx_index &&
	       ka->key.role != kb->key.role &&
	       !memcmp(a->kernel->link[0].neighbour, b->self->key, SW_KEY_LEN);
}

static bool is_peer(const struct node *a, const struct node *b)
{
	unsigned int i;

	for (i = 0; i < a->kernel->peers; i++)
		if (!memcmp(a->kernel->peer[i], b->self->key, SW_KEY_LEN))
			return true;
	return false;
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
	stop(n);
	make_parts(n);
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
	stop(n);
	for (i = 0; i < TIMES_MAX + 1; i++) {
		randombytes_buf(key, sizeof(key));
		times_take(n->times, SW_LAYER_LINK, key, 5);
	}
	forgotten = times_take(n->times, SW_LAYER_LINK, node[0].self->key, 5);
	make_parts(n);
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
	tear_down(NULL);
	set_up(NULL);
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

static void identity_of(struct sw_identity **identity, unsigned int number)
{
	__u8 seed[SW_SEED_LEN] = { 0xff };

	memcpy(seed + 1, &number, sizeof(number));
	*identity = sw_identity_new(seed);
	assert_non_null(*identity);
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

/* --- sessions: node 0 - node 1 - node 2 ------------------------------------ */

static __u16 label_to(const struct node *a, const struct node *b)
{
	unsigned int i;

	for (i = 0; i < a->kernel->links; i++)
		if (!memcmp(a->kernel->link[i].neighbour, b->self->key, SW_KEY_LEN))
			return a->kernel->link[i].label;
	fail_msg("no link");
	return 0;
}

static void set_paths(struct node *a, const struct node *b)
{
	a->to = (struct kernel_path) {
		.link = label_to(a, &node[1]), .count = 1,
		.label = { htons(label_to(&node[1], b)) },
	};
	memcpy(a->to.peer, b->self->key, SW_KEY_LEN);
}

static struct sw_addr address_of(const struct node *n)
{
	struct sw_addr addr = { .len = 16 };

	sw_address(addr.bytes, n->self->key);
	return addr;
}

static void make_line(void)
{
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[2], &node[1], 0, NULL);
	pass(1);
	set_paths(&node[0], &node[2]);
}

static bool in_session(const struct node *a, const struct node *b)
{
	const struct mock_key *ka = mock_key_of(a->kernel, 0, b->self->key);
	const struct mock_key *kb = mock_key_of(b->kernel, 0, a->self->key);

	return ka && kb && !memcmp(ka->tx, kb->rx, 32) &&
	       !memcmp(ka->rx, kb->tx, 32) && ka->key.tx_index == kb->key.rx_index &&
	       ka->key.rx_index == kb->key.tx_index;
}

static void over_a_relay(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_line();
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->released, 0);
	mock_deliver();
	assert_int_equal(a->kernel->released, 1);
	assert_int_equal(a->kernel->refused, 0);
	assert_true(in_session(a, b));
	assert_true(is_peer(a, b));
	assert_true(is_peer(b, a));
	/* The way back was learned from the offer. */
	assert_int_equal(b->kernel->path[b->kernel->paths - 1].count, 1);
	assert_int_equal(b->kernel->path[b->kernel->paths - 1].label[0],
			 htons(label_to(&node[1], a)));
}

/* A secret that both ends of a session have, and have to have. */
/* Where paths are not known at once, packets wait for them. */
static void paths_later(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	struct sw_addr addr = address_of(b);

	(void)state;
	make_line();
	set_paths(a, b);
	set_paths(b, a);
	a->undecided = true;
	sessions_miss(a->sessions, &addr, now);
	sessions_reroute(a->sessions);
	run_all();
	assert_int_equal(a->kernel->refused, 0);
	a->undecided = false;
	sessions_reroute(a->sessions);
	run_all();
	mock_deliver();
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->released, 1);
}

/* Nor are they known later. */
static void paths_never(void **state)
{
	struct node *a = &node[0];
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	make_line();
	set_paths(a, &node[2]);
	a->undecided = true;
	sessions_miss(a->sessions, &addr, now);
	a->undecided = false;
	a->to.count = 0;
	sessions_reroute(a->sessions);
	run_all();
	assert_int_equal(a->kernel->refused, 1);
	assert_false(is_peer(a, &node[2]));
}

/* What a path costs, and whether it is the best, changes; the path is the same. */
static void other_terms(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	struct sw_addr addr = address_of(b);
	const struct kernel_path *path;
	__u8 id[2];

	(void)state;
	make_line();
	set_paths(a, b);
	a->ways = 2;
	a->to.cost = 1000;
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->paths, 3);
	path = &a->kernel->path[1];
	id[0] = path[0].id;
	id[1] = path[1].id;
	a->to.mtu = 1300;
	a->to.postage_base = 7;
	a->to.postage_rate = 9;
	a->swapped = true;
	sessions_reroute(a->sessions);
	sessions_run(a->sessions, now);
	assert_int_equal(path[0].mtu, 1300);
	assert_int_equal(path[0].postage_base, 7);
	assert_int_equal(path[0].postage_rate, 9);
	assert_int_equal(path[0].id, id[0]);
	assert_int_equal(path[1].id, id[1]);
	assert_true(path[1].preference < path[0].preference);
}

/* Of two that cost nearly the same, the one that was used goes on being used. */
static void nearly_the_same(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	struct sw_addr addr = address_of(b);
	const struct kernel_path *path;

	(void)state;
	make_line();
	set_paths(a, b);
	a->ways = 2;
	sessions_miss(a->sessions, &addr, now);
	path = &a->kernel->path[1];
	a->swapped = true;
	sessions_reroute(a->sessions);
	sessions_run(a->sessions, now);
	assert_true(path[0].preference < path[1].preference);
	a->to.cost = 1;
	sessions_reroute(a->sessions);
	sessions_run(a->sessions, now);
	assert_true(path[0].preference > path[1].preference);
}

static void session_pre_shared(void **state)
{
	static const __u8 psk[SW_NOISE_KEY] = "one", wrong[SW_NOISE_KEY] = "two";
	struct sw_addr addr = address_of(&node[2]);
	struct config_peer peer = { 0 };

	(void)state;
	make_line();
	memcpy(peer.key, node[2].self->key, SW_KEY_LEN);
	assert_int_equal(neighbours_configure(node[0].neighbours, &peer, psk, now), 0);
	sessions_miss(node[0].sessions, &addr, now);
	pass(8);
	assert_int_equal(node[0].kernel->released, 0);
	assert_int_equal(node[0].kernel->refused, 1);
	memcpy(peer.key, node[0].self->key, SW_KEY_LEN);
	assert_int_equal(neighbours_configure(node[2].neighbours, &peer, wrong, now), 0);
	sessions_miss(node[0].sessions, &addr, now);
	pass(8);
	assert_int_equal(node[0].kernel->released, 0);
	assert_int_equal(neighbours_configure(node[2].neighbours, &peer, psk, now), 0);
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	assert_int_equal(node[0].kernel->released, 1);
	assert_true(in_session(&node[0], &node[2]));
}

static void set_ciphers(struct node *n, const char *list)
{
	char text[128];
	struct sw_error err;

	snprintf(text, sizeof(text), "[Node]\nCiphers = %s\n", list);
	assert_int_equal(config_parse(&n->config, "x", text, strlen(text), &err), 0);
}

static __u8 link_cipher(const struct node *n)
{
	return mock_key_of(n->kernel, n->kernel->link[0].label, NULL)->key.cipher;
}

/* The responder's preference, of what the initiator has; for sessions as well. */
static void chosen_ciphers(void **state)
{
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	set_ciphers(&node[1], "aes-128-gcm, aes-256-gcm, chacha20-poly1305");
	set_ciphers(&node[2], "chacha20-poly1305 aes-256-gcm");
	make_line();
	assert_int_equal(link_cipher(&node[0]), SKYWIRE_CIPHER_AES_128_GCM);
	assert_int_equal(link_cipher(&node[2]), SKYWIRE_CIPHER_AES_256_GCM);
	assert_int_equal(link_cipher(&node[1]), SKYWIRE_CIPHER_AES_128_GCM);
	set_ciphers(&node[2], "aes-256-gcm chacha20-poly1305");
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(&node[0], &node[2]));
	assert_int_equal(mock_key_of(node[0].kernel, 0, node[2].self->key)->key.cipher,
			 SKYWIRE_CIPHER_AES_256_GCM);
}

/* What a node has ruled out it does not take, whatever the other would choose. */
static void ciphers_ruled_out(void **state)
{
	struct sw_terms own = { .lanes = 1, .ciphers = 8, .index = { 9 }, .time = 5 };
	__u8 frame[SW_HANDSHAKE_FRAME_MAX], msg[SW_EXCHANGE_MAX];
	struct sw_exchange *x;
	int len;

	(void)state;
	/* An offer without the one that all have, though it would be taken */
	x = sw_exchange_new(node[0].self, SW_LAYER_LINK, node[1].self->key);
	len = sw_exchange_offer(x, &own, msg);
	len = sw_frame_build(frame, SW_FRAME_INITIATION, 9, msg, len, node[1].self->key);
	neighbours_frame(node[1].neighbours, &node[0].kernel->at, frame, len, now);
	assert_int_equal(node[1].kernel->keys, 0);
	sw_exchange_free(x);
	set_ciphers(&node[0], "chacha20-poly1305");
	set_ciphers(&node[1], "aes-128-gcm, chacha20-poly1305");
	configure(&node[0], &node[1], 0, NULL);
	pass(1);
	assert_true(linked(&node[0], &node[1]));
	assert_int_equal(link_cipher(&node[0]), SKYWIRE_CIPHER_CHACHA20_POLY1305);
}

/* Packets to what is routed to a node make a session, and it gets the prefix. */
static void routed_prefix(void **state)
{
	struct sw_addr addr = { .len = 4, .bytes = { 10, 1, 2, 3 } };
	struct node *a = &node[0], *b = &node[2];
	char text[160], key[SW_KEY_TEXT];
	struct sw_error err;

	(void)state;
	make_line();
	sessions_miss(a->sessions, &addr, now);
	assert_int_equal(a->kernel->refused, 1);
	sw_key_format(key, b->self->key);
	snprintf(text, sizeof(text), "[Peer]\nPublicKey = %s\nAllowedIPs = 10.0.0.0/8\n",
		 key);
	assert_int_equal(config_parse(&a->config, "t", text, strlen(text), &err), 0);
	sessions_miss(a->sessions, &addr, now);
	mock_deliver();
	assert_int_equal(a->kernel->released, 1);
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->prefixes, 1);
	assert_memory_equal(a->kernel->prefix[0].peer, b->self->key, SW_KEY_LEN);
	assert_int_equal(b->kernel->prefixes, 0);
}

static void want_both(bool twice)
{
	struct sw_addr to_a = address_of(&node[0]), to_b = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	make_line();
	set_paths(b, a);
	sessions_miss(a->sessions, &to_b, now);
	sessions_miss(b->sessions, &to_a, now);
	if (twice)
		mock_repeat();
	mock_deliver();
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->released + b->kernel->released, 1);
}

static void both_want(void **state)
{
	(void)state;
	want_both(false);
}

static void both_want_twice(void **state)
{
	(void)state;
	want_both(true);
}

static void unknown_key(void **state)
{
	struct sw_addr addr = { .len = 16, .bytes = { 0xfc, 1 } };

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	assert_int_equal(node[0].kernel->refused, 1);
	assert_int_equal(node[0].kernel->peers, 1);
}

static void no_answer(void **state)
{
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	make_line();
	node[2].kernel->at.port++;
	sessions_miss(node[0].sessions, &addr, now);
	pass(7);
	assert_int_equal(node[0].kernel->refused, 0);
	pass(1);
	assert_int_equal(node[0].kernel->refused, 1);
	assert_int_equal(node[0].kernel->peers, 1);
}

/* A network in which all takes as long, in tenths of a second */
struct far {
	unsigned int delay, ticks, arrived, sent[100];
};

static void pass_far(struct far *f, unsigned int ticks)
{
	for (ticks += f->ticks; f->ticks < ticks; f->ticks++, now += 100) {
		while (f->ticks >= f->delay && f->arrived < f->sent[f->ticks - f->delay])
			f->arrived += mock_deliver_one();
		run_all();
		f->sent[f->ticks] = f->arrived + mock_waiting();
	}
}

/* The first key comes, however far away the other is. */
static void far_away(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	unsigned int delay;

	for (delay = 1; delay < 20; delay++) {
		struct sw_addr addr = address_of(b);
		struct far far = { .delay = delay };

		make_line();
		sessions_miss(a->sessions, &addr, now);
		pass_far(&far, 80);
		assert_int_equal(a->kernel->released, 1);
		assert_int_equal(a->kernel->refused, 0);
		assert_true(in_session(a, b));
		tear_down(state);
		set_up(state);
	}
}

/* @b wants a session with @a, some time later than the other way round. */
static void both_want_far(struct node *a, struct node *b, unsigned int later,
			  unsigned int delay)
{
	struct sw_addr to_a = address_of(a), to_b = address_of(b);
	struct far far = { .delay = delay };

	make_line();
	set_paths(a, b);
	set_paths(b, a);
	sessions_miss(a->sessions, &to_b, now);
	pass_far(&far, later);
	sessions_miss(b->sessions, &to_a, now);
	pass_far(&far, 80);
	assert_true(in_session(a, b));
}

/* Nor do offers that cross hinder each other, whichever is the first. */
static void far_away_both_want(void **state)
{
	unsigned int delay, later;

	for (delay = 1; delay < 20; delay += 3)
		for (later = 0; later < 20; later++) {
			both_want_far(&node[0], &node[2], later, delay);
			tear_down(state);
			set_up(state);
			both_want_far(&node[2], &node[0], later, delay);
			tear_down(state);
			set_up(state);
		}
}

static void idle_session(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	unsigned int keys;

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	node[0].kernel->packets = 1;
	node[2].kernel->packets = 1;
	pass(130);
	keys = node[0].kernel->keys;
	node[0].kernel->packets++;
	node[2].kernel->packets++;
	pass(120);
	assert_true(node[0].kernel->keys > keys);
	assert_true(in_session(&node[0], &node[2]));
	pass(600);
	assert_int_equal(node[0].kernel->peers, 1);
	assert_int_equal(node[2].kernel->peers, 1);
}

static void tell_of_paths(struct node *a, const struct node *b, __u8 state)
{
	struct kernel_path path;
	unsigned int i;

	for (i = 0; i < a->kernel->paths; i++) {
		path = a->kernel->path[i];
		path.state = state;
		if (!memcmp(path.peer, b->self->key, SW_KEY_LEN))
			sessions_path(a->sessions, &path, now);
	}
}

/* One that nothing comes back from is asked for new keys, and not all the time. */
static void other_end_forgets(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	unsigned int keys;

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	node[0].kernel->packets = 1;
	pass(2);
	assert_true(in_session(&node[0], &node[2]));
	keys = node[0].kernel->keys;
	tell_of_paths(&node[0], &node[2], SKYWIRE_PATH_STATE_USABLE);
	pass(10);
	assert_int_equal(node[0].kernel->keys, keys);
	tell_of_paths(&node[0], &node[2], SKYWIRE_PATH_STATE_SUSPECT);
	pass(1);
	assert_int_equal(node[0].kernel->keys, keys + 1);
	assert_true(in_session(&node[0], &node[2]));
	node[0].kernel->packets++;
	tell_of_paths(&node[0], &node[2], SKYWIRE_PATH_STATE_SUSPECT);
	pass(3);
	assert_int_equal(node[0].kernel->keys, keys + 1);
	pass(3);
	assert_int_equal(node[0].kernel->keys, keys + 2);
}

/* A neighbour whose link is dead is reached over relays, if there are any. */
/* There is a way around the link before it is needed, where the link is used. */
static void direct_link_in_use(void **state)
{
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_line();
	configure(a, b, 0, NULL);
	pass(1);
	sessions_look_ahead(a->sessions, now);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_false(in_session(a, b));
	mock_use(a->kernel, b->self->key, 1);
	sessions_look_ahead(a->sessions, now);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_true(in_session(a, b));
	assert_int_equal(a->kernel->paths, 3);
	/* And that goes when it is not. */
	pass(400);
	assert_int_equal(a->kernel->paths, 2);
	assert_true(is_peer(a, b));
}

static void dead_direct_link(void **state)
{
	struct node *a = &node[0], *b = &node[2];
	unsigned int i;

	(void)state;
	make_line();
	configure(a, b, 0, NULL);
	pass(1);
	assert_int_equal(a->kernel->links, 2);
	assert_false(in_session(a, b));
	for (i = 0; i < 2; i++)
		if (!memcmp(a->kernel->link[i].neighbour, b->self->key, SW_KEY_LEN))
			mock_liveness(a->kernel, a->kernel->link[i].label,
				      SKYWIRE_LIVENESS_DEAD);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_true(in_session(a, b));
}

/* Whoever does not answer for as long as a key lives is no peer any more. */
static void silent_peer(void **state)
{
	struct sw_addr addr = address_of(&node[2]);

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(&node[0], &node[2]));
	node[0].kernel->packets = 1;
	node[2].kernel->at.port++;
	pass(300);
	assert_int_equal(node[0].kernel->peers, 2);
	pass(3400);
	assert_int_equal(node[0].kernel->peers, 1);
}

/*
 * So it is with one that is a neighbour as well, until it is wanted again: what was
 * offered to it last is not waited for.
 */
static void silent_neighbour(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *a = &node[0], *b = &node[2];

	(void)state;
	make_line();
	configure(a, b, 33, NULL);
	pass(1);
	mock_liveness(a->kernel, 33, SKYWIRE_LIVENESS_DEAD);
	sessions_run(a->sessions, now);
	mock_deliver();
	assert_true(in_session(a, b));
	a->kernel->packets = 1;
	b->kernel->at.port++;
	pass(3700);
	b->kernel->at.port--;
	a->kernel->keys = 0;
	sessions_miss(a->sessions, &addr, now);
	pass(1);
	assert_true(in_session(a, b));
}

/* Where a daemon was away for longer than keys live, what it had goes. */
static void adopted_without_key(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *n = &node[0];

	(void)state;
	make_line();
	sessions_miss(n->sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(n, &node[2]));
	/* Somebody else's key: it is left alone. */
	n->kernel->key[n->kernel->keys - 1].key.opaque_len = 0;
	stop(n);
	make_parts(n);
	pass(100);
	assert_int_equal(n->kernel->peers, 2);
	stop(n);
	n->kernel->keys--;
	make_parts(n);
	pass(100);
	assert_int_equal(n->kernel->peers, 1);
	assert_true(is_peer(n, &node[1]));
}

static void count_gone(void *arg, const struct event *event)
{
	*(unsigned int *)arg += !strcmp(event->object, "session") &&
				!strcmp(event->what, "gone");
}

static void relay_goes(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct kernel_link link;
	unsigned int gone = 0;
	struct sw_error err;

	(void)state;
	make_line();
	sessions_miss(node[0].sessions, &addr, now);
	mock_deliver();
	link = node[0].kernel->link[0];
	kernel_link_del(node[0].kernel, link.label, &err);
	event_listen(count_gone, &gone);
	neighbours_link(node[0].neighbours, &link, true, now);
	sessions_run(node[0].sessions, now);
	event_listen(NULL, NULL);
	assert_int_equal(node[0].kernel->peers, 0);
	assert_int_equal(gone, 1);
}

/* One that nobody knows asks for a session, by a link. Leaves its key in @key. */
static void stranger(struct node *n, __u16 link, unsigned int number,
		     __u8 key[SW_KEY_LEN])
{
	__u8 msg[8 + SW_EXCHANGE_MAX] = { 1 };
	struct kernel_message m = {
		.link = link, .count = 1, .label = { htons(7) }, .payload = msg,
	};
	struct sw_terms own = { .lanes = 1, .ciphers = 2, .index = { 9 }, .time = now };
	struct sw_identity *identity;
	struct sw_exchange *x;

	identity_of(&identity, number);
	memcpy(key, identity->key, SW_KEY_LEN);
	x = sw_exchange_new(identity, SW_LAYER_SESSION, n->self->key);
	m.len = 8 + sw_exchange_offer(x, &own, msg + 8);
	sessions_message(n->sessions, &m, now);
	sw_exchange_free(x);
	sw_identity_free(identity);
}

/* Throwaway keys take room from each other, and from nobody else. */
static void many_strangers(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	__u8 first[SW_KEY_LEN], used[SW_KEY_LEN], apart[SW_KEY_LEN], key[SW_KEY_LEN];
	struct node *n = &node[0];
	unsigned int i, gone = 0;

	(void)state;
	make_line();
	configure(n, &node[2], 33, NULL);
	pass(1);
	n->routes.paths = paths;
	mock_liveness(n->kernel, 33, SKYWIRE_LIVENESS_DEAD);
	sessions_miss(n->sessions, &addr, now);
	mock_deliver();
	assert_true(in_session(n, &node[2]));
	event_listen(count_gone, &gone);
	stranger(n, label_to(n, &node[1]), 0, first);
	stranger(n, label_to(n, &node[1]), 1, used);
	for (i = 2; i < 2 * SESSIONS_STRANGERS; i++) {
		stranger(n, label_to(n, &node[1]), i, key);
		mock_lose();
		if (i % 64)
			continue;
		mock_use(n->kernel, used, 1);
		if (i == SESSIONS_STRANGERS)
			stranger(n, 33, UINT_MAX, apart);
	}
	assert_int_equal(n->kernel->peers, SESSIONS_STRANGERS + 2);
	assert_int_equal(sessions_count(n->sessions), SESSIONS_STRANGERS + 2);
	assert_int_equal(sessions_displaced(n->sessions), SESSIONS_STRANGERS + 1);
	event_listen(NULL, NULL);
	assert_int_equal(gone, SESSIONS_STRANGERS + 1);
	assert_false(mock_has_peer(n->kernel, first));
	assert_true(mock_has_peer(n->kernel, used));
	assert_true(mock_has_peer(n->kernel, apart));
	assert_true(mock_has_peer(n->kernel, key));
	assert_true(in_session(n, &node[2]));
	assert_true(is_peer(n, &node[1]));
	/* And what is not used goes by itself. */
	pass(300);
	assert_int_equal(sessions_count(n->sessions), 3);
}

static void lose_link(struct node *n, __u16 label)
{
	struct kernel_link link;
	struct sw_error err;

	assert_int_equal(kernel_link_get(n->kernel, label, &link), 0);
	kernel_link_del(n->kernel, label, &err);
	neighbours_link(n->neighbours, &link, true, now);
}

/* Paths of many are not computed at once, and only of those that need others. */
static void few_at_a_time(void **state)
{
	struct node *n = &node[0];
	__u8 key[SW_KEY_LEN];
	unsigned int i;

	(void)state;
	make_line();
	configure(n, &node[2], 33, NULL);
	pass(1);
	n->asked = 0;
	for (i = 0; i < 100; i++)
		stranger(n, label_to(n, &node[1]), i, key);
	mock_lose();
	assert_int_equal(n->asked, 0);
	for (i = 1; sessions_run(n->sessions, now) == now; i++)
		assert_true(n->asked <= 4 * i);
	assert_int_equal(n->asked, 100);
	n->asked = 0;
	sessions_reroute(n->sessions);
	sessions_reroute(n->sessions);
	assert_int_equal(n->asked, 0);
	for (i = 1; sessions_run(n->sessions, now) == now; i++)
		assert_true(n->asked <= 4 * i);
	assert_int_equal(n->asked, 100);
	n->asked = 0;
	lose_link(n, 33);
	while (sessions_run(n->sessions, now) == now)
		;
	assert_int_equal(n->asked, 0);
	assert_int_equal(n->kernel->peers, 101);
	lose_link(n, label_to(n, &node[1]));
	while (sessions_run(n->sessions, now) == now)
		;
	assert_int_equal(n->asked, 100);
	assert_int_equal(n->kernel->peers, 0);
}

/* The kernel has no room for a neighbour, and later it has. */
static void no_room_for_a_link(void **state)
{
	struct node *n = &node[0];

	(void)state;
	n->kernel->peers_max = 1;
	configure(n, &node[1], 0, NULL);
	configure(n, &node[2], 0, NULL);
	pass(1);
	assert_int_equal(n->kernel->links, 2);
	assert_int_equal(n->kernel->paths, 1);
	n->kernel->peers_max = 0;
	pass(40);
	assert_int_equal(n->kernel->paths, 2);
	assert_true(is_peer(n, &node[1]));
	assert_true(is_peer(n, &node[2]));
}

/* As many paths as can be, over relays; and then a link. */
static void link_beside_relays(void **state)
{
	struct sw_addr addr = address_of(&node[2]);
	struct node *n = &node[0];
	unsigned int i, to = 0, direct = 0;

	(void)state;
	make_line();
	n->ways = SKYWIRE_PATHS_MAX;
	sessions_miss(n->sessions, &addr, now);
	assert_int_equal(n->kernel->paths, 1 + SKYWIRE_PATHS_MAX);
	configure(n, &node[2], 0, NULL);
	pass(1);
	for (i = 0; i < n->kernel->paths; i++) {
		if (memcmp(n->kernel->path[i].peer, node[2].self->key, SW_KEY_LEN))
			continue;
		to++;
		direct += !n->kernel->path[i].count;
	}
	assert_int_equal(to, SKYWIRE_PATHS_MAX);
	assert_int_equal(direct, 1);
	/* Others take the place of all of them at once. */
	n->to.label[0] += htons(100);
	sessions_reroute(n->sessions);
	sessions_run(n->sessions, now);
	assert_int_equal(n->kernel->paths, 1 + SKYWIRE_PATHS_MAX);
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

/* Whoever makes an offer, and is not there any more, leaves nothing behind. */
static void vanishes(void **state)
{
	struct node *n = &node[1];
	__u8 key[SW_KEY_LEN];

	(void)state;
	configure(&node[0], n, 0, NULL);
	run_all();
	mock_deliver_one();
	assert_int_equal(n->kernel->links, 1);
	mock_lose();
	node[0].kernel->at.port++;
	stop(&node[0]);
	make_parts(&node[0]);
	pass(600);
	assert_int_equal(n->kernel->links, 0);
	assert_int_equal(n->kernel->peers, 0);
	assert_null(neighbours_next(n->neighbours, NULL));
	/* The address may have been made up: it gets an answer, and no more. */
	assert_int_equal(n->kernel->offers_out, 0);
	/* In the middle of that of a session as well */
	configure(&node[2], n, 0, NULL);
	pass(1);
	stranger(n, label_to(n, &node[2]), 1, key);
	mock_lose();
	assert_true(mock_has_peer(n->kernel, key));
	pass(300);
	assert_false(mock_has_peer(n->kernel, key));
	assert_true(is_peer(n, &node[2]));
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

	stop(n);
	sw_identity_free(n->self);
	n->self = sw_identity_new(seed);
	make_parts(n);
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

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		TEST(vanishes),
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
		TEST(over_a_relay),
		TEST(paths_later),
		TEST(paths_never),
		TEST(other_terms),
		TEST(nearly_the_same),
		TEST(session_pre_shared),
		TEST(chosen_ciphers),
		TEST(ciphers_ruled_out),
		TEST(routed_prefix),
		TEST(both_want),
		TEST(both_want_twice),
		TEST(unknown_key),
		TEST(no_answer),
		TEST(far_away),
		TEST(far_away_both_want),
		TEST(idle_session),
		TEST(other_end_forgets),
		TEST(direct_link_in_use),
		TEST(dead_direct_link),
		TEST(silent_peer),
		TEST(silent_neighbour),
		TEST(adopted_without_key),
		TEST(relay_goes),
		TEST(many_strangers),
		TEST(few_at_a_time),
		TEST(no_room_for_a_link),
		TEST(link_beside_relays),
		TEST(odd_messages),
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
