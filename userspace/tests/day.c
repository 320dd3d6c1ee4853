// SPDX-License-Identifier: GPL-2.0
/*
 * A day in the life of some daemons, for valgrind to watch: links flap, nodes start
 * anew, keys get successors, sessions come and go, configurations are read again.
 * Their clock jumps from one event to the next.
 */
#include <stdlib.h>
#include <string.h>

#include <ev.h>
#include <sodium.h>

#include "mock_kernel.h"
#include "simnet.h"
#include "swd/log.h"
#include "swd/neighbours.h"
#include "swd/network.h"
#include "swd/sessions.h"

enum {
	HOURS		= 24,
	HOUR		= 3600000,	/* milliseconds */
	NODES		= 3,		/* in a line */
	MAPS		= 12,		/* nodes of the other network, in a ring */
	REKEY		= 600,
};

struct node {
	struct config		config;
	struct sw_identity	*self;
	struct times		*times;
	struct kernel		*kernel;
	struct neighbours	*neighbours;
	struct network		*network;
	struct sessions_routes	routes;
	struct sessions		*sessions;
};

static struct node node[NODES];
static __u64 now = HOUR;

static void must(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "day: %s\n", what);
	exit(1);
}

/* --- the daemons ----------------------------------------------------------- */

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
	else
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

	sessions_link_up(n->sessions, link);
	network_link(n->network, link, now);
}

static void on_down(void *arg, struct neighbour *link)
{
	struct node *n = arg;

	network_link_gone(n->network, link, now);
	sessions_link_down(n->sessions, link);
}

static void on_changed(void *arg, struct neighbour *link)
{
	struct node *n = arg;

	network_link(n->network, link, now);
	if (link->liveness == SKYWIRE_LIVENESS_DEAD)
		sessions_link_dead(n->sessions, link);
}

static const struct neighbours_events neighbours_events = {
	on_up, on_down, on_changed
};

static void on_peer(void *arg, const __u8 key[SW_KEY_LEN])
{
	(void)arg;
	(void)key;
}

static void configure(struct node *n)
{
	unsigned int i, me = n - node;

	for (i = 0; i < NODES; i++) {
		struct config_peer peer = {
			.endpoint = { node[i].kernel->at }, .endpoints = 1,
		};

		memcpy(peer.key, node[i].self->key, SW_KEY_LEN);
		if (i + 1 == me || i == me + 1)
			must(!neighbours_configure(n->neighbours, &peer, NULL, now),
			     "a peer is configured");
	}
}

static void start(struct node *n)
{
	struct sw_error err;

	n->network = network_new(ev_default_loop(0), &n->config, n->self, n->kernel,
				 n->times, now, &err);
	must(n->network, "a network is made");
	n->routes = (struct sessions_routes) {
		network_owner, network_paths, on_peer, n->network
	};
	n->neighbours = neighbours_new(&n->config, n->self, n->kernel, n->times,
				       &neighbours_events, n);
	n->sessions = sessions_new(&n->config, n->self, n->kernel, n->times,
				   n->neighbours, &n->routes);
	network_join(n->network, n->neighbours);
	must(!sessions_adopt(n->sessions, now, &err) &&
	     !neighbours_adopt(n->neighbours, now, &err), "adopted");
	configure(n);
}

static void stop(struct node *n)
{
	sessions_free(n->sessions);
	network_free(n->network);
	neighbours_free(n->neighbours);
}

static __u64 earlier(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* What all have to do, and when next. */
static __u64 run_all(void)
{
	__u64 next = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		next = earlier(next, neighbours_run(node[i].neighbours, now));
		next = earlier(next, network_run(node[i].network, now));
		if (network_changed(node[i].network))
			sessions_reroute(node[i].sessions);
		next = earlier(next, sessions_run(node[i].sessions, now));
	}
	return next;
}

