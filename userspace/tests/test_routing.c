// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <skywire/postage.h>

#include "lib/compiler.h"
#include "randnet.h"
#include "swd/route_tree.h"
#include "test.h"

static unsigned int updates;

static void updated(void *context)
{
	(void)context;
	updates++;
}

static const struct routing_host host = { .updated = updated };
static const struct routing_policy defaults = ROUTING_POLICY_DEFAULT;
static struct sw_error err;

static struct routing *route(struct randnet *net)
{
	struct routing *routing = routing_new(&net->graph, &routing_linkstate, NULL, &host,
					      NULL, &err);

	assert_non_null(routing);
	return routing;
}

/*
 * Small networks with few different latencies, so that there are ties; links
 * in parallel; links that one end alone claims, or claims to be better.
 */
static void draw(struct randnet *net, __u64 seed)
{
	__u32 i, j, links;

	rand_init(net, seed, 2 + seed % 6);
	links = 1 + rand_below(net, net->count * 2);
	for (i = 0; i < links; i++) {
		__u32 a = rand_below(net, net->count), b = rand_below(net, net->count);

		if (a != b)
			rand_link(net, a, b, 1 + rand_below(net, 4));
	}
	for (i = 0; i < net->count; i++) {
		struct rand_node *node = &net->nodes[i];

		for (j = 0; j < node->count; j++) {
			if (!rand_below(net, 4))
				node->links[j].latency = 1 + rand_below(net, 20);
			if (!rand_below(net, 4))
				node->links[j].loss = rand_below(net, 100);
			if (!rand_below(net, 4))
				node->links[j].price_base = rand_below(net, 10);
			if (!rand_below(net, 20))
				node->links[j] = node->links[--node->count];
		}
		rand_claim(net, i);
	}
}

/* The oracle: all simple paths, and the cheapest set of them that shares no link. */
enum {
	ORACLE_PATHS	= 20000,
	ORACLE_HOPS	= 8,
};

struct oracle_path {
	struct {
		__u32	link;	/* the lower of the numbers of its two arcs */
	} hops[ORACLE_HOPS];
	unsigned int	count;
	__u64		cost;
};

struct oracle {
	const struct randnet	*net;
	__u32			to;
	struct oracle_path	*paths;
	unsigned int		count;
	bool			seen[16];
	__u64			best;	/* of the sets of the size that is looked for */
};

/* Number of an arc, and of a link by the lower of its arcs' numbers */
static __u32 arc_id(__u32 vertex, __u32 index)
{
	return vertex * GRAPH_LINKS_MAX + index;
}

static __u32 link_id(const struct graph_arc *arc, __u32 vertex, __u32 index)
{
	__u32 there = arc_id(vertex, index), back = arc_id(arc->to, arc->twin);

	return there < back ? there : back;
}

static void find_paths(struct oracle *oracle, __u32 at, struct oracle_path *path)
{
	const struct graph *graph = &oracle->net->graph;
	const struct graph_vertex *vertex = graph_at(graph, at);
	unsigned int i;

	if (at == oracle->to) {
		assert_true(oracle->count < ORACLE_PATHS);
		oracle->paths[oracle->count++] = *path;
		return;
	}
	oracle->seen[at] = true;
	for (i = 0; i < vertex->count; i++) {
		const struct graph_arc *arc = &vertex->arcs[i];
		struct oracle_path longer = *path;
		__u64 cost = tree_cost(graph, &defaults, at, arc);

		if (cost == TREE_FAR || oracle->seen[arc->to])
			continue;
		longer.hops[longer.count++].link = link_id(arc, at, i);
		longer.cost += cost;
		find_paths(oracle, arc->to, &longer);
	}
	oracle->seen[at] = false;
}

static bool shares(const struct oracle_path *a, const struct oracle_path *b)
{
	unsigned int i, j;

	for (i = 0; i < a->count; i++)
		for (j = 0; j < b->count; j++)
			if (a->hops[i].link == b->hops[j].link)
				return true;
	return false;
}

static int by_cost(const void *a, const void *b)
{
	const struct oracle_path *x = a, *y = b;

	return (x->cost > y->cost) - (x->cost < y->cost);
}

