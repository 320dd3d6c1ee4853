// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "randnet.h"

__u32 rand_below(struct randnet *net, __u32 below)
{
	/* xorshift64* */
	net->state ^= net->state >> 12;
	net->state ^= net->state << 25;
	net->state ^= net->state >> 27;
	return (__u32)((net->state * 2685821657736338717ULL >> 32) % below);
}

void rand_init(struct randnet *net, __u64 seed, __u32 nodes)
{
	__u32 i, j;

	memset(net, 0, sizeof(*net));
	net->state = seed * 2 + 1;
	net->count = nodes;
	net->nodes = calloc(nodes, sizeof(*net->nodes));
	if (!net->nodes)
		abort();
	graph_init(&net->graph, sizeof(struct graph_vertex));
	for (i = 0; i < nodes; i++) {
		for (j = 0; j < SW_KEY_LEN; j++)
			net->nodes[i].key[j] = (__u8)rand_below(net, 256);
		net->nodes[i].vertex = graph_hold(&net->graph, net->nodes[i].key);
		if (!net->nodes[i].vertex)
			abort();
	}
	net->graph.self = net->nodes[0].vertex->number;
}

void rand_free(struct randnet *net)
{
	graph_free(&net->graph);
	free(net->nodes);
}

static void add(struct rand_node *node, const struct rand_link *link)
{
	node->links[node->count] = *link;
	node->links[node->count++].label = ++node->label;
}

bool rand_link(struct randnet *net, __u32 a, __u32 b, __u32 latency)
{
	struct rand_link link = { .latency = latency, .mtu = 1420 };

	if (net->nodes[a].count == GRAPH_LINKS_MAX || net->nodes[b].count == GRAPH_LINKS_MAX)
		return false;
	link.neighbour = b;
	add(&net->nodes[a], &link);
	link.neighbour = a;
	add(&net->nodes[b], &link);
	return true;
}

/* qsort() passes no context. */
static const struct randnet *sorted;

static int by_key_and_label(const void *a, const void *b)
{
	const struct rand_link *x = a, *y = b;
	int order = memcmp(sorted->nodes[x->neighbour].key, sorted->nodes[y->neighbour].key,
			   SW_KEY_LEN);

	return order ?: x->label - y->label;
}

void rand_claim(struct randnet *net, __u32 number)
{
	struct graph_claim claims[GRAPH_LINKS_MAX];
	struct rand_node *node = &net->nodes[number];
	unsigned int i;

	sorted = net;
	qsort(node->links, node->count, sizeof(node->links[0]), by_key_and_label);
	for (i = 0; i < node->count; i++)
		claims[i] = (struct graph_claim) {
			.to = net->nodes[node->links[i].neighbour].vertex->number,
			.label = node->links[i].label,
			.mtu = node->links[i].mtu,
			.latency = node->links[i].latency,
			.loss = node->links[i].loss,
			.price_base = node->links[i].price_base,
			.price_rate = node->links[i].price_rate,
		};
	if (graph_claim(&net->graph, node->vertex, claims, node->count))
		abort();
}
