// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "nodes.h"
#include "swd/event.h"
#include "swd/log.h"
#include "swd/prefixes.h"
#include "test.h"

struct node node[NODES];
__u64 now;

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

int paths(void *arg, const __u8 key[SW_KEY_LEN], struct kernel_path *path,
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

void node_make_parts(struct node *n)
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

void node_stop(struct node *n)
{
	hearsay_free(n->hearsay);
	sessions_free(n->sessions);
	neighbours_free(n->neighbours);
}

int nodes_set_up(void **state)
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
		node_make_parts(&node[i]);
	}
	return 0;
}

int nodes_tear_down(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NODES; i++) {
		node_stop(&node[i]);
		config_free(&node[i].config);
		network_free(node[i].network);
		times_close(node[i].times);
		sw_identity_free(node[i].self);
	}
	mock_free();
	return 0;
}

void run_all(void)
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

void pass(unsigned int seconds)
{
	__u64 end = now + 1000ull * seconds;

	for (; now < end; now += 100) {
		run_all();
		mock_deliver();
	}
}

void configure(struct node *n, const struct node *to, __u16 label,
	       const __u8 *psk)
{
	struct config_peer peer = {
		.endpoint = { to->kernel->at }, .endpoints = 1, .label = label,
	};

	memcpy(peer.key, to->self->key, SW_KEY_LEN);
	assert_int_equal(neighbours_configure(n->neighbours, &peer, psk, now), 0);
}

bool linked(const struct node *a, const struct node *b)
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

bool is_peer(const struct node *a, const struct node *b)
{
	unsigned int i;

	for (i = 0; i < a->kernel->peers; i++)
		if (!memcmp(a->kernel->peer[i], b->self->key, SW_KEY_LEN))
			return true;
	return false;
}

void identity_of(struct sw_identity **identity, unsigned int number)
{
	__u8 seed[SW_SEED_LEN] = { 0xff };

	memcpy(seed + 1, &number, sizeof(number));
	*identity = sw_identity_new(seed);
	assert_non_null(*identity);
}

__u16 label_to(const struct node *a, const struct node *b)
{
	unsigned int i;

	for (i = 0; i < a->kernel->links; i++)
		if (!memcmp(a->kernel->link[i].neighbour, b->self->key, SW_KEY_LEN))
			return a->kernel->link[i].label;
	fail_msg("no link");
	return 0;
}

void set_paths(struct node *a, const struct node *b)
{
	a->to = (struct kernel_path) {
		.link = label_to(a, &node[1]), .count = 1,
		.label = { htons(label_to(&node[1], b)) },
	};
	memcpy(a->to.peer, b->self->key, SW_KEY_LEN);
}

struct sw_addr address_of(const struct node *n)
{
	struct sw_addr addr = { .len = 16 };

	sw_address(addr.bytes, n->self->key);
	return addr;
}

void make_line(void)
{
	configure(&node[0], &node[1], 0, NULL);
	configure(&node[2], &node[1], 0, NULL);
	pass(1);
	set_paths(&node[0], &node[2]);
}

bool in_session(const struct node *a, const struct node *b)
{
	const struct mock_key *ka = mock_key_of(a->kernel, 0, b->self->key);
	const struct mock_key *kb = mock_key_of(b->kernel, 0, a->self->key);

	return ka && kb && !memcmp(ka->tx, kb->rx, 32) &&
	       !memcmp(ka->rx, kb->tx, 32) && ka->key.tx_index == kb->key.rx_index &&
	       ka->key.rx_index == kb->key.tx_index;
}