static void find_sets(struct oracle *oracle, const struct oracle_path **chosen,
		      unsigned int count, unsigned int size, unsigned int from, __u64 cost)
{
	unsigned int i, j;

	if (count == size) {
		oracle->best = cost < oracle->best ? cost : oracle->best;
		return;
	}
	for (i = from; i < oracle->count; i++) {
		const struct oracle_path *path = &oracle->paths[i];

		/* In order of cost: the rest costs as much each, at least. */
		if (cost + path->cost * (size - count) >= oracle->best)
			return;
		for (j = 0; j < count && !shares(chosen[j], path); j++)
			;
		if (j < count)
			continue;
		chosen[count] = path;
		find_sets(oracle, chosen, count + 1, size, i + 1, cost + path->cost);
	}
}

/* The cheapest set of @size paths; TREE_FAR where there is none. */
static __u64 cheapest(struct oracle *oracle, unsigned int size)
{
	const struct oracle_path *chosen[ROUTES_MAX];

	oracle->best = TREE_FAR;
	find_sets(oracle, chosen, 0, size, 0, 0);
	return oracle->best;
}

/* Does each route lead there, at its cost, and does none share a link? */
static __u64 check_routes(struct randnet *net, __u32 to, const struct route *routes, int count)
{
	const struct graph *graph = &net->graph;
	__u32 used[ROUTES_MAX * ROUTE_HOPS_MAX];
	unsigned int used_count = 0, j, k;
	__u64 sum = 0;
	int i;

	for (i = 0; i < count; i++) {
		struct route_arcs arcs;
		struct route again;
		__u64 cost = 0;

		assert_true(route_find(graph, routes[i].link, routes[i].labels,
				       routes[i].count, &arcs));
		assert_int_equal(route_end(graph, &arcs), to);
		assert_true(route_describe(graph, &arcs, &again));
		assert_true(again.latency == routes[i].latency);
		for (j = 0; j < arcs.count; j++) {
			__u32 from = arcs.arcs[j].from, index = arcs.arcs[j].index;
			const struct graph_arc *arc = &graph_at(graph, from)->arcs[index];

			cost += tree_cost(graph, &defaults, from, arc);
			for (k = 0; k < used_count; k++)
				assert_int_not_equal(used[k], link_id(arc, from, index));
			used[used_count++] = link_id(arc, from, index);
		}
		assert_true(cost == routes[i].cost);
		assert_int_equal(routes[i].shared_links, 0);
		if (i)
			assert_true(routes[i].cost >= routes[i - 1].cost);
		sum += cost;
	}
	return sum;
}

static void against_oracle(struct randnet *net, struct routing *routing, __u32 node,
			   unsigned int *sizes)
{
	static struct oracle_path paths[ORACLE_PATHS];
	struct oracle oracle = {
		.net = net, .to = net->nodes[node].vertex->number, .paths = paths,
	};
	struct routing_policy policy = defaults;
	struct oracle_path start = { 0 };
	struct route routes[ROUTES_MAX];
	int count, found;

	find_paths(&oracle, net->graph.self, &start);
	qsort(oracle.paths, oracle.count, sizeof(*oracle.paths), by_cost);
	for (count = 1; count <= 4; count++) {
		policy.paths = count;
		found = routing_routes(routing, net->nodes[node].key, &policy, routes);
		assert_in_range(found, 0, count);
		if (found)
			assert_true(check_routes(net, oracle.to, routes, found) ==
				    cheapest(&oracle, found));
		/* There is no larger set than was found. */
		if (found < count)
			assert_true(cheapest(&oracle, found + 1) == TREE_FAR);
	}
	sizes[found]++;
}

static void disjoint_paths(void **state)
{
	unsigned int sizes[5] = { 0 };
	__u64 seed;
	__u32 node;

	(void)state;
	for (seed = 1; seed <= 4000; seed++) {
		struct routing *routing;
		struct randnet net;

		draw(&net, seed);
		routing = route(&net);
		for (node = 1; node < net.count; node++)
			against_oracle(&net, routing, node, sizes);
		routing_free(routing);
		rand_free(&net);
	}
	printf("# sets of 0 to 4 paths: %u %u %u %u %u\n", sizes[0], sizes[1], sizes[2],
	       sizes[3], sizes[4]);
	assert_true(sizes[0] && sizes[1] && sizes[2] && sizes[3] && sizes[4]);
}

