// SPDX-License-Identifier: GPL-2.0
/*
 * Bellman's and Ford's algorithm in rounds: after the nth it has the cheapest
 * path of n hops at most to every vertex. Rounds look at what the one before
 * has changed.
 */
#include <errno.h>
#include <string.h>

#include "route_linkstate.h"

struct hop {
	__u32	from;
	__u32	index;
};

struct bounded {
	const struct tree	*tree;
	__u32			to;
	__u64			*distance;	/* by vertex, of the rounds so far */
	__u64			*next;
	/* hops[n * room + v]: the last of n + 1 hops to v; from GRAPH_NONE if none */
	struct hop		*hops;
	const struct route_arcs	*taken;
	int			taken_count;
};

static bool is_taken(const struct bounded *bounded, __u32 from, __u32 index)
{
	const struct graph_arc *arc = &graph_at(bounded->tree->graph, from)->arcs[index];
	int i;
	__u32 j;

	for (i = 0; i < bounded->taken_count; i++) {
		const struct route_arcs *path = &bounded->taken[i];

		for (j = 0; j < path->count; j++)
			if ((path->arcs[j].from == from && path->arcs[j].index == index) ||
			    (path->arcs[j].from == arc->to &&
			     path->arcs[j].index == arc->twin))
				return true;
	}
	return false;
}

static void extend(struct bounded *bounded, __u32 from, struct hop *hops)
{
	const struct tree *tree = bounded->tree;
	const struct graph_vertex *vertex = graph_at(tree->graph, from);
	__u32 i;

	for (i = 0; i < vertex->count; i++) {
		const struct graph_arc *arc = &vertex->arcs[i];
		__u64 cost = tree_cost(tree->graph, &tree->policy, from, arc);

		if (cost == TREE_FAR ||
		    bounded->distance[from] + cost >= bounded->next[arc->to] ||
		    is_taken(bounded, from, i))
			continue;
		bounded->next[arc->to] = bounded->distance[from] + cost;
		hops[arc->to] = (struct hop) { from, i };
	}
}

/*
 * Return: the rounds after which the best path was found, 0 if there is none.
 * What the round before last changed is what the last one extends.
 */
static __u32 run_rounds(struct bounded *bounded)
{
	const struct tree *tree = bounded->tree;
	__u32 round, best = 0, v, room = tree->room;
	const struct hop *last = NULL;

	for (v = 0; v < room; v++)
		bounded->distance[v] = TREE_FAR;
	bounded->distance[tree->graph->self] = 0;
	for (round = 0; round < ROUTE_HOPS_MAX; round++) {
		struct hop *hops = bounded->hops + (size_t)round * room;

		memcpy(bounded->next, bounded->distance, room * sizeof(__u64));
		for (v = 0; v < room; v++)
			hops[v].from = GRAPH_NONE;
		for (v = 0; v < tree->graph->size; v++)
			if (bounded->distance[v] != TREE_FAR &&
			    (!last || last[v].from != GRAPH_NONE))
				extend(bounded, v, hops);
		if (hops[bounded->to].from != GRAPH_NONE)
			best = round + 1;
		memcpy(bounded->distance, bounded->next, room * sizeof(__u64));
		last = hops;
	}
	return best;
}

/* From the last hop to the first: each was set in an earlier round. */
static void trace(const struct bounded *bounded, __u32 rounds, struct route_arcs *arcs)
{
	struct hop path[ROUTE_HOPS_MAX];
	__u32 i, at = bounded->to, count = 0;

	while (at != bounded->tree->graph->self) {
		const struct hop *hop;

		do {
			rounds--;
			hop = &bounded->hops[(size_t)rounds * bounded->tree->room + at];
		} while (hop->from == GRAPH_NONE);
		path[count++] = *hop;
		at = hop->from;
	}
	arcs->count = count;
	for (i = 0; i < count; i++) {
		arcs->arcs[i].from = path[count - 1 - i].from;
		arcs->arcs[i].index = path[count - 1 - i].index;
	}
}

int bounded_paths(const struct tree *tree, __u32 to, __u32 count, struct route *routes,
		  struct route_arcs *list)
{
	struct bounded bounded = { .tree = tree, .to = to, .taken = list };
	size_t room = tree->room;
	struct route_arcs arcs;
	int found = -ENOMEM;
	__u32 rounds;

	if (tree->distance[to] == TREE_FAR)
		return 0;
	bounded.distance = malloc(room * sizeof(*bounded.distance));
	bounded.next = malloc(room * sizeof(*bounded.next));
	bounded.hops = malloc(room * ROUTE_HOPS_MAX * sizeof(*bounded.hops));
	if (!bounded.distance || !bounded.next || !bounded.hops)
		goto out;
	for (found = 0; (__u32)found < count; ) {
		bounded.taken_count = found;
		rounds = run_rounds(&bounded);
		if (!rounds)
			break;
		trace(&bounded, rounds, &arcs);
		if (route_add(tree, &arcs, routes, list, found) == found)
			break;
		found++;
	}
out:
	free(bounded.distance);
	free(bounded.next);
	free(bounded.hops);
	return found;
}
