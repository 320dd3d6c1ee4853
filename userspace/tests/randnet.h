/* SPDX-License-Identifier: GPL-2.0 */
/* Graphs drawn at random, and changed at random. */
#ifndef _SKYWIRE_TESTS_RANDNET_H
#define _SKYWIRE_TESTS_RANDNET_H

#include "swd/graph.h"

struct rand_link {
	__u32	neighbour;	/* number of the node */
	__u16	label;
	__u16	mtu;
	__u32	latency;
	__u32	loss;
	__u32	price_base;
	__u32	price_rate;
};

struct rand_node {
	__u8			key[SW_KEY_LEN];
	struct graph_vertex	*vertex;
	struct rand_link	links[GRAPH_LINKS_MAX];
	unsigned int		count;
	__u16			label;	/* the last one that was given */
};

struct randnet {
	struct graph		graph;
	struct rand_node	*nodes;
	__u32			count;
	__u64			state;
};

/* Node 0 is our own. */
void rand_init(struct randnet *net, __u64 seed, __u32 nodes);
void rand_free(struct randnet *net);
__u32 rand_below(struct randnet *net, __u32 below);

/* A link with both ends claiming the same. Return: false where a node has too many. */
bool rand_link(struct randnet *net, __u32 a, __u32 b, __u32 latency);

/* Puts what a node claims into the graph. */
void rand_claim(struct randnet *net, __u32 node);

#endif /* _SKYWIRE_TESTS_RANDNET_H */