/* Changes anything about a node's links. */
static void mutate(struct randnet *net)
{
	__u32 a = rand_below(net, net->count), b = rand_below(net, net->count);
	struct rand_node *node = &net->nodes[a];
	unsigned int i;

	switch (rand_below(net, 4)) {
	case 0:
		if (a == b || !rand_link(net, a, b, 1 + rand_below(net, 30)))
			return;
		rand_claim(net, b);
		break;
	case 1:
		if (!node->count)
			return;
		i = rand_below(net, node->count);
		node->links[i] = node->links[--node->count];
		break;
	case 2:
		for (i = 0; i < node->count; i++)
			node->links[i].latency = 1 + rand_below(net, 30);
		break;
	default:
		if (!node->count)
			return;
		i = rand_below(net, node->count);
		node->links[i].price_base = rand_below(net, 10);
		node->links[i].loss = rand_below(net, 100);
	}
	rand_claim(net, a);
}

struct watched_tree {
	struct graph_watch	watch;	/* first */
	struct tree		tree;
};

static void watched(struct graph_watch *watch, __u32 from, __u32 to)
{
	tree_change(&((struct watched_tree *)watch)->tree, from, to);
}

/* What is mended is what would have been computed. */
static void mended_tree(void **state)
{
	unsigned int reached = 0, cut_off = 0, i, j, k;
	__u64 seed;

	(void)state;
	for (seed = 1; seed <= 60; seed++) {
		struct watched_tree kept = { .watch.changed = watched };
		struct randnet net;
		struct tree fresh;

		rand_init(&net, seed, 3 + seed % 40);
		for (i = 0; i < net.count * 2; i++)
			mutate(&net);
		tree_init(&kept.tree, &net.graph, &defaults);
		graph_watch(&net.graph, &kept.watch);
		for (i = 0; i < 200; i++) {
			for (k = rand_below(&net, 5); k; k--)
				mutate(&net);
			tree_init(&fresh, &net.graph, &defaults);
			assert_int_equal(tree_update(&kept.tree), 0);
			assert_int_equal(tree_update(&fresh), 0);
			for (j = 0; j < net.graph.size; j++) {
				assert_true(kept.tree.distance[j] == fresh.distance[j]);
				assert_int_equal(kept.tree.parent[j], fresh.parent[j]);
				if (fresh.distance[j] == TREE_FAR)
					cut_off++;
				else
					reached++;
			}
			tree_free(&fresh);
		}
		graph_unwatch(&kept.watch);
		tree_free(&kept.tree);
		rand_free(&net);
	}
	assert_true(reached > 1000 && cut_off > 1000);
}

/* A chain of so many links from node 0 on, and back to node @to by @dear ones */
static void draw_chain(struct randnet *net, __u32 links, __u32 dear)
{
	__u32 i;

	rand_init(net, 1, links + dear + 1);
	for (i = 0; i < links; i++)
		rand_link(net, i, i + 1, 1);
	for (i = 0; i < dear; i++)
		rand_link(net, i ? links + i : 0, i + 1 < dear ? links + i + 1 : links, 10000);
	for (i = 0; i < net->count; i++)
		rand_claim(net, i);
}

/* A header has 24 labels: what is farther needs a dearer way, or has none. */
static void too_many_hops(void **state)
{
	struct route routes[ROUTES_MAX];
	struct routing *routing;
	struct randnet net;

	(void)state;
	draw_chain(&net, ROUTE_HOPS_MAX, 0);
	routing = route(&net);
	assert_int_equal(routing_routes(routing, net.nodes[25].key, &defaults, routes), 1);
	assert_int_equal(routes[0].count, 24);
	routing_free(routing);
	rand_free(&net);
	draw_chain(&net, ROUTE_HOPS_MAX + 1, 0);
	routing = route(&net);
	assert_int_equal(routing_routes(routing, net.nodes[26].key, &defaults, routes), 0);
	assert_int_equal(routing_routes(routing, net.nodes[25].key, &defaults, routes), 1);
	routing_free(routing);
	rand_free(&net);
	/* 40 cheap hops, 12 dear ones, and those and some cheap ones back */
	draw_chain(&net, 40, 12);
	routing = route(&net);
	assert_int_equal(routing_routes(routing, net.nodes[40].key, &defaults, routes), 1);
	assert_int_equal(routes[0].count, 11);
	assert_int_equal(routing_routes(routing, net.nodes[30].key, &defaults, routes), 1);
	assert_int_equal(routes[0].count, 12 + 10 - 1);
	assert_int_equal(routes[0].latency, 120010);
	assert_int_equal(routing_routes(routing, net.nodes[20].key, &defaults, routes), 1);
	assert_int_equal(routes[0].count, 19);
	routing_free(routing);
	rand_free(&net);
}

