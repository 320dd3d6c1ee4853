/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tree of shortest paths from our own vertex under a policy, kept as the
 * graph changes: what a change does not reach is not computed again, and
 * nothing is before it is asked for.
 */
#ifndef _SKYWIRE_SWD_ROUTE_TREE_H
#define _SKYWIRE_SWD_ROUTE_TREE_H

#include "route_heap.h"
#include "routing.h"

#define TREE_FAR	(~0ULL)	/* the distance of what cannot be reached */

enum {
	/*
	 * Links below are used for none but the neighbour itself: any path
	 * through links as large as this one can have all the labels there are.
	 */
	TREE_MTU_MIN	= SKYWIRE_MTU_MIN + 28 + 12 + SKYWIRE_LABELS_LEN,
	/* Fees above, of a packet or a MiB, are not paid: so those of a path fit 32 bits. */
	TREE_FEE_MAX	= (__u32)(~0u / ROUTE_LABELS_MAX) - 1,
	/* The packet by which prices are judged */
	TREE_PACKET	= 1280,
};

struct tree_change {
	__u32 from;
	__u32 to;
};

struct tree {
	const struct graph	*graph;
	struct routing_policy	policy;
	__u64			*distance;	/* by vertex */
	__u32			*parent;	/* by vertex; GRAPH_NONE of the root */
	__u32			room;
	bool			valid;	/* but for @changes */
	struct tree_change	*changes;
	__u32			change_count;
	__u32			change_room;
	__u32			*cut;	/* scratch: vertices cut from the tree */
	struct heap		heap;
};

void tree_init(struct tree *tree, const struct graph *graph,
	       const struct routing_policy *policy);
void tree_free(struct tree *tree);

/* Arcs between two vertices may have changed. */
void tree_change(struct tree *tree, __u32 from, __u32 to);

/* Brings it up to date. Return: 0 or -ENOMEM. */
int tree_update(struct tree *tree);

/* What an arc costs under a policy; TREE_FAR where it is not used. */
__u64 tree_cost(const struct graph *graph, const struct routing_policy *policy,
		__u32 from, const struct graph_arc *arc);

#endif /* _SKYWIRE_SWD_ROUTE_TREE_H */