static void pass(__u64 ms)
{
	__u64 end = now + ms, next;

	while (now < end) {
		next = run_all();
		mock_deliver();
		now = earlier(end, next > now ? next : now + 1);
	}
}

static void all_links(struct node *n, __u8 liveness)
{
	unsigned int i;

	for (i = 0; i < n->kernel->links; i++)
		mock_liveness(n->kernel, n->kernel->link[i].label, liveness);
}

static void all_alive(void)
{
	unsigned int i;

	for (i = 0; i < NODES; i++)
		all_links(&node[i], SKYWIRE_LIVENESS_ALIVE);
}

static void make_session(struct node *from, const struct node *to)
{
	struct sw_addr addr = { .len = SKYWIRE_ADDRESS_LEN };

	sw_address(addr.bytes, to->self->key);
	sessions_miss(from->sessions, &addr, now);
	mock_deliver();
}

static void an_hour(unsigned int hour)
{
	struct node *n = &node[hour % NODES];

	all_alive();
	pass(HOUR / 4);
	make_session(&node[0], &node[2]);
	node[0].kernel->packets++;
	pass(HOUR / 4);
	all_links(n, SKYWIRE_LIVENESS_DEAD);
	pass(HOUR / 8);
	all_alive();
	stop(n);
	start(n);
	pass(HOUR / 8);
	all_alive();
	neighbours_reconfigure(n->neighbours);
	configure(n);
	neighbours_reconfigured(n->neighbours);
	make_session(&node[2], &node[0]);
	pass(HOUR / 4);
}

static void daemons(void)
{
	unsigned int i, released = 0;

	for (i = 0; i < NODES; i++) {
		__u8 seed[SW_SEED_LEN] = { i + 1 };

		config_init(&node[i].config, "sw0");
		node[i].config.rekey_after = REKEY;
		node[i].self = sw_identity_new(seed);
		node[i].times = times_open(NULL);
		node[i].kernel = mock_kernel(&kernel_events, &node[i], i + 1);
	}
	for (i = 0; i < NODES; i++)
		start(&node[i]);
	pass(10000);
	for (i = 0; i < HOURS; i++)
		an_hour(i);
	for (i = 0; i < NODES; i++) {
		must(network_nodes(node[i].network) == NODES, "all know all");
		released += node[i].kernel->released;
	}
	must(released >= HOURS, "sessions are made each hour");
	for (i = 0; i < NODES; i++) {
		stop(&node[i]);
		config_free(&node[i].config);
		times_close(node[i].times);
		sw_identity_free(node[i].self);
	}
	mock_free();
}

/* --- maps, and their flood ------------------------------------------------- */

static void maps(void)
{
	struct sim *sim = sim_new(7);
	unsigned int i, hour;

	sim->cheap = true;
	for (i = 0; i < MAPS; i++)
		sim_node(sim);
	for (i = 0; i < MAPS; i++)
		sim_link(sim->nodes[i], sim->nodes[(i + 1) % MAPS], 5000);
	must(sim_settle(sim, 60 * MAP_SECOND) != MAP_NEVER, "all know the same");
	for (hour = 0; hour < HOURS; hour++) {
		struct sim_node *a = sim->nodes[sim_random(sim, MAPS)];
		struct sim_node *b = sim->nodes[(a->number + 1) % MAPS];

		sim_unlink(a, b);
		sim_run(sim, 1200 * MAP_SECOND);
		sim_link(a, b, 5000);
		sim_run(sim, 1200 * MAP_SECOND);
		sim_restart(sim->nodes[sim_random(sim, MAPS)]);
		sim_run(sim, 1200 * MAP_SECOND);
	}
	must(sim_settle(sim, 600 * MAP_SECOND) != MAP_NEVER, "and they are at the end");
	sim_free(sim);
}

int main(void)
{
	log_set(-1, "");
	must(sodium_init() >= 0, "libsodium starts");
	daemons();
	maps();
	ev_loop_destroy(ev_default_loop(0));
	return 0;
}