static struct rand_link *link_of(struct randnet *net, __u32 from, __u32 to)
{
	struct rand_node *node = &net->nodes[from];
	unsigned int i = 0;

	while (node->links[i].neighbour != to)
		i++;
	return &node->links[i];
}

static int count_routes(struct randnet *net, struct routing *routing, __u32 to,
			struct route *routes)
{
	__u32 i;

	for (i = 0; i < net->count; i++)
		rand_claim(net, i);
	return routing_routes(routing, net->nodes[to].key, &defaults, routes);
}

/* Fees and MTUs of relays that make a path unusable, and what a path adds up to */
static void fees_and_sizes(void **state)
{
	const struct routing_policy generous = { .price = 0, .loss = 0, .paths = 1 };
	struct route routes[ROUTES_MAX];
	struct routing *routing;
	struct randnet net;

	(void)state;
	draw_chain(&net, 3, 4);
	routing = route(&net);
	link_of(&net, 0, 1)->price_base = 5;
	link_of(&net, 1, 2)->price_base = 10;
	link_of(&net, 1, 2)->price_rate = 1000;
	link_of(&net, 2, 3)->price_base = 20;
	link_of(&net, 2, 3)->price_rate = 3000;
	link_of(&net, 2, 1)->mtu = 1400;
	assert_int_equal(count_routes(&net, routing, 3, routes), 2);
	/* Our own link is free; each relay rounds its fee up. */
	assert_int_equal(routes[0].price_base, 31);
	assert_int_equal(routes[0].price_rate, 4000);
	assert_true(sw_fee(31, 4000, 1000) >= sw_fee(10, 1000, 1000) + sw_fee(20, 3000, 1000));
	assert_int_equal(routes[0].mtu, 1400);
	assert_int_equal(routes[0].inner_mtu, 1400 - 12 - 4 - 28);
	/* What one relay may ask: a 24th of what a header can say */
	link_of(&net, 1, 2)->price_base = ~0u / 24;
	assert_int_equal(count_routes(&net, routing, 3, routes), 1);
	assert_int_equal(routes[0].count, 3);
	link_of(&net, 1, 2)->price_base = 10;
	/* and for a MiB, of which two here would ask more than that */
	link_of(&net, 1, 2)->price_rate = ~0u / 2;
	link_of(&net, 2, 3)->price_rate = ~0u / 2 + 10;
	count_routes(&net, routing, 3, routes);
	assert_int_equal(routing_routes(routing, net.nodes[3].key, &generous, routes), 1);
	assert_int_equal(routes[0].count, 3);
	link_of(&net, 1, 2)->price_rate = 1000;
	link_of(&net, 2, 3)->price_rate = 3000;
	/* Inner packets need 1280 behind all the labels there are. */
	link_of(&net, 1, 2)->mtu = 1280 + 28 + 12 + 48 - 1;
	assert_int_equal(count_routes(&net, routing, 3, routes), 1);
	link_of(&net, 1, 2)->mtu++;
	assert_int_equal(count_routes(&net, routing, 3, routes), 2);
	/* A neighbour needs none. */
	link_of(&net, 0, 1)->mtu = 1292;
	assert_int_equal(count_routes(&net, routing, 3, routes), 1);
	link_of(&net, 1, 2)->mtu = 1292;
	assert_int_equal(count_routes(&net, routing, 1, routes), 1);
	assert_int_equal(routes[0].inner_mtu, 1280);
	routing_free(routing);
	rand_free(&net);
}

int main(void)
{
	const struct cm_unit_test tests[] = {
		cmocka_unit_test(disjoint_paths),
		cmocka_unit_test(mended_tree),
		cmocka_unit_test(too_many_hops),
		cmocka_unit_test(fees_and_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
