// SPDX-License-Identifier: GPL-2.0
/*
 * What routing costs, for callgrind to count: bench_routing WHAT NODES LINKS.
 * Each WHAT is a function of its own, which does it COUNT times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "randnet.h"
#include "swd/route_tree.h"

enum {
	COUNT	= 20,
};

static struct routing_policy policy = ROUTING_POLICY_DEFAULT;
static struct randnet net;
static struct routing *routing;
static unsigned long found;

static void updated(void *context)
{
	(void)context;
}

static const struct routing_host host = { .updated = updated };

/* A network as they grow: new nodes link up with those that have links. */
static void draw(__u32 nodes, __u32 links)
{
	__u32 i;

	rand_init(&net, 1, nodes);
	for (i = 1; i < nodes; i++)
		rand_link(&net, i, rand_below(&net, i), 1000 + rand_below(&net, 50000));
	for (i = nodes - 1; i < links; i++) {
		__u32 a = rand_below(&net, nodes), b = rand_below(&net, nodes);

		if (a != b)
			rand_link(&net, a, b, 1000 + rand_below(&net, 50000));
	}
	for (i = 0; i < nodes; i++)
		rand_claim(&net, i);
}

static void ask(unsigned int paths)
{
	struct route routes[ROUTES_MAX];
	int count;

	policy.paths = paths;
	count = routing_routes(routing, net.nodes[1 + rand_below(&net, net.count - 1)].key,
			       &policy, routes);
	if (count < 0)
		abort();
	found += count;
}

/* All of the tree, and one path out of it */
void bench_full(void);
void bench_full(void)
{
	struct tree tree;
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		tree_init(&tree, &net.graph, &policy);
		if (tree_update(&tree))
			abort();
		tree_free(&tree);
	}
}

/* A node's record with another latency of one link: into the graph, and the tree mended */
void bench_change(void);
void bench_change(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		__u32 number = rand_below(&net, net.count);
		struct rand_node *node = &net.nodes[number];

		node->links[rand_below(&net, node->count)].latency =
			1000 + rand_below(&net, 50000);
		rand_claim(&net, number);
		ask(1);
	}
}

/* A node that goes, and one that comes back */
void bench_node(void);
void bench_node(void)
{
	unsigned int i, count;

	for (i = 0; i < COUNT; i++) {
		__u32 number = 1 + rand_below(&net, net.count - 1);
		struct rand_node *node = &net.nodes[number];

		count = node->count;
		node->count = 0;
		rand_claim(&net, number);
		ask(1);
		node->count = count;
		rand_claim(&net, number);
		ask(1);
	}
}

/* Paths to one node, where the tree is up to date */
void bench_pair(void);
void bench_pair(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		ask(2);
}

void bench_four(void);
void bench_four(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		ask(4);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{ "full", bench_full },
		{ "change", bench_change },
		{ "node", bench_node },
		{ "pair", bench_pair },
		{ "four", bench_four },
	};
	struct sw_error err;
	unsigned int i;

	if (argc != 4)
		return 2;
	draw((__u32)atoi(argv[2]), (__u32)atoi(argv[3]));
	routing = routing_new(&net.graph, &routing_linkstate, NULL, &host, NULL, &err);
	if (!routing)
		return 1;
	ask(1);
	found = 0;
	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i].name, argv[1]))
			all[i].run();
	printf("%d times, %lu paths, graph of %zu bytes\n", COUNT, found, net.graph.bytes);
	routing_free(routing);
	rand_free(&net);
	return 0;
}
